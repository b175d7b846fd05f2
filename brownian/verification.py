"""Whether a file was made as it says: stretches of the run are made again, and compared bit for bit."""

import os
from dataclasses import dataclass

import numpy as np

from .arguments import checked, count, trajectory_or_path
from .description import Undescribed
from .engine import available_threads
from .replaying import continued
from .simulation import open_trajectory

COMPARED = "times", "positions", "velocities", "tallies"
BUDGET = 2**27  # coordinate-steps of one stretch, at most


@dataclass(frozen=True)
class Stretch:
    """One stretch that was made again.

    name: where it began; first, last: its steps; frames, numbers: how many were compared; differing: how many numbers
    are not the same; at: step of the first one, or None.
    """

    name: str
    first: int
    last: int
    frames: int
    numbers: int
    differing: int
    at: int | None

    def __str__(self):
        what = f"{self.name}, steps {self.first:,} to {self.last:,}: {self.frames:,} frames, {self.numbers:,} numbers"
        found = (
            "the same, bit for bit"
            if not self.differing
            else f"of which {self.differing:,} DIFFER, from step {self.at:,} on"
        )
        return f"{what} {found}"


@dataclass(frozen=True)
class Verification:
    """What ``verify`` found: stretches, and the share of the run's steps that they cover."""

    stretches: list[Stretch]
    covered: float

    @property
    def verdict(self):
        """One of "verified", "differs", or "cannot say" where nothing could be compared."""
        if any(stretch.differing for stretch in self.stretches):
            return "differs"
        return "verified" if any(stretch.numbers for stretch in self.stretches) else "cannot say"

    @property
    def exit_status(self):
        """0, 3 or 4."""
        return {"verified": 0, "differs": 3, "cannot say": 4}[self.verdict]

    def __str__(self):
        """The stretches and the verdict."""
        end = f"{self.verdict.upper()}: {100.0 * self.covered:.3g} % of the run's steps were made again"
        return "\n".join([*map(str, self.stretches), end])

    def as_data(self):
        """As plain data."""
        return {"verdict": self.verdict, "covered": self.covered, "stretches": [vars(s) for s in self.stretches]}


@checked(trajectory=trajectory_or_path, budget=count)
def verify(trajectory, *, potential=None, budget=BUDGET, threads=None):
    """Make stretches of a run again, from its start and from its older checkpoint, and compare every number of a frame.

    These are times, positions, velocities, and what was counted (work, heat, stop times, acceptance, exchanges);
    averages that were observed are not made again.

    Parameters
    ----------
    trajectory : Trajectory, str or os.PathLike
        A run of this package, or the path of its file.
    potential : optional
        The potential, where it is a class of its author's: nothing in a file is ever run.
    budget
        Coordinate-steps of a stretch, at most; what is left of the run is not looked at.
    threads
        Number of threads; None: all.

    Returns
    -------
    Verification

    Raises
    ------
    Undescribed, TrajectoryError
        for a file that does not say how it was made, or whose potential has to be given.

    Notes
    -----
    Proves that these numbers come from this description, seed and version on this type of machine; another version may
    give other bits.

    Examples
    --------
    >>> import brownian as bn
    >>> run = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...                     particles=16, seed=7).run(steps=200, every=1.0)
    >>> bn.verify(run).verdict
    'verified'
    """
    if isinstance(trajectory, str | os.PathLike):
        with open_trajectory(trajectory) as opened:
            return verify(opened, potential=potential, budget=budget, threads=threads)
    simulation = trajectory.simulation(potential)
    threads = available_threads() if threads is None else threads
    steps, stretches = trajectory.steps, []
    state = simulation.initial_state()[0]
    if steps[0] == simulation.first_step:
        stretches.append(_stretch("from the start", trajectory, simulation, int(steps[0]), state, budget, threads))
    older = trajectory.checkpoints()[-1:]
    for step, kept in older:
        if kept.shape != state.shape:
            raise Undescribed(
                f"the checkpoints have the shape {kept.shape}, the run that is described has {state.shape}"
            )
        if step > simulation.first_step and step < steps[-1]:
            stretches.append(_stretch("from a checkpoint", trajectory, simulation, step, kept, budget, threads))
    steps_made = sum(stretch.last - stretch.first for stretch in stretches)
    return Verification(stretches, min(1.0, steps_made / max(1, int(steps[-1] - steps[0]))))


def _stretch(name, trajectory, simulation, first, state, budget, threads):
    """Go on from a state, and compare the frames that follow (and the first, at the start)."""
    steps = trajectory.steps
    reach = first + budget // (trajectory.particles * trajectory.dimension)
    frames = np.flatnonzero((steps >= first) & (steps <= reach))
    if not len(frames):
        return Stretch(name, first, first, 0, 0, 0, None)
    made = continued(simulation, first, state, steps[frames], threads)
    differing, numbers, at = 0, 0, None
    pairs = [(getattr(trajectory, name), getattr(made, name)) for name in COMPARED]
    pairs = [pair for pair in pairs if pair[0] is not None and pair[1] is not None]
    for row, frame in enumerate(frames):
        for stored, again in pairs:
            if stored is trajectory.tallies and steps[frame] == first > simulation.first_step:
                continue  # of this frame the checkpoint holds the state, and not what it was counted from
            kept = np.asarray(stored[int(frame)])
            wrong = int(np.count_nonzero(_bits(kept) != _bits(np.asarray(again[row]).astype(kept.dtype))))
            numbers, differing = numbers + kept.size, differing + wrong
            if wrong and at is None:
                at = int(steps[frame])
    return Stretch(name, first, int(steps[frames[-1]]), len(frames), numbers, differing, at)


def _bits(numbers):
    """Numbers by what they are made of: NaN, of what never happened, is the same as NaN, and 0 is not -0."""
    return numbers.view(f"u{numbers.itemsize}")

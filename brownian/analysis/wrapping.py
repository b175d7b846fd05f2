"""Positions that were wrapped into a periodic box: found, refused where displacements are asked for, and unwrapped."""

import numpy as np

from ..arguments import a_trajectory, checked
from ..trajectory import from_arrays

SAMPLE = 2**22  # numbers that are looked at
ROUNDING = 1e-5  # of an edge, in files that keep few digits


@checked(trajectory=a_trajectory)
def wrapped_at(trajectory):
    """The first jump across a periodic box that is found: (frame, particle, component); None where there is none.

    Positions are wrapped if they all lie within the box, and one of them moves by more than half of an edge from one
    frame to the next.  Up to 2^22 numbers are looked at.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis import wrapped_at
    >>> wrapped_at(bn.Simulation(potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1, particles=4,
    ...                          seed=7).run(steps=5, every=0.1))
    """
    box = trajectory.box
    if box is None:
        return None
    frames, row = len(trajectory.steps), trajectory.particles * trajectory.dimension
    pairs = max(1, SAMPLE // (2 * row))
    for k in np.unique(np.linspace(0, max(frames - 2, 0), min(pairs, frames)).astype(int)):
        both = np.asarray(trajectory.positions[k : k + 2], dtype=np.float64)
        if np.any(np.ptp(both, axis=(0, 1)) > box * (1.0 + ROUNDING)):
            return None
        jumps = np.argwhere(np.abs(both[-1] - both[0]) > box / 2.0)
        if len(jumps):
            return int(k), *map(int, jumps[0])
    return None


def refuse_wrapped(trajectory):
    """Raise where displacements would be those of wrapped positions."""
    found = wrapped_at(trajectory)
    if found is not None:
        frame, particle, component = found
        raise ValueError(
            f"positions are wrapped into a periodic box: from frame {frame} to {frame + 1} particle {particle} jumps "
            f"by more than half of the edge {trajectory.box[component]:g}, and displacements would be bounded by the "
            "box; brownian.analysis.unwrapped(trajectory) undoes it"
        )


@checked(trajectory=a_trajectory)
def unwrapped(trajectory):
    """A trajectory in memory without the jumps: displacements from frame to frame are the shortest ones in the box.

    Right where no particle moves by half of an edge between frames.

    Parameters
    ----------
    trajectory : Trajectory
        With a ``box``; it is read as a whole.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        Where there is no periodic box.
    """
    box = trajectory.box
    if box is None:
        raise ValueError("unwrapped: the trajectory has no periodic box")
    x = np.array(trajectory.positions[:], dtype=np.float64)
    edges = np.where(np.isfinite(box), box, 1.0)
    turns = np.where(np.isfinite(box), np.rint(np.diff(x, axis=0) / edges), 0.0)
    x[1:] -= edges * np.cumsum(turns, axis=0)
    v = trajectory.velocities
    return from_arrays(trajectory.steps, trajectory.times, x, None if v is None else v[:])

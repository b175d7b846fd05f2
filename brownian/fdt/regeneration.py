"""The strongest test of our own files: the noise made again from the seed, or the frames made again by the run.

A file with every step gives its noise back, and that must be the noise of its seed to rounding.  A file with a stride
is replayed from a checkpoint, or from its start, over a stretch, and the frames there must come back as stored.
"""

import numpy as np

from ..engine import available_threads
from ..noise import normals_at
from ..replaying import continued
from .verdict import rounding_line

REPLAYED = 2**20  # normals of a replayed stretch
REPLAY_SECONDS_OF_NORMALS = 2**26  # particle-steps on the way to a stored frame, at most


class SeededNoise:
    """Largest difference between the noise of a file and that of its seed, in rounding bounds."""

    def __init__(self, simulation):
        self.simulation, self.worst, self.size = simulation, 0.0, 0.0

    def add(self, slab, found):
        """Compare a slab; ``found`` has the innovations and their rounding bounds."""
        s = self.simulation
        kept = bool(s.kernel.keeps_noise)
        z = normals_at(
            s.noise, int(slab.steps[0]), len(found.xi) + kept, first_particle=s.first_particle, particles=s.particles,
            dimension=s.dimension, kinds=s.facts.normals,
        )  # fmt: skip
        z = z.transpose(0, 2, 1, 3).reshape(len(z), s.particles, -1)
        if kept:
            z = z[:-1] + z[1:]
        difference = np.abs(np.subtract(found.xi, z, out=z), out=z).max(axis=(0, 1))
        bound = found.rounding + 8.0 * np.finfo(np.float64).eps * 10.0
        worst = int(np.argmax(difference / bound))
        if difference[worst] / bound[worst] >= self.worst:
            self.worst, self.size = float(difference[worst] / bound[worst]), float(difference[worst])

    def line(self):
        """Whether the noise is that of the seed."""
        bound = self.size / self.worst if self.worst > 0.0 else 1e-300
        seed = f"seed {self.simulation.seed}"
        return rounding_line("noise as seeded", "innovations", self.size, bound, word=seed)


def replay_from(trajectory, simulation):
    """State to replay from, its step, and the frames that can be compared: (state, step, indices), or None.

    The older checkpoint where it is not too far from the next frame; otherwise the start, unless it was given.
    """
    steps = trajectory.steps
    states = [(step, state) for step, state in trajectory.checkpoints() if step < steps[-1]]
    if not states and isinstance(simulation.start, str) and trajectory.description.get("start") != "given":
        states = [(int(steps[0]), simulation.initial_state()[0])] if steps[0] == simulation.first_step else []
    for step, state in states:
        later = np.flatnonzero(steps > step)
        if len(later) and (steps[later[0]] - step) * trajectory.particles <= REPLAY_SECONDS_OF_NORMALS:
            budget = max(1, REPLAYED // (trajectory.particles * trajectory.dimension))
            inside = later[steps[later] - step <= budget]
            return state, step, inside if len(inside) else later[:1]
    return None


def replay(trajectory, simulation):
    """Replay a stretch: (line, trajectory of every step of it), or None where there is nothing to start from."""
    found = replay_from(trajectory, simulation)
    if found is None:
        return None
    state, step, compared = found
    steps = trajectory.steps[compared]
    last = int(steps[-1])
    numbers = trajectory.particles * trajectory.dimension
    first_kept = max(step, last - max(1, REPLAYED // numbers))
    every = continued(simulation, step, state, np.arange(first_kept, last + 1), available_threads())
    worst = size = 0.0
    for frame, number in zip(compared, steps, strict=True):
        row = int(number) - first_kept
        if row < 0:
            continue
        for stored, again in ((trajectory.positions, every.positions), (trajectory.velocities, every.velocities)):
            if stored is None or again is None:
                continue
            kept, made = stored[int(frame)], again[row]
            difference = float(np.abs(kept.astype(np.float64) - made.astype(kept.dtype).astype(np.float64)).max())
            bound = float(np.finfo(kept.dtype).eps * np.abs(kept).max()) + 1e-300
            if difference / bound >= worst:
                worst, size = difference / bound, difference
    bound = size / worst if worst > 0.0 else float(np.finfo(trajectory.positions.dtype).eps)
    word = f"{len(steps)} frames to step {last}, from step {step}"
    return rounding_line("frames as replayed", "innovations", size, bound, word=word), every

"""A stretch of a run made again, from a state at one of its steps."""

import numpy as np

from .bookkeeping import first_tallies
from .running import at_temperature
from .trajectory.recorder import MemoryRecorder


def continued(simulation, step, state, frames, threads):
    """The frames of a simulation at some steps, from its state at a step.

    Parameters
    ----------
    simulation : Simulation
    step, state
        Where to begin, and the whole state there, shape (slots, particles, dimension).
    frames : ndarray of int
        Ascending steps, from ``step`` itself on.
    threads : int

    Returns
    -------
    Trajectory
        In memory, float64, with velocities where the dynamics has them and all that is counted; of a frame at ``step``
        itself that is known at the start of the run only, and NaN otherwise.
    """
    frames, inertial = np.asarray(frames, np.int64), simulation.dynamics.inertial
    shape = (len(frames), simulation.particles, simulation.dimension)
    x, v = np.empty(shape), np.empty(shape) if inertial else None
    engine = simulation.engine(threads)
    columns = engine.columns
    counted = np.full((*shape[:2], len(columns)), np.nan) if columns else None
    try:
        engine.load(state)
        if frames[0] == step:
            x[0] = state[0]
            if v is not None:
                v[0] = state[1]
            if counted is not None and step == simulation.first_step:
                counted[0] = first_tallies(simulation, state)[0]
        last = int(frames[-1])
        while step < last:
            target = at_temperature(simulation, engine, step, last)
            rows = slice(*np.searchsorted(frames, (step, target), side="right"))
            kept = (None if values is None else values[rows] for values in (x, v, counted))
            engine.start(step, target, frames[rows], *kept)()
            step = target
    finally:
        engine.close()
    recorder = MemoryRecorder(
        simulation.describe(), particles=simulation.particles, dimension=simulation.dimension, velocities=inertial,
        dtype=np.float64, planned_frames=len(frames), build=type(simulation).from_description, columns=columns,
    )  # fmt: skip
    recorder.append(frames, frames * simulation.dt, x, v, counted)
    return recorder.finish()

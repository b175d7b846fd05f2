"""Trajectories made of arrays."""

import numpy as np

from ..arguments import a_function, checked, numbers, plain_data
from .recorder import MemoryRecorder


@checked(steps=numbers, velocities=numbers, description=plain_data, build=a_function)
def from_arrays(steps, times, positions, velocities=None, *, description=None, build=None):
    """A trajectory in memory from arrays, to be analysed or judged like any other.

    Parameters
    ----------
    steps : array_like of int, shape (frames,)
        Number of the step of each frame, ascending.
    times : array_like, shape (frames,)
        Time of each frame [T].
    positions, velocities : array_like, shape (frames, particles, dimension)
        Float32 or float64 [L, L/T]; velocities on the step.
    description : dict, optional
        As in a file of this package; empty: nothing is known of how it was made.
    build : callable, optional
        Makes a simulation of the description.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        for arrays of other shapes, or numbers that do not ascend.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.trajectory import from_arrays
    >>> from_arrays([0, 1, 2], [0.0, 0.1, 0.2], np.zeros((3, 4, 2))).positions.shape
    (3, 4, 2)
    """
    positions = np.asarray(positions)
    if positions.ndim != 3:
        raise ValueError(f"positions of shape {positions.shape}, but (frames, particles, dimension) is needed")
    frames, particles, dimension = positions.shape
    recorder = MemoryRecorder(
        description or {},
        particles=particles,
        dimension=dimension,
        velocities=velocities is not None,
        dtype=np.float32 if positions.dtype == np.float32 else np.float64,
        planned_frames=frames,
        build=build,
    )
    recorder.append(np.asarray(steps), np.asarray(times, dtype=np.float64), positions, velocities)
    return recorder.finish()

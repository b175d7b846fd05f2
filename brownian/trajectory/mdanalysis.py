"""The dance that MDAnalysis wants: units or none, three columns, a universe without a topology."""

import numpy as np

from .errors import TrajectoryError
from .hdf5 import check_self_contained, open_file_of_frames, reading
from .plan import LENGTHS, TIMES, VELOCITIES


def _interval(times):
    """Return the time between frames where it is one number, else 1."""
    if len(times) < 2:
        return 1.0
    interval = (times[-1] - times[0]) / (len(times) - 1)
    return float(interval) if np.allclose(np.diff(times), interval, rtol=1e-6, atol=0) else 1.0


def _three(array, factor):
    wide = np.zeros((*array.shape[:2], 3), np.float32)
    wide[..., : array.shape[2]] = array * factor if factor != 1 else array
    return wide


def universe(trajectory, ours):
    """Return an MDAnalysis universe of a trajectory, read from its file if that is ours."""
    try:
        import MDAnalysis
    except ImportError as error:
        raise ImportError("to_mdanalysis needs MDAnalysis: pip install MDAnalysis") from error
    if trajectory.dimension > 3:
        raise TrajectoryError(f"MDAnalysis knows 3 dimensions at most, not {trajectory.dimension}", trajectory.path)
    unit = trajectory.unit or {}
    clock = TIMES.get(unit.get("time", ""), 1.0)
    made = MDAnalysis.Universe.empty(trajectory.particles, trajectory=False)
    if ours:
        if not trajectory.complete:
            raise TrajectoryError(
                f"{trajectory.path}: MDAnalysis reads only files that were closed; if the writer was killed, repair it",
                trajectory.path,
            )
        interval = _interval(trajectory.times) * clock
        trajectory.close()
        file, _ = open_file_of_frames(trajectory.path)
        with reading(trajectory.path), file:
            check_self_contained(file)  # it follows every link
        with reading(trajectory.path):
            made.load_new(str(trajectory.path), format="H5MD", convert_units=bool(unit), dt=interval)
        return made
    velocities = trajectory.velocities
    if velocities is not None:
        velocities = _three(np.asarray(velocities), VELOCITIES.get(unit.get("velocity", ""), 1.0))
    positions = _three(np.asarray(trajectory.positions), LENGTHS.get(unit.get("length", ""), 1.0))
    made.load_new(
        positions, order="fac", dt=_interval(trajectory.times) * clock, velocities=velocities,
        time_offset=float(trajectory.times[0]) * clock,
    )  # fmt: skip
    return made

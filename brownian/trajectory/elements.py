"""What an H5MD file holds: the particle group, its elements, step and time in the three forms the standard allows."""

import math
import os
from typing import NamedTuple

import h5py
import numpy as np

from ..outside import printable, warn
from . import checkpoints, description, layout
from .errors import TrajectoryError
from .hdf5 import ALWAYS, attribute, check_chunks, checked_dataset, member
from .plan import SLOTS

SCAN = 2**20


class Contents(NamedTuple):
    """The checked contents of a file; datasets may be longer than `frames`, then the rest does not count."""

    group: str
    ours: bool
    frames: int
    even: bool
    positions: h5py.Dataset
    velocities: h5py.Dataset | None
    step: object
    time: object
    unit: dict | None
    description: dict
    state: h5py.Dataset | None
    record: h5py.Dataset | None
    tallies: h5py.Dataset | None
    columns: tuple


class Regular(NamedTuple):
    """Steps or times at a fixed interval: start + i * interval."""

    start: float
    interval: float

    def __getitem__(self, rows):
        """Return the numbers of a slice of frames."""
        return self.start + np.arange(rows.start, rows.stop) * self.interval


def particle_group(file, wanted=None):
    """Return the group of particles to be read, and its name.

    Parameters
    ----------
    file : h5py.File
    wanted : str, optional
        Its name; by default "trajectory", or the only one with positions.

    Raises
    ------
    TrajectoryError
        If there is none, or more than one to choose from.
    """
    particles = member(file, "particles")
    names = list(particles) if isinstance(particles, h5py.Group) else []
    if wanted is None and layout.GROUP in names:
        wanted = layout.GROUP
    found = [name for name in names if wanted in (None, name) and member(particles, f"{name}/position") is not None]
    if len(found) != 1:
        what = "no trajectory" if not found else "several trajectories, choose one with group=..."
        raise TrajectoryError(
            f"{file.filename}: {what} (positions are looked for in /particles/{wanted or '*'}; "
            f"groups there: {printable(', '.join(names[:20]))[:300] or 'none'})",
            file.filename,
        )
    return member(particles, found[0]), found[0]


def _value(group, name, ours):
    path = group.file.filename
    # The view of native columns is not even opened: HDF5 may never return from one that is damaged.
    native = ours and checked_dataset(group.file, f"{layout.NATIVE}/{name}", "f", (3,))
    value = native or checked_dataset(group, f"{name}/value", "fiu", (3,))
    if value is None:
        if isinstance(member(group, name), h5py.Dataset):
            raise TrajectoryError(f"{path}: {group.name}/{name} does not depend on time: no trajectory", path)
        raise TrajectoryError(f"{path}: {group.name}/{name}/value is missing", path)
    if min(value.shape[1:]) == 0:
        raise TrajectoryError(f"{path}: {value.name} has the shape {value.shape}: no particles", path)
    return value


def _unit(dataset):
    value = attribute(dataset, "unit") if isinstance(dataset, h5py.Dataset) else None
    return printable(value) if isinstance(value, str) else ""


def _clock(element, name, kinds):
    """Step or time of an element: a dataset, a Regular, or None."""
    path = element.file.filename
    dataset = checked_dataset(element, name, kinds, (0, 1))
    if dataset is None or dataset.shape:
        return dataset
    offset = attribute(dataset, "offset")
    interval, start = float(dataset[()]), 0.0
    if isinstance(offset, np.ndarray) and offset.size == 1 and offset.dtype.kind in "fiu":
        start = float(offset.reshape(-1)[0])
    if not (math.isfinite(interval) and math.isfinite(start) and interval > 0):
        raise TrajectoryError(f"{path}: {dataset.name} must be a positive interval, not {interval} from {start}", path)
    return Regular(int(start), int(interval)) if name == "step" else Regular(start, interval)


def _velocities(group, ours, positions):
    """Velocities on the frames of the positions, or None."""
    velocity, path = member(group, "velocity"), group.file.filename
    if velocity is None:
        return None
    value = _value(group, "velocity", ours)
    if value.shape[1:] != positions.shape[1:]:
        raise TrajectoryError(
            f"{path}: velocities have the shape {value.shape}, positions have {positions.shape}", path
        )
    step, other = _clock(velocity, "step", "iu"), _clock(member(group, "position"), "step", "iu")
    if isinstance(step, h5py.Dataset) and isinstance(other, h5py.Dataset):
        same = step == other or (step.shape == other.shape and np.array_equal(step[:], other[:]))
    else:
        same = step == other
    if same:
        return value
    if ours:
        raise TrajectoryError(f"{path}: velocities and positions are not stored at the same steps", path)
    warn(f"{path}: velocities are left out, they are not stored at the steps of the positions")
    return None


def _increasing(path, name, clock, frames):
    last = -math.inf
    for start in range(0, frames, SCAN):
        rows = np.asarray(clock[start : min(start + SCAN, frames)], np.int64 if name == "steps" else np.float64)
        # Not a difference, which huge numbers would overflow.
        if not np.isfinite(rows).all() or not (rows[0] > last and (rows[1:] > rows[:-1]).all()):
            raise TrajectoryError(f"{path}: {name} must be finite and increase from frame to frame", path)
        last = rows[-1]


def _description(file, ours):
    dataset = checked_dataset(file, layout.DESCRIPTION, "S", (0,)) if ours else None
    if dataset is None:
        return {}
    try:
        return description.from_json(dataset[()])
    except ValueError as error:
        path = file.filename
        raise TrajectoryError(f"{path}: the description of the run is damaged: {error}", path) from error


def _checkpoint(file, positions):
    record, state = (member(file, f"{layout.CHECKPOINT}/{name}") for name in ("record", "state"))
    state = None if state is None else checked_dataset(file, f"{layout.CHECKPOINT}/state", "f", (4,), unused=True)
    if state is None or not isinstance(record, h5py.Dataset):
        return None, None
    rows, slots, *shape = state.shape
    check_chunks(record, 0, file.filename)
    right = record.shape == (2,) and record.dtype == checkpoints.RECORD and not (record.external or record.is_virtual)
    right = right and rows == 2 and 0 < slots <= SLOTS and state.dtype == np.dtype("<f8")
    if not right or shape != list(positions.shape[1:]):
        raise TrajectoryError(f"{file.filename}: the checkpoints have a wrong shape or type", file.filename)
    return record, state


def _tallies(group, positions):
    """Further numbers of each particle, and the names of the columns; of our own files."""
    value, path = checked_dataset(group, f"{layout.TALLIES}/value", "f", (3,)), group.file.filename
    if value is None:
        return None, ()
    names = np.atleast_1d(attribute(value, "columns"))
    right = names.dtype.kind == "S" and names.shape == value.shape[2:] and value.shape[1] == positions.shape[1]
    if not right or value.chunks is None or not all(names):
        raise TrajectoryError(f"{path}: the tallies of {value.shape} have a wrong shape or no names", path)
    return value, tuple(printable(name.decode("utf-8", "replace")) for name in names.tolist())


def contents(file, complete, wanted=None):
    """Check a file and say what is in it.

    Parameters
    ----------
    file : h5py.File
    complete : bool
        Whether it was closed by its writer; if not, the last rows of some datasets may not count yet.
    wanted : str, optional
        Name of the particle group.

    Returns
    -------
    Contents

    Raises
    ------
    TrajectoryError
        If it holds no trajectory that can be trusted.
    """
    path = file.filename
    ours = isinstance(member(file, layout.CHECKPOINT), h5py.Group)
    group, name = particle_group(file, wanted)
    ours = ours and name == layout.GROUP
    positions = _value(group, "position", ours)
    position = member(group, "position")
    step, time = _clock(position, "step", "iu"), _clock(position, "time", "fiu")
    if step is None:
        raise TrajectoryError(f"{path}: {position.name}/step is missing", path)
    velocities = _velocities(group, ours, positions)
    tallies, columns = _tallies(group, positions) if ours else (None, ())
    parts = [part for part in (positions, velocities, step, time, tallies) if isinstance(part, h5py.Dataset)]
    lengths = {part.name: part.shape[0] for part in parts}
    frames, even = min(lengths.values()), len(set(lengths.values())) == 1
    if not even and complete and not ours:
        raise TrajectoryError(f"{path}: the lengths do not agree: {lengths}", path)
    if ours:
        told = isinstance(step, h5py.Dataset) and isinstance(time, h5py.Dataset)
        whole = all(part is None or part.chunks for part in (positions, velocities))
        if not (told and whole) or positions.dtype.kind != "f":
            raise TrajectoryError(f"{path}: steps, times or positions are not as they were written", path)
    if frames == 0:
        raise TrajectoryError(f"{path}: holds no frames", path)
    if 8 * frames > max(ALWAYS, 8 * os.path.getsize(path)):  # not a byte of the file for each
        raise TrajectoryError(f"{path}: claims {frames} frames, more than are read from a file of its size", path)
    _increasing(path, "steps", step, frames)
    if time is not None:
        _increasing(path, "times", time, frames)
    unit = {"time": _unit(member(position, "time")), "length": _unit(positions)}
    if velocities is not None:
        unit["velocity"] = _unit(velocities)
    record, state = _checkpoint(file, positions) if ours else (None, None)
    return Contents(
        name, ours, frames, even, positions, velocities, step, time, unit if any(unit.values()) else None,
        _description(file, ours), state, record, tallies, columns,
    )  # fmt: skip


def same_file(one, other):
    """Whether two paths name one existing file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False

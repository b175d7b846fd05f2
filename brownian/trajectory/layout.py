"""Where things are in our files: H5MD 1.1, one particle group named trajectory, and /brownian beside it.

* /particles/trajectory/position/{step, time, value}: value is (F, N, 3), (F, N, D) for D > 3
* /particles/trajectory/velocity/{step, time, value}: step and time are hard links to those of position
* /brownian/native/{position, velocity}: (F, N, D) in one and two dimensions; value is then a view of it
* /brownian/checkpoint/{record, state}: two rows, see checkpoints.py
* /parameters/description: JSON
"""

import errno
import os
import re
from contextlib import suppress
from typing import NamedTuple

import h5py
import numpy as np

from .checkpoints import RECORD
from .description import MADE
from .errors import FileInUse, TrajectoryError
from .hdf5 import member
from .plan import LANES, even

# "latest" would write what HDF5 1.14 cannot read.
FORMAT = ("v110", "v110")
GROUP = "trajectory"
DESCRIPTION = "parameters/description"
NATIVE = "brownian/native"
CHECKPOINT = "brownian/checkpoint"
TALLIES = "tallies"
CLOCK_CHUNK = 4096
STATE_CHUNK_BYTES = 2**20


class Handles(NamedTuple):
    """The datasets that a writer appends to."""

    frames: tuple
    time: h5py.Dataset
    step: h5py.Dataset
    record: h5py.Dataset
    state: h5py.Dataset

    def append(self, first, steps, times, *frames):
        """Write rows from `first` on; the file then has first + len(steps) frames."""
        # The order is the promise: a frame counts once its step is there, and everything else is on its way by then.
        for dataset, rows in (*zip(self.frames, frames, strict=True), (self.time, times), (self.step, steps)):
            dataset.resize(first + len(steps), axis=0)
            dataset[first:] = rows
            dataset.flush()


def handles(file):
    """Return the datasets of a file of ours, as Handles."""
    elements = file[f"particles/{GROUP}"]
    names = [name for name in ("position", "velocity") if name in elements]
    native = member(file, NATIVE)
    frames = [elements[name]["value"] if native is None else native[name] for name in names]
    if TALLIES in elements:
        frames.append(elements[TALLIES]["value"])
    return Handles(
        tuple(frames),
        elements["position/time"],
        elements["position/step"],
        file[f"{CHECKPOINT}/record"],
        file[f"{CHECKPOINT}/state"],
    )


def _version(description):
    made = description.get(MADE)
    versions = made.get("versions") if isinstance(made, dict) else None
    return str(versions.get("brownian", "unknown")) if isinstance(versions, dict) else "unknown"


def _frames(file, elements, name, plan, chunks):
    n, d = plan.particles, plan.dimension
    options = {"dtype": plan.dtype, "chunks": chunks, "maxshape": (None, n, d)}
    if d >= 3:
        return elements.create_dataset(f"{name}/value", (1, n, d), **options)
    # Other programs want three columns, and spread a single one over all three in silence.  A virtual dataset gives
    # them zeros for the missing ones and grows with the native one; it must be born with a frame.
    native = file.create_dataset(f"{NATIVE}/{name}", (1, n, d), **options)
    shape = {"maxshape": (None, n, d), "dtype": plan.dtype}
    source = h5py.VirtualSource(".", native.name, shape=(1, n, d), **shape)
    view = h5py.VirtualLayout((1, n, 3), dtype=plan.dtype, maxshape=(None, n, 3))
    endless = h5py.h5s.UNLIMITED
    view[0:endless, :, 0:d] = source[0:endless, :, :]
    return elements.create_virtual_dataset(f"{name}/value", view, fillvalue=0.0)


def create(path, text, description, plan, chunks=None):
    """Make a new file with all its objects and one frame yet to be written, not yet open to readers.

    Parameters
    ----------
    path : pathlib.Path
        Must not exist.
    text : str
        The description as JSON.
    description : dict
        The same; gives the version of the creator.
    plan : Plan
    chunks : tuple of int, optional

    Returns
    -------
    h5py.File
    """
    # HDF5's own lock is left off: it would end with the switch to SWMR, and ours holds throughout.
    file = h5py.File(path, "x", libver=FORMAT, locking=False)
    try:
        _fill(file, text, description, plan, chunks or plan.chunks)
    except (OSError, RuntimeError) as error:
        sever(file)
        raise TrajectoryError(f"{path}: cannot be created ({reason(error)})", path) from error
    return file


def reason(error):
    """Return what went wrong below HDF5, in a few words."""
    system = re.search(r"error message = '([^']+)'", str(error))
    return system[1] if system else str(error).partition("\n")[0]


def sever(file):
    """Close a file that cannot be written, and leave it on the disk as a kill would.

    HDF5 would try to write again, when the file is closed and when the program ends, fail again, and crash.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, file.id.get_vfd_handle(), inheritable=False)
    os.close(nowhere)
    with suppress(OSError, RuntimeError):
        file.close()


def _fill(file, text, description, plan, chunks):
    h5md = file.create_group("h5md")
    h5md.attrs["version"] = np.array([1, 1], "i4")
    h5md.create_group("author").attrs["name"] = np.bytes_("N/A")
    creator = h5md.create_group("creator")
    creator.attrs["name"] = np.bytes_("brownian")
    creator.attrs["version"] = np.bytes_(_version(description).encode("ascii", "replace"))
    elements = file.create_group(f"particles/{GROUP}")
    box = elements.create_group("box")
    box.attrs["dimension"] = max(plan.dimension, 3)
    box.attrs["boundary"] = np.array(["none"] * max(plan.dimension, 3), dtype="S8")
    position = elements.create_group("position")
    clock = {"shape": (1,), "maxshape": (None,), "chunks": (min(CLOCK_CHUNK, max(64, plan.planned_frames)),)}
    position.create_dataset("step", dtype="<i8", **clock)
    position.create_dataset("time", dtype="<f8", **clock)
    _frames(file, elements, "position", plan, chunks)
    if plan.velocities:
        velocity = elements.create_group("velocity")
        velocity["step"], velocity["time"] = position["step"], position["time"]
        _frames(file, elements, "velocity", plan, chunks)
    if plan.columns:
        tallies = elements.create_group(TALLIES)
        tallies["step"], tallies["time"] = position["step"], position["time"]
        shape = plan.particles, len(plan.columns)
        options = {"dtype": "<f8", "chunks": plan.tally_chunks, "maxshape": (None, *shape)}
        value = tallies.create_dataset("value", (1, *shape), **options)
        value.attrs["columns"] = np.array([name.encode() for name in plan.columns], dtype="S")
    if plan.unit:
        units = h5md.create_group("modules/units")
        units.attrs["version"] = np.array([1, 0], "i4")
        units.attrs["system"] = np.bytes_("SI")
        position["time"].attrs["unit"] = plan.unit["time"]
        for name, unit in (("position", plan.unit["length"]), ("velocity", plan.unit.get("velocity"))):
            for place in (f"particles/{GROUP}/{name}/value", f"{NATIVE}/{name}"):
                if place in file:
                    file[place].attrs["unit"] = unit
    # A dataset, since an attribute ends at 64 kB; of fixed length, since that is the plainest thing in HDF5.  Kept
    # open until all is written: where the disk is full as it is closed, HDF5 crashes when the program ends.
    kept = file.create_dataset(DESCRIPTION, data=np.bytes_(text))
    n, d = plan.particles, plan.dimension
    lanes = even(n, min(max(STATE_CHUNK_BYTES // (8 * d), LANES[0]), LANES[1]))
    # A row of chunks of its own for each of the two: the one that is never used then takes no disk.
    file.create_dataset(f"{CHECKPOINT}/record", (2,), RECORD, chunks=(1,))
    slots = max(1, min(plan.slots, 2**15 // (lanes * d)))
    file.create_dataset(f"{CHECKPOINT}/state", (2, plan.slots, n, d), "<f8", chunks=(1, slots, lanes, d))
    file.flush()
    del kept


def open_for_appending(path):
    """Open a file that was closed cleanly, so that readers may go on reading.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    h5py.File

    Raises
    ------
    FileInUse
        If this process has the file open through something that is not ours.
    """
    # SWMR from the first byte: `h5py.File(path, "r+")` and then `swmr_mode` leaves a moment in which a kill would lock
    # the file for good.
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_file_locking(False, True)
    try:
        return h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE, access))
    except OSError as error:
        why = reason(error)
        if error.errno in (errno.ENOSPC, errno.EROFS):
            raise TrajectoryError(f"{path}: cannot be written to ({why}); nothing is lost", path) from error
        raise FileInUse(f"{path} cannot be opened to go on, is it open in this process? ({why})") from error

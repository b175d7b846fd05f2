"""After a kill: the committed frames go into a new file, which then takes the place of the old one.

Only documented calls: a file whose writer was killed opens with `swmr=True`, and is copied.
"""

import os
import shutil
from contextlib import ExitStack, contextmanager, suppress

import h5py
import numpy as np

from ..arguments import checked
from . import checkpoints, layout
from .description import to_json
from .destination import partial, target
from .errors import TrajectoryError
from .hdf5 import member, reading
from .locking import WriterLock
from .plan import Plan, check_disk
from .sources import FileSource, release

COPY_BYTES = 2**24
SUPERBLOCK_BYTES = 48


def discard(path):
    """Remove what was not made whole, where that can be done."""
    with suppress(OSError):
        partial(path).unlink()


def create(path, text, description, plan, chunks=None):
    """`layout.create` at the name under which the file `path` is made."""
    discard(path)
    try:
        return layout.create(partial(path), text, description, plan, chunks)
    except OSError as error:
        discard(path)
        why = layout.reason(error.__cause__ or error)
        raise TrajectoryError(f"{path}: cannot be created ({why})", path) from error


def sync(path):
    """Wait until a file has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def plan_of(source):
    """Return the Plan by which an open FileSource of ours was written."""
    found = source.open()
    return Plan(
        found.positions.shape[1],
        found.positions.shape[2],
        None if found.state is None else found.state.shape[1],
        found.velocities is not None,
        found.positions.dtype,
        found.frames,
        found.unit,
        found.columns,
    )


def _copy_others(source, copy):
    """Copy what others have put into the file."""
    for name in source:
        link = source.get(name, getlink=True)
        if not copy.id.links.exists(name.encode()):
            if isinstance(link, h5py.HardLink):
                source.copy(source[name], copy, name)
            else:
                copy[name] = link
        elif isinstance(copy[name], h5py.Group):
            group = member(source, name)
            if isinstance(group, h5py.Group):
                _copy_others(group, copy[name])


def _copy(found, copy, frames, slab, path):
    """Copy what counts; damage of the old file is told from trouble with the new one."""
    new = layout.handles(copy)
    arrays = [found.step, found.time, found.positions]
    arrays += [part for part in (found.velocities, found.tallies) if part is not None]
    for start in range(0, frames, slab):
        with reading(path):
            rows = [array[start : min(start + slab, frames)] for array in arrays]
        new.append(start, *rows)
    with reading(path):
        kept = list(checkpoints.read(found.state, found.record, frames))
    for checkpoint in kept:
        checkpoints.write(new, checkpoint)
    with reading(path, (KeyError, TypeError, ValueError)):
        file = found.positions.file
        for name, value in member(file, "h5md/creator").attrs.items():
            copy["h5md/creator"].attrs[name] = np.bytes_(value)
        _copy_others(file, copy)


def close(file):
    """Close a file, if the disk takes what HDF5 has to write then: HDF5 would crash later on, if it did not."""
    descriptor = file.id.get_vfd_handle()
    os.pwrite(descriptor, os.pread(descriptor, SUPERBLOCK_BYTES, 0), 0)
    file.close()


@contextmanager
def replacing(path, copy):
    """Put an open copy, made under the name `partial(path)`, in the place of a file once the block has filled it."""
    try:
        yield
        copy.flush()
        close(copy)
        # The old file must not go before the new one has arrived.
        sync(partial(path))
        release(path)
        shutil.copymode(path, partial(path))
        os.replace(partial(path), path)
    except (OSError, RuntimeError) as error:
        if copy:
            layout.sever(copy)
        if isinstance(error, TrajectoryError):
            raise
        raise TrajectoryError(f"{path}: cannot be copied ({layout.reason(error)}); nothing is lost", path) from error


def rewrite(source, path, frames):
    """Replace a file of ours by a copy that ends after `frames` frames.  The caller holds the lock.

    Parameters
    ----------
    source : FileSource
        Open on `path`; closed on return.
    path : pathlib.Path
    frames : int
    """
    found = source.open()
    check_disk(path, os.path.getsize(path))
    with ExitStack() as stack:
        stack.callback(discard, path)
        with reading(path):
            description, plan = found.description, plan_of(source)
        copy = create(path, to_json(description), description, plan, found.positions.chunks)
        with replacing(path, copy):
            _copy(found, copy, frames, max(1, COPY_BYTES // plan.frame_bytes), path)


@checked
def repair(path):
    """Make a file whose writer was killed readable for every program, with all frames that were committed.

    The file is copied and then replaced; it needs its own size once more on the disk.  A file that is whole is left
    alone.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    int
        Number of frames in the file.

    Raises
    ------
    FileInUse
        If its writer is alive.
    TrajectoryError
        If it cannot be read even so, or is not ours.
    """
    path = target(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    with ExitStack() as stack:
        stack.callback(WriterLock(path).release)
        discard(path)
        source = FileSource(path)
        stack.callback(source.close)
        found = source.open()
        if not (source.complete and found.even):
            if found.state is None:
                raise TrajectoryError(f"{path}: was not written by this program, and cannot be repaired", path)
            rewrite(source, path, found.frames)
        return found.frames

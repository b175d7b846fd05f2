"""Opening HDF5 files that somebody sent: nothing outside of the file is touched, whatever the file says."""

import ctypes
import math
import os
from contextlib import contextmanager, suppress
from pathlib import Path

import h5py
import numpy as np

from ..outside import printable
from .errors import TrajectoryError
from .heaps import check_heaps

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Compressed numbers may take so many times the size of the file, and always so many bytes.  DEFLATE makes up to 1032
# bytes of one, other filters more: of a file that was made to fill a memory.
EXPANSION, ALWAYS = 100, 2**28
LARGEST_ATTRIBUTE = 2**16
CHECKSUM_BYTES = 4  # of the Fletcher filter
WRITING_SWMR = 4
ATTEMPTS = 26  # to read what a writer may be writing: 0.1 s


# What h5py raises when it reads nonsense.
DAMAGE = OSError, RuntimeError, ValueError, TypeError, LookupError, OverflowError, SystemError


@contextmanager
def reading(path, damage=DAMAGE):
    """Turn what HDF5 says of a damaged file into a TrajectoryError that names the file."""
    try:
        yield
    except TrajectoryError:
        raise
    except damage as error:
        why = printable(str(error))[:300]
        raise TrajectoryError(f"{path}: cannot be read, the file is damaged ({why})", path) from error


def open_file_of_frames(path):
    """Open a file for reading, also while it is being written, also when its writer was killed.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    file : h5py.File
    complete : bool
        Whether the last writer closed it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TrajectoryError
        If it is no HDF5 file, or one that is truncated or damaged.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not path.is_file():
        raise TrajectoryError(f"{path}: is no file", path)
    with path.open("rb") as raw:
        head = raw.read(12)
    if not h5py.is_hdf5(path):
        raise TrajectoryError(f"{path}: is no HDF5 file (an H5MD trajectory was expected)", path)
    check_heaps(path)
    # Byte 11 of the superblock, from version 2 on, says whether a writer has not closed the file (HDF5 file format
    # specification, section II.A).  Trying the plain open first would not do: SWMR also opens truncated files.
    if len(head) == 12 and head[:8] == SIGNATURE and head[8] >= 2 and head[11] & WRITING_SWMR:
        try:
            return _of_a_writer(path), False
        except (OSError, RuntimeError):
            with reading(path, (OSError, RuntimeError)):  # as the writer in this very process has it
                return _of_a_writer(path, locking=False), False
    try:
        return h5py.File(path, "r"), True
    except (OSError, RuntimeError) as error:
        raise TrajectoryError(
            f"{path}: is truncated or damaged, or open for writing in a program that lets nobody look ({error})", path
        ) from error


def _of_a_writer(path, locking=True):
    """Open a file whose writer is at work, or was killed.

    While a writer may be at work, HDF5 reads what has a wrong checksum again, 100 times, and waits for 1 ns, 2 ns, 4 ns
    ... in between: for ever, if it is damaged.  h5py has no name for the call that says how often.
    """
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    if not locking:
        access.set_file_locking(False, True)
    with suppress(AttributeError):  # where a library does not show what it is linked with
        limit = ctypes.CDLL(h5py.h5p.__file__).H5Pset_metadata_read_attempts
        limit.argtypes = [ctypes.c_int64, ctypes.c_uint]
        limit(access.id, ATTEMPTS)
    flags = h5py.h5f.ACC_RDONLY | h5py.h5f.ACC_SWMR_READ
    return h5py.File(h5py.h5f.open(os.fsencode(path), flags, access))


def member(group, name):
    """Return an object below a group, through hard links only; None if it is not there.

    Parameters
    ----------
    group : h5py.Group
    name : str
        Path of components separated by "/".

    Returns
    -------
    h5py.Group or h5py.Dataset or None

    Raises
    ------
    TrajectoryError
        If a soft, external or user-defined link is on the way.
    """
    there = group.id  # below, since h5py's own objects take most of the time that it takes to open a file
    for part in name.split("/"):
        if not isinstance(there, h5py.h5g.GroupID):
            return None
        # Not `part in group`, which would already follow an external link.
        key = part.encode("utf-8", "surrogateescape")
        if not there.links.exists(key):
            return None
        if there.links.get_info(key).type != h5py.h5l.TYPE_HARD:
            where, path = printable(f"{(group.name or '').rstrip('/')}/{name}"), group.file.filename
            raise TrajectoryError(f"{path}: {where}: {part!a} is a soft or external link; links are not followed", path)
        there = h5py.h5o.open(there, key)
    if isinstance(there, h5py.h5g.GroupID):
        return h5py.Group(there)
    return h5py.Dataset(there, readonly=True) if isinstance(there, h5py.h5d.DatasetID) else None


def attribute(thing, name):
    """Return an attribute of a dataset or group that is short text or a few numbers; otherwise None.

    Parameters
    ----------
    thing : h5py.Dataset or h5py.Group
    name : str

    Returns
    -------
    str or numpy.ndarray or None
    """
    if not h5py.h5a.exists(thing.id, name.encode()):
        return None
    held = h5py.h5a.open(thing.id, name.encode())
    kind, space = held.get_type(), held.get_space()
    empty = space.get_simple_extent_type() == h5py.h5s.NULL or 0 in held.shape
    if empty or held.get_storage_size() > LARGEST_ATTRIBUTE:
        return None
    if kind.get_class() == h5py.h5t.STRING and (held.shape == () or not kind.is_variable_str()):
        value = thing.attrs[name]
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return value if isinstance(value, str) else np.asarray(value)
    return np.asarray(thing.attrs[name]) if kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) else None


def check_self_contained(file):
    """Raise TrajectoryError where anything in a file leads out of it: for programs that follow whatever they find."""
    path, groups, seen = file.filename, [file], set()
    while groups:
        group = groups.pop()
        for name in group:
            inner = member(group, name)
            if isinstance(inner, h5py.Dataset):
                _check_storage(inner, path)
            elif isinstance(inner, h5py.Group):
                place = h5py.h5o.get_info(inner.id).addr
                groups += [inner] if place not in seen else []
                seen.add(place)


def _check_storage(dataset, path):
    """Raise TrajectoryError for numbers outside of the file, and views of anything but plain datasets."""
    if dataset.external:
        raise TrajectoryError(f"{path}: {dataset.name} keeps its numbers in another file; that is not followed", path)
    if not dataset.is_virtual:
        return
    for source in dataset.virtual_sources():
        inside = None
        if source.file_name == "." and "%" not in source.dset_name:
            inside = member(dataset.file, source.dset_name.strip("/"))
        if not isinstance(inside, h5py.Dataset) or inside.is_virtual or inside.external:
            raise TrajectoryError(
                f"{path}: {dataset.name} is a view of {source.dset_name!r} in {source.file_name!r}; "
                "only plain datasets of the same file are read",
                path,
            )


def check_chunks(dataset, room, path):
    """Raise TrajectoryError where a chunk would take more memory than `room`, or was packed by what is not there."""
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > max(room, ALWAYS):
        where = f"{path}: {dataset.name}"
        raise TrajectoryError(f"{where} has chunks of the shape {dataset.chunks}, more than is read at once", path)
    packing = dataset.id.get_create_plist()
    for k in range(packing.get_nfilters() if dataset.chunks else 0):
        number, _, _, name = packing.get_filter(k)
        if not h5py.h5z.filter_avail(number):
            name = printable(name.decode("utf-8", "replace"))
            where = f"{path}: {dataset.name} is packed by a filter that is not installed here"
            raise TrajectoryError(f"{where}, number {number} {name!r} (many come with `pip install hdf5plugin`)", path)
    if dataset.chunks and packing.get_nfilters():
        _check_packed(dataset, path)


def _check_packed(dataset, path):
    """Raise TrajectoryError for a packed chunk of no bytes, in which HDF5 looks for a checksum, or beyond the file."""
    least, length = CHECKSUM_BYTES * dataset.fletcher32, os.path.getsize(path)

    def wrong(chunk):
        return chunk if chunk.size <= least or chunk.byte_offset + chunk.size > length else None

    found = dataset.id.chunk_iter(wrong)
    if found is not None:
        raise TrajectoryError(
            f"{path}: cannot be read, the file is damaged ({dataset.name} says that its chunk at {found.chunk_offset} "
            f"has {found.size} bytes at {found.byte_offset})",
            path,
        )


def checked_dataset(group, name, kinds, dimensions, unused=False):
    """Return a dataset of numbers that is safe to read, or None if it is not there.

    Parameters
    ----------
    group : h5py.Group
    name : str
    kinds : str
        Kinds of dtype that are allowed, as in `numpy.dtype.kind`.
    dimensions : tuple of int
        Numbers of dimensions that are allowed.
    unused : bool
        Whether part of it may never have been written; its size is then for the caller to judge.

    Returns
    -------
    h5py.Dataset or None

    Raises
    ------
    TrajectoryError
        If it is something else, lies outside of the file, or claims to be larger than the file can hold.
    """
    dataset = member(group, name)
    if dataset is None:
        return None
    path = dataset.file.filename
    where = f"{path}: {group.name.rstrip('/')}/{name}"
    if not isinstance(dataset, h5py.Dataset):
        raise TrajectoryError(f"{where} is no dataset", path)
    dtype, shape = dataset.dtype, dataset.shape
    if dtype.kind not in kinds or (dtype.itemsize > 8 and kinds != "S"):
        raise TrajectoryError(f"{where} has the type {printable(str(dtype)[:80])}; numbers were expected", path)
    if shape is None or len(shape) not in dimensions:
        raise TrajectoryError(f"{where} has the shape {shape}; {dimensions} dimensions were expected", path)
    _check_storage(dataset, path)
    # Nothing is read, or reserved, for sizes that the file only claims.
    size, filtered = os.path.getsize(path), dataset.id.get_create_plist().get_nfilters() > 0
    room = max(ALWAYS, EXPANSION * size) if filtered else 8 * size if dataset.is_virtual else size
    if not unused and math.prod(shape) * dtype.itemsize > room:
        raise TrajectoryError(f"{where} claims the shape {shape}, more than the file can hold", path)
    check_chunks(dataset, room, path)
    return dataset

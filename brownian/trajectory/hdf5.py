"""Opening HDF5 files that somebody sent: nothing outside of the file is touched, whatever the file says."""

import math
import os
from contextlib import contextmanager
from pathlib import Path

import h5py

from .errors import TrajectoryError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LARGEST_CHUNK = 2**30
# DEFLATE, the tightest of HDF5's own filters, makes at most 1032 bytes of one.
EXPANSION = 1032
WRITING_SWMR = 4


# What h5py raises when it reads nonsense.
DAMAGE = OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError, SystemError


@contextmanager
def reading(path, damage=DAMAGE):
    """Turn what HDF5 says of a damaged file into a TrajectoryError that names the file."""
    try:
        yield
    except TrajectoryError:
        raise
    except damage as error:
        raise TrajectoryError(f"{path}: cannot be read, the file is damaged ({error})", path) from error


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
    # Byte 11 of the superblock, from version 2 on, says whether a writer has not closed the file (HDF5 file format
    # specification, section II.A).  Trying the plain open first would not do: SWMR also opens truncated files.
    if len(head) == 12 and head[:8] == SIGNATURE and head[8] >= 2 and head[11] & WRITING_SWMR:
        try:
            return h5py.File(path, "r", swmr=True), False
        except OSError:
            with reading(path):  # as the writer in this very process has it
                return h5py.File(path, "r", swmr=True, locking=False), False
    try:
        return h5py.File(path, "r"), True
    except OSError as error:
        raise TrajectoryError(
            f"{path}: is truncated or damaged, or open for writing in a program that lets nobody look ({error})", path
        ) from error


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
    path = group.file.filename
    for part in name.split("/"):
        if not isinstance(group, h5py.Group):
            return None
        # Not `part in group`, which would already follow an external link.
        links = group.id.links
        if not links.exists(part.encode()):
            return None
        if links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
            raise TrajectoryError(
                f"{path}: {group.name}/{part} is a soft or external link; links are not followed", path
            )
        group = group[part]
    return group


def _check_virtual(dataset, path):
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
    path = group.file.filename
    dataset = member(group, name)
    if dataset is None:
        return None
    where = f"{path}: {group.name.rstrip('/')}/{name}"
    if not isinstance(dataset, h5py.Dataset):
        raise TrajectoryError(f"{where} is no dataset", path)
    if dataset.external:
        raise TrajectoryError(f"{where} keeps its numbers in another file; that is not followed", path)
    if dataset.dtype.kind not in kinds or (dataset.dtype.itemsize > 8 and kinds != "S"):
        raise TrajectoryError(f"{where} has the type {dataset.dtype}; numbers were expected", path)
    if dataset.shape is None or len(dataset.shape) not in dimensions:
        raise TrajectoryError(f"{where} has the shape {dataset.shape}; {dimensions} dimensions were expected", path)
    _check_virtual(dataset, path)
    # Nothing is read, or reserved, for sizes that the file only claims.
    filtered = dataset.id.get_create_plist().get_nfilters() > 0
    room = os.path.getsize(path) * (EXPANSION if filtered else 8 if dataset.is_virtual else 1)
    if not unused and math.prod(dataset.shape) * dataset.dtype.itemsize > room:
        raise TrajectoryError(f"{where} claims the shape {dataset.shape}, more than the file can hold", path)
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > LARGEST_CHUNK:
        raise TrajectoryError(f"{where} has chunks of the shape {dataset.chunks}, more than is read at once", path)
    return dataset

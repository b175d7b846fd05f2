"""Notes added to a finished file: what was found out about it, as JSON text beside its description.

They are written to a copy that then takes the file's place: a kill at any moment leaves the file whole.
"""

import json
import os
import re
import shutil

import h5py

from ..arguments import checked, shortened, text
from .destination import partial, target
from .draft import Draft
from .errors import TrajectoryError
from .hdf5 import member, open_file_of_frames, reading
from .locking import WriterLock
from .recovery import discard
from .sources import release

WRITABLE = 0o222  # of a mode


@checked
def check_takes_notes(path):
    """Say, before there is anything to be noted, why a file can't be given notes.

    Parameters
    ----------
    path
        A file of this package.

    Returns
    -------
    pathlib.Path
        The real path.

    Raises
    ------
    ValueError
        If its name does not end in ".h5md".
    FileNotFoundError
        If there is no such file.
    PermissionError
        If nobody may write to it.
    FileInUse
        If its writer is at work.
    TrajectoryError
        If it is damaged, or its writer was killed.
    """
    path = target(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not path.stat().st_mode & WRITABLE:
        raise PermissionError(f"{path}: is read-only, and notes would change it")
    WriterLock(path).release()
    file, complete = open_file_of_frames(path)
    file.close()
    if not complete:
        raise TrajectoryError(f"{path}: its writer was killed; repair the file before notes are stored in it", path)
    return path


@checked(name=text)
def annotate(path, name, data):
    """Store plain data in a finished H5MD file under ``/parameters/<name>``, in place of what stood there.

    Parameters
    ----------
    path
        A file of this package that was closed (``repair`` first if its writer was killed).
    name
        A word of letters and underscores, e.g. "verdict".
    data
        Whatever JSON can hold.

    Raises
    ------
    ValueError
        for another kind of name; and as ``check_takes_notes`` does.
    TypeError
        for data that JSON can't hold.
    TrajectoryError
        If the disk will not have it; the file stays as it was.
    """
    if not re.fullmatch("[a-z_]{1,40}", name) or name == "description":
        raise ValueError(
            f"name = {name!r}, but a word of small letters and underscores, other than 'description', is needed"
        )
    try:
        written = json.dumps(data)
    except (TypeError, ValueError) as error:
        raise TypeError(f"data = {shortened(data)}, but plain data is needed: {error}") from None
    path = check_takes_notes(path)
    lock = WriterLock(path)
    try:
        release(path)
        with Draft(path) as draft:
            with reading(path), h5py.File(draft, "r+") as file:
                _store(file, name, written, path)
            try:
                shutil.copyfile(path, partial(path))
                shutil.copymode(path, partial(path))
                draft.write_to(partial(path))
                os.replace(partial(path), path)
            except OSError as error:
                raise TrajectoryError(f"{path}: cannot be copied ({error.strerror}); nothing is lost", path) from error
    finally:
        discard(path)
        lock.release()


def _store(file, name, written, path):
    group = member(file, "parameters")  # a link would lead to another file, and write there
    if group is None:
        group = file.create_group("parameters")
    if not isinstance(group, h5py.Group):
        raise TrajectoryError(f"{path}: /parameters is no group, nothing can be stored there", path)
    if group.id.links.exists(name.encode()):
        del group[name]
    group.create_dataset(name, data=written, dtype=h5py.string_dtype())


@checked(name=text)
def note(path, name):
    """The data that ``annotate`` stored, or None."""
    file, _ = open_file_of_frames(path)
    with reading(path), file:
        held = member(file, f"parameters/{name}")
        if not isinstance(held, h5py.Dataset) or held.shape != () or h5py.check_string_dtype(held.dtype) is None:
            return None
        if held.external or held.is_virtual:
            return None
        return json.loads(held.asstr()[()])

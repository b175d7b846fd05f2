"""Where a run is to be kept: names of files, and what is there already."""

import os
from pathlib import Path

from ..arguments import a_path

EXTENSION = ".h5md"


def target(path):
    """Return the real path of a file to be written.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If the name does not end in ".h5md", by which MDAnalysis knows the format.
    """
    a_path("path", path)
    path = Path(path)
    if path.suffix != EXTENSION:
        raise ValueError(f"{path}: the name must end in {EXTENSION} (other programs know the format by it)")
    return Path(os.path.realpath(path))


def partial(path):
    """Return the name under which a file is made before it is whole."""
    return path.with_name(path.name + ".tmp")


def begun(path):
    """Whether there is a file, or what was left of one before its first frames."""
    return path.exists() or partial(path).exists()


def refuse_both(resume, overwrite):
    """ValueError where a file is to be gone on with and to be replaced."""
    if resume and overwrite:
        raise ValueError("resume and overwrite: only one of them can be wanted")


def refuse_overwriting(path):
    """FileExistsError, with what can be done, where there is something of that name."""
    if os.path.lexists(path):
        raise FileExistsError(
            f"{path} exists: resume=True (--resume) goes on with it, overwrite=True (--overwrite) replaces it, or "
            "choose another name"
        )


def destination(out, resume, overwrite, checked):
    """Look at where a run is to be kept, before any work.

    Parameters
    ----------
    out
        A path, or None for a run that is kept in memory.
    resume, overwrite : bool
    checked : callable
        `checked(out)`, the path, or an error that says what is wrong with its name.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    ValueError
        If `resume` and `overwrite` don't go together, or with `out`.
    FileExistsError
        If there is such a file, and it is neither to be gone on with nor to be replaced.
    """
    if out is None:
        if resume or overwrite:
            raise ValueError("resume and overwrite need a file: out = None")
        return None
    refuse_both(resume, overwrite)
    a_path("out", out)
    path = checked(out)
    if not resume and not overwrite:
        refuse_overwriting(path)
    return path

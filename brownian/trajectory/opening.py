"""Opening the files of others and our own."""

from ..arguments import checked
from .foreign import ForeignSource, is_foreign
from .sources import FileSource
from .trajectory import Trajectory


@checked
def open_file(path, build=None, group=None):
    """Open an H5MD file for reading, ours or another program's, or a file in a format that MDAnalysis reads.

    The formats of MDAnalysis (.dcd, .xtc, .trr, .nc, .lammpsdump, .xyz and more) are told by the name; they come in
    Angstrom and ps, as float32, with three components, and need ``brownian-langevin[mdanalysis]``.

    A file that is being written shows the frames that were there when it was opened.  A file whose writer was killed
    is read as it is, without repair.  No link out of the file is followed and nothing in it is executed.

    Parameters
    ----------
    path : str or os.PathLike
    build : callable, optional
        `build(description, potential)`, for `Trajectory.simulation`.
    group : str, optional
        Name of the particle group of an H5MD file; needed only where it has several and none is named "trajectory".

    Returns
    -------
    Trajectory

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TrajectoryError
        If MDAnalysis is needed and not installed; if the file is none of HDF5 and none of those formats, is truncated
        or damaged, holds no frames, has shapes, lengths or types that do not fit, steps or times that do not increase
        or are not finite, sizes that it cannot hold, or links out of itself.
    """
    source = ForeignSource(path) if is_foreign(path) else FileSource(path, group)
    source.open()
    return Trajectory(source, build)

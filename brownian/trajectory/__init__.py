"""Trajectories: recorded while a run goes on, in memory or in an H5MD file that survives a kill, and read afterwards.

>>> from brownian.trajectory import FileRecorder, MemoryRecorder, open_file, repair

Files are H5MD 1.1, and are read by MDAnalysis and pyh5md as they are.  See `Recorder` for writing, `Trajectory` for
reading, `FileRecorder.resume` for going on and `repair` for a file whose writer was killed.
"""

from .arrays import from_arrays
from .errors import DiskTooSmall, FileInUse, NothingToResume, ResumeMismatch, TrajectoryError
from .file_recorder import FileRecorder
from .notes import annotate, note
from .recorder import MemoryRecorder, Recorder
from .recovery import repair
from .tallies import Energies
from .trajectory import Trajectory, open_file

__all__ = [
    "DiskTooSmall",
    "Energies",
    "FileInUse",
    "FileRecorder",
    "MemoryRecorder",
    "NothingToResume",
    "Recorder",
    "ResumeMismatch",
    "Trajectory",
    "TrajectoryError",
    "annotate",
    "from_arrays",
    "note",
    "open_file",
    "repair",
]

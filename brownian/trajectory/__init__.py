"""Trajectories: recorded while a run goes on, in memory or in an H5MD file that survives a kill, and read afterwards.

>>> from brownian.trajectory import FileRecorder, MemoryRecorder, open_file, repair

Files are H5MD 1.1, and are read by MDAnalysis and pyh5md as they are.  See `Recorder` for writing, `Trajectory` for
reading, `FileRecorder.resume` for going on and `repair` for a file whose writer was killed.
"""

from ..lazy import lazily

_HOMES = {
    "arrays": ["from_arrays"],
    "errors": ["DiskTooSmall", "FileInUse", "NothingToResume", "ResumeMismatch", "TrajectoryError"],
    "file_recorder": ["FileRecorder"],
    "notes": ["annotate", "check_takes_notes", "note"],
    "opening": ["open_file"],
    "recorder": ["MemoryRecorder", "Recorder"],
    "recovery": ["repair"],
    "tallies": ["Energies"],
    "trajectory": ["Trajectory"],
}
__getattr__, __dir__, __all__ = lazily(__name__, _HOMES)

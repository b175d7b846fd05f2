"""What can go wrong with a file of frames, each with a class of its own."""


class TrajectoryError(ValueError, OSError):
    """A file that cannot be read as a trajectory, or cannot be written any further.

    Attributes
    ----------
    path : pathlib.Path or None
        The file.
    """

    def __init__(self, message, path=None):
        super().__init__(message)
        self.path = path


class NothingToResume(TrajectoryError):
    """There is no state in the file to go on from: the run has to start over."""


class NotBegun(NothingToResume):
    """The run was killed before its first checkpoint: made again from the start, it is the same run."""


class ResumeMismatch(ValueError):
    """The file was made with other parameters than those given.

    Attributes
    ----------
    differences : dict
        Dotted key to the pair (value in the file, value given).
    """

    def __init__(self, message, differences=None):
        super().__init__(message)
        self.differences = differences or {}


class FileInUse(OSError):
    """Somebody else is writing the file.

    Attributes
    ----------
    pid : int or None
        The process that holds it, where that is known.
    """

    def __init__(self, message, pid=None):
        super().__init__(message)
        self.pid = pid


class DiskTooSmall(OSError):
    """The planned file does not fit on its disk.

    Attributes
    ----------
    needed, free : int
        Bytes.
    """

    def __init__(self, message, needed=0, free=0):
        super().__init__(message)
        self.needed, self.free = needed, free

"""One writer per file: a lock of our own, since HDF5 gives its lock up while readers may watch."""

import os

from .errors import FileInUse


class WriterLock:
    """Hold `<file>.lock` for as long as this object is not released.

    The kernel drops the lock with the process, so what a killed process leaves behind blocks nobody.

    Parameters
    ----------
    path : pathlib.Path
        The file to be written (not the lock).

    Raises
    ------
    FileInUse
        If another writer, in this or another process, holds it.
    OSError
        If the folder cannot be written.
    """

    def __init__(self, path):
        import fcntl  # not on Windows, where reading still works

        self.path = path.with_name(path.name + ".lock")
        self._descriptor = None
        while self._descriptor is None:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The holder before us may have removed the name between our open and our lock: then try again.
                if self._names(descriptor):
                    self._descriptor = descriptor
            except BlockingIOError:
                pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                pid = int(pid) if pid.isdigit() else None
                who = "this process" if pid == os.getpid() else f"process {pid}" if pid else "another process"
                raise FileInUse(f"{path} is being written by {who}: let it end, or choose another file", pid) from None
            finally:
                if self._descriptor is None:
                    os.close(descriptor)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _names(self, descriptor):
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def release(self):
        """Remove the lock; a second call does nothing."""
        if self._descriptor is not None:
            if self._names(self._descriptor):
                self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None

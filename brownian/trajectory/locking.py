"""One writer per file: a lock of our own, since HDF5 gives its lock up while readers may watch."""

import os
from contextlib import suppress

from .errors import FileInUse


def names(path, descriptor):
    """Whether a path is still the name of an open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


class WriterLock:
    """Hold `<file>.lock` for as long as this object is not released; missing folders are made.

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
        If the folder cannot be written; the message names the file.
    """

    def __init__(self, path):
        self._file, self.path = path, path.with_name(path.name + ".lock")
        self._descriptor = None
        self._take()

    def _take(self):
        import fcntl  # not on Windows, where reading still works

        descriptor = -1
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            while self._descriptor is None:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The holder before us may have removed the name between our open and our lock: then try again.
                if names(self.path, descriptor):
                    self._descriptor = descriptor
                else:
                    os.close(descriptor)
                    descriptor = -1
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except BaseException as error:  # Ctrl-C too: nothing may stay open that this process would find locked later
            holder = os.pread(descriptor, 20, 0) if isinstance(error, BlockingIOError) else b""
            if self._descriptor is None and descriptor >= 0:
                os.close(descriptor)
            self.release()
            if isinstance(error, BlockingIOError):
                raise self._in_use(holder.decode("ascii", "replace").strip()) from None
            if isinstance(error, OSError):
                why = "its folder is not writable, is full or is no folder"
                raise type(error)(f"{self._file} cannot be written, {why}: {error}") from error
            raise

    def _in_use(self, holder):
        pid = int(holder) if holder.isdigit() else None
        who = "this process" if pid == os.getpid() else f"process {pid}" if pid else "another process"
        return FileInUse(f"{self._file} is being written by {who}: let it end, or choose another file", pid)

    def hold(self):
        """Take the lock again if somebody removed its file; raise FileInUse if another writer was faster."""
        held = self._descriptor
        if held is not None and not names(self.path, held):
            os.close(held)
            self._descriptor = None
            self._take()

    def release(self):
        """Remove the lock; a second call does nothing."""
        if self._descriptor is not None:
            # Where its name cannot be removed it stays behind, and blocks nobody.
            with suppress(OSError):
                if names(self.path, self._descriptor):
                    self.path.unlink()
            os.close(self._descriptor)
            self._descriptor = None

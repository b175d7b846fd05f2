"""Write-back: the disk takes what was appended while the run goes on, so that its end does not wait for all of it."""

import os
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 2**22  # bytes that are worth a turn of the disk
_to_disk = getattr(os, "fdatasync", os.fsync)  # the former is not everywhere


class WriteBack:
    """Sends a file to the disk from a thread of its own, one turn at a time.

    What the disk answers is heard by the next call: a failed turn raises OSError there, and only there, as the system
    reports it once.
    """

    def __init__(self):
        self._bytes, self._pool, self._turn = 0, None, None

    def appended(self, file, size):
        """Size bytes more were written to a file of h5py: start a turn, if there is enough for one and none goes on."""
        self._bytes += size
        if self._bytes < AT_ONCE or (self._turn is not None and not self._turn.done()):
            return
        self._hear()
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="brownian-disk")
        self._turn, self._bytes = self._pool.submit(_to_disk, file.id.get_vfd_handle()), 0

    def settle(self, file):
        """Return when all of the file is on the disk."""
        self._hear()
        os.fsync(file.id.get_vfd_handle())

    def close(self):
        """Wait for the turn that goes on; to be called before the file is closed."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = self._turn = None

    def _hear(self):
        if self._turn is not None:
            self._turn.result()
            self._turn = None

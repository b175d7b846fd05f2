"""A file as it shall become, in memory: HDF5 itself crashes, sooner or later, where a disk refuses what it writes."""

import io
import os

PAGE = 4096


class Draft(io.RawIOBase):
    """A stream for h5py that reads a file, and keeps in memory what is written.

    Parameters
    ----------
    path : str or os.PathLike
        An existing file; it is not changed.

    Examples
    --------
    >>> with Draft("run.h5") as draft:          # doctest: +SKIP
    ...     with h5py.File(draft, "r+") as file:
    ...         file["note"] = "seen"
    ...     shutil.copyfile("run.h5", "copy.h5")
    ...     draft.write_to("copy.h5")
    """

    def __init__(self, path):
        super().__init__()
        self._file = io.FileIO(path)
        self._size = self._kept = os.fstat(self._file.fileno()).st_size  # kept: so many bytes of the file still count
        self._pages, self._at = {}, 0

    def close(self):
        """Forget it."""
        self._file.close()
        super().close()

    def seek(self, offset, whence=os.SEEK_SET):
        """Go to a place."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self):
        """The place in the file."""
        return self._at

    def readinto(self, buffer):
        """Read what was written, and what the file has where nothing was."""
        view = memoryview(buffer).cast("B")
        view = view[: max(0, self._size - self._at)]
        for page, place, part in self._parts(view):
            found = self._pages[page] if page in self._pages else self._stored(page)
            part[:] = found[place : place + len(part)]
        return len(view)

    def write(self, data):
        """Keep it."""
        view = memoryview(data).cast("B")
        for page, place, part in self._parts(view):
            if page not in self._pages:
                self._pages[page] = self._stored(page)
            self._pages[page][place : place + len(part)] = part
        self._size = max(self._size, self._at if view else 0)
        return len(view)

    def truncate(self, size=None):
        """Make the file longer or shorter."""
        size = self._at if size is None else size
        if size < self._size:
            self._kept = min(self._kept, size)
            self._pages = {page: held for page, held in self._pages.items() if page * PAGE < size}
            if size // PAGE in self._pages:
                self._pages[size // PAGE][size % PAGE :] = bytes(PAGE - size % PAGE)
        self._size = size
        return size

    def write_to(self, path):
        """Make a copy of the file what this has become, and wait until it has reached the disk.

        Raises
        ------
        OSError
            If the disk will not have it.
        """
        with io.FileIO(path, "r+") as copy:
            copy.truncate(self._kept)
            copy.truncate(self._size)
            for page, held in sorted(self._pages.items()):
                left = memoryview(held)[: self._size - page * PAGE]
                copy.seek(page * PAGE)
                while left:
                    left = left[copy.write(left) :]
            os.fsync(copy.fileno())

    def _stored(self, page):
        """A page of the file, with zeros for what does not count."""
        found = os.pread(self._file.fileno(), max(0, min(PAGE, self._kept - page * PAGE)), page * PAGE)
        return bytearray(found.ljust(PAGE, b"\0"))

    def _parts(self, view):
        """Cut what is read or written here into pages: page, place in it, part; goes on behind it."""
        while view:
            page, place = divmod(self._at, PAGE)
            part, view = view[: PAGE - place], view[PAGE - place :]
            yield page, place, part
            self._at += len(part)

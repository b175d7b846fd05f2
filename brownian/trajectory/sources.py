"""A file as the place where a trajectory's frames come from, read as they are asked for."""

import weakref
from pathlib import Path

import numpy as np

from . import checkpoints, elements
from .box import edges_of
from .hdf5 import open_file_of_frames, reading
from .memory import fixed

_OPEN: weakref.WeakSet = weakref.WeakSet()


def release(path):
    """Close what this process has open of a file through trajectories; they open it again when next asked.

    HDF5 refuses to open for writing what the same process has open for reading.
    """
    for source in list(_OPEN):
        if elements.same_file(source.path, path):
            source.close()


class FrameArray:
    """Positions, velocities or tallies in a file, shape (F, N, D), read as they are indexed.

    Indices along the frames may be anything NumPy takes (numbers, slices, lists, masks); the other two axes take what
    h5py takes.  `numpy.asarray` reads everything.
    """

    ndim = 3

    def __init__(self, source, name):
        self._source, self._name = source, name

    @property
    def shape(self):
        """Frames, particles, dimension."""
        return (self._source.frames, *self._source.dataset(self._name).shape[1:])

    @property
    def dtype(self):
        """Type of the numbers in the file."""
        return self._source.dataset(self._name).dtype

    @property
    def size(self):
        """Number of numbers."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def nbytes(self):
        """Bytes, were it read as a whole."""
        return self.size * self.dtype.itemsize

    def __len__(self):
        """Return the number of frames."""
        return self._source.frames

    def __repr__(self):
        """Say what it is, without reading it."""
        return f"<{self._name} {self.shape} {self.dtype} in {self._source.path}>"

    def __array__(self, dtype=None, copy=None):
        """Read everything."""
        if copy is False:
            raise ValueError("positions and velocities of a file cannot become an array without a copy")
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def __getitem__(self, key):
        """Read a part, as an ndarray."""
        key = key if isinstance(key, tuple) else (key,)
        if not any(part is Ellipsis for part in key):
            key += (Ellipsis,)
        first, rest = (key[0], key[1:]) if key[0] is not Ellipsis else (slice(None), key)
        rows, after = self._rows(first)
        dataset = self._source.dataset(self._name)
        with reading(self._source.path, (OSError, RuntimeError)):
            part = dataset[(rows, *rest)]
        return part if after is None else part[after]

    def _rows(self, index):
        """Increasing rows for h5py, and what makes of them the rows that were asked for."""
        frames = self._source.frames
        if isinstance(index, slice):
            start, stop, step = index.indices(frames)
            if step > 0:
                return slice(start, max(stop, start), step), None
            rows = range(start, stop, step)
            return (slice(rows[-1], start + 1, -step) if rows else slice(0, 0)), slice(None, None, -1)
        index = np.asarray(index)
        if index.dtype == bool:
            if index.shape != (frames,):
                raise IndexError(f"a mask of the frames must have shape {(frames,)}, not {index.shape}")
            index = np.flatnonzero(index)
        if index.size == 0 and index.ndim == 1:
            return slice(0, 0), None
        if index.dtype.kind not in "iu" or index.ndim > 1:
            raise IndexError("frames are chosen by a whole number, a slice, a list of whole numbers or a mask")
        if (index < -frames).any() or (index >= frames).any():
            raise IndexError(f"frame {index} is out of range: there are {frames} frames")
        index = np.where(index < 0, index + frames, index)
        if index.ndim == 0:
            return int(index), None
        return np.unique(index, return_inverse=True)


class FileSource:
    """A file, opened when first needed and again after it was closed."""

    complete = True

    def __init__(self, path, group=None):
        self._given, self._place = Path(path), Path(path).absolute()
        self._group, self._file, self._contents = group, None, None

    def __getstate__(self):
        """Which file it is: another process opens it when it needs it."""
        return self._place, self._group

    def __setstate__(self, state):
        """Not opened."""
        self._given, self._group = state
        self._place, self._file, self._contents = self._given, None, None

    @property
    def path(self):
        """As it was given, as long as that means the same file: the folder of the process may change."""
        return self._given if self._given.absolute() == self._place else self._place

    def open(self):
        """Open and check the file, unless it is open; return its contents."""
        if self._file is None:
            file, self.complete = open_file_of_frames(self.path)
            try:
                with reading(self.path):
                    self._contents = elements.contents(file, self.complete, self._group)
                self._file = file
            finally:
                if self._file is None:
                    file.close()
            self._steps = self._times = None
            _OPEN.add(self)
        return self._contents

    def close(self):
        """Close the file; it is opened again when next needed."""
        if self._file is not None:
            self._file.close()
            self._file = self._contents = None

    @property
    def ours(self):
        """Whether one of our recorders wrote it."""
        return self.open().ours

    def dataset(self, name):
        """Return the dataset of positions or velocities, or None."""
        return getattr(self.open(), name)

    @property
    def frames(self):
        """Number of frames that can be read."""
        return self.open().frames

    @property
    def steps(self):
        """Steps, int64."""
        found = self.open()
        if self._steps is None:
            with reading(self.path):
                self._steps = fixed(np.asarray(found.step[0 : found.frames], np.int64))
        return self._steps

    @property
    def times(self):
        """Times, float64; the steps where the file has none."""
        found = self.open()
        if self._times is None:
            with reading(self.path):
                clock = found.step if found.time is None else found.time
                self._times = fixed(np.asarray(clock[0 : found.frames], np.float64))
        return self._times

    @property
    def positions(self):
        """Positions, lazy."""
        return FrameArray(self, "positions")

    @property
    def velocities(self):
        """Velocities, lazy, or None."""
        return None if self.open().velocities is None else FrameArray(self, "velocities")

    @property
    def tallies(self):
        """Tallies, lazy, or None."""
        return None if self.open().tallies is None else FrameArray(self, "tallies")

    @property
    def columns(self):
        """Names of the columns of the tallies."""
        return self.open().columns

    @property
    def unit(self):
        """Unit strings, or None."""
        return self.open().unit

    @property
    def box(self):
        """Edges of a periodic box, or None; our own files have none."""
        if self.open().ours:
            return None
        with reading(self.path):
            return edges_of(self._file, self._group, self.dataset("positions").shape[2])

    @property
    def description(self):
        """The description of the run."""
        return self.open().description

    def checkpoints(self):
        """Return the valid checkpoints, the newest first."""
        found = self.open()
        if found.state is None:
            return []
        with reading(self.path):
            return list(checkpoints.read(found.state, found.record, found.frames))

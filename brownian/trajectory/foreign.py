"""Trajectories in the formats of other programs, read through MDAnalysis frame by frame; no topology is needed.

Whatever the file has, positions come in Angstrom, velocities in Angstrom / ps and times in ps, as float32, with three
components.  What is given beside such a file (mass, friction, kT, a potential) must be in units built on these: with
masses in u, energies are in u A^2 / ps^2.
"""

import shutil
import tempfile
import warnings
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..outside import warn
from .errors import TrajectoryError
from .hdf5 import DAMAGE
from .sources import FrameArray
from .xdr import check_frames

FORMATS = ("dcd", "gro", "gsd", "lammpsdump", "nc", "ncdf", "pdb", "tng", "trr", "xtc", "xyz")
UNCOUNTED = ("crdbox", "mdcrd", "trj", "trz")  # nothing in these says how many particles there are
NUMBERED = ("lammpsdump", "trr", "xtc")  # frames tell of which step they are
# What its readers raise, beside the errors of HDF5, when they read nonsense.
BADLY_READ = (
    EOFError, LookupError, AttributeError, NameError, StopIteration, MemoryError, ArithmeticError, SyntaxError,
)  # fmt: skip
PARTICLES_PER_BYTE = 8  # more than any format can pack
PACKED = b"\x1f\x8b\x08", b"BZh"
NO_TIMES = "no dt information"  # in what MDAnalysis warns of where a file has no times


def _format(path):
    return Path(path).suffix.lower().lstrip(".")


def is_foreign(path):
    """Whether a file is for MDAnalysis to read: no HDF5 inside, and a name that ends as in `FORMATS`."""
    known = _format(path) in FORMATS + UNCOUNTED
    return known and Path(path).is_file() and not h5py.is_hdf5(path)


class ForeignSource:
    """A file of another program, opened when first needed and again after it was closed."""

    complete, ours, tallies, columns = True, False, None, ()

    def __init__(self, path):
        self.path = Path(path)
        self._reader: Any = None
        self._spare: Any = None
        self._steps: Any = None
        self._times: Any = None
        self._moving, self._timed = False, False

    def open(self):
        """Open the file, and go through it once for steps, times and what is in the frames; return the reader."""
        if self._reader is None:
            kind = _kind(self.path)
            with self._reading():
                self._reader = _opened(kind, self.path)
                if self._steps is None:
                    try:
                        self._look_through()
                    finally:
                        if self._steps is None:
                            self.close()
        return self._reader

    def close(self):
        """Close the file; it is opened again when next needed."""
        if self._reader is not None:
            self._reader.close()
            self._reader = self._spare = None

    def _look_through(self):
        found: dict[str, list] = {"step": [], "time": [], "velocities": [], "positions": []}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            for frame in self._reader:
                found["step"].append(frame.data.get("step"))
                found["time"].append(float(frame.time))
                found["velocities"].append(frame.has_velocities)
                found["positions"].append(frame.has_positions)
        if not all(found["positions"]):
            raise TrajectoryError(f"{self.path}: frame {found['positions'].index(False)} has no positions", self.path)
        steps = times = np.arange(len(found["step"]))
        if _format(self.path) in NUMBERED and None not in found["step"] and (np.diff(found["step"]) > 0).all():
            steps = np.array(found["step"], dtype=np.int64)
        self._timed = not any(NO_TIMES in str(warning.message) for warning in said) and np.ptp(found["time"]) > 0.0
        if self._timed:
            times = np.array(found["time"])
            if not (np.isfinite(times).all() and (np.diff(times) > 0.0).all()):
                raise TrajectoryError(f"{self.path}: times must be finite and increase from frame to frame", self.path)
        else:
            times = steps.astype(np.float64)
        self._moving = all(found["velocities"])
        if any(found["velocities"]) and not self._moving:
            warn(f"{self.path}: velocities are left out, not all frames have them")
        steps.flags.writeable = times.flags.writeable = False
        self._steps, self._times = steps, times

    @contextmanager
    def _reading(self):
        """Keep MDAnalysis' warnings to itself, and say in our words what it makes of a damaged file."""
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module=r"MDAnalysis\..*")
                warnings.filterwarnings("ignore", module=r"filelock\..*")
                yield
        except TrajectoryError:
            raise
        except ImportError as error:  # some readers need a library of their own
            raise TrajectoryError(f"{self.path}: {error}", self.path) from error
        except (*DAMAGE, *BADLY_READ) as error:
            raise TrajectoryError(
                f"{self.path}: cannot be read as a .{_format(self.path)} file, it is damaged or something else "
                f"({type(error).__name__} in MDAnalysis)",
                self.path,
            ) from error

    def dataset(self, name):
        """What stands for the dataset of positions or velocities."""
        return _Frames(self, name)

    def read(self, name, rows):
        """Positions or velocities of a slice or of sorted frames, float32, shape (frames, particles, 3).

        Both are in the frames that are read: the other one is kept until the next call, which mostly asks for it.
        """
        reader = self.open()
        frames = np.arange(self.frames)[rows]
        spare, self._spare = self._spare, None
        if spare is not None and spare[0] == name and np.array_equal(spare[1], frames):
            return spare[2]
        kept = {key: np.empty((len(frames), reader.n_atoms, 3), np.float32) for key in
                ("positions", *(["velocities"] if self._moving else []))}  # fmt: skip
        with self._reading():
            for row, frame in enumerate(frames):
                read = reader[int(frame)]
                for key, values in kept.items():
                    values[row] = getattr(read, key)
        if self._moving:
            other = "velocities" if name == "positions" else "positions"
            self._spare = other, frames, kept[other]
        return kept[name]

    @property
    def frames(self):
        """Number of frames."""
        self.open()
        return len(self._steps)

    @property
    def particles(self):
        """Number of particles."""
        return int(self.open().n_atoms)

    @property
    def steps(self):
        """Steps, int64, where the file tells them, else the numbers of the frames."""
        self.open()
        return self._steps

    @property
    def times(self):
        """Times [ps], float64; the steps where the file has none."""
        self.open()
        return self._times

    @property
    def positions(self):
        """Positions, lazy."""
        return FrameArray(self, "positions")

    @property
    def velocities(self):
        """Velocities, lazy, or None."""
        self.open()
        return FrameArray(self, "velocities") if self._moving else None

    @property
    def unit(self):
        """Unit strings; that of time is empty where the file has no times."""
        self.open()
        return {"time": "ps" if self._timed else "", "length": "Angstrom", "velocity": "Angstrom ps-1"}

    @property
    def box(self):
        """Edges of a rectangular box at the frame that was read last, or None."""
        told = self.open().ts.dimensions
        if told is None or not (np.all(np.asarray(told[:3]) > 0.0) and np.all(np.asarray(told[3:]) == 90.0)):
            return None
        return np.array(told[:3], dtype=np.float64)

    @property
    def description(self):
        """Nothing: such files do not say how they were made."""
        return {}

    def checkpoints(self):
        """Return no checkpoints."""
        return []


class _Frames:
    """The face of a dataset, for `FrameArray`."""

    dtype = np.dtype(np.float32)

    def __init__(self, source, name):
        self._source, self._name = source, name

    @property
    def shape(self):
        return self._source.frames, self._source.particles, 3

    def __getitem__(self, key):
        rows, *rest = key
        if isinstance(rows, int):
            return self._source.read(self._name, [rows])[(0, *rest)]
        return self._source.read(self._name, rows)[(slice(None), *rest)]


def _kind(path):
    """MDAnalysis' class for a file."""
    name = _format(path)
    if name in UNCOUNTED:
        raise TrajectoryError(
            f"{path}: a .{name} file does not say how many particles it has; convert it, e.g. to .dcd or .trr", path
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from MDAnalysis.coordinates.core import get_reader_for

        return get_reader_for(f"trajectory.{name}")
    except ImportError as error:
        raise TrajectoryError(
            f"{path}: a .{name} file is read through MDAnalysis: pip install 'brownian-langevin[mdanalysis]'", path
        ) from error


def _opened(kind, path):
    """Open a file, through a link in a folder of its own: MDAnalysis writes hidden files beside what it reads."""
    if _format(path) in ("trr", "xtc"):
        check_frames(path, _format(path))
    with path.open("rb") as raw:
        if raw.read(3) in PACKED:  # MDAnalysis would unpack it, to whatever size
            raise TrajectoryError(f"{path}: is packed by gzip or bzip2, unpack it first", path)
    folder = tempfile.mkdtemp(prefix="brownian-")
    link = Path(folder) / f"trajectory.{_format(path)}"
    reader = None
    try:
        link.symlink_to(path.resolve())
        reader = _guarded(kind, PARTICLES_PER_BYTE * path.stat().st_size)(str(link))
    finally:
        if reader is None:
            shutil.rmtree(folder, ignore_errors=True)
    weakref.finalize(reader, shutil.rmtree, folder, ignore_errors=True)
    if reader.n_atoms < 1 or reader.n_frames < 1:
        raise TrajectoryError(f"{path}: holds {reader.n_frames} frames of {reader.n_atoms} particles", path)
    return reader


def _guarded(kind, most):
    """The reader of this kind: no room for more particles than there can be, and silent when it could not open."""

    class Timestep(kind._Timestep):  # type: ignore[misc, name-defined]
        def __init__(self, n_atoms, **options):
            if n_atoms > most:
                raise ValueError("more particles than the file can hold")
            super().__init__(n_atoms, **options)

    class Reader(kind):  # type: ignore[misc, valid-type]
        _Timestep = Timestep

        def __del__(self):
            try:
                self.close()
            except AttributeError:  # what is to be closed was never opened
                return

    return Reader

"""What is to be written: sizes, chunks, units, and whether the disk holds it."""

import math
import shutil
from dataclasses import dataclass, field

import numpy as np

from ..arguments import shortened
from .errors import DiskTooSmall

CHUNK_BYTES = 2**18
SLAB_BYTES = 2**22
SPARE_BYTES = 2**16
LANES = 64, 65_536
SLOTS = 2**24
NAME = 64

# The only unit strings that MDAnalysis reads (one other string makes the file unreadable for it), in its own units.
LENGTHS = {"nm": 10.0, "pm": 1e-2, "fm": 1e-5, "A": 1.0, "Angstrom": 1.0, "angstrom": 1.0}
TIMES = {"ps": 1.0, "fs": 1e-3, "ns": 1e3, "s": 1e12, "sec": 1e12, "second": 1e12, "AKMA": 4.888821e-2}
VELOCITIES = {
    **{f"{length} {time}-1": LENGTHS[length] / TIMES[time] for length in ("A", "Angstrom") for time in TIMES
       if time in ("ps", "fs", "AKMA")},
    **{"nm ps-1": 10.0, "nm ns-1": 1e-2, "pm ps-1": 1e-2, "m s-1": 1e-2},
}  # fmt: skip


def count(name, value, least):
    """Return a whole number of at least `least`, or raise ValueError."""
    try:
        if int(value) == value and value >= least and not isinstance(value, bool):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{name} must be a whole number of at least {least}, not {shortened(value)}")


def checked_unit(unit, velocities):
    """Return the unit as a plain dict, or None.

    Parameters
    ----------
    unit : dict or None
        Keys time, length and, if velocities are stored, velocity.
    velocities : bool

    Returns
    -------
    dict or None

    Raises
    ------
    ValueError
        If a key is missing or a string is none that MDAnalysis accepts.
    """
    if unit is None:
        return None
    tables = {"time": TIMES, "length": LENGTHS, **({"velocity": VELOCITIES} if velocities else {})}
    if not isinstance(unit, dict) or not tables.keys() <= unit.keys() <= {"time", "length", "velocity"}:
        raise ValueError(f"unit must be None or a dict with the keys {', '.join(tables)}, not {shortened(unit)}")
    for name, table in tables.items():
        if unit[name] not in table:
            raise ValueError(
                f"unit of {name} must be one of {', '.join(table)} (or unit=None), not {shortened(unit[name])}"
            )
    return {name: unit[name] for name in tables}


@dataclass
class Plan:
    """Shapes and sizes of a recording.

    Parameters
    ----------
    particles, dimension, slots, planned_frames : int
        N, D, the number S of (N, D) arrays in a checkpoint (None: not told), the number of frames expected.
    velocities : bool
    dtype : numpy.dtype
        float32 or float64, of the frames; checkpoints are always float64.
    unit : dict or None
    columns : tuple of str
        Names of the tallies: further numbers of each particle, float64.

    Raises
    ------
    ValueError
        If one of them makes no sense.
    """

    particles: int
    dimension: int
    slots: int | None
    velocities: bool
    dtype: np.dtype
    planned_frames: int
    unit: dict | None = None
    columns: tuple[str, ...] = ()
    last_step: int | None = field(default=None, init=False)
    last_time: float = field(default=-math.inf, init=False)

    def __post_init__(self):
        """Check and cast, once."""
        self.particles = count("particles", self.particles, 1)
        self.dimension = count("dimension", self.dimension, 1)
        self.slots = None if self.slots is None else count("slots", self.slots, 1)
        if (self.slots or 1) > SLOTS:
            raise ValueError(f"slots must be at most {SLOTS}, not {self.slots}")
        self.planned_frames = count("planned_frames", self.planned_frames, 1)
        self.velocities = bool(self.velocities)
        self.dtype = np.dtype(self.dtype)
        if self.dtype not in (np.dtype("f4"), np.dtype("f8")):
            raise ValueError(f"dtype must be float32 or float64, not {self.dtype}")
        self.unit = checked_unit(self.unit, self.velocities)
        self.columns = tuple(self.columns)
        if not all(isinstance(name, str) and 0 < len(name) <= NAME for name in self.columns):
            raise ValueError(f"columns must be names of 1 to {NAME} characters, not {shortened(self.columns)}")

    @property
    def frame_bytes(self):
        """Bytes of the positions of one frame."""
        return self.particles * self.dimension * self.dtype.itemsize

    @property
    def chunks(self):
        """Frames, particles and components of one chunk; nothing much is wasted, for one frame or many."""
        frames = max(1, min(max(256, CHUNK_BYTES // self.frame_bytes), SLAB_BYTES // self.frame_bytes))
        # Room for a run that is resumed for longer than planned, where it costs next to nothing.
        frames = even(max(self.planned_frames, SPARE_BYTES // self.frame_bytes), frames)
        lanes = CHUNK_BYTES // (frames * self.dimension * self.dtype.itemsize)
        return frames, even(self.particles, min(max(lanes, LANES[0]), LANES[1])), self.dimension

    @property
    def tally_chunks(self):
        """Frames, particles and columns of one chunk of the tallies."""
        frames, lanes, _ = self.chunks
        most = max(LANES[0], CHUNK_BYTES // (frames * len(self.columns) * 8))
        return frames, even(self.particles, min(lanes, most)), len(self.columns)

    @property
    def bytes(self):
        """Bytes of the planned file."""
        tallies = 8 * self.particles * len(self.columns)
        frames = self.planned_frames * (self.frame_bytes * (1 + self.velocities) + tallies + 16)
        return frames + 2 * (self.slots or 0) * self.particles * self.dimension * 8 + 2**16

    def frames(self, steps, times, positions, velocities, tallies=None):
        """Check what is to be appended, and cast it.

        Parameters
        ----------
        steps, times : array_like, shape (F,)
        positions, velocities : array_like, shape (F, N, D)
        tallies : array_like, shape (F, N, columns)

        Returns
        -------
        tuple of ndarray
            steps, times, positions and, if they are kept, velocities and tallies.

        Raises
        ------
        ValueError
            If a shape is wrong, steps or times do not increase, or velocities are missing or not wanted.
        """
        steps, times = np.asarray(steps, np.int64), np.asarray(times, np.float64)
        if steps.ndim != 1 or times.shape != steps.shape:
            raise ValueError(f"steps and times must have one shape (F,), not {steps.shape} and {times.shape}")
        if (velocities is not None) != self.velocities:
            raise ValueError("velocities are " + ("missing" if self.velocities else "given, but are not recorded"))
        if (tallies is not None) != bool(self.columns):
            raise ValueError("tallies are " + ("missing" if self.columns else "given, but are not recorded"))
        arrays = [np.ascontiguousarray(positions, self.dtype)]
        if self.velocities:
            arrays.append(np.ascontiguousarray(velocities, self.dtype))
        shape = (len(steps), self.particles, self.dimension)
        for name, array in zip(("positions", "velocities"), arrays, strict=False):
            if array.shape != shape:
                raise ValueError(f"{name} must have shape (F, N, D) = {shape}, not {array.shape}")
        if tallies is not None:
            arrays.append(np.ascontiguousarray(tallies, np.float64))
            shape = (len(steps), self.particles, len(self.columns))
            if arrays[-1].shape != shape:
                raise ValueError(f"tallies must have shape (F, N, columns) = {shape}, not {arrays[-1].shape}")
        if len(steps):
            before = steps[0] - 1 if self.last_step is None else self.last_step
            rising = (np.diff(steps, prepend=before) > 0).all() and (np.diff(times, prepend=self.last_time) > 0).all()
            if not rising or not np.isfinite(times).all():
                raise ValueError(
                    "steps and times must be finite and increase from frame to frame; they go on from step "
                    f"{self.last_step}, time {self.last_time} with steps {steps[:4]}..., times {times[:4]}..."
                )
        return steps, times, *arrays

    def state(self, step, state):
        """Check what is to be kept for a restart.

        Parameters
        ----------
        step : int
        state : array_like, shape (S, N, D)

        Returns
        -------
        tuple
            step as int, state as contiguous float64.

        Raises
        ------
        ValueError
            If the shape is wrong, or the step lies before the last frame.
        """
        step, state = int(step), np.ascontiguousarray(state, "<f8")
        shape = (state.shape[0] if state.ndim and self.slots is None else self.slots, self.particles, self.dimension)
        if state.shape != shape:
            raise ValueError(f"state must have shape (slots, N, D) = {shape}, not {state.shape}")
        if self.last_step is None:
            raise ValueError("append the first frame before the first checkpoint")
        if step < self.last_step:
            raise ValueError(f"a checkpoint at step {step} lies before the last frame, at step {self.last_step}")
        return step, state


def even(total, most):
    """Return the length of the pieces when `total` is cut into as few as possible, none longer than `most`."""
    return math.ceil(total / math.ceil(total / most))


def check_disk(path, needed, reclaimed=0):
    """Raise DiskTooSmall if `needed` bytes do not fit beside `path`, `reclaimed` bytes being given back."""
    free = shutil.disk_usage(path.parent).free
    if needed > free + reclaimed:
        raise DiskTooSmall(
            f"{path}: {size(needed)} are needed, {size(free)} are free on that disk; "
            "save fewer frames, use float32, or choose another folder",
            needed,
            free,
        )


def size(number):
    """Return a number of bytes for people.

    Examples
    --------
    >>> size(1_500_000)
    '1.5 MB'
    """
    units = ["bytes", "kB", "MB", "GB", "TB"]
    power = min((len(str(int(number))) - 1) // 3, len(units) - 1)
    return f"{number / 1000**power:.3g} {units[power]}"

"""Protocols: how a parameter moves with time.

Every protocol is made of rows of values, p(t) = (1 - w) row_k + w row_k+1, or row_0 + w row_1 (``additive``), with its own
k(t) and w(t).
Compiled code asks ``place_in`` once per step and block; the rows may be numbers or arrays of the parameter's shape.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import vectormath
from ..compiled import inlined

RAMP, STEPS, SINE, SQUARE, LINE = range(5)
ADDITIVE = SINE, LINE


@inlined
def place_in(kind, a, b, knots, t):
    """Row k and weight w of the next row at time t.

    knots: of a ramp or steps, ascending.  a, b: period and phase of a sine, period and share of a square wave.
    """
    if kind == LINE:
        return 0, t
    if kind == SINE:
        turns = t / a + b / 6.283185307179586
        return 0, vectormath.sin((turns - math.floor(turns)) * 6.283185307179586)
    if kind == SQUARE:
        turns = t / a
        return 0, 0.0 if turns - math.floor(turns) < b else 1.0
    low, high = 0, knots.size - 1  # the last knot at or before t, the first one if there is none
    while low < high:
        middle = (low + high + 1) // 2
        if knots[middle] <= t:
            low = middle
        else:
            high = middle - 1
    if kind == STEPS or low == knots.size - 1 or t <= knots[0]:
        return low, 0.0
    return low, (t - knots[low]) / (knots[low + 1] - knots[low])


def _array(owner, name, value):
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{owner}: {name} = {value!r}, but numbers are needed") from None
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{owner}: {name} = {value!r}, but it must be finite")
    return array


def _number(owner, name, value, positive=False):
    array = _array(owner, name, value)
    if array.ndim or (positive and not array > 0.0):
        raise ValueError(f"{owner}: {name} = {value!r}, but one {'positive ' * positive}number is needed")
    return float(array)


class Protocol:
    """What the protocols share: ``kind``, ``rows`` (values, first axis), ``knots``, ``a`` and ``b``."""

    kind = LINE
    a = b = 0.0
    knots = np.zeros(0)

    @property
    def rows(self):
        """Values between which the parameter moves, shape (rows, *shape of the parameter)."""
        raise NotImplementedError

    def _rows(self, **values):
        arrays = [_array(type(self).__name__, name, value) for name, value in values.items()]
        try:
            return np.stack(np.broadcast_arrays(*arrays))
        except ValueError:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(values, arrays, strict=True))
            raise ValueError(f"{type(self).__name__}: shapes that do not fit together: {shapes}") from None

    def value(self, t):
        """The parameter at time t."""
        rows = self.rows
        k, w = place_in(self.kind, self.a, self.b, self.knots, float(t))
        following = rows[min(k + 1, len(rows) - 1)]
        return ((1.0 if self.kind in ADDITIVE else 1.0 - w) * rows[k] + w * following)[()]

    def extremes(self, first, last):
        """Times in [first, last] among which the parameter takes its smallest and its largest value."""
        return [first, last, *(float(knot) for knot in self.knots if first < knot < last)]

    def _periodic(self, first, last, turns):
        """Times a * (k + turn) in [first, last], of one whole period where the interval is longer."""
        last = min(last, first + self.a)
        base = math.floor(first / self.a)
        times = [self.a * (base + k + turn) for k in range(3) for turn in turns]
        return [first, last, *(t for t in times if first < t < last)]


@dataclass(frozen=True)
class Ramp(Protocol):
    """From one value to another at a constant rate, p(t) = start + (end - start) (t - begin) / duration.

    Parameters
    ----------
    start, end
        Values before and after; numbers, or arrays of the parameter's shape.
    duration
        Of the ramp [T], positive.
    begin
        When it begins [T].

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Ramp(2.0, 4.0, duration=4.0, begin=1.0).value(2.0)
    np.float64(2.5)
    """

    start: Any
    end: Any
    duration: float
    begin: float = 0.0

    kind = RAMP

    def __post_init__(self):
        _number("Ramp", "duration", self.duration, positive=True)
        _number("Ramp", "begin", self.begin)
        _ = self.rows

    @property
    def rows(self):
        """Start and end."""
        return self._rows(start=self.start, end=self.end)

    @property
    def knots(self):
        """Begin and end of the ramp."""
        return np.array([self.begin, self.begin + self.duration], dtype=np.float64)


@dataclass(frozen=True)
class Linear(Protocol):
    """At a constant rate for ever, p(t) = start + rate t.

    Parameters
    ----------
    start
        Value at t = 0; a number, or an array of the parameter's shape.
    rate
        Change per time.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Linear(1.0, rate=0.5).value(3.0)
    np.float64(2.5)
    """

    start: Any
    rate: Any

    kind = LINE

    def __post_init__(self):
        _ = self.rows

    @property
    def rows(self):
        """Start and rate."""
        return self._rows(start=self.start, rate=self.rate)


@dataclass(frozen=True)
class Sine(Protocol):
    """p(t) = mean + amplitude sin(2 pi t / period + phase).

    Parameters
    ----------
    mean, amplitude
        Numbers, or arrays of the parameter's shape.
    period
        [T], positive.
    phase
        In radians; pi/2 makes it a cosine.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Sine(2.0, amplitude=0.5, period=4.0).value(1.0)
    np.float64(2.5)
    """

    mean: Any
    amplitude: Any
    period: float
    phase: float = 0.0

    kind = SINE

    def __post_init__(self):
        _number("Sine", "period", self.period, positive=True)
        _number("Sine", "phase", self.phase)
        _ = self.rows

    @property
    def rows(self):
        """Mean and amplitude."""
        return self._rows(mean=self.mean, amplitude=self.amplitude)

    @property
    def a(self):
        """Period."""
        return float(self.period)

    @property
    def b(self):
        """Phase."""
        return float(self.phase)

    def extremes(self, first, last):
        """The ends, and the crests and troughs between."""
        turns = self.phase / (2.0 * math.pi)
        return self._periodic(first, last, ((0.25 - turns) % 1.0, (0.75 - turns) % 1.0))


@dataclass(frozen=True)
class SquareWave(Protocol):
    """One value for the first share of each period, another for the rest.

    Parameters
    ----------
    first, second
        Numbers, or arrays of the parameter's shape.
    period
        [T], positive.
    share
        Part of the period with the first value, between 0 and 1.

    Examples
    --------
    >>> import brownian as bn
    >>> wave = bn.SquareWave(2.0, 4.0, period=1.0, share=0.25)
    >>> wave.value(0.2), wave.value(0.3), wave.value(1.2)
    (np.float64(2.0), np.float64(4.0), np.float64(2.0))
    """

    first: Any
    second: Any
    period: float
    share: float = 0.5

    kind = SQUARE

    def __post_init__(self):
        _number("SquareWave", "period", self.period, positive=True)
        if not 0.0 < _number("SquareWave", "share", self.share) < 1.0:
            raise ValueError(f"SquareWave: share = {self.share!r}, but it must be between 0 and 1")
        _ = self.rows

    @property
    def rows(self):
        """The two values."""
        return self._rows(first=self.first, second=self.second)

    @property
    def a(self):
        """Period."""
        return float(self.period)

    @property
    def b(self):
        """Share."""
        return float(self.share)

    def extremes(self, first, last):
        """The ends, and one time in each half between."""
        return self._periodic(first, last, (0.0, self.b))


@dataclass(frozen=True)
class Piecewise(Protocol):
    """From value to value at given times: along straight lines, or (``jump``) by jumps at the times.

    Before the first time the first value holds, after the last the last.

    Parameters
    ----------
    times
        Ascending [T], at least one (two without jumps).
    values
        One per time: numbers, or arrays of the parameter's shape.
    jump
        Hold each value until the next time.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Piecewise([0.0, 1.0, 3.0], [2.0, 4.0, 3.0]).value(2.0)
    np.float64(3.5)
    >>> bn.Piecewise([0.0, 1.0, 3.0], [2.0, 4.0, 3.0], jump=True).value(2.0)
    np.float64(4.0)
    """

    times: Any
    values: Any
    jump: bool = False

    def __post_init__(self):
        times, values = _array("Piecewise", "times", self.times), _array("Piecewise", "values", self.values)
        if times.ndim != 1 or values.ndim == 0 or len(values) != times.size:
            raise ValueError(
                f"Piecewise: {times.size} times and values of shape {values.shape}, but one value per time is needed"
            )
        if times.size < 2 and not self.jump:
            raise ValueError(f"Piecewise: times = {self.times!r}, but at least two are needed")
        falling = np.flatnonzero(np.diff(times) <= 0.0)
        if falling.size:
            k = int(falling[0])
            raise ValueError(
                f"Piecewise: times must ascend, but times[{k + 1}] = {times[k + 1]:g} follows {times[k]:g}"
            )

    @property
    def kind(self):
        """Steps or ramps."""
        return STEPS if self.jump else RAMP

    @property
    def rows(self):
        """The values."""
        return _array("Piecewise", "values", self.values)

    @property
    def knots(self):
        """The times."""
        return np.array(self.times, dtype=np.float64)


PROTOCOLS = {cls.__name__: cls for cls in (Linear, Piecewise, Ramp, Sine, SquareWave)}

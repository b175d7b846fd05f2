"""Protocols of parameters: ramps, lines, sines, square waves, and values at given times."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .protocol import LINE, RAMP, SINE, SQUARE, STEPS, Protocol, checked_array, checked_number


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
        checked_number("Ramp", "duration", self.duration, positive=True)
        checked_number("Ramp", "begin", self.begin)
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
        checked_number("Sine", "period", self.period, positive=True)
        checked_number("Sine", "phase", self.phase)
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
        checked_number("SquareWave", "period", self.period, positive=True)
        if not 0.0 < checked_number("SquareWave", "share", self.share) < 1.0:
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
        times, values = (
            checked_array("Piecewise", "times", self.times),
            checked_array("Piecewise", "values", self.values),
        )
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
        return checked_array("Piecewise", "values", self.values)

    @property
    def knots(self):
        """The times."""
        return np.array(self.times, dtype=np.float64)


PROTOCOLS = {cls.__name__: cls for cls in (Linear, Piecewise, Ramp, Sine, SquareWave)}

"""How a parameter moves with time: what all protocols share.

Every protocol is made of rows of values, p(t) = (1 - w) row_k + w row_k+1, or row_0 + w row_1 (``additive``), with its
own k(t) and w(t). Compiled code asks ``place_in`` once per step and block; the rows may be numbers or arrays of the
parameter's shape.
"""

import math
from abc import ABC, abstractmethod

import numpy as np

from .. import vectormath
from ..arguments import shortened
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


def checked_array(owner, name, value):
    """A finite float64 array; TypeError or ValueError that names the value otherwise."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{owner}: {name} = {shortened(value)}, but numbers are needed") from None
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{owner}: {name} = {shortened(value)}, but it must be finite")
    return array


def checked_number(owner, name, value, positive=False):
    """One finite number; TypeError or ValueError that names the value otherwise."""
    array = checked_array(owner, name, value)
    if array.ndim or (positive and not array > 0.0):
        raise ValueError(f"{owner}: {name} = {shortened(value)}, but one {'positive ' * positive}number is needed")
    return float(array)


class Protocol(ABC):
    """What the protocols share: ``kind``, ``rows`` (values, first axis), ``knots``, ``a`` and ``b``."""

    kind = LINE
    a = b = 0.0
    knots = np.zeros(0)

    @property
    @abstractmethod
    def rows(self):
        """Values between which the parameter moves, shape (rows, *shape of the parameter)."""

    def _rows(self, **values):
        arrays = [checked_array(type(self).__name__, name, value) for name, value in values.items()]
        try:
            return np.stack(np.broadcast_arrays(*arrays))
        except ValueError:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(values, arrays, strict=True))
            raise ValueError(f"{type(self).__name__}: shapes that do not fit together: {shapes}") from None

    def value(self, t):
        """The parameter at time t."""
        rows, t = self.rows, checked_number(type(self).__name__, "t", t)
        k, w = place_in(self.kind, self.a, self.b, self.knots, t)
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

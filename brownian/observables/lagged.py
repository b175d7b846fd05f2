"""Averages over pairs of frames on logarithmic lags, by the multiple-tau scheme.

Level l looks at every 2^l-th frame and remembers the last ``points`` of those: lags j 2^l, all j on level 0 and the
upper half of them above.  Frames are left out, never averaged: each value is the exact mean over the pairs whose later
frame is a multiple of 2^l, without the bias of block averages.

Source: D. Frenkel, B. Smit, Understanding Molecular Simulation (Academic Press, 2002), section 4.4; Ramirez, Sukumaran,
Vorselaars, Likhtman, J. Chem. Phys. 133, 154103 (2010).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..caching import compiled_for
from ..schedule import whole_number
from .observable import Observable, looks_at


class Curve(NamedTuple):
    """Lags [T], and at each of them the mean over pairs, particles and components with its standard error."""

    times: np.ndarray
    value: np.ndarray
    error: np.ndarray
    pairs: np.ndarray
    samples: int


def add_pairs(x, frame, squared, history, bounds, sums):
    """sums[l, j - 1, g] += products (or squared differences) of frame and frame - j 2^l; then remember the frame.

    history[l, k] is the frame of number k (modulo points) of level l.
    """
    levels, points = history.shape[0], history.shape[1]
    for level in range(levels):
        number = frame >> level
        if number << level != frame:
            break
        first = 1 if level == 0 else points // 2 + 1
        for j in range(first, min(points, number) + 1):
            then = history[level, (number - j) % points]
            for g in range(bounds.size - 1):
                total = 0.0
                for p in range(bounds[g], bounds[g + 1]):
                    for d in range(x.shape[1]):
                        y = x[p, d] - then[p, d]
                        total += y * y if squared else x[p, d] * then[p, d]
                sums[level, j - 1, g] += total
        now = history[level, number % points]
        for p in range(x.shape[0]):
            for d in range(x.shape[1]):
                now[p, d] = x[p, d]


def add_squares(x, bounds, sums):
    """sums[g] += sum of x^2 over the particles of group g and components: lag 0."""
    for g in range(bounds.size - 1):
        total = 0.0
        for p in range(bounds[g], bounds[g + 1]):
            for d in range(x.shape[1]):
                total += x[p, d] * x[p, d]
        sums[g] += total


class _Lagged(Observable):
    points: int
    longest: int | None
    squared: bool

    def __post_init__(self):
        """Refuse lags that do not fit."""
        looks_at(self)
        points = whole_number(f"{type(self).__name__}: points", self.points, 2)
        if points % 2:
            raise ValueError(f"{self}: points = {points}, but an even number is needed")
        if self.longest is not None:
            whole_number(f"{type(self).__name__}: longest", self.longest, 1)

    def levels(self, size):
        """Levels up to the longest lag: that given, or a quarter of the frames."""
        longest = max(1, size.frames // 4) if self.longest is None else self.longest
        return max(1, int(np.ceil(np.log2(longest / self.points))) + 1) if longest > self.points else 1

    def shapes(self, size):
        """The frames that are remembered, and sums over pairs."""
        levels = self.levels(size)
        return {
            "history": (levels, self.points, size.particles, size.dimension),
            "sums": (levels, self.points, size.groups),
            "zero": (size.groups,),
        }

    def add(self, kept, size, frame, x):
        """Pair the frame with those before it."""
        compiled_for(add_pairs)(x, frame, self.squared, kept["history"], size.bounds, kept["sums"])
        if not self.squared:
            compiled_for(add_squares)(x, size.bounds, kept["zero"])

    def result(self, kept, size, frames, interval):
        """Curve of all lags that have pairs."""
        rows, members = [], np.diff(size.bounds) * size.dimension
        if not self.squared:
            rows.append((0, frames, kept["zero"]))
        for level in range(len(kept["sums"])):
            seen = (frames - 1 >> level) + 1  # frames of this level
            for j in range(1 if level == 0 else self.points // 2 + 1, self.points + 1):
                if seen > j:
                    rows.append((j << level, seen - j, kept["sums"][level, j - 1]))
        lags, pairs = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2).T
        sums = np.array([row[2] for row in rows]).reshape(-1, size.groups)
        value = sums.sum(axis=1) / (pairs * members.sum())
        error = np.full(len(value), np.nan)
        if size.groups > 1:
            error = (sums / (pairs[:, np.newaxis] * members)).std(axis=1, ddof=1) / np.sqrt(size.groups)
        return Curve(lags * interval, value, error, pairs, size.groups)


@dataclass(frozen=True)
class MeanSquaredDisplacement(_Lagged):
    """Mean squared displacement per component on logarithmic lags, <[x(s + t) - x(s)]^2>.

    Parameters
    ----------
    points
        Frames that each level remembers; even.
    longest
        Longest lag, in observed frames; None: a quarter of them.

    The result is a ``Curve``.  Remembers points (log2(longest / points) + 1) frames.

    Examples
    --------
    >>> import brownian as bn
    >>> free = bn.Simulation(potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1, particles=500,
    ...                      seed=7)
    >>> found = free.run(steps=400, observe=[bn.MeanSquaredDisplacement()]).observed["MeanSquaredDisplacement"]
    >>> bool((abs(found.value - 2 * 0.9 / 0.7 * found.times) < 5 * found.error).all())
    True
    """

    points: int = 16
    longest: int | None = None
    of: str = "positions"
    squared = True


@dataclass(frozen=True)
class Autocorrelation(_Lagged):
    """Autocorrelation per component on logarithmic lags, <x(s) x(s + t)>, lag 0 first; no mean is subtracted.

    Parameters
    ----------
    of
        "positions" or "velocities" (on the step).
    points, longest
        As for ``MeanSquaredDisplacement``.

    The result is a ``Curve``.
    """

    of: str = "velocities"
    points: int = 16
    longest: int | None = None
    squared = False

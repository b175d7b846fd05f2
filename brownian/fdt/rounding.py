"""What the numbers of a file were rounded to, beyond what their type does: .xtc keeps hundredths of an Angstrom, text
a few decimals.

Rounding to multiples of g adds g^2/12 to the variance of a number, independent of everything else as long as the number
moves by more than g between frames (Bennett, Bell Syst. Tech. J. 27, 446 (1948)), and less where it moves by less.
"""

from typing import NamedTuple

import numpy as np

DECIMALS = range(9)
ENOUGH = 16  # numbers
SAMPLE = 2**12


class Grid(NamedTuple):
    """Positions are multiples of x [L], velocities of v [L/T]; 0 where they are of no such kind."""

    x: float
    v: float

    def __str__(self):
        """Say what was rounded, and to what."""
        named = [f"{name} to {g:g}" for name, g in zip(("positions", "velocities"), self, strict=True) if g > 0.0]
        return " and ".join(named) + (" are rounded" if named else "no rounding")


def grid_of(trajectory):
    """The largest power of ten of which all numbers of a sample are multiples, of positions and of velocities."""
    return Grid(*(_step(values) for values in (trajectory.positions, trajectory.velocities)))


def _step(stored):
    """Such a power of ten, or 0.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 20, 3))
    >>> _step(x), _step(x.round(2)), _step(x.round(2).astype(np.float32))
    (0.0, 0.01, 0.01)
    """
    if stored is None or stored.dtype.kind != "f":
        return 0.0
    frames, particles, dimension = stored.shape
    rows = np.unique(np.linspace(0, frames - 1, max(4, ENOUGH * 8 // (particles * dimension))).astype(int))
    rows = rows[: max(4, SAMPLE // (particles * dimension))]
    numbers = np.asarray(stored[rows], dtype=np.float64).ravel()[: 4 * SAMPLE]
    numbers = numbers[np.isfinite(numbers) & (numbers != 0.0)]
    eps = float(np.finfo(stored.dtype).eps)
    for k in DECIMALS:
        multiples = numbers * 10.0**k
        slack = 2.0 * eps * np.abs(multiples)  # the file's unit may be another: two roundings
        sure = slack < 0.05
        if np.count_nonzero(sure) < ENOUGH:
            return 0.0
        if np.all(np.abs(multiples - np.round(multiples))[sure] <= slack[sure]):
            return 10.0**-k
    return 0.0

"""A temperature that falls (or rises) by levels while a run goes on."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from .arguments import array, shortened
from .schedule import positive_number, whole_number


@dataclass(frozen=True)
class Annealing:
    """kT by levels: ``steps[k]`` steps at ``kT[k]``; the last level goes on to the end of the run.

    Parameters
    ----------
    kT
        Thermal energies [E], positive (0: no noise), in the order in which they come; the last is that of the dynamics.
    steps
        Steps of each level but the last: one number for all, or one for each.

    Raises
    ------
    ValueError, TypeError
        for fewer than two levels, a negative kT, or numbers of steps that do not fit.

    Source: Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983); by levels of noise in Langevin sampling: Song, Ermon,
    NeurIPS 32 (2019).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Annealing((4.0, 2.0, 1.0), 100)
    Annealing(kT=(4.0, 2.0, 1.0), steps=(100, 100))
    >>> len(bn.Annealing.geometric(16.0, 1.0, levels=9, steps=100).kT)
    9
    """

    kT: tuple[float, ...]
    steps: tuple[int, ...]

    def __post_init__(self):
        kT = np.asarray(self.kT)
        if kT.ndim != 1 or len(kT) < 2 or kT.dtype.kind not in "fiu":
            raise TypeError(
                f"Annealing: kT = {shortened(self.kT)}, but a list of two or more thermal energies is needed"
            )
        wrong = ~(np.isfinite(kT) & (kT >= 0.0))
        if wrong.any():
            raise ValueError(f"Annealing: kT = {kT[wrong][0]} in level {wrong.argmax()}, but it must be at least 0")
        steps = [self.steps] * (len(kT) - 1) if np.ndim(self.steps) == 0 else list(self.steps)
        if len(steps) != len(kT) - 1:
            raise ValueError(
                f"Annealing: {len(steps)} numbers of steps for {len(kT)} levels of kT, but {len(kT) - 1} are needed: "
                "the last level goes on to the end"
            )
        object.__setattr__(self, "kT", tuple(kT.astype(float).tolist()))
        object.__setattr__(self, "steps", tuple(whole_number("Annealing: steps", count, 1) for count in steps))

    @classmethod
    def geometric(cls, first, last, *, levels, steps):
        """Levels in a constant ratio, ``steps`` at each but the last."""
        first, last = positive_number("Annealing: first", first), positive_number("Annealing: last", last)
        if whole_number("Annealing: levels", levels, 2) > 10**6:
            raise ValueError(f"Annealing: levels = {shortened(levels)}, but there can be at most 10**6")
        values = np.geomspace(first, last, levels)
        values[-1] = last
        return cls(tuple(values.tolist()), steps)

    @classmethod
    def by_step(cls, kT):
        """From one value per step, shape (steps,): equal neighbours become one level; None where all are equal."""
        array("kT", kT)
        kT = np.asarray(kT, dtype=np.float64).ravel()
        changes = np.flatnonzero(np.diff(kT)) + 1
        if not len(changes):
            return None
        return cls(tuple(kT[np.r_[0, changes]].tolist()), tuple(np.diff(np.r_[0, changes]).tolist()))

    def level(self, step):
        """The level of a step, counted from the start of the run."""
        return int(np.searchsorted(self._ends, step, side="right"))

    @functools.cached_property
    def _ends(self):
        return np.cumsum(self.steps)

    def next_change(self, step):
        """The first step beyond ``step`` that is taken at another level; None at the last level."""
        level = self.level(step)
        return int(self._ends[level]) if level < len(self._ends) else None

    def dynamics_at(self, dynamics, step):
        """The dynamics with the kT of a step."""
        return replace(dynamics, kT=self.kT[self.level(step)])

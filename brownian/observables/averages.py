"""Averages over single frames: moments, histograms, populations of wells."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arguments import ascending, number
from ..caching import compiled_for
from ..schedule import whole_number
from .observable import Observable, component_in, looks_at, over_groups


class Average(NamedTuple):
    """A mean over frames and particles with its standard error, over ``samples`` groups of particles."""

    value: np.ndarray
    error: np.ndarray
    samples: int


class Density(NamedTuple):
    """Counts between edges, and the density with its standard error."""

    edges: np.ndarray
    counts: np.ndarray
    value: np.ndarray
    error: np.ndarray
    samples: int


def add_powers(x, about, bounds, sums):
    """sums[g, k, d] += sum over particles of group g of (x_d - about)^(k + 1)."""
    for g in range(bounds.size - 1):
        for p in range(bounds[g], bounds[g + 1]):
            for d in range(x.shape[1]):
                y = x[p, d] - about
                power = 1.0
                for k in range(sums.shape[1]):
                    power *= y
                    sums[g, k, d] += power


@dataclass(frozen=True)
class Moments(Observable):
    """Moments <(x - about)^k> for k = 1 ... highest, per component.

    Parameters
    ----------
    of
        "positions" or "velocities".
    highest
        Highest power.
    about
        Where powers are counted from; choose it near the mean, or digits are lost.

    The result is an ``Average`` of arrays of shape (highest, D).

    Examples
    --------
    >>> import brownian as bn
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.02,
    ...                      integrator=bn.ExactOU(), particles=2000, seed=7)
    >>> found = trap.run(steps=100, observe=[bn.Moments()], observe_every=0.2).observed["Moments"]
    >>> bool(abs(found.value[1, 0] - 0.9 / 2.1) < 5 * found.error[1, 0])
    True
    """

    of: str = "positions"
    highest: int = 4
    about: float = 0.0

    def __post_init__(self):
        """Check all of them."""
        looks_at(self)
        if whole_number("Moments: highest", self.highest, 1) > 16:
            raise ValueError(f"Moments: highest = {self.highest}, but it must be from 1 to 16")
        number("Moments: about", self.about)

    def shapes(self, size):
        """Sums of the powers."""
        return {"sums": (size.groups, self.highest, size.dimension)}

    def add(self, kept, size, frame, x):
        """Add the powers."""
        compiled_for(add_powers)(x, float(self.about), size.bounds, kept["sums"])

    def result(self, kept, size, frames, interval):
        """Average."""
        value, error = over_groups(kept["sums"], size, frames)
        return Average(value, error, size.groups)


def count_between(x, component, edges, closed, bounds, counts):
    """counts[g, b] += particles of group g with edges[b] <= x < edges[b + 1]; the last bin holds its end if closed."""
    last = edges.size - 1
    for g in range(bounds.size - 1):
        for p in range(bounds[g], bounds[g + 1]):
            y = x[p, component]
            if y < edges[0] or y > edges[last] or (y == edges[last] and not closed):
                continue
            low, high = 0, last
            while high - low > 1:
                middle = (low + high) >> 1
                if y >= edges[middle]:
                    low = middle
                else:
                    high = middle
            counts[g, low] += 1.0


@dataclass(frozen=True)
class Histogram(Observable):
    """How often a component lies between neighbouring edges, as ``numpy.histogram`` counts.

    Parameters
    ----------
    edges
        Ascending edges of the bins.
    component
        Which component.
    of
        "positions" or "velocities".

    The result is a ``Density``: counts, and the density, normalised by all that was seen, within the edges or not.
    """

    edges: tuple[float, ...]
    component: int = 0
    of: str = "positions"

    def __post_init__(self):
        looks_at(self)
        whole_number("Histogram: component", self.component, 0)
        object.__setattr__(self, "edges", tuple(ascending("Histogram: edges", self.edges).tolist()))

    def check(self, size):
        """Refuse a component that there is not."""
        super().check(size)
        component_in(self, size)

    def shapes(self, size):
        """Counts."""
        return {"counts": (size.groups, len(self.edges) - 1)}

    def add(self, kept, size, frame, x):
        """Count."""
        compiled_for(count_between)(x, self.component, np.array(self.edges), True, size.bounds, kept["counts"])

    def result(self, kept, size, frames, interval):
        """Density."""
        edges = np.array(self.edges)
        value, error = over_groups(kept["counts"], size, frames)
        widths = np.diff(edges)
        return Density(edges, kept["counts"].sum(axis=0), value / widths, error / widths, size.groups)


@dataclass(frozen=True)
class Populations(Observable):
    """Share of the particles in each interval: below the first boundary, between neighbours, from the last one on.

    Parameters
    ----------
    boundaries
        Ascending [L].
    component
        Which component.

    The result is an ``Average`` of shape (boundaries + 1,), as of ``analysis.well_populations``.
    """

    boundaries: tuple[float, ...] = (0.0,)
    component: int = 0

    def __post_init__(self):
        whole_number("Populations: component", self.component, 0)
        object.__setattr__(self, "boundaries", tuple(ascending("Populations: boundaries", self.boundaries, 1).tolist()))

    def check(self, size):
        """Refuse a component that there is not."""
        super().check(size)
        component_in(self, size)

    def shapes(self, size):
        """Counts."""
        return {"counts": (size.groups, len(self.boundaries) + 1)}

    def add(self, kept, size, frame, x):
        """Count."""
        edges = np.array([-np.inf, *self.boundaries, np.inf])
        compiled_for(count_between)(x, self.component, edges, True, size.bounds, kept["counts"])

    def result(self, kept, size, frames, interval):
        """Average."""
        value, error = over_groups(kept["counts"], size, frames)
        return Average(value, error, size.groups)

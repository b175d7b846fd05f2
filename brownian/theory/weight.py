"""The Boltzmann weight e^{-U/kT} of a one-dimensional energy, on panels that resolve it."""

import numpy as np

from .checks import finite, positive, single
from .quadrature import NODES, WEIGHTS, graded, panels, reach, reduced, refine, rounding, weighted, zoom

CHUNK = 1 << 16
NOTHING = np.array([1e-290])  # below it the weight becomes denormal and loses its digits


def check_period(u, length):
    """Raise ValueError unless u(0) = u(length) to rounding."""
    ends, inside = u(np.array([0.0, length])), u(np.linspace(0.0, length, 65))
    if not abs(ends[1] - ends[0]) <= 1e-9 * (1.0 + np.max(np.abs(inside))):
        change = ends[1] - ends[0]
        raise ValueError(f"period must be a period of the energy, got {length}: U(period) - U(0) = {change} kT")


def interval(u, period, support):
    """Find the ends of the interval of integration."""
    if period is not None and support is not None:
        raise ValueError(f"period and support exclude each other, got period={period}, support={support}")
    if period is not None:
        length = float(single(period=positive(period=period)))
        check_period(u, length)
        return 0.0, length
    if support is None:
        return zoom(u, -reach(u, 0.0, -1.0), reach(u, 0.0, 1.0))
    ends = finite(support=support)
    if np.shape(ends) != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"support must be (a, b) with a < b, got {support!r}")
    return float(ends[0]), float(ends[1])


class Weight:
    """w(x) = e^{-(u - lowest)}, u = U/kT, with its integrals, averages and quantiles."""

    def __init__(self, energy, kT, period, support):
        """Find the support and the panels."""
        kT = single(kT=positive(kT=kT))
        self.u = reduced(energy, kT)
        edges = graded(self.u, *interval(self.u, period, support))
        self.lowest = self.u(panels(edges)[0]).min()
        if not np.isfinite(self.lowest):
            raise ValueError(f"energy must be finite somewhere in [{edges[0]}, {edges[-1]}], got +inf only")
        self.edges = refine(lambda x: self(x)[None], edges, rounding(self.u), NOTHING)
        x, half = panels(self.edges)
        self.masses = half[:, 0] * (self(x) @ WEIGHTS)
        self.cumulative = np.concatenate([[0.0], np.cumsum(self.masses)])

    def __call__(self, x):
        """w(x)."""
        return np.exp(self.lowest - self.u(x))

    def below(self, x, panel):
        """Integral of w from the left edge of the panel to x."""
        left = self.edges[panel]
        half = (x - left) / 2.0
        return half * (self(left[..., None] + half[..., None] * (1.0 + NODES)) @ WEIGHTS)

    def average(self, f, what="energy or f"):
        """Average of f: int f w dx / int w dx; what is integrated has the name `what` in errors."""

        def moment(x):
            return weighted((x,), self(x), f)[None]

        x, half = panels(self.edges)
        scale = np.sum(np.abs(moment(x)[0]) @ WEIGHTS * half[:, 0], keepdims=True)
        edges = refine(moment, self.edges, rounding(self.u), 1e-14 * scale, what)
        x, half = panels(edges)
        return float(np.sum(moment(x)[0] @ WEIGHTS * half[:, 0]) / self.cumulative[-1])

    def probability(self, x):
        """Share of the weight below x."""
        inside = np.clip(x, self.edges[0], self.edges[-1])
        panel = np.clip(np.searchsorted(self.edges, inside, side="right") - 1, 0, self.masses.size - 1)
        return np.minimum((self.cumulative[panel] + self.below(inside, panel)) / self.cumulative[-1], 1.0)

    def quantile(self, p):
        """Position below which the share p of the weight lies; p of shape (n,)."""
        target = p * self.cumulative[-1]
        parts = [self._invert(target[i : i + CHUNK]) for i in range(0, target.size, CHUNK)]
        return np.concatenate([np.empty(0), *parts])

    def _invert(self, target):
        panel = np.clip(np.searchsorted(self.cumulative, target, side="right") - 1, 0, self.masses.size - 1)
        low, high = self.edges[panel], self.edges[panel + 1]
        rest = target - self.cumulative[panel]
        near = 4e-16 * (np.abs(low) + np.abs(high) + self.edges[-1] - self.edges[0])
        x = (low + high) / 2.0
        for _ in range(60):
            residual = self.below(x, panel) - rest
            low, high = np.where(residual <= 0.0, x, low), np.where(residual >= 0.0, x, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = x - residual / self(x)
            following = np.where((step >= low) & (step <= high), step, (low + high) / 2.0)
            moved, x = np.abs(following - x), following
            if np.all(moved <= near):
                break
        return x

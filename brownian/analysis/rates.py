"""Rates in stationary states: relaxation, reactive flux and populations of wells.

Common parameters: ``positions``, a trajectory of equally spaced frames, or an array of shape (frames, particles) with
the ``times`` of its frames [T]; ``boundary`` [L], where s(x) = 1 for x >= boundary and -1 below; ``component`` of the
positions; ``start`` (number of the first frame to be used); ``memory`` (bytes).

Independent values are particles; fewer than 16 are cut into segments, at least 32 in all.  Ratios and logarithms of
means are jackknifed: their bias of order 1 / samples is removed.  ValueError is raised for frames that are not equally
spaced or not finite and for lags beyond them, `TooFewData` where no particle crosses the boundary.
"""

from typing import NamedTuple

import numpy as np

from ..arguments import ascending, checked
from .lagged import lagged_products
from .reading import (
    MEMORY,
    Running,
    checked_component,
    checked_lags,
    cut,
    first_frame,
    frame_interval,
    logarithmic_lags,
    particle_blocks,
)
from .series import ENOUGH
from .statistics import Estimate, TooFewData
from .work import number


class _Frames:
    """Arrays that are read as a trajectory is."""

    def __init__(self, positions, times):
        self.positions = np.asarray(positions)[..., np.newaxis]
        if self.positions.ndim != 3:
            raise ValueError(f"positions of shape {self.positions.shape[:-1]}, but (frames, particles) is needed")
        self.steps, (self.particles, self.dimension) = np.arange(len(self)), self.positions.shape[1:]
        self.times = np.asarray(times, dtype=np.float64)
        if self.times.shape != self.steps.shape or not np.all(np.diff(self.times) > 0.0):
            raise ValueError(
                f"times of shape {self.times.shape}, but {len(self)} that ascend are needed: one per frame"
            )

    def __len__(self):
        return len(self.positions)


def _read(positions, times, component):
    trajectory = positions if hasattr(positions, "positions") else _Frames(positions, times)
    if trajectory is positions and times is not None:
        raise ValueError("times are given, but the trajectory has its own")
    checked_component(trajectory, component)
    return trajectory


def _without(pieces):
    return (pieces.sum(axis=0) - pieces) / (len(pieces) - 1.0)


def _jackknife(function, pieces):
    """Estimate of a function of means over pieces, shape (n, K), with its bias of order 1/n removed."""
    count, whole, without = len(pieces), function(pieces.mean(axis=0)), function(_without(pieces))
    centre = without.mean(axis=0)
    error = np.sqrt((count - 1.0) / count * ((without - centre) ** 2).sum(axis=0))
    return Estimate(whole + (count - 1.0) * (whole - centre), error, count)


def _memory_of_sides(trajectory, lags, boundary, component, start, memory):
    """Mean of s, then of s(0) s(t) at each lag, of each piece: shape (n, 1 + K); the lags, checked; their unit [T]."""
    boundary, interval = number("boundary", boundary, -np.inf), frame_interval(trajectory, start)
    segments, length = cut(trajectory, start=start, longest=int(np.max(lags)), memory=memory)
    lags = checked_lags(lags, trajectory, length, segments)
    pieces = []
    for _, x in particle_blocks(trajectory, "positions", segments, length, memory=memory):
        sides = np.where(x[..., component] >= boundary, 1.0, -1.0)
        pieces.append(np.vstack([sides.mean(axis=0), lagged_products(sides, lags)]).T)
    pieces = np.concatenate(pieces)
    if len(pieces) < 2 or np.all(np.abs(pieces[:, 0]) == 1.0):
        raise TooFewData(f"no particle crosses boundary = {boundary:g}: a longer run, or another boundary, is needed")
    return pieces, lags, interval


def _two_lags(name, lags):
    lags = np.asarray(lags)
    if lags.shape != (2,) or not 0 <= lags[0] < lags[1]:
        raise ValueError(f"{name} = {lags.tolist()}, but two lags in frames, the first below the second, are needed")
    return lags


@checked
def population_relaxation(
    positions, times=None, *, lags, boundary=0.0, average=None, component=0, start=0, memory=MEMORY
):
    """Slowest relaxation rate Lambda = ln[C(t1) / C(t2)] / (t2 - t1), from C(t) = <s(0) s(t)> - <s>^2.

    Parameters
    ----------
    positions, times, boundary, component, start, memory
        See the module.
    lags : (int, int)
        t1 and t2 in frames: t1 beyond the relaxation within a well, t2 - t1 about 1 / Lambda.
    average : float, optional
        The true <s> where it is known: 0 by symmetry, say.

    Returns
    -------
    Estimate
        [1/T]; of two states it is the sum of both rates.  `TooFewData` if C is not positive at both lags.

    Notes
    -----
    Source: D. Chandler, J. Chem. Phys. 68, 2959 (1978).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.rates import population_relaxation
    >>> wells = bn.Simulation(potential=bn.DoubleWell(barrier=2.0, width=1.2), particles=64, dt=0.01, seed=7,
    ...                       dynamics=bn.Overdamped(friction=0.7, kT=0.9)).run(time=100.0, every=0.5)
    >>> found = population_relaxation(wells, lags=[1, 4], average=0.0)
    >>> print(bool(0.0 < found.error < 0.2 * found.value))
    True
    """
    trajectory = _read(positions, times, component)
    pieces, lags, interval = _memory_of_sides(trajectory, _two_lags("lags", lags), boundary, component, start, memory)
    if average is not None and not -1.0 < average < 1.0:
        raise ValueError(f"average = {average!r}, but it must be between -1 and 1")

    def covariances(means):
        return means[..., 1:] - np.square(means[..., :1] if average is None else average)

    def rate(means):
        both = covariances(means)
        return np.log(both[..., 0] / both[..., 1]) / ((lags[1] - lags[0]) * interval)

    least = min(covariances(means).min() for means in (pieces.mean(axis=0), _without(pieces)))
    if not least > 0.0:
        raise TooFewData(
            f"the autocorrelation at lags = {lags.tolist()} goes down to {least:.3g}, but its logarithm needs > 0: "
            "shorter lags, or more particles, would do"
        )
    return _jackknife(rate, pieces)


class ReactiveFlux(NamedTuple):
    """Plateau of k(t) [1/T], as in an `Estimate`; and k(t) itself, the `Estimate` ``curve`` at the ``times`` [T]."""

    value: float
    error: float
    samples: int
    times: np.ndarray
    curve: Estimate


@checked
def reactive_flux(
    positions, times=None, *, plateau, lags=None, boundary=0.0, leave=-1, component=0, start=0, memory=MEMORY
):
    """Rate of leaving a well, k(t) = d/dt <h_A(0) h_B(t)> / <h_A>, in equilibrium.

    h_A = 1 on the side that is left, h_B = 1 - h_A.  By reversal of time <h_A(0) h_B(t)> = [1 - <s(0) s(t)>] / 4, whose
    differences between lags make k(t): from the flux of transition-state theory at t = 0 it falls to a plateau, where
    k(t) = a k_AB e^(-Lambda t); a is the share of the slowest mode in the variance of s, 1 for a high barrier.

    Parameters
    ----------
    positions, times, boundary, component, start, memory
        See the module.
    plateau : (int, int)
        First and last lag of the plateau in frames: beyond recrossings, and far below 1 / Lambda.
    lags : array_like of int, optional
        Lags of the curve in frames; default 0, ten per decade up to the end of the plateau, and the plateau's.
    leave : int
        Side that is A: -1 below the boundary, 1 above it.

    Returns
    -------
    ReactiveFlux
        The value is the mean of k(t) over the plateau: a k_AB (e^(-Lambda t1) - e^(-Lambda t2)) / [Lambda (t2 - t1)],
        below a k_AB by a share of about Lambda (t1 + t2) / 2.  ``curve`` belongs to the middles between lags.

    Notes
    -----
    Source: D. Chandler, J. Chem. Phys. 68, 2959 (1978); T. Yamamoto, J. Chem. Phys. 33, 281 (1960).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.rates import reactive_flux
    >>> wells = bn.Simulation(potential=bn.DoubleWell(barrier=2.0, width=1.2), particles=64, dt=0.01, seed=7,
    ...                       dynamics=bn.Overdamped(friction=0.7, kT=0.9)).run(time=100.0, every=0.25)
    >>> found = reactive_flux(wells, plateau=[2, 4])
    >>> bool(0.0 < found.error < 0.1 * found.value), found.times
    (True, array([0.125, 0.375, 0.625, 0.875]))
    """
    trajectory = _read(positions, times, component)
    plateau = _two_lags("plateau", plateau)
    if leave not in (-1, 1):
        raise ValueError(f"leave = {leave!r}, but it must be -1 (below the boundary) or 1 (above it)")
    lags = np.unique(np.r_[np.r_[0, logarithmic_lags(plateau[1])] if lags is None else lags, plateau])
    pieces, lags, interval = _memory_of_sides(trajectory, lags, boundary, component, start, memory)
    gaps, (first, last) = np.diff(lags) * interval, np.searchsorted(lags, plateau)

    def rates(means):
        reached = (1.0 - means[..., 1:]) / 4.0
        curve, mean_flux = np.diff(reached) / gaps, (reached[..., last] - reached[..., first]) / gaps[first:last].sum()
        return np.concatenate([curve, mean_flux[..., np.newaxis]], axis=-1) * 2.0 / (1.0 + leave * means[..., :1])

    value, error, samples = _jackknife(rates, pieces)
    middles = (lags[1:] + lags[:-1]) / 2.0 * interval
    return ReactiveFlux(value[-1], error[-1], samples, middles, Estimate(value[:-1], error[:-1], samples))


@checked
def well_populations(positions, boundaries=(0.0,), *, component=0, start=0, memory=MEMORY):
    """Share of time in each interval: below the first boundary, between neighbours, from the last one on.

    Parameters
    ----------
    positions, component, start, memory
        See the module; one frame will do.
    boundaries : array_like of shape (K,)
        [L], ascending.

    Returns
    -------
    Estimate
        Arrays of shape (K + 1,), whose values add up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.rates import well_populations
    >>> well_populations(np.repeat([[-1.1, 0.9, 1.3, 2.6]], 5, axis=0).repeat(8, axis=1), [0.0, 2.0]).value
    array([0.25, 0.5 , 0.25])
    """
    times = None if hasattr(positions, "positions") else np.arange(len(positions))
    trajectory = _read(positions, times, component)
    edges = ascending("boundaries", boundaries, 1)
    pieces = (1, len(trajectory) - first_frame(trajectory, start, least=1))
    if trajectory.particles < ENOUGH:
        pieces = cut(trajectory, start=start, memory=memory)
    running = Running()
    for _, x in particle_blocks(trajectory, "positions", *pieces, memory=memory):
        numbers = np.searchsorted(edges, x[..., component], side="right")
        running.add(np.stack([(numbers == k).mean(axis=0) for k in range(len(edges) + 1)], axis=1))
    return running.estimate()

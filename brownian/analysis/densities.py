"""Densities of positions and free-energy profiles, with standard errors.

Errors: the scatter of particles or, below 16 of them, of segments of their time, at least 32 in all.  Frames are read a
few particles at a time.
"""

import numpy as np

from ..arguments import ascending, checked
from .reading import MEMORY, Running, checked_component, cut, known, particle_blocks
from .statistics import Estimate

MOST_BINS = 10**6


@checked
def density(trajectory, edges=60, *, component=0, start=0, memory=MEMORY, progress=False):
    """Density of one component of the positions, p(x) = (share of all positions in a bin) / (width of the bin).

    Parameters
    ----------
    trajectory : Trajectory
        In a stationary state from frame ``start`` on.
    edges : int or array_like
        Ascending edges of the bins [L], or a number of equal bins from the least to the largest position.
    component : int
        Which component.
    start : int
        Number of the first frame to be used.
    memory, progress
        As in `analysis.correlation`.

    Returns
    -------
    edges : ndarray, shape (bins + 1,)
    estimate : Estimate
        [1/L], shape (bins,).  Positions outside of the edges count in the total.  A bin that was never visited has
        value and error 0: nothing is known of it.

    Raises
    ------
    ValueError
        If the edges do not ascend, there is no such component, or a position is not finite.

    Notes
    -----
    Compare with the average of the exact density over the bin, (cdf(b) - cdf(a)) / (b - a).  Of fewer than 16 particles
    the error is the scatter of at least 32 segments of time: it is too small where the slowest motion takes longer.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.densities import density
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> edges, estimate = density(trap, [-0.5, 0.0, 0.5])
    >>> exact = bn.theory.boltzmann_cdf(edges, bn.Harmonic(2.1).profile, kT=0.9)
    >>> print(abs(estimate.z((exact[1:] - exact[:-1]) / 0.5)) < 4)
    [ True  True]
    """
    checked_component(trajectory, component)
    segments, length = cut(trajectory, start=start, memory=memory)
    if np.ndim(edges) == 0:
        edges = _equal_bins(trajectory, edges, component, segments, length, memory)
    edges = ascending("edges", edges)
    running = Running()
    for _, x in particle_blocks(trajectory, "positions", segments, length, memory=memory, progress=progress):
        running.add(_counts(x[..., component], edges) / (length * np.diff(edges)))
    return edges, running.estimate()


def _counts(x, edges):
    """Number of positions of each particle in each bin, shape (n, bins), for x of shape (frames, n)."""
    bins, particles = len(edges) - 1, x.shape[1]
    number = np.searchsorted(edges, x, side="right") - 1
    number[x == edges[-1]] = bins - 1
    inside = (number >= 0) & (number < bins)
    address = number + bins * np.arange(particles)
    return np.bincount(address[inside], minlength=particles * bins).reshape(particles, bins)


def _equal_bins(trajectory, number, component, segments, length, memory):
    low, high = np.inf, -np.inf
    if int(number) != number or not 1 <= number <= MOST_BINS:
        raise ValueError(f"edges = {number!r}, but a whole number of bins, 1 to {MOST_BINS}, or an array, is needed")
    for _, x in particle_blocks(trajectory, "positions", segments, length, memory=memory):
        low, high = min(low, x[..., component].min()), max(high, x[..., component].max())
    if not low < high:
        raise ValueError(f"all positions are {low:g}: give edges")
    return np.linspace(low, np.nextafter(high, np.inf), int(number) + 1)


@checked
def free_energy_profile(trajectory, edges=60, *, kT=None, component=0, start=0, memory=MEMORY, progress=False):
    """Free energy F(x) = -kT ln p(x) of one component [E], its least value being 0.

    In one dimension F is the potential, up to a constant and the average over the bin.

    Parameters
    ----------
    trajectory, edges, component, start, memory, progress
        As for `density`.
    kT : float, optional
        Thermal energy [E]; default that of the file.

    Returns
    -------
    centres : ndarray, shape (bins,)
        Middle of each bin [L].
    estimate : Estimate
        [E]; error kT sigma_p / p, to first order.  Bins that were never visited: value inf, error nan.

    Raises
    ------
    ValueError
        As for `density`, or if kT is not known.

    Notes
    -----
    The least of many noisy values is below the true one: to compare with a potential, subtract the weighted mean
    difference.  Source: D. Frenkel, B. Smit, Understanding Molecular Simulation (Academic Press, 2002), section 7.1.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.densities import free_energy_profile
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> x, profile = free_energy_profile(trap, [-0.6, -0.2, 0.2, 0.6])
    >>> print(profile.value.round(1))
    [0.1 0.  0.2]
    """
    (kT,) = known(trajectory, "kT", kT=kT)
    if np.shape(kT) not in ((), (trajectory.dimension,)) or not np.all(np.asarray(kT) > 0.0):
        raise ValueError(f"kT = {kT!r}, but one positive number, or one per component, is needed")
    edges, estimate = density(trajectory, edges, component=component, start=start, memory=memory, progress=progress)
    kT = float(np.broadcast_to(kT, trajectory.dimension)[component])
    visited = estimate.value > 0.0
    if not visited.any():
        raise ValueError(f"no position lies between the edges {edges[0]:g} and {edges[-1]:g}")
    value, error = np.full(len(visited), np.inf), np.full(len(visited), np.nan)
    value[visited] = -kT * np.log(estimate.value[visited])
    error[visited] = kT * estimate.error[visited] / estimate.value[visited]
    return (edges[1:] + edges[:-1]) / 2.0, Estimate(value - value[visited].min(), error, estimate.samples)

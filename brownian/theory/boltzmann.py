"""Averages over the Boltzmann distribution e^{-U/kT} of a one-dimensional energy, to about 13 digits.

The energy is a callable, array -> array.  Its support is found by looking outward from x = 0 until U is 60 kT above its
minimum, then inward, so that any unit of length will do; wells that cannot be seen that way (behind higher barriers,
far out), domains with an end, and jumps at known places are given by ``support=(a, b)``.  A periodic energy is
integrated over ``[0, period]``.  The minimum is subtracted, the panels adapt: deep and narrow wells cost nothing.
"""

import numpy as np

from .checks import finite, nonnegative, single, whole
from .weight import Weight


def partition_function(energy, *, kT, period=None, support=None):
    """Z = int e^{-U(x)/kT} dx.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array of the same shape; +inf is allowed, NaN is not.
    kT : float
        Thermal energy [E], > 0.
    period : float, optional
        Of a periodic energy: integrate over [0, period] [L].
    support : tuple of float, optional
        Integrate over [a, b] instead of the whole line [L].

    Returns
    -------
    Z : float
        [L]; overflows to inf if -U/kT is above 709: see `free_energy`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the energy returns NaN, or does not confine.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 31; adaptive Gauss-Legendre quadrature.

    Examples
    --------
    >>> print(f"{partition_function(lambda x: 2.0 * ((x / 1.2) ** 2 - 1) ** 2, kT=0.9):.10f}")
    1.5972901471
    """
    weight = Weight(energy, kT, period, support)
    with np.errstate(over="ignore"):
        return float(np.exp(-weight.lowest) * weight.cumulative[-1])


def free_energy(energy, *, kT, period=None, support=None):
    """F = -kT ln Z, for energies of any height.

    Parameters
    ----------
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    F : float
        [E], with Z measured in the unit of length.

    Raises
    ------
    ValueError
        As for `partition_function`.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 31.

    Examples
    --------
    >>> print(f"{free_energy(lambda x: 2.1 * x**2 / 2 - 5000.0, kT=0.9):.10f}")
    -5000.4457606427
    """
    weight = Weight(energy, kT, period, support)
    return float(kT * (weight.lowest - np.log(weight.cumulative[-1])))


def boltzmann_density(x, energy, *, kT, period=None, support=None):
    """p(x) = e^{-U(x)/kT} / Z; 0 outside `support` where that is given.

    Parameters
    ----------
    x : array_like
        Positions [L].
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    density : float or ndarray
        [1/L], of the shape of x.

    Raises
    ------
    ValueError
        As for `partition_function`, or if x is not finite.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> print(f"{boltzmann_density(0.0, lambda x: 2.1 * x**2 / 2, kT=0.9):.10f}")
    0.6093943993
    """
    x = np.asarray(finite(x=x))
    weight = Weight(energy, kT, period, support)
    inside = np.ones(x.shape, dtype=bool) if support is None else (x >= support[0]) & (x <= support[1])
    density = np.zeros(x.shape)
    density[inside] = weight(x[inside]) / weight.cumulative[-1]
    return density[()]


def boltzmann_average(f, energy, *, kT, period=None, support=None):
    """<f(x)> = int f e^{-U/kT} dx / Z.

    Parameters
    ----------
    f : callable
        Array -> array of the same shape; jumps are found and bisected.
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    average : float
        In the unit of f.

    Raises
    ------
    ValueError
        As for `partition_function`, or if f returns NaN.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> print(f"{boltzmann_average(lambda x: x > 0, lambda x: 2 * ((x / 1.2) ** 2 - 1) ** 2 - 0.35 * x, kT=0.9):.10f}")
    0.6939176450
    """
    return Weight(energy, kT, period, support).average(f)


def boltzmann_moment(n, energy, *, kT, period=None, support=None):
    """<x^n>.

    Parameters
    ----------
    n : int
        Order, >= 0.
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    moment : float
        [L^n].

    Raises
    ------
    ValueError
        As for `partition_function`, or if n is not a whole number >= 0.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> print(f"{boltzmann_moment(2, lambda x: 2.0 * ((x / 1.2) ** 2 - 1) ** 2, kT=0.9):.10f}")
    1.2393967489
    """
    n = int(single(n=whole(n=n)))
    return Weight(energy, kT, period, support).average(lambda x: x**n, "energy or x^n")


def boltzmann_cdf(x, energy, *, kT, period=None, support=None):
    """P(X <= x) = int_{-inf}^x e^{-U/kT} dz / Z.

    Parameters
    ----------
    x : array_like
        Positions [L]; for a periodic energy in [0, period].
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    probability : float or ndarray
        Of the shape of x, 0 before and 1 after the support.

    Raises
    ------
    ValueError
        As for `partition_function`, or if x is not finite.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> print(f"{boltzmann_cdf(0.5, lambda x: 2.1 * x**2 / 2, kT=0.9):.10f}")
    0.7774956406
    """
    x = np.asarray(finite(x=x))
    weight = Weight(energy, kT, period, support)
    return weight.probability(x)[()]


def boltzmann_quantile(p, energy, *, kT, period=None, support=None):
    """Inverse of `boltzmann_cdf`; of uniform random numbers it makes exact independent Boltzmann samples.

    Parameters
    ----------
    p : array_like
        Probabilities, in [0, 1].
    energy, kT, period, support
        As for `partition_function`.

    Returns
    -------
    x : float or ndarray
        [L], of the shape of p.

    Raises
    ------
    ValueError
        As for `partition_function`, or if p is not in [0, 1].

    Notes
    -----
    Source: L. Devroye, Non-Uniform Random Variate Generation (Springer, 1986), chapter II.2; safeguarded Newton steps.

    Examples
    --------
    >>> print(f"{boltzmann_quantile(0.975, lambda x: 2.1 * x**2 / 2, kT=0.9):.10f}")
    1.2830976169
    """
    p = np.asarray(nonnegative(p=p))
    if np.any(p > 1.0):
        raise ValueError(f"p must be in [0, 1], got {p.max()}")
    weight = Weight(energy, kT, period, support)
    return weight.quantile(p.ravel()).reshape(p.shape)[()]

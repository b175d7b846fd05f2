"""Work done by changing the stiffness of a harmonic trap, at once or in a finite time: not Gaussian, but exact."""

from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from .checks import positive, single


class QuenchWork(NamedTuple):
    """Work of a sudden change of stiffness; each of the broadcast shape."""

    mean: np.ndarray | float  # <W> [E]
    variance: np.ndarray | float  # var W [E^2]
    free_energy_difference: np.ndarray | float  # F_1 - F_0 [E]
    exponential_average: np.ndarray | float  # <e^{-W/kT}> = e^{-(F_1 - F_0)/kT}
    reverse_mean: np.ndarray | float  # <W> of the change back, from equilibrium at k_1 [E]


class RampWork(NamedTuple):
    """Work of a linear change of stiffness."""

    mean: float  # <W> [E]
    variance: float  # var W [E^2]
    free_energy_difference: float  # F_1 - F_0 [E]
    exponential_average: float  # <e^{-W/kT}>, from its own equation
    dissipated: float  # <W> - (F_1 - F_0) [E], small differences kept
    position_variance: float  # <x^2> at the end [L^2]


def free_energy_difference(*, k0, k1, kT):
    """Free energy between two harmonic traps, per component: F_1 - F_0 = (kT/2) ln(k_1/k_0).

    Parameters
    ----------
    k0, k1 : array_like
        Stiffness of the first and of the second trap [E/L^2], > 0.
    kT : array_like
        Thermal energy [E], > 0.

    Returns
    -------
    difference : float or ndarray
        [E], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is not finite and > 0.

    Notes
    -----
    Source: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997).

    Examples
    --------
    >>> print(f"{free_energy_difference(k0=2.1, k1=4.4, kT=0.9):.10f}")
    0.3328502383
    """
    k0, k1, kT = positive(k0=k0, k1=k1, kT=kT)
    return kT / 2.0 * np.log(k1 / k0)


def quench_work(*, k0, k1, kT):
    """Work W = (k_1 - k_0) x^2/2 of changing a trap's stiffness at once, from equilibrium, per component.

    <W> = (kT/2) (k_1/k_0 - 1),  var W = (kT^2/2) (k_1/k_0 - 1)^2,  <e^{-W/kT}> = sqrt(k_0/k_1), at any damping.

    Parameters
    ----------
    k0, k1 : array_like
        Stiffness before and after [E/L^2], > 0.
    kT : array_like
        Thermal energy [E], > 0.

    Returns
    -------
    work : QuenchWork
        mean, variance, free_energy_difference, exponential_average, reverse_mean; work is done on the system.

    Raises
    ------
    ValueError
        If a parameter is not finite and > 0.

    Notes
    -----
    Source: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); G. E. Crooks, Phys. Rev. E 60, 2721 (1999).

    Examples
    --------
    >>> work = quench_work(k0=2.1, k1=4.4, kT=0.9)
    >>> print(f"{work.mean:.10f} {work.variance:.10f} {work.exponential_average:.10f} {work.reverse_mean:.10f}")
    0.4928571429 0.4858163265 0.6908492797 -0.2352272727
    """
    k0, k1, kT = positive(k0=k0, k1=k1, kT=kT)
    mean = kT / 2.0 * (k1 - k0) / k0
    return QuenchWork(
        mean=mean,
        variance=2.0 * mean**2,
        free_energy_difference=free_energy_difference(k0=k0, k1=k1, kT=kT),
        exponential_average=np.sqrt(k0 / k1),
        reverse_mean=kT / 2.0 * (k0 - k1) / k1,
    )


def stiffness_ramp_work(*, k0, k1, duration, friction, kT):
    """Work W = int (dk/dt) x^2/2 dt of changing a trap's stiffness linearly in time, overdamped, per component.

    With s = <x^2> = kT/k + e and c = cov(W, x^2), a dot for d/dt:

        e. = -2 k e/lambda + kT k./k^2,   <W>. - F. = k. e/2,   c. = k. s^2 - 2 k c/lambda,   var W. = k. c,

    and, weighted with e^{-W/kT}, a Gaussian of variance s_w and norm N:

        s_w. = 2 (kT - k s_w)/lambda - k. s_w^2/kT,   (ln N). = -k. s_w/(2 kT).

    Parameters
    ----------
    k0, k1 : float
        Stiffness at the start, in equilibrium, and at the end [E/L^2], > 0.
    duration : float
        Of the ramp [T], > 0.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    work : RampWork
        mean, variance, free_energy_difference, exponential_average, dissipated, position_variance; to about 1e-11.

    Raises
    ------
    ValueError
        If a parameter is not one number > 0.

    Notes
    -----
    Source: T. Speck, J. Phys. A 44, 305001 (2011); integrated by LSODA.

    Examples
    --------
    >>> work = stiffness_ramp_work(k0=2.1, k1=4.4, duration=1.5, friction=0.7, kT=0.9)
    >>> print(f"{work.mean:.10f} {work.variance:.10f} {work.position_variance:.10f}")
    0.3523302651 0.0395099409 0.2107698148
    """
    k0, k1, duration, friction, kT = positive(k0=k0, k1=k1, duration=duration, friction=friction, kT=kT)
    single(k0=k0, k1=k1, duration=duration, friction=friction, kT=kT)
    if not 1e-9 <= k1 / k0 <= 1e9:
        raise ValueError(f"k0 and k1 must be within a factor of 1e9, got {k0} and {k1}")
    # in units of k0, kT and the duration: one number, the decays during the ramp, is left beside the ratio of k
    decays, growth = 2.0 * k0 * duration / friction, (k1 - k0) / k0

    def slopes(time, state):
        excess, _, covariance, _, weighted, _ = state
        k = 1.0 + growth * time
        return [
            -decays * k * excess + growth / k**2,
            growth * excess / 2.0,
            growth * (1.0 / k + excess) ** 2 - decays * k * covariance,
            growth * covariance,
            decays * (1.0 - k * weighted) - growth * weighted**2,
            -growth * weighted / 2.0,
        ]

    start = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    scale = min(1.0, 1.0 / decays) * abs(growth)  # the size of excess, covariance and dissipation: in a slow ramp small
    allowed = 1e-14 * np.array([scale, scale, scale, scale, 1.0, 1.0])
    answer = solve_ivp(slopes, (0.0, 1.0), start, method="LSODA", rtol=1e-13, atol=np.maximum(allowed, 1e-290))
    excess, dissipated, _, variance, _, log_norm = answer.y[:, -1]
    difference = free_energy_difference(k0=k0, k1=k1, kT=kT)
    return RampWork(
        mean=float(kT * dissipated + difference),
        variance=float(kT**2 * variance),
        free_energy_difference=float(difference),
        exponential_average=float(np.exp(log_norm)),
        dissipated=float(kT * dissipated),
        position_variance=float(kT / k0 * (k0 / k1 + excess)),
    )

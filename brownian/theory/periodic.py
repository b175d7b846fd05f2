"""Overdamped motion in a periodic potential, level or tilted: drift velocity and effective diffusion, exact."""

import numpy as np

from ..arguments import a_function
from .checks import finite, positive, single
from .quadrature import WEIGHTS, graded, panels, reduced, running, transport_panels
from .weight import check_period


def _over_forces(function, force):
    force = np.asarray(finite(force=force))
    return np.array([function(float(f)) for f in force.ravel()]).reshape(force.shape)[()]


def lifson_jackson(energy, *, period, friction, kT):
    """D_eff = D / (<e^{U/kT}> <e^{-U/kT}>), averages over one period, D = kT/lambda.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, periodic and finite.
    period : float
        Its period [L], > 0.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    D_eff : float
        [L^2/T].

    Raises
    ------
    ValueError
        If a parameter is not > 0, or the energy is not periodic or not finite.

    Notes
    -----
    Source: S. Lifson, J. L. Jackson, J. Chem. Phys. 36, 2410 (1962).

    Examples
    --------
    >>> def energy(x):
    ...     return 1.1 * np.cos(np.pi * x)
    >>> print(f"{lifson_jackson(energy, period=2.0, friction=0.7, kT=0.9):.10f}")
    0.6468835859
    """
    period, friction, kT = positive(period=period, friction=friction, kT=kT)
    single(period=period, friction=friction, kT=kT)
    u = reduced(energy, kT)
    check_period(u, period)
    edges = transport_panels(u, graded(u, 0.0, period))
    x, half = panels(edges)
    value = u(x)
    both = np.exp(np.stack([value - value.max(), value.min() - value]))
    up, down = np.sum(half * both * WEIGHTS, axis=(1, 2)) / period
    return float(kT / friction / (up * down) * np.exp(value.min() - value.max()))


def _reimann_integrals(energy, force, period, kT):
    """Return I+ and I- (times the period) at the nodes, with the weights of the average over a period; force >= 0."""
    flat = reduced(energy, kT)
    check_period(flat, period)
    tilt = force / kT

    def v(x):
        return flat(x) - tilt * x

    def mirrored(x):
        return -v(-x)

    edges = transport_panels(v, graded(flat, 0.0, period), "energy - force x")
    x, half = panels(edges)
    value, (first, last) = v(x), v(np.array([0.0, period]))
    lost = -np.expm1(-tilt * period)
    behind, behind_edges = running(v, edges)
    ahead, ahead_edges = running(mirrored, -edges[::-1])
    plus = lost * behind + np.exp(value - first) * behind_edges[-1]
    minus = lost * ahead[::-1, ::-1] + np.exp(last - value) * ahead_edges[-1]
    return plus, minus, half * WEIGHTS / period


def stratonovich_velocity(energy, *, force, period, friction, kT):
    """Mean drift velocity in a tilted periodic potential, overdamped: v = (D/L) (1 - e^{-fL/kT}) / <I+>.

    I+(x) = (1/L) int_0^L dy e^{[V(x) - V(x - y)]/kT},  V = U - f x,  <.> = (1/L) int_0^L dx,  D = kT/lambda.

    Parameters
    ----------
    energy : callable
        U(x) [E] without the tilt, array -> array, periodic and finite.
    force : array_like
        f [E/L], of either sign.
    period : float
        L, the period of U [L], > 0.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    velocity : float or ndarray
        [L/T], of the shape of force.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the energy is not periodic or not finite.

    Notes
    -----
    Source: R. L. Stratonovich, Radiotekh. Elektron. 3, 497 (1958); P. Reimann et al., Phys. Rev. Lett. 87, 010602
    (2001).

    Examples
    --------
    >>> def energy(x):
    ...     return 1.1 * np.cos(np.pi * x)
    >>> print(f"{stratonovich_velocity(energy, force=3.5, period=2.0, friction=0.7, kT=0.9):.10f}")
    3.6702713544
    """
    period, friction, kT = positive(period=period, friction=friction, kT=kT)
    single(period=period, friction=friction, kT=kT)
    a_function("energy", energy)

    def one(f):
        sign = -1.0 if f < 0 else 1.0
        plus, _, weights = _reimann_integrals(lambda x: energy(sign * x), abs(f), period, kT)
        return sign * kT / friction * -np.expm1(-abs(f) * period / kT) / np.sum(plus * weights)

    return _over_forces(one, force)


def reimann_diffusion(energy, *, force, period, friction, kT):
    """Effective diffusion in a tilted periodic potential, overdamped: D_eff = D <I+^2 I-> / <I+>^3.

    I+-(x) = (1/L) int_0^L dy e^{+-[V(x) - V(x -+ y)]/kT},  V = U - f x,  <.> = (1/L) int_0^L dx,  D = kT/lambda.
    At f = 0 it is `lifson_jackson`.

    Parameters
    ----------
    energy : callable
        U(x) [E] without the tilt, array -> array, periodic and finite.
    force : array_like
        f [E/L], of either sign.
    period : float
        L, the period of U [L], > 0.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    D_eff : float or ndarray
        [L^2/T], of the shape of force.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the energy is not periodic or not finite.

    Notes
    -----
    Source: P. Reimann et al., Phys. Rev. Lett. 87, 010602 (2001); Phys. Rev. E 65, 031104 (2002).

    Examples
    --------
    >>> def energy(x):
    ...     return 1.1 * np.cos(np.pi * x)
    >>> print(f"{reimann_diffusion(energy, force=3.5, period=2.0, friction=0.7, kT=0.9):.10f}")
    1.6007566796
    """
    period, friction, kT = positive(period=period, friction=friction, kT=kT)
    single(period=period, friction=friction, kT=kT)
    a_function("energy", energy)

    def one(f):
        sign = -1.0 if f < 0 else 1.0
        plus, minus, weights = _reimann_integrals(lambda x: energy(sign * x), abs(f), period, kT)
        # <I+> = <I->, so that each can be divided by its own mean: no power of a large number is formed
        plus, minus = plus / np.sum(plus * weights), minus / np.sum(minus * weights)
        return kT / friction * np.sum(plus**2 * minus * weights)

    return _over_forces(one, force)

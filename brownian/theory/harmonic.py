"""The harmonic trap in time: correlations, relaxation and response at any damping.

    m dv = -lambda v dt - k x dt + sqrt(2 lambda kT) dW,   dx = v dt

No digits are lost at critical damping, at strong damping or at short times.  All arguments broadcast.  ``mass=0`` is
the overdamped limit.
"""

import numpy as np

from .checks import finite, nonnegative, positive
from .oscillator import modes, relaxed


def harmonic_acf(t, *, friction, kT, stiffness, mass=0.0):
    """C_xx(t) = <x(0) x(t)> = (kT/k) e^{-gamma t/2} [cos wt + (gamma/2w) sin wt], w^2 = k/m - gamma^2/4.

    Parameters
    ----------
    t : array_like
        Lag [T], of either sign.
    friction, kT, stiffness : array_like
        lambda [M/T], thermal energy [E] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit (kT/k) e^{-k|t|/lambda}.

    Returns
    -------
    acf : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: M. C. Wang, G. E. Uhlenbeck, Rev. Mod. Phys. 17, 323 (1945).

    Examples
    --------
    >>> print(f"{harmonic_acf(1.0, mass=1.3, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    0.1728496830
    """
    t, mass = np.abs(finite(t=t)), nonnegative(mass=mass)
    friction, kT, stiffness = positive(friction=friction, kT=kT, stiffness=stiffness)
    limit = np.exp(-stiffness / friction * t)
    rho = modes(t, np.where(mass > 0, mass, 1.0), friction, stiffness)[0]
    return kT / stiffness * np.where(mass > 0, rho, limit)[()]


def harmonic_vacf(t, *, mass, friction, kT, stiffness):
    """C_vv(t) = <v(0) v(t)> = (kT/m) e^{-gamma t/2} [cos wt - (gamma/2w) sin wt], w^2 = k/m - gamma^2/4.

    Parameters
    ----------
    t : array_like
        Lag [T], of either sign.
    mass, friction, kT, stiffness : array_like
        m [M], lambda [M/T], thermal energy [E] and k [E/L^2], > 0.

    Returns
    -------
    vacf : float or ndarray
        [L^2/T^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: M. C. Wang, G. E. Uhlenbeck, Rev. Mod. Phys. 17, 323 (1945).

    Examples
    --------
    >>> print(f"{harmonic_vacf(1.0, mass=1.3, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    0.0622141480
    """
    t = np.abs(finite(t=t))
    mass, friction, kT, stiffness = positive(mass=mass, friction=friction, kT=kT, stiffness=stiffness)
    return kT / mass * modes(t, mass, friction, stiffness)[2]


def harmonic_cross_correlation(t, *, mass, friction, kT, stiffness):
    """C_xv(t) = <x(0) v(t)> = -(kT/m) e^{-gamma |t|/2} sin(wt)/w, w^2 = k/m - gamma^2/4; odd in t.

    Parameters
    ----------
    t : array_like
        Lag [T], of either sign.
    mass, friction, kT, stiffness : array_like
        m [M], lambda [M/T], thermal energy [E] and k [E/L^2], > 0.

    Returns
    -------
    correlation : float or ndarray
        [L^2/T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: M. C. Wang, G. E. Uhlenbeck, Rev. Mod. Phys. 17, 323 (1945).

    Examples
    --------
    >>> print(f"{harmonic_cross_correlation(1.0, mass=1.3, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    -0.4030084884
    """
    t = finite(t=t)
    mass, friction, kT, stiffness = positive(mass=mass, friction=friction, kT=kT, stiffness=stiffness)
    return -np.sign(t) * kT / mass * modes(np.abs(t), mass, friction, stiffness)[1]


def harmonic_relaxation_time(*, friction, stiffness, mass=0.0):
    """Slowest relaxation time: 2m/lambda if lambda^2 < 4km, else [lambda + sqrt(lambda^2 - 4km)] / 2k.

    Parameters
    ----------
    friction, stiffness : array_like
        lambda [M/T] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 gives lambda/k.

    Returns
    -------
    time : float or ndarray
        [T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: S. Chandrasekhar, Rev. Mod. Phys. 15, 1 (1943), chapter II.3.

    Examples
    --------
    >>> print(f"{harmonic_relaxation_time(mass=1.3, friction=0.7, stiffness=2.1):.10f}")
    3.7142857143
    >>> print(f"{harmonic_relaxation_time(friction=0.7, stiffness=2.1):.10f}")
    0.3333333333
    """
    friction, stiffness = positive(friction=friction, stiffness=stiffness)
    mass = nonnegative(mass=mass)
    discriminant = friction**2 - 4.0 * stiffness * mass
    slow = (friction + np.sqrt(np.maximum(discriminant, 0.0))) / (2.0 * stiffness)
    return np.where(discriminant < 0.0, 2.0 * mass / friction, slow)[()]


def harmonic_step_response(t, *, force, friction, stiffness, mass=0.0):
    """<x(t)> = (f/k) [1 - C_xx(t) k/kT] after a force f is switched on at t = 0, from equilibrium.

    f t^2 / 2m at short times (f t / lambda in the overdamped limit), where no digits are lost.

    Parameters
    ----------
    t : array_like
        Time since the force was switched on [T], >= 0.
    force : array_like
        f [E/L].
    friction, stiffness : array_like
        lambda [M/T] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit.

    Returns
    -------
    displacement : float or ndarray
        [L], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: the fluctuation-dissipation theorem in time, R. Kubo, Rep. Prog. Phys. 29, 255 (1966).

    Examples
    --------
    >>> print(f"{harmonic_step_response(1.0, force=0.8, mass=1.3, friction=0.7, stiffness=2.1):.10f}")
    0.2273082183
    """
    t, mass = nonnegative(t=t, mass=mass)
    force, (friction, stiffness) = finite(force=force), positive(friction=friction, stiffness=stiffness)
    limit = -np.expm1(-stiffness / friction * t)
    risen = relaxed(t, np.where(mass > 0, mass, 1.0), friction, stiffness)
    return force / stiffness * np.where(mass > 0, risen, limit)[()]

"""The free particle and the particle under a constant force.

    m dv = -lambda v dt + f dt + sqrt(2 lambda kT) dW,   dx = v dt,   gamma = lambda / m,   D = kT / lambda

All times, masses and other parameters broadcast against each other.  ``mass=0`` is the overdamped limit.
"""

import numpy as np

from .checks import finite, nonnegative, positive
from .phi import delay, phi


def _decays(t, mass, friction):
    """Gamma t, infinite where mass = 0."""
    t, mass, friction = np.broadcast_arrays(t, mass, friction)
    return np.divide(friction * t, mass, out=np.full(t.shape, np.inf), where=mass > 0)[()]


def diffusion(*, friction, kT):
    """D = kT / lambda: diffusion coefficient of <dx^2> = 2 D t, exact for any mass.

    Parameters
    ----------
    friction : array_like
        lambda [M/T], > 0.
    kT : array_like
        Thermal energy [E], > 0.

    Returns
    -------
    D : float or ndarray
        [L^2/T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is not finite and > 0.

    Notes
    -----
    Source: A. Einstein, Ann. Phys. 17, 549 (1905); W. Sutherland, Phil. Mag. 9, 781 (1905).

    Examples
    --------
    >>> print(f"{diffusion(friction=0.7, kT=0.9):.10f}")
    1.2857142857
    """
    friction, kT = positive(friction=friction, kT=kT)
    return kT / friction


def free_msd(t, *, friction, kT, mass=0.0):
    """<[x(t) - x(0)]^2> = 2 D [t - (1 - e^{-gamma t}) / gamma] per coordinate, velocities in equilibrium.

    Ballistic, (kT/m) t^2, for gamma t << 1 (no digits are lost there) and 2 D (t - 1/gamma) for gamma t >> 1.

    Parameters
    ----------
    t : array_like
        Lag [T], >= 0.
    friction, kT : array_like
        lambda [M/T] and thermal energy [E], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit 2 D t.

    Returns
    -------
    msd : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: G. E. Uhlenbeck, L. S. Ornstein, Phys. Rev. 36, 823 (1930); R. Furth, Z. Phys. 2, 244 (1920).

    Examples
    --------
    >>> print(f"{free_msd(2.0, mass=1.3, friction=0.7, kT=0.9):.10f}")
    1.9940864966
    """
    t, mass = nonnegative(t=t, mass=mass)
    friction, kT = positive(friction=friction, kT=kT)
    return 2.0 * kT / friction * t * delay(_decays(t, mass, friction))


def free_vacf(t, *, mass, friction, kT):
    """<v(0) v(t)> = (kT/m) e^{-gamma |t|} per coordinate.

    Parameters
    ----------
    t : array_like
        Lag [T], of either sign.
    mass, friction, kT : array_like
        m [M], lambda [M/T] and thermal energy [E], > 0.

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
    Source: P. Langevin, C. R. Acad. Sci. 146, 530 (1908).

    Examples
    --------
    >>> print(f"{free_vacf(2.0, mass=1.3, friction=0.7, kT=0.9):.10f}")
    0.2358291075
    """
    t = finite(t=t)
    mass, friction, kT = positive(mass=mass, friction=friction, kT=kT)
    return kT / mass * np.exp(-friction / mass * np.abs(t))


def free_mean_given_velocity(t, *, velocity, mass, friction):
    """<x(t) - x(0) | v(0) = v0> = v0 (1 - e^{-gamma t}) / gamma.

    Parameters
    ----------
    t : array_like
        Time [T], >= 0.
    velocity : array_like
        v0 [L/T].
    mass, friction : array_like
        m [M] and lambda [M/T], > 0.

    Returns
    -------
    mean : float or ndarray
        [L], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: S. Chandrasekhar, Rev. Mod. Phys. 15, 1 (1943), chapter II.

    Examples
    --------
    >>> print(f"{free_mean_given_velocity(2.0, velocity=0.4, mass=1.3, friction=0.7):.10f}")
    0.4898087672
    """
    t, velocity = nonnegative(t=t), finite(velocity=velocity)
    mass, friction = positive(mass=mass, friction=friction)
    return velocity * t * phi(1, _decays(t, mass, friction))


def free_variance_given_velocity(t, *, mass, friction, kT):
    """Variance of x(t) - x(0) given v(0): 2 D [t - 2 (1 - e^{-gamma t})/gamma + (1 - e^{-2 gamma t})/(2 gamma)].

    (2/3) D gamma^2 t^3 for gamma t << 1, where no digits are lost.

    Parameters
    ----------
    t : array_like
        Time [T], >= 0.
    mass, friction, kT : array_like
        m [M], lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    variance : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: S. Chandrasekhar, Rev. Mod. Phys. 15, 1 (1943), chapter II.

    Examples
    --------
    >>> print(f"{free_variance_given_velocity(2.0, mass=1.3, friction=0.7, kT=0.9):.10f}")
    0.9560030082
    """
    t = nonnegative(t=t)
    mass, friction, kT = positive(mass=mass, friction=friction, kT=kT)
    u = _decays(t, mass, friction)
    small = np.minimum(u, 1.0)
    series = small**2 * (4.0 * phi(3, 2.0 * small) - 2.0 * phi(3, small))
    closed = 1.0 - 2.0 * phi(1, u) + phi(1, 2.0 * u)
    return 2.0 * kT / friction * t * np.where(u < 1.0, series, closed)[()]


def free_drift(t, *, force, friction, mass=0.0):
    """<x(t) - x(0)> = (f/lambda) [t - (1 - e^{-gamma t}) / gamma], from rest, under a constant force f.

    Parameters
    ----------
    t : array_like
        Time since the force was switched on [T], >= 0.
    force : array_like
        f [E/L].
    friction : array_like
        lambda [M/T], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit f t / lambda.

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
    Source: equal to f/(2 kT) times `free_msd` by the fluctuation-dissipation theorem,
    R. Kubo, Rep. Prog. Phys. 29, 255 (1966).

    Examples
    --------
    >>> print(f"{free_drift(10.0, force=0.8, mass=1.3, friction=0.7):.10f}")
    9.3158572821
    """
    t, mass = nonnegative(t=t, mass=mass)
    force, friction = finite(force=force), positive(friction=friction)
    return force / friction * t * delay(_decays(t, mass, friction))

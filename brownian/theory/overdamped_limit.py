"""The limit m -> 0 on one Wiener path: how far the particle with mass is from the one without.

    m dv = -lambda v dt - k x_m dt + sqrt(2 lambda kT) dW,   dx_m = v dt
    lambda dx_0 = -k x_0 dt + sqrt(2 lambda kT) dW

The mean squared difference is of order m (strong rate: the square root of the mass); averages differ by order m (weak
rate).  tau = dt / lambda, a = lambda dt / m.
"""

import numpy as np

from .checks import choice, nonnegative, positive, whole
from .linear import kernel_coefficients

_SCHEMES, _PATHS = ("gjf", "gj2"), ("wiener", "leimkuhler_matthews")


def mass_to_zero_free(t, *, mass, friction, kT):
    """E[(x_m(t) - x_0(t))^2] = (2 m kT / lambda^2) (1 - e^{-gamma t}) of the free particle, both from one point.

    lambda (x_m - x_0) = -m (v(t) - v(0)) on every path, v(0) Maxwellian; E[x_0^2] - E[x_m^2] is the same number.

    Parameters
    ----------
    t : array_like
        Time since both were at one point [T], >= 0.
    mass, friction, kT : array_like
        m [M], lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    difference : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: E. Nelson, Dynamical Theories of Brownian Motion (Princeton, 1967), chapter 10;
    M. Freidlin, J. Stat. Phys. 117, 617 (2004).

    Examples
    --------
    >>> print(f"{mass_to_zero_free(2.0, mass=1.3, friction=0.7, kT=0.9):.10f}")
    3.1487706463
    """
    t = nonnegative(t=t)
    mass, friction, kT = positive(mass=mass, friction=friction, kT=kT)
    return -2.0 * mass * kT / friction**2 * np.expm1(-friction / mass * t)


def mass_to_zero_harmonic(*, mass, friction, kT, stiffness):
    """E[(x_m - x_0)^2] = (2 kT / k) y / (1 + y), y = k m / (2 lambda^2), in a trap, stationary.

    m kT / lambda^2 for small m: half of what it is for the free particle at late times, since the trap forgets the
    velocity at the start.  E[x_m^2] = E[x_0^2] = kT / k at any mass.

    Parameters
    ----------
    mass, friction, kT, stiffness : array_like
        m [M], lambda [M/T], thermal energy [E] and k [E/L^2], > 0.

    Returns
    -------
    difference : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: Lyapunov equation of (x_m, v, x_0) under one noise, solved in closed form; M. Freidlin, J. Stat. Phys. 117,
    617 (2004), for the limit.

    Examples
    --------
    >>> print(f"{mass_to_zero_harmonic(mass=1.3, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    0.6307277628
    """
    mass, friction, kT, stiffness = positive(mass=mass, friction=friction, kT=kT, stiffness=stiffness)
    y = stiffness * mass / (2.0 * friction**2)
    return 2.0 * kT / stiffness * y / (1.0 + y)


def discrete_mass_to_zero_free(n, scheme, *, mass, friction, kT, dt, path="wiener"):
    """E[(x_n - y_n)^2] of a scheme for the free particle and an overdamped path y of the same normals, at any dt.

    y = "wiener" is the sum of the increments (`EulerMaruyama`, exact for the free particle):

        tau kT (1 + c) / (1 - c) (1 - c^n),   (1 + c) / (1 - c) = coth(a/2) for "gj2", 2/a for "gjf",

    since both have x_n - y_n = -(h_e / 2) (1 + c) / (1 - c) (v_n - v_0) on every path.  For m -> 0 at fixed dt "gj2"
    stays tau kT away, "gjf" (c -> -1) comes as near as the continuous motion does, but for the sign of c^n.

    y = "leimkuhler_matthews", its first kept normal being the one that v_0 = c v_-1 + sqrt((1 - c^2) kT/m) xi_0 holds:

        tau kT c [2 c - c^n (1 + c)] / (1 - c),   n > 0

    which vanishes like e^{-2a} for "gj2"; for "gjf" it vanishes at a = 2, where c = 0, and tends to tau kT for m -> 0.

    Parameters
    ----------
    n : array_like of int
        Steps since both were at one point, >= 0.
    scheme : str
        "gjf" or "gj2": the schemes that diffuse as the overdamped particle does, at any dt.
    mass, friction, kT, dt : array_like
        m [M], lambda [M/T], thermal energy [E] and step [T], > 0.
    path : str
        "wiener" or "leimkuhler_matthews".

    Returns
    -------
    difference : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the scheme or the path is none of these.

    Notes
    -----
    Source: sums of the steps of N. Gronbech-Jensen, Mol. Phys. 118, e1662506 (2020), and of B. Leimkuhler, C. Matthews,
    Appl. Math. Res. Express 2013, 34.

    Examples
    --------
    >>> for scheme in ("gjf", "gj2"):
    ...     print(f"{discrete_mass_to_zero_free(40, scheme, mass=0.013, friction=0.7, kT=0.9, dt=0.05):.10f}")
    0.0477551020
    0.0736256914
    """
    n = whole(n=n)
    mass, friction, kT, dt = positive(mass=mass, friction=friction, kT=kT, dt=dt)
    choice(_SCHEMES, scheme=scheme)
    choice(_PATHS, path=path)
    _, c, loss, gain = kernel_coefficients(scheme, friction * dt / mass)
    n, c, loss, gain = np.broadcast_arrays(n, c, loss, gain)
    width = dt / friction * kT
    if path == "wiener":
        slow = -np.expm1(n * np.log1p(-np.minimum(loss, 0.5)))
        return width * gain / loss * np.where(loss < 0.5, slow, 1.0 - np.power(c, n))[()]
    return width * np.where(n > 0, c * (2.0 * c - np.power(c, n) * gain) / loss, 0.0)[()]

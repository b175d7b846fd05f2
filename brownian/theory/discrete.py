"""What each scheme gives at a finite step, exactly: stability and stationary variances in the harmonic trap.

a = lambda dt/m, w = dt sqrt(k/m), kappa = k dt/lambda.  Tests of an implementation compare with these, not with the
continuum: the difference between the two is the scheme's, not the program's.  Schemes (see `linear_scheme`):

    mass > 0   "baoab", "gjf" and "gj2" (one kernel, BAOAB(h_e, c)), "obabo", "euler_maruyama", "exact_ou"
    mass = 0   "euler_maruyama" (the unadjusted Langevin algorithm), "heun", "leimkuhler_matthews", "exact_ou"

Parameters broadcast; masses are all > 0 (underdamped) or all 0 (overdamped, the default).
"""

import numpy as np

from .checks import nonnegative, positive, together
from .linear import KERNEL, check_scheme, kernel_coefficients


def is_underdamped(scheme, mass):
    """Whether the masses mean underdamped dynamics; ValueError if mixed, or if the scheme is not made for it."""
    if np.any(mass > 0) and not np.all(mass > 0):
        raise ValueError(f"mass must be > 0 everywhere or 0 everywhere, got {mass!r}")
    underdamped = bool(np.any(mass > 0))
    check_scheme(scheme, underdamped)
    return underdamped


def check_stable(scheme, dt, **parameters):
    """Raise ValueError unless dt is below the stability limit."""
    together(dt=dt, **parameters)
    limit = stability_limit(scheme, **parameters)
    if not np.all(dt < limit):
        words = ", ".join(f"{name} = {value}" for name, value in parameters.items())
        raise ValueError(f"dt must be below the stability limit of {scheme} ({words}), {limit}, got {dt}")


def stability_limit(scheme, *, friction, stiffness, mass=0.0):
    """Least dt at which the scheme is unstable in a trap of stiffness k.

    "baoab", "gjf", "obabo": 2/Omega.  "gj2": w^2 = 2 a coth(a/2).  "euler_maruyama": w^2 = a (below critical damping)
    or w^2 + 4 = 2 a.  Overdamped schemes: kappa = 2.  "exact_ou": inf.

    Parameters
    ----------
    scheme : str
        Name, see `linear_scheme`.
    friction : array_like
        lambda [M/T], > 0.
    stiffness : array_like
        k [E/L^2], >= 0.
    mass : array_like
        m [M]; 0 is the overdamped dynamics.

    Returns
    -------
    dt : float or ndarray
        [T], inf where there is no limit.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the scheme does not exist for this dynamics.

    Notes
    -----
    Source: the Jury conditions |det M| < 1, |tr M| < 1 + det M for `linear_scheme`.

    Examples
    --------
    >>> print(f"{stability_limit('euler_maruyama', mass=1.3, friction=0.7, stiffness=2.1):.10f}")
    0.3333333333
    >>> print(f"{stability_limit('gjf', mass=1.3, friction=0.7, stiffness=2.1):.10f}")
    1.5735915849
    """
    friction = positive(friction=friction)
    stiffness, mass = nonnegative(stiffness=stiffness, mass=mass)
    underdamped = is_underdamped(scheme, mass)
    friction, stiffness, mass = together(friction=friction, stiffness=stiffness, mass=mass)
    with np.errstate(divide="ignore"):
        if scheme == "exact_ou":
            limit = np.full(friction.shape, np.inf)
        elif not underdamped:
            limit = 2.0 * friction / stiffness
        elif scheme == "euler_maruyama":
            discriminant = friction**2 - 4.0 * stiffness * mass
            strong = 4.0 * mass / (friction + np.sqrt(np.maximum(discriminant, 0.0)))
            limit = np.where(discriminant < 0, friction / stiffness, strong)
        elif scheme == "gj2":
            limit = 2.0 * mass / friction * _gj2_root(friction**2 / (stiffness * mass))
        else:
            limit = 2.0 * np.sqrt(mass / stiffness)
    return limit[()]


def _gj2_root(ratio):
    """Root y of y tanh y = ratio, by Newton's method from below."""
    finite = np.where(np.isfinite(ratio), ratio, 1.0)
    y = np.maximum(np.sqrt(finite), finite)
    for _ in range(20):
        slope = np.tanh(y)
        y = y - (y * slope - finite) / (slope + y * (1.0 - slope**2))
    return np.where(np.isfinite(ratio), y, np.inf)


def position_variance_ratio(scheme, *, friction, stiffness, dt, mass=0.0):
    """Ratio k <x^2> / kT in the stationary state of the scheme; 1 in continuous time.

    1 for "baoab", "gjf", "gj2", "leimkuhler_matthews" and "exact_ou"; 1 / (1 - w^2/4) for "obabo";
    a (2 - a + w^2) / [(a - w^2)(2 - a + w^2/2)] for "euler_maruyama"; overdamped 1 / (1 - kappa/2) for
    "euler_maruyama" and (1 - kappa/2) / (1 - kappa/2 + kappa^2/4) for "heun".

    Parameters
    ----------
    scheme : str
        Name, see `linear_scheme`.
    friction, stiffness, dt : array_like
        lambda [M/T], k [E/L^2] and step [T], > 0.
    mass : array_like
        m [M]; 0 is the overdamped dynamics.

    Returns
    -------
    ratio : float or ndarray
        Dimensionless, of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the scheme does not exist for this dynamics, or dt is not stable.

    Notes
    -----
    Source: discrete Lyapunov equation of `linear_scheme`, solved in closed form; for the kernel N. Gronbech-Jensen,
    O. Farago, Mol. Phys. 111, 983 (2013).

    Examples
    --------
    >>> print(f"{position_variance_ratio('obabo', mass=1.3, friction=0.7, stiffness=2.1, dt=0.5):.10f}")
    1.1122994652
    """
    friction, stiffness, dt = positive(friction=friction, stiffness=stiffness, dt=dt)
    mass = nonnegative(mass=mass)
    underdamped = is_underdamped(scheme, mass)
    check_stable(scheme, dt, friction=friction, stiffness=stiffness, mass=mass)
    ones = np.ones(np.broadcast_shapes(*map(np.shape, (friction, stiffness, dt, mass))))[()]
    if not underdamped:
        half = stiffness * dt / friction / 2.0
        if scheme == "euler_maruyama":
            return ones / (1.0 - half)
        return ones * (1.0 - half) / (1.0 - half + half**2) if scheme == "heun" else ones
    a, w2 = friction * dt / mass, stiffness * dt**2 / mass
    if scheme == "obabo":
        return ones / (1.0 - w2 / 4.0)
    if scheme == "euler_maruyama":
        return a * (2.0 - a + w2) / ((a - w2) * (2.0 - a + w2 / 2.0))
    return ones


def velocity_variance_ratio(scheme, *, mass, friction, dt, stiffness=0.0, half=False):
    """Ratio m <v^2> / kT in the stationary state of the scheme; 1 in continuous time.

    On the step: 1 - w_e^2/4 for "baoab", "gjf", "gj2", with w_e = h_e Omega; 1 for "obabo" and "exact_ou";
    2 a / [(a - w^2)(2 - a + w^2/2)] for "euler_maruyama".  The half-step velocity of the kernel is Maxwellian: 1.

    Parameters
    ----------
    scheme : str
        Name, see `linear_scheme`.
    mass, friction, dt : array_like
        m [M], lambda [M/T] and step [T], > 0.
    stiffness : array_like
        k [E/L^2], >= 0; 0 is the free particle.
    half : bool
        The half-step velocity, just after the noise, of "baoab", "gjf" and "gj2", instead of the one on the step.

    Returns
    -------
    ratio : float or ndarray
        Dimensionless, of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the scheme does not exist or has no such velocity, or dt is not stable.

    Notes
    -----
    Source: discrete Lyapunov equation of `linear_scheme`, solved in closed form; for the half-step velocity
    J. Finkelstein, C. Cheng, G. Fiorin, B. Seibold, N. Gronbech-Jensen, arXiv:2108.03363.

    Examples
    --------
    >>> print(f"{velocity_variance_ratio('baoab', mass=1.3, friction=0.7, stiffness=2.1, dt=0.5):.10f}")
    0.8990384615
    """
    mass, friction, dt = positive(mass=mass, friction=friction, dt=dt)
    stiffness = nonnegative(stiffness=stiffness)
    is_underdamped(scheme, mass)
    if half and scheme not in KERNEL:
        raise ValueError(f"half must be False unless scheme is one of {', '.join(KERNEL)}, got {scheme!r}")
    check_stable(scheme, dt, friction=friction, stiffness=stiffness, mass=mass)
    a, w2 = friction * dt / mass, stiffness * dt**2 / mass
    ones = np.ones(np.broadcast_shapes(np.shape(a), np.shape(w2)))[()]
    if scheme == "euler_maruyama":
        # at k = 0 the factor a cancels: 2 / (2 - a)
        return 2.0 / ((1.0 - w2 / a) * (2.0 - a + w2 / 2.0))
    if scheme in KERNEL and not half:
        return ones - kernel_coefficients(scheme, a)[0] ** 2 * w2 / 4.0
    return ones

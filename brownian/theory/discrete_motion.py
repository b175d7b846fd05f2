"""How each scheme moves at a finite step, exactly: diffusion, drift and displacement, free; correlation in the trap.

a = lambda dt/m.  Schemes and parameters as in `brownian.theory.discrete`.
"""

import numpy as np

from .checks import nonnegative, positive, together, whole
from .discrete import check_stable, is_underdamped, position_variance_ratio, velocity_variance_ratio
from .free import free_msd
from .linear import KERNEL, kernel_coefficients, lag_covariance, linear_scheme


def diffusion_ratio(scheme, *, friction, dt, mass=0.0):
    """D lambda / kT of the free particle at a finite step; 1 in continuous time.

    (a/2) coth(a/2) = 1 + a^2/12 + ... for "baoab" and "obabo", 1 for all others.

    Parameters
    ----------
    scheme : str
        Name, see `linear_scheme`.
    friction, dt : array_like
        lambda [M/T] and step [T], > 0.
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
    Source: J. Stat. Phys. 193, 12 (2026), arXiv:2505.04100: diffusion and drift of twelve schemes.

    Examples
    --------
    >>> print(f"{diffusion_ratio('baoab', mass=1.3, friction=0.7, dt=0.5):.10f}")
    1.0060331491
    """
    friction, dt = positive(friction=friction, dt=dt)
    mass = nonnegative(mass=mass)
    underdamped = is_underdamped(scheme, mass)
    check_stable(scheme, dt, friction=friction, stiffness=0.0, mass=mass)
    ones = np.ones(np.broadcast_shapes(*map(np.shape, (friction, dt, mass))))[()]
    if underdamped and scheme in ("baoab", "obabo"):
        half = friction * dt / mass / 2.0
        return ones * half / np.tanh(half)
    return ones


def drift_ratio(scheme, *, friction, dt, mass=0.0):
    """Drift velocity times lambda / f under a constant force at a finite step; 1 in continuous time.

    Equal to `diffusion_ratio`: every scheme here keeps Einstein's relation D = kT mu at any step.

    Parameters
    ----------
    scheme : str
        Name, see `linear_scheme`.
    friction, dt : array_like
        lambda [M/T] and step [T], > 0.
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
    Source: J. Stat. Phys. 193, 12 (2026), arXiv:2505.04100.

    Examples
    --------
    >>> print(f"{drift_ratio('gjf', mass=1.3, friction=0.7, dt=0.5):.10f}")
    1.0000000000
    """
    return diffusion_ratio(scheme, friction=friction, dt=dt, mass=mass)


def discrete_acf(n, scheme, *, friction, kT, stiffness, dt, mass=0.0):
    """<x_0 x_n> of the scheme in a trap, stationary.

    For the kernel rho_{n+1} = (1 + c)(1 - w_e^2/2) rho_n - c rho_{n-1}, rho_1 = 1 - (1 + c) w_e^2/4; for every scheme
    the corner of M^n C.

    Parameters
    ----------
    n : array_like of int
        Lag in steps, >= 0.
    scheme : str
        Name, see `linear_scheme`.
    friction, kT, stiffness, dt : float
        lambda [M/T], thermal energy [E], k [E/L^2] and step [T], > 0.
    mass : float
        m [M]; 0 is the overdamped dynamics.

    Returns
    -------
    acf : float or ndarray
        [L^2], of the shape of n.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the scheme does not exist for this dynamics, or dt is not stable.

    Notes
    -----
    Source: N. Gronbech-Jensen, O. Farago, Mol. Phys. 111, 983 (2013), for the recurrence.

    Examples
    --------
    >>> acf = discrete_acf([0, 1], "gjf", mass=1.3, friction=0.7, kT=0.9, stiffness=2.1, dt=0.5)
    >>> print(f"{acf[1] / acf[0]:.10f}")
    0.8220338983
    """
    M, _, _ = linear_scheme(scheme, friction=friction, kT=kT, stiffness=stiffness, dt=dt, mass=mass)
    xx = position_variance_ratio(scheme, friction=friction, stiffness=stiffness, dt=dt, mass=mass) * kT / stiffness
    if mass > 0:
        velocity = velocity_variance_ratio(scheme, mass=mass, friction=friction, dt=dt, stiffness=stiffness)
        vv = velocity * kT / mass
        xv = -dt * vv / 2.0 if scheme == "euler_maruyama" else 0.0
        C = [[xx, xv], [xv, vv]]
    elif scheme == "leimkuhler_matthews":
        noise = np.sqrt(2.0 * dt / friction * kT) / 2.0
        C = [[xx, noise], [noise, 1.0]]
    else:
        C = [[xx]]
    return lag_covariance(M, C, n)[..., 0, 0][()]


def discrete_msd(n, scheme, *, friction, kT, dt, mass=0.0):
    """<(x_n - x_0)^2> of the scheme for a free particle, velocities stationary.

    With displacements of one step of variance A and covariance E c^{k-1} at lag k it is
    A n + 2 E [n/(1-c) - (1 - c^n)/(1-c)^2]; for the kernel A = h_e^2 (kT/m)(1+c)/2, E = h_e^2 (kT/m)(1+c)^2/4.
    Overdamped 2 D n dt, but 2 D dt (n - 1/2) for "leimkuhler_matthews".

    Parameters
    ----------
    n : array_like of int
        Lag in steps, >= 0.
    scheme : str
        Name, see `linear_scheme`.
    friction, kT, dt : array_like
        lambda [M/T], thermal energy [E] and step [T], > 0.
    mass : array_like
        m [M]; 0 is the overdamped dynamics.

    Returns
    -------
    msd : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the scheme does not exist for this dynamics, or dt is not stable.

    Notes
    -----
    Source: G. I. Taylor, Proc. London Math. Soc. 20, 196 (1922): the double sum of the displacements' correlation.

    Examples
    --------
    >>> print(f"{discrete_msd(20, 'gjf', mass=1.3, friction=0.7, kT=0.9, dt=0.5):.8f}")
    20.95997033
    """
    n, mass = whole(n=n), nonnegative(mass=mass)
    friction, kT, dt = positive(friction=friction, kT=kT, dt=dt)
    together(n=n, friction=friction, kT=kT, dt=dt, mass=mass)
    underdamped = is_underdamped(scheme, mass)
    check_stable(scheme, dt, friction=friction, stiffness=0.0, mass=mass)
    if scheme == "exact_ou":
        return free_msd(n * dt, friction=friction, kT=kT, mass=mass)
    if not underdamped:
        steps = np.maximum(n - 0.5, 0.0) if scheme == "leimkuhler_matthews" else n
        return 2.0 * kT / friction * dt * steps
    a, flight = friction * dt / mass, dt**2 * kT / mass
    if scheme in KERNEL:
        stretch, c, loss, gain = kernel_coefficients(scheme, a)
        variance = flight * stretch**2 * gain / 2.0
        covariance = variance * gain / 2.0
    else:
        c, loss = (1.0 - a, a) if scheme == "euler_maruyama" else (np.exp(-a), -np.expm1(-a))
        variance = flight * (2.0 / (2.0 - a) if scheme == "euler_maruyama" else 1.0)
        covariance = variance * c
    return variance * n + 2.0 * covariance * _pairs(n, c, loss)


def _pairs(n, c, loss):
    """sum_{k=1}^{n-1} (n - k) c^{k-1} = [n q - (1 - c^n)] / q^2, q = 1 - c; the binomial series where n q < 1/2."""
    n, c, loss = np.broadcast_arrays(np.asarray(n, dtype=float), c, loss)
    few = n * loss < 0.5
    q = np.where(few, loss, 0.0)
    term = n * (n - 1.0) / 2.0
    series = np.zeros_like(term)
    for j in range(2, 20):
        series = series + term
        term = -term * q * (n - j) / (j + 1.0)
    small = np.exp(n * np.log1p(-np.minimum(loss, 0.5)))
    powers = np.where(loss <= 0.5, small, np.power(c, n))
    return np.where(few, series, (n * loss - (1.0 - powers)) / loss**2)[()]

"""What an overdamped scheme is worth as a sampler of a harmonic target, exactly.

    x' = x - z x + sqrt(2 z kT / k) xi  and its kin,   z = k tau = k dt / lambda,   target N(0, kT / k) per dimension

Schemes: "euler_maruyama" (the unadjusted Langevin algorithm), "leimkuhler_matthews", "heun", "exact_ou".  Their
variance is `position_variance_ratio`, their autocorrelation `discrete_acf`, both with friction = 1, stiffness = 1 and
dt = z.  Arrays of z broadcast.
"""

import numpy as np
from scipy.special import betainc

from .checks import positive, together, whole
from .discrete import position_variance_ratio
from .linear import check_scheme

# forces, or steps where none is computed, per step
_GRADIENTS = {"euler_maruyama": 1, "leimkuhler_matthews": 1, "heun": 2, "exact_ou": 1}


def _steps(scheme, z):
    z = positive(z=z)
    check_scheme(scheme, underdamped=False)
    if scheme != "exact_ou" and not np.all(z < 2.0):
        raise ValueError(f"z must be below 2, the stability limit of {scheme}, got {z!r}")
    return z


def _counted(**values):
    whole(**values)
    return positive(**values)


def _variance(scheme, z):
    return position_variance_ratio(scheme, friction=1.0, stiffness=1.0, dt=z)


def _decay(scheme, z):
    """A, r and 1 - r of the autocorrelation A r^(n - 1), n > 0."""
    if scheme == "leimkuhler_matthews":
        return 1.0 - z / 2.0, 1.0 - z, z
    loss = {"euler_maruyama": z, "heun": z * (1.0 - z / 2.0), "exact_ou": -np.expm1(-z)}[scheme]
    return 1.0 - loss, 1.0 - loss, loss


def autocorrelation_time(scheme, z, *, square=False):
    """Integrated autocorrelation time 1 + 2 sum_n rho_n of x, or of x^2, in steps.

    Of x: (2 - z)/z for "euler_maruyama", 2/z for "leimkuhler_matthews", coth(z/2) for "exact_ou"; of x^2 with rho_n^2:
    1/z + 1/2 for "leimkuhler_matthews", coth(z) for "exact_ou".

    Parameters
    ----------
    scheme : str
        Name, see above.
    z : array_like
        k tau, > 0, and below 2 for all but "exact_ou".
    square : bool
        Of x^2 instead of x.

    Returns
    -------
    time : float or ndarray
        In steps: the variance of a long mean over n steps is this times Var / n.

    Raises
    ------
    ValueError
        If z is out of its range or the scheme does not exist for overdamped dynamics.

    Notes
    -----
    Source: A. D. Sokal, in Functional Integration (Plenum, 1997), p. 131, section 3; geometric sums of `discrete_acf`.

    Examples
    --------
    >>> print(f"{autocorrelation_time('euler_maruyama', 0.2):.10f}")
    9.0000000000
    >>> print(f"{autocorrelation_time('leimkuhler_matthews', 0.8, square=True):.10f}")
    1.7500000000
    """
    z = _steps(scheme, z)
    first, rate, loss = _decay(scheme, z)
    return 1.0 + 2.0 * first**2 / (loss * (1.0 + rate)) if square else 1.0 + 2.0 * first / loss


def wasserstein_to_target(scheme, z, *, kT, stiffness, dimension=1):
    """W_2 = sqrt(d kT / k) |sqrt(r) - 1| from the scheme's stationary law to the target, r = k <x^2> / kT.

    Parameters
    ----------
    scheme : str
        Name, see above.
    z : array_like
        k tau, > 0, and below 2 for all but "exact_ou".
    kT, stiffness : array_like
        Thermal energy [E] and k [E/L^2], > 0.
    dimension : array_like of int
        Number of independent components d, > 0.

    Returns
    -------
    distance : float or ndarray
        [L], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the scheme does not exist for overdamped dynamics.

    Notes
    -----
    Source: C. R. Givens, R. M. Shortt, Michigan Math. J. 31, 231 (1984): two Gaussians of commuting covariances.

    Examples
    --------
    >>> print(f"{wasserstein_to_target('euler_maruyama', 0.2, kT=0.9, stiffness=2.1, dimension=3):.10f}")
    0.0613351903
    """
    z, dimension = _steps(scheme, z), _counted(dimension=dimension)
    kT, stiffness = positive(kT=kT, stiffness=stiffness)
    return np.sqrt(dimension * kT / stiffness) * np.abs(np.sqrt(_variance(scheme, z)) - 1.0)


def kl_to_target(scheme, z):
    """Kullback-Leibler divergence (r - 1 - ln r) / 2 of the scheme's stationary law from the target, per dimension.

    Parameters
    ----------
    scheme : str
        Name, see above.
    z : array_like
        k tau, > 0, and below 2 for all but "exact_ou".

    Returns
    -------
    divergence : float or ndarray
        In nats; r = k <x^2> / kT.

    Raises
    ------
    ValueError
        If z is out of its range or the scheme does not exist for overdamped dynamics.

    Notes
    -----
    Source: S. Kullback, R. A. Leibler, Ann. Math. Stat. 22, 79 (1951), for two Gaussians of one mean.

    Examples
    --------
    >>> print(f"{kl_to_target('euler_maruyama', 0.2):.10f}")
    0.0028752977
    """
    excess = _variance(scheme, _steps(scheme, z)) - 1.0
    return (excess - np.log1p(excess)) / 2.0


def squared_error(scheme, z, n):
    """b^2 = E[(mean of x^2 - kT/k)^2] / Var(x^2) of the mean over n steps of one chain, from a stationary start.

    Both Var and kT/k are the target's: b^2 = {(r - 1)^2 + (2 r^2 / n^2) [n + 2 sum_k (n - k) rho_k^2]} / 2, bias and
    spread; r = k <x^2> / kT.

    Parameters
    ----------
    scheme : str
        Name, see above.
    z : array_like
        k tau, > 0, and below 2 for all but "exact_ou".
    n : array_like of int
        Number of steps, > 0.

    Returns
    -------
    error : float or ndarray
        Dimensionless, of the broadcast shape; 1 / b^2 is the number of independent samples that are as good.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the scheme does not exist for overdamped dynamics.

    Notes
    -----
    Source: J. Robnik, G. B. De Luca, E. Silverstein, U. Seljak, J. Mach. Learn. Res. 24, 311 (2023), for b^2;
    <x_0^2 x_n^2> = <x^2>^2 (1 + 2 rho_n^2) for Gaussians (Isserlis).

    Examples
    --------
    >>> print(f"{squared_error('leimkuhler_matthews', 0.8, 300):.10f}")
    0.0058246528
    """
    z, n = _steps(scheme, z), _counted(n=n)
    first, rate, loss = _decay(scheme, z)
    lost = loss * (1.0 + rate)  # 1 - r^2
    # sum_{k=1}^{n-1} (n - k) r^(2k - 2)
    with np.errstate(divide="ignore"):
        pairs = (n * lost + np.expm1(n * np.log1p(-lost))) / lost**2
    ratio = _variance(scheme, z)
    return ((ratio - 1.0) ** 2 + 2.0 * (ratio / n) ** 2 * (n + 2.0 * first**2 * pairs)) / 2.0


def gradients_to_error(scheme, z, error=0.01):
    """Gradients that one chain computes until b^2 < error, from a stationary start: the least n of `squared_error`.

    About (1/z + 1/2) / error for "leimkuhler_matthews"; in general r^2 T / [error - (r - 1)^2 / 2], T the
    autocorrelation time of x^2, less what the ends of the chain save.  "euler_maruyama" and "heun" have a minimum
    between the slowness of small steps and the bias of large ones, beyond which the error is never reached.  The start
    is drawn from the scheme's own stationary law; a burn-in is not counted.

    Parameters
    ----------
    scheme : str
        Name, see above; "heun" takes two gradients per step, "exact_ou" needs none: its steps are counted.
    z : array_like
        k tau, > 0, and below 2 for all but "exact_ou".
    error : array_like
        Bound on b^2, > 0; 0.01 stands for 100 independent samples.

    Returns
    -------
    gradients : float or ndarray
        A whole number; inf where the bias alone, (r - 1)^2 / 2, is not below the bound.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the scheme does not exist for overdamped dynamics.

    Notes
    -----
    Source: J. Robnik, G. B. De Luca, E. Silverstein, U. Seljak, J. Mach. Learn. Res. 24, 311 (2023), for the measure.

    Examples
    --------
    >>> print(gradients_to_error("euler_maruyama", [0.1, 0.3]), gradients_to_error("leimkuhler_matthews", 1.0))
    [1221.   inf] 150.0
    """
    z, error = together(z=_steps(scheme, z), error=positive(error=error))
    possible = (_variance(scheme, z) - 1.0) ** 2 / 2.0 < error

    def reached(n):
        return ~possible | (squared_error(scheme, z, n) < error)

    low, high = np.zeros(z.shape), np.ones(z.shape)  # b^2 falls with n: not yet at low, reached at high
    while not np.all(done := reached(high)):
        low, high = np.where(done, low, high), np.where(done, high, 2.0 * high)
        if np.any(high > 2.0**52):
            raise ValueError(f"error must leave the bias more room: more than 2^52 steps at z = {z!r}, got {error!r}")
    while np.any(high - low > 1.0):
        middle = np.maximum(np.floor((low + high) / 2.0), 1.0)
        done = reached(middle)
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    return np.where(possible, _GRADIENTS[scheme] * high, np.inf)[()]


def mala_acceptance(z, dimension=1):
    """Mean acceptance of the Metropolis-adjusted Langevin algorithm on the target, stationary.

    (2 / pi) arctan[(2 / z)^(3/2)] in one dimension; 2 I_(1 - s)/2 (d/2, d/2), s = sqrt[z^3 / (8 + z^3)], in d of them.
    A reversible proposal is accepted with mean probability 2 P(L > 0), L the logarithm of the Metropolis ratio, here
    (z / 4) (|x|^2 - |y|^2); y - x and y + x are Gaussian with correlation s in each component.

    Parameters
    ----------
    z : array_like
        k tau, > 0.
    dimension : array_like of int
        Number of components d, > 0, all of one stiffness.

    Returns
    -------
    acceptance : float or ndarray
        In (0, 1), of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: for large d, 2 Phi(-sqrt(d z^3 / 8)), G. O. Roberts, J. S. Rosenthal, J. R. Stat. Soc. B 60, 255 (1998);
    the incomplete beta function I is that of the ratio of two chi-squares of d degrees of freedom.

    Examples
    --------
    >>> print(f"{mala_acceptance(0.5):.10f} {mala_acceptance(0.5, dimension=10):.10f}")
    0.9208331517 0.7009335765
    """
    z, dimension = positive(z=z), _counted(dimension=dimension)
    correlation = 1.0 / np.sqrt(1.0 + (2.0 / z) ** 3)
    return 2.0 * betainc(dimension / 2.0, dimension / 2.0, (1.0 - correlation) / 2.0)

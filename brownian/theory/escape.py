"""Escape over barriers and through walls: exact overdamped passage times, fluxes and survival, and Kramers' rate."""

import numpy as np
from scipy.special import erf

from ..arguments import a_function
from .checks import finite, nonnegative, positive, single
from .quadrature import WEIGHTS, graded, panels, reach, reduced, running, transport_panels, zoom
from .weight import Weight

OVERSHOOT = 0.5825971579390106  # -zeta(1/2) / sqrt(2 pi)


def mfpt(energy, start, end, *, friction, kT, wall=None):
    """Mean first-passage time from a to b, overdamped: (lambda/kT) int_a^b dy e^{U(y)/kT} int_-inf^y dz e^{-U(z)/kT}.

    Exact for any barrier, up to 700 kT.  For end < start the same with left and right exchanged.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, finite, confining on the far side of `start`.
    start, end : float
        a and b [L]; the particle is absorbed at b.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.
    wall : float, optional
        Reflecting wall on the far side of `start`, instead of -inf [L].

    Returns
    -------
    time : float
        [T], proportional to friction; 0 if start = end.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the wall is on the wrong side, or the energy is not finite or not confining.

    Notes
    -----
    Source: C. W. Gardiner, Handbook of Stochastic Methods, section 5.2; P. Hanggi, P. Talkner, M. Borkovec,
    Rev. Mod. Phys. 62, 251 (1990), section VII.

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{mfpt(energy, -1.2, 0.0, friction=0.7, kT=0.9):.8f}")
    2.92580978
    """
    start, end = finite(start=start, end=end)
    friction, kT = positive(friction=friction, kT=kT)
    single(start=start, end=end, friction=friction, kT=kT)
    a_function("energy", energy)
    sign = 1.0 if end >= start else -1.0
    u = reduced(lambda x: energy(sign * x), kT)
    start, end = sign * start, sign * end
    if start == end:
        return 0.0
    if wall is None:
        low = zoom(u, start - reach(u, start, -1.0), start)[0]
    else:
        low = sign * single(wall=finite(wall=wall))
        if low > start:
            raise ValueError(f"wall must be on the far side of start, seen from end, got {wall}")
    before = graded(u, low, start)[:-1] if low < start else np.empty(0)
    edges = np.concatenate([before, graded(u, start, end)])
    if not np.all(np.isfinite(u(panels(edges)[0]))):
        raise ValueError(f"energy must be finite between {sign * low} and {sign * end}, got +inf")
    edges = transport_panels(u, edges)
    inner, _ = running(u, edges)
    path = edges[:-1] >= start
    half = panels(edges)[1][:, 0]
    return float(friction / kT * np.sum((half * (inner @ WEIGHTS))[path]))


def kramers_rate(*, barrier, well_curvature, barrier_curvature, friction, kT, mass=0.0):
    """Kramers' rate of escape over one barrier, k = [sqrt(gamma^2/4 + w_b^2) - gamma/2] w_0 / (2 pi w_b) e^{-E_b/kT}.

    w_0^2 = U''(well)/m, w_b^2 = |U''(barrier)|/m; overdamped sqrt(U''_0 |U''_b|) / (2 pi lambda) e^{-E_b/kT}.  An
    approximation: asymptotic for E_b >> kT at moderate to high friction, too high at low friction.

    Parameters
    ----------
    barrier : array_like
        E_b = U(top) - U(well) [E], >= 0.
    well_curvature, barrier_curvature : array_like
        U'' at the well and |U''| at the top [E/L^2], > 0.
    friction, kT : array_like
        lambda [M/T] and thermal energy [E], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit.

    Returns
    -------
    rate : float or ndarray
        [1/T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: H. A. Kramers, Physica 7, 284 (1940); P. Hanggi, P. Talkner, M. Borkovec, Rev. Mod. Phys. 62, 251 (1990).

    Examples
    --------
    >>> well, top = 8 * 2.0 / 1.2**2, 4 * 2.0 / 1.2**2
    >>> print(f"{kramers_rate(barrier=2.0, well_curvature=well, barrier_curvature=top, friction=0.7, kT=0.9):.10f}")
    0.1935823402
    """
    barrier, mass = nonnegative(barrier=barrier, mass=mass)
    well, top = positive(well_curvature=well_curvature, barrier_curvature=barrier_curvature)
    friction, kT = positive(friction=friction, kT=kT)
    attempt = np.sqrt(well * top) / np.pi / (friction + np.sqrt(friction**2 + 4.0 * mass * top))
    return attempt * np.exp(-barrier / kT)


def committor(x, energy, *, left, right, kT):
    """Probability q(x) of reaching b before a, overdamped: int_a^x e^{U/kT} / int_a^b e^{U/kT}.  Free of friction.

    Parameters
    ----------
    x : array_like
        Where the particle starts [L]; 0 at and left of a, 1 at and right of b.
    energy : callable
        U(x) [E], array -> array, finite in [a, b].
    left, right : float
        a < b [L].
    kT : float
        Thermal energy [E], > 0.

    Returns
    -------
    q : float or ndarray
        In [0, 1], of the shape of x; small values keep their relative accuracy, down to e^{-600}.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the energy is not finite in [a, b].

    Notes
    -----
    Source: C. W. Gardiner, Handbook of Stochastic Methods, section 5.2 (splitting probability); W. E,
    E. Vanden-Eijnden, J. Stat. Phys. 123, 503 (2006).

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2 - 0.35 * x
    >>> print(f"{committor(0.0, energy, left=-1.2, right=1.2, kT=0.9):.10f}")
    0.5720250807
    """
    x = np.asarray(finite(x=x))
    turned = _between(energy, left, right, kT)[0]
    return turned.probability(x)[()]


def reactive_flux(energy, *, left, right, friction, kT):
    """Transitions from a to b per unit time in equilibrium, overdamped: D / (int e^{-U/kT} int_a^b e^{U/kT}).

    The first integral goes over the line, D = kT/lambda.  As many go back; 1/flux = mfpt(a, b) + mfpt(b, a).

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, confining, finite in [a, b].
    left, right : float
        a < b [L].
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    flux : float
        [1/T].

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the energy is not finite or not confining.

    Notes
    -----
    Source: W. E, E. Vanden-Eijnden, J. Stat. Phys. 123, 503 (2006).

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{reactive_flux(energy, left=-1.2, right=1.2, friction=0.7, kT=0.9):.10f}")
    0.0780611873
    """
    friction = positive(friction=friction)
    turned, kT = _between(energy, left, right, kT)
    weight = Weight(energy, kT, None, None)
    barrier = weight.lowest + turned.lowest  # both lowest: U at the bottom, -U at the top, in kT
    return kT / friction * np.exp(barrier) / weight.cumulative[-1] / turned.cumulative[-1]


def _between(energy, left, right, kT):
    """Return the weight e^{+U/kT} on [left, right], and kT, checked."""
    left, right = finite(left=left, right=right)
    kT = positive(kT=kT)
    single(left=left, right=right, kT=kT)
    if not left < right:
        raise ValueError(f"left must be below right, got left={left}, right={right}")
    u = reduced(energy, kT)

    def upside_down(x):
        value = kT * u(x)
        if np.any(np.isinf(value)):
            raise ValueError(f"energy must be finite between {left} and {right}, got +inf")
        return -value

    return Weight(upside_down, kT, None, (left, right)), kT


def absorbing_survival(t, *, distance, diffusion):
    """Probability of not having met an absorbing wall by time t, free and overdamped: P = erf(a / sqrt(4 D t)).

    A simulation that looks for the wall only after each step sees it further away: add `discrete_wall_shift` to a.

    Parameters
    ----------
    t : array_like
        Time since the start [T], >= 0.
    distance : array_like
        a, of the wall from the start [L], >= 0.
    diffusion : array_like
        D [L^2/T], > 0.

    Returns
    -------
    P : float or ndarray
        Of the broadcast shape; 1 at t = 0 unless a = 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: E. Schrodinger, Phys. Z. 16, 289 (1915).

    Examples
    --------
    >>> print(f"{absorbing_survival(1.0, distance=1.0, diffusion=0.9 / 0.7):.10f}")
    0.4671159722
    """
    t, distance = nonnegative(t=t, distance=distance)
    diffusion = positive(diffusion=diffusion)
    spread = np.sqrt(4.0 * diffusion * t)
    reached = distance / np.where(spread > 0.0, spread, 1.0)
    return erf(np.where(spread > 0.0, reached, np.where(distance > 0.0, np.inf, 0.0)))[()]


def discrete_wall_shift(*, dt, diffusion):
    """Distance by which a wall that is watched only every dt recedes: -zeta(1/2)/sqrt(2 pi) sqrt(2 D dt).

    0.5826 standard deviations of a step, to first order in sqrt(dt): 'met within t' happens as with a wall at
    a + shift, watched continuously.

    Parameters
    ----------
    dt : array_like
        Time between two looks [T], >= 0.
    diffusion : array_like
        D [L^2/T], > 0.

    Returns
    -------
    shift : float or ndarray
        [L], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: D. Siegmund, Adv. Appl. Probab. 11, 701 (1979); M. Broadie, P. Glasserman, S. Kou, Math. Finance 7, 325
    (1997).

    Examples
    --------
    >>> print(f"{discrete_wall_shift(dt=0.01, diffusion=0.9 / 0.7):.10f}")
    0.0934233840
    """
    dt, diffusion = nonnegative(dt=dt), positive(diffusion=diffusion)
    return OVERSHOOT * np.sqrt(2.0 * diffusion * dt)

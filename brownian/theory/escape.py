"""Escape over barriers: the exact overdamped mean first-passage time, and Kramers' rate."""

import numpy as np

from .checks import finite, nonnegative, positive
from .quadrature import WEIGHTS, graded, panels, reach, reduced, running, transport_panels, zoom


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
    for name, value in {"start": start, "end": end, "friction": friction, "kT": kT}.items():
        if np.ndim(value) > 0:
            raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")
    sign = 1.0 if end >= start else -1.0
    u = reduced(lambda x: energy(sign * x), kT)
    start, end = sign * start, sign * end
    if start == end:
        return 0.0
    if wall is None:
        low = zoom(u, start - reach(u, start, -1.0), start)[0]
    else:
        low = sign * finite(wall=wall)
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

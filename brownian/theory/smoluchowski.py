"""Relaxation over a barrier, overdamped: the smallest nonzero eigenvalue of the Smoluchowski operator, exact."""

import numpy as np
from numpy.polynomial import legendre

from .checks import positive, single
from .quadrature import NODES, WEIGHTS, graded, panels, reduced, transport_panels
from .weight import interval

_ORDER = NODES.size
# integral from -1 to each node of the polynomial through the values at the nodes
_INTEGRAL = legendre.legval(NODES, legendre.legint(np.eye(_ORDER), lbnd=-1)).T @ np.linalg.inv(
    legendre.legvander(NODES, _ORDER - 1)
)
_MOST_ROUNDS = 5000
_EMPTY = 1e-10


def _before(half, integrand):
    """Integral at every node from the left end, panel by panel: shape (panels, 16)."""
    whole = half[:, 0] * (integrand @ WEIGHTS)
    return np.concatenate([[0.0], np.cumsum(whole)[:-1]])[:, None] + half * (integrand @ _INTEGRAL.T)


def _after(half, integrand):
    """Integral at every node to the right end, summed from there: shape (panels, 16)."""
    return _before(half[::-1], integrand[::-1, ::-1])[::-1, ::-1]


def smoluchowski_rate(energy, *, friction, kT, support=None):
    """Smallest nonzero eigenvalue of the Smoluchowski equation: the slowest decay, overdamped.

    dp/dt = (1/lambda) d/dx (U' + kT d/dx) p.  In a double well it is the rate at which the populations relax,
    k_left + k_right.  By inverse iteration with f -> (lambda/kT) int e^{U/kT} int e^{-U/kT} f; exact for any barrier
    up to 300 kT.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, finite; confining more strongly than |x|.
    friction, kT : float
        lambda [M/T] and thermal energy [E], > 0.
    support : tuple of float, optional
        Reflecting walls at a and b [L], instead of the whole line.

    Returns
    -------
    rate : float
        Lambda_1 [1/T], proportional to 1/friction.

    Raises
    ------
    ValueError
        If a parameter is not > 0, or the energy is not finite or does not confine.

    Notes
    -----
    Source: H. Risken, The Fokker-Planck Equation, chapter 5; P. Hanggi, P. Talkner, M. Borkovec,
    Rev. Mod. Phys. 62, 251 (1990), section VII.

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{smoluchowski_rate(energy, friction=0.7, kT=0.9):.10f}")
    0.3557343551
    """
    friction, kT = positive(friction=friction, kT=kT)
    single(friction=friction, kT=kT)
    u = reduced(energy, kT)
    edges = graded(u, *interval(u, None, support))
    if not np.all(np.isfinite(u(panels(edges)[0]))):
        raise ValueError(f"energy must be finite between {edges[0]} and {edges[-1]}, got +inf; give support=(a, b)")
    edges = transport_panels(u, edges)
    x, half = panels(edges)
    value = u(x)
    value = value - value.min()
    weight, mass = np.exp(-value), half * WEIGHTS * np.exp(-value)
    mass /= mass.sum()
    # the current of each side is summed from its own end, where it is small
    left = (np.cumsum(mass.sum(axis=1)) < 0.5)[:, None]
    function, rate, before = x - np.sum(mass * x), np.inf, 0.0
    function = function / np.sqrt(np.sum(mass * function**2))
    for _ in range(_MOST_ROUNDS):
        source = weight * function
        current = np.where(left, -_before(half, source), _after(half, source))
        answer = _before(half, current * np.exp(value))
        answer -= np.sum(mass * answer)
        scale = np.max(np.abs(answer))
        answer /= scale
        before, rate = rate, np.sum(mass * function * answer) / np.sum(mass * answer**2) / scale
        function = answer
        if abs(rate - before) <= 1e-14 * rate:
            break
    else:
        raise ValueError(f"energy must confine more strongly than |x|: no eigenvalue after {_MOST_ROUNDS} iterations")
    density = weight * function**2
    if support is None and max(density[0, 0], density[-1, -1]) > _EMPTY * np.max(density):
        raise ValueError("energy must confine more strongly than |x|: the slowest decay reaches the ends")
    return float(kT / friction * rate)

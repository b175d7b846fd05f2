"""Integrals of e^{-U/kT} on the line: where the weight lies, and panels on which it is a polynomial to rounding.

A reduced energy u = U/kT is a checked callable (`reduced`).  Panels are given by their sorted edges; each carries the
16 Gauss-Legendre nodes.
"""

import numpy as np

from .checks import evaluated

CUTOFF = 60.0  # e^-60 = 9e-27: what is left out does not show in float64, not even in high moments
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
SPLIT = np.concatenate([NODES, (NODES - 1.0) / 2.0, (NODES + 1.0) / 2.0, [-1.0, 1.0]])
ENDS = np.linalg.solve(np.polynomial.legendre.legvander(NODES, 15).T, np.polynomial.legendre.legvander([-1, 1], 15).T)
WIDEST = 2.0**40
PANELS = 20_000
GRID = 1025


def reduced(energy, kT):
    """Return u(x) = energy(x)/kT as a function that checks what the energy returns."""

    def u(x):
        with np.errstate(over="ignore"):
            value = evaluated((x,), energy=energy) / kT
        wrong = np.isnan(value) | (value == -np.inf)
        if np.any(wrong):
            raise ValueError(
                f"energy must be a number or +inf, got {value[wrong][0] * kT} at x = {x[wrong][0]}; "
                "give support=(a, b) to stay inside its domain"
            )
        return value

    return u


def weighted(points, weight, f):
    """Return f times the weight at points, 0 where there is no weight; ValueError where f is NaN all the same."""
    value = evaluated(points, f=f)
    wrong = np.isnan(value) & (weight > 0)
    if np.any(wrong):
        where = ", ".join(f"{coordinate[wrong][0]:g}" for coordinate in points)
        raise ValueError(f"f must be a number wherever the density is not 0, got nan at {where}")
    with np.errstate(invalid="ignore"):
        return np.where(weight > 0, value * weight, 0.0)


def reach(u, origin, direction):
    """Distance from origin, in one direction, beyond which u stays more than CUTOFF above its least value there.

    Doubles the stretch it looks at until the last eighth or more of it is empty; a well behind a barrier higher than
    CUTOFF and eight times further out stays unseen.
    """
    lowest, last, near, far = np.inf, 0.0, 0.0, 1.0
    while far <= WIDEST:
        distance = np.linspace(near, far, GRID // 2 + 1)
        value = u(origin + direction * distance)
        lowest = min(lowest, value.min())
        inside = np.flatnonzero(value < lowest + CUTOFF)
        if inside.size:
            last = distance[min(inside[-1] + 1, distance.size - 1)]
        if far >= 8.0 * max(last, 1.0):
            return last
        near, far = far, 2.0 * far
    raise ValueError(f"energy must confine: it stays within {CUTOFF:.0f} kT of its minimum; give support= or period=")


def zoom(u, low, high):
    """Shrink [low, high] to where u is within CUTOFF of its minimum, from scale to scale."""
    while True:
        x = np.linspace(low, high, GRID)
        value = u(x)
        inside = np.flatnonzero(value < value.min() + CUTOFF)
        if inside.size == 0:
            raise ValueError(f"energy must be finite somewhere in [{low}, {high}], got +inf only")
        new_low, new_high = x[max(inside[0] - 1, 0)], x[min(inside[-1] + 1, GRID - 1)]
        if not 0.0 < new_high - new_low <= 0.5 * (high - low):
            return new_low, new_high
        low, high = new_low, new_high


def minima(u, low, high):
    """Positions of the (at most 16 lowest) local minima of u in [low, high]."""
    x = np.linspace(low, high, GRID)
    value = u(x)
    found = np.flatnonzero((value[1:-1] < value[:-2]) & (value[1:-1] <= value[2:])) + 1
    centre, radius = x[found[np.argsort(value[found])[:16]]], x[1] - x[0]
    offsets = np.linspace(-1.0, 1.0, 17)
    while centre.size and radius > 1e-12 * (high - low):
        candidates = np.clip(centre[:, None] + radius * offsets, low, high)
        centre = np.take_along_axis(candidates, u(candidates).argmin(axis=1)[:, None], axis=1)[:, 0]
        radius /= 6.0
    return centre


def graded(u, low, high):
    """Edges on [low, high]: 64 equal panels, and ever finer ones towards each minimum: none is too narrow to see."""
    halvings = (high - low) * 0.5 ** np.arange(1, 31)
    around = np.concatenate([[0.0], halvings, -halvings])
    edges = np.concatenate([np.linspace(low, high, 65), (minima(u, low, high)[:, None] + around).ravel()])
    return np.unique(edges[(edges >= low) & (edges <= high)])


def panels(edges):
    """Nodes, shape (panels, 16), and half widths, shape (panels, 1)."""
    half = np.diff(edges)[:, None] / 2.0
    return edges[:-1, None] + half * (1.0 + NODES), half


def rounding(u):
    """Return the relative accuracy that the rounding of u, and of x in u, allows on each panel; x as in `refine`."""

    def tolerance(x):
        value = u(x)
        known = np.isfinite(value)
        span = np.ptp(np.where(known, value, np.min(value, axis=1, keepdims=True, where=known, initial=1e300)), axis=1)
        slope = span / np.ptp(x, axis=1) * np.max(np.abs(x), axis=1)
        return 1e-13 + 1e-15 * np.max(np.abs(value), axis=1, where=known, initial=0.0) + 4e-16 * slope

    return tolerance


def refine(integrand, edges, tolerance, allowed=None, what="energy or f"):
    """Halve panels until one and two times 16 nodes agree on every integral, and no jump hides between node and edge.

    ``integrand(x)``, x of shape (panels, nodes), returns an array (functions, panels, nodes), in which each panel may
    have a scale of its own.  The difference may be ``tolerance(x)``, of shape (panels,), times the panel's own integral
    of the modulus, plus `allowed`, of shape (functions,).  A panel of 2^-50 of the whole is left as it is: a jump.
    What is integrated has the name `what` in errors.
    """
    left, right = edges[:-1], edges[1:]
    narrow = (edges[-1] - edges[0]) * 2.0**-50
    allowed = np.zeros(1) if allowed is None else allowed
    done = [edges[-1:]]
    while left.size:
        if sum(part.size for part in done) + left.size > PANELS:
            raise ValueError(f"{what} is too rough: more than {PANELS} panels in [{edges[0]}, {edges[-1]}]")
        half = (right - left) / 2.0
        x = ((left + right) / 2.0)[:, None] + half[:, None] * SPLIT
        with np.errstate(over="ignore", invalid="ignore"):
            values = integrand(x)
            difference = values[..., :16] @ WEIGHTS - (values[..., 16:32] + values[..., 32:48]) @ WEIGHTS / 2.0
            own, spare = np.abs(values[..., :16]) @ WEIGHTS, allowed[:, None] / half
            jump = np.max(np.abs(values[..., 48:] - values[..., :16] @ ENDS), axis=-1)
            good = np.abs(difference) <= tolerance(x) * own + spare
            good &= jump <= 1e-3 * np.max(np.abs(values), axis=-1) + spare
        bad = ~good.all(axis=0) & (half > narrow)
        done.append(left[~bad])
        left, middle, right = left[bad], (left[bad] + right[bad]) / 2.0, right[bad]
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return np.sort(np.concatenate(done))


def running(u, edges):
    """g(x) = int_{edges[0]}^x e^{u(x) - u(z)} dz at the nodes, shape (panels, 16), and at the edges.

    Carried from panel to panel by differences of u, so that it neither over- nor underflows before g does.
    """
    x, half = panels(edges)
    value, at_edges = u(x), u(edges)
    inner = edges[:-1, None, None] + (x - edges[:-1, None])[..., None] * (1.0 + NODES) / 2.0
    with np.errstate(over="ignore"):
        local = (x - edges[:-1, None]) / 2.0 * (np.exp(value[..., None] - u(inner)) @ WEIGHTS)
        added = half[:, 0] * (np.exp(at_edges[1:, None] - value) @ WEIGHTS)
        growth = np.exp(np.diff(at_edges))
        carried = np.zeros(edges.size)
        for panel in range(edges.size - 1):
            carried[panel + 1] = carried[panel] * growth[panel] + added[panel]
        return carried[:-1, None] * np.exp(value - at_edges[:-1, None]) + local, carried


def transport_panels(u, edges, what="energy"):
    """Edges that resolve both e^{-u} and e^{u}, panel by panel, at any height of u."""

    def both(x):
        value = u(x)
        value = value - value.mean(axis=1, keepdims=True)
        return np.exp(np.stack([-value, value]))

    return refine(both, edges, rounding(u), what=what)

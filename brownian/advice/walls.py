"""Walls steeper than a parabola, from which an explicit step throws a particle farther out than it was."""

import math

import numpy as np

from ..integrators import EulerMaruyama, LeimkuhlerMatthews
from ..potentials.definition import INTERPRETED_UP_TO, force
from .piloting import along

AXES = 4  # that are looked along
FAR = 20.0  # a wall at more of the step's random displacements is out of reach: U is (2 FAR)^2 / p kT there for |x|^p
POINTS, ITERATIONS = 400, 400

# The normal distribution; importing SciPy's would take a quarter of the time to a first step.
_below = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2.0)), otypes=[float])


def escape(simulation, seen):
    """The wall that most particles escape through: its distance from the pilot's middle, and escapes per step.

    Along an axis x' = f(x) + s xi, f(x) = x + tau F(x), s = sqrt(2 tau kT).  A particle is lost from where two steps
    lead across the middle and back, farther out.  The rate is that of the slowest mode of the transfer operator between
    the two walls: the mass that it loses per step, exact for Euler-Maruyama in a component of its own.  For other
    potentials it is that of the line through the middle.  Of overdamped explicit schemes with one force per step; None
    for others, and where there is no wall in reach.
    """
    if not isinstance(simulation.integrator, EulerMaruyama | LeimkuhlerMatthews) or simulation.dynamics.inertial:
        return None
    if seen.curvatures is None:  # the force is expensive
        return None
    middle = seen.positions.mean(axis=(0, 1))
    found = None
    for axis in range(min(AXES, simulation.dimension)):
        dynamics = along(simulation.dynamics, axis)
        tau = simulation.dt / dynamics.friction
        spread = (2.0 * tau * dynamics.kT) ** 0.5
        map_at = _map_along(simulation, middle, axis, tau)
        walls = [_wall(map_at, sign, FAR * spread) for sign in (-1.0, 1.0)]
        if None not in walls:
            one = min(walls), _rate(map_at, walls[0], walls[1], spread)
            found = one if found is None or one[1] > found[1] else found
    return found


def _map_along(simulation, middle, axis, tau):
    """Displacement from the middle after a step without noise, as a function of that before, along an axis."""
    t = simulation.first_step * simulation.dt
    per_call = max(1, INTERPRETED_UP_TO[0] // simulation.dimension)

    def after(r):
        at = np.tile(middle, (len(r), 1))
        at[:, axis] += r
        parts = [force(simulation.potential, at[k : k + per_call], t)[:, axis] for k in range(0, len(r), per_call)]
        return r + tau * np.concatenate(parts)

    return after


def _wall(after, sign, far):
    """Where two steps begin to lead farther out; None where they don't within reach."""

    def thrown(r):
        with np.errstate(all="ignore"):
            across = -sign * after(np.array([sign * r]))
            back = sign * after(-sign * across)
        return bool(~np.isfinite(across) | ((across > 0.0) & ~(back < r)))

    if not (far > 0.0 and thrown(far)):
        return None
    low, high = 0.0, far
    for _ in range(10):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if thrown(middle) else (middle, high)
    return high


def _rate(after, left, right, spread):
    x = np.linspace(-left, right, POINTS)
    with np.errstate(all="ignore"):
        f = np.clip(np.nan_to_num(after(x), posinf=1e300, neginf=-1e300), -10.0 * left, 10.0 * right)
    transfer = np.exp(-0.5 * ((x[:, np.newaxis] - f) / spread) ** 2)
    transfer *= (x[1] - x[0]) / (spread * np.sqrt(2.0 * np.pi))
    lost = _below((-left - f) / spread) + _below((f - right) / spread)
    law = np.full(POINTS, 1.0 / POINTS)
    for _ in range(ITERATIONS):
        law = transfer @ law
        law /= law.sum()
    return float(law @ lost)

"""A pilot: the first steps of a few particles of a run, and the curvature along them."""

from dataclasses import dataclass, replace

import numpy as np

from ..engine import Engine
from ..integrators.moves import counts_acceptance
from ..potentials.curvature import slopes
from ..potentials.definition import INTERPRETED_UP_TO, count_parameters
from ..potentials.potential import by_component
from .forecasting import Forecast, excesses

PARTICLES, STEPS = 32, 256
SHARE, LEAST = 0.01, 1024  # of the run's particle-steps, and how many may be taken in any case
LOOKS = 8
NUMBERS, PRODUCTS = INTERPRETED_UP_TO  # of the force in one call: more would be compiled
FEW, SHORT = 64, 10**6  # numbers of a run with fewer particle-steps


@dataclass(frozen=True)
class Pilot:
    """What a pilot saw.

    Parameters
    ----------
    steps
        Its length.
    looks
        Steps from the start at which positions were kept, ascending, the first 0.
    positions
        There, shape (looks, particles, D) [L].
    curvatures
        Second derivatives of U [E/L^2] at some of these positions: matrices (points, D, D), or their diagonals
        (points, D) where components are independent; None where they would cost too much.
    finite
        Whether all positions are.
    """

    steps: int
    looks: np.ndarray
    positions: np.ndarray
    curvatures: np.ndarray | None
    finite: bool = True

    @property
    def largest(self):
        """The largest curvature met, or None."""
        if self.curvatures is None:
            return None
        found = self.curvatures if self.curvatures.ndim == 2 else np.linalg.eigvalsh(self.curvatures)
        return float(found.max())


def pilot(simulation, state, steps, interval=1):
    """Take the first steps of a run with a few of its particles.

    Parameters
    ----------
    simulation
        A ``Simulation``.
    state
        Its state at the start, shape (slots, particles, D).
    steps
        Length of the run; the pilot takes one per cent of its particle-steps at most (but 1024 in any case), and never
        more than 256 steps of 32 particles.
    interval
        Steps between two frames: if the pilot is that long it looks after so many steps too.

    Returns
    -------
    Pilot
    """
    few = np.ascontiguousarray(state[:, :PARTICLES])
    particles = few.shape[1]
    budget = max(LEAST, int(SHARE * steps * simulation.particles))
    length = max(1, min(steps, STEPS, budget // particles))
    looks = np.linspace(0, length, min(LOOKS, length) + 1).astype(np.int64)
    looks = np.union1d(looks, min(interval, length))
    engine = Engine(
        simulation.kernel, simulation.potential, simulation.noise, slots=len(simulation.dynamics.slots),
        normals=simulation.facts.normals, particles=particles, dimension=simulation.dimension, dt=simulation.dt,
        first_particle=simulation.first_particle, threads=1, ledger=simulation.ledger, stop=simulation.stopping,
    )  # fmt: skip
    positions = np.empty((len(looks), particles, simulation.dimension))
    positions[0] = few[0]
    tallies = np.empty((len(looks) - 1, particles, len(engine.columns))) if engine.columns else None
    try:
        engine.load(few[: engine.state.shape[1]])
        first = simulation.first_step
        engine.start(first, first + length, first + looks[1:], positions[1:], None, tallies)()
    finally:
        engine.close()
    if not np.isfinite(positions).all():
        return Pilot(length, looks, positions, None, finite=False)
    numbers = FEW if steps * simulation.particles < SHORT else NUMBERS
    return Pilot(length, looks, positions, _curvatures(simulation, positions, numbers))


def _curvatures(simulation, positions, numbers):
    """Second derivatives at some of the positions, by differences of the force in one call of it."""
    dimension, separable = simulation.dimension, by_component(simulation.potential)
    probes = np.ones((1, dimension)) if separable else np.eye(dimension)
    points = numbers // (2 * len(probes) * dimension)
    if points < 1 or numbers * count_parameters(simulation.potential) > PRODUCTS:
        return None
    flat = positions.reshape(-1, dimension)
    x = flat[np.unique(np.linspace(0, len(flat) - 1, points).astype(int))]
    found = slopes(simulation.potential, x, probes, simulation.first_step * simulation.dt)
    found = found[:, 0] if separable else (found + found.transpose(0, 2, 1)) / 2.0
    found = found[np.isfinite(found).all(axis=tuple(range(1, found.ndim)))]
    return found if len(found) else None


def forecast_along(simulation, seen):
    """The bias of a scheme in the mean curvature that a pilot saw; None where nothing can be said.

    To first order in tau the excess of <x . grad U> / D kT is that of the mean curvature: one step of Euler-Maruyama
    keeps <x^2>, so that <x . grad U> = D kT + tau <F^2> / 2, and <F^2> = kT <laplacian U>.
    """
    dynamics, dt, curvatures = simulation.dynamics, simulation.dt, seen.curvatures
    kT = np.asarray(dynamics.kT)
    if curvatures is None or not dynamics.equilibrium or not np.all(kT > 0.0):
        return None
    mean, word = curvatures.mean(axis=0), f"along a pilot of {seen.steps} steps"
    many = any(isinstance(getattr(dynamics, name), tuple) for name in ("kT", "friction"))
    if mean.ndim == 2:
        if many:
            return None
        mean = np.linalg.eigvalsh(mean)
    limit = simulation.integrator.stability_limit(dynamics, seen.largest)
    excess, kinetic = np.zeros(len(mean)), np.zeros(len(mean) if dynamics.inertial else 0)
    if not counts_acceptance(simulation.kernel):
        for d in np.flatnonzero(mean > 1e-9 * max(mean.max(), 0.0)):
            one = excesses(simulation.integrator, along(dynamics, d), dt, mean[d : d + 1])
            excess[d], kinetic[d : d + 1] = one[0][0], one[1]
    return Forecast(mean, limit, excess, word, kinetic)


def along(dynamics, d):
    """The dynamics of one component."""
    given = {name: getattr(dynamics, name) for name in ("kT", "friction")}
    own = {name: value[d if len(value) > 1 else 0] for name, value in given.items() if isinstance(value, tuple)}
    return replace(dynamics, **own) if own else dynamics

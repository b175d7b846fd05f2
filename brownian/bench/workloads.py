"""The workloads by which speed is measured, and the kernel that does nothing but ask for its noise."""

import math
from typing import NamedTuple

from ..dynamics import Langevin, Overdamped
from ..engine import Engine
from ..integrators import BAOAB, GJF, EulerMaruyama
from ..integrators.integrator import load_position, one_normal, store_position
from ..integrators.moves import NO_FORCE
from ..potentials import DoubleWell, Free, GaussianMixture, Harmonic
from ..simulation import Simulation

DT = 0.01
RADIUS, SIGMA, CENTRES = 3.0, 0.7, 8
ANGLES = [2.0 * math.pi * k / CENTRES for k in range(CENTRES)]
MEANS = [[RADIUS * math.cos(angle), RADIUS * math.sin(angle)] for angle in ANGLES]
OVERDAMPED, LANGEVIN = {"friction": 1.0, "kT": 1.0}, {"mass": 1.0, "friction": 1.0, "kT": 1.0}


class Workload(NamedTuple):
    """What is simulated: its name, number in the C++ reference, size, and the steps that one timing takes."""

    title: str
    reference: int
    particles: int
    dimension: int
    steps: int


WORKLOADS = {
    "W1": Workload("Euler-Maruyama, 3-d trap", 1, 100_000, 3, 80),
    "W2 GJF": Workload("GJF, 3-d trap", 2, 100_000, 3, 80),
    "W2 BAOAB": Workload("BAOAB, 3-d trap", 2, 100_000, 3, 80),
    "W3": Workload("Euler-Maruyama, 1-d double well", 3, 1_000_000, 1, 24),
    "W4": Workload("Euler-Maruyama, 8 Gaussians in 2-d", 4, 100_000, 2, 48),
}


def simulation(name, *, noise="float64", particles=None, dt=DT, seed=7):
    """The simulation of a workload."""
    workload = WORKLOADS[name]
    potential, dynamics, integrator = {
        "W1": (Harmonic(1.0), Overdamped(**OVERDAMPED), EulerMaruyama()),
        "W2 GJF": (Harmonic(1.0), Langevin(**LANGEVIN), GJF()),
        "W2 BAOAB": (Harmonic(1.0), Langevin(**LANGEVIN), BAOAB()),
        "W3": (DoubleWell(barrier=1.0, width=1.0), Overdamped(**OVERDAMPED), EulerMaruyama()),
        "W4": (GaussianMixture(means=MEANS, widths=SIGMA), Overdamped(**OVERDAMPED), EulerMaruyama()),
    }[name]
    return Simulation(
        potential=potential, dynamics=dynamics, integrator=integrator, dt=dt, particles=particles or workload.particles,
        dimension=workload.dimension, seed=seed, noise=noise,
    )  # fmt: skip


class Still(NamedTuple):
    """A scheme that does not move: what is left of a step is its normals."""

    nothing: float = 0.0

    order = NO_FORCE
    keeps_noise = False
    load, store, normals = load_position, store_position, one_normal

    def coefficients(self, d):
        """None are needed."""
        return 0.0

    def move(self, c, q, f, xi):
        """Stay."""
        return q


class Advancing:
    """A compiled loop and its clock: each call takes all particles on by some steps."""

    def __init__(self, engine, state=None):
        self.engine, self.step = engine, 0
        if state is not None:
            engine.load(state)

    def __call__(self, steps):
        """Take all particles on."""
        self.engine.advance(self.step, self.step + steps)
        self.step += steps


def moving(simulation, threads=1):
    """The engine of a simulation, at its start."""
    return Advancing(simulation.engine(threads), simulation.initial_state()[0])


def noise_alone(simulation, threads=1):
    """The same loop, block width and normals, with the scheme that does not move."""
    engine = Engine(
        Still(), Free(), simulation.noise, slots=1,
        normals=simulation.facts.normals, particles=simulation.particles, dimension=simulation.dimension,
        dt=simulation.dt, first_particle=0, threads=threads,
    )  # fmt: skip
    return Advancing(engine)

"""Schemes with a planted mistake, and two dynamics that break the fluctuation-dissipation relation openly.

Every one returns positions and velocities of all steps, as another program's file would hold them.  P1: m = 1.3,
lambda = 0.7, kT = 0.9; U = Eb ((x/x0)^2 - 1)^2 with Eb = 2, x0 = 1.2.
"""

from dataclasses import dataclass, replace

import numpy as np

import brownian as bn
from brownian.trajectory import Trajectory
from brownian.trajectory.memory import MemorySource

MASS, FRICTION, KT, DT = 1.3, 0.7, 0.9, 0.1
POTENTIAL = bn.DoubleWell(barrier=2.0, width=1.2)
DYNAMICS = bn.Langevin(mass=MASS, friction=FRICTION, kT=KT)


def double_well(x):
    return -4.0 * 2.0 / 1.2**2 * x * ((x / 1.2) ** 2 - 1.0)


def normals(rng, shape):
    return rng.standard_normal(shape)


@dataclass(frozen=True)
class Recipe:
    """GJF, with every part that a mutant may change."""

    decay: float = (1.0 - FRICTION / MASS * DT / 2.0) / (1.0 + FRICTION / MASS * DT / 2.0)
    spread: float = np.nan
    noise: object = normals
    dtype: type = np.float64
    final_kick: bool = True
    half_step_velocity: bool = False
    obabo: bool = False
    claimed: object = bn.GJF()

    def strength(self):
        return np.sqrt(KT / MASS * (1.0 - self.decay**2)) if np.isnan(self.spread) else self.spread


RIGHT = Recipe()
SPREAD = RIGHT.strength()


def uniform(rng, shape):
    return rng.uniform(-np.sqrt(3.0), np.sqrt(3.0), shape)


def shared_by_pairs(rng, shape):
    return np.repeat(rng.standard_normal((shape[0] // 2, shape[1])), 2, axis=0)


def reused_seed(rng, shape):
    return np.tile(rng.standard_normal((shape[0] // 2, shape[1])), (2, 1))


FULL_DECAY = np.exp(-FRICTION / MASS * DT)
# name: (recipe, the beginning of the name of the line that must name it)
MUTANTS = {
    "strength 1.01": (replace(RIGHT, spread=SPREAD * np.sqrt(1.01)), "noise strength"),
    "factor 2 missing": (replace(RIGHT, spread=SPREAD / np.sqrt(2.0)), "noise strength"),
    "dt for sqrt(dt)": (replace(RIGHT, spread=SPREAD * np.sqrt(DT)), "noise strength"),
    "half-step O with full-step c": (replace(RIGHT, decay=FULL_DECAY, obabo=True, claimed=bn.OBABO()), "friction"),
    "noise shared between particles": (replace(RIGHT, noise=shared_by_pairs), "noise between neighbours"),
    "reused seed between replicas": (replace(RIGHT, noise=reused_seed), "noise between halves"),
    "uniform noise": (replace(RIGHT, noise=uniform), "kurtosis"),
    "float32 accumulation": (replace(RIGHT, dtype=np.float32), "step:"),
    "missing final B": (replace(RIGHT, final_kick=False), "step:"),
    "half-step velocity stored": (replace(RIGHT, half_step_velocity=True), "step:"),
    "m omitted in O": (replace(RIGHT, spread=SPREAD * np.sqrt(MASS)), "noise strength"),
    "kT squared": (replace(RIGHT, spread=SPREAD * np.sqrt(KT)), "noise strength"),
}


def run(recipe, *, particles=2600, steps=500, seed=1):
    """Positions and velocities (frames, particles, 1), started near a minimum with Maxwell velocities."""
    rng = np.random.default_rng(seed)
    kind = recipe.dtype
    half, drift = kind(DT / (2.0 * MASS)), kind(DT / 2.0)
    decay, spread = kind(recipe.decay), kind(recipe.strength())
    shape = (particles, 1)
    x = (1.2 + 0.28 * rng.standard_normal(shape)).astype(kind)
    v = (np.sqrt(KT / MASS) * rng.standard_normal(shape)).astype(kind)
    positions, velocities = np.empty((2, steps + 1, *shape))
    positions[0], velocities[0] = x, v
    for n in range(1, steps + 1):
        if recipe.obabo:
            v = decay * v + spread * recipe.noise(rng, shape)
        v = v + half * double_well(x).astype(kind)
        x = x + drift * v
        if not recipe.obabo:
            v = decay * v + spread * recipe.noise(rng, shape).astype(kind)
        x = x + drift * v
        after = v
        if recipe.final_kick:
            v = v + half * double_well(x).astype(kind)
        if recipe.obabo:
            v = decay * v + spread * recipe.noise(rng, shape)
        positions[n], velocities[n] = x, after if recipe.half_step_velocity else v
    return positions, velocities


def foreign(positions, velocities, dt=DT):
    """A trajectory that does not say how it was made."""
    steps = np.arange(len(positions))
    return Trajectory(MemorySource(steps, steps * dt, positions, velocities, None, {}, []))


def two_temperatures(*, particles=1000, steps=500, seed=2, kT=(1.1, 0.7)):
    """Two coupled components of one particle, each with its own temperature; F = -K x, K = [[2, .8], [.8, 2]]."""
    rng = np.random.default_rng(seed)
    stiffness = np.array([[2.0, 0.8], [0.8, 2.0]])
    spread = SPREAD * np.sqrt(np.asarray(kT) / KT)
    x, v = np.zeros((particles, 2)), np.sqrt(KT / MASS) * rng.standard_normal((particles, 2))
    positions, velocities = np.empty((2, steps + 1, particles, 2))
    positions[0], velocities[0] = x, v
    for n in range(1, steps + 1):
        v = v - DT / (2.0 * MASS) * (x @ stiffness)
        x = x + DT / 2.0 * v
        v = RIGHT.decay * v + spread * rng.standard_normal(x.shape)
        x = x + DT / 2.0 * v
        v = v - DT / (2.0 * MASS) * (x @ stiffness)
        positions[n], velocities[n] = x, v
    return positions, velocities


def active(*, particles=2000, steps=500, seed=3, strength=0.5, time=1.0):
    """An active force on top of thermal noise: df = -f dt / time + strength sqrt(2 / time) dW, held over each step."""
    rng = np.random.default_rng(seed)
    shape, keep = (particles, 1), np.exp(-DT / time)
    x = 1.2 + 0.28 * rng.standard_normal(shape)
    v, f = np.sqrt(KT / MASS) * rng.standard_normal(shape), strength * rng.standard_normal(shape)
    positions, velocities = np.empty((2, steps + 1, *shape))
    positions[0], velocities[0] = x, v
    for n in range(1, steps + 1):
        v = v + DT / (2.0 * MASS) * (double_well(x) + f)
        x = x + DT / 2.0 * v
        v = RIGHT.decay * v + SPREAD * rng.standard_normal(shape)
        x = x + DT / 2.0 * v
        v = v + DT / (2.0 * MASS) * (double_well(x) + f)
        f = keep * f + strength * np.sqrt(1.0 - keep**2) * rng.standard_normal(shape)
        positions[n], velocities[n] = x, v
    return positions, velocities

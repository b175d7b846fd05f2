"""Planted mistakes are caught at p < 1e-6, each by the line that names it; so are dynamics without equilibrium."""

import numpy as np
import pytest
from fdt_mutants import (
    DT,
    DYNAMICS,
    FRICTION,
    KT,
    MASS,
    MUTANTS,
    POTENTIAL,
    RIGHT,
    active,
    foreign,
    run,
    two_temperatures,
)

import brownian as bn
from brownian.fdt import validate
from brownian.trajectory import Trajectory
from brownian.trajectory.memory import MemorySource

CLAIM = {"potential": POTENTIAL, "mass": MASS, "friction": FRICTION, "kT": KT}


def coupled():
    return bn.Expression("x**2 + y**2 + 0.8*x*y", dimension=2)


def caught(verdict, name):
    """The cause has this name, and its p (after Holm) is below 1e-6; a rounding test is far beyond its bound."""
    cause = verdict.cause
    assert cause is not None, str(verdict)
    assert cause.name.startswith(name), str(verdict)
    assert cause.z > 1e3 if cause.p is None else cause.p_family < 1e-6
    assert verdict.exit_status == 3
    return True


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught_and_named(name):
    recipe, line = MUTANTS[name]
    particles = 2600 if name == "strength 1.01" else 400  # 1.3 million innovations for 1 %, 200,000 for the rest
    trajectory = foreign(*run(recipe, particles=particles, seed=5))
    verdict = validate(trajectory, scheme=recipe.claimed, averages=False, **CLAIM)
    assert caught(verdict, line)


def test_right_recipe_passes():
    """With the same seeds as the mutants, so that they fail for what was planted."""
    verdict = validate(foreign(*run(RIGHT, seed=5)), scheme=bn.GJF(), averages=False, **CLAIM)
    assert verdict.verdict == "pass"
    assert verdict.headline.within() <= 0.01


@pytest.mark.parametrize("name", ["strength 1.01", "noise shared between particles", "uniform noise"])
def test_mutant_in_our_name_has_not_the_noise_of_its_seed(name):
    """A file that says it is ours: a handful of steps is enough."""
    simulation = bn.Simulation(potential=POTENTIAL, dynamics=DYNAMICS, dt=DT, particles=20, seed=1)
    x, v = run(MUTANTS[name][0], particles=20, steps=20)
    steps = np.arange(21)
    source = MemorySource(steps, steps * DT, x, v, None, simulation.describe(), [])
    trajectory = Trajectory(source, bn.Simulation.from_description)
    assert "noise as seeded" in {line.name for line in validate(trajectory).failed}


def test_two_temperatures_on_coupled_components():
    claim = CLAIM | {"potential": coupled()}
    verdict = validate(foreign(*two_temperatures(steps=1000)), scheme=bn.GJF(), **claim)
    assert caught(verdict, "strength between components")


def test_two_temperatures_that_are_declared():
    """The noise is as declared, and passes; the averages are not those of equilibrium."""
    claim = CLAIM | {"potential": coupled(), "kT": (1.3, 0.5)}
    trajectory = foreign(*two_temperatures(steps=1000, kT=(1.3, 0.5)))
    verdict = validate(trajectory, scheme=bn.GJF(), **claim)
    assert not [line for line in verdict.failed if line.group in ("integrity", "innovations", "friction")]
    assert verdict.cause.group == "statics"
    assert {"virial", "equipartition"} == {line.name.split()[0] for line in verdict.failed if "component" in line.name}
    assert verdict.cause.p_family < 1e-6


def test_active_force():
    verdict = validate(foreign(*active()), scheme=bn.GJF(), averages=False, **CLAIM)
    assert caught(verdict, "noise in time")

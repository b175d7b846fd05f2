"""Whether a force rests: potentials that rest wherever one happens to look, and move in between."""

from typing import NamedTuple

import numpy as np
import pytest

import brownian as bn
from brownian.potentials.affine import affine_force
from brownian.potentials.potential import add_energy, add_force
from brownian.potentials.timing import depends_on_time

TRAP, SLOW = bn.Harmonic(2.1), bn.Overdamped(friction=0.7, kT=0.9)
MOVING = {
    "a late ramp": bn.Driven(TRAP, stiffness=bn.Ramp(2.1, 8.4, duration=1.0, begin=2.0)),
    "a square wave": bn.Driven(TRAP, stiffness=bn.SquareWave(2.1, 6.3, period=10.0)),
    "a late tilt": TRAP + bn.Driven(bn.ConstantForce(0.0), value=bn.Ramp(0.0, 3.0, 1.0, begin=5.0)),
    "a jump": TRAP + bn.Driven(bn.ConstantForce(0.4), value=bn.Piecewise([0.0, 4.0], [0.0, 2.2], jump=True)),
    "a formula": bn.Expression("k*x**2/2*(1.5 + tanh(80*(t - 6)))", k=2.1),
    "within a shift": bn.Shifted(bn.Driven(TRAP, stiffness=bn.Ramp(2.1, 8.4, duration=1.0, begin=2.0)), 0.3),
}


@bn.potential
class Own(NamedTuple):
    """A class of one's own, whose force may read t by way of something else."""

    k: float

    def component_energy(self, x, d, t):
        return 0.5 * self.k * x * x

    def component_force(self, x, d, t):
        return -self.k * x


@bn.potential
class Late(NamedTuple):
    """The same, stiffer from t = 100 on."""

    k: float

    def component_energy(self, x, d, t):
        return 0.5 * self.k * x * x * (1.0 if t < 100.0 else 2.0)

    def component_force(self, x, d, t):
        return -self.k * x * (1.0 if t < 100.0 else 2.0)


@bn.potential
class Around(NamedTuple):
    """A potential around another, which gets t handed on."""

    inner: tuple
    rate: float

    def add_energy(self, x, t, u):
        add_energy(self.inner, x, t, u)
        for i in range(x.shape[1]):
            u[i] += self.rate * t * x[0, i]

    def add_force(self, x, t, f):
        add_force(self.inner, x, t, f)
        for i in range(x.shape[1]):
            f[0, i] -= self.rate * t


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_is_seen(name):
    potential = MOVING[name]
    assert depends_on_time(potential)
    assert affine_force(potential, 1) is None
    assert affine_force(potential, 1, 0.0) is not None
    for integrator, word in ((bn.ExactOU(), "independent of time"), (bn.MALA(), "does not depend on time")):
        with pytest.raises(ValueError, match=word):
            bn.Simulation(potential=potential, dynamics=SLOW, integrator=integrator, dt=0.02, particles=10, seed=7)
    with pytest.raises(ValueError, match="does not depend on time"):
        bn.Simulation(potential=potential, dynamics=SLOW, dt=0.02, particles=10, seed=7,
                      tempering=bn.Tempering((0.9, 2.0), 5))  # fmt: skip
    with pytest.raises(ValueError, match="move with time"):
        bn.exact_moments(potential, dimension=1)


def test_what_rests_is_left_alone():
    still = [TRAP, TRAP + bn.Rotation(0.8), Own(2.1), bn.Driven(TRAP, stiffness=bn.Linear(2.1, rate=0.0)),
             bn.Expression("x**2"), bn.Shifted(bn.DoubleWell(2.0, 1.2), 0.3)]  # fmt: skip
    assert not any(depends_on_time(potential) for potential in still)
    assert depends_on_time(Late(2.1))
    assert depends_on_time(Own(1.0) + Late(1.0))
    assert depends_on_time(Around(bn.Ring(2.0, 1.5), 0.3))
    assert not depends_on_time(Around(bn.Ring(2.0, 1.5), 0.0))
    late = MOVING["a late ramp"]
    assert not depends_on_time(late, 0.0, 2.0)
    assert not depends_on_time(late, 3.0, 50.0)
    assert depends_on_time(late, 0.0, 2.1)


@pytest.mark.parametrize("name", ["a late ramp", "a square wave", "a jump"])
def test_runs_of_them_are_judged_by_the_force_of_each_step(name):
    run = bn.Simulation(potential=MOVING[name], dynamics=SLOW, dt=0.02, particles=64, seed=7).run(steps=600, every=0.02)
    verdict = bn.validate(run)
    assert verdict.verdict != "fail", str(verdict)
    assert any("depends on time" in word for word in verdict.notes)
    for estimate in (bn.analysis.virial_temperature, bn.analysis.configurational_temperature):
        with pytest.raises(ValueError, match="depends on time"):
            estimate(run)


def test_a_force_is_linear_on_all_scales_or_not_at_all():
    for scale in (1e-9, 1e-7, 1e-3, 1.0, 1e6, 1e9):
        assert affine_force(bn.DoubleWell(2.0, 1.2 * scale), 1) is None
        assert affine_force(bn.Cosine(1.1, 2.0 * scale), 1) is None
        stiffness, force = affine_force(bn.Harmonic(2.1 / scale**2) + bn.ConstantForce(0.4 / scale), 2)
        assert np.allclose(stiffness, np.eye(2) * 2.1 / scale**2, rtol=1e-15, atol=0.0)
        assert np.allclose(force, 0.4 / scale, rtol=1e-15, atol=0.0)

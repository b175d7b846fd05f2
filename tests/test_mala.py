"""MALA: one step in plain NumPy, acceptance, exactness at any step, and what it refuses."""

import numpy as np
import pytest
from conftest import STANDARD_ERRORS
from recorded import interrupted

import brownian as bn
from brownian.noise import Given

WELL = bn.DoubleWell(barrier=2.0, width=1.2, tilt=0.3)
BATH = bn.Overdamped(friction=0.7, kT=0.9)


def simulation(**changes):
    arguments = dict(potential=WELL, dynamics=BATH, integrator=bn.MALA(), dt=0.09, particles=3000, seed=7)
    return bn.Simulation(**(arguments | changes))


def by_hand(potential, x, dt, normals):
    """One step for positions (particles, dimension) from normals (particles, dimension + 2)."""
    tau, kT = dt / 0.7, 0.9
    spread = np.sqrt(2.0 * tau * kT)

    def log_density(start, end):
        drift = start + tau * potential.force(start)
        return -((end - drift) ** 2).sum(axis=1) / (4.0 * tau * kT)

    y = x + tau * potential.force(x) + spread * normals[:, :-2]
    log_ratio = (potential.energy(x) - potential.energy(y)) / kT + log_density(y, x) - log_density(x, y)
    accepted = -0.5 * (normals[:, -2] ** 2 + normals[:, -1] ** 2) <= log_ratio
    return np.where(accepted[:, np.newaxis], y, x), accepted


@pytest.mark.parametrize("potential", [WELL, bn.Banana(width=2.0, bend=0.1)], ids=["component", "block"])
def test_a_step_is_the_textbook_one(potential):
    rng = np.random.default_rng(11)
    particles, dimension = 200, potential.dimension if hasattr(potential, "dimension") else 2
    x, normals = rng.normal(size=(particles, dimension)), rng.normal(size=(3, 1, particles, dimension + 2))
    dt = 0.12
    run = simulation(
        potential=potential, dimension=dimension, particles=particles, dt=dt, start=x, noise=Given(normals, 0)
    ).run(steps=3, every=dt)
    taken = np.zeros(particles)
    for n in range(3):
        x, accepted = by_hand(potential, x, dt, normals[n, 0])
        taken += accepted
        np.testing.assert_allclose(run.positions[n + 1], x, rtol=1e-12, atol=1e-12)
        assert np.array_equal(run.tallies[n + 1][:, 0], taken)
    assert 0 < taken.sum() < 3 * particles
    assert np.array_equal(run.acceptance, taken / 3.0)


@pytest.mark.parametrize(
    ("dimension", "tau", "rate"), [(1, 0.25, 0.972), (1, 1.0, 0.785), (10, 0.5, 0.700), (100, 0.25, 0.657)]
)
def test_acceptance_of_a_gaussian(dimension, tau, rate):
    """Rates of the standard normal, there from 2e5 moves; k tau is all that counts."""
    stiffness = 2.1
    run = simulation(
        potential=bn.Harmonic(stiffness), dimension=dimension, dt=tau * 0.7 / stiffness, particles=2000
    ).run(steps=100, every=None)
    found = bn.analysis.mean(run.acceptance)
    assert abs(found.value - rate) < STANDARD_ERRORS * np.hypot(found.error, 0.001)


def stationary_z(sampler, dt, f):
    """How far the average of f(x) after 60 steps from Boltzmann's distribution is from that distribution's."""
    run = simulation(integrator=sampler, dt=dt, particles=40_000, dimension=1).run(steps=60, every=None)
    x = run.positions[-1][:, 0].astype(np.float64)
    expected = bn.theory.boltzmann_average(f, WELL.profile, kT=0.9)
    return bn.analysis.mean(f(x)).z(expected)


@pytest.mark.parametrize("f", [lambda x: x, lambda x: x**2, lambda x: x**4], ids=["x", "x^2", "x^4"])
def test_boltzmann_is_stationary_at_any_step(f):
    assert abs(stationary_z(bn.MALA(), 0.09, f)) < STANDARD_ERRORS


def test_the_same_step_unadjusted_is_caught():
    assert abs(stationary_z(bn.EulerMaruyama(), 0.03, lambda x: x**2)) > 2 * STANDARD_ERRORS


def test_a_step_far_beyond_stability_only_rejects():
    run = simulation(dt=5.0, particles=200).run(steps=50, every=None)
    assert np.isfinite(run.positions[-1]).all()
    assert run.acceptance.mean() < 0.05


def test_threads_chunks_and_restarts(tmp_path, monkeypatch):
    whole = simulation().run(steps=40, every=0.9, threads=1)
    two = simulation().run(steps=40, every=0.9, threads=2)
    alone = simulation(first_particle=1234, particles=1).run(steps=40, every=0.9)
    assert np.array_equal(whole.positions[:], two.positions[:])
    assert np.array_equal(whole.positions[:, 1234:1235], alone.positions[:])
    path = tmp_path / "run.h5md"
    interrupted(monkeypatch, simulation(), path, interrupts=2, steps_each=7, steps=40, every=0.9)
    parts = simulation().run(out=path, resume=True, steps=40, every=0.9)
    assert np.array_equal(parts.positions[:], whole.positions[:])
    assert np.array_equal(parts.acceptance, whole.acceptance)
    again = bn.open(path).simulation().run(steps=40, every=0.9)
    assert np.array_equal(again.positions[:], whole.positions[:])


def test_the_verdict_replays_it():
    verdict = bn.validate(simulation(particles=300).run(steps=600, every=0.9))
    assert "frames as replayed" in str(verdict)
    assert not [line for line in verdict.lines if line.verdict == "fail"]


def test_what_it_refuses():
    with pytest.raises(ValueError, match="one positive kT"):
        simulation(dynamics=bn.Overdamped(friction=0.7, kT=(0.9, 1.1)), dimension=2)
    with pytest.raises(ValueError, match="does not depend on time"):
        simulation(potential=bn.Moving(bn.Harmonic(2.1), velocity=0.9))
    with pytest.raises(TypeError, match="Rotation gives a force only"):
        simulation(potential=bn.Harmonic(2.1) + bn.Rotation(0.5), dimension=2)
    with pytest.raises(ValueError, match="bookkeeping"):
        simulation(bookkeeping=True)
    with pytest.raises(ValueError, match="no path"):
        simulation(stop=bn.CrossLevel(0.0), start=np.full((3000, 1), 1.2))
    with pytest.raises(ValueError, match="nothing was accepted"):
        _ = simulation(integrator=bn.EulerMaruyama()).run(steps=2).acceptance

"""Dynamics with memory: the probe of each kernel against exact laws, known answers, orders, and the verdict on them."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors

import brownian as bn
from brownian.caching import compiled_for
from brownian.integrators.probe import affine_probe
from brownian.integrators.scheme import begin, step
from brownian.theory import exact_ou

GLE = bn.GeneralizedLangevin(mass=1.3, kT=0.9, frictions=[0.5, 0.3], times=[0.6, 2.0], friction=0.1)
COLORED = bn.ColoredNoise(friction=0.7, kT=0.9, time=0.15)
ACTIVE = bn.ActiveForce(friction=0.7, kT=0.9, force=0.6, time=0.8)
WELL = bn.DoubleWell(barrier=2.0, width=1.2)


def probe(dynamics, potential, dt, integrator=None, take=(begin, step)):
    integrator = integrator or (bn.MemoryBAOAB() if dynamics is GLE else bn.ColoredHeun())
    kernel = integrator.kernel(dynamics, dt, 1, potential)
    normals = integrator.facts_for(dynamics).normals
    return affine_probe(kernel, potential, len(dynamics.slots), normals, 1, dt, take)


def exact_drift(dynamics, stiffness):
    """A and Q of d(state)/dt = A state + noise of covariance rate Q."""
    if dynamics is GLE:
        A = dynamics.drift(stiffness)
        Q = np.zeros_like(A)
        Q[1, 1] = 2.0 * dynamics.friction * 0.9 / 1.3**2
        for k, (lam, tau) in enumerate(zip(dynamics.frictions, dynamics.times, strict=True)):
            Q[2 + k, 2 + k] = 2.0 * lam * 0.9 / tau**2
        return A, Q
    lam, time = dynamics.friction, dynamics.time
    A = np.array([[-stiffness / lam, 1.0 / lam], [0.0, -1.0 / time]])
    return A, np.diag([2.0 * dynamics.white / lam, 2.0 * dynamics.force**2 / time])


def _step(kernel, potential, s, work, z, n, t, t_next):
    step(kernel, potential, s, work, z, n, t, t_next)


def _begin(kernel, potential, s, work, z, n, t):
    begin(kernel, potential, s, work, z, n, t)


@pytest.mark.parametrize("dynamics", [GLE, COLORED, ACTIVE], ids=lambda d: type(d).__name__)
def test_compiled_is_interpreted(dynamics):
    integrator = bn.MemoryBAOAB() if dynamics is GLE else bn.ColoredHeun()
    kernel = integrator.kernel(dynamics, 0.04, 1, bn.Harmonic(2.1))
    take = compiled_for(_begin, kernel, bn.Harmonic(2.1)), compiled_for(_step, kernel, bn.Harmonic(2.1))
    for one, other in zip(
        probe(dynamics, bn.Harmonic(2.1), 0.04), probe(dynamics, bn.Harmonic(2.1), 0.04, take=take), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("dt", [0.01, 0.3, 2.0])
def test_free_motion_with_memory_is_exact(dt):
    """Velocities and memory follow their exact law at any step; a coloured force and its integral too."""
    A, Q = exact_drift(GLE, 0.0)
    M, covariance = exact_ou(A[1:, 1:], Q[1:, 1:], dt)
    found = probe(GLE, bn.Free(), dt)
    assert np.abs(found.matrix[1:, 1:] - M).max() < 1e-13
    assert np.abs((found.noise @ found.noise.T)[1:, 1:] - covariance).max() < 1e-13 * np.abs(covariance).max()
    for dynamics in (COLORED, ACTIVE):
        M, covariance = exact_ou(*exact_drift(dynamics, 0.0), dt)
        found = probe(dynamics, bn.Free(), dt)
        assert np.abs(found.matrix - M).max() < 1e-13 * max(1.0, np.abs(M).max())
        assert np.abs(found.noise @ found.noise.T - covariance).max() < 1e-13 * np.abs(covariance).max()


@pytest.mark.parametrize("dynamics", [GLE, COLORED, ACTIVE], ids=lambda d: type(d).__name__)
def test_weak_order_is_two(dynamics):
    """E[x] and E[x^2] at a fixed time in a trap: exact means of a linear scheme, no sampling."""
    A, Q = exact_drift(dynamics, 2.1)
    exact, sigma = exact_ou(A, Q, 0.8)
    start = np.zeros(len(A))
    start[0] = 0.8
    spread = np.zeros_like(A)
    hidden = np.ravel(dynamics.spreads(1)) ** 2
    spread[-len(hidden) :, -len(hidden) :] = np.diag(hidden)
    errors, steps = [], np.array([0.02, 0.01, 0.005])
    for dt in steps:
        found = probe(dynamics, bn.Harmonic(2.1), dt)
        mean, covariance = start.copy(), spread.copy()
        for _ in range(round(0.8 / dt)):
            mean = found.matrix @ mean
            covariance = found.matrix @ covariance @ found.matrix.T + found.noise @ found.noise.T
        true, wide = exact @ start, exact @ spread @ exact.T + sigma
        errors.append(abs(mean[0] - true[0]) + abs(covariance[0, 0] - wide[0, 0]))
    assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.25)


@pytest.mark.parametrize("dynamics", [GLE, COLORED, ACTIVE], ids=lambda d: type(d).__name__)
def test_stability_limit_is_where_the_probe_turns_unstable(dynamics):
    integrator = bn.MemoryBAOAB() if dynamics is GLE else bn.ColoredHeun()
    limit = integrator.stability_limit(dynamics, 2.1)
    for factor, stable in ((0.999, True), (1.001, False)):
        moduli = np.abs(np.linalg.eigvals(probe(dynamics, bn.Harmonic(2.1), factor * limit).matrix))
        assert (moduli.max() < 1.0) == stable


def test_positions_and_maxwell_of_a_trap_with_memory():
    """Stationary law of the scheme: k <x^2> / kT and m <v^2> / kT tend to 1 with dt^2."""
    errors = []
    for dt in (0.2, 0.1):
        covariance = probe(GLE, bn.Harmonic(2.1), dt).stationary_covariance()
        errors.append([covariance[0, 0] * 2.1 / 0.9 - 1.0, covariance[1, 1] * 1.3 / 0.9 - 1.0])
    errors = np.abs(errors)
    assert np.all(errors < 0.03)
    assert np.all((errors[0] / np.maximum(errors[1], 1e-16) > 3.5) | (errors[1] < 1e-12))


def test_known_answers_of_traps(known):
    """<x^2> under coloured noise, and of an active particle: sampled, and (to dt^2) from the probe."""
    for name, make in (
        ("colored_noise_trap", lambda p: bn.ColoredNoise(p["lam"], p["kT"], p["tau_c"])),
        ("aoup_trap", lambda p: bn.ActiveForce(p["lam"], p["kT"], p["f0"], p["tau_a"])),
    ):
        p, value = known[name]["params"], known[name]["value"]
        dynamics, trap = make(p), bn.Harmonic(p["k"])
        exact = [
            affine_probe(bn.ColoredHeun().kernel(dynamics, dt, 1, trap), trap, 2, 3, 1, dt).stationary_covariance()[
                0, 0
            ]
            for dt in (0.02, 0.01)
        ]
        assert (4.0 * exact[1] - exact[0]) / 3.0 == pytest.approx(value, rel=1e-5)
        run = bn.Simulation(potential=trap, dynamics=dynamics, dt=0.02, particles=60_000, seed=3).run(steps=60)
        squares = run.positions[-1].astype(float) ** 2
        assert abs(standard_errors(squares, exact[0])) < STANDARD_ERRORS
        assert abs(standard_errors(squares, p["kT"] / p["k"])) > STANDARD_ERRORS


def test_known_answers_of_an_exponential_kernel(known):
    """Velocity autocorrelation and displacement of a free particle, exact at any step for v, to dt^2 for x."""
    entry = known["gle_exponential"]
    p, value = entry["params"], entry["value"]
    dynamics = bn.GeneralizedLangevin(p["m"], p["kT"], p["lam"], p["tau_k"])
    integrator, t = bn.MemoryBAOAB(), np.array(p["t"])
    found = affine_probe(integrator.kernel(dynamics, 0.1, 1, bn.Free()), bn.Free(), 3, 2, 1, 0.1)
    vacf = [np.linalg.matrix_power(found.matrix, round(s / 0.1))[1, 1] * p["kT"] / p["m"] for s in t]
    assert np.abs(np.array(vacf) - value["vacf"]).max() < 1e-13
    run = bn.Simulation(potential=bn.Free(), dynamics=dynamics, dt=0.05, particles=40_000, seed=4)
    trajectory = run.run(time=6.0, every=p["t"], dtype=np.float64)
    x, v = trajectory.positions[:, :, 0], trajectory.velocities[:, :, 0]
    for k in range(len(t)):
        assert abs(standard_errors(v[0] * v[k + 1], value["vacf"][k])) < STANDARD_ERRORS
        assert abs(standard_errors((x[k + 1] - x[0]) ** 2, value["msd"][k])) < STANDARD_ERRORS


def test_double_well_with_memory_is_boltzmann():
    run = bn.Simulation(potential=WELL, dynamics=GLE, dt=0.05, particles=4000, seed=4).run(time=60.0, every=2.0)
    squares = (run.positions[15:, :, 0].astype(float) ** 2).mean(axis=0)
    exact = bn.theory.boltzmann_average(np.square, WELL.profile, kT=0.9)
    assert abs(standard_errors(squares, exact)) < STANDARD_ERRORS


@pytest.mark.parametrize("potential", [bn.Harmonic(2.1), bn.Free()], ids=["trap", "free"])
def test_memory_with_its_noise_passes_and_without_fails(potential):
    """The same correlation time: noise with the friction that belongs to it, and noise alone."""
    good = bn.Simulation(potential=potential, dynamics=GLE, dt=0.1, particles=400, seed=5).run(steps=3000, every=0.1)
    verdict = bn.validate(good)
    assert verdict.verdict == "pass"
    assert any("comes back" in note for note in verdict.notes)
    for dynamics in (COLORED, ACTIVE):
        what = {"potential": potential, "dynamics": dynamics, "dt": 0.02, "particles": 400, "seed": 5}
        verdict = bn.validate(bn.Simulation(**what).run(steps=3000, every=0.02))
        assert verdict.verdict == "fail"
        failed = {line.group for line in verdict.lines if line.verdict == "fail"}
        assert failed == ({"statics", "response"} if potential == bn.Harmonic(2.1) else {"statics"})


def test_bits_of_memory_do_not_depend_on_threads_or_cuts(tmp_path, monkeypatch):
    from recorded import interrupted

    what = {"potential": WELL, "dynamics": GLE, "dt": 0.05, "particles": 300, "seed": 5, "bookkeeping": True}
    path = tmp_path / "run.h5md"
    straight = bn.Simulation(**what).run(steps=60, every=0.5, threads=1)
    assert np.abs(straight.energies.first_law).max() < 1e-12
    other = bn.Simulation(**what).run(steps=60, every=0.5, threads=3)
    interrupted(monkeypatch, bn.Simulation(**what), path, interrupts=2, steps=60, every=0.5)
    resumed = bn.Simulation(**what).run(steps=60, every=0.5, out=path, resume=True)
    for run in (other, resumed):
        assert np.array_equal(run.positions[:], straight.positions[:])
        assert np.array_equal(run.tallies[:], straight.tallies[:])
    again = resumed.simulation()
    assert again.dynamics == GLE
    plain = bn.Simulation(**what | {"bookkeeping": False}).run(steps=60, every=0.5)
    assert np.array_equal(plain.positions, straight.positions[:])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bn.GeneralizedLangevin(1.3, 0.9, [0.5], [0.6, 2.0]), "1 frictions and 2 times"),
        (lambda: bn.GeneralizedLangevin(1.3, 0.9, [0.5, -0.3], [0.6, 2.0]), "frictions = .*finite and positive"),
        (lambda: bn.GeneralizedLangevin(0.0, 0.9, 0.5, 0.6), "mass = 0.0"),
        (lambda: bn.GeneralizedLangevin(1.3, 0.9, [0.5] * 9, [0.6] * 9), "9 modes, but at most 8"),
        (lambda: bn.ColoredNoise(0.7, 0.9, 0.0), "time = 0.0"),
        (lambda: bn.ActiveForce(0.7, 0.9, math.nan, 0.8), "force = nan"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_schemes_and_dynamics_that_do_not_fit():
    with pytest.raises(TypeError, match="integrates Langevin, not GeneralizedLangevin"):
        bn.Simulation(potential=WELL, dynamics=GLE, integrator=bn.GJF(), dt=0.1, particles=1, seed=1)
    with pytest.raises(TypeError, match="integrates GeneralizedLangevin, not Langevin"):
        bn.Simulation(
            potential=WELL,
            dynamics=bn.Langevin(1.3, 0.7, 0.9),
            integrator=bn.MemoryBAOAB(),
            dt=0.1,
            particles=1,
            seed=1,
        )

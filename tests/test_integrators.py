"""Every scheme: golden steps, the affine probe of the compiled kernel, orders, stability, exact laws."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors

import brownian as bn
from brownian.caching import compiled_for
from brownian.dynamics import Langevin, Overdamped
from brownian.engine import Engine
from brownian.integrators import REGISTRY
from brownian.integrators.operator import StationaryLaw
from brownian.integrators.probe import affine_probe
from brownian.integrators.scheme import begin, step
from brownian.noise import Given
from brownian.theory.linear import SCHEME_OF

MASS, FRICTION, STIFFNESS, KT = 1.3, 0.7, 2.1, 0.9
DYNAMICS = {Langevin: Langevin(MASS, FRICTION, KT), Overdamped: Overdamped(FRICTION, KT)}
PAIRS = [  # a scheme that rejects moves has no path of the dynamics: see test_mala
    (cls, form) for cls in REGISTRY.values() for form in cls.facts if form in DYNAMICS and not cls.deciding
]
NAMES = [f"{cls.__name__}-{form.__name__}" for cls, form in PAIRS]
WELL = bn.DoubleWell(barrier=2.0, width=1.2)


@pytest.fixture(params=PAIRS, ids=NAMES)
def scheme(request):
    """An integrator and the dynamics it is for."""
    cls, form = request.param
    return cls(), DYNAMICS[form]


def _begin(kernel, potential, s, work, z, n, t):
    begin(kernel, potential, s, work, z, n, t)


def _step(kernel, potential, s, work, z, n, t, t_next):
    step(kernel, potential, s, work, z, n, t, t_next)


def _compiled(kernel, potential):
    return compiled_for(_begin, kernel, potential), compiled_for(_step, kernel, potential)


def _probe(integrator, dynamics, potential, dt, dimension=1, compiled=True):
    kernel = integrator.kernel(dynamics, dt, dimension, potential)
    take = _compiled(kernel, potential) if compiled else (begin, step)
    normals = integrator.facts_for(dynamics).normals
    return affine_probe(kernel, potential, len(dynamics.slots), normals, dimension, dt, take)


def _one_step(integrator, dynamics, potential, dt, state, normals):
    """One step of the engine from a state with given normals (rows: steps)."""
    kernel, facts = integrator.kernel(dynamics, dt, 1, potential), integrator.facts_for(dynamics)
    noise = Given(np.array(normals, dtype=float)[:, :, None, None], 0)
    engine = Engine(kernel, potential, noise, slots=len(state), normals=facts.normals, particles=1, dimension=1, dt=dt,
                    first_particle=0, threads=1)  # fmt: skip
    engine.load(np.array(state, dtype=float)[:, None, None])
    engine.advance(0, 1)
    return engine.unload().ravel()


GOLDEN = [
    ("underdamped", "baoab", bn.BAOAB()),
    ("underdamped", "gj1", bn.GJF()),
    ("underdamped", "gj2", bn.GJ2()),
    ("underdamped", "obabo", bn.OBABO()),
    ("underdamped", "euler_maruyama", bn.EulerMaruyama()),
    ("overdamped", "euler_maruyama(ula)", bn.EulerMaruyama()),
    ("overdamped", "leimkuhler_matthews", bn.LeimkuhlerMatthews()),
    ("overdamped", "heun", bn.Heun()),
]


@pytest.mark.parametrize(("form", "name", "integrator"), GOLDEN)
def test_golden_step(known, form, name, integrator):
    golden, p = known["one_step_golden"], known["one_step_golden"]["params"]
    if form == "overdamped":
        dynamics, dt, state = Overdamped(p["lam"], p["kT"]), p["tau"] * p["lam"], [p["x"]]
    else:
        dynamics, dt, state = Langevin(p["m"], p["lam"], p["kT"]), p["h"], [p["x"], p["v"]]
    normals = [[p["xi1"], p["xi2"]]] * 2 if integrator.facts_for(dynamics).normals == 2 else [[p["xi1"]], [p["xi2"]]]
    well = bn.DoubleWell(p["Eb"], p["x0"])
    result = _one_step(integrator, dynamics, well, dt, state, normals)
    assert result[0] == pytest.approx(golden[form][name]["x"], rel=4e-16, abs=4e-16)
    if form == "underdamped":
        assert result[1] == pytest.approx(golden[form][name]["v"], rel=4e-16, abs=4e-16)


@pytest.mark.parametrize("dt", [0.2, 0.5])
def test_probe_of_the_compiled_kernel_meets_the_closed_forms(scheme, dt):
    """Stationary <x^2>, <v^2>, the step matrix and its noise, to 1e-10, at parameters that are never 1."""
    integrator, dynamics = scheme
    potential = bn.Harmonic(STIFFNESS)
    limit = integrator.stability_limit(dynamics, STIFFNESS)
    if dt >= limit:
        with pytest.raises(ValueError, match="unstable"):
            bn.Simulation(potential=potential, dynamics=dynamics, integrator=integrator, dt=dt, particles=1, seed=1)
        return
    probe = _probe(integrator, dynamics, potential, dt)
    covariance, name = probe.stationary_covariance(), SCHEME_OF[type(integrator).__name__]
    parameters = {"friction": FRICTION, "mass": MASS if isinstance(dynamics, Langevin) else 0.0}
    expected = bn.theory.position_variance_ratio(name, stiffness=STIFFNESS, dt=dt, **parameters)
    assert covariance[0, 0] * STIFFNESS / KT == pytest.approx(expected, rel=1e-10)
    if isinstance(dynamics, Langevin):
        expected = bn.theory.velocity_variance_ratio(name, stiffness=STIFFNESS, dt=dt, **parameters)
        assert covariance[1, 1] * MASS / KT == pytest.approx(expected, rel=1e-10)
    matrix, noise, _ = bn.theory.linear_scheme(name, kT=KT, stiffness=STIFFNESS, dt=dt, **parameters)
    if matrix.shape == probe.matrix.shape:  # theory may carry the kept noise of Leimkuhler-Matthews in its own way
        assert np.abs(matrix - probe.matrix).max() < 1e-12
        assert np.abs(noise @ noise.T - probe.noise @ probe.noise.T).max() < 1e-12


def test_probe_of_a_free_particle_gives_diffusion_and_drift(scheme):
    """D lambda / kT and drift lambda / f from the compiled kernel, against the closed forms."""
    integrator, dynamics = scheme
    if isinstance(dynamics, Overdamped):
        probe = _probe(integrator, dynamics, bn.ConstantForce(0.8), 0.5)
        assert probe.shift[0] == pytest.approx(0.8 * 0.5 / FRICTION, rel=1e-12)
        # all that one normal ever moves x: now, and (kept) in the next step
        through = probe.noise[0, 0] + (probe.matrix[0, 1] if len(probe.shift) == 2 else 0.0)
        assert through**2 == pytest.approx(2.0 * KT / FRICTION * 0.5, rel=1e-12)
        return
    dt, name = 0.5, SCHEME_OF[type(integrator).__name__]
    probe = _probe(integrator, dynamics, bn.ConstantForce(0.8), dt)
    m, n, b = probe.matrix, probe.noise, probe.shift
    velocity = b[1] / (1.0 - m[1, 1])  # stationary mean of v; dx per step = m01 v + b0
    drift = (m[0, 1] * velocity + b[0]) / dt * FRICTION / 0.8
    assert drift == pytest.approx(bn.theory.drift_ratio(name, mass=MASS, friction=FRICTION, dt=dt), rel=1e-12)
    through = n[0] + m[0, 1] / (1.0 - m[1, 1]) * n[1]  # all that a step's noise ever moves x
    diffusion = through @ through / (2.0 * dt) * FRICTION / KT
    assert diffusion == pytest.approx(bn.theory.diffusion_ratio(name, mass=MASS, friction=FRICTION, dt=dt), rel=1e-12)


def test_interpreted_is_compiled(scheme):
    integrator, dynamics = scheme
    for potential in (bn.Harmonic([2.1, 3.3]),) if isinstance(integrator, bn.ExactOU) else (bn.DoubleWell(2.0, 1.2),):
        kernel = integrator.kernel(dynamics, 0.03, 2, potential)
        rng = np.random.default_rng(3)
        s = rng.normal(size=(len(dynamics.slots), 2, 37))
        z = rng.normal(size=(2, 2, 2, 37))
        results = []
        for first, take in ((begin, step), _compiled(kernel, potential)):
            state, work = s.copy(), np.zeros((3, 2, 37))
            first(kernel, potential, state, work, z, 0, 0.0)
            for n in range(2):
                take(kernel, potential, state, work, z, n, n * 0.03, (n + 1) * 0.03)
            results.append(state)
        assert np.array_equal(*results)


def test_block_form_is_component_form(scheme):
    """The loops around a block method and the loop with the force inside are the same scheme, bit for bit."""
    integrator, dynamics = scheme
    if isinstance(integrator, bn.ExactOU):
        pytest.skip("computes no force")
    separable = bn.DoubleWell(2.0, 1.2)
    block = bn.Expression("2.0*((x*(1/1.2))**2 - 1)**2 + 0*y", dimension=2)
    rng = np.random.default_rng(3)
    s = rng.normal(size=(len(dynamics.slots), 2, 5))
    s[:, 1] = 0.0
    z = rng.normal(size=(4, 2, 2, 5))
    z[:, :, 1] = 0.0
    ends = []
    for potential in (separable, block):
        kernel = integrator.kernel(dynamics, 0.03, 2, potential)
        state, work = s.copy(), np.zeros((3, 2, 5))
        begin(kernel, potential, state, work, z, 0, 0.0)
        for n in range(4):
            step(kernel, potential, state, work, z, n, n * 0.03, (n + 1) * 0.03)
        ends.append(state[:, 0])
    assert np.abs(ends[0] - ends[1]).max() < 1e-13  # the expression rounds its polynomial differently


@pytest.mark.parametrize(
    ("key", "integrator"), [("EM", bn.EulerMaruyama()), ("LM", bn.LeimkuhlerMatthews()), ("Heun", bn.Heun())]
)
@pytest.mark.parametrize("tau", [0.01, 0.04])
def test_exact_bias_in_a_double_well(known, key, integrator, tau):
    """The compiled step's transfer operator gives the published discrete averages to ten digits."""
    expected = known["overdamped_double_well"]["table"][f"{key}_tau{tau:g}"]
    law = StationaryLaw(integrator, DYNAMICS[Overdamped], tau * FRICTION, WELL, -3.2, 3.2)
    assert law.average(np.square) == pytest.approx(expected["x2"], abs=2e-10)
    assert law.average(WELL.profile) == pytest.approx(expected["U"], abs=2e-10)


@pytest.mark.parametrize(("key", "integrator"), [("GJ-I", bn.GJF()), ("BAOAB", bn.BAOAB()), ("OBABO", bn.OBABO())])
def test_double_well_by_simulation(known, key, integrator):
    """Discrete averages of the underdamped schemes at h = 0.2, within 5 standard errors."""
    expected = known["integrators_double_well"]["table"][f"{key}_h0.2"]
    simulation = bn.Simulation(
        potential=WELL, dynamics=DYNAMICS[Langevin], integrator=integrator, dt=0.2, particles=16384, seed=2
    )
    trajectory = simulation.run(steps=600, every=3.0, dtype=np.float64)
    x, v = trajectory.positions[10:, :, 0], trajectory.velocities[10:, :, 0]
    assert abs(standard_errors((x**2).mean(axis=0), expected["x2"])) < STANDARD_ERRORS
    assert abs(standard_errors((MASS / KT * v**2).mean(axis=0), expected["v2"])) < STANDARD_ERRORS
    energy = WELL.profile(x).mean(axis=0)
    assert abs(standard_errors(energy, expected["U"])) < STANDARD_ERRORS


def test_a_noise_one_percent_too_strong_fails(known):
    """The test above can fail: 1 % in the noise's amplitude is seen by the probe and by sampling."""
    integrator, dynamics = bn.GJF(), DYNAMICS[Langevin]
    potential = bn.Harmonic(STIFFNESS)
    kernel = integrator.kernel(dynamics, 0.2, 1, potential)
    wrong = kernel._replace(spread=1.01 * kernel.spread)
    probe = affine_probe(wrong, potential, 2, 1, 1, 0.2)
    assert abs(probe.stationary_covariance()[0, 0] * STIFFNESS / KT - 1.0) > 1e-2
    simulation = bn.Simulation(
        potential=WELL, dynamics=dynamics, integrator=integrator, dt=0.2, particles=16384, seed=2
    )
    simulation.kernel = simulation.kernel._replace(spread=1.01 * simulation.kernel.spread)
    v = simulation.run(steps=600, every=3.0, dtype=np.float64).velocities[10:, :, 0]
    expected = known["integrators_double_well"]["table"]["GJ-I_h0.2"]["v2"]
    assert abs(standard_errors((MASS / KT * v**2).mean(axis=0), expected)) > STANDARD_ERRORS


def test_stability_limit_is_where_the_probe_turns_unstable(scheme):
    integrator, dynamics = scheme
    for friction in (0.3, 4.0):
        form = Langevin(MASS, friction, KT) if isinstance(dynamics, Langevin) else Overdamped(friction, KT)
        limit = integrator.stability_limit(form, STIFFNESS)
        if math.isinf(limit):
            continue
        for factor, stable in ((0.999, True), (1.001, False)):
            matrix = _probe(integrator, form, bn.Harmonic(STIFFNESS), factor * limit, compiled=False).matrix
            assert (np.abs(np.linalg.eigvals(matrix)).max() < 1.0) == stable


def _moment_error(integrator, dynamics, dt, time):
    """Error of E[x(t)] and E[x(t)^2] from a fixed start in a trap: exact means of a linear scheme, no sampling."""
    potential = bn.Harmonic(STIFFNESS)
    probe = _probe(integrator, dynamics, potential, dt, compiled=False)
    steps, size = round(time / dt), len(probe.shift)
    mean, covariance = np.zeros(size), np.zeros((size, size))
    mean[0] = 0.8
    if size > len(dynamics.slots):
        covariance[-1, -1] = 1.0  # the kept noise is a standard normal
    for _ in range(steps):
        mean = probe.matrix @ mean + probe.shift
        covariance = probe.matrix @ covariance @ probe.matrix.T + probe.noise @ probe.noise.T
    if isinstance(dynamics, Langevin):
        drift = np.array([[0.0, 1.0], [-STIFFNESS / MASS, -FRICTION / MASS]])
        noise = np.array([[0.0, 0.0], [0.0, 2.0 * FRICTION * KT / MASS**2]])
        start = np.array([0.8, 0.0])
    else:
        drift, noise, start = np.array([[-STIFFNESS / FRICTION]]), np.array([[2.0 * KT / FRICTION]]), np.array([0.8])
    exact, sigma = bn.theory.exact_ou(drift, noise, time)
    true = exact @ start
    return abs(mean[0] - true[0]) + abs(covariance[0, 0] + mean[0] ** 2 - sigma[0, 0] - true[0] ** 2)


def test_weak_order_is_what_the_class_states(scheme):
    integrator, dynamics = scheme
    order = integrator.facts_for(dynamics).weak_order
    steps = np.array([0.02, 0.01, 0.005]) * (1.0 if isinstance(dynamics, Langevin) else 0.25)
    errors = np.array([_moment_error(integrator, dynamics, dt, 0.8) for dt in steps])
    if math.isinf(order):
        assert errors.max() < 1e-13
        return
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("integrator", [bn.EulerMaruyama(), bn.LeimkuhlerMatthews(), bn.Heun()])
def test_stationary_order_is_what_the_class_states(integrator):
    """Of the bias of <U> in the double well: exact, by the transfer operator of the compiled step."""
    exact = bn.theory.boltzmann_average(WELL.profile, WELL.profile, kT=KT)
    bias = [
        StationaryLaw(integrator, DYNAMICS[Overdamped], tau * FRICTION, WELL, -3.0, 3.0, nodes=120).average(
            WELL.profile
        )
        - exact
        for tau in (0.004, 0.002)
    ]
    order = integrator.facts_for(DYNAMICS[Overdamped]).stationary_order
    assert math.log2(abs(bias[0] / bias[1])) == pytest.approx(order, abs=0.25)


def _brownian_paths(levels, particles, seed=3):
    """Increments of the same Brownian motion at steps 1, 2, 4, ...: standard normals for each."""
    fine = np.random.default_rng(seed).normal(size=(2**levels, particles))
    return [fine.reshape(2 ** (levels - k), 2**k, particles).sum(axis=1) / math.sqrt(2**k) for k in range(levels)]


STRONG = [pair for pair in PAIRS if pair[0] not in (bn.GJ2, bn.OBABO, bn.ExactOU)]


@pytest.mark.parametrize("pair", STRONG, ids=lambda pair: f"{pair[0].__name__}-{pair[1].__name__}")
def test_strong_order_on_a_shared_brownian_path(pair):
    """Root-mean-square difference from the finest path against the step; slope within 0.25 of what is stated."""
    integrator, dynamics = pair[0](), DYNAMICS[pair[1]]
    particles, time, levels = 400, 0.8, 9
    paths, ends = _brownian_paths(levels, particles), []
    for k in (0, 3, 4, 5):
        z = paths[k]
        steps, dt = len(z), time / len(z)
        kernel = integrator.kernel(dynamics, dt, 1, WELL)
        s = np.zeros((len(dynamics.slots), 1, particles))
        s[0] = 0.3
        window = np.concatenate([z, z[-1:]])[:, None, None, :]
        work = np.zeros((3, 1, particles))
        first, take = _compiled(kernel, WELL)
        first(kernel, WELL, s, work, window, 0, 0.0)
        shift = int(kernel.keeps_noise)
        for n in range(steps):
            take(kernel, WELL, s, work, window, n + shift, n * dt, (n + 1) * dt)
        ends.append(s[0, 0].copy())
    errors = [np.sqrt(np.mean((end - ends[0]) ** 2)) for end in ends[1:]]
    slope = np.polyfit(np.arange(3), np.log2(errors), 1)[0]
    assert slope == pytest.approx(integrator.facts_for(dynamics).strong_order, abs=0.25)


@pytest.mark.parametrize("integrator", [bn.GJF(), bn.BAOAB(), bn.GJ2(), bn.OBABO()])
def test_without_bath_it_is_velocity_verlet(integrator):
    """friction = kT = 0: reversible, energy error bounded and of order dt^2."""
    dynamics, potential, drifts = Langevin(MASS, 0.0, 0.0), bn.DoubleWell(2.0, 1.2), []
    for dt in (0.04, 0.02):
        kernel = integrator.kernel(dynamics, dt, 1, potential)
        s = np.array([[[0.4]], [[1.1]]])
        z, work = np.ones((1, 2, 1, 1)), np.zeros((3, 1, 1))
        begin(kernel, potential, s, work, z, 0, 0.0)

        def total(state):
            return float(potential.profile(state[0, 0, 0]) + 0.5 * MASS * state[1, 0, 0] ** 2)

        before, worst = total(s), 0.0
        for _ in range(round(40 / dt)):
            step(kernel, potential, s, work, z, 0, 0.0, dt)
            worst = max(worst, abs(total(s) - before))
        drifts.append(worst)
        s[1] *= -1.0
        for _ in range(round(40 / dt)):
            step(kernel, potential, s, work, z, 0, 0.0, dt)
        assert s[0, 0, 0] == pytest.approx(0.4, abs=1e-7)  # rounding grows by the instability of the orbit
        assert s[1, 0, 0] == pytest.approx(-1.1, abs=1e-7)
    assert drifts[0] / drifts[1] == pytest.approx(4.0, rel=0.15)


def test_gj2_becomes_leimkuhler_matthews_as_the_mass_vanishes():
    """c -> 0 at fixed dt: the same path as the overdamped scheme with the same normals, to rounding."""
    steps, dt, rng = 20, 0.02, np.random.default_rng(1)
    z = rng.normal(size=(steps + 1, 1, 1, 3))
    x = rng.normal(size=(1, 3))
    light, heavy = Langevin(1e-12, FRICTION, KT), Overdamped(FRICTION, KT)
    kernel = bn.GJ2().kernel(light, dt, 1, WELL)
    # on the step: what the noise of the step before left behind, and the half kick of the force
    v = kernel.spread[0] * z[0, 0] + kernel.kick[0] * WELL.force(x[0])[None]
    ends = []
    for scheme, state, normals in (
        (kernel, np.stack([x, v]), z[1:]),
        (bn.LeimkuhlerMatthews().kernel(heavy, dt, 1, WELL), x[None].copy(), z),
    ):
        work = np.zeros((3, 1, 3))
        begin(scheme, WELL, state, work, normals, 0, 0.0)
        for n in range(steps):
            step(scheme, WELL, state, work, normals, n + int(scheme.keeps_noise), n * dt, (n + 1) * dt)
        ends.append(state[0])
    assert np.abs(ends[0] - ends[1]).max() < 1e-12


def test_warning_of_unresolved_velocities():
    with pytest.warns(UserWarning, match=r"gamma dt = 10.8 > 2"):
        bn.Simulation(potential=bn.Free(), dynamics=Langevin(1.3, 140.0, 0.9), dt=0.1, particles=1, seed=1)


def test_wrong_pairs_are_refused():
    with pytest.raises(TypeError, match=r"Heun\(\) integrates Overdamped, not Langevin"):
        bn.Simulation(potential=WELL, dynamics=DYNAMICS[Langevin], integrator=bn.Heun(), dt=0.1, particles=1, seed=1)
    with pytest.raises(ValueError, match="ExactOU needs a force"):
        bn.Simulation(
            potential=WELL, dynamics=DYNAMICS[Overdamped], integrator=bn.ExactOU(), dt=0.01, particles=1, seed=1
        )


def test_parameters_per_component():
    """friction and kT of one component do not touch the other: the probe in two dimensions is two probes in one."""
    both = _probe(
        bn.GJF(), Langevin(MASS, (0.7, 2.0), (0.9, 0.3)), bn.Harmonic([2.1, 1.1]), 0.3, 2
    ).stationary_covariance()
    for d, (friction, kT, stiffness) in enumerate([(0.7, 0.9, 2.1), (2.0, 0.3, 1.1)]):
        one = _probe(bn.GJF(), Langevin(MASS, friction, kT), bn.Harmonic(stiffness), 0.3).stationary_covariance()
        assert both[d, d] == pytest.approx(one[0, 0], rel=1e-13)
        assert both[2 + d, 2 + d] == pytest.approx(one[1, 1], rel=1e-13)
    assert abs(both[0, 1]) < 1e-15

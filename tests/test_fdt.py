"""The verdict: exact p-values, every scheme inverted, replay, other programs' files, bad input."""

import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from fdt_mutants import DT, DYNAMICS, FRICTION, KT, MASS, POTENTIAL, RIGHT, foreign, run
from scipy import stats

import brownian as bn
from brownian.fdt import BAOA, SCHEMES, Line, MissingParameters, Verdict, exact, validate
from brownian.fdt.moving_average import whitened
from brownian.fdt.parameters import Claim, claim_for
from brownian.fdt.response import _common_random_numbers, _of_the_scheme
from brownian.fdt.stationary import stationary_part
from brownian.fdt.weights import noise_like_force, weight_lines

LANGEVIN, OVERDAMPED = DYNAMICS, bn.Overdamped(friction=0.7, kT=0.9)
TRAP = bn.Harmonic(2.1)
FAMILY = 1e-6  # with fixed seeds every outcome is fixed; a correct run is to pass at this level


def simulated(integrator, *, dynamics=LANGEVIN, potential=TRAP, dimension=1, particles=64, steps=600, dt=DT, every=None,
              **more):  # fmt: skip
    simulation = bn.Simulation(
        potential=potential, dynamics=dynamics, integrator=integrator, dt=dt, particles=particles, dimension=dimension,
        seed=11, start=more.pop("start", "stationary"),
    )  # fmt: skip
    return simulation.run(steps=steps, every=dt if every is None else every, **more)


def line_of(verdict, name):
    return next(line for line in verdict.lines if line.name.startswith(name))


# ---- p-values


def test_p_values_are_exact_where_they_say_so():
    """Kolmogorov-Smirnov over 2000 small samples: 20 normals, where no asymptotic formula would do."""
    rng = np.random.default_rng(1)
    xi = rng.standard_normal((2000, 20))
    found = {
        "t": [exact.t_test(row.sum(), row @ row, 20)[1] for row in xi],
        "strength": [exact.strength_test(row @ row, 20)[2] for row in xi],
        "largest": [exact.largest_test(np.abs(row).max(), 20)[1] for row in xi],
        "common": [exact.common_test((r.sum(1) ** 2).sum() / 4, 5, (r**2).sum(), 4)[2] for r in xi.reshape(-1, 5, 4)],
        "scores": [exact.chi_square_test(exact.scores((r**2).sum(1), np.full(5, 4)))[3] for r in xi.reshape(-1, 5, 4)],
    }
    for name, p in found.items():
        assert stats.kstest(p, "uniform").pvalue > 1e-4, name


def test_signs_from_the_past_leave_normals():
    """Every sign is that of the path so far, a random walk: exact, though nothing is stationary."""
    rng = np.random.default_rng(2)
    xi = rng.standard_normal((4000, 8))
    path = np.cumsum(xi, axis=1)
    signs = np.concatenate([np.ones((4000, 1)), np.sign(path[:, :-1])], axis=1)
    p = [exact.t_test((s * row).sum(), row @ row, 8)[1] for s, row in zip(signs, xi, strict=True)]
    assert stats.kstest(p, "uniform").pvalue > 1e-4


@pytest.mark.parametrize(("test", "n"), [(exact.skewness_test, 400), (exact.kurtosis_test, 400)])
def test_moment_tests_have_their_size(test, n):
    """At the smallest samples that are judged, the size at 5 % and 1 % lies in its binomial interval (5 s.e.)."""
    xi = np.random.default_rng(3).standard_normal((4000, n))
    p = np.array([test(n, [(row**k).sum() for k in (1, 2, 3, 4)])[3] for row in xi])
    for level in (0.05, 0.01):
        assert abs((p <= level).sum() - 4000 * level) < 5.0 * np.sqrt(4000 * level * (1.0 - level))


@pytest.mark.parametrize("test", [exact.skewness_test, exact.kurtosis_test])
@pytest.mark.parametrize("xi", [np.full(400, 1e200), np.linspace(-1e160, 1e161, 400), np.full(400, 0.5)])
def test_numbers_too_large_or_too_equal_are_no_normals(test, xi):
    with np.errstate(over="ignore", invalid="ignore"):
        *_, z, p = test(400, [(xi**k).sum() for k in (1, 2, 3, 4)])
    assert p == 0.0
    assert z > 8.0


def test_strength_interval_holds_the_truth():
    rng = np.random.default_rng(4)
    squares = (rng.standard_normal((4000, 50)) ** 2).sum(axis=1)
    held = np.mean([low <= 1.0 <= high for low, high in (exact.strength_interval(s, 50, 0.1) for s in squares)])
    assert abs(held - 0.9) < 5.0 * np.sqrt(0.09 / 4000)


def test_moving_average_is_whitened_exactly():
    """By matrices: the transform turns the covariance (2, 1) of xi_n + xi_n+1 into the identity."""
    rows = 13
    step = np.eye(rows, rows + 1) + np.eye(rows, rows + 1, 1)
    transform = np.stack([whitened(column[:, np.newaxis])[:, 0] for column in step.T], axis=1)
    np.testing.assert_allclose(transform @ transform.T, np.eye(rows - 1), atol=1e-13)


# ---- our own runs


CASES = {
    "GJF": (bn.GJF(), LANGEVIN, 2, DT),
    "BAOAB": (bn.BAOAB(), LANGEVIN, 1, DT),
    "GJ2": (bn.GJ2(), LANGEVIN, 1, DT),
    "OBABO": (bn.OBABO(), LANGEVIN, 1, DT),
    "Langevin Euler": (bn.EulerMaruyama(), LANGEVIN, 1, DT),
    "Langevin OU": (bn.ExactOU(), LANGEVIN, 1, DT),
    "Euler": (bn.EulerMaruyama(), OVERDAMPED, 1, 0.05),
    "LeimkuhlerMatthews": (bn.LeimkuhlerMatthews(), OVERDAMPED, 1, 0.05),
    "Heun": (bn.Heun(), OVERDAMPED, 1, 0.05),
    "OU": (bn.ExactOU(), OVERDAMPED, 1, 0.05),
}


@pytest.mark.parametrize("name", CASES)
def test_every_scheme_gives_its_noise_back(name):
    """A correct run has the noise of its seed to rounding, the friction of its scheme, and fails nothing."""
    integrator, dynamics, dimension, dt = CASES[name]
    verdict = validate(simulated(integrator, dynamics=dynamics, dimension=dimension, dt=dt), family_error=FAMILY)
    assert not verdict.failed, str(verdict)
    assert line_of(verdict, "noise as seeded").z < 1.0
    assert line_of(verdict, "friction of the scheme").z < 1.0
    assert verdict.headline.interval[0] < 1.0 < verdict.headline.interval[1]
    assert {"statics", "response"} <= {line.group for line in verdict.lines}


def test_another_seed_is_seen():
    trajectory = simulated(bn.GJF(), steps=20)
    description = trajectory.description | {"seed": 12}
    source = type(trajectory._source)(
        trajectory.steps, trajectory.times, trajectory.positions, trajectory.velocities, None, description, []
    )
    verdict = validate(type(trajectory)(source, bn.Simulation.from_description))
    assert verdict.cause.name == "noise as seeded"


def test_integrity_has_no_friction_and_the_file_shows_it():
    """BAOAB and GJF pass each other's integrity test; the friction is regressed, with its interval."""
    trajectory = simulated(bn.GJF(), particles=500, steps=1000)
    verdict = validate(trajectory, friction=0.84, averages=False)
    assert line_of(verdict, "step").verdict == "pass"
    found = line_of(verdict, "friction from the file")
    assert verdict.cause.name == "friction from the file"
    assert found.interval[0] < 0.7 < found.interval[1] < 0.84


def test_file_with_a_stride_is_replayed(tmp_path):
    path = tmp_path / "run.h5md"
    simulated(bn.GJF(), particles=64, steps=600, every=10 * DT, out=path).close()
    verdict = validate(path, family_error=FAMILY, averages=False)
    replayed = line_of(verdict, "frames as replayed")
    assert (replayed.measured, replayed.verdict) == (0.0, "pass")
    assert verdict.headline.count == 64 * 600
    assert not verdict.failed


def test_noise_beyond_all_noise_is_refused():
    """A number that damage made huge: the powers of such noise are no numbers, and no verdict is computed from them."""
    trajectory = simulated(bn.GJF(), steps=60)
    x = trajectory.positions.copy()
    x[7, 3] = 1e200
    source = type(trajectory._source)(
        trajectory.steps, trajectory.times, x, trajectory.velocities, None, trajectory.description, []
    )
    with pytest.raises(
        ValueError, match=r"the noise that would have made these frames is \de\+\d+ standard deviations"
    ):
        validate(type(trajectory)(source, bn.Simulation.from_description))


def test_stored_frames_that_were_touched_are_seen():
    trajectory = simulated(bn.GJF(), steps=60, every=10 * DT)
    x = trajectory.positions.copy()
    x[3] *= 1.0 + 1e-5
    source = type(trajectory._source)(
        trajectory.steps, trajectory.times, x, trajectory.velocities, None, trajectory.description,
        trajectory._source.checkpoints(),
    )  # fmt: skip
    verdict = validate(type(trajectory)(source, bn.Simulation.from_description), averages=False)
    assert verdict.cause.name == "frames as replayed"


def test_too_few_data_says_how_many_more():
    verdict = validate(simulated(bn.GJF(), steps=100), averages=False)
    assert (verdict.verdict, verdict.exit_status) == ("cannot say", 4)
    enough = verdict.steps_missing + 100
    assert validate(simulated(bn.GJF(), steps=2 * enough), averages=False).verdict == "pass"


def test_start_away_from_equilibrium_is_left_out():
    verdict = validate(simulated(bn.GJF(), start="rest", steps=2000), family_error=FAMILY)
    assert any("are left out" in note for note in verdict.notes)
    assert not verdict.failed
    assert validate(simulated(bn.GJF(), steps=2000)).notes == []
    short = validate(simulated(bn.GJF(), start="rest", steps=100))
    assert any("more steps are needed" in note for note in short.notes)


def test_double_well_against_its_response():
    """Nonlinear: the bias of the scheme is bounded, the response is that of common random numbers."""
    verdict = validate(simulated(bn.GJF(), potential=POTENTIAL, steps=2000), family_error=FAMILY)
    assert not verdict.failed, str(verdict)
    line = line_of(verdict, "[C(0) - C(t)] / kT against the response")
    assert 0.0 < line.bias < 0.2
    assert abs(line.measured - 1.0) < 5.0 * line.error + line.bias


def test_scheme_bias_is_told_from_a_violation():
    """OBABO's <x^2> is too large by 1 / (1 - w^2/4): expected, and passed; claimed to be GJF's, it fails."""
    trajectory = simulated(bn.OBABO(), dt=0.6, particles=400, steps=1500)
    line = line_of(validate(trajectory, seeded=False), "virial")
    assert line.expected == pytest.approx(1.0 / (1.0 - 2.1 / 1.3 * 0.36 / 4.0), rel=1e-12)
    assert abs(line.z) < 5.0
    assert abs(line.measured - 1.0) > 10.0 * line.error


def test_free_particle_obeys_einstein():
    verdict = validate(simulated(bn.BAOAB(), potential=bn.Free(), steps=1500), family_error=FAMILY)
    assert not verdict.failed
    for name in ("Einstein", "Green-Kubo"):
        assert abs(line_of(verdict, name).z) < 5.0


def test_overdamped_double_well_against_the_operator():
    """The scheme's own stationary law, bias included: x U' is off by 16 % at this dt, and expected to be."""
    verdict = validate(
        simulated(bn.EulerMaruyama(), dynamics=OVERDAMPED, potential=POTENTIAL, dt=0.02, steps=3000),
        family_error=FAMILY,
    )
    assert not verdict.failed, str(verdict)
    assert line_of(verdict, "configurational").expected > 1.2
    assert line_of(verdict, "response by Malliavin weights").verdict == "pass"


# ---- other programs' files


def test_foreign_file_names_all_that_is_missing():
    trajectory = foreign(*run(RIGHT, particles=4, steps=10))
    with pytest.raises(MissingParameters) as caught:
        validate(trajectory, friction=0.7)
    assert caught.value.missing == ("scheme", "potential", "mass", "kT")
    steps_only = foreign(*run(RIGHT, particles=4, steps=10), dt=1)
    with pytest.raises(MissingParameters, match="kT, dt"):
        validate(steps_only, scheme=bn.GJF(), potential=POTENTIAL, mass=1.3, friction=0.7)


def test_foreign_file_with_half_step_velocities():
    """OpenMM's LangevinMiddle: BAOAB's positions, with the velocity after the noise."""
    trajectory = simulated(bn.BAOAB(), particles=200, steps=500, potential=POTENTIAL)
    kick = bn.BAOAB().kernel(LANGEVIN, DT, 1, POTENTIAL).kick
    x = trajectory.positions
    v = trajectory.velocities - kick * POTENTIAL.force(x.reshape(-1, 1)).reshape(x.shape)
    claim = {"potential": POTENTIAL, "mass": MASS, "friction": FRICTION, "kT": KT}
    verdict = validate(foreign(x, v), scheme=BAOA(), family_error=FAMILY, **claim)
    assert not verdict.failed, str(verdict)
    assert validate(foreign(x, v), scheme=bn.BAOAB(), averages=False, **claim).cause.name.startswith("step")
    assert SCHEMES["baoa"] == BAOA()


def test_foreign_file_with_a_stride_keeps_the_averages():
    made = simulated(bn.GJF(), particles=200, steps=2000, every=5 * DT)
    trajectory = foreign(made.positions, made.velocities)
    trajectory._source.steps = made.steps
    claim = {"potential": TRAP, "mass": MASS, "friction": FRICTION, "kT": KT, "dt": DT}
    verdict = validate(trajectory, scheme=bn.GJF(), **claim)
    assert verdict.headline is None
    assert verdict.verdict == "cannot say"
    assert {line.group for line in verdict.lines} == {"statics", "response"}
    hot = validate(trajectory, scheme=bn.GJF(), **(claim | {"kT": 0.6}))
    assert hot.cause.group in ("statics", "response")
    assert "virial" in {line.name.split()[0] for line in hot.failed}


def test_single_precision_is_known():
    """Stored as float32: the rounding bounds grow with the stored type, and the verdict stays."""
    x, v = run(RIGHT, particles=100, steps=300)
    trajectory = foreign(x.astype(np.float32), v.astype(np.float32))
    verdict = validate(
        trajectory, scheme=bn.GJF(), potential=POTENTIAL, mass=MASS, friction=FRICTION, kT=KT, averages=False
    )
    step = line_of(verdict, "step")
    assert step.verdict == "pass"
    assert 1e-8 < step.measured < step.error < 1e-5


# ---- the verdict itself


def test_verdict_as_data_and_text():
    verdict = validate(simulated(bn.GJF()))
    data = json.loads(json.dumps(verdict.as_data(), allow_nan=False))
    assert data["verdict"] == verdict.verdict
    assert len(data["lines"]) == len(verdict.lines)
    assert data["headline"]["count"] == 64 * 600
    text = str(verdict)
    assert all(line.name in text for line in verdict.lines)
    assert text.splitlines()[-1].startswith(verdict.verdict.upper())


def test_claim_only_where_the_interval_lies_inside():
    lines = [Line("noise strength R", "innovations", 1.0, 1.0, 1e-3, 0.0, 1.0)]
    from brownian.fdt.verdict import Headline

    inside = Verdict(lines, headline=Headline(1.0002, (0.9992, 1.0009), 10**8))
    outside = Verdict(lines, headline=Headline(1.0002, (0.9992, 1.0011), 10**8))
    assert "within 0.1 %" in inside.statement
    assert "within 0.1 %" not in outside.statement
    assert Verdict(lines).exit_status == 4


@pytest.mark.parametrize(("change", "message"), [({"family_error": 0.0}, "family_error"), ({"within": -1.0}, "within")])
def test_bad_options(change, message):
    with pytest.raises(ValueError, match=message):
        validate(simulated(bn.GJF(), steps=2), **change)


def test_frozen_noise_is_a_strength_of_zero():
    x = np.zeros((200, 3, 1))
    claim = {"potential": bn.Free(), "friction": 0.7, "kT": 0.9}
    verdict = validate(foreign(x, None), scheme=bn.EulerMaruyama(), **claim)
    assert verdict.cause.name == "noise strength R"
    assert verdict.cause.measured == 0.0


def test_bad_trajectories():
    x, v = run(RIGHT, particles=4, steps=3)
    claim = {"scheme": bn.GJF(), "potential": POTENTIAL, "mass": MASS, "friction": FRICTION, "kT": KT, "dt": DT}
    with pytest.raises(ValueError, match="1 frame"):
        validate(foreign(x[:1], v[:1]), **claim)
    x[2, 1] = np.nan
    with pytest.raises(ValueError, match="frame 2: not all positions are finite"):
        validate(foreign(x, v), **claim)


@pytest.mark.parametrize("potential", [bn.Harmonic(2.1), bn.ConstantForce(0.8)])
def test_velocities_of_the_half_step_are_judged_as_such(potential):
    """A BAOA file (velocities just after the noise) at a large step: exact prediction, not that of the step."""
    from brownian.fdt import BAOA
    from brownian.trajectory import from_arrays

    dynamics, dt = bn.Langevin(mass=1.3, friction=0.7, kT=0.9), 0.5
    run = bn.Simulation(potential=potential, dynamics=dynamics, integrator=bn.BAOAB(), dt=dt, particles=300, seed=5)
    made = run.run(steps=1500, every=dt)
    x, v = np.asarray(made.positions), np.asarray(made.velocities)
    force = potential.force(x.reshape(-1, 1)).reshape(x.shape)
    half = v - dt / 2.0 / 1.3 * force
    late = slice(300, None)
    foreign = from_arrays(made.steps[late], made.times[late], x[late], half[late])
    claim = {"potential": potential, "mass": 1.3, "friction": 0.7, "kT": 0.9, "dt": dt}
    verdict = validate(foreign, scheme=BAOA(), **claim)
    assert not verdict.failed, str(verdict)
    kinetic = next(line for line in verdict.lines if line.name.startswith("equipartition m <v_half"))
    assert kinetic.expected == pytest.approx(1.0, abs=1e-9)
    assert validate(foreign, scheme=bn.BAOAB(), **claim).verdict == "fail"


# ---- the response by weights of the noise, at several lags, and its picture

WEIGHED = [
    (bn.GJF(), LANGEVIN), (bn.BAOAB(), LANGEVIN), (bn.GJ2(), LANGEVIN), (bn.OBABO(), LANGEVIN),
    (bn.EulerMaruyama(), LANGEVIN), (bn.ExactOU(), LANGEVIN), (bn.EulerMaruyama(), OVERDAMPED), (bn.Heun(), OVERDAMPED),
    (bn.ExactOU(), OVERDAMPED),
]  # fmt: skip
NAMES = [f"{type(integrator).__name__}-{type(dynamics).__name__}" for integrator, dynamics in WEIGHED]


def part_of(simulation, steps):
    """The stationary part of a run that keeps every step."""
    trajectory = simulation.run(steps=steps, every=simulation.dt)
    return stationary_part(trajectory, claim_for(trajectory))[0]


@pytest.mark.parametrize(("integrator", "dynamics"), WEIGHED, ids=NAMES)
def test_a_constant_force_is_a_shift_of_the_noise(integrator, dynamics):
    """The compiled kernel itself, in a coupled landscape: the force F + f with xi is F with xi + delta f.

    30 steps, each with at most 16 roundings of numbers below ``size``; errors grow at most as neighbours part (< 1e3).
    """
    affine, steps, particles, f = isinstance(integrator, bn.ExactOU), 30, 40, np.array([0.8, -0.5])
    well = bn.Harmonic(2.1) if affine else bn.MuellerBrown(scale=0.002)
    dt = 0.03 if dynamics is OVERDAMPED else 0.05
    start = np.random.default_rng(8).normal(size=(len(dynamics.slots), particles, 2)) * 0.3 + [[[-0.5, 0.4]]]
    claim = Claim(well, dynamics, integrator, dt, particles, 2)
    kinds = integrator.facts_for(dynamics).normals
    delta = noise_like_force(claim)
    xi = np.random.default_rng(9).normal(size=(steps, kinds, particles, 2))
    ends = []
    like = xi + (delta @ f).reshape(kinds, 1, 2)
    for force, noise in ((f, xi), (0.0 * f, like), (0.0 * f, xi)):
        simulation = bn.Simulation(
            potential=well + bn.ConstantForce(force), dynamics=dynamics, integrator=integrator, dt=dt,
            particles=particles, dimension=2, noise=bn.Given(noise, 0), start="minimum" if affine else "rest",
        )  # fmt: skip
        engine = simulation.engine(1)
        engine.load(start)
        engine.advance(0, steps)
        ends.append(engine.unload())
        engine.close()
    size = np.abs(ends).max()
    np.testing.assert_allclose(ends[0], ends[1], rtol=0.0, atol=1e3 * 16 * steps * 2.2e-16 * size)
    assert np.abs(ends[0] - ends[2]).max() > 0.01  # a force that does something


def test_the_shift_of_the_family_is_what_it_should_be():
    """(1 + c) kick / spread; none for Leimkuhler-Matthews, none without noise; BAOA's is that of BAOAB."""
    for integrator in (bn.GJF(), bn.BAOAB(), bn.GJ2()):
        claim = Claim(POTENTIAL, LANGEVIN, integrator, 0.3, 1, 1)
        kick, _, decay, spread = claim.kernel
        assert noise_like_force(claim)[0, 0] == pytest.approx(((1.0 + decay) * kick / spread)[0], rel=1e-12)
    assert noise_like_force(Claim(POTENTIAL, LANGEVIN, BAOA(), 0.3, 1, 1)) == pytest.approx(
        noise_like_force(Claim(POTENTIAL, LANGEVIN, bn.BAOAB(), 0.3, 1, 1))
    )
    assert noise_like_force(Claim(POTENTIAL, OVERDAMPED, bn.LeimkuhlerMatthews(), 0.01, 1, 1)) is None
    cold = bn.Langevin(mass=1.3, friction=0.7, kT=0.0)
    assert noise_like_force(Claim(POTENTIAL, cold, bn.GJF(), 0.3, 1, 1)) is None


@pytest.mark.parametrize(("integrator", "dynamics"), WEIGHED, ids=NAMES)
def test_weights_give_the_exact_response_of_a_trap(integrator, dynamics):
    """At lags of 3 to 40 steps, each scheme against its own response; half the shift (no 1 + c, say) is seen."""
    simulation = bn.Simulation(
        potential=TRAP, dynamics=dynamics, integrator=integrator, dt=0.2 if dynamics is LANGEVIN else 0.05,
        particles=400, dimension=1, seed=21,
    )  # fmt: skip
    part = part_of(simulation, 1000)
    lags = np.array([3, 12, 40])
    for n, answer in zip(lags, _of_the_scheme(part, lags)[1], strict=True):
        (line,) = weight_lines(part, int(n), answer)
        assert line.error < 0.1
        assert abs(line.z) < 5.0, line
        (wrong,) = weight_lines(part, int(n), 2.0 * answer)
        assert wrong.z < -5.0


def test_weights_in_a_double_well_give_the_response_of_common_random_numbers():
    """No linear force, a large step: the two ways to the response agree, and neither asks for equilibrium."""
    simulation = bn.Simulation(
        potential=POTENTIAL, dynamics=LANGEVIN, integrator=bn.GJF(), dt=0.2, particles=600, seed=22
    )
    part = part_of(simulation, 1500)
    for n in (2, 6, 12):
        answers = _common_random_numbers(simulation, [n], 1e-3)[:, 0]
        (line,) = weight_lines(part, n, np.array([answers.mean()]))
        error = np.hypot(line.error, answers.std() / np.sqrt(answers.size) / answers.mean())
        assert error < 0.1
        assert abs(line.measured - 1.0) < 5.0 * error


def test_hot_noise_is_seen_in_fluctuation_and_in_weights():
    """Noise 30 % too strong: what it does to the fluctuation it does not do to the response."""
    hot = bn.Langevin(mass=1.3, friction=0.7, kT=1.3 * KT)
    claimed = bn.Simulation(potential=TRAP, dynamics=LANGEVIN, dt=0.2, particles=400, seed=23)
    made = bn.Simulation(potential=TRAP, dynamics=hot, dt=0.2, particles=400, seed=23).run(steps=1500, every=0.2)
    verdict = validate(made, simulation=claimed, seeded=False)
    assert {line.name.split(",")[0] for line in verdict.failed} >= {
        "[C(0) - C(t)] / kT against the response", "response by Malliavin weights"
    }  # fmt: skip
    well = bn.Simulation(potential=POTENTIAL, dynamics=LANGEVIN, dt=0.1, particles=400, seed=24)
    made = bn.Simulation(potential=POTENTIAL, dynamics=hot, dt=0.1, particles=400, seed=24).run(steps=2000, every=0.1)
    verdict = validate(made, simulation=well, seeded=False)
    line = line_of(verdict, "[C(0) - C(t)] / kT against the response")
    assert line.verdict == "fail"
    assert "worst of 6 lags" in line.word


def test_curve_lies_on_the_response():
    """As numbers, as data and as a picture; free particles have none."""
    for potential in (TRAP, POTENTIAL):
        verdict = validate(simulated(bn.GJF(), potential=potential, steps=2000))
        curve = verdict.curve
        assert len(curve.times) >= 6
        off = np.abs(np.array(curve.fluctuation) - curve.response) / curve.error
        allowed = 0.0 if potential is TRAP else line_of(verdict, "[C(0)").bias * np.array(curve.response) / curve.error
        assert np.all(off < 5.0 + allowed)
        assert {t for t, _ in curve.line} >= {curve.times[-1], 0.0}
        data = json.loads(json.dumps(verdict.as_data(), allow_nan=False))["curve"]
        assert data["response"] == list(curve.response)
        assert len(bn.plotting.verdict({"a": verdict, "b": verdict})) == 3
    free = validate(simulated(bn.GJF(), potential=bn.Free(), steps=400))
    assert free.curve is None
    assert free.as_data()["curve"] is None
    assert len(bn.plotting.verdict(free)) == 2
    plt.close("all")


def test_spectrum_of_the_response_in_a_double_well():
    """chi'' from positions and noise of the run itself: agrees in equilibrium, and not where a current flows."""
    trajectory = bn.Simulation(
        potential=POTENTIAL, dynamics=DYNAMICS, dt=0.1, particles=64, seed=3
    ).run(steps=4000, every=0.1)  # fmt: skip
    (line,) = [line for line in bn.validate(trajectory).lines if line.name.startswith("w S(w) / 2kT against chi''")]
    assert line.verdict == "pass"
    assert line.error < 0.08
    # a force without energy, the noise and friction in order: only averages and the response can tell
    turned = bn.Simulation(
        potential=POTENTIAL + bn.Rotation(1.5), dynamics=DYNAMICS, dt=0.05, particles=64, dimension=2, seed=3,
        start=np.random.default_rng(1).normal(size=(64, 2)),
    ).run(steps=6000, every=0.05)  # fmt: skip
    verdict = bn.validate(turned)
    failed = {line.group for line in verdict.lines if line.verdict == "fail"}
    assert failed == {"statics", "response"}
    (line,) = [line for line in verdict.lines if line.name.startswith("w S(w) / 2kT against chi''")]
    assert line.verdict == "fail"
    assert line.measured > 2.0


BATHS = {
    "overdamped": (bn.Overdamped(friction=0.7, kT=(1.4, 0.6)), bn.EulerMaruyama(), 0.05, 400),
    "underdamped": (bn.Langevin(mass=1.3, friction=(0.7, 1.1), kT=(1.4, 0.6)), bn.GJF(), 0.1, 64),
}


@pytest.mark.parametrize("name", BATHS)
def test_coupled_baths_of_unequal_kT_break_the_relation_and_the_verdict_says_what_they_have(name):
    """A gyrator carries heat: noise and friction are as declared, equilibrium is not; its own law is written beside."""
    dynamics, integrator, dt, particles = BATHS[name]
    gyrator = bn.Simulation(
        potential=bn.Quadratic([[2.1, 0.9], [0.9, 2.1]]), dynamics=dynamics, integrator=integrator, dt=dt,
        particles=particles, dimension=2, seed=3,
    )  # fmt: skip
    verdict = validate(gyrator.run(steps=3000, every=dt))
    assert verdict.verdict == "fail"
    assert {line.group for line in verdict.failed} <= {"statics", "response"}
    told = [line for line in verdict.lines if "coupled baths of unequal kT have" in line.word]
    assert len(told) == (3 if name == "overdamped" else 5)
    for line in told:
        own = float(line.word.rpartition(" ")[2])
        assert abs(line.measured - own) < 4.0 * line.error + 5e-4 * own
    alone = replace(gyrator.dynamics, kT=0.9)
    equal = bn.Simulation(potential=gyrator.potential, dynamics=alone, integrator=integrator, dt=dt,
                          particles=particles, dimension=2, seed=3)  # fmt: skip
    assert validate(equal.run(steps=3000, every=dt)).verdict != "fail"

"""Stop conditions: exact first-passage laws, what the bridge is for, bits, refusals."""

import math

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from recorded import interrupted

import brownian as bn

LANGEVIN = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
OVERDAMPED = bn.Overdamped(friction=0.7, kT=0.9)
WELL = bn.DoubleWell(barrier=2.0, width=1.2)


def simulation(potential=None, dynamics=OVERDAMPED, **changes):
    arguments = {"dt": 0.05, "particles": 40_000, "seed": 3, "start": "rest"}
    return bn.Simulation(potential=potential or bn.Free(), dynamics=dynamics, **arguments | changes)


def survivors(times, t):
    return (np.isnan(times) | (times > t)).astype(float)


def test_absorbing_wall_is_exact_at_any_step(known):
    """P(no touch before t) = erf(a / sqrt(4 D t)), at a step in which a particle moves a third of the way."""
    entry = known["absorbing_boundary"]
    p, shares = entry["params"], entry["value"]["S"]
    run = simulation(stop=bn.CrossLevel(p["a"])).run(time=p["t"][-1])
    bare = simulation(stop=bn.CrossLevel(p["a"], bridge=False)).run(time=p["t"][-1])
    for t, share in zip(p["t"], shares, strict=True):
        assert abs(standard_errors(survivors(run.stop_times, t), share)) < STANDARD_ERRORS
        # looked at after steps only, the wall is 0.58 spreads further away: the test sees that
        assert standard_errors(survivors(bare.stop_times, t), share) > STANDARD_ERRORS
    stopped = ~np.isnan(run.stop_times)
    assert np.array_equal(run.positions[-1][stopped], np.full((stopped.sum(), 1), np.float32(p["a"])))


def test_times_of_touch_inside_of_a_step_are_exact():
    """All within one step of 0.5: the density a t^(-3/2) e^(-a^2 / 4 D t) / sqrt(4 pi D) down to t = 0."""
    run = simulation(dt=0.5, stop=bn.CrossLevel(0.7), particles=100_000).run(steps=1)
    times, diffusion = run.stop_times, 0.9 / 0.7
    for t in (0.05, 0.1, 0.2, 0.35, 0.5):
        share = math.erf(0.7 / math.sqrt(4.0 * diffusion * t))
        assert abs(standard_errors(survivors(times, t - 1e-12), share)) < STANDARD_ERRORS
    assert (
        abs(standard_errors(survivors(times, 0.2), math.erf(0.7 / math.sqrt(4.0 * diffusion * 0.19)))) > STANDARD_ERRORS
    )


def test_drift_does_not_disturb_the_bridge():
    """Mean time to a under a constant force: a lambda / f; inverse Gaussian, exact at any step."""
    force, wall = 1.5, 2.0
    run = simulation(bn.ConstantForce(force), dt=0.2, stop=bn.CrossLevel(wall)).run(time=60.0)
    times = run.stop_times
    assert not np.isnan(times).any()
    assert abs(standard_errors(times, wall * 0.7 / force)) < STANDARD_ERRORS
    variance = 2.0 * (0.9 / 0.7) * wall / (force / 0.7) ** 3
    assert abs(standard_errors((times - times.mean()) ** 2, variance)) < STANDARD_ERRORS


def test_leaving_an_interval():
    """Free: mean time (b - x)(x - a) / 2 D, and the side by the distances."""
    low, high = -1.0, 2.0
    stop = bn.LeaveInterval(low, high)
    run = simulation(stop=stop, dt=0.02).run(time=40.0)
    assert abs(standard_errors(run.stop_times, high * -low / (2.0 * 0.9 / 0.7))) < STANDARD_ERRORS
    sides = stop.sides(run.positions[-1])
    assert set(sides.tolist()) == {-1, 1}
    assert abs(standard_errors(sides == 1, -low / (high - low))) < STANDARD_ERRORS


def test_mean_first_passage_over_a_barrier(known):
    """The exact double integral; Euler-Maruyama's own bias at this dt is a tenth of a standard error."""
    exact = known["dw1_mfpt_od"]["value"]["T_top"]
    run = simulation(WELL, dt=0.001, particles=8000, start=np.full((8000, 1), -1.2), stop=bn.CrossLevel(0.0)).run(
        time=60.0
    )
    assert not np.isnan(run.stop_times).any()
    assert abs(standard_errors(run.stop_times, exact)) < STANDARD_ERRORS
    assert abs(standard_errors(run.stop_times, 1.1 * exact)) > STANDARD_ERRORS


def test_regions_and_rest():
    """Found inside after a step, at rest from then on, in two dimensions and underdamped."""
    for stop in (bn.EnterBall([1.0, 0.0], 0.4), bn.EnterBox([0.6, -math.inf], math.inf)):
        run = simulation(
            bn.Harmonic(0.5), LANGEVIN, dimension=2, particles=400, stop=stop, noise="float32"
        ).run(steps=200, every=0.5, dtype=np.float64)  # fmt: skip
        times, x = run.stop_times, run.positions
        stopped = ~np.isnan(times)
        assert 0.1 < stopped.mean() < 1.0
        assert np.array_equal(stop.met_at(x[-1]), stopped)
        for k in np.flatnonzero(stopped)[:50]:
            after = run.times >= times[k] - 1e-9
            assert np.all(x[after, k] == x[-1, k])
            assert not stop.met_at(x[~after, k]).any()
        assert np.all(run.velocities[-1][stopped] != 0.0)  # rests where it was, with the velocity it came with


def test_a_level_is_crossed_from_both_sides():
    start = np.where(np.arange(400) % 2, -1.0, 1.5)[:, None]
    run = simulation(bn.Harmonic(2.1), LANGEVIN, particles=400, start=start, stop=bn.CrossLevel(0.2)).run(
        steps=400, dtype=np.float64
    )
    assert not np.isnan(run.stop_times).any()
    assert np.all((run.positions[-1] > 0.2) == (start < 0.2))


def test_bits_do_not_depend_on_threads_cuts_or_company(tmp_path, monkeypatch):
    """With stop conditions, bridged, and with bookkeeping, unbridged."""
    for bookkeeping, dynamics in ((False, OVERDAMPED), (True, LANGEVIN)):
        what = {
            "potential": WELL, "dynamics": dynamics, "dt": 0.01, "particles": 300, "bookkeeping": bookkeeping,
            "start": np.full((300, 1), -1.2), "stop": bn.CrossLevel(0.0),
        }  # fmt: skip
        path = tmp_path / f"{bookkeeping}.h5md"
        straight = simulation(**what).run(steps=600, every=0.5, threads=1)
        other = simulation(**what).run(steps=600, every=0.5, threads=3)
        interrupted(monkeypatch, simulation(**what), path, steps_each=50, steps=600, every=0.5)
        resumed = simulation(**what).run(steps=600, every=0.5, out=path, resume=True)
        for run in (other, resumed):
            assert np.array_equal(run.tallies[:], straight.tallies[:])
            assert np.array_equal(run.positions[:], straight.positions[:])
        assert 10 < np.isnan(straight.stop_times).sum() < 290
        again = resumed.simulation()
        assert again.stop == bn.CrossLevel(0.0)
        what |= {"particles": 1, "first_particle": 11, "start": [[-1.2]]}
        assert np.array_equal(simulation(**what).run(steps=600, every=0.5).tallies[:, 0], straight.tallies[:, 11])


def test_energies_of_a_particle_at_rest_stay():
    run = simulation(
        WELL, LANGEVIN, particles=200, start=np.full((200, 1), -1.2), stop=bn.CrossLevel(0.0), bookkeeping=True
    ).run(steps=300, every=0.5)  # fmt: skip
    assert np.abs(run.energies.first_law).max() < 1e-12
    stopped = np.flatnonzero(~np.isnan(run.stop_times))
    late = run.times > run.stop_times[stopped[0]] + 1e-9
    assert np.ptp(run.tallies[:][late, stopped[0]], axis=0).max() == 0.0


REFUSED = [
    ({"stop": bn.LeaveInterval(-9.0, -0.5)}, ValueError, r"40000 of 40000 particles meet it at the start.*particle 0"),
    ({"stop": bn.CrossLevel(0.0)}, ValueError, "meet it at the start"),
    ({"stop": bn.EnterBall(0.1, 0.4)}, ValueError, "meet it at the start"),
    ({"stop": 3.0}, TypeError, "stop = 3.0, but a stop condition is needed"),
    ({"stop": bn.CrossLevel(1.0, component=1)}, ValueError, "component = 1, but the simulation has 1 dimensions"),
    ({"stop": bn.CrossLevel(1.0, bridge=True), "integrator": bn.LeimkuhlerMatthews()}, ValueError, "only for Euler"),
    ({"stop": bn.CrossLevel(1.0, bridge=True), "bookkeeping": True}, ValueError, "leave the energies"),
    ({"stop": bn.LeaveInterval(-0.5, 0.5)}, ValueError, r"spreads of a step wide.*smaller step"),
    (
        {"stop": bn.CrossLevel(1.0), "bookkeeping": True, "potential": bn.Moving(bn.Harmonic(2.0), velocity=1.0)},
        ValueError,
        "does not depend on time",
    ),
    ({"stop": bn.EnterBall([1.0, 2.0], 0.4)}, ValueError, "2 components of center for 1 dimensions"),
]


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED)
def test_refusals(changes, error, message):
    with pytest.raises(error, match=message):
        simulation(**changes).run(steps=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bn.LeaveInterval(1.0, 1.0), "low < high is needed"),
        (lambda: bn.LeaveInterval(-math.inf, math.inf), "both infinite"),
        (lambda: bn.LeaveInterval(math.nan, 1.0), "low = nan"),
        (lambda: bn.CrossLevel(math.inf), "level = inf"),
        (lambda: bn.EnterBall(0.0, 0.0), "radius = 0.0"),
        (lambda: bn.EnterBall([], 1.0), "one number, or one per component"),
        (lambda: bn.EnterBox(1.0, [2.0, 0.5]), "low < high is needed"),
        (lambda: bn.EnterBox(-math.inf, math.inf), "all of space"),
    ],
)
def test_conditions_that_make_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_verdict_is_made_of_what_happened_before_the_first_stop():
    """Particles at rest have no noise: a correct run must not be failed for that."""
    far = simulation(WELL, LANGEVIN, dt=0.1, particles=400, start=np.full((400, 1), -1.2), stop=bn.CrossLevel(0.8))
    run = far.run(steps=200, every=0.1)
    verdict = bn.validate(run)
    assert verdict.verdict != "fail"
    assert any("before it are judged" in note for note in verdict.notes)
    rows = {row.name: row for row in bn.analysis.summarise(run).rows}
    assert rows["rate of stopping"].value > 0.0
    early = bn.from_arrays(run.steps, run.times, run.positions, run.velocities, description=run.description)
    whole = bn.validate(early, simulation=far, averages=False)  # the same numbers, not saying that particles stopped
    assert whole.verdict == "fail"

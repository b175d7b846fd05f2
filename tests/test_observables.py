"""Averages inside of a run: equal to those of the frames, whatever the threads, cuts and stops."""

import numpy as np
import pytest
from conftest import STANDARD_ERRORS
from recorded import interrupted

import brownian as bn

DT, STEPS = 0.1, 130
EDGES = np.linspace(-1.7, 1.7, 12)
OBSERVABLES = [
    bn.Moments(about=0.3),
    bn.Moments(of="velocities", highest=2),
    bn.Histogram(EDGES, component=1),
    bn.Populations((-0.4, 0.5)),
    bn.MeanSquaredDisplacement(points=4, longest=40),
    bn.Autocorrelation(points=4, longest=40),
]


def simulation(**changes):
    arguments = dict(
        potential=bn.DoubleWell(barrier=2.0, width=1.2), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=DT,
        particles=300, dimension=2, seed=7,
    )  # fmt: skip
    return bn.Simulation(**(arguments | changes))


@pytest.fixture(scope="module")
def whole():
    """A run that keeps every frame, and looks at every second one from the tenth on."""
    return simulation().run(
        steps=STEPS, every=DT, dtype=np.float64, observe=OBSERVABLES, observe_every=2 * DT, observe_from=10 * DT
    )


def seen(run):
    return run.positions[10::2], run.velocities[10::2]


def test_averages_are_those_of_the_frames(whole):
    x, v = seen(whole)
    found = whole.observed
    assert list(found) == [
        "Moments", "Moments 2", "Histogram", "Populations", "MeanSquaredDisplacement", "Autocorrelation",
    ]  # fmt: skip
    powers = np.array([((x - 0.3) ** k).mean(axis=(0, 1)) for k in (1, 2, 3, 4)])
    np.testing.assert_allclose(found["Moments"].value, powers, rtol=1e-11)
    np.testing.assert_allclose(found["Moments 2"].value[1], (v**2).mean(axis=(0, 1)), rtol=1e-12)
    counts, _ = np.histogram(x[:, :, 1], EDGES)
    assert np.array_equal(found["Histogram"].counts, counts)
    np.testing.assert_allclose(found["Histogram"].value, counts / x[:, :, 1].size / np.diff(EDGES), rtol=1e-12)
    shares = bn.analysis.well_populations(x[:, :, 0], [-0.4, 0.5]).value
    np.testing.assert_allclose(found["Populations"].value, shares, rtol=1e-12)


def pairs_by_hand(x, lag, level, squared):
    """Mean over pairs whose later frame is a multiple of 2^level."""
    later = np.arange(lag, len(x))
    later = later[later % 2**level == 0]
    now, then = x[later], x[later - lag]
    return ((now - then) ** 2 if squared else now * then).mean(), len(later)


def test_curves_are_the_means_over_their_pairs(whole):
    x, v = seen(whole)
    levels = {lag: 0 for lag in range(5)} | {6: 1, 8: 1, 12: 2, 16: 2, 24: 3, 32: 3, 48: 4, 64: 4}
    for name, data, squared in [("MeanSquaredDisplacement", x, True), ("Autocorrelation", v, False)]:
        curve = whole.observed[name]
        lags = np.rint(curve.times / (2 * DT)).astype(int)
        assert set(lags) == {lag for lag in levels if lag < len(x) and lag <= 64} - ({0} if squared else set())
        for k, lag in enumerate(lags):
            value, pairs = pairs_by_hand(data, lag, levels[lag], squared)
            assert curve.pairs[k] == pairs
            assert curve.value[k] == pytest.approx(value, rel=1e-12)


def test_errors_are_those_of_independent_particles():
    """Over 64 seeds the scatter of an average is the error that it states."""
    values, errors = [], []
    for seed in range(64):
        run = simulation(seed=seed, particles=64, dimension=1).run(
            steps=40, observe=[bn.Moments(of="velocities", highest=2)], observe_every=DT
        )
        values.append(run.observed["Moments"].value[1, 0])
        errors.append(run.observed["Moments"].error[1, 0])
    ratio = np.std(values, ddof=1) / np.sqrt(np.mean(np.square(errors)))
    assert abs(ratio - 1.0) < STANDARD_ERRORS / np.sqrt(2.0 * 63)


def everything(run):
    return [np.asarray(part) for found in run.observed.values() for part in found]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_and_cuts_change_no_bit(whole, threads, monkeypatch):
    run = dict(steps=STEPS, observe=OBSERVABLES, observe_every=2 * DT, observe_from=10 * DT, threads=threads)
    monkeypatch.setattr(bn.running._Run, "_target", lambda self, step, last: min(last, step + 7 * threads))
    for one, other in zip(everything(simulation().run(**run)), everything(whole), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_stop_and_resume_change_no_bit(whole, tmp_path, monkeypatch):
    path = tmp_path / "run.h5md"
    run = dict(steps=STEPS, every=26 * DT, observe=OBSERVABLES, observe_every=2 * DT, observe_from=10 * DT)
    interrupted(monkeypatch, simulation(), path, interrupts=4, steps_each=11, **run)
    with bn.open(path) as half:
        assert half.observed["Moments"].value[1, 0] > 0.0  # what was found until then
    simulation().run(out=path, resume=True, **run)
    with bn.open(path) as parts:
        assert len(parts) == 6
        for one, other in zip(everything(parts), everything(whole), strict=True):
            assert np.array_equal(one, other, equal_nan=True)
        assert not [line for line in bn.validate(parts, averages=False).lines if line.verdict == "fail"]


def test_a_changed_observable_is_not_resumed(tmp_path, monkeypatch):
    path = tmp_path / "run.h5md"
    run = dict(steps=40, observe=[bn.Moments()])
    interrupted(monkeypatch, simulation(), path, interrupts=1, **run)
    with pytest.raises(bn.trajectory.ResumeMismatch, match="observe"):
        simulation().run(out=path, resume=True, steps=40, observe=[bn.Moments(highest=2)])


def test_some_particles_are_kept_and_all_are_observed(whole, tmp_path, monkeypatch):
    path = tmp_path / "some.h5md"
    run = dict(steps=STEPS, every=DT, dtype=np.float64, particles=range(40, 47), observe=OBSERVABLES,
               observe_every=2 * DT, observe_from=10 * DT)  # fmt: skip
    interrupted(monkeypatch, simulation(), path, interrupts=3, steps_each=17, **run)
    some = simulation().run(out=path, resume=True, **run)
    assert np.array_equal(some.positions[:], whole.positions[:, 40:47])
    for one, other in zip(everything(some), everything(whole), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    again = some.simulation()  # the file is that of a run of these seven alone
    assert (again.first_particle, again.particles) == (40, 7)
    assert np.array_equal(again.run(steps=STEPS, every=DT, dtype=np.float64).positions[:], some.positions[:])
    step, state = some.checkpoints()[0]
    assert step == STEPS
    assert np.array_equal(state[0], some.positions[-1])
    verdict = bn.validate(some)
    assert not [line for line in verdict.lines if line.verdict == "fail"]
    assert "noise as seeded" in str(verdict)


def test_some_particles_of_given_starts():
    start = np.random.default_rng(3).normal(size=(300, 2))
    some = simulation(start=start).run(steps=5, every=DT, particles=range(290, 300))
    assert np.array_equal(some.simulation().run(steps=5, every=DT).positions[:], some.positions[:])


def test_annealed_and_tempered_runs_are_observed_where_they_are_cold():
    kT = 0.9
    base = dict(
        potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=kT), dt=0.02, dimension=1,
        integrator=bn.LeimkuhlerMatthews(),
    )  # fmt: skip
    hot = simulation(**base, particles=4 * 2000, tempering=bn.Tempering((kT, 1.8, 3.6, 7.2), every=5))
    annealed = simulation(**base, particles=2000, annealing=bn.Annealing((9.0, kT), 100))
    for run in (hot, annealed):
        found = run.run(steps=400, observe=bn.Moments(highest=2), observe_from=6.0, observe_every=0.5)
        value, error = found.observed["Moments"].value[1, 0], found.observed["Moments"].error[1, 0]
        assert abs(value - kT / 2.1) < STANDARD_ERRORS * error


def test_what_is_refused():
    run = simulation(dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.02).run
    with pytest.raises(ValueError, match="velocities, but overdamped"):
        run(steps=10, observe=[bn.Autocorrelation()])
    with pytest.raises(ValueError, match="component 2, but there are 2"):
        run(steps=10, observe=[bn.Histogram([0.0, 1.0], component=2)])
    with pytest.raises(ValueError, match="finite numbers that ascend"):
        bn.Histogram([0.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="even number"):
        run(steps=10, observe=[bn.MeanSquaredDisplacement(points=5)])
    with pytest.raises(ValueError, match="of = 'forces'"):
        run(steps=10, observe=[bn.Moments(of="forces")])
    with pytest.raises(ValueError, match="highest = 0"):
        run(steps=10, observe=[bn.Moments(highest=0)])
    with pytest.raises(TypeError, match=r"Moments\(...\), Histogram"):
        run(steps=10, observe=["mean"])
    with pytest.raises(ValueError, match="need observe"):
        run(steps=10, observe_every=0.1)
    with pytest.raises(ValueError, match="less than 2 looks in 10 steps"):
        run(steps=10, observe=[bn.Moments()], observe_from=0.2)
    with pytest.raises(TypeError, match="a range of neighbours"):
        run(steps=10, particles=[1, 5])
    with pytest.raises(ValueError, match=r"must lie in 0 \.\.\. 300"):
        run(steps=10, particles=range(290, 310))
    with pytest.raises(ValueError, match="nothing was observed"):
        _ = run(steps=10).observed

"""Parameters that move with time: values, the compiled loop against single steps at rest, files, refusals."""

import math

import numpy as np
import pytest
from recorded import interrupted

import brownian as bn
from brownian.description import build_potential, describe_potential
from brownian.potentials.driven import frozen, times_of_extremes
from brownian.trajectory.description import from_json, to_json

LANGEVIN = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
OVERDAMPED = bn.Overdamped(friction=0.7, kT=0.9)

VALUES = [
    (bn.Ramp(2.1, 4.4, duration=1.5, begin=0.5), lambda t: 2.1 + 2.3 * min(max((t - 0.5) / 1.5, 0.0), 1.0)),
    (bn.Linear(0.3, rate=-0.7), lambda t: 0.3 - 0.7 * t),
    (bn.Sine(2.1, amplitude=0.4, period=3.0, phase=0.6), lambda t: 2.1 + 0.4 * math.sin(2 * math.pi * t / 3.0 + 0.6)),
    (bn.SquareWave(2.1, 4.4, period=1.2, share=0.3), lambda t: 2.1 if (t / 1.2) % 1.0 < 0.3 else 4.4),
    (bn.Piecewise([0.4, 1.0, 2.5], [2.1, 4.4, 3.0]), lambda t: float(np.interp(t, [0.4, 1.0, 2.5], [2.1, 4.4, 3.0]))),
    (
        bn.Piecewise([0.4, 1.0, 2.5], [2.1, 4.4, 3.0], jump=True),
        lambda t: [2.1, 2.1, 4.4, 3.0][int(np.searchsorted([0.4, 1.0, 2.5], t, side="right"))],
    ),
]


@pytest.mark.parametrize(("protocol", "expected"), VALUES, ids=lambda value: type(value).__name__)
def test_values_are_those_of_the_formula(protocol, expected):
    for t in (0.0, 0.2, 0.4, 0.55, 1.0, 1.7, 2.5, 7.31):
        assert protocol.value(t) == pytest.approx(expected(t), rel=1e-15, abs=1e-15)
        driven = bn.Driven(bn.ConstantForce(1.0), value=protocol)
        assert driven.force([3.0], t)[0] == protocol.value(t)


@pytest.mark.parametrize(("protocol", "expected"), VALUES, ids=lambda value: type(value).__name__)
def test_extremes_are_found(protocol, expected):
    times = np.linspace(0.3, 2.9, 20001)
    values = [expected(t) for t in times]
    found = [protocol.value(t) for t in protocol.extremes(0.3, 2.9)]
    assert min(found) <= min(values) + 1e-15
    assert max(found) >= max(values) - 1e-15


DRIVEN = {
    "one parameter": bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(2.1, 4.4, duration=1.5)),
    "two parameters": bn.Driven(bn.DoubleWell(2.0, 1.2), barrier=bn.Sine(2.0, 0.5, 1.7), tilt=VALUES[5][0]),
    "moving": bn.Moving(bn.DoubleWell(2.0, 1.2), velocity=0.7),
    "moving along a path": bn.Moving(bn.Harmonic(2.1), path=bn.Sine(0.0, 0.5, 3.0)),
    "in a sum": bn.DoubleWell(2.0, 1.2) + bn.Driven(bn.ConstantForce(0.1), value=bn.Sine(0.0, 0.3, 2.0)),
    "arrays": bn.Driven(
        bn.GaussianMixture([[-1.0, 0.2], [1.0, 0.0]], 0.5),
        means=bn.Linear([[-1.0, 0.2], [1.0, 0.0]], [[0.1, 0], [0, 0.3]]),
    ),
    "of a part": bn.Shifted(bn.Driven(bn.Ring(2.3, 1.5), radius=bn.Ramp(1.5, 1.9, duration=0.1)), [0.3, -0.2]),
}


@pytest.mark.parametrize("name", DRIVEN)
def test_loop_is_a_chain_of_steps_at_rest(name):
    """A driven run is, bit for bit, single steps under the potential that stands still at the right time."""
    potential, dimension = DRIVEN[name], 2
    start = np.random.default_rng(3).normal(size=(20, dimension))
    what = {"dynamics": OVERDAMPED, "dt": 0.01, "particles": 20, "dimension": dimension, "seed": 5}
    simulation = bn.Simulation(potential=potential, start=start, **what)
    moving = simulation.run(steps=12, every=0.01, dtype=np.float64).positions
    state = start
    for n in range(12):
        still = bn.Simulation(potential=frozen(potential, n * 0.01), start=state, first_step=n, **what)
        state = still.run(steps=1, dtype=np.float64).positions[-1]
        assert np.array_equal(state, moving[n + 1]), f"step {n}"
    # the check can fail: one step later is another force
    late = bn.Simulation(potential=frozen(potential, 0.01), start=start, **what).run(steps=1, dtype=np.float64)
    assert not np.array_equal(late.positions[-1], moving[1])


def test_a_formula_with_time_is_the_driven_potential():
    """To rounding: the same physics in two ways."""
    formula = bn.Expression("k*(x - v*t)**2/2", k=2.1, v=0.7)
    what = {"dynamics": LANGEVIN, "dt": 0.05, "particles": 50, "seed": 5, "start": "rest"}
    one = bn.Simulation(potential=formula, **what).run(steps=200, dtype=np.float64).positions[-1]
    other = bn.Simulation(potential=bn.Moving(bn.Harmonic(2.1), velocity=0.7), **what)
    # 200 steps, each adds a rounding of x and v that the oscillator carries on
    assert np.abs(one - other.run(steps=200, dtype=np.float64).positions[-1]).max() < 200 * 8 * 2.3e-16 * 8.0


def test_bits_do_not_depend_on_threads_or_cuts(tmp_path, monkeypatch):
    potential, path = DRIVEN["in a sum"], tmp_path / "run.h5md"
    what = {"potential": potential, "dynamics": LANGEVIN, "dt": 0.05, "particles": 300, "dimension": 2, "seed": 5}
    straight = bn.Simulation(**what).run(steps=60, every=0.5, dtype=np.float64, threads=1)
    other = bn.Simulation(**what).run(steps=60, every=0.5, dtype=np.float64, threads=3)
    interrupted(monkeypatch, bn.Simulation(**what), path, interrupts=2, steps=60, every=0.5, dtype=np.float64)
    resumed = bn.Simulation(**what).run(steps=60, every=0.5, dtype=np.float64, out=path, resume=True)
    for run in (other, resumed):
        assert np.array_equal(run.positions[:], straight.positions[:])
    again = resumed.simulation()
    assert again.potential == potential
    assert np.array_equal(again.run(steps=60, every=0.5, dtype=np.float64).positions, straight.positions)


@pytest.mark.parametrize("name", DRIVEN)
def test_a_description_makes_the_same_potential(name):
    potential = DRIVEN[name]
    again = build_potential(from_json(to_json(describe_potential(potential))))
    x = np.random.default_rng(1).normal(size=(30, 2))
    for t in (0.0, 0.37, 2.9):
        assert np.array_equal(again.force(x, t), potential.force(x, t))
    assert repr(again) == repr(potential)


def test_start_is_in_equilibrium_with_the_first_parameters():
    """Stiffness 4.4 at the start, 2.1 later: <x^2> = kT / 4.4 (of the scheme's own law, exact for GJF)."""
    potential = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(4.4, 2.1, duration=1.0))
    simulation = bn.Simulation(potential=potential, dynamics=LANGEVIN, dt=0.1, particles=20000, seed=5)
    x = simulation.initial_state()[0][0]
    assert abs((x**2).mean() / (0.9 / 4.4) - 1.0) < 5.0 * math.sqrt(2.0 / x.size)


REFUSED = [
    (lambda: bn.Piecewise([0.0, 2.0, 1.0], [1.0, 2.0, 3.0]), ValueError, r"times\[2\] = 1 follows 2"),
    (lambda: bn.Piecewise([0.0, 1.0], [1.0, 2.0, 3.0]), ValueError, "one value per time"),
    (lambda: bn.Piecewise([0.0, math.nan], [1.0, 2.0]), ValueError, "must be finite"),
    (lambda: bn.Piecewise([], [], jump=True), ValueError, "must be finite"),
    (lambda: bn.Piecewise([0.0], [1.0]), ValueError, "at least two"),
    (lambda: bn.Ramp(1.0, 2.0, duration=0.0), ValueError, "duration = 0.0"),
    (lambda: bn.Ramp("a", 2.0, duration=1.0), TypeError, "start = 'a'"),
    (lambda: bn.Ramp([1.0, 2.0], [1.0, 2.0, 3.0], duration=1.0), ValueError, "shapes that do not fit"),
    (lambda: bn.Sine(0.0, 1.0, period=-2.0), ValueError, "period = -2.0"),
    (lambda: bn.SquareWave(0.0, 1.0, period=2.0, share=1.0), ValueError, "share = 1.0"),
    (lambda: bn.Driven(bn.Harmonic(2.0), stifness=bn.Ramp(1.0, 2.0, 1.0)), ValueError, "'stifness'.*stiffness, center"),
    (lambda: bn.Driven(bn.Harmonic(2.0), stiffness=3.0), TypeError, "a protocol is needed: Linear"),
    (lambda: bn.Driven(bn.Harmonic(2.0)), ValueError, "no protocol given"),
    (lambda: bn.Driven(3.0, stiffness=bn.Ramp(1.0, 2.0, 1.0)), TypeError, "3.0 is no potential"),
    (lambda: bn.Driven(bn.Harmonic([2.0, 3.0]), stiffness=bn.Ramp([1, 2, 3], 2.0, 1.0)), ValueError, "has shape"),
    (lambda: bn.Moving(bn.Harmonic(2.0)), ValueError, "exactly one of them"),
    (lambda: bn.Moving(bn.Harmonic(2.0), path=3.0), TypeError, "a protocol is needed"),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("stiffness", "message"),
    [
        (bn.Ramp(2.1, -0.3, duration=1.0), r"at t = 1 of this run.*stiffness = .*-0.3.*must be positive"),
        (bn.Sine(2.0, 2.5, period=4.0), r"at t = 3 of this run"),
        (bn.Ramp(2.1, 900.0, duration=1.0), r"dt = 0.1 is unstable at t = 1 of this run.*GJF.*needs dt <"),
    ],
)
def test_what_a_protocol_will_do_is_announced_before_the_start(stiffness, message, tmp_path):
    simulation = bn.Simulation(
        potential=bn.Driven(bn.Harmonic(2.1), stiffness=stiffness), dynamics=LANGEVIN, dt=0.1, particles=3, seed=1
    )
    simulation.run(steps=3)  # nothing wrong so far
    with pytest.raises(ValueError, match=message):
        simulation.run(steps=60, out=tmp_path / "run.h5md")
    assert not list(tmp_path.iterdir())


def test_times_of_extremes_of_a_sum():
    assert times_of_extremes(DRIVEN["in a sum"], 0.0, 1.0) == [0.0, 0.5, 1.0]
    assert times_of_extremes(bn.Harmonic(2.0), 0.0, 1.0) == []


def test_the_verdict_knows_the_force_of_the_moment():
    """The noise of a driven run is got back with the parameters of each step; with those of the start it is not."""
    what = {"dynamics": LANGEVIN, "dt": 0.1, "particles": 100, "seed": 5, "start": "stationary"}
    run = bn.Simulation(potential=bn.Moving(bn.Harmonic(2.1), velocity=0.5), **what).run(steps=400, every=0.1)
    verdict = bn.validate(run)
    assert verdict.verdict != "fail"
    assert any("depends on time" in note for note in verdict.notes)
    assert bn.validate(run, potential=bn.Harmonic(2.1)).verdict == "fail"

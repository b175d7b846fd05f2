"""The run: same bits whatever the cut, starts, schedules, NaN with its address, refusals."""

import math
import signal
import subprocess
import sys
import textwrap
from typing import NamedTuple

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from recorded import interrupted

import brownian as bn
from brownian import running
from brownian.engine import Engine
from brownian.noise import Given
from brownian.running import NotFinite

LANGEVIN, OVERDAMPED = bn.Langevin(1.3, 0.7, 0.9), bn.Overdamped(0.7, 0.9)


def simulation(**changes):
    """A small simulation at parameters that are not 1."""
    arguments = dict(potential=bn.DoubleWell(2.0, 1.2), dynamics=LANGEVIN, dt=0.05, particles=300, dimension=2, seed=7)
    return bn.Simulation(**arguments | changes)


BITS = [
    (LANGEVIN, bn.GJF(), "float64"),
    (LANGEVIN, bn.OBABO(), "float32"),
    (OVERDAMPED, bn.EulerMaruyama(), "float32"),
    (OVERDAMPED, bn.LeimkuhlerMatthews(), "float64"),
    (OVERDAMPED, bn.Heun(), "float64"),
]


@pytest.mark.parametrize(
    ("dynamics", "integrator", "noise"), BITS, ids=lambda v: type(v).__name__ if not isinstance(v, str) else v
)
def test_same_bits_however_it_is_cut(dynamics, integrator, noise, monkeypatch):
    """Threads 1, 2, 4; calls of any length; particles alone, few (narrow blocks), or among others."""
    arguments = dict(dynamics=dynamics, integrator=integrator, noise=noise, dt=0.02)
    reference = simulation(**arguments).run(steps=23, every=0.02, threads=1)
    expected = reference.positions[:]
    for threads in (2, 4):
        assert np.array_equal(simulation(**arguments).run(steps=23, every=0.02, threads=threads).positions[:], expected)
    for steps_per_call in (1, 3, 7):
        monkeypatch.setattr(running._Run, "_target", lambda self, step, last, n=steps_per_call: min(last, step + n))
        assert np.array_equal(simulation(**arguments).run(steps=23, every=0.02).positions[:], expected)
    monkeypatch.undo()
    for first, count in ((41, 1), (40, 3), (130, 20)):
        part = simulation(**arguments, first_particle=first, particles=count).run(steps=23, every=0.02)
        assert np.array_equal(part.positions[:], expected[:, first : first + count])
    if dynamics is LANGEVIN:
        assert np.isfinite(reference.velocities[:]).all()


def test_frames_are_the_states_at_their_steps():
    whole = simulation().run(steps=40, every=0.05)
    some = simulation().run(steps=40, every=[0.15, 0.5, 2.0], dtype=np.float64)
    assert some.steps.tolist() == [0, 3, 10, 40]
    assert np.array_equal(some.positions[:], whole.positions[[0, 3, 10, 40]])
    assert np.array_equal(some.velocities[:], whole.velocities[[0, 3, 10, 40]])
    single = simulation().run(steps=40, every=0.5)
    assert single.positions.dtype == np.float32
    assert np.array_equal(single.positions[:], whole.positions[::10].astype(np.float32))
    assert whole.times.tolist() == (whole.steps * 0.05).tolist()
    end = simulation().run(steps=40)
    assert end.steps.tolist() == [0, 40]


def test_run_twice_is_the_same_and_another_seed_is_not():
    one, again = simulation(), simulation(seed=8)
    assert np.array_equal(one.run(steps=5).positions[:], one.run(steps=5).positions[:])
    assert not np.array_equal(one.run(steps=5).positions[:], again.run(steps=5).positions[:])


def test_first_step_continues_a_run():
    """A run from step 10 with the state of another run's step 10 goes on as that run did; also beyond 2^32 steps."""
    whole = simulation(dynamics=OVERDAMPED, integrator=bn.LeimkuhlerMatthews(), dt=0.02).run(steps=30, every=0.02)
    rest = simulation(dynamics=OVERDAMPED, integrator=bn.LeimkuhlerMatthews(), dt=0.02, first_step=10,
                      start=whole.positions[10]).run(steps=20, every=0.02)  # fmt: skip
    assert np.array_equal(rest.positions[:], whole.positions[10:])
    assert rest.steps[0] == 10
    far = 2**33 + 2
    late = simulation(first_step=far).run(steps=6, every=0.05)
    assert late.times[-1] == (far + 6) * 0.05
    assert np.isfinite(late.positions[:]).all()


def test_drawn_seed_is_stored_and_reproduces():
    first = simulation(seed=None)
    trajectory = first.run(steps=4)
    assert trajectory.description["seed"] == first.seed
    assert np.array_equal(trajectory.simulation().run(steps=4).positions[:], trajectory.positions[:])


class Ramp(NamedTuple):
    """A force that grows in time, by block; no energy."""

    slope: float

    def add_force(self, x, t, f):
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                f[d, i] += self.slope * t


class RampAlong(NamedTuple):
    """The same by component."""

    slope: float

    def component_force(self, x, d, t):
        return self.slope * t + 0.0 * x


@pytest.mark.parametrize("potential", [Ramp(0.7), RampAlong(0.7)])
def test_time_reaches_the_potential(potential):
    """x' = slope t / friction at kT = 0: Euler takes the force at the start of the step, Heun both ends."""
    for integrator, times in ((bn.EulerMaruyama(), np.arange(5) * 0.1), (bn.Heun(), (np.arange(5) + 0.5) * 0.1)):
        run = simulation(potential=potential, dynamics=bn.Overdamped(0.7, 0.0), integrator=integrator, dt=0.1,
                         particles=3, start="rest", first_step=20).run(steps=5, every=0.1)  # fmt: skip
        expected = np.cumsum(0.7 * (times + 2.0)) * 0.1 / 0.7
        assert run.positions[1:, 1, 1] == pytest.approx(expected, rel=1e-12)


def test_stationary_start_is_stationary_from_the_first_step():
    """Linear force: the scheme's own law; <x^2> and <v^2> do not move, and are the discrete ones."""
    schemes = [(LANGEVIN, bn.GJF(), 0.4), (OVERDAMPED, bn.EulerMaruyama(), 0.1)]
    for dynamics, integrator, dt in [*schemes, (OVERDAMPED, bn.LeimkuhlerMatthews(), 0.1)]:
        run = simulation(potential=bn.Harmonic([2.1, 3.0], center=[0.5, 0.0]), dynamics=dynamics, integrator=integrator,
                         dt=dt, particles=40000).run(steps=6, every=dt)  # fmt: skip
        name = {"GJF": "gjf", "EulerMaruyama": "euler_maruyama", "LeimkuhlerMatthews": "leimkuhler_matthews"}[
            type(integrator).__name__
        ]
        mass = 1.3 if dynamics is LANGEVIN else 0.0
        for d, (stiffness, center) in enumerate([(2.1, 0.5), (3.0, 0.0)]):
            expected = (
                0.9
                / stiffness
                * bn.theory.position_variance_ratio(name, mass=mass, friction=0.7, stiffness=stiffness, dt=dt)
            )
            for frame in (0, 1, 2, 6):
                z = standard_errors((run.positions[frame, :, d] - center) ** 2, expected)
                assert abs(z) < STANDARD_ERRORS, (name, d, frame)


@pytest.mark.parametrize(
    "potential",
    [bn.DoubleWell(2.0, 1.2, 0.35), bn.GaussianMixture([[-1.0, 0.5], [1.5, 0.0]], [0.4, 0.6], [1.0, 2.0], 0.9),
     bn.Ring(9.0, 1.5), bn.Banana(1.5, 0.3, 1.1), bn.Funnel(0.8, 1.2), bn.MuellerBrown(0.05)],
    ids=lambda potential: type(potential).__name__,
)  # fmt: skip
def test_boltzmann_starts(potential):
    """<x . grad U> = dimension kT (virial theorem) holds for the draws themselves."""
    x = simulation(potential=potential, dynamics=OVERDAMPED, dt=1e-4, particles=40000).initial_state()[0][0]
    virial = -(x * potential.force(x)).sum(axis=1)
    assert abs(standard_errors(virial, 2 * 0.9)) < STANDARD_ERRORS


def test_other_starts():
    well = bn.DoubleWell(2.0, 1.2)
    state, _ = simulation(potential=well, start="rest").initial_state()
    assert not state[1].any()
    assert np.abs(well.force(state[0])).max() < 1e-9
    state, _ = simulation(potential=bn.Free(), particles=20000).initial_state()
    assert not state[0].any()
    assert abs(standard_errors(state[1] ** 2, 0.9 / 1.3)) < STANDARD_ERRORS
    x, v = np.ones((300, 2)), np.full((300, 2), 0.5)
    assert np.array_equal(simulation(start=(x, v)).initial_state()[0], np.stack([x, v]))
    assert np.array_equal(simulation(start=x).initial_state()[0][0], x)
    period = simulation(potential=bn.Cosine(1.1, 2.0), particles=4000).initial_state()[0][0]
    assert period.min() >= 0.0
    assert period.max() <= 2.0


def test_free_diffusion_and_drift_within_standard_errors():
    run = simulation(potential=bn.ConstantForce(0.8), particles=20000, dimension=1, dt=0.4).run(steps=100, every=40.0)
    displacement = run.positions[1] - run.positions[0]
    expected = bn.theory.discrete_msd(100, "gjf", mass=1.3, friction=0.7, kT=0.9, dt=0.4)
    drift = displacement.mean()
    assert abs(standard_errors((displacement - drift) ** 2, float(expected))) < STANDARD_ERRORS
    # from Maxwell velocities of mean zero, the mean velocity relaxes to f / friction
    assert (
        abs(standard_errors(displacement, bn.theory.free_drift(40.0, force=0.8, friction=0.7, mass=1.3)))
        < 2 * STANDARD_ERRORS
    )


def test_not_finite_has_an_address_and_keeps_the_frames_before(tmp_path):
    quartic = bn.Expression("x**4/4")
    start = np.zeros((100, 1))
    start[77] = 30.0
    cold = bn.Overdamped(0.7, 1e-6)
    run = simulation(
        potential=quartic, dynamics=cold, dt=0.01, dimension=1, particles=100, start=start, first_particle=1000
    )
    path = tmp_path / "blown.h5md"
    with pytest.raises(
        NotFinite,
        match=r"particle 1077 ceased to be finite in step \d+ .*from x = \[.*force.*dt / friction = .*try dt = ",
    ):
        run.run(steps=50, every=0.01, out=path)
    with bn.open(path) as trajectory:
        assert len(trajectory) >= 3
        assert np.isfinite(trajectory.positions[:]).all()


def test_given_noise_is_used():
    values = np.zeros((3, 1, 5, 2))
    values[1, 0, 2, 1] = 2.0
    free = simulation(
        potential=bn.Free(), dynamics=OVERDAMPED, particles=5, noise=Given(values, 0), start="rest", dt=0.1
    )
    x = free.run(steps=3, every=0.1).positions[:]
    assert x[2, 2, 1] == 2.0 * math.sqrt(2.0 * 0.1 / 0.7 * 0.9)
    assert np.count_nonzero(x) == 2


def test_description_builds_the_same_simulation():
    per_component = bn.Langevin(1.3, (0.7, 1.1), (0.9, 0.4))
    for potential, dynamics in (
        (bn.Harmonic([2.0, 3.0], [0.1, 0.2]), per_component),
        (bn.MuellerBrown(0.05) + bn.Harmonic(1.0), LANGEVIN),
        (bn.Expression("a*x**4 + b*y**2", a=0.3, b=1.1), OVERDAMPED),
    ):
        start = "minimum" if potential.dimension is None else "stationary"
        first = simulation(potential=potential, dynamics=dynamics, dt=0.01, start=start)
        trajectory = first.run(steps=3, every=0.01)
        again = trajectory.simulation()
        assert repr(again) == repr(first)
        assert np.array_equal(again.run(steps=3, every=0.01).positions[:], trajectory.positions[:])


def test_given_start_is_in_the_file(tmp_path):
    start = (np.random.default_rng(1).normal(size=(300, 2)), np.random.default_rng(2).normal(size=(300, 2)))
    with simulation(start=start).run(steps=3, every=0.05, out=tmp_path / "run.h5md") as trajectory:
        again = trajectory.simulation().run(steps=3, every=0.05)
        assert np.array_equal(again.positions[:], trajectory.positions[:])
    large = simulation(start=np.zeros((20_000, 2)), particles=20_000).run(steps=1)
    with pytest.raises(ValueError, match="arrays of more than 30000 numbers"):
        large.simulation()
    given = simulation(noise=Given(np.zeros((3, 1, 300, 2)), 0)).run(steps=3)
    with pytest.raises(ValueError, match="noise given as an array"):
        given.simulation()


class Own(NamedTuple):
    """A class of a user's own."""

    k: float

    def component_energy(self, x, d, t):
        return 0.5 * self.k * x * x

    def component_force(self, x, d, t):
        return -self.k * x


def test_own_class_must_be_handed_in():
    trajectory = simulation(potential=Own(2.0)).run(steps=3)
    assert "component_force" in trajectory.description["potential"]["source"]
    with pytest.raises(ValueError, match="Own; its source is in the file but is never run"):
        trajectory.simulation()
    again = trajectory.simulation(potential=Own(2.0))
    assert np.array_equal(again.run(steps=3).positions[:], trajectory.positions[:])


@pytest.mark.parametrize("integrator", [bn.GJF(), bn.LeimkuhlerMatthews()])
def test_stop_and_resume_is_a_straight_run(tmp_path, integrator, monkeypatch):
    dynamics = LANGEVIN if isinstance(integrator, bn.GJF) else OVERDAMPED
    arguments = dict(dynamics=dynamics, integrator=integrator, dt=0.02)
    straight = simulation(**arguments).run(steps=200, every=0.1, out=tmp_path / "straight.h5md")
    part = tmp_path / "part.h5md"
    interrupted(monkeypatch, simulation(**arguments), part, steps=200, every=0.1)
    with bn.open(part) as unfinished:
        assert 5 < len(unfinished) < 41
    resumed = simulation(**arguments).run(steps=200, every=0.1, out=part, resume=True)
    assert np.array_equal(resumed.positions[:], straight.positions[:])
    assert np.array_equal(resumed.steps, straight.steps)
    if dynamics is LANGEVIN:
        assert np.array_equal(resumed.velocities[:], straight.velocities[:])
    again = simulation(**arguments).run(steps=200, every=0.1, out=part, resume=True)  # nothing left to do
    assert len(again) == len(straight)


def test_resume_with_other_parameters_is_refused(tmp_path):
    path = tmp_path / "run.h5md"
    simulation().run(steps=10, every=0.25, out=path).close()
    with pytest.raises(ValueError, match=r"seed.*7.*8"):
        simulation(seed=8).run(steps=10, every=0.25, out=path, resume=True)
    with pytest.raises(FileExistsError, match=r"run\.h5md"):
        simulation().run(steps=10, every=0.25, out=path)
    simulation(seed=8).run(steps=10, every=0.25, out=path, overwrite=True).close()


def test_state_survives_load_and_unload():
    for particles, threads in ((1, 1), (5, 2), (300, 2), (1000, 3)):
        one = simulation(particles=particles)
        engine = one.engine(threads)
        state = np.random.default_rng(0).normal(size=(2, particles, 2))
        engine.load(state)
        assert np.array_equal(engine.unload(), state)
        assert isinstance(engine, Engine)


def refuse(message, error=ValueError, run=None, **changes):
    """One bad input and what is said."""
    return pytest.param(changes, run or {}, error, message, id=message[:40])


REFUSED = [
    refuse("dt = nan, but it must be positive", dt=math.nan),
    refuse("dt = 0, but it must be positive", dt=0),
    refuse("dt = -0.1, but it must be positive", dt=-0.1),
    refuse("dt = 'fast', but a number is needed", TypeError, dt="fast"),
    refuse("particles = 0, but it must be at least 1", particles=0),
    refuse("particles = 2.5, but a whole number", TypeError, particles=2.5),
    refuse("dimension = 0", dimension=0),
    refuse("particle numbers must stay below", particles=2**32, first_particle=1),
    refuse("seed = -1", seed=-1),
    refuse("seed = 18446744073709551616, but it must be below", seed=2**64),
    refuse("noise = 'white'", noise="white"),
    refuse("Given: values of shape", noise=Given(np.zeros((3, 1, 2, 2)), 0)),
    refuse("start = 'anywhere', but it must be one of", run={"steps": 1}, start="anywhere"),
    refuse("positions of shape .*is needed", run={"steps": 1}, start=np.zeros((3, 2))),
    refuse(
        "positions of particle 4 are .*must be finite",
        run={"steps": 1},
        start=np.where(np.arange(300)[:, None] == 4, np.nan, np.zeros((300, 2))),
    ),
    refuse(
        "start gives velocities",
        run={"steps": 1},
        dynamics=OVERDAMPED,
        dt=0.01,
        start=(np.zeros((300, 2)), np.zeros((300, 2))),
    ),
    refuse("MuellerBrown lives in 2 dimensions, but dimension = 3", potential=bn.MuellerBrown(), dimension=3),
    refuse("potential = 3, but a potential is needed", TypeError, potential=3),
    refuse("dynamics = 'hot'", TypeError, dynamics="hot"),
    refuse("integrator = GJF, but an instance is needed", TypeError, integrator=bn.GJF),
    refuse("integrator = 'baoab'", TypeError, integrator="baoab"),
    refuse("dt = 0.9 is unstable: GJF.. needs dt < 0.68", dt=0.9),
    refuse("steps = None and time = None", run={}),
    refuse("steps = 0, but it must be at least 1", run={"steps": 0}),
    refuse("steps = 1.5, but a whole number", TypeError, run={"steps": 1.5}),
    refuse("time = 0.12 is 2.4 steps", run={"time": 0.12}),
    refuse("every = 0.12 is 2.4 steps of dt = 0.05", run={"steps": 10, "every": 0.12}),
    refuse("every = 1.0 is 20 steps, but the run has 10", run={"steps": 10, "every": 1.0}),
    refuse("a schedule must ascend", run={"steps": 10, "every": [0.5, 0.25]}),
    refuse("dtype = 'int32', but it must be", run={"steps": 10, "dtype": "int32"}),
    refuse("threads = 0", run={"steps": 10, "threads": 0}),
    refuse("resume and overwrite need a file", run={"steps": 10, "resume": True}),
    refuse("h5md", run={"steps": 10, "out": "run.txt"}),
]


@pytest.mark.parametrize(("changes", "run", "error", "message"), REFUSED)
def test_refusals(changes, run, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        simulation(**changes).run(**run)
    assert not list(tmp_path.iterdir())


DYNAMICS_REFUSED = [
    (lambda: bn.Langevin(0.0, 0.7, 0.9), "mass = 0.0, but it must be finite and positive"),
    (lambda: bn.Langevin(math.inf, 0.7, 0.9), "mass = inf"),
    (lambda: bn.Langevin(1.3, -0.7, 0.9), "friction = -0.7, but it must be finite and zero or positive"),
    (lambda: bn.Langevin(1.3, 0.7, -0.9), "kT = -0.9"),
    (lambda: bn.Overdamped(0.0, 0.9), "friction = 0.0, but it must be finite and positive"),
    (
        lambda: simulation(dynamics=bn.Overdamped((0.7, 0.8, 0.9), 1.0), dt=0.01),
        "3 values of friction for 2 dimensions",
    ),
]


@pytest.mark.parametrize(("make", "message"), DYNAMICS_REFUSED)
def test_dynamics_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_sigterm_closes_the_file(tmp_path):
    """A run that is told to end leaves a whole file, and exits with 143."""
    path = tmp_path / "run.h5md"
    code = f"""
        import brownian as bn
        bath = bn.Overdamped(0.7, 0.9)
        run = bn.Simulation(potential=bn.Harmonic(2.0), dynamics=bath, dt=0.01, particles=2000, seed=1)
        run.run(steps=10**7, every=1.0, out={str(path)!r})
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    try:
        for _ in range(600):
            if path.exists() and path.stat().st_size > 200_000:
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    finally:
        process.kill()
    with bn.open(path) as trajectory:
        assert trajectory.complete
        assert len(trajectory) > 1

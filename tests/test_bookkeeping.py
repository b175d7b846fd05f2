"""Work and heat along paths: the first law, definitions against a second way, orders, and known answers."""

import math
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from conftest import STANDARD_ERRORS, standard_errors
from recorded import interrupted

import brownian as bn
from brownian.dynamics import Langevin, Overdamped
from brownian.integrators import REGISTRY
from brownian.integrators.counted import counted_begin, counted_step
from brownian.integrators.ledger import HEAT, SHADOW, WORK, DrivenLedger, Ledger
from brownian.integrators.moves import work_rows

MASS, FRICTION, KT = 1.3, 0.7, 0.9
DYNAMICS = {Langevin: bn.Langevin(MASS, FRICTION, KT), Overdamped: bn.Overdamped(FRICTION, KT)}
PAIRS = [  # a scheme that rejects moves has no path of the dynamics: see test_mala
    (cls, form) for cls in REGISTRY.values() for form in cls.facts if form in DYNAMICS and not cls.deciding
]
NAMES = [f"{cls.__name__}-{form.__name__}" for cls, form in PAIRS]
WELL = bn.DoubleWell(barrier=2.0, width=1.2)
# rounding of a few hundred steps, in units of the largest energy that goes to and fro
ROUNDING = 400 * 2.3e-16


def simulation(potential, dynamics=DYNAMICS[Langevin], **changes):
    arguments = {"dt": 0.05, "particles": 300, "seed": 11, "bookkeeping": True, "start": "minimum"}
    return bn.Simulation(potential=potential, dynamics=dynamics, **arguments | changes)


@pytest.mark.parametrize(("cls", "form"), PAIRS, ids=NAMES)
def test_first_law_and_the_same_path(cls, form):
    """E_end - E_start = W + Q + W_shadow to rounding, the parts counted apart; and not a bit of the path changes."""
    exact = cls is bn.ExactOU
    potential = bn.Harmonic(2.1) if exact else bn.Moving(bn.Harmonic(2.1), velocity=0.7)
    booked = simulation(potential, DYNAMICS[form], integrator=cls(), dt=0.02)
    trajectory = booked.run(steps=150, every=0.6, dtype=np.float64)
    plain = simulation(potential, DYNAMICS[form], integrator=cls(), dt=0.02, bookkeeping=False)
    assert np.array_equal(plain.run(steps=150, every=0.6, dtype=np.float64).positions, trajectory.positions)
    energies = trajectory.energies
    assert np.abs(energies.first_law).max() < ROUNDING * (1.0 + np.abs(energies.heat).max())
    assert np.all(energies.work[1:] != 0.0) != exact  # a potential at rest does no work
    wrong = energies._replace(heat=1.01 * energies.heat)
    assert np.abs(wrong.first_law).max() > 1e-3


def test_heat_of_a_split_step_is_what_the_noise_and_friction_give():
    """From an every-step run of GJF: Q = m (v_O^2 - v_B^2) / 2, v_B and v_O rebuilt from positions and velocities."""
    run = simulation(WELL).run(steps=200, every=0.05)
    x, v = run.positions[:, :, 0], run.velocities[:, :, 0]
    kick = 0.05 / (2.0 * MASS)
    before, after = (
        v[:-1] + kick * WELL.force(x[:-1].ravel()).reshape(-1, 300),
        v[1:] - kick * WELL.force(x[1:].ravel()).reshape(-1, 300),
    )
    heat = np.cumsum(0.5 * MASS * (after**2 - before**2), axis=0)
    assert np.abs(run.energies.heat[1:, :, 0] - heat).max() < ROUNDING * 10.0


@pytest.mark.parametrize("integrator", [bn.EulerMaruyama(), bn.LeimkuhlerMatthews(), bn.Heun()])
def test_overdamped_heat_is_the_stratonovich_product(integrator):
    """Q = -sum (F_n + F_n+1) dx / 2, W_shadow = Delta U - W - Q, from an every-step run."""
    run = simulation(WELL, DYNAMICS[Overdamped], integrator=integrator, dt=0.01).run(steps=200, every=0.01)
    x = run.positions[:, :, 0]
    force = WELL.force(x.ravel()).reshape(x.shape)
    heat = np.cumsum(-0.5 * (force[1:] + force[:-1]) * np.diff(x, axis=0), axis=0)
    energies = run.energies
    assert np.abs(energies.heat[1:, :, 0] - heat).max() < ROUNDING * 10.0
    rise = WELL.profile(x[1:]) - WELL.profile(x[0])
    assert np.abs(energies.shadow_work[1:] - (rise - heat)).max() < ROUNDING * 10.0


def _shadow(dt, integrator, dynamics, time=0.8):
    run = simulation(WELL, dynamics, integrator=integrator, dt=dt, particles=4000).run(time=time, dtype=np.float64)
    return math.sqrt((run.energies.shadow_work[-1] ** 2).mean())


@pytest.mark.parametrize(
    ("integrator", "form", "order"),
    [
        (bn.GJF(), Langevin, 2),
        (bn.OBABO(), Langevin, 2),
        (bn.EulerMaruyama(), Overdamped, 1),
        (bn.Heun(), Overdamped, 1),
    ],
    ids=["GJF", "OBABO", "Euler-Maruyama", "Heun"],
)
def test_shadow_work_vanishes_at_its_order(integrator, form, order):
    """Root mean square at a fixed time: dt^2 where a step is split, dt where it is the error of the trapezoid."""
    steps = np.array([0.04, 0.02, 0.01]) if form is Langevin else np.array([0.004, 0.002, 0.001])
    sizes = [_shadow(dt, integrator, DYNAMICS[form]) for dt in steps]
    assert np.polyfit(np.log(steps), np.log(sizes), 1)[0] == pytest.approx(order, abs=0.25)


def test_linear_forces_have_no_shadow():
    """The trapezoid is exact for a quadratic U, with parameters that move too."""
    breathing = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(2.1, 4.4, duration=1.0), center=bn.Sine(0.0, 0.4, 0.8))
    for integrator in (bn.EulerMaruyama(), bn.Heun()):
        run = simulation(breathing, DYNAMICS[Overdamped], integrator=integrator, dt=0.02).run(steps=60)
        assert np.abs(run.energies.shadow_work).max() < ROUNDING * 20.0


def test_both_forms_of_a_potential_count_alike():
    """By component, and by block: the same energies to rounding (a sum with nothing by block)."""
    by_block = bn.Driven(bn.Quadratic([[2.1, 0.0], [0.0, 2.1]]), center=bn.Linear([0.0, 0.0], [0.7, -0.3]))
    by_component = bn.Driven(bn.Harmonic(2.1, center=[0.0, 0.0]), center=bn.Linear([0.0, 0.0], [0.7, -0.3]))
    for dynamics, integrator in ((DYNAMICS[Langevin], bn.GJF()), (DYNAMICS[Overdamped], bn.Heun())):
        runs = [
            simulation(u, dynamics, integrator=integrator, dimension=2, dt=0.02, start="rest").run(
                steps=100, every=0.5, dtype=np.float64
            )
            for u in (by_block, by_component)
        ]
        for one, other in zip(runs[0].energies, runs[1].energies, strict=True):
            assert np.abs(one - other).max() < 1e-12 * (1.0 + np.abs(one).max())


def test_compiled_is_interpreted():
    """A booked step of a driven potential, both ways, bit for bit."""
    potential = bn.Moving(WELL, velocity=0.7)
    for integrator, dynamics, cls in (
        (bn.GJF(), DYNAMICS[Langevin], DrivenLedger),
        (bn.Heun(), DYNAMICS[Overdamped], Ledger),
    ):
        u = potential if cls is DrivenLedger else WELL
        booked = simulation(u, dynamics, integrator=integrator, particles=8, dt=0.02)
        engine = booked.engine(1)
        engine.load(booked.initial_state()[0])
        scheme = len(dynamics.slots)
        s = engine.state[0].copy()
        engine.advance(0, 2)
        z = np.zeros((4, 1, 1, 8))
        z[:, 0, 0] = _normals(booked)
        work = np.zeros((work_rows(booked.kernel, True), 1, 8))
        ledger = cls(MASS if scheme == 2 else 0.0, scheme)
        counted_begin(ledger, booked.kernel, u, s, work, z, 0, 0.0)
        for n in range(2):
            counted_step(ledger, booked.kernel, u, s, work, z, n, n % 2 == 1, n * 0.02, (n + 1) * 0.02)
        assert np.array_equal(s, engine.state[0])
        assert np.any(s[scheme + HEAT] != 0.0)
        assert np.any(s[scheme + SHADOW] != 0.0) == (scheme == 2)  # overdamped: no kicks, and U = 0 at the start
        assert np.any(s[scheme + WORK] != 0.0) == (cls is DrivenLedger)
        engine.close()


def _normals(booked):
    from brownian.noise import normals_at

    return normals_at(booked.noise, 0, 4, first_particle=0, particles=8, dimension=1)[:, 0, :, 0]


def test_bits_of_the_energies_do_not_depend_on_threads_or_cuts(tmp_path, monkeypatch):
    potential = bn.Moving(WELL, velocity=0.7)
    path = tmp_path / "run.h5md"
    straight = simulation(potential).run(steps=60, every=0.5, threads=1)
    other = simulation(potential).run(steps=60, every=0.5, threads=3)
    interrupted(monkeypatch, simulation(potential), path, interrupts=2, steps=60, every=0.5)
    resumed = simulation(potential).run(steps=60, every=0.5, out=path, resume=True)
    for run in (other, resumed):
        assert np.array_equal(run.tallies[:], straight.tallies[:])
    assert resumed.columns == ("work", "heat", "shadow work", "kinetic energy", "potential energy")
    again = resumed.simulation()
    assert again.bookkeeping
    alone = simulation(potential, particles=1, first_particle=7).run(steps=60, every=0.5)
    assert np.array_equal(alone.tallies[:, 0], straight.tallies[:, 7])


def test_a_killed_file_keeps_its_energies(tmp_path):
    """kill -9, then repair, then resume: the tallies are there, whole."""
    path = tmp_path / "run.h5md"
    straight = simulation(WELL).run(steps=60, every=0.5)
    code = f"""
        import os, signal
        import brownian as bn
        from brownian import running

        def die(self, step, final=False):
            if step >= 45:
                os.kill(os.getpid(), signal.SIGKILL)

        running._Run._target = lambda self, step, last: min(last, step + 10)
        running.Progress.update = die
        bath = bn.Langevin({MASS}, {FRICTION}, {KT})
        run = bn.Simulation(potential=bn.DoubleWell(2.0, 1.2), dynamics=bath, dt=0.05, particles=300, seed=11,
                            bookkeeping=True, start="minimum")
        run.run(steps=60, every=0.5, out={str(path)!r})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert bn.repair(path) == 5
    with bn.open(path) as trajectory:
        assert np.array_equal(trajectory.tallies[:], straight.tallies[:5])
    resumed = simulation(WELL).run(steps=60, every=0.5, out=path, resume=True)
    assert np.array_equal(resumed.tallies[:], straight.tallies[:])


def test_other_programs_read_a_file_with_energies(tmp_path):
    mda = pytest.importorskip("MDAnalysis")
    path = tmp_path / "run.h5md"
    run = simulation(WELL, units=bn.units.nano).run(steps=40, every=0.5, out=path)
    universe = mda.Universe.empty(300, trajectory=True)
    universe.load_new(str(path))
    assert len(universe.trajectory) == 5
    assert np.allclose(universe.trajectory[4].positions[:, 0], 10.0 * run.positions[4][:, 0], rtol=1e-6)


def test_what_was_not_counted_is_not_there():
    run = simulation(WELL, bookkeeping=False).run(steps=2)
    assert run.tallies is None
    assert run.columns == ()
    with pytest.raises(ValueError, match="bookkeeping=True"):
        _ = run.energies
    with pytest.raises(ValueError, match=r"stop=\.\.\."):
        _ = run.stop_times


# ------------------------------------------------------------------------------------------------------ known answers


@pytest.mark.parametrize("form", ["od", "ud"])
def test_dragged_trap(known, form):
    """<W>, var W = 2 kT <W> and <e^{-W/kT}> = 1 of a trap dragged from equilibrium."""
    entry = known[f"jarzynski_drag_{form}"]
    p = entry["params"]
    dynamics = bn.Overdamped(p["lam"], p["kT"]) if form == "od" else bn.Langevin(p["m"], p["lam"], p["kT"])
    run = simulation(
        bn.Moving(bn.Harmonic(p["k"]), velocity=p["v"]), dynamics, integrator=bn.Heun() if form == "od" else bn.GJF(),
        dt=0.01, particles=20000, start="stationary",
    ).run(time=p["t"][-1], every=p["t"])  # fmt: skip
    for k, work in enumerate(run.energies.work[1:]):
        assert abs(standard_errors(work, entry["value"]["meanW"][k])) < STANDARD_ERRORS
        squares = (work - work.mean()) ** 2
        assert abs(standard_errors(squares, entry["value"]["varW"][k])) < STANDARD_ERRORS
        if k > 0:  # the shortest run is too short for an error of 10 % to be seen
            assert abs(standard_errors(work, 1.1 * entry["value"]["meanW"][k])) > STANDARD_ERRORS
    average = bn.analysis.exponential_average(run.energies.work[1], p["kT"])
    assert abs(average.z(1.0)) < STANDARD_ERRORS


def test_stiffness_quench_and_ramp(known):
    p, value = known["stiffness_quench"]["params"], known["stiffness_quench"]["value"]
    sudden = bn.Driven(bn.Harmonic(p["k0"]), stiffness=bn.Piecewise([0.0, 0.001], [p["k0"], p["k1"]], jump=True))
    dynamics = bn.Overdamped(0.7, p["kT"])
    run = simulation(sudden, dynamics, integrator=bn.Heun(), dt=0.002, particles=100_000, start="stationary").run(
        steps=1
    )
    work = run.energies.work[-1]
    # the jump comes before the move of the one (even) step, at the x of the start
    assert abs(standard_errors(work, value["meanW"])) < STANDARD_ERRORS
    assert abs(bn.analysis.jarzynski(work, p["kT"]).z(value["DF"])) < STANDARD_ERRORS
    p, value = known["stiffness_ramp_od"]["params"], known["stiffness_ramp_od"]["value"]
    ramp = bn.Driven(bn.Harmonic(p["k0"]), stiffness=bn.Ramp(p["k0"], p["k1"], duration=p["Tr"]))
    run = simulation(
        ramp, bn.Overdamped(p["lam"], p["kT"]), integrator=bn.Heun(), dt=0.005, particles=50_000, start="stationary"
    ).run(time=p["Tr"])
    work = run.energies.work[-1]
    assert abs(standard_errors(work, value["meanW"])) < STANDARD_ERRORS
    assert abs(standard_errors((work - work.mean()) ** 2, value["varW"])) < STANDARD_ERRORS
    assert abs(bn.analysis.exponential_average(work, p["kT"]).z(value["expavg"])) < STANDARD_ERRORS
    assert abs(standard_errors(run.positions[-1].astype(float) ** 2, value["x2_final"])) < STANDARD_ERRORS


def _rate_of_sampled_path(simulated, turning):
    """tr(R^T M C) / dt: work of the force R x along the chords of a stationary linear scheme; exact, no sampling."""
    from brownian.integrators.probe import affine_probe

    probe = affine_probe(simulated.kernel, simulated.potential, 1, 1, 2, simulated.dt)
    return float(np.trace(turning.T @ probe.matrix @ probe.stationary_covariance()) / simulated.dt)


def test_curl_trap(known):
    """Heat 2 eps^2 kT / (k lambda) flows; at a finite step its chords give exactly tr(R^T M C) / dt."""
    p, value = known["curl_trap_heat"]["params"], known["curl_trap_heat"]["value"]
    trap, eps = bn.Harmonic(p["k"]) + bn.Rotation(p["eps"]), p["eps"]
    turning = np.array([[0.0, -eps], [eps, 0.0]])
    rates = []
    for dt in (0.02, 0.01):
        run = simulation(
            trap, bn.Overdamped(p["lam"], p["kT"]), dt=dt, particles=20000, dimension=2, start="stationary"
        )
        rates.append(_rate_of_sampled_path(run, turning))
        if dt == 0.02:
            energies = run.run(time=6.0).energies
            assert abs(standard_errors(energies.work[-1] / 6.0, rates[0])) < STANDARD_ERRORS
            assert abs(standard_errors(energies.work[-1] / 6.0, 1.03 * rates[0])) > STANDARD_ERRORS
            rise = energies.potential[-1] - energies.potential[0]
            assert np.abs(energies.work[-1] + energies.heat[-1].sum(axis=1) - rise).max() < ROUNDING * 60.0
    assert 2.0 * rates[1] - rates[0] == pytest.approx(value["heat"], rel=4e-3)  # what is left is of order dt^2
    assert rates[0] != pytest.approx(value["heat"], rel=1e-2)


@pytest.mark.parametrize("form", ["od", "ud"])
def test_gyrator(known, form):
    """Covariances, and the heat that flows from the hot bath to the cold one."""
    p, value = known[f"gyrator_{form}"]["params"], known[f"gyrator_{form}"]["value"]
    kT = (p["kT1"], p["kT2"])
    dynamics = bn.Overdamped(p["lam"], kT) if form == "od" else bn.Langevin(p["m"], p["lam"], kT)
    potential = bn.Quadratic([[p["k"], p["u"]], [p["u"], p["k"]]])
    run = simulation(
        potential, dynamics, integrator=bn.Heun() if form == "od" else bn.GJF(), dt=0.002 if form == "od" else 0.02,
        dimension=2, particles=10000, start="stationary",
    ).run(time=8.0)  # fmt: skip
    x, heat = run.positions[-1].astype(float), run.energies.heat[-1] / 8.0
    for (i, j), name in (((0, 0), "xx"), ((1, 1), "yy"), ((0, 1), "xy")):
        assert abs(standard_errors(x[:, i] * x[:, j], value[name])) < STANDARD_ERRORS
    assert abs(standard_errors(heat[:, 0], value["heat12"])) < STANDARD_ERRORS
    assert abs(standard_errors(-heat[:, 1], value["heat12"])) < STANDARD_ERRORS
    assert abs(standard_errors(heat[:, 0], 0.0)) > STANDARD_ERRORS


def test_files_without_a_bath_are_analysed_and_drawn(tmp_path):
    """Neither friction nor temperature: nothing is divided by them."""
    from brownian.plotting.files import picture

    path = tmp_path / "newton.h5md"
    start = np.linspace(0.8, 1.4, 20)[:, np.newaxis], np.zeros((20, 1))
    newton = simulation(WELL, bn.Langevin(MASS, 0.0, 0.0), particles=20, start=start)
    newton.run(steps=200, every=0.5, out=path).close()
    with bn.open(path) as trajectory:
        rows = {row.name: row for row in bn.analysis.summarise(trajectory).rows}
        assert rows["work since the start"].value == 0.0
        assert np.abs(trajectory.energies.heat).max() == 0.0
    for kind in ("msd", "phase", "boltzmann", "landscape"):
        assert picture(path, kind, tmp_path / f"{kind}.png")


def test_a_sum_that_cannot_be_told_apart_is_refused():
    mixed = bn.Harmonic(2.1) + bn.Rotation(0.8)
    what = {"dimension": 2, "start": np.zeros((300, 2))}
    with pytest.raises(ValueError, match="Shifted holds a sum of terms with and without energy"):
        simulation(bn.Shifted(mixed, 0.5), **what)
    inside = bn.Shifted(bn.Harmonic(2.1), 0.5) + bn.Shifted(bn.Rotation(0.8), 0.5) + bn.ConstantForce(0.1)
    energies = simulation(inside, **what).run(steps=50).energies
    assert np.abs(energies.first_law).max() < 1e-12
    assert np.all(energies.work[-1] != 0.0)

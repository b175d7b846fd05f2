"""The rounds of ``soak.py``: what is simulated in each, what is noted, what must hold exactly."""

import contextlib
import os
import signal
import threading

import numpy as np

import brownian as bn
from brownian.theory import boltzmann_average

GROUPS, PARTICLES, DT = 64, 1024, 0.05
MASS, FRICTION, KT, STIFFNESS = 1.3, 0.7, 0.9, 2.1
UNDERDAMPED, OVERDAMPED = bn.Langevin(MASS, FRICTION, KT), bn.Overdamped(FRICTION, KT)
TRAP, WELL = bn.Harmonic(STIFFNESS), bn.DoubleWell(barrier=2.0, width=1.2)
EPS = np.finfo(float).eps


def well(x):
    """The double well's energy, for quadrature."""
    return 2.0 * ((x / 1.2) ** 2 - 1.0) ** 2


class Lasting:
    """A simulation that goes on, round after round, from its own last state."""

    def __init__(self, record, steps, first_step=0, **arguments):
        self.record, self.steps, self.step = record, steps, first_step
        self.arguments, self.start = arguments | {"particles": PARTICLES, "seed": 7}, "stationary"

    def on(self, frames=20, **changes):
        """One more round; returns its trajectory."""
        simulation = bn.Simulation(first_step=self.step, start=self.start, **self.arguments | changes)
        dt = self.arguments["dt"]
        run = simulation.run(steps=self.steps, every=self.steps // frames * dt, dtype=np.float64)
        self.step += self.steps
        self.record.must("time = step x dt, steps go on", run.steps[-1] == self.step and np.array_equal(
            run.times, run.steps * dt), f"step {run.steps[-1]} for {self.step}")  # fmt: skip
        self.record.must("no particle lost", run.positions.shape == (frames + 1, PARTICLES, 1), run.positions.shape)
        x = run.positions[-1]
        self.start = x if run.velocities is None else (x, run.velocities[-1])
        return run


def balanced(record, name, balance, parts, steps):
    """The first law: what is left over is rounding, of sums of so many steps that grow to ``parts``."""
    bound = 4.0 * EPS * np.sqrt(steps) * (1.0 + max(float(np.abs(part).max()) for part in parts))
    ratio = float(np.abs(balance).max()) / bound
    record.worst = max(record.worst, ratio)
    record.must(f"{name}: the books close", ratio < 1.0, f"off by {ratio:.3g} of the rounding bound")


class Marathon:
    """One file, stopped by Ctrl-C and resumed in every round: memory in the friction, a double well, a ledger."""

    EVERY, STEPS, NUMBER = 5000, 10**9, 64  # more steps than an hour can hold

    def __init__(self, record, folder, seconds):
        self.record, self.path, self.seconds, self.frames = record, folder / "marathon.h5md", seconds, 0
        dynamics = bn.GeneralizedLangevin(mass=MASS, kT=KT, frictions=[0.5, 0.3], times=[0.6, 4.0], friction=0.1)
        self.simulation = bn.Simulation(
            potential=WELL, dynamics=dynamics, dt=DT, particles=self.NUMBER, seed=11, bookkeeping=True,
            first_step=2**32 - 100_000,
        )  # fmt: skip
        self.simulation.run(steps=1)  # compiled before the clock of the first Ctrl-C starts

    def on(self):
        """Resume, let it run for a moment, press Ctrl-C, look at what is new."""
        begun = self.path.exists()
        timer = threading.Timer(self.seconds if begun else 2.0, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with contextlib.suppress(KeyboardInterrupt):
            self.simulation.run(steps=self.STEPS, every=self.EVERY * DT, out=self.path, velocities=False,
                                dtype=np.float32, resume=begun)  # fmt: skip
            timer.join()
        timer.join()
        must = self.record.must
        with bn.open(self.path) as file:
            steps, new, name = np.array(file.steps), len(file) - self.frames, "file of an hour"
            must(f"{name}: complete, no frame lost", file.complete and new >= 0, f"{new} new frames")
            expected = self.simulation.first_step + self.EVERY * np.arange(len(steps))
            must(f"{name}: every step where it should be", np.array_equal(steps, expected), f"{len(steps)} frames")
            must(f"{name}: time = step x dt", np.array_equal(file.times, steps * DT))
            self.frames = len(file)
            if not new:
                return
            rows, first, columns = file.tallies[-new:], file.tallies[0], list(file.columns)
        part = {key: rows[:, :, k] for k, key in enumerate(columns)}
        energy = [columns.index(key) for key in ("kinetic energy", "potential energy")]
        given = [key for key in columns if key.startswith(("work", "heat", "shadow"))]
        balance = rows[:, :, energy].sum(axis=2) - first[:, energy].sum(axis=1) - sum(part[key] for key in given)
        balanced(self.record, name, balance, [part[key] for key in given], steps[-1] - steps[0])
        self.record.note(f"{name}: kinetic energy", part["kinetic energy"].mean(axis=0))
        self.record.note(f"{name}: <U>", part["potential energy"].mean(axis=0))

    def end(self):
        """Stretches of it are made again."""
        found = bn.verify(self.path, budget=2**24)
        self.record.must("file of an hour: verified at the end", found.verdict == "verified", str(found))


def rounds_of(record, folder, scale, seconds):
    """A generator: each ``next`` is a round, closing it is the end."""
    steps = int(60_000 * scale) // 200 * 200
    marathon = Marathon(record, folder, 0.5 if scale == 1.0 else 0.1)
    go = {
        "gjf": Lasting(record, steps, 2**32 - 10_000, potential=TRAP, dynamics=UNDERDAMPED, dt=0.2),
        "baoab": Lasting(record, steps, potential=WELL, dynamics=UNDERDAMPED, integrator=bn.BAOAB(), dt=DT),
        "euler": Lasting(record, steps, potential=WELL, dynamics=OVERDAMPED, dt=0.01, noise="float32"),
        "free": Lasting(record, steps, 2**33 - 50_000, potential=bn.Free(), dynamics=OVERDAMPED, dt=DT),
        "lm": Lasting(record, steps, potential=TRAP, dynamics=OVERDAMPED, integrator=bn.LeimkuhlerMatthews(), dt=0.1),
        "mala": Lasting(record, steps, potential=WELL, dynamics=OVERDAMPED, integrator=bn.MALA(), dt=0.05),
        "ou": Lasting(record, steps, potential=TRAP, dynamics=UNDERDAMPED, integrator=bn.ExactOU(), dt=0.3),
        "driven": Lasting(
            record, steps, potential=bn.Driven(bn.Harmonic(STIFFNESS), stiffness=bn.Sine(STIFFNESS, 0.7, period=10.0)),
            dynamics=UNDERDAMPED, dt=DT, bookkeeping=True,
        ),
    }  # fmt: skip
    chains, k = None, 0
    machine = bn.RestrictedBoltzmannMachine(np.random.default_rng(7).normal(scale=0.5, size=(9, 6)))
    data, model = (
        bn.datasets.two_moons(1000, 0.12, seed=7),
        bn.NetworkEnergy.random(dimension=2, units=16, stiffness=0.7, seed=7),
    )
    try:
        while True:
            k += 1
            going_on(record, go, seconds)
            marathon.on()
            made_anew(record, k, max(200, steps // 20))
            through_a_file(record, k, folder)
            chains = machine.sample(
                sweeps=100, chains=PARTICLES, seed=7, every=10, **{} if chains is None else {
                    "start": chains.end, "first_sweep": chains.last_sweep})  # fmt: skip
            if k > 1:  # the first round begins with fair coins
                visible = chains.states.mean(axis=(0, 2))
                record.note("Boltzmann machine, Gibbs: mean unit", visible, machine.exact().means.mean())
            learnt = bn.learn(model, data, bn.DenoisingScoreMatching(noise=0.15), steps=20, batch=256, seed=k)
            record.note("network energy: loss after 20 steps", learnt.history["loss"][-1])
            yield
    finally:
        marathon.end()
        fails, files = record.verdicts.get("fail", 0), sum(record.verdicts.values())
        record.must("verdicts: no more false alarms than stated", fails <= 3 + 5e-3 * files, f"{fails} of {files}")


def going_on(record, go, seconds):
    """What lives for the whole hour."""
    share = 1.0 + (0.2 * record.now / seconds if record.plant == "drift" else 0.0)
    run = go["gjf"].on(dynamics=bn.Langevin(MASS, FRICTION, KT * share))
    x, v = run.positions[1:, :, 0], run.velocities[1:, :, 0]
    record.note("GJF, trap: <x^2>", (x**2).mean(axis=0), KT / STIFFNESS)
    record.note("GJF, trap: <x>", x.mean(axis=0), 0.0)
    record.note("GJF, trap: m<v^2>", MASS * (v**2).mean(axis=0))
    run = go["baoab"].on()
    x, v = run.positions[1:, :, 0], run.velocities[1:, :, 0]
    record.note("BAOAB, double well: <x^2>", (x**2).mean(axis=0))
    record.note("BAOAB, double well: <U>", well(x).mean(axis=0))
    record.note("BAOAB, double well: m<v^2>", MASS * (v**2).mean(axis=0))
    x = go["euler"].on().positions[1:, :, 0]
    record.note("Euler-Maruyama, double well: <x^2>", (x**2).mean(axis=0))
    record.note("Euler-Maruyama, double well: <U>", well(x).mean(axis=0))
    run = go["free"].on()
    step, noise = run.steps[1] - run.steps[0], np.diff(run.positions[:, :, 0], axis=0)
    noise /= np.sqrt(2.0 * KT / FRICTION * DT)
    record.note("Euler-Maruyama, free: mean of the noise", noise.mean(axis=0) / step, 0.0)
    record.note("Euler-Maruyama, free: strength of the noise", (noise**2).mean(axis=0) / step, 1.0)
    x = go["lm"].on().positions[1:, :, 0]
    record.note("Leimkuhler-Matthews, trap: <x^2>", (x**2).mean(axis=0), KT / STIFFNESS)
    run = go["mala"].on()
    x = run.positions[1:, :, 0]
    record.note("MALA, double well: <x^2>", (x**2).mean(axis=0), boltzmann_average(lambda x: x**2, well, kT=KT))
    record.note("MALA, double well: <U>", well(x).mean(axis=0), boltzmann_average(well, well, kT=KT))
    record.note("MALA, double well: acceptance", run.acceptance)
    run = go["ou"].on()
    record.note("exact OU, trap: <x^2>", (run.positions[1:, :, 0] ** 2).mean(axis=0), KT / STIFFNESS)
    record.note("exact OU, trap: <v^2>", (run.velocities[1:, :, 0] ** 2).mean(axis=0), KT / MASS)
    run = go["driven"].on(frames=10)
    energies, steps = run.energies, run.steps[-1] - run.steps[0]
    heat = energies.heat[:, :, 0] * (1.0 + (1e-9 if record.plant == "ledger" else 0.0))
    balance = energies.kinetic + energies.potential - energies.work - heat - energies.shadow_work
    balance -= energies.kinetic[0] + energies.potential[0]
    balanced(record, "driven trap", balance, [energies.work, energies.heat, energies.shadow_work], steps)
    record.note("driven trap: work of a round", energies.work[-1])
    record.note("driven trap: heat of a round", energies.heat[-1, :, 0])


def made_anew(record, k, steps):
    """What is made in each round, with the round's seed."""
    shared = {"particles": PARTICLES, "seed": k}
    free = bn.Simulation(potential=bn.Free(), dynamics=OVERDAMPED, dt=0.01, start="rest",
                         stop=bn.LeaveInterval(-1.0, 2.0), **shared)  # fmt: skip
    times = free.run(steps=3000).stop_times
    record.must("stop: all have left", np.isfinite(times).all(), f"{np.isnan(times).sum()} have not")
    record.note("stop: mean first-passage time", times, 1.0 * 2.0 / (2.0 * KT / FRICTION))
    forms = {
        "generalized Langevin": bn.GeneralizedLangevin(MASS, KT, frictions=[0.5, 0.3], times=[0.6, 4.0], friction=0.1),
        "coloured noise": bn.ColoredNoise(FRICTION, KT, time=0.2),
        "active force": bn.ActiveForce(FRICTION, KT, force=0.8, time=0.5),
    }
    for name, dynamics in forms.items():
        run = bn.Simulation(potential=WELL, dynamics=dynamics, dt=0.02, **shared).run(
            steps=steps, every=steps // 10 * 0.02
        )
        record.note(f"{name}, double well: <x^2>", (run.positions[5:, :, 0] ** 2).mean(axis=0))
    cooling = bn.Annealing.geometric(4.0, KT, levels=5, steps=steps // 10)
    cooled = bn.Simulation(potential=WELL, dynamics=UNDERDAMPED, dt=DT, annealing=cooling, **shared)
    record.note("annealing: <U> at the end", well(cooled.run(steps=steps).positions[-1, :, 0]))
    tempered = bn.sample(WELL, dimension=1, tau=0.1, steps=steps // 10 * 10, chains=256, seed=k, integrator=bn.MALA(),
                         every=10, tempering=bn.Tempering([1.0, 2.0, 4.0], every=10), discard=100)  # fmt: skip
    record.note("tempering: exchange rate", np.mean(tempered.exchange_rates))
    record.note("tempering: <x^2> at the lowest kT", (tempered.draws**2).mean(axis=(0, 2)))
    observe = [bn.Moments(), bn.Histogram(np.linspace(-9.0, 9.0, 91)), bn.Populations()]
    observe += [bn.MeanSquaredDisplacement(longest=10), bn.Autocorrelation(of="positions", longest=10)]
    watched = bn.Simulation(potential=WELL, dynamics=OVERDAMPED, dt=0.01, **shared).run(
        steps=200, every=0.1, dtype=np.float64, observe_every=0.1, observe=observe,
    )  # fmt: skip
    found, x = watched.observed, watched.positions[:]
    record.must("observables: every particle of every frame counted", found["Histogram"].counts.sum() == x.size)
    record.must(
        "observables: the frames' own moments", np.allclose(found["Moments"].value[1], (x**2).mean(), rtol=1e-12)
    )
    text = bn.Expression("h*((x/w)**2 - 1)**2", h=2.0 + 0.01 * (k % 50), w=1.2)
    end = bn.Simulation(potential=text, dynamics=OVERDAMPED, dt=0.01, **shared).run(steps=20).positions[-1]
    record.must("expression: finite", np.isfinite(end).all())


def through_a_file(record, k, folder):
    """Saved, read back, validated."""
    simulation = bn.Simulation(potential=TRAP, dynamics=UNDERDAMPED, dt=0.1, particles=256, seed=2**63 + k)
    path = folder / "round.h5md"
    simulation.run(steps=2000, every=0.1, out=path, overwrite=True).close()
    again = simulation.run(steps=2000, every=0.1)
    with bn.open(path) as file:
        same = all(
            np.array_equal(getattr(file, name)[:], getattr(again, name)[:]) for name in ("positions", "velocities")
        )
        record.must("file: the bits of the same run in memory", same)
        verdict = bn.validate(file)
    record.verdicts[verdict.verdict] = record.verdicts.get(verdict.verdict, 0) + 1
    record.note("validation: R", verdict.headline.ratio, 1.0)

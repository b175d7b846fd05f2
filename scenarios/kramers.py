"""Escape over a barrier, from weak friction to strong: Kramers' turnover on the exact curve.

    m dv = -lambda v dt - U' dt + sqrt(2 lambda kT) dW,    U = barrier ((x / width)^2 - 1)^2

All particles start in the left well, and <sgn x> decays with the slowest rate Lambda = 2 k of the Klein-Kramers
equation once they have forgotten how.  Expected: Lambda / 2 on the exact eigenvalue at every friction; Mel'nikov and
Meshkov's formula within its tenth or so of it; Kramers' own far above it at weak friction, where energy is what a
particle waits for.  At strong friction the overdamped equation gives the same rate, and its mean first-passage time
over the barrier is exact at any step.
"""

import sys

import numpy as np

import brownian as bn


def run(*, barrier=2.0, width=1.2, mass=1.3, kT=0.9, weakest=0.07, strongest=7.0, points=8, dt=0.04,
        particles=200_000, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Measure the rate at several frictions, compare with the exact eigenvalue, plot the turnover."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    well = bn.DoubleWell(barrier=barrier, width=width)
    exact = {"mass": mass, "kT": kT}
    digits = {"accuracy": 1e-5}  # far below the standard errors
    frictions = np.geomspace(weakest, strongest, points)
    rates = []
    for k, friction in enumerate(frictions):
        expected = bn.theory.klein_kramers_rate(well.profile, friction=friction, **exact, **digits)
        estimate = decay(well, bn.Langevin(mass=mass, friction=friction, kT=kT), dt, expected, particles, seed + k)
        scenario.check(f"Lambda / 2 at lambda = {friction:.3g}", estimate.value / 2, expected / 2, estimate.error / 2)
        rates.append(estimate)

    overdamped = bn.Overdamped(friction=strongest, kT=kT)
    trajectory = bn.Simulation(
        potential=well, dynamics=overdamped, dt=dt, particles=5000, seed=seed + points, stop=bn.CrossLevel(0.0),
        start=np.full((5000, 1), -width),
    ).run(
        time=20.0 * strongest / 0.7 * 6.0, every=strongest / 0.7 * 6.0, progress=True,
        **scenario.keeping("trajectory.h5md"),
    )  # fmt: skip
    times = trajectory.stop_times
    passage = bn.analysis.mean(times)
    to_top = bn.theory.mfpt(well.profile, -width, 0.0, friction=strongest, kT=kT)
    scenario.check(
        f"mean first passage to the top, overdamped, lambda = {strongest:g}", passage.value, to_top, passage.error
    )

    fine = np.geomspace(weakest / 1.1, strongest * 1.1, 33)
    formula = {"well": -width, "top": 0.0}
    curvatures = {"well_curvature": 8 * barrier / width**2, "barrier_curvature": 4 * barrier / width**2}
    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2)
        value, error = (np.array([getattr(rate, name) / 2 for rate in rates]) for name in ("value", "error"))
        bn.plotting.with_errors(frictions, bn.analysis.Estimate(value, error, particles), ax=left, label="simulated")
        curve = [bn.theory.klein_kramers_rate(well.profile, friction=f, **exact, **digits) / 2 for f in fine]
        bn.plotting.theory(fine, curve, ax=left, label="exact (Klein-Kramers)")
        mm = [
            bn.theory.melnikov_meshkov_rate(well.profile, friction=f, other_well=width, **formula, **exact)
            for f in fine
        ]
        left.plot(fine, mm, color="#e76300", lw=1.2, label="Mel'nikov-Meshkov")
        kramers = bn.theory.kramers_rate(barrier=barrier, friction=fine, **curvatures, **exact)
        left.plot(fine, kramers, color="#94a4a2", lw=1.2, label="Kramers")
        left.set(
            xscale="log", xlabel=r"friction $\lambda$", ylabel=r"escape rate $k = \Lambda/2$", title="Kramers' turnover"
        )
        left.set_ylim(0.0, 1.7 * max(curve))
        left.legend(loc="upper right")
        ordered = np.sort(times)
        alive = 1.0 - (np.arange(len(ordered)) + 0.5) / len(ordered)
        right.plot(ordered / to_top, alive, label=f"simulated, {len(times)} particles")
        slowest = bn.theory.smoluchowski_rate(well.profile, friction=strongest, kT=kT)
        right.set(yscale="log", xlabel=r"time / mean first-passage time", ylabel="not yet at the top", ylim=(1e-3, 1.3))
        right.set_title(rf"Overdamped, $\lambda$ = {strongest:g}: $2/\Lambda$ = {2 / slowest:.3g}, $T$ = {to_top:.3g}")
        t = np.linspace(0.0, 7.0, 50)
        bn.plotting.theory(t, np.exp(-t), ax=right, label="exponential")
        right.legend(loc="upper right")
    scenario.save(figure, "turnover.png")
    return scenario.result("Kramers turnover")


def decay(well, dynamics, dt, guess, particles, seed):
    """Lambda from the ratio of <sgn x> at two times, started in the left well; error by the delta method."""
    first, last = (dt * round(part / guess / dt) for part in (0.6, 1.8))
    simulation = bn.Simulation(potential=well, dynamics=dynamics, dt=dt, particles=particles, seed=seed)
    state = simulation.initial_state()[0]
    start = -np.abs(state[0]), state[1]
    simulation = bn.Simulation(potential=well, dynamics=dynamics, dt=dt, particles=particles, seed=seed, start=start)
    frames = simulation.run(time=last, every=[first, last]).positions[1:, :, 0]
    sides = np.sign(frames.astype(float))
    ratio = bn.analysis.ratio(-sides[1], -sides[0])
    return bn.analysis.Estimate(
        -np.log(ratio.value) / (last - first), ratio.error / ratio.value / (last - first), particles
    )


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

"""Physics and machine learning take the same step.

    physics            x' = x - (dt / lambda) U' + sqrt(2 (dt / lambda) kT) eps
    machine learning   x' = x + tau grad log p + tau sigma eps,   p = exp(-U) / Z

Expected: with tau = dt / lambda and sigma = sqrt(2 / tau) the numbers are equal, bit for bit, at kT = 1; and at another
kT those of the energy U / kT with the step tau kT, to rounding.  The sigma of machine learning is the
fluctuation-dissipation relation: noise of strength 2 lambda kT, measured on the physical run.  Any other sigma samples
kT_eff = tau sigma^2 / 2, and one that is kept while tau -> 0 freezes the system.  (In a trap of stiffness k the step
itself makes <x^2> larger by 1 / (1 - k tau / 2).)
"""

import sys

import numpy as np

import brownian as bn

SCHEMES = bn.EulerMaruyama(), bn.LeimkuhlerMatthews(), bn.MALA()


def differing(a, b):
    """How many numbers of two runs are not equal, bit for bit."""
    return int(np.count_nonzero(a.positions[:] != b.positions[:]))


def rounding(potential, tau, steps, size):
    """Bound of what rounding makes of a path: some units in the last place a step, multiplied where paths part."""
    steepest = -float((-potential.laplacian(np.linspace(-size, size, 2001))).max())
    return steps * 8.0 * np.finfo(float).eps * size * (1.0 + tau * abs(steepest)) ** steps


def run(*, barrier=1.7, width=1.2, friction=2.0, kT=0.7, tau=0.03125, stiffness=2.1, sigma=5.0, particles=20000,
        steps=400, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Run both forms, compare every number; measure the noise; keep sigma while tau falls."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    well = bn.DoubleWell(barrier=barrier, width=width)

    def physics(friction, kT, dt, integrator=SCHEMES[0], number=2000, **run):
        return bn.Simulation(
            potential=well, dynamics=bn.Overdamped(friction=friction, kT=kT), integrator=integrator, dt=dt,
            particles=number, seed=seed, start="normal",
        ).run(steps=steps, every=dt, dtype=np.float64, **run)  # fmt: skip

    def learning(potential, tau, integrator=SCHEMES[0], steps=steps):
        return bn.sample(
            potential, tau=tau, steps=steps, chains=2000, seed=seed, dimension=1, integrator=integrator
        ).trajectory

    for integrator in SCHEMES:
        ours = learning(well, tau, integrator)
        keep = scenario.keeping("physics.h5md") if integrator is SCHEMES[0] else {}
        run_ = physics(friction, 1.0, tau * friction, integrator, **keep)
        twice = physics(2.0 * friction, 1.0, 2.0 * tau * friction, integrator)
        name = type(integrator).__name__
        scenario.check(f"numbers of {ours.positions[:].size:,} that differ, {name}", differing(ours, run_), 0.0, 0.0)
        scenario.check(f"the same, friction and dt doubled, {name}", differing(ours, twice), 0.0, 0.0)
        if integrator is SCHEMES[0]:
            path, mapped = run_, ours

    few = 16
    cold = physics(friction, kT, tau * friction).positions[: few + 1]
    scaled = learning(bn.DoubleWell(barrier=barrier / kT, width=width), tau * kT, steps=few).positions[:]
    bound = rounding(well, tau, few, float(np.abs(cold).max()))
    scenario.check(f"largest difference after {few} steps, U / kT and tau kT", np.abs(cold - scaled).max(), 0.0, bound)

    x = mapped.positions[:, :, 0]
    noise = (x[1:] - x[:-1] - tau * well.force(x[:-1].reshape(-1, 1)).reshape(x[:-1].shape)) / tau
    squares = bn.analysis.mean((noise**2).mean(axis=0))
    scenario.check("sigma^2 tau / 2 of the machine-learning run", squares.value * tau / 2.0, 1.0,
                   squares.error * tau / 2.0)  # fmt: skip
    ratio = bn.validate(path, averages=False).headline
    error = np.sqrt(2.0 / ratio.count)  # of the mean square of so many normals
    scenario.check("<eta eta> / (2 lambda kT) of the physical run", ratio.ratio, 1.0, error)

    trap, taus = bn.Harmonic(stiffness), tau * 2.0 ** np.arange(3, -4, -1)
    spread = {"sqrt(2 / tau)": lambda tau: np.sqrt(2.0 / tau), f"{sigma:g}, kept": lambda tau: sigma}
    found = {name: [] for name in spread}
    runs = 0
    for name, rule in spread.items():
        for step in taus:
            runs += 1
            samples = bn.sample(
                trap, tau=step, sigma=rule(step), steps=20, every=20, chains=particles, dimension=1,
                seed=seed + runs, start="stationary", discard=20,
            )  # fmt: skip
            square = bn.analysis.mean(stiffness * samples.draws[-1, :, 0] ** 2)
            found[name].append((square, samples.kT_eff))
            exact = samples.kT_eff / (1.0 - stiffness * step / 2.0)
            scenario.check(f"k <x^2>, sigma = {name}, tau = {step:.3g}", square.value, exact, square.error)

    with bn.plotting.style():
        figure, (left, right) = bn.plotting.figure(columns=2)
        shown = slice(0, 121)
        left.plot(
            path.times[shown] / friction, path.positions[shown, 5, 0], color="0.6", label=r"physics: $\lambda$, dt, kT"
        )
        left.plot(np.arange(121) * tau, x[shown, 5], ".", label=r"machine learning: $\tau$, $\sigma=\sqrt{2/\tau}$")
        left.set(xlabel=r"$n\tau = t/\lambda$", ylabel="x", title="One path, bit for bit", ylim=(-2.4, 3.4))
        left.legend(loc="upper right")
        fine = np.geomspace(taus[-1] * 0.8, taus[0] * 1.15, 100)
        labels = r"$\sigma = \sqrt{2/\tau}$: fluctuation-dissipation", rf"$\sigma = {sigma:g}$, kept"
        for name, label, marker in zip(spread, labels, "os", strict=True):
            values = [square.value for square, _ in found[name]]
            right.errorbar(taus, values, [square.error for square, _ in found[name]], fmt=marker, label=label)
            kT_eff = fine * np.array([spread[name](step) for step in fine]) ** 2 / 2.0
            right.plot(fine, kT_eff / (1.0 - stiffness * fine / 2.0), **bn.plotting.THEORY)
        right.plot([], [], **bn.plotting.THEORY, label=r"$(\tau\sigma^2/2)\,/\,(1-k\tau/2)$")
        right.set(xscale="log", yscale="log", xlabel=r"step $\tau$", ylabel=r"$k\langle x^2\rangle$",
                  title=r"A $\sigma$ that is kept freezes the system")  # fmt: skip
        right.legend(loc="lower right")
    scenario.save(figure, "mapping.png")
    return scenario.result("Physics and machine learning take the same step")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

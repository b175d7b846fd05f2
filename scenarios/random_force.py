"""The random force of Langevin's equation, measured: zero mean, delta-correlated, strength fixed by the temperature.

    m dv = -lambda v dt - grad U dt + eta dt,    <eta> = 0,    <eta(t) eta(t')> = 2 lambda kT delta(t - t')

Every step of a run in a double well is kept, the scheme is inverted, and the normals xi of every step come back:
eta = sqrt(2 lambda kT / dt) xi.  Expected: <xi> = 0, <xi_n xi_n+k> = 0 for k > 0, and

    R = <eta eta> / (2 lambda kT) = 1    with an exact chi-square interval

Why delta-correlated: a force with memory, <zeta(t) zeta(t')> = (lambda kT / tau_c) e^(-|t - t'| / tau_c), breaks the
balance of friction and noise where the friction has no memory.  Overdamped, in a trap of stiffness k,

    <x^2> = (kT / k) / (1 + k tau_c / lambda)    which is equipartition, kT / k, in the limit tau_c -> 0 alone
"""

import sys

import numpy as np

import brownian as bn


def run(*, barrier=2.0, width=1.2, mass=1.3, friction=0.7, kT=0.9, dt=0.1, steps=20000, particles=100, stiffness=2.1,
        trapped=4000, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Run, invert every step, test the noise; let its memory go to zero in a trap; plot all three."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    simulation = bn.Simulation(
        potential=bn.DoubleWell(barrier=barrier, width=width),
        dynamics=bn.Langevin(mass=mass, friction=friction, kT=kT),
        integrator=bn.GJF(),
        dt=dt,
        particles=particles,
        seed=seed,
    )
    trajectory = simulation.run(
        steps=steps,
        every=dt,
        **scenario.keeping("trajectory.h5md"),
        progress=True,
    )
    verdict = bn.validate(trajectory, averages=False)
    for line in verdict.lines:
        if line.name.startswith(("noise mean", "noise strength", "noise in time", "kurtosis")):
            scenario.check(line.name, line.measured, line.expected, line.error)
    low, high = verdict.headline.interval
    scenario.check("R inside its exact interval", verdict.headline.ratio, 1.0, (high - low) / 6.6)
    xi = np.concatenate([part.ravel() for part in bn.fdt.recovered_noise(trajectory)])
    series = xi.reshape(-1, particles)
    lags = np.arange(21)
    correlation = [bn.analysis.mean((series[: len(series) - k] * series[k:]).mean(axis=0)) for k in lags]

    relaxation = friction / stiffness
    memories = relaxation * np.array([0.03, 0.07, 0.15, 0.3, 0.7, 1.5, 3.0])
    squares = []
    for k, memory in enumerate(memories):
        trap = bn.Simulation(
            potential=bn.Harmonic(stiffness),
            dynamics=bn.ColoredNoise(friction, kT, memory),
            dt=relaxation / 50.0,
            particles=trapped,
            seed=seed + 1 + k,
        )
        x = trap.run(time=60.0 * relaxation, every=relaxation).positions[1:, :, 0].astype(float)
        squares.append(bn.analysis.mean((x**2).mean(axis=0)))
        exact = bn.theory.colored_noise_trap(friction=friction, kT=kT, stiffness=stiffness, correlation_time=memory)
        name = f"<x^2> of coloured noise, k tau_c / lambda = {memory / relaxation:g}"
        scenario.check(name, squares[-1].value, exact, squares[-1].error)

    with bn.plotting.style():
        figure, (left, right, limit) = bn.plotting.figure(columns=3, figsize=(14.4, 4.2))
        estimate = bn.analysis.Estimate(
            *(np.array([getattr(c, n) for c in correlation]) for n in ("value", "error")), 1
        )
        bn.plotting.with_errors(lags, estimate, ax=left)
        left.axhline(0.0, **bn.plotting.THEORY)
        left.set(xlabel="lag [steps]", ylabel=r"$\langle \xi_n \xi_{n+k} \rangle$", title="Uncorrelated in time")
        left.set_xticks(range(0, 21, 5))
        edges = np.linspace(-5.0, 5.0, 61)
        counts = np.histogram(xi, edges)[0]
        middle, size = (edges[1:] + edges[:-1]) / 2, xi.size * np.diff(edges)
        bn.plotting.with_errors(
            middle,
            bn.analysis.Estimate(counts / size, np.sqrt(counts) / size, xi.size),
            ax=right,
            label="noise of the run",
        )
        bn.plotting.theory(middle, np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi), ax=right, label="standard normal")
        right.set(yscale="log", xlabel=r"$\xi = \eta\,\sqrt{dt / 2\lambda k_BT}$", ylabel="density")
        right.set_title(f"R = {verdict.headline.ratio:.4f}, in [{low:.4f}, {high:.4f}]")
        right.legend(loc="lower center")
        estimate = bn.analysis.Estimate(
            *(np.array([getattr(s, n) for s in squares]) * stiffness / kT for n in ("value", "error")), trapped
        )
        bn.plotting.with_errors(memories / relaxation, estimate, ax=limit, label="coloured noise in a trap")
        smooth = np.geomspace(0.02, 4.5, 100)
        bn.plotting.theory(smooth, 1.0 / (1.0 + smooth), ax=limit, label=r"$1 / (1 + k\tau_c/\lambda)$")
        limit.axhline(1.0, color="#94a4a2", lw=1.0)
        limit.text(4.5, 1.012, "equipartition", ha="right", va="bottom", color="#717581")
        limit.set(
            xscale="log", xlabel=r"memory of the force, $k\tau_c / \lambda$", ylabel=r"$k\langle x^2\rangle / k_BT$"
        )
        limit.set(title="The white limit", ylim=(0.0, 1.12))
        limit.legend(loc="lower left")
    scenario.save(figure, "random_force.png")
    return scenario.result("Random force")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

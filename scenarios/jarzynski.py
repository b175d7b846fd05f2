"""Free energy from work: a trap that is dragged, and a trap that stiffens, forward and backward.

    Jarzynski  <e^{-W/kT}> = e^{-DF/kT}         Crooks  P_F(W) / P_R(-W) = e^{(W - DF)/kT}

Dragged at constant velocity, both forms: DF = 0, and W is Gaussian with the known mean <W> and variance 2 kT <W>.
Stiffened from k0 to k1 in three dimensions: DF = (3 kT/2) ln(k1/k0), and W is not Gaussian.  Backward: the reversed
protocol, started in equilibrium where the forward one ends.

Expected: DF by Jarzynski's average, by Bennett's acceptance ratio (BAR) and where the two distributions cross; slope
1/kT of ln P_F(W) / P_R(-W).  std(W) is below 2 kT, so that no average rests on a few trajectories; the errors of the
schemes at these steps are of order dt^2 and far below the standard errors.
Sources: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); G. E. Crooks, Phys. Rev. E 60, 2721 (1999); O. Mazonka,
C. Jarzynski, arXiv:cond-mat/9912121.
"""

import sys

import numpy as np

import brownian as bn
from brownian.analysis import work as estimators

COLOURS = {"forward": "#3f90da", "backward": "#bd1f01"}


def run(*, stiffness=2.1, velocity=0.7, stiff=5.9, mass=1.3, friction=0.7, kT=0.9, drag_time=2.0, ramp_time=0.4,
        dt=0.01, particles=12000, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Work forward and backward in three protocols; every estimator against the exact free energy; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    langevin, overdamped = bn.Langevin(mass, friction, kT), bn.Overdamped(friction, kT)
    end = velocity * drag_time
    there = bn.Moving(bn.Harmonic(stiffness), path=bn.Ramp(0.0, end, drag_time))
    back = bn.Moving(bn.Harmonic(stiffness), path=bn.Ramp(end, 0.0, drag_time))
    stiffen, soften = (
        bn.Driven(bn.Harmonic(low), stiffness=bn.Ramp(low, high, ramp_time))
        for low, high in ((stiffness, stiff), (stiff, stiffness))
    )
    difference = 3.0 * bn.theory.free_energy_difference(k0=stiffness, k1=stiff, kT=kT)
    cases = {
        "dragged, underdamped": (langevin, bn.GJF(), dt, drag_time, there, back, 0.0),
        "dragged, overdamped": (overdamped, bn.Heun(), dt / 5.0, drag_time, there, back, 0.0),
        "stiffened, overdamped": (overdamped, bn.Heun(), dt / 5.0, ramp_time, stiffen, soften, difference),
    }
    works = {}
    for k, (name, (dynamics, integrator, step, time, *protocols, exact)) in enumerate(cases.items()):
        works[name] = []
        for j, (way, potential) in enumerate(zip(COLOURS, protocols, strict=True)):
            simulation = bn.Simulation(
                potential=potential, dynamics=dynamics, integrator=integrator, dt=step, particles=particles,
                dimension=1 if exact == 0.0 else 3, seed=seed + 2 * k + j, bookkeeping=True,
            )  # fmt: skip
            file = f"{name.replace(', ', '_')}_{way}.h5md"
            path = simulation.run(time=time, velocities=False, progress=True, **scenario.keeping(file))
            works[name].append(path.energies.work[-1])
        _judge(scenario, name, *works[name], kT, exact)
    for name in list(cases)[:2]:
        shared = {
            "velocity": velocity,
            "friction": friction,
            "stiffness": stiffness,
            "mass": getattr(cases[name][0], "mass", 0.0),
        }
        for way, values in zip(COLOURS, works[name], strict=True):
            average, spread = bn.analysis.mean(values), estimators.cumulant_relation(values, kT)
            scenario.check(
                f"{name}: <W> {way}", average.value, bn.theory.dragged_work_mean(drag_time, **shared), average.error
            )
            scenario.check(f"{name}: var W / 2 kT <W> {way}", spread.value, 1.0, spread.error)
    ramp = bn.theory.stiffness_ramp_work(k0=stiffness, k1=stiff, duration=ramp_time, friction=friction, kT=kT)
    average = bn.analysis.mean(works["stiffened, overdamped"][0])
    scenario.check("stiffened, overdamped: <W> forward", average.value, 3.0 * ramp.mean, average.error)

    with bn.plotting.style():
        figure, axes = bn.plotting.figure(2, 3, figsize=(14.0, 7.4), height_ratios=(1.25, 1.0))
        for k, (name, (dynamics, *_, exact)) in enumerate(cases.items()):
            edges = _histograms(axes[0, k], name, *works[name], exact)
            if exact == 0.0:
                mean = bn.theory.dragged_work_mean(drag_time, velocity=velocity, friction=friction, stiffness=stiffness,
                                                   mass=getattr(dynamics, "mass", 0.0))  # fmt: skip
                _gaussians(axes[0, k], edges, mean, kT)
            _ratio(axes[1, k], edges, *works[name], kT, exact)
        axes[0, 0].legend(loc="upper left")
        axes[1, 0].legend(loc="upper left")
    scenario.save(figure, "jarzynski.png")
    return scenario.result("Jarzynski and Crooks")


def _judge(scenario, name, forward, backward, kT, exact):
    """Every estimator against the exact difference."""
    for way, values, sign in (("forward", forward, 1.0), ("backward", backward, -1.0)):
        average = estimators.exponential_average(values, kT, free_energy=sign * exact)
        scenario.check(f"{name}: <exp(-(W - DF)/kT)> {way}", average.value, 1.0, average.error)
        found = estimators.jarzynski(values, kT)
        scenario.check(f"{name}: DF, Jarzynski {way}", sign * found.value, exact, found.error)
    found, fit = estimators.bar(forward, backward, kT), estimators.crooks_crossing(forward, backward, kT)
    scenario.check(f"{name}: DF, BAR", found.value, exact, found.error)
    scenario.check(f"{name}: DF, crossing", fit.crossing.value, exact, fit.crossing.error)
    scenario.check(f"{name}: slope of ln P_F/P_R, times kT", fit.slope.value, 1.0, fit.slope.error)


def _histograms(ax, name, forward, backward, exact):
    """P_F(W) and P_R(-W), and where they cross."""
    low, high = np.quantile(np.r_[forward, -backward], [0.0005, 0.9995])
    edges = np.linspace(low, high, 46)
    for (way, colour), values, marker in zip(COLOURS.items(), (forward, -backward), "os", strict=True):
        label = r"$P_F(W)$, forward" if way == "forward" else r"$P_R(-W)$, backward"
        ax.hist(values, edges, density=False, weights=np.full(len(values), 1.0 / len(values) / (edges[1] - edges[0])),
                color=colour, alpha=0.22)  # fmt: skip
        bn.plotting.density(edges, bn.analysis.histogram(values[np.newaxis], edges), ax=ax, label=label, fmt=marker,
                            color=colour, markersize=3.0)  # fmt: skip
    ax.axvline(exact, color="black", lw=1.0, ls=":")
    ax.set(title=name, ylabel=r"density [E$^{-1}$]", xlabel="work W [E]", xlim=(low, high))
    ax.set_ylim(0.0, 1.35 * ax.get_ylim()[1])
    ax.annotate(rf"$\Delta F = {exact:.3g}$", (exact, 0.98), xycoords=("data", "axes fraction"), xytext=(5, 0),
                textcoords="offset points", va="top")  # fmt: skip
    return edges


def _gaussians(ax, edges, mean, kT):
    """Known laws of the work: mean +-<W>, variance 2 kT <W>."""
    w = np.linspace(edges[0], edges[-1], 300)
    for k, centre in enumerate((mean, -mean)):
        law = np.exp(-((w - centre) ** 2) / (4.0 * kT * mean)) / np.sqrt(4.0 * np.pi * kT * mean)
        bn.plotting.theory(w, law, ax=ax, label="Gaussian, exact" if k == 0 else None)


def _ratio(ax, edges, forward, backward, kT, exact):
    """Logarithm of P_F(W) / P_R(-W) of the bins that both sides filled, with the straight line of Crooks."""
    counts = [np.histogram(values, edges)[0] for values in (forward, -backward)]
    filled = np.minimum(*counts) >= 10
    centres = (edges[1:] + edges[:-1]) / 2.0
    ratio = np.log(counts[0][filled] / counts[1][filled])
    error = np.sqrt(1.0 / counts[0][filled] + 1.0 / counts[1][filled])
    bn.plotting.with_errors(
        centres[filled], bn.analysis.Estimate(ratio, error, 2), ax=ax, label="simulation", color="#832db6"
    )
    bn.plotting.theory(centres[filled], (centres[filled] - exact) / kT, ax=ax, label=r"$(W - \Delta F) / k_BT$")
    ax.axhline(0.0, color="black", lw=0.6)
    ax.axvline(exact, color="black", lw=1.0, ls=":")
    ax.set(xlabel="work W [E]", ylabel=r"$\ln\,P_F(W) / P_R(-W)$", xlim=(edges[0], edges[-1]))


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

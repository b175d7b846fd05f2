"""Boltzmann's populations against temperature: of discrete levels, and of the wells of a continuous energy.

    levels   p_i = g_i e^{-E_i/kT} / Z,   C / k_B = (<E^2> - <E>^2) / kT^2   (Schottky's peak)
    wells    p_right = int_{x > barrier} e^{-U/kT} dx / Z,   U = barrier ((x / width)^2 - 1)^2 - tilt x

Expected: walkers that jump by Glauber's or by Metropolis' rule, and particles in both forms of the dynamics (GJF;
Leimkuhler-Matthews), fill levels and wells alike, at every temperature.  No start knows the answer: walkers begin in
the highest level, particles in the upper well, and 16 of the slowest relaxation times (known exactly) are discarded.
Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28; W. Schottky, Phys. Z. 23, 448 (1922).
"""

import sys

import numpy as np

import brownian as bn

ENERGIES, DEGENERACIES = (0.0, 1.1, 1.7, 3.1), (1, 3, 2, 5)
TIMES = 16.0  # relaxation times until a start is forgotten: e^-16 = 1e-7


def run(*, barrier=1.5, width=1.2, tilt=0.35, mass=1.3, friction=0.7, dt=0.04, coldest=0.3, hottest=4.0, points=11,
        walkers=2000, steps=1000, particles=2000, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Fill levels by two rules and wells by two schemes over a range of temperatures; compare with Boltzmann; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    kTs = np.geomspace(coldest, hottest, points)
    levels = bn.DiscreteLevels(ENERGIES, DEGENERACIES)
    filled = {rule: _fill_levels(levels, kTs, rule, walkers, steps, seed + k) for k, rule in enumerate(RULES)}
    top = levels.heat_capacity(kTs).argmax()
    for rule, (_, chi2, capacity) in filled.items():
        capacity_z = capacity.z(levels.heat_capacity(kTs))
        degrees = len(kTs) * (len(levels) - 1)
        scenario.check(f"{rule}: chi² of all populations / {degrees}", chi2 / degrees, 1.0, np.sqrt(2.0 / degrees))
        scenario.check(f"{rule}: mean square z of all C(kT)", *_mean_square(capacity_z))
        scenario.check(
            f"{rule}: C / k_B at kT = {kTs[top]:.3g}",
            capacity.value[top], levels.heat_capacity(kTs[top]), capacity.error[top],
        )  # fmt: skip

    well = bn.DoubleWell(barrier=barrier, width=width, tilt=tilt)
    edge = float(well.stationary_points()[1])
    exact = np.array([1.0 - bn.theory.boltzmann_cdf(edge, well.profile, kT=kT) for kT in kTs])
    schemes = {"GJF": (bn.GJF(), dt), "Leimkuhler-Matthews": (bn.LeimkuhlerMatthews(), dt / 8.0)}
    wells = {}
    for k, (name, (integrator, step)) in enumerate(schemes.items()):
        found, settle = [], round(TIMES / _slowest(well, name, mass, friction, coldest) / step)
        for j, kT in enumerate(kTs):
            shared = {
                "potential": well, "integrator": integrator, "dt": step, "particles": particles,
                "dynamics": bn.Langevin(mass, friction, kT) if name == "GJF" else bn.Overdamped(friction, kT),
                "seed": seed + 10 + points * k + j,
            }  # fmt: skip
            start = np.full(particles, well.stationary_points()[0])
            path = bn.Simulation(start=start, **shared).run(steps=settle, dtype=np.float64)
            start = path.positions[-1] if path.velocities is None else (path.positions[-1], path.velocities[-1])
            stride = round(0.6 / step)
            keep = scenario.keeping(f"{name}_coldest.h5md") if j == 0 else {}
            path = bn.Simulation(start=start, first_step=settle, **shared).run(
                steps=200 * stride, every=stride * step, velocities=False, **keep
            )
            found.append(bn.analysis.mean((path.positions[1:, :, 0] > edge).mean(axis=0)))
        values, errors = (np.array([getattr(one, part) for one in found]) for part in ("value", "error"))
        wells[name] = bn.analysis.Estimate(values, errors, particles)
        scenario.check(f"{name}: mean square z of p(lower well)", *_mean_square(wells[name].z(exact)))
        for j in (0, points // 2, points - 1):
            scenario.check(f"{name}: p(lower well) at kT = {kTs[j]:.3g}", values[j], exact[j], errors[j])

    with bn.plotting.style():
        figure, axes = bn.plotting.figure(1, 3, figsize=(14.0, 4.4))
        _draw(axes, levels, filled, wells, well, edge, kTs)
    scenario.save(figure, "boltzmann_levels.png")
    return scenario.result("Boltzmann populations")


RULES = {"glauber": "o", "metropolis": "s"}


def _fill_levels(levels, kTs, rule, walkers, steps, seed):
    """Populations at each temperature, their chi² from Boltzmann's, and the heat capacity; errors over the walkers."""
    populations, chi2, values, errors = [], 0.0, [], []
    highest = int(levels.energies.argmax())
    for j, kT in enumerate(kTs):
        second = np.sort(np.abs(np.linalg.eigvals(levels.transition_matrix(kT, rule))))[-2]
        settle = int(np.ceil(TIMES / -np.log(second)))
        keep = {"walkers": walkers, "seed": seed + 100 * j, "rule": rule}
        walks = levels.sample(kT, steps=settle, start=highest, **keep)
        walks = levels.sample(kT, steps=steps, start=walks.end, first_step=walks.last_step, **keep)
        populations.append(bn.analysis.mean(walks.populations))
        off = (populations[-1].value - levels.probabilities(kT))[1:]  # without one: they sum to 1
        chi2 += walkers * off @ np.linalg.solve(np.cov(walks.populations[:, 1:].T), off)
        energy, square = walks.populations @ levels.energies, walks.populations @ levels.energies**2
        mean = energy.mean()
        variance = bn.analysis.mean(square - 2.0 * mean * energy)  # to first order, + <E>^2
        values.append((variance.value + mean**2) / kT**2)
        errors.append(variance.error / kT**2)
    return populations, chi2, bn.analysis.Estimate(np.array(values), np.array(errors), walkers)


def _slowest(well, name, mass, friction, kT):
    """The exact rate at which the wells exchange their populations: slower when it is colder."""
    if name == "GJF":
        return bn.theory.klein_kramers_rate(well.profile, mass=mass, friction=friction, kT=kT)
    return bn.theory.smoluchowski_rate(well.profile, friction=friction, kT=kT)


def _mean_square(z):
    """(measured, expected, standard error) of the mean of z^2."""
    return np.mean(z**2), 1.0, np.sqrt(2.0 / z.size)


def _draw(axes, levels, filled, wells, well, edge, kTs):
    fine = np.geomspace(0.8 * kTs[0], 1.25 * kTs[-1], 400)
    left, middle, right = axes
    colours = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6")
    exact = levels.probabilities(fine)
    for i, colour in enumerate(colours):
        for rule, marker in RULES.items():
            values, errors = (
                np.array([getattr(one, part)[i] for one in filled[rule][0]]) for part in ("value", "error")
            )
            bn.plotting.with_errors(
                kTs, bn.analysis.Estimate(values, errors, 2), ax=left, color=colour, fmt=marker,
                mfc=colour if rule == "glauber" else "white", markersize=4.0 if rule == "glauber" else 7.0,
                zorder=2.5 if rule == "glauber" else 2.0,
            )  # fmt: skip
        bn.plotting.theory(fine, exact[:, i], ax=left, label=None)
        left.plot([], [], "o", color=colour, label=f"E = {levels.energies[i]:g}, g = {levels.degeneracies[i]:g}")
    left.set(
        xscale="log",
        xlabel="temperature kT [E]",
        ylabel="population",
        title="four levels (filled: Glauber, open: Metropolis)",
        ylim=(-0.03, 1.05),
    )
    left.legend(loc="upper right")
    for rule, marker in RULES.items():
        bn.plotting.with_errors(
            kTs, filled[rule][2], ax=middle, label=rule.capitalize(), fmt=marker, color="#832db6",
            mfc="#832db6" if rule == "glauber" else "white", markersize=4.0 if rule == "glauber" else 7.0,
            zorder=2.5 if rule == "glauber" else 2.0,
        )  # fmt: skip
    bn.plotting.theory(fine, levels.heat_capacity(fine), ax=middle, label="exact")
    middle.set(xscale="log", xlabel="temperature kT [E]", ylabel=r"heat capacity $C / k_B$", title="Schottky's peak")
    middle.legend(loc="upper right")
    law = np.array([1.0 - bn.theory.boltzmann_cdf(edge, well.profile, kT=kT) for kT in fine])
    for (name, estimate), marker, colour in zip(wells.items(), "oD", ("#3f90da", "#bd1f01"), strict=True):
        bn.plotting.with_errors(kTs, estimate, ax=right, label=name, fmt=marker, color=colour)
    bn.plotting.theory(fine, law, ax=right, label="Boltzmann, quadrature")
    high, _, low = well.profile(well.stationary_points())
    right.plot(fine, 1.0 / (1.0 + np.exp((low - high) / fine)), color=bn.plotting.look.MUTED, lw=1.2,
               label=r"two levels, $1 / (1 + e^{-\Delta U / kT})$")  # fmt: skip
    right.set(
        xscale="log", xlabel="temperature kT [E]", ylabel="population of the lower well", title="two wells, tilted"
    )
    right.legend(loc="upper right")
    inset = right.inset_axes((0.07, 0.1, 0.29, 0.3), facecolor="none")
    x = np.linspace(-1.7 * well.width, 1.75 * well.width, 200)
    inset.plot(x, well.profile(x), color="black", lw=1.2)
    inset.axvline(edge, color=bn.plotting.look.MUTED, lw=0.9, ls=":")
    inset.set(xticks=[], yticks=[], xlabel="x", ylabel="U", ylim=(low - well.barrier / 3.0, 2.2 * well.barrier))
    for ax in axes:
        ticks = [tick for tick in (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0) if fine[0] <= tick <= fine[-1]]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_xticks([], minor=True)


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

"""What samplers cost, and what they get wrong: bias, and gradients until a mean is known.

    x' = x - tau grad U + ...,   target e^-U,   b^2 = E[(mean of f - <f>)^2] / Var f,   f = (x_d - <x_d>)^2

Unadjusted Langevin (Euler-Maruyama), Leimkuhler-Matthews, MALA, and underdamped GJF (mass 1, friction 1 / the largest
standard deviation of the target) take steps tau = z / k, k the largest curvature of the stiffest minimum (GJF: dt = z /
sqrt(k)), over a range of z.  Expected: on a Gaussian Euler-Maruyama's variance is too large by 1 / (1 - k tau / 2) in
every direction, and the others' is right; on a double well each overdamped scheme has the <x^2> of the exact stationary
law of its step; MALA has no bias anywhere.  To reach b^2 < 0.01, Leimkuhler-Matthews at z = 1 needs 7 times fewer
gradients than Euler-Maruyama at its best step.  On each target every scheme has the step that was best on one run, and
its gradients are counted on another; steps at which a chain of either diverged are left out.  All chains start in the
target, and a fifth of each is left out.
Source: J. Robnik, G. B. De Luca, E. Silverstein, U. Seljak, J. Mach. Learn. Res. 24, 311 (2023), for b^2.
"""

import sys
import warnings
from typing import Any, NamedTuple

import numpy as np

import brownian as bn
from brownian.integrators.operator import StationaryLaw
from brownian.running import NotFinite
from brownian.sampling import forecast

SCHEMES = {
    "Euler-Maruyama": (bn.EulerMaruyama(), "#3f90da", "o", "euler_maruyama"),
    "Leimkuhler-Matthews": (bn.LeimkuhlerMatthews(), "#ffa90e", "s", "leimkuhler_matthews"),
    "MALA": (bn.MALA(), "#bd1f01", "D", None),
    "GJF, underdamped": (bn.GJF(), "#832db6", "^", None),
}
STEPS = 0.1, 0.2, 0.4, 0.7, 1.0, 1.3, 1.6  # z
LONGER = 2.2, 3.0  # for MALA, which rejects what leads too far
UNIT = bn.Overdamped(friction=1.0, kT=1.0)
ERROR = 0.01  # b^2: as good as 100 independent samples


class Target(NamedTuple):
    """A target, its exact mean and variances, the variance of f, its largest curvature, and a box to draw it in."""

    name: str
    potential: Any
    mean: np.ndarray
    variance: np.ndarray
    spread: np.ndarray
    curvature: float
    box: tuple


class Found(NamedTuple):
    """One scheme at one step on one target: means of f by chain, (chains, D), and what they cost."""

    z: float
    tau: float
    means: np.ndarray
    steps: int
    acceptance: float | None
    draws: np.ndarray | None

    def bias(self, target):
        """Of <f>, relative, the first component's."""
        found = bn.analysis.mean(self.means[:, 0] / target.variance[0] - 1.0)
        return found.value, found.error

    def gradients(self, target):
        """Gradients of one chain until b^2 < ERROR, in the component that needs most, and the standard error.

        n = T / (ERROR - bias^2 / Var f), T = steps Var(chain means) / Var f: one gradient per step.
        """
        found = bn.analysis.mean(self.means)
        squares = bn.analysis.mean((self.means - found.value) ** 2)
        off = found.value - target.variance
        room = ERROR - np.maximum(off**2 - found.error**2, 0.0) / target.spread
        if np.any(room <= 0.0):
            return np.inf, np.nan
        needed = self.steps * squares.value / target.spread / room
        spread = squares.error / squares.value, 2.0 * np.abs(off) * found.error / target.spread / room
        errors = needed * np.hypot(*spread)
        return max(zip(needed, errors, strict=True))


def run(*, barrier=1.5, width=1.2, wells_kT=25.0, chains=300, steps=4000, counted=2000, seed=7,
        zoo="banana,rings,mueller_brown", out=None, resume=False, overwrite=False):  # fmt: skip
    """Scan the steps of four samplers, compare bias and cost with their exact values, plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    known = {
        "gaussian": ("Gaussian", bn.Quadratic([[2.1, 0.4], [0.4, 0.9]]), 2, None),
        "double_well": ("double well", bn.DoubleWell(barrier=barrier, width=width), 1, None),
        "banana": ("banana", bn.Banana(width=2.0, bend=0.1), 2, ((-6.0, 6.0), (-3.5, 4.5))),
        "rings": ("two rings", bn.Rings([1.2, 2.6], width=0.4), 2, ((-4.0, 4.0), (-4.0, 4.0))),
        "mueller_brown": (f"Müller-Brown, kT = {wells_kT:g}", bn.MuellerBrown(scale=1.0 / wells_kT), 2,
                          ((-1.7, 1.3), (-0.6, 2.2))),
    }  # fmt: skip
    names = ["gaussian", "double_well", *(name for name in zoo.split(",") if name)]
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"zoo = {zoo!r}: no target is named {unknown[0]!r}, but {', '.join(known)} are known")
    targets = {name: _target(*known[name], seed) for name in names}
    scans, best = {}, {}
    for place, (name, target) in enumerate(targets.items()):
        for k, scheme in enumerate(SCHEMES):
            first = seed + 100 * place + 20 * k + 1
            tried = enumerate(STEPS + LONGER * (scheme == "MALA"))
            scan = [_sampled(target, scheme, z, chains, steps, first + j) for j, z in tried]
            scans[name, scheme] = scan = [found._replace(draws=None) for found in scan if found is not None]
            keep = scenario.keeping("samples.h5md") if (name, scheme) == ("gaussian", "MALA") else {}
            ranked = sorted(scan, key=lambda found: found.gradients(target)[0])
            again = (_sampled(target, scheme, found.z, chains, steps, first + 10, **keep) for found in ranked)
            best[name, scheme] = next(found for found in again if found is not None)
    laws = _check_bias(scenario, targets, scans, best)
    counts = _count_gradients(scenario, counted, seed + 1000)
    _draw(scenario, targets, scans, best, laws, counts)
    return scenario.result("Langevin samplers: bias and cost")


def _target(name, potential, dimension, box, seed):
    mean, covariance = bn.exact_moments(potential, dimension=dimension)
    spread = ((bn.draw(potential, 100_000, seed=seed, dimension=dimension) - mean) ** 2).var(axis=0)
    curvature = forecast(potential, bn.EulerMaruyama(), UNIT, 1e-9, dimension).curvatures[-1]
    return Target(name, potential, mean, np.diag(covariance), spread, float(curvature), box)


def _sampled(target, scheme, z, chains, steps, seed, **files):
    """None where the scheme diverges: its step is too long for the walls that it meets."""
    friction, tau = 1.0, z / target.curvature
    if "GJF" in scheme:
        friction = 1.0 / np.sqrt(target.variance.max())
        tau = z / np.sqrt(target.curvature) / friction  # dt / friction
    try:
        with warnings.catch_warnings(action="ignore", category=bn.Advice):  # bias and walls are what is looked for
            samples = bn.sample(
                target.potential, tau=tau, steps=steps, chains=chains, seed=seed, integrator=SCHEMES[scheme][0],
                dimension=len(target.mean), start="stationary", discard=steps // 5, friction=friction, **files,
            )  # fmt: skip
    except NotFinite:
        return None
    means = ((samples.draws - target.mean) ** 2).mean(axis=0)
    acceptance = None if samples.acceptance is None else samples.acceptance.mean()
    draws = samples.draws[::2].reshape(-1, len(target.mean)) if scheme == "MALA" else None
    return Found(z, tau, means, len(samples), acceptance, draws)


def _exact_law(target, scheme, tau, error):
    """Relative bias of <f> of the first component that the scheme has exactly; None where it is not known.

    A quartic wall lets go at long steps, and no law is stationary; where one is, its interval does not matter.
    """
    if scheme == "MALA":
        return 0.0
    if len(target.mean) == 1 and "GJF" not in scheme:
        sizes = np.array([2.2, 2.5]) * target.potential.width
        laws = [StationaryLaw(SCHEMES[scheme][0], UNIT, tau, target.potential, -size, size, 64, 16) for size in sizes]
        near, far = (law.average(np.square) / target.variance[0] - 1.0 for law in laws)
        return far if abs(far - near) < error else None
    if target.name != "Gaussian" or scheme != "Euler-Maruyama":
        return 0.0 if target.name == "Gaussian" else None
    stiffness = target.potential.stiffness
    exact = np.linalg.inv(stiffness @ (np.eye(2) - tau * stiffness / 2.0))
    return exact[0, 0] / target.variance[0] - 1.0


def _check_bias(scenario, targets, scans, best):
    """Every scheme at every step against its own law on the first two targets; MALA on all; what was exact."""
    laws = {}
    for name in ("gaussian", "double_well"):
        target = targets[name]
        for scheme in SCHEMES:
            exact = [_exact_law(target, scheme, found.tau, found.bias(target)[1]) for found in scans[name, scheme]]
            known = [j for j, one in enumerate(exact) if one is not None]
            if not known:
                continue
            scan, exact = [scans[name, scheme][j] for j in known], np.array([exact[j] for j in known])
            laws[name, scheme] = [found.z for found in scan], exact
            value, error = np.transpose([found.bias(target) for found in scan])
            z = (value - exact) / error
            label, j = f"{target.name}, {scheme}", min(2, len(z) - 1)
            scenario.check(f"{label}: mean square z, {len(z)} steps", np.mean(z**2), 1.0, np.sqrt(2.0 / len(z)))
            scenario.check(f"{label}: bias of <x^2> at tau = {scan[j].tau:.3g}", value[j], exact[j], error[j])
    for name, target in targets.items():
        found = best[name, "MALA"]
        for d, axis in enumerate("xy"[: len(target.mean)]):
            value = bn.analysis.mean(found.means[:, d])
            scenario.check(
                f"{target.name}, MALA (accepted {100 * found.acceptance:.0f} %): var {axis}",
                value.value, target.variance[d], value.error,
            )  # fmt: skip
    return laws


def _count_gradients(scenario, chains, seed):
    """Measured gradients until b^2 < ERROR on an isotropic Gaussian, by scheme: z, count, error."""
    stiffness, counts, lowest = 2.1, {}, {}
    target, short, long = bn.Quadratic(stiffness * np.eye(2)), (0.04, 0.07, 0.1, 0.14, 0.18), (0.1, 0.25, 0.5, 1.0, 1.5)
    for k, scheme in enumerate(list(SCHEMES)[:3]):
        rows, grid = [], short if scheme == "Euler-Maruyama" else long
        for j, z in enumerate(grid):
            theory = SCHEMES[scheme][3]
            longest = int(1.3 * bn.theory.gradients_to_error(theory, z) if theory else 150.0 * (1.0 / z + 2.0))
            samples = bn.sample(
                target, tau=z / stiffness, steps=longest, chains=chains, seed=seed + 10 * k + j,
                integrator=SCHEMES[scheme][0], start="stationary", discard=1,
            )  # fmt: skip
            rows.append((z, *_crossing(stiffness * samples.draws**2)))
            if scheme == "MALA" and z == 1.0:
                accepted = bn.analysis.mean(samples.acceptance)
                exact = bn.theory.mala_acceptance(z, dimension=2)
                scenario.check("isotropic Gaussian, MALA, k tau = 1: accepted", accepted.value, exact, accepted.error)
        counts[scheme] = np.array(rows)
    for scheme in ("Euler-Maruyama", "Leimkuhler-Matthews"):
        exact = bn.theory.gradients_to_error(SCHEMES[scheme][3], counts[scheme][:, 0], ERROR)
        j = exact.argmin() if scheme == "Euler-Maruyama" else long.index(1.0)
        z, count, error = counts[scheme][j]
        lowest[scheme] = count, error, exact[j]
        scenario.check(f"gradients to b^2 < {ERROR:g}, {scheme}, k tau = {z:g}", count, exact[j], error)
    (slow, slow_error, slow_exact), (fast, fast_error, fast_exact) = lowest.values()
    error = slow / fast * np.hypot(slow_error / slow, fast_error / fast)
    scenario.check("times fewer with Leimkuhler-Matthews", slow / fast, slow_exact / fast_exact, error)
    return counts


def _crossing(squares):
    """The n at which the mean over chains of (mean of n values - 1)^2 / 2 falls to ERROR, and its standard error."""
    count = np.arange(1, len(squares) + 1)
    off = (np.cumsum(squares, axis=0) / count[:, np.newaxis, np.newaxis] - 1.0).reshape(len(squares), -1) ** 2 / 2.0
    curve = off.mean(axis=1)
    n = int(np.argmax(curve < ERROR))
    if not curve[n] < ERROR:
        raise ValueError(
            f"b^2 = {curve[-1]:.3g} after {len(squares)} steps, but it should fall below {ERROR:g}: more steps"
        )
    around = slice(int(0.85 * n), min(len(count), int(1.15 * n) + 1))
    slope = np.polyfit(count[around], curve[around], 1)[0]
    return n + 1.0, bn.analysis.mean(off[n]).error / abs(slope)


def _draw(scenario, targets, scans, best, laws, counts):
    with bn.plotting.style():
        figure, axes = bn.plotting.figure(2, 3, figsize=(14.0, 8.4))
        for name, ax, limits in zip(targets, axes[0, :2], ((-900.0, 700.0), (-20.0, 4.0)), strict=False):
            _draw_bias(ax, name, targets[name], scans, laws, limits)
        axes[0, 0].legend(loc="lower left")
        ax, fine = axes[0, 2], np.geomspace(0.03, 1.7, 200)
        for scheme, rows in counts.items():
            _, colour, marker, theory = SCHEMES[scheme]
            ax.errorbar(*rows.T, color=colour, fmt=marker, label=scheme)
            if theory:
                exact = bn.theory.gradients_to_error(theory, fine, ERROR)
                bn.plotting.theory(fine, exact, ax=ax, label="exact" if "Euler" in scheme else None)
            else:
                ax.plot(*rows[:, :2].T, color=colour, lw=0.8)
        ax.set(xscale="log", yscale="log", xlabel=r"step $z = k\tau$", ylabel=rf"gradients until $b^2 < {ERROR:g}$",
               title="Cost on a Gaussian", ylim=(80.0, 9000.0))  # fmt: skip
        ax.set_xticks([0.03, 0.1, 0.3, 1.0], ["0.03", "0.1", "0.3", "1"])
        ax.legend(loc="lower left")
        _draw_costs(axes[1, 0], targets, best)
        shown = [name for name, target in targets.items() if target.box][::-1]
        for k, ax in enumerate(axes[1, 1:]):
            _draw_density(ax, targets[shown[k]], best[shown[k], "MALA"].draws) if k < len(shown) else ax.set_axis_off()
    scenario.save(figure, "langevin_sampling.png")


def _draw_bias(ax, name, target, scans, laws, limits):
    for scheme, (_, colour, marker, _) in SCHEMES.items():
        z = [found.z for found in scans[name, scheme]]
        value, error = 100.0 * np.transpose([found.bias(target) for found in scans[name, scheme]])
        ax.errorbar(z, value, error, color=colour, fmt=marker, label=scheme, zorder=4 if "Euler" in scheme else 2)
        if (name, scheme) in laws:
            z, exact = laws[name, scheme]
            bn.plotting.theory(z, 100.0 * exact, ax=ax, label="exact" if scheme == "MALA" else None)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=2.0)
    ax.set_xticks([0.1, 0.3, 1.0, 3.0], ["0.1", "0.3", "1", "3"])
    ax.set_yticks([-10, -2, 0, 2, 10, 100], ["-10", "-2", "0", "2", "10", "100"])
    ax.set(xlabel=r"step $z = k\tau$  (GJF: $\sqrt{k}\,dt$)", ylabel=r"bias of $\langle x^2\rangle$ [%]",
           title=f"Bias: {target.name}", ylim=limits)  # fmt: skip


def _draw_costs(ax, targets, best):
    for row, (name, target) in enumerate(targets.items()):
        for k, (scheme, (_, colour, marker, _)) in enumerate(SCHEMES.items()):
            value, error = best[name, scheme].gradients(target)
            place, label = row + 0.15 * (k - 1.5), None if row else scheme
            ax.errorbar(value, place, xerr=error, fmt=marker, color=colour, label=label)
    ax.set_yticks(range(len(targets)), [target.name.replace(", ", "\n") for target in targets.values()])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel=rf"gradients until $b^2 < {ERROR:g}$", title="Each at its best step")
    ax.legend(loc="upper right")


def _draw_density(ax, target, x):
    ax.hist2d(x[:, 0], x[:, 1], bins=90, range=target.box, cmap="Blues", density=True, rasterized=True)
    grid = np.meshgrid(*(np.linspace(*ends, 201) for ends in target.box))
    energy = target.potential.energy(np.stack(grid, axis=-1).reshape(-1, 2)).reshape(201, 201)
    ax.contour(*grid, energy - energy.min(), levels=[0.5, 1.0, 2.0, 3.5, 5.0], colors="black", linewidths=0.7)
    ax.set(xlabel="x", ylabel="y", xlim=target.box[0], ylim=target.box[1], title=f"MALA on {target.name}")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

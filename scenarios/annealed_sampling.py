"""Modes that a sampler finds, and the weights that it gives them: plain, annealed, tempered.

    U = -log sum_k w_k N(x; mean_k, width^2),   eight modes on a circle, all chains start in the lightest

Every chain takes the same step (MALA).  Expected: plain chains stay in the mode where they start, 17 kT deep at the
default width, and see nothing else.  A temperature that falls by levels finds every mode, but fills them as they were
when it became too cold to cross: nearer to equal, w_k^(1/kT), than they should be, at any speed that can be paid for.
With the weights e^-W of annealed importance sampling, W = sum_k U(x_k) (1/kT_k+1 - 1/kT_k), the same chains have the
exact populations, and <e^-W> = Z(1) / Z(hottest): Jarzynski's relation.  Parallel tempering has the exact populations
with no weights; its neighbours exchange with the probability that the exact laws of both temperatures give.
Source: R. M. Neal, Stat. Comput. 11, 125 (2001); Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996).
"""

import itertools
import sys

import numpy as np

import brownian as bn
from brownian.plotting.look import MUTED

WEIGHTS = np.array([8.0, 1.0, 4.0, 2.0, 6.0, 1.0, 3.0, 2.0]) / 27.0
START = 1  # the mode where all begin
COLOURS = {"plain": MUTED, "annealed": "#ffa90e", "annealed, weighted": "#bd1f01", "tempered": "#3f90da"}
MARKERS = dict(zip(COLOURS, "^sDo", strict=True))


def run(*, radius=4.0, width=0.25, hottest=20.0, tau=0.03, levels=30, slowest=400, heated=1000, rungs=7, every=10,
        rounds=1200, chains=2000, ladders=200, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Sample by all three ways, compare populations with the weights, swaps and free energy with quadrature, plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    means = bn.GaussianMixture.on_circle(len(WEIGHTS), radius=radius).means
    target = bn.GaussianMixture(means, width, WEIGHTS)
    grid = _Grid(target, radius)

    def sample(number, seed, **options):
        return bn.sample(
            target, tau=tau, chains=number, seed=seed, integrator=bn.MALA(),
            start=np.tile(means[START], (number * (rungs if "tempering" in options else 1), 1)), **options,
        )  # fmt: skip

    plain = sample(chains, seed, steps=2000, every=20)
    modes = _modes(plain.draws, means)
    scenario.check("plain: modes that a chain has seen, the most", _seen(modes), 1.0, 0.0)
    inside = bn.analysis.mean(((plain.draws - means[START]) ** 2).mean(axis=(0, 2)))
    scenario.check("plain: variance inside the mode", inside.value, width**2, inside.error)

    kT = bn.Annealing.geometric(hottest, 1.0, levels=levels, steps=1).kT
    speeds = np.unique(np.ceil(np.geomspace(slowest / 64.0, slowest, 4)).astype(int))
    anneals = []
    for k, steps in enumerate(speeds):
        start = -(-heated // steps) * steps  # whole frames
        samples = sample(
            chains, seed + 1 + k, steps=start + steps * (levels - 1), every=int(steps), discard=0,
            annealing=bn.Annealing(kT, (start, *[int(steps)] * (levels - 2))),
        )  # fmt: skip
        anneals.append(_annealed(samples, means, kT, start // steps))
    ends, found, _ = anneals[-1]
    scenario.check("annealed: modes found", len(np.unique(found)), len(WEIGHTS), 0.0)
    heaviest = int(WEIGHTS.argmax())
    for steps, (_, modes, weights) in zip(speeds, anneals, strict=True):
        bare, right = _populations(modes[np.newaxis]), _weighted(modes, weights)
        scenario.check(
            f"annealed, {steps} steps a level, weighted: heaviest mode (not weighted: {bare.value[heaviest]:.3f})",
            right.value[heaviest], WEIGHTS[heaviest], right.error[heaviest],
        )  # fmt: skip
    scenario.check(
        "annealed, weighted: chi² of the populations / 7", *_chi2(weights[:, np.newaxis] * (_at(modes) - WEIGHTS))
    )
    partition = bn.analysis.mean(weights)
    scenario.check("annealed: <e^-W>, Z(1) / Z(hottest)", partition.value, grid.partition(1.0) / grid.partition(kT[0]),
                   partition.error)  # fmt: skip

    rung = tuple(np.geomspace(1.0, hottest, rungs).tolist())
    tempered = sample(
        ladders, seed + 9, steps=rounds * every, every=every, discard=rounds * every // 5,
        tempering=bn.Tempering(rung, every=every), **scenario.keeping("tempered.h5md"),
    )  # fmt: skip
    modes = _modes(tempered.draws, means)
    exact = _populations(modes)
    for k in (heaviest, START):
        scenario.check(f"tempered: population of mode {k}", exact.value[k], WEIGHTS[k], exact.error[k])
    scenario.check("tempered: chi² of the populations / 7", *_chi2(_at(modes).mean(axis=0) - WEIGHTS))
    for k, swaps in enumerate(_swaps(tempered, rounds // 5)):
        cold, hot = rung[k : k + 2]
        name = f"tempered: exchanges of kT = {cold:.3g} and {hot:.3g}"
        scenario.check(name, swaps.value, grid.exchange(cold, hot), swaps.error)
    walks = _walks(tempered, rungs)
    missing = np.count_nonzero(np.sort(walks, axis=1) != np.arange(rungs)[:, np.newaxis])
    scenario.check("tempered: replicas lost or doubled at any time", missing, 0.0, 0.0)

    four = {
        "plain": _populations(_modes(plain.draws, means)),
        "annealed": _populations(found[np.newaxis]),
        "annealed, weighted": right,
        "tempered": exact,
    }
    with bn.plotting.style():
        figure, axes = bn.plotting.figure(2, 3, figsize=(14.0, 8.6))
        shown = {"plain": plain.draws[-1], "annealed": ends, "tempered": tempered.draws[:: len(tempered) // 4]}
        for ax, (name, x) in zip(axes[0], shown.items(), strict=True):
            _draw_samples(ax, target, radius, x.reshape(-1, 2)[:1000], name, means)
        _draw_populations(axes[1, 0], four)
        _draw_speeds(axes[1, 1], speeds, anneals, heaviest, exact)
        _draw_walk(axes[1, 2], walks, tempered, means, rung, every)
    scenario.save(figure, "annealed_sampling.png")
    return scenario.result("Modes, annealed and tempered")


class _Grid:
    """The plane in cells: Boltzmann's law of the target at any of the temperatures, by the trapezoidal rule."""

    def __init__(self, target, radius):
        line = np.linspace(-radius - 12.0, radius + 12.0, 801)
        self.cell = (line[1] - line[0]) ** 2
        self.energy = np.sort(target.energy(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)))

    def partition(self, kT):
        """Z(kT), the integral of e^-U/kT."""
        return self.cell * np.exp(-self.energy / kT).sum()

    def exchange(self, cold, hot):
        """Mean of min(1, e^{(1/cold - 1/hot)(U_cold - U_hot)}) over both laws.

        The smaller of p_i q_j and p_j q_i, summed over all pairs of cells: p_i q_j where U_i > U_j, so that sums over
        the cells in the order of their energies are enough.
        """
        p, q = (np.exp(-self.energy / kT) for kT in (cold, hot))
        p, q = p / p.sum(), q / q.sum()
        below, beyond = np.cumsum(p) - p / 2.0, np.cumsum(q[::-1])[::-1] - q / 2.0
        return float(q @ (1.0 - below) + p @ (1.0 - beyond))


def _chi2(off):
    """(measured, expected, standard error) of chi² per degree of freedom of deviations by chain, which sum to 0."""
    free = off.shape[1] - 1
    off = off[:, 1:]
    mean = off.mean(axis=0)
    return len(off) * mean @ np.linalg.solve(np.cov(off.T), mean) / free, 1.0, np.sqrt(2.0 / free)


def _modes(x, means):
    return ((np.asarray(x)[..., np.newaxis, :] - means) ** 2).sum(axis=-1).argmin(axis=-1)


def _at(modes):
    return modes[..., np.newaxis] == np.arange(len(WEIGHTS))


def _seen(modes):
    """The largest number of different modes in a chain, of modes of shape (draws, chains)."""
    return _at(modes).any(axis=0).sum(axis=1).max()


def _populations(modes):
    """Share of each mode, with errors over the chains, of modes of shape (draws, chains)."""
    return bn.analysis.mean(_at(modes).mean(axis=0))


def _weighted(modes, weights):
    return bn.analysis.ratio(weights[:, np.newaxis] * _at(modes), np.repeat(weights[:, np.newaxis], len(WEIGHTS), 1))


def _annealed(samples, means, kT, first):
    """Last positions, their modes, and e^-W of each chain: the frame ``first`` is the end of the hottest level."""
    x, beta = samples.trajectory.positions, 1.0 / np.array(kT)
    work = sum(
        (after - before) * samples.simulation.potential.energy(np.asarray(x[first + k], dtype=np.float64))
        for k, (before, after) in enumerate(itertools.pairwise(beta))
    )
    end = np.asarray(x[-1], dtype=np.float64)
    return end, _modes(end, means), np.exp(-work)


def _swaps(samples, first):
    """Fraction of offered exchanges that were accepted after a frame, per pair, with errors over the ladders."""
    trajectory, tempering = samples.trajectory, samples.simulation.tempering
    column = trajectory.columns.index("exchanged")
    counts = np.array(trajectory.tallies[-1][:, column]) - np.array(trajectory.tallies[first][:, column])
    counts = counts.reshape(len(tempering.kT), samples.chains)[:-1]
    offers = tempering.offers(int(trajectory.steps[first]) - 1, int(trajectory.steps[-1]) - 1)
    return [bn.analysis.mean(row / number) for row, number in zip(counts, offers, strict=True)]


def _walks(samples, rungs):
    """The replica at each level, 0 ... rungs - 1, by time, level and ladder."""
    column = samples.trajectory.columns.index("replica")
    names = np.asarray(samples.trajectory.tallies[:][:, :, column]).astype(int)
    return names.reshape(len(names), rungs, samples.chains) // samples.chains


def round_trips(places, top):
    """How often a walk on 0 ... top went from 0 to the top and back; places by time."""
    ends = places[(places == 0) | (places == top)]
    ends = ends[np.r_[True, ends[1:] != ends[:-1]]] if len(ends) else ends
    return max(0, (len(ends) - int(len(ends) > 0 and ends[0] == top) - 1) // 2)


def _draw_samples(ax, target, radius, x, name, means):
    size = 1.62 * radius
    line = np.linspace(-size, size, 301)
    energy = target.energy(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)).reshape(301, 301)
    ax.contourf(line, line, np.minimum(energy - energy.min(), 30.0), levels=20, cmap="cividis_r")
    ax.plot(*x.T, ".", ms=2.0, color="#bd1f01", alpha=0.6, rasterized=True)
    for k, place in enumerate(means):
        ax.annotate(f"{WEIGHTS[k]:.3f}", 1.4 * place, ha="center", va="center", fontsize=8.5, color="white")
    ax.set(aspect="equal", xticks=[-radius, 0, radius], yticks=[-radius, 0, radius], xlabel="x", ylabel="y",
           title=f"{name.capitalize()}: {len(np.unique(_modes(x, means)))} of {len(means)} modes")  # fmt: skip


def _draw_populations(ax, four):
    order = np.argsort(-WEIGHTS, kind="stable")
    for place, k in enumerate(order):
        label = "exact" if place == 0 else None
        ax.plot([place - 0.42, place + 0.42], [WEIGHTS[k]] * 2, **bn.plotting.THEORY, label=label)
    for shift, (name, estimate) in zip((-0.27, -0.09, 0.09, 0.27), four.items(), strict=True):
        shown = bn.analysis.Estimate(estimate.value[order], estimate.error[order], estimate.samples)
        if name == "plain":
            continue
        bn.plotting.with_errors(
            np.arange(len(order)) + shift, shown, ax=ax, fmt=MARKERS[name], color=COLOURS[name], label=name
        )
    ax.set(
        xlabel="mode (0 at the right, anticlockwise), by weight",
        ylabel="population",
        title="Populations",
        ylim=(0.0, 0.36),
    )
    ax.set_xticks(range(len(order)), [str(k) for k in order])
    ax.annotate(
        f"plain: {four['plain'].value[START]:.2f}", (list(order).index(START), 0.16), ha="center", va="center",
        arrowprops={"arrowstyle": "->"}, xytext=(list(order).index(START), 0.13),
    )  # fmt: skip
    ax.legend(loc="upper right")


def _draw_speeds(ax, speeds, anneals, heaviest, tempered):
    rows = {"annealed": [], "annealed, weighted": []}
    for _, modes, weights in anneals:
        rows["annealed"].append(_populations(modes[np.newaxis]))
        rows["annealed, weighted"].append(_weighted(modes, weights))
    for name, estimates in rows.items():
        value, error = np.transpose([(one.value[heaviest], one.error[heaviest]) for one in estimates])
        bn.plotting.with_errors(
            speeds, bn.analysis.Estimate(value, error, 2), ax=ax, fmt=MARKERS[name], color=COLOURS[name], label=name
        )
    ends = speeds[0] / 1.5, speeds[-1] * 1.5
    bn.plotting.theory(ends, [WEIGHTS[heaviest]] * 2, ax=ax, label="exact")
    ax.axhline(1.0 / len(WEIGHTS), color=MUTED, lw=1.0, ls=":", label="equal populations")
    ax.set(xscale="log", xlim=ends, ylim=(0.0, 0.5), xlabel="steps at each temperature",
           ylabel="population of the heaviest mode", title="Slower annealing is hardly nearer")  # fmt: skip
    ax.set_xticks(speeds, [str(speed) for speed in speeds])
    ax.set_xticks([], minor=True)
    ax.legend(loc="upper right")


def _draw_walk(ax, walks, samples, means, rung, every):
    """The temperature of one replica of the first ladder, and the mode that it is in, by colour."""
    top, last = len(rung) - 1, min(len(walks), 251)
    places = (walks[:, :, 0] == 0).argmax(axis=1)
    trips = np.mean([
        round_trips((walks[:, :, ladder] == replica).argmax(axis=1), top)
        for ladder in range(walks.shape[2])
        for replica in range(len(rung))
    ])  # fmt: skip
    x = np.array([samples.trajectory.positions[n, place * samples.chains] for n, place in enumerate(places[:last])])
    modes = _modes(x, means)
    time = every * np.arange(last)
    ax.step(time, np.array(rung)[places[:last]], where="mid", color=MUTED, lw=0.8)
    drawn = ax.scatter(time, np.array(rung)[places[:last]], c=modes, cmap="twilight_shifted", s=14, zorder=3,
                       vmin=-0.5, vmax=len(means) - 0.5)  # fmt: skip
    ax.figure.colorbar(drawn, ax=ax, label="nearest mode", ticks=range(len(means)))
    ax.set(yscale="log", xlabel="step", ylabel="temperature kT of one replica",
           title=f"A replica's walk: {trips:.1f} round trips in {every * (len(walks) - 1)} steps")  # fmt: skip
    ax.set_yticks(rung, [f"{kT:.3g}" for kT in rung])
    ax.set_yticks([], minor=True)


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

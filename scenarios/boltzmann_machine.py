"""Boltzmann machines: learned from pictures of bars and stripes, and sampled by Gibbs and by Langevin.

    restricted   p(v, h) = exp(v^T W h + a . v + b . h) / Z,          dW ~ <v h>_data - <v h>_model
    spins        p(s) = exp(s^T W s / 2 + h . s) / Z,  s_i = -1, 1
    relaxed      U(x) = x^T A^-1 x / 2 - sum_i ln 2 cosh(x_i + h_i),  A = W + d 1:   E[tanh(x_i + h_i)] = <s_i>

The model's averages come from sums over all states (exact), from k sweeps that start at the data (contrastive
divergence, CD-k), or from chains that go on (persistent chains).  Expected: the exact gradient fits the patterns; CD-1
stops far from them, since its gradient is biased (most of what it draws is right, but some patterns hardly ever come);
more sweeps, and persistent chains, come closer.  What the learned machines draw shows patterns as often as their exact
probabilities say; annealing finds ln Z without the sum over states.  Six spins have the same means and pairs from
enumeration, from Gibbs sampling, and from Langevin dynamics of the continuous variables x, though nothing in the latter
is discrete.
Source: D. H. Ackley, G. E. Hinton, T. J. Sejnowski, Cogn. Sci. 9, 147 (1985); G. E. Hinton, Neural Comput. 14, 1771
(2002); Y. Zhang, C. Sutton, A. Storkey, Z. Ghahramani, NIPS (2012).
"""

import sys

import numpy as np

import brownian as bn
from brownian.learning import Adam, ContrastiveDivergence, ExactGradient, PersistentChains, learn
from brownian.machines import BoltzmannMachine, RestrictedBoltzmannMachine

METHODS = {
    "exact": (ExactGradient(), 2.0, "black"),  # no noise: it may be faster
    "CD-1": (ContrastiveDivergence(1), 1.0, "#bd1f01"),
    "CD-10": (ContrastiveDivergence(10), 1.0, "#ffa90e"),
    "persistent": (PersistentChains(chains=480, sweeps=5), 1.0, "#3f90da"),
}


def run(*, size=4, hidden=12, steps=1800, rate=0.015, copies=8, chains=2000, sweeps=2000, spins=6, coupling=0.3,
        particles=20_000, tau=0.04, time=100.0, seed=7, out=None, resume=False, overwrite=False):  # fmt: skip
    """Learn bars and stripes in four ways, draw from what was learned; compare two samplers of spins; plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    patterns = bars_and_stripes(size)
    weights = 0.1 * np.random.default_rng(seed).normal(size=(size * size, hidden))
    start = RestrictedBoltzmannMachine(weights)
    learned = {}
    for name, (method, factor, _) in METHODS.items():
        data = patterns if name == "exact" else np.tile(patterns, (copies, 1))
        learned[name] = learn(
            start, data, method, steps=steps, optimiser=Adam(factor * rate, final_rate=rate / 20.0), seed=seed,
            **scenario.keeping(f"{name}.npz"),
        )  # fmt: skip

    drawn, shares = {}, {}
    for name, result in learned.items():
        machine = result.model
        samples = machine.sample(sweeps=sweeps, chains=chains, seed=seed + 1)
        valid = (samples.end[:, np.newaxis] == patterns).all(axis=2).any(axis=1)
        share = bn.analysis.mean(valid)
        exact = float(np.exp(machine.log_probability(patterns)).sum())
        scenario.check(f"{name}: share of patterns among the chains", share.value, exact, share.error)
        if name in ("CD-1", "persistent"):
            annealed = machine.log_partition_function_ais(1000, chains=chains // 4, seed=seed + 2)
            log_z = machine.log_partition_function()
            scenario.check(f"{name}: ln Z by annealing", annealed.value, log_z, annealed.error)
        drawn[name], shares[name] = samples.end[:20], exact

    machine = random_spins(spins, coupling, seed)
    exact, relaxed = machine.exact(), machine.relaxed()
    states = machine.sample(sweeps=300, chains=particles, seed=seed + 3).end.astype(float)
    path = bn.Simulation(
        potential=relaxed, dynamics=bn.Overdamped(friction=1.0, kT=1.0), integrator=bn.LeimkuhlerMatthews(), dt=tau,
        particles=particles, dimension=spins, seed=seed + 4, start=np.zeros((particles, spins)),
    ).run(steps=round(time / tau), dtype=np.float64)  # fmt: skip
    x = np.asarray(path.positions[-1])
    expected = relaxed.spins(x)  # <s | x>; given x spins are independent, so <s_i s_j | x> is a product
    pairs = np.triu_indices(spins, 1)
    both = {
        "Gibbs": (states, states[:, pairs[0]] * states[:, pairs[1]]),
        "Langevin": (expected, expected[:, pairs[0]] * expected[:, pairs[1]]),
    }
    found = {
        name: (bn.analysis.mean(first), bn.analysis.mean(second)) for name, (first, second) in both.items()
    }  # fmt: skip
    for name, (first, second) in found.items():
        for i in (0, spins - 1):
            scenario.check(f"{name}: <s_{i}>", first.value[i], exact.means[i], first.error[i])
        scenario.check(f"{name}: <s_0 s_1>", second.value[0], exact.pairs[0, 1], second.error[0])
        both_kinds = np.concatenate([first.value, second.value])
        rows = np.concatenate(both[name], axis=1)
        scenario.check(
            f"{name}: chi² of all means and pairs / {both_kinds.size}", *_chi_square(rows, _flat(exact, pairs))
        )
    a = relaxed.covariance
    spread = bn.analysis.mean((x[:, 0] - a[0] @ exact.means) ** 2)
    covariance = exact.pairs - np.outer(exact.means, exact.means)
    scenario.check("Langevin: variance of x_0", spread.value, a[0, 0] + a[0] @ covariance @ a[0], spread.error)

    with bn.plotting.style():
        _draw(scenario, patterns, learned, drawn, shares, found, _flat(exact, pairs), size)
    return scenario.result("Boltzmann machines: learned, and sampled in two ways")


def bars_and_stripes(size):
    """All pictures whose rows are alike, or whose columns are: shape (2^(size + 1) - 2, size * size), 0 and 1."""
    lines = (np.arange(2**size)[:, np.newaxis] >> np.arange(size)) & 1
    return np.unique(np.concatenate([np.repeat(lines, size, axis=1), np.tile(lines, (1, size))]), axis=0)


def random_spins(units, coupling, seed):
    """A machine of spins with random couplings and biases."""
    rng = np.random.default_rng(seed)
    upper = np.triu(coupling * rng.normal(size=(units, units)), 1)
    return BoltzmannMachine(upper + upper.T, 0.3 * rng.normal(size=units))


def _flat(exact, pairs):
    return np.concatenate([exact.means, exact.pairs[pairs]])


def _chi_square(rows, expected):
    """(measured, expected, standard error) of chi^2 per degree of freedom, over independent rows."""
    off = rows.mean(axis=0) - expected
    return len(rows) * off @ np.linalg.solve(np.cov(rows.T), off) / off.size, 1.0, np.sqrt(2.0 / off.size)


def _draw(scenario, patterns, learned, drawn, shares, found, exact, size):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(14.0, 7.6), layout="constrained")
    rows = figure.add_gridspec(2, 1, height_ratios=[1.25, 1.0])
    above = rows[0].subgridspec(1, 2, width_ratios=[1.35, 1.0])
    left, right = figure.add_subplot(above[0]), figure.add_subplot(above[1])
    gaps = {name: result.history["loss"] - np.log(len(patterns)) for name, result in learned.items()}
    for name, gap in gaps.items():
        left.plot(learned[name].history.steps, gap, color=METHODS[name][2], label=f"{name}: {gap[-1]:.2f} at the end")
    left.set(
        xscale="log",
        yscale="log",
        xlabel="learning step",
        ylabel="KL divergence, patterns from model",
        title=f"{len(patterns)} bars and stripes, {learned['exact'].model.hidden} hidden units",
    )
    ticks = [tick for tick in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0) if tick > 0.7 * gaps["exact"].min()]
    left.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    left.set_yticks([], minor=True)
    left.legend()
    for (name, (first, second)), colour, marker, shift in zip(
        found.items(), ("#3f90da", "#ffa90e"), "oD", (-0.12, 0.12), strict=True
    ):
        values, errors = (np.concatenate([getattr(one, part) for one in (first, second)]) for part in (
            "value", "error"))  # fmt: skip
        z = bn.analysis.Estimate((values - exact) / errors, np.ones(exact.size), first.samples)
        bn.plotting.with_errors(
            np.arange(exact.size) + shift, z, ax=right, label=name, color=colour, fmt=marker, markersize=5.0
        )
    right.axhline(0.0, **bn.plotting.THEORY)
    right.axvline(first.value.size - 0.5, color=bn.plotting.look.MUTED, lw=1.0)
    right.set(
        xlabel=r"$\langle s_i \rangle$ (left) and $\langle s_i s_j \rangle$ (right)",
        ylabel="measured - exact [standard errors]",
        title="six spins, two samplers" if first.value.size == 6 else f"{first.value.size} spins, two samplers",
        ylim=(-5.0, 5.0),
        xticks=[],
    )
    right.legend(loc="lower right", ncols=2)
    below = rows[1].subgridspec(1, 2 + len(drawn), wspace=0.08)
    groups = {"the patterns": (patterns[np.linspace(0, len(patterns) - 1, 20).astype(int)], None)}
    groups |= {f"{name}, {100 * shares[name]:.0f} % right": (drawn[name], patterns) for name in drawn}
    for k, (title, (pictures, known)) in enumerate(groups.items()):
        ax = figure.add_subplot(below[k])
        _pictures(ax, pictures, known, size)
        ax.set_title(title)
    ax = figure.add_subplot(below[len(groups)])
    filters = learned["exact"].model.weights.T
    reach = np.abs(filters).max()
    ax.imshow(_mosaic(filters, size, 4, np.nan), cmap="RdBu_r", vmin=-reach, vmax=reach)
    ax.set_title("exact, weights")
    ax.axis("off")
    ax.set_anchor("N")
    scenario.save(figure, "boltzmann_machine.png")


def _mosaic(pictures, size, columns, gap):
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * (size + 1) - 1, columns * (size + 1) - 1), gap)
    for k, picture in enumerate(pictures):
        i, j = k // columns * (size + 1), k % columns * (size + 1)
        canvas[i : i + size, j : j + size] = picture.reshape(size, size)
    return canvas


def _pictures(ax, pictures, known, size, columns=4):
    """A mosaic; what is not among the known ones is drawn in red."""
    canvas = np.ones((*_mosaic(pictures, size, columns, 1.0).shape, 3))
    right = np.ones(len(pictures), bool) if known is None else (pictures[:, np.newaxis] == known).all(2).any(1)
    for k, picture in enumerate(pictures):
        i, j = k // columns * (size + 1), k % columns * (size + 1)
        dark, light = ((0.16, 0.24, 0.36), (0.86, 0.90, 0.95)) if right[k] else ((0.74, 0.12, 0.0), (0.99, 0.87, 0.83))
        on = picture.reshape(size, size, 1) == 1
        canvas[i : i + size, j : j + size] = np.where(on, dark, light)
    ax.imshow(canvas)
    ax.axis("off")
    ax.set_anchor("N")


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

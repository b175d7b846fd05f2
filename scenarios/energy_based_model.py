"""An energy learnt from data: two moons, by denoising score matching, then by persistent chains.

    p(x) = exp(-U(x) / kT) / Z,    U = a trap + a network of tanh units

First the score F / kT is fitted to the noise that was added to the data: what is learnt is their density convolved with
that noise.  Then <dU/dtheta> over the data is made equal to that over chains, x' = x + tau F + sqrt(2 tau kT) eps,
which go on from step to step: the blur goes away.  kT is not 1, and it is one number for loss, chains and samples.

Expected, both densities being known: on points that were not learnt from, U / kT + log Z, with Z by quadrature, equals
the exact negative log likelihood of the blurred moons, then of the moons, as far as so many points can tell; Langevin
samples of the learnt energy, started from a Gaussian that knows nothing of moons, have its exact mean energy and its
temperature, and can't be told from fresh data: moments, and the energy distance with its law under permutations.
"""

import sys

import numpy as np

import brownian as bn
from brownian.datasets import two_moons
from brownian.learning import Adam, DenoisingScoreMatching, PersistentChains, learn, model_average
from brownian.learning import negative_log_likelihood as nll
from brownian.models import NetworkEnergy


def run(*, points=10_000, width=0.12, noise=0.07, kT=0.7, units=32, layers=2, denoising=3000, persistent=1000,
        batch=512, sweeps=10, tau=0.002, held_out=1000, samples=1000, seed=7, out=None, resume=False,
        overwrite=False):  # fmt: skip
    """Learn twice, compare likelihoods, samples and temperature with what they should be, plot."""
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    data, fresh = two_moons(points, noise=width, seed=seed), two_moons(held_out, noise=width, seed=seed + 1)
    start = NetworkEnergy.random(
        dimension=2, units=units, layers=layers, stiffness=kT / data.var(axis=0) / 3.0, center=data.mean(axis=0),
        length=0.5, height=kT, seed=seed,
    )  # fmt: skip
    stages = {
        "denoising": (DenoisingScoreMatching(noise), denoising, Adam(1e-2, final_rate=1e-4), np.hypot(width, noise)),
        "persistent": (
            PersistentChains(batch, sweeps=sweeps, tau=tau), persistent, Adam(1e-3, final_rate=1e-5), width,
        ),
    }  # fmt: skip
    model, histories = start, {}
    for k, (name, (method, steps, optimiser, blur)) in enumerate(stages.items()):
        learned = learn(
            model, data, method, steps=steps, batch=batch, optimiser=optimiser, kT=kT, seed=seed + k,
            progress=True, **scenario.keeping(f"{name}.npz"),
        )  # fmt: skip
        model, histories[name] = learned.model, learned.history
        there = two_moons(held_out, noise=blur, seed=seed + 1)
        excess = bn.analysis.mean(nll(model, there, kT=kT) - exact_nll(there, blur))
        scenario.check(
            f"-log p of {held_out} points less the exact one, {name}", excess.value, 0.0, excess.error, "nats"
        )

    x, force, energy = sampled(model, kT, tau, samples, data, seed)
    mean_energy, virial = (
        bn.analysis.mean(energy),
        bn.analysis.mean(-((x - data.mean(axis=0)) * force).sum(axis=1) / 2.0),
    )
    exact_energy = model_average(model, model.energy, data, kT=kT)
    scenario.check("<U> of the samples", mean_energy.value, exact_energy, mean_energy.error)
    scenario.check("kT from <(x - c) . grad U> / 2", virial.value, kT, virial.error)
    square = (force**2).sum(axis=1)
    heat = bn.analysis.ratio(square, model.laplacian(x))
    scenario.check("kT from <|grad U|^2> / <laplacian U>", heat.value, kT, heat.error)
    for name, f in {"<x>": lambda x: x[:, 0], "<y>": lambda x: x[:, 1], "<x y>": lambda x: x[:, 0] * x[:, 1]}.items():
        ours, theirs = bn.analysis.mean(f(x)), bn.analysis.mean(f(fresh))
        scenario.check(f"{name}, samples and data", ours.value, theirs.value, np.hypot(ours.error, theirs.error))
    distance, shuffled = energy_distance(x, fresh, seed)
    scenario.check("energy distance of samples and data", distance, shuffled.mean(), shuffled.std(ddof=1))

    with bn.plotting.style():
        figure, axes = bn.plotting.figure(rows=2, columns=3, figsize=(14.5, 7.2))
        box = (-1.8, 2.8), (-1.55, 2.05)
        for ax, cloud, title in ((axes[0, 0], data[:2000], "Data"), (axes[1, 0], x, "Samples of the learnt energy")):
            ax.plot(*cloud.T, ".", ms=3, alpha=0.5, rasterized=True)
            ax.set(xlabel="x", ylabel="y", xlim=box[0], ylim=box[1], aspect="equal", title=title)
        for ax, shown, title in ((axes[0, 1], start, "Energy before"), (axes[0, 2], model, "Energy after")):
            bn.plotting.landscape(shown, box=box, kT=kT, ax=ax)
            ax.set_title(title)
        draw_learning(axes[1, 2], histories, stages)
        ax = axes[1, 1]
        ax.hist(1e3 * shuffled, bins=30, color="#94a4a2", label="labels permuted")
        p = (1 + np.count_nonzero(shuffled >= distance)) / (1 + len(shuffled))
        ax.axvline(1e3 * distance, ymax=0.72, color="#bd1f01", label=f"samples and data: p = {p:.2f}")
        ax.set(xlabel="energy distance / 1000", ylabel="permutations", title="Two-sample test")
        ax.set_ylim(0.0, 1.35 * ax.get_ylim()[1])
        ax.legend(loc="upper right")
    scenario.save(figure, "moons.png")
    return scenario.result("An energy-based model of two moons")


def exact_nll(x, width):
    """-log p of two half circles, each point of which is a Gaussian."""
    angle = (np.arange(2000) + 0.5) / 2000 * np.pi
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    curve = np.concatenate([upper, [1.0, 0.5] - upper])
    square = ((x[:, np.newaxis] - curve) ** 2).sum(axis=-1) / (2.0 * width**2)
    least = square.min(axis=1)
    return least - np.log(np.exp(least[:, np.newaxis] - square).mean(axis=1)) + np.log(2.0 * np.pi * width**2)


def sampled(model, kT, tau, samples, data, seed):
    """Positions, forces and energies of independent chains, started from a Gaussian as wide as the data."""
    start = data.mean(axis=0) + data.std(axis=0) * np.random.default_rng(seed).normal(size=(samples, 2))
    simulation = bn.Simulation(
        potential=model, dynamics=bn.Overdamped(friction=1.0, kT=kT), integrator=bn.LeimkuhlerMatthews(), dt=tau,
        particles=samples, dimension=2, start=start, seed=seed + 10,
    )  # fmt: skip
    x = simulation.run(steps=5000, dtype=np.float64, progress=True).positions[-1]
    return x, model.force(x), model.energy(x)


def energy_distance(x, y, seed, permutations=400):
    """2 <|x - y|> - <|x - x'|> - <|y - y'|>, and the same after permuting which point is whose."""
    both = np.concatenate([x, y])
    distances = np.sqrt(((both[:, np.newaxis] - both) ** 2).sum(axis=-1))
    rng = np.random.default_rng(seed)
    labels = np.repeat([1.0 / len(x), -1.0 / len(y)], [len(x), len(y)])
    shuffled = np.stack([labels, *(rng.permutation(labels) for _ in range(permutations))])
    values = -np.einsum("ki,ki->k", shuffled @ distances, shuffled)
    return values[0], values[1:]


def draw_learning(ax, histories, stages):
    """The denoising loss, then the contrast of the chains, as means over 50 steps, each on an axis of its own."""
    right = ax.twinx()
    right.spines["right"].set_visible(True)
    ax.set(xlabel="learning step", title="Learning")
    contrast = r"contrast $(\langle U\rangle_{data} - \langle U\rangle_{chains})\,/\,kT$"
    first = 0
    for axis, stage, noted, label, color in (
        (ax, "denoising", "loss", "denoising loss", "#3f90da"),
        (right, "persistent", "contrast", contrast, "#e76300"),
    ):
        values = histories[stage][noted]
        values = values[: len(values) // 50 * 50].reshape(-1, 50).mean(axis=1)
        axis.plot(first + 50.0 * (np.arange(len(values)) + 0.5), values, color=color)
        axis.tick_params(axis="y", colors=color)
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.3 * (high - low))
        place = {"x": 0.1, "ha": "left"} if first == 0 else {"x": 0.98, "ha": "right"}
        ax.text(y=0.97 - 0.08 * (first > 0), s=label, color=color, va="top", transform=ax.transAxes, **place)
        first += stages[stage][1]


if __name__ == "__main__":
    sys.exit(bn.cli.main(["run", __file__, *sys.argv[1:]]))

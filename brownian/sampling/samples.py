"""What a sampler hands back: draws, what they cost, what they are worth, and what can be told against them."""

import functools

import numpy as np

from ..analysis.convergence import diagnose
from ..analysis.statistics import Estimate, mean
from ..integrators.moves import counts_acceptance
from ..potentials.definition import energy, force, without_energy

SHOWN = 8  # quantities in a printed table


class Samples:
    """Draws of ``sample``, with their diagnostics.

    Parameters
    ----------
    trajectory
        All frames, the discarded ones and (tempering) all temperatures too; in its file, if it has one.
    simulation
        The ``Simulation`` that was run.
    forecast
        What was predicted before (``Forecast``).
    discard
        Steps left out at the start.
    """

    def __init__(self, trajectory, simulation, forecast, discard):
        """See the class."""
        self.trajectory, self.simulation, self.forecast, self.discard = trajectory, simulation, forecast, discard

    @property
    def chains(self):
        """Number of chains."""
        levels = 1 if self.simulation.tempering is None else len(self.simulation.tempering.kT)
        return self.simulation.particles // levels

    @property
    def first_frame(self):
        """The first frame that counts."""
        return int(np.searchsorted(self.trajectory.steps, self.simulation.first_step + self.discard, side="left"))

    @functools.cached_property
    def draws(self):
        """Positions after the discarded steps, float64, shape (draws, chains, D)."""
        return np.asarray(self.trajectory.positions[self.first_frame :][:, : self.chains], dtype=np.float64)

    @property
    def kT_eff(self):
        """The temperature that was sampled, tau sigma^2 / 2 [E]: the draws have the density exp(-U / kT_eff)."""
        return float(np.max(self.simulation.dynamics.kT))

    @property
    def tau(self):
        """Step of the machine-learning form, dt / friction."""
        return self.simulation.dt / float(np.max(self.simulation.dynamics.friction))

    @functools.cached_property
    def energy(self):
        """Energies U of the draws, shape (draws, chains); None for a score."""
        if without_energy(self.simulation.potential) is not None:
            return None
        flat = self.draws.reshape(-1, self.draws.shape[2])
        return energy(self.simulation.potential, flat).reshape(self.draws.shape[:2])

    @property
    def gradients(self):
        """Gradients of U computed per chain, discarded steps and all temperatures included."""
        steps = int(self.trajectory.steps[-1] - self.trajectory.steps[0])
        first = counts_acceptance(self.simulation.kernel)  # a Metropolis step asks at its end: one more at the start
        return (steps * self.simulation.facts.forces + first) * (self.simulation.particles // self.chains)

    @property
    def acceptance(self):
        """Fraction of the moves that each chain accepted, shape (chains,); None for schemes that accept all."""
        if "accepted" not in self.trajectory.columns:
            return None
        return self.trajectory.acceptance[: self.chains]

    @property
    def stuck(self):
        """Chains that stand still in all draws, their numbers; each is in the draws and in every average."""
        return np.flatnonzero(np.all(self.draws == self.draws[0], axis=(0, 2)))

    @property
    def exchange_rates(self):
        """Tempering: fraction of the offered exchanges that were accepted, per pair of levels; None without."""
        tempering = self.simulation.tempering
        if tempering is None:
            return None
        first = self.simulation.first_step
        offers = tempering.offers(first, int(self.trajectory.steps[-1]) - 1) * self.chains
        accepted = np.array(self.trajectory.tallies[-1][:, self.trajectory.columns.index("exchanged")])
        counts = accepted.reshape(len(tempering.kT), self.chains)[:-1].sum(axis=1)
        return np.divide(counts, offers, out=np.full(len(counts), np.nan), where=offers > 0)

    @property
    def names(self):
        """Names of the components, and of the energy where there is one."""
        count = self.draws.shape[2]
        components = ["x", "y", "z"][:count] if count <= 3 else [f"x[{d}]" for d in range(count)]
        return [*components, *([] if self.energy is None else ["energy"])]

    @functools.cached_property
    def diagnostics(self):
        """R-hat, effective sample sizes and errors of each component and of the energy (``Diagnostics``)."""
        values = self.draws if self.energy is None else np.concatenate([self.draws, self.energy[..., None]], axis=2)
        return diagnose(values, self.names)

    @functools.cached_property
    def bias(self):
        """Measured relative excess of the virial temperature, <(x - <x>) . grad U> / (D kT) - 1, over chains.

        The ``forecast.bias`` of this is that of the minima's curvature.
        """
        x = self.draws
        f = force(self.simulation.potential, x.reshape(-1, x.shape[2])).reshape(x.shape)
        virial = -((x - x.mean(axis=(0, 1))) * f).sum(axis=2) / (x.shape[2] * self.kT_eff)
        if virial.shape[1] < 2:
            return Estimate(float(virial.mean() - 1.0), float("nan"), 1)
        found = mean(virial.mean(axis=0))
        return Estimate(float(found.value - 1.0), float(found.error), found.samples)

    def to_arviz(self, names=None):
        """Hand the draws to ArviZ, with energies as sample statistics; needs ``brownian-langevin[arviz]``."""
        from ..analysis.arviz import to_arviz

        stats = None if self.energy is None else {"energy": self.energy}
        return to_arviz(self.draws, names, sample_stats=stats)

    def __len__(self):
        """Return the number of draws of one chain."""
        return len(self.draws)

    def __str__(self):
        """Cost, temperature, bias and the table of diagnostics."""
        simulation, draws = self.simulation, self.draws
        lines = [
            f"{len(draws):,} draws of {self.chains:,} chains in {draws.shape[2]} "
            f"dimension{'s' * (draws.shape[2] > 1)}: {simulation.integrator}, tau = {self.tau:g}, "
            f"{self.discard:,} steps discarded, {self.gradients:,} gradients per chain",
            f"kT_eff = {self.kT_eff:g}: the density sampled is exp(-U / {self.kT_eff:g})"
            if self.kT_eff != 1.0
            else "kT_eff = 1: the density sampled is exp(-U)",
        ]
        if self.acceptance is not None:
            lines.append(f"accepted: {100 * self.acceptance.mean():.1f} % (least of a chain: "
                         f"{100 * self.acceptance.min():.1f} %)")  # fmt: skip
        if self.exchange_rates is not None:
            rates = ", ".join(f"{100 * rate:.0f} %" for rate in self.exchange_rates)
            lines.append(f"exchanged between neighbouring temperatures: {rates}")
        expected = f"{100 * self.forecast.bias:+.2g} % by the curvature {self.forecast.word}"
        lines.append(
            f"bias of the virial temperature: {100 * self.bias.value:+.2g} +- {100 * self.bias.error:.1g} %, expected "
            f"{expected if np.isfinite(self.forecast.bias) else 'unknown: ' + self.forecast.word}"
        )
        if len(self.stuck):
            lines.append(f"{len(self.stuck)} chains stand still, e.g. chain {self.stuck[0]}")
        return "\n".join([*lines, str(self.diagnostics)])

    __repr__ = __str__

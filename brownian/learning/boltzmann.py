"""Learners of Boltzmann machines: averages over the data against averages over the model, at kT = 1.

The gradient of the mean negative log likelihood of W, and of the biases alike, is <s s>_model - <s s>_data (for layers
<v h>, h given v taken at its mean).  The model's part comes from sums over all states, from chains that leave the data
(contrastive divergence), or from chains that go on.

Sources: Ackley, Hinton, Sejnowski, Cogn. Sci. 9, 147 (1985); Hinton, Neural Comput. 14, 1771 (2002); Tieleman, ICML
(2008).
"""

import hashlib

import numpy as np

from ..machines import BoltzmannMachine, GaussianBinaryMachine, RestrictedBoltzmannMachine
from .draws import CHAINS, Epochs, permutation
from .methods import ContrastiveDivergence, ExactGradient, PersistentChains

MACHINES = BoltzmannMachine, RestrictedBoltzmannMachine, GaussianBinaryMachine
CHEAP = 12  # units whose states are summed over at each step, for the loss of learners that do not need it


def learner_for(machine, data, method, *, batch, seed, threads):
    """The learner of a Boltzmann machine for ``train``.

    Parameters
    ----------
    machine
        A ``BoltzmannMachine``, ``RestrictedBoltzmannMachine`` or ``GaussianBinaryMachine``: where learning starts.
    data
        Visible states, shape (points, units).
    method
        ``ExactGradient()``, ``ContrastiveDivergence(sweeps)`` or ``PersistentChains(chains, sweeps)``, without tau.
    batch, seed, threads
        As of ``learn``.

    Raises
    ------
    TypeError, ValueError
        for data that the units can't show (row, column and value are named), a method that machines do not have, a
        Langevin step tau, or too many units for an exact gradient.
    """
    if type(machine) not in MACHINES:
        raise TypeError(f"machine = {machine!r}, but {', '.join(kind.__name__ for kind in MACHINES)} can be learnt")
    methods = (ExactGradient, ContrastiveDivergence, PersistentChains)
    if type(method) not in methods:
        names = ", ".join(cls.__name__ for cls in methods)
        raise TypeError(f"method = {method!r}, but a Boltzmann machine learns by {names}")
    if getattr(method, "tau", None) is not None:
        raise ValueError(f"{method}: a Boltzmann machine makes Gibbs sweeps, without a step: tau = None is needed")
    kind = ExactLearner if isinstance(method, ExactGradient) else ChainLearner
    return kind(machine, data, method, batch=batch, seed=seed, threads=threads)


def data_averages(machine, states):
    """Averages over visible states (n, units) of -dE/dparameter, hidden units at their mean: by parameter."""
    v = machine.states(states, "data").astype(np.float64)
    if isinstance(machine, BoltzmannMachine):
        pairs = v.T @ v / len(v)
        pairs = (pairs + pairs.T) / 2.0
        np.fill_diagonal(pairs, 0.0)
        return {"weights": pairs, "biases": v.mean(axis=0)}
    h = machine.hidden_probability(states)
    return _of_layers(machine, v.mean(axis=0), h.mean(axis=0), v.T @ h / len(v))


def model_averages(machine, exact):
    """The same over the model, from its ``exact()``."""
    if isinstance(machine, BoltzmannMachine):
        pairs = (exact.pairs + exact.pairs.T) / 2.0
        np.fill_diagonal(pairs, 0.0)
        return {"weights": pairs, "biases": exact.means}
    return _of_layers(machine, exact.means, exact.hidden_means, exact.pairs)


def _of_layers(machine, visible, hidden, pairs):
    if isinstance(machine, GaussianBinaryMachine):
        square = machine.widths**2
        visible, pairs = (visible - machine.visible_bias) / square, pairs / square[:, np.newaxis]
    return {"weights": pairs, "visible_bias": visible, "hidden_bias": hidden}


def free_energy(machine, states):
    """F(v) at kT = 1, so that p(v) = e^-F / Z."""
    return machine.energy(states) if isinstance(machine, BoltzmannMachine) else machine.free_energy(states)


def enumerated(machine):
    """Number of units over whose states ``exact`` sums."""
    if isinstance(machine, BoltzmannMachine):
        return machine.units
    return machine.hidden if isinstance(machine, GaussianBinaryMachine) else min(machine.visible, machine.hidden)


class MachineLearner:
    """What learners of machines share.

    Parameters
    ----------
    machine, data, method, batch, seed, threads
        As of `learner_for`.
    """

    def __init__(self, machine, data, method, *, batch, seed, threads):
        self.machine, self.method, self.seed, self.threads = machine, method, seed, threads
        self.parameters = machine.parameters()
        self.epochs = Epochs(machine.states(data, "data"), batch, seed)

    def present(self):
        """The machine with the parameters of now."""
        return self.machine.with_parameters(self.parameters)

    def state(self):
        """What the next gradient depends on beside parameters and step: nothing, unless there are chains."""
        return {}

    def restore(self, state):
        """Take over what ``state`` gave."""

    def describe(self):
        """What must be the same when a run is resumed."""
        fixed = getattr(self.machine, "widths", np.empty(0))
        digest = hashlib.blake2b(digest_size=16)
        for array in (self.epochs.rows.astype(np.float64), fixed):
            digest.update(np.ascontiguousarray(array).tobytes())
        return {
            "model": repr(self.machine),
            "data": digest.hexdigest(),
            "points": len(self.epochs.rows),
            "method": repr(self.method),
            "batch": self.epochs.batch,
            "seed": self.seed,
        }


class ExactLearner(MachineLearner):
    """Loss: mean of F(v) over the data + ln Z; the model's averages by enumeration."""

    def gradient(self, step):
        """Gradient of the mean negative log likelihood, and the loss."""
        machine, data = self.present(), self.epochs.at(step)
        exact = machine.exact(threads=self.threads)
        of_data, of_model = data_averages(machine, data), model_averages(machine, exact)
        loss = float(free_energy(machine, data).mean()) + exact.log_partition_function
        gradient = {name: of_model[name] - of_data[name] for name in of_data}
        return gradient, {"loss": loss, "log partition function": exact.log_partition_function}


class ChainLearner(MachineLearner):
    """The model's averages from chains: sweeps from the data at each step, or from where the chains were."""

    def __init__(self, machine, data, method, **options):
        super().__init__(machine, data, method, **options)
        self.persistent = isinstance(method, PersistentChains)
        self.chains = self.epochs.at(0)
        if self.persistent:
            order = permutation(self.seed, len(self.epochs.rows), 0, CHAINS)
            self.chains = self.epochs.rows[order[np.arange(method.chains) % len(self.epochs.rows)]]

    def gradient(self, step):
        """Gradient estimate, and how the chains are; the loss too where its sum is cheap."""
        machine, data, sweeps = self.present(), self.epochs.at(step), self.method.sweeps
        start = self.chains if self.persistent else data
        self.chains = machine.sample(
            sweeps=sweeps, chains=len(start), seed=self.seed, start=start, first_sweep=step * sweeps,
            threads=self.threads,
        ).end  # fmt: skip
        of_data, of_model = data_averages(machine, data), data_averages(machine, self.chains)
        gradient = {name: of_model[name] - of_data[name] for name in of_data}
        here, there = float(free_energy(machine, data).mean()), float(free_energy(machine, self.chains).mean())
        numbers = {"free energy of data": here, "free energy of chains": there, "contrast": here - there}
        if enumerated(machine) <= CHEAP:
            numbers["loss"] = here + machine.log_partition_function(threads=self.threads)
        return gradient, numbers

    def state(self):
        """The chains."""
        return {"chains": self.chains}

    def restore(self, state):
        """Take over the chains."""
        self.chains = self.machine.states(state["chains"], "chains")

"""Learners of energy models: the gradient of each method's loss, from ``add_gradient`` and forces alone.

The thermal energy kT comes in once: it makes the score F / kT, the factor of every gradient and the noise of chains.
"""

import hashlib

import numpy as np

from ..dynamics import Overdamped
from ..integrators import EulerMaruyama
from ..models.batches import Batches
from ..simulation import Simulation
from .draws import CHAINS, DIRECTION, PERTURBATION, Epochs, Normals, permutation
from .methods import (
    ContrastiveDivergence,
    DenoisingScoreMatching,
    ExactGradient,
    PersistentChains,
    SlicedScoreMatching,
)
from .quadrature import Grid
from .training import LearningDiverged


def learner_for(model, data, method, *, batch, seed, threads, kT):
    """The learner of an energy model for ``train``."""
    learners = {
        ExactGradient: ExactLearner,
        ContrastiveDivergence: ChainLearner,
        PersistentChains: ChainLearner,
        DenoisingScoreMatching: DenoisingLearner,
        SlicedScoreMatching: SlicedLearner,
    }
    if type(method) not in learners:
        raise TypeError(f"method = {method!r}, but an energy model learns by {', '.join(c.__name__ for c in learners)}")
    return learners[type(method)](model, data, method, batch=batch, seed=seed, threads=threads, kT=kT)


class EnergyLearner:
    """What all learners of energy models share.

    Parameters
    ----------
    model
        Where learning starts.
    data
        Shape (points, dimension).
    method, batch, seed, threads, kT
        As of ``learn``.
    """

    def __init__(self, model, data, method, *, batch, seed, threads, kT):
        self.model, self.method, self.seed, self.threads, self.kT = model, method, seed, threads, kT
        self.parameters = model.parameters()
        self.epochs, self.batches = Epochs(data, batch, seed), Batches(model, threads)

    def present(self):
        """The model with the parameters of now."""
        return self.model.with_parameters(self.parameters)

    def state(self):
        """What the next gradient depends on beside parameters and step: nothing, unless a method has chains."""
        return {}

    def restore(self, state):
        """Take over what ``state`` gave."""

    def close(self):
        """Let the threads go."""
        self.batches.close()

    def describe(self):
        """What must be the same when a run is resumed."""
        fixed = [getattr(self.model, name) for name in self.model._fields if name not in self.model.learned]
        return {
            "model": type(self.model).__qualname__,
            "fixed": _digest(*fixed),
            "data": _digest(self.epochs.rows),
            "points": len(self.epochs.rows),
            "method": repr(self.method),
            "batch": self.epochs.batch,
            "seed": self.seed,
            "kT": self.kT,
        }


def _digest(*arrays):
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digest.hexdigest()


class ExactLearner(EnergyLearner):
    """Loss: mean of U / kT over the data, + log Z; both Z and the model's average by quadrature."""

    def __init__(self, model, data, method, **options):
        super().__init__(model, data, method, **options)
        self.grid = Grid(data, self.kT)

    def gradient(self, step):
        """Gradient of the mean negative log likelihood."""
        model, data = self.present(), self.epochs.at(step)
        log_z, points, weights = self.grid.measure(self.batches, model)
        here = np.full((len(data), 1), 1.0 / (len(data) * self.kT))
        of_data, jets = self.batches.gradient(model, data, here)
        of_model, _ = self.batches.gradient(model, points, weights[:, np.newaxis] / self.kT)
        gradient = {name: of_data[name] - of_model[name] for name in of_data}
        return gradient, {"loss": jets.mean() / self.kT + log_z, "log partition function": log_z}

    def state(self):
        """The grid: it has grown where it had to."""
        return self.grid.state()

    def restore(self, state):
        """Take over the grid."""
        self.grid.restore(state)


class ChainLearner(EnergyLearner):
    """<dU/dtheta> over the data minus the same over Langevin chains, over kT: from the data, or persistent."""

    def __init__(self, model, data, method, **options):
        super().__init__(model, data, method, **options)
        if method.tau is None:
            raise ValueError(f"{method}: an energy model needs the Langevin step tau of its chains, e.g. tau=0.01")
        self.persistent = isinstance(method, PersistentChains)
        if self.persistent:
            order = permutation(self.seed, len(data), 0, CHAINS)
            self.chains = data[order[np.arange(method.chains) % len(data)]]
        else:
            self.chains = self.epochs.at(0)
        self.engine = Simulation(
            potential=model, dynamics=Overdamped(friction=1.0, kT=self.kT), integrator=EulerMaruyama(), dt=method.tau,
            particles=len(self.chains), dimension=model.dimension, seed=self.seed, start=self.chains,
        ).engine(self.threads)  # fmt: skip

    def sampled(self, model, start, step):
        """Where chains are after their steps of a learning step; the noise goes on and is never used again."""
        sweeps = self.method.sweeps
        self.engine.potential = model
        self.engine.load(start[np.newaxis])
        self.engine.advance(step * sweeps, (step + 1) * sweeps)
        chains = self.engine.unload()[0]
        finite = np.isfinite(chains).all(axis=1)
        if not finite.all():
            k = int(np.flatnonzero(~finite)[0])
            raise LearningDiverged(
                f"{np.count_nonzero(~finite)} of {len(chains)} chains ceased to be finite in learning step {step + 1}, "
                f"e.g. chain {k}, from x = {start[k].tolist()}: the model has become too steep for the Langevin step; "
                f"try tau = {self.method.tau / 4.0:.3g} in place of {self.method.tau:.3g}, or learn more slowly"
            )
        return chains

    def gradient(self, step):
        """Gradient estimate, and how the chains are."""
        model, data = self.present(), self.epochs.at(step)
        chains = self.sampled(model, self.chains if self.persistent else data, step)
        self.chains = chains
        weights = np.concatenate([np.full(len(data), 1.0 / len(data)), np.full(len(chains), -1.0 / len(chains))])
        gradient, jets = self.batches.gradient(model, np.concatenate([data, chains]), weights[:, np.newaxis] / self.kT)
        force = self.batches.energies_and_forces(model, chains)[1]
        virial = -np.mean((chains - chains.mean(axis=0)) * force)
        of_data, of_chains = jets[: len(data), 0].mean(), jets[len(data) :, 0].mean()
        health = {"energy of data": of_data, "energy of chains": of_chains, "virial kT of chains": virial}
        return gradient, health | {"contrast": (of_data - of_chains) / self.kT}

    def state(self):
        """The chains."""
        return {"chains": self.chains}

    def close(self):
        """Let the threads go, the chains' too."""
        super().close()
        self.engine.close()

    def restore(self, state):
        """Take over the chains."""
        self.chains = state["chains"]


class DenoisingLearner(EnergyLearner):
    """Loss: mean of |F / kT + eps / noise|^2 / 2 at x + noise eps."""

    def __init__(self, model, data, method, **options):
        super().__init__(model, data, method, **options)
        self.normals = Normals(self.epochs.batch, data.shape[1], self.seed, PERTURBATION)

    def gradient(self, step):
        """Gradient of the loss: of its score with the residual r, r . dF/dtheta / kT = -d(r . grad U)/dtheta / kT."""
        model, data, eps = self.present(), self.epochs.at(step), self.normals.at(step)
        points = data + self.method.noise * eps
        residual = self.batches.energies_and_forces(model, points)[1] / self.kT + eps / self.method.noise
        weights = np.zeros((len(points), 2))
        weights[:, 1] = -1.0 / (self.kT * len(points))
        gradient, _ = self.batches.gradient(model, points, weights, residual)
        return gradient, {"loss": 0.5 * np.mean(np.sum(residual * residual, axis=1))}


class SlicedLearner(EnergyLearner):
    """Loss: mean of v . grad (v . s) + (v . s)^2 / 2 with s = F / kT, so -u_2 / kT + (u_1 / kT)^2 / 2."""

    def __init__(self, model, data, method, **options):
        super().__init__(model, data, method, **options)
        rows = self.epochs.batch * method.projections
        self.normals = Normals(rows, data.shape[1], self.seed, DIRECTION)

    def gradient(self, step):
        """Gradient of the loss; second derivatives are exact."""
        model = self.present()
        points = np.repeat(self.epochs.at(step), self.method.projections, axis=0)
        v = np.sign(self.normals.at(step))
        slope = -np.sum(v * self.batches.energies_and_forces(model, points)[1], axis=1)
        weights = np.zeros((len(points), 3))
        weights[:, 1] = slope / (self.kT**2 * len(points))
        weights[:, 2] = -1.0 / (self.kT * len(points))
        gradient, jets = self.batches.gradient(model, points, weights, v)
        return gradient, {"loss": np.mean(0.5 * (slope / self.kT) ** 2 - jets[:, 2] / self.kT)}

"""Random choices of learning as functions of (seed, learning step, row): nothing to store, nothing to repeat."""

import numpy as np

from ..noise import CHAINS as CHAINS
from ..noise import DIRECTION as DIRECTION
from ..noise import MAX_COMPONENTS, STEPS_PER_CALL, Philox, normals_at, uniforms_at
from ..noise import ORDER as ORDER
from ..noise import PERTURBATION as PERTURBATION


def permutation(seed, size, number, purpose):
    """The ``number``-th random order of 0 ... size - 1, from 64 random bits for each."""
    if number >= MAX_COMPONENTS:
        raise ValueError(f"epoch {number}, but random orders are numbered below {MAX_COMPONENTS}: take larger batches")
    u = uniforms_at(seed, first_particle=0, particles=size, component=number, purpose=purpose)
    return np.lexsort((u[:, 1], u[:, 0]))


class Epochs:
    """Rows of a data set in random order, each once before any comes again.

    Parameters
    ----------
    rows
        Shape (points, dimension).
    batch
        Rows per learning step; as many as there are: all of them, in their order.
    seed
        Of the orders.
    """

    def __init__(self, rows, batch, seed):
        self.rows, self.batch, self.seed = rows, batch, seed
        self._orders = {}

    def at(self, step):
        """The rows of a learning step."""
        points = len(self.rows)
        if self.batch == points:
            return self.rows
        places = step * self.batch + np.arange(self.batch)
        chosen = np.empty(self.batch, np.int64)
        epochs = places // points
        self._orders = {k: order for k, order in self._orders.items() if k >= epochs[0]}
        for epoch in np.unique(epochs).tolist():
            if epoch not in self._orders:
                self._orders[epoch] = permutation(self.seed, points, epoch, ORDER)
            here = epochs == epoch
            chosen[here] = self._orders[epoch][places[here] - epoch * points]
        return self.rows[chosen]


class Normals:
    """Standard normals (rows, dimension) of each learning step; a call of the generator serves four of them."""

    def __init__(self, rows, dimension, seed, purpose):
        self.rows, self.dimension, self.purpose = rows, dimension, purpose
        self._noise, self._group, self._values = Philox(np.uint64(seed)), -1, np.empty(0)

    def at(self, step):
        """Those of a learning step."""
        group = step // STEPS_PER_CALL
        if group != self._group:
            self._values = normals_at(
                self._noise, group * STEPS_PER_CALL, STEPS_PER_CALL, first_particle=0, particles=self.rows,
                dimension=self.dimension, purpose=self.purpose,
            )[:, 0]  # fmt: skip
            self._group = group
        return self._values[step % STEPS_PER_CALL]

"""Sums over a grid in one and two dimensions: Z of a model, its averages, and the likelihood of data."""

import numpy as np

from ..arguments import a_function, a_model, checked, numbers, positive
from ..models.batches import Batches
from ..schedule import positive_number, whole_number
from ..theory.checks import evaluated
from .data import checked_data

_START, _MOST = {1: 513, 2: 97}, {1: 16385, 2: 769}  # nodes along an axis
_EDGE, _SETTLED, _TRIALS = 1e-12, 1e-4, 60
_WIDER = 8.0  # times the box: how far is looked for modes that lie apart


class Grid:
    """Equidistant nodes around data, which spread and grow denser until they hold the model.

    For a smooth density that vanishes at the edge, the error of the sum falls faster than any power of the spacing:
    where every second node (in each direction) gives Z to 1e-4, all of them give it to about the square of that.
    A mode apart from the data is found where it lies in a box 8 times as wide and is wider than that box's nodes are
    apart (1/64 of the inner box in one dimension, 1/12 in two).

    Parameters
    ----------
    data
        Shape (points, dimension), 1 or 2 dimensions; the box starts around them.
    kT
        Thermal energy [E].
    """

    def __init__(self, data, kT):
        self.dimension, self.kT = data.shape[1], kT
        if self.dimension not in _START:
            raise ValueError(
                f"ExactGradient, and Z by quadrature, need 1 or 2 dimensions, the model has {self.dimension}; use "
                "PersistentChains, DenoisingScoreMatching or SlicedScoreMatching"
            )
        low, high = data.min(axis=0), data.max(axis=0)
        margin = np.where(high > low, 0.3 * (high - low), 1.0)
        self.low, self.high, self.nodes = low - margin, high + margin, _START[self.dimension]

    def state(self):
        """Arrays from which ``restore`` makes the same grid."""
        return {"low": self.low, "high": self.high, "nodes": np.array(self.nodes)}

    def restore(self, state):
        """Take over box and density."""
        self.low, self.high, self.nodes = state["low"], state["high"], int(state["nodes"])

    def measure(self, batches, model):
        """(log Z, points, weights): exp(-U / kT) summed up, and the nodes with their shares of it."""
        for _ in range(_TRIALS):
            _, points, u = self._energies(batches, model, self.low, self.high)
            if not np.isfinite(u).all():
                raise FloatingPointError(
                    f"the energy of {type(model).__name__} is not finite within {self.low.tolist()} ... "
                    f"{self.high.tolist()}"
                )
            weight = np.exp(u.min() - u)
            if self._spread(weight):
                continue
            total = weight.sum()
            half = weight[(slice(None, None, 2),) * self.dimension].sum() * 2**self.dimension
            if abs(half - total) <= _SETTLED * total:
                if self._reach(batches, model, u.min()):
                    continue
                cell = float(np.prod((self.high - self.low) / (self.nodes - 1)))
                return float(np.log(total * cell) - u.min()), points, (weight / total).ravel()
            if self.nodes >= _MOST[self.dimension]:
                raise FloatingPointError(
                    f"{self.nodes} nodes a side do not resolve exp(-U / kT) of {type(model).__name__}: Z changes by "
                    f"{abs(half / total - 1.0):.2g} when every second node is left out"
                )
            self.nodes = 2 * self.nodes - 1
        raise FloatingPointError(
            f"exp(-U / kT) of {type(model).__name__} does not vanish anywhere up to {self.low.tolist()} ... "
            f"{self.high.tolist()}"
        )

    def _energies(self, batches, model, low, high):
        """Axes of a box, its nodes, and U / kT there."""
        axes = [np.linspace(*ends, self.nodes) for ends in zip(low, high, strict=True)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.dimension)
        u = batches.energies_and_forces(model, points)[0].reshape([self.nodes] * self.dimension) / self.kT
        return axes, points, u

    def _reach(self, batches, model, lowest):
        """Widen the box to where the density shows in a much wider one; whether it does."""
        centre, half = (self.high + self.low) / 2.0, (self.high - self.low) / 2.0
        axes, _, u = self._energies(batches, model, centre - _WIDER * half, centre + _WIDER * half)
        shows, low, high = u < lowest - np.log(_EDGE), self.low.copy(), self.high.copy()
        for d, axis in enumerate(axes):
            where = axis[np.moveaxis(shows, d, 0).reshape(len(axis), -1).any(axis=1)]
            if where.size and where[0] < low[d]:
                low[d] = where[0] - (axis[1] - axis[0])
            if where.size and where[-1] > high[d]:
                high[d] = where[-1] + (axis[1] - axis[0])
        wider = bool(np.any(low < self.low) or np.any(high > self.high))
        self.low, self.high = low, high
        return wider

    def _spread(self, weight):
        """Widen the box where the density at an edge is not negligible; whether it was."""
        spread = False
        for d in range(self.dimension):
            edge = np.moveaxis(weight, d, 0)
            span = self.high[d] - self.low[d]
            for end, low in ((edge[0], True), (edge[-1], False)):
                if end.max() > _EDGE:
                    spread = True
                    if low:
                        self.low = self.low - np.eye(self.dimension)[d] * 0.25 * span
                    else:
                        self.high = self.high + np.eye(self.dimension)[d] * 0.25 * span
        return spread


@checked(model=a_model, data=numbers, kT=positive)
def negative_log_likelihood(model, data, *, kT=1.0, threads=1):
    """U(x) / kT + log Z of every data point; Z by quadrature, in 1 and 2 dimensions.

    Parameters
    ----------
    model
        An energy model.
    data
        Shape (points, dimension), or (points,) in one dimension.
    kT
        Thermal energy [E].
    threads
        Number of threads.

    Returns
    -------
    array
        Shape (points,); its mean is the loss of ``ExactGradient``.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.learning import negative_log_likelihood
    >>> from brownian.models import MixtureEnergy
    >>> normal = MixtureEnergy(means=[[0.4]], log_widths=[np.log(0.7)], logits=[0.0], scale=0.9)
    >>> negative_log_likelihood(normal, [0.4], kT=0.9) - np.log(0.7 * np.sqrt(2 * np.pi)) < 1e-12
    array([ True])
    """
    data = checked_data(data, model.dimension)
    batches = Batches(model, whole_number("threads", threads, 1))
    kT = positive_number("kT", kT)
    try:
        log_z = Grid(data, kT).measure(batches, model)[0]
        return batches.energies_and_forces(model, data)[0] / kT + log_z
    finally:
        batches.close()


@checked(model=a_model, f=a_function, around=numbers, kT=positive)
def model_average(model, f, around, *, kT=1.0, threads=1):
    """<f> over exp(-U / kT) / Z, by quadrature, in 1 and 2 dimensions.

    Parameters
    ----------
    model
        An energy model.
    f
        Function of points (n, dimension), with n values or one.
    around
        Points (n, dimension), around which the quadrature begins to look for the density.
    kT
        Thermal energy [E].
    threads
        Number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.learning import model_average
    >>> from brownian.models import MixtureEnergy
    >>> normal = MixtureEnergy(means=[[0.4]], log_widths=[np.log(0.7)], logits=[0.0], scale=0.9)
    >>> print(f"{model_average(normal, lambda x: (x[:, 0] - 0.4) ** 2, [[0.0]], kT=0.9):.6f}")
    0.490000
    """
    around, kT = checked_data(around, model.dimension, "around"), positive_number("kT", kT)
    batches = Batches(model, whole_number("threads", threads, 1))
    try:
        _, points, weights = Grid(around, kT).measure(batches, model)
    finally:
        batches.close()
    return float(weights @ evaluated((points,), values=(len(points),), f=f))

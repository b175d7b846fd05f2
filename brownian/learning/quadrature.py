"""Sums over a grid in one and two dimensions: Z of a model, its averages, and the likelihood of data."""

import numpy as np

from ..arguments import a_function, a_model, checked, numbers, positive
from ..models.batches import Batches
from ..schedule import positive_number, whole_number
from ..theory.checks import evaluated
from .data import checked_data

_START, _MOST = {1: 513, 2: 97}, {1: 16385, 2: 769}  # nodes along an axis
_EDGE, _SETTLED, _TRIALS = 1e-12, 1e-4, 60


class Grid:
    """Equidistant nodes around data, which spread and grow denser until they hold the model.

    For a smooth density that vanishes at the edge, the error of the sum falls faster than any power of the spacing:
    where every second node (in each direction) gives Z to 1e-4, all of them give it to about the square of that.

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
            axes = [np.linspace(low, high, self.nodes) for low, high in zip(self.low, self.high, strict=True)]
            points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, self.dimension)
            u = batches.energies_and_forces(model, points)[0].reshape([self.nodes] * self.dimension) / self.kT
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

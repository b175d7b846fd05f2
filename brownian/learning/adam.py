"""Optimisers: what becomes of parameters, given the gradient of what is to become small."""

import math
from dataclasses import dataclass

import numpy as np

from ..schedule import positive_number


def _check_rates(self):
    positive_number("rate", self.rate)
    if self.final_rate is not None and positive_number("final_rate", self.final_rate) > self.rate:
        raise ValueError(f"final_rate = {self.final_rate!r}, but it must be at most rate = {self.rate!r}")


def rate_at(optimiser, step, steps):
    """The rate of step 0, 1, ... steps - 1: constant, or falling geometrically from ``rate`` to ``final_rate``."""
    if optimiser.final_rate is None or steps < 2:
        return float(optimiser.rate)
    return float(optimiser.rate * (optimiser.final_rate / optimiser.rate) ** (step / (steps - 1)))


@dataclass(frozen=True)
class GradientDescent:
    """Plain descent: theta' = theta - rate g.

    Parameters
    ----------
    rate
        Step per unit of the gradient, positive.
    final_rate
        The rate of the last step, reached geometrically; None: the rate is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.learning import GradientDescent
    >>> descent, theta = GradientDescent(rate=0.5), {"a": np.array([1.0, -2.0])}
    >>> descent.move(theta, {"a": np.array([0.2, 0.4])}, descent.start(theta), 0, 1)[0]["a"]
    array([ 0.9, -2.2])
    """

    rate: float
    final_rate: float | None = None

    def __post_init__(self):
        """Check the rates."""
        _check_rates(self)

    def start(self, parameters):
        """The optimiser's memory before the first step: none."""
        return {}

    def move(self, parameters, gradient, memory, step, steps):
        """New parameters, and new memory."""
        rate = rate_at(self, step, steps)
        return {name: value - rate * gradient[name] for name, value in parameters.items()}, memory


@dataclass(frozen=True)
class Adam:
    """Adam: theta' = theta - rate m / (sqrt(v) + epsilon).

    m and v are running means of g and g^2 with the factors of ``decay``, divided by 1 - decay^n, as if they had not
    started from zero.

    Parameters
    ----------
    rate
        About the step of every parameter, in its own unit; positive.
    decay
        Factors of the running means of the gradient and of its square, in [0, 1).
    epsilon
        Positive; a gradient well below it counts as none.
    final_rate
        The rate of the last step, reached geometrically; None: the rate is constant.

    Notes
    -----
    Source: Kingma, Ba, ICLR (2015), arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.learning import Adam
    >>> adam, theta = Adam(rate=0.1), {"a": np.array([1.0, -2.0])}
    >>> adam.move(theta, {"a": np.array([0.2, -40.0])}, adam.start(theta), 0, 1)[0]["a"].round(6)
    array([ 0.9, -1.9])
    """

    rate: float = 1e-3
    decay: tuple = (0.9, 0.999)
    epsilon: float = 1e-8
    final_rate: float | None = None

    def __post_init__(self):
        """Check all of them."""
        _check_rates(self)
        positive_number("epsilon", self.epsilon)
        if not isinstance(self.decay, tuple | list) or len(self.decay) != 2:
            raise TypeError(f"decay = {self.decay!r}, but a pair of numbers is needed")
        if not all(isinstance(factor, int | float) and 0.0 <= factor < 1.0 for factor in self.decay):
            raise ValueError(f"decay = {self.decay!r}, but both factors must be in [0, 1)")
        object.__setattr__(self, "decay", tuple(float(factor) for factor in self.decay))

    def start(self, parameters):
        """The optimiser's memory before the first step: both running means of every parameter, zero."""
        return {
            f"{kind}/{name}": np.zeros_like(value) for kind in ("mean", "square") for name, value in parameters.items()
        }

    def move(self, parameters, gradient, memory, step, steps):
        """New parameters, and new memory; steps count from 0."""
        keep, keep_square = self.decay
        rate = rate_at(self, step, steps) / (1.0 - keep ** (step + 1))
        root = 1.0 / math.sqrt(1.0 - keep_square ** (step + 1))
        moved: dict = {}
        remembered: dict = {}
        for name, value in parameters.items():
            g = gradient[name]
            mean = keep * memory[f"mean/{name}"] + (1.0 - keep) * g
            square = keep_square * memory[f"square/{name}"] + (1.0 - keep_square) * (g * g)
            moved[name] = value - rate * mean / (root * np.sqrt(square) + self.epsilon)
            remembered |= {f"mean/{name}": mean, f"square/{name}": square}
        return moved, remembered

"""Annealed importance sampling: ln Z of machines with too many units to be enumerated."""

from typing import NamedTuple

import numpy as np

from ..arguments import array
from ..schedule import whole_number

MOST = 10**8  # temperatures


class AnnealedEstimate(NamedTuple):
    """An estimate of ln Z by annealed importance sampling.

    Parameters
    ----------
    value, error
        ln Z and its standard error, by the delta method over the chains.
    samples
        Number of chains.
    effective_samples
        (sum w)^2 / sum w^2: where it is a small part of the chains, distrust the error and take more temperatures.
    log_weights
        ln w of every chain, shape (chains,); ln Z = ln Z_0 + ln mean w.
    """

    value: float
    error: float
    samples: int
    effective_samples: float
    log_weights: np.ndarray

    def z(self, expected):
        """Return (value - expected) / error."""
        return (self.value - expected) / self.error


def annealed(betas, made_for, log_start, run):
    """The estimate from a run along the ladder: ``run(made, steps, log_weights)`` adds to ln w of every chain.

    made_for(sweeps): the checked arguments of a run of so many sweeps; log_start: ln Z without weights.
    """
    scales = ladder(betas)
    made = made_for(scales.size)
    if made.chains < 2:
        raise ValueError(f"chains = {made.chains}, but a standard error needs at least 2")
    logs = np.zeros(made.chains)
    run(made, np.concatenate([scales[:1], scales]), logs)
    return estimate(log_start, logs)


def ladder(betas):
    """The scales of the weights from 0 to 1; a number n of temperatures stands for n equal steps."""
    if np.ndim(betas) == 0:
        if whole_number("betas", betas, 1) > MOST:
            raise ValueError(f"betas = {betas!r}, but at most {MOST} are allowed")
        return np.linspace(0.0, 1.0, betas + 1)
    array("betas", betas)
    scales = np.asarray(betas, dtype=np.float64)
    rising = scales.ndim == 1 and scales.size >= 2 and np.all(np.diff(scales) > 0.0)
    if not rising or scales[0] != 0.0 or scales[-1] != 1.0:
        raise ValueError(f"betas = {betas!r}, but a number of steps, or a list that rises from 0 to 1, is needed")
    return scales


def estimate(log_start, log_weights):
    """The estimate ln Z = ln Z_0 + ln mean w."""
    top = log_weights.max()
    w = np.exp(log_weights - top)
    error = w.std(ddof=1) / (np.sqrt(w.size) * w.mean())
    value = log_start + top + np.log(w.mean())
    return AnnealedEstimate(float(value), float(error), w.size, float(w.sum() ** 2 / (w**2).sum()), log_weights)

"""A mixture of Gaussians whose centers, widths and weights are learnt."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from ..potentials.definition import require_positive
from ..potentials.mixture import GaussianMixture
from ..potentials.potential import add_energy, add_force, add_laplacian
from .definition import energy_model


@energy_model
class MixtureEnergy(NamedTuple):
    """U = -scale log sum_k w_k N(x; m_k, exp(2 l_k) 1), w = softmax(logits): ``GaussianMixture``, with parameters free.

    Parameters
    ----------
    means
        m_k [L], shape (components, dimension).  Learnt.
    log_widths
        l_k, logarithms of the standard deviations, shape (components,).  Learnt.
    logits
        Logarithms of the weights, up to a constant, shape (components,).  Learnt.
    scale
        Energy [E], positive: at kT = scale the density is the mixture itself, and Z = 1.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.models import MixtureEnergy
    >>> model = MixtureEnergy(means=[[-2.0, 0.0], [2.0, 0.0]], log_widths=np.log([0.5, 0.5]), logits=[0.0, 0.0])
    >>> model.force([[0.0, 1.0]])
    array([[ 0., -4.]])
    """

    means: np.ndarray
    log_widths: np.ndarray
    logits: np.ndarray
    scale: float = 1.0

    learned = "means", "log_widths", "logits"
    confining = True

    def check(self):
        require_positive(self, "scale")
        if self.means.ndim != 2:
            raise ValueError(f"MixtureEnergy: means of shape {self.means.shape}, but (components, dimension) is needed")
        for name in ("log_widths", "logits"):
            if getattr(self, name).shape != self.means.shape[:1]:
                raise ValueError(
                    f"MixtureEnergy: {name} of shape {getattr(self, name).shape}, but one for each of "
                    f"{len(self.means)} means is needed"
                )

    @property
    def dimension(self):
        """Of the means."""
        return self.means.shape[1]

    @property
    def mixture(self):
        """The same energy as a ``GaussianMixture``."""
        return _mixture(self)

    def add_energy(self, x, t, u):
        add_energy(_mixture(self), x, t, u)

    def add_force(self, x, t, f):
        add_force(_mixture(self), x, t, f)

    def add_laplacian(self, x, t, u):
        add_laplacian(_mixture(self), x, t, u)

    def draw(self, normals, uniforms, kT):
        """Positions from the mixture, exactly; only at kT = scale."""
        return self.mixture.draw(normals, uniforms, kT)

    def add_gradient(self, x, v, w, jet, out):
        # L = -U / scale = log sum exp(e_k), with derivatives along v: L' = sum r e', L'' = sum r (e'' + e'^2) - L'^2,
        # r_k = exp(e_k - L).  A change of e, e', e'' changes sum w_j L^(j) by sum_k a de + b de' + c de''.
        mixture, orders = _mixture(self), w.shape[0]
        components, dimension, lanes = self.means.shape[0], x.shape[0], x.shape[1]
        shares, first, second = np.empty((components, lanes)), np.zeros(lanes), np.zeros(lanes)
        slope, bend = np.zeros((components, lanes)), np.zeros((components, lanes))
        jet[:] = 0.0
        add_energy(mixture, x, 0.0, jet[0])
        for k in range(components):
            narrow = 1.0 / (mixture.widths[k] * mixture.widths[k])
            _share(self, mixture, k, narrow, x, jet[0], shares[k])
            if orders > 1:
                for d in range(dimension):
                    for i in range(lanes):
                        slope[k, i] += narrow * v[d, i] * (self.means[k, d] - x[d, i])
                        bend[k, i] -= narrow * v[d, i] * v[d, i]
                for i in range(lanes):
                    first[i] += shares[k, i] * slope[k, i]
                    second[i] += shares[k, i] * (bend[k, i] + slope[k, i] * slope[k, i])
        for i in range(lanes):
            if orders > 1:
                jet[1, i] = -self.scale * first[i]
            if orders > 2:
                jet[2, i] = -self.scale * (second[i] - first[i] * first[i])
        for k in range(components):
            for i in range(lanes):
                off = slope[k, i] - first[i]
                a, b, c = w[0, i], 0.0, 0.0
                if orders > 1:
                    a, b = a + w[1, i] * off, w[1, i]
                if orders > 2:
                    here = bend[k, i] + slope[k, i] * slope[k, i]
                    a += w[2, i] * (here - second[i] - 2.0 * first[i] * off)
                    b += 2.0 * w[2, i] * off
                    c = w[2, i]
                _add_component(self, mixture, k, i, x, v, -self.scale * shares[k, i], a, b, c, slope, bend, out)
        _add_norm(self, mixture, w, out)


@allocating
def _mixture(self):
    """The same energy as a ``GaussianMixture``; its weights are relative to the largest."""
    widths, weights, largest = np.empty(self.logits.size), np.empty(self.logits.size), -np.inf
    for k in range(widths.size):
        largest = max(largest, self.logits[k])
    for k in range(widths.size):
        widths[k] = vectormath.exp(self.log_widths[k])
        weights[k] = max(vectormath.exp(self.logits[k] - largest), 1e-300)
    return GaussianMixture(self.means, widths, weights, self.scale)


@allocating
def _share(self, mixture, k, narrow, x, u, share):
    """share[i] = w_k N(x; m_k, width_k^2 1) / sum of all of these, the sum being exp(-u / scale)."""
    total = 0.0
    for j in range(mixture.weights.size):
        total += mixture.weights[j]
    offset = math.log(mixture.weights[k] / total) - x.shape[0] * (self.log_widths[k] + 0.5 * math.log(2.0 * math.pi))
    inverse = 1.0 / self.scale
    for i in range(share.size):
        share[i] = offset + inverse * u[i]
    for d in range(x.shape[0]):
        for i in range(share.size):
            y = x[d, i] - self.means[k, d]
            share[i] -= 0.5 * narrow * y * y
    for i in range(share.size):
        share[i] = vectormath.exp(share[i])


@allocating
def _add_component(self, mixture, k, i, x, v, factor, a, b, c, slope, bend, out):
    """Add factor (a de_k + b de_k' + c de_k'') in the mean, the log width and the logit of component k, at lane i."""
    components, dimension = self.means.shape
    narrow = 1.0 / (mixture.widths[k] * mixture.widths[k])
    square = 0.0
    for d in range(dimension):
        y = x[d, i] - self.means[k, d]
        square += y * y
        out[k * dimension + d] += factor * narrow * (a * y + b * v[d, i])
    widths = components * dimension + k
    out[widths] += factor * (a * (narrow * square - dimension) - 2.0 * b * slope[k, i] - 2.0 * c * bend[k, i])
    out[widths + components] += factor * a


@allocating
def _add_norm(self, mixture, w, out):
    """The part of the weights' own sum, which is in U alone: scale softmax(logits) sum_i w[0, i]."""
    components, total, weight = self.means.shape[0], 0.0, 0.0
    for i in range(w.shape[1]):
        total += w[0, i]
    for k in range(components):
        weight += mixture.weights[k]
    for k in range(components):
        out[components * (self.means.shape[1] + 1) + k] += self.scale * total * mixture.weights[k] / weight

"""A mixture of Gaussians as an energy."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating, bits, fma, from_bits, inlined
from ..theory.checks import shortened
from .definition import cast_field, potential, require_positive
from .moments import ExactMoments

_LOG2_E, _LN2, _LN2_REST = 1.4426950408889634, 0.6931471805599453, 2.3190468138462996e-17
_TO_EXPONENT, _WIDTH = 6755399441056767.0, np.uint64(52)  # adding it leaves k + 1023 in the low bits: those of 2**k
# (exp(r) - 1 - r) / r**2 on [-ln2/2, ln2/2], by Remez exchange in 50 digits; error 3.6e-18 of exp(r)
_E2, _E3, _E4, _E5 = 0.5000000000000011, 0.16666666666666413, 0.041666666666530155, 0.008333333333494468
_E6, _E7, _E8 = 0.0013888888943630038, 0.0001984126950656434, 2.480149309898049e-05
_E9, _E10, _E11 = 2.7557586387828287e-06, 2.7630248353312615e-07, 2.500005685359925e-08

_MOST = 10**6  # components on a circle, or along a side
_SMALL = 1e-250  # a sum above it has lost nothing to the bound of exp_of_negative


@inlined
def exp_of_negative(x):
    """e**x to 1.1 ulp (relative error below 2e-16) for x from -708 to 0 (and a little above); below as there.

    As vectormath.exp, in two thirds of the time: what is left out are subnormal and infinite results.
    """
    x = max(x, -708.0)
    t = fma(x, _LOG2_E, _TO_EXPONENT)
    k = t - _TO_EXPONENT
    r = fma(k, -_LN2_REST, fma(k, -_LN2, x))
    z = r * r
    w = z * z
    p = fma(w, fma(r, _E11, _E10), fma(z, fma(r, _E9, _E8), fma(r, _E7, _E6)))
    p = fma(w, p, fma(z, fma(r, _E5, _E4), fma(r, _E3, _E2)))
    return (1.0 + fma(z, p, r)) * from_bits(bits(t) << _WIDTH)


@potential
class GaussianMixture(NamedTuple):
    """U = -scale log sum_k w_k N(x; mean_k, width_k^2 1): at kT = scale the density is the mixture itself.

    Parameters
    ----------
    means
        Centers [L], shape (components, dimension).
    widths
        Standard deviations [L], positive; one number, or one per component.
    weights
        Positive; one per component, or 1 for equal ones; they are normalised.
    scale
        Energy [E], positive.

    ``GaussianMixture.on_circle`` and ``GaussianMixture.on_grid`` make the usual arrangements in the plane.

    Examples
    --------
    >>> import brownian as bn
    >>> u = bn.GaussianMixture(means=[[-2.0, 0.0], [2.0, 0.0]], widths=0.5)
    >>> u.force([[0.0, 1.0]])
    array([[ 0., -4.]])
    """

    means: np.ndarray
    widths: np.ndarray
    weights: np.ndarray = 1.0
    scale: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "widths", "weights", "scale")
        if self.means.ndim != 2:
            raise ValueError(
                f"GaussianMixture: means of shape {self.means.shape}, but (components, dimension) is needed"
            )
        for name in ("widths", "weights"):
            if getattr(self, name).shape not in ((1,), self.means.shape[:1]):
                raise ValueError(
                    f"GaussianMixture: {name} of shape {getattr(self, name).shape}, "
                    f"but 1 or {len(self.means)} are needed"
                )

    @classmethod
    def on_circle(cls, components=8, radius=2.0, width=0.02, scale=1.0):
        """Equal Gaussians of one width on a circle, the first at (radius, 0).

        Examples
        --------
        >>> import brownian as bn
        >>> bn.GaussianMixture.on_circle(4, radius=1.5, width=0.3).means.round(3).tolist()
        [[1.5, 0.0], [0.0, 1.5], [-1.5, 0.0], [-0.0, -1.5]]
        """
        radius = cast_field("GaussianMixture", "radius", float, radius)
        angles = 2.0 * np.pi * np.arange(_count(components, "components")) / components
        return cls(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), width, scale=scale)

    @classmethod
    def on_grid(cls, side=5, spacing=2.0, width=0.1, scale=1.0):
        """Equal Gaussians of one width on a square grid of side x side points around the origin.

        Examples
        --------
        >>> import brownian as bn
        >>> bn.GaussianMixture.on_grid(2, spacing=3.0).means.tolist()
        [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]
        """
        spacing = cast_field("GaussianMixture", "spacing", float, spacing)
        line = spacing * (np.arange(_count(side, "side")) - 0.5 * (side - 1))
        return cls(np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2), width, scale=scale)

    @property
    def dimension(self):
        """Dimension of the means."""
        return self.means.shape[1]

    def add_energy(self, x, t, u):
        total, shift, _, largest = _sums(self, x, 0)
        norm = _log_norm(self, x.shape[0]) - largest
        for i in range(x.shape[1]):
            u[i] -= self.scale * (vectormath.log(total[0, i]) + shift[i] - norm)

    def add_force(self, x, t, f):
        dimension, lanes = x.shape
        total, _, _, _ = _sums(self, x, dimension)
        for i in range(lanes):
            total[dimension, i] = self.scale / total[dimension, i]
        for d in range(dimension):
            for i in range(lanes):
                f[d, i] = fma(total[dimension, i], total[d, i], f[d, i])

    def add_laplacian(self, x, t, u):
        # with responsibilities r_k and pulls g_k = (mean_k - x) / width_k^2:
        # laplacian = scale [sum r_k (dimension / width_k^2 - |g_k|^2) + |sum r_k g_k|^2]
        dimension, lanes = x.shape
        total, shift, logs, _ = _sums(self, x, dimension)
        direct, e = np.zeros(lanes), np.empty(lanes)
        for k in range(self.means.shape[0]):
            width = self.widths[min(k, self.widths.size - 1)]
            narrow = 1.0 / (width * width)
            _exponent(self, x, k, logs[k], shift, e)
            for i in range(lanes):
                weight = exp_of_negative(e[i])
                direct[i] += weight * dimension * narrow
                for d in range(dimension):
                    g = narrow * (self.means[k, d] - x[d, i])
                    direct[i] -= weight * g * g
        for i in range(lanes):
            u[i] += self.scale * direct[i] / total[dimension, i]
            for d in range(dimension):
                mean = total[d, i] / total[dimension, i]
                u[i] += self.scale * mean * mean

    def minima(self, dimension):
        """Each mean, followed downhill."""
        from scipy.optimize import minimize

        points = [
            minimize(lambda x: self.energy(x[None])[0], m, jac=lambda x: -self.force(x[None])[0]).x for m in self.means
        ]
        return np.unique(np.round(points, 7), axis=0)

    def _is_boltzmann(self, kT):
        return abs(kT / self.scale - 1.0) <= 1e-12

    def moments(self, kT, dimension):
        """Of the mixture; None unless kT = scale, where it is the Boltzmann distribution."""
        if not self._is_boltzmann(kT):
            return None
        weights = np.broadcast_to(
            self.weights / np.sum(np.broadcast_to(self.weights, len(self.means))), len(self.means)
        )
        mean = weights @ self.means
        apart = self.means - mean
        inner = weights @ np.broadcast_to(self.widths**2, len(self.means))
        return ExactMoments(mean, (weights * apart.T) @ apart + inner * np.eye(dimension))

    def draw(self, normals, uniforms, kT):
        """Positions from the mixture, exactly; only at kT = scale, where it is the Boltzmann distribution."""
        if not self._is_boltzmann(kT):
            raise ValueError(f"GaussianMixture: drawn exactly only at kT = scale = {self.scale}, not at kT = {kT}")
        weights = np.broadcast_to(self.weights, len(self.means))
        k = np.searchsorted(np.cumsum(weights / weights.sum())[:-1], uniforms[:, 0], side="right")
        return self.means[k] + np.broadcast_to(self.widths, len(self.means))[k, np.newaxis] * normals


def _count(value, name):
    if not (isinstance(value, int | np.integer) and 1 <= value <= _MOST):
        raise ValueError(f"GaussianMixture: {name} = {shortened(value)}, but a whole number, 1 to {_MOST}, is needed")
    return value


@allocating
def _log_norm(self, dimension):
    total = 0.0
    for k in range(self.means.shape[0]):
        total += self.weights[min(k, self.weights.size - 1)]
    return math.log(total) + 0.5 * dimension * math.log(2.0 * math.pi)


@allocating
def _logs(self, dimension):
    # log of w_k / width_k^dimension for each k, less the largest; and the largest
    logs, several = np.zeros(self.means.shape[0]), max(self.widths.size, self.weights.size)
    for k in range(several):
        width, weight = self.widths[min(k, self.widths.size - 1)], self.weights[min(k, self.weights.size - 1)]
        logs[k] = math.log(weight) - dimension * math.log(width)
    largest = logs[0]
    for k in range(several):
        largest = max(largest, logs[k])
    for k in range(several):
        logs[k] -= largest
    return logs, largest


@inlined
def _exponent(self, x, k, log, shift, e):
    # of the k-th term, less the shift: at most 0; sums in rows, so that lanes are the innermost loop
    width = self.widths[min(k, self.widths.size - 1)]
    half = -0.5 / (width * width)
    for i in range(x.shape[1]):
        e[i] = log - shift[i]
    for d in range(x.shape[0]):
        mean = self.means[k, d]
        for i in range(x.shape[1]):
            y = mean - x[d, i]
            e[i] = fma(half * y, y, e[i])


@inlined
def _add_terms(self, x, pulls, logs, shift, e, total):
    for k in range(self.means.shape[0]):
        width = self.widths[min(k, self.widths.size - 1)]
        narrow = 1.0 / (width * width)
        _exponent(self, x, k, logs[k], shift, e)
        for i in range(x.shape[1]):
            weight = exp_of_negative(e[i])
            total[pulls, i] += weight
            e[i] = narrow * weight
        for d in range(pulls):
            mean = self.means[k, d]
            for i in range(x.shape[1]):
                total[d, i] = fma(e[i], mean - x[d, i], total[d, i])


@allocating
def _sums(self, x, pulls):
    """Rows d < pulls: sums of weight (mean_d - x_d) / width^2; the last: of the weights e^(exponent - shift).

    The shift is 0 where that leaves enough, the largest exponent of a lane where it does not: far from all means.  It
    is so found in a second turn, if any lane needs one: a turn costs less than looking for the largest always.
    """
    lanes = x.shape[1]
    total, shift, e = np.zeros((pulls + 1, lanes)), np.zeros(lanes), np.empty(lanes)
    logs, largest = _logs(self, x.shape[0])
    for turn in range(2):
        _add_terms(self, x, pulls, logs, shift, e, total)
        far = 0
        for i in range(lanes):
            far += total[pulls, i] < _SMALL
        if turn == 1 or far == 0:
            break
        _shift_far_lanes(self, x, logs, e, total[pulls], shift)
        total[:, :] = 0.0
    return total, shift, logs, largest


@allocating
def _shift_far_lanes(self, x, logs, e, total, shift):
    nothing, top = np.zeros(x.shape[1]), np.full(x.shape[1], -np.inf)
    for k in range(self.means.shape[0]):
        _exponent(self, x, k, logs[k], nothing, e)
        for i in range(x.shape[1]):
            top[i] = max(top[i], e[i])
    for i in range(x.shape[1]):
        shift[i] = top[i] if total[i] < _SMALL else 0.0

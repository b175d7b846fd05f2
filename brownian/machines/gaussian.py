"""Restricted machines with Gaussian visible units, for data of real numbers."""

import math

import numpy as np

from .arguments import numbers, states_of, temperature, within_reach
from .enumeration import enumerate_states
from .exact import ExactMachine
from .layers import layer
from .restricted import RestrictedBoltzmannMachine, sigmoid, softplus_sum
from .sampling import gaussian_start


class GaussianBinaryMachine(RestrictedBoltzmannMachine):
    """Real v and hidden h of 0 or 1: E = sum_i (v_i - a_i)^2 / 2 w_i^2 - sum_ij v_i W_ij h_j / w_i^2 - b . h.

    So v given h is normal with the means a + W h and the variances w_i^2 kT: p(v) is a mixture of 2^hidden normals.

    Parameters
    ----------
    weights
        W, shape (visible, hidden).
    visible_bias, hidden_bias
        a, shape (visible,), and b [E], shape (hidden,); None: zeros.
    widths
        w_i, positive: one number, or shape (visible,).  Learning leaves them as they are.

    Notes
    -----
    The hidden units alone are a fully visible machine with J = W^T w^-2 W; `exact` enumerates them (at most 25).
    Sources: Welling, Rosen-Zvi, Hinton, NIPS 17 (2004); Cho, Ilin, Raiko, ICANN (2011).

    Examples
    --------
    >>> from brownian.machines import GaussianBinaryMachine
    >>> machine = GaussianBinaryMachine([[2.0], [-1.0]], [0.3, 0.1], [-0.4], widths=0.6)
    >>> exact = machine.exact()
    >>> exact.means - (machine.visible_bias + machine.weights @ exact.hidden_means)
    array([0., 0.])
    """

    def __init__(self, weights, visible_bias=None, hidden_bias=None, widths=1.0):
        super().__init__(weights, visible_bias, hidden_bias)
        full = np.broadcast_to(widths, (self.visible,)) if np.ndim(widths) == 0 else widths
        self.widths = numbers("widths", full, (self.visible,), f"one number, or ({self.visible},),")
        if not (self.widths > 0.0).all():
            i = int(np.flatnonzero(self.widths <= 0.0)[0])
            raise ValueError(f"widths: element {i} is {self.widths[i]}, but they must be positive")
        self._scaled = self.weights / self.widths[:, np.newaxis] ** 2
        with np.errstate(over="ignore"):
            within_reach(self._scaled * np.abs(self.weights).max(initial=1.0), self.visible_bias, self.hidden_bias)

    def with_parameters(self, parameters):
        """A machine with other parameters and the same widths."""
        return GaussianBinaryMachine(**parameters, widths=self.widths)

    def states(self, states, name="states"):
        """Visible states checked, shape (..., visible), float64."""
        return states_of(name, states, self.visible, None)

    def _stretch(self, v):
        """Sum of (v_i - a_i)^2 / 2 w_i^2."""
        return 0.5 * (((v - self.visible_bias) / self.widths) ** 2).sum(axis=-1)

    def energy(self, visible, hidden):
        """E [E] of states (..., visible) and (..., hidden); shape (...)."""
        v, h = self.states(visible, "visible"), states_of("hidden", hidden, self.hidden, (0, 1)).astype(np.float64)
        return self._stretch(v) - ((v @ self._scaled) * h).sum(axis=-1) - h @ self.hidden_bias

    def free_energy(self, visible, kT=1.0):
        """F(v) = sum_i (v_i - a_i)^2 / 2 w_i^2 - kT sum_j ln(1 + exp((b_j + (v w^-2 W)_j) / kT)) [E]."""
        v, kT = self.states(visible, "visible"), temperature(kT)
        return self._stretch(v) - kT * softplus_sum((self.hidden_bias + v @ self._scaled) / kT)

    def hidden_probability(self, visible, kT=1.0):
        """Probability p(h_j = 1 | v), shape (..., hidden)."""
        v = self.states(visible, "visible")
        return sigmoid((self.hidden_bias + v @ self._scaled) / temperature(kT))

    def visible_probability(self, hidden, kT=1.0):
        """Not defined: visible units are real; see `visible_mean`."""
        raise TypeError("visible units of a GaussianBinaryMachine are real numbers: visible_mean gives their means")

    def visible_mean(self, hidden):
        """Means a + W h of the visible units given the hidden ones, shape (..., visible)."""
        h = states_of("hidden", hidden, self.hidden, (0, 1)).astype(np.float64)
        return self.visible_bias + h @ self.weights.T

    def exact(self, kT=1.0, *, moments=True, threads=None):
        """Sums over all states of the hidden units, at most 25, the visible ones integrated; as of the binary machine.

        ``pairs`` are <v_i h_j>.
        """
        kT = temperature(kT)
        joint = self.weights.T @ self._scaled
        bias = self.hidden_bias + self.visible_bias @ self._scaled + 0.5 * np.diagonal(joint)
        couplings = (joint + joint.T) / 2.0
        np.fill_diagonal(couplings, 0.0)
        found = enumerate_states(
            couplings / kT, bias / kT, np.empty((0, self.hidden)), np.empty(0), 0.0, moments=moments, threads=threads
        )
        log_z = found.log_sum + self._log_volume(kT)
        if not moments:
            return ExactMachine(kT, log_z, np.empty(0), np.empty(0), np.empty((0, 0)), float("nan"))
        means = self.visible_bias + self.weights @ found.on
        pairs = self.visible_bias[:, np.newaxis] * found.on + self.weights @ found.pairs
        stretch = 0.5 * self.visible * kT + 0.5 * (joint * found.pairs).sum()
        energy = stretch - (self._scaled * pairs).sum() - (self.hidden_bias * found.on).sum()
        return ExactMachine(kT, log_z, means, found.on, pairs, float(energy))

    def _log_volume(self, kT):
        return float(0.5 * np.log(2.0 * math.pi * kT * self.widths**2).sum())

    def _made_layers(self, kT):
        spread = self.widths * math.sqrt(kT)
        to_visible = layer(np.ascontiguousarray(self.weights.T), self.visible_bias, spread)
        return to_visible, layer(self._scaled / kT, self.hidden_bias / kT)

    def _start(self, start, made, kT):
        return gaussian_start(start, made, self.visible_bias, self.widths * math.sqrt(kT))

    def _log_alone(self, kT):
        return self._log_volume(kT) + float(softplus_sum(self.hidden_bias / kT))

"""Restricted Boltzmann machines: visible and hidden units, binary, that act on each other only across."""

import numpy as np

from .annealing import annealed
from .arguments import numbers, states_of, temperature, within_reach
from .enumeration import enumerate_states
from .exact import ExactMachine
from .layers import layer
from .sampling import GibbsSamples, plan, sample_layers, start_of

_BINARY = (0, 1)


def sigmoid(x):
    """1 / (1 + e^-x)."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def softplus_sum(x):
    """Sum of ln(1 + e^x) over the last axis."""
    return np.logaddexp(0.0, x).sum(axis=-1)


class RestrictedBoltzmannMachine:
    """Visible v and hidden h of 0 or 1 with p(v, h) = e^{-E/kT} / Z, E = -v^T W h - a . v - b . h.

    Parameters
    ----------
    weights
        W [E], shape (visible, hidden).
    visible_bias, hidden_bias
        a and b [E], shapes (visible,) and (hidden,); None: zeros.

    Raises
    ------
    TypeError, ValueError
        for numbers that are not finite, and shapes that do not fit.

    Notes
    -----
    Source: Smolensky, in Parallel Distributed Processing 1 (MIT Press, 1986), chapter 6.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.machines import RestrictedBoltzmannMachine
    >>> machine = RestrictedBoltzmannMachine([[1.0, -0.5], [0.5, 0.25]], [0.1, -0.2], [0.0, 0.3])
    >>> machine
    RestrictedBoltzmannMachine(2 visible units, 2 hidden)
    >>> print(f"Z = {np.exp(machine.log_partition_function()):.6f}")
    Z = 28.275180
    >>> np.exp(machine.log_probability([[0, 0], [0, 1], [1, 0], [1, 1]]))
    array([0.16621..., 0.20962..., 0.26432..., 0.35983...])
    """

    def __init__(self, weights, visible_bias=None, hidden_bias=None):
        self.weights = numbers("weights", weights, (None, None), "(visible, hidden)")
        v, h = self.weights.shape
        visible_bias = np.zeros(v) if visible_bias is None else visible_bias
        hidden_bias = np.zeros(h) if hidden_bias is None else hidden_bias
        self.visible_bias = numbers("visible_bias", visible_bias, (v,), f"({v},), one for each row of weights,")
        self.hidden_bias = numbers("hidden_bias", hidden_bias, (h,), f"({h},), one for each column of weights,")
        within_reach(self.weights, self.visible_bias, self.hidden_bias)
        self._kept = None

    @property
    def visible(self):
        """Number of visible units."""
        return self.weights.shape[0]

    @property
    def hidden(self):
        """Number of hidden units."""
        return self.weights.shape[1]

    @property
    def dimension(self):
        """Number of visible units: the width of data."""
        return self.visible

    def __repr__(self):
        return f"{type(self).__name__}({self.visible:,} visible unit{'s' * (self.visible > 1)}, {self.hidden:,} hidden)"

    def parameters(self):
        """W, a and b by name, as arrays of their own."""
        return {name: getattr(self, name).copy() for name in ("weights", "visible_bias", "hidden_bias")}

    def with_parameters(self, parameters):
        """A machine with other parameters."""
        return RestrictedBoltzmannMachine(**parameters)

    def states(self, states, name="states"):
        """Visible states checked, shape (..., visible), int8."""
        return states_of(name, states, self.visible, _BINARY)

    def energy(self, visible, hidden):
        """E [E] of states (..., visible) and (..., hidden); shape (...)."""
        v = self.states(visible, "visible").astype(np.float64)
        h = states_of("hidden", hidden, self.hidden, _BINARY).astype(np.float64)
        return -((v @ self.weights) * h).sum(axis=-1) - v @ self.visible_bias - h @ self.hidden_bias

    def free_energy(self, visible, kT=1.0):
        """F(v) = -a . v - kT sum_j ln(1 + exp((b_j + (v W)_j) / kT)) [E], so that p(v) = e^{-F(v)/kT} / Z."""
        v, kT = self.states(visible, "visible").astype(np.float64), temperature(kT)
        return -v @ self.visible_bias - kT * softplus_sum((self.hidden_bias + v @ self.weights) / kT)

    def hidden_probability(self, visible, kT=1.0):
        """Probability p(h_j = 1 | v), shape (..., hidden)."""
        v = self.states(visible, "visible").astype(np.float64)
        return sigmoid((self.hidden_bias + v @ self.weights) / temperature(kT))

    def visible_probability(self, hidden, kT=1.0):
        """Probability p(v_i = 1 | h), shape (..., visible)."""
        h = states_of("hidden", hidden, self.hidden, _BINARY).astype(np.float64)
        return sigmoid((self.visible_bias + h @ self.weights.T) / temperature(kT))

    def exact(self, kT=1.0, *, moments=True, threads=None):
        """Sums over all states of the smaller layer, the other one in closed form: it may have at most 25 units.

        Parameters
        ----------
        kT
            Thermal energy [E].
        moments
            False: ln Z alone (the averages are empty, the energy is nan).
        threads
            Number of threads; it changes no bit.

        Returns
        -------
        ExactMachine
            ``pairs`` are <v_i h_j>.
        """
        kT = temperature(kT)
        w, a, b = self.weights / kT, self.visible_bias / kT, self.hidden_bias / kT
        turned = self.visible < self.hidden
        if turned:
            w, a, b = w.T, b, a
        found = enumerate_states(
            np.zeros((b.size, b.size)), b, np.ascontiguousarray(w), a, 0.0, moments=moments, threads=threads
        )
        if not moments:
            return ExactMachine(kT, found.log_sum, np.empty(0), np.empty(0), np.empty((0, 0)), float("nan"))
        means, hidden, pairs = found.others, found.on, found.cross
        if turned:
            means, hidden, pairs = hidden, means, pairs.T
        energy = -(self.weights * pairs).sum() - (self.visible_bias * means).sum() - (self.hidden_bias * hidden).sum()
        return ExactMachine(kT, found.log_sum, means, hidden, pairs, float(energy))

    def log_partition_function(self, kT=1.0, threads=None):
        """Logarithm of Z by enumeration of the smaller layer, of at most 25 units."""
        return self.exact(kT, moments=False, threads=threads).log_partition_function

    def log_probability(self, visible, kT=1.0):
        """Logarithm of p(v) of states (..., visible), with ln Z by enumeration."""
        return -self.free_energy(visible, kT) / temperature(kT) - self.log_partition_function(kT)

    def _layers(self, kT):
        """(layer of visible units, layer of hidden units) to draw from; those of the last kT are kept."""
        if self._kept is None or self._kept[0] != kT:
            self._kept = kT, self._made_layers(kT)
        return self._kept[1]

    def _made_layers(self, kT):
        w = self.weights / kT
        return layer(np.ascontiguousarray(w.T), self.visible_bias / kT), layer(w, self.hidden_bias / kT)

    def _start(self, start, made, kT):
        return start_of(start, made, self.visible, _BINARY)

    def _log_alone(self, kT):
        """Logarithm of Z without weights."""
        return float(softplus_sum(self.visible_bias / kT) + softplus_sum(self.hidden_bias / kT))

    def sample(self, *, sweeps, chains, seed, kT=1.0, every=None, start="random", first_sweep=0, first_chain=0,
               threads=None):  # fmt: skip
        """Gibbs sampling of independent chains by layers: a sweep draws all h given v, then all v given h.

        Parameters
        ----------
        sweeps, chains : int
            Sweeps of this call; number of chains.
        seed : int
            0 ... 2^64 - 1.
        kT : float
            Thermal energy [E].
        every : int, optional
            Sweeps between kept frames, the start not among them; None keeps the end.
        start : str or ndarray
            "random", or visible states of shape (visible,) or (chains, visible).
        first_sweep, first_chain : int
            Number of the first sweep and chain in the noise: a run goes on with ``start=samples.end,
            first_sweep=samples.last_sweep``.
        threads : int, optional
            Number of threads; None: all processors of this process.

        Returns
        -------
        GibbsSamples

        Notes
        -----
        A unit is a function of (seed, sweep, chain, unit) and of the other layer: the bits depend neither on the
        threads nor on the cut of a run into calls.  The probability of a binary unit misses by less than 2^-65 plus
        1e-15 of the rarer value's.
        """
        made, kT = plan(
            sweeps=sweeps, chains=chains, seed=seed, every=every, first_sweep=first_sweep, first_chain=first_chain,
            threads=threads,
        ), temperature(kT)  # fmt: skip
        states = self._start(start, made, kT)
        to_visible, to_hidden = self._layers(kT)
        frames, hidden = sample_layers(to_visible, to_hidden, states, self.hidden, made)
        return GibbsSamples(frames, hidden, made.frame_sweeps, states, made.first_sweep, made.last_sweep)

    def log_partition_function_ais(self, betas=1000, *, chains=256, seed, kT=1.0, threads=None):
        """Logarithm of Z by annealed importance sampling, for any number of units.

        Parameters
        ----------
        betas
            Scales of the weights, from 0 (independent units) to 1; a number n: n equal steps.
        chains, seed, kT, threads
            As of `sample`.

        Returns
        -------
        AnnealedEstimate
            With its standard error and the effective number of chains.

        Notes
        -----
        Sources: Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov, Murray, ICML (2008).
        """
        kT = temperature(kT)

        def run(made, steps, logs):
            to_visible, to_hidden = self._layers(kT)
            sample_layers(to_visible, to_hidden, self._start("random", made, kT), self.hidden, made, steps, logs)

        def made_for(sweeps):
            return plan(sweeps=sweeps, chains=chains, seed=seed, threads=threads)

        return annealed(betas, made_for, self._log_alone(kT), run)

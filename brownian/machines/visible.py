"""Fully visible Boltzmann machines: every unit is seen, and acts on every other one."""

import numpy as np

from ..schedule import real_number
from .annealing import annealed
from .arguments import numbers, states_of, symmetric, temperature, within_reach
from .decisions import softplus
from .enumeration import enumerate_states
from .exact import ExactMachine
from .relaxation import Relaxation
from .sampling import GibbsSamples, plan, sample_units, start_of
from .units import network

VALUES = {"spin": (-1, 1), "binary": (0, 1)}


class BoltzmannMachine:
    """Units s_i with p(s) = e^{-E/kT} / Z, E = -s^T W s / 2 - h . s.

    Parameters
    ----------
    weights
        W [E], shape (units, units): symmetric, its diagonal zero.
    biases
        h [E], shape (units,); None: zeros.
    values
        What a unit may be: "spin", -1 or 1, or "binary", 0 or 1.

    Raises
    ------
    TypeError, ValueError
        for weights that are not symmetric, finite, or zero on the diagonal, and shapes that do not fit.

    Notes
    -----
    Sources: Hinton, Sejnowski, CVPR (1983); Ackley, Hinton, Sejnowski, Cogn. Sci. 9, 147 (1985).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.machines import BoltzmannMachine
    >>> weights = np.array([[0.0, 0.5, 0.25], [0.5, 0.0, -0.3], [0.25, -0.3, 0.0]])
    >>> machine = BoltzmannMachine(weights, [0.1, -0.2, 0.3])
    >>> machine
    BoltzmannMachine(3 units of -1 or 1)
    >>> exact = machine.exact()
    >>> print(f"Z = {np.exp(exact.log_partition_function):.6f}, <s_0> = {exact.means[0]:.6f}")
    Z = 10.139476, <s_0> = 0.053872
    >>> end = machine.sample(sweeps=100, chains=2000, seed=7).end
    >>> bool(abs(end[:, 0].mean() - exact.means[0]) < 5.0 * end[:, 0].std() / np.sqrt(2000))
    True
    """

    def __init__(self, weights, biases=None, values="spin"):
        if not isinstance(values, str) or values not in VALUES:
            raise ValueError(f"values = {values!r}, but it must be {' or '.join(map(repr, VALUES))}")
        self.weights, self.values = symmetric(weights), values
        units = len(self.weights)
        self.biases = numbers("biases", np.zeros(units) if biases is None else biases, (units,), f"({units},)")
        within_reach(self.weights, self.biases)

    @property
    def units(self):
        """Number of units."""
        return len(self.biases)

    @property
    def dimension(self):
        """Number of units: the width of data."""
        return self.units

    @property
    def _low(self):
        return float(VALUES[self.values][0])

    def __repr__(self):
        low, high = VALUES[self.values]
        return f"BoltzmannMachine({self.units:,} unit{'s' * (self.units > 1)} of {low} or {high})"

    def parameters(self):
        """W and h by name, as arrays of their own."""
        return {"weights": self.weights.copy(), "biases": self.biases.copy()}

    def with_parameters(self, parameters):
        """The same kind of machine with other parameters."""
        return BoltzmannMachine(parameters["weights"], parameters["biases"], self.values)

    def states(self, states, name="states"):
        """States checked, shape (..., units), int8."""
        return states_of(name, states, self.units, VALUES[self.values])

    def energy(self, states):
        """E [E] of states (..., units); shape (...)."""
        s = self.states(states).astype(np.float64)
        return -0.5 * np.einsum("...i,ij,...j->...", s, self.weights, s) - np.einsum("...i,i->...", s, self.biases)

    def conditional(self, states, kT=1.0):
        """Probability that unit i is 1, given all others; states and result of shape (..., units)."""
        s = self.states(states).astype(np.float64)
        x = (1.0 - self._low) / temperature(kT) * (np.einsum("...i,ij->...j", s, self.weights) + self.biases)
        return 0.5 + 0.5 * np.tanh(0.5 * x)

    def exact(self, kT=1.0, *, moments=True, threads=None):
        """Sums over all states: ln Z, <s_i>, <s_i s_j>, <E>; at most 25 units.

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
        """
        kT, low = temperature(kT), self._low
        found = enumerate_states(
            self.weights / kT, self.biases / kT, np.empty((0, self.units)), np.empty(0), low, moments=moments,
            threads=threads,
        )  # fmt: skip
        if not moments:
            return ExactMachine(kT, found.log_sum, np.empty(0), None, np.empty((0, 0)), float("nan"))
        step = 1.0 - low
        means = low + step * found.on
        pairs = low * low + low * step * (found.on[:, np.newaxis] + found.on) + step * step * found.pairs
        energy = -0.5 * (self.weights * pairs).sum() - (self.biases * means).sum()
        return ExactMachine(kT, found.log_sum, means, None, pairs, float(energy))

    def log_partition_function(self, kT=1.0, threads=None):
        """Logarithm of Z by enumeration; at most 25 units."""
        return self.exact(kT, moments=False, threads=threads).log_partition_function

    def log_probability(self, states, kT=1.0):
        """Logarithm of p(s) of states (..., units), by enumeration; at most 25 units."""
        return -self.energy(states) / temperature(kT) - self.log_partition_function(kT)

    def sample(self, *, sweeps, chains, seed, kT=1.0, every=None, start="random", first_sweep=0, first_chain=0,
               threads=None):  # fmt: skip
        """Gibbs sampling of independent chains: in each sweep all units in turn, each drawn given all others.

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
            "random", or states of shape (units,) or (chains, units).
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
        A unit is a function of (seed, sweep, chain, unit) and the others: the bits depend neither on the threads nor on
        the cut of a run into calls.  Its probability misses by less than 2^-65 plus 1e-15 of the rarer value's.
        Source: Geman, Geman, IEEE Trans. PAMI 6, 721 (1984).
        """
        made = plan(
            sweeps=sweeps, chains=chains, seed=seed, every=every, first_sweep=first_sweep, first_chain=first_chain,
            threads=threads,
        )  # fmt: skip
        net = network(self.weights, self.biases, self._low, temperature(kT))
        states = start_of(start, made, self.units, VALUES[self.values])
        frames = sample_units(net, states, made)
        return GibbsSamples(frames, None, made.frame_sweeps, states, made.first_sweep, made.last_sweep)

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
        The mean of the weights is Z / Z_0 without bias for any number of steps; ln of it is too low by about half its
        error squared.  Source: Neal, Stat. Comput. 11, 125 (2001).
        """
        kT = temperature(kT)
        alone = sum(self._low * float(b) + float(softplus((1.0 - self._low) * b)) for b in self.biases / kT)

        def run(made, steps, logs):
            net = network(self.weights, self.biases, self._low, kT)
            sample_units(net, start_of("random", made, self.units, VALUES[self.values]), made, steps, logs)

        return annealed(
            betas, lambda sweeps: plan(sweeps=sweeps, chains=chains, seed=seed, threads=threads), alone, run
        )

    def relaxed(self, shift=None, kT=1.0):
        """The energy of continuous variables x whose Boltzmann law at kT = 1 has this machine in it, as `Relaxation`.

        Parameters
        ----------
        shift
            d, added to the diagonal of W / kT, which must make it positive definite; None: 1/2 more than that takes.
        kT
            Thermal energy of the machine [E].

        Examples
        --------
        >>> import brownian as bn
        >>> from brownian.machines import BoltzmannMachine
        >>> machine = BoltzmannMachine([[0.0, 0.8], [0.8, 0.0]], [0.1, -0.2])
        >>> relaxed = machine.relaxed()
        >>> relaxed.covariance @ machine.exact().means       # E[x]
        array([-0.14769..., -0.19825...])
        """
        if self.values != "spin":
            raise ValueError(f"values = {self.values!r}, but the relaxation is of spins, -1 or 1")
        kT = temperature(kT)
        couplings = self.weights / kT
        lowest = float(np.linalg.eigvalsh(couplings)[0])
        shift = 0.5 - lowest if shift is None else real_number("shift", shift)
        if not (np.isfinite(shift) and lowest + shift > 0.0):
            raise ValueError(
                f"shift = {shift!r}, but W / kT has the eigenvalue {lowest:.6g}: it must be above {-lowest:.6g}"
            )
        return Relaxation(np.linalg.inv(couplings + shift * np.eye(self.units)), self.biases / kT)

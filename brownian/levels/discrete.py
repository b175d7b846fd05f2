"""Levels in thermal equilibrium: p_i = g_i e^{-E_i/kT} / Z, and what follows from Z.

Energies are counted from the lowest level, so that nothing overflows and no digit is lost to a large ground energy: kT
may be anything from 0 (the lowest level alone) to infinity (all states alike), and a scalar or an array.

Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, sections 28 and 31.
"""

import numpy as np

from .arguments import finite_energies, positive_degeneracies, temperature, temperatures
from .sampling import sample, transition_matrix


def _listed(values):
    shown = [repr(value) for value in values.tolist()]
    return f"[{', '.join(shown if len(shown) <= 8 else [*shown[:4], '...', shown[-1]])}]"


class DiscreteLevels:
    """Levels of energies E_i and degeneracies g_i: p_i = g_i e^{-E_i/kT} / Z, Z = sum_i g_i e^{-E_i/kT}.

    Parameters
    ----------
    energies
        E_i [E], shape (levels,): finite, in any order; two levels may have one energy.
    degeneracies
        g_i, shape (levels,): positive, usually whole numbers; None: 1 for each level.

    Raises
    ------
    TypeError, ValueError
        for energies that are empty or not finite, degeneracies that are not positive, lengths that differ.

    Notes
    -----
    Temperatures are given as kT [E], a scalar or an array, 0 and infinity included; results have the shape of kT (and a
    last axis of levels).  Two levels: p_1 / p_0 = (g_1 / g_0) e^{-(E_1 - E_0)/kT}.

    Examples
    --------
    >>> import brownian as bn
    >>> levels = bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3])
    >>> levels
    DiscreteLevels(energies=[0.0, 1.3], degeneracies=[1.0, 3.0])
    >>> levels.probabilities(kT=0.9)
    array([0.58560..., 0.41439...])
    """

    def __init__(self, energies, degeneracies=None):
        self.energies = finite_energies(energies)
        self.degeneracies = positive_degeneracies(degeneracies, len(self))
        self.energies.flags.writeable = self.degeneracies.flags.writeable = False
        self._gaps = self.energies - self.energies.min()

    def __len__(self):
        """Return the number of levels."""
        return self.energies.size

    def __repr__(self):
        more = "" if np.all(self.degeneracies == 1.0) else f", degeneracies={_listed(self.degeneracies)}"
        return f"DiscreteLevels(energies={_listed(self.energies)}{more})"

    def _weights(self, kT):
        """(kT, x, w): x = (E - E_0) / kT and w = g e^{-x}, shape (*kT.shape, levels); x = 0 where w = 0."""
        kT = temperatures(kT)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            x = np.where(self._gaps == 0.0, 0.0, self._gaps / kT[..., np.newaxis])
        half = np.exp(-0.5 * x)  # its square may be too small for a float64 where g times its square is not
        w = self.degeneracies * half * half
        return kT, np.where(w > 0.0, x, 0.0), w

    def _log_sum(self, w):
        """The logarithm ln sum w = ln g_0 + ln(1 + excited / g_0): no digit of a small excited part is lost."""
        ground = self._gaps == 0.0
        g = self.degeneracies[ground].sum()
        excited = w[..., ~ground].sum(axis=-1)
        return np.where(excited < g, np.log(g) + np.log1p(np.minimum(excited, g) / g), np.log(g + excited))

    def log_partition_function(self, kT):
        """Logarithm of the partition function, ln Z = ln sum_i g_i e^{-E_i/kT}.

        At kT = 0 it is infinite, with the sign of -E_0, unless E_0 = 0: then ln g_0.

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([-5000.0, -4999.0]).log_partition_function(0.5):.10f}")
        10000.1269280110
        """
        kT, _, w = self._weights(kT)
        return (self._log_sum(w) - self._lowest_over(kT))[()]

    def _lowest_over(self, kT):
        lowest = self.energies.min()
        with np.errstate(over="ignore", divide="ignore"):
            return np.zeros(kT.shape) if lowest == 0.0 else lowest / kT

    def partition_function(self, kT):
        """Z = sum_i g_i e^{-E_i/kT}; infinite beyond 1.8e308 (see `log_partition_function`).

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).partition_function(0.9):.10f}")
        1.7076312490
        """
        kT, _, w = self._weights(kT)
        with np.errstate(over="ignore"):
            half = np.exp(-0.5 * self._lowest_over(kT))
            return (half * w.sum(axis=-1) * half)[()]

    def probabilities(self, kT):
        """Boltzmann's p_i = g_i e^{-E_i/kT} / Z, shape (*kT.shape, levels).

        Examples
        --------
        >>> import brownian as bn
        >>> bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).probabilities([0.0, 0.9, float("inf")])
        array([[1. , 0. ],
               [0.58560..., 0.41439...],
               [0.25 , 0.75 ]])
        """
        w = self._weights(kT)[2]
        return w / w.sum(axis=-1, keepdims=True)

    def mean_energy(self, kT):
        """<E> = sum_i p_i E_i [E]; E_0 at kT = 0.

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).mean_energy(0.9):.10f}")
        0.5387115188
        """
        return (self.energies.min() + (self.probabilities(kT) * self._gaps).sum(axis=-1))[()]

    def heat_capacity(self, kT):
        """C / k_B = d<E>/d(kT) = (<E^2> - <E>^2) / kT^2, dimensionless; 0 at kT = 0 and at infinity.

        Computed as the mean square of (E - <E>) / kT, with energies counted from the most probable level.

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).heat_capacity(0.9):.10f}")
        0.5063146592
        """
        kT, _, w = self._weights(kT)
        p = w / w.sum(axis=-1, keepdims=True)
        d = self.energies - self.energies[w.argmax(axis=-1)][..., np.newaxis]
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            d = np.where((w > 0.0) & (d != 0.0), d / kT[..., np.newaxis], 0.0)
        d -= (p * d).sum(axis=-1, keepdims=True)
        return (p * d * d).sum(axis=-1)[()]

    def entropy(self, kT):
        """S / k_B = -sum_i p_i ln(p_i / g_i) = ln Z + <E>/kT; ln g_0 at kT = 0, ln sum_i g_i at infinity.

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([0.0, 1.3], degeneracies=[2, 3]).entropy(0.0):.10f}")  # ln 2
        0.6931471806
        """
        _, x, w = self._weights(kT)
        return (self._log_sum(w) + (w / w.sum(axis=-1, keepdims=True) * x).sum(axis=-1))[()]

    def free_energy(self, kT):
        """F = -kT ln Z = <E> - kT S [E], S in units of k_B; E_0 at kT = 0.

        Examples
        --------
        >>> import brownian as bn
        >>> print(f"{bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).free_energy(0.9):.10f}")
        -0.4815964581
        """
        kT, _, w = self._weights(kT)
        logarithm = self._log_sum(w)
        with np.errstate(invalid="ignore"):
            return (self.energies.min() - np.where(logarithm == 0.0, 0.0, kT * logarithm))[()]

    def transition_matrix(self, kT, rule="glauber"):
        """Exact probabilities of one step of `sample`: P_ij = (g_j / sum g) a_ij from level i to j != i.

        Parameters
        ----------
        kT : float
            Thermal energy [E], from 0 to infinity.
        rule : str
            "glauber", a_ij = 1 / (1 + e^{(E_j - E_i)/kT}), or "metropolis", a_ij = min(1, e^{-(E_j - E_i)/kT}).

        Returns
        -------
        ndarray
            Shape (levels, levels); rows sum to 1, and p P = p for p = `probabilities`.

        Examples
        --------
        >>> import brownian as bn
        >>> bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]).transition_matrix(0.9, "metropolis")
        array([[0.82309..., 0.17690...], [0.25  , 0.75  ]])
        """
        return transition_matrix(self.energies, self.degeneracies, temperature(kT), rule)

    def sample(self, kT, *, steps, walkers, seed, rule="glauber", every=None, start="stationary", first_step=0,
               first_walker=0, threads=None):  # fmt: skip
        """Independent walkers that jump between the levels by Metropolis' or Glauber's rule.

        In each step a walker is offered one of the sum_i g_i states, all alike, and goes to its level with probability
        a_ij (see `transition_matrix`): detailed balance holds, p_i P_ij = p_j P_ji.

        Parameters
        ----------
        kT : float
            Thermal energy [E], from 0 (only moves that do not raise the energy) to infinity.
        steps, walkers : int
            Steps of this call; number of walkers.
        seed : int
            0 ... 2^64 - 1.
        rule : str
            "glauber" or "metropolis".
        every : int, optional
            Steps between kept frames, the start not among them; None keeps the end.
        start : str, int or ndarray
            "stationary" (each walker by Boltzmann's law), a level for all, or a level per walker, shape (walkers,).
        first_step, first_walker : int
            Number of the first step and walker in the noise: a run goes on with ``start=walks.end,
            first_step=walks.last_step``.
        threads : int, optional
            Number of threads; None: all processors of this process.

        Returns
        -------
        LevelWalks
            States at the kept steps, and how often each walker was in each level.

        Raises
        ------
        TypeError, ValueError
            for anything that can't be run, naming the value and what is allowed.

        Notes
        -----
        The bits depend neither on the threads nor on the cut of a run into calls, nor on the library's exp.  A step
        uses two words of 32 bits as one uniform u = j / 2^64: u falls into the slot of a level, as wide as its share of
        the states, and the move is accepted in the first a_ij of the slot.  So P_ij misses its value by less than
        2^-63 + 1e-14 P_ij, and unlikely moves keep detailed balance as likely ones do.  The table of a_ij is made
        beforehand; it takes 8 bytes times the square of the number of levels.

        Sources: Metropolis et al., J. Chem. Phys. 21, 1087 (1953); Glauber, J. Math. Phys. 4, 294 (1963).

        Examples
        --------
        >>> import brownian as bn
        >>> levels = bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3])
        >>> walks = levels.sample(0.9, steps=1000, walkers=200, seed=7)
        >>> walks
        LevelWalks(200 walkers, 2 levels, steps 0 to 1000, 1 frame)
        >>> upper = bn.analysis.mean(walks.populations[:, 1])
        >>> abs(upper.z(levels.probabilities(0.9)[1])) < 5.0
        np.True_
        """
        return sample(
            self.energies, self.degeneracies, temperature(kT), steps=steps, walkers=walkers, seed=seed, rule=rule,
            every=every, start=start, first_step=first_step, first_walker=first_walker, threads=threads,
        )  # fmt: skip

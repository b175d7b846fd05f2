"""Whether chains have converged, and what their draws are worth: rank-normalised R-hat, effective sample sizes, errors.

Draws of Markov chains have shape (draws, chains) or (draws, chains, quantities): frames first, chains are particles.
Numbers are for all draws of all chains together; leave out what came before the stationary state.

For one long chain without these questions see `analysis.series`.
"""

from dataclasses import dataclass

import numpy as np

from ..arguments import checked
from . import chains

RHAT = 1.01  # a quantity is healthy below
ESS = 400.0  # and above, in bulk and tail


@checked
def rank_rhat(draws):
    """Rank-normalised split R-hat: how much wider all draws lie than those of half a chain; 1 where chains agree.

    R = sqrt[(B / W + n - 1) / n] of the normal scores z = Phi^-1[(rank - 3/8) / (N + 1/4)] of all N draws, the chains
    cut in halves of n draws; B / n is the variance of the halves' means, W the mean of their variances.  The larger one
    of two: for the draws (location) and for their distances |x - median| (scale).

    Parameters
    ----------
    draws : array_like, shape (draws, chains) or (draws, chains, quantities)
        At least 4 draws; one chain will do, its halves are compared then.

    Returns
    -------
    float, or ndarray of shape (quantities,)
        inf where no chain moves and chains differ; NaN where all draws are equal.

    Raises
    ------
    TypeError
        If the draws are not real numbers.
    ValueError
        For other shapes, or a value that is not finite, with its draw and chain.
    TooFewData
        For fewer than 4 draws.

    Notes
    -----
    One chain of M that is off by s standard deviations makes R about sqrt(1 + s^2 / M): among thousands of chains it is
    not seen.  R-hat then says whether the chains as a whole have forgotten their starts.

    Source: A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Bürkner, Bayesian Anal. 16, 667 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import rank_rhat
    >>> draws = np.random.default_rng(7).normal(size=(1000, 4))
    >>> print(f"{rank_rhat(draws):.3f} {rank_rhat(draws + [0.0, 0.0, 0.0, 1.0]):.3f}")  # one chain is elsewhere
    1.001 1.092
    """
    return chains.each_quantity(chains.rank_rhat, draws)


@checked
def ess_bulk(draws):
    """Effective sample size in the bulk, that of the normal scores: for means, whatever the tails are.

    N / tau, tau = 1 + 2 sum_l rho(l), where 1 - rho(l) = [W - C(l)] / V: C is the mean autocovariance of half chains, W
    their mean variance, V the variance of all draws as for R-hat, so that chains that disagree are worth little.  The
    sum ends where pairs rho(2k) + rho(2k + 1) cease to be positive, and no pair counts for more than the one before it.

    Parameters
    ----------
    draws
        As for `rank_rhat`.

    Returns
    -------
    float, or ndarray of shape (quantities,)
        At most N log10(N), beyond N for alternating chains; NaN where all draws are equal.

    Notes
    -----
    Source: A. Vehtari et al., Bayesian Anal. 16, 667 (2021); the sum: C. J. Geyer, Stat. Sci. 7, 473 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import ess_bulk
    >>> draws = np.random.default_rng(7).normal(size=(1000, 4))
    >>> print(f"{ess_bulk(draws):.0f} {ess_bulk(np.repeat(draws, 3, axis=0)):.0f}")  # each draw three times
    3890 3858
    """
    return chains.each_quantity(lambda x: chains.effective_size(chains.normal_scores(chains.halves(x))), draws)


@checked
def ess_tail(draws):
    """Effective sample size in the tails: the smaller one of those for the quantiles of 5 % and 95 %.

    That of the indicator x <= quantile; x < quantile where the largest value is the quantile (spins, counts), since
    all draws are <= then.

    Parameters
    ----------
    draws
        As for `rank_rhat`.

    Returns
    -------
    float, or ndarray of shape (quantities,)
        NaN where all draws are equal.

    Notes
    -----
    Source: A. Vehtari et al., Bayesian Anal. 16, 667 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import ess_tail
    >>> print(f"{ess_tail(np.random.default_rng(7).normal(size=(1000, 4))):.0f}")
    3840
    """
    return chains.each_quantity(chains.tail_size, draws)


@checked
def mcse_mean(draws):
    """Standard error of the mean of all draws, sd / sqrt(ESS), with the effective sample size of the draws as they are.

    Parameters
    ----------
    draws
        As for `rank_rhat`.

    Returns
    -------
    float, or ndarray of shape (quantities,)
        NaN where all draws are equal: nothing is known of an error then.

    Notes
    -----
    Source: A. Vehtari et al., Bayesian Anal. 16, 667 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import mcse_mean
    >>> print(f"{mcse_mean(np.random.default_rng(7).normal(size=(1000, 4))):.4f}")  # 1 / sqrt(4000) = 0.0158
    0.0159
    """
    return chains.each_quantity(chains.mean_error, draws)


@checked
def mcse_sd(draws):
    """Standard error of the standard deviation of all draws: sqrt[(<d^4> - <d^2>^2) / (4 <d^2> ESS)], d = x - <x>.

    The effective sample size is that of d^2, which is not that of x: smaller for alternating chains, larger for slow
    ones.

    Parameters
    ----------
    draws
        As for `rank_rhat`.

    Returns
    -------
    float, or ndarray of shape (quantities,)
        NaN where all d^2 are equal.

    Notes
    -----
    Source: J. F. Kenney, E. S. Keeping, Mathematics of Statistics, part 2 (Van Nostrand, 1951), p. 141.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import mcse_sd
    >>> print(f"{mcse_sd(np.random.default_rng(7).normal(size=(1000, 4))):.4f}")  # 1 / sqrt(8000) = 0.0112
    0.0111
    """
    return chains.each_quantity(chains.sd_error, draws)


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """What the draws of Markov chains are worth, quantity by quantity: arrays of shape (quantities,).

    ``mcse_mean`` and ``mcse_sd`` are standard errors, ``autocorrelation_time`` is that of the mean, draws * chains /
    ESS, in draws, and ``stuck`` the number of chains whose draws are all equal.  ``str()`` is a table.
    """

    names: tuple[str, ...]
    draws: int
    chains: int
    stuck: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    mcse_mean: np.ndarray
    mcse_sd: np.ndarray
    rhat: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray
    autocorrelation_time: np.ndarray

    @property
    def passed(self):
        """Which quantities are healthy, bool, shape (quantities,); one whose draws are all equal is not."""
        return (self.rhat < RHAT) & (self.ess_bulk > ESS) & (self.ess_tail > ESS)

    @property
    def healthy(self):
        """Whether for every quantity R-hat < 1.01, and bulk and tail ESS > 400 in total (Vehtari et al. 2021)."""
        return bool(self.passed.all())

    def __str__(self):
        """A line per quantity, and the verdict."""
        head = ("quantity", "mean", "std. error", "sd", "std. error", "R-hat", "ESS bulk", "ESS tail", "tau [draws]")
        formats = (".6g", ".2g", ".6g", ".2g", ".4f", ",.0f", ",.0f", ".3g")
        numbers = zip(
            self.mean, self.mcse_mean, self.sd, self.mcse_sd,
            self.rhat, self.ess_bulk, self.ess_tail, self.autocorrelation_time, strict=True,
        )  # fmt: skip
        rows = [head, *((name, *map(format, row, formats)) for name, row in zip(self.names, numbers, strict=True))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.rjust, row, widths)) for row in rows]
        for k, (good, stuck) in enumerate(zip(self.passed, self.stuck, strict=True), start=1):
            words = [*([] if good else ["not healthy"]), *([f"{stuck:,} chains don't move"] if stuck else [])]
            lines[k] += f"  ({', '.join(words)})" if words else ""
        verdict = "healthy" if self.healthy else f"NOT healthy: {np.sum(~self.passed)} of {len(self.names)} quantities"
        rule = f"R-hat < {RHAT:g}, ESS > {ESS:g} in bulk and tail"
        return "\n".join([f"{self.draws:,} draws of {self.chains:,} chains", *lines, f"{verdict} ({rule})"])


@checked
def diagnose(draws, names=None):
    """R-hat, effective sample sizes, means and errors of the draws of Markov chains, all at once.

    Parameters
    ----------
    draws
        As for `rank_rhat`; the positions of a trajectory, from the stationary state on, are such draws.
    names : sequence of str, optional
        One per quantity; by default "x", or "x0", "x1", ...

    Returns
    -------
    Diagnostics
        ``healthy`` by the published recommendation: R-hat < 1.01, bulk and tail ESS > 400 over all chains.

    Raises
    ------
    TypeError, ValueError, TooFewData
        As for `rank_rhat`; ValueError for another number of names, or a name given twice.

    Notes
    -----
    The rule is for a few chains.  With thousands, 400 are soon together, a few bad ones are not seen (`rank_rhat`), and
    what remains to be asked is R-hat, and that each chain is much longer than its autocorrelation time.

    Source: A. Vehtari et al., Bayesian Anal. 16, 667 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.convergence import diagnose
    >>> print(diagnose(np.random.default_rng(7).normal([0.5, 2.0], 1.7, size=(1000, 4, 2)), ["a", "b"]))
    1,000 draws of 4 chains
    quantity      mean  std. error       sd  std. error   R-hat  ESS bulk  ESS tail  tau [draws]
           a  0.493048       0.027  1.67477       0.018  1.0007     3,810     3,615         1.05
           b   1.94395       0.027  1.68181       0.019  1.0006     3,969     3,814         1.01
    healthy (R-hat < 1.01, ESS > 400 in bulk and tail)
    """
    x = chains.checked(draws)
    single = x.ndim == 2
    x = x.reshape(*x.shape[:2], -1)
    names = tuple(["x"] if single else [f"x{k}" for k in range(x.shape[2])]) if names is None else tuple(names)
    if len(names) != x.shape[2] or len(set(names)) != len(names):
        raise ValueError(f"names = {list(names)!r}, but {x.shape[2]} different ones are needed, one per quantity")
    rows = np.array([_row(np.asarray(x[..., k], dtype=np.float64, order="C")) for k in range(x.shape[2])])
    stuck = (x == x[0]).all(axis=0).sum(axis=0)
    return Diagnostics(tuple(map(str, names)), x.shape[0], x.shape[1], stuck, *rows.T)


def _row(x):
    """The numbers of one quantity, in the order of `Diagnostics`."""
    halves = chains.halves(x)
    scores, size = chains.normal_scores(halves), chains.effective_size(halves)
    sd = x.std(ddof=1) if np.ptp(x) > 0.0 else 0.0
    return (
        x.mean(), sd, sd / np.sqrt(size), chains.sd_error(x),
        chains.rank_rhat(x, scores), chains.effective_size(scores), chains.tail_size(x), x.size / size,
    )  # fmt: skip

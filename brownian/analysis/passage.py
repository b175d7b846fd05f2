"""First-passage times of particles, some of which had not arrived when the watch ended.

Data: ``times`` [T], one per independent particle from its start; nan or inf for one that had not arrived by ``end``
[T], which is how long it was watched, one number or one per particle.  All functions raise ValueError for times that
are negative or after the end, for ends that are not > 0, arrays that differ in shape, and a confidence that is not
between 0 and 1; `TooFewData` for fewer than 2 particles.
"""

from typing import NamedTuple

import numpy as np

from ..arguments import checked
from .statistics import Estimate, TooFewData, mean


class Survival(NamedTuple):
    """S(t) at ``times`` [T]: ``value``, ``error``, band ``low`` to ``high``; ``at_risk``, the number still watched."""

    times: np.ndarray
    value: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray


class Rate(NamedTuple):
    """Events (``samples``) per ``exposure`` [T]: ``value``, ``error`` and the interval ``low`` to ``high`` [1/T]."""

    value: float
    error: float
    samples: int
    low: float
    high: float
    exposure: float

    def z(self, expected):
        """Return (value - expected) / error."""
        return Estimate.z(self, expected)


class Proportion(NamedTuple):
    """A probability, its interval ``low`` to ``high``, from ``samples`` particles; ``left_out`` have not arrived."""

    value: float
    error: float
    samples: int
    low: float
    high: float
    left_out: int

    def z(self, expected):
        """Return (value - expected) / error."""
        return Estimate.z(self, expected)


def _watched(times, end):
    """How long each particle was watched, whether it arrived, and the ends, all of shape (n,)."""
    times, ends = np.asarray(times, dtype=np.float64), np.asarray(end, dtype=np.float64)
    if times.ndim != 1 or ends.shape not in ((), times.shape):
        raise ValueError(f"times and end of shapes {times.shape} and {ends.shape}, but (n,), and () or (n,)")
    if len(times) < 2:
        raise TooFewData(f"{len(times)} values of times, but a standard error needs at least 2 particles")
    ends = np.broadcast_to(ends, times.shape)
    if not (np.isfinite(ends).all() and np.all(ends > 0.0)):
        raise ValueError(f"end = {end!r}, but finite numbers > 0 are needed")
    arrived = np.isfinite(times)
    wrong = np.where(arrived, (times < 0.0) | (times > ends), times == -np.inf)
    if wrong.any():
        k = int(wrong.argmax())
        raise ValueError(f"times[{k}] = {times[k]}, but 0 to end = {ends[k]}, or nan for not yet, is allowed")
    return np.where(arrived, times, ends), arrived, ends


def _outside(confidence):
    if np.ndim(confidence) or not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence!r}, but it must be between 0 and 1")
    return (1.0 - confidence) / 2.0


@checked
def survival_curve(times, end, *, at=None, confidence=0.95):
    """Share S(t) of particles that have not arrived by t: Kaplan-Meier, S = prod_{t_j <= t} (1 - d_j / n_j).

    n_j particles are watched until t_j or longer, d_j of them arrive then.

    Parameters
    ----------
    times, end
        See the module.
    at : array_like, optional
        Times of the curve [T], >= 0; default 0 and all arrivals.
    confidence : float
        Of the band, at each time by itself.

    Returns
    -------
    Survival
        Error by Greenwood's formula, S sqrt(sum d_j / n_j (n_j - d_j)); band symmetric in ln(-ln S), so that it stays
        within 0 and 1.  Where S = 1, its lower bound is exact; where S = 0, the upper one is that of the time before.
        ValueError for a time that is beyond all ends while S > 0: nothing is known of it.

    Notes
    -----
    Source: E. L. Kaplan, P. Meier, J. Am. Stat. Assoc. 53, 457 (1958); band: J. D. Kalbfleisch, R. L. Prentice, The
    Statistical Analysis of Failure Time Data (Wiley, 2002), section 1.4.

    Examples
    --------
    >>> from brownian.analysis.passage import survival_curve
    >>> curve = survival_curve([0.5, 1.3, float("nan"), 0.8, float("nan")], 2.0, at=[0.4, 1.0, 2.0])
    >>> print(curve.value, curve.error.round(4))
    [1.  0.6 0.4] [0.     0.2191 0.2191]
    """
    from scipy.special import ndtri

    durations, arrived, _ = _watched(times, end)
    outside, order = _outside(confidence), np.sort(durations)
    steps, deaths = np.unique(durations[arrived], return_counts=True)
    at = np.unique(np.r_[0.0, steps]) if at is None else np.asarray(at, dtype=np.float64)
    if at.ndim != 1 or not np.all((at >= 0.0) & (at < np.inf)):
        raise ValueError(f"at = {at.tolist()}, but a list of finite times >= 0 is needed")
    watched = len(durations) - np.searchsorted(order, steps)
    survived = watched > deaths  # False at most at the last step
    curve = np.r_[1.0, np.cumprod(1.0 - deaths / watched)]
    sums = np.r_[0.0, np.cumsum(deaths / (watched * np.where(survived, watched - deaths, 1.0)))]
    if np.any((at > order[-1]) & (curve[-1] > 0.0)):
        raise ValueError(f"at = {at.max():g}, but particles were watched until {order[-1]:g} at most")
    at_risk = len(durations) - np.searchsorted(order, at)
    logs = -np.log(np.where(curve > 0.0, curve, 0.5))
    reach = np.exp(-ndtri(outside) * np.sqrt(sums) / np.where(logs > 0.0, logs, 1.0))
    low, high = curve**reach, curve ** (1.0 / reach)
    if curve[-1] == 0.0:
        high[-1] = high[-2]
    index = np.searchsorted(steps, at, side="right")
    low = np.where(index == 0, outside ** (1.0 / np.maximum(at_risk, 1)), low[index])
    return Survival(at, curve[index], (curve * np.sqrt(sums))[index], low, high[index], at_risk)


@checked
def escape_rate(times, end, *, after=0.0, confidence=0.95):
    """Rate of arrivals that has no memory, r = events / exposure, among particles that last longer than ``after``.

    Exposure: the time that all particles were watched after ``after``, and had not arrived.

    Parameters
    ----------
    times, end
        See the module.
    after : float
        The transient [T], which is left out: of escape over a barrier, some relaxation times within the well.
    confidence : float
        Of the interval.

    Returns
    -------
    Rate
        Most likely rate, error r / sqrt(events) (nan without events), and the interval of a Poisson number of events,
        from quantiles of chi-square with 2 events and 2 events + 2 degrees of freedom.  Rates that differ between two
        values of ``after`` say that the law is not exponential.  `TooFewData` if nobody was watched so long.

    Notes
    -----
    Source: F. Garwood, Biometrika 28, 437 (1936); D. R. Cox, D. Oakes, Analysis of Survival Data (Chapman and Hall,
    1984), section 3.2.

    Examples
    --------
    >>> from brownian.analysis.passage import escape_rate
    >>> found = escape_rate([0.5, 1.3, float("nan"), 0.8, float("nan")], 2.0, after=0.1)
    >>> print(found.samples, round(found.exposure, 9), f"{found.value:.4f}", f"{found.low:.3f} {found.high:.3f}")
    3 6.1 0.4918 0.101 1.437
    """
    from scipy.special import gammaincinv

    durations, arrived, _ = _watched(times, end)
    if np.ndim(after) or not 0.0 <= after < np.inf:
        raise ValueError(f"after = {after!r}, but a finite time >= 0 is needed")
    outside = _outside(confidence)
    exposure = float(np.maximum(durations - after, 0.0).sum())
    if exposure == 0.0:
        raise TooFewData(f"nobody was watched after = {after:g}: the last one was left at {durations.max():g}")
    events = int(np.count_nonzero(arrived & (durations > after)))
    low = gammaincinv(events, outside) / exposure if events else 0.0
    error = np.sqrt(events) / exposure if events else np.nan
    high = gammaincinv(events + 1, 1.0 - outside) / exposure
    return Rate(events / exposure, float(error), events, float(low), float(high), exposure)


@checked
def mean_first_passage_time(times, end, *, tail="refuse", after=None):
    """Mean first-passage time: mean of all, or mean of min(t, T) + S(T) / r where some have not arrived.

    T is the (shortest) end, r the rate of `escape_rate` after ``after``.

    Parameters
    ----------
    times, end
        See the module.
    tail : {"refuse", "exponential"}
        Whether the times that were not seen may be put in from an assumption: that from ``after`` on, or from T if that
        is earlier, arrivals have no memory.  It holds for escape over a high barrier; it fails for free diffusion.
    after : float, optional
        Start of the data of the rate [T]; default half of T.

    Returns
    -------
    Estimate
        [T]; all correlations of mean, share and rate count in the error.

    Raises
    ------
    TooFewData
        If some have not arrived and ``tail`` is "refuse": saying how many, and about what end would do; or if nobody
        arrived after ``after``.

    Notes
    -----
    Source: E. L. Kaplan, P. Meier, J. Am. Stat. Assoc. 53, 457 (1958); B. W. Brown, M. Hollander, R. M. Korwar, in
    Reliability and Biometry (SIAM, 1974), for the exponential tail.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.passage import mean_first_passage_time
    >>> times = np.random.default_rng(7).exponential(1.7, size=4000)
    >>> times[times > 3.0] = np.nan
    >>> found = mean_first_passage_time(times, 3.0, tail="exponential")
    >>> print(bool(abs(found.z(1.7)) < 4), found.samples)
    True 4000
    """
    if tail not in ("refuse", "exponential"):
        raise ValueError(f'tail = {tail!r}, but "refuse" or "exponential" is allowed')
    durations, arrived, ends = _watched(times, end)
    if arrived.all():
        return mean(durations)
    shortest = float(ends.min())
    after = shortest / 2.0 if after is None else after
    rate = escape_rate(times, end, after=after)
    if tail == "refuse" or rate.samples == 0:
        missing, advice = int(np.count_nonzero(~arrived)), f"nobody has after {after:g}, so that no end can be advised"
        if rate.samples:  # a tenth of a particle would be left
            advice = f"an end of about {ends.max() + np.log(10.0 * missing) / rate.value:.3g} would do"
            advice += ', or tail = "exponential", which assumes that arrivals have no memory'
        raise TooFewData(
            f"{missing} of {len(durations)} particles have not arrived by end = {ends.max():g}: {advice} (their "
            "times are not finite)"
        )
    lasted = (durations > shortest) | (~arrived & (durations == shortest))
    events, exposure = arrived & (durations > after), np.maximum(durations - after, 0.0)
    share, life = lasted.mean(), 1.0 / rate.value
    influence = np.minimum(durations, shortest) + life * lasted + share * (exposure - life * events) / events.mean()
    return mean(influence)


@checked
def splitting_probability(sides, *, confidence=0.95):
    """Probability to arrive on the right before the left: the committor, where all particles start at one point.

    Parameters
    ----------
    sides : array_like, shape (n,)
        Of each particle: 1 arrived on the right, -1 on the left, 0 or nan not yet.
    confidence : float
        Of the interval.

    Returns
    -------
    Proportion
        Among those that have arrived; error sqrt[p (1 - p) / n], nan where all went to one side; interval of the
        binomial law, which covers the truth at least as often as stated.  Where many are left out, those that arrive
        early decide, and the value is biased towards the nearer side.

    Raises
    ------
    ValueError
        If a side is none of these.
    TooFewData
        If fewer than 2 have arrived.

    Notes
    -----
    Source: C. J. Clopper, E. S. Pearson, Biometrika 26, 404 (1934).

    Examples
    --------
    >>> from brownian.analysis.passage import splitting_probability
    >>> found = splitting_probability([1, -1, 1, 1, 0, 1, -1, 1, 1])
    >>> print(found.value, found.samples, f"{found.low:.3f} {found.high:.3f}", found.left_out)
    0.75 8 0.349 0.968 1
    """
    from scipy.special import betaincinv

    sides = np.asarray(sides, dtype=np.float64)
    if sides.ndim != 1 or not np.isin(sides[~np.isnan(sides)], (-1.0, 0.0, 1.0)).all():
        raise ValueError(f"sides of shape {sides.shape}, but (n,) of 1, -1, and 0 or nan is needed")
    outside, right, left = _outside(confidence), int((sides == 1.0).sum()), int((sides == -1.0).sum())
    count = right + left
    if count < 2:
        raise TooFewData(f"{count} of {len(sides)} sides are 1 or -1, but at least 2 particles that arrived are needed")
    share = right / count
    error = np.sqrt(share * (1.0 - share) / count) if right and left else np.nan
    low = betaincinv(right, left + 1, outside) if right else 0.0
    high = betaincinv(right + 1, left, 1.0 - outside) if left else 1.0
    return Proportion(share, float(error), count, float(low), float(high), len(sides) - count)

"""Free energies from work, one independent value per trajectory.

W is the work done on the system [E], an array of shape (n,); kT the thermal energy [E] of the equilibrium in which
trajectories start.  All functions raise ValueError for values that are not finite, arrays of another shape, kT <= 0, or
fewer than 2 trajectories (`TooFewData`).  What heat says: `analysis.rates`.

Averages of e^{-W/kT} live on rare trajectories of little work: where std(W) >> 2 kT these are too few by an exponential
factor, Delta F comes out too high, and no error can tell.  ``effective``, (sum of weights)^2 / (sum of their squares),
says how many trajectories carry an estimate: below about 10 of them, trust neither value nor error.  `bar`, from both
directions, needs exponentially fewer.
"""

from typing import NamedTuple

import numpy as np

from ..arguments import checked
from .statistics import Estimate, TooFewData, mean


class FreeEnergy(NamedTuple):
    """A free-energy difference [E], as an `Estimate`, and the ``effective`` number of trajectories that carry it."""

    value: float
    error: float
    samples: int
    effective: float

    def z(self, expected):
        """Return (value - expected) / error."""
        return Estimate.z(self, expected)


class CrooksFit(NamedTuple):
    """Two `Estimate` of ln[P_F(W) / P_R(-W)]: its ``slope``, which must be 1, and ``crossing`` of 0, Delta F [E]."""

    slope: Estimate
    crossing: Estimate


def per_trajectory(name, values, least=2):
    """The values as float64 of shape (n,), finite, at least ``least`` of them."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"{name} of shape {values.shape}, but one value per trajectory, shape (n,), is needed")
    if not np.isfinite(values).all():
        k = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"{name}[{k}] = {values[k]}, but it must be finite")
    if len(values) < least:
        raise TooFewData(f"{len(values)} values of {name}, but a standard error needs at least {least} trajectories")
    return values


def number(name, value, least=0.0):
    """The value as a finite float above ``least``."""
    if np.ndim(value) or not (np.isfinite(value) and value > least):
        raise ValueError(f"{name} = {value!r}, but a finite number {'> 0 ' if least == 0.0 else ''}is needed")
    return float(value)


def _effective(weights):
    return float(weights.sum() ** 2 / (weights**2).sum())


@checked
def exponential_average(work, kT, *, free_energy=0.0):
    """Exponential average <e^{-(W - Delta F)/kT}>, which is 1 at the true Delta F: Jarzynski's equality.

    Parameters
    ----------
    work, kT
        See the module.  With total entropy productions for W, and kT = 1, this is the integral fluctuation theorem.
    free_energy : float
        Delta F [E]; at 0 the average is e^{-Delta F/kT}.

    Returns
    -------
    Estimate
        ValueError where it is beyond the largest float: `jarzynski` returns its logarithm.

    Notes
    -----
    Source: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); U. Seifert, Phys. Rev. Lett. 95, 040602 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.work import exponential_average
    >>> work = np.random.default_rng(7).normal(0.3 + 0.45, np.sqrt(2 * 0.9 * 0.45), size=4000)  # Delta F = 0.3
    >>> bool(abs(exponential_average(work, 0.9, free_energy=0.3).z(1.0)) < 4)
    True
    """
    exponents = -(per_trajectory("work", work) - number("free_energy", free_energy, -np.inf)) / number("kT", kT)
    if exponents.max() > 700.0:
        raise ValueError(f"e^{exponents.max():.6g} (work - free_energy) is beyond the largest float: use jarzynski")
    return mean(np.exp(exponents))


@checked
def jarzynski(work, kT):
    """Free-energy difference Delta F = -kT ln <e^{-W/kT}>, with the error of the jackknife.

    Parameters
    ----------
    work, kT
        See the module; W/kT may be of any size.

    Returns
    -------
    FreeEnergy
        Too high on average by error^2 / 2 kT, and by more where ``effective`` is small.

    Notes
    -----
    Source: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); bias: J. Gore, F. Ritort, C. Bustamante, Proc. Natl. Acad.
    Sci. 100, 12564 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.work import jarzynski
    >>> normal = np.random.default_rng(7).normal(size=4000)
    >>> found = jarzynski(0.3 + 0.45 + np.sqrt(2 * 0.9 * 0.45) * normal, 0.9)  # Delta F = 0.3, std(W) = kT
    >>> print(bool(abs(found.z(0.3)) < 4), round(found.effective / 4000, 1))
    True 0.4
    >>> print(jarzynski(0.3 + 45.0 + np.sqrt(2 * 0.9 * 45.0) * normal, 0.9).effective < 10)  # std(W) = 10 kT: hopeless
    True
    """
    work, kT = per_trajectory("work", work), number("kT", kT)
    least, count = int(work.argmin()), len(work)
    weights, others = np.exp((work[least] - work) / kT), np.delete(work, least)
    # logarithms of the sum without each trajectory: 1, the greatest weight, stays in, or is left out without rounding
    logs = np.log(np.maximum(weights.sum() - weights, 1.0))
    logs[least] = (work[least] - others.min()) / kT + np.log(np.exp((others.min() - others) / kT).sum())
    error = kT * np.sqrt((count - 1.0) / count * ((logs - logs.mean()) ** 2).sum())
    return FreeEnergy(float(work[least] - kT * np.log(weights.mean())), float(error), count, _effective(weights))


def _balanced(forward, reverse, kT):
    """W of the forward and -W of the reverse trajectories, ln n_F/n_R, and the root of Bennett's equation, all / kT."""
    from scipy.optimize import brentq
    from scipy.special import expit

    kT = number("kT", kT)
    first, second = per_trajectory("forward", forward) / kT, -per_trajectory("reverse", reverse) / kT
    works, bias = np.r_[first, second], np.log(len(first) / len(second))

    def excess(root):  # ascends, from <= 0 at the least work to >= 0 at the greatest
        return expit(root - works - bias).sum() - len(second)

    margin = 1.0 + 1e-9 * np.abs(works).max()
    return first, second, bias, brentq(excess, works.min() - margin, works.max() + margin, xtol=1e-12 * margin)


def _apart(forward, reverse, kT):
    low, high = (f"{kT * works.min():.6g} to {kT * works.max():.6g}" for works in (forward, reverse))
    return TooFewData(
        f"forward work from {low} and minus reverse work from {high} do not overlap: slower protocols, or many more "
        "trajectories, would do"
    )


@checked
def bar(forward, reverse, kT):
    """Free-energy difference of least variance from both directions: Bennett's acceptance ratio.

    sum_F 1 / (1 + e^{M + (W - Delta F)/kT}) = sum_R 1 / (1 + e^{-M + (W + Delta F)/kT}),  M = ln n_F/n_R.

    Parameters
    ----------
    forward, reverse : array_like, shapes (n_F,) and (n_R,)
        W of the protocol, and W of the reversed protocol: work that is done on the system, not negated.
    kT
        See the module.

    Returns
    -------
    FreeEnergy
        F(end of the protocol) - F(start); error by Bennett's formula; ``samples`` and ``effective``: of the worse side.
        `TooFewData` if forward and backward works are so far apart that nothing connects them.

    Notes
    -----
    Source: C. H. Bennett, J. Comput. Phys. 22, 245 (1976), eqs. 10-12; M. R. Shirts, E. Bair, G. Hooker, V. S. Pande,
    Phys. Rev. Lett. 91, 140601 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.work import bar
    >>> normal = np.random.default_rng(7).normal(size=(2, 3000)) * np.sqrt(2 * 0.9 * 1.8)
    >>> found = bar(0.3 + 1.8 + normal[0], -0.3 + 1.8 + normal[1, :1000], 0.9)  # Delta F = 0.3, std(W) = 2 kT
    >>> print(bool(abs(found.z(0.3)) < 4), found.error < 0.05, found.effective > 100)
    True True True
    """
    from scipy.special import expit

    first, second, bias, root = _balanced(forward, reverse, kT)
    sides = expit(root - first - bias), expit(second - root + bias)
    if min(side.sum() for side in sides) < 1e-8:
        raise _apart(first, second, kT)
    variance = sum(side.var(ddof=1) / side.mean() ** 2 / len(side) for side in sides)
    fewest = min(len(first), len(second))
    return FreeEnergy(float(kT * root), float(kT * np.sqrt(variance)), fewest, min(map(_effective, sides)))


@checked
def crooks_crossing(forward, reverse, kT):
    """Fit ln[P_F(W) / P_R(-W)] = slope (W - crossing) / kT: by Crooks' relation slope = 1 and crossing = Delta F.

    The most likely logistic law of the direction that a value W came from: no histograms, errors of any distribution.

    Parameters
    ----------
    forward, reverse, kT
        As for `bar`.

    Returns
    -------
    CrooksFit
        If the slope is not 1, kT is wrong, a start was not equilibrium, or the protocols are not each other's reverse.
        `TooFewData` if the sets do not overlap, so that the slope has no bound.

    Notes
    -----
    Source: G. E. Crooks, Phys. Rev. E 60, 2721 (1999); R. L. Prentice, R. Pyke, Biometrika 66, 403 (1979);
    errors: P. J. Huber, Proc. Fifth Berkeley Symp. 1, 221 (1967).  That of the crossing needs a slope well above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.work import crooks_crossing
    >>> normal = np.random.default_rng(7).normal(size=(2, 3000)) * np.sqrt(2 * 0.9 * 1.8)
    >>> fit = crooks_crossing(0.3 + 1.8 + normal[0], -0.3 + 1.8 + normal[1, :1000], 0.9)
    >>> print(abs(fit.slope.z(1.0)) < 4, abs(fit.crossing.z(0.3)) < 4)
    True True
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    first, second, bias, root = _balanced(forward, reverse, kT)
    if first.min() >= second.max() or second.min() >= first.max():
        raise _apart(first, second, kT)
    works, count = np.r_[first, second] - root, len(first)
    powers, sign = np.stack([np.ones(len(works)), works]), np.where(np.arange(len(works)) < count, -1.0, 1.0)

    def loss(line):
        return np.logaddexp(0.0, sign * (bias + line @ powers)).sum()

    def scores(line):
        return sign * expit(sign * (bias + line @ powers)) * powers

    def curvature(line):
        share = expit(bias + line @ powers)
        return (share * (1.0 - share) * powers) @ powers.T

    line = minimize(
        loss, [0.0, 1.0], jac=lambda line: scores(line).sum(axis=1), hess=curvature, method="trust-exact",
        options={"gtol": 1e-9 * len(works)},
    ).x  # fmt: skip
    noise = sum(part.shape[1] * np.cov(part) for part in np.split(scores(line), [count], axis=1))
    inverse = np.linalg.inv(curvature(line))
    spread = inverse @ noise @ inverse
    crossing = -line[0] / line[1]
    tilt = np.array([1.0, crossing]) / line[1]  # minus the derivative of the crossing
    fewest = min(count, len(second))
    return CrooksFit(
        Estimate(float(line[1]), float(np.sqrt(spread[1, 1])), fewest),
        Estimate(float(kT * (root + crossing)), float(kT * np.sqrt(tilt @ spread @ tilt)), fewest),
    )


@checked
def cumulant_relation(work, kT, *, free_energy=0.0):
    """Ratio var(W) / [2 kT (<W> - Delta F)]: 1 for Gaussian work, as of any protocol that moves a linear force.

    Parameters
    ----------
    work, kT, free_energy
        As for `exponential_average`; at least 4 trajectories, and <W> = Delta F is a ValueError.

    Returns
    -------
    Estimate
        Skewness and kurtosis of W, and the correlation of its mean and variance, count in the error.

    Notes
    -----
    Source: C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); J. Hermans, J. Phys. Chem. 95, 9029 (1991).

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.work import cumulant_relation
    >>> work = np.random.default_rng(7).normal(0.3 + 0.45, np.sqrt(2 * 0.9 * 0.45), size=4000)
    >>> bool(abs(cumulant_relation(work, 0.9, free_energy=0.3).z(1.0)) < 4)
    True
    """
    work, kT = per_trajectory("work", work, least=4), number("kT", kT)
    dissipated = work.mean() - number("free_energy", free_energy, -np.inf)
    if dissipated == 0.0:
        raise ValueError(f"<work> = free_energy = {free_energy!r}: nothing is dissipated, so that there is no ratio")
    value, centred = work.var(ddof=1) / (2.0 * kT * dissipated), work - work.mean()
    influence = (centred**2 / (2.0 * kT) - value * centred) / dissipated
    return Estimate(value, mean(influence).error, len(work))

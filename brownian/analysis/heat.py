"""What heat tells: entropy production, and the efficiency of a cycle."""

import numpy as np

from ..arguments import checked
from .statistics import mean, ratio
from .work import number, per_trajectory


@checked
def entropy_production(heat, kT, *, duration=None):
    """Entropy that the baths gain, -sum_d <Q_d> / kT_d, in units of Boltzmann's constant.

    Parameters
    ----------
    heat : array_like, shape (n,) or (n, D)
        Q in all, or from the bath of each component.
    kT : float or array_like of shape (D,)
        Thermal energy [E], or that of each bath.
    duration : float, optional
        Time in which the heat flowed [T]: the result is per unit of time.

    Returns
    -------
    Estimate
        In a steady state, the total entropy production.

    Notes
    -----
    Source: U. Seifert, Rep. Prog. Phys. 75, 126001 (2012), section 2.

    Examples
    --------
    >>> from brownian.analysis.heat import entropy_production
    >>> entropy_production([[1.8, -0.6], [0.9, -0.9]], [1.8, 0.6], duration=5.0)
    Estimate(value=np.float64(0.1...), error=np.float64(0.1...), samples=2)
    """
    heat, kT = np.asarray(heat, dtype=np.float64), np.asarray(kT, dtype=np.float64)
    if heat.ndim not in (1, 2) or kT.shape not in ((), heat.shape[1:]):
        raise ValueError(f"heat and kT of shapes {heat.shape} and {kT.shape}, but (n,) or (n, D), and () or (D,)")
    if not (np.isfinite(kT).all() and np.all(kT > 0.0)):
        raise ValueError(f"kT = {kT.tolist()}, but numbers > 0 are needed")
    entropy = -(heat / kT).reshape(len(heat), int(np.prod(heat.shape[1:]))).sum(axis=1)
    return mean(per_trajectory("heat", entropy) / (1.0 if duration is None else number("duration", duration)))


@checked
def cycle_efficiency(work, heat_hot):
    """Efficiency -<W> / <Q_hot> of an engine, a ratio of correlated means, over trajectories of whole cycles.

    Parameters
    ----------
    work, heat_hot : array_like, shape (n,)
        W, and Q from the hot bath, of the same trajectories.

    Returns
    -------
    Estimate
        Within its error at most 1 - kT_cold / kT_hot.  ValueError if <Q_hot> <= 0: that is no engine.

    Notes
    -----
    Source: T. Schmiedl, U. Seifert, EPL 81, 20003 (2008); of the error: `analysis.statistics.ratio`.

    Examples
    --------
    >>> from brownian.analysis.heat import cycle_efficiency
    >>> cycle_efficiency([-0.2, -0.4, -0.25], [1.0, 1.5, 1.2])
    Estimate(value=np.float64(0.229...), error=np.float64(0.022...), samples=3)
    """
    work, heat = per_trajectory("work", work), per_trajectory("heat_hot", heat_hot)
    if work.shape != heat.shape:
        raise ValueError(f"work of shape {work.shape}, but heat_hot of shape {heat.shape}: they must be of one shape")
    if heat.mean() <= 0.0:
        raise ValueError(f"the mean of heat_hot is {heat.mean():.6g}, but an engine takes heat from its hot bath: > 0")
    return ratio(-work, heat)

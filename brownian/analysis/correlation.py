"""Mean squared displacements and autocorrelations in time, with standard errors.

Functions take a trajectory with equally spaced frames and return ``(times, estimate)``: lag times [T], shape (K,), and
an `Estimate` of arrays, shape (K,).  The average runs over all pairs of frames a lag apart, over the components of a
particle, and then over particles; the scatter of the particles (below 16 of them: of segments of their time, at least
32 in all) is the error.  Memory: about ``memory`` bytes, whatever the size of the file, as particles are read a few at
a time; one particle's segment must fit.

Common parameters: ``lags`` (whole frames, ascending; default: ten per decade up to a quarter of the record), ``start``
(number of the first frame to be used; see `analysis.relaxation`), ``each`` ("component": shape (K, D), "particle":
shape (K, N), whose error is that of 32 segments of its time), ``memory``, ``progress`` (on stderr).
"""

import numpy as np

from ..arguments import checked, shortened
from .lagged import lagged_products, squared_displacements
from .reading import (
    MEMORY,
    Running,
    centre_of,
    checked_lags,
    cut,
    frame_interval,
    logarithmic_lags,
    particle_blocks,
)
from .series import BLOCKS
from .statistics import Estimate
from .wrapping import refuse_wrapped

WAYS = (None, "component", "particle")


@checked
def msd(trajectory, *, lags=None, start=0, each=None, memory=MEMORY, progress=False):
    """Mean squared displacement per component, M(t) = <[x(s + t) - x(s)]^2>, averaged over time s and particles.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames (schedules: `analysis.statistics.displacement_msd`).
    lags, start, each, memory, progress
        See the module.

    Returns
    -------
    times : ndarray, shape (K,)
        Lags [T].
    estimate : Estimate
        [L^2]; divide the difference of two values, not one value, by 2 t for D: see `analysis.transport.diffusion`.

    Raises
    ------
    ValueError
        For frames that are not equally spaced or not finite, fewer than 2 of them, or a lag beyond them.

    Notes
    -----
    M(t) of a free particle is 2 D [t - (1 - e^(-gamma t)) / gamma].  Overlapping pairs: relative variance of M(t) is
    4 t / 3 T per component for a record of length T.  Source: H. Qian, M. P. Sheetz, E. L. Elson, Biophys. J. 60, 910
    (1991).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.correlation import msd
    >>> free = bn.Simulation(potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1, particles=64,
    ...                      seed=7).run(steps=500, every=0.1)
    >>> times, estimate = msd(free, lags=[1, 10])
    >>> print(abs(estimate.z(2 * 0.9 / 0.7 * times)) < 4)
    [ True  True]
    """

    def displacements(x, lags):
        return squared_displacements(x - x[0], lags)

    return _curve(trajectory, "positions", displacements, lags, 1, start, each, memory, progress)


@checked
def position_autocorrelation(
    trajectory, *, lags=None, mean=None, normalised=False, start=0, each=None, memory=MEMORY, progress=False
):
    """Autocorrelation of positions per component, C(t) = <[x(s) - m][x(s + t) - m]>.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames of a stationary state.
    mean : float or array_like of shape (D,), optional
        The true mean m [L], where it is known; otherwise the mean over all particles and frames, which lowers C(t) by
        the variance of that mean.
    normalised : bool
        Divide by the pooled C(0): biased towards 0 in short records, and only then a function of lag 0's noise.
    lags, start, each, memory, progress
        See the module; lag 0 is among the default lags.

    Returns
    -------
    times : ndarray, shape (K,)
        Lags [T].
    estimate : Estimate
        [L^2], or 1 if normalised.

    Raises
    ------
    ValueError
        As for `msd`.

    Notes
    -----
    Divided by the number of pairs, T - l (unbiased where m is the true mean).  Source: M. B. Priestley, Spectral
    Analysis and Time Series (Academic Press, 1981), section 5.3.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.correlation import position_autocorrelation
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> times, estimate = position_autocorrelation(trap, lags=[0, 3], mean=0.0)
    >>> print(abs(estimate.z(bn.theory.harmonic_acf(times, friction=0.7, kT=0.9, stiffness=2.1))) < 4)
    [ True  True]
    """
    centre = centre_of(trajectory, mean, start)

    def products(x, lags):
        return lagged_products(x - centre, lags)

    return _curve(trajectory, "positions", products, lags, 0, start, each, memory, progress, normalised)


@checked
def vacf(trajectory, *, lags=None, mean=0.0, normalised=False, start=0, each=None, memory=MEMORY, progress=False):
    """Velocity autocorrelation per component, C_v(t) = <[v(s) - m][v(s + t) - m]>, of the velocities on the step.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames with velocities.
    mean : float or array_like of shape (D,)
        The true mean velocity m [L/T]: 0 in equilibrium.
    normalised : bool
        Divide by the pooled C_v(0); better, divide by the exact kT/m.
    lags, start, each, memory, progress
        See the module; lag 0 is among the default lags.

    Returns
    -------
    times : ndarray, shape (K,)
        Lags [T].
    estimate : Estimate
        [L^2/T^2], or 1 if normalised.

    Raises
    ------
    ValueError
        As for `msd`, or if no velocities are stored.

    Notes
    -----
    Source: D. Frenkel, B. Smit, Understanding Molecular Simulation (Academic Press, 2002), section 4.4.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.correlation import vacf
    >>> free = bn.Simulation(potential=bn.Free(), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> times, estimate = vacf(free, lags=[0, 20])
    >>> print(abs(estimate.z(bn.theory.free_vacf(times, mass=1.3, friction=0.7, kT=0.9))) < 4)
    [ True  True]
    """
    centre = centre_of(trajectory, mean, start)

    def products(v, lags):
        return lagged_products(v - centre, lags)

    return _curve(trajectory, "velocities", products, lags, 0, start, each, memory, progress, normalised)


def _curve(trajectory, name, function, lags, first, start, each, memory, progress, normalised=False):
    if each not in WAYS:
        raise ValueError(f"each = {shortened(each)}, but it must be one of {', '.join(map(repr, WAYS))}")
    interval = frame_interval(trajectory, start)
    if name == "positions":
        refuse_wrapped(trajectory)
    longest = 0 if lags is None else int(np.max(lags, initial=0))
    segments, length = cut(trajectory, start=start, longest=longest, memory=memory)
    if each == "particle" and segments < BLOCKS:
        segments = BLOCKS
        length = (len(trajectory) - start) // segments
    if lags is None:
        lags = logarithmic_lags(max(1, length // 4))
        lags = lags if first else np.r_[0, lags]
    lags = checked_lags(lags, trajectory, length, segments)
    if normalised and lags[0] != 0:
        raise ValueError(f"lags = {lags.tolist()}, but a normalised autocorrelation needs lag 0 first")
    running, kept = Running(), []
    for _, x in particle_blocks(trajectory, name, segments, length, memory=memory, progress=progress):
        curves = function(x, lags)
        if each == "particle":
            kept.append(curves.mean(axis=2))
        else:
            curves = curves.mean(axis=2).T if each is None else curves.transpose(1, 0, 2)
            running.add(curves)
    if each == "particle":
        return lags * interval, _by_particle(kept, segments, normalised)
    return lags * interval, running.normalised() if normalised else running.estimate()


def _by_particle(kept, segments, normalised):
    """One estimate per particle, over its segments; blocks of particles, segments within."""
    parts = []
    for k in range(0, len(kept), segments):
        running = Running()
        for curves in kept[k : k + segments]:
            running.add(curves[np.newaxis])
        parts.append(running.normalised() if normalised else running.estimate())
    value, error = (np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("value", "error"))
    return Estimate(value, error, segments)

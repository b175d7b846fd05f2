"""The diffusion coefficient by three routes: Einstein's relation, the mean squared displacement, Green-Kubo.

Conventions of errors, ``start``, ``memory`` and ``progress`` as in `analysis.correlation`.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import theory
from ..arguments import checked
from ..theory.checks import nonnegative
from .lagged import lagged_products, squared_displacements
from .reading import MEMORY, Running, checked_lags, cut, first_frame, frame_interval, known, particle_blocks
from .stationarity import MULTIPLE, slowest_time
from .statistics import Estimate
from .wrapping import refuse_wrapped


@checked
def einstein_diffusion(trajectory=None, *, friction=None, kT=None, mass=None, dt=None, scheme=None):
    """D = kT / lambda, times what the scheme makes of it at its finite step: the D that a free particle must show.

    Parameters
    ----------
    trajectory : Trajectory, optional
        Whose description states what is not given.
    friction, kT, mass, dt : float, optional
        lambda [M/T], thermal energy [E], m [M] (0: overdamped) and step [T].
    scheme : str, optional
        Name in `brownian.theory`, e.g. "baoab"; "exact_ou" means continuous time.

    Returns
    -------
    float
        [L^2/T]; the mean over components where friction or kT differ between them.

    Raises
    ------
    ValueError
        If a parameter is not known, or out of its range.

    Notes
    -----
    Source: A. Einstein, Ann. Phys. 17, 549 (1905); the factor: `brownian.theory.diffusion_ratio`.

    Examples
    --------
    >>> from brownian.analysis.transport import einstein_diffusion
    >>> print(f"{einstein_diffusion(friction=0.7, kT=0.9, mass=1.3, dt=0.5, scheme='baoab'):.10f}")
    1.2934711917
    """
    given = {"friction": friction, "kT": kT, "mass": mass, "dt": dt, "scheme": scheme}
    if trajectory is None:
        missing = [name for name, value in given.items() if value is None]
        if missing:
            raise ValueError(f"{', '.join(missing)} not given, and no trajectory whose description could tell")
    else:
        friction, kT, mass, dt, scheme = known(trajectory, *given, **given)
    ratio = theory.diffusion_ratio(scheme, friction=friction, dt=dt, mass=mass)
    return float(np.mean(theory.diffusion(friction=friction, kT=kT) * ratio))


@checked
def diffusion(trajectory, *, lags=None, mass=None, friction=None, start=0, memory=MEMORY, progress=False):
    """D from the slope of the mean squared displacement, M(t) = a + 2 D t, fitted with its intercept for each particle.

    The intercept (-2 D / gamma of a free particle; -D dt of Leimkuhler-Matthews) does not enter, as it does in M / 2t.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames of free (or periodic) motion.
    lags : array_like of int, optional
        At least two lags in frames, where M is straight.  Default: up to eight from 10 times the time in which the
        velocity is forgotten (m / lambda, longer with memory; at least 1 frame) to twice that.
    mass, friction : float, optional
        For the default lags, where the file does not state them.
    start, memory, progress
        See `analysis.correlation`.

    Returns
    -------
    Estimate
        [L^2/T], mean over components.

    Raises
    ------
    ValueError
        As for `analysis.correlation.msd`; if the record is too short for the default lags; if neither lags nor mass and
        friction are known.

    Notes
    -----
    Weights 1 / t^3, the inverse of the variance of M(t); the error is the scatter of the particles, so correlations of
    the lags count.  Bias at the default lags: below e^-10.  Source: X. Michalet, Phys. Rev. E 82, 041914 (2010).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.transport import diffusion
    >>> free = bn.Simulation(potential=bn.Free(), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1, particles=64,
    ...                      seed=7).run(steps=500, every=0.1)
    >>> bool(abs(diffusion(free).z(0.9 / 0.7)) < 4)
    True
    """
    interval = frame_interval(trajectory, start)
    refuse_wrapped(trajectory)
    if lags is None:
        mass, friction = known(trajectory, "mass", "friction", mass=mass, friction=friction)
        first = max(1, math.ceil(_forgotten(trajectory, mass, friction) / interval))
        if 2 * first >= len(trajectory):
            raise ValueError(
                f"mass = {mass} and friction = {friction} need lags of {first} to {2 * first} frames, but there are "
                f"{len(trajectory)} frames: give lags, or a longer record"
            )
        lags = np.unique(np.rint(np.geomspace(first, 2 * first, 8)).astype(np.int64))
    segments, length = cut(trajectory, start=start, longest=int(np.max(lags)), memory=memory)
    lags = checked_lags(lags, trajectory, length, segments)
    if len(lags) < 2 or lags[0] == 0:
        raise ValueError(f"lags = {lags.tolist()}, but a slope needs at least two lags > 0")
    weights = (lags / lags[0]) ** -3.0
    centred = lags - np.average(lags, weights=weights)
    slope = weights * centred / (weights * centred**2).sum() / (2.0 * interval)
    running = Running()
    for _, x in particle_blocks(trajectory, "positions", segments, length, memory=memory, progress=progress):
        running.add(np.einsum("k,knd->n", slope, squared_displacements(x - x[0], lags)) / x.shape[2])
    return running.estimate()


def _forgotten(trajectory, mass, friction):
    """Time after which the velocity is forgotten [T]."""
    mass, friction = nonnegative(mass=mass, friction=friction)
    if np.min(friction) == 0.0:
        raise ValueError(f"friction = {friction}, but without friction no velocity is forgotten: give lags or cut_time")
    return MULTIPLE * slowest_time(trajectory, np.zeros(trajectory.dimension), float(mass), friction)


class GreenKubo(NamedTuple):
    """D as the integral of the velocity autocorrelation up to ``cut`` [T], and ``tail``, the integral from there on.

    ``value``, ``error`` and ``samples`` as in an `Estimate`; ``tail`` is the `Estimate` of the integral from cut to
    2 cut, which is what the cut may have left out: it should be 0 within its error.
    """

    value: float
    error: float
    samples: int
    cut: float
    tail: Estimate


@checked
def green_kubo(trajectory, *, cut_time=None, mass=None, friction=None, start=0, memory=MEMORY, progress=False):
    """D = int_0^cut <v(0) v(t)> dt, by the trapezoidal rule over frames, mean over components.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames with velocities, spaced well below m / lambda.
    cut_time : float, optional
        Upper limit [T]; default 10 m / lambda (longer with memory).  The statistical error grows as sqrt(cut).
    mass, friction : float, optional
        For the default cut, where the file does not state them.
    start, memory, progress
        See `analysis.correlation`.

    Returns
    -------
    GreenKubo
        [L^2/T].

    Raises
    ------
    ValueError
        If no velocities are stored, twice the cut does not fit into the record (or into one of the segments that
        carry the error of few particles), or the cut is not known.

    Notes
    -----
    Every step kept, the rule gives exactly the D of the scheme (`einstein_diffusion`) for a free particle, as both are
    sums over steps.  Frames D apart are too large by the factor (y/2) coth(y/2) = 1 + y^2/12 at y = gamma D.
    Relative variance 4 cut / T per component for a record of length T.  Source: M. S. Green, J. Chem. Phys. 22, 398
    (1954); R. Kubo, J. Phys. Soc. Jpn. 12, 570 (1957); R. Zwanzig, N. K. Ailawadi, Phys. Rev. 182, 280 (1969).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.transport import einstein_diffusion, green_kubo
    >>> free = bn.Simulation(potential=bn.Free(), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=1000, every=0.1)
    >>> found = green_kubo(free)
    >>> bool(abs(found.value - einstein_diffusion(free)) < 4 * found.error)
    True
    """
    interval = frame_interval(trajectory, start)
    if cut_time is None:
        mass, friction = known(trajectory, "mass", "friction", mass=mass, friction=friction)
        cut_time = _forgotten(trajectory, mass, friction)
    last = max(1, math.ceil(cut_time / interval - 1e-9))
    segments, length = cut(trajectory, start=start, longest=2 * last, memory=memory)
    if 2 * last >= length:
        frames = len(trajectory) - first_frame(trajectory, start)
        raise ValueError(
            f"cut_time = {cut_time:.6g} is {last} frames, and twice that is needed, but only {length - 1} are allowed: "
            f"there are {frames} frames, cut into {segments} segments per particle to carry the error"
        )
    weights = np.zeros((2, 2 * last + 1))
    for row, (low, high) in enumerate(((0, last), (last, 2 * last))):
        weights[row, low : high + 1] = interval
        weights[row, [low, high]] = interval / 2.0
    lags, running = np.arange(2 * last + 1), Running()
    for _, v in particle_blocks(trajectory, "velocities", segments, length, memory=memory, progress=progress):
        running.add(np.einsum("rk,knd->nr", weights, lagged_products(v, lags), optimize=True) / v.shape[2])
    value, error, samples = running.estimate()
    return GreenKubo(value[0], error[0], samples, last * interval, Estimate(value[1], error[1], samples))

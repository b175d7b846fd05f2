"""What an experimenter reads off the spectrum of a trapped bead: corner frequency, diffusion, and, given kT, the trap.

The maximum of Whittle's likelihood, sum_j [ln S_j + I_j / S_j], over the periodogram I of the record, S being what is
expected of exactly this periodogram: aliasing and the finite record are in it, and nothing has to be corrected.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import theory
from ..arguments import checked
from .landscape import refuse_unlike_axes
from .reading import MEMORY, centre_of, checked_component, cut, frame_interval, known, particle_blocks
from .spectrum import (
    angular_frequencies,
    blocked,
    cosine_taper,
    leakage,
    logarithmic_blocks,
    tapered_periodograms,
    variance_of_blocks,
)
from .statistics import Estimate, TooFewData

LONGEST = 2**16  # frames of one periodogram; longer records are cut
DECADE = 20  # blocks of frequencies per decade, for plots and the goodness of fit
MERGED = 50  # ordinates in a block of the goodness of fit, at least
NAMES = ("corner_frequency", "diffusion", "rate")


class TrapFit(NamedTuple):
    """A spectrum's fit.

    ``corner_frequency`` k / (2 pi lambda) [1/T], ``diffusion`` kT / lambda [L^2/T] and, with inertia,
    ``rate`` lambda / m [1/T] (else None) are Estimates; ``covariance`` is that of their logarithms, in this order.
    ``p_value``: probability of a worse fit by chance, nan for records too short to tell.  ``omega``, ``measured`` (an
    Estimate), ``expected``: the averaged periodogram, two-sided in angular frequency, blocked, and what is expected.
    """

    corner_frequency: Estimate
    diffusion: Estimate
    rate: Estimate | None
    covariance: np.ndarray
    p_value: float
    omega: np.ndarray
    measured: Estimate
    expected: np.ndarray


class Calibration(NamedTuple):
    """Stiffness k [E/L^2], friction lambda [M/T] and, with inertia, mass m [M] (else None), and the `TrapFit`."""

    stiffness: Estimate
    friction: Estimate
    mass: Estimate | None
    fit: TrapFit


@checked
def calibrate(trajectory, *, kT=None, **options):
    """Stiffness, friction and mass of a trapped bead from its spectrum and kT.

    lambda = kT / D, k = 2 pi f_c lambda, m = lambda / rate.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames of a stationary state in a harmonic trap.
    kT : float, optional
        Thermal energy [E]; default that of the file.
    **options
        Of `fit_trap`: inertia, component, frequencies, ...

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        As for `fit_trap`, or if kT is not known.

    Notes
    -----
    Source: K. Berg-Sorensen, H. Flyvbjerg, Rev. Sci. Instrum. 75, 594 (2004).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.calibration import calibrate
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> found = calibrate(trap)
    >>> bool(abs(found.stiffness.z(2.1)) < 4), bool(abs(found.friction.z(0.7)) < 4), found.mass
    (True, True, None)
    """
    (kT,) = known(trajectory, "kT", kT=kT)
    if np.ndim(kT) > 0:
        raise ValueError(f"kT = {kT.tolist()}, but one number is needed: choose a component, and give its kT")
    if not (math.isfinite(kT) and kT > 0.0):
        raise ValueError(f"kT = {kT!r}, but it must be positive and finite")
    fit = fit_trap(trajectory, **options)
    samples, friction = fit.diffusion.samples, kT / fit.diffusion.value

    def estimate(value, exponents):  # of f_c, D and rate, whose covariance is that of logarithms
        exponents = np.array(exponents[: len(fit.covariance)])
        return Estimate(value, value * math.sqrt(exponents @ fit.covariance @ exponents), samples)

    stiffness = estimate(2.0 * math.pi * fit.corner_frequency.value * friction, (1, -1, 0))
    mass = None if fit.rate is None else estimate(friction / fit.rate.value, (0, -1, -1))
    return Calibration(stiffness, estimate(friction, (0, -1, 0)), mass, fit)


@checked
def fit_trap(trajectory, *, inertia=False, component=None, frequencies=None, mean=None, start=0, memory=MEMORY,
             progress=False):  # fmt: skip
    """Maximum-likelihood fit of the spectrum of positions in a harmonic trap.

    Overdamped: S = 2 D / [w^2 + (2 pi f_c)^2].  With inertia: S = 2 D / [w^2 + (2 pi f_c - w^2 / rate)^2].  Either as
    a sampled, finite record shows it: the expectation of the tapered periodogram follows from the autocorrelation.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames of a stationary state in a harmonic trap; particles and axes are averaged over.
    inertia : bool
        Fit the rate lambda / m as well: for a bead in air, recorded faster than m / lambda.
    component : int, optional
        Use this axis alone, where the axes have different traps.
    frequencies : tuple of float, optional
        Use (low, high) only, in cycles per time [1/T].
    mean : float or array_like of shape (D,), optional
        The centre of the trap, where it is known; otherwise the mean over all particles and frames.
    start, memory, progress
        As in `analysis.correlation`.

    Returns
    -------
    TrapFit
        Errors from the Fisher information, times what the taper costs (2.7 %).

    Raises
    ------
    ValueError
        For frames that are not equally spaced or not finite, a band without frequencies, or axes that differ in
        friction or stiffness, by what the file says, without a component.
    TooFewData
        If the fit finds no maximum: the record is too short, or does not resolve what is asked for.

    Notes
    -----
    A cosine taper over 5 % of the record at either end keeps the ends from leaking 1 / w^2 into all frequencies, which
    no likelihood of independent ordinates knows of.  The p-value is that of chi-square over blocks of frequencies.
    Source: P. Whittle, Ark. Mat. 2, 423 (1953); A. M. Sykulski et al., Biometrika 106, 251 (2019); the factor of the
    taper: R. Dahlhaus, Probab. Theory Relat. Fields 77, 163 (1988).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.calibration import fit_trap
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.5,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.5)
    >>> fit = fit_trap(trap, inertia=True)
    >>> bool(abs(fit.rate.z(0.7 / 1.3)) < 4), bool(abs(fit.diffusion.z(0.9 / 0.7)) < 4), fit.p_value > 1e-3
    (True, True, True)
    """
    interval = frame_interval(trajectory, start, least=64)
    if component is not None:
        checked_component(trajectory, component)
    else:
        refuse_unlike_axes(trajectory)
    segments, length = cut(trajectory, start=start, pieces=1, memory=memory)
    segments *= math.ceil(length / LONGEST)
    length = (len(trajectory) - start) // segments
    taper = cosine_taper(length)
    mean = centre_of(trajectory, mean, start)
    axes, count, measured = slice(None) if component is None else [component], 0, np.zeros(())
    for _, x in particle_blocks(trajectory, "positions", segments, length, memory=memory, progress=progress):
        ordinates = tapered_periodograms((x - mean)[..., axes], taper, interval)
        measured, count = measured + ordinates.sum(axis=(1, 2)), count + ordinates.shape[1] * ordinates.shape[2]
    omega = angular_frequencies(length, interval)
    if frequencies is not None and np.shape(frequencies) != (2,):
        raise ValueError(f"frequencies = {frequencies!r}, but two numbers, lowest and highest, are needed")
    low, high = (0.0, math.inf) if frequencies is None else frequencies
    chosen = np.flatnonzero((omega >= 2.0 * np.pi * low) & (omega <= 2.0 * np.pi * high))
    if len(chosen) < 16:
        raise ValueError(
            f"frequencies = {frequencies!r} hold {len(chosen)} of the record's frequencies, but 16 are needed; they go "
            f"from {omega[0] / (2.0 * np.pi):.4g} to {omega[-1] / (2.0 * np.pi):.4g}"
        )
    omega, measured = omega[chosen], measured[chosen] / count
    model = _Model(length, interval, taper, inertia, chosen)
    logs, information = _maximum(model, measured, _first_guess(omega, measured, interval, inertia))
    worth = count / np.mean(taper**4)  # Dahlhaus: a tapered record is worth this much less
    covariance = np.linalg.inv(information * worth)
    errors, samples = np.sqrt(np.diag(covariance)), count * len(omega)
    lowest = 0.5 / (length * interval)
    if math.exp(logs[0]) < lowest:
        raise TooFewData(
            f"the spectrum does not resolve corner_frequency: {math.exp(logs[0]):.4g} is below {lowest:.4g}, half of "
            "the record's lowest frequency; a longer record is needed, if this is a trap"
        )
    if np.any(errors > 1.0):
        raise TooFewData(
            f"the spectrum does not resolve {', '.join(np.array(NAMES[: len(logs)])[errors > 1.0])}: relative errors "
            f"{errors.round(2).tolist()}; a longer record, or frames at shorter intervals, are needed"
        )
    found = [Estimate(math.exp(log), math.exp(log) * error, samples) for log, error in zip(logs, errors, strict=True)]
    expected, blocks = model(logs), logarithmic_blocks(omega, DECADE)
    relative = np.sqrt(variance_of_blocks(taper, np.diff(np.r_[blocks, len(omega)])) / count)
    seen = Estimate(blocked(measured, blocks), blocked(expected, blocks) * relative, count)
    p_value = _goodness(measured / expected, blocks, count, taper, len(logs))
    return TrapFit(
        found[0], found[1], found[2] if inertia else None, covariance, p_value,
        blocked(omega, blocks), seen, blocked(expected, blocks),
    )  # fmt: skip


class _Model:
    """Expected periodogram at the chosen frequencies, as a function of the logarithms of (f_c, D, rate)."""

    def __init__(self, length, interval, taper, inertia, chosen):
        self.times, self.interval, self.chosen = np.arange(length) * interval, interval, chosen
        self.leakage, self.inertia = leakage(taper), inertia

    def __call__(self, logs):
        corner, diffusion = 2.0 * np.pi * np.exp(logs[0]), np.exp(logs[1])
        if self.inertia:
            rate = np.exp(logs[2])
            trap = {"mass": 1.0, "friction": rate, "stiffness": corner * rate, "kT": diffusion * rate}
        else:
            trap = {"friction": 1.0, "stiffness": corner, "kT": diffusion}
        acf = theory.harmonic_acf(self.times, **trap)
        return theory.expected_periodogram(acf * self.leakage, dt=self.interval)[1:][self.chosen]

    def gradient(self, logs):
        """Derivatives of ln S, shape (parameters, frequencies)."""
        steps = 1e-4 * np.eye(len(logs))
        return np.array([np.log(self(logs + step) / self(logs - step)) / 2e-4 for step in steps])


def _maximum(model, measured, logs):
    """Maximum of Whittle's likelihood by Fisher scoring; the logarithms, and the information of one record."""

    def loss(spectrum):
        return np.sum(np.log(spectrum) + measured / spectrum)

    spectrum, start = model(logs), logs
    for _ in range(100):
        gradient = model.gradient(logs)
        information = gradient @ gradient.T
        score = gradient @ (measured / spectrum - 1.0)
        if not np.linalg.cond(information) < 1e12:
            break
        step = np.linalg.solve(information, score)
        if score @ step < 1e-10 * len(measured):
            return logs, information
        step *= min(1.0, 1.0 / np.abs(step).max())
        before = loss(spectrum)
        while loss(spectrum := model(logs + step)) > before and np.abs(step).max() > 1e-9:
            step /= 2.0
        logs = logs + step
        if np.abs(logs - start).max() > 15.0:
            break
    raise TooFewData(
        f"the fit of {', '.join(NAMES[: len(logs)])} finds no maximum (it is at {np.exp(logs).tolist()}): the record "
        "is too short, or its frames are too far apart, to resolve them, or mean is not that of the positions"
    )


def _first_guess(omega, measured, interval, inertia):
    """Logarithms of (f_c, D, rate): the best of a grid, D in proportion, on a spectrum of few frequencies."""
    blocks = logarithmic_blocks(omega, 50)
    w, seen, weights = blocked(omega, blocks), blocked(measured, blocks), np.diff(np.r_[blocks, len(omega)])
    best = (np.inf, None)
    rises = np.geomspace(omega[0] / 3.0, omega[-1], 40)
    for natural in rises:
        for quality in (0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 4.0, 10.0, 30.0, 100.0) if inertia else (None,):
            if inertia:
                rate = natural / quality
                corner = natural * quality
                shape = sum(
                    2.0 / (z**2 + (corner - z**2 / rate) ** 2)
                    for z in (w + 2.0 * np.pi * n / interval for n in range(-3, 4))
                )
            else:
                corner, rate = natural, 1.0
                shape = theory.aliased_psd(w, friction=1.0, kT=1.0, stiffness=corner, dt=interval)
            diffusion = np.average(seen / shape, weights=weights)
            loss = np.sum(weights * np.log(diffusion * shape))
            if loss < best[0]:
                best = (loss, np.log([corner / (2.0 * np.pi), diffusion, rate][: 3 if inertia else 2]))
    return best[1]


def _goodness(ratio, blocks, count, taper, parameters):
    """Probability of a larger chi-square over blocks of frequencies; each of MERGED values or more, nearly normal."""
    from scipy.special import chdtrc

    starts = [0]
    for block in blocks[1:]:
        if (block - starts[-1]) * count >= MERGED and (len(ratio) - block) * count >= MERGED:
            starts.append(int(block))
    variances = variance_of_blocks(taper, np.diff(np.r_[starts, len(ratio)])) / count
    square = np.sum((blocked(ratio, starts) - 1.0) ** 2 / variances)
    freedom = len(starts) - parameters
    return float(chdtrc(freedom, square)) if freedom > 0 else math.nan

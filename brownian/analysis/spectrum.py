"""Power spectra with standard errors.

Convention: S is two-sided in angular frequency, S(w) = int C(t) e^(-iwt) dt, with int S dw / 2 pi = C(0), as in
`brownian.theory`; it is given at positive w only.  Experimenters plot 2 S(2 pi f), one-sided per hertz: `one_sided`.
"""

import math

import numpy as np

from .. import theory
from ..arguments import checked, estimate_or_values, shortened
from .reading import MEMORY, Running, centre_of, cut, frame_interval, particle_blocks
from .statistics import Estimate

WINDOWS = 8  # windows that a record is cut into, by default; overlapping by half they are 15


def hann(length):
    """Hann's window, w_n = sin^2(pi n / N), scaled to mean square 1.

    Examples
    --------
    >>> from brownian.analysis.spectrum import hann
    >>> hann(4) * 0.375**0.5
    array([0. , 0.5, 1. , 0.5])
    """
    return np.sin(np.pi * np.arange(length) / length) ** 2 / math.sqrt(0.375)


def cosine_taper(length, ramp=0.05):
    """Taper that rises as a cosine over a share ``ramp`` of the record at either end; mean square 1.

    Examples
    --------
    >>> from brownian.analysis.spectrum import cosine_taper
    >>> taper = cosine_taper(1000)
    >>> print(f"{(taper**2).mean():.4f} {(taper**4).mean():.3f}")
    1.0000 1.055
    """
    distance = (np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5) / (ramp * length)
    taper = np.sin(np.pi / 2.0 * np.minimum(distance, 1.0)) ** 2
    return taper / math.sqrt(np.mean(taper**2))


def tapered_periodograms(x, taper, dt):
    """|sum_n h_n x_n e^(-iwn dt)|^2 dt / N at w = 2 pi j / (N dt), j = 1 ... (N - 1) // 2; h has mean square 1.

    Parameters
    ----------
    x : ndarray, shape (N, ...)
        Series about their mean.
    taper : ndarray, shape (N,)
    dt : float
        Time between samples [T].

    Returns
    -------
    ndarray, shape ((N - 1) // 2, ...)
        Two-sided in angular frequency; zero and Nyquist frequency are left out.
    """
    from scipy.fft import rfft

    length = len(x)
    transform = rfft(x * taper.reshape(-1, *[1] * (x.ndim - 1)), axis=0)[1 : (length - 1) // 2 + 1]
    return (transform.real**2 + transform.imag**2) * (dt / length)


def angular_frequencies(length, dt):
    """Angular frequencies 2 pi j / (N dt), j = 1 ... (N - 1) // 2."""
    return 2.0 * np.pi * np.arange(1, (length - 1) // 2 + 1) / (length * dt)


@checked
def expected_psd(acf, *, dt, taper=None):
    """What `psd` is expected to show, leakage and aliasing included: dt sum_q R_q C_q cos(w q dt).

    R_q = sum_n h_n h_(n+q) / N is the autocorrelation of the window; `theory.expected_periodogram` has h = 1.

    Parameters
    ----------
    acf : array_like, shape (N,)
        Autocovariance C_q at lags q dt, q = 0 ... N - 1, N the length of the window.
    dt : float
        Time between frames [T].
    taper : array_like, shape (N,), optional
        The window, of mean square 1; default `hann`.

    Returns
    -------
    ndarray, shape ((N - 1) // 2,)
        Two-sided in angular frequency, at the frequencies of `psd`.

    Raises
    ------
    ValueError
        If acf is not finite or of the wrong shape.

    Notes
    -----
    Source: A. M. Sykulski et al., Biometrika 106, 251 (2019), section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian import theory
    >>> from brownian.analysis.spectrum import expected_psd
    >>> trap = {"friction": 0.7, "kT": 0.9, "stiffness": 2.1}
    >>> found = expected_psd(theory.harmonic_acf(0.05 * np.arange(512), **trap), dt=0.05)
    >>> print(f"{found[50] / theory.aliased_psd(2 * np.pi * 51 / (512 * 0.05), dt=0.05, **trap):.4f}")
    1.0003
    """
    acf = np.asarray(acf, dtype=np.float64)
    length = acf.shape[-1]
    taper = hann(length) if taper is None else np.asarray(taper, dtype=np.float64)
    if taper.shape != (length,):
        raise ValueError(f"taper of shape {taper.shape}, but one value for each of the {length} lags of acf is needed")
    return theory.expected_periodogram(acf * leakage(taper), dt=dt)[..., 1 : (length - 1) // 2 + 1]


def leakage(taper):
    """Autocorrelation R_q of a taper over that of no taper, 1 - q/N, at lags 0 ... N - 1."""
    length = len(taper)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(taper, 2 * length)) ** 2, 2 * length)[:length]
    return correlation / (length - np.arange(length))


def logarithmic_blocks(omega, per_decade):
    """Where blocks of neighbouring frequencies begin: at most ``per_decade`` of them in a factor of ten.

    Examples
    --------
    >>> from brownian.analysis.spectrum import logarithmic_blocks
    >>> logarithmic_blocks([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0], 4)
    array([0, 1, 3, 5, 9])
    """
    number = np.floor(np.log10(np.asarray(omega) / omega[0]) * per_decade + 1e-9)
    return np.flatnonzero(np.diff(number, prepend=-1.0))


def blocked(values, blocks):
    """Averages over blocks of neighbouring frequencies, along the first axis.

    Parameters
    ----------
    values : array_like, shape (F, ...)
        Frequencies, an expected spectrum, ...
    blocks : array_like of int
        Where each block begins, ascending from 0.

    Returns
    -------
    ndarray, shape (blocks, ...)

    Examples
    --------
    >>> from brownian.analysis.spectrum import blocked
    >>> blocked([1.0, 2.0, 3.0, 5.0], [0, 1])
    array([1.        , 3.33333333])
    """
    values = np.asarray(values, dtype=np.float64)
    counts = np.diff(np.r_[blocks, len(values)])
    return np.add.reduceat(values, blocks, axis=0) / counts.reshape(-1, *[1] * (values.ndim - 1))


def variance_of_blocks(taper, numbers):
    """Relative variance of the mean of n neighbouring ordinates, which the taper correlates by |FFT(h^2)|^2 / N^2.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.spectrum import hann, variance_of_blocks
    >>> variance_of_blocks(np.ones(64), np.array([1, 4])), variance_of_blocks(hann(64), np.array([1, 4])).round(2)
    (array([1.  , 0.25]), array([1.  , 0.42]))
    """
    correlation = np.abs(np.fft.rfft(taper**2)) ** 2 / len(taper) ** 2
    distance = np.arange(len(correlation))
    near, far = np.cumsum(correlation), np.cumsum(distance * correlation)
    return (2.0 * (near[numbers - 1] - far[numbers - 1] / numbers) - 1.0) / numbers


@checked(estimate=estimate_or_values)
def one_sided(omega, estimate):
    """Spectrum as it is plotted: 2 S(2 pi f) per hertz over f = w / 2 pi, with int_0^inf df = C(0).

    Parameters
    ----------
    omega : ndarray
        Angular frequency [1/T].
    estimate : Estimate or ndarray
        Two-sided S.

    Returns
    -------
    frequency : ndarray
        f [1/T].
    estimate : Estimate or ndarray
        2 S.

    Examples
    --------
    >>> import numpy as np
    >>> from brownian.analysis.spectrum import one_sided
    >>> one_sided(np.array([2.0, 4.0]) * np.pi, [0.5, 0.1])
    (array([1., 2.]), array([1. , 0.2]))
    """
    if isinstance(estimate, Estimate):
        estimate = Estimate(2.0 * estimate.value, 2.0 * estimate.error, estimate.samples)
    else:
        estimate = 2.0 * np.asarray(estimate)
    return np.asarray(omega) / (2.0 * np.pi), estimate


@checked
def psd(trajectory, *, velocities=False, window=None, per_decade=None, mean=None, start=0, each=None, memory=MEMORY,
        progress=False):  # fmt: skip
    """Power spectrum by Welch's method: Hann windows that overlap by half, averaged over windows, axes and particles.

    Parameters
    ----------
    trajectory : Trajectory
        Equally spaced frames of a stationary state.
    velocities : bool
        Spectrum of velocities instead of positions.
    window : int, optional
        Frames per window, at least 8; default an eighth of the record (of a segment, see `analysis.correlation`).
    per_decade : int, optional
        Average over blocks of neighbouring frequencies, so many per decade: see `blocked`, also for what is expected.
    mean : float or array_like of shape (D,), optional
        The true mean; otherwise the mean over all particles and frames (velocities: 0).
    start, each, memory, progress
        As in `analysis.correlation`; each is None or "component".

    Returns
    -------
    omega : ndarray, shape (F,)
        Angular frequency [1/T], 2 pi j / (window dt) for j = 1 ... (window - 1) // 2, or means of blocks of them.
    estimate : Estimate
        Two-sided S(w) [L^2 T] (velocities [L^2/T]), shape (F,) or (F, D); compare with `expected_psd`, which knows
        leakage and aliasing.

    Raises
    ------
    ValueError
        For frames that are not equally spaced or not finite, or a window beyond the record.

    Notes
    -----
    The error is the scatter of particles or segments, so neighbouring frequencies, which Hann's window correlates, are
    counted right in blocks.  Source: P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967).

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.analysis.spectrum import expected_psd, psd
    >>> trap = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.1,
    ...                      integrator=bn.ExactOU(), particles=64, seed=7).run(steps=500, every=0.1)
    >>> omega, estimate = psd(trap, window=100)
    >>> acf = bn.theory.harmonic_acf(0.1 * np.arange(100), friction=0.7, kT=0.9, stiffness=2.1)
    >>> bool(abs(estimate.z(expected_psd(acf, dt=0.1))).max() < 5)
    True
    """
    if each not in (None, "component"):
        raise ValueError(f"each = {shortened(each)}, but it must be None or 'component'")
    interval = frame_interval(trajectory, start, least=8)
    segments, length = cut(trajectory, start=start, longest=window or 0, memory=memory)
    window = max(8, length // WINDOWS) if window is None else int(window)
    if not 8 <= window <= length:
        few = f", each particle being cut into {segments} segments to carry the error" if segments > 1 else ""
        raise ValueError(f"window = {window} frames, but 8 to {length} are allowed{few}")
    name = "velocities" if velocities else "positions"
    mean = centre_of(trajectory, 0.0 if mean is None and velocities else mean, start)
    taper, running = hann(window), Running()
    omega = angular_frequencies(window, interval)
    blocks = np.arange(len(omega)) if per_decade is None else logarithmic_blocks(omega, per_decade)
    starts = range(0, length - window + 1, max(1, window // 2))
    for _, x in particle_blocks(trajectory, name, segments, length, memory=memory, progress=progress):
        x = x - mean
        spectra = sum(tapered_periodograms(x[k : k + window], taper, interval) for k in starts) / len(starts)
        spectra = blocked(spectra, blocks)
        running.add(spectra.mean(axis=2).T if each is None else spectra.transpose(1, 0, 2))
    return blocked(omega, blocks), running.estimate()

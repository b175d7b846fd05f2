"""The harmonic trap in frequency: spectra, susceptibility, and what a finite, sampled record shows of them.

Spectra are two-sided in angular frequency: S(w) = int C(t) e^{-iwt} dt, int S dw / 2 pi = C(0).  The one-sided density
per hertz of experimenters is 2 S(2 pi f).  All arguments broadcast.
"""

import numpy as np

from .checks import finite, nonnegative, positive
from .phi import phi


def harmonic_psd(omega, *, friction, kT, stiffness, mass=0.0):
    """S_x(w) = 2 lambda kT / [(k - m w^2)^2 + lambda^2 w^2], two-sided in angular frequency; S_v = w^2 S_x.

    Parameters
    ----------
    omega : array_like
        Angular frequency w [1/T].
    friction, kT, stiffness : array_like
        lambda [M/T], thermal energy [E] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped Lorentzian.

    Returns
    -------
    psd : float or ndarray
        [L^2 T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: M. C. Wang, G. E. Uhlenbeck, Rev. Mod. Phys. 17, 323 (1945).

    Examples
    --------
    >>> print(f"{harmonic_psd(1.0, mass=1.3, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    1.1150442478
    """
    omega, mass = finite(omega=omega), nonnegative(mass=mass)
    friction, kT, stiffness = positive(friction=friction, kT=kT, stiffness=stiffness)
    return 2.0 * friction * kT / ((stiffness - mass * omega**2) ** 2 + (friction * omega) ** 2)


def harmonic_susceptibility(omega, *, friction, stiffness, mass=0.0):
    """chi(w) = 1 / (k - m w^2 - i lambda w), with <x> = Re chi f e^{-iwt}; chi'' = w S_x / 2kT.

    Parameters
    ----------
    omega : array_like
        Angular frequency w [1/T].
    friction, stiffness : array_like
        lambda [M/T] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit.

    Returns
    -------
    chi : complex or ndarray of complex
        [L^2/E], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: H. B. Callen, T. A. Welton, Phys. Rev. 83, 34 (1951); R. Kubo, Rep. Prog. Phys. 29, 255 (1966).

    Examples
    --------
    >>> print(f"{harmonic_susceptibility(1.0, mass=1.3, friction=0.7, stiffness=2.1):.10f}")
    0.7079646018+0.6194690265j
    """
    omega, mass = finite(omega=omega), nonnegative(mass=mass)
    friction, stiffness = positive(friction=friction, stiffness=stiffness)
    return 1.0 / (stiffness - mass * omega**2 - 1j * friction * omega)


def aliased_psd(omega, *, friction, kT, stiffness, dt):
    """Spectrum of the sampled overdamped trap: (kT/k) dt (1 - c^2) / (1 + c^2 - 2 c cos w dt), c = e^{-k dt/lambda}.

    Two-sided in angular frequency; the Lorentzian `harmonic_psd` summed over all aliases w + 2 pi n / dt.

    Parameters
    ----------
    omega : array_like
        Angular frequency w [1/T].
    friction, kT, stiffness, dt : array_like
        lambda [M/T], thermal energy [E], k [E/L^2] and time between samples [T], > 0.

    Returns
    -------
    psd : float or ndarray
        [L^2 T], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: K. Berg-Sorensen, H. Flyvbjerg, Rev. Sci. Instrum. 75, 594 (2004).

    Examples
    --------
    >>> print(f"{aliased_psd(2 * np.pi, friction=0.7, kT=0.9, stiffness=2.1, dt=0.05):.10f}")
    0.0535809125
    """
    omega = finite(omega=omega)
    friction, kT, stiffness, dt = positive(friction=friction, kT=kT, stiffness=stiffness, dt=dt)
    kappa = stiffness * dt / friction
    distance = np.expm1(-kappa) ** 2 + 4.0 * np.exp(-kappa) * np.sin(omega * dt / 2.0) ** 2
    return kT / stiffness * dt * -np.expm1(-2.0 * kappa) / distance


def expected_periodogram(acf, *, dt):
    """E |sum_n x_n e^{-iwn dt}|^2 dt/N = dt sum_{|q|<N} (1 - |q|/N) C_q cos(w q dt) at w = 2 pi j / (N dt).

    Exact expectation of the raw periodogram of N samples, leakage and aliasing included, of any stationary process.

    Parameters
    ----------
    acf : array_like, shape (..., N)
        Autocovariance C_q = <x_0 x_q> at lags q = 0 ... N-1 [L^2].
    dt : float
        Time between samples [T], > 0.

    Returns
    -------
    periodogram : ndarray, shape (..., N//2 + 1)
        Two-sided in angular frequency [L^2 T], at j = 0 ... N//2.

    Raises
    ------
    ValueError
        If `acf` is empty or not finite, or dt is not a number > 0.

    Notes
    -----
    Source: A. M. Sykulski et al., Biometrika 106, 251 (2019), the debiased Whittle likelihood.

    Examples
    --------
    >>> acf = 0.9 / 2.1 * np.exp(-2.1 / 0.7 * 0.05 * np.arange(64))
    >>> print(f"{expected_periodogram(acf, dt=0.05)[1]:.10f}")
    0.1922818812
    """
    acf, dt = finite(acf=acf), positive(dt=dt)
    if np.ndim(acf) == 0 or acf.shape[-1] == 0 or np.ndim(dt) > 0:
        raise ValueError(f"acf must hold lags and dt be one number, got shapes {np.shape(acf)} and {np.shape(dt)}")
    samples = acf.shape[-1]
    tapered = acf * (1.0 - np.arange(samples) / samples)
    return dt * (2.0 * np.fft.rfft(tapered).real - acf[..., :1])


def sample_variance(duration, *, friction, kT, stiffness):
    """Variance to be expected of a record of length T about its own mean, overdamped trap.

    (kT/k) [1 - 2 tau/T + 2 (tau/T)^2 (1 - e^{-T/tau})], tau = lambda/k: below kT/k because the mean is fitted.

    Parameters
    ----------
    duration : array_like
        T of the continuous record [T], > 0.
    friction, kT, stiffness : array_like
        lambda [M/T], thermal energy [E] and k [E/L^2], > 0.

    Returns
    -------
    variance : float or ndarray
        [L^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is not finite and > 0.

    Notes
    -----
    Source: T. W. Anderson, The Statistical Analysis of Time Series (Wiley, 1971), chapter 8: var - var(mean).

    Examples
    --------
    >>> print(f"{sample_variance(40.0, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    0.4214880952
    """
    duration, friction, kT, stiffness = positive(duration=duration, friction=friction, kT=kT, stiffness=stiffness)
    u = stiffness / friction * duration
    small = np.minimum(u, 1.0)
    return kT / stiffness * np.where(u < 1.0, 2.0 * small * phi(3, small), 1.0 - 2.0 * phi(2, u))[()]

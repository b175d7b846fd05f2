"""The generalised Langevin equation with a memory kernel that is a sum of exponentials: correlations, exact.

    m v' = -k x - lambda_0 v - int Gamma(t - s) v(s) ds + noise,   Gamma(t) = sum_k (lambda_k/tau_k) e^{-t/tau_k},

with noise of covariance kT Gamma(t) + 2 lambda_0 kT delta(t): equilibrium.  Each exponential is one more variable,

    m v' = -k x - lambda_0 v - sum_k z_k + sqrt(2 lambda_0 kT) xi_0,
    z_k' = -z_k/tau_k + (lambda_k/tau_k) v + (sqrt(2 lambda_k kT)/tau_k) xi_k,   <z_k^2> = lambda_k kT/tau_k,

so that every correlation is an entry of e^{At}.
"""

import numpy as np

from .checks import nonnegative, positive, single
from .ou import exact_ou


def _generator(mass, friction, memory, kT, white_friction, stiffness):
    """A of (v, x, z_1, z_2, ...), each in units of its thermal spread (x in units of v's over sqrt(k/m))."""
    mass, kT, friction, memory = positive(mass=mass, kT=kT, friction=friction, memory=memory)
    white_friction, stiffness = nonnegative(white_friction=white_friction, stiffness=stiffness)
    single(mass=mass, kT=kT, white_friction=white_friction, stiffness=stiffness)
    friction, memory = np.atleast_1d(friction), np.atleast_1d(memory)
    if friction.ndim > 1 or friction.shape != memory.shape:
        raise ValueError(f"friction and memory must have one length, got shapes {friction.shape} and {memory.shape}")
    A = np.zeros((2 + friction.size, 2 + friction.size))
    A[0, 0] = -white_friction / mass
    A[1, 0], A[0, 1] = np.sqrt(stiffness / mass) * np.array([1.0, -1.0])
    coupling = np.sqrt(friction / (mass * memory))
    A[2:, 0], A[0, 2:] = coupling, -coupling
    A[2:, 2:] = -np.diag(1.0 / memory)
    return A


def _over_times(t, function):
    t = np.asarray(nonnegative(t=t))
    return np.array([function(float(time)) for time in t.ravel()]).reshape(t.shape)[()]


def gle_vacf(t, *, mass, friction, memory, kT, white_friction=0.0, stiffness=0.0):
    """Velocity autocorrelation with memory: <v(t) v(0)> = (kT/m) [e^{At}]_vv.

    For one exponential, free: (kT/m) [(s_1 + 1/tau) e^{s_1 t} - (s_2 + 1/tau) e^{s_2 t}] / (s_1 - s_2) with the roots
    of s^2 + s/tau + lambda/(m tau) = 0.

    Parameters
    ----------
    t : array_like
        Time lag [T], >= 0.
    mass : float
        m [M], > 0.
    friction, memory : float or sequence of float
        lambda_k [M/T] and tau_k [T] of each exponential of the kernel, > 0.
    kT : float
        Thermal energy [E], > 0.
    white_friction : float
        lambda_0 [M/T], of friction without memory, >= 0.
    stiffness : float
        k of a trap [E/L^2], >= 0.

    Returns
    -------
    vacf : float or ndarray
        [L^2/T^2], of the shape of t; accurate relative to kT/m.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite, or friction and memory differ in length.

    Notes
    -----
    Source: B. J. Berne, J. P. Boon, S. A. Rice, J. Chem. Phys. 45, 1086 (1966); R. Zwanzig, Nonequilibrium Statistical
    Mechanics (2001), chapter 1.

    Examples
    --------
    >>> print(f"{gle_vacf(1.0, mass=1.3, friction=0.7, memory=0.6, kT=0.9):.10f}")
    0.5131839273
    """
    A = _generator(mass, friction, memory, kT, white_friction, stiffness)
    nothing = np.zeros_like(A)
    return kT / mass * _over_times(t, lambda time: exact_ou(A, nothing, time)[0][0, 0] if time > 0.0 else 1.0)


def gle_msd(t, *, mass, friction, memory, kT, white_friction=0.0, stiffness=0.0):
    """Mean squared displacement with memory: 2 int_0^t (t - s) <v(s) v(0)> ds, from equilibrium.

    (kT/m) t^2 at short times, 2 kT t / (lambda_0 + sum_k lambda_k) at long ones, in a trap 2 kT/k; digits are lost
    nowhere.

    Parameters
    ----------
    t : array_like
        Time lag [T], >= 0.
    mass, friction, memory, kT, white_friction, stiffness
        As for `gle_vacf`.

    Returns
    -------
    msd : float or ndarray
        [L^2], of the shape of t.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite, or friction and memory differ in length.

    Notes
    -----
    Source: B. J. Berne, J. P. Boon, S. A. Rice, J. Chem. Phys. 45, 1086 (1966); R. Zwanzig, Nonequilibrium Statistical
    Mechanics (2001), chapter 1.

    Examples
    --------
    >>> print(f"{gle_msd(1.0, mass=1.3, friction=0.7, memory=0.6, kT=0.9):.10f}")
    0.6549185681
    >>> print(f"{gle_msd(1.0, mass=1.3, friction=[0.4, 0.3], memory=[0.6, 2.0], kT=0.9, stiffness=2.1):.10f}")
    0.5795732308
    """
    A = _generator(mass, friction, memory, kT, white_friction, stiffness)

    trapped = A[1, 0] > 0.0

    def share(time):
        """Return msd / (kT t^2/m) from integrals of the equation, more variables in it; in units of t."""
        if time == 0.0:
            return 1.0
        size = len(A)
        longer = np.zeros((size + 2, size + 2))
        longer[:size, :size] = A * time
        if trapped:  # y' = x': 1 - <x(t) x(0)> k/kT is an entry by itself, from which nothing is subtracted
            longer[size] = longer[1]
            return -2.0 * exact_ou(longer, np.zeros_like(longer), 1.0)[0][size, 1] / (A[1, 0] * time) ** 2
        longer[size, 0] = longer[size + 1, size] = 1.0
        return 2.0 * exact_ou(longer, np.zeros_like(longer), 1.0)[0][size + 1, 0]

    return kT / mass * nonnegative(t=t) ** 2 * _over_times(t, share)


def gle_slowest_time(*, mass, friction, memory, white_friction=0.0, stiffness=0.0):
    """Time in which the slowest mode decays to 1/e: -1 / Re s of the eigenvalue s of A that is nearest to 0.

    Parameters
    ----------
    mass, friction, memory, white_friction, stiffness
        As for `gle_vacf`; at stiffness 0 the mode is one of the velocity.

    Returns
    -------
    float
        [T]

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite, or friction and memory differ in length.

    Notes
    -----
    Source: R. Zwanzig, Nonequilibrium Statistical Mechanics (2001), chapter 1; without memory it is m / lambda.

    Examples
    --------
    >>> print(f"{gle_slowest_time(mass=0.2, friction=0.7, memory=10.0):.10f}")
    20.0000000000
    """
    A = _generator(mass, friction, memory, 1.0, white_friction, stiffness)
    if A[1, 0] == 0.0:  # the position relaxes to nothing
        A = np.delete(np.delete(A, 1, 0), 1, 1)
    slowest = -float(np.linalg.eigvals(A).real.max())
    return 1.0 / slowest if slowest > 0.0 else np.inf  # slower than rounding tells beside the fastest

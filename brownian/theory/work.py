"""Work done by dragging a harmonic trap at constant velocity: a Gaussian, at any damping."""

import numpy as np

from .checks import finite, nonnegative, positive
from .oscillator import NODES, WEIGHTS, early, modes, relaxed
from .phi import phi


def _double_integral(t, mass, friction, stiffness):
    """int_0^t (t - s) rho(s) ds with rho = C_xx k/kT.

    Each of three forms is free of cancellation where it is used: two decays well apart; times shorter than the
    oscillator's; and the equation of motion of rho integrated twice, m (1 - rho) + lambda (t - int rho) = k (result).
    """
    root = np.sqrt(np.maximum(friction**2 - 4.0 * stiffness * mass, 0.0))
    apart = friction**2 > 4.5 * stiffness * mass
    slow, fast = 2.0 * stiffness / (friction + root), (friction + root) / (2.0 * mass)
    gap = np.where(apart, fast - slow, 1.0)
    decays = t**2 * (fast * phi(2, slow * t) - slow * phi(2, fast * t)) / gap
    columns = [np.asarray(value)[..., None] for value in (t, mass, friction, stiffness)]
    rho = modes(columns[0] * NODES, *columns[1:])[0]
    short = t**2 * (rho @ (WEIGHTS * (1.0 - NODES)))
    risen = relaxed(t, mass, friction, stiffness)
    slope = modes(t, mass, friction, stiffness)[1]
    late = (mass * risen + friction * (t - slope - friction / stiffness * risen)) / stiffness
    return np.where(apart, decays, np.where(early(t, mass, friction, stiffness), short, late))[()]


def dragged_work_mean(t, *, velocity, friction, stiffness, mass=0.0):
    """Mean work of dragging a trap: <W> = (k^2 u^2 / kT) int_0^t (t - s) C_xx(s) ds, centre at u t, from equilibrium.

    Overdamped: lambda u^2 [t - (lambda/k) (1 - e^{-kt/lambda})].  Work is done on the system, W = -int k u (x - ut) dt,
    and is free of kT.

    Parameters
    ----------
    t : array_like
        Duration [T], >= 0.
    velocity : array_like
        u of the trap's centre [L/T].
    friction, stiffness : array_like
        lambda [M/T] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit.

    Returns
    -------
    work : float or ndarray
        [E], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: O. Mazonka, C. Jarzynski, arXiv:cond-mat/9912121; R. van Zon, E. G. D. Cohen, Phys. Rev. E 67, 046102
    (2003).

    Examples
    --------
    >>> print(f"{dragged_work_mean(2.0, velocity=0.9, friction=0.7, stiffness=2.1):.10f}")
    0.9454684842
    >>> print(f"{dragged_work_mean(2.0, velocity=0.9, friction=0.7, stiffness=2.1, mass=1.3):.10f}")
    2.1676322560
    """
    t, mass = nonnegative(t=t, mass=mass)
    velocity, (friction, stiffness) = finite(velocity=velocity), positive(friction=friction, stiffness=stiffness)
    limit = t**2 * phi(2, stiffness / friction * t)
    integral = _double_integral(t, np.where(mass > 0, mass, 1.0), friction, stiffness)
    return stiffness * velocity**2 * np.where(mass > 0, integral, limit)[()]


def dragged_work_variance(t, *, velocity, friction, kT, stiffness, mass=0.0):
    """Variance of the work of dragging a trap: var W = 2 kT <W>, so that <e^{-W/kT}> = 1.

    Parameters
    ----------
    t : array_like
        Duration [T], >= 0.
    velocity : array_like
        u of the trap's centre [L/T].
    friction, kT, stiffness : array_like
        lambda [M/T], thermal energy [E] and k [E/L^2], > 0.
    mass : array_like
        m [M], >= 0; 0 is the overdamped limit.

    Returns
    -------
    variance : float or ndarray
        [E^2], of the broadcast shape.

    Raises
    ------
    ValueError
        If a parameter is out of its range or not finite.

    Notes
    -----
    Source: O. Mazonka, C. Jarzynski, arXiv:cond-mat/9912121.

    Examples
    --------
    >>> print(f"{dragged_work_variance(2.0, velocity=0.9, friction=0.7, kT=0.9, stiffness=2.1):.10f}")
    1.7018432715
    """
    kT = positive(kT=kT)
    return 2.0 * kT * dragged_work_mean(t, velocity=velocity, friction=friction, stiffness=stiffness, mass=mass)

"""Underdamped motion in a periodic potential, level or tilted: drift velocity and effective diffusion, exact.

The density is expanded in plane waves of the position and Hermite functions of the velocity; s = sqrt(kT/m) and
gamma = lambda/m.  Its levels obey

    sqrt(n) B rho_{n-1} - gamma n rho_n - sqrt(n+1) s d/dx rho_{n+1} = -r_n,   B = (f - U')/(m s) - s d/dx,

and are eliminated from above: rho_n = S_n rho_{n-1} + q_n.  With r = 0 this is the stationary density, whose current is
the velocity v; with r = (v_n - v) rho it is the answer whose current is the diffusion.
"""

import numpy as np

from .checks import finite, positive, single
from .quadrature import reduced
from .weight import check_period

WAVES, HERMITES = 12, 24
MOST = (70, 1000)
GROWTH = 1.4


def _slope(u, period, waves):
    """-u' as a matrix between plane waves -waves ... waves; x in periods."""
    points = 8 * waves
    series = np.fft.fft(u(period * np.arange(points) / points)) / points
    order = np.fft.fftfreq(points, 1.0 / points)
    order[points // 2] = 0.0
    series = -2j * np.pi * order * series
    index = np.arange(2 * waves + 1)
    return series[index[:, None] - index]


def _solve(push, gamma, speed, hermites):
    """Return v and D in units of periods: push = f - U' over m s, speed = s over the period."""
    size = len(push)
    middle = size // 2
    gradient = 2j * np.pi * speed * (np.arange(size) - middle)
    raising = push - np.diag(gradient)
    propagators = np.zeros((hermites + 2, size, size), dtype=complex)
    inverses = np.zeros_like(propagators)
    for n in range(hermites, 0, -1):
        level = np.sqrt(n + 1.0) * gradient[:, None] * propagators[n + 1]
        level[np.diag_indices(size)] += gamma * n
        inverses[n] = np.linalg.inv(level)
        propagators[n] = np.sqrt(n) * inverses[n] @ raising

    def lowest(source, norm):
        """Solve gradient (S_1 rho_0) = source, with the mean of rho_0 given."""
        matrix = gradient[:, None] * propagators[1]
        matrix[middle], source[middle] = 0.0, norm
        matrix[middle, middle] = 1.0
        return np.linalg.solve(matrix, source)

    density = np.zeros((hermites + 2, size), dtype=complex)
    density[0] = lowest(np.zeros(size, dtype=complex), 1.0)
    for n in range(1, hermites + 1):
        density[n] = propagators[n] @ density[n - 1]
    velocity = speed * density[1, middle].real if np.any(push.diagonal() != 0.0) else 0.0
    n = np.arange(1, hermites + 1)[:, None]
    source = np.zeros_like(density)
    source[1:-1] = speed * (np.sqrt(n) * density[:-2] + np.sqrt(n + 1.0) * density[2:]) - velocity * density[1:-1]
    source[0] = speed * density[1] - velocity * density[0]
    shift = np.zeros_like(density)
    for n in range(hermites, 0, -1):
        shift[n] = inverses[n] @ (source[n] - np.sqrt(n + 1.0) * gradient * shift[n + 1])
    answer = propagators[1] @ lowest(source[0] - gradient * shift[1], 0.0) + shift[1]
    return np.array([velocity, speed * answer[middle].real])


def _converged(u, tilt, gamma, speed, period, accuracy):
    """Let both bases grow until neither changes the answer; a velocity below 1e-6 D is compared with that."""
    sizes, changes = [WAVES, HERMITES], [np.inf, np.inf]

    def solve():
        push = _slope(u, period, sizes[0]) + tilt * np.eye(2 * sizes[0] + 1)
        return _solve(speed * push, gamma, speed, sizes[1])

    answer = solve()
    while max(changes) > accuracy:
        grown = int(np.argmax(changes))
        sizes[grown] = int(GROWTH * sizes[grown])
        if sizes[grown] > MOST[grown]:
            raise ValueError(
                "energy must be smoother, friction or kT higher, force or mass lower, or accuracy above "
                f"{max(changes):.0e}: {MOST[0]} waves and {MOST[1]} Hermite functions do not suffice for accuracy = "
                f"{accuracy}"
            )
        before, answer = answer, solve()
        scale = np.maximum(np.abs(answer), [1e-6 * abs(answer[1]), 0.0])
        changes[grown] = np.max(np.abs(answer - before) / scale)
    return answer


def washboard_velocity_diffusion(energy, *, force, period, mass, friction, kT, accuracy=1e-8):
    """Mean velocity and effective diffusion in a tilted periodic potential, underdamped: v = <x>/t, D = var x/(2 t).

    m dv = -lambda v dt + (f - U') dt + sqrt(2 lambda kT) dW at long times.  At f = 0, v = 0 and D = kT times the
    mobility; the overdamped limits are `stratonovich_velocity` and `reimann_diffusion`.

    Parameters
    ----------
    energy : callable
        U(x) [E] without the tilt, array -> array, periodic, finite and smooth.
    force : array_like
        f [E/L], of either sign.
    period : float
        L, the period of U [L], > 0.
    mass, friction, kT : float
        m [M], lambda [M/T] and thermal energy [E], > 0.
    accuracy : float
        Relative change of both that ends the growth of the bases, > 0.

    Returns
    -------
    velocity, diffusion : float or ndarray
        [L/T] and [L^2/T], of the shape of force.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the energy is not periodic or not finite, or 70 waves and 1000 Hermite
        functions do not suffice (barriers above some 15 kT are lost in rounding).

    Notes
    -----
    Source: H. Risken, The Fokker-Planck Equation, chapter 11 (matrix continued fractions).

    Examples
    --------
    >>> def energy(x):
    ...     return 1.1 * np.cos(np.pi * x)
    >>> v, D = washboard_velocity_diffusion(energy, force=2.0, period=2.0, mass=1.3, friction=1.5, kT=0.9)
    >>> print(f"{v:.9f} {D:.9f}")
    0.720347889 1.400281201
    """
    period, mass, friction, kT, accuracy = positive(
        period=period, mass=mass, friction=friction, kT=kT, accuracy=accuracy
    )
    single(period=period, mass=mass, friction=friction, kT=kT, accuracy=accuracy)
    u = reduced(energy, kT)
    if not np.all(np.isfinite(u(np.linspace(0.0, period, 65)))):
        raise ValueError(f"energy must be finite between 0 and {period}, got +inf")
    check_period(u, period)
    force = np.asarray(finite(force=force))
    gamma, speed = friction / mass, np.sqrt(kT / mass) / period
    tilts = force.ravel() * period / kT
    answers = np.array([_converged(u, tilt, gamma, speed, period, accuracy) for tilt in tilts]).reshape(-1, 2)
    return (period * answers[:, 0]).reshape(force.shape)[()], (period**2 * answers[:, 1]).reshape(force.shape)[()]

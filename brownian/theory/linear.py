"""Schemes on linear forces: z' = M z + b f + N xi, xi independent normals.  Everything about them is a matrix.

The state is z = (x, v), or (x,) overdamped; Leimkuhler-Matthews carries (x, xi).
"""

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from .checks import choice, finite, nonnegative, positive, single, whole
from .ou import affine_ou

UNDERDAMPED = ("baoab", "euler_maruyama", "exact_ou", "gj2", "gjf", "obabo")
OVERDAMPED = ("euler_maruyama", "exact_ou", "heun", "leimkuhler_matthews")
KERNEL = ("baoab", "gj2", "gjf")

# the scheme of each integrator, by the name of its class
SCHEME_OF = {
    "BAOAB": "baoab",
    "EulerMaruyama": "euler_maruyama",
    "ExactOU": "exact_ou",
    "GJ2": "gj2",
    "GJF": "gjf",
    "Heun": "heun",
    "LeimkuhlerMatthews": "leimkuhler_matthews",
    "OBABO": "obabo",
}


def check_scheme(scheme, underdamped):
    """Raise ValueError unless the scheme exists for this dynamics."""
    allowed = UNDERDAMPED if underdamped else OVERDAMPED
    dynamics = "underdamped dynamics (mass > 0)" if underdamped else "overdamped dynamics (mass = 0)"
    choice(allowed, f" for {dynamics}", scheme=scheme)


def kernel_coefficients(scheme, gamma_dt):
    """Return (h_e/dt, c, 1 - c, 1 + c) of the schemes that are one kernel, BAOAB(h_e, c)."""
    half = gamma_dt / 2.0
    if scheme == "gjf":
        return 1.0, (1.0 - half) / (1.0 + half), gamma_dt / (1.0 + half), 2.0 / (1.0 + half)
    stretch = np.sqrt(np.tanh(half) / half) if scheme == "gj2" else 1.0
    c = np.exp(-gamma_dt)
    return stretch, c, -np.expm1(-gamma_dt), 1.0 + c


def _composed(*substeps):
    """Compose affine maps (matrix, noise column or None, response to a force), first one first."""
    M, N, b = np.eye(2), np.zeros((2, 0)), np.zeros(2)
    for matrix, noise, response in substeps:
        M, N, b = matrix @ M, matrix @ N, matrix @ b + response
        if noise is not None:
            N = np.column_stack([N, noise])
    return M, N, b


def linear_scheme(scheme, *, friction, kT, stiffness, dt, mass=0.0):
    """One step of a scheme on U = k x^2/2 - f x as matrices: z' = M z + b f + N xi.

    Parameters
    ----------
    scheme : str
        mass > 0: "baoab", "gjf", "gj2", "obabo", "euler_maruyama", "exact_ou", with z = (x, v) on the step.
        mass = 0: "euler_maruyama", "heun", "exact_ou", with z = (x,), "leimkuhler_matthews" with z = (x, xi).
    friction, kT, dt : float
        lambda [M/T], thermal energy [E] and step [T], > 0.
    stiffness : float
        k [E/L^2], >= 0; 0 is the free particle.
    mass : float
        m [M], >= 0; 0 is the overdamped dynamics with tau = dt/lambda.

    Returns
    -------
    M : ndarray, shape (d, d)
        Propagator.
    N : ndarray, shape (d, normals)
        Amplitudes of the normals; N N^T is the covariance of the noise of one step.
    b : ndarray, shape (d,)
        Response to a constant force f.

    Raises
    ------
    ValueError
        If a parameter is out of its range or the scheme does not exist for this dynamics.

    Notes
    -----
    Source: B. Leimkuhler, C. Matthews, Appl. Math. Res. Express 2013, 34 (splittings); N. Gronbech-Jensen, O. Farago,
    Mol. Phys. 111, 983 (2013) (gjf); D. A. Sivak, J. D. Chodera, G. E. Crooks, J. Phys. Chem. B 118, 6466 (2014) (gj2).

    Examples
    --------
    >>> M, N, b = linear_scheme("gjf", mass=1.3, friction=0.7, kT=0.9, stiffness=2.1, dt=0.5)
    >>> print(f"{np.linalg.det(M):.10f} {np.linalg.solve(np.eye(2) - M, b)[0] * 2.1:.10f}")
    0.7627118644 1.0000000000
    """
    friction, kT, dt = positive(friction=friction, kT=kT, dt=dt)
    stiffness, mass = nonnegative(stiffness=stiffness, mass=mass)
    single(friction=friction, kT=kT, dt=dt, stiffness=stiffness, mass=mass)
    check_scheme(scheme, mass > 0)
    if scheme == "exact_ou":
        A, force, Q = [[-stiffness / friction]], [1.0 / friction], [[2.0 * kT / friction]]
        if mass > 0:
            A = [[0.0, 1.0], [-stiffness / mass, -friction / mass]]
            force, Q = [0.0, 1.0 / mass], [[0.0, 0.0], [0.0, 2.0 * friction * kT / mass**2]]
        M, b, covariance = affine_ou(A, force, Q, dt)
        return M, np.linalg.cholesky(covariance), b
    if mass == 0:
        return _overdamped(scheme, kT, stiffness, dt / friction)
    if scheme == "euler_maruyama":
        M = np.array([[1.0, dt], [-stiffness * dt / mass, 1.0 - friction * dt / mass]])
        return M, np.array([[0.0], [np.sqrt(2.0 * friction * kT * dt) / mass]]), np.array([0.0, dt / mass])
    if scheme == "obabo":
        A, B = _drift(dt), _kick(dt / 2.0, stiffness, mass)
        gamma_dt = friction * dt / mass
        half_thermostat = _thermostat(np.exp(-gamma_dt / 2.0), -np.expm1(-gamma_dt), kT / mass)
        return _composed(half_thermostat, B, A, B, half_thermostat)
    stretch, c, loss, gain = kernel_coefficients(scheme, friction * dt / mass)
    A, B = _drift(stretch * dt / 2.0), _kick(stretch * dt / 2.0, stiffness, mass)
    return _composed(B, A, _thermostat(c, loss * gain, kT / mass), A, B)


def _drift(h):
    return np.array([[1.0, h], [0.0, 1.0]]), None, np.zeros(2)


def _kick(h, stiffness, mass):
    return np.array([[1.0, 0.0], [-stiffness * h / mass, 1.0]]), None, np.array([0.0, h / mass])


def _thermostat(c, fresh, thermal):
    """O: v' = c v + sqrt(fresh kT/m) xi, fresh = 1 - c^2."""
    return np.diag([1.0, c]), np.array([0.0, np.sqrt(fresh * thermal)]), np.zeros(2)


def _overdamped(scheme, kT, stiffness, tau):
    kappa, amplitude = stiffness * tau, np.sqrt(2.0 * tau * kT)
    if scheme == "euler_maruyama":
        return np.array([[1.0 - kappa]]), np.array([[amplitude]]), np.array([tau])
    if scheme == "heun":
        damped = 1.0 - kappa / 2.0
        return np.array([[1.0 - kappa * damped]]), np.array([[amplitude * damped]]), np.array([tau * damped])
    M = np.array([[1.0 - kappa, amplitude / 2.0], [0.0, 0.0]])
    return M, np.array([[amplitude / 2.0], [1.0]]), np.array([tau, 0.0])


def linear_scheme_stationary(M, N):
    """Stationary covariance of z' = M z + N xi: the solution of C = M C M^T + N N^T.

    Parameters
    ----------
    M : array_like, shape (d, d)
        Propagator, all eigenvalues inside the unit circle.
    N : array_like, shape (d, normals)
        Amplitudes of the normals.

    Returns
    -------
    C : ndarray, shape (d, d)
        <z z^T>.

    Raises
    ------
    ValueError
        If a shape is wrong, a value is not finite, or there is no stationary state.

    Notes
    -----
    Source: H. Risken, The Fokker-Planck Equation (Springer, 1989), section 3.2; discrete Lyapunov equation.

    Examples
    --------
    >>> M, N, b = linear_scheme("obabo", mass=1.3, friction=0.7, kT=0.9, stiffness=2.1, dt=0.5)
    >>> print(f"{linear_scheme_stationary(M, N)[0, 0] * 2.1 / 0.9:.10f}")
    1.1122994652
    """
    M, N = np.asarray(finite(M=M)), np.asarray(finite(N=N))
    if M.ndim != 2 or M.shape[0] != M.shape[1] or N.ndim != 2 or N.shape[0] != M.shape[0]:
        raise ValueError(f"M must be (d, d) and N (d, normals), got shapes {M.shape} and {N.shape}")
    radius = np.max(np.abs(np.linalg.eigvals(M)))
    if radius >= 1.0:
        raise ValueError(f"M must have all eigenvalues inside the unit circle (a shorter step), got modulus {radius}")
    covariance = solve_discrete_lyapunov(M, N @ N.T)
    return (covariance + covariance.T) / 2.0


def lag_covariance(M, C, n):
    """<z_n z_0^T> = M^n C, for many lags at once, by repeated squaring.

    Parameters
    ----------
    M : array_like, shape (d, d)
        Propagator of one step.
    C : array_like, shape (d, d)
        <z_0 z_0^T>, stationary or not.
    n : array_like of int
        Lags in steps, >= 0.

    Returns
    -------
    covariance : ndarray, shape n.shape + (d, d)
        <z_n z_0^T>.

    Raises
    ------
    ValueError
        If a shape is wrong, a value is not finite, or n is not whole and >= 0.

    Notes
    -----
    Source: H. Risken, The Fokker-Planck Equation (Springer, 1989), section 3.2.

    Examples
    --------
    >>> print(lag_covariance([[0.5]], [[3.0]], [0, 1, 4])[:, 0, 0])
    [3.     1.5    0.1875]
    """
    M, C, n = np.asarray(finite(M=M)), np.asarray(finite(C=C)), np.asarray(whole(n=n))
    if M.ndim != 2 or M.shape[0] != M.shape[1] or C.shape != M.shape:
        raise ValueError(f"M and C must be of the same shape (d, d), got {M.shape} and {C.shape}")
    result = np.broadcast_to(C, (*n.shape, *C.shape)).copy()
    power, rest = M, n.copy()
    while np.any(rest):
        odd = rest % 2 == 1
        result[odd] = power @ result[odd]
        rest //= 2
        power = power @ power
    return result

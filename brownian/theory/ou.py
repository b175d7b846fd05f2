"""The exact step of any linear stochastic equation, dz = A z dt + b dt + noise of covariance Q per unit time."""

from math import ceil, log2

import numpy as np

from .checks import finite, positive, single

_TERMS = 18  # the tail of the series is below 2^-18 / 18! = 6e-22


def _square(name, matrix, size=None):
    matrix = np.atleast_2d(finite(**{name: matrix}))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or (size is not None and matrix.shape[0] != size):
        wanted = "square" if size is None else f"of shape ({size}, {size})"
        raise ValueError(f"{name} must be {wanted}, got shape {matrix.shape}")
    return matrix


def exact_ou(A, Q, dt):
    """Exact one-step law of dz = A z dt + dB, <dB dB^T> = Q dt:  z' = M z + noise of covariance Sigma.

    M = e^{A dt},  Sigma = int_0^dt e^{As} Q e^{A^T s} ds.  Both by Taylor series over a short step, dt/2^s with
    |A| dt/2^s <= 1/4, then by s doublings, Sigma <- Sigma + M Sigma M^T and E <- 2 E + E^2 with E = M - 1.  Every entry
    keeps its relative accuracy at short dt (Sigma_xx ~ dt^3 of a particle too) and, at any dt, its accuracy relative
    to sqrt(Sigma_ii Sigma_jj).  A may be singular or unstable.

    Parameters
    ----------
    A : array_like, shape (d, d)
        Drift matrix [1/T].
    Q : array_like, shape (d, d)
        Symmetric covariance rate of the noise [1/T].
    dt : float
        Time step [T], > 0.

    Returns
    -------
    M : ndarray, shape (d, d)
        Propagator.
    Sigma : ndarray, shape (d, d)
        Covariance of the noise over one step, symmetric.

    Raises
    ------
    ValueError
        If a shape is wrong, Q is not a covariance, a value is not finite, dt is not > 0, or M overflows.

    Notes
    -----
    Source: C. F. Van Loan, IEEE Trans. Autom. Control 23, 395 (1978), for the integral; R. A. Smith,
    SIAM J. Appl. Math. 16, 198 (1968), for the doubling.

    Examples
    --------
    >>> M, Sigma = exact_ou([[0.0, 1.0], [-2.1 / 1.3, -0.7 / 1.3]], [[0.0, 0.0], [0.0, 2 * 0.7 * 0.9 / 1.3**2]], 1e-3)
    >>> print(f"{M[0, 1]:.10e} {Sigma[0, 0]:.10e}")
    9.9973054839e-04 2.4842029089e-10
    """
    A = _square("A", A)
    Q = _square("Q", Q, len(A))
    if np.any(np.diag(Q) < 0) or not np.allclose(Q, Q.T, rtol=1e-12, atol=0.0):
        raise ValueError(f"Q must be symmetric with a diagonal >= 0, got {Q!r}")
    dt = single(dt=positive(dt=dt))
    norm = np.linalg.norm(A, np.inf) * dt
    doublings = max(0, ceil(log2(norm)) + 2) if norm > 0 else 0
    step = dt / 2.0**doublings
    power, excess = np.eye(len(A)), np.zeros_like(A)
    term = step * (Q + Q.T) / 2.0
    covariance = term.copy()
    for n in range(1, _TERMS + 1):
        power = power @ A * (step / n)
        excess += power
        product = A @ term
        term = (product + product.T) * (step / (n + 1))
        covariance += term
    identity = np.eye(len(A))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(doublings):
            M = identity + excess
            covariance = covariance + M @ covariance @ M.T
            covariance = (covariance + covariance.T) / 2.0
            excess = 2.0 * excess + excess @ excess
    if not (np.all(np.isfinite(excess)) and np.all(np.isfinite(covariance))):
        raise ValueError(f"e^(A dt) overflows: dt must be shorter, got dt = {dt} with A = {A!r}")
    return identity + excess, covariance


def affine_ou(A, b, Q, dt):
    """Exact one-step law of dz = (A z + b) dt + dB, <dB dB^T> = Q dt:  z' = M z + shift + noise of covariance Sigma.

    shift = int_0^dt e^{As} b ds, the last column of the propagator of the augmented matrix [[A, b], [0, 0]].

    Parameters
    ----------
    A : array_like, shape (d, d)
        Drift matrix [1/T].
    b : array_like, shape (d,)
        Constant drift.
    Q : array_like, shape (d, d)
        Symmetric covariance rate of the noise [1/T].
    dt : float
        Time step [T], > 0.

    Returns
    -------
    M : ndarray, shape (d, d)
        Propagator.
    shift : ndarray, shape (d,)
        What one step adds from the constant drift.
    Sigma : ndarray, shape (d, d)
        Covariance of the noise over one step.

    Raises
    ------
    ValueError
        As for `exact_ou`, or if b is not of shape (d,).

    Notes
    -----
    Source: C. F. Van Loan, IEEE Trans. Autom. Control 23, 395 (1978).

    Examples
    --------
    >>> M, shift, Sigma = affine_ou([[-3.0]], [1.2], [[2.6]], 0.25)
    >>> print(f"{M[0, 0]:.10f} {shift[0]:.10f} {Sigma[0, 0]:.10f}")
    0.4723665527 0.2110533789 0.3366435973
    """
    A = _square("A", A)
    size = len(A)
    Q = _square("Q", Q, size)
    b = np.atleast_1d(finite(b=b))
    if b.shape != (size,):
        raise ValueError(f"b must be of shape ({size},), got {b.shape}")
    drift, noise = np.zeros((2, size + 1, size + 1))
    drift[:size, :size], drift[:size, size], noise[:size, :size] = A, b, Q
    M, Sigma = exact_ou(drift, noise, dt)
    return M[:size, :size], M[:size, size], Sigma[:size, :size]

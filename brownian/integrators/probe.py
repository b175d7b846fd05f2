"""The affine probe: for a linear force every scheme is z' = M z + b + N xi; the kernel itself is asked for M, b and N.

No random numbers, no statistics: order, bias and noise strength come out to rounding.
"""

from typing import NamedTuple

import numpy as np

from .moves import work_rows
from .scheme import begin, step


class AffineStep(NamedTuple):
    """z' = M z + b + N xi with z = (x components, v components, kept noise)."""

    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray

    def stationary_covariance(self):
        """C = M C M^T + N N^T, or None where the scheme has no stationary state.

        The sum of M^k N N^T M^kT by doublings (Smith, SIAM J. Appl. Math. 16, 198 (1968)).
        """
        if np.abs(np.linalg.eigvals(self.matrix)).max() >= 1.0 - 1e-12:
            return None
        covariance, power = self.noise @ self.noise.T, self.matrix
        while np.abs(power).max() > 1e-18:
            covariance = covariance + power @ covariance @ power.T
            power = power @ power
        return (covariance + covariance.T) / 2.0

    def stationary_mean(self):
        """The fixed point of the mean."""
        return np.linalg.solve(np.eye(len(self.shift)) - self.matrix, self.shift)


def affine_probe(kernel, potential, slots, normals, dimension, dt, take=(begin, step)):
    """Read M, b and N off a kernel by taking one step from zero and from every unit vector.

    ``take`` is the pair (begin, step) to use; the functions themselves run interpreted, bit for bit as compiled.
    """
    begin_block, step_block = take
    kept = dimension if kernel.keeps_noise else 0
    size = slots * dimension + kept
    lanes = 1 + size + normals * dimension
    s = np.zeros((slots, dimension, lanes))
    first, z = np.zeros((2, 1, normals, dimension, lanes))
    for j in range(slots * dimension):
        s[j // dimension, j % dimension, 1 + j] = 1.0
    for j in range(kept):
        first[0, 0, j, 1 + slots * dimension + j] = 1.0
    for j in range(normals * dimension):
        z[0, j // dimension, j % dimension, 1 + size + j] = 1.0
    work = np.zeros((work_rows(kernel), dimension, lanes))
    with np.errstate(all="ignore"):
        begin_block(kernel, potential, s, work, first, 0, 0.0)
        step_block(kernel, potential, s, work, z, 0, 0.0, dt)
    result = s.reshape(slots * dimension, lanes)
    if kept:
        result = np.concatenate([result, work[1]])
    shift = result[:, 0]
    return AffineStep((result[:, 1 : 1 + size].T - shift).T, shift.copy(), (result[:, 1 + size :].T - shift).T)

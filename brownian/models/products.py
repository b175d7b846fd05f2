"""Products of matrices whose second index is the lane: the same bits for any number of lanes."""

import numpy as np
from numba.extending import register_jitable

from ..compiled import ALLOCATING, fma

called = register_jitable(**ALLOCATING | {"forceinline": False})  # for what is long and used in many places


@called
def transposed(matrix):
    """The transposed matrix, in memory of its own."""
    turned = np.empty((matrix.shape[1], matrix.shape[0]))
    for j in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            turned[k, j] = matrix[j, k]
    return turned


@called
def add_product(a, y, z):
    """Add sum_k a[j, k] y[k, i] to z[j, i]: the same bits for any number of lanes i."""
    inner, lanes = y.shape
    fours = inner // 4 * 4
    for j in range(a.shape[0]):
        for k in range(0, fours, 4):
            a0, a1, a2, a3 = a[j, k], a[j, k + 1], a[j, k + 2], a[j, k + 3]
            for i in range(lanes):
                z[j, i] = fma(a3, y[k + 3, i], fma(a2, y[k + 2, i], fma(a1, y[k + 1, i], fma(a0, y[k, i], z[j, i]))))
        for k in range(fours, inner):
            for i in range(lanes):
                z[j, i] = fma(a[j, k], y[k, i], z[j, i])


@called
def add_outer_product(a, y, out):
    """Add sum_i a[j, i] y[k, i] to out, as a flat array of (j, k)."""
    across, rows = transposed(a), transposed(y)
    columns, fours = y.shape[0], y.shape[1] // 4 * 4
    for j in range(a.shape[0]):
        row = out[j * columns : (j + 1) * columns]
        for i in range(0, fours, 4):
            a0, a1, a2, a3 = across[i, j], across[i + 1, j], across[i + 2, j], across[i + 3, j]
            for k in range(columns):
                row[k] = fma(
                    a3, rows[i + 3, k], fma(a2, rows[i + 2, k], fma(a1, rows[i + 1, k], fma(a0, rows[i, k], row[k])))
                )
        for i in range(fours, y.shape[1]):
            for k in range(columns):
                row[k] = fma(across[i, j], rows[i, k], row[k])

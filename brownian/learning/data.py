"""Data that can be learnt from."""

import numpy as np


def checked_data(data, dimension=None, name="data"):
    """Data as float64 of shape (points, dimension), each number finite; ValueError that names what is wrong."""
    try:
        rows = np.array(data, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} of type {type(data).__name__}, but an array of numbers is needed") from None
    if rows.ndim == 1:
        rows = rows[:, np.newaxis]
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"{name} of shape {np.shape(data)}, but (points, dimension) with at least one point is needed")
    if dimension is not None and rows.shape[1] != dimension:
        raise ValueError(f"{name} of shape {np.shape(data)} have dimension {rows.shape[1]}, the model has {dimension}")
    bad = np.argwhere(~np.isfinite(rows))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"{name}: row {row}, column {column} is {rows[row, column]}, but every number must be finite "
            f"({len(bad)} of {rows.size} are not)"
        )
    return rows

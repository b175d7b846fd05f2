"""Checks of arguments: a wrong value is named, with what would have been right."""

import numpy as np


def _checked(values, allowed, test):
    arrays = []
    for name, value in values.items():
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} must be {allowed}, got {value!r}") from None
        if not np.all(np.isfinite(array) & test(array)):
            raise ValueError(f"{name} must be {allowed}, got {value!r}")
        arrays.append(array[()])
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


def positive(**values):
    """Return the values as float64, or raise ValueError naming the first that is not > 0."""
    return _checked(values, "finite and > 0", lambda array: array > 0)


def nonnegative(**values):
    """Return the values as float64, or raise ValueError naming the first that is not >= 0."""
    return _checked(values, "finite and >= 0", lambda array: array >= 0)


def finite(**values):
    """Return the values as float64, or raise ValueError naming the first that is not finite."""
    return _checked(values, "finite", np.isfinite)


def whole(**values):
    """Return the values as int64, or raise ValueError naming the first that is not a whole number >= 0."""
    checked = _checked(values, "a whole number >= 0", lambda array: (array >= 0) & (array == np.rint(array)))
    return np.asarray(checked).astype(np.int64)[()]

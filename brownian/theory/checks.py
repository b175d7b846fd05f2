"""Checks of arguments: a wrong value is named, with what would have been right."""

import numpy as np


def shortened(value):
    """The value as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # more digits than Python writes
        return f"a whole number of {value.bit_length()} bits"
    return text if len(text) <= 200 else f"{text[:200]}..."


def _checked(values, allowed, test):
    arrays = []
    for name, value in values.items():
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{name} must be {allowed}, got {shortened(value)}") from None
        if not np.all(np.isfinite(array) & test(array)):
            raise ValueError(f"{name} must be {allowed}, got {shortened(value)}")
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


def together(**values):
    """Return the values, broadcast to one shape, or raise ValueError naming their shapes where they have none."""
    try:
        return np.broadcast_arrays(*values.values())
    except ValueError:
        shapes = " and ".join(f"{name} of shape {np.shape(value)}" for name, value in values.items())
        raise ValueError(f"{shapes} can't be broadcast to one shape") from None


def single(**values):
    """Return the values, or raise ValueError naming the first that is an array."""
    for name, value in values.items():
        if np.ndim(value) > 0:
            raise ValueError(f"{name} must be one number, got shape {np.shape(value)}")
    return next(iter(values.values())) if len(values) == 1 else tuple(values.values())


def choice(allowed, where="", **values):
    """Return the one value, or raise ValueError naming it where it is not among those allowed."""
    ((name, value),) = values.items()
    if not (isinstance(value, str) and value in allowed):
        raise ValueError(f"{name} must be one of {', '.join(allowed)}{where}, got {shortened(value)}")
    return value


def evaluated(points, values=None, **functions):
    """What the one function says at points (arrays of one shape), as float64 of their shape; ValueError naming it.

    values: the shape of what it says, where that is another one.
    """
    ((name, function),) = functions.items()
    shape = points[0].shape if values is None else values
    if not callable(function):
        raise ValueError(f"{name} must be a function of {len(points)} array(s) of positions, got {shortened(function)}")
    answer = function(*points)
    try:
        value = np.asarray("nothing" if answer is None else answer, dtype=float)  # None would become nan
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must return numbers, got {shortened(answer)}") from None
    if value.ndim > 0 and value.shape != shape:
        wanted = "the same shape" if values is None else f"shape {values}"
        raise ValueError(f"{name} must map an array of shape {points[0].shape} to {wanted}, got {value.shape}")
    return np.broadcast_to(value, shape)

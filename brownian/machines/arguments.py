"""What may stand for the parameters and the states of a machine."""

import numpy as np

from ..schedule import positive_number


def numbers(name, values, shape, what):
    """The values as a finite, read-only float64 array of a shape (None: any length); errors name what is wrong."""
    try:
        array = np.array(values)
    except ValueError:  # lists of unequal lengths
        raise TypeError(f"{name} = {values!r}, but numbers are needed") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} = {values!r}, but numbers are needed")
    array = array.astype(np.float64)
    fits = array.ndim == len(shape) and all(
        n >= 1 and want in (None, n) for n, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} has shape {array.shape}, but {what} is needed")
    if not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name}: element {place} is {array[place]}, but all must be finite")
    array.flags.writeable = False
    return array


def symmetric(weights):
    """W as an array (units, units): symmetric, its diagonal zero."""
    array = numbers("weights", weights, (None, None), "(units, units)")
    if array.shape[0] != array.shape[1]:
        raise ValueError(f"weights have shape {array.shape}, but (units, units) is needed")
    if not np.array_equal(array, array.T):
        i, j = (int(k) for k in np.argwhere(array != array.T)[0])
        raise ValueError(f"weights: element {i, j} is {array[i, j]} and {j, i} is {array[j, i]}, but W is symmetric")
    if np.diagonal(array).any():
        i = int(np.flatnonzero(np.diagonal(array))[0])
        raise ValueError(f"weights: element {i, i} is {array[i, i]}, but the diagonal must be zero: use the biases")
    return array


def within_reach(*arrays):
    """Raise where sums of the parameters may overflow."""
    with np.errstate(over="ignore"):
        total = sum(float(np.abs(array).sum()) for array in arrays)
    if not np.isfinite(4.0 * total):
        raise ValueError(f"weights and biases add up to {total}, but sums of them must be finite")


def temperature(kT):
    """One thermal energy, positive and finite."""
    return positive_number("kT", kT)


def states_of(name, states, units, values):
    """States as an array (..., units): int8 of the two values, or float64 where ``values`` is None.

    Raises
    ------
    TypeError, ValueError
        for what are no numbers, another width, or a value that a unit can't have, with its row and column.
    """
    array = np.asarray(states)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: {array.dtype} values, but numbers are needed")
    if array.ndim < 1 or array.shape[-1] != units:
        raise ValueError(f"{name} has shape {array.shape}, but its last axis must be the {units} units")
    right = np.isfinite(array) if values is None else (array == values[0]) | (array == values[1])
    if not right.all():
        place = tuple(int(k) for k in np.argwhere(~right)[0])
        where = f"row {place[-2]}, column {place[-1]}" if len(place) > 1 else f"unit {place[-1]}"
        allowed = "finite" if values is None else f"{values[0]} or {values[1]}"
        raise ValueError(f"{name}: {where} is {array[place]}, but a unit's value must be {allowed}")
    return array.astype(np.float64 if values is None else np.int8)

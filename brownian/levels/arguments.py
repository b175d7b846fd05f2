"""What may stand for energies, degeneracies and temperatures."""

import numpy as np


def numbers(name, values):
    """The values as a float64 array of their own; TypeError where they are no real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:  # lists of unequal lengths
        raise TypeError(f"{name} = {values!r}, but numbers are needed") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} = {values!r}, but numbers are needed")
    return array.astype(np.float64)


def finite_energies(energies):
    """E_i as an array (levels,)."""
    array = numbers("energies", energies)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"energies have shape {array.shape}, but a list of at least one level is needed")
    wrong = ~np.isfinite(array)
    if wrong.any():
        raise ValueError(f"energies: level {wrong.argmax()} has {array[wrong][0]}, but energies must be finite")
    with np.errstate(over="ignore"):
        if not np.isfinite(np.ptp(array)):
            raise ValueError(f"energies go from {array.min()} to {array.max()}, but their range must be finite")
    return array


def positive_degeneracies(degeneracies, levels):
    """g_i as an array (levels,)."""
    array = np.ones(levels) if degeneracies is None else numbers("degeneracies", degeneracies)
    if array.shape != (levels,):
        raise ValueError(f"degeneracies have shape {array.shape}, but each of the {levels} energies needs one")
    wrong = ~((array > 0.0) & np.isfinite(array))
    if wrong.any():
        raise ValueError(
            f"degeneracies: level {wrong.argmax()} has {array[wrong][0]}, but they must be positive and finite"
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(array.sum()):
            raise ValueError(f"degeneracies go up to {array.max()}, but their sum must be finite")
    return array


def temperatures(kT):
    """Thermal energies as an array; 0 and infinity are allowed."""
    array = numbers("kT", kT)
    wrong = ~(array >= 0.0)
    if wrong.any():
        raise ValueError(f"kT = {array[wrong].flat[0]}, but it must be at least 0 (0 and infinity are allowed)")
    return array


def temperature(kT):
    """One thermal energy."""
    array = temperatures(kT)
    if array.ndim:
        raise ValueError(f"kT has shape {array.shape}, but one temperature is needed here")
    return array[()]

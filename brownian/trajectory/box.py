"""The periodic box of a file of another program, into which its positions may be wrapped."""

import h5py
import numpy as np

from .elements import particle_group
from .hdf5 import attribute, checked_dataset, member

MOST = 16  # components


def edges_of(file, wanted, dimension):
    """Edges of the box of a group of particles [L], infinite where it is not periodic; None where nothing is.

    ``boundary`` says for each component "periodic" or "none"; ``edges`` are numbers, a cubic matrix, or such as they
    were in each frame (then those of the first are taken).  What does not say so much says nothing.
    Source: H5MD 1.1, "Simulation box".
    """
    group = member(particle_group(file, wanted)[0], "box")
    if not isinstance(group, h5py.Group):
        return None
    periodic = _boundary(group)
    edges = _edges(group)
    if periodic is None or edges is None or not len(periodic) >= dimension <= len(edges):
        return None
    edges = np.where(periodic[:dimension], edges[:dimension], np.inf)
    return edges if np.all(edges > 0.0) and np.isfinite(edges).any() else None


def _boundary(group):
    if not h5py.h5a.exists(group.id, b"boundary"):
        return None
    held = h5py.h5a.open(group.id, b"boundary")
    if held.get_type().get_class() != h5py.h5t.STRING or not 0 < np.prod(held.shape, dtype=object) <= MOST:
        return None
    words = [word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
             for word in np.ravel(group.attrs["boundary"])]  # fmt: skip
    return np.array([word == "periodic" for word in (words * MOST if len(words) == 1 else words)])


def _edges(group):
    told = attribute(group, "edges")
    if told is None:
        inner = member(group, "edges")
        moving = isinstance(inner, h5py.Group)
        where, name, dimensions = (inner, "value", (2, 3)) if moving else (group, "edges", (0, 1, 2))
        held = checked_dataset(where, name, "fiu", dimensions)
        if held is None or np.prod(held.shape[moving:], dtype=object) > MOST**2 or 0 in held.shape:
            return None
        told = held[0] if moving else held[()]
    told = np.atleast_1d(np.asarray(told, dtype=np.float64))
    if told.ndim == 2 and told.shape[0] == told.shape[1] and not np.any(told - np.diag(np.diag(told))):
        told = np.diag(told)
    return np.repeat(told, MOST) if told.shape == (1,) else told if told.ndim == 1 else None

"""All observables of a run: they take in frames, and are kept in checkpoints as further slots of the state."""

import math

import numpy as np

from ..arguments import shortened
from .observable import Observable, Size


class Observer:
    """The observables of a run.

    Parameters
    ----------
    observables
        Name to ``Observable``; a list names them by their classes (a second one of a class: "Moments 2").
    particles, dimension, frames
        What is observed: all particles; the number of frames that will be at most.
    inertial
        Whether there are velocities.
    """

    def __init__(self, observables, particles, dimension, frames, *, inertial):
        self.observables = named(observables)
        self.size, self.frames = Size(particles, dimension, frames), 0
        self.kept = {}
        for name, observable in self.observables.items():
            observable.check(self.size)
            if observable.of == "velocities" and not inertial:
                raise ValueError(f"{name} looks at velocities, but overdamped dynamics has none (of='positions')")
            self.kept[name] = {key: np.zeros(shape) for key, shape in observable.shapes(self.size).items()}

    @property
    def velocities(self):
        """Whether any observable looks at velocities."""
        return any(observable.of == "velocities" for observable in self.observables.values())

    @property
    def numbers(self):
        """How many numbers there are to remember."""
        return 1 + sum(array.size for arrays in self.kept.values() for array in arrays.values())

    def add(self, positions, velocities):
        """Take in frames, arrays (frames, particles, dimension) of float64."""
        for k in range(len(positions)):
            for name, observable in self.observables.items():
                x = positions[k] if observable.of == "positions" else velocities[k]
                observable.add(self.kept[name], self.size, self.frames, x[: self.size.particles])
            self.frames += 1

    def pack(self):
        """All there is to remember as one array of numbers."""
        arrays = [array.ravel() for kept in self.kept.values() for array in kept.values()]
        return np.concatenate([[float(self.frames)], *arrays])

    def unpack(self, numbers):
        """Go on from what ``pack`` gave."""
        self.frames, at = int(numbers[0]), 1
        for kept in self.kept.values():
            for array in kept.values():
                array[...] = numbers[at : at + array.size].reshape(array.shape)
                at += array.size

    def results(self, interval):
        """Name to what was found; ``interval``: time between observed frames [T]."""
        return {
            name: observable.result(self.kept[name], self.size, self.frames, interval)
            for name, observable in self.observables.items()
        }


def named(observables):
    """Observables by name, from a dict or a list."""
    if isinstance(observables, Observable):
        observables = [observables]
    if not isinstance(observables, dict | list | tuple):
        raise TypeError(f"observe = {shortened(observables)}, but a list or a dict of observables is needed")
    given = observables.items() if isinstance(observables, dict) else enumerate(observables)
    for name, observable in given:
        if not isinstance(observable, Observable):
            raise TypeError(
                f"observe[{shortened(name)}] = {shortened(observable)}, but Moments(...), Histogram(...), "
                "Populations(...), MeanSquaredDisplacement(...) or Autocorrelation(...) is needed"
            )
    if not isinstance(observables, dict):
        found: dict[str, Observable] = {}
        for observable in observables:
            name = type(observable).__name__
            count = sum(key.split()[0] == name for key in found)
            found[f"{name} {count + 1}" if count else name] = observable
        observables = found
    return observables


def rows_needed(numbers, particles, dimension):
    """Slots of shape (particles, dimension) that hold so many numbers."""
    return math.ceil(numbers / (particles * dimension))


def pack_state(state, observer, particles):
    """A state, and what an observer remembers, as slots of ``particles``: those whose frames are kept.

    Where all particles are kept the state's own slots come first, as they are.
    """
    if observer is None and particles == state.shape[1]:
        return state
    numbers = state.ravel() if observer is None else np.concatenate([state.ravel(), observer.pack()])
    slots = rows_needed(len(numbers), particles, state.shape[2])
    packed = np.zeros(slots * particles * state.shape[2])
    packed[: len(numbers)] = numbers
    return packed.reshape(slots, particles, -1)


def unpack_state(packed, shape):
    """The state of that shape, and the numbers that follow it."""
    size = math.prod(shape)
    return packed.reshape(-1)[:size].reshape(shape), packed.reshape(-1)[size:]

"""Random numbers as a function: noise = Philox(seed; step, particle, component, purpose).

Nothing is stored and nothing is consumed.  The same normals come back on any number of threads, in any chunking of a
run, after any restart, and for particle k alone or among 10^5; any step can be asked for again.

One call of Philox4x32-10 gives 128 bits: four normals, for four consecutive steps of one coordinate.

    counter = (step // 4, 64 bits | particle, 32 bits | component, 24 bits | purpose, 8 bits),    key = seed, 64 bits

Source: Salmon, Moraes, Dror, Shaw, SC'11 (2011), doi:10.1145/2063384.2063405 (Philox).
"""

from typing import NamedTuple

import numpy as np

from .box_muller import normal_pair, normal_pair32
from .caching import compiled_for
from .compiled import address, by_address, inlined, method

STEPS_PER_CALL = 4
MAX_PARTICLES = 2**32
MAX_COMPONENTS = 2**24
# Purposes: STEP + k is the k-th normal of a coordinate in a step; the others never meet it.
STEP, START_POSITION, START_VELOCITY, START_CHOICE = 0, 16, 17, 18
START_MEMORY = 20  # + k: of the k-th mode
CROSSING, TOUCHING = 33, 34  # of a wall, inside of a step: whether, and when
LEVEL = 32  # moves between discrete levels
EXCHANGE = 35  # of replicas
VISIBLE, HIDDEN, START_UNITS = 40, 42, 44  # of Boltzmann machines; + 1: the lower bits of their uniforms
ORDER, PERTURBATION, DIRECTION, WEIGHTS, CHAINS = 50, 51, 52, 53, 54  # of learning

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@inlined
def philox(c0, c1, c2, c3, key0, key1):
    """Philox4x32-10: four words of counter and two of key to four random words (each 32 bits in a uint64)."""
    for _ in range(10):
        product0 = _MULTIPLY_0 * c0
        product1 = _MULTIPLY_1 * c2
        c0 = (product1 >> _32) ^ c1 ^ key0
        c1 = product1 & _LOW
        c2 = (product0 >> _32) ^ c3 ^ key1
        c3 = product0 & _LOW
        key0 = (key0 + _WEYL_0) & _LOW
        key1 = (key1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@inlined
def _fill_words(words, count, group, along_groups, particle, along_particles, low, seed):
    """words[:, j] = the call for step group ``group + j`` or particle ``particle + j`` (the masks say which)."""
    key0, key1 = seed & _LOW, seed >> _32
    for j in range(count):
        g = group + (np.uint64(j) & along_groups)
        p = particle + (np.uint64(j) & along_particles)
        words[0, j], words[1, j], words[2, j], words[3, j] = philox(g & _LOW, g >> _32, p, low, key0, key1)


@inlined
def _to_normals(words, first, out0, out1):
    for j in range(out0.shape[0]):
        out0[j], out1[j] = normal_pair(np.uint64(words[first, j]), np.uint64(words[first + 1, j]))


@inlined
def _to_normals32(words, first, out0, out1):
    for j in range(out0.shape[0]):
        out0[j], out1[j] = normal_pair32(words[first, j], words[first + 1, j])


_ALL, _NONE = np.uint64(2**64 - 1), np.uint64(0)
_WIDE = 16  # lanes from which one call per lane fills the vector registers; below, many steps are drawn at once


@inlined
def _low_word(component, purpose):
    return np.uint64(component) << np.uint64(8) | np.uint64(purpose)


@inlined
def _draw(noise, transform, z, row, words, first_step, first_particle, purpose):
    """z[step, kind, component, lane]: the normals of steps ``first_step ...`` (a multiple of 4) on."""
    steps, kinds, dimension, lanes = z.shape
    group, particle = np.uint64(first_step // STEPS_PER_CALL), np.uint64(first_particle)
    groups = steps // STEPS_PER_CALL
    for kind in range(kinds):
        for d in range(dimension):
            low = _low_word(d, purpose + kind)
            if lanes >= _WIDE:
                for g in range(groups):
                    _fill_words(words, lanes, group + np.uint64(g), _NONE, particle, _ALL, low, noise.seed)
                    transform(words, 0, z[4 * g, kind, d], z[4 * g + 1, kind, d])
                    transform(words, 2, z[4 * g + 2, kind, d], z[4 * g + 3, kind, d])
            else:
                for i in range(lanes):
                    _fill_words(words, groups, group, _ALL, particle + np.uint64(i), _NONE, low, noise.seed)
                    for half in range(0, 4, 2):
                        transform(words, half, row[0, :groups], row[1, :groups])
                        for g in range(groups):
                            z[4 * g + half, kind, d, i] = row[0, g]
                            z[4 * g + half + 1, kind, d, i] = row[1, g]


@inlined
def fill_chances(chances, noise, step, first_particle):
    """chances[k, i] = 32 random bits of particle ``first_particle + i`` for step 4 (step // 4) + k: whether it
    touches.
    """
    low, lanes = _low_word(0, CROSSING), chances.shape[1]
    group = np.uint64(step // STEPS_PER_CALL)
    _fill_words(chances, lanes, group, _NONE, np.uint64(first_particle), _ALL, low, noise.seed)


@inlined
def normal_and_uniform(noise, step, particle):
    """A normal and a uniform in (0, 1) of one particle and step: when it touches."""
    g, key = np.uint64(step), noise.seed
    low = _low_word(0, TOUCHING)
    a, b, c, _ = philox(g & _LOW, g >> _32, np.uint64(particle), low, key & _LOW, key >> _32)
    return normal_pair(a, b)[0], (np.float64(c) + 0.5) * 2.3283064365386963e-10


class Philox(NamedTuple):
    """Standard normals in float64 arithmetic (``noise="float64"``), 32 random bits each."""

    seed: np.uint64

    def buffer(self, steps, kinds, dimension, lanes):
        return np.empty((steps, kinds, dimension, lanes), np.float64)

    def draw(self, z, row, words, first_step, first_particle, purpose):
        _draw(self, _to_normals, z, row, words, first_step, first_particle, purpose)


class PhiloxFloat32(NamedTuple):
    """Standard normals in float32 arithmetic (``noise="float32"``), 32 random bits each; the state stays float64."""

    seed: np.uint64

    def buffer(self, steps, kinds, dimension, lanes):
        return np.empty((steps, kinds, dimension, lanes), np.float32)

    def draw(self, z, row, words, first_step, first_particle, purpose):
        _draw(self, _to_normals32, z, row, words, first_step, first_particle, purpose)


class Given(NamedTuple):
    """Normals from an array: ``values[step - first_step, kind, particle, component]``, zero outside of it."""

    values: np.ndarray
    first_step: int

    def buffer(self, steps, kinds, dimension, lanes):
        return np.empty((steps, kinds, dimension, lanes), np.float64)

    def draw(self, z, row, words, first_step, first_particle, purpose):
        z[:] = 0.0
        if purpose == STEP:
            start = first_step - self.first_step
            for s in range(max(0, -start), min(z.shape[0], self.values.shape[0] - start)):
                for kind in range(z.shape[1]):
                    for i in range(min(z.shape[3], self.values.shape[2] - first_particle)):
                        for d in range(min(z.shape[2], self.values.shape[3])):
                            z[s, kind, d, i] = self.values[start + s, kind, first_particle + i, d]


@method
def buffer(noise, steps, kinds, dimension, lanes):
    """An array for ``draw``."""
    return noise.buffer(steps, kinds, dimension, lanes)


@method
def draw(noise, z, row, words, first_step, first_particle, purpose):
    """Fill z with the normals of its steps, from ``first_step`` (a multiple of 4) and ``first_particle`` on."""
    noise.draw(z, row, words, first_step, first_particle, purpose)


def address_of_draw(noise):
    """Where ``noise.draw`` stands in memory: compiled once for each noise, and not again with every potential."""
    z, row = noise.buffer(STEPS_PER_CALL, 1, 1, 1), noise.buffer(1, 1, 2, 1)[0, 0]
    words = np.empty((STEPS_PER_CALL, 1), np.uint32)
    return address(compiled_for(type(noise).draw, noise), noise, z, row, words, 0, 0, STEP)


@by_address
def draw_at(place, noise, z, row, words, first_step, first_particle, purpose):
    """``draw``, by its address."""
    draw(noise, z, row, words, first_step, first_particle, purpose)


def normals_at(noise, step, steps, *, first_particle, particles, dimension, kinds=1, purpose=STEP):
    """The normals of any stretch of steps, as a simulation sees them; shape (steps, kinds, particles, dimension)."""
    start = step // STEPS_PER_CALL * STEPS_PER_CALL
    window = -(-(step + steps - start) // STEPS_PER_CALL) * STEPS_PER_CALL
    out = np.empty((steps, kinds, particles, dimension), np.float64)
    few = steps * kinds * particles * dimension <= 128
    run = type(noise).draw if few else compiled_for(type(noise).draw, noise)
    for first in range(0, particles, 65536):
        count = min(65536, particles - first)
        z = noise.buffer(window, kinds, dimension, count)
        row = noise.buffer(1, 1, 2, window // STEPS_PER_CALL)[0, 0]
        words = np.empty((4, max(count, window // STEPS_PER_CALL)), np.uint32)
        with np.errstate(over="ignore"):
            run(noise, z, row, words, start, first_particle + first, purpose)
        out[:, :, first : first + count] = z[step - start : step - start + steps].transpose(0, 1, 3, 2)
    return out


def uniforms_at(seed, *, first_particle, particles, component, purpose, step=0):
    """Four uniforms in (0, 1) per particle, of 32 bits each, of a step; shape (particles, 4)."""
    particle = np.uint64(first_particle) + np.arange(particles, dtype=np.uint64)
    zero = np.zeros(particles, np.uint64)
    key, count = np.uint64(seed), np.uint64(step)
    low = zero + (np.uint64(component) << np.uint64(8) | np.uint64(purpose))
    words = philox(
        zero + (count & _LOW), zero + (count >> _32), particle, low, zero + (key & _LOW), zero + (key >> _32)
    )
    return (np.stack(words, axis=1).astype(np.float64) + 0.5) * 2.0**-32

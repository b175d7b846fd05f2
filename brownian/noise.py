"""Random numbers as a function: noise = Philox(seed; step, particle, component, purpose).

Nothing is stored and nothing is consumed.  The same normals come back on any number of threads, in any chunking of a
run, after any restart, and for particle k alone or among 10^5; any step can be asked for again.

One call of Philox4x32-10 gives 128 bits: four normals, for four consecutive steps of one coordinate.

    counter = (step // 4, 64 bits | particle, 32 bits | component, 24 bits | purpose, 8 bits),    key = seed, 64 bits

Sources: Salmon, Moraes, Dror, Shaw, SC'11 (2011), doi:10.1145/2063384.2063405 (Philox); Box and Muller, Ann. Math.
Stat. 29, 610 (1958).
"""

import math
from typing import NamedTuple

import numpy as np

from .caching import compiled_for
from .compiled import bits, bits32, fma, from_bits, from_bits32, inlined, method

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


_9, _11, _23, _31, _52 = np.uint64(9), np.uint64(11), np.uint64(23), np.uint64(31), np.uint64(52)
_ONE, _HALF_41, _HALF_21 = np.uint64(0x3FF << 52), np.uint64(1 << 10), np.uint64(1 << 30)
_ANGLE, _MANTISSA = np.uint64((1 << 21) - 1), np.uint64((1 << 52) - 1)
_SQRT_HALF, _TO_ONE = np.uint64(0x3FE6A09E << 32), np.uint64((0x3FF00000 - 0x3FE6A09E) << 32)
_SIGN, _41, _42 = np.uint64(1 << 63), np.uint64(41), np.uint64(42)
_BIAS = np.int64(1023)


@inlined
def normal_pair(a, b):
    """Two independent standard normals from two random words, by Box and Muller in float64 arithmetic.

    r = sqrt(-2 ln u) with u = (j + 1/2) / 2^41, j the 32 bits of a and the upper 9 of b; the angle is
    (i + 1/2) / 2^23 of a turn, i the lower 23 bits of b.  Largest value 7.63 (exceeded by a true normal with
    probability 2.3e-14); smallest r 6.7e-7.  Midpoints make the angular moments exact; the variance misses 1.6e-13.
    """
    u = from_bits(_ONE | (((a << _9) | (b >> _23)) << _11) | _HALF_41) - 1.0
    # u = 2^k m with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m - 1) / (m + 1)), minimax in the square: 5e-16 * z
    pattern = bits(u) + _TO_ONE
    k = np.float64(np.uint64(pattern >> _52).view(np.int64) - _BIAS)
    m = from_bits((pattern & _MANTISSA) + _SQRT_HALF)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    q = fma(z, -0.29233751367094630, -0.3066336802024175)
    q = fma(z, q, -0.36365780737866936)
    q = fma(z, q, -0.44444422231670956)
    q = fma(z, q, -0.57142857252212180)
    q = fma(z, q, -0.7999999999979836)
    q = fma(z, q, -1.333333333333334)
    q = fma(z, q, -4.0)
    r = math.sqrt(fma(k, -1.3862943611198906, s * q))
    # The angle within a quadrant, from its middle, in quarter turns: v in (-1/2, 1/2).  cos and sin of it over sqrt(2),
    # minimax in v^2 (6e-17, 3e-18); their difference and sum are cos and sin in the first quadrant; then two signs.
    v = from_bits(_ONE | ((b & _ANGLE) << _31) | _HALF_21) - 1.5
    w = v * v
    p = fma(w, 3.983642401822241e-08, -2.5446239893703794e-06)
    p = fma(w, p, 0.00011344902535350211)
    p = fma(w, p, -0.0033105000947852236)
    p = fma(w, p, 0.056351196429139626)
    p = fma(w, p, -0.4567655937497135)
    p = fma(w, p, 1.1107207345395915) * v
    c = fma(w, 3.291311707496504e-07, -1.7819150379037043e-05)
    c = fma(w, c, 0.000650014934121439)
    c = fma(w, c, -0.014752708705500522)
    c = fma(w, c, 0.1793714292161699)
    c = fma(w, c, -0.8723580249548452)
    c = fma(w, c, 0.7071067811865475)
    return (
        from_bits(bits(r * (c - p)) ^ ((b << _41) & _SIGN)),
        from_bits(bits(r * (c + p)) ^ ((b << _42) & _SIGN)),
    )


_SINGLE = np.float32
_ONE32, _LN2_32 = np.float32(1.0), np.float32(-2.0 * math.log(2.0))
_2_32, _2_33 = np.float32(2.0**-32), np.float32(2.0**-33)
_23U, _2U, _1U, _BIAS32 = np.uint32(23), np.uint32(2), np.uint32(1), np.int32(127)
_MANTISSA32, _SIGN32 = np.uint32((1 << 23) - 1), np.uint32(1 << 31)
_SQRT_HALF32, _TO_ONE32 = np.uint32(0x3F3504F3), np.uint32(0x3F800000 - 0x3F3504F3)
_L3, _L2, _L1, _L0 = (np.float32(x) for x in (-0.5916102, -0.7997753, -1.3333337, -4.0))
_S3, _S2, _S1, _S0 = (np.float32(x) for x in (-0.0032538636, 0.05634229182, -0.45676514320, 1.11072073094))
_C3, _C2, _C1, _C0 = (np.float32(x) for x in (-0.0144239754, 0.17931870644, -0.87235527588, 0.70710675813))


@inlined
def normal_pair32(a, b):
    """Two independent standard normals from two random words, by Box and Muller in float32 arithmetic.

    r = sqrt(-2 ln u) with u = (a + 1/2) / 2^32, the angle b / 2^32 of a turn, both rounded to float32.  Largest value
    6.76 (exceeded by a true normal with probability 1.3e-11); the values carry 24 bits.
    """
    u = fma(_SINGLE(a), _2_32, _2_33)
    pattern = np.uint32(bits32(u) + _TO_ONE32)
    k = _SINGLE(np.uint32(pattern >> _23U).view(np.int32) - _BIAS32)
    m = from_bits32(np.uint32((pattern & _MANTISSA32) + _SQRT_HALF32))
    s = (m - _ONE32) / (m + _ONE32)
    z = s * s
    q = fma(fma(fma(_L3, z, _L2), z, _L1), z, _L0)
    r = _SINGLE(math.sqrt(fma(k, _LN2_32, s * q)))
    v = _SINGLE(np.uint32(b << _2U).view(np.int32)) * _2_32
    w = v * v
    p = fma(fma(fma(_S3, w, _S2), w, _S1), w, _S0) * v
    c = fma(fma(fma(_C3, w, _C2), w, _C1), w, _C0)
    return (
        from_bits32(np.uint32(bits32(r * (c - p)) ^ (b & _SIGN32))),
        from_bits32(np.uint32(bits32(r * (c + p)) ^ ((b << _1U) & _SIGN32))),
    )


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


def _draw_entry(noise, z, row, words, first_step, first_particle, purpose):
    draw(noise, z, row, words, first_step, first_particle, purpose)


def normals_at(noise, step, steps, *, first_particle, particles, dimension, kinds=1, purpose=STEP):
    """The normals of any stretch of steps, as a simulation sees them; shape (steps, kinds, particles, dimension)."""
    start = step // STEPS_PER_CALL * STEPS_PER_CALL
    window = -(-(step + steps - start) // STEPS_PER_CALL) * STEPS_PER_CALL
    out = np.empty((steps, kinds, particles, dimension), np.float64)
    few = steps * kinds * particles * dimension <= 128
    run = _draw_entry if few else compiled_for(_draw_entry, noise)
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

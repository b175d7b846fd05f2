"""Noise in the orders in which simulations use it, as a stream of bytes for a battery of statistical tests.

A stream is a box of random numbers (variants, steps, kinds, components, particles), filled by the library's own
functions and read in the stream's order, then the next box, further along the steps or the seeds.  A variant is a seed
or a purpose.  Words enter whole, 32 bits.  A normal x enters as the leading 24 bits of Phi(x), four of them in three
words: Phi stretches the grid of the values of x, so lower bits would show the grid and say nothing of x.
"""

import functools
import math
import types
from typing import NamedTuple

import numba
import numpy as np

from brownian import noise
from brownian.noise import Philox, PhiloxFloat32, draw, philox

compiled = numba.njit(nogil=True, error_model="numpy")
PURPOSES = 64  # all that are in use, and those between them


class Stream(NamedTuple):
    """A box of random numbers, the order in which it is read, and how the next one follows."""

    text: str
    shape: tuple  # variants, steps, kinds, components, particles
    order: str  # slowest to fastest: letters of "vskcp"
    source: str = "float64"  # float64 or float32 normals, or words
    by_seed: bool = False  # variants are seeds, and the next box has further ones; else purposes, and further steps


STREAMS = {
    "simulation": Stream("step by step, particle by particle, component by component", (1, 4, 1, 3, 16384), "svpkc"),
    "simulation float32": Stream("the same, float32 noise", (1, 4, 1, 3, 16384), "svpkc", "float32"),
    "simulation words": Stream("the same, raw words", (1, 4, 1, 3, 16384), "svpkc", "words"),
    "one particle": Stream("all steps of one particle", (1, 2**17, 1, 1, 1), "svpkc"),
    "one particle float32": Stream("the same, float32 noise", (1, 2**17, 1, 1, 1), "svpkc", "float32"),
    "seeds": Stream("seeds 0, 1, 2, ... at one particle and step", (2**16, 4, 1, 1, 1), "svpkc", by_seed=True),
    "seeds words": Stream("the same, raw words", (2**16, 4, 1, 1, 1), "svpkc", "words", True),
    "components": Stream("two normals each of 1024 components, per step of a particle", (1, 4, 2, 1024, 16), "psvkc"),
    "purposes": Stream("purposes 0 ... 63 in turn, per step of a particle", (PURPOSES, 4, 1, 1, 1024), "spvkc"),
    "purposes words": Stream("the same, raw words", (PURPOSES, 4, 1, 1, 1024), "spvkc", "words"),
}  # fmt: skip
CONTROL = {"PCG64DXSM": "another generator: NumPy's, raw words"}
# What a battery must catch: errors planted in "simulation" or "simulation words", and a generator known to be bad.
PLANTED = {
    "two rounds": "Philox with 2 of its 10 rounds, raw words",
    "shared noise": "particles 2 k and 2 k + 1 get the same normals",
    "recycled noise": "every fourth step draws its normals anew, the others use those of the step before",
    "too wide": "normals 0.1 % too large",
    "RANDU": "the generator RANDU, x' = 65539 x mod 2^31",
}


def weakened(rounds):
    """The library's Philox with fewer rounds."""
    code = philox.__code__
    fewer = code.replace(co_consts=tuple(rounds if constant == 10 else constant for constant in code.co_consts))
    return types.FunctionType(fewer, philox.__globals__, f"philox_{rounds}")


def normals_into(kind):
    """The compiled function that fills a box of normals by the library's ``draw``."""

    def fill(z, row, words, seed, step, particle, next_seed, next_purpose):
        for v in range(z.shape[0]):
            draw(kind(seed + np.uint64(v) * next_seed), z[v], row, words, step, particle, v * next_purpose)

    return compiled(fill)


def words_into(generator):
    """The compiled function that fills a box of raw words by ``generator``, laid out as ``noise`` says."""
    generate, low_word = compiled(generator), noise._low_word
    mask, half = np.uint64(2**32 - 1), np.uint64(32)

    def fill(z, row, words, seed, step, particle, next_seed, next_purpose):
        for v in range(z.shape[0]):
            key = seed + np.uint64(v) * next_seed
            for s in range(0, z.shape[1], 4):
                g = np.uint64((step + s) // 4)
                for k in range(z.shape[2]):
                    for c in range(z.shape[3]):
                        low = low_word(c, v * next_purpose + k)
                        for p in range(z.shape[4]):
                            four = generate(g & mask, g >> half, np.uint64(particle + p), low, key & mask, key >> half)
                            for j in range(4):
                                z[v, s + j, k, c, p] = four[j]

    return compiled(fill)


_NODES = 4096  # of Phi on [-8, 8]; beyond, its 24 leading bits are all 0 or all 1
_GRID = (np.arange(_NODES) + 0.5) * (16.0 / _NODES) - 8.0
_PHI = np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in _GRID])
_SLOPE = np.exp(-0.5 * _GRID**2) / math.sqrt(2.0 * math.pi)


@compiled
def leading_bits(x, u):
    """Write into u the leading 24 bits of Phi(x): the Taylor series at the nearest of 4096 points, to 1e-12."""
    for i in range(x.size):
        t = min(max(np.float64(x[i]), -7.999), 7.999)
        n = np.int64((t + 8.0) * (_NODES / 16.0))
        node = _GRID[n]
        h = t - node
        phi = _PHI[n] + _SLOPE[n] * h * (1.0 - h * (node / 2.0 - h * (node * node - 1.0) / 6.0))
        u[i] = np.uint32(min(max(phi, 0.0), 1.0 - 2.0**-25) * 16777216.0)


@compiled
def packed(u, out):
    """Four numbers of 24 bits into three words of 32, first bits first."""
    for i in range(u.size // 4):
        a, b, c, d = u[4 * i], u[4 * i + 1], u[4 * i + 2], u[4 * i + 3]
        out[3 * i] = (a << np.uint32(8)) | (b >> np.uint32(16))
        out[3 * i + 1] = (b << np.uint32(16)) | (c >> np.uint32(8))
        out[3 * i + 2] = (c << np.uint32(24)) | d


@compiled
def randu(x, out):
    """Fill out with the 31 bits of RANDU, moved to the upper end of the word."""
    for i in range(out.size):
        x = (np.uint64(65539) * x) & np.uint64(2**31 - 1)
        out[i] = np.uint32(x << np.uint64(1))
    return x


@functools.cache
def _filler(source, weak):
    if source == "words":
        return words_into(weakened(2) if weak else philox)
    return normals_into(PhiloxFloat32 if source == "float32" else Philox)


class Source:
    """The chunks of a stream, one after another.

    Parameters
    ----------
    name
        A key of ``STREAMS``, ``CONTROL`` or ``PLANTED``.
    start
        The step, or seed, at which the stream begins.
    """

    def __init__(self, name, start=0):
        self.name = name
        self.stream = STREAMS.get(name, STREAMS["simulation"])
        self.seed = start if self.stream.by_seed else 0
        self.step = 0 if self.stream.by_seed else start
        self.state = np.uint64(2 * (start // 2**34) + 1)  # of RANDU
        self.control = np.random.Generator(np.random.PCG64DXSM(start))
        source = "words" if name == "two rounds" else self.stream.source
        self.normal = source != "words"
        kind = {"words": np.uint32, "float32": np.float32, "float64": np.float64}[source]
        self.box = np.empty(self.stream.shape, kind)
        _, steps, _, _, lanes = self.stream.shape
        self.row = np.empty((2, steps // 4), kind)
        self.words = np.empty((4, max(lanes, steps // 4)), np.uint32)
        self.fill = _filler(source, name == "two rounds")

    def numbers(self):
        """The next chunk, in order: normals or words."""
        by_seed = self.stream.by_seed
        seed, next_seed = np.uint64(self.seed), np.uint64(by_seed)
        self.fill(self.box, self.row, self.words, seed, self.step, 0, next_seed, int(not by_seed))
        if by_seed:
            self.seed += self.stream.shape[0]
        else:
            self.step += self.stream.shape[1]
        box = self.box
        if self.name == "shared noise":
            box[..., 1::2] = box[..., ::2]
        elif self.name == "recycled noise":
            box[:, 1:] = box[:, :1]
        elif self.name == "too wide":
            box *= 1.001
        return np.ascontiguousarray(box.transpose(["vskcp".index(axis) for axis in self.stream.order])).ravel()

    def chunk(self):
        """The next chunk as 32-bit words for a battery."""
        if self.name in CONTROL:
            return self.control.integers(2**32, size=2**17, dtype=np.uint32)
        if self.name == "RANDU":
            words = np.empty(2**17, np.uint32)
            self.state = randu(self.state, words)
            return words
        numbers = self.numbers()
        if not self.normal:
            return numbers
        u, words = np.empty(numbers.size, np.uint32), np.empty(numbers.size // 4 * 3, np.uint32)
        leading_bits(numbers, u)
        packed(u, words)
        return words

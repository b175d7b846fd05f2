"""How a binary unit is set: on where a uniform of 64 bits lies below sigma(x) = 1 / (1 + e^-x), decided in two stages.

First in float32, for a vector of units or chains at once: the upper 16 bits of the uniform against sigma(x), with a
margin that bounds every rounding error.  What is too close to call (about one unit in 30 000) is settled in float64,
with all 64 bits.  So every decision is that of the second stage, at the price of the first; the margin changes no bit.

The second stage takes sigma from its small side, e / (1 + e) with e = exp(-abs(x)), against u or 1 - u: the probability
of the rarer value of a unit misses by less than 2^-65 plus 1e-15 of itself, however rare it is.

One call of the noise has 128 bits: the upper 16 of eight units, for u = 8 q + 4 half + i in call q, word i, the lower
half first.  The lower 48 bits of a unit come from a call of its own, made where they are needed.
"""

import numpy as np

from ..compiled import bits32, fma, from_bits32, inlined
from ..noise import HIDDEN as HIDDEN
from ..noise import START_UNITS, philox
from ..noise import VISIBLE as VISIBLE
from ..vectormath import exp, log1p

START = START_UNITS
UNITS_PER_CALL = 8

BASE_MARGIN = 2.0**-20  # bounds the float32 arithmetic of `decide` itself (6e-7 of sigma)
ROUNDING = 2.0**-24  # of float32

ALONG, FIXED = np.uint64(2**64 - 1), np.uint64(0)  # masks for `fill_words`
_LOW, _32, _16, _8 = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(16), np.uint64(8)
_LOW16, _LOW48 = np.uint64(0xFFFF), np.uint64(2**48 - 1)
_TWO_48, _TWO_16 = 281474976710656.0, 65536.0
_SINGLE = np.float32
_16U, _23U, _BIAS32, _LOW16U = np.uint32(16), np.uint32(23), np.uint32(127), np.uint32(0xFFFF)
_ONE, _ALL_16, _LARGEST = _SINGLE(1.0), _SINGLE(65536.0), _SINGLE(115.0)
_LOG2_E = _SINGLE(1.4426950408889634)
_TO_INTEGER = _SINGLE(12582912.0)  # 1.5 * 2**23: what is added to it is rounded to an integer
# 2**r on [-1/2, 1/2], least squares at Chebyshev points of the relative error, 2e-7
_P0, _P1, _P2 = _SINGLE(1.0000001192092896), _SINGLE(0.6931469440460205), _SINGLE(0.24022121727466583)
_P3, _P4, _P5 = _SINGLE(0.05550742521882057), _SINGLE(0.009675459936261177), _SINGLE(0.0013266970636323094)


@inlined
def inverse_sigmoid32(x):
    """1 + e^-x in float32, to 6e-7 of itself for x within -79 ... 79; a nan stays one."""
    y = max(min(x * -_LOG2_E, _LARGEST), -_LARGEST)
    shifted = y + _TO_INTEGER
    r = y - (shifted - _TO_INTEGER)
    p = fma(r, fma(r, fma(r, fma(r, fma(r, _P5, _P4), _P3), _P2), _P1), _P0)
    power = from_bits32(np.uint32(np.uint32(bits32(shifted) + _BIAS32) << _23U))
    return fma(p, power, _ONE)


@inlined
def decide(x, draws, margin, on, unsure):
    """on[i] = 1 where a uniform that begins with the 16 bits draws[i] is surely below sigma(x[i]), else 0; returns
    whether any is unsure.  The margin is in units of 2^-16.
    """
    some = np.int32(0)
    above = _ONE + margin
    for i in range(x.size):
        d = inverse_sigmoid32(x[i])
        yes, no = np.int32((draws[i] + above) * d < _ALL_16), np.int32((draws[i] - margin) * d >= _ALL_16)
        doubt = np.int32(np.int32(1) - np.int32(yes | no))
        on[i], unsure[i] = yes, doubt
        some = np.int32(some | doubt)
    return some


@inlined
def below_sigmoid(x, upper, lower):
    """Whether (2^48 upper + lower + 1/2) / 2^64 < sigma(x), with 16 and 48 bits."""
    e = exp(-abs(x))
    q = e / (1.0 + e) * _TWO_16  # of the rarer value
    upper = _LOW16 - upper if x > 0.0 else upper
    lower = _LOW48 - lower if x > 0.0 else lower
    rare = np.float64(lower) + 0.5 < (q - np.float64(upper)) * _TWO_48
    return rare != (x > 0.0)


@inlined
def settle(x, draw, sweep, chain, unit, purpose, seed):
    """Whether a unit of input x is on, with all 64 bits of its uniform, the first 16 of which are ``draw``."""
    c3 = unit << _8 | np.uint64(purpose + 1)
    a, b, _, _ = philox(sweep & _LOW, sweep >> _32, chain, c3, seed & _LOW, seed >> _32)
    return below_sigmoid(x, np.uint64(draw), (a & _LOW16) << _32 | b)


@inlined
def softplus(x):
    """ln(1 + e^x)."""
    return max(x, 0.0) + log1p(exp(-abs(x)))


@inlined
def fill_words(words, sweep, chain, along_chains, call, along_calls, purpose, seed):
    """words[j, i]: the call for ``chain + i`` or unit group ``call + i`` (the masks say which) in a sweep."""
    key0, key1, c0, c1 = seed & _LOW, seed >> _32, sweep & _LOW, sweep >> _32
    for i in range(words.shape[1]):
        c2 = chain + (np.uint64(i) & along_chains)
        c3 = (call + (np.uint64(i) & along_calls)) << _8 | np.uint64(purpose)
        words[0, i], words[1, i], words[2, i], words[3, i] = philox(c0, c1, c2, c3, key0, key1)


@inlined
def fill_draws(halves, row, draws):
    """Take from row ``row`` of the words, seen as half words, the upper 16 bits of uniforms."""
    for i in range(draws.size):
        draws[i] = _SINGLE(np.int32(halves[row, i]))

"""From random bits to normals, by Box and Muller: branch-free polynomials, so that whole vectors go through them.

Source: Box and Muller, Ann. Math. Stat. 29, 610 (1958).
"""

import math

import numpy as np

from .compiled import bits, bits32, fma, from_bits, from_bits32, inlined

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

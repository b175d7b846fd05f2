"""Elementary functions of float64 that become vector code, with the same bits wherever they run.

Each function is straight-line arithmetic on one value: no table, no library call, no branch (the choices become
selects), so that a loop over it vectorises.  It consists of +, -, *, /, fma, comparisons and operations on bits, each
of them exact or correctly rounded: vector code, scalar code and the interpreter agree bit for bit (but for the payload
of a nan).  Nothing here raises or warns; arguments outside the domain give nan or an infinity.

The accuracies stated, in units in the last place of the exact result, bound the errors found with over 10 million
arguments of each function, against 64-bit mantissas and, for the worst of them, mpmath.  The polynomials are minimax
ones: Remez exchange in 60 digits, coefficients then rounded to float64 in turn, lowest first, the others refitted.
"""

import math
from math import isnan

import numpy as np

from .compiled import bits, fma, from_bits, inlined

__all__ = ["cos", "exp", "expm1", "log", "log1p", "pow", "sin", "sincos", "sqrt", "tanh"]

_INF, _NAN = np.float64(np.inf), np.float64(np.nan)
_SMALLEST, _NORMAL, _LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
_ONE, _THREE, _TWELVE_BITS = np.uint64(1), np.uint64(3), np.uint64(0xFFF)
_WIDTH = np.uint64(52)  # of the mantissa
_MANTISSA = np.uint64((1 << 52) - 1)
_SIGN_PLACE, _SIGN = np.uint64(63), np.uint64(1 << 63)
_TWO_52, _TWO_512 = 4503599627370496.0, 1.3407807929942597e154

# max(min(x, b), a) lets a nan pass, min(max(a, x), b) makes it a; in the interpreter as compiled.

# Adding 1.5 * 2**52 rounds to an integer k and leaves it in the low bits of the sum, in two's complement.  With 2046
# more the low twelve bits are k + 2046 > 0: the sum of the biased exponents of two factors that make 2**k.
_TO_INTEGER, _TO_EXPONENT = 6755399441055744.0, 6755399441057790.0

_LOG2_E = 1.4426950408889634
_LN2, _LN2_REST = 0.6931471805599453, 2.3190468138462996e-17
_LN2_42, _LN2_42_REST = 0.6931471805598903, 5.497923018708371e-14  # 42 bits: its product with an exponent is exact

# (exp(r) - 1 - r) / r**2 on [-ln2/2, ln2/2]; error 2.8e-19 of exp(r) - 1.
_E2, _E3, _E4, _E5 = 0.5, 0.16666666666666677, 0.04166666666666669, 0.008333333333321775
_E6, _E7, _E8 = 0.0013888888888886773, 0.00019841269885348623, 2.4801587294895016e-05
_E9, _E10, _E11, _E12 = 2.7557245202524096e-06, 2.755731576300819e-07, 2.51086520548864e-08, 2.08980040150521e-09


@inlined
def _reduced(x, tail):
    """(t, a, q) with exp(x + tail) = 2**k * (1 + a + q), k in the bits of t, a = x - k * _LN2 exactly, q < 0.07."""
    t = fma(x, _LOG2_E, _TO_EXPONENT)
    k = t - _TO_EXPONENT
    a = fma(k, -_LN2, x)
    rest = fma(k, -_LN2_REST, tail)
    r = a + rest
    z = r * r
    w = z * z
    p = fma(z, _E12, fma(r, _E11, _E10))
    p = fma(w, p, fma(z, fma(r, _E9, _E8), fma(r, _E7, _E6)))
    p = fma(w, p, fma(z, fma(r, _E5, _E4), fma(r, _E3, _E2)))
    return t, a, fma(z, p, rest)


@inlined
def _scaled(p, t):
    """P * 2**k with one rounding, infinite if too large, for p in [0.7, 1.42] and k <= 1024."""
    both = bits(t) & _TWELVE_BITS
    first = both >> _ONE
    p = p * from_bits(first << _WIDTH)
    return _INF if p >= _TWO_512 else p * from_bits((both - first) << _WIDTH)  # only k = 1024 gets there


@inlined
def exp(x):
    """e**x to 0.95 ulp (relative error below 2e-16), subnormal or not; 0 below -745.14, infinity above 709.79."""
    t, a, q = _reduced(max(min(x, 709.9), -746.0), 0.0)
    return _scaled(1.0 + (a + q), t)


@inlined
def _expm1_parts(x):
    """(high, low, scale) with exp(x) - 1 = (high + low) * scale, for x in [-40, 709.9]."""
    t, a, q = _reduced(x, 0.0)
    high = a + q
    low = q - (high - a)
    both = bits(t) & _TWELVE_BITS
    first = both >> _ONE
    second = both - first
    power = from_bits(first << _WIDTH)
    whole = fma(from_bits((np.uint64(2048) - second) << _WIDTH), -0.25, power)  # power - 1 / scale
    high = power * high
    total = whole + high
    return total, fma(power, low, high - (total - whole)), from_bits(second << _WIDTH)


@inlined
def expm1(x):
    """e**x - 1 to 1.4 ulp, for every x, also where it is close to x; -0 gives -0, above 709.79 infinity."""
    x = np.float64(x)
    high, low, scale = _expm1_parts(max(min(x, 709.9), -40.0))
    y = high + low
    y = _INF if y >= _TWO_512 else y * scale
    return x if x == 0.0 else y


@inlined
def tanh(x):
    """Sign of x times -m / (2 + m), m = expm1(-2 * abs(x)), to 1.5 ulp, for every x; it is x near 0, also -0."""
    x = np.float64(x)
    high, low, scale = _expm1_parts(-2.0 * min(abs(x), 20.0))
    high, low = -high * scale, -low * scale
    below = 2.0 - high
    below_low = ((2.0 - below) - high) - low
    inverse = 1.0 / below
    y = high * inverse
    y = fma(fma(-y, below, high) + fma(-y, below_low, low), inverse, y)
    return from_bits(bits(y) | (bits(x) & _SIGN))


# 2 * (atanh(s) / s - 1) / z with z = s**2, for (1 + s) / (1 - s) from sqrt(1/2) to sqrt(2); error 1.2e-18 of atanh(s).
_L1, _L2, _L3, _L4 = 0.6666666666666734, 0.3999999999941694, 0.2857142874193135, 0.2222219861642288
_L5, _L6, _L7 = 0.18183562230291092, 0.1531410086795611, 0.14795475373111747

_ROOT_HALF, _AS_INTEGER = bits(np.float64(0.7071067811865476)), bits(np.float64(_TWO_52))
_TO_ONE = bits(np.float64(1.0)) - _ROOT_HALF


@inlined
def _split(x):
    """(e, m, b) with x = 2**e * m, m from sqrt(1/2) to sqrt(2), for finite x > 0; b = e + 1023 unless subnormal."""
    small = x < _NORMAL
    shifted = bits(x * 18014398509481984.0 if small else x) + _TO_ONE  # 2**54
    b = shifted >> _WIDTH
    e = from_bits(b | _AS_INTEGER) - (_TWO_52 + 1077.0 if small else _TWO_52 + 1023.0)
    return e, from_bits((shifted & _MANTISSA) + _ROOT_HALF), b


@inlined
def _log_of(e, f, tail):
    """E * ln2 + log(1 + f) + tail, for 1 + f from sqrt(1/2) to sqrt(2) and abs(tail) < 1e-16."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    p = fma(w, fma(w, fma(w, _L7, fma(z, _L6, _L5)), fma(z, _L4, _L3)), fma(z, _L2, _L1))
    h = 0.5 * f * f  # log(1 + f) = f - h + s * (h + z * p)
    rest = fma(s, fma(z, p, h), fma(e, _LN2_42_REST, tail))
    a = e * _LN2_42
    total = a + f
    return total + (((a - total) + f) - (h - rest))


@inlined
def log(x):
    """Natural logarithm to 0.9 ulp, for every x, subnormal or not; 0 gives -infinity, x < 0 nan."""
    x = np.float64(x)
    e, m, _ = _split(min(max(_SMALLEST, x), _LARGEST))
    y = _log_of(e, m - 1.0, 0.0)
    y = y if x < _INF else x
    y = _NAN if x < 0.0 else y
    return -_INF if x == 0.0 else y


@inlined
def log1p(x):
    """log(1 + x) to 1 ulp, for every x, also where it is close to x; -0 gives -0, -1 -infinity, x < -1 nan."""
    x = np.float64(x)
    c = min(max(-0.9999999999999999, x), _LARGEST)
    u = 1.0 + c
    e, m, b = _split(u)
    lost = 1.0 - (u - c) if c > 1.0 else c - (u - 1.0)
    lost = lost * from_bits((np.uint64(2047) - b) << _WIDTH) * 0.5  # lost / 2**e
    g = m - 1.0
    f = g + lost
    y = _log_of(e, f, (g - f) + lost)
    y = y if x < _INF else x
    y = _NAN if x < -1.0 else y
    y = -_INF if x == -1.0 else y
    return x if x == 0.0 else y


_TWO_OVER_PI, _LIMIT = 0.6366197723675814, 1099511627776.0  # the limit is 2**40
_HALF_PI_A, _HALF_PI_B, _HALF_PI_C = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
# (sin(r) / r - 1) / z and (cos(r) - 1 + z / 2) / z**2 with z = r**2 on [-pi/4, pi/4]; errors 3.7e-18 and 5.7e-20.
_S1, _S2, _S3 = -0.1666666666666663, 0.00833333333332184, -0.00019841269829358615
_S4, _S5, _S6 = 2.7557313538593656e-06, -2.5050734411563537e-08, 1.5895435264005453e-10
_C2, _C3, _C4 = 0.041666666666666595, -0.001388888888887334, 2.4801587288999603e-05
_C5, _C6, _C7 = -2.7557314216052104e-07, 2.087570523050156e-09, -1.1358739259694771e-11


@inlined
def _turned(n, s, c):
    """sin(r + n * pi / 2) for n in 0, 1, 2, 3 from s = sin(r) and c = cos(r)."""
    y = s if (n & _ONE) == np.uint64(0) else c
    return from_bits(bits(y) ^ ((n >> _ONE) << _SIGN_PLACE))


@inlined
def sincos(x):
    """(sin(x), cos(x)), both to 0.85 ulp, for abs(x) <= 2**40; beyond that nan, rather than the accuracy lost.

    x is reduced by k * pi / 2 in three parts of 53 bits: the first difference is exact, the others are kept as a sum
    of two numbers, so that no accuracy is lost next to multiples of pi / 2.  sin(-0) = -0.
    """
    x = np.float64(x)
    inside = x if abs(x) <= _LIMIT else _NAN
    t = fma(inside, _TWO_OVER_PI, _TO_INTEGER)
    k = t - _TO_INTEGER
    a = fma(k, -_HALF_PI_A, inside)
    b = k * _HALF_PI_B
    high = a - b
    v = high - a
    low = (a - (high - v)) - (b + v)
    low = low - fma(k, _HALF_PI_C, fma(k, _HALF_PI_B, -b))
    r = high + low
    low = low - (r - high)
    z = r * r
    w = z * z
    p = fma(w, fma(w, fma(z, _S6, _S5), fma(z, _S4, _S3)), fma(z, _S2, _S1))
    q = fma(w, fma(w, fma(z, _C7, _C6), fma(z, _C5, _C4)), fma(z, _C3, _C2))
    h = -0.5 * r
    c = fma(h, r, 1.0)
    s = r + fma(r * z, p, low * c)
    c = c + fma(w, q, fma(-r, low, fma(h, r, 1.0 - c)))
    n = bits(t) & _THREE
    sine = _turned(n, s, c)
    return x if x == 0.0 else sine, _turned((n + _ONE) & _THREE, s, c)


@inlined
def sin(x):
    """Sine to 0.85 ulp for abs(x) <= 2**40, beyond that nan: as sincos."""
    return sincos(x)[0]


@inlined
def cos(x):
    """Cosine to 0.85 ulp for abs(x) <= 2**40, beyond that nan: as sincos."""
    return sincos(x)[1]


# (atanh(s) / s - 1 - z / 3) / z**2, as above; error 7.5e-23 of atanh(s).
_P2, _P3, _P4, _P5 = 0.1999999999999999, 0.14285714285721918, 0.11111111108895856, 0.09090909421858187
_P6, _P7, _P8, _P9 = 0.07692279224132209, 0.06668131869247831, 0.0583789791103169, 0.059908160031651746
_THIRD, _THIRD_REST = 0.3333333333333333, 1.850371707708594e-17


@inlined
def _log_pair(x):
    """log(x) of finite x > 0 as an unevaluated sum of two numbers, relative error about 2**-63."""
    e, m, _ = _split(x)
    f, d = m - 1.0, m + 1.0
    inverse = 1.0 / d
    s = f * inverse  # s + s_low = f / (2 + f)
    s_low = fma(-s, m - (d - 1.0), fma(-s, d, f)) * inverse
    z = s * s
    z_low = fma(s + s, s_low, fma(s, s, -z))
    w = z * z
    p = fma(w, fma(z, _P9, _P8), fma(z, _P7, _P6))
    p = z * fma(w, fma(w, p, fma(z, _P5, _P4)), fma(z, _P3, _P2))
    g = _THIRD + p  # log(m) = 2 * s * (1 + z * g)
    g_low = ((_THIRD - g) + p) + _THIRD_REST
    u = z * g
    u_low = fma(z, g, -u) + fma(z, g_low, z_low * g)
    s, s_low = s + s, s_low + s_low
    v = s * u
    v_low = fma(s, u, -v) + fma(s, u_low, s_low * u)
    a = e * _LN2_42
    b = a + s
    high = b + v
    low = ((b - high) + v) + (((a - b) + s) + fma(e, _LN2_42_REST, s_low + v_low))
    total = high + low
    return total, (high - total) + low


@inlined
def pow(x, y):
    """x**y = exp(y * log(x)), the exponent in twice the precision, to 1.3 ulp, for every x and y.

    Special values are those of C: x**0 = 1**y = 1 even for nan; x < 0 needs an integer y, else the result is nan; 0
    and infinity give 0 or infinity, with the sign of x if y is an odd integer.
    """
    x, y = np.float64(x), np.float64(y)
    size, power = abs(x), abs(y)
    high, low = _log_pair(min(max(_SMALLEST, size), _LARGEST))
    d = max(min(y, 3.7e19), -3.7e19)  # beyond, every x but 1 overflows or underflows
    product = d * high
    low = fma(d, low, fma(d, high, -product))
    low = low if abs(product) < 1024.0 else 0.0
    t, a, q = _reduced(max(min(product, 709.9), -746.0), low)
    p = 1.0 + a
    r = _scaled(p + (((1.0 - p) + a) + q), t)

    edge = 0.0 if (size < 1.0) == (y > 0.0) else _INF
    r = edge if (size == 0.0) | (size == _INF) else r
    whole = power + _TWO_52 if power < _TWO_52 else power  # now the last bit is the parity
    integer = (whole - _TWO_52 == power) | (power >= _TWO_52)
    odd = integer & ((bits(whole) & _ONE) == _ONE) & (power < 2.0 * _TWO_52)
    r = from_bits(bits(r) ^ (bits(x) & _SIGN)) if odd else r
    r = r if integer | (x >= 0.0) | (size == _INF) else _NAN
    r = x + y if isnan(x) | isnan(y) else r
    return np.float64(1.0) if (x == 1.0) | (y == 0.0) else r


@inlined
def sqrt(x):
    """Square root, correctly rounded (one instruction); nan for x < 0."""
    root = np.float64(math.sqrt(max(x, 0.0)))
    return _NAN if x < 0.0 else root

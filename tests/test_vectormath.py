"""Elementary functions: accuracy, special values, the same bits compiled and interpreted, vector code."""

import functools
import itertools
import math
import re

import llvmlite.binding as llvm
import mpmath
import numba
import numpy as np
import pytest

from brownian import vectormath
from brownian.compiled import OPTIONS

pytestmark = pytest.mark.filterwarnings("error")

INF, NAN, SMALLEST, NORMAL, LARGEST = math.inf, math.nan, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
BELOW_1 = 1.0 - 2.0**-53
EDGES = [0.0, SMALLEST, NORMAL, 1e-17, 0.5, math.sqrt(0.5), BELOW_1, 1.0, 1.5, 710.0, 1e16, LARGEST, INF, NAN]
# The float64 closest to multiples of pi / 2, from continued fractions.
NEAR_MULTIPLES = [45.553093477052, 91.106186954104, 14461176.67027838, 1457.698991265664, 563416747700.2246]

# The accuracy that each docstring states, in units in the last place.
ULPS = {"exp": 0.95, "expm1": 1.4, "log": 0.9, "log1p": 1.0, "sin": 0.85, "cos": 0.85, "tanh": 1.5, "pow": 1.3}


@functools.cache
def loop(name):
    """The loop over a function, compiled: y[i] = f(x[i])."""
    f = getattr(vectormath, name)

    def one(x, y):
        for i in range(y.size):
            y[i] = f(x[i])

    def two_arguments(x, p, y):
        for i in range(y.size):
            y[i] = f(x[i], p[i])

    def two_values(x, y, z):
        for i in range(y.size):
            y[i], z[i] = f(x[i])

    fill, count = {"pow": (two_arguments, 3), "sincos": (two_values, 3)}.get(name, (one, 2))
    return numba.njit([(numba.float64[::1],) * count], **OPTIONS)(fill)


def compiled(name, *x):
    """f of arrays: one array, of two rows for sincos."""
    y = np.empty((2 if name == "sincos" else 1, x[0].size))
    loop(name)(*x, *y)
    return y if name == "sincos" else y[0]


def arguments(name, count, seed=0):
    """Random arguments (one array or two) over the whole range of a function, denser where it is delicate."""
    rng = np.random.default_rng(seed)

    def uniform(low, high):
        return rng.uniform(low, high, count)

    def spread(low, high):
        return np.exp2(uniform(low, high)) * uniform(1.0, 1.001)

    def signed(low, high):
        return spread(low, high) * rng.choice([-1.0, 1.0], count)

    turns = np.round(signed(0, 39.3)) * (np.pi / 2)
    parts = {
        "exp": [uniform(-745.2, 709.78), uniform(-745.14, -708.0), signed(-60, 9.4), uniform(-1.0, 1.0)],
        "expm1": [uniform(-45.0, 709.78), signed(-1074, 9.4), uniform(-4.0, 4.0), uniform(-0.5, 0.5)],
        "tanh": [uniform(-20.0, 20.0), signed(-1074, 4.5), uniform(-1.0, 1.0), uniform(-0.3, 0.3)],
        "log": [spread(-1074, 1023.9), uniform(0.5, 2.0), 1.0 + signed(-50, -1.1)],
        "log1p": [spread(-20, 1023.9), signed(-1074, -0.1), spread(-53, -0.1) - 1.0, uniform(-0.6, 1.0)],
        "sin": [signed(-1074, 39.9), signed(0, 39.9), uniform(-10.0, 10.0), turns, np.array(NEAR_MULTIPLES)],
    }
    x = np.concatenate(parts[{"cos": "sin", "sincos": "sin", "pow": "log", "sqrt": "log"}.get(name, name)])
    if name != "pow":
        return (x,)
    x = x[x != 1.0]
    p = rng.uniform(-745.2, 709.7, x.size) / np.log(x)
    p[::3] = np.round(p[::3])
    p[1::3] = rng.uniform(-3.0, 3.0, p[1::3].size)
    return x, p


def exact(name, *x):
    with mpmath.workprec(200):
        x = [mpmath.mpf(float(v)) for v in x]
        if name in {"expm1", "log1p", "tanh"} and abs(x[0]) < 1e-30:
            return x[0] + x[0] ** 2 * {"expm1": 0.5, "log1p": -0.5, "tanh": 0.0}[name]
        return getattr(mpmath, {"pow": "power"}.get(name, name))(*x)


def ulps(value, reference):
    """The error in units in the last place of the reference."""
    unit = max(mpmath.frexp(reference)[1] - 53, -1074)
    if unit > 971:  # the reference is 2**1024 or more
        return 0.0 if value == math.copysign(INF, reference) else INF
    with mpmath.workprec(200):
        return float(mpmath.ldexp(abs(mpmath.mpf(float(value)) - reference), -unit))


def same(a, b):
    """The same bits, up to the payload of nan."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return (a.view(np.uint64) == b.view(np.uint64)) | (np.isnan(a) & np.isnan(b))


@pytest.mark.parametrize("name", ULPS)
def test_accuracy(name):
    x = arguments(name, 800)
    errors = [ulps(y, exact(name, *a)) for y, *a in zip(compiled(name, *x), *x, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULPS[name], [v[worst] for v in x]


def test_relative_accuracy_of_exp():
    x = np.random.default_rng(1).uniform(-708.0, 709.0, 2000)
    with mpmath.workprec(200):
        assert max(abs(y / exact("exp", v) - 1) for v, y in zip(x, compiled("exp", x), strict=True)) < 2e-16


SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (1e308, INF), (-1e308, 0.0), (INF, INF), (-INF, 0.0), (NAN, NAN)]
    + [(709.782712893384, 1.7976931348622732e308), (709.7827128933841, INF), (-746.0, 0.0)]
    + [(-745.1332191019411, SMALLEST), (-745.1332191019412, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST), (-SMALLEST, -SMALLEST), (INF, INF), (-INF, -1.0)]
    + [(-40.0, -1.0), (-1e308, -1.0), (709.7827128933841, INF), (1e308, INF), (NAN, NAN)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-SMALLEST, NAN), (-1.0, NAN), (-INF, NAN), (INF, INF), (NAN, NAN)]
    + [(SMALLEST, -744.4400719213812), (NORMAL, -708.3964185322641), (LARGEST, 709.782712893384)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST), (-1e-310, -1e-310), (-1.0, -INF), (-1.1, NAN)]
    + [(-INF, NAN), (INF, INF), (NAN, NAN), (LARGEST, 709.782712893384), (-BELOW_1, -36.7368005696771)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST), (-1e-310, -1e-310), (INF, NAN), (-INF, NAN), (NAN, NAN)]
    + [(2.0**41, NAN), (-1e308, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (SMALLEST, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (2.0**41, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (SMALLEST, SMALLEST), (-1e-310, -1e-310), (1e-9, 1e-9), (19.1, 1.0)]
    + [(-19.1, -1.0), (1e308, 1.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (4.0, 2.0), (2.0, 1.4142135623730951), (INF, INF), (NAN, NAN), (-1.0, NAN)],
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name):
    x, expected = np.array(SPECIAL[name]).T.copy()
    assert same(compiled(name, x), expected).all()
    assert same([getattr(vectormath, name)(float(v)) for v in x], expected).all()


def test_special_values_of_pow():
    numbers = [0.0, 0.3, 0.5, 1.0, 1.0 + 2.0**-52, 2.0, 3.0, 4.5, 7.0, 1e300, SMALLEST, INF]
    numbers += [2.0**52 - 0.5, 2.0**52 + 1.0, 2.0**53 - 1.0, 2.0**53 + 2.0]
    grid = np.array([*itertools.product([*numbers, *(-v for v in numbers), NAN], repeat=2)])
    x, y = grid.T.copy()
    with np.errstate(all="ignore"):
        expected = np.array([_c_pow(*pair) for pair in grid.tolist()])
    result = compiled("pow", x, y)
    assert same(result, [vectormath.pow(*pair) for pair in grid.tolist()]).all()
    regular = np.isfinite(expected) & (np.abs(expected) > NORMAL)
    assert (same(result, expected) | regular).all()
    np.testing.assert_allclose(result[regular], expected[regular], rtol=1e-15)


def _c_pow(x, y):
    """pow of C, which Python turns into exceptions where it raises a flag."""
    try:
        return math.pow(x, y)
    except ValueError:
        odd = y % 2.0 == 1.0
        return NAN if x else math.copysign(INF, x if odd else 1.0)
    except OverflowError:
        return -INF if x < 0.0 and y % 2.0 == 1.0 else INF


def test_powers_of_integers_are_exact():
    pairs = [(n, k) for n in range(1, 40) for k in range(34) if n**k < 2**53]
    x, k = np.array(pairs, dtype=np.float64).T.copy()
    assert compiled("pow", x, k).tolist() == [float(n**k) for n, k in pairs]


@pytest.mark.parametrize("name", [*ULPS, "sincos", "sqrt"])
def test_compiled_and_interpreted_bits(name):
    f = getattr(vectormath, name)
    x = arguments(name, 50, seed=2)
    edges = [*EDGES, *(-v for v in EDGES)]
    if name == "pow":
        pairs = np.array([*itertools.product(edges, repeat=2)])
        x = np.concatenate([x[0], pairs[:, 0]]), np.concatenate([x[1], pairs[:, 1]])
    else:
        x = (np.concatenate([x[0], edges]),)
    together = compiled(name, *x)
    single = np.concatenate([compiled(name, *(v[i : i + 1] for v in x)) for i in range(x[0].size)], axis=-1)
    plain = [f(*a) for a in zip(*(v.tolist() for v in x), strict=True)]
    scalars = [f(*a) for a in zip(*x, strict=True)]
    assert same(together, single).all()
    assert same(together, np.array(plain).T).all()
    assert same(together, np.array(scalars).T).all()
    assert {type(v) for v in np.ravel(plain)} == {np.float64}


@pytest.mark.parametrize("name", ["sin", "tanh", "cos"])
def test_symmetry(name):
    (x,) = arguments(name, 200, seed=3)
    sign = 1.0 if name == "cos" else -1.0
    assert same(compiled(name, -x), sign * compiled(name, x)).all()


def test_pair_of_sine_and_cosine():
    (x,) = arguments("sincos", 200, seed=4)
    assert same(compiled("sincos", x), [compiled("sin", x), compiled("cos", x)]).all()


LIBRARY = "exp|exp2|expm1|log|log1p|log2|sin|cos|sincos|tan|tanh|pow|sqrt|fma|floor|rint|round|ldexp"


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.skipif(not llvm.get_host_cpu_features().get("fma", True), reason="fma is a library call here")
@pytest.mark.parametrize("name", [*ULPS, "sincos", "sqrt"])
def test_vectorised(name):
    function = loop(name)
    (signature,) = function.signatures
    code = function.inspect_llvm(signature)
    body = re.search(r"^vector\.body:.*?^\s*br i1", code, re.DOTALL | re.MULTILINE)
    assert body is not None, "no loop over vectors"
    operation, count = ("sqrt", 1) if name == "sqrt" else ("fma", 8)
    assert len(re.findall(rf"<(?:vscale x )?\d+ x double> @llvm\.{operation}\.", body[0])) >= count
    assert " double @" not in body[0], "a call for each element"
    lines = function.inspect_asm(signature).splitlines()
    operations = "\n".join(line for line in lines if "_Z" not in line and not line.strip().startswith("."))
    assert not re.search(rf"(?<![\w.])_?(?:{LIBRARY})(?![\w.])", operations), "a call of the library"

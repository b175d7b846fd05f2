"""Potentials from formulas: derivatives, refusals, and the cache of generated modules."""

import copy
import hashlib
import math
import os
import pickle
import re
import subprocess
import sys
import time
import types

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from brownian.caching import compiled_for
from brownian.expressions import Expression, ExpressionError, loading
from brownian.expressions.parsing import MAX_LENGTH, parse
from brownian.potentials.potential import add_energy, add_force, add_laplacian

FORMULAS = [
    ("h*((x/w)**2 - 1)**2", {"h": 2.1, "w": 1.3}),
    ("k*x**2/2 - f*x + 0.25*g*x**4", {"k": 1.7, "f": -0.4, "g": 0.3}),
    ("a*cos(2*pi*x/p) - f*x", {"a": 1.1, "p": 2.3, "f": 0.7}),
    ("k*(x - v*t)**2/2", {"k": 1.7, "v": 0.6}),
    ("a*sin(x)*cos(omega*t) + x**2", {"a": 0.8, "omega": 3.1}),
    ("eps*((s/x)**12 - (s/x)**6)*4", {"eps": 0.9, "s": 1.1}),
    ("d*(1 - exp(-a*(x - r)))**2", {"d": 1.9, "a": 1.2, "r": 0.8}),
    ("log(cosh(k*x)) + sinh(x)/(2 + tanh(x)**2)", {"k": 1.4}),
    ("x**2.5 + sqrt(x)**3 - x**-0.5 + x**0.3", {}),
    ("x**n + b**x + e**(-x) + x**x", {"n": 2.7, "b": 1.6}),
    ("tan(x/3) + 1/(1 + x**2)**1.5", {}),
    ("abs(x - c)*k", {"k": 1.3, "c": 3.1}),
    ("k*t", {"k": 2.5}),
    ("k*(x**2 + (r*y)**2)/2 + c*x*y", {"k": 1.3, "r": 1.7, "c": 0.4}),
    ("k*((x**2 + y**2)**0.5 - r)**2/2", {"k": 2.2, "r": 1.4}),
    ("-log(exp(-((x-a)**2+y**2)/2) + exp(-((x+a)**2+y**2)/2)) + cos(t)*y", {"a": 1.2}),
    ("a*exp(-(x**2 + y**2)/(2*s**2)) + (x - y)**4", {"a": -2.0, "s": 0.9}),
    ("k*(x**2 + y**2 + z**2)/2 + q/sqrt(x**2 + y**2 + z**2) + b*x*y*z*sin(t)", {"k": 1.1, "q": 0.7, "b": 0.2}),
    ("(x/y)**z", {}),
]


def on(entry, potential, x, t, shape, run=None):
    out = np.zeros(shape)
    (run or entry)(potential, x, t, out)
    return out


@pytest.mark.parametrize(("text", "parameters"), FORMULAS)
def test_derivatives_against_exact_arithmetic(text, parameters):
    potential = Expression(text, **parameters)
    dimension, t = potential.dimension, 0.37
    x = np.random.default_rng(5).uniform(0.4, 2.2, (dimension, 4))
    energy = on(add_energy, potential, x, t, 4)
    force = on(add_force, potential, x, t, x.shape)
    names = {name: getattr(mpmath, name) for name in "exp log sqrt sin cos tan sinh cosh tanh".split()}  # noqa: SIM905
    names |= {"abs": abs, "pi": math.pi, "e": math.e, "t": t, **parameters}

    def exact(*point):
        return eval(text, {}, names | dict(zip("xyz", point, strict=False)))

    with mpmath.workdps(40):
        for i in range(4):
            point = [mpmath.mpf(value) for value in x[:, i]]
            assert energy[i] == pytest.approx(float(exact(*point)), rel=2e-14, abs=1e-13)
            second = 0.0
            for d in range(dimension):
                order = [int(k == d) for k in range(dimension)]
                assert force[d, i] == pytest.approx(-float(mpmath.diff(exact, point, order)), rel=1e-13, abs=1e-12)
                second += mpmath.diff(exact, point, [2 * k for k in order])
            if "abs" in text:
                assert not hasattr(potential, "component_curvature")
            else:
                assert on(add_laplacian, potential, x, t, 4)[i] == pytest.approx(float(second), rel=1e-12, abs=1e-11)


def all_three(potential, x, t, energy, force, second):
    add_energy(potential, x, t, energy)
    add_force(potential, x, t, force)
    add_laplacian(potential, x, t, second)


@pytest.mark.parametrize("k", [0, 17])
def test_compiled_is_interpreted_bit_for_bit(k):
    text, parameters = FORMULAS[k]
    potential = Expression(text, **parameters)
    x = np.random.default_rng(6).uniform(0.4, 2.2, (potential.dimension, 300))
    results = []
    for run in (all_three, compiled_for(all_three, potential)):
        out = np.zeros(300), np.zeros(x.shape), np.zeros(300)
        run(potential, x, 0.37, *out)
        results.append([part.tobytes() for part in out])
    assert results[0] == results[1]


def test_double_well_is_the_hand_written_arithmetic():
    h, w, x = 2.1, 1.3, np.linspace(-2.0, 2.0, 101)
    s = x * (1.0 / w)
    expected = (-4.0 * h * (1.0 / w)) * s * (s * s - 1.0)
    assert Expression("h*((x/w)**2 - 1)**2", h=h, w=w).force(x).tobytes() == expected.tobytes()


def test_exponent_that_cancels_to_a_number():
    potential = Expression("x**(y - y + 100000) + x**(z - z + 3)")
    np.testing.assert_array_equal(potential.force([[1.0, 5.0, 6.0]]), [[-100003.0, 0.0, 0.0]])


def test_large_powers_stay_finite():
    x = np.array([1.01e7])
    assert Expression("(x/w)**64", w=1e7).energy(x)[0] == pytest.approx(1.01**64, rel=1e-13)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" x ** 2 ", "x**2"),
        ("((x))+(-(y))", "x + -y"),
        ("x-(y-z)-1.50", "x - (y - z) - 1.5"),
        ("x/(y*z)/2.0", "x/(y*z)/2"),
        ("-x**2", "-x**2"),
        ("(-x)**2", "(-x)**2"),
        ("x**-2**y", "x**-2**y"),
        ("(x**2)**y", "(x**2)**y"),
        ("+x*.5e1", "x*5"),
        ("2**3**2*x", "2**3**2*x"),
        ("x\n + 1E-3", "x + 0.001"),
    ],
)
def test_canonical_text(text, canonical):
    formula = parse(text)
    assert formula.text == canonical
    assert parse(canonical) == formula
    point = {"x": 1.3, "y": 0.7, "z": 0.4}
    assert eval(canonical, {}, point) == eval(" ".join(text.split()), {}, point)


def test_spelling_does_not_matter():
    a, b = Expression("a*x+b*y", a=1, b=np.float32(2)), Expression("a * x + (b*y)", b=2.0, a=1.0)
    assert type(a) is type(b)
    assert a == b
    assert a._fields == ("a", "b")
    assert type(a.a) is float
    assert type(Expression("a*x + b*y", dimension=3, a=1, b=2)) is not type(a)


def test_dimension():
    potential = Expression("k*x**2", k=0.5, dimension=3)
    assert repr(potential) == "Expression('k*x**2', dimension=3, k=0.5)"
    np.testing.assert_array_equal(potential.force([[2.0, 5.0, 7.0]]), [[-2.0, 0.0, 0.0]])
    assert Expression("2.5").force([1.0])[0] == 0.0
    for dimension in (0, 4, 1.5, "2"):
        with pytest.raises(ExpressionError, match="must be 1, 2 or 3"):
            Expression("x", dimension=dimension)
    with pytest.raises(ExpressionError, match="contains 'y'"):
        Expression("y", dimension=1)


def test_copies():
    potential = Expression("h*y**2", h=2.0)
    for other in (pickle.loads(pickle.dumps(potential)), copy.deepcopy(potential), eval(repr(potential))):
        assert other == potential
        assert type(other) is type(potential)


SYNTAX = re.split(
    r"   +|\n",
    r"""x +   * x   x x   2x   2(x)   x y   ()   (x   x)   x **   *x   **x   sin   sin()   sin(x, y)   sin x   x,   x; y
x.real   x.__class__   (1).real   x[0]   x(1)   pi(x)   (x)(y)   h(x)   x = 1   x == 1   x < y   x := 1   x != y   [x]
lambda: x   lambda x: x   x if y else z   x and y   not x   x is y   [x for x in y]   {x}   {1: x}   {**x}   await x
'x'   f'{x}'   "x"   b'x'   `x`   ...   import os   __import__('os')   __builtins__   x__   _x   x # y   x \ y   yield x
x // 2   x % 2   x @ y   x & y   x | y   ~x   x ^ 2   x!   x?   1j   0x10   1_000   1e   1.2.3   None   True   nan   inf
X   Exp(x)   h*x   exec(x)   eval(x)   open   print(x)   self   text + x   vectormath   sinh   x->y   $x   1,000*x
x/0   x/(1 - 1)   1/0   0**-1*x   (-1)**0.5*x   log(-1)   sqrt(-2)*x   log(0)   (0-2)**x   0**x   0*(1/0)   tan(1e400)
1/(x - x)   log(x - x)*y   sqrt(x - x - 2)   (x - x)**y   1e308*x*1e308""",
)
SYNTAX += ["", "   ", "\u03c0*x", "\uff58", *(f"x{c}2" for c in "\u00b2\u200b\u2212\x00\x0c\x1b\ud800\ufeff")]
BOMBS = ["9**9**9**9", "10**10**10", "1e999", "9" * 400, "x**100000", "x**-65", "x**1e10", "x**(2**10)", "exp(1e3)*x"]
BOMBS += ["(" * n + "x" + ")" * n for n in (100_000, 900, 51)]
BOMBS += [
    "y**" * 60 + "x",
    "-" * 1999 + "x",
    "sin(" * 399 + "x" + ")" * 399,
    "x**" * 600 + "x",
    "[" * 1999,
    "(x**64)**65",
    "x**9**9",
]
BOMBS += [
    "(" * 40 + "x - x + 9" + ")**64" * 40,
    "exp(exp(x - x + 9))",
    "sin(exp(x - x + 1e300))",
    "cosh(x - x + 1e4)*y",
]
BOMBS += ["x" * 2000, "x" * 10**7, "1" * 1999, "+".join(f"{k}*x" for k in range(300)), "+".join(["x"] * 1000)]


@pytest.mark.parametrize("text", SYNTAX + BOMBS, ids=lambda text: ascii(text)[:30])
def test_refused(text):
    start = time.perf_counter()
    with pytest.raises(ExpressionError) as caught:
        Expression(text)
    assert time.perf_counter() - start < 2.0
    assert len(str(caught.value)) < 700
    assert str(caught.value).replace("\n", " ").isprintable()


def test_messages():
    with pytest.raises(ExpressionError, match=r"unknown name 'h' at character 1 .*Expression\(\.\.\., h=\.\.\.\)"):
        Expression("h*x**2")
    with pytest.raises(ExpressionError, match=r"unknown name 'omgea' at character 5 of .*did you mean 'omega'\?"):
        Expression("cos(omgea*t)", omega=1.0)
    with pytest.raises(ExpressionError, match=r"unexpected '\^' at character 2 .*a power is written \*\*"):
        Expression("x^2")
    with pytest.raises(ExpressionError, match=r"'1/\(x - x\)' is nowhere a finite real number"):
        Expression("1/(x - x)")
    with pytest.raises(ExpressionError, match=r"the exponent 100000\.0 at character 2 "):
        Expression("x**100000")


@pytest.mark.parametrize("name", ["t", "pi", "exp", "lambda", "text", "force", "__class__", "_a", "a b", "é", "a" * 50])
def test_bad_parameter_names(name):
    with pytest.raises(ExpressionError, match="can't be a parameter"):
        Expression("x", **{name: 1.0})


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, 10**4000, "1.0", None, 1j, [1.0], np.ones(1)])
def test_bad_parameter_values(value):
    problem = "must be finite" if isinstance(value, float | int) else "a number is needed"
    with pytest.raises(ExpressionError, match=problem):
        Expression("h*x", h=value)


def test_other_bad_arguments():
    with pytest.raises(ExpressionError, match="'g' does not occur"):
        Expression("x", g=1.0)
    with pytest.raises(ExpressionError, match="divides by zero"):
        Expression("(x/w)**2", w=0.0)
    for text in (None, 3, b"x", ["x"]):
        with pytest.raises(ExpressionError, match="a formula is a text"):
            Expression(text)


pieces = st.sampled_from(
    [*"xyztk+-*/()**..,[]=e'\"_\\#:;<>!%^&|~@{}$? \n\t\x00", "**", "2", "0.5", "1e9", "1e400", "é"]
)
pieces |= st.sampled_from(
    ["lambda ", "__import__", "log(", "-1", "9**9", " if ", " for ", "sin(", "x**", "(x+1)", "pi"]
)
reproducible = settings(derandomize=True, database=None, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
texts = st.text(max_size=60) | st.lists(pieces, max_size=40).map("".join)


@given(texts)
@example("x" * (MAX_LENGTH + 1))
@settings(reproducible, max_examples=500)
def test_any_text_is_a_formula_or_refused(text):
    try:
        formula = parse(text, ("k",) if "k" in text else ())
    except ExpressionError:
        return
    assert parse(formula.text, formula.parameters) == formula


def _joined(inner):
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map("({0[0]}{0[1]}{0[2]})".format)
    functions = st.sampled_from(["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "abs", "-"])
    return binary | st.tuples(functions, inner).map("{0[0]}({0[1]})".format)


leaves = st.sampled_from(["x", "y", "z", "t", "k", "2", "0.5", "0", "1", "3", "-1", "1e200", "pi", "e"])


@given(st.recursive(leaves, _joined, max_leaves=15))
@settings(reproducible, max_examples=150)
def test_any_formula_gives_a_module_of_plain_arithmetic(text):
    from brownian.expressions.source import module_source

    try:
        formula = parse(text, ("k",) if "k" in text else ())
        source = module_source(formula)
    except ExpressionError:
        return
    assert loading._is_arithmetic(source.removeprefix(loading.header(formula)), formula.parameters)
    compile(source, "generated", "exec")


TEXT, VALUES = "h*((x/w)**2 - 1)**2 + c*cos(y)*exp(-y**2)", {"h": 2.0, "w": 1.2, "c": 0.3}
SCRIPT = f"""
import hashlib, sys, time
import brownian.expressions
from brownian.expressions import Expression
assert "sympy" not in sys.modules
import brownian.potentials.definition
start = time.perf_counter()
potential = Expression({TEXT!r}, **{VALUES!r})
seconds = time.perf_counter() - start
source = open(sys.modules[type(potential).__module__].__file__, "rb").read()
force = potential.force([[0.3, 0.4]]).tobytes().hex()
print(force, hashlib.sha256(source).hexdigest(), "sympy" in sys.modules, seconds)
"""


def start_process(folder, hash_seed):
    env = os.environ | {"BROWNIAN_CACHE_DIR": str(folder), "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT], env=env, stdout=subprocess.PIPE, text=True)


def test_processes_share_one_module(tmp_path):
    started = [start_process(tmp_path / "new", seed) for seed in range(4)]
    outputs = [process.communicate(timeout=60)[0].split() for process in started]
    assert all(process.returncode == 0 for process in started)
    assert len({tuple(output[:2]) for output in outputs}) == 1
    assert outputs[0][2] == "True"
    assert len(list((tmp_path / "new" / "expressions").iterdir())) == 1
    again = start_process(tmp_path / "new", 9).communicate(timeout=60)[0].split()
    assert again[:3] == [*outputs[0][:2], "False"]
    assert float(again[3]) < 0.2


def stored_module(folder, monkeypatch):
    """A formula, the file that holds its module in an empty cache, and a function that loads it anew."""
    monkeypatch.setenv("BROWNIAN_CACHE_DIR", str(folder))
    formula = parse(TEXT, VALUES)
    name = f"brownian.generated.{loading.class_name(formula).lower()}"

    def load():
        sys.modules.pop(name, None)
        return Expression(TEXT, **VALUES)

    load()
    return formula, folder / "expressions" / f"{name.rpartition('.')[2]}.py", load


def sealed(source):
    return f"# sha256 {hashlib.sha256(source.encode()).hexdigest()}\n{source}"


EVIL = "import os; os.environ['EVIL'] = '1'\n"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda content, source: content + EVIL,
        lambda content, source: EVIL + content,
        lambda content, source: content[: len(content) // 2],
        lambda content, source: content.replace("vectormath.exp", "vectormath.cos"),
        lambda content, source: "",
        lambda content, source: sealed(source + EVIL),
        lambda content, source: sealed(source.replace("    def add_energy", f"    {EVIL}    def add_energy")),
        lambda content, source: sealed(source.replace("vectormath.exp(", "exit(")),
        lambda content, source: sealed(source.replace("self.h", "self.__class__")),
        lambda content, source: sealed(source.replace("h: float", "h: int")),
        lambda content, source: "\udcff",
    ],
)
def test_changed_module_is_never_executed(tmp_path, monkeypatch, tamper):
    _, file, load = stored_module(tmp_path, monkeypatch)
    content = file.read_text()
    changed = tamper(content, content.partition("\n")[2])
    assert changed != content
    file.write_bytes(changed.encode(errors="surrogateescape"))
    assert load().force([[0.3, 0.4]]).shape == (1, 2)
    assert "EVIL" not in os.environ
    assert file.read_text() == content


def test_cache_folder_that_cannot_be_used(tmp_path, monkeypatch):
    formula, _, _ = stored_module(tmp_path / "good", monkeypatch)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BROWNIAN_CACHE_DIR", str(tmp_path / "file"))
    sys.modules.pop(f"brownian.generated.{loading.class_name(formula).lower()}")
    assert Expression(TEXT, **VALUES).energy([[0.3, 0.4]]).shape == (1,)


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "{0}/brownian/expressions"),
        ("darwin", "HOME", "{0}/Library/Caches/brownian/expressions"),
        ("win32", "LOCALAPPDATA", "{0}/brownian/expressions"),
    ],
)
def test_cache_folder_of_each_system(tmp_path, monkeypatch, platform, variable, expected):
    monkeypatch.delenv("BROWNIAN_CACHE_DIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(loading, "sys", types.SimpleNamespace(platform=platform))
    assert str(loading.cache_folder()) == expected.format(tmp_path)

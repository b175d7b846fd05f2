"""Texts that may or may not be formulas, and what those that are accepted must be worth: Python's own arithmetic."""

import ast
import importlib
import itertools
import math
import random

from brownian.expressions import Expression, ExpressionError
from brownian.expressions.formula import CONSTANTS, FUNCTIONS, number
from brownian.expressions.parsing import parse

EPSILON = 2.0**-53
POINT = {"x": 0.73, "y": -1.37, "z": 2.11, "t": 0.41, "k": 1.93, "w": 0.61} | CONSTANTS
LEAVES = ["x", "y", "z", "t", "k", "w", "2", "0.5", "3", "7", "1e-3", ".25", "2.", "pi", "e", "0", "1e200", "1E+2"]
PIECES = [*"xyztkw+-*/()**..,[]=e'\"_\\#:;<>!%^&|~@{}$? \n\t\x00", "**", "2", "0.5", "1e9", "1e400", "\u00e9", "\u0663"]
PIECES += [
    "lambda ",
    "__import__('os')",
    "log(",
    "-1",
    "9**9",
    " if ",
    " for ",
    "sin(",
    "x**",
    "(x+1)",
    "f'{x}'",
    ".__class__",
]
PIECES += [
    "x" * 300,
    "1" * 400,
    "(" * 60,
    "-" * 60,
    "**9" * 30,
    "x**64",
    "exp(" * 20,
    ")" * 20,
    "\ud800",
    "\u202e",
    "0x1f",
]


def grown(rng, depth):
    """A text by the grammar, or nearly."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(LEAVES)
    kind = rng.random()
    inner = grown(rng, depth - 1)
    if kind < 0.6:
        space = rng.choice(["", "", " "])
        right = grown(rng, depth - 1)
        operator = rng.choice(["+", "-", "*", "/", "+", "-", "*", "/", "**"])
        return f"{inner}{space}{operator}{space}{right}"
    if kind < 0.8:
        return f"({inner})"
    if kind < 0.9:
        return rng.choice("+-") + inner
    return f"{rng.choice(list(FUNCTIONS))}({inner})"


def changed(rng, text):
    """A text with some pieces put in, taken out or doubled."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice([0, 0, 1, 3]))
        put = rng.choice([rng.choice(PIECES), text[end : end + 5], chr(rng.randrange(0x110000)), ""])
        text = text[:at] + put + text[end:]
    return text


def text_of(kind, seed):
    """The text of a kind and number."""
    rng = random.Random(f"{kind} {seed}")
    if kind == "pieces":
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 30)))
    if kind == "large":
        joiner = rng.choice(["*", "+", "/", "**", "*(x-", "+sin(", "/(y+", "-exp("])
        text = joiner.join(grown(rng, rng.randint(1, 3)) for _ in range(rng.randint(5, 200)))[
            : rng.choice([300, 900, 1900])
        ]
        text += ")" * (text.count("(") - text.count(")"))
        return text
    text = grown(rng, rng.randint(1, 6))
    return text if kind == "grammar" else changed(rng, text)


class Rounded:
    """A number, how far rounding may have moved it, and the largest of the numbers that it may be the rest of."""

    def __init__(self, value, error=0.0, size=0.0):
        self.value, self.size = value, max(abs(value), size)
        self.error = error + self.size * EPSILON


def by_python(text):
    """The value of a text as Python understands it, with its error."""
    return _walk(ast.parse(text, mode="eval").body)


def _walk(node):
    if isinstance(node, ast.Constant):
        return Rounded(float(node.value))
    if isinstance(node, ast.Name):
        return Rounded(POINT[node.id])
    if isinstance(node, ast.UnaryOp):
        inner = _walk(node.operand)
        return Rounded(inner.value if isinstance(node.op, ast.UAdd) else -inner.value, inner.error, inner.size)
    if isinstance(node, ast.Call):
        return _nearby(FUNCTIONS[node.func.id], _walk(node.args[0]))
    a, b = _walk(node.left), _walk(node.right)
    match node.op:
        case ast.Add():
            return Rounded(a.value + b.value, a.error + b.error, a.size + b.size)
        case ast.Sub():
            return Rounded(a.value - b.value, a.error + b.error, a.size + b.size)
        case ast.Mult():
            error = a.error * abs(b.value) + abs(a.value) * b.error + a.error * b.error
            return Rounded(a.value * b.value, error, a.size * b.size)
        case ast.Div():
            value, worst = a.value / b.value, abs(b.value) - b.error
            return Rounded(value, (a.error + abs(value) * b.error) / worst if worst > 0.0 else math.inf)
    return _nearby(math.pow, a, b)


def _nearby(function, *arguments):
    """A function's value, with its spread over the errors of the arguments."""
    value = function(*(one.value for one in arguments))
    corners = itertools.product(*({one.value - one.error, one.value, one.value + one.error} for one in arguments))
    return Rounded(value, max(abs(function(*corner) - value) for corner in corners) + 8.0 * EPSILON * abs(value))


def ours(formula):
    """The value of a parsed formula, operation by operation."""
    values = []
    for kind, operands, _ in formula.nodes:
        if kind in ("number", "name"):
            values.append(operands[0] if kind == "number" else POINT[operands[0]])
        else:
            values.append(number(kind, [values[k] for k in operands]))
            if values[-1] is None:
                return None
    return values[-1]


def differs(text, value, factor):
    """Whether a value is not what Python says, to rounding; not judged where that is no finite number, or unsure."""
    if value is None or not math.isfinite(value):
        return False
    try:
        expected = by_python(text)
    except (ArithmeticError, ValueError, SyntaxError):  # such as 007, which is 7 in a formula
        return False
    if not math.isfinite(expected.value) or not expected.error < 1e-3 * abs(expected.value):
        return False
    return not abs(value - expected.value) <= factor * expected.error


def look(kind, seed, deep_every):
    """Parse a text; some that are accepted are derived, generated, executed and compared too."""
    text = text_of(kind, seed)
    names = tuple(name for name in "kw" if name in text)
    try:
        formula = parse(text, names)
    except ExpressionError:
        if not names:
            raise
        formula = parse(text, ())
    if parse(formula.text, formula.parameters) != formula:
        return "FAILED: canonical text is read differently"
    if differs(text.replace("\n", " ").replace("\t", " ").replace("\r", " ").strip(), ours(formula), 1.0):
        return "FAILED: parsed to another value than Python's"
    if seed % deep_every:
        return "accepted"
    potential = Expression(text, **{name: POINT[name] for name in formula.parameters})
    point = [[POINT[name] for name in "xyz"[: potential.dimension]]]
    energy = float(potential.energy(point, POINT["t"])[0])
    potential.force(point, POINT["t"])
    if differs(formula.text, energy, 16.0):
        return "FAILED: compiled to another value than Python's"
    return "accepted and computed"


def looks():
    """Kind to look."""
    importlib.import_module("brownian.expressions.source")  # SymPy, once for all children
    every = {"pieces": 1, "mutated": 50, "grammar": 100, "large": 100}
    return {kind: lambda seed, kind=kind, each=each: look(kind, seed, each) for kind, each in every.items()}

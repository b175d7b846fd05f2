"""What a formula is made of: names, operations, canonical text."""

import math
from collections.abc import Callable
from typing import NamedTuple

VARIABLES = ("x", "y", "z", "t")
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "abs": abs,
}
# Attributes of the generated classes.
RESERVED = frozenset(
    {"text", "dimension", "energy", "force", "laplacian", "check", "minima", "confining", "terms", "is_potential"}
    | {"component_energy", "component_force", "component_curvature", "add_energy", "add_force", "add_laplacian"}
    | {"count", "index"}
)

STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
SIGN, ATOM = 3, 5
_ARITHMETIC: dict[str, Callable[..., float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": math.pow,
    "neg": lambda a: -a,
}

MAX_EXPONENT = 64


class ExpressionError(ValueError):
    """A text or its parameters are no formula: the message names the piece, its place, and what is allowed."""


class Node(NamedTuple):
    """One operation: kind ``number``, ``name``, ``neg``, an operator or a function; operands by place in the list."""

    kind: str
    operands: tuple
    constant: float | None = None


class Formula(NamedTuple):
    """A checked formula: its operations, each after its operands, and its canonical text."""

    nodes: tuple
    text: str
    parameters: tuple
    dimension: int


def number(kind, values):
    """The result of an operation on floats, or None where that is no finite real number."""
    try:
        value = (_ARITHMETIC.get(kind) or FUNCTIONS[kind])(*values)
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return value if math.isfinite(value) else None


def written(nodes):
    """The text of the last operation, with the fewest parentheses and spaces around + and - only."""
    texts: list[tuple[str, int]] = []  # and how strongly each holds together
    for kind, operands, _ in nodes:
        parts = [texts[operand] for operand in operands] if kind not in ("number", "name") else []
        if kind == "number":
            texts.append((repr(operands[0]).removesuffix(".0"), ATOM))
        elif kind == "name":
            texts.append((operands[0], ATOM))
        elif kind == "neg":
            texts.append((f"-{_grouped(parts[0], SIGN)}", SIGN))
        elif kind in FUNCTIONS:
            texts.append((f"{kind}({parts[0][0]})", ATOM))
        elif kind == "**":
            texts.append((f"{_grouped(parts[0], ATOM)}**{_grouped(parts[1], SIGN)}", 4))
        else:
            strength = STRENGTH[kind]
            sign = f" {kind} " if strength == 1 else kind
            texts.append((_grouped(parts[0], strength) + sign + _grouped(parts[1], strength + 1), strength))
    return texts[-1][0]


def _grouped(part, strength):
    return part[0] if part[1] >= strength else f"({part[0]})"

"""The text of a formula becomes a list of operations, or an error; nothing in it is ever evaluated as Python.

The text may come from a file that somebody sent, so its language is parsed here, in bounded time and memory: numbers,
names, + - * / **, parentheses and functions of one argument, with Python's precedence.
"""

import difflib
import keyword
import math
import re

import numpy as np

from .formula import (
    CONSTANTS,
    FUNCTIONS,
    MAX_EXPONENT,
    RESERVED,
    SIGN,
    STRENGTH,
    VARIABLES,
    ExpressionError,
    Formula,
    Node,
    number,
    written,
)

MAX_LENGTH = 2000  # characters
MAX_DEPTH = 50  # nested parentheses, functions, signs and exponents
MAX_OPERATIONS = 400
MAX_NAME = 40  # characters

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<operator>\*\*|[-+*/()])", re.ASCII
)
_SPACES = tuple(" \t\r\n")
_PARAMETER = re.compile(r"[A-Za-z]\w*", re.ASCII)
_HINTS = {
    "^": "a power is written **",
    ".": "there are no attributes",
    ",": "every function takes one argument",
    ";": "one formula is needed",
    ":": "one formula is needed",
    "%": "the operators are + - * / **",
    "[": "there are no subscripts, the coordinates are x, y, z",
    "{": "only round parentheses group",
    **dict.fromkeys("]}", "only round parentheses group"),
    **dict.fromkeys("<>=!", "there are no comparisons and no assignments"),
    **dict.fromkeys("'\"`", "there are no strings"),
    **dict.fromkeys("&|~@", "the operators are + - * / **"),
}
_LANGUAGE = (
    f"A formula consists of numbers, the variables {', '.join(VARIABLES)}, the constants {', '.join(CONSTANTS)}, named "
    f"parameters, + - * / **, parentheses, and the functions {', '.join(FUNCTIONS)}."
)


def parse(text, parameters=(), dimension=None):
    """The formula in a text.

    Parameters
    ----------
    text
        The formula.
    parameters
        Names that may, and must, occur besides the variables.
    dimension
        1 to 3; by default that of the last of x, y, z which occurs.

    Raises
    ------
    ExpressionError
        if the text is anything but a formula in these names.
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a formula is a text, not {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the formula has {len(text)} characters, {MAX_LENGTH} are allowed")
    parameters = _checked_names(parameters)
    nodes = _Parser(text, parameters).parse()
    used = {node.operands[0] for node in nodes if node.kind == "name"}
    for name in parameters:
        if name not in used:
            raise ExpressionError(f"the parameter {name!r} does not occur in the formula {_shown(text)!r}")
    canonical = written(nodes)
    if len(canonical) > MAX_LENGTH:
        raise ExpressionError(f"the formula has {len(canonical)} characters when written out, {MAX_LENGTH} are allowed")
    return Formula(nodes, canonical, parameters, _dimension(dimension, used))


def _checked_names(names):
    for name in names:
        shown = repr(_shown(str(name))[:MAX_NAME])
        if not isinstance(name, str) or not _PARAMETER.fullmatch(name) or len(name) > MAX_NAME or "__" in name:
            raise ExpressionError(
                f"{shown} can't be a parameter: a name has at most {MAX_NAME} letters, digits and underscores, starts "
                "with a letter, and has no two underscores in a row"
            )
        if name in VARIABLES or name in CONSTANTS or name in FUNCTIONS:
            kind = "variable" if name in VARIABLES else "constant" if name in CONSTANTS else "function"
            raise ExpressionError(f"{shown} can't be a parameter: it is a {kind} of every formula")
        if name in RESERVED or keyword.iskeyword(name):
            raise ExpressionError(f"{shown} can't be a parameter: the name is taken, choose another")
    return tuple(sorted(set(names)))


def _dimension(dimension, used):
    needed = max((k for k, name in enumerate("xyz", 1) if name in used), default=1)
    if dimension is None:
        return needed
    if not isinstance(dimension, int | np.integer) or not 1 <= dimension <= 3:
        raise ExpressionError(f"dimension = {dimension!r}, but it must be 1, 2 or 3")
    if dimension < needed:
        raise ExpressionError(f"dimension = {dimension}, but the formula contains {'xyz'[needed - 1]!r}")
    return int(dimension)


def _shown(text):
    """The text with whatever could disturb a terminal replaced, character by character."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class _Parser:
    """Precedence climbing; equal operations are kept once."""

    def __init__(self, text, parameters):
        self.text, self.parameters = text, parameters
        self.position = self.end = self.depth = 0
        self.kind = self.token = ""
        self.places = {}
        self.nodes = []

    def parse(self):
        self.advance()
        self.expression(0)
        if self.kind:
            self.fail(f"unexpected {self.token!r}", "a parenthesis is closed that was not opened")
        return tuple(self.nodes)

    def fail(self, problem, hint, position=None):
        position = self.position if position is None else position
        first = max(0, position - 40)
        line = _shown(self.text[first : position + 40])
        raise ExpressionError(
            f"{problem} at character {position + 1} of the formula: {hint}.\n    {line}\n"
            f"    {' ' * (position - first)}^\n{_LANGUAGE}"
        )

    def advance(self):
        self.position = self.end
        while self.text[self.position : self.position + 1] in _SPACES:
            self.position += 1
        found = _TOKEN.match(self.text, self.position)
        if found:
            self.kind, self.token, self.end = found.lastgroup or "", found.group(), found.end()
        elif self.position == len(self.text):
            self.kind = self.token = ""
        else:
            character = self.text[self.position]
            self.fail(f"unexpected {character!a}", _HINTS.get(character, "it has no meaning here"))

    def nested(self, strength):
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("too deep nesting", f"{MAX_DEPTH} levels are allowed")
        inner = self.expression(strength)
        self.depth -= 1
        return inner

    def expression(self, strength):
        left = self.prefix()
        while self.kind and self.token != ")":
            operator, position = self.token, self.position
            if operator not in STRENGTH:
                self.fail(f"unexpected {_shown(operator)[:MAX_NAME]!r}", "an operator is missing before it, such as *")
            if STRENGTH[operator] < strength:
                break
            self.advance()
            right = self.nested(SIGN) if operator == "**" else self.expression(STRENGTH[operator] + 1)
            left = self.node(operator, (left, right), position)
        return left

    def prefix(self):
        kind, token, position = self.kind, self.token, self.position
        if not kind:
            self.fail("the formula ends too early", "a number, a name or a parenthesis is missing")
        self.advance()
        if kind == "number":
            value = float(token)
            if not math.isfinite(value):
                self.fail("too large a number", "numbers up to 1.79e308 are allowed", position)
            return self.node("number", (value,), position)
        if kind == "name":
            return self.name(token, position)
        if token == "(":
            inner = self.nested(0)
            self.close()
            return inner
        if token in "+-":
            inner = self.nested(SIGN)
            return inner if token == "+" else self.node("neg", (inner,), position)
        return self.fail(f"unexpected {token!r}", "a number, a name or a parenthesis is missing before it", position)

    def name(self, name, position):
        shown = repr(name[:MAX_NAME])
        if name in FUNCTIONS:
            if self.token != "(":
                self.fail(f"the function {shown} without an argument", f"write {name}(...)", position)
            self.advance()
            inner = self.nested(0)
            self.close()
            return self.node(name, (inner,), position)
        if name in VARIABLES or name in CONSTANTS or name in self.parameters:
            if self.token == "(":
                self.fail(f"{shown} is not a function", "a product is written with *", position)
            return self.node("name", (name,), position)
        if keyword.iskeyword(name):
            return self.fail(f"unexpected {shown}", "it is a word of Python, and this is a formula", position)
        known = [*VARIABLES, *CONSTANTS, *FUNCTIONS, *self.parameters]
        close = difflib.get_close_matches(name[:MAX_NAME].lower(), known, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        if self.token == "(":
            return self.fail(f"unknown function {shown}", f"{hint}the functions are {', '.join(FUNCTIONS)}", position)
        if _PARAMETER.fullmatch(name) and len(name) <= MAX_NAME and "__" not in name and name not in RESERVED:
            hint += f"a parameter is given with its value, Expression(..., {name}=...)"
        else:
            hint += "it can't be a parameter either"
        return self.fail(f"unknown name {shown}", hint, position)

    def close(self):
        if self.token != ")":
            self.fail("an open parenthesis", "')' is missing")
        self.advance()

    def node(self, kind, operands, position):
        key = (kind, operands)
        if key not in self.places:
            constant = self.constant(kind, operands, position)
            if len(self.nodes) == MAX_OPERATIONS:
                self.fail("too long a formula", f"{MAX_OPERATIONS} different operations are allowed", position)
            self.places[key] = len(self.nodes)
            self.nodes.append(Node(kind, operands, constant))
        return self.places[key]

    def constant(self, kind, operands, position):
        """The value of an operation on constants, in float64, or None."""
        if kind == "number":
            return operands[0]
        if kind == "name":
            return CONSTANTS.get(operands[0])
        values = [self.nodes[operand].constant for operand in operands]
        if None not in values:
            value = number(kind, values)
            if value is None:
                operation = f"{kind} of {', '.join(map(repr, values))}"
                self.fail("a constant that is no finite real number", operation, position)
            return value
        if kind == "/" and values[1] == 0.0:
            self.fail("division by zero", "the divisor must not be 0", position)
        if kind == "**" and values[1] is not None and abs(values[1]) > MAX_EXPONENT:
            allowed = f"exponents from -{MAX_EXPONENT} to {MAX_EXPONENT} are allowed"
            self.fail(f"the exponent {values[1]!r}", allowed, position)
        if kind == "**" and values[0] is not None and values[0] <= 0.0:
            self.fail(f"a power of {values[0]!r}", "the base must be positive where the exponent varies", position)
        return None

"""Energy, force and Laplacian of a formula, through SymPy.

What the author of a formula put into one piece stays one: bases of powers, arguments of functions and sums inside of
products become named quantities, and derivatives go through them by the chain rule.  So ``(x/w)**2 - 1`` is not
expanded into powers of x and w, and no formula, however nested, makes an expression grow.
"""

import math

import sympy

from .formula import CONSTANTS, MAX_EXPONENT, VARIABLES, ExpressionError, number, written

COORDINATES = VARIABLES[:3]
_FUNCTIONS = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "abs": sympy.Abs,
}
_LONGEST_SUM, _LONGEST_PRODUCT = 8, 3  # terms; factors that depend on x
_E = CONSTANTS["e"]


class power(sympy.Function):
    """base**exponent for an exponent that is no number."""

    nargs = 2

    def fdiff(self, argindex=1):
        """Derivatives without the division by the base that SymPy's own have."""
        base, exponent = self.args
        if argindex == 1:
            return exponent * power(base, exponent - 1)
        return self * (sympy.Rational(math.log(base)) if base.is_Number else sympy.log(base))


class Derivation:
    """The named quantities of a formula, ``definitions`` in an order in which they can be computed, and its energy."""

    def __init__(self, formula):
        self.coordinates = [sympy.Symbol(name, real=True) for name in COORDINATES[: formula.dimension]]
        self.definitions = {}
        self._named = {}
        self.varying = {sympy.Symbol(name, real=True) for name in COORDINATES}  # from lane to lane
        values: list[sympy.Expr] = []
        for k, node in enumerate(formula.nodes):
            value = _real(self._value(node, values))
            if value is None:
                raise ExpressionError(f"{written(formula.nodes[: k + 1])!r} is nowhere a finite real number")
            values.append(self._short(value))
        self.energy = values[-1]

    def _value(self, node, values):
        kind, operands, constant = node
        if constant is not None:
            return sympy.Rational(constant)
        if kind == "name":
            return sympy.Symbol(operands[0], real=True)
        operands = [values[k] for k in operands]
        if all(operand.is_Rational for operand in operands):
            result = number(kind, [float(operand) for operand in operands])
            return sympy.nan if result is None else sympy.Rational(result)
        if kind == "neg":
            return -self._factor(operands[0])
        if kind == "+":
            return operands[0] + operands[1]
        if kind == "-":
            return operands[0] - operands[1]
        if kind == "*":
            return self._factor(operands[0]) * self._factor(operands[1])
        if kind == "/":
            return self._factor(operands[0]) * self._inverse(operands[1])
        if kind == "**":
            return self._power(*operands)
        return _FUNCTIONS[kind](self._atom(operands[0]))

    def _inverse(self, value):
        if value.is_Pow and value.exp.is_Rational:
            return self._atom(value.base) ** -value.exp
        return 1 / self._atom(value)

    def _power(self, base, exponent):
        if exponent.is_Rational and abs(exponent) <= MAX_EXPONENT:
            return self._atom(base) ** exponent
        if base == sympy.Rational(_E):
            return sympy.exp(self._atom(exponent))
        if base.is_number and base <= 0:
            return sympy.nan
        return power(self._atom(base), self._atom(exponent))

    def _atom(self, value):
        """The value itself if it is a symbol or number, otherwise a name for it."""
        if value.is_Atom:
            return value
        if value not in self._named:
            symbol = sympy.Symbol(f"_{len(self._named):04d}", real=True)
            self._named[value] = symbol
            self.definitions[symbol] = value
            if value.free_symbols & self.varying:
                self.varying.add(symbol)
        return self._named[value]

    def _factor(self, value):
        return self._atom(value) if value.is_Add else value

    def _short(self, value):
        if value.is_Add:
            return self._atom(value) if len(value.args) > _LONGEST_SUM else value
        factors = sum(bool(factor.free_symbols & self.varying) for factor in sympy.Mul.make_args(value))
        return self._atom(value) if factors > _LONGEST_PRODUCT else value

    def derivative(self, value, coordinate):
        """The derivative of an expression in the named quantities."""
        known = {coordinate: sympy.Integer(1)}
        for symbol in self.needed([value]):
            if symbol in self.varying:
                known[symbol] = self._short(self._factor(self._chain(self.definitions[symbol], known)))
        return self._chain(value, known)

    def _chain(self, value, known):
        symbols = sorted((s for s in value.free_symbols if known.get(s, 0) != 0), key=str)
        return sympy.Add(*[self._short(self._factor(sympy.diff(value, s)) * known[s]) for s in symbols])

    def needed(self, values):
        """The names that occur in some expressions, and in their definitions, in order."""
        wanted = set().union(*(value.free_symbols for value in values))
        for symbol in reversed(self.definitions):
            if symbol in wanted:
                wanted |= self.definitions[symbol].free_symbols
        return [symbol for symbol in self.definitions if symbol in wanted]

    @property
    def smooth(self):
        """Whether second derivatives exist everywhere: not with abs of something that depends on x."""
        kinks = [kink for value in [*self.definitions.values(), self.energy] for kink in value.atoms(sympy.Abs)]
        return not any(kink.free_symbols & self.varying for kink in kinks)

    def gradient(self):
        """dU/dx for every coordinate."""
        return [self.derivative(self.energy, coordinate) for coordinate in self.coordinates]

    def laplacian(self):
        """The sum of the second derivatives."""
        firsts = zip(self.gradient(), self.coordinates, strict=True)
        return sympy.Add(*[self.derivative(first, coordinate) for first, coordinate in firsts])


def _real(value):
    """The value, rounded to float64 if it turned out to be a number, or None where that is not real and finite."""
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        return None
    if value.free_symbols:
        return value
    try:
        return sympy.Rational(value.p / value.q)
    except OverflowError:
        return None

"""The source text of the module that is generated for a formula.

Quantities that are equal for all lanes (parameters, t) are computed before the loop; among them every divisor that does
not depend on x, so that ``x/w`` becomes ``x * (1.0/w)``, which may differ from the division in the last bit.
"""

import graphlib

import sympy

from .derivation import COORDINATES, Derivation, power
from .formula import VARIABLES, ExpressionError
from .heading import header

_CALLS = {
    sympy.exp: "vectormath.exp({0})",
    sympy.log: "vectormath.log({0})",
    sympy.sin: "vectormath.sin({0})",
    sympy.cos: "vectormath.cos({0})",
    sympy.tan: "vectormath.sin({0})/vectormath.cos({0})",
    sympy.sinh: "0.5*(vectormath.expm1({0}) - vectormath.expm1(-{0}))",
    sympy.cosh: "0.5*(vectormath.exp({0}) + vectormath.exp(-{0}))",
    sympy.tanh: "vectormath.tanh({0})",
    sympy.Abs: "abs({0})",
    sympy.sign: "(1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0)",
}
_SUM, _PRODUCT, _ATOM = 1, 2, 3


def module_source(formula):
    """The whole module, the same text for the same formula in every process."""
    derivation = Derivation(formula)
    energy, gradient = derivation.energy, derivation.gradient()
    force = [-slope for slope in gradient]
    second = derivation.laplacian() if derivation.smooth else None
    if formula.dimension == 1:
        methods = [_component("energy", derivation, energy), _component("force", derivation, force[0])]
        methods += [_component("curvature", derivation, second)] if second is not None else []
    else:
        methods = [_block("energy", "u", derivation, {"u[i]": energy})]
        methods += [_block("force", "f", derivation, {f"f[{d}, i]": value for d, value in enumerate(force)})]
        methods += [_block("laplacian", "u", derivation, {"u[i]": second})] if second is not None else []
    return header(formula) + "\n".join(methods)


def _component(name, derivation, value):
    before, inside, [result] = _Writer(derivation).write([value])
    lines = [f"    def component_{name}(self, x, d, t):"]
    lines += [f"        {line}" for line in [*before, *inside, f"return {result}"]]
    return "\n".join(lines) + "\n"


def _block(name, out, derivation, values):
    values = {target: value for target, value in values.items() if value != 0}
    before, inside, results = _Writer(derivation).write(list(values.values()))
    lines = [f"    def add_{name}(self, block, t, {out}):", *(f"        {line}" for line in before)]
    lines += ["        for i in range(block.shape[1]):"]
    body = [f"{c} = block[{d}, i]" for d, c in enumerate(COORDINATES[: len(derivation.coordinates)])]
    body += [*inside, *(f"{target} += {result}" for target, result in zip(values, results, strict=True))]
    return "\n".join(lines + [f"            {line}" for line in body]) + "\n"


class _Writer:
    """Statements for some values: what is equal for all lanes, what is not, and the values themselves."""

    def __init__(self, derivation):
        self.derivation = derivation
        self.varying = set(derivation.varying)
        self.hoisted = {}
        self.names = {}
        self.powers = {}
        self.before: list[str] = []
        self.inside: list[str] = []
        self.lines = self.inside

    def write(self, values):
        needed = self.derivation.needed(values)
        targets = [self._hoist(value) for value in values]
        definitions = {symbol: self._hoist(self.derivation.definitions[symbol]) for symbol in needed}
        definitions |= {symbol: expr for expr, symbol in self.hoisted.items()}
        exprs = [*definitions.values(), *targets]
        shared, exprs = sympy.cse(exprs, sympy.numbered_symbols("~", real=True), list=False)
        definitions = dict(shared) | dict(zip(definitions, exprs, strict=False))
        after = {symbol: sorted(expr.free_symbols, key=str) for symbol, expr in definitions.items()}
        for symbol in graphlib.TopologicalSorter(after).static_order():
            if symbol in definitions:
                self._define(symbol, definitions[symbol])
        self.lines = self.inside
        return self.before, self.inside, [self._code(expr)[0] for expr in exprs[len(exprs) - len(values) :]]

    def _varies(self, expr):
        return bool(expr.free_symbols & self.varying)

    def _hoist(self, expr):
        """The expression with a symbol in place of every part that is equal for all lanes and costs something."""
        if not self._varies(expr):
            if expr.is_Atom:
                return expr
            return self.hoisted.setdefault(expr, sympy.Symbol(f"~~{len(self.hoisted):04d}", real=True))
        if expr.is_Atom:
            return expr
        if expr.is_Add or expr.is_Mul:
            equal = expr.func(*(part for part in expr.args if not self._varies(part)))
            parts = [self._hoist(part) for part in expr.args if self._varies(part)]
            return expr.func(equal if equal.is_Atom or (-equal).is_Atom else self._hoist(equal), *parts)
        return expr.func(*(self._hoist(part) for part in expr.args))

    def _define(self, symbol, expr):
        varies = self._varies(expr)
        if varies:
            self.varying.add(symbol)
        self.lines = self.inside if varies else self.before
        self.names[symbol] = self._name(*self._code(expr))

    def _name(self, text, strength):
        """A name for a value that is written with operators; others serve as they are."""
        if strength == _ATOM and "(" not in text:
            return text
        name = f"{'v' if self.lines is self.inside else 'c'}{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def _code(self, expr):
        """Python text of an expression, and how strongly it holds together."""
        if expr.is_Symbol:
            text = str(expr)
            return self.names.get(expr) or (text if text in VARIABLES else f"self.{text}"), _ATOM
        if expr.is_Rational:
            text = _number(expr)
            return text, _SUM if expr < 0 else _ATOM
        if expr.is_Add:
            return self._sum(expr), _SUM
        if expr.is_Mul:
            return self._product(expr)
        if expr.is_Pow:
            return self._product(expr) if expr.exp < 0 else self._power(expr)
        if isinstance(expr, power):
            base, exponent = (self._code(part)[0] for part in expr.args)
            return f"vectormath.pow({base}, {exponent})", _ATOM
        call = _CALLS[expr.func]
        text, strength = self._code(expr.args[0])
        if call.count("{0}") > 1:
            text = self._name(text, strength)
        return call.format(text), _PRODUCT if "/" in call or "*" in call else _ATOM

    def _sum(self, expr):
        terms = sorted(expr.args, key=lambda term: (term.is_Number, term.could_extract_minus_sign()))
        text = self._code(terms[0])[0]
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            part, strength = self._code(-term if negative else term)
            text += f" {'-' if negative else '+'} {_grouped((part, strength), _PRODUCT)}"
        return text

    def _product(self, expr):
        number, rest = expr.as_coeff_Mul()
        above: list[sympy.Expr] = []
        below: list[sympy.Expr] = []
        for factor in sympy.Mul.make_args(rest):
            inverse = factor.is_Pow and factor.exp.is_Rational and factor.exp < 0
            (below if inverse else above).append(1 / factor if inverse else factor)
        above.sort(key=self._varies)
        texts = [_grouped(self._code(factor), _PRODUCT) for factor in above]
        if abs(number) != 1 or not texts:
            texts.insert(0, _number(abs(number)))
        text = "*".join(texts)
        if len(below) == 1:
            text += f"/{_grouped(self._code(below[0]), _ATOM)}"
        elif below:
            text += f"/({'*'.join(_grouped(self._code(factor), _PRODUCT) for factor in below)})"
        return (f"-{text}", _SUM) if number < 0 else (text, _PRODUCT)

    def _power(self, expr):
        base = self._name(*self._code(expr.base))
        whole, half = divmod(expr.exp, 1)
        if half == 0:
            return self._integer_power(base, int(whole)), _PRODUCT
        if half != sympy.Rational(1, 2):
            return f"vectormath.pow({base}, {_number(expr.exp)})", _ATOM
        if whole == 0:
            return f"vectormath.sqrt({base})", _ATOM
        return f"{self._integer_power(base, int(whole))}*vectormath.sqrt({base})", _PRODUCT

    def _integer_power(self, base, n):
        if n <= 3:
            return "*".join([base] * n)
        if (base, n) not in self.powers:
            half = self._name(self._integer_power(base, n // 2), _PRODUCT if n > 3 else _ATOM)
            self.powers[base, n] = f"{half}*{half}" + (f"*{base}" if n % 2 else "")
        return self.powers[base, n]


def _grouped(code, needed):
    text, strength = code
    return text if strength >= needed else f"({text})"


def _number(value):
    try:
        return repr(value.p / value.q)  # correctly rounded
    except OverflowError:
        raise ExpressionError("a product of constants in the formula is too large for float64") from None

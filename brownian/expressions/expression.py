"""The potential of a formula, and what its class has besides energy and force."""

import math
import numbers

from .formula import ExpressionError
from .loading import load
from .parsing import parse

_COORDINATES, _TIME = (0.6180339887, 0.7320508076, 0.4142135624), 0.2360679775  # anywhere


def Expression(text, /, *, dimension=None, **parameters):
    """A potential from a formula in x, y, z and t.

    The formula may consist of numbers, the variables x, y, z (coordinates [L]) and t (time [T]), the constants pi and
    e, parameters, the operators + - * / **, parentheses, and exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, abs.  It
    is never evaluated as Python.  Force and Laplacian are derived by SymPy and written, once per formula, to a module
    in the user's cache folder (``BROWNIAN_CACHE_DIR``, or the system's place for caches).

    Parameters
    ----------
    text
        The energy U(x, y, z, t) [E].
    dimension
        Number of coordinates, 1 to 3; by default x, y and z up to the last that occurs.
    **parameters
        The value of every other name in the formula.

    Returns
    -------
    NamedTuple
        A potential with the parameters, sorted by name, as fields.  Its class has ``text`` (the formula in canonical
        form) and ``dimension``.  It has no Laplacian where abs of something that depends on x occurs; the force of
        abs(u) at u = 0 is taken as 0.

    Raises
    ------
    ExpressionError
        if the text is no such formula, or a parameter is missing, superfluous, not a finite number, or makes the
        formula divide by zero everywhere.

    Notes
    -----
    Numbers are float64.  A quotient ``a/b`` whose b does not depend on x, y, z is computed as a times 1/b; integer
    powers are products, powers n + 1/2 use sqrt.  Numeric exponents go from -64 to 64.

    Examples
    --------
    >>> from brownian.expressions import Expression
    >>> well = Expression("h*((x/w)**2 - 1)**2", h=2.0, w=0.5)
    >>> well
    Expression('h*((x/w)**2 - 1)**2', h=2.0, w=0.5)
    >>> well.energy([0.0, 0.5]), well.force([0.25])
    (array([2., 0.]), array([6.]))
    """
    formula = parse(text, parameters, dimension)
    values = {name: _finite(name, parameters[name]) for name in formula.parameters}
    return load(formula)(**values)


def _finite(name, value):
    if not isinstance(value, numbers.Real):
        raise ExpressionError(f"the parameter {name} is of type {type(value).__name__}, but a number is needed")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ExpressionError(f"{name} = {number!r}, but it must be finite")
    return number


def expression(cls):
    """Give a generated class its text form, pickling through the formula, and a check of its parameters."""
    cls.__repr__ = _repr
    cls.__reduce__ = _reduce
    cls.check = _check
    return cls


def _repr(self):
    by_default = parse(self.text, self._fields).dimension
    dimension = [] if self.dimension == by_default else [f"dimension={self.dimension}"]
    values = [f"{name}={value!r}" for name, value in self._asdict().items()]
    return f"Expression({', '.join([repr(self.text), *dimension, *values])})"


def _reduce(self):
    return _again, (self.text, self.dimension, self._asdict())


def _again(text, dimension, parameters):
    return Expression(text, dimension=dimension, **parameters)


def _check(self):
    """Refuse parameters by which the formula divides by zero wherever it is evaluated."""
    point = [_COORDINATES[: self.dimension]]
    try:
        self.energy(point, _TIME)
        self.force(point, _TIME)
    except ZeroDivisionError:
        raise ExpressionError(f"{self!r} divides by zero") from None

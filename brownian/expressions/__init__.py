"""Potentials from formulas: text, checked syntax, derivatives by SymPy, generated classes."""

from .expression import Expression
from .formula import ExpressionError

__all__ = ["Expression", "ExpressionError"]

"""Polynomials as energies: the simplest family in which every gradient is exact and every loss can be looked up."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from ..schedule import positive_number, whole_number
from .definition import energy_model
from .linear import add_feature

MOST = 10**7  # products of powers that are looked through for monomials


@energy_model
class PolynomialEnergy(NamedTuple):
    """U = sum_m c_m prod_d x_d^(p_md) + sum_d exp(s_d) x_d^n: monomials below the even degree n, and confining ones.

    Parameters
    ----------
    coefficients
        c_m, shape (monomials,).  Learnt.
    log_top
        s_d, logarithms of the factors of x_d^n, shape (dimension,): whatever their values, exp(-U / kT) has a finite
        integral.  Learnt.
    powers
        p_md, whole numbers, shape (monomials, dimension); each row adds up to 1 ... n - 1.
    degree
        n, even.

    ``PolynomialEnergy.up_to(degree, dimension)`` has all monomials.

    Examples
    --------
    >>> from brownian.models import PolynomialEnergy
    >>> well = PolynomialEnergy(coefficients=[0.0, -4.0, 0.0], log_top=0.0, powers=[[1], [2], [3]], degree=4)
    >>> well.energy([1.0, 2.0]), well.force([1.0])                                  # x^4 - 4 x^2
    (array([-3.,  0.]), array([4.]))
    """

    coefficients: np.ndarray
    log_top: np.ndarray
    powers: np.ndarray
    degree: float

    learned = "coefficients", "log_top"
    confining = True

    def check(self):
        if self.degree < 2 or self.degree % 2 != 0.0:
            raise ValueError(f"PolynomialEnergy: degree = {self.degree!r}, but an even number, 2 or more, is needed")
        if self.powers.ndim != 2 or self.powers.shape[0] != self.coefficients.size or self.coefficients.ndim != 1:
            raise ValueError(
                f"PolynomialEnergy: powers of shape {self.powers.shape} for {self.coefficients.size} coefficients, but "
                "(coefficients, dimension) is needed"
            )
        if self.log_top.shape != (self.powers.shape[1],):
            raise ValueError(
                f"PolynomialEnergy: log_top of shape {self.log_top.shape}, but ({self.powers.shape[1]},) is needed"
            )
        total = self.powers.sum(axis=1)
        if np.any(self.powers < 0) or np.any(self.powers % 1) or np.any(total < 1) or np.any(total >= self.degree):
            raise ValueError(
                f"PolynomialEnergy: powers {self.powers.tolist()}, but whole numbers are needed that add up to 1 ... "
                f"{int(self.degree) - 1} in each row"
            )

    @classmethod
    def up_to(cls, degree, dimension, top=1.0):
        """All monomials of total degree 1 ... degree - 1, with coefficients 0, and ``top`` times x_d^degree."""
        degree, dimension = whole_number("degree", degree, 2), whole_number("dimension", dimension, 1)
        if degree > MOST or dimension > math.log2(MOST) or degree**dimension > MOST:
            raise ValueError(f"degree = {degree} and dimension = {dimension}: degree**dimension must be at most {MOST}")
        rows = itertools.product(range(degree - 1, -1, -1), repeat=dimension)
        powers = sorted((row for row in rows if 1 <= sum(row) < degree), key=sum)
        log_top = np.full(dimension, np.log(positive_number("top", top)))
        return cls(np.zeros(len(powers)), log_top, np.reshape(powers, (len(powers), dimension)), degree)

    @property
    def dimension(self):
        """Of the positions."""
        return self.powers.shape[1]

    def add_energy(self, x, t, u):
        table, term = _table(self, x), np.empty(x.shape[1])
        for m in range(self.coefficients.size):
            _product_but(table, self.powers[m], -1, term)
            for i in range(x.shape[1]):
                u[i] += self.coefficients[m] * term[i]
        for d in range(x.shape[0]):
            strength = vectormath.exp(self.log_top[d])
            for i in range(x.shape[1]):
                u[i] += strength * table[d, table.shape[1] - 1, i]

    def add_force(self, x, t, f):
        table, term = _table(self, x), np.empty(x.shape[1])
        n = table.shape[1] - 1
        for m in range(self.coefficients.size):
            for d in range(x.shape[0]):
                p = int(self.powers[m, d])
                if p > 0:
                    _product_but(table, self.powers[m], d, term)
                    slope = p * self.coefficients[m]
                    for i in range(x.shape[1]):
                        f[d, i] -= slope * table[d, p - 1, i] * term[i]
        for d in range(x.shape[0]):
            slope = n * vectormath.exp(self.log_top[d])
            for i in range(x.shape[1]):
                f[d, i] -= slope * table[d, n - 1, i]

    def add_laplacian(self, x, t, u):
        table, term = _table(self, x), np.empty(x.shape[1])
        n = table.shape[1] - 1
        for m in range(self.coefficients.size):
            for d in range(x.shape[0]):
                p = int(self.powers[m, d])
                if p > 1:
                    _product_but(table, self.powers[m], d, term)
                    bend = p * (p - 1) * self.coefficients[m]
                    for i in range(x.shape[1]):
                        u[i] += bend * table[d, p - 2, i] * term[i]
        for d in range(x.shape[0]):
            bend = n * (n - 1) * vectormath.exp(self.log_top[d])
            for i in range(x.shape[1]):
                u[i] += bend * table[d, n - 2, i]

    def add_gradient(self, x, v, w, jet, out):
        table, y, monomials = _table(self, x), np.empty((3, x.shape[1])), self.coefficients.size
        jet[:] = 0.0
        for m in range(monomials):
            _begin(y)
            for d in range(x.shape[0]):
                _times_power(y, table[d], v[d], int(self.powers[m, d]))
            out[m] += add_feature(self.coefficients[m], y, w, jet)
        for d in range(x.shape[0]):
            _begin(y)
            _times_power(y, table[d], v[d], table.shape[1] - 1)
            strength = vectormath.exp(self.log_top[d])
            out[monomials + d] += strength * add_feature(strength, y, w, jet)


@allocating
def _table(self, x):
    """table[d, p, i] = x[d, i]^p."""
    table = np.empty((x.shape[0], int(self.degree) + 1, x.shape[1]))
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            table[d, 0, i] = 1.0
        for p in range(1, table.shape[1]):
            for i in range(x.shape[1]):
                table[d, p, i] = table[d, p - 1, i] * x[d, i]
    return table


@allocating
def _product_but(table, powers, left_out, term):
    """term[i] = the monomial without the factor of component ``left_out``."""
    term[:] = 1.0
    for d in range(table.shape[0]):
        p = int(powers[d])
        if d != left_out and p > 0:
            for i in range(term.size):
                term[i] *= table[d, p, i]


@allocating
def _begin(y):
    """The derivatives 0, 1, 2 along v of the constant 1."""
    y[0], y[1], y[2] = 1.0, 0.0, 0.0


@allocating
def _times_power(y, table, v, p):
    """Multiply by x_d^p what has the derivatives y along v."""
    for i in range(v.size):
        a = table[p, i]
        b = p * table[max(p - 1, 0), i] * v[i]
        c = p * (p - 1) * table[max(p - 2, 0), i] * v[i] * v[i]
        y[2, i] = y[2, i] * a + 2.0 * y[1, i] * b + y[0, i] * c
        y[1, i] = y[1, i] * a + y[0, i] * b
        y[0, i] *= a

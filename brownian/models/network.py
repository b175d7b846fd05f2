"""A multilayer perceptron in a trap as an energy."""

from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating, fma
from ..noise import WEIGHTS, Philox, normals_at
from ..potentials.linear import Harmonic
from ..potentials.potential import add_energy, add_force, add_laplacian
from ..schedule import checked_seed, positive_number, whole_number
from .definition import energy_model
from .linear import check_trap, set_to_trap
from .products import add_outer_product, add_product, called, transposed

MOST = 10**8  # weights
AT_ONCE = 256  # lanes taken through the layers together: what they need stays in the second-level cache


@energy_model
class NetworkEnergy(NamedTuple):
    """U = sum_d stiffness_d (x_d - center_d)^2 / 2 + outer . h_L,  h_l = tanh(A_l h_(l-1) + b_l),  h_0 = x.

    Parameters
    ----------
    inner
        A_1 [1/L], shape (units, dimension).  Learnt.
    between
        A_2, ... A_L, shape (layers - 1, units, units).  Learnt.
    biases
        b_1, ... b_L, shape (layers, units).  Learnt.
    outer
        [E], shape (units,).  Learnt.
    stiffness
        Curvature of the trap [E/L^2], positive; one number, or one per component.
    center
        Where the trap is lowest [L]; one number, or one per component.

    1 to 3 layers.  The network's part of U lies between -sum |outer| and sum |outer|: whatever is learnt,
    exp(-U / kT) has a finite integral.  ``NetworkEnergy.random(...)`` draws weights to start from.

    Examples
    --------
    >>> from brownian.models import NetworkEnergy
    >>> model = NetworkEnergy.random(dimension=2, units=8, layers=2, stiffness=0.7, seed=7)
    >>> {name: value.shape for name, value in model.parameters().items()}
    {'inner': (8, 2), 'between': (1, 8, 8), 'biases': (2, 8), 'outer': (8,)}
    """

    inner: np.ndarray
    between: np.ndarray
    biases: np.ndarray
    outer: np.ndarray
    stiffness: np.ndarray
    center: np.ndarray = 0.0

    learned = "inner", "between", "biases", "outer"
    confining = True

    def check(self):
        if self.inner.ndim != 2 or self.biases.ndim != 2 or not 1 <= len(self.biases) <= 3:
            raise ValueError(
                f"NetworkEnergy: inner of shape {self.inner.shape} and biases of shape {self.biases.shape}, but "
                "(units, dimension) and (layers, units), with 1 to 3 layers, are needed"
            )
        layers, units = len(self.biases), len(self.inner)
        wanted = {"between": (layers - 1, units, units), "biases": (layers, units), "outer": (units,)}
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"NetworkEnergy: {name} of shape {getattr(self, name).shape}, but {shape} is needed, as inner has "
                    f"{units} units and biases {layers} layer{'s' * (layers > 1)}"
                )
        check_trap(self)

    @classmethod
    def random(cls, *, dimension, units, seed, layers=1, stiffness=1.0, center=0.0, length=1.0, height=0.1):
        """Random weights: normal ones, so that the inputs of tanh vary by about 1.

        Parameters
        ----------
        dimension, units, layers
            Of the positions, per hidden layer, and of these.
        seed
            0 ... 2^64 - 1.
        stiffness, center
            The trap.
        length
            Over which the energy is to bend [L]: weights of x are of size 1 / length.
        height
            Root mean square of the outer weights times sqrt(units) [E]: about how rough the energy is at the start.
        """
        dimension, units = whole_number("dimension", dimension, 1), whole_number("units", units, 1)
        layers, seed = whole_number("layers", layers, 1), checked_seed(seed)
        if units * (dimension + layers * (units + 1)) > MOST:
            raise ValueError(
                f"dimension = {dimension}, units = {units} and layers = {layers}, but {MOST} weights is the most"
            )
        shapes = (units, dimension), (layers - 1, units, units), (layers, units), (units,)
        spreads = (
            1.0 / positive_number("length", length),
            units**-0.5,
            1.0,
            positive_number("height", height) * units**-0.5,
        )
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        z = normals_at(
            Philox(np.uint64(seed)), 0, 1, first_particle=0, particles=int(ends[-1]), dimension=1, purpose=WEIGHTS
        ).ravel()  # fmt: skip
        parts = zip(np.split(z, ends[:-1]), shapes, spreads, strict=True)
        return cls(*(spread * part.reshape(shape) for part, shape, spread in parts), stiffness, center)

    @property
    def dimension(self):
        """Of the positions."""
        return self.inner.shape[1]

    def add_energy(self, x, t, u):
        add_energy(Harmonic(self.stiffness, self.center), x, t, u)
        for first in range(0, x.shape[1], AT_ONCE):
            part = _lanes(x, first)
            y = _layers(self, part, part, 1)[1]
            _collect(self.outer, y[0, y.shape[1] - 1], u[first : first + AT_ONCE])

    def add_force(self, x, t, f):
        add_force(Harmonic(self.stiffness, self.center), x, t, f)
        for first in range(0, x.shape[1], AT_ONCE):
            part = _lanes(x, first)
            back = _to_input(self, _layers(self, part, part, 1)[1])
            for d in range(x.shape[0]):
                for i in range(part.shape[1]):
                    f[d, first + i] -= back[d, i]

    def add_laplacian(self, x, t, u):
        add_laplacian(Harmonic(self.stiffness, self.center), x, t, u)
        for first in range(0, x.shape[1], AT_ONCE):
            part = _lanes(x, first)
            v = np.zeros(part.shape)
            for d in range(x.shape[0]):
                v[d] = 1.0
                y = _layers(self, part, v, 3)[1]
                _collect(self.outer, y[2, y.shape[1] - 1], u[first : first + AT_ONCE])
                v[d] = 0.0

    def add_gradient(self, x, v, w, jet, out):
        set_to_trap(self.stiffness, self.center, x, v, jet)
        z, y = _layers(self, x, v, w.shape[0])
        orders, layers, units, lanes = y.shape
        dimension = x.shape[0]
        at_between = units * dimension
        at_biases = at_between + (layers - 1) * units * units
        at_outer = at_biases + layers * units
        back, ones = np.empty((orders, units, lanes)), np.ones((1, lanes))
        for k in range(orders):
            _collect(self.outer, y[k, layers - 1], jet[k])
            add_outer_product(w[k : k + 1], y[k, layers - 1], out[at_outer:])
            for j in range(units):
                for i in range(lanes):
                    back[k, j, i] = self.outer[j] * w[k, i]
        for l in range(layers - 1, -1, -1):
            _through_tanh(y[0, l], z[:, l], back)
            add_outer_product(ones, back[0], out[at_biases + l * units :])
            if l > 0:
                below, weights = np.zeros((orders, units, lanes)), transposed(self.between[l - 1])
                for k in range(orders):
                    add_outer_product(back[k], y[k, l - 1], out[at_between + (l - 1) * units * units :])
                    add_product(weights, back[k], below[k])
                back = below
        add_outer_product(back[0], x, out)
        if orders > 1:
            add_outer_product(back[1], v, out)


@allocating
def _lanes(x, first):
    """The next lanes of x, AT_ONCE of them at most, in memory of their own."""
    part = np.empty((x.shape[0], min(AT_ONCE, x.shape[1] - first)))
    for d in range(part.shape[0]):
        for i in range(part.shape[1]):
            part[d, i] = x[d, first + i]
    return part


@called
def _to_input(self, y):
    """The gradient of outer . h_L in x, given what comes out of tanh in each layer, y[0]."""
    layers, units, lanes = y.shape[1:]
    back = np.empty((units, lanes))
    for j in range(units):
        back[j] = self.outer[j]
    for l in range(layers - 1, -1, -1):
        for j in range(units):
            for i in range(lanes):
                back[j, i] *= 1.0 - y[0, l, j, i] * y[0, l, j, i]
        if l > 0:
            below = np.zeros((units, lanes))
            add_product(transposed(self.between[l - 1]), back, below)
            back = below
    gradient = np.zeros((self.inner.shape[1], lanes))
    add_product(transposed(self.inner), back, gradient)
    return gradient


@called
def _layers(self, x, v, orders):
    """(z, y): derivatives along v of what goes into tanh and comes out, both (orders, layers, units, lanes)."""
    layers, units = self.biases.shape
    z = np.zeros((orders, layers, units, x.shape[1]))
    y = np.empty(z.shape)
    for l in range(layers):
        for j in range(units):
            z[0, l, j] = self.biases[l, j]
        if l > 0:
            for k in range(orders):
                add_product(self.between[l - 1], y[k, l - 1], z[k, l])
        else:
            add_product(self.inner, x, z[0, 0])
            if orders > 1:
                add_product(self.inner, v, z[1, 0])
        for j in range(units):
            for i in range(x.shape[1]):
                y[0, l, j, i] = vectormath.tanh(z[0, l, j, i])
            for k in range(1, orders):
                for i in range(x.shape[1]):
                    f = y[0, l, j, i]
                    f1 = 1.0 - f * f
                    if k == 1:
                        y[1, l, j, i] = f1 * z[1, l, j, i]
                    else:
                        y[2, l, j, i] = f1 * (z[2, l, j, i] - 2.0 * f * z[1, l, j, i] * z[1, l, j, i])
    return z, y


@allocating
def _through_tanh(y, z, back):
    """From the sensitivities to tanh's derivatives along v to those of its argument, in place; y = tanh(z)."""
    orders, units, lanes = back.shape
    for j in range(units):
        for i in range(lanes):
            f = y[j, i]
            f1 = 1.0 - f * f
            f2 = -2.0 * f * f1
            total = f1 * back[0, j, i]
            if orders > 1:
                first = z[1, j, i]
                total += f2 * first * back[1, j, i]
                slope = f1 * back[1, j, i]
                if orders > 2:
                    f3 = f1 * (6.0 * f * f - 2.0)
                    total += (f3 * first * first + f2 * z[2, j, i]) * back[2, j, i]
                    slope += 2.0 * f2 * first * back[2, j, i]
                    back[2, j, i] *= f1
                back[1, j, i] = slope
            back[0, j, i] = total


@allocating
def _collect(outer, y, u):
    """Add outer . y to u, lane by lane."""
    for j in range(outer.size):
        for i in range(u.size):
            u[i] = fma(outer[j], y[j, i], u[i])

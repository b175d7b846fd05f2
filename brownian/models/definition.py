"""Energies with parameters that can be learnt: what a class states, and what it is given.

An energy model is a potential (``brownian.potentials.definition``) of block form whose class names the fields that are
learnt, and states one method more, by which every way of learning gets its gradient::

    learned = ("coefficients", ...)          fields, in the order of ``out``
    dimension                                 of the positions, as a class attribute or a property

    add_gradient(self, x, v, w, jet, out)     x, v: (dimension, lanes); w, jet: (orders, lanes); out: (parameters,)

With u_0 = U(x), u_1 = v . grad U and u_2 = v . (Hessian of U) v at lane i, all of them derivatives of U(x + s v) in s
at s = 0: set jet[k, i] = u_k, and *add* to out the gradient in the parameters, each field flattened, of
sum_i sum_k w[k, i] u_k.  There are 1, 2 or 3 orders, as many as w has rows: contrastive divergence needs the first,
denoising score matching the second, sliced score matching all.
"""

import numpy as np
from numba.extending import overload

from ..arguments import plain_data
from ..compiled import ALLOCATING, class_of
from ..potentials.definition import potential


def energy_model(cls):
    """Make a NamedTuple class with an energy, a force and ``add_gradient`` an energy model: a potential that can learn.

    Instances gain all that ``brownian.potential`` gives, ``parameters()`` and ``with_parameters(parameters)``.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> import numpy as np
    >>> from brownian.models import energy_model, parameter_gradient
    >>> @energy_model
    ... class Trap(NamedTuple):
    ...     stiffness: np.ndarray
    ...     dimension = 1
    ...     learned = ("stiffness",)
    ...     def add_energy(self, x, t, u):
    ...         for i in range(x.shape[1]):
    ...             u[i] += 0.5 * self.stiffness[0] * x[0, i] * x[0, i]
    ...     def add_force(self, x, t, f):
    ...         for i in range(x.shape[1]):
    ...             f[0, i] -= self.stiffness[0] * x[0, i]
    ...     def add_gradient(self, x, v, w, jet, out):
    ...         for i in range(x.shape[1]):
    ...             y = x[0, i], v[0, i]
    ...             terms = 0.5 * y[0] * y[0], y[0] * y[1], y[1] * y[1]
    ...             for k in range(w.shape[0]):
    ...                 jet[k, i] = self.stiffness[0] * terms[k]
    ...                 out[0] += w[k, i] * terms[k]
    >>> parameter_gradient(Trap([2.1]), [[1.0], [3.0]])
    {'stiffness': array([2.5])}
    """
    cls = potential(cls)
    missing = [
        name for name in ("learned", "dimension", "add_energy", "add_force", "add_gradient") if not hasattr(cls, name)
    ]
    if missing:
        raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}: an energy model states all of these")
    unknown = sorted(set(cls.learned) - set(cls._fields))
    if unknown or not cls.learned:
        raise TypeError(f"{cls.__name__}: learned = {cls.learned!r}, but names of its fields {cls._fields} are needed")
    for method in (parameters, with_parameters):
        setattr(cls, method.__name__, method)
    cls.is_energy_model = True
    return cls


def parameters(self):
    """The fields that are learnt, as a dict of arrays."""
    return {name: np.array(getattr(self, name), dtype=np.float64) for name in self.learned}


def with_parameters(self, parameters):
    """The same model with other values of some of the fields that are learnt; their shapes stay.

    Examples
    --------
    >>> from brownian.models import BasisEnergy
    >>> model = BasisEnergy(centers=[[0.4]], widths=0.6, heights=0.0, stiffness=1.3)
    >>> model.with_parameters({"heights": [2.0]}).energy([0.4])
    array([2.104])
    """
    plain_data("parameters", parameters)
    for name, value in parameters.items():
        if name not in self.learned:
            raise ValueError(f"{type(self).__name__} learns {', '.join(self.learned)}, not {name!r}")
        if np.shape(value) != np.shape(getattr(self, name)):
            needed = np.shape(getattr(self, name))
            raise ValueError(f"{type(self).__name__}: {name} of shape {np.shape(value)}, but {needed} is needed")
    return self._replace(**parameters)


def add_gradient(model, x, v, w, jet, out):
    """The method of that name of the model's class."""
    model.add_gradient(x, v, w, jet, out)


@overload(add_gradient, strict=False, jit_options=ALLOCATING)
def _compiled_add_gradient(model, x, v, w, jet, out):
    return getattr(class_of(model), "add_gradient", None)

"""The class decorator of potentials: parameters are cast and checked, ``+`` sums, and arrays can be evaluated."""

import functools

import numpy as np

from ..arguments import numbers, shortened
from ..caching import compiled_for
from ..theory.checks import finite, single
from .potential import ENERGY, LAPLACIAN, add_energy, add_force, add_laplacian, at, lacking, own

INTERPRETED_UP_TO = 256, 1 << 16  # numbers, and numbers times parameters; below, compiling costs more than it saves


def potential(cls):
    """Make a NamedTuple class with an energy and a force a potential (see ``brownian.potentials.potential``).

    Fields annotated ``float`` are cast to float, others to contiguous float64 arrays, and must be finite; a method
    ``check(self)`` may raise more.  Instances gain ``+``, ``energy(x, t=0)``, ``force(x, t=0)`` and
    ``laplacian(x, t=0)`` for positions of shape (particles, dimension), or (particles,) in one dimension, and
    ``profile(x, t=0)``, the energy in one dimension for an array of any shape.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> import brownian as bn
    >>> @bn.potential
    ... class Quartic(NamedTuple):
    ...     strength: float
    ...     def component_energy(self, x, d, t):
    ...         return self.strength * x**4
    ...     def component_force(self, x, d, t):
    ...         return -4.0 * self.strength * x**3
    >>> (Quartic(0.5) + bn.Harmonic(2.0)).energy([2.0])
    array([12.])
    """
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")):
        raise TypeError(f"cls = {shortened(cls)}, but a NamedTuple class is needed")
    plain_new = cls.__new__

    @functools.wraps(plain_new)
    def new(kind, *args, **kwargs):
        self = cast(plain_new(kind, *args, **kwargs))
        if hasattr(kind, "check"):
            kind.check(self)
        return self

    cls.__new__ = new
    cls._make = classmethod(lambda kind, values: kind(*values))
    cls.__add__ = _add
    cls.__radd__ = _add_reflected
    cls.__mul__ = cls.__rmul__ = _refuse_product
    cls.__eq__ = _equal
    cls.__hash__ = _hash
    for method in (energy, force, laplacian, profile):
        setattr(cls, method.__name__, method)
    cls.is_potential = True
    return cls


def named(potential):
    """A potential as people call it."""
    cls = type(potential)
    return f"the expression {cls.text!r}" if hasattr(cls, "text") else cls.__name__


def cast(self):
    """The same NamedTuple with every field a finite float, a contiguous float64 array, or a tuple of potentials."""
    annotations = getattr(type(self), "__annotations__", {})
    fields = (
        cast_field(type(self).__name__, name, annotations.get(name), value)
        for name, value in zip(self._fields, self, strict=True)
    )
    return tuple.__new__(type(self), fields)


def cast_field(owner, name, annotation, value):
    """A value as its annotation wants it: a finite float, a contiguous float64 array, or as it is (a potential)."""
    if annotation is tuple:  # another potential
        if not is_potential(value):
            raise TypeError(f"{owner}: {name} = {shortened(value)}, but a potential is needed")
        return value
    try:
        number = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{owner}: {name} = {shortened(value)}, but numbers are needed") from None
    if not np.all(np.isfinite(number)):
        raise ValueError(f"{owner}: {name} = {shortened(value)}, but it must be finite")
    if annotation is np.ndarray:
        return np.atleast_1d(number)
    if number.ndim and annotation in (float, "float"):
        raise TypeError(f"{owner}: {name} = {shortened(value)}, but one number is needed")
    return number if number.ndim else float(number)


def require_positive(self, *names):
    """Raise if a field of a potential is not positive (everywhere)."""
    for name in names:
        if not np.all(np.asarray(getattr(self, name)) > 0.0):
            raise ValueError(f"{type(self).__name__}: {name} = {getattr(self, name)!r}, but it must be positive")


def _add(self, other):
    from .sums import add

    return add(self, other)


def _add_reflected(self, other):
    return _add(other, self)


def _refuse_product(self, other):
    raise TypeError(f"{type(self).__name__} times {shortened(other)}: scale its parameters instead")


def _own_fields(self):
    """All fields but the row that parameters are put in as time goes by."""
    return [value for name, value in zip(self._fields, self, strict=True) if name != "row"]


def _equal(self, other):
    return type(self) is type(other) and all(
        a == b if isinstance(a, tuple) else np.array_equal(a, b)
        for a, b in zip(_own_fields(self), _own_fields(other), strict=True)
    )


def _hash(self):
    parts = (part.tobytes() if isinstance(part, np.ndarray) else part for part in _own_fields(self))
    return hash((type(self), *parts))


def is_potential(value):
    """Whether a value can serve as a potential: a NamedTuple that states at least its force."""
    cls = type(value)
    return isinstance(value, tuple) and hasattr(cls, "_fields") and has_force(cls)


def has_force(cls):
    """Whether a class states a force, in either form."""
    return hasattr(cls, "component_force") or hasattr(cls, "add_force")


def without_energy(potential):
    """The class of the first part that states no energy (a score, or no conservative force), or None."""
    return lacking(potential, ENERGY)


def dimension_of(potential):
    """The one dimension in which a potential can be used, or None if any will do."""
    return getattr(potential, "dimension", None)


def _positions(potential, x):
    numbers("x", x)
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 1:
        x = x[:, np.newaxis]
    if x.ndim != 2:
        raise ValueError(f"positions of shape {x.shape}, but (particles, dimension) or (particles,) is needed")
    if dimension_of(potential) not in (None, x.shape[1]):
        raise ValueError(
            f"{named(potential)} lives in {dimension_of(potential)} dimensions, positions have {x.shape[1]}"
        )
    return np.ascontiguousarray(x.T)


def _evaluate_energy(potential, x, t, out):
    add_energy(potential, x, t, out)


def _evaluate_force(potential, x, t, out):
    add_force(potential, x, t, out)


def _evaluate_laplacian(potential, x, t, out):
    add_laplacian(potential, x, t, out)


def count_parameters(potential):
    """How many numbers a potential has."""
    return sum(count_parameters(field) if isinstance(field, tuple) else np.size(field) for field in potential)


def _evaluate(entry, potential, x, t, out):
    t = float(single(t=finite(t=t)))
    potential = at(own(potential if hasattr(potential, "is_potential") else cast(potential)), t, 0)
    with np.errstate(all="ignore"):
        few = x.size <= INTERPRETED_UP_TO[0] and x.size * count_parameters(potential) <= INTERPRETED_UP_TO[1]
        run = entry if few else compiled_for(entry, potential)
        run(potential, x, t, out)
    return out


def energy(potential, x, t=0.0):
    """Energy [E] at positions x [L], shape (particles, dimension), or (particles,) in one dimension; (particles,)."""
    score = without_energy(potential)
    if score is not None:
        raise TypeError(
            f"{score.__name__} gives a force only: an energy is needed here (add_energy, or component_energy)"
        )
    x = _positions(potential, x)
    return _evaluate(_evaluate_energy, potential, x, t, np.zeros(x.shape[1]))


def profile(potential, x, t=0.0):
    """Energy [E] in one dimension, element by element for x [L] of any shape."""
    return energy(potential, np.ravel(x), t).reshape(np.shape(x))


def force(potential, x, t=0.0):
    """Force [E/L] at positions x [L] of shape (particles, dimension), or (particles,) in one dimension; same shape."""
    rows = _positions(potential, x)
    return _evaluate(_evaluate_force, potential, rows, t, np.zeros(rows.shape)).T.reshape(np.shape(x))


def laplacian(potential, x, t=0.0):
    """Laplacian [E/L^2] of the energy at positions x [L] of shape (particles, dimension); shape (particles,)."""
    without = lacking(potential, LAPLACIAN)
    if without is not None:
        raise TypeError(f"{without.__name__} states no Laplacian (add_laplacian, or component_curvature)")
    x = _positions(potential, x)
    return _evaluate(_evaluate_laplacian, potential, x, t, np.zeros(x.shape[1]))


def check_force(potential, dimension, scale=1.0, points=8):
    """Compare the force with a finite difference of the energy at random points.

    Raises
    ------
    ValueError
        where they differ by more than the error of the difference, with the point and both values.
    """
    rng = np.random.default_rng(20260101)
    minima = known_minima(potential, dimension)
    minima = minima if len(minima) else np.zeros((1, dimension))
    x = minima[rng.integers(len(minima), size=points)] + scale * rng.normal(size=(points, dimension))
    analytic = force(potential, x)
    usable = np.isfinite(analytic).all(axis=1) & np.isfinite(energy(potential, x))
    if not usable.any():
        raise ValueError(
            f"{named(potential)}: energy and force are not finite at any of {points} points, e.g. at x = {x[0]}"
        )
    for d in range(dimension):
        estimates = []
        for h in (2e-3 * scale, 1e-3 * scale):
            shift = h * np.eye(dimension)[d]
            up, down = energy(potential, x + shift), energy(potential, x - shift)
            estimates.append((down - up) / (2.0 * h))
        extrapolated = (4.0 * estimates[1] - estimates[0]) / 3.0
        rounding = 1e-15 * np.abs(up) / h
        allowed = np.abs(estimates[0] - estimates[1]) + 100.0 * rounding + 1e-7 * np.abs(analytic[:, d]) + 1e-300
        wrong = usable & np.isfinite(extrapolated) & (np.abs(extrapolated - analytic[:, d]) > allowed)
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"{named(potential)}: the force is not -grad U. At x = {x[k].tolist()}, component {d}: "
                f"force {analytic[k, d]:.9g}, -dU/dx by finite difference {extrapolated[k]:.9g}"
            )


def known_minima(potential, dimension):
    """The minima that a potential knows of itself, shape (number, dimension); none where it knows none."""
    points = potential.minima(dimension) if hasattr(potential, "minima") else np.zeros((0, dimension))
    return np.asarray(points, dtype=np.float64)

"""Potentials whose parameters move with time: ``Driven``.

The parameters of the inner potential lie in one row of numbers.  At a time t the protocols write theirs, and the inner
potential is built anew on that row: in compiled code its numbers come from there, its arrays point into it.
"""

from typing import NamedTuple

import numpy as np
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload

from ..arguments import shortened
from ..compiled import OPTIONS
from .definition import is_potential, known_minima, potential
from .potential import (
    add_energy,
    add_force,
    add_laplacian,
    at,
    component_curvature,
    component_energy,
    component_force,
    own,
    parts,
)
from .protocol import ADDITIVE, LINE, RAMP, SINE, SQUARE, STEPS, Protocol, place_in
from .protocols import PROTOCOLS, Linear, Piecewise, Sine, SquareWave

# columns of the table of protocols: kind, place in the row, width, offset of its rows, of its knots, their number, a, b
_KIND, _PLACE, _WIDTH, _ROWS, _KNOTS, _COUNT, _A, _B = range(8)


def on_row(inner, row):
    """The potential with its numbers and arrays taken from a row, in the order of its fields."""
    return _taken(inner, row, 0)[0]


def _taken(inner, row, place):
    fields = []
    for field in inner:
        if isinstance(field, tuple):
            field, place = _taken(field, row, place)
        else:
            size = np.size(field)
            field = row[place : place + size].reshape(np.shape(field)) if np.ndim(field) else float(row[place])
            place += size
        fields.append(field)
    return tuple.__new__(type(inner), fields), place


@intrinsic
def _build_on_row(context, inner, row):
    def generate(context, builder, signature, arguments):
        numbers = context.make_array(row)(context, builder, arguments[1])
        place = cgutils.alloca_once_value(builder, context.get_constant(types.intp, 0))

        def taken(kind, value):
            here = builder.load(place)
            pointer = builder.gep(numbers.data, [here])
            if isinstance(kind, types.Float):
                builder.store(builder.add(here, here.type(1)), place)
                return builder.load(pointer)
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, value)
                builder.store(builder.add(here, array.nitems), place)
                array.data = pointer
                array.meminfo = cgutils.get_null_value(array.meminfo.type)
                array.parent = cgutils.get_null_value(array.parent.type)
                return array._getvalue()
            fields = [taken(part, builder.extract_value(value, k)) for k, part in enumerate(kind.types)]
            return context.make_tuple(builder, kind, fields)

        return impl_ret_borrowed(context, builder, inner, taken(inner, arguments[0]))

    return inner(inner, row), generate


@overload(on_row, jit_options=OPTIONS)
def _compiled_on_row(inner, row):
    return lambda inner, row: _build_on_row(inner, row)


def flat(inner):
    """All numbers of a potential in one row."""
    numbers = [flat(field) if isinstance(field, tuple) else np.ravel(field) for field in inner]
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in numbers]) if numbers else np.zeros(0)


@potential
class DrivenPotential(NamedTuple):
    """What ``Driven`` makes: an inner potential, a table of protocols, and two rows that the parameters are put in."""

    inner: tuple
    table: np.ndarray
    values: np.ndarray
    knots: np.ndarray
    row: np.ndarray

    def at(self, t, row):
        numbers = self.row[row]
        for k in range(self.table.shape[0]):
            entry = self.table[k]
            first = int(entry[_KNOTS])
            knots = self.knots[first : first + int(entry[_COUNT])]
            kind, place, width, start = int(entry[_KIND]), int(entry[_PLACE]), int(entry[_WIDTH]), int(entry[_ROWS])
            step, weight = place_in(kind, entry[_A], entry[_B], knots, t)
            stay = 1.0 if kind in ADDITIVE else 1.0 - weight
            start += step * width
            following = start + width if weight != 0.0 else start
            for j in range(width):
                numbers[place + j] = stay * self.values[start + j] + weight * self.values[following + j]
        return on_row(self.inner, numbers)

    def component_energy(self, x, d, t):
        return component_energy(at(self, t, 0), x, d, t)

    def component_force(self, x, d, t):
        return component_force(at(self, t, 0), x, d, t)

    def component_curvature(self, x, d, t):
        return component_curvature(at(self, t, 0), x, d, t)

    def add_energy(self, x, t, u):
        add_energy(at(self, t, 0), x, t, u)

    def add_force(self, x, t, f):
        add_force(at(self, t, 0), x, t, f)

    def add_laplacian(self, x, t, u):
        add_laplacian(at(self, t, 0), x, t, u)

    def protocols(self):
        """Name of each driven parameter, and its protocol."""
        places, place = {}, 0
        for name, field in zip(self.inner._fields, self.inner, strict=True):
            places[place] = name, np.shape(field)
            place += flat(field).size if isinstance(field, tuple) else np.size(field)
        return {
            places[int(entry[_PLACE])][0]: self._protocol(entry, places[int(entry[_PLACE])][1]) for entry in self.table
        }

    def _protocol(self, entry, shape):
        kind, width, start = int(entry[_KIND]), int(entry[_WIDTH]), int(entry[_ROWS])
        count, first = int(entry[_COUNT]), int(entry[_KNOTS])
        rows = self.values[start : start + width * (count if kind in (RAMP, STEPS) else 2)].reshape(-1, width)
        rows = [float(row[0]) if width == 1 else row.reshape(shape).tolist() for row in rows]
        if kind == LINE:
            return Linear(*rows)
        if kind == SINE:
            return Sine(*rows, float(entry[_A]), float(entry[_B]))
        if kind == SQUARE:
            return SquareWave(*rows, float(entry[_A]), float(entry[_B]))
        return Piecewise(self.knots[first : first + count].tolist(), rows, jump=kind == STEPS)

    def minima(self, dimension):
        """Minima at t = 0."""
        return known_minima(frozen(self, 0.0), dimension)

    @property
    def confining(self):
        """As the inner potential."""
        return getattr(self.inner, "confining", None)

    @property
    def dimension(self):
        """As the inner potential."""
        return getattr(self.inner, "dimension", None)

    def __repr__(self):
        """As it is made."""
        names = ", ".join(f"{name}={protocol!r}" for name, protocol in self.protocols().items())
        return f"Driven({self.inner!r}, {names})"


def Driven(inner, /, **protocols):
    """A potential whose parameters move with time.

    Parameters
    ----------
    inner
        A potential; of a sum, drive the terms.
    **protocols
        For the name of a parameter its protocol: ``Ramp``, ``Linear``, ``Sine``, ``SquareWave`` or ``Piecewise``.

    Returns
    -------
    A potential; its other parameters stay as they are.

    Raises
    ------
    TypeError, ValueError
        for a name that is no parameter, a value that is no protocol, or one of another shape.

    Examples
    --------
    >>> import brownian as bn
    >>> breathing = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(2.1, 4.4, duration=1.5))
    >>> breathing.force([1.0], 0.0), breathing.force([1.0], 2.0)
    (array([-2.1]), array([-4.4]))
    """
    if not is_potential(inner):
        raise TypeError(f"Driven: {shortened(inner)} is no potential")
    if not protocols:
        raise ValueError(f"Driven: no protocol given; parameters are {', '.join(inner._fields)}")
    table, values, knots = [], [], [np.zeros(0)]
    for name, protocol in protocols.items():
        if name not in inner._fields or isinstance(getattr(inner, name), tuple):
            own = [field for field, value in zip(inner._fields, inner, strict=True) if not isinstance(value, tuple)]
            raise ValueError(
                f"Driven: {type(inner).__name__} has no parameter {shortened(name)} that can be driven; "
                f"it has {', '.join(own) or 'none'} (of a sum or a driven potential, drive the parts)"
            )
        if not isinstance(protocol, Protocol):
            raise TypeError(f"Driven: {name} = {shortened(protocol)}, but a protocol is needed: {', '.join(PROTOCOLS)}")
        shape, rows = np.shape(getattr(inner, name)), protocol.rows
        if shape == (1,) and rows.ndim == 2:  # one number for every component, driven by one for each
            inner = inner._replace(**{name: np.repeat(getattr(inner, name), rows.shape[1])})
            shape = rows.shape[1:]
        try:
            rows = np.broadcast_to(
                rows.reshape(len(rows), *[1] * (len(shape) - rows.ndim + 1), *rows.shape[1:]), (len(rows), *shape)
            )
        except ValueError:
            raise ValueError(
                f"Driven: {name} has shape {shape}, but the values of its protocol have shape {rows.shape[1:]}"
            ) from None
        before = inner._fields[: inner._fields.index(name)]
        place = sum(flat((getattr(inner, other),)).size for other in before)
        offset, first = sum(map(np.size, values)), sum(map(np.size, knots))
        width = max(1, int(np.prod(shape)))
        table.append([protocol.kind, place, width, offset, first, protocol.knots.size, protocol.a, protocol.b])
        values.append(rows.ravel())
        knots.append(protocol.knots)
    row = flat(inner)
    return DrivenPotential(inner, np.array(table), np.concatenate(values), np.concatenate(knots), np.stack([row, row]))


def _made_anew(value):
    return type(value)(*(_made_anew(field) if isinstance(field, tuple) else field for field in value))


def frozen(potential, t):
    """The potential with its driven parameters as they are at time t, checked like those of any other."""
    if not hasattr(type(potential), "at"):
        return potential
    return _made_anew(at(own(potential), float(t), 0))


def times_of_extremes(potential, first, last):
    """Times in [first, last] among which every driven parameter takes its smallest and its largest value; ascending."""
    times = set()
    if isinstance(potential, DrivenPotential):
        times = {t for protocol in potential.protocols().values() for t in protocol.extremes(first, last)}
    return sorted(times.union(*(times_of_extremes(part, first, last) for part in parts(potential))))

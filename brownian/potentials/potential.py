"""What a potential offers compiled code, in one of two forms, and how energies and forces are asked for.

By component (U is a sum over components; the scheme and the force then run in one loop, the faster form)::

    component_energy(self, x, d, t) -> energy        of coordinate x along axis d
    component_force(self, x, d, t) -> force          = -dU/dx
    component_curvature(self, x, d, t) -> curvature  = d2U/dx2                     (optional)

By block (any potential; may allocate; x, f: (dimension, lanes), u: (lanes,); always *add*: a sum is two calls)::

    add_energy(self, x, t, u)
    add_force(self, x, t, f)
    add_laplacian(self, x, t, u)                                                    (optional)

A potential whose parameters move with time (``Driven``), or that contains one, has ``at(self, t, row)``: the potential
with the parameters of time t, which a loop asks for once, before it goes through its lanes.
"""

from numba.extending import overload

from ..compiled import ALLOCATING, OPTIONS, class_of, method


@method
def component_energy(potential, x, d, t):
    """Energy of the coordinate x along axis d."""
    return potential.component_energy(x, d, t)


@method
def component_force(potential, x, d, t):
    """Force on the coordinate x along axis d."""
    return potential.component_force(x, d, t)


@method
def component_curvature(potential, x, d, t):
    """Second derivative of the energy of the coordinate x along axis d."""
    return potential.component_curvature(x, d, t)


def at(potential, t, row):
    """The potential with the parameters of time t; two of them can be had at once, as rows 0 and 1."""
    return potential.at(t, row) if hasattr(potential, "at") else potential


@overload(at, strict=False, jit_options=OPTIONS)
def _compiled_at(potential, t, row):
    return getattr(class_of(potential), "at", None) or (lambda potential, t, row: potential)


def parts(potential):
    """The potentials that a potential is made of (or their types); none for a plain one."""
    fields = potential if isinstance(potential, tuple) else potential.types
    return [field for field in fields if hasattr(class_of(field), "_fields")]


def own(potential):
    """The same potential with a row of its own to put parameters in, so that no two threads write into one."""
    inner = parts(potential)
    if not inner:
        return potential
    fields = [own(field) if isinstance(field, tuple) else field for field in potential]
    if "row" in potential._fields:
        fields[potential._fields.index("row")] = potential.row.copy()
    return tuple.__new__(type(potential), fields)


def by_component(potential):
    """Whether a potential (or its type) states its force component by component, and so do its parts."""
    return hasattr(class_of(potential), "component_force") and all(by_component(part) for part in parts(potential))


ENERGY = "component_energy", "add_energy"
LAPLACIAN = "component_curvature", "add_laplacian"


def lacking(potential, methods):
    """The class of the first plain part (by value or by type) that has none of the methods, or None."""
    inner = parts(potential)
    if inner:
        return next((found for found in (lacking(part, methods) for part in inner) if found is not None), None)
    cls = class_of(potential)
    return None if any(hasattr(cls, method) for method in methods) else cls


def _energy_of_components(potential, x, t, u):
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            u[i] += component_energy(potential, x[d, i], d, t)


def _force_of_components(potential, x, t, f):
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            f[d, i] += component_force(potential, x[d, i], d, t)


def _laplacian_of_components(potential, x, t, u):
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            u[i] += component_curvature(potential, x[d, i], d, t)


def _in_either_form(name, needed, of_components):
    """A function that calls the block method ``name``, or loops over the components where a class has that form."""

    def choose(cls):
        return getattr(cls, name, None) or (of_components if hasattr(cls, needed) else None)

    def call(potential, x, t, out):
        choose(type(potential))(potential, x, t, out)

    def compile_call(potential, x, t, out):
        return choose(getattr(potential, "instance_class", None))

    call.__name__ = call.__qualname__ = name
    overload(call, strict=False, jit_options=ALLOCATING)(compile_call)
    return call


add_energy = _in_either_form("add_energy", "component_energy", _energy_of_components)
add_force = _in_either_form("add_force", "component_force", _force_of_components)
add_laplacian = _in_either_form("add_laplacian", "component_curvature", _laplacian_of_components)

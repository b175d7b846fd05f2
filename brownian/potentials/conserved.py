"""What of a sum has an energy, and what of its force has none: the two halves that work is counted by."""

from numba.extending import overload

from ..compiled import ALLOCATING, class_of, inlined
from .definition import named
from .potential import ENERGY, add_energy, add_force, lacking, parts


@inlined
def _nothing(potential, x, t, out):
    pass


def _mixed(potential):
    """Whether a potential is a sum of terms with and without energy."""
    return lacking(potential, ENERGY) is not None and hasattr(class_of(potential), "terms")


def _halved(name, whole, for_energy):
    """A function that calls ``whole`` for the terms with (or without) energy, nothing for the others."""

    def both(potential, x, t, out):
        half(potential.first, x, t, out)
        half(potential.second, x, t, out)

    def one(potential, x, t, out):
        whole(potential, x, t, out)

    def choose(potential):
        if _mixed(potential):
            return both
        return one if (lacking(potential, ENERGY) is None) == for_energy else _nothing

    def half(potential, x, t, out):
        choose(potential)(potential, x, t, out)

    half.__name__ = half.__qualname__ = name
    overload(half, strict=False, jit_options=ALLOCATING)(lambda potential, x, t, out: choose(potential))
    return half


add_conserved_energy = _halved("add_conserved_energy", add_energy, True)
add_side_force = _halved("add_side_force", add_force, False)


def check_divisible(potential):
    """Raise unless every sum of terms with and without energy stands outside, where the two can be told apart."""
    if not has_side_force(potential) or not parts(potential):
        return
    if not _mixed(potential) and any(lacking(leaf, ENERGY) is None for leaf in _leaves(potential)):
        raise ValueError(
            f"bookkeeping: {named(potential)} holds a sum of terms with and without energy; shift or drive the "
            "terms, and add them afterwards"
        )
    for part in parts(potential) if _mixed(potential) else []:
        check_divisible(part)


def _leaves(potential):
    inner = parts(potential)
    return [leaf for part in inner for leaf in _leaves(part)] if inner else [potential]


def has_side_force(potential):
    """Whether some part of a potential (or of its type) states a force without an energy."""
    return lacking(potential, ENERGY) is not None

"""Whether a potential changes with time: told from what it is made of, since looks at some times miss the others."""

import dis
import inspect
import re

import numpy as np

from .definition import dimension_of, energy, force, without_energy
from .driven import DrivenPotential
from .potential import parts

EVER = 1e100  # [T], later than any run
PACKAGE = "brownian."
# methods, and the place of t among their arguments
METHODS = {"component_energy": 3, "component_force": 3, "add_energy": 2, "add_force": 2}


def depends_on_time(potential, first=0.0, last=EVER):
    """Whether U(x, t) changes within [first, last].

    It does where a driven parameter takes different values in that time, where t stands in a formula, and where a class
    of somebody else's reads t (or, if it is made of potentials and may just hand t on, where it differs between some
    times).

    Examples
    --------
    >>> import brownian as bn
    >>> late = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Ramp(2.1, 8.4, duration=1.0, begin=50.0))
    >>> depends_on_time(late), depends_on_time(late, 0.0, 40.0), depends_on_time(bn.Harmonic(2.1))
    (True, False, False)
    """
    driving = potential.protocols().values() if isinstance(potential, DrivenPotential) else ()
    if any(_moves(protocol, first, last) for protocol in driving):
        return True
    cls, inner = type(potential), parts(potential)
    if any(depends_on_time(part, first, last) for part in inner):
        return True
    if hasattr(cls, "text"):
        return re.search(r"\bt\b", cls.text) is not None
    if cls.__module__.startswith(PACKAGE):
        return False
    return _differs(potential, first, last) if inner else _reads_time(cls)


def _moves(protocol, first, last):
    values = [protocol.value(t) for t in protocol.extremes(first, last)]
    return not all(np.array_equal(value, values[0]) for value in values)


def _reads_time(cls):
    """Whether energy or force of a class use their argument t."""
    for name, place in METHODS.items():
        method = inspect.unwrap(getattr(cls, name, None) or len)
        code = getattr(getattr(method, "py_func", method), "__code__", None)
        if code is None or len(code.co_varnames) <= place:
            continue
        t = code.co_varnames[place]
        if any(t in (step.argval if isinstance(step.argval, tuple) else (step.argval,))
               for step in dis.get_instructions(code) if step.opname.startswith("LOAD")):  # fmt: skip
            return True
    return False


def _differs(potential, first, last):
    dimension = max(dimension_of(part) or 1 for part in (potential, *parts(potential)))
    x = np.random.default_rng(5).normal(size=(4, dimension)) * 1.3
    times = first + np.array([0.0, 0.37, 0.71, 1.37, 1.93, 11.7, 133.0])
    with np.errstate(all="ignore"):
        looks = [force] if without_energy(potential) else [force, energy]
        early, *later = (
            np.concatenate([np.ravel(look(potential, x, float(t))) for look in looks])
            for t in (*times[times < last], min(last, 1e6))
        )
    return not all(np.array_equal(early, late, equal_nan=True) for late in later)

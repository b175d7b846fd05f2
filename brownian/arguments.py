"""Arguments that are checked before a function starts, by what their names mean everywhere.

A kind is a function of name and value that raises TypeError or ValueError, naming both.  What it returns, unless None,
is what the function gets in place of the value: a list becomes an array, say.  What else a function asks for (shapes
that belong together, enough data) it says itself.
"""

import functools
import inspect
import operator
import os

import numpy as np

from .theory.checks import choice, finite, shortened, single


def _with(what, *attributes):
    """A kind that is known by its attributes."""

    def kind(name, value):
        if isinstance(value, type) or not all(hasattr(value, attribute) for attribute in attributes):
            raise TypeError(f"{name} must be {what}, got {shortened(value)}")

    return kind


a_simulation = _with("a Simulation", "dynamics", "run")
an_executor = _with("a concurrent.futures.Executor", "submit")
an_estimate = _with("an Estimate, with value and error", "value", "error")
axes_of_plot = _with("axes of matplotlib", "plot")
a_learner = _with("a learner (see learning.train)", "parameters", "gradient", "state", "restore")
an_optimiser = _with("an optimiser, e.g. brownian.learning.Adam()", "start", "move", "final_rate")
a_set_of_units = _with("a set of brownian.units", "label")
a_dynamics = _with("one of brownian's dynamics, e.g. brownian.Overdamped(friction=0.7, kT=0.9)", "slots", "kT")
a_trajectory = _with("a trajectory (brownian.open(path) opens a file)", "positions", "times")
a_verdict = _with("a Verdict (brownian.validate makes one)", "lines", "family_error")
a_fit = _with("a TrapFit (brownian.analysis.fit_trap makes one)", "omega", "measured", "expected")
a_sweep = _with("a Sweep (brownian.sweep makes one)", "records", "quantities")


def a_path(name, value):
    """The name of a file or folder."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise TypeError(f"{name} must be a path, got {shortened(value)}")


def trajectory_or_path(name, value):
    """A run, or the path of its file."""
    if not isinstance(value, str | os.PathLike):
        a_trajectory(name, value)


def a_verdict_or_several(name, value):
    """A verdict, or a dict of them."""
    for one in value.values() if isinstance(value, dict) and value else [value]:
        a_verdict(name, one)


def several_axes(least, most):
    """A kind: so many axes of pictures."""

    def kind(name, value):
        axes = list(value) if hasattr(value, "__len__") and hasattr(value, "__iter__") else []
        if not least <= len(axes) <= most or not all(hasattr(ax, "plot") for ax in axes):
            number = f"{least}" if least == most else f"{least} to {most}"
            raise TypeError(f"{name} must be {number} axes of matplotlib, got {shortened(value)}")

    return kind


def estimate_or_values(name, value):
    """An estimate, or numbers without errors."""
    if not hasattr(value, "value"):
        numbers(name, value)


def sequences(name, value):
    """Names and lists of numbers, one axis each."""
    plain_data(name, value)
    return {key: row(f"{name}[{key!r}]", numbers_of) for key, numbers_of in value.items()}


def numbers_by_name(name, value):
    """Names, each with one number."""
    plain_data(name, value)
    for key, one in value.items():
        number(f"{name}[{key!r}]", one)


def plain_data(name, value):
    """Names and what they stand for."""
    if not isinstance(value, dict):
        raise TypeError(f"{name} must be a dict, got {shortened(value)}")


def draws_or_trajectory(name, value):
    """A run, or an array of numbers."""
    if not hasattr(value, "positions"):
        array(name, value)


def a_potential(name, value):
    """Something with a force."""
    cls = type(value)
    if not (isinstance(value, tuple) and (hasattr(cls, "component_force") or hasattr(cls, "add_force"))):
        raise TypeError(f"{name} must be a potential, e.g. brownian.Harmonic(2.1), got {shortened(value)}")


def an_integrator(name, value):
    """How steps are taken."""
    if isinstance(value, type) or not (hasattr(value, "kernel") and hasattr(value, "facts")):
        raise TypeError(f"{name} must be an integrator, e.g. brownian.GJF(), got {shortened(value)}")


def a_model(name, value):
    """An energy that can learn."""
    if not getattr(type(value), "is_energy_model", False):
        raise TypeError(f"{name} must be an energy model (see brownian.models), got {shortened(value)}")


def a_function(name, value):
    """Something that can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, got {shortened(value)}")


def numbers(name, value):
    """One real number or an array of them; nan too."""
    try:
        kind = (value if hasattr(value, "dtype") else np.asarray(value)).dtype.kind
    except ValueError:  # ragged
        kind = "O"
    if kind not in "fiub":
        raise TypeError(f"{name} must be a number or an array of numbers, got {shortened(value)}")


def values(name, value):
    """One finite number or an array of them, not empty."""
    numbers(name, value)
    if np.size(finite(**{name: value})) == 0:
        raise ValueError(f"{name} must hold at least one number, got {shortened(value)}")


def array(name, value):
    """An array of numbers, not empty; nan too."""
    numbers(name, value)
    if np.ndim(value) == 0 or np.size(value) == 0:
        raise ValueError(f"{name} must be an array of numbers, not empty, got {shortened(value)}")


def row(name, value):
    """A list of numbers, not empty, as an array; nan too."""
    array(name, value)
    if np.ndim(value) != 1:
        raise ValueError(f"{name} must be a list of numbers, with one axis, got shape {np.shape(value)}")
    return np.asarray(value, dtype=np.float64)


def one_or_several(name, value):
    """One finite number, or a list of them, one per component, say."""
    values(name, value)
    if np.ndim(value) > 1:
        raise ValueError(f"{name} must be one number or a list of them, got shape {np.shape(value)}")


def a_box(name, value):
    """(low, high), or one such pair for x and one for y."""
    values(name, value)
    box = np.asarray(value, dtype=np.float64)
    if box.shape not in ((2,), (2, 2)) or not np.all(box[..., 0] < box[..., 1]):
        raise ValueError(f"{name} must be (low, high) or ((low, high), (low, high)), got {shortened(value)}")
    return box


def ascending(name, value, least=2):
    """Edges of bins and the like, as an array: finite numbers that ascend."""
    numbers(name, value)
    edges = np.asarray(value, dtype=np.float64)
    if edges.ndim != 1 or edges.size < least or not np.isfinite(edges).all() or not np.all(np.diff(edges) > 0.0):
        raise ValueError(f"{name} = {shortened(value)}, but {least} or more finite numbers that ascend are needed")
    return edges


def number(name, value):
    """One finite number."""
    numbers(name, value)
    single(**{name: finite(**{name: value})})


def positive(name, value):
    """One finite number above 0."""
    number(name, value)
    if not value > 0.0:
        raise ValueError(f"{name} must be > 0, got {shortened(value)}")


def index(name, value):
    """A whole number, of either sign."""
    try:
        operator.index(value)
        whole = not isinstance(value, bool)
    except TypeError:
        whole = False
    if not whole:
        raise TypeError(f"{name} must be a whole number, got {shortened(value)}")


def count(name, value):
    """A whole number of at least 1."""
    index(name, value)
    if not 1 <= value < 2**62:
        raise ValueError(f"{name} must be at least 1 and below 2**62, got {shortened(value)}")


def components(name, value):
    """A number of components, of which the noise can tell so many apart."""
    from .noise import MAX_COMPONENTS  # compiled code, which most kinds do without

    count(name, value)
    if value > MAX_COMPONENTS:
        raise ValueError(f"{name} must be at most {MAX_COMPONENTS}, got {shortened(value)}")


def share(name, value):
    """Between 0 and 1."""
    number(name, value)
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must be between 0 and 1, got {shortened(value)}")


def flag(name, value):
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shortened(value)}")


def text(name, value):
    """A word."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {shortened(value)}")


def text_or_none(name, value):
    """A word, or nothing."""
    if value is not None:
        text(name, value)


def texts(name, value):
    """A list of words."""
    parts = value if hasattr(value, "__iter__") and not isinstance(value, str | dict) else [None]
    if not all(isinstance(part, str) for part in parts):
        raise TypeError(f"{name} must be a list of texts, got {shortened(value)}")


def a_scheme(name, value):
    """The name of a scheme in brownian.theory."""
    from .theory.linear import OVERDAMPED, UNDERDAMPED  # linear algebra, which most kinds do without

    choice(sorted({*OVERDAMPED, *UNDERDAMPED}), **{name: value})


KINDS = {
    "estimate": an_estimate, "ax": axes_of_plot, "units": a_set_of_units, "label": text_or_none, "box": a_box,
    "frames": count, "particles": count, "x": row,
    "positions": draws_or_trajectory, "path": a_path, "out": a_path,
    "trajectory": a_trajectory, "simulation": a_simulation, "potential": a_potential, "observable": a_function,
    "component": index, "start": index, "memory": count, "trials": count, "threads": count, "confidence": share,
    "scheme": a_scheme, "names": texts, "half": flag, "each": text, "samples": array, "edges": values,
    "lags": one_or_several, "series": array, "draws": array, "values": array, "mean": one_or_several,
    "mass": number, "friction": one_or_several, "kT": one_or_several, "dt": positive, "dimension": components,
    "inertia": flag, "work": numbers, "forward": numbers, "reverse": numbers, "free_energy": numbers,
    "heat": numbers, "heat_hot": numbers, "duration": positive, "times": numbers, "end": numbers, "after": numbers,
    "at": numbers, "sides": numbers, "numerator": array, "denominator": array, "acf": array, "omega": numbers,
    "axis": index, "variance_ratio": number, "boundary": number, "average": number, "boundaries": numbers,
    "leave": number, "plateau": numbers, "multiple": positive, "cut_time": positive, "window": positive,
    "discard": number, "time": positive, "per_decade": positive, "longest": number, "taper": numbers,
    "workers": index, "common_random_numbers": flag, "build": a_function, "group": text,
    "expected": numbers, "tail": text, "frequencies": numbers, "family_error": share, "within": positive,
}  # fmt: skip


def checked(function=None, /, **kinds):
    """Decorator: every argument that is not its default is checked by its name, or by the kind that is given for it."""
    if function is None:
        return functools.partial(checked, **kinds)
    signature = inspect.signature(function)
    table = KINDS | kinds
    kept = {name: (table[name], given.default) for name, given in signature.parameters.items() if name in table}

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # too many, or too few: Python says which
            return function(*args, **kwargs)
        given = bound.arguments
        for name, (kind, default) in kept.items():
            if name in given and given[name] is not default:
                made = kind(name, given[name])
                given[name] = given[name] if made is None else made
        return function(*bound.args, **bound.kwargs)

    return call

"""What a file says about how it was made: plain data, from which the same run can be built again.

Built-in and expression potentials are rebuilt from names and numbers.  The source of a user's own class is stored to be
read by people; it is never run: the class must be handed in.
"""

import datetime
import difflib
import importlib.metadata
import inspect
import math
import platform
import shlex
import sys

import numpy as np

from .colored import ActiveForce, ColoredNoise, GeneralizedLangevin
from .dynamics import Langevin, Overdamped
from .integrators import REGISTRY as INTEGRATORS
from .outside import printable, warn
from .potentials import REGISTRY, Driven
from .potentials.driven import DrivenPotential
from .potentials.protocols import PROTOCOLS
from .stops.conditions import STOPS
from .version import __version__

DESCRIBED_NUMBERS = 30_000  # of a start given as arrays
DYNAMICS = {cls.__name__: cls for cls in (ActiveForce, ColoredNoise, GeneralizedLangevin, Langevin, Overdamped)}


class Undescribed(ValueError):
    """A description from which no simulation can be built, with what is missing."""


def describe_potential(potential):
    """A potential as plain data."""
    cls = type(potential)
    if cls is DrivenPotential:
        protocols = {
            name: {"class": type(protocol).__name__}
            | {key: np.asarray(value).tolist() for key, value in vars(protocol).items()}
            for name, protocol in potential.protocols().items()
        }
        return {"class": "Driven", "inner": describe_potential(potential.inner), "protocols": protocols}
    fields = {
        name: describe_potential(value) if isinstance(value, tuple) else _array(np.asarray(value))
        for name, value in zip(potential._fields, potential, strict=True)
    }
    if hasattr(cls, "text"):
        return {"class": "Expression", "text": cls.text, "dimension": cls.dimension, "parameters": fields}
    if _known(cls.__name__) is cls:
        return {"class": cls.__name__, "parameters": fields}
    return {"class": cls.__qualname__, "source": _source(cls), "parameters": fields}


def _known(name):
    """The class of this package that has a name, an energy model's too; None for a user's own."""
    if name in REGISTRY:
        return REGISTRY[name]
    from .machines import Relaxation
    from .models import MODELS

    return (MODELS | {Relaxation.__name__: Relaxation}).get(name)


def _array(value):
    """Numbers as nested lists; an empty array by its shape, which lists do not tell."""
    return value.tolist() if value.size else {"empty": list(value.shape)}


def build_potential(data):
    """A built-in or expression potential from plain data; Undescribed for a user's own class."""
    if isinstance(data, dict) and data.get("class") == "Driven" and isinstance(data.get("protocols"), dict):
        protocols = {name: build_named("protocol", PROTOCOLS, protocol) for name, protocol in data["protocols"].items()}
        return Driven(build_potential(data.get("inner")), **protocols)
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("class"), str)
        or not isinstance(data.get("parameters"), dict)
    ):
        raise Undescribed(
            "the file does not say which potential it was made with; hand it in: simulation(potential=...)"
        )
    parameters = {name: _built(value) for name, value in data["parameters"].items()}
    if data["class"] == "Expression":
        from .expressions import Expression

        if "dimension" in parameters or not {"text", "dimension"} <= set(data):
            raise Undescribed(
                f"the file's expression is not one that brownian writes: {sorted(data)}, {sorted(parameters)}"
            )
        return Expression(data["text"], dimension=data["dimension"], **parameters)
    known = _known(data["class"])
    if known is None:
        raise Undescribed(
            f"the file was made with a class of its author's, {data['class']}; its source is in the file but is never "
            "run: hand in a potential, simulation(potential=...)"
        )
    return known(**parameters)


def own_potential(data, cls):
    """A potential of one's own class with the numbers that a file has for it.

    The source in the file is compared with that of the class, never run: a difference is shown as a warning.

    Raises
    ------
    Undescribed
        if the file was made with another class, or one of other parameters.
    """
    name = data.get("class") if isinstance(data, dict) else None
    parameters = data.get("parameters") if isinstance(data, dict) else None
    fields = getattr(cls, "_fields", None)
    if name != cls.__qualname__ or not isinstance(parameters, dict) or fields is None or set(fields) != set(parameters):
        raise Undescribed(
            f"the file was made with {name!r} of {sorted(parameters or {})}, not with {cls.__qualname__} of {fields}"
        )
    found = source_difference(data, cls)
    if found:
        warn(f"{name} is not the class that the file was made with:\n{found}")
    return cls(**{name: _built(value) for name, value in parameters.items()})


def source_difference(data, cls):
    """The source in a file beside that of a class, as a unified diff; empty where they are the same."""
    theirs = data.get("source")
    theirs = theirs if isinstance(theirs, str) else ""
    before, after = ([printable(line) for line in text.splitlines()] for text in (theirs, _source(cls)))
    return "\n".join(difflib.unified_diff(before, after, "in the file", "given", lineterm=""))


def _source(cls):
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def _built(value):
    """A parameter of a potential: numbers, an empty array, or another potential."""
    if not isinstance(value, dict):
        return value
    if set(value) != {"empty"}:
        return build_potential(value)
    shape = value["empty"]
    if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape) and 0 in shape):
        raise Undescribed(f"the file says of a parameter that it is empty, with the shape {shape!r}")
    return np.zeros(shape)


def describe_start(start):
    """A start as plain data: its name, or its arrays if they are small enough for a description."""
    if isinstance(start, str):
        return start
    parts = start if isinstance(start, tuple) else (start,)
    arrays = [np.asarray(part, dtype=np.float64) for part in parts]
    if sum(array.size for array in arrays) > DESCRIBED_NUMBERS:
        return "arrays"
    return {"arrays": [array.tolist() for array in arrays]}


def build_start(data):
    """A start from plain data; Undescribed where its arrays were too large to be described."""
    if data == "arrays":
        raise Undescribed(
            f"the run started from arrays of more than {DESCRIBED_NUMBERS} numbers, which are not in the file"
        )
    if isinstance(data, dict):
        arrays = tuple(np.array(array, dtype=np.float64) for array in data["arrays"])
        return arrays if len(arrays) == 2 else arrays[0]
    return data


def describe_stop(stop):
    """A stop condition as an entry of a description; empty where there is none."""
    if stop is None:
        return {}
    fields = {name: _infinities_as_words(np.asarray(value).tolist()) for name, value in vars(stop).items()}
    return {"stop": {"class": type(stop).__name__} | fields}


def _infinities_as_words(value):
    """JSON has no infinity: "inf" and "-inf" stand for it."""
    if isinstance(value, list):
        return [_infinities_as_words(entry) for entry in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _words_as_infinities(value):
    if isinstance(value, list):
        return [_words_as_infinities(entry) for entry in value]
    return float(value) if value in ("inf", "-inf") else value


def build_stop(data):
    """A stop condition from plain data, or None."""
    if data is None:
        return None
    if isinstance(data, dict):
        data = {name: _words_as_infinities(value) for name, value in data.items()}
    return build_named("stop condition", STOPS, data)


def describe_dynamics(dynamics):
    """Dynamics as plain data."""
    return {"class": type(dynamics).__name__} | {
        name: getattr(dynamics, name) for name in dynamics.__dataclass_fields__
    }


def build_named(kind, registry, data):
    """A value of a registered class from plain data."""
    data = dict(data) if isinstance(data, dict) else {}
    name = data.pop("class", None)
    if name not in registry:
        raise Undescribed(f"the file names no known {kind}: {name!r}; known are {', '.join(registry)}")
    return registry[name](**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})


def build_dynamics(data):
    """Dynamics from plain data."""
    return build_named("dynamics", DYNAMICS, data)


def build_integrator(data):
    """An integrator from plain data."""
    return build_named("integrator", INTEGRATORS, data)


def _version_of_h5py():
    """Its version, from what was installed where that can be read: importing it takes time."""
    try:
        return importlib.metadata.version("h5py")
    except importlib.metadata.PackageNotFoundError:
        import h5py

        return h5py.__version__


def made(command=None):
    """Versions, machine, time and command line of this process."""
    import numba

    return {
        "versions": {
            "brownian": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "h5py": _version_of_h5py(),
        },
        "machine": f"{platform.system()} {platform.machine()}",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command or shlex.join(sys.argv),
    }

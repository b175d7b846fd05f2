"""Entry points: which compiled function serves which classes, kept on disk between processes and never stale.

Numba's own cache does not see an edit in another file, takes two classes of one name for one, and fails as a whole in a
process that lacks one of the classes in its index.  So every tuple of classes has a dispatcher of its own, and its
index on disk carries the digest of all that it was compiled from.
"""

import functools
import hashlib
import importlib.util
import pathlib
import sys
import types

import numba

from .fingerprint import fingerprint

_PACKAGE = pathlib.Path(__file__).parent
_KERNEL_SOURCES = (
    "compiled.py",
    "box_muller.py",
    "noise.py",
    "vectormath.py",
    "engine.py",
    "stops",
    "levels",
    "machines",
    "models",
    "potentials",
    "integrators",
    "observables",
)


_COMPILED: dict[type, bytes | None] = {}  # class to what it was compiled from, in this process


@functools.cache
def source_digest():
    """Digest of every file of the package that compiled code comes from."""
    digest = hashlib.sha256()
    for name in _KERNEL_SOURCES:
        path = _PACKAGE / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path] if path.exists() else []:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def classes_of(value):
    """The nested structure of NamedTuple classes in a value, as a hashable tuple."""
    if isinstance(value, tuple):
        return (type(value), *(classes_of(field) for field in value))
    return None


def _flatten(structure):
    if structure is not None:
        yield structure[0]
        for part in structure[1:]:
            yield from _flatten(part)


def _importable(cls):
    module = sys.modules.get(cls.__module__)
    return (
        cls.__module__ != "__main__"
        and getattr(module, "__file__", None) is not None
        and getattr(module, cls.__qualname__, None) is cls
    )


def _in_source_digest(name):
    """Whether ``source_digest`` covers a module."""
    top, *rooms = name.split(".")
    return top == _PACKAGE.name and any(rooms[:1] == [source.removesuffix(".py")] for source in _KERNEL_SOURCES)


@functools.cache
def spare_blas():
    """Let Numba load without ``scipy.linalg``, which it imports only to see whether there is BLAS.

    That import takes a sixth of the time to a first step.  No kernel here calls BLAS; other compiled code still can.
    """
    name = "scipy.linalg.cython_blas"
    if name not in sys.modules and importlib.util.find_spec("scipy"):
        sys.modules[name] = types.ModuleType(name)
        try:
            importlib.import_module("numba.np.arraymath")
        finally:
            del sys.modules[name]


@functools.cache
def _dispatcher(function, structure, prints):
    spare_blas()
    on_disk = None not in prints and all(_importable(cls) for cls in _flatten(structure) if cls is not tuple)
    digest = hashlib.sha256(source_digest().encode())
    if on_disk:
        digest.update(repr((_names(structure), prints)).encode())
    clone = types.FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    clone.__qualname__ = f"{function.__qualname__}_{digest.hexdigest()[:24]}"
    clone.__module__ = function.__module__
    return numba.njit(cache=on_disk, nogil=True, error_model="numpy", fastmath=False, _nrt=False)(clone)


def _names(structure):
    if structure is None:
        return None
    return (f"{structure[0].__module__}.{structure[0].__qualname__}", *(_names(part) for part in structure[1:]))


def compiled_for(function, *values):
    """The compiled form of a plain function for arguments built from these values' classes.

    Classes of ``__main__``, of an interactive session or inside functions can't be named by another process: they are
    compiled anew in each one.

    Raises
    ------
    ValueError
        where something that a class reads has another value than when it was compiled, which keeps the former one.
    """
    structure = (tuple, *(classes_of(value) for value in values))
    classes = dict.fromkeys(cls for cls in _flatten(structure) if not _in_source_digest(cls.__module__))
    prints = []
    for cls in classes:
        if cls is not tuple:
            prints.append(fingerprint(cls))
            if _COMPILED.setdefault(cls, prints[-1]) != prints[-1]:
                raise ValueError(
                    f"{cls.__qualname__} reads something that was changed after it had been compiled, and compiled "
                    "code keeps the former value: make it a field of the class, or define the class again"
                )
    return _dispatcher(function, structure, tuple(prints))

"""What the compiled code of a class comes from: its methods and all that they read, by value and not by file.

A file may have been edited since it was imported, and a constant may come from anywhere: another module, a table on the
disk, the environment.  Only what is in memory is what gets compiled.
"""

import builtins
import functools
import hashlib
import pathlib
import sys
import types

import numpy as np

OTHERS = sys.stdlib_module_names | {"brownian", "llvmlite", "numba", "numpy", "scipy"}  # by name: they stay as they are
OF_POTENTIALS = "component_", "add_", "at"  # how methods of potentials that are compiled begin


class _NotKnown(Exception):
    """Something is read whose value can't be told."""


def fingerprint(cls):
    """Digest of the compiled methods of somebody's class and of what they read; None where that can't be told.

    Of a class of the package: of its file.
    """
    if cls.__module__.partition(".")[0] == "brownian":
        generated = cls.__module__.startswith("brownian.generated.")  # whose names are digests
        return cls.__module__.encode() if generated else _module_source(cls.__module__)
    return _told(_Feed.compiled, cls)


def fingerprint_of(function):
    """Digest of a function and of what it reads; None where that can't be told."""
    return _told(_Feed.function, function, ())


def _told(how, *values):
    feed = _Feed()
    try:
        how(feed, *values)
    except _NotKnown:
        return None
    return feed.digest.digest()


@functools.cache
def _module_source(name):
    return pathlib.Path(str(sys.modules[name].__file__)).read_bytes()


class _Feed:
    """A digest that is fed with values."""

    def __init__(self):
        self.digest, self.seen = hashlib.sha256(), set()

    def words(self, *words):
        self.digest.update(repr(words).encode())

    def compiled(self, cls):
        """A class: the names of its fields, and its methods."""
        self.words(cls.__qualname__, getattr(cls, "_fields", ()))
        wanted = OF_POTENTIALS if hasattr(cls, "component_force") or hasattr(cls, "add_force") else ""
        for base in cls.__mro__:
            for name, value in sorted(vars(base).items()) if not _of_others(base) else ():
                if isinstance(value, types.FunctionType) and name.startswith(wanted) and not _of_others(value):
                    self.words(name)
                    self.function(value, ())

    def value(self, value, names):
        """Anything that a function reads; names: those that it uses, among them attributes of modules."""
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | frozenset | range):
            self.words(type(value).__name__, sorted(map(repr, value)) if isinstance(value, frozenset) else value)
        elif isinstance(value, np.ndarray | np.generic) and value.dtype.hasobject is False:
            self.words(value.dtype.str, value.shape)
            self.digest.update(value.tobytes())
        elif isinstance(value, types.ModuleType):
            self.module(value, names)
        elif _of_others(value):
            self.words(value.__module__, getattr(value, "__qualname__", None) or value.__name__)
        elif id(value) in self.seen:
            self.words("seen")
        elif isinstance(value, tuple | list):
            self.seen.add(id(value))
            self.words(type(value).__qualname__, len(value))
            for part in value:
                self.value(part, names)
        elif isinstance(getattr(value, "py_func", value), types.FunctionType):
            self.seen.add(id(value))
            self.function(getattr(value, "py_func", value), names)
        elif isinstance(value, type):
            self.seen.add(id(value))
            self.compiled(value)
        else:
            raise _NotKnown

    def module(self, module, names):
        """What of a module may be read."""
        self.words(module.__name__)
        if module.__name__.partition(".")[0] not in OTHERS:
            for name in sorted(set(names) & set(vars(module))):
                self.words(name)
                self.value(getattr(module, name), names)

    def function(self, function, names):
        """Code, defaults, and the values of the names that it reads."""
        own = self.code(function.__code__)
        names = {*names, *own}
        self.value(function.__defaults__, names)
        self.value(tuple(sorted((function.__kwdefaults__ or {}).items())), names)
        for cell in function.__closure__ or ():
            try:
                self.value(cell.cell_contents, names)
            except ValueError:  # it is empty
                self.words("nothing")
        for name in sorted(own):
            if name in function.__globals__:
                self.words(name)
                self.value(function.__globals__[name], names)
            elif not hasattr(builtins, name):
                self.words(name)

    def code(self, code):
        """Feed a code object; the names that it uses."""
        names = set(code.co_names)
        self.words(code.co_code, code.co_names, code.co_varnames, code.co_freevars)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                names |= self.code(constant)
            else:
                self.value(constant, ())
        return names


def _of_others(value):
    """Whether a function or class belongs to a package that is known by name."""
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] in OTHERS and hasattr(value, "__name__")

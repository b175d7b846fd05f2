"""Names of a package that are loaded when they are asked for (PEP 562)."""

import importlib
import sys


def lazily(package, homes, modules=(), aliases=None):
    """What a package's ``__init__`` needs: its ``__getattr__``, ``__dir__`` and ``__all__``.

    Parameters
    ----------
    package
        ``__name__`` of the package.
    homes
        Public names by the module of the package that has them.
    modules
        Modules that are public themselves.
    aliases
        Other names, by the public name they stand for.
    """
    home_of = {name: module for module, names in homes.items() for name in names}
    aliases = aliases or {}
    public = sorted({*home_of, *modules, *aliases})

    def __getattr__(name):
        if name in modules:
            return importlib.import_module(f".{name}", package)
        target = aliases.get(name, name)
        if target not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{home_of[target]}", package), target)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__():
        return public

    return __getattr__, __dir__, public

"""From a formula to its class: generated once, kept in the user's cache folder, imported by name.

A stored module is data until it has been checked: it must be complete (a digest), begin as the formula demands, and
contain nothing but arithmetic (a list of words).  Otherwise it is not executed but generated anew.
"""

import hashlib
import importlib
import importlib.abc
import importlib.machinery
import os
import pathlib
import re
import sys
import tempfile

from .formula import FUNCTIONS, VARIABLES, ExpressionError, Formula
from .heading import class_name, header

_PACKAGE = "brownian.generated"
_LARGEST = 1 << 20  # bytes
_LONGEST = 32_000  # characters that are compiled, about a second for a thousand
_WORDS = frozenset(FUNCTIONS) | frozenset(VARIABLES) | {"vectormath", "expm1", "pow"}
_WORDS |= {"u", "f", "d", "i", "block", "shape"}
_WORDS |= {"def", "self", "return", "for", "in", "range", "if", "else"}
_WORDS |= {f"component_{name}" for name in ("energy", "force", "curvature")}
_WORDS |= {f"add_{name}" for name in ("energy", "force", "laplacian")}
_WORD = re.compile(r"\b[A-Za-z_]\w*", re.ASCII)
_FIELD = re.compile(r"\bself\.(\w+)", re.ASCII)
_OWN_NAME = re.compile(r"[cv]\d+", re.ASCII)
_CHARACTERS = re.compile(r"[\w \n.,:=+\-*/()\[\]<>]*", re.ASCII)


def load(formula):
    """The class of a formula."""
    cls = class_name(formula)
    module = f"{_PACKAGE}.{cls.lower()}"
    _FORMULAS[module] = formula
    return getattr(importlib.import_module(module), cls)


def cache_folder():
    """Where modules are kept: below BROWNIAN_CACHE_DIR, or where this system keeps a user's caches."""
    if given := os.environ.get("BROWNIAN_CACHE_DIR"):
        return pathlib.Path(given).absolute() / "expressions"
    home = pathlib.Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        folder = pathlib.Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        folder = home / "Library" / "Caches"
    else:
        folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return folder.absolute() / "brownian" / "expressions"


_FORMULAS: dict[str, Formula] = {}


class _Finder:
    """Finds the modules of the formulas that were asked for in this process, and no others."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _FORMULAS:
            return None
        file = cache_folder() / f"{name.rpartition('.')[2]}.py"
        spec = importlib.machinery.ModuleSpec(name, _Loader(_FORMULAS[name], file), origin=str(file))
        spec.has_location = True
        return spec


sys.meta_path.append(_Finder)


class _Loader(importlib.abc.Loader):
    """Executes a stored module after checking it, or a fresh one."""

    def __init__(self, formula, file):
        self.formula, self.file = formula, file
        self.source = None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.source = _stored(self.file, self.formula)
        if self.source is None:
            from .source import module_source

            source = module_source(self.formula)
            if len(source) > _LONGEST:
                raise ExpressionError(
                    f"the derivatives of the expression take {len(source)} characters of code, but {_LONGEST} are "
                    "allowed (a minute of compiling): a class with component_force or add_force may be shorter"
                )
            self.source = _seal(source) + source
            _store(self.file, self.source)
        exec(compile(self.source, self.file, "exec"), module.__dict__)

    def get_source(self, name):
        return self.source


def _seal(source):
    return f"# sha256 {hashlib.sha256(source.encode()).hexdigest()}\n"


def _stored(file, formula):
    """The content of a file if it is what it should be, otherwise None."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST).decode()
    except (OSError, UnicodeDecodeError):
        return None
    source = content[len(_seal("")) :]
    start = header(formula)
    if not source.startswith(start) or not _is_arithmetic(source[len(start) :], formula.parameters):
        return None
    return content if content == _seal(source) + source else None


def _is_arithmetic(body, parameters):
    """Whether methods consist of known words and operators only: they can compute, and nothing else."""
    words = {word for word in _WORD.findall(_FIELD.sub("self", body)) if not _OWN_NAME.fullmatch(word)}
    fields = set(_FIELD.findall(body))
    return bool(_CHARACTERS.fullmatch(body)) and words <= _WORDS and fields <= set(parameters)


def _store(file, content):
    """Write a module so that no reader ever sees a part of it; a folder that can't be written costs only time."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".tmp")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(content)
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
    except OSError:
        return

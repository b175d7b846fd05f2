"""What is swept: a scenario script, or a function that other processes can import."""

import atexit
import contextlib
import dataclasses
import functools
import hashlib
import inspect
import io
import pathlib
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from ..arguments import a_path
from ..fingerprint import fingerprint_of
from ..scripts import ScenarioError, load, options
from .values import typed

SUPPLIED = ("seed", "out", "resume", "overwrite")  # arguments that belong to the sweep
_ALONE = threading.Lock()  # scenarios draw pictures and talk: one at a time in a process


@dataclasses.dataclass(frozen=True)
class Script:
    """A scenario script, named by its path and known by its digest.

    ``reads`` is the digest of what it reads from elsewhere, where that can be told; ``switches`` are the options
    without a value; ``text`` is set where workers may see other files than we do.
    """

    path: str
    shown: str
    digest: str
    reads: str = ""
    switches: tuple[str, ...] = ()
    text: bytes | None = None

    @classmethod
    def of(cls, path):
        """The script of a path."""
        run = load(path).run  # refuses what is no scenario
        switches = tuple(name for name, default in options(run) if isinstance(default, bool))
        digest, reads = _digest(pathlib.Path(path).read_bytes()), _digest(fingerprint_of(run) or b"")
        return cls(str(pathlib.Path(path).absolute()), str(path), digest, reads, switches)

    @property
    def source(self):
        """Digest of all that a change of would make another sweep."""
        return _digest(f"{self.digest} {self.reads}".encode())

    @property
    def name(self):
        """Name of the script, without folder and ending."""
        return pathlib.Path(self.path).stem

    def arguments(self):
        """All arguments of ``run`` and their defaults."""
        return dict(options(load(self.path).run))

    def with_text(self):
        """The same, carrying its text along."""
        return dataclasses.replace(self, text=pathlib.Path(self.path).read_bytes())

    def again(self, given, seed):
        """The command that makes one job again."""
        words = ["brownian", "run", self.shown]
        for name, value in _with_seed(given, seed).items():
            flag = name.replace("_", "-")
            if name in self.switches:
                words.append(f"--{flag}" if value else f"--no-{flag}")
            elif str(value).startswith("-"):
                words.append(f"--{flag}={value}")
            else:
                words += [f"--{flag}", str(value)]
        return shlex.join(words)

    def call(self, given, seed, folder, copies):
        """Run it here; returns what it returned, and what it said."""
        module = _module(self, copies)
        names = [name for name, _ in options(module.run)]
        said = io.StringIO()
        with _ALONE, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            result = module.run(**given, **_supplied(names, seed, folder))
        if not hasattr(result, "checks"):
            raise TypeError(f"{self.shown}: run(...) returned {result!r}, but a Result is needed")
        return result, said.getvalue()


@dataclasses.dataclass(frozen=True)
class Function:
    """A function of a module, known by the digest of its text and, where that can be told, of all that it reads."""

    function: Callable[..., Any]
    digest: str

    @classmethod
    def of(cls, function):
        """A function, refused where another process could not import it."""
        if not inspect.isfunction(function):
            raise TypeError(f"{function!r} can't be swept: give the path of a scenario, or a function of a module")
        module, name = str(function.__module__), function.__qualname__
        here = sys.modules.get(module)
        importable = getattr(here, name, None) is function
        if not importable or (module == "__main__" and not hasattr(here, "__file__")):
            raise TypeError(
                f"{module}.{name} can't be imported by another process: a function that is swept must stand at the top "
                "of a file, with a name of its own; what it needs of its surroundings is given with fixed={...}"
            )
        try:
            text = inspect.getsource(function)
        except OSError:
            raise TypeError(
                f"{module}.{name}: its source can't be read, so that no change of it would be seen"
            ) from None
        return cls(function, _digest(text.encode() + (fingerprint_of(function) or b"")))

    @property
    def source(self):
        """Digest of all that a change of would make another sweep."""
        return self.digest

    @property
    def name(self):
        """Name of the function."""
        return self.function.__qualname__

    shown = name

    def arguments(self):
        """Arguments and their defaults; ``...`` for those that have none, ``None`` as name of ``**``."""
        found: dict[str | None, Any] = {}
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                found[None] = ...
            elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise TypeError(f"{self.name}(..., {parameter}, ...): what is swept is given by name")
            else:
                found[parameter.name] = ... if parameter.default is parameter.empty else parameter.default
        return found

    def with_text(self):
        """The same: an executor takes functions as it can."""
        return self

    def again(self, given, seed):
        """The call that makes one job again."""
        words = ", ".join(f"{name}={value!r}" for name, value in _with_seed(given, seed).items())
        module = self.function.__module__
        if module in ("__main__", "__mp_main__"):
            module = pathlib.Path(str(sys.modules[module].__file__)).stem
        return f"{module}.{self.name}({words})"

    def call(self, given, seed, folder, copies):
        """Call it here; returns what it returned, and nothing said."""
        return self.function(**given, **_supplied(self.arguments(), seed, folder)), ""


def subject_of(what):
    """The subject of a path or a function."""
    if callable(what):
        return Function.of(what)
    a_path("what", what)
    return Script.of(what)


def with_defaults(arguments, given):
    """All parameters of a job, the defaults among them, as far as they are plain data; they make seed and name."""
    found = {}
    for name, default in arguments.items():
        if name is None or name in SUPPLIED or name in given or default is ...:
            continue
        with contextlib.suppress(TypeError, ValueError):
            found[name] = typed(name, default, default)
    return found | given


def _with_seed(given, seed):
    return given if seed is None else given | {"seed": seed}


def _digest(text):
    return hashlib.sha256(text).hexdigest()


def _supplied(names, seed, folder):
    given = {}
    if "seed" in names or None in names:
        given["seed"] = seed
    if "out" in names:
        folder.mkdir(parents=True, exist_ok=True)
        given["out"] = folder
    return given


@functools.cache
def _module(script, copies):
    """The script's module, from the first file that has its text."""
    for path in (pathlib.Path(script.path), pathlib.Path(copies) / pathlib.Path(script.path).name):
        if path.is_file() and _digest(path.read_bytes()) == script.digest:
            return load(path)
    if script.text is None:
        raise ScenarioError(f"{script.path}: was changed, or is not on this machine")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brownian-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / pathlib.Path(script.path).name
    path.write_bytes(script.text)
    return load(path)

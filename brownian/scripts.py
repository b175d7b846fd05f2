"""Scenario scripts: loaded under a name made from their content, their keyword arguments turned into options."""

import hashlib
import importlib.util
import inspect
import pathlib
import sys


class ScenarioError(ValueError):
    """A scenario that can't be run, with the reason."""


def load(path):
    """The module of a scenario script; see ``load_module``."""
    module = load_module(path)
    run = getattr(module, "run", None)
    if not inspect.isfunction(run):
        raise ScenarioError(f"{path}: defines nothing to run; a scenario has a function run(*, ...) -> Result")
    return module


def own_class(text):
    """A class of the user's own file, named as ``FILE.py:Class`` on the command line; the file is run."""
    path, _, name = text.rpartition(":")
    if not path or not name.isidentifier():
        raise ScenarioError(f"{text!r}: FILE.py:Class is needed, e.g. wells.py:Quartic")
    cls = getattr(load_module(path), name, None)
    if not inspect.isclass(cls):
        raise ScenarioError(f"{path}: has no class {name}")
    return cls


def load_module(path):
    """The module of a script.

    Its name is ``scenario_<digest of the file>``: what it defines can then be found again by the compiled code's cache,
    and two scripts of one name never meet.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise ScenarioError(f"{path}: no such scenario file")
    name = f"scenario_{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScenarioError(f"{path}: not a Python script (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ScenarioError(f"{path}: line {error.lineno}: {error.msg}") from error
    return module


def options(run):
    """Keyword arguments of a scenario's ``run``, as (name, default) pairs."""
    found = []
    for parameter in inspect.signature(run).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY or parameter.default is inspect.Parameter.empty:
            raise ScenarioError(
                f"run(..., {parameter.name}, ...): every argument of a scenario is keyword-only and has a default: "
                f"run(*, {parameter.name}=...)"
            )
        found.append((parameter.name, parameter.default))
    return found

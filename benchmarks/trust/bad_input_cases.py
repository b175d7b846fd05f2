"""The cases of ``bad_input.py``: good calls of everything public, what to put in place of their arguments, and values.

The calls are the lines of ``bad_input_calls.txt``.  A case is one of them with one argument replaced.
"""

import ast
import builtins
import concurrent.futures
import functools
import inspect
import math
import pathlib
from typing import NamedTuple

import numpy as np

import brownian as bn

CALLS = pathlib.Path(__file__).with_name("bad_input_calls.txt")
MODULES = [name for name in bn.__all__ if inspect.ismodule(getattr(bn, name))]
# Functions of compiled code: numbers in, no checks, like those of math
RAW = {"vectormath"}
PASSED_ON = ("energy", "force", "laplacian", "profile", "z", "one_sided")  # evaluations: nan where nan goes in
# Results that are nan by their documentation where all draws, or all times, are equal
CONSTANT = ("diagnose", "escape_rate", "ess_bulk", "ess_tail", "mcse_mean", "mcse_sd", "rank_rhat")
# Arguments that may be anything: names, titles, what is written down as it is
FREE = {("Check", "name"), ("Check", "unit"), ("Scenario.check", "name"), ("Scenario.check", "unit")}
# What messages call an argument, where that is not its name
CALLED = {("Expression", "text"): "formula", ("brownian validate", "--potential"): "formula"}
# Why something vague stays
REASONS = {
    ("brownian sweep", "--set"): "two values are a list, which the scenario gets; what it makes of it, it says itself"
}
# What looks strange, and is what the documentation allows: texts, paths, names, functions, empty dicts, labels left out
ALLOWED = {
    "'text'": ("label", "sweep.out", "trajectory.annotate.data"),
    "''": ("label", "trajectory.annotate.data"),
    "['a', 'b']": ("diagnose.names", "to_arviz.names", "trajectory.annotate.data"),
    "{}": (
        "simulation.run.observe",
        "from_arrays.description",
        "sweep.fixed",
        "sweep.parameters",
        "to_arviz.sample_stats",
    ),
    "None": ("plotting.theory.label", "trajectory.annotate.data"),
    "print": ("build",),
}


class Own(NamedTuple):
    """A potential that is not decorated yet."""

    k: float

    def component_energy(self, x, d, t):
        """U."""
        return 0.5 * self.k * x * x

    def component_force(self, x, d, t):
        """-dU/dx."""
        return -self.k * x


class OwnModel(Own):
    """A class that lacks what a model states."""

    learned, dimension = ("k",), 1

    def add_energy(self, x, t, u):
        """U."""

    def add_force(self, x, t, f):
        """-dU/dx."""

    def add_gradient(self, x, v, w, jet, out):
        """Of U in k."""


def swept(*, friction=0.7, seed=1):
    """A function for sweeps."""
    return 1.0 / friction


def _run(potential=None, dynamics=None, steps=64, **more):
    dynamics = bn.Overdamped(friction=0.7, kT=0.9) if dynamics is None else dynamics
    more = {"particles": 32, "seed": 7, "dt": 0.1} | more
    simulation = bn.Simulation(
        potential=bn.Harmonic(2.1) if potential is None else potential, dynamics=dynamics, **more
    )
    return simulation, simulation.run(steps=steps, every=simulation.dt)


def _file(name):
    simulation, _ = _run(dynamics=bn.Langevin(1.3, 0.7, 0.9))
    return simulation.run(steps=64, every=0.1, out=name, overwrite=True).path


def _boxed():
    trajectory = bn.from_arrays([0, 1], [0.0, 0.1], np.array([[[0.1], [2.9]], [[2.9], [2.8]]]))
    trajectory._source.box = np.array([3.0])  # as a file of another program has it
    return trajectory


class Names(dict):
    """What the calls are made of: names of the package, of Python, and values that are made when they are asked for."""

    def __init__(self):
        super().__init__(np=np, nan=math.nan, Own=Own, OwnModel=OwnModel, swept=swept)
        langevin, rng = bn.Langevin(1.3, 0.7, 0.9), functools.partial(np.random.default_rng, 7)
        self.makers = {
            "simulation": lambda: _run(dynamics=langevin)[0],
            "overdamped": lambda: _run()[0],
            "underdamped": lambda: _run(dynamics=langevin)[1],
            "trap": lambda: _run()[1],
            "boxed": _boxed,
            "trap2": lambda: _run(dimension=2, particles=4, steps=16)[1],
            "free": lambda: _run(potential=bn.Free())[1],
            "described": lambda: self["simulation"].describe(),
            "file": lambda: _file("good.h5md"),
            "copied": lambda: _file("copied.h5md"),
            "scenario": self._scenario,
            "samples": lambda: bn.sample(bn.Harmonic(2.1), tau=0.1, steps=40, chains=4, seed=7, dimension=1),
            "levels": lambda: bn.DiscreteLevels([0.0, 1.3], degeneracies=[1, 3]),
            "polynomial": lambda: bn.PolynomialEnergy.up_to(degree=2, dimension=1),
            "network": lambda: tuple(bn.NetworkEnergy.random(dimension=2, units=4, seed=7)),
            "data": lambda: 0.7 + 0.5 * rng().normal(size=32),
            "learner": self._learner,
            "visible": lambda: bn.BoltzmannMachine([[0.0, 0.5], [0.5, 0.0]], [0.1, -0.2]),
            "restricted": lambda: bn.RestrictedBoltzmannMachine([[1.0, -0.5], [0.5, 0.25]], [0.1, -0.2], [0.0, 0.3]),
            "mixed": lambda: bn.GaussianBinaryMachine([[2.0], [-1.0]], [0.3, 0.1], [-0.4], widths=0.6),
            "work": lambda: rng().normal(0.75, 0.9, size=400),
            "reverse": lambda: rng().normal(0.15, 0.9, size=400),
            "series": lambda: rng().normal(size=(2, 512)),
            "draws": lambda: rng().normal(size=(100, 4, 2)),
            "estimate3": lambda: bn.analysis.Estimate(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3]), 10),
            "fit": lambda: bn.analysis.fit_trap(self["trap"]),
            "found": lambda: bn.sweep(swept, {"friction": [0.4, 0.8]}, out="found", executor=self["threads"]),
            "threads": lambda: concurrent.futures.ThreadPoolExecutor(1),
            "judged": lambda: bn.validate(self["underdamped"]),
        }
        self |= {
            "square": lambda x: x**2,
            "squares": lambda x: x[:, 0] ** 2,
            "square_of_x": lambda x, v: x[..., 0] ** 2,
            "well": lambda x: 2.0 * ((x / 1.2) ** 2 - 1.0) ** 2,
            "periodic": lambda x: 1.1 * np.cos(np.pi * x),
            "plane": lambda x, y: 0.5 * (2.1 * x * x + 1.4 * y * y),
            "plane_square": lambda x, y: x * x,
        }

    def __missing__(self, name):
        if name in self.makers:
            self[name] = self.makers[name]()
            return self[name]
        return getattr(bn, name) if name in bn.__all__ else getattr(builtins, name)

    def _scenario(self):
        scenario = bn.Scenario("x.py", "folder")
        scenario.check("x", 1.0, 1.1, 0.1)
        return scenario

    def _learner(self):
        from brownian.learning.energies import learner_for

        rows, method = self["data"][:, np.newaxis], bn.learning.ExactGradient()
        return learner_for(self["polynomial"], rows, method, batch=len(rows), seed=7, threads=1, kT=1.0)


class Call(NamedTuple):
    """A line of the table."""

    text: str
    refused: bool

    @property
    def node(self):
        """The call, as a syntax tree."""
        return ast.parse(self.text, mode="eval").body

    @property
    def name(self):
        """What is called, as text without arguments."""
        return self.text if self.text.startswith("brownian") else ast.unparse(self.node.func)

    def evaluated(self, names):
        """The function, its arguments by position, and by name."""

        def value(node):
            return eval(compile(ast.Expression(node), "<call>", "eval"), {"__builtins__": {}}, names)

        arguments = []
        for node in self.node.args:
            several = isinstance(node, ast.Starred)
            arguments += value(node.value) if several else [value(node)]
        return value(self.node.func), arguments, {word.arg: value(word.value) for word in self.node.keywords}


def allowed(case):
    """Whether the documentation allows what looks strange."""
    if isinstance(case.default, bool | type(case.value)) or (case.call.name, case.parameter) in FREE:
        return True
    return f".{case.call.name}.{case.parameter}".endswith(tuple(f".{end}" for end in ALLOWED.get(case.bad, ())))


def calls():
    """The table of good calls, and of contradictions."""
    lines = [line for line in CALLS.read_text().splitlines() if line and line[0] not in "#-"]
    return [Call(line.removeprefix("! "), line.startswith("!")) for line in lines]


def records():
    """Names of what is not called: results, which functions make, errors, tables and protocols."""
    return {name for line in CALLS.read_text().splitlines() if line.startswith("- ") for name in line[2:].split()}


def public():
    """Names of everything public, as the calls name it."""
    found = {name for name in bn.__all__ if name not in MODULES and name != "cli"}
    for module in set(MODULES) - RAW:
        found |= {f"{module}.{name}" for name in getattr(getattr(bn, module), "__all__", ())}
    return found


def missing():
    """Public names that have neither a good call nor a place among the records."""
    there = {call.name for call in calls()} | records()
    objects = {id(Names()[name]) for name in bn.__all__ if name in there}  # a name at the top and in its module
    return sorted(name for name in public() - there if id(eval(f"bn.{name}", {"bn": bn})) not in objects)


HUGE = {"10**18": 10**18, "10**400": 10**400}
NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "-1.0": -1.0, "0": 0, "0.5": 0.5} | HUGE
TYPES = {"None": None, "'text'": "text", "''": "", "{}": {}, "object()": object(), "1j": 1j, "print": print}
SHAPES = {"[]": [], "[[]]": [[]], "array of shape (2, 3, 4, 5)": np.ones((2, 3, 4, 5)), "['a', 'b']": ["a", "b"]}
FUNCTIONS = {
    "a function that returns None": lambda *given: None,
    "a function that returns nan": lambda *given: np.full(np.shape(given[0]), math.nan),
    "a function that returns text": lambda *given: "text",
}


def bad_values(good):
    """What is put in place of a good value, by name.  A flag may be anything that is true or false."""
    if isinstance(good, bool):
        return TYPES
    values = TYPES | NUMBERS | SHAPES
    if isinstance(good, list | tuple | np.ndarray) and not hasattr(good, "_fields"):
        array = np.asarray(good)
        if array.dtype.kind in "fiu" and array.size:
            values |= {f"the same with {name}": _spoilt(array, NUMBERS[name]) for name in ("nan", "inf", "-1.0")}
            values |= {"one value less": array[:-1], "one axis more": array[np.newaxis], "all zero": 0 * array}
    if inspect.isfunction(good):
        values |= FUNCTIONS
    return values


def _spoilt(array, value):
    array = array.astype(float)
    array.flat[0] = value
    return array


class Case(NamedTuple):
    """One call with one argument replaced; parameter is None where the call is tried as it stands."""

    call: Call
    parameter: str | None
    bad: str
    value: object
    default: object


def cases_of(call, names):
    """All cases of one line, the good call first."""
    yield Case(call, None, "as it stands", None, None)
    if call.refused:
        return
    function, arguments, words = call.evaluated(names)
    signature = inspect.signature(function)
    given = dict(signature.bind(*arguments, **words).arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= given.pop(name, {})
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        given.setdefault(name, parameter.default)
    for name, good in given.items():
        default = signature.parameters[name].default if name in signature.parameters else inspect.Parameter.empty
        for bad, value in bad_values(good).items():
            if value is None and default is None:
                continue
            yield Case(call, name, bad, value, good)


def attempt(case, names):
    """Make the call of a case."""
    function, arguments, words = case.call.evaluated(names)
    if case.parameter is not None:
        order = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
        place = order.index(case.parameter) if case.parameter in order else len(arguments)
        if place < len(arguments):
            arguments[place] = case.value
        else:
            words[case.parameter] = case.value
    result = function(*arguments, **words)
    return next(result) if inspect.isgenerator(result) else result

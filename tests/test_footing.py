"""What the package stands on: declared dependencies, versions that agree, what ships, no code from data, no network."""

import ast
import fnmatch
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import brownian

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE, CI = ROOT / "brownian", ROOT / ".ci"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}

IMPORTED_AS = {"arviz-base": "arviz_base", "arviz-stats": "arviz_stats", "pytest-xdist": "xdist"}
FORCED = {
    "mpmath",
    "packaging",
    "llvmlite",
    "xarray_einstats",
    "arviz_base",
}  # by SymPy, Matplotlib, Numba, arviz-stats
NOT_AT_ITS_LOWEST = {"arviz-stats"}  # the constraints say why

# (file, what): why it may
ALLOWED = {
    ("brownian/expressions/loading.py", "exec"): "modules written from parsed formulas, checked against their digest",
    ("brownian/expressions/loading.py", "compile"): "the same",
    ("brownian/bench/table.py", "subprocess"): "times the start of a new process; a list of words, no shell",
    ("brownian/compiled.py", "ctypes"): "fma of the C library, for kernels that are interpreted",
    ("brownian/trajectory/hdf5.py", "ctypes"): "HDF5's own call for how often it reads what has a wrong checksum",
    ("brownian/sweeps/records.py", "socket"): "gethostname, for names of files",
    ("brownian/sweeps/worker.py", "socket"): "gethostname, for who did what",
}
RUNS_CODE = {"eval", "exec", "compile", "__import__", "execfile"}
DOUBTFUL = {
    *("pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "yaml", "runpy", "code", "codeop"),
    *("socket", "ssl", "urllib", "http", "ftplib", "smtplib", "xmlrpc", "requests", "aiohttp", "httpx", "webbrowser"),
    *("subprocess", "pty", "ctypes", "cffi"),
}
SYSTEM = {"system", "popen", "execv", "execve", "execvp", "execl", "spawnl", "spawnv", "posix_spawn"}


def requirements(*extras):
    """Declared requirements by their normal names: the package's own, or those of extras."""
    lists = [PROJECT["optional-dependencies"][extra] for extra in extras] or [PROJECT["dependencies"]]
    found = [Requirement(line) for lines in lists for line in lines]
    return {canonicalize_name(one.name): one for one in found if canonicalize_name(one.name) != PROJECT["name"]}


def module_of(name):
    """What a requirement is imported as."""
    return IMPORTED_AS.get(name, "MDAnalysis" if name == "mdanalysis" else name)


def imports(text, top_level_only=False):
    """Top names of other packages that a source imports, ``pytest.importorskip`` included."""
    tree = ast.parse(text)
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
            yield node.args[0].value.split(".")[0]


def others(text, top_level_only=False):
    """The same without the standard library and this package."""
    return {name for name in imports(text, top_level_only) if name not in sys.stdlib_module_names} - {"brownian"}


def doubts(text):
    """What could run code that came as data, reach another machine or start a program, as (line, what)."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            level = getattr(node, "level", 0)
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from ((node.lineno, top) for name in names if not level and (top := name.split(".")[0]) in DOUBTFUL)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", None)
            owner, attribute = getattr(getattr(node.func, "value", None), "id", None), getattr(node.func, "attr", None)
            if name in RUNS_CODE:
                yield node.lineno, name
            if (owner == "os" and attribute in SYSTEM) or attribute in (
                "read_pickle",
                "to_pickle",
                "sympify",
                "parse_expr",
            ):
                yield node.lineno, attribute
            if name in ("sympify", "parse_expr"):
                yield node.lineno, name
            for keyword in node.keywords:
                if keyword.arg in ("shell", "allow_pickle") and getattr(keyword.value, "value", True) is not False:
                    yield node.lineno, keyword.arg


def pins(name):
    """Requirements of a constraints file that hold for this Python."""
    lines = [line for line in (CI / name).read_text().splitlines() if line and not line.startswith("#")]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found if one.marker is None or one.marker.evaluate()}


def python(*arguments, **environment):
    """A new interpreter, every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


# -------------------------------------------------------------------------------------------------------- dependencies


def test_the_package_imports_what_it_declares():
    own = {module_of(name) for name in requirements()}
    extras = {module_of(name) for name in requirements("mdanalysis", "arviz", "distributed")}
    used = set()
    for name, text in SOURCES.items():
        found = others(text)
        used |= found
        assert found <= own | extras, f"{name} imports {found - own - extras}"
        assert others(text, top_level_only=True) <= own, f"{name} needs an extra as soon as it is imported"
    assert used == own | extras  # nothing is declared in vain


@pytest.mark.parametrize("folder", ["tests", "scenarios"])
def test_tests_and_scenarios_import_what_is_declared(folder):
    declared = {module_of(name) for name in (requirements() | (requirements("test") if folder == "tests" else {}))}
    declared |= FORCED if folder == "tests" else set()
    beside = {path.stem for path in (ROOT / folder).glob("*.py")} | {
        path.stem for path in (ROOT / "benchmarks").rglob("*.py")
    }
    for path in sorted((ROOT / folder).glob("*.py")):
        assert others(path.read_text()) <= declared | beside, path.name


@pytest.mark.parametrize("name", ["constraints-newest.txt", "constraints-minimum.txt"])
def test_constraints_name_every_dependency_within_its_bounds(name):
    lowest, held = "minimum" in name, pins(name)
    build = {one.name: one for one in map(Requirement, PYPROJECT["build-system"]["requires"])}
    declared = (
        requirements()
        | requirements("mdanalysis", "arviz", "distributed", "test", *([] if lowest else ["dev"]))
        | build
    )
    for package, one in declared.items():
        if lowest and package in NOT_AT_ITS_LOWEST:
            assert package not in held
            continue
        pinned = [bound.version for bound in held[package].specifier]
        assert len(pinned) == 1
        assert one.specifier.contains(pinned[0]), f"{package} {pinned[0]}, but {one.specifier} is declared"
        if lowest:  # X.Y pinned as X.Y or X.Y.0: nobody is told less than what is tested
            bounds = [bound.version for bound in one.specifier if bound.operator == ">="]
            assert re.fullmatch(re.escape(bounds[0]) + r"(\.0)*", pinned[0]), (
                f"{package}: >={bounds[0]}, tested {pinned[0]}"
            )


def test_constraints_are_names_and_versions_only():
    for path in CI.glob("constraints-*.txt"):
        for line in path.read_text().splitlines():
            marked = r'[\w.-]+==[\w.]+( ; python_version [<>]=? "3\.\d+"( and python_version [<>]=? "3\.\d+")*)?'
            assert re.fullmatch(rf"(#.*)?|{marked}", line), f"{path.name}: {line}"
            assert "//" not in line


# ------------------------------------------------------------------------------------------------- versions, what ships


def test_versions_agree():
    stated = re.search(r'__version__ = "(.+)"', (PACKAGE / "version.py").read_text())[1]
    assert brownian.__version__ == stated
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == stated
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "brownian/version.py"
    assert "version" in PROJECT["dynamic"]
    needed = PROJECT["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {needed}" in PROJECT["classifiers"]
    assert PYPROJECT["tool"]["mypy"]["python_version"] == needed
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + needed.replace(".", "")


def test_nothing_of_the_package_is_left_behind():
    """The build leaves out what .gitignore names, at any depth; patterns of the sdist start at the root."""
    patterns = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]
    for path in (path.relative_to(ROOT) for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts):
        hit = [one for one in patterns for part in path.parts if fnmatch.fnmatch(part, one)]
        assert not hit, f"{path} would not ship: {hit}"
    targets = PYPROJECT["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["brownian"]}
    for one in targets["sdist"]["include"]:
        assert one.startswith("/"), f"{one} would be taken from results/ too"
        assert (ROOT / one[1:]).exists()


# ------------------------------------------------------------------------------------------ code from data, the network


def test_nothing_runs_data_or_reaches_out():
    found = {}
    for name, text in SOURCES.items():
        for line, what in doubts(text):
            found.setdefault((name, what), []).append(line)
    assert set(found) == set(ALLOWED), {place: lines for place, lines in found.items() if place not in ALLOWED}


@pytest.mark.parametrize(
    "planted",
    [
        "eval(x)", "exec(x)", "import pickle", "from urllib.request import urlopen", "import os; os.system('x')",
        "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=maybe)", "run('x', shell=True)", "import http.client",
        "def f():\n    import subprocess", "sympy.sympify(text)", "from marshal import loads",
    ],
)  # fmt: skip
def test_what_is_planted_is_seen(planted):
    assert list(doubts(planted))


def test_what_is_harmless_is_not():
    assert not list(doubts("np.load(f, allow_pickle=False)\nfrom .http import x\nre.compile(y)\nmodel.eval()"))


EVERYTHING = """
import importlib, pkgutil, brownian
for module in pkgutil.walk_packages(brownian.__path__, "brownian."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in brownian.__all__:
    getattr(brownian, name)
"""


def test_every_module_imports_without_a_warning(tmp_path):
    """From source, so that the compiler's own warnings come too."""
    done = python("-X", f"pycache_prefix={tmp_path}", "-c", "import brownian")
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    done = python("-c", EVERYTHING)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


SMALL_RUN = """
import brownian as bn
simulation = bn.Simulation(
    potential=bn.DoubleWell(barrier=2.0, width=1.2), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
    particles=50, dimension=1, seed=7)
with simulation.run(steps=20, every=0.1, out="run.h5md") as trajectory:
    print(bn.validate(trajectory))
"""
REACHES = "import socket; socket.create_connection(('192.0.2.1', 9))"


def test_a_run_needs_no_network(tmp_path):
    """Under a guard that refuses every address but this machine's own, before anything is sent."""
    guard = str(CI / "guard")
    script = SMALL_RUN.replace('"run.h5md"', repr(str(tmp_path / "run.h5md")))
    done = python("-c", script, PYTHONPATH=os.pathsep.join([guard, str(ROOT)]))
    assert done.returncode == 0, done.stderr
    refused = python("-c", REACHES, PYTHONPATH=guard)
    assert refused.returncode == 1
    assert "nothing here may use a network" in refused.stderr

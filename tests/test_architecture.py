"""The floors: imports go downward only, no circles, rooms of a size that a reader can hold."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "brownian"

FLOORS = [
    {
        "arguments",
        "lazy",
        "outside",
        "version",
        "caching",
        "fingerprint",
        "compiled",
        "box_muller",
        "noise",
        "vectormath",
        "units",
        "generated",
        "theory",
        "datasets",
        "schedule",
        "progress",
    },
    {"colored", "dynamics", "expressions", "integrators", "models", "potentials", "stops"},
    {"engine", "levels", "machines"},
    {
        "advice",
        "annealing",
        "bookkeeping",
        "description",
        "guards",
        "observables",
        "replaying",
        "running",
        "simulation",
        "start",
        "tempering",
        "trajectory",
    },
    {"analysis", "learning", "sampling"},
    {"bench", "fdt", "plotting", "report", "scripts", "sweeps", "verification"},
    {"cli", "messages", "__main__", "__init__"},
]
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
ONLY = {"h5py": {"trajectory", "description"}, "matplotlib": {"plotting", "report"}, "sympy": {"expressions"}}


def files():
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room(path):
    """The floor plan's name of a module: its file or folder directly below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path, top_level_only=False):
    """(module, is of this package) for each import of a file."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    depth = len(path.relative_to(PACKAGE).parts) - 1
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name.split(".")[0] == "brownian") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                yield node.module, node.module.split(".")[0] == "brownian"
            elif node.level > depth:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                yield from ((f"brownian.{name}", True) for name in names)
            else:
                parts = path.relative_to(PACKAGE).parts[: -node.level]
                names = [node.module] if node.module else [alias.name for alias in node.names]
                yield from ((".".join(["brownian", *parts, *(name.split("."))]), True) for name in names)


def test_every_module_has_a_floor():
    assert {room(path) for path in files()} <= set(LEVEL)


def test_imports_go_downward():
    """Between rooms: to the same floor or below; the front door alone may name everything."""
    for path in files():
        here = room(path)
        if here in ("__init__", "__main__"):
            continue
        for module, ours in imports(path):
            there = module.split(".")[1] if ours and "." in module else None
            if there and there != here:
                assert LEVEL[there] <= LEVEL[here], f"{path.relative_to(ROOT)} imports {module}"


def test_no_circles():
    """Of modules, counting imports at their top."""
    graph = {}
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files()}
    for name, path in names.items():
        targets = set()
        for module, ours in imports(path, top_level_only=True):
            if ours:
                targets.add(module if module in names else module.rpartition(".")[0])
        graph[name] = {target for target in targets if target in names and target not in (name, "brownian")}
    done, trail = set(), []

    def visit(name):
        assert name not in trail, f"circle: {' -> '.join([*trail[trail.index(name) :], name])}"
        if name in done:
            return
        trail.append(name)
        for target in sorted(graph[name]):
            # a package's __init__ re-exports its own modules; that is no circle
            if not name.startswith(target + ".") and not target.startswith(name + "."):
                visit(target)
        trail.pop()
        done.add(name)

    for name in graph:
        visit(name)


@pytest.mark.parametrize("library", ONLY)
def test_heavy_libraries_have_one_room(library):
    users = {room(path) for path in files() if any(module.split(".")[0] == library for module, _ in imports(path))}
    assert users <= ONLY[library]


def test_scenarios_use_public_names_only():
    for path in (ROOT / "scenarios").glob("*.py"):
        assert not re.search(r"\bbn\._|from brownian\S* import _", path.read_text()), path


def test_rooms_are_small():
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in files()}
    assert not {path: lines for path, lines in sizes.items() if lines > 310}
    forbidden = {"utils", "util", "helpers", "misc", "core", "base", "common"}
    assert not [path for path in files() if path.stem in forbidden]


def test_nothing_catches_everything():
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or getattr(node.type, "id", "") == "Exception"
            ):
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} catches everything")

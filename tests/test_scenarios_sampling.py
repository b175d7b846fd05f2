"""The scenarios of sampling: small runs agree, and what they are there to show would be seen if it were not so."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest
from conftest import STANDARD_ERRORS

import brownian as bn
from brownian.cli import OK, main

SCENARIOS = pathlib.Path(__file__).parent.parent / "scenarios"
LANGEVIN = ["--zoo", "", "--chains", "100", "--steps", "1000", "--counted", "200"]
ANNEALED = [
    "--chains",
    "300",
    "--levels",
    "12",
    "--slowest",
    "24",
    "--heated",
    "240",
    "--ladders",
    "60",
    "--rounds",
    "200",
]


def load(name):
    spec = importlib.util.spec_from_file_location(name, SCENARIOS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name, options, out):
    status = main(["run", str(SCENARIOS / f"{name}.py"), *options, "--out", str(out)])
    return status, {check["name"]: check for check in json.loads((out / "result.json").read_text())["checks"]}


def test_langevin_samplers(tmp_path):
    status, checks = run("langevin_sampling", LANGEVIN, tmp_path)
    assert status == OK
    assert next(tmp_path.glob("*.png")).stat().st_size > 10_000
    assert next(tmp_path.glob("*.h5md"))
    biased = next(check for name, check in checks.items() if name.startswith("Gaussian, Euler-Maruyama: bias"))
    assert biased["measured"] > STANDARD_ERRORS * biased["standard_error"]  # "no bias" would be caught
    fewer = checks["times fewer with Leimkuhler-Matthews"]
    assert fewer["measured"] - 1.0 > STANDARD_ERRORS * fewer["standard_error"]
    with pytest.raises(ValueError, match="no target is named 'moons', but gaussian"):
        load("langevin_sampling").run(zoo="moons", out=tmp_path)


def test_annealed_samplers(tmp_path):
    status, checks = run("annealed_sampling", ANNEALED, tmp_path)
    assert status == OK
    assert next(tmp_path.glob("*.png")).stat().st_size > 10_000
    slow = next(check for name, check in checks.items() if name.startswith("annealed, 24"))
    bare = float(slow["name"].split("not weighted: ")[1].rstrip(")"))
    error = np.sqrt(bare * (1.0 - bare) / 300.0)
    assert slow["expected"] - bare > STANDARD_ERRORS * error  # chains without their weights would be caught


def test_a_wrong_weight_is_seen(tmp_path, monkeypatch):
    """A mode that is held for twice as heavy as it is."""
    module = load("annealed_sampling")
    right = module._chi2
    wrong = np.where(np.arange(8) == 2, 2.0, 1.0) * module.WEIGHTS
    shift = wrong / wrong.sum() - module.WEIGHTS
    monkeypatch.setattr(module, "_chi2", lambda off: right(off - shift))
    options = {name.lstrip("-"): int(value) for name, value in zip(ANNEALED[::2], ANNEALED[1::2], strict=True)}
    result = module.run(out=tmp_path, **options)
    assert {check.name for check in result.checks if not check.agrees} >= {"tempered: chi² of the populations / 7"}


@pytest.mark.parametrize(
    ("places", "trips"),
    [
        ([0, 1, 2, 1, 0], 1),
        ([2, 1, 0, 1, 2], 0),
        ([1, 1], 0),
        ([2, 0, 1, 0, 2, 2, 0, 2, 1, 0], 2),
        ([0], 0),
        ([0, 2], 0),
    ],
)
def test_round_trips(places, trips):
    assert load("annealed_sampling").round_trips(np.array(places), 2) == trips


def test_exchanges_of_a_law_that_is_known():
    """In a trap in the plane U is exponential at any kT: min(1, ...) is 2 a / (a + b) on the average, a < b the kT."""
    cold, hot = 1.3, 2.9
    grid = load("annealed_sampling")._Grid(bn.Quadratic(2.1 * np.eye(2)), 4.0)
    cells = grid.cell * 2.1 / (2.0 * np.pi * cold)  # weight of one, the largest: ties are counted by halves
    assert abs(grid.exchange(cold, hot) - 2.0 * cold / (cold + hot)) < cells
    assert abs(grid.partition(cold) * 2.1 / (2.0 * np.pi * cold) - 1.0) < 1e-10


def test_gradients_that_are_counted():
    """Independent squares: b^2 = 1 / n, so that 0.01 is reached at 100."""
    x = np.random.default_rng(3).normal(size=(200, 3000, 1))
    count, error = load("langevin_sampling")._crossing(x**2)
    assert abs(count - 100.0) < STANDARD_ERRORS * error + 1.0  # a whole number
    biased, spread = load("langevin_sampling")._crossing(1.05 * x**2)
    assert biased - count > STANDARD_ERRORS * spread

"""A cut through the matrix of ``benchmarks/trust/reproducibility.py``: the same bits whatever the way."""

import dataclasses
import importlib

import pytest


@pytest.fixture(scope="module")
def script():
    """The script as a module."""
    return importlib.import_module("reproducibility")


def test_every_way_gives_the_same_bits(script, tmp_path):
    """Every integrator with every form of its dynamics, every level of every factor."""
    found = script.cases()
    pairs = list(script.some_ways(found))
    assert {case.name for case, _ in pairs} == {case.name for case in found}
    assert {type(case.arguments["integrator"]).__name__ for case, _ in pairs if "integrator" in case.arguments} == set(
        script.REGISTRY
    )
    for factor, levels in script.FACTORS.items():
        assert {getattr(way, factor) for _, way in pairs} == set(levels), factor
    matrices = {case.name: script.Matrix(case, tmp_path) for case in found}
    differing = [(case.name, way) for case, way in pairs if matrices[case.name].compare(way)]
    assert not differing


PLANTED = {
    "block": {"threads": 2},
    "call": {"call": "7"},
    "resume": {"stop": 5},
    "alone": {"company": "some"},
}


@pytest.mark.parametrize("plant", PLANTED)
def test_planted_errors_are_found(script, tmp_path, plant):
    """Noise by block or by call, a checkpoint of few digits, the number of the first particle forgotten."""
    case = next(case for case in script.cases() if case.name == "GJF, Langevin")
    way = dataclasses.replace(script.PLAIN, **PLANTED[plant])
    assert script.Matrix(case, tmp_path).compare(way) == 0
    with script.planted(plant):
        assert script.Matrix(case, tmp_path).compare(way) > 0

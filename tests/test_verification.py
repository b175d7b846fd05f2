"""``verify``: what was made as it says is found so, and a single changed number is found."""

import json
import shutil

import h5py
import numpy as np
import pytest

import brownian as bn
from brownian.cli import NEGATIVE, OK, USAGE, main

KINDS = {
    "langevin": {},
    "overdamped": {"dynamics": bn.Overdamped(friction=0.7, kT=0.9), "integrator": bn.LeimkuhlerMatthews(), "dt": 0.02},
    "annealed": {"annealing": bn.Annealing((3.0, 0.9), 17)},
    "tempered": {"tempering": bn.Tempering((0.9, 2.0), every=7)},
    "bookkeeping": {"bookkeeping": True},
}


def simulation(**changes):
    arguments = dict(
        potential=bn.DoubleWell(barrier=2.0, width=1.2), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1,
        particles=40, seed=7,
    )  # fmt: skip
    return bn.Simulation(**(arguments | changes))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("verified") / "run.h5md"
    simulation().run(steps=60, every=0.5, out=path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_runs_are_verified(kind):
    run = simulation(**KINDS[kind])
    found = bn.verify(run.run(steps=60, every=5 * run.dt))
    assert found.verdict == "verified"
    assert found.covered == 1.0
    assert found.stretches[0].frames == 13


def test_some_particles_of_a_run_are_verified():
    some = simulation().run(steps=60, every=0.5, particles=range(10, 13), observe=[bn.Moments()])
    assert bn.verify(some).verdict == "verified"


def test_a_long_run_is_verified_in_parts(file, tmp_path):
    found = bn.verify(file, budget=40 * 20)
    assert [stretch.last for stretch in found.stretches if stretch.first == 0] == [20]
    assert found.verdict == "verified"
    assert found.covered < 1.0


def test_one_changed_number_is_found(file, tmp_path, capsys):
    path = tmp_path / "changed.h5md"
    shutil.copy(file, path)
    with h5py.File(path, "r+") as changed:
        values = changed["brownian/native/position"]  # one dimension: stored here, shown as three elsewhere
        values[7, 3, 0] = np.nextafter(values[7, 3, 0], np.float32(9.0))
    assert main(["verify", str(path)]) == NEGATIVE
    assert "1 DIFFER, from step 35 on" in capsys.readouterr().out
    assert main(["verify", str(file), "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["verdict"] == "verified"


def test_another_seed_or_temperature_is_found():
    run = simulation().run(steps=60, every=0.5)
    for key, value in (
        ("seed", 8),
        ("dynamics", {"class": "Langevin", "mass": 1.3, "friction": 0.7, "kT": 0.9 + 1e-12}),
    ):
        run._source.description[key] = value
        found = bn.verify(run)
        assert found.verdict == "differs"
        run._source.description.update(simulation().describe())


def test_what_cannot_be_verified(tmp_path, capsys):
    arrays = bn.from_arrays([0, 1], [0.0, 0.1], np.zeros((2, 3, 1)))
    with pytest.raises(bn.trajectory.TrajectoryError):
        bn.verify(arrays)
    assert main(["verify", str(tmp_path / "nothing.h5md")]) == USAGE
    assert "nothing.h5md" in capsys.readouterr().err


COUNTED = {
    "work": {"potential": bn.Moving(bn.Harmonic(2.1), velocity=0.3), "bookkeeping": True},
    "stop times": {"potential": bn.Harmonic(2.1), "stop": bn.LeaveInterval(-1.0, 1.0), "start": np.zeros((50, 1))},
    "accepted": {"potential": bn.Harmonic(2.1), "dynamics": bn.Overdamped(0.7, 0.9), "integrator": bn.MALA()},
    "exchanged": {"potential": bn.Harmonic(2.1), "tempering": bn.Tempering((0.9, 2.0), 5)},
}


@pytest.mark.parametrize("name", COUNTED)
def test_what_was_counted_and_when_is_compared_too(name, tmp_path):
    path = tmp_path / "run.h5md"
    parts = {"dynamics": bn.Langevin(mass=1.3, friction=0.7, kT=0.9), **COUNTED[name]}
    bn.Simulation(dt=0.05, particles=50, seed=3, **parts).run(steps=400, every=0.5, out=path)
    assert bn.verify(path).verdict == "verified"
    for place in ("tallies/value", "position/time"):
        with h5py.File(path, "r+") as file:
            dataset = file[f"particles/trajectory/{place}"]
            kept = dataset[...]
            last = dataset[-1]
            dataset[-1] = last + np.where(np.arange(np.size(last)).reshape(np.shape(last)) == 0, 1e-9, 0.0)
        assert bn.verify(path).verdict == ("verified" if np.isnan(np.ravel(last)[0]) else "differs")
        with h5py.File(path, "r+") as file:
            file[f"particles/trajectory/{place}"][...] = kept

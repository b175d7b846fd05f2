"""``brownian bench``: what it prints, whatever the speed."""

import json

import pytest

from brownian.bench import table
from brownian.bench.workloads import WORKLOADS
from brownian.cli import OK, USAGE, main


@pytest.fixture
def small(monkeypatch):
    """Workloads of a moment."""
    for name, workload in list(WORKLOADS.items()):
        monkeypatch.setitem(WORKLOADS, name, workload._replace(particles=64, steps=4))
    monkeypatch.setattr(table, "BEAD_STEPS", 40)
    monkeypatch.setattr(table, "SAVED_PARTICLES", 8)
    monkeypatch.setattr(table, "SAVED_STEPS", 20)
    monkeypatch.setattr(table, "ROUNDS", 2)
    monkeypatch.setattr(table, "startup", lambda: {"cached_first_step_s": 0.5, "compile_s": 2.5})


def test_json_is_one_list_of_measurements(small, capsys):
    assert main(["bench", "--json", "--threads", "2"]) == OK
    rows = json.loads(capsys.readouterr().out)
    keys = {"workload", "title", "threads", "noise", "ns_per_particle_step", "noise_floor_ns", "ratio"}
    assert all(set(row) == keys for row in rows)
    assert [row["workload"] for row in rows if row["threads"] == 1] == [*WORKLOADS, "W6", "W7"]
    assert {row["workload"] for row in rows if row["threads"] == 2} == {*WORKLOADS, "W6"}
    assert all(row["ratio"] == row["ns_per_particle_step"] / row["noise_floor_ns"] > 0.0 for row in rows)


def test_table(small, capsys):
    assert main(["bench", "--threads", "1"]) == OK
    out = capsys.readouterr().out
    assert out.count("float64") == len(WORKLOADS) + 2
    assert "compiled code on disk: 0.50 s; compiling a new potential: 2.5 s" in out


def test_no_threads_are_refused(capsys):
    assert main(["bench", "--threads", "0"]) == USAGE
    assert "--threads 0: must be at least 1" in capsys.readouterr().err

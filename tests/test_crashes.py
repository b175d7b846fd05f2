"""Writers that are killed, starved and interrupted at chosen writes; `benchmarks/trust/crashes.py` does it at all."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import brownian as bn
from brownian.trajectory import FileInUse, FileRecorder, NothingToResume, TrajectoryError
from brownian.trajectory.locking import WriterLock

TOOL = pathlib.Path(__file__).resolve().parent.parent / "benchmarks" / "trust" / "crashes.py"
preloading = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("gcc") or shutil.which("cc")),
    reason="no C compiler was found (gcc or cc), or no Linux: nothing can be preloaded",
)


def crashes(folder, *options):
    """Run the tool; returns its exit status, its table and what it says."""
    command = [sys.executable, str(TOOL), "--quick", "--results", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    table = folder / "crashes.json"
    found = json.loads(table.read_text())["results"] if table.exists() else {}
    return done.returncode, found, done.stdout + done.stderr


@preloading
def test_nothing_is_lost(tmp_path):
    """A run killed or cut at 30 points, others starved or interrupted: all promised frames, all bits, a clear word."""
    status, found, said = crashes(tmp_path, "--only", "points", "limits", "cases")
    assert status == 0, said
    points = {kind: sum(row["points"] for row in rows.values()) for kind, rows in found.items()}
    killed = [count for kind, count in points.items() if kind.startswith("kill -9")]
    assert sum(killed) >= 30, points
    for kind in ("disk full from then on", "SIGTERM", "Ctrl-C twice", "file-size limit", "file taken away in mid-run"):
        assert points[kind] >= 2, points
    for rows in found.values():
        for row in rows.values():
            assert (row["lost"], row["wrong"], row["problems"]) == (0, 0, []), said


@preloading
@pytest.mark.parametrize(
    "plant",
    ["counter-first", *(pytest.param(name, marks=pytest.mark.slow) for name in ("no-flush", "unchecked", "last-bit"))],
)
def test_planted_errors_are_caught(tmp_path, plant):
    """A writer that commits its counter before the frames; others with --slow."""
    status, _, said = crashes(tmp_path, "--plant", plant)
    assert status == 1, said
    assert f"planted: {plant}; caught" in said
    assert "FAULT kill -9" in said


def small_run(path, **options):
    """A run of one particle."""
    dynamics = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
    simulation = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=dynamics, dt=0.1, particles=1, seed=7)
    return simulation.run(steps=20, every=0.2, out=path, threads=1, **options)


def test_killed_before_its_first_checkpoint(tmp_path, monkeypatch):
    """A run that was begun is resumed from its start; one that never was is not invented."""
    path, straight = tmp_path / "run.h5md", small_run(None)

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(NothingToResume, match="no such file"):
        small_run(path, resume=True)
    with monkeypatch.context() as patch:
        patch.setattr(FileRecorder, "checkpoint", interrupted)
        with pytest.raises(KeyboardInterrupt):
            small_run(path)
    assert len(bn.open(path)) == 1
    np.testing.assert_array_equal(small_run(path, resume=True).positions, straight.positions)
    path.rename(tmp_path / "run.h5md.tmp")  # as if it had been killed before it got its name
    np.testing.assert_array_equal(small_run(path, resume=True).positions, straight.positions)
    assert [each.name for each in tmp_path.iterdir()] == ["run.h5md"]


def test_a_lock_file_that_was_removed(tmp_path):
    """It is taken again at the next frames, unless another writer was faster."""
    path, lock = tmp_path / "run.h5md", tmp_path / "run.h5md.lock"
    sizes = {"particles": 1, "dimension": 1, "slots": 1, "velocities": False, "dtype": "f8", "planned_frames": 3}
    with FileRecorder(path, {}, **sizes) as recorder:
        recorder.append([0], [0.0], np.zeros((1, 1, 1)))
        lock.unlink()
        recorder.append([1], [0.1], np.zeros((1, 1, 1)))
        with pytest.raises(FileInUse, match="by this process"):
            WriterLock(path)
        lock.unlink()
        other = WriterLock(path)
        with pytest.raises(TrajectoryError, match=r"being written by this process.*2 frames are safe"):
            recorder.append([2], [0.2], np.zeros((1, 1, 1)))
        other.release()
    assert len(bn.open(path)) == 2

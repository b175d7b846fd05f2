"""Recorders and trajectories: what is written is what is read, by us and by others; what is broken is refused."""

import copy
import os
import pickle
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

import brownian as bn
import brownian.trajectory
from brownian.trajectory import (
    DiskTooSmall,
    FileRecorder,
    MemoryRecorder,
    Recorder,
    TrajectoryError,
    open_file,
)

NANO = {"time": "ns", "length": "nm", "velocity": "nm ns-1"}
DESCRIPTION = {"potential": {"name": "DoubleWell", "barrier": 2.0}, "dt": 0.1, "seed": 7, "made": {"machine": "a"}}
FRAMES, PARTICLES = 20, 7
# Processes that a test starts find the package that the test found.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(brownian.__file__).parents[1])}


def frames(dimension, count=FRAMES, particles=PARTICLES):
    """Steps, times, positions, velocities of a trajectory."""
    rng = np.random.default_rng(5)
    steps = np.arange(count) * 5
    return steps, steps * 0.1, *rng.normal(size=(2, count, particles, dimension))


def recorder_of(kind, folder, *, dimension=2, velocities=True, **others):
    """Return a recorder of either kind."""
    options = {
        "particles": PARTICLES, "dimension": dimension, "slots": 2, "velocities": velocities, "dtype": "f4",
        "planned_frames": FRAMES, **others,
    }  # fmt: skip
    if kind == "file":
        return FileRecorder(folder / "run.h5md", DESCRIPTION, **options)
    return MemoryRecorder(DESCRIPTION, **options)


def record(kind, folder, *, dimension=2, velocities=True, **others):
    """Record all frames, with two checkpoints and one more."""
    steps, times, x, v = frames(dimension)
    with recorder_of(kind, folder, dimension=dimension, velocities=velocities, **others) as recorder:
        for rows in (slice(0, 1), slice(1, 8), slice(8, 8), slice(8, FRAMES)):
            recorder.append(steps[rows], times[rows], x[rows], v[rows] if velocities else None)
            recorder.checkpoint(steps[: rows.stop][-1], np.full((2, PARTICLES, dimension), float(rows.stop)))
        return recorder.finish()


@pytest.fixture(params=["memory", "file"])
def kind(request):
    """Either twin."""
    return request.param


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_what_is_written_is_read(kind, tmp_path, dimension):
    """Numbers, types and shapes come back, and the last two restart states."""
    steps, times, x, v = frames(dimension)
    with record(kind, tmp_path, dimension=dimension, dtype="f8") as read:
        assert len(read) == FRAMES
        assert (read.particles, read.dimension) == (PARTICLES, dimension)
        assert read.steps.dtype == np.int64
        assert read.times.dtype == np.float64
        np.testing.assert_array_equal(read.steps, steps)
        np.testing.assert_array_equal(read.times, times)
        np.testing.assert_array_equal(read.positions, x)
        np.testing.assert_array_equal(read.velocities, v)
        assert read.positions.shape == x.shape
        assert read.positions.dtype == np.float64
        assert read.description == DESCRIPTION
        assert read.complete
        assert [step for step, _ in read.checkpoints()] == [95, 35]
        assert [state.mean() for _, state in read.checkpoints()] == [20, 8]


def test_frames_are_single_precision_and_velocities_optional(kind, tmp_path):
    """float32 is rounded, and no velocities are invented."""
    read = record(kind, tmp_path, velocities=False)
    np.testing.assert_array_equal(read.positions, frames(2)[2].astype("f4"))
    assert read.positions.dtype == np.float32
    assert read.velocities is None
    assert [velocities for _, _, velocities in read.frames(9)] == [None] * 3


@pytest.mark.parametrize(
    "key",
    [3, -1, slice(2, 9), slice(None, None, 3), slice(15, 2, -4), slice(4, 4), slice(50, 90), [7, 1, 1, -2], [],
     np.arange(FRAMES) % 2 == 0, (slice(2, 9), 3), (..., 0), (5, slice(1, 3), 1), ()],
)  # fmt: skip
def test_indexing_is_that_of_arrays(kind, tmp_path, key):
    """Any choice of frames, as NumPy makes it."""
    key = key if not isinstance(key, list) else np.array(key, int)
    read = record(kind, tmp_path)
    np.testing.assert_array_equal(read.positions[key], frames(2)[2].astype("f4")[key])


@pytest.mark.parametrize("key", [FRAMES, -FRAMES - 1, [0, FRAMES], 1.5])
def test_wrong_index(kind, tmp_path, key):
    """Frames that are not there."""
    with pytest.raises(IndexError):
        record(kind, tmp_path).positions[key]


def test_slabs_cover_everything(kind, tmp_path):
    """Every frame once, in order."""
    read = record(kind, tmp_path)
    rows, x, v = zip(*read.frames(6), strict=True)
    assert [(part.start, part.stop) for part in rows] == [(0, 6), (6, 12), (12, 18), (18, 20)]
    np.testing.assert_array_equal(np.concatenate(x), read.positions)
    np.testing.assert_array_equal(np.concatenate(v), read.velocities)
    with pytest.raises(ValueError, match="at least 1"):
        next(read.frames(0))


def test_it_prints_itself(kind, tmp_path):
    """A short tree."""
    text = repr(record(kind, tmp_path, unit=NANO))
    for part in ("20 frames", "7 particles", "dimension 2", "float32", "9.5 ns", "DoubleWell", "seed: 7"):
        assert part in text


def test_simulation_goes_through_the_builder(kind, tmp_path):
    """The description and a potential reach the builder; without one there is an error."""
    read = record(kind, tmp_path, build=lambda description, potential: (description["seed"], potential))
    assert read.simulation("mine") == (7, "mine")
    with pytest.raises(TrajectoryError, match="build="):
        brownian.trajectory.Trajectory(read._source).simulation()


def test_bad_calls(kind, tmp_path):
    """Each is refused with the value, and does no harm."""
    steps, times, x, v = frames(2)
    with recorder_of(kind, tmp_path) as recorder:
        assert isinstance(recorder, Recorder)
        with pytest.raises(ValueError, match="before the first checkpoint"):
            recorder.checkpoint(0, np.zeros((2, PARTICLES, 2)))
        with pytest.raises(TrajectoryError, match="no frame"):
            recorder.finish()
        recorder.append(steps[:3], times[:3], x[:3], v[:3])
        for wrong, match in [
            ((steps[3:5], times[3:5], x[3:6], v[3:5]), "shape"),
            ((steps[3:5], times[3:4], x[3:5], v[3:5]), "shape"),
            ((steps[3:5], times[3:5], x[3:5]), "velocities are missing"),
            ((steps[2:5], times[3:6], x[3:6], v[3:6]), "increase"),
            ((steps[3:6], times[3:6] * np.nan, x[3:6], v[3:6]), "finite"),
        ]:
            with pytest.raises(ValueError, match=match):
                recorder.append(*wrong)
        with pytest.raises(ValueError, match="shape"):
            recorder.checkpoint(10, np.zeros((1, PARTICLES, 2)))
        with pytest.raises(ValueError, match="before the last frame"):
            recorder.checkpoint(9, np.zeros((2, PARTICLES, 2)))
        assert len(recorder.finish()) == 3
        with pytest.raises(TrajectoryError, match="ended"):
            recorder.append(steps[3:4], times[3:4], x[3:4], v[3:4])


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"particles": 0}, "particles"), ({"particles": 2.5}, "particles"), ({"dimension": "x"}, "dimension"),
        ({"planned_frames": 0}, "planned_frames"), ({"dtype": "i4"}, "float32 or float64"), ({"slots": 0}, "slots"),
        ({"unit": {**NANO, "length": "um"}}, "nm, pm"), ({"unit": {"time": "ns"}}, "keys"), ({"unit": 3}, "keys"),
    ],
)  # fmt: skip
def test_bad_sizes(kind, tmp_path, wrong, match):
    """Each is named, and nothing is left on the disk."""
    with pytest.raises(ValueError, match=match):
        recorder_of(kind, tmp_path, **wrong)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [[1], {"a": np.nan}, {"a": object()}, {"a": b"x"}])
def test_bad_description(tmp_path, wrong):
    """Only what JSON can say."""
    sizes = {"particles": 1, "dimension": 1, "slots": 1, "velocities": False, "dtype": "f4", "planned_frames": 1}
    with pytest.raises(ValueError, match="description"):
        FileRecorder(tmp_path / "a.h5md", wrong, **sizes)


def test_long_description_with_arrays(tmp_path):
    """More than an attribute could hold."""
    sizes = {"particles": 1, "dimension": 1, "slots": 1, "velocities": False, "dtype": "f4", "planned_frames": 1}
    with FileRecorder(tmp_path / "a.h5md", {"weights": np.arange(30_000), "text": "ä" * 9}, **sizes) as recorder:
        recorder.append([0], [0.0], np.zeros((1, 1, 1)))
        read = recorder.finish().description
    assert read == {"weights": list(range(30_000)), "text": "ä" * 9}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("unit", [None, NANO])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_mdanalysis(kind, tmp_path, dimension, unit):
    """The same numbers, times and interval; a plain Universe opens our file in physical units."""
    mdanalysis = pytest.importorskip("MDAnalysis", reason="MDAnalysis is not installed")
    _, times, x, v = frames(dimension)
    length, time = (10, 1000) if unit else (1, 1)
    read = record(kind, tmp_path, dimension=dimension, unit=unit)
    universes = [read.to_mdanalysis()]
    if unit and kind == "file":
        universes.append(mdanalysis.Universe(str(tmp_path / "run.h5md")))
    assert universes[0].trajectory.dt == pytest.approx(0.5 * time)
    for universe in universes:
        assert universe.trajectory.n_frames == FRAMES
        for frame, there in enumerate(universe.trajectory):
            np.testing.assert_allclose(there.positions[:, :dimension], length * x[frame], rtol=1e-6)
            np.testing.assert_allclose(there.velocities[:, :dimension], length / time * v[frame], rtol=1e-6)
            assert not there.positions[:, dimension:].any()
            assert there.time == pytest.approx(time * times[frame])
        universe.trajectory.close()


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_pyh5md(tmp_path, dimension):
    """A strict reader of the standard."""
    pyh5md = pytest.importorskip("pyh5md", reason="pyh5md is not installed")
    record("file", tmp_path, dimension=dimension, unit=NANO)
    steps, times, x, v = frames(dimension)
    with pyh5md.File(str(tmp_path / "run.h5md"), "r") as file:
        group = file.particles_group("trajectory")
        for name, array in (("position", x), ("velocity", v)):
            element = pyh5md.element(group, name)
            np.testing.assert_array_equal(element.step[:], steps)
            np.testing.assert_array_equal(element.time[:], times)
            np.testing.assert_array_equal(element.value[:, :, :dimension], array.astype("f4"))


def test_disk_too_small(tmp_path, monkeypatch):
    """Both numbers are told, before anything is made."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2_500_000))
    with pytest.raises(DiskTooSmall, match=r"12\.9 MB are needed, 2\.5 MB are free") as caught:
        recorder_of("file", tmp_path, planned_frames=100_000)
    assert caught.value.needed > 12_000_000 > caught.value.free == 2_500_000
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("particles", "count"), [(1, 1), (10**5, 1), (10**6, 2)])
def test_a_large_frame_wastes_no_disk(tmp_path, particles, count):
    """One frame of 10^6 particles takes 12 MB, one of 10^7 would take 120 MB."""
    path = tmp_path / "large.h5md"
    sizes = {"particles": particles, "dimension": 3, "slots": 2, "velocities": False, "dtype": "f4"}
    with FileRecorder(path, {}, planned_frames=count, **sizes) as recorder:
        for frame in range(count):
            recorder.append([frame], [frame], np.zeros((1, particles, 3), "f4"))
        recorder.finish()
    apart = 2**17
    assert max(path.stat().st_size, path.stat().st_blocks * 512) < 1.01 * count * particles * 12 + apart


def test_memory_does_not_grow_with_frames(tmp_path):
    """A writer's memory is that of a slab, and so is a reader's."""
    code = """
import sys, numpy as np
from brownian.trajectory import FileRecorder
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
x = np.ones((10, 10_000, 2), "f4")
sizes = dict(particles=10_000, dimension=2, slots=1, velocities=False, dtype="f4", planned_frames=1200)
with FileRecorder(sys.argv[1], {}, **sizes) as recorder:
    for k in range(120):
        recorder.append(10 * k + np.arange(10), 10.0 * k + np.arange(10), x)
        recorder.checkpoint(10 * k + 9, np.ones((1, 10_000, 2)))
        if k == 20:
            before = resident()
    print(resident() - before)
    recorder.finish()
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    path = str(tmp_path / "long.h5md")
    command = [sys.executable, "-c", code, path]
    grown = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert int(grown.stdout) < 8e6
    with open_file(path) as read:
        tracemalloc.start()
        for _, x, _ in read.frames(10):
            assert x.shape == (10, 10_000, 2)
        assert tracemalloc.get_traced_memory()[1] < 8e6
        tracemalloc.stop()


def test_import_stays_light():
    """MDAnalysis and the rest of the package wait until they are asked for."""
    code = "import sys, brownian.trajectory; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert not {"MDAnalysis", "matplotlib", "sympy"} & set(done.stdout.split())


def element(group, name, value, step, time):
    """Add an H5MD element."""
    made = group.create_group(name)
    made["value"] = value
    made["step"] = step
    if time is not None:
        made["time"] = time
    return made


def test_files_of_other_programs(tmp_path):
    """Any group name, steps and times at fixed intervals or times missing."""
    x = np.arange(24.0).reshape(4, 3, 2)
    with h5py.File(tmp_path / "other.h5md", "w") as file:
        there = element(file.create_group("particles/beads"), "position", x, 10, 0.5)
        there["step"].attrs["offset"], there["time"].attrs["offset"] = 100, 2.0
        element(file.create_group("particles/more"), "position", x + 1, [1, 2, 5, 6], None)
    with pytest.raises(TrajectoryError, match=r"several.*group="):
        open_file(tmp_path / "other.h5md")
    with open_file(tmp_path / "other.h5md", group="beads") as read:
        assert read.steps.tolist() == [100, 110, 120, 130]
        assert read.times.tolist() == [2.0, 2.5, 3.0, 3.5]
        assert (read.description, read.unit, read.velocities, read.checkpoints()) == ({}, None, None, [])
        np.testing.assert_array_equal(read.positions[2], x[2])
        with pytest.raises(TrajectoryError, match="build="):
            read.simulation()
    with open_file(tmp_path / "other.h5md", build=dict, group="more") as read:
        assert read.times.tolist() == [1, 2, 5, 6]
        with pytest.raises(TrajectoryError, match="does not say"):
            read.simulation()


def test_a_file_stays_the_same_file_when_the_folder_changes(tmp_path, monkeypatch):
    """Files are closed and opened again behind the scenes; another of that name must not take their place."""
    for name, seed in (("one", 7), ("two", 8)):
        (tmp_path / name).mkdir()
        simulation = bn.Simulation(
            potential=bn.Harmonic(2.1), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9), dt=0.1, particles=5,
            seed=seed,
        )  # fmt: skip
        simulation.run(steps=40, every=0.2, out=tmp_path / name / "run.h5md")
    monkeypatch.chdir(tmp_path / "one")
    trajectory = bn.open("run.h5md")
    x = trajectory.positions[:]
    assert str(trajectory.path) == "run.h5md"
    monkeypatch.chdir(tmp_path / "two")
    trajectory.close()
    assert np.array_equal(trajectory.positions[:], x)
    assert trajectory.path == tmp_path / "one" / "run.h5md"
    for other in (pickle.loads(pickle.dumps(trajectory)), copy.deepcopy(trajectory)):
        assert np.array_equal(other.positions[:], x)

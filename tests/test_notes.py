"""Notes in finished files: what HDF5 writes goes to a draft in memory, then to a copy that takes the file's place."""

import errno
import io
import os

import h5py
import numpy as np
import pytest

import brownian as bn
from brownian.trajectory import FileInUse, FileRecorder, TrajectoryError, annotate, check_takes_notes, note
from brownian.trajectory.draft import PAGE, Draft


@pytest.fixture
def file(tmp_path):
    """A small file of ours."""
    dynamics = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)
    simulation = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=dynamics, dt=0.1, particles=7, seed=3)
    path = tmp_path / "run.h5md"
    simulation.run(steps=20, every=0.2, out=path, threads=1)
    return path


@pytest.mark.parametrize("seed", range(8))
def test_draft_is_what_a_file_would_be(tmp_path, seed):
    """Writes, reads, longer, shorter, at the edges of pages: as with a stream in memory; the file itself stays."""
    rng = np.random.default_rng(seed)
    path, copy = tmp_path / "file", tmp_path / "copy"
    before = rng.bytes(int(rng.integers(0, 4 * PAGE)))
    path.write_bytes(before)
    copy.write_bytes(before)
    model = io.BytesIO(before)
    with Draft(path) as draft:
        for _ in range(200):
            place = int(
                rng.choice([rng.integers(0, 5 * PAGE), PAGE * rng.integers(0, 5), PAGE * rng.integers(1, 5) - 1])
            )
            size = int(rng.choice([0, 1, 7, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE]))
            length = model.seek(0, os.SEEK_END)
            assert draft.seek(0, os.SEEK_END) == length
            action = rng.integers(4)
            if action == 0 and rng.random() < 0.3:
                assert draft.truncate(place) == place
                model.truncate(place)
                model.seek(0, os.SEEK_END)
                model.write(bytes(max(0, place - length)))
            elif action == 1:
                data = rng.bytes(size)
                model.seek(length)
                model.write(bytes(max(0, place - length)))
                for stream in (draft, model):
                    assert stream.seek(place) == place
                    assert stream.write(data) == size
                if size == 0:
                    model.truncate(length)  # nothing written, nothing longer
            else:
                for stream in (draft, model):
                    stream.seek(place)
                assert draft.read(size) == model.read(size)
                assert draft.tell() == model.tell()
        draft.write_to(copy)
    assert copy.read_bytes() == model.getvalue()
    assert path.read_bytes() == before


def test_note_is_kept_and_replaced(file):
    """A note is there, the last of its name; all else is as it was, and other programs see it."""
    with bn.open(file) as before:
        positions, description = np.asarray(before.positions), before.description
    size = file.stat().st_size
    for data in ({"ratio": [0.5] * 3000}, {"ratio": None}, "fits", {"ratio": [0.25] * 20000}):
        annotate(file, "verdict", data)
        annotate(file, "seen_by", ["me", 1])
        assert note(file, "verdict") == data
        assert note(file, "seen_by") == ["me", 1]
    with bn.open(file) as after:
        assert np.array_equal(np.asarray(after.positions), positions)
        assert after.description == description
        assert after.complete
    with h5py.File(file, "r") as read:
        assert read["parameters/seen_by"].asstr()[()] == '["me", 1]'
    assert size < file.stat().st_size < size + 1_000_000
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]


@pytest.mark.parametrize(("module", "name"), [("shutil", "copyfile"), ("os", "fsync"), ("os", "replace")])
def test_full_disk_loses_nothing(file, monkeypatch, module, name):
    """Whatever the disk refuses, the file stays to the byte, and one is told why."""
    before = file.read_bytes()

    def refused(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(f"{module}.{name}", refused)
    with pytest.raises(
        TrajectoryError, match=r"run\.h5md: cannot be copied \(No space left on device\); nothing is lost"
    ):
        annotate(file, "verdict", {"ratio": 1.0})
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".tmp"] == []


def test_files_that_take_no_notes(file, tmp_path):
    """Of another kind, not there, at work, killed, damaged: said at once, and by name."""
    copy = tmp_path / "other.h5"
    copy.write_bytes(file.read_bytes())
    torn = tmp_path / "torn.h5md"
    torn.write_bytes(file.read_bytes()[:3000])
    sizes = {"particles": 3, "dimension": 1, "slots": 1, "velocities": False, "dtype": "f4", "planned_frames": 4}
    with FileRecorder(tmp_path / "growing.h5md", {"seed": 7}, **sizes) as recorder:
        recorder.append([0], [0.0], np.zeros((1, 3, 1)))
        with pytest.raises(FileInUse, match=r"growing\.h5md is being written by this process"):
            check_takes_notes(tmp_path / "growing.h5md")
        (tmp_path / "killed.h5md").write_bytes((tmp_path / "growing.h5md").read_bytes())
    for name, error, word in (
        ("other.h5", ValueError, r"the name must end in \.h5md"),
        ("none.h5md", FileNotFoundError, "there is no such file"),
        ("killed.h5md", TrajectoryError, "was killed; repair the file before"),
        ("torn.h5md", TrajectoryError, "damaged"),
    ):
        for act in (check_takes_notes, lambda path: annotate(path, "verdict", {"much": [0.5] * 10_000})):
            with pytest.raises(error, match=word) as caught:
                act(tmp_path / name)
            assert len(str(caught.value)) < 400
    with pytest.raises(TypeError, match="but plain data is needed"):
        annotate(file, "verdict", {"much": [{1j}] * 10_000})
    check_takes_notes(file)


def test_a_file_keeps_its_mode_and_one_that_is_read_only_takes_no_notes(tmp_path):
    path = tmp_path / "run.h5md"
    bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(0.7, 0.9), dt=0.1, particles=5, seed=7).run(
        steps=20, every=0.2, out=path
    )
    path.chmod(0o640)
    bn.trajectory.annotate(path, "word", 1)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o444)
    before = path.read_bytes()
    with pytest.raises(PermissionError, match="read-only"):
        bn.trajectory.annotate(path, "word", 2)
    assert path.read_bytes() == before

"""Files that were killed, torn, locked, sent by somebody: nothing committed is lost, nobody is fooled."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

import brownian
from brownian.trajectory import (
    FileInUse,
    FileRecorder,
    NothingToResume,
    ResumeMismatch,
    TrajectoryError,
    open_file,
    repair,
)

DESCRIPTION = {"dt": 0.1, "potential": {"name": "Harmonic", "stiffness": [1.0, 2.0]}, "seed": 7, "made": {"host": "a"}}
SIZES = {"particles": 5, "dimension": 2, "slots": 1, "velocities": True, "dtype": "f8", "planned_frames": 40}
# Processes that a test starts find the package that the test found.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(brownian.__file__).parents[1])}


def run(path, total, *, slab=3, every=2, pause=0.0):
    """Go on with a deterministic run until it has `total` frames; yield the number of those that are committed."""
    try:
        recorder = FileRecorder.resume(path, DESCRIPTION, **SIZES)
    except NothingToResume:
        recorder = FileRecorder(path, DESCRIPTION, overwrite=True, **SIZES)
    with recorder:
        state = np.random.default_rng(1).normal(size=(1, 5, 2)) if recorder.step is None else recorder.state
        while recorder.frames < total:
            first, x = recorder.frames, []
            for _ in range(min(slab, total - first)):
                x.append(state[0])
                state = np.sin(1.1 * state + 0.3)
            steps = 10 * np.arange(first, first + len(x))
            recorder.append(steps, 0.1 * steps, np.array(x), -np.array(x))
            if recorder.frames % (every * slab) == 0:
                recorder.checkpoint(steps[-1], state)
            yield recorder.frames
            time.sleep(pause)
        recorder.finish()


def finished(path, total):
    """Do all of it; return the path."""
    list(run(path, total))
    return path


def die_at(call):
    """Kill this process at that one of its calls of HDF5's."""
    calls = itertools.count(1)

    def dying(method):
        def counted(*arguments, **options):
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(*arguments, **options)

        return counted

    for name in ("flush", "resize", "__setitem__"):
        setattr(h5py.Dataset, name, dying(getattr(h5py.Dataset, name)))


def child(path, total, *, pause=0.0, call=0):
    """Start the run in a process of its own, which says how far it is."""
    command = [sys.executable, __file__, str(path), str(total), str(pause), str(call)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)


def content(path):
    """All datasets of a file, by name."""
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, thing: found.update({name: thing[()]} if isinstance(thing, h5py.Dataset) else {}))
    return found


def assert_same_files(one, other):
    """Dataset by dataset, bit for bit."""
    one, other = content(one), content(other)
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def rest(folder):
    """Names in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def made(tmp_path):
    """Return a file of 12 frames, the newest checkpoint after all of them."""
    finished(tmp_path / "run.h5md", 12)
    return tmp_path / "run.h5md"


def test_kill_at_random_times(tmp_path):
    """Killed again and again, a run ends with the bits of one that was left alone."""
    total, kills, seed = 120, 0, time.time_ns()
    rng = random.Random(seed)
    path = tmp_path / "run.h5md"
    while kills < 6:
        with child(path, total, pause=0.002) as process:
            frames, goal = 0, rng.randrange(3, 40)
            for line in process.stdout:
                goal += int(line) if frames == 0 else 0
                frames = int(line)
                if frames >= min(goal, total - 10):
                    break
            time.sleep(rng.random() * 0.004)
            process.kill()
        kills += 1
        with open_file(path) as read:
            assert len(read) >= frames, seed
            assert not read.complete or len(read) == total, seed  # it may have ended just before the kill
    finished(path, total)
    finished(tmp_path / "straight.h5md", total)
    assert_same_files(path, tmp_path / "straight.h5md")
    assert rest(tmp_path) == ["run.h5md", "straight.h5md"]


@pytest.mark.parametrize("call", [2, 9, 14, 19, 22, 27, 30, 44])
def test_kill_between_writes(tmp_path, call):
    """A kill at a chosen call of HDF5: read as it is, repair a copy, resume."""
    path, copy = tmp_path / "run.h5md", tmp_path / "copy.h5md"
    finished(tmp_path / "straight.h5md", 12)
    with child(path, 12, call=call) as process:
        committed = [int(line) for line in process.stdout]
    assert process.returncode == -signal.SIGKILL
    assert path.exists() == (call > 12)
    if committed:
        copy.write_bytes(path.read_bytes())
        with open_file(path) as read, open_file(tmp_path / "straight.h5md") as straight:
            frames = len(read)
            assert frames >= committed[-1]
            np.testing.assert_array_equal(read.positions, straight.positions[:frames])
        assert repair(copy) == frames
        with h5py.File(copy, "r") as file:
            assert [len(file["particles/trajectory/position"][part]) for part in ("value", "time")] == [frames] * 2
        assert repair(copy) == frames
    finished(path, 12)
    assert_same_files(path, tmp_path / "straight.h5md")


def test_repair_keeps_what_others_added(made):
    """A repaired file has everything that the damaged one had."""
    with h5py.File(made, "r+", libver=("v110", "v110")) as file:
        file["brownian/verdict"] = [1.0, 2.0]
        file["notes"] = "hello"
        file["shortcut"] = h5py.SoftLink("/notes")
    recorder = FileRecorder.resume(made, DESCRIPTION, **SIZES)
    torn = made.read_bytes()
    recorder.abandon()
    made.write_bytes(torn)
    assert repair(made) == 12
    with h5py.File(made, "r") as file:
        assert file["brownian/verdict"][:].tolist() == [1, 2]
        assert file["shortcut"][()] == b"hello"
        assert file["h5md/creator"].attrs["name"] == b"brownian"


def test_torn_checkpoint_falls_back(made):
    """A row whose checksum does not fit does not count; with none left the run starts over."""
    straight = content(made)
    with h5py.File(made, "r+", libver=("v110", "v110")) as file:
        state, record = file["brownian/checkpoint/state"], file["brownian/checkpoint/record"]
        newest = int(np.argmax(record["number"]))
        state[newest, 0, 2, 1] = np.nextafter(state[newest, 0, 2, 1], 9.0)
    with open_file(made) as read:
        assert [step for step, _ in read.checkpoints()] == [50]
    with FileRecorder.resume(made, DESCRIPTION, **SIZES) as recorder:
        assert (recorder.step, recorder.frames) == (50, 6)
        np.testing.assert_array_equal(recorder.state, straight["brownian/checkpoint/state"][1 - newest])
    finished(made, 12)
    for name, value in content(made).items():
        np.testing.assert_array_equal(value, straight[name], err_msg=name)
    with h5py.File(made, "r+", libver=("v110", "v110")) as file:
        file["brownian/checkpoint/record"][:] = np.zeros(2, file["brownian/checkpoint/record"].dtype)
    with pytest.raises(NothingToResume, match=r"no whole checkpoint.*overwrite=True"):
        FileRecorder.resume(made, DESCRIPTION, **SIZES)


def test_frames_after_the_checkpoint_are_made_again(made, tmp_path):
    """Also where the file was closed cleanly."""
    with FileRecorder.resume(made, DESCRIPTION, **SIZES) as recorder:
        recorder.append([500], [50.0], np.zeros((1, 5, 2)), np.zeros((1, 5, 2)))
    with open_file(made) as read:
        assert (len(read), read.complete) == (13, True)
    finished(made, 18)
    finished(tmp_path / "straight.h5md", 18)
    assert_same_files(made, tmp_path / "straight.h5md")


def test_nothing_to_resume(tmp_path):
    """No file, a stub, a file without frames."""
    with pytest.raises(NothingToResume, match="no such file"):
        FileRecorder.resume(tmp_path / "run.h5md", DESCRIPTION, **SIZES)
    for stub in (b"", b"\x89HDF\r\n\x1a\n", b"hello" * 99):
        (tmp_path / "run.h5md").write_bytes(stub)
        with pytest.raises(NothingToResume, match=r"start over.*overwrite=True"):
            FileRecorder.resume(tmp_path / "run.h5md", DESCRIPTION, **SIZES)
    assert rest(tmp_path) == ["run.h5md"]


def test_mismatch_names_every_difference(made):
    """Physics must agree, who ran it when and where need not; the file is not touched."""
    before = made.read_bytes()
    other = {"dt": 0.2, "potential": {"name": "Harmonic", "stiffness": [1.0, 3.0]}, "noise": "float32"}
    with pytest.raises(ResumeMismatch) as caught:
        FileRecorder.resume(made, other, **{**SIZES, "particles": 6})
    assert caught.value.differences == {
        "dt": (0.1, 0.2),
        "potential.stiffness[1]": (2.0, 3.0),
        "seed": (7, "(absent)"),
        "noise": ("(absent)", "float32"),
        "(particles)": (5, 6),
    }
    assert "potential.stiffness[1]: 2.0 in the file, 3.0 given" in str(caught.value)
    assert made.read_bytes() == before
    FileRecorder.resume(made, {**DESCRIPTION, "made": {"host": "b"}}, **SIZES).abandon()


def test_overwriting(made):
    """Refused unless asked for; the old file stays until the new one has frames."""
    with pytest.raises(FileExistsError, match=r"run\.h5md exists: resume=True .* overwrite=True"):
        FileRecorder(made, DESCRIPTION, **SIZES)
    with FileRecorder(made, DESCRIPTION, overwrite=True, **SIZES):
        pass
    assert len(open_file(made)) == 12
    with FileRecorder(made, DESCRIPTION, overwrite=True, **SIZES) as recorder:
        recorder.append([0], [0.0], np.zeros((1, 5, 2)), np.zeros((1, 5, 2)))
    assert len(open_file(made)) == 1
    assert rest(made.parent) == ["run.h5md"]


def test_bad_places(tmp_path):
    """Extension, a file for a folder, a folder that is not there yet."""
    with pytest.raises(ValueError, match=r"\.h5md"):
        FileRecorder(tmp_path / "run.h5", DESCRIPTION, **SIZES)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written"):
        FileRecorder(tmp_path / "file" / "run.h5md", DESCRIPTION, **SIZES)
    FileRecorder(tmp_path / "new" / "folder" / "run.h5md", DESCRIPTION, **SIZES).abandon()
    assert rest(tmp_path / "new" / "folder") == []


def test_read_only_folder(tmp_path):
    """Said before any work."""
    tmp_path.chmod(0o500)
    # The superuser may write there all the same, but not here.
    folder = Path("/sys/kernel") if os.access(tmp_path, os.W_OK) else tmp_path
    if not folder.exists():
        pytest.skip("no folder that cannot be written")
    with pytest.raises(OSError, match=r"run\.h5md cannot be written"):
        FileRecorder(folder / "run.h5md", DESCRIPTION, **SIZES)


def test_two_writers(tmp_path):
    """The second is told who the first is, in this process and in another; a dead one does not count."""
    path = tmp_path / "run.h5md"
    with child(path, 40, pause=60) as process:
        assert process.stdout.readline() == "3\n"
        for attempt in (
            lambda: FileRecorder(path, DESCRIPTION, overwrite=True, **SIZES),
            lambda: FileRecorder.resume(path, DESCRIPTION, **SIZES),
            lambda: repair(path),
        ):
            with pytest.raises(FileInUse, match=f"by process {process.pid}") as caught:
                attempt()
            assert caught.value.pid == process.pid
        with open_file(path) as read:
            assert (len(read), read.complete) == (3, False)
        process.kill()
    assert (tmp_path / "run.h5md.lock").exists()
    assert repair(path) == 3
    assert rest(tmp_path) == ["run.h5md"]
    with FileRecorder(path, DESCRIPTION, overwrite=True, **SIZES), pytest.raises(FileInUse, match="by this process"):
        FileRecorder(path, DESCRIPTION, overwrite=True, **SIZES)


def test_reading_while_writing(tmp_path):
    """Readers in the same process see what was there when they opened, and hinder nobody."""
    shape = (1, 5, 2)
    with FileRecorder(tmp_path / "run.h5md", DESCRIPTION, **SIZES) as recorder:
        seen = []
        for step in range(4):
            recorder.append([step], [0.1 * step], np.full(shape, step), np.zeros(shape))
            seen.append(open_file(tmp_path / "run.h5md"))
        assert [len(read) for read in seen] == [1, 2, 3, 4]
        assert [read.positions[-1, 0, 0] for read in seen] == [0, 1, 2, 3]
        recorder.checkpoint(3, np.zeros(shape))
        whole = recorder.finish()
    assert whole.complete
    assert len(seen[0]) == 4
    with FileRecorder.resume(tmp_path / "run.h5md", DESCRIPTION, **SIZES) as recorder:
        assert recorder.frames == 4
    with h5py.File(tmp_path / "run.h5md"), pytest.raises(FileInUse, match="in this process"):
        FileRecorder.resume(tmp_path / "run.h5md", DESCRIPTION, **SIZES)


def test_file_removed_while_writing(tmp_path):
    """No frames go into the void."""
    shape = (1, 5, 2)
    with FileRecorder(tmp_path / "run.h5md", DESCRIPTION, **SIZES) as recorder:
        recorder.append([0], [0.0], np.zeros(shape), np.zeros(shape))
        (tmp_path / "run.h5md").unlink()
        with pytest.raises(TrajectoryError, match="removed"):
            recorder.append([1], [0.1], np.zeros(shape), np.zeros(shape))
    assert rest(tmp_path) == []


def test_ctrl_c_within_an_append(tmp_path, monkeypatch):
    """An append that was cut short is made whole when the file is closed."""
    shape = (1, 5, 2)

    def interrupted(self):
        monkeypatch.undo()
        raise KeyboardInterrupt

    with FileRecorder(tmp_path / "run.h5md", DESCRIPTION, **SIZES) as recorder:
        recorder.append([0], [0.0], np.zeros(shape), np.zeros(shape))
        monkeypatch.setattr(h5py.Dataset, "flush", interrupted)
        with pytest.raises(KeyboardInterrupt):
            recorder.append([1], [0.1], np.ones(shape), np.ones(shape))
    with open_file(tmp_path / "run.h5md") as read:
        assert (len(read), read.complete) == (2, True)
        assert (read.positions[1] == 1).all()
    assert repair(tmp_path / "run.h5md") == 2


def test_disk_full(tmp_path):
    """An error that says so, no crash at the end, and everything committed is there."""
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
import numpy as np
from brownian.trajectory import FileRecorder, TrajectoryError
sizes = {{**{SIZES!r}, "particles": 500, "planned_frames": 400}}
with FileRecorder(sys.argv[1], {DESCRIPTION!r}, **sizes) as recorder:
    try:
        for step in range(400):
            recorder.append([step], [step], *np.full((2, 1, 500, 2), step))
            recorder.checkpoint(step, np.full((1, 500, 2), step))
    except TrajectoryError as error:
        print(error, recorder.frames)
"""
    path = tmp_path / "run.h5md"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "too large" in done.stdout
    if path.exists():
        assert repair(path) >= int(done.stdout.split()[-1])


def broken(path, change):
    """Change an HDF5 file in place."""
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        change(file, "particles/trajectory/position")


def replace(name, value):
    """Put a dataset, group or link in the place of another."""

    def change(file, position):
        where = name.replace("position", position, 1) if name.startswith("position") else name
        del file[where]
        if value is not None:
            file[where] = value

    return change


def assign(name, rows, value):
    """Overwrite a part of a dataset."""

    def change(file, position):
        file[f"{position}/{name}"][rows] = value

    return change


def huge(file, position):
    """Claim more than any file can hold."""
    del file["brownian/native/position"]
    file.create_dataset("brownian/native/position", (12, 2**40, 2**10), "f8", chunks=(1, 64, 64))


def outside(file, position):
    """Look into another file by a virtual dataset."""
    del file["brownian/native/position"]
    layout = h5py.VirtualLayout((12, 5, 2), "f8")
    layout[:] = h5py.VirtualSource("/etc/secret.h5", "x", (12, 5, 2))
    file.create_virtual_dataset("brownian/native/position", layout)


def raw_outside(file, position):
    """Look into another file by external storage."""
    del file["brownian/native/position"]
    file.create_dataset("brownian/native/position", (12, 5, 2), "f8", external=[("/etc/passwd", 0, 960)])


def cycle(file, position):
    """A group that is its own element."""
    del file[f"{position}/step"]
    file[f"{position}/step"] = file[position]


def empty(file, position):
    """No committed frame."""
    file[f"{position}/step"].resize(0, axis=0)


BROKEN = {
    "no particles": (replace("particles", None), "no trajectory"),
    "particles are data": (replace("particles", [1.0]), "no trajectory"),
    "no step": (replace("position/step", None), "step is missing"),
    "step of text": (replace("position/step", b"abc"), "type"),
    "step of floats": (replace("position/step", np.arange(12.0)), "type"),
    "steps in rows": (replace("position/step", np.ones((12, 2), int)), "shape"),
    "steps equal": (assign("step", slice(3, 5), 30), "increase"),
    "times fall": (assign("time", 4, 0.0), "increase"),
    "NaN in times": (assign("time", 4, np.nan), "finite"),
    "flat positions": (replace("brownian/native/position", np.ones((12, 5))), "shape"),
    "positions of text": (replace("brownian/native/position", np.full((12, 5, 2), b"a")), "type"),
    "other velocities": (replace("brownian/native/velocity", np.ones((12, 4, 2))), "shape"),
    "no frames": (empty, "no frames"),
    "soft link": (replace("position/step", h5py.SoftLink("/particles/trajectory/position/time")), "link"),
    "soft cycle": (replace("particles/trajectory", h5py.SoftLink("/particles/trajectory")), "link"),
    "external link": (replace("particles/trajectory", h5py.ExternalLink("/etc/secret.h5", "/x")), "link"),
    "cycle": (cycle, "no dataset"),
    "huge": (huge, "claims"),
    "virtual, outside": (outside, "only plain datasets"),
    "raw, outside": (raw_outside, "another file"),
    "description": (replace("parameters/description", np.bytes_("{oops")), "description"),
    "deep description": (replace("parameters/description", np.bytes_("[" * 100_000)), "nested"),
    "listed description": (replace("parameters/description", np.bytes_("[1]")), "object"),
    "odd checkpoints": (replace("brownian/checkpoint/record", np.ones(3)), "checkpoints"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(made, name):
    """Our own error, with the path, whatever it is; and no resuming."""
    change, match = BROKEN[name]
    broken(made, change)
    with pytest.raises(TrajectoryError, match=match) as caught:
        open_file(made)
    assert str(made) in str(caught.value)
    with pytest.raises(NothingToResume):
        FileRecorder.resume(made, DESCRIPTION, **SIZES)


def test_no_hdf5_and_truncated(made):
    """Cut at any length, a file is refused as a whole."""
    whole = made.read_bytes()
    for length in (0, 5, 8, 100, 2000, len(whole) // 2, len(whole) - 1):
        made.write_bytes(whole[:length])
        with pytest.raises(TrajectoryError, match=r"no HDF5|truncated"):
            open_file(made)
    made.unlink()
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_file(made)
    with pytest.raises(TrajectoryError, match="is no file"):
        open_file(made.parent)


def test_flipped_bits(made):
    """Only our own error, or the file as it is."""
    whole, rng = made.read_bytes(), random.Random(3)
    places = [place for place, byte in enumerate(whole) if byte]
    for _ in range(150):
        torn = bytearray(whole)
        torn[rng.choice(places)] ^= 1 << rng.randrange(8)
        made.write_bytes(torn)
        with suppress(TrajectoryError), open_file(made) as read:
            assert np.asarray(read.positions).shape == (len(read), read.particles, read.dimension)
            read.checkpoints()
            repr(read)
        with suppress(TrajectoryError, ResumeMismatch):
            FileRecorder.resume(made, DESCRIPTION, **SIZES).abandon()


if __name__ == "__main__":
    target, total, pause, call = sys.argv[1:]
    if int(call):
        die_at(int(call))
    for committed in run(target, int(total), pause=float(pause)):
        print(committed, flush=True)


READ_ALL = """
import sys
from brownian.trajectory import TrajectoryError, open_file

for path in sys.argv[1:]:
    try:
        with open_file(path) as file:
            print(len(file), float(file.positions[:].sum() + file.velocities[:].sum()), len(list(file.checkpoints())))
    except TrajectoryError as error:
        print("refused", error)
"""


def test_damage_in_a_file_that_was_killed_is_no_riddle_for_hdf5(tmp_path):
    """It reads what a writer may be writing again, and again; each piece that has a checksum is damaged in turn."""
    path, paths = tmp_path / "run.h5md", []
    going = run(path, 30)
    for _ in range(5):
        next(going)
    whole = path.read_bytes()
    going.close()
    places = sorted(
        at for name in (b"OHDR", b"OCHK", b"EAHD", b"EAIB", b"EADB", b"FAHD", b"FADB")
        for at in range(len(whole)) if whole.startswith(name, at)
    )  # fmt: skip
    for at in places:
        paths.append(tmp_path / f"{at}.h5md")
        paths[-1].write_bytes(whole[: at + 9] + bytes([whole[at + 9] ^ 4]) + whole[at + 10 :])
    command = [sys.executable, "-c", READ_ALL, *map(str, [*paths])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    refused = [line for line in lines if line.startswith("refused")]
    assert len(lines) == len(places)
    assert len(refused) > len(places) // 2 > 5
    assert all("damaged" in line for line in refused), refused

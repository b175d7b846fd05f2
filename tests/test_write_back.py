"""The disk takes a file while it grows: what it answers is heard, and it is done before the file is closed."""

import errno
import os
import threading

import pytest
from test_recovery import DESCRIPTION, SIZES, finished, run

from brownian.trajectory import FileRecorder, TrajectoryError, open_file, write_back


@pytest.fixture
def turns(monkeypatch):
    """What happens to the disk, in its order; each append is worth a turn."""
    happened, fsync = [], os.fsync

    def slowly(descriptor):
        happened.append("turn begins")
        threading.Event().wait(0.02)
        os.fstat(descriptor)  # fails if it was closed
        happened.append("turn ends")

    monkeypatch.setattr(write_back, "AT_ONCE", 1)
    monkeypatch.setattr(write_back, "_to_disk", slowly)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (happened.append("fsync"), fsync(descriptor)))
    return happened


def test_turns_go_one_by_one_and_end_before_the_file_is_settled(turns, tmp_path):
    finished(tmp_path / "a.h5md", 24)
    on_its_own = [k for k, what in enumerate(turns) if what == "fsync"]
    assert turns[-1] == "fsync"
    assert turns.count("turn begins") == turns.count("turn ends") > 1
    for k in on_its_own:
        assert turns[:k].count("turn begins") == turns[:k].count("turn ends")
    only = [what for what in turns if what != "fsync"]
    assert only == ["turn begins", "turn ends"] * (len(only) // 2)


def test_a_turn_ends_before_an_abandoned_file_is_closed(turns, tmp_path):
    growing = run(tmp_path / "a.h5md", 24)
    next(growing)
    growing.close()
    assert turns.count("turn begins") == turns.count("turn ends") == 1
    assert len(open_file(tmp_path / "a.h5md")) == 3


@pytest.mark.parametrize("where", ["append", "checkpoint", "finish"])
def test_what_the_disk_answers_is_heard(monkeypatch, tmp_path, where):
    """The system reports a failed write once, to whoever asks first: here a thread that nobody listens to yet."""
    path = tmp_path / "a.h5md"
    finished(path, 6)

    def failed(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with FileRecorder.resume(path, DESCRIPTION, **SIZES) as recorder:
        x = recorder.state
        with monkeypatch.context() as patch:
            patch.setattr(write_back, "AT_ONCE", 1)
            patch.setattr(write_back, "_to_disk", failed)
            recorder.append([60], [6.0], x, -x)
            while not recorder._disk._turn.done():
                pass
        monkeypatch.setattr(write_back, "AT_ONCE", 1)
        calls = {
            "append": lambda: recorder.append([70], [7.0], x, -x),
            "checkpoint": lambda: recorder.checkpoint(60, x),
            "finish": recorder.finish,
        }
        with pytest.raises(TrajectoryError, match=r"cannot be written any further.*Input/output error"):
            calls[where]()
    assert len(open_file(path)) == (8 if where == "append" else 7)
    assert len(open_file(finished(path, 24))) == 24

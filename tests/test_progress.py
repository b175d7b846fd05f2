"""What a run says of itself."""

import io

import pytest

import brownian as bn
from brownian import progress
from brownian.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_bar_on_a_terminal(clock):
    stream = Terminal()
    bar = Progress(1000, "start: somewhere", stream=stream)
    bar.begin(0)
    clock[0] += 10.0
    bar.update(250)
    assert "[======                  ] 250 of 1,000 steps, 25 steps/s, 30 s left" in stream.getvalue()
    clock[0] += 0.1
    bar.update(260)
    assert "260" not in stream.getvalue()
    bar.update(1000, final=True)
    assert stream.getvalue().endswith("10 s in all\x1b[K\n")
    assert stream.getvalue().startswith("brownian: start: somewhere\n")


def test_a_line_each_half_minute_otherwise(clock):
    stream = io.StringIO()
    log = Progress(10_000, stream=stream)
    log.begin(4000)
    for _ in range(70):
        clock[0] += 1.0
        log.update(5000)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == "brownian: 5,000 of 10,000 steps, 33.3 steps/s, 2 min 30 s left"
    quiet = io.StringIO()
    short = Progress(10, stream=quiet)
    short.begin(0)
    short.update(10, final=True)
    assert not quiet.getvalue()


def test_nothing_unless_asked(capsys):
    simulation = bn.Simulation(potential=bn.Harmonic(2.0), dynamics=bn.Overdamped(0.7, 0.9), dt=0.01, particles=10)
    simulation.run(steps=3)
    assert capsys.readouterr() == ("", "")
    simulation.run(steps=3, progress=True)
    said = capsys.readouterr()
    assert f"seed {simulation.seed} (drawn); start: the scheme's own stationary law" in said.err
    assert not said.out

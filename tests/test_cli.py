"""The command line and the scenarios, as a user meets them."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import brownian as bn
from brownian.cli import FAILED, INTERRUPTED, NEGATIVE, OK, USAGE, main
from brownian.report import Check, Result, gallery

ROOT = pathlib.Path(__file__).parent.parent
SMALL = {
    "free_particle": ["--particles", "400", "--steps", "200"],
    "double_well": ["--particles", "1000", "--time", "20"],
    "trapped_bead": ["--particles", "4", "--seconds", "1"],
}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_scenarios_agree_with_theory_and_write_their_files(name, capsys, tmp_path):
    script = str(ROOT / "scenarios" / f"{name}.py")
    assert main(["run", script, *SMALL[name], "--json"]) == OK
    data = json.loads(capsys.readouterr().out)
    assert data["agrees"]
    folder = tmp_path / "results" / name
    assert json.loads((folder / "result.json").read_text()) == data
    for figure in data["figures"]:
        assert (folder / figure).stat().st_size > 10_000
    trajectory = next(folder.glob("*.h5md"))
    assert main(["info", str(trajectory)]) == OK
    out = capsys.readouterr().out
    assert "made by:" in out
    assert "again:" in out
    assert main(["info", "--json", str(trajectory)]) == OK
    assert json.loads(capsys.readouterr().out)["seed"] >= 7
    assert main(["run", script, *SMALL[name]]) == USAGE  # never overwritten unasked
    assert "overwrite" in capsys.readouterr().err
    assert main(["run", script, *SMALL[name], "--resume"]) == OK  # nothing left to do: the analysis again
    assert "agrees" in capsys.readouterr().out
    assert pathlib.Path(gallery("results")).read_text().count(f"results/{name}") >= 0


def test_script_and_command_are_the_same(tmp_path):
    script = ROOT / "scenarios" / "free_particle.py"
    env = os.environ | {"MPLBACKEND": "Agg"}
    runs = [
        [sys.executable, str(script), "--out", "a", *SMALL["free_particle"], "--json"],
        [sys.executable, "-m", "brownian", "run", str(script), "--out", "b", *SMALL["free_particle"], "--json"],
    ]
    results = [subprocess.run(run, capture_output=True, text=True, env=env, check=True).stdout for run in runs]
    assert json.loads(results[0]) == json.loads(results[1])
    with bn.open("a/trajectory.h5md") as one, bn.open("b/trajectory.h5md") as other:
        assert (one.positions[:] == other.positions[:]).all()


SCENARIO = """
'''A scenario of a user's own.'''
import brownian as bn
from typing import NamedTuple

class Mine(NamedTuple):
    k: float
    def component_energy(self, x, d, t):
        return 0.5 * self.k * x * x
    def component_force(self, x, d, t):
        return -self.k * x

def run(*, k=2.0, particles=2000, expected=1.0, seed=1, name="x", out=None):
    scenario = bn.Scenario(__file__, out)
    dynamics = bn.Langevin(1.3, 0.7, 0.9)
    x = bn.Simulation(potential=Mine(k), dynamics=dynamics, dt=0.1, particles=particles, seed=seed).run(steps=5)
    square = bn.analysis.mean(k * x.positions[-1, :, 0].astype(float) ** 2 / 0.9)
    scenario.check("k <x^2> / kT", square.value, expected, square.error)
    return scenario.result("Mine")
"""


TWO_FILES = """
'''Two files, one after the other; the first time it is stopped in between.'''
import os
import brownian as bn

def run(*, seed=1, out=None, resume=False, overwrite=False):
    scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
    dynamics = bn.Langevin(1.3, 0.7, 0.9)
    for k, name in enumerate(("one", "two")):
        simulation = bn.Simulation(potential=bn.Harmonic(2.0), dynamics=dynamics, dt=0.1, particles=200, seed=seed + k)
        x = simulation.run(steps=20, **scenario.keeping(f"{name}.h5md")).positions[-1]
        if os.environ.get("STOP"):
            raise KeyboardInterrupt
    scenario.check("<x^2>", float((x**2).mean()), 0.45, 0.1)
    return scenario.result("Two")
"""


def test_a_scenario_goes_on_with_the_files_it_had_begun(tmp_path, capsys, monkeypatch):
    """And begins the others; the files are those of a run that was never stopped."""
    (tmp_path / "two.py").write_text(TWO_FILES)
    run = ["run", "two.py", "--out"]
    assert main([*run, "new", "--resume"]) == USAGE
    assert "new holds nothing to go on with; run without --resume to start" in capsys.readouterr().err
    assert not pathlib.Path("new").exists()
    monkeypatch.setenv("STOP", "1")
    assert main([*run, "a"]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    monkeypatch.delenv("STOP")
    assert sorted(path.name for path in pathlib.Path("a").iterdir()) == ["one.h5md"]
    assert main([*run, "a"]) == USAGE
    assert "one.h5md exists: resume=True (--resume) goes on" in capsys.readouterr().err
    assert main([*run, "a", "--resume", "--overwrite"]) == USAGE
    assert "only one of them" in capsys.readouterr().err
    assert main([*run, "a", "--resume"]) == OK
    assert main([*run, "b"]) == OK
    for name in ("one.h5md", "two.h5md"):
        with bn.open(f"a/{name}") as resumed, bn.open(f"b/{name}") as straight:
            assert (resumed.positions[:] == straight.positions[:]).all()


def test_scenario_of_ones_own(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(SCENARIO)
    assert main(["run", "mine.py", "--particles", "1e3", "--threads", "1"]) == OK
    assert "k <x^2> / kT" in capsys.readouterr().out
    with pytest.raises(SystemExit):  # not taken for --particles: tomorrow it may be short for something else
        main(["run", "mine.py", "--particle", "1e3"])
    assert "unrecognized arguments: --particle" in capsys.readouterr().err
    assert main(["run", "mine.py", "--expected", "1.5"]) == NEGATIVE
    assert "DIFFERS" in capsys.readouterr().out
    assert main(["run", "mine.py", "--help"]) == OK
    assert "A scenario of a user's own" in capsys.readouterr().out


def refused(arguments, message, status=USAGE, files=None):
    """A command that is refused, and what it says."""
    return pytest.param(arguments, message, status, files or {}, id=message[:30])


NEGATIVE_STEP = """
import brownian as bn
def run(*, dt=-1.0):
    bn.Simulation(potential=bn.Free(), dynamics=bn.Overdamped(1, 1), dt=dt, particles=1)
"""
BLOWN_UP = """
import brownian as bn
def run(*, seed=1):
    bn.Simulation(potential=bn.Expression('x**4'), dynamics=bn.Overdamped(1, 1), dt=0.1, particles=1,
                  start=[[99.0]]).run(steps=99)
"""
STOPPED = "def run(*, a=1):\n    raise KeyboardInterrupt"


@pytest.mark.parametrize(
    ("arguments", "message", "status", "files"),
    [
        refused(["run", "nowhere.py"], "nowhere.py: no such scenario file"),
        refused(["run", "empty.py"], "defines nothing to run", files={"empty.py": "x = 1"}),
        refused(["run", "broken.py"], "broken.py: line 1", files={"broken.py": "def run(:"}),
        refused(["run", "loose.py"], "a scenario is keyword-only", files={"loose.py": "def run(a): pass"}),
        refused(["info", "nowhere.h5md"], "nowhere.h5md"),
        refused(["info", "text.h5md"], "text.h5md", files={"text.h5md": "no HDF5"}),
        refused(["run", "bad.py"], "dt = -1.0, but it must be positive", files={"bad.py": NEGATIVE_STEP}),
        refused(["run", "blown.py"], "ceased to be finite", FAILED, files={"blown.py": BLOWN_UP}),
        refused(["run", "stop.py"], "interrupted", INTERRUPTED, files={"stop.py": STOPPED}),
    ],
)
def test_refusals(arguments, message, status, files, capsys):
    for name, text in files.items():
        pathlib.Path(name).write_text(text)
    assert main(arguments) == status
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert not printed.out


def test_usage_errors_exit_with_two():
    for arguments in ([], ["fly"], ["info"], ["run", "x.py", "--threads", "many"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == USAGE


def test_result_table_and_gallery(tmp_path):
    result = Result("demo", [Check("variance", 1.02, 1.0, 0.01), Check("mean", 3.0, 1.0, 0.1, "nm")])
    assert not result.agrees
    assert "DIFFERS" in str(result).splitlines()[2]
    (tmp_path / "r" / "demo").mkdir(parents=True)
    (tmp_path / "r" / "demo" / "result.json").write_text(json.dumps(result.as_data() | {"figures": ["a.png"]}))
    text = gallery(tmp_path / "r").read_text()
    assert "demo/a.png" in text
    assert "| variance | 1.02 | 1 | 0.01 | 2.0 |" in text


def test_a_check_that_misses_a_count_is_json(tmp_path):
    """No word for infinity is left in it, which strict readers refuse."""
    scenario = bn.Scenario(str(tmp_path / "mine.py"), tmp_path / "out")
    scenario.check("frames", 3.0, 4.0, 0.0)
    data = scenario.result("Mine").as_data()
    text = (tmp_path / "out" / "result.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["checks"][0]["z"] is None
    assert not data["agrees"]
    assert data["command"] == "brownian run mine.py"


def test_closed_stdout_and_ignored_interrupts_are_lived_with(tmp_path):
    bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(0.7, 0.9), dt=0.1, particles=5, seed=7).run(
        steps=20, every=0.2, out=tmp_path / "run.h5md"
    )
    command = [sys.executable, "-m", "brownian", "info", str(tmp_path / "run.h5md")]
    done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", *command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (OK, "")


def test_info_says_why_a_run_cannot_be_made_again_from_its_file(tmp_path, capsys):
    noise = bn.Given(np.random.default_rng(1).normal(size=(20, 1, 5, 1)), 0)
    bn.Simulation(potential=bn.Harmonic(2.1), dynamics=bn.Overdamped(0.7, 0.9), dt=0.1, particles=5, noise=noise).run(
        steps=20, every=0.2, out=tmp_path / "run.h5md"
    )
    assert main(["info", str(tmp_path / "run.h5md")]) == OK
    assert "again:   not from the file alone: the file was made with noise given" in capsys.readouterr().out

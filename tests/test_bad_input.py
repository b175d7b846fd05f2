"""Bad input: refused by us, by name, before anything starts; and no traceback on the command line."""

import math
import os
import pathlib
import signal
import subprocess
import sys
import time

import bad_input
import bad_input_cases as cases
import numpy as np
import pytest

import brownian as bn
from brownian.arguments import a_box, checked, count
from brownian.cli import FAILED, INTERRUPTED, PIPE, USAGE, main


def test_everything_public_has_a_good_call():
    assert cases.missing() == []


def test_a_forgotten_name_is_missed(monkeypatch):
    calls = cases.calls()
    monkeypatch.setattr(cases, "calls", lambda: [call for call in calls if call.name != "theory.free_msd"])
    assert cases.missing() == ["theory.free_msd"]


CUT = [
    *("Simulation", "simulation.run", "Langevin", "Overdamped", "Harmonic", "DoubleWell", "Quadratic", "Expression"),
    *("Annealing", "Tempering", "Bead", "stokes_friction", "logarithmic_times", "Check", "scenario.check"),
    *("theory.free_msd", "theory.mfpt", "theory.boltzmann_average", "theory.harmonic_acf", "theory.exact_ou"),
    *("analysis.mean", "analysis.jarzynski", "analysis.msd", "analysis.density", "analysis.chi_square_interval"),
    *("datasets.two_moons", "learning.GradientDescent", "plotting.theory", "plotting.convergence"),
]


def test_a_cut_through_the_table_has_nothing_bad():
    found = list(bad_input.tried(f"^({'|'.join(CUT)})$", stride=3))
    assert len(found) > 500
    assert [entry for entry in found if entry[3] == "bad"] == []
    assert sum(entry[3] == "good" for entry in found) > len(found) // 2


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("Check('x', measured=1.0, expected=1.1, standard_error=0.1)", "measured"),  # accepted: nothing is checked
        ("nothing(measured=1.0)", "measured"),  # Python's own words
    ],
)
def test_what_is_not_checked_is_called_bad(call, value):
    names = cases.Names()
    names["Check"] = lambda name, measured, expected, standard_error: measured * 2.0
    names["nothing"] = lambda measured: measured + 1.0
    case = cases.Case(cases.Call(call, False), value, "'text'" if "x" in call else "None", "text", 1.0)
    if "nothing" in call:
        case = case._replace(value=None)
    signal.signal(signal.SIGALRM, bad_input._late)
    assert bad_input.outcome(case, names, cases.attempt)[0] == "bad"


def test_what_a_kind_returns_is_what_the_function_gets():
    @checked(box=a_box)
    def corner(box, label="x"):
        return box[..., 0]

    assert corner([[0, 1], [2, 3]]).tolist() == [0.0, 2.0]
    assert corner(box=(-1, 1), label="") == -1.0
    for wrong in (0.5, [1.0, 0.0], [[0.0, 1.0]], [0.0, np.nan]):
        with pytest.raises(ValueError, match="box"):
            corner(wrong)


@pytest.mark.parametrize("value", [True, 2.0, np.array(2.0), "2", [2], None])
def test_what_is_no_whole_number(value):
    with pytest.raises(TypeError, match="n must be a whole number"):
        count("n", value)
    count("n", np.int32(2))


def test_shapes_that_do_not_belong_together():
    three = bn.analysis.Estimate(np.ones(3), np.full(3, 0.1), 10)
    with pytest.raises(ValueError, match=r"times and estimate of shapes \(2,\) and \(3,\)"):
        bn.plotting.msd([1.0, 2.0], three)
    with pytest.raises(ValueError, match=r"n of shape \(2,\) .* friction of shape \(3,\)"):
        bn.theory.discrete_msd([1, 2], "gjf", friction=[0.7, 0.8, 0.9], kT=0.9, dt=0.1, mass=1.3)
    with pytest.raises(ValueError, match=r"value of shape \(3,\) and expected of shape \(2,\)"):
        three.z([1.0, 2.0])
    assert three.z(1.0).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match=r"f must map .* to shape \(\d+,\)"):
        bn.learning.model_average(bn.PolynomialEnergy.up_to(degree=2, dimension=1), lambda x: x, [0.0, 1.0])


LONG = [0.1] * 100_000 + ["x"]


@pytest.mark.parametrize(
    "act",
    [
        lambda value: bn.Harmonic(value),
        lambda value: bn.Langevin(mass=value, friction=0.7, kT=0.9),
        lambda value: bn.Overdamped(friction=0.7, kT=value),
        lambda value: made().run(steps=value),
        lambda value: made().run(steps=10, every=value),
        lambda value: made().run(steps=10, observe=value),
        lambda value: made().run(steps=10, dtype=value),
        lambda value: made(dt=value),
        lambda value: made(particles=value),
        lambda value: made(seed=value),
        lambda value: made(start=value),
        lambda value: made(potential=value),
        lambda value: made(dynamics=value),
        lambda value: made(integrator=value),
        lambda value: made(units=value),
        lambda value: bn.analysis.msd(made().run(steps=10), each=value),
        lambda value: bn.Expression("x**2", k=value),
    ],
)
@pytest.mark.parametrize("value", [LONG, "a" * 100_000], ids=["list", "text"])
def test_a_long_value_gives_a_short_message(act, value):
    """Half a megabyte of numbers on the screen hides what is wrong."""
    with pytest.raises((TypeError, ValueError)) as caught:
        act(value)
    assert len(str(caught.value)) < 1000


def made(**changes):
    """A simulation that only ``changes`` is wrong with."""
    dynamics = bn.Overdamped(friction=1.3, kT=0.9)
    return bn.Simulation(**{"potential": bn.Harmonic(2.1), "dynamics": dynamics, "dt": 0.1, "particles": 3} | changes)


def test_units_have_all_sizes_or_none():
    assert math.isnan(bn.units.Units("own").energy_si)
    with pytest.raises(ValueError, match="length_si = nan"):
        bn.units.Units("own", time_si=1.0, energy_si=1.0)
    assert bn.units.nano.kT([298.15]).shape == (1,)
    assert type(bn.units.nano.kT(298.15)) is float


FAULTS = {
    "zero.py": ("def run(*, a=1):\n    return 1 / 0", FAILED, "ZeroDivisionError: division by zero (zero.py, line 2"),
    "none.py": ("def run(*, a=1):\n    return a.b", FAILED, "AttributeError"),
    "imports.py": ("import no_such_module", FAILED, "No module named 'no_such_module' (imports.py, line 1"),
    "nothing.py": ("def run(*, a=1):\n    pass", USAGE, "nothing.py: run(...) returned None, but a Result is needed"),
    "stopped.py": ("def run(*, a=1):\n    raise KeyboardInterrupt", INTERRUPTED, "interrupted"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_traceback_but_with_debug(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text, status, said = FAULTS[name]
    pathlib.Path(name).write_text(text)
    assert main(["run", name]) == status
    printed = capsys.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    for words in (["--debug", "run", name], ["run", "--debug", name], ["run", name, "--debug"]):
        with pytest.raises((ArithmeticError, AttributeError, ImportError, TypeError, KeyboardInterrupt)):
            main(words)


@pytest.mark.parametrize("command", ["info", "analyze", "validate", "verify", "repair", "plot"])
def test_files_that_are_none(command, tmp_path, capsys):
    (tmp_path / "text.h5md").write_text("no HDF5")
    (tmp_path / "empty.h5md").write_text("")
    for name in ("nowhere.h5md", "", "text.h5md", "empty.h5md"):
        assert main([command, str(tmp_path / name), *(["msd"] if command == "plot" else [])]) == USAGE
        said = capsys.readouterr().err
        assert said.startswith("brownian: ")
        assert (name or tmp_path.name) in said


def test_every_command_has_debug_and_says_so(capsys):
    for command in ("info", "sweep", "validate"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "--debug" in capsys.readouterr().out


def test_a_pipe_that_is_closed_early(tmp_path):
    dynamics = bn.Overdamped(friction=0.7, kT=0.9)
    simulation = bn.Simulation(potential=bn.Harmonic(2.1), dynamics=dynamics, dt=0.01, particles=4, seed=7)
    path = str(simulation.run(steps=4, every=0.01, out=tmp_path / "a.h5md").path)
    command = [sys.executable, "-m", "brownian", "info", path, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == PIPE
    assert said == ""


def test_ctrl_c_while_a_scenario_waits(tmp_path):
    path = tmp_path / "waits.py"
    path.write_text("import time\n\ndef run(*, a=1):\n    print('here', flush=True)\n    time.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, "-m", "brownian", "run", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"MPLBACKEND": "Agg"},
    )  # fmt: skip
    assert process.stdout.readline() == b"here\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert b"Traceback" not in said
    assert b"interrupted" in said

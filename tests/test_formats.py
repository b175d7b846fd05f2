"""Files of other programs through MDAnalysis: numbers, steps and times, the verdict on them, damage."""

import json
import sys
import warnings
from contextlib import nullcontext

import numpy as np
import pytest
from recorded import record

import brownian as bn
from brownian.cli import main
from brownian.fdt import validate
from brownian.fdt.rounding import grid_of
from brownian.trajectory import TrajectoryError

MASS, FRICTION, KT, DT, STIFFNESS = 1.3, 0.7, 0.9, 0.1, 2.1
STEPS = 900
CLAIM = {"mass": MASS, "friction": FRICTION, "kT": KT}
DYNAMICS = bn.Langevin(**CLAIM)
SINGLE = float(np.finfo(np.float32).eps)
TRAP = bn.Harmonic(STIFFNESS)
OPTIONS = [
    "--scheme", "gjf", "--mass", "1.3", "--friction", "0.7", "--kT", "0.9", "--within", "0.02",
    "--potential", "1.05*(x**2 + y**2 + z**2)",
]  # fmt: skip


def made(*, kT=KT, every=DT, steps=STEPS, **changes):
    """A run of the right dimension."""
    what = {"dynamics": bn.Langevin(mass=MASS, friction=FRICTION, kT=kT), "integrator": bn.GJF(), "dt": DT}
    simulation = bn.Simulation(potential=TRAP, particles=120, dimension=3, seed=7, **what | changes)
    return simulation.run(steps=steps, every=every)


def written(path, trajectory):
    """The trajectory in the format of the name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import MDAnalysis

        universe = trajectory.to_mdanalysis()
        dt = {"dt": float(np.diff(trajectory.times)[0])} if path.suffix == ".dcd" else {}
        with MDAnalysis.Writer(str(path), trajectory.particles, **dt) as writer:
            for _ in universe.trajectory:
                writer.write(universe)
    return path


@pytest.fixture(scope="module")
def run():
    return made()


@pytest.fixture(scope="module")
def files(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    return {name: written(folder / f"run.{name}", run) for name in ("dcd", "trr", "xtc", "ncdf")}


def judged(capsys, *arguments):
    status = main(["validate", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["dcd", "trr", "xtc", "ncdf"])
def test_numbers_come_back(files, run, name):
    """To the rounding of two float32 (the unit of the file may be nm); .xtc to half a hundredth of an Angstrom."""
    with bn.open(files[name]) as read:
        x, expected = read.positions[:], run.positions[:]
        bound = 2.0 * SINGLE * np.abs(expected).max() + (0.005 if name == "xtc" else 0.0)
        assert np.abs(x - expected).max() <= bound
        assert (x.dtype, x.shape, len(read)) == (np.float32, expected.shape, len(run))
        np.testing.assert_array_equal(read.steps, run.steps)
        np.testing.assert_allclose(read.times, run.times, rtol=4 * SINGLE)
        assert read.unit == {"time": "ps", "length": "Angstrom", "velocity": "Angstrom ps-1"}
        assert (read.description, read.checkpoints(), read.complete) == ({}, [], True)
        if name == "trr":
            v = run.velocities[:]
            assert np.abs(read.velocities[:] - v).max() <= 2.0 * SINGLE * np.abs(v).max()
        else:
            assert read.velocities is None
        assert "120 particles" in repr(read)


def test_frames_are_read_as_they_are_asked_for(files):
    with bn.open(files["trr"]) as read:
        x, v = np.asarray(read.positions), np.asarray(read.velocities)
        mask = np.zeros(len(x), bool)
        mask[[4, 9]] = True
        backwards = slice(None, None, -200)
        for key in (3, -1, slice(5, 9), backwards, [7, 2, 2], mask, (slice(2, 4), 5), (6, slice(0, 3), 1)):
            np.testing.assert_array_equal(read.positions[key], x[key])
            np.testing.assert_array_equal(read.velocities[key], v[key])
        part = read.positions[2:5]
        part[:] = 0.0  # what was handed out is nobody else's
        np.testing.assert_array_equal(read.positions[2:5], x[2:5])
        read.close()
        np.testing.assert_array_equal(read.velocities[8], v[8])


def test_nothing_is_written_beside_the_file(files):
    with bn.open(files["xtc"]) as read:
        read.positions[-1]
    assert {path.name for path in files["xtc"].parent.iterdir()} == {path.name for path in files.values()}


def test_verdict_is_that_of_the_native_file(files, run, capsys):
    """R from the .trr is R from the run, to the rounding of the numbers: that of xi is 1e-6."""
    status, data = judged(capsys, files["trr"], *OPTIONS)
    native = validate(run, seeded=False).headline
    assert (status, data["verdict"]) == (0, "pass")
    assert data["headline"]["count"] == native.count == STEPS * 120 * 3
    assert data["headline"]["ratio"] == pytest.approx(native.ratio, abs=1e-6)
    assert "each frame is taken as a step" in data["notes"][0]
    names = {line["name"] for line in data["lines"]}
    assert {"step: v after the noise, two ways", "response by Malliavin weights"} <= names


def test_planted_noise_fails(tmp_path, capsys):
    path = written(tmp_path / "hot.trr", made(kT=1.05 * KT))
    status, data = judged(capsys, path, *OPTIONS)
    assert (status, data["cause"]) == (3, "noise strength R")
    assert data["headline"]["ratio"] == pytest.approx(1.05, abs=0.02)


def test_stride_is_told_by_the_times(tmp_path, capsys):
    """The frames of a .dcd are numbered one by one; with dt their times tell the steps."""
    path = written(tmp_path / "sparse.dcd", made(every=5 * DT, steps=3000))
    status, data = judged(capsys, path, *OPTIONS, "--dt", "0.1")
    assert status == 4
    assert data["notes"][0] == "frames are 5 steps apart, by their times"
    assert "does not keep every step" in data["notes"][1]
    assert {line["group"] for line in data["lines"]} == {"statics", "response"}
    status, data = judged(capsys, path, *OPTIONS)
    assert "give dt" in data["notes"][0]
    status, data = judged(capsys, path, *OPTIONS, "--dt", "0.137")
    assert "are no multiples of dt = 0.137" in data["notes"][0]


def test_velocities_are_missing_in_dcd(files, capsys):
    status, data = judged(capsys, files["dcd"], *OPTIONS)
    assert status == 4
    assert any("does not keep velocities" in note for note in data["notes"])


def test_other_commands_take_such_files(files, capsys, tmp_path):
    assert main(["info", str(files["trr"])]) == 0
    assert "dimension 3" in capsys.readouterr().out
    assert main(["analyze", str(files["trr"]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main(["plot", str(files["dcd"]), "msd", "--out", str(tmp_path / "msd.png")]) == 0
    capsys.readouterr()
    assert main(["plot", str(files["dcd"]), "verdict"]) == 2
    assert "still needed: scheme" in capsys.readouterr().err


# ---- text formats


def dump(path, trajectory, decimals):
    with path.open("w") as file:
        for step, x, v in zip(trajectory.steps, trajectory.positions, trajectory.velocities, strict=True):
            file.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(x)}\nITEM: BOX BOUNDS pp pp pp\n")
            file.write("0 9\n0 9\n0 9\nITEM: ATOMS id type x y z vx vy vz\n")
            for k, row in enumerate(np.concatenate([x, v], axis=1)):
                file.write(f"{k + 1} 1 {' '.join(f'{value:.{decimals}f}' for value in row)}\n")
    return path


def test_text_has_steps_of_its_own_but_no_times(tmp_path):
    """A LAMMPS dump of rounded numbers, every step: dt is to be given, and the rounding is known."""
    run = bn.Simulation(
        potential=TRAP, dynamics=DYNAMICS, integrator=bn.GJF(), dt=DT, particles=20, dimension=3, seed=3
    ).run(steps=300, every=DT)
    path = dump(tmp_path / "run.lammpsdump", run, 3)
    with bn.open(path) as read:
        np.testing.assert_array_equal(read.steps, run.steps)
        assert read.unit["time"] == ""
        assert tuple(grid_of(read)) == (1e-3, 1e-3)
    claim = CLAIM | {"scheme": bn.GJF(), "potential": TRAP}
    with pytest.raises(ValueError, match="still needed: dt"):
        validate(path, **claim)
    verdict = validate(path, dt=DT, **claim)
    assert not verdict.failed, str(verdict)
    step = verdict.lines[0]
    assert 1e-4 < step.measured < step.error


# ---- rounding


def test_grid_is_found():
    x = made(steps=20).positions[:]
    for decimals in (0, 1, 2, 5):
        assert grid_of(record(np.round(x, decimals))).x == pytest.approx(10.0**-decimals)
    assert tuple(grid_of(record(x))) == (0.0, 0.0)
    assert tuple(grid_of(record(x.astype(np.float32)))) == (0.0, 0.0)
    assert grid_of(record(np.round(x, 2).astype(np.float32))).x == 0.01
    assert tuple(grid_of(record(np.zeros((9, 40, 1))))) == (0.0, 0.0)


def overdamped(*, dt, kT=KT, **changes):
    what = {"dynamics": bn.Overdamped(friction=FRICTION, kT=kT), "integrator": bn.EulerMaruyama(), "dt": dt}
    return made(every=dt, **what | changes)


def test_xtc_rounding_is_not_the_noise(tmp_path, capsys):
    """Steps of 0.02 Angstrom, stored in hundredths: R is 3 % too large, and the noise is correlated in time."""
    path = written(tmp_path / "run.xtc", overdamped(dt=2e-4, steps=1000))
    options = [*OPTIONS, "--scheme", "euler_maruyama"]
    options = [option for k, option in enumerate(options) if "--mass" not in options[max(k - 1, 0) : k + 1]]
    status, data = judged(capsys, path, *options)
    assert status == 4
    assert data["headline"]["ratio"] > data["headline"]["interval"][0] + 0.02
    assert data["headline"]["interval"][0] < 1.0 < data["headline"]["interval"][1]
    assert data["headline"]["rounding"] == pytest.approx(1e-4 / 6.0 / (2.0 * 2e-4 * KT / FRICTION), rel=0.01)
    assert any("positions to 0.01 are rounded" in note for note in data["notes"])
    assert "leaves R open by 3.2 %" in data["statement"]
    in_time = next(line for line in data["lines"] if line["name"] == "noise in time, lag 1")
    assert in_time["kind"] == "note"
    assert in_time["z"] < -5.0  # it would have failed


@pytest.mark.parametrize("scheme", [bn.EulerMaruyama(), bn.ExactOU(), bn.LeimkuhlerMatthews(), bn.Heun()])
def test_averages_know_of_rounding(scheme):
    """Numbers of one decimal, half a step: a correct run passes, one with kT 20 % too high does not."""
    claim = {"scheme": scheme, "potential": TRAP, "friction": FRICTION, "kT": KT}
    for kT, failing in ((KT, False), (1.2 * KT, True)):
        run = overdamped(dt=0.02, kT=kT, steps=4000, integrator=scheme)
        rounded = record(np.round(run.positions[:], 1), 0.02)
        verdict = validate(rounded, family_error=1e-6, **claim)
        if isinstance(scheme, bn.LeimkuhlerMatthews):
            assert verdict.headline is None  # its noise is a moving average: undoing that multiplies the rounding
        assert bool(verdict.failed) == failing, str(verdict)
        assert {"statics", "response"} <= {line.group for line in verdict.lines}
        assert any("are rounded" in note for note in verdict.notes)


# ---- damage


@pytest.mark.parametrize("name", ["dcd", "trr", "xtc", "ncdf", "gro", "lammpsdump", "xyz", "pdb"])
def test_nonsense_is_refused_in_our_words(tmp_path, capsys, name):
    path = tmp_path / f"run.{name}"
    for content in (b"", b"no trajectory at all\n" * 9, bytes(range(256)) * 4):
        path.write_bytes(content)
        with pytest.raises(TrajectoryError, match=str(path)):
            bn.open(path)
        assert main(["validate", str(path)]) == 2
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dcd", "trr", "xtc", "ncdf"])
def test_damaged_files_are_refused_or_shorter(files, tmp_path, name):
    """Cut anywhere: fewer frames, or an error that names the file."""
    whole = files[name].read_bytes()
    path = tmp_path / f"cut.{name}"
    for share in (0.0001, 0.01, 0.37, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        readable = share > 0.001 and name != "ncdf"
        with nullcontext() if readable else pytest.raises(TrajectoryError, match=str(path)), bn.open(path) as read:
            assert 0 < len(read) < STEPS + 1
            assert np.isfinite(read.positions[:]).all()


@pytest.mark.parametrize("name", ["trr", "xtc"])
def test_frames_that_claim_more_particles_never_reach_the_decoder(files, tmp_path, name):
    whole = bytearray(files[name].read_bytes())
    first = 24 + 52 + 8 + 36 + 2 * 120 * 12 if name == "trr" else whole.find(b"\x00\x00\x07\xcb", 4)
    at = first + (64 if name == "trr" else 4)
    assert int.from_bytes(whole[at : at + 4], "big") == 120
    whole[at : at + 4] = (2**24).to_bytes(4, "big")
    path = tmp_path / f"large.{name}"
    path.write_bytes(whole)
    with pytest.raises(TrajectoryError, match="frame 1 is none of"):
        bn.open(path)


@pytest.mark.parametrize("at", [12, 24, 28, 44, 48])  # a letter of the magic word; sizes that nobody writes
def test_frames_of_absurd_sizes_never_reach_the_decoder(files, tmp_path, at):
    whole = bytearray(files["trr"].read_bytes())
    whole[24 + 52 + 8 + 36 + 2 * 120 * 12 + at] ^= 0x6C
    path = tmp_path / "absurd.trr"
    path.write_bytes(whole)
    with pytest.raises(TrajectoryError, match="frame 1 is none of"):
        bn.open(path)


def test_formats_without_a_count_and_unknown_ones(tmp_path):
    for name, message in (("mdcrd", "how many particles"), ("txt", "no HDF5 file")):
        path = tmp_path / f"run.{name}"
        path.write_text("1.0 2.0\n")
        with pytest.raises(TrajectoryError, match=message):
            bn.open(path)
    with pytest.raises(FileNotFoundError):
        bn.open(tmp_path / "none.dcd")


def test_missing_library_is_named(files, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "MDAnalysis.coordinates.core", None)
    with pytest.raises(TrajectoryError, match=r"brownian-langevin\[mdanalysis\]"):
        bn.open(files["dcd"])
    assert main(["info", str(files["dcd"])]) == 2
    assert "pip install" in capsys.readouterr().err

"""What the command line says of files: analyze, plot, validate; notes in files; trajectories from arrays."""

import json
import pathlib
import re

import numpy as np
import pytest

import brownian as bn
from brownian.cli import NEGATIVE, OK, OPEN, USAGE, main
from brownian.plotting.files import KINDS, picture
from brownian.trajectory import from_arrays, note

DYNAMICS = bn.Langevin(mass=1.3, friction=0.7, kT=0.9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of a double well (every step), of a trap with a stride, and of a two-dimensional surface."""
    path = tmp_path_factory.mktemp("files")
    runs = {
        "well": (bn.DoubleWell(2.0, 1.2), DYNAMICS, 1, {"steps": 3000, "every": 0.1}),
        "trap": (bn.Harmonic(2.1), DYNAMICS, 1, {"steps": 3000, "every": 0.2}),
        "free": (bn.Free(), DYNAMICS, 2, {"steps": 1000, "every": 0.1}),
    }
    for name, (potential, dynamics, dimension, run) in runs.items():
        simulation = bn.Simulation(
            potential=potential, dynamics=dynamics, dt=0.1, particles=64, dimension=dimension, seed=3
        )
        simulation.run(**run, out=path / f"{name}.h5md").close()
    surface = bn.MuellerBrown(0.1)
    simulation = bn.Simulation(
        potential=surface, dynamics=bn.Overdamped(1.1, 1.5), dt=2e-3, particles=64, dimension=2, seed=3, start="minimum"
    )
    simulation.run(steps=500, every=0.02, out=path / "surface.h5md").close()
    return path


def test_analyze_agrees_with_what_the_file_states(folder, capsys):
    assert main(["analyze", str(folder / "trap.h5md"), "--json"]) == OK
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    stated = [row for row in rows.values() if row["expected"] is not None and row["value"] is not None]
    assert {"virial temperature", "stiffness, from the spectrum"} <= {row["name"] for row in stated}
    for row in stated:
        assert abs(row["value"] - row["expected"]) < 5 * row["error"], row
    assert main(["analyze", str(folder / "free.h5md")]) == OK
    printed = capsys.readouterr().out
    assert "diffusion, slope" in printed
    assert "diffusion, Green-Kubo" in printed


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("free", "msd"),
        ("free", "vacf"),
        ("trap", "psd"),
        ("well", "boltzmann"),
        ("well", "landscape"),
        ("well", "phase"),
        ("well", "verdict"),
        ("surface", "landscape"),
        ("surface", "animation"),
    ],
)
def test_pictures_of_files(folder, name, kind, capsys):
    assert kind in KINDS
    assert main(["plot", str(folder / f"{name}.h5md"), kind]) == OK
    path = pathlib.Path(capsys.readouterr().out.strip())
    assert path.read_bytes()[:3] in (b"\x89PN", b"GIF")
    assert path.stat().st_size > 8000


def test_plot_refusals(folder, capsys):
    assert main(["plot", str(folder / "free.h5md"), "pie"]) == USAGE
    assert "kind = 'pie', but it must be one of msd, vacf" in capsys.readouterr().err
    with pytest.raises(ValueError, match="a phase portrait needs velocities"):
        picture(folder / "surface.h5md", "phase")


def test_validate_says_pass_and_stores_it(folder, capsys, tmp_path):
    path = folder / "well.h5md"
    assert main(["validate", str(path), "--within", "0.05", "--store", "--picture", str(tmp_path / "v.png")]) == OK
    assert "PASS: R = <eta eta> / (2 lambda kT)" in capsys.readouterr().out
    assert note(path, "verdict")["verdict"] == "pass"
    assert note(path, "nothing") is None
    with bn.open(path) as trajectory:
        assert trajectory.complete
        assert len(trajectory) == 3001
    assert (tmp_path / "v.png").stat().st_size > 10_000
    assert main(["validate", str(path), "--json"]) == OPEN  # too few data for 1 %
    assert json.loads(capsys.readouterr().out)["steps_missing"] > 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--store"], r"the name must end in \.h5md"),
        (["--picture", "nowhere/v.png"], "there is no folder nowhere"),
        (["--picture", "v.md"], r"v.md: the name of the picture must end in (\.\w+, )+\.png, "),
        (["--picture", "."], r"the name of the picture must end in (\.\w+, )+\.png, "),
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(folder, capsys, tmp_path, monkeypatch, options, word):
    """A verdict takes its time: where it is to go is looked at first, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("well.h5").write_bytes((folder / "well.h5md").read_bytes())

    def early(*_, **__):
        raise AssertionError("validated before the look")

    monkeypatch.setattr("brownian.fdt.validate", early)
    assert main(["validate", "well.h5", *options]) == USAGE
    error = capsys.readouterr().err
    assert re.search(word, error)
    assert len(error) < 300
    assert [path.name for path in tmp_path.iterdir()] == ["well.h5"]


def test_a_verdict_is_said_before_it_is_stored(folder, capsys, monkeypatch):
    """If storing fails in the end, the verdict is not lost."""

    def full(*_):
        raise OSError("no space")

    monkeypatch.setattr("brownian.trajectory.annotate", full)
    assert main(["validate", str(folder / "well.h5md"), "--within", "0.05", "--store"]) != OK
    said = capsys.readouterr()
    assert "PASS: R" in said.out
    assert "no space" in said.err


def test_a_gallery_replaces_only_galleries(folder, tmp_path, capsys):
    """A README.md of somebody else's stays."""
    (tmp_path / "README.md").write_text("# Mine\n")
    assert main(["gallery", str(tmp_path)]) == USAGE
    assert "README.md exists and was not made by `brownian gallery`" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == "# Mine\n"
    (tmp_path / "README.md").unlink()
    assert main(["gallery", str(tmp_path)]) == OK
    assert main(["gallery", str(tmp_path)]) == OK


def test_info_says_how_to_make_a_run_again(folder, capsys):
    """The line can be copied: it makes the same numbers."""
    path = folder / "well.h5md"
    assert main(["info", str(path)]) == OK
    again = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("again:"))
    made = eval(again.removeprefix("again:").strip(), {"brownian": bn})
    with bn.open(path) as trajectory:
        assert (made.positions[:] == trajectory.positions[:]).all()


def test_validate_says_fail_for_a_wrong_claim(folder, capsys):
    assert main(["validate", str(folder / "well.h5md"), "--kT", "0.8"]) == NEGATIVE
    assert "FAIL" in capsys.readouterr().out
    assert main(["validate", str(folder / "well.h5md"), "--scheme", "verlet"]) == USAGE
    assert "must be one of gjf, baoab" in capsys.readouterr().err


def test_recovered_noise_is_the_noise(folder):
    with bn.open(folder / "well.h5md") as trajectory:
        xi = np.concatenate(list(bn.fdt.recovered_noise(trajectory)))
        seeded = trajectory.simulation()
    from brownian.noise import normals_at

    given = normals_at(seeded.noise, 0, 3000, first_particle=0, particles=64, dimension=1)[:, 0]
    assert np.abs(xi - given).max() < 1e-12
    with bn.open(folder / "trap.h5md") as strided, pytest.raises(ValueError, match="does not keep every step"):
        list(bn.fdt.recovered_noise(strided))


def test_trajectories_from_arrays():
    x = np.random.default_rng(1).normal(size=(5, 3, 2))
    trajectory = from_arrays(np.arange(5), 0.1 * np.arange(5), x, 2 * x)
    assert np.array_equal(trajectory.positions[:], x)
    assert np.array_equal(trajectory.velocities[:], 2 * x)
    with pytest.raises(ValueError, match=r"positions of shape \(5, 3\)"):
        from_arrays(np.arange(5), np.arange(5), x[..., 0])


def test_drawing_changes_no_global_setting():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with bn.plotting.style():
        _, axes = bn.plotting.figure()
        bn.plotting.landscape(bn.MuellerBrown(), box=((-1.5, 1.2), (-0.3, 2.0)), ax=axes)
        bn.plotting.convergence([0.1, 0.2], {"a": [1e-3, 4e-3]}, orders={"a": 2}, ax=axes)
    assert dict(mpl.rcParams) == before


def rows_of(potential, **parts):
    parts = {"dynamics": bn.Overdamped(friction=0.7, kT=0.9), "dt": 0.05, "particles": 200, "dimension": 2} | parts
    run = bn.Simulation(potential=potential, seed=7, **parts).run(steps=1500, every=0.1)
    return {row.name: row for row in bn.analysis.summarise(run).rows}


def test_analysis_expects_what_theory_does():
    """Two baths, a scheme whose diffusion is its own, positions that are not confined, a force without a Laplacian."""
    baths = rows_of(
        bn.Harmonic([1.0, 4.0]), dynamics=bn.Overdamped(friction=0.7, kT=(0.5, 1.4)), integrator=bn.ExactOU()
    )
    for name, expected in (("configurational temperature", 1.22), ("virial temperature", 0.95)):
        assert baths[name].expected == pytest.approx(expected)
        assert abs(baths[name].value - expected) < 5.0 * baths[name].error
    free = rows_of(bn.Free(), dynamics=DYNAMICS, integrator=bn.BAOAB(), dt=0.1)
    assert free["diffusion, slope"].expected == bn.analysis.einstein_diffusion(
        friction=0.7, kT=0.9, mass=1.3, dt=0.1, scheme="baoab"
    )
    assert free["virial temperature"].value is None
    assert "not confined" in free["virial temperature"].word
    swirl = rows_of(bn.Harmonic(2.1) + bn.Rotation(0.8))
    assert "states no Laplacian" in swirl["configurational temperature"].word
    unlike = rows_of(bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=(0.2, 2.0), kT=0.9), integrator=bn.ExactOU())
    assert "friction = [0.2, 2.0] differs between the axes" in unlike["friction, from the spectrum"].word


def test_one_number_in_a_list_is_one_number():
    one = rows_of(bn.Harmonic(2.1), dynamics=bn.Overdamped(friction=[0.7], kT=[0.9]))
    assert one["virial temperature"].expected == 0.9

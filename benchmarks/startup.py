"""From typing ``python`` to the first step.

Whole processes, started in turns: an interpreter that imports NumPy, one that imports this package, one that makes
ten steps with compiled code found on disk, and ones that have to compile.  The clock starts before the process and
stops when its first steps are made.

    python benchmarks/startup.py --wait 600
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from measurement import add_options, conditions, ratio, save, table, wait_for_quiet

STEPS = """
simulation = bn.Simulation(potential={potential}, dynamics=bn.Langevin(mass=1.0, friction=1.0, kT=1.0), dt=0.01,
                           particles=1000, dimension=3, seed=7, start="minimum")
simulation.run(steps=10)
"""
HARMONIC = "import brownian as bn" + STEPS.format(potential="bn.Harmonic(1.0)")
FORMULA = 'bn.Expression("h*(x**2 - 1)**2 + k*(y**2 + z**2)", h=2.0, k=1.5)'
EXPRESSION = "import brownian as bn" + STEPS.format(potential=FORMULA)
OWN = "import brownian as bn\nimport {module}" + STEPS.format(potential="{module}.Sextic(1.0)")
# A potential that no cache has seen: each process gets a module of its own.
MODULE = '''"""A potential of one's own: {number}."""

from typing import NamedTuple

import brownian as bn


@bn.potential
class Sextic(NamedTuple):
    """U = strength sum x^6 / 6."""

    strength: float

    def component_energy(self, x, d, t):
        return self.strength * x**6 / 6.0

    def component_force(self, x, d, t):
        return -self.strength * x**5
'''
ENVIRONMENT = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}  # byte code is kept, as with everybody
STAMP = "\nimport time\nprint(time.monotonic())\n"


class Process:
    """A program, and the environment that it runs in.

    Parameters
    ----------
    program
        Its source.
    cache, folder
        Where compiled code is kept; where the modules of one's own are.
    """

    def __init__(self, program, cache, folder):
        self.program = program + STAMP
        self.environment = ENVIRONMENT | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(folder)}

    def __call__(self):
        """Seconds from before the start until the last line is reached (one clock for all processes of a machine)."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", self.program], env=self.environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout.split()[-1]) - began


def processes(folder):
    """Name to function that starts a process of that kind and returns its seconds."""
    warm = folder / "warm"
    number = iter(range(10**9))

    def fresh():
        return folder / f"cold-{next(number)}"

    def own():
        module = f"own_{next(number)}"
        (folder / f"{module}.py").write_text(MODULE.format(number=module))
        return OWN.replace("{module}", module)

    def compile_new():
        return Process(own(), warm, folder)()

    def compile_all():
        return Process(own(), fresh(), folder)()

    return {
        "python": Process("", warm, folder),
        "import numpy": Process("import numpy", warm, folder),
        "import brownian": Process("import brownian", warm, folder),
        "import numba": Process("import numba", warm, folder),
        "first step, built-in potential, cached": Process(HARMONIC, warm, folder),
        "first step, expression, cached": Process(EXPRESSION, warm, folder),
        "first step, own potential, compiled now": compile_new,
        "first step, own potential, cache empty": compile_all,
    }


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, rounds=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brownian-startup-") as folder:
        forms = processes(pathlib.Path(folder))
        for form in forms.values():
            form()  # fills the cache
        load = wait_for_quiet(options)
        taken = {name: np.empty(options.rounds) for name in forms}
        for k in range(options.rounds):
            for name, form in forms.items():
                taken[name][k] = form()
    extra = taken["import brownian"] - taken["import numpy"]
    data = {
        "seconds": {n: {"median": float(np.median(v)), "fastest": float(v.min())} for n, v in taken.items()},
        "brownian_beyond_numpy_s": float(np.median(extra)),
        "brownian_over_numpy": ratio(taken["import brownian"], taken["import numpy"]),
        "rounds": options.rounds,
    }
    text = table(
        ["process", "median, s", "fastest, s"],
        [[name, f"{v['median']:.3f}", f"{v['fastest']:.3f}"] for name, v in data["seconds"].items()],
    )
    text += (
        f"\n\n`import brownian` beyond `import numpy`: {1000.0 * data['brownian_beyond_numpy_s']:.0f} ms (median of "
        "the differences within a round; the package loads its parts, NumPy among them, when they are asked for).  "
        f"Wall-clock time from starting `python` until the line is passed, {options.rounds} processes of each kind in "
        "turns; a first step is a run of 10 steps in memory, 1000 particles in 3-d, GJF."
    )
    save(options, "startup", "From python to the first step", text, conditions(load), data)


if __name__ == "__main__":
    main()

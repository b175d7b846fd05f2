"""The disk cache in processes of its own: hit by the second, never stale, never fooled by names."""

import os
import subprocess
import sys
import textwrap

import pytest

COMPILED = "numba.core.compiler"
COUNT = """
import numba.core.event as event
class Count(event.Listener):
    compiled, names = 0, []
    def on_start(self, event): pass
    def on_end(self, event):
        Count.compiled += 1
        Count.names.append(event.data["dispatcher"].py_func.__qualname__)
event.register("numba:compile", Count())
"""


def python(code, tmp_path, **environment):
    """Run code in a fresh process with its own cache folder; its standard output."""
    path = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(path)} | environment
    done = subprocess.run(
        [sys.executable, "-c", COUNT + textwrap.dedent(code)], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


RUN = """
import numpy as np, brownian as bn
{setup}
end = bn.Simulation(potential={potential}, dynamics=bn.Overdamped(0.7, 0.9), dt=0.01, particles=40, dimension=2, seed=3,
                    start="rest").run(steps=8, threads=1).positions[-1]
print(Count.compiled, np.asarray(end, float).tobytes().hex()[:4000])
"""


def test_second_process_compiles_nothing_and_has_the_same_bits(tmp_path):
    code = RUN.format(setup="", potential="bn.DoubleWell(2.0, 1.2)")
    cold, warm = python(code, tmp_path), python(code, tmp_path)
    assert int(cold[0]) > 0
    assert int(warm[0]) == 0
    assert cold[1] == warm[1]


def test_noise_is_compiled_once_for_all_potentials(tmp_path):
    names = "print(*Count.names)"
    first, second = (
        python(RUN.format(setup="", potential=potential) + names, tmp_path)[2:]
        for potential in ("bn.Harmonic(2.0)", "bn.DoubleWell(2.0, 1.2)")
    )
    assert any(name.startswith("Philox.draw_") for name in first)
    assert any(name.startswith("run_blocks_") for name in second)
    assert not any("Philox.draw" in name or "normal_pair" in name for name in second)


def test_run_imports_what_it_needs_and_leaves_linear_algebra_to_others(tmp_path):
    code = """
    import sys
    print(*(name in sys.modules for name in ("scipy.linalg", "scipy.special", "h5py", "matplotlib", "sympy")))
    import numba
    print(numba.njit(lambda a: a @ a)(3.0 * np.eye(2))[1, 1])
    """
    done = python(RUN.format(setup="", potential="bn.Harmonic(2.0)") + textwrap.dedent(code), tmp_path)
    assert done[2:] == ["False"] * 5 + ["9.0"]


def test_other_processors_give_the_same_bits(tmp_path):
    """Without the vector units and the fused multiply-add of this machine, and without the compiler at all."""
    code = RUN.format(setup="", potential="bn.Cosine(1.1, 2.0)")
    here = python(code, tmp_path)
    plain = python(code, tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    interpreted = python(code, tmp_path, NUMBA_DISABLE_JIT="1")
    assert here[1] == plain[1] == interpreted[1]
    assert int(interpreted[0]) == 0


def test_processes_that_start_at_once_share_a_cache(tmp_path):
    code = COUNT + textwrap.dedent(RUN.format(setup="", potential="bn.Harmonic(2.0)"))
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    together = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    bits = {process.communicate()[0].split()[1] for process in together}
    assert all(process.returncode == 0 for process in together)
    assert len(bits) == 1


MODULE = """
from typing import NamedTuple
class Mine(NamedTuple):
    k: float
    def component_energy(self, x, d, t):
        return {energy} * self.k * x * x
    def component_force(self, x, d, t):
        return -2.0 * {energy} * self.k * x
"""


def test_user_class_is_cached_and_an_edit_is_seen(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE.format(energy="0.5"))
    code = RUN.format(setup="from mine import Mine", potential="Mine(2.0) + bn.ConstantForce(0.3)")
    first, second = python(code, tmp_path), python(code, tmp_path)
    assert int(second[0]) == 0
    (tmp_path / "mine.py").write_text(MODULE.format(energy="0.7"))
    edited = python(code, tmp_path)
    assert int(edited[0]) > 0
    assert first[1] == second[1] != edited[1]
    (tmp_path / "mine.py").unlink()
    without = python(RUN.format(setup="", potential="bn.Harmonic(2.0)"), tmp_path)
    assert len(without) == 2


HELD = """
from typing import NamedTuple
import numpy as np, params, shape
TABLE = np.loadtxt("{folder}/table.txt")
class Held(NamedTuple):
    k: float
    def component_energy(self, x, d, t):
        return 0.5 * self.k * shape.f(x) * params.K * TABLE[0]
    def component_force(self, x, d, t):
        return -0.5 * self.k * shape.slope(x) * params.K * TABLE[0]
"""
SHAPE = """
import numba
POWER = {power}
@numba.njit
def f(x):
    return x**POWER
@numba.njit
def slope(x):
    return POWER * x**(POWER - 1)
"""


def test_what_a_class_reads_from_elsewhere_is_seen(tmp_path):
    """A constant and a compiled helper of other modules, a table on the disk: each changes what is compiled."""
    files = {"table.txt": "1.5 0", "params.py": "K = 1.0", "shape.py": SHAPE.format(power=2)}
    for name, text in (files | {"held.py": HELD.format(folder=tmp_path)}).items():
        (tmp_path / name).write_text(text)
    names = 'print("kernel" if any("run_blocks" in name for name in Count.names) else "")'
    code = RUN.format(setup="from held import Held", potential="Held(2.0)") + names
    found = [python(code, tmp_path)]
    assert "kernel" in found[0]
    assert "kernel" not in python(code, tmp_path)
    for name, text in {"table.txt": "4.5 0", "params.py": "K = 1.3", "shape.py": SHAPE.format(power=4)}.items():
        (tmp_path / name).write_text(text)
        found.append(python(code, tmp_path))
        assert "kernel" in found[-1]
        clean = python(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / f"clean {name}"))
        assert found[-1][1] == clean[1]
    assert len({bits for _, bits, _ in found}) == 4
    for name, text in files.items():  # back again: from the disk
        (tmp_path / name).write_text(text)
    again = python(code, tmp_path)
    assert again[1] == found[0][1]
    assert "kernel" not in again


def test_an_edited_file_does_not_lend_its_name_to_the_module_in_memory(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE.format(energy="0.5"))
    edited = MODULE.format(energy="0.7").encode()
    setup = f"from mine import Mine; open({str(tmp_path / 'mine.py')!r}, 'wb').write({edited!r})"
    before = python(RUN.format(setup=setup, potential="Mine(2.0)"), tmp_path)
    after = python(RUN.format(setup="from mine import Mine", potential="Mine(2.0)"), tmp_path)
    clean = python(
        RUN.format(setup="from mine import Mine", potential="Mine(2.0)"), tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "c")
    )
    assert before[1] != after[1] == clean[1]
    setup = f"""
import mine, importlib
bn.Simulation(potential=mine.Mine(2.0), dynamics=bn.Overdamped(0.7, 0.9), dt=0.01, particles=40, seed=3).run(steps=2)
open({str(tmp_path / "mine.py")!r}, "w").write({MODULE.format(energy="0.35")!r})
importlib.reload(mine)
"""
    reloaded = python(RUN.format(setup=setup, potential="mine.Mine(2.0)"), tmp_path)
    again = python(RUN.format(setup="import mine", potential="mine.Mine(4.0)"), tmp_path)
    assert reloaded[1] != after[1]
    assert python(RUN.format(setup="import mine", potential="mine.Mine(2.0)"), tmp_path)[1] == reloaded[1] != again[1]


def test_a_value_changed_after_compiling_is_an_error(tmp_path):
    (tmp_path / "held.py").write_text(MODULE.format(energy="G") + "G = 0.5\n")
    setup = """
import held, warnings
def run():
    return bn.Simulation(potential=held.Mine(2.0), dynamics=bn.Overdamped(0.7, 0.9), dt=0.01, particles=40,
                         seed=3).run(steps=2)
run(); run(); held.G = 0.9
try: run()
except ValueError as error: print(str(error).replace(" ", "_"))
"""
    word, *_ = python(RUN.format(setup=setup, potential="bn.Harmonic(2.0)"), tmp_path)
    assert word.startswith("Mine_reads_something_that_was_changed_after_it_had_been_compiled")
    assert "make_it_a_field" in word


def test_two_classes_of_one_name_are_two(tmp_path):
    for name, energy in (("one", "0.5"), ("two", "0.9")):
        (tmp_path / f"{name}.py").write_text(MODULE.format(energy=energy))
    bits = [
        python(RUN.format(setup=f"from {name} import Mine", potential="Mine(2.0)"), tmp_path)[1]
        for name in ("one", "two")
    ]
    both = RUN.format(setup="import one, two", potential="one.Mine(2.0)") + RUN.format(
        setup="", potential="two.Mine(2.0)"
    )
    together = python(both, tmp_path)
    assert bits[0] != bits[1]
    assert [together[1], together[3]] == bits


@pytest.mark.parametrize("where", ["__main__", "function"])
def test_classes_that_have_no_address_run_uncached(tmp_path, where):
    body = textwrap.indent(MODULE.format(energy="0.5"), "    ")
    setup = (
        MODULE.format(energy="0.5") if where == "__main__" else f"def make():\n{body}\n    return Mine\nMine = make()"
    )
    code = "import numpy as np, brownian as bn\n" + setup + "\n" + RUN.format(setup="", potential="Mine(2.0)")
    first, second = python(code, tmp_path), python(code, tmp_path)
    assert first[1] == second[1]
    assert int(second[0]) > 0

"""The README's code runs, its commands are the ones that CI runs, and its numbers are true."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_code_runs(number, tmp_path):
    path = tmp_path / "readme.py"
    path.write_text(PYTHON[number])
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    if "Boltzmann: 1.2394" in done.stdout:
        value, error, exact = (float(x) for x in re.findall(r"[\d.]*\d", done.stdout.replace("<x^2>", "")))
        assert abs(value - exact) < 5 * error + 0.0003 * exact  # GJF's own bias at dt = 0.1 is 2.6e-4


def test_ci_runs_the_command_that_the_readme_gives():
    command = SHELL[1].strip()
    assert command.endswith("-m pytest -n auto")
    assert command in (ROOT / ".ci" / "run").read_text()
    assert SHELL[0].strip().endswith("brownian run scenarios/double_well.py")


def test_files_that_the_readme_names_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target

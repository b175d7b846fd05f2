"""Suites of statistical tests that are to be had as packages, and one way to run a test of any of them on a stream.

* dieharder (Debian: apt install dieharder);
* SmallCrush and Crush of TestU01 (Debian, section non-free: apt install libtestu01-0-dev; needs a C compiler).
"""

import functools
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from typing import NamedTuple

FIELDS = ("test_name", "ntuple", "tsamples", "psamples", "pvalues")  # of dieharder
# Tests of dieharder by number and, where it varies, the length of the words they look at, quick ones first.  Left out:
# those which it calls suspect or of no use itself (5, 6, 7, 14).
SHORT = [(0, 0), (8, 0), (15, 0), (4, 0), (11, 0), (205, 0), (200, 2), (203, 0), (102, 0), (204, 0), (202, 3), (100, 0),
         (101, 0), (200, 1), (203, 1), (203, 2), (202, 5), (209, 0), (207, 0), (3, 0), (10, 0), (9, 0)]  # fmt: skip
LONG = [(16, 0), (12, 0), (1, 0), (2, 0), (13, 0), (17, 0), (206, 0), (208, 0), (202, 2), (202, 4),
        *((201, n) for n in range(2, 6)), *((200, n) for n in range(3, 13)),
        *((203, n) for n in range(3, 33))]  # fmt: skip
DRIVER = pathlib.Path(__file__).with_name("testu01.c")
LIBRARIES = ("testu01", "testu01probdist", "testu01mylib", "m")


class Suite(NamedTuple):
    """Tests, each a number and the length of the words it looks at (or 0), and how one of them is run."""

    name: str
    short: list  # its tests, quick ones first
    long: list  # what its whole list has beside them
    first: int  # the number under which its tests have their stretches of a stream
    command: Callable  # of test, length of words, samples (None: the suite's own number)
    rows: Callable  # of what it prints: a dictionary for each p value
    missing: Callable  # why it can't be run here, or None


def run_test(suite, source, test, ntuple, samples=None):
    """One test on a stream: its rows, with a name and a p value each, and the bytes it was fed."""
    command = suite.command(test, ntuple, samples)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        fed = 0
        try:
            while process.poll() is None:
                fed += process.stdin.write(source.chunk().tobytes())
        except BrokenPipeError:
            pass
        text = process.stdout.read().decode()
    rows = suite.rows(text)
    if not rows or process.returncode:
        raise RuntimeError(f"{suite.name} gave no result for test {test} -n {ntuple}: {text!r}")
    return rows, fed


def _dieharder(test, ntuple, samples):
    chosen = [*(["-n", str(ntuple)] if ntuple else []), *(["-p", str(samples)] if samples else [])]
    return ["dieharder", "-g", "200", "-d", str(test), *chosen, *(part for field in FIELDS for part in ("-D", field))]


def _dieharder_rows(text):
    rows = [[part.strip() for part in line.split("|")] for line in text.splitlines() if line.count("|") == 4]
    return [{"test": row[0], "n": int(row[1]), "samples": int(row[3]), "p": float(row[4])} for row in rows]


def _no_dieharder():
    return None if shutil.which("dieharder") else "dieharder is not installed (Debian: apt install dieharder)"


@functools.cache
def _driver():
    """The program that runs a test of TestU01, compiled; an error says what is missing."""
    folder = tempfile.TemporaryDirectory(prefix="brownian-testu01-")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise OSError("no C compiler was found (gcc or cc)")
    program = pathlib.Path(folder.name) / "testu01"
    command = [compiler, "-O2", "-o", str(program), str(DRIVER), *(f"-l{name}" for name in LIBRARIES)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        advice = "TestU01 is not installed (Debian, section non-free: apt install libtestu01-0-dev)"
        raise OSError(f"{advice}: {made.stderr}")
    return folder, program


def _numbered(count):
    return [(number, 0) for number in range(1, count + 1)]


def _testu01(battery):
    return lambda test, ntuple, samples: [str(_driver()[1]), battery, str(test), str(samples or 1)]


def _testu01_rows(text):
    rows = [line.split("|") for line in text.splitlines() if line.count("|") == 2]
    return [{"test": name, "n": 0, "samples": 1, "p": float(p)} for _, name, p in rows]


def _no_testu01():
    try:
        _driver()
    except OSError as error:
        return str(error)
    return None


SUITES = {
    suite.name: suite
    for suite in (
        Suite("dieharder", SHORT, LONG, 0, _dieharder, _dieharder_rows, _no_dieharder),
        Suite("SmallCrush", _numbered(10), [], 300, _testu01("SmallCrush"), _testu01_rows, _no_testu01),
        Suite("Crush", [], _numbered(96), 320, _testu01("Crush"), _testu01_rows, _no_testu01),
    )
}

"""The cases of ``bad_input.py`` for the command line: every command, its files and every option, with bad values."""

import argparse
import contextlib
import io
import os
import pathlib
import re
import shutil
from typing import NamedTuple

from bad_input_cases import CALLED, Call, Case

GOOD = {
    "run": ["good.py"],
    "sweep": ["good.py", "--vary", "k=1.0,2.0", "--out", "swept", "--overwrite", "--workers", "1"],
    "info": ["good.h5md"],
    "analyze": ["good.h5md"],
    "validate": ["good.h5md"],
    "verify": ["good.h5md"],
    "plot": ["good.h5md", "msd", "--out", "x.png"],
    "repair": ["good.h5md"],
    "bench": None,  # takes its time: only what is refused is tried
    "gallery": ["."],
}
SCENARIO = """
import brownian as bn

def run(*, k=2.0, particles=50, name="x", flag=False, values=None, seed=1, out=None, resume=False, overwrite=False):
    scenario = bn.Scenario(__file__, out or "made")
    simulation = bn.Simulation(potential=bn.Harmonic(k), dynamics=bn.Overdamped(0.7, 0.9), dt=0.1,
                               particles=particles, seed=seed)
    square = bn.analysis.mean(simulation.run(steps=2).positions[-1, :, 0] ** 2)
    scenario.check("<x^2>", square.value, square.value, square.error)
    return scenario.result("Mine")
"""
TEXTS = {
    "text.h5md": "no HDF5 at all",
    "empty.h5md": "",
    "empty.py": "",
    "broken.py": "def run(:",
    "import.py": "import no_such_module",
    "raises.py": "raise RuntimeError('at the top')",
    "zero.py": "def run(*, a=1):\n    return 1 / 0",
    "index.py": "def run(*, a=1):\n    return [][0]",
    "key.py": "def run(*, a=1):\n    return {}['a']",
    "attribute.py": "def run(*, a=1):\n    return a.b",
    "runtime.py": "def run(*, a=1):\n    raise RuntimeError('no luck')",
    "memory.py": "def run(*, a=1):\n    raise MemoryError",
    "deep.py": "def run(*, a=1):\n    return run(a=a)",
    "numba.py": "import numba\n\ndef run(*, a=1):\n    return numba.njit(lambda x: x.b)(a)",
    "nothing.py": "def run(*, a=1):\n    pass",
    "loose.py": "def run(a):\n    pass",
    "number.py": "run = 3",
    "stopped.py": "def run(*, a=1):\n    raise KeyboardInterrupt",
    "nan.py": "import brownian\n\ndef run(*, a=1):\n    brownian.Scenario(__file__).check('x', float('nan'), 1, 1)",
    "text.txt": "no Python",
    "null.py": "def run(*, a=1):\n    pass\n\0",
}
FILES = ["nowhere.h5md", ".", "", "text.h5md", "empty.h5md", "other.h5", "cut.h5md", "/dev/null", "x" * 5000, "a/b/c"]
SCENARIOS = ["nowhere.py", ".", "", "binary.py", "x" * 5000, *(name for name in TEXTS if not name.endswith("h5md"))]
NUMBERS = ["text", "", "nan", "inf", "-1", "0", "0.5", "1e400", "1" + "0" * 400, "[1]"]
LARGE = {"threads", "workers", "replicas"}  # would be accepted, and make that many


class Judged(NamedTuple):
    """A verdict, and what the user sees."""

    verdict: str
    seen: str


def files():
    """Make the files that the commands meet."""
    if pathlib.Path("other.h5").exists():
        return
    import h5py
    from bad_input_cases import Names

    whole = pathlib.Path(Names()["file"])
    pathlib.Path("cut.h5md").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for name, text in {"good.py": SCENARIO, **TEXTS}.items():
        pathlib.Path(name).write_text(text)
    pathlib.Path("binary.py").write_bytes(bytes(range(256)))
    with h5py.File("other.h5", "w") as file:
        file["x"] = [1.0]


def _commands():
    from brownian.cli import _parser

    (chosen,) = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return chosen.choices


def cases():
    """(command, option, text) of everything that is tried."""
    for command, parser in _commands().items():
        good = GOOD[command]
        base = [] if good is None else good
        call = Call(f"brownian {command}", False)
        if good is not None:
            yield Case(call, None, "as it stands", base, None)
        for action in parser._actions:
            name = action.dest
            if name in ("help", "json", "debug") or action.nargs == 0:
                continue
            if action.option_strings:
                for text in NUMBERS if action.type in (int, float) else ["text", "", "nan"]:
                    wrong = action.type is not None or action.choices
                    if not (name in LARGE and "0" * 9 in text) and (good is not None or wrong):
                        yield Case(call, action.option_strings[0], text, [*base, action.option_strings[0], text], None)
            else:
                place = [a.dest for a in parser._actions if not a.option_strings].index(name)
                for text in SCENARIOS if name == "scenario" else FILES:
                    yield Case(call, name, text, [*base[:place], text, *base[place + 1 :]], None)
                yield Case(call, name, "(none)", base[:place], None)
        yield Case(call, "--unknown", "1", [*base, "--unknown", "1"], None)
        yield Case(call, "one operand more", "more", [*base, "more"], None)
    for option in ("--k", "--particles", "--seed", "--values"):
        for text in NUMBERS:
            yield Case(Call("brownian run", False), option, text, ["good.py", option, text], None)
    for option in ("--vary", "--set"):
        for text in (
            "k",
            "k=",
            "=1",
            "nothing=1",
            "k=text",
            "k=nan",
            "k=inf",
            "k=1e400",
            "k=1,1",
            "seed=1",
            "particles=0.5",
        ):
            yield Case(Call("brownian sweep", False), option, text, ["good.py", option, text, "--out", "s"], None)
    for arguments in ([], [""], ["fly"], ["--fly"], ["-1"], ["nan"]):
        yield Case(Call("brownian", False), "command", " ".join(arguments), arguments, None)


def attempt(case, names):
    """Run the command here; judged by exit status and by what is said."""
    from brownian.cli import INTERRUPTED, main

    files()
    shutil.rmtree("made", ignore_errors=True)
    if case.call.name == "brownian repair" and case.bad == "as it stands":
        names["file"]
    words = [] if case.call.name == "brownian" else [case.call.name.split()[1]]
    said, out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            status = main([*words, *case.value])
        except SystemExit as left:
            status = left.code
    lines = [line for line in said.getvalue().splitlines() if line.strip()]
    seen = f"exit status {status}: {lines[-1] if lines else '(nothing is said)'}"
    if "Traceback" in said.getvalue():
        return Judged("bad", seen)
    if status == 0 or (status in (3, 4) and out.getvalue()):
        return Judged("good" if case.parameter is None else "accepted", f"accepted, exit status {status}")
    if case.parameter is None or not lines or not re.match(r"(brownian|usage)", lines[0]):
        return Judged("bad", seen)
    if status == INTERRUPTED:  # as by Ctrl-C
        return Judged("good" if "interrupted" in seen else "bad", seen)
    name = case.parameter.strip("-")
    named = [
        case.parameter,
        name,
        name.replace("-", "_"),
        name.upper(),
        repr(case.bad),
        os.path.basename(case.bad)[:20],
    ]
    first = case.bad.partition("=")[0]
    named += [CALLED.get((case.call.name, case.parameter)), case.bad[:20], first, repr(first)]
    named.append("inf" if case.bad in ("1e400", "1" + "0" * 400) else None)
    return Judged("good" if any(word and word in said.getvalue() for word in named) else "vague", seen)

"""What a user sees who gives something wrong: every argument of everything public, replaced by bad values.

    python benchmarks/trust/bad_input.py [--quick] [--only REGEX] [--bad]

A verdict is by rule.  Good: a ValueError or TypeError (or a class of the package's own) that this package raises itself
and whose message names the argument or the value.  Bad: any other exception, a message of Python's or NumPy's
internals, a NaN that goes in and comes out silently, text taken for a number, a crash, or more than the time or memory
allowed.  The rest is accepted, and listed.
"""

import argparse
import collections
import contextlib
import json
import linecache
import os
import pathlib
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

import numpy as np

HERE = pathlib.Path(__file__).resolve()
ROOT = HERE.parent.parent.parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
SECONDS, COMPILING, BYTES = 20, 400, 3 * 2**30  # of a case, of a good call that may have to compile, of memory


class Late(BaseException):
    """Raised by the alarm."""


def _late(*_):
    raise Late


# --- one case ---------------------------------------------------------------------------------------------------------


def outcome(case, names, act):
    """(verdict, what the user sees) of a case."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            signal.setitimer(signal.ITIMER_REAL, COMPILING if case.parameter is None else SECONDS)
            try:
                result = act(case, names)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    except Late:
        return "bad", f"no answer within {SECONDS} s"
    except BaseException as error:
        return _judged_error(case, error)
    return _judged_result(case, result, caught)


def _judged_error(case, error):
    import brownian

    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    ours = pathlib.Path(frame.filename).is_relative_to(pathlib.Path(brownian.__file__).parent)
    deliberate = ours and linecache.getline(frame.filename, frame.lineno).strip().startswith("raise")
    kind = isinstance(error, ValueError | TypeError | OSError) or type(error).__module__.startswith("brownian")
    if case.call.refused:
        return ("good" if kind and deliberate else "bad"), text
    if case.parameter is None:
        return "bad", f"the good call fails: {text}"
    if not (kind and deliberate):
        return "bad", text
    return ("good" if _named(case, str(error)) else "vague"), text


def _named(case, message):
    """Whether a message names the argument, or shows the value."""
    from bad_input_cases import CALLED

    words = [case.parameter, case.parameter.rstrip("s"), CALLED.get((case.call.name, case.parameter), case.parameter)]
    if any(re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}", message) for word in words):
        return True
    shown = {repr(case.value), str(case.value), str(np.shape(case.value)) if not callable(case.value) else "-"} - {""}
    if isinstance(case.value, int | float) and abs(case.value) < 1e300:
        shown |= {text for text in [f"{case.value:g}"] if "e" in text}
    return any(text[:12] in message for text in shown)


def _nans(value, depth=0):
    """Whether there is a NaN in a result."""
    if depth > 4 or isinstance(value, str | bytes | bool) or value is None:
        return False
    if isinstance(value, float | complex | np.floating | np.ndarray):
        array = np.asarray(value)
        return array.dtype.kind in "fc" and bool(np.isnan(array).any())
    if isinstance(value, dict):
        return any(_nans(part, depth + 1) for part in value.values())
    if isinstance(value, tuple | list):
        return any(_nans(part, depth + 1) for part in value[:50])
    return (
        any(_nans(part, depth + 1) for part in vars(value).values())
        if hasattr(value, "__dataclass_fields__")
        else False
    )


def _judged_result(case, result, caught):
    from bad_input_cases import CONSTANT, PASSED_ON, allowed

    if hasattr(result, "verdict") and hasattr(result, "seen"):  # a command
        return result
    shape = f" of shape {result.shape}" if isinstance(result, np.ndarray) else ""
    seen = f"accepted: {type(result).__name__}{shape}"
    if caught:
        seen += f", with {caught[0].category.__name__}: {caught[0].message}"
    if case.call.refused:
        return "bad", seen
    if case.parameter is None:
        return "good", seen
    if case.bad in ("'text'", "{}", "object()", "1j", "print", "['a', 'b']", "''", "None") and not allowed(case):
        return "bad", seen
    known = (*PASSED_ON, *CONSTANT) if case.bad == "all zero" else PASSED_ON
    if _nans(result) and not isinstance(case.default, bool) and case.call.name.split(".")[-1] not in known:
        return "bad", f"{seen}, with nan"
    return "accepted", seen


# --- the child, which makes the calls, and its parent -----------------------------------------------------------------


def all_cases(names, only=""):
    """Cases of the calls whose text matches, and of the command line."""
    import bad_input_cases as cases
    import bad_input_commands as commands

    for call in cases.calls():
        if re.search(only, call.name):
            try:
                yield from ((case, cases.attempt) for case in cases.cases_of(call, names))
            except Exception:
                yield cases.Case(call, None, "as it stands", None, None), cases.attempt
    yield from ((case, commands.attempt) for case in commands.cases() if re.search(only, case.call.name))


def child(first, only, stride):
    """Try cases from number ``first`` on; one line of JSON each on the real stdout."""
    import bad_input_cases as cases

    out = os.fdopen(os.dup(1), "w", buffering=1)
    null, log = os.open(os.devnull, os.O_RDWR), os.open("child.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, target in enumerate((null, null, log)):
        os.dup2(target, stream)
    sys.setrecursionlimit(2000)
    signal.signal(signal.SIGALRM, _late)
    names = cases.Names()
    used = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    for number, (case, act) in enumerate(all_cases(names, only)):
        if number < first or (number % stride and case.parameter is not None):
            continue
        line = [number, case.call.text, case.call.name, case.parameter, case.bad]
        print(json.dumps(line), file=out)
        verdict, seen = outcome(case, names, act)
        plain = re.sub(r"0x[0-9a-f]+", "0x...", seen.replace(f"{os.getcwd()}{os.sep}", ""))
        print(json.dumps([number, verdict, plain[:400]]), file=out)
        if "no answer" in seen or "MemoryError" in seen:
            os._exit(3)  # what was interrupted may be in any state: go on in a new process
    os._exit(0)


def tried(only="", stride=1):
    """All outcomes, as (name, parameter, bad value, verdict, what is seen), as they come."""
    first = 0
    environment = os.environ | {"MPLBACKEND": "Agg", "BROWNIAN_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        while True:
            command = [sys.executable, str(HERE), "--child", str(first), "--only", only, "--stride", str(stride)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment) as process:
                started, done = None, False
                while True:
                    ready, _, _ = select.select([process.stdout], [], [], COMPILING + SECONDS)
                    line = process.stdout.readline() if ready else ""
                    if not line:
                        break
                    data = json.loads(line)
                    if len(data) == 5:
                        started, done = data, False
                    else:
                        yield (*started[2:], *data[1:])
                        first, done = data[0] + 1, True
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()
            if process.returncode == 0:
                return
            if started is None or (done and process.returncode != 3 and started[0] + 1 != first):
                said = pathlib.Path(folder, "child.log").read_text()[-2000:]
                raise RuntimeError(f"the child does not go on: exit status {process.returncode}: {said}")
            if not done:
                yield (*started[2:], "bad", "no answer, process killed" if ready == [] else "process died")
                first = started[0] + 1


# --- the table --------------------------------------------------------------------------------------------------------


def _lines(entries):
    """The outcomes of one function: bad values with one outcome in a line, and arguments with the same lines in one."""
    by_outcome, by_lines = {}, {}
    for parameter, bad, verdict, seen in entries:
        alike = re.sub(r"(?<== )[^=]*?(?=, but)|(?<=got ).*|array of shape.*", "", seen) if verdict == "good" else seen
        if parameter:
            alike = alike.replace(parameter, "*")
        by_outcome.setdefault((parameter, verdict, alike), (seen, []))[1].append(bad)
    for (parameter, verdict, alike), (seen, bads) in by_outcome.items():
        by_lines.setdefault((verdict, alike, tuple(bads)), (seen, []))[1].append(parameter or "call")
    for (verdict, _, bads), (seen, parameters) in by_lines.items():
        mark = "" if verdict in ("good", "accepted") else f" **{verdict}**"
        shown = seen.replace(f"{ROOT}/", "")[: 110 if verdict == "good" else 160]
        yield f"* `{', '.join(parameters)}` = {', '.join(bads)}:{mark} {shown}"


def page(found, conditions):
    """The table as Markdown: by function and argument, what was tried and what is seen; like outcomes in one line."""
    from bad_input_cases import REASONS

    counts = collections.Counter(verdict for *_, verdict, _ in found)
    names = list(dict.fromkeys(name for name, *_ in found))
    lines = [
        "# Bad input", "", f"{len(found)} calls of {len(names)} functions, methods and commands, each with one "
        f"argument replaced, or contradictory: {counts['good'] + counts['vague']} refused with a message of the "
        f"package's own ({counts['vague']} of them without the argument's name or value), {counts['accepted']} "
        f"accepted, {counts['bad']} bad.", "",
    ]  # fmt: skip
    lines += [" ".join(__doc__.split("\n\n")[2].split()), "", conditions, "", "### What is left", ""]
    left = dict.fromkeys((verdict, *entry) for *entry, _, verdict, _ in found if verdict in ("bad", "vague"))
    reasons = {entry: REASONS.get(entry[1:], "to be mended") for entry in left}
    lines += [f"* {verdict}: {name}, `{argument}`: {why}" for (verdict, name, argument), why in reasons.items()]
    lines += [] if left else ["Nothing."]
    for name in names:
        lines += ["", f"### {name}", ""]
        lines += _lines([entry[1:] for entry in found if entry[0] == name])
    return "\n".join(lines) + "\n"


def main():
    """Try all, write ``results/bad_input.md``; exit status 1 where anything is bad."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="every 29th case; writes nothing")
    parser.add_argument("--only", default="", metavar="REGEX", help="functions whose name matches; writes nothing")
    parser.add_argument("--bad", action="store_true", help="print what is bad or vague, in place of the page")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--stride", type=int, default=1, help="try every so many cases (default: all)")
    options = parser.parse_args()
    if options.child is not None:
        child(options.child, options.only, options.stride)
    from measurement import conditions, under

    load, begun = os.getloadavg()[0], time.monotonic()
    found = []
    for entry in tried(options.only, 29 if options.quick else options.stride):
        found.append(entry)
        if options.bad and entry[3] in ("bad", "vague"):
            print(f"{entry[3]:5} {entry[0]}({entry[1]} = {entry[2]}): {entry[4][:200]}", flush=True)
    text = page(found, under(conditions(load)))
    if not (options.quick or options.only):
        (ROOT / "results" / "bad_input.md").write_text(text)
    counts = collections.Counter(verdict for *_, verdict, _ in found)
    print(f"{len(found)} cases in {time.monotonic() - begun:.0f} s: {dict(counts)}", file=sys.stderr)
    return bool(counts["bad"])


if __name__ == "__main__":
    sys.exit(main())

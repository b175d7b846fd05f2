"""The noise, in the orders in which simulations use it, through the battery dieharder (Debian: apt install dieharder).

    python benchmarks/trust/battery.py                     every stream through the short list, the planted errors too
    python benchmarks/trust/battery.py --resume --all "simulation" "simulation words"    two through the whole list
    python benchmarks/trust/battery.py --resume --minutes 60 ...    only what is missing, for an hour of CPU at most
    python benchmarks/trust/battery.py --emit "simulation" | other-battery               raw 32-bit words, without end

What counts as a failure is fixed here, before any run: a p value closer to 0 or 1 than ``FAIL``; or one closer than
``WEAK`` whose test, repeated on a fresh stretch with ``REPEAT`` times the samples, comes closer than ``CONFIRMED``.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import measurement
from streams import CONTROL, PLANTED, STREAMS, Source

RESULTS = measurement.ROOT / "results" / "trust"
WEAK, FAIL = 0.005, 1e-6  # dieharder's own bounds
REPEAT, CONFIRMED = 3, 1e-4
FURTHER = 3  # stretches on which a failure is looked at again, for the reader: it remains a failure
STRETCH = 2**34  # steps (or seeds) between the stretches of two tests: none sees another's numbers
# Tests of dieharder by number and, where it varies, the length of the words they look at, quick ones first.  Left out:
# those which it calls suspect or of no use itself (5, 6, 7, 14).
SHORT = [(0, 0), (8, 0), (15, 0), (4, 0), (11, 0), (205, 0), (200, 2), (203, 0), (102, 0), (204, 0), (202, 3), (100, 0),
         (101, 0), (200, 1), (203, 1), (203, 2), (202, 5), (209, 0), (207, 0), (3, 0), (10, 0), (9, 0)]  # fmt: skip
ALL = [*SHORT, (16, 0), (12, 0), (1, 0), (2, 0), (13, 0), (17, 0), (206, 0), (208, 0), (202, 2), (202, 4),
       *((201, n) for n in range(2, 6)), *((200, n) for n in range(3, 13)),
       *((203, n) for n in range(3, 33))]  # fmt: skip
FIELDS = ("test_name", "ntuple", "tsamples", "psamples", "pvalues")


def edge(p):
    """How close a p value is to 0 or 1."""
    return min(p, 1.0 - p)


def cpu_seconds():
    """CPU time so far, of this process and of the tests that have ended."""
    return sum(os.times()[:4])


def run_test(source, test, ntuple, samples=None):
    """One test of dieharder on a stream: its rows, with a name and a p value each, and the bytes it was fed."""
    command = ["dieharder", "-g", "200", "-d", str(test), *(["-n", str(ntuple)] if ntuple else [])]
    command += [*(["-p", str(samples)] if samples else []), *(part for f in FIELDS for part in ("-D", f))]
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
    rows = [[part.strip() for part in line.split("|")] for line in text.splitlines() if line.count("|") == 4]
    if not rows or process.returncode:
        raise RuntimeError(f"dieharder gave no result for test {test} -n {ntuple}: {text!r}")
    return [{"test": row[0], "n": int(row[1]), "samples": int(row[3]), "p": float(row[4])} for row in rows], fed


def stretch(name, test, ntuple, turn=0):
    """The part of a stream that a test sees in its turn: 0 first, 1 repeated, later looked at further."""
    return Source(name, (64 * test + ntuple + 2**15 * turn) * STRETCH)


def examine(name, test, ntuple):
    """Test a stream, and once more if a p value is weak; a record of all of it."""
    began = cpu_seconds()
    rows, fed = run_test(stretch(name, test, ntuple), test, ntuple)
    record = {"stream": name, "d": test, "n": ntuple, "bytes": fed, "rows": rows}
    record["failed"] = min(edge(row["p"]) for row in rows) < FAIL
    if min(edge(row["p"]) for row in rows) < WEAK and not record["failed"]:
        again, more = run_test(stretch(name, test, ntuple, 1), test, ntuple, REPEAT * rows[0]["samples"])
        weak = [(row, other) for row, other in zip(rows, again, strict=True) if edge(row["p"]) < WEAK]
        record |= {"repeated": [other for _, other in weak], "bytes": fed + more}
        record["failed"] = any(edge(other["p"]) < CONFIRMED for _, other in weak)
    record["seconds"] = round(cpu_seconds() - began, 1)
    return record


def look_further(record):
    """What a failed test says of further stretches with as many samples as its repetition, and of the control's."""
    test, ntuple = record["d"], record["n"]
    samples = REPEAT * record["rows"][0]["samples"]
    record["further"] = {
        name: [run_test(stretch(name, test, ntuple, turn), test, ntuple, samples)[0] for turn in range(2, FURTHER + 2)]
        for name in (record["stream"], *CONTROL)
    }


def further(failed):
    """A table of the failures: the rows that failed, and how close all rows come on further stretches."""
    rows = []
    for record in failed:
        worst = min([*record["rows"], *record.get("repeated", [])], key=lambda row: edge(row["p"]))
        same = [
            f"{row['p']:.3f}" for run in record["further"][record["stream"]] for row in run
            if (row["test"], row["n"]) == (worst["test"], worst["n"])
        ]  # fmt: skip
        closest = [
            ", ".join(f"{min(edge(row['p']) for row in run):.1e}" for run in runs)
            for runs in record["further"].values()
        ]
        rows.append(
            [record["stream"], f"{worst['test']} -n {worst['n']}", f"{worst['p']:.5f}", ", ".join(same), *closest]
        )
    header = ["failed", "test", "p", f"p on {FURTHER} further stretches", "closest to 0 or 1 of all its rows there",
              f"and of {', '.join(CONTROL)}"]  # fmt: skip
    return measurement.table(header, rows) if rows else ""


def summary(records, names, texts):
    """A table, a row per stream."""
    rows = []
    for name in names:
        mine = [record for record in records if record["stream"] == name]
        p = [row["p"] for record in mine for row in record["rows"]]
        if p:
            weak = sum(edge(x) < WEAK for x in p)
            failed = sum(record["failed"] for record in mine)
            rows.append([
                name, texts[name], len(mine), len(p), f"{sum(record['bytes'] for record in mine) / 1e9:.1f}", weak,
                f"{2 * WEAK * len(p):.1f}", f"{min(map(edge, p)):.1e}", f"{0.5 / (len(p) + 1):.1e}",
                sum("repeated" in record for record in mine), failed,
            ])  # fmt: skip
    header = ["stream", "order", "tests", "p values", "GB", "weak", "expected", "closest to 0 or 1", "typical",
              "repeated", "failed"]  # fmt: skip
    return measurement.table(header, rows)


def caught(records):
    """A table of the planted errors: which test caught each first."""
    rows = []
    for name, text in PLANTED.items():
        mine = [record for record in records if record["stream"] == name]
        worst = [(min(record["rows"], key=lambda row: edge(row["p"])), record) for record in mine if record["failed"]]
        if mine:
            first = f"{worst[0][0]['test']} (-d {worst[0][1]['d']})" if worst else "-"
            p = f"{edge(worst[0][0]['p']):.0e}" if worst else "-"
            rows.append(
                [name, text, "yes" if worst else "NO" if len(mine) >= len(SHORT) else "not yet", first, p, len(mine)]
            )
    return measurement.table(
        ["planted error", "what it is", "caught", "by", "distance of p from 0 or 1", "tests until then"], rows
    )


def report(options, records, load, commands):
    """Write results/trust/battery.{md,json} as far as it has come."""
    names = [*STREAMS, *CONTROL]
    texts = {name: stream.text for name, stream in STREAMS.items()} | CONTROL
    ours = [record for record in records if record["stream"] in STREAMS]
    total = sum(len(record["rows"]) for record in ours)
    weak = sum(edge(row["p"]) < WEAK for record in ours for row in record["rows"])
    failed = [record for record in ours if record["failed"]]
    version = subprocess.run(["dieharder", "-V"], capture_output=True, text=True, check=False).stdout.split()
    text = "\n\n".join(filter(None, [
        f"{len(ours)} tests of dieharder {version[0] if version else ''} on {len(STREAMS)} streams of the noise, "
        f"{total} p values, {sum(record['seconds'] for record in ours) / 60:.0f} minutes of CPU: {weak} weak (closer "
        f"than {WEAK} to 0 or 1; {2 * WEAK * total:.1f} expected), **{len(failed)} failed**.",
        summary(records, names, texts),
        further([record for record in failed if "further" in record]),
        f"""A failure, fixed before any run: p closer than {FAIL:.0e} to 0 or 1, or a weak one whose test, repeated on a
fresh stretch of the stream with {REPEAT} times the samples, comes closer than {CONFIRMED:.0e}. Of {total} p values
{total * 2 * FAIL:.1e} + {total * 2 * WEAK * 2 * CONFIRMED:.1e} failures are expected by chance. Rows of one test share
their numbers (sts_serial, dab_filltree), so weak ones come in groups. "typical" is the mean distance of the closest of
so many uniform p values.

Words enter whole. A normal x enters as the leading 24 bits of Phi(x), four normals in three words: x has a grid of its
own (the 2^64, or in float32 2^24 per octave, values of the transform), which Phi stretches; lower bits would show that
grid and say nothing of x. Every test has a stretch of the stream of its own, 2^34 steps or seeds from the next, so that
step groups beyond 2^32 are in it. The control is NumPy's PCG64DXSM through the same pipe.""",
        caught(records),
        "TestU01 and PractRand are not packaged for the systems that this ran on; `--emit STREAM` gives any stream, as "
        "raw 32-bit words, to whichever battery is at hand.",
    ]))  # fmt: skip
    made = measurement.conditions(load)
    made["command"] = "; ".join(dict.fromkeys([*commands, made["command"]]))
    options.results.mkdir(parents=True, exist_ok=True)
    page = f"# The noise through a battery of tests\n\n{text}\n\n{measurement.under(made)}\n"
    (options.results / "battery.md").write_text(page)
    (options.results / "battery.json").write_text(json.dumps({"conditions": made, "results": records}) + "\n")
    return page


def emit(name):
    """Write a stream to standard output until nobody reads it."""
    source = Source(name)
    try:
        while True:
            sys.stdout.buffer.write(source.chunk().tobytes())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main():
    """Read the options and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default: every stream and every planted error")
    parser.add_argument("--all", action="store_true", help="the whole list of tests instead of the short one")
    parser.add_argument("--quick", action="store_true", help="the first three tests of the list only")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no test after so much CPU time")
    parser.add_argument("--resume", action="store_true", help="keep the results there are, add what is missing")
    parser.add_argument("--emit", metavar="STREAM", help="write this stream to standard output instead")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="default: results/trust")
    options = parser.parse_args()
    known = [*STREAMS, *CONTROL, *PLANTED]
    for name in [*options.streams, *([options.emit] if options.emit else [])]:
        if name not in known:
            parser.error(f"no stream {name!r}; there are {', '.join(known)}")
    if options.emit:
        emit(options.emit)
        return 0
    if not shutil.which("dieharder"):
        parser.error("dieharder is not installed (Debian and Ubuntu: apt-get install dieharder)")
    load, file = os.getloadavg()[0], options.results / "battery.json"
    before = json.loads(file.read_text()) if options.resume and file.exists() else None
    records = before["results"] if before else []
    commands = before["conditions"]["command"].split("; ") if before else []
    done = {(record["stream"], record["d"], record["n"]) for record in records}
    tests = (ALL if options.all else SHORT)[: 3 if options.quick else None]
    names = options.streams or known
    for test, ntuple in tests:  # test by test: a run cut short has looked at every stream
        for name in names:
            found = name in PLANTED and any(r["failed"] for r in records if r["stream"] == name)
            if (name, test, ntuple) not in done and not found and cpu_seconds() < 60.0 * options.minutes:
                record = examine(name, test, ntuple)
                records.append(record)
                print(
                    f"{name}, -d {test} -n {ntuple}: {record['seconds']} s",
                    [r["p"] for r in record["rows"]],
                    flush=True,
                )
                report(options, records, load, commands)
    for record in records:
        if record["failed"] and record["stream"] in STREAMS and "further" not in record:
            look_further(record)
    print(report(options, records, load, commands))
    return int(any(record["failed"] for record in records if record["stream"] in STREAMS))


if __name__ == "__main__":
    sys.exit(main())

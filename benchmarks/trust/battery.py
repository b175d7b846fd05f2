"""The noise, in the orders in which simulations use it, through the batteries of dieharder and of TestU01.

    python benchmarks/trust/battery.py              every stream, and the planted errors, through the short lists
    python benchmarks/trust/battery.py --resume --all "simulation" "simulation words"    two through the whole lists
    python benchmarks/trust/battery.py --resume --minutes 60 ...    only what is missing, for an hour of CPU at most
    python benchmarks/trust/battery.py --emit "simulation" | other-battery               raw 32-bit words, without end

The short lists are 22 tests of dieharder and SmallCrush; the whole ones, all of dieharder and Crush too (``--suite``:
of one suite only).  ``suites.py`` says what has to be installed.

What counts as a failure is fixed here, before any run: a p value closer to 0 or 1 than ``FAIL``; or one closer than
``WEAK`` whose test, repeated on a fresh stretch with ``REPEAT`` times the samples, comes closer than ``CONFIRMED``.
"""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import measurement
from streams import CONTROL, PLANTED, STREAMS, Source
from suites import SUITES, run_test

RESULTS = measurement.ROOT / "results" / "trust"
WEAK, FAIL = 0.005, 1e-6  # dieharder's own bounds
REPEAT, CONFIRMED = 3, 1e-4
FURTHER = 3  # stretches on which a failure is looked at again, for the reader: it remains a failure
STRETCH = 2**34  # steps (or seeds) between the stretches of two tests: none sees another's numbers


def edge(p):
    """How close a p value is to 0 or 1."""
    return min(p, 1.0 - p)


def cpu_seconds():
    """CPU time so far, of this process and of the tests that have ended."""
    return sum(os.times()[:4])


def stretch(name, suite, test, ntuple, turn=0):
    """The part of a stream that a test sees in its turn: 0 first, 1 repeated, later looked at further."""
    return Source(name, (64 * (suite.first + test) + ntuple + 2**15 * turn) * STRETCH)


def examine(name, suite, test, ntuple):
    """Test a stream, and once more if a p value is weak; a record of all of it."""
    began = cpu_seconds()
    rows, fed = run_test(suite, stretch(name, suite, test, ntuple), test, ntuple)
    record = {"stream": name, "suite": suite.name, "d": test, "n": ntuple, "bytes": fed, "rows": rows}
    record["failed"] = min(edge(row["p"]) for row in rows) < FAIL
    weak = {(row["test"], row["n"]) for row in rows if edge(row["p"]) < WEAK}
    if weak and not record["failed"]:
        again, more = run_test(suite, stretch(name, suite, test, ntuple, 1), test, ntuple, REPEAT * rows[0]["samples"])
        repeated = [row for row in again if (row["test"], row["n"]) in weak]
        record |= {"repeated": repeated, "bytes": fed + more}
        record["failed"] = any(edge(row["p"]) < CONFIRMED for row in repeated)
    record["seconds"] = round(cpu_seconds() - began, 1)
    return record


def look_further(record):
    """What a failed test says of further stretches with as many samples as its repetition, and of the control's."""
    suite, test, ntuple = SUITES[record["suite"]], record["d"], record["n"]
    samples = REPEAT * record["rows"][0]["samples"]
    record["further"] = {
        name: [
            run_test(suite, stretch(name, suite, test, ntuple, turn), test, ntuple, samples)[0]
            for turn in range(2, FURTHER + 2)
        ]
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
    """A table of the planted errors: which test of each suite caught them first."""
    rows = []
    for suite in SUITES.values():
        for name, text in PLANTED.items():
            mine = [record for record in records if (record["stream"], record["suite"]) == (name, suite.name)]
            first = next((record for record in mine if record["failed"]), None)
            if first:
                worst = min(first["rows"], key=lambda row: edge(row["p"]))
                found = [worst["test"], f"{edge(worst['p']):.0e}"]
            else:
                found = ["-", "-"]
            if mine:
                word = "yes" if first else "NO" if len(mine) >= len(suite.short) else "not yet"
                rows.append([name, text, suite.name, word, *found, len(mine)])
    return measurement.table(
        ["planted error", "what it is", "suite", "caught", "by", "distance of p from 0 or 1", "tests until then"], rows
    )


def results_of(suite, records):
    """What a suite found: in words, stream by stream, and its failures."""
    mine = [record for record in records if record["suite"] == suite.name]
    ours = [record for record in mine if record["stream"] in STREAMS]
    if not ours:
        return None
    names = [*STREAMS, *CONTROL]
    texts = {name: stream.text for name, stream in STREAMS.items()} | CONTROL
    total = sum(len(record["rows"]) for record in ours)
    weak = sum(edge(row["p"]) < WEAK for record in ours for row in record["rows"])
    failed = [record for record in ours if record["failed"]]
    streams = {record["stream"] for record in ours}
    where = f"{len(streams)} streams" if len(streams) > 1 else f'the stream "{ours[0]["stream"]}"'
    return "\n\n".join(filter(None, [
        f"## {suite.name}",
        f"{len(ours)} tests on {where} of the noise, {total} p values, "
        f"{sum(record['seconds'] for record in ours) / 60:.0f} minutes of CPU: {weak} weak (closer than {WEAK} to 0 or "
        f"1; {2 * WEAK * total:.1f} expected), **{len(failed)} failed** "
        f"({total * 2 * FAIL + total * 2 * WEAK * 2 * CONFIRMED:.1e} expected by chance).",
        summary(mine, names, texts),
        further([record for record in failed if "further" in record]),
    ]))  # fmt: skip


def report(options, records, load, before):
    """Write results/trust/battery.{md,json} as far as it has come."""
    text = "\n\n".join(filter(None, [
        f"""A failure, fixed before any run: p closer than {FAIL:.0e} to 0 or 1, or a weak one whose test, repeated on a
fresh stretch of the stream with {REPEAT} times the samples, comes closer than {CONFIRMED:.0e}. Rows of one test share
their numbers (sts_serial, dab_filltree, RandomWalk1), so weak ones come in groups. "typical" is the mean distance of
the closest of so many uniform p values.""",
        *(results_of(suite, records) for suite in SUITES.values()),
        "## What the suites are given, and what they must catch",
        """Words enter whole. A normal x enters as the leading 24 bits of Phi(x), four normals in three words: x has a
grid of its own (the 2^64, or in float32 2^24 per octave, values of the transform), which Phi stretches; lower bits
would show that grid and say nothing of x. Every test has a stretch of the stream of its own, 2^34 steps or seeds from
the next, so that step groups beyond 2^32 are in it. The control is NumPy's PCG64DXSM through the same pipe.""",
        caught(records),
        "Suites look for structure, not for a law: normals 0.1 % too wide are for the moments of [tails.md](tails.md) "
        "to see. PractRand is not packaged for the systems that this ran on; `--emit STREAM` gives any stream, as raw "
        "32-bit words, to whichever battery is at hand.",
    ]))  # fmt: skip
    made = measurement.continued(before, measurement.conditions(load))
    options.results.mkdir(parents=True, exist_ok=True)
    page = f"# The noise through batteries of tests\n\n{text}\n\n{measurement.under(made)}\n"
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
    parser.add_argument("--all", action="store_true", help="the whole lists of tests instead of the short ones")
    parser.add_argument("--suite", choices=list(SUITES), help="of this suite only")
    parser.add_argument("--quick", action="store_true", help="the first three tests of each list only")
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
    suites = [SUITES[options.suite]] if options.suite else list(SUITES.values())
    tests = [
        (suite, *test) for suite in suites
        for test in ([*suite.short, *(suite.long if options.all else [])])[: 3 if options.quick else None]
    ]  # fmt: skip
    for reason in filter(None, (suite.missing() for suite in suites)):
        parser.error(reason)
    load, file = os.getloadavg()[0], options.results / "battery.json"
    kept = json.loads(file.read_text()) if options.resume and file.exists() else {"conditions": None, "results": []}
    before, records = kept["conditions"], kept["results"]
    done = {(record["stream"], record["suite"], record["d"], record["n"]) for record in records}
    names = options.streams or known
    for suite, test, ntuple in tests:  # test by test: a run cut short has looked at every stream
        for name in names:
            found = name in PLANTED and any(
                r["failed"] for r in records if (r["stream"], r["suite"]) == (name, suite.name)
            )
            if (name, suite.name, test, ntuple) in done or found or cpu_seconds() > 60.0 * options.minutes:
                continue
            record = examine(name, suite, test, ntuple)
            records.append(record)
            values = [row["p"] for row in record["rows"]]
            print(f"{name}, {suite.name} {test} -n {ntuple}: {record['seconds']} s", values, flush=True)
            report(options, records, load, before)
    for record in records:
        if record["failed"] and record["stream"] in STREAMS and "further" not in record:
            look_further(record)
    print(report(options, records, load, before))
    return int(any(record["failed"] for record in records if record["stream"] in STREAMS))


if __name__ == "__main__":
    sys.exit(main())

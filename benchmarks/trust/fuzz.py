"""Broken files and nonsensical formulas, by the hundred thousand: only our own errors, in bounded time and memory.

A formula is made from its kind and number, so that one that fails can be made again alone (--again KIND:NUMBER); a
file also from what it was made of, which says when it was made: those that fail are kept (--kept FOLDER).
Inputs are looked at in a child process with limits, so that a crash of a library is seen and counted.

    python benchmarks/trust/fuzz.py [--quick] [--formulas N] [--files N] [--only KIND] [--again KIND:NUMBER]
    python benchmarks/trust/fuzz.py --more ...      goes on behind the inputs of results/trust/fuzz.json
"""

import argparse
import collections
import contextlib
import functools
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import hostile_corpus
import hostile_files
import hostile_formulas
from limits import MEGABYTES, SECONDS, in_a_child, outcomes
from measurement import ROOT, conditions, continued, table, under


def survey(look, numbers, keep):
    """Counts, failures, the slowest and the largest of some inputs; those that fail are kept by their number."""
    counts, failures, slowest, largest = collections.Counter(), {}, (0.0, None), (0.0, None)
    for number, outcome, seconds, megabytes in outcomes(look, numbers):
        counts[outcome.split(":")[0]] += 1
        if outcome.startswith("FAILED"):
            failures.setdefault(outcome, []).append(number)
            keep(number)
        slowest, largest = max(slowest, (seconds, number)), max(largest, (megabytes, number))
    return {
        "inputs": sum(counts.values()), "counts": dict(counts), "failures": failures,
        "slowest": {"seconds": slowest[0], "number": slowest[1]},
        "largest": {"megabytes": largest[0], "number": largest[1]},
    }  # fmt: skip


def joined(before, more):
    """Two surveys as one."""
    if before is None:
        return more
    failures = {word: before["failures"].get(word, []) + more["failures"].get(word, [])
                for word in before["failures"] | more["failures"]}  # fmt: skip
    counts = dict(collections.Counter(before["counts"]) + collections.Counter(more["counts"]))
    worst = {
        name: max(before[name], more[name], key=lambda one: next(iter(one.values()))) for name in ("slowest", "largest")
    }
    return {"inputs": before["inputs"] + more["inputs"], "counts": counts, "failures": failures, **worst}


@contextlib.contextmanager
def scratch():
    """A folder in memory where there is one."""
    folder = tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        yield pathlib.Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(kind, broken, kept, number):
    """Copy the file that a child has just failed with; a formula is made again from its number."""
    for file in broken.iterdir() if kind.startswith("file") and broken.is_dir() else ():
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept / f"{kind.partition(' ')[2]}-{number}-{file.name}")


def kinds(folder):
    """Kind of input to its look: number -> word."""
    found = {f"formula {kind}": look for kind, look in hostile_formulas.looks().items()}
    return found | {f"file {kind}": look for kind, look in hostile_files.looks(folder).items()}


def main():
    """Look at all, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--formulas", type=int, default=120_000, help="texts (default: %(default)s)")
    parser.add_argument("--files", type=int, default=120_000, help="files (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a hundredth of both")
    parser.add_argument("--more", action="store_true", help="go on from the numbers in the folder of results")
    parser.add_argument("--only", default="", help="kinds that begin so, e.g. 'file' or 'formula grammar'")
    parser.add_argument("--again", metavar="KIND:NUMBER", help="one input alone, in this process")
    parser.add_argument("--kept", type=pathlib.Path, default=pathlib.Path("fuzz_failed"), metavar="FOLDER",
                        help="where files that fail are kept (default: %(default)s)")  # fmt: skip
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "results" / "trust")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with scratch() as folder:
        os.environ["BROWNIAN_CACHE_DIR"] = str(folder / "cache")
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        if options.files and not (options.only or options.again or "").startswith("formula"):
            in_a_child(hostile_corpus.make_corpus, folder)
        looks = kinds(folder)
        if options.again:
            kind, _, number = options.again.partition(":")
            print(looks[kind](int(number)))
            return
        share = {"formula": options.formulas, "file": options.files}
        place = options.results / "fuzz.json"
        found = json.loads(place.read_text()) if options.more and place.exists() else {}
        before = found.pop("conditions", None)
        for kind, look in looks.items():
            if kind.startswith(options.only):
                weights = {name: hostile_files.WEIGHTS.get(name.partition(" ")[2], 1) for name in looks
                           if name.split()[0] == kind.split()[0]}  # fmt: skip
                count = share[kind.split()[0]] * weights[kind] // sum(weights.values()) // (100 if options.quick else 1)
                start = time.perf_counter()
                first = found[kind]["inputs"] if kind in found else 0
                kept = functools.partial(keep, kind, folder / "broken", options.kept)
                found[kind] = joined(found.get(kind), survey(look, range(first, first + count), kept))
                each = 1e3 * (time.perf_counter() - start) / max(1, count)
                print(f"{kind}: {found[kind]['counts']}, {each:.2f} ms each", file=sys.stderr)
                for failure, numbers in found[kind]["failures"].items():
                    print(f"    {failure}  x{len(numbers)}, e.g. {numbers[:3]}", file=sys.stderr)
    _write(options, continued(before, conditions(load)), found)


def _write(options, made, found):
    """The table, and all there is to know of failures."""
    found = {kind: one for kind, one in found.items() if one["inputs"]}
    words = ["refused", "read", "accepted", "accepted and computed", "FAILED"]
    rows = [
        [kind, f"{one['inputs']:,}", *(f"{one['counts'].get(word, 0):,}" for word in words),
         f"{one['slowest']['seconds']:.2f} s", f"{one['largest']['megabytes']:.0f} MB"]
        for kind, one in sorted(found.items())
    ]  # fmt: skip
    failed = [
        f"* {kind}: {failure}, {len(numbers)} times, e.g. number {numbers[0]}"
        for kind, one in found.items()
        for failure, numbers in one["failures"].items()
    ]
    text = "\n\n".join([
        "# Broken files and nonsensical formulas",
        "refused: with an error of our own that says what is wrong; FAILED: another error, a crash, more than "
        f"{SECONDS:g} s of computing or more than {MEGABYTES} MB. The last columns are those of the worst input.",
        table(["inputs", "number", *words, "slowest", "memory"], rows),
        "\n".join(failed) or "Nothing failed.",
        under(made),
    ])  # fmt: skip
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "fuzz.md").write_text(text + "\n")
    (options.results / "fuzz.json").write_text(json.dumps(found | {"conditions": made}, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()

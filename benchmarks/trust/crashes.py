"""Kills, full disks, signals at every write of small runs: every promised frame is there, and every bit right.

    python benchmarks/trust/crashes.py              # all but writes torn in two, 200 random kills
    python benchmarks/trust/crashes.py --quick      # about 30 points spread over a run, and one of each of the rest
    python benchmarks/trust/crashes.py --only torn  # half of a write, as a loss of power may leave it: not promised
    python benchmarks/trust/crashes.py --plant NAME # with an error planted in the writer, which has to be caught

A frame is promised when its flush has returned and the file has its name.  After each accident the file is read as it
is, a copy is repaired (`brownian repair`) and read by h5py, the run is resumed, and compared with one that was left
alone, dataset by dataset.  Exit status 1 if a frame is lost, a bit is wrong, or a user would be left without a word.
"""

import argparse
import errno
import gc
import os
import pathlib
import re
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import crash_cases
import crash_plants
import numpy as np
from crash_ground import FAIL, HALF, KILL, OLD, PAGE, SEED, SIGNAL, Harm, Job, Judge, child, clean, preloaded, promising
from measurement import ROOT, conditions, save, table, wait_for_quiet

from brownian.trajectory import annotate, repair

ENDLESS = 2**31
TORN = "half of a write, as no kill leaves it"  # a loss of power may: only with `--only torn`
MODES = {
    "kill -9": lambda n: Harm(KILL, n),
    "kill -9 within a write, at a page's edge": lambda n: Harm(PAGE, n),
    "disk full from then on": lambda n: Harm(FAIL, n, ENDLESS, errno.ENOSPC),
    "one call fails (I/O error)": lambda n: Harm(FAIL, n, n, errno.EIO),
    "disk read-only from then on": lambda n: Harm(FAIL, n, ENDLESS, errno.EROFS),
    "SIGTERM": lambda n: Harm(SIGNAL, n, 0, signal.SIGTERM),
    "Ctrl-C": lambda n: Harm(SIGNAL, n, 0, signal.SIGINT),
    "Ctrl-C twice": lambda n: Harm(SIGNAL, n, n + 1, signal.SIGINT),
    "Ctrl-C twice, 9 calls apart": lambda n: Harm(SIGNAL, n, n + 9, signal.SIGINT),
}
KILLED, CUT, FULL, *OTHERS = MODES
MODES[TORN] = lambda n: Harm(HALF, n)
OURS = {"TrajectoryError", "FileInUse", "DiskTooSmall", "OSError", "FileExistsError", "PermissionError"}
OBEYED = {"KeyboardInterrupt", "SystemExit"}


class Ledger:
    """What was tried and found, by kind of accident."""

    def __init__(self):
        self.rows = {}

    def enter(self, kind, deed, outcome, verdict, expected):
        """Add one accident: what the child did, and what the judge found."""
        row = self.rows.setdefault(kind, {}).setdefault(
            deed, {"points": 0, "lost": 0, "wrong": 0, "ends": Counter(), "users_see": Counter(), "problems": []}
        )
        seen = [value for key, value in verdict.said if key == "seen"]
        row["points"] += 1
        row["lost"] += sum(lost for lost, _ in seen)
        row["wrong"] += sum(wrong for _, wrong in seen)
        row["ends"][verdict.last("end", "-")] += 1
        problems = [expected(outcome), f"left behind: {rest}" if (rest := verdict.last("rest", None)) else None]
        if verdict.status or verdict.error:
            problems.append(f"recovery: {verdict.status} {verdict.error[:1]} {verdict.error[2:]} {verdict.talk[-300:]}")
        crashed = outcome.error and outcome.status < 0
        # Not counted: what Python says of Ctrl-C in a callback, and HDF5 of a disk that failed as it closed a file.
        if outcome.talk.strip() and "KeyboardInterrupt" not in outcome.talk and not crashed:
            problems.append(f"talk: {outcome.talk[-300:]}")
        if any(lost or wrong for lost, wrong in seen):
            problems.append(f"(lost, wrong) = {seen}")
        row["problems"] += [f"{row['points']}: {problem}" for problem in problems if problem]
        if outcome.error:
            end = " (and then HDF5 crashes as the program ends)" if crashed else ""
            row["users_see"][plain(f"{outcome.error[0]}: {outcome.error[2]}") + end] += 1

    def sums(self, kind):
        """Points, frames lost, wrong numbers, problems, of all deeds."""
        rows = self.rows[kind].values()
        return *(sum(row[key] for row in rows) for key in ("points", "lost", "wrong")), [
            f"{deed} {problem}" for deed, row in self.rows[kind].items() for problem in row["problems"]
        ]


def plain(text):
    """A message without what differs from point to point."""
    return re.sub(r"\b\d+\b", "N", re.sub(r"(/[\w.-]+)+/(?=\w)", "", text))


def expectation(mode):
    """A function that says what is wrong with how a child ended, or None."""

    def check(outcome):
        if mode.how in (KILL, HALF, PAGE):
            return None if outcome.status == -signal.SIGKILL else f"not killed: {outcome.status} {outcome.error}"
        if mode.how == SIGNAL and outcome.status == -mode.code:
            return None  # before the run listens, or after
        if outcome.status < 0 and not outcome.error:
            return f"died of signal {-outcome.status}"
        if not outcome.error:
            return None if outcome.status == 0 else f"status {outcome.status}"
        name, _, text = outcome.error
        if mode.how == SIGNAL:
            return None if name in OBEYED else f"{name}: {text}"
        return None if name in OURS and ".h5md" in text and "[Errno" not in text[:7] else f"not ours: {name}: {text}"

    return check


class Deeds:
    """What can be going on when the accident comes: name to (file before, frames promised by seed, act)."""

    def __init__(self, judge, shim):
        self.judge, self.shim, self.path = judge, shim, judge.folder / "here" / "run.h5md"
        self.path.parent.mkdir(exist_ok=True)
        job = judge.job
        total = len(judge.frames[SEED]["steps"])
        whole, old = ((judge.folder / f"{job.name}{seed}.h5md").read_bytes() for seed in (SEED, OLD))
        clean(self.path.parent)
        outcome, _ = self.done(job.run, Harm())
        clean(self.path.parent)
        killed, _ = self.done(job.run, Harm(KILL, int(0.6 * outcome.last("points"))))
        torn = self.path.read_bytes()
        promised = {"frames": killed.last("frames"), "checkpoint": killed.last("checkpoint")}
        none = {SEED: 0, OLD: total}
        self.all = {
            "run": (None, none | {OLD: 0}, job.run),
            "resume": (torn, none | {SEED: promised["checkpoint"]}, lambda path: job.run(path, resume=True)),
            "repair": (torn, none | {SEED: promised["frames"]}, repair),
            "overwrite": (old, none, lambda path: job.run(path, overwrite=True)),
            "note": (whole, none | {SEED: total}, lambda path: annotate(path, "verdict", {"ratio": [1.0] * 200})),
        }

    def done(self, act, harm, before=None, limit=None, prepare=None):
        """Do it in a child, under harm; `prepare`: what is done once the file is there."""
        if prepare is None:
            clean(self.path.parent)
        if before is not None:
            self.path.write_bytes(before)
        if prepare is not None:
            prepare()
        outcome = child(self._act, act, harm, limit)
        return outcome, os.listdir(self.path.parent) if self.path.parent.exists() else []

    def _act(self, say, act, harm, limit):
        promising(say)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        harm.arm(self.shim, self.path.parent)
        act(self.path)
        say("points", self.shim.crash_points())
        say("kinds", self.shim.crash_kinds().decode())

    def accident(self, ledger, kind, name, harm, limit=None):
        """One accident, and the judgement."""
        before, promised, act = self.all[name]
        outcome, left = self.done(act, harm, before, limit)
        promised = promised | {SEED: max(promised[SEED], outcome.last("frames"))}
        verdict = child(self.judge, self.path, promised)
        deed = name if self.judge.job.name == "run" or name != "run" else "run with averages"
        check = expectation(harm._replace(how=FAIL) if limit is not None else harm)
        ledger.enter(kind, deed, outcome, verdict, check)
        lock = f"{self.path.name}.lock"  # blocks nobody once its writer has ended
        orderly = outcome.status >= 0 and harm.code != errno.EROFS
        if orderly and set(left) - {self.path.name, lock}:
            ledger.rows[kind][deed]["problems"].append(f"{harm}: left behind {left}")


def every_point(deeds, ledger, names, modes, spread=None):
    """All points, or so many of them."""
    for name in names:
        before, _, act = deeds.all[name]
        whole, _ = deeds.done(act, Harm(), before)
        total = whole.last("points")
        kinds = Counter(whole.last("kinds", ""))
        points = range(1, total + 1) if spread is None else np.linspace(1, total, spread + 2)[1:-1].astype(int)
        for kind in modes:
            began = time.monotonic()
            for point in points:
                deeds.accident(ledger, kind, name, MODES[kind](int(point)))
            took = f"{time.monotonic() - began:.0f} s"
            print(f"{kind}, {name}: {len(points)} of {total} points {dict(kinds)}, {took}", file=sys.stderr, flush=True)


def full_disk(deeds, ledger, names, sizes):
    """A limit of the size of files instead of a full disk: writes are cut short, then refused."""
    for name in names:
        largest = 1.1 * (deeds.judge.folder / f"{deeds.judge.job.name}{SEED}.h5md").stat().st_size
        for limit in np.linspace(0, largest, sizes).astype(int):
            deeds.accident(ledger, "file-size limit", name, Harm(), int(limit))


def main():
    """Everything, or a part of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about 30 points of a run, and one or two of the rest")
    parser.add_argument(
        "--only", nargs="*", choices=["points", "kills", "limits", "cases", "torn"], help="only these parts"
    )
    parser.add_argument("--plant", choices=crash_plants.PLANTS, help="plant an error, which has to be caught")
    parser.add_argument("--points", type=int, default=8, help="of the lesser accidents (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=200, help="random kills (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="of the times of random kills (default: %(default)s)")
    parser.add_argument(
        "--results", type=pathlib.Path, default=ROOT / "results" / "trust", help="folder of the results"
    )
    options = parser.parse_args()
    shim, memory = preloaded(), "/dev/shm"  # where waiting for the disk takes no time
    options.quiet, options.wait = 1.0, 0.0
    load, ledger, parts = wait_for_quiet(options), Ledger(), options.only or ["points", "kills", "limits", "cases"]
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        folder = pathlib.Path(folder).resolve()
        folder.chmod(0o711)
        gc.freeze()
        deeds = Deeds(Judge(Job("run"), folder), shim)
        if options.plant:
            crash_plants.PLANTS[options.plant]()
            every_point(deeds, ledger, ["run"], [KILLED], 24)
            every_point(deeds, ledger, ["resume", "overwrite"], [KILLED], 4)
            raise SystemExit(report(options, ledger, load))
        if "points" in parts:
            few, some = (2, 15) if options.quick else (options.points, None)
            every_point(deeds, ledger, ["run"], [KILLED, CUT], some)
            every_point(deeds, ledger, ["run"], [FULL, *OTHERS], few)
            every_point(deeds, ledger, ["note"], [FULL])
            if not options.quick:
                every_point(deeds, ledger, ["resume", "repair", "overwrite", "note"], [KILLED])
                every_point(deeds, ledger, ["run"], [FULL])
                every_point(deeds, ledger, ["resume", "repair", "overwrite"], [FULL], few)
                every_point(deeds, ledger, ["resume", "repair", "note"], OTHERS, few // 2)
                every_point(Deeds(Judge(Job("observed"), folder), shim), ledger, ["run"], [KILLED])
        if "torn" in parts:
            every_point(deeds, ledger, ["run"], [TORN], 15 if options.quick else None)
        if "limits" in parts:
            full_disk(deeds, ledger, ["run"] if options.quick else ["run", "resume", "repair", "overwrite"],
                      3 if options.quick else 12)  # fmt: skip
        if "kills" in parts:
            crash_cases.random_kills(ledger, folder, 10 if options.quick else options.kills, options.seed)
        if "cases" in parts:
            crash_cases.cases(deeds, ledger)
    raise SystemExit(report(options, ledger, load))


def report(options, ledger, load):
    """Write the table; returns the exit status."""
    rows, words, bad = [], [], 0
    for kind in ledger.rows:
        points, lost, wrong, problems = ledger.sums(kind)
        ends = sum((row["ends"] for row in ledger.rows[kind].values()), Counter())
        bad += len(problems) + lost + wrong
        on = ", ".join(f"{name} {count}" for name, count in sorted(ends.items()))
        rows.append((kind, ", ".join(ledger.rows[kind]), points, lost, wrong, len(problems), on))
        seen = sum((row["users_see"] for row in ledger.rows[kind].values()), Counter())
        words += [(kind, count, text.replace("\n", " ").replace("|", "/")) for text, count in seen.most_common()]
    header = ("accident", "during", "tried", "frames lost", "wrong numbers", "other faults", "how the run went on")
    text = f"{__doc__.partition(chr(10))[0]}\n\n{table(header, rows)}\n\nWhat a user of Python sees (N: a number; "
    text += f"the command line shows the text alone):\n\n{table(('accident', 'times', 'message'), words)}"
    if not options.plant:
        save(options, "crashes", "Crash injection", text, conditions(load, seed=options.seed), ledger.rows)
    for kind in ledger.rows:
        for problem in ledger.sums(kind)[3][:4]:
            print(f"FAULT {kind}: {problem}", file=sys.stderr)
    if options.plant:
        print(table(header, rows))
        print(f"planted: {options.plant}; {'caught' if bad else 'NOT CAUGHT'}")
    return int(bool(bad))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()

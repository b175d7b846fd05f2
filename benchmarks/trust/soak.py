"""Soak: all that the package does, round and round in one process, for an hour; memory, drift, conserved quantities.

Simulations that live for the whole hour are taken on in every round, from the state where they were and the next step
(some cross step 2^32); others are made anew with the round's seed; one is a file that is stopped by Ctrl-C and resumed
in every round.  What should be stationary is noted in 64 groups of independent particles: the slope over the hour is
judged in standard errors over the groups, the level, where theory is exact, too.  What is conserved must be exact.

    python benchmarks/trust/soak.py                     # an hour
    python benchmarks/trust/soak.py --quick             # a minute
    python benchmarks/trust/soak.py --quick --plant leak       # or drift, ledger, descriptor: it must be found
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from measurement import ROOT, conditions, table, under
from soak_rounds import GROUPS, rounds_of

import brownian as bn

LIMIT = 5.0  # standard errors
GROWTH_MB = 16.0  # of resident memory from the end of the warm-up to the end of the run, by the fitted line
WARM_UP = 0.1
PANELS = {
    "GJF, trap: m<v^2>": r"kinetic temperature, GJF in a trap",
    "BAOAB, double well: <U>": r"$\langle U\rangle$, BAOAB in a double well",
    "MALA, double well: <x^2>": r"$\langle x^2\rangle$, MALA in a double well",
    "Euler-Maruyama, free: mean of the noise": "mean of the noise, free particles",
    "driven trap: work of a round": "work of a round, driven trap",
}


def memory():
    """Resident memory [MB], open file descriptors, threads."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(os.listdir("/proc/self/fd")), threading.active_count()


class Record:
    """What a round found, kept on disk, so that keeping it takes no memory."""

    def __init__(self, folder, plant):
        self.folder, self.plant, self.expected = folder, plant, {}
        self.checks, self.failures, self.verdicts, self.worst = {}, [], {}, 0.0
        self.now, self.values = 0.0, (folder / "values.jsonl").open("w")

    def note(self, name, values, expected=None):
        """A stationary quantity: values of independent particles (or chains), or one number."""
        values = np.asarray(values, dtype=np.float64)
        groups = values.reshape(GROUPS, -1).mean(axis=1) if values.size > 1 else values.ravel()
        self.values.write(json.dumps([name, self.now, groups.tolist()]) + "\n")
        if expected is not None:
            self.expected[name] = float(expected)

    def must(self, name, holds, word=""):
        """Something that holds exactly."""
        self.checks[name] = self.checks.get(name, 0) + 1
        if not holds and len(self.failures) < 50:
            self.failures.append(f"{name}, after {self.now:.0f} s: {word}")

    def read(self):
        """Name to (times, values of shape (rounds, groups))."""
        self.values.flush()
        found: dict[str, list] = {}
        for line in (self.folder / "values.jsonl").open():
            name, when, groups = json.loads(line)
            found.setdefault(name, []).append((when, groups))
        return {name: (np.array([t for t, _ in rows]), np.array([g for _, g in rows])) for name, rows in found.items()}


def slope(times, values):
    """Least squares slope of each column."""
    t = times - times.mean()
    return t @ (values - values.mean(axis=0)) / (t @ t)


def judged(times, values, expected):
    """Mean, its error, the change over the run by the slope, its error, and both deviations in standard errors.

    64 groups: errors over the groups, which are independent whatever the correlations in time.  One number per round,
    each from a seed of its own: errors over the rounds.
    """
    length = times[-1] - times[0]
    if values.shape[1] > 1:
        change, means = slope(times, values) * length, values.mean(axis=0)
        found, level = bn.analysis.mean(change), bn.analysis.mean(means)
    else:
        y, level = values[:, 0], bn.analysis.mean(values[:, 0])
        change = float(slope(times, values)[0] * length)
        left = y - y.mean() - change / length * (times - times.mean())
        spread = np.sqrt(left @ left / (len(y) - 2) / ((times - times.mean()) ** 2).sum()) * length
        found = bn.analysis.statistics.Estimate(change, spread, len(y) - 1)
    off = None if expected is None else float(level.z(expected))
    return {
        "rounds": len(times), "mean": float(level.value), "error": float(level.error), "expected": expected, "z": off,
        "change": float(found.value), "change_error": float(found.error), "z_drift": float(found.z(0.0)),
    }  # fmt: skip


def soak(seconds, scale, plant, folder):
    """Go round and round; returns the record and the samples of memory."""
    record, hoard, samples = Record(folder, plant), [], []
    rounds = rounds_of(record, folder, scale, seconds)
    with (folder / "warm.jsonl").open("w") as record.values:  # everything compiled
        next(rounds)
        next(rounds)  # also what only goes on
    record.values, began = (folder / "values.jsonl").open("w"), time.monotonic()
    while record.now < seconds:
        record.now = time.monotonic() - began
        next(rounds)
        if plant == "leak":
            hoard.append(np.ones(200_000))
        if plant == "descriptor":
            hoard.append((folder / "warm.jsonl").open())
        samples.append((time.monotonic() - began, *memory()))
    record.now = seconds
    rounds.close()  # the last look at what lived for the whole run
    return record, np.array(samples)


def grown(samples):
    """Growth after the warm-up: memory [MB] by the fitted line, descriptors and threads by their medians."""
    late = samples[samples[:, 0] > WARM_UP * samples[-1, 0]]
    line = float(slope(late[:, 0], late[:, 1]) * (late[-1, 0] - late[0, 0]))
    third = max(1, len(late) // 3)
    more = [float(np.median(late[-third:, k]) - np.median(late[:third, k])) for k in (2, 3)]
    return {"memory_MB": line, "descriptors": more[0], "threads": more[1], "peak_MB": float(samples[:, 1].max())}


def draw(path, samples, found, record):
    """Memory, five quantities against time, and all slopes."""
    figure, axes = bn.plotting.figure(rows=2, columns=4, figsize=(17.5, 8.0))
    unit, label = (60.0, "time [min]") if samples[-1, 0] > 300.0 else (1.0, "time [s]")
    with bn.plotting.style():
        ax, warm = axes[0, 0], WARM_UP * samples[-1, 0]
        ax.axvspan(0.0, warm / unit, color="0.93")
        ax.plot(samples[:, 0] / unit, samples[:, 1], lw=1.2)
        late = samples[samples[:, 0] > warm]
        middle, t = late[:, 1].mean(), late[:, 0]
        ax.plot(t / unit, middle + slope(t, late[:, 1]) * (t - t.mean()), "k--", lw=1.2)
        ax.set(title="resident memory", ylabel="MB", ylim=(0.0, 1.25 * samples[:, 1].max()), xlabel=label)
        ax.text(0.05, 0.05, f"{grown(samples)['memory_MB']:+.2f} MB after the warm-up", transform=ax.transAxes)
        ax = axes[0, 1]
        for k, name in ((2, "file descriptors"), (3, "threads")):
            ax.plot(samples[:, 0] / unit, samples[:, k], lw=1.2, label=name)
        ax.set(title="descriptors and threads", ylim=(0.0, None), xlabel=label)
        ax.legend()
        data = record.read()
        for ax, (name, title) in zip([axes[0, 2], axes[0, 3], *axes[1, :3]], PANELS.items(), strict=True):
            times, values = data[name]
            parts = np.array_split(np.arange(len(times)), min(24, len(times)))
            blocks = bn.analysis.mean(np.array([values[rows].mean(axis=0) for rows in parts]), axis=1)
            middles = np.array([times[rows].mean() for rows in parts])
            bn.plotting.with_errors(middles / unit, blocks, ax=ax)
            one = found[name]
            if one["expected"] is not None:
                ax.axhline(one["expected"], color="k", ls="--", lw=1.2)
            ends = np.array([times[0], times[-1]])
            ax.plot(ends / unit, one["mean"] + one["change"] * np.array([-0.5, 0.5]), color="#bd1f01", lw=1.2)
            ax.set(title=f"{title}\nslope {one['z_drift']:+.1f} standard errors", xlabel=label)
        ax, z = axes[1, 3], np.sort([one["z_drift"] for one in found.values()])
        ax.axhspan(-LIMIT, LIMIT, color="0.95")
        ax.plot(np.arange(1, len(z) + 1), z, "o")
        ax.axhline(0.0, color="k", lw=0.8)
        ax.set(title=f"slopes of all {len(z)} quantities", ylabel="standard errors", xlabel="quantity, sorted")
        figure.savefig(path, dpi=150)
        plt.close(figure)


def page(made, found, record, samples, wrong):
    """The report."""
    growth, hour = grown(samples), samples[-1, 0] / 60.0
    rows = [
        [
            name, f"{one['rounds']:,}", f"{one['mean']:.6g} +- {one['error']:.1g}",
            "" if one["expected"] is None else f"{one['expected']:.6g}", "" if one["z"] is None else f"{one['z']:+.2f}",
            f"{one['change']:+.1e} +- {one['change_error']:.0e}", f"{one['z_drift']:+.2f}",
        ]
        for name, one in sorted(found.items())
    ]  # fmt: skip
    head = ["quantity", "rounds", "mean", "exact", "z", "change over the run, by its slope", "z of the slope"]
    exact = table(["exact, at every check", "checks"], [[name, f"{n:,}"] for name, n in sorted(record.checks.items())])
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(record.verdicts.items()))
    wrongs = "\n".join(f"* {line}" for line in wrong) or "* nothing"
    return f"""# Soak: {hour:.0f} minutes of everything, in one process

![Memory, quantities and their slopes](soak.png)

{len(samples):,} rounds on 2 threads.  Resident memory: {growth["memory_MB"]:+.2f} MB from the end of the warm-up (first
{100 * WARM_UP:.0f} %) to the end, by the fitted line (bound {GROWTH_MB:g} MB); peak {growth["peak_MB"]:.0f} MB;
file descriptors {growth["descriptors"]:+.0f}, threads {growth["threads"]:+.0f}.  The books closed to
{record.worst:.2g} of the rounding bound at worst.  Verdicts of the files' own validation: {said}.

What was found wrong ({LIMIT:g} standard errors for slopes and levels; everything else exactly):

{wrongs}

{table(head, rows)}

{exact}

{under(made)}
"""


def main():
    """Soak, judge, draw, save; exit status 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default: %(default)g)")
    parser.add_argument("--quick", action="store_true", help="a minute of rounds of a tenth of the size")
    parser.add_argument("--plant", choices=("leak", "drift", "ledger", "descriptor"), help="an error to be found")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "results" / "trust", help="folder of the report")
    options = parser.parse_args()
    warnings.simplefilter("ignore", bn.Advice)  # what is coarse here is meant to be
    os.environ["BROWNIAN_THREADS"] = "2"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored in the background
    load, seconds = os.getloadavg()[0], 60.0 if options.quick else 60.0 * options.minutes
    with tempfile.TemporaryDirectory(prefix="brownian-soak-") as folder:
        record, samples = soak(seconds, 0.1 if options.quick else 1.0, options.plant, pathlib.Path(folder))
        data = record.read()
        found = {name: judged(*series, record.expected.get(name)) for name, series in data.items()}
        growth, wrong = grown(samples), list(record.failures)
        for name, one in found.items():
            if not abs(one["z_drift"]) < LIMIT:
                wrong.append(f"{name} drifts: {one['z_drift']:+.1f} standard errors")
            if one["z"] is not None and not abs(one["z"]) < LIMIT:
                wrong.append(f"{name} is off: {one['z']:+.1f} standard errors")
        if growth["memory_MB"] > GROWTH_MB:
            wrong.append(f"memory grows: {growth['memory_MB']:.1f} MB")
        wrong += [f"{what} grow by {growth[what]:g}" for what in ("descriptors", "threads") if growth[what] > 0]
        made = conditions(load)
        folder = options.results
        folder.mkdir(parents=True, exist_ok=True)
        draw(folder / "soak.png", samples, found, record)
        text = page(made, found, record, samples, wrong)
        thin = samples[:: max(1, len(samples) // 300)]
        results = {
            "wrong": wrong, "growth": growth, "checks": record.checks, "verdicts": record.verdicts, "found": found,
            "books": record.worst, "samples": np.round(thin, 3).tolist(),
        }  # fmt: skip
        (folder / "soak.json").write_text(json.dumps({"conditions": made, "results": results}, indent=1) + "\n")
        (folder / "soak.md").write_text(text)
        print(text)
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

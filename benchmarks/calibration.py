"""How often the verdict fails a correct run, and whether its p-values are uniform.

    python benchmarks/calibration.py [--runs 1000] [--seed 1]

Small runs of several systems with consecutive seeds, each judged with its averages and responses.  The false-alarm rate
at family levels of 5 % and 1 % must lie in its binomial interval, and the p-values of each test must be uniform
(Kolmogorov-Smirnov; Holm over the tests).  Writes results/benchmarks/calibration.json and .md.
"""

import argparse
import os
import pathlib
import sys
import time

import numpy as np
from measurement import RESULTS, conditions, save, table
from scipy import stats

import brownian as bn
from brownian.fdt import validate
from brownian.fdt.exact import holm

UNDERDAMPED, OVERDAMPED = bn.Langevin(mass=1.3, friction=0.7, kT=0.9), bn.Overdamped(friction=0.7, kT=0.9)
TRAP, WELLS = bn.Harmonic(2.1), bn.DoubleWell(barrier=2.0, width=1.2)
SYSTEMS = {
    "GJF, trap, 2-d": (TRAP, UNDERDAMPED, bn.GJF(), 0.3, 2),
    "BAOAB, double well": (WELLS, UNDERDAMPED, bn.BAOAB(), 0.1, 1),
    "OBABO, trap": (TRAP, UNDERDAMPED, bn.OBABO(), 0.3, 1),
    "Euler-Maruyama, trap, overdamped": (TRAP, OVERDAMPED, bn.EulerMaruyama(), 0.05, 1),
    "Leimkuhler-Matthews, trap": (TRAP, OVERDAMPED, bn.LeimkuhlerMatthews(), 0.05, 1),
    "GJF, free": (bn.Free(), UNDERDAMPED, bn.GJF(), 0.3, 1),
}


def verdict_of(name, seed, particles=24, steps=400):
    """The verdict on one small correct run."""
    potential, dynamics, integrator, dt, dimension = SYSTEMS[name]
    simulation = bn.Simulation(
        potential=potential, dynamics=dynamics, integrator=integrator, dt=dt, particles=particles, dimension=dimension,
        seed=seed,
    )  # fmt: skip
    return validate(simulation.run(steps=steps, every=dt, threads=1), family_error=0.05)


def kind_of(name):
    """Lines of one test in different systems under one name."""
    return name.split(",")[0] if name.startswith(("distribution", "[C(0)", "w S(w)")) else name


def measure(runs, first_seed, report=sys.stderr):
    """Judge ``runs`` correct runs; returns the smallest adjusted p of each, and all p-values by test."""
    smallest, by_test, broken, began = [], {}, 0, time.monotonic()
    names = list(SYSTEMS)
    for k in range(runs):
        verdict = verdict_of(names[k % len(names)], first_seed + k)
        smallest.append(verdict.p)
        broken += sum(line.kind == "rounding" and line.verdict == "fail" for line in verdict.lines)
        for line in verdict.lines:
            if line.kind == "statistical" and not line.bias:
                by_test.setdefault(kind_of(line.name), []).append(line.p)
        if (k + 1) % 200 == 0:
            print(f"{k + 1} of {runs} runs, {time.monotonic() - began:.0f} s", file=report)
    return np.array(smallest), by_test, broken


def summary(smallest, by_test, broken):
    """Rates with their binomial intervals, and uniformity of every test."""
    runs = len(smallest)
    rates = {}
    for level in (0.05, 0.01):
        alarms = int((smallest <= level).sum())
        low, high = stats.binom.interval(0.99, runs, level)
        rates[f"{level:g}"] = {
            "alarms": alarms, "rate": alarms / runs, "interval": [int(low), int(high)],
            "inside": bool(low <= alarms <= high),
        }  # fmt: skip
    tests = {}
    enough = {name: values for name, values in by_test.items() if len(values) >= 50}
    uniform = [float(stats.kstest(values, "uniform").pvalue) for values in enough.values()]
    for (name, values), p, adjusted in zip(enough.items(), uniform, holm(uniform), strict=True):
        values = np.array(values)
        tests[name] = {
            "p_values": len(values), "ks_p": p, "ks_p_holm": float(adjusted),
            "below_0.05": float((values <= 0.05).mean()), "below_0.01": float((values <= 0.01).mean()),
            "below_0.001": float((values <= 0.001).mean()),
        }  # fmt: skip
    return {"runs": runs, "rates": rates, "rounding_failures": broken, "tests": tests}


def page(data):
    """The result as Markdown."""
    rates = [
        [level, rate["alarms"], data["runs"], "{} to {}".format(*rate["interval"]), "yes" if rate["inside"] else "NO"]
        for level, rate in data["rates"].items()
    ]
    tests = [
        [name.replace("|", chr(92) + "|"), test["p_values"], f"{test['ks_p']:.3g}", f"{test['ks_p_holm']:.3g}"]
        + [f"{test[f'below_{level}']:.4f}" for level in ("0.05", "0.01", "0.001")]
        for name, test in data["tests"].items()
    ]
    return "\n\n".join(
        [
            table(["family level", "alarms", "runs", "binomial interval (99 %)", "inside"], rates),
            f"Rounding tests that failed: {data['rounding_failures']}.",
            table(["test", "p-values", "KS p", "KS p (Holm)", "<= 0.05", "<= 0.01", "<= 0.001"], tests),
        ]
    )


def main():
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="number of runs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first (default: %(default)s)")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="folder for the table and the JSON")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    data = summary(*measure(options.runs, options.seed))
    save(options, "calibration", "Calibration of the verdict", page(data), conditions(load), data)


if __name__ == "__main__":
    main()

"""Correlations between neighbours: seeds, steps, particles, components, kinds and purposes, of values and of squares.

    python benchmarks/trust/correlations.py             2 10^7 numbers for each comparison
    python benchmarks/trust/correlations.py --quick     2 10^5

Two ways: at a lag along the streams of `streams`, and between a counter or key and the one that differs in one bit.
For independent numbers, each correlation is 0 with the standard error 1 / sqrt(numbers).
"""

import argparse
import math
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import measurement
import numpy as np
from scipy.stats import norm
from streams import PURPOSES, STREAMS, Source

from brownian.noise import Philox, PhiloxFloat32, normals_at

RESULTS = measurement.ROOT / "results" / "trust"
BOUND = 5.0  # standard errors
_SIMULATION = {"next component": 1, "next particle": 3, "particle + 4": 12, "next step": 3 * 16384}
_PARTICLE = {"next step": 1, "step + 2": 2, "step + 3": 3, "next call": 4, "step + 64": 64}
_SEEDS = {"next seed": 1, "seed + 2": 2, "seed + 16": 16, "seed + 256": 256, "next step": 2**16, "both": 2**16 + 1}
_COMPONENTS = {"next component": 1, "component + 2": 2, "component + 256": 256, "other kind": 1024, "next step": 2048}
_PURPOSES = {"next purpose": 1, "purpose + 2": 2, "purpose + 16": 16, "next particle": PURPOSES}
LAGS = {
    **dict.fromkeys(("simulation", "simulation float32", "simulation words"), _SIMULATION),
    **dict.fromkeys(("one particle", "one particle float32"), _PARTICLE),
    **dict.fromkeys(("seeds", "seeds words"), _SEEDS),
    "components": _COMPONENTS,
    **dict.fromkeys(("purposes", "purposes words"), _PURPOSES),
}
PLANTED = {"shared noise": _SIMULATION, "recycled noise": _SIMULATION}


def powers(numbers):
    """Values and squares of normals or of 32-bit words, with mean 0 and variance 1."""
    if numbers.dtype == np.uint32:
        x = (numbers.astype(np.float64) + 0.5 - 2.0**31) * (math.sqrt(12.0) * 2.0**-32)
        return x, (x * x - 1.0) / math.sqrt(0.8)
    x = numbers.astype(np.float64)
    return x, (x * x - 1.0) / math.sqrt(2.0)


def along(name, lags, numbers):
    """Correlations at lags along a stream, each as (what, of what, value, number of products)."""
    source, sums, count = Source(name), np.zeros((len(lags), 2)), np.zeros(len(lags))
    while count.min() < numbers:
        both = powers(source.numbers())
        for k, lag in enumerate(lags.values()):
            sums[k] += [np.dot(x[:-lag], x[lag:]) for x in both]
            count[k] += both[0].size - lag
    return [
        {"of": name, "to": to, "power": power + 1, "correlation": sums[k, power] / count[k], "numbers": count[k]}
        for k, to in enumerate(lags)
        for power in range(2)
    ]


def one_bit_apart(kind, numbers):
    """Correlations between the normals at a place and at the place that differs in one bit of seed, step, particle."""
    base = {"seed": 0x9E3779B97F4A7C15, "step": 3 * 2**33 + 1232, "first_particle": 2**29 + 98304}
    bits = {"seed": range(64), "step": range(4, 62), "first_particle": range(12, 32)}

    def block(place):
        shape = {"particles": 4096, "dimension": max(1, round(numbers / (16 * 4096)))}
        seed = kind(np.uint64(place["seed"]))
        return normals_at(seed, place["step"], 16, first_particle=place["first_particle"], **shape).ravel()

    here, found = powers(block(base)), []
    for part, places in bits.items():
        for bit in places:
            there = powers(block(base | {part: base[part] ^ (1 << bit)}))
            for power in range(2):
                value = np.dot(here[power], there[power]) / here[power].size
                found.append({"of": f"{kind.__name__}, one bit of {part.removeprefix('first_')}", "to": f"bit {bit}",
                              "power": power + 1, "correlation": value, "numbers": here[power].size})  # fmt: skip
    return found


def distance(entry):
    """A correlation in standard errors."""
    return float(entry["correlation"] * math.sqrt(entry["numbers"]))


def rows(entries):
    """A row per stream: how many correlations, the largest in standard errors, and what is typical for so many."""
    made = []
    for name in dict.fromkeys(entry["of"] for entry in entries):
        mine = [entry for entry in entries if entry["of"] == name]
        worst = max(mine, key=lambda entry: abs(distance(entry)))
        typical = norm.isf((1.0 - 0.5 ** (1.0 / len(mine))) / 2.0)
        what = f"{worst['to']}{', squares' if worst['power'] == 2 else ''}"
        made.append([name, len(mine), f"{min(entry['numbers'] for entry in mine):.1e}", what,
                     f"{worst['correlation']:+.1e}", f"{abs(distance(worst)):.2f}", f"{typical:.2f}"])  # fmt: skip
    return made


def main():
    """Correlate, compare, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", type=float, default=2e7, help="for each comparison (default: 2e7)")
    parser.add_argument("--quick", action="store_true", help="2 10^5")
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="default: results/trust")
    options = parser.parse_args()
    numbers, load = 2e5 if options.quick else options.numbers, os.getloadavg()[0]
    if not 1e4 <= numbers <= 1e12:
        parser.error(f"--numbers = {numbers:g}, but it must be from 1e4 to 1e12")
    entries = [entry for name in STREAMS for entry in along(name, LAGS[name], numbers)]
    for kind in (Philox, PhiloxFloat32):
        entries += one_bit_apart(kind, numbers / 10)
    planted = [entry for name, lags in PLANTED.items() for entry in along(name, lags, numbers / 10)]
    z = [abs(distance(entry)) for entry in entries]
    beyond = sum(value > 3.0 for value in z)
    passed = max(z) < BOUND and all(
        max(abs(distance(entry)) for entry in planted if entry["of"] == name) > BOUND for name in PLANTED
    )
    header = ["stream", "correlations", "numbers each", "the farthest from 0", "its value", "in standard errors",
              "typical of so many"]  # fmt: skip
    text = "\n\n".join([
        f"{len(z)} correlations, of values and of squares; farthest {max(z):.2f} standard errors (bound {BOUND:g}), "
        f"{beyond} beyond 3 ({2 * norm.sf(3.0) * len(z):.1f} expected): **{'passed' if passed else 'FAILED'}**.",
        measurement.table(header, rows(entries)),
        "Planted errors, which must be found:",
        measurement.table(header, rows(planted)),
    ])  # fmt: skip
    data = [entry | {"z": distance(entry)} for entry in entries + planted]
    measurement.save(
        options, "correlations", "Correlations between neighbours", text, measurement.conditions(load), data
    )
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())

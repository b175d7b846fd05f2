"""Moments and tails of the normals against the exact law, with 10^10 draws of either noise.

    python benchmarks/trust/tails.py             10^10 draws of float64 and of float32 noise, on one thread
    python benchmarks/trust/tails.py --quick     10^8

The draws are steps 0 ... of 10^6 particles, as a simulation sees them.
"""

import argparse
import math
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import measurement
import numpy as np
from scipy.stats import norm, poisson

from brownian import noise
from brownian.caching import compiled_for
from brownian.noise import STEP, Philox, PhiloxFloat32, draw

RESULTS = measurement.ROOT / "results" / "trust"
LANES, PARTICLES = 250, 10**6
POWERS = 8
THRESHOLDS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.3])
BOUND = 5.0  # standard errors; for rare events a probability of 6e-7, which is the same
PLANTED = 1.001  # normals 0.1 % too wide, which must be found with 10^9 draws (10^8 do)
KINDS = {"float64": (Philox, 41), "float32": (PhiloxFloat32, 32)}  # with the bits of u in r = sqrt(-2 ln u)


def accumulate(noise, z, row, words, scale, first_step, groups, blocks, thresholds, sums, counts, extremes):
    """Draw blocks of particles for groups of steps; add up powers, counts beyond +-thresholds, and extremes."""
    for block in range(blocks):
        for group in range(groups):
            draw(noise, z, row, words, first_step + 4 * group, block * z.shape[3], STEP)
            for s in range(4):
                x = z[s, 0, 0]
                for i in range(x.size):
                    value = np.float64(x[i]) * scale
                    square = value * value
                    fourth = square * square
                    sums[0, i] += value
                    sums[1, i] += square
                    sums[2, i] += square * value
                    sums[3, i] += fourth
                    sums[4, i] += fourth * value
                    sums[5, i] += fourth * square
                    sums[6, i] += fourth * square * value
                    sums[7, i] += fourth * fourth
                    extremes[0, i] = min(extremes[0, i], value)
                    extremes[1, i] = max(extremes[1, i], value)
                for k in range(thresholds.size):
                    above, below = 0, 0
                    for i in range(x.size):
                        above += np.float64(x[i]) * scale > thresholds[k]
                        below += np.float64(x[i]) * scale < -thresholds[k]
                    counts[0, k] += below
                    counts[1, k] += above


def counted(source, draws, scale=1.0):
    """Sums of powers 1 ... 8, counts below and above, smallest and largest of so many draws."""
    z = source.buffer(4, 1, 1, LANES)
    row, words = source.buffer(1, 1, 2, 1)[0, 0], np.empty((4, LANES), np.uint32)
    sums, counts = np.zeros((POWERS, LANES)), np.zeros((2, THRESHOLDS.size), np.int64)
    extremes = np.zeros((2, LANES))
    run = compiled_for(accumulate, source)
    particles = min(PARTICLES, draws // 4)
    steps, stretch = draws // particles, 40
    for first in range(0, steps, stretch):
        groups = min(stretch, steps - first) // 4
        run(source, z, row, words, scale, first, groups, particles // LANES, THRESHOLDS, sums, counts, extremes)
    totals = np.array([math.fsum(row) for row in sums])
    return totals, counts, np.array([extremes[0].min(), extremes[1].max()])


def own_tail(threshold, bits):
    """P(x > threshold) of the transform itself: r = sqrt(-2 ln u) takes 2^bits values, the angle any."""
    reach = math.exp(-0.5 * threshold**2) * 2.0**bits
    u = (np.arange(math.ceil(reach)) + 0.5) * 2.0**-bits
    r = np.sqrt(-2.0 * np.log(u))
    return float(np.arccos(np.minimum(1.0, threshold / r[r > threshold])).sum() / math.pi * 2.0**-bits)


def deviates_from(bits, by=0.01):
    """Where the transform's tail is first wrong by more than 1 %, on a grid of 0.001 from where it is surely right."""
    first, last = (math.sqrt(2.0 * (bits * math.log(2.0) - math.log(count))) for count in (1000.0, 0.5))
    return next(t for t in np.arange(first, last, 0.001).tolist() if abs(own_tail(t, bits) / norm.sf(t) - 1.0) > by)


def largest_possible(kind):
    """The largest value that the transform can give: of the smallest u, over all corners of the angle."""
    corners = [*range(64), *(q * 2**k + d for q in (1, 2, 3) for k in (21, 28, 29, 30) for d in range(-64, 64))]
    if kind == "float64":
        pairs = [noise.normal_pair(np.uint64(0), np.uint64(b & (2**23 - 1))) for b in corners]
    else:
        pairs = [noise.normal_pair32(np.uint32(0), np.uint32(b & (2**32 - 1))) for b in corners]
    return float(np.abs(pairs).max())


def moment(power):
    """E x^power of a standard normal."""
    return math.prod(range(power - 1, 0, -2)) if power % 2 == 0 else 0


def surprise(seen, expected):
    """The two-sided probability of a Poisson number as far out as this, as standard errors with a sign."""
    lower, upper = poisson.cdf(seen, expected), poisson.sf(seen - 1, expected)
    p = min(1.0, 2.0 * min(lower, upper))
    return math.copysign(float(norm.isf(max(p, 1e-300) / 2.0)), seen - expected)


def verdicts(sums, counts, draws):
    """Moments and counts with their expectation and their distance from it in standard errors."""
    moments = []
    for power in range(1, POWERS + 1):
        error = math.sqrt((moment(2 * power) - moment(power) ** 2) / draws)
        mean = sums[power - 1] / draws
        moments.append({"power": power, "mean": mean, "exact": moment(power), "error": error,
                        "z": (mean - moment(power)) / error})  # fmt: skip
    tails = []
    for side, sign in enumerate((-1, 1)):
        for k, threshold in enumerate(THRESHOLDS):
            p = float(norm.sf(threshold))
            expected, seen = draws * p, int(counts[side, k])
            z = (seen - expected) / math.sqrt(expected * (1.0 - p)) if expected > 1e4 else surprise(seen, expected)
            tails.append({"beyond": sign * float(threshold), "expected": expected, "seen": seen, "z": z})
    return moments, tails


def page(results, draws):
    """The tables of both precisions."""
    parts = []
    for kind, made in results.items():
        every = [abs(entry["z"]) for entry in made["moments"] + made["tails"]]
        median = norm.isf(math.log(2.0) / (2.0 * draws))
        own = {
            abs(t["beyond"]): f"{t['own'] / norm.sf(abs(t['beyond'])):.6f}" if t["own"] else "" for t in made["tails"]
        }
        parts += [
            f"""## {kind} noise

{len(every)} comparisons, farthest {max(every):.1f} standard errors (bound {BOUND:g}): **{_word(max(every))}**.
Largest value possible {made["possible"]:.3f}; seen {made["smallest"]:.3f} and {made["largest"]:.3f} (of so many exact
normals the largest |x| has the median {median:.3f}). A true |x| is beyond what is possible with probability
{2 * norm.sf(made["possible"]):.1e}; the transform's own tail P(x > t) is within 1 % of the exact one up to
t = {made["deviates"]:.2f}.""",
            measurement.table(
                ["moment", "mean", "exact", "standard error", "distance / standard error"],
                [
                    [f"x^{m['power']}", f"{m['mean']:.8f}", m["exact"], f"{m['error']:.1e}", f"{m['z']:+.2f}"]
                    for m in made["moments"]
                ],
            ),
            measurement.table(
                ["beyond", "expected", "seen", "distance / standard error", "transform's own tail / exact"],
                [
                    [f"{t['beyond']:+g}", f"{t['expected']:.2f}", t["seen"], f"{t['z']:+.2f}", own[abs(t["beyond"])]]
                    for t in made["tails"]
                ],
            ),
        ]
    return "\n\n".join(parts)


def planted(draws, seed):
    """The planted error, as each precision shows it: the comparison that is farthest off."""
    rows = []
    for kind, (noise_class, _) in KINDS.items():
        moments, tails = verdicts(*counted(noise_class(np.uint64(seed)), draws, PLANTED)[:2], draws)
        rows.append({"kind": kind, "draws": draws} | max(moments + tails, key=lambda entry: abs(entry["z"])))
    return rows


def planted_page(rows):
    """The table of the planted error."""
    return f"""## Planted: {100 * (PLANTED - 1):.1f} % too wide

{
        measurement.table(
            ["noise", "draws", "farthest", "distance / standard error", "caught"],
            [
                [
                    row["kind"],
                    f"{row['draws']:.0e}",
                    f"x^{row['power']}" if "power" in row else f"{row['beyond']:+g}",
                    f"{row['z']:+.1f}",
                    "yes" if abs(row["z"]) > BOUND else "NO",
                ]
                for row in rows
            ],
        )
    }"""


def _word(distance):
    return "passed" if distance < BOUND else "FAILED"


def main():
    """Draw, compare, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=float, default=1e10, help="of each noise, a multiple of 4e6 (default: 1e10)")
    parser.add_argument("--quick", action="store_true", help="10^8 draws")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS, help="default: results/trust")
    options = parser.parse_args()
    draws = 10**8 if options.quick else int(options.draws)
    if draws < 1 or draws % (4 * PARTICLES):
        parser.error(f"--draws = {options.draws:g}, but it must be a positive multiple of {4 * PARTICLES}")
    load, results = os.getloadavg()[0], {}
    for kind, (noise_class, bits) in KINDS.items():
        sums, counts, extremes = counted(noise_class(np.uint64(options.seed)), draws)
        moments, tails = verdicts(sums, counts, draws)
        for entry in tails:
            threshold = abs(entry["beyond"])
            entry["own"] = own_tail(threshold, bits) if math.exp(-0.5 * threshold**2) * 2.0**bits < 2e7 else None
        results[kind] = {"draws": draws, "moments": moments, "tails": tails, "smallest": extremes[0],
                         "largest": extremes[1], "possible": largest_possible(kind),
                         "deviates": deviates_from(bits)}  # fmt: skip
    wide = planted(10**8 if options.quick else 10**9, options.seed)
    title = f"Moments and tails of {draws:.0e} normals"
    measurement.save(options, "tails", title, page(results, draws) + "\n\n" + planted_page(wide),
                     measurement.conditions(load), results | {"planted": wide})  # fmt: skip
    worst = max(abs(entry["z"]) for made in results.values() for entry in made["moments"] + made["tails"])
    return int(worst > BOUND or any(abs(row["z"]) < BOUND for row in wide))


if __name__ == "__main__":
    sys.exit(main())

"""A long run: 10^10 particle-steps across step 2^32, and what must not have drifted in it.

The clock is step * dt, to the last bit; the variance stays what it is; the last stretch, made again from the frame
before it as a run of its own, has the same bits.

    python benchmarks/length.py
"""

import argparse
from fractions import Fraction

import numpy as np
from measurement import add_options, conditions, save, table, wait_for_quiet

import brownian as bn

PARTICLES, STEPS, FRAMES = 1_000_000, 10_000, 10
FIRST = 2**32 - STEPS // 2
STIFFNESS, FRICTION, KT, DT = 1.3, 0.7, 0.9, 0.1


def simulation(first_step, start):
    """A trap in one dimension, from a step on."""
    return bn.Simulation(
        potential=bn.Harmonic(STIFFNESS), dynamics=bn.Overdamped(friction=FRICTION, kT=KT),
        integrator=bn.LeimkuhlerMatthews(), dt=DT, particles=PARTICLES, seed=20, first_step=first_step, start=start,
    )  # fmt: skip


def accumulated(first_time, steps):
    """The clock of a program that adds dt in each step."""
    t = first_time
    for _ in range(steps):
        t += DT
    return t


def main():
    """Run, check, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="(default: %(default)s)")
    add_options(parser, rounds=1)
    options = parser.parse_args()
    load = wait_for_quiet(options)
    every = options.steps // FRAMES
    whole = simulation(FIRST, "stationary").run(steps=options.steps, every=every * DT, dtype="float64")
    exact = np.array([float(step * Fraction(DT)) for step in whole.steps.tolist()])
    wrong_times = int(np.sum(whole.times[:] != exact))
    z = [(np.mean(x**2) * STIFFNESS / KT - 1.0) * np.sqrt(PARTICLES / 2.0) for x in whole.positions[:, :, 0]]
    last = simulation(int(whole.steps[-2]), whole.positions[-2]).run(steps=every, dtype="float64")
    differing = int(np.sum(last.positions[-1] != whole.positions[-1]))
    drift = accumulated(FIRST * DT, options.steps) - exact[-1]
    data = {
        "particle_steps": PARTICLES * options.steps, "first_step": FIRST, "last_step": int(whole.steps[-1]),
        "wrong_times": wrong_times, "z_of_variance": z, "differing_bits": differing, "accumulated_clock_error": drift,
    }  # fmt: skip
    rows = [
        ["particle-steps in one run", f"{PARTICLES * options.steps:.0e}"],
        ["first and last step", f"2^32 {FIRST - 2**32:+d}, 2^32 {int(whole.steps[-1]) - 2**32:+d}"],
        [f"frames whose time is not step x dt, of {len(exact)}", wrong_times],
        ["error of a clock that adds dt, at the end", f"{drift:.1e}"],
        ["mean square of the frames, farthest from its exact value", f"{np.abs(z).max():.1f} standard errors"],
        ["particles whose last stretch, made alone, differs in a bit", differing],
    ]
    text = table(["", ""], rows)
    save(options, "length", "A long run", text, conditions(load), data)


if __name__ == "__main__":
    main()

"""What bookkeeping and moving parameters cost, in pairs with the run that has neither.

3-d trap and double well, one thread: a step with ``bookkeeping=True`` over one without; a trap that moves over one at
rest; both at once.  Stop conditions that no particle meets, with and without the bridge, over none.

    python benchmarks/bookkeeping.py --wait 600
"""

import argparse

import numpy as np
from measurement import add_options, conditions, in_turns, ratio, save, table, wait_for_quiet

import brownian as bn

PARTICLES, STEPS, DIMENSION = 20_000, 200, 3
LANGEVIN, OVERDAMPED = bn.Langevin(mass=1.3, friction=0.7, kT=0.9), bn.Overdamped(friction=0.7, kT=0.9)
TRAP, WELL = bn.Harmonic(2.1), bn.DoubleWell(barrier=2.0, width=1.2)
MOVING = bn.Moving(TRAP, velocity=0.1)
SCHEMES = {
    "Euler-Maruyama": (OVERDAMPED, bn.EulerMaruyama()),
    "Heun": (OVERDAMPED, bn.Heun()),
    "GJF": (LANGEVIN, bn.GJF()),
}
FAR = bn.CrossLevel(50.0)


def advancing(potential, dynamics, integrator, **more):
    """A function that takes all particles some steps further."""
    simulation = bn.Simulation(
        potential=potential, dynamics=dynamics, integrator=integrator, dt=0.01, particles=PARTICLES,
        dimension=DIMENSION, seed=7, start="minimum", **more,
    )  # fmt: skip
    engine = simulation.engine(1)
    engine.load(simulation.initial_state()[0])
    return lambda: engine.advance(0, STEPS)


def compared(rounds):
    """(what, scheme, nanoseconds without and with, ratio) of every pair."""
    rows = []
    for name, scheme in SCHEMES.items():
        pairs = {
            "trap, bookkeeping": (TRAP, {}, TRAP, {"bookkeeping": True}),
            "double well, bookkeeping": (WELL, {}, WELL, {"bookkeeping": True}),
            "moving trap over resting trap": (TRAP, {}, MOVING, {}),
            "moving trap, bookkeeping": (MOVING, {}, MOVING, {"bookkeeping": True}),
        }
        if name == "Euler-Maruyama":
            pairs["trap, a level, bridged"] = (TRAP, {}, TRAP, {"stop": FAR})
            pairs["trap, a level, after steps only"] = (TRAP, {}, TRAP, {"stop": bn.CrossLevel(50.0, bridge=False)})
        for what, (before, plain, after, more) in pairs.items():
            forms = {"plain": advancing(before, *scheme, **plain), "counted": advancing(after, *scheme, **more)}
            taken = in_turns(forms, rounds)
            per_step = {key: 1e9 * float(np.min(value)) / STEPS / PARTICLES for key, value in taken.items()}
            rows.append(
                {"what": what, "scheme": name, "ns": per_step, "ratio": ratio(taken["counted"], taken["plain"])}
            )
    return rows


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, rounds=25)
    options = parser.parse_args()
    load = wait_for_quiet(options)
    rows = compared(options.rounds)
    text = table(
        ["what", "scheme", "plain, ns", "with it, ns", "ratio", "quartiles"],
        [
            [
                row["what"], row["scheme"], f"{row['ns']['plain']:.1f}", f"{row['ns']['counted']:.1f}",
                f"{row['ratio']['median']:.2f}", " to ".join(f"{q:.2f}" for q in row["ratio"]["quartiles"]),
            ]
            for row in rows
        ],
    )  # fmt: skip
    text += (
        f"\n\n{PARTICLES:,} particles in three dimensions, one thread; nanoseconds per particle-step (fastest of "
        f"{options.rounds} rounds), ratios: median over rounds."
    )
    save(options, "bookkeeping", "What bookkeeping, protocols and stop conditions cost", text, conditions(load), rows)


if __name__ == "__main__":
    main()

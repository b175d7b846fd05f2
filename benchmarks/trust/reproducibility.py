"""Reproducibility: every way to make a run gives the same bits, for every integrator; and across what versions.

A case is an integrator with a form of its dynamics (all of the registry), or a run with something more (a driven
potential, one by block, a stop condition, annealing, tempering).  A way is a combination of

    threads          1, 2, 4
    calls            the whole run in one, 1 or 7 steps each; or two runs, the second from the first one's last frame
    stop, resume     never; by Ctrl-C after 5 or 14 steps, resumed from the file's checkpoint on other threads
    company          all 300 particles; particle 41 alone; particles 250 to 269, across the border of two blocks
    noise            float64, float32; bookkeeping off, on; observables off, on

All ways of a case and a noise must give the same bits: positions and velocities in every step, whatever the way;
energies of the ledger wherever there is one; results of observables wherever the particles are the same.

    python benchmarks/trust/reproducibility.py                        # all ways
    python benchmarks/trust/reproducibility.py --quick                # those of the test suite
    python benchmarks/trust/reproducibility.py --quick --plant block  # or call, resume, alone: it must be found
    python benchmarks/trust/reproducibility.py --digests FILE         # alone, in another environment; --others FILE
"""

import argparse
import contextlib
import dataclasses
import hashlib
import inspect
import itertools
import json
import os
import pathlib
import signal
import sys
import tempfile
import warnings
from unittest import mock

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from measurement import ROOT, conditions, table, under

import brownian as bn
from brownian import engine, running
from brownian.integrators import REGISTRY

STEPS, PARTICLES = 23, 300
DYNAMICS = (
    bn.Langevin(1.3, (0.7, 0.9), 0.9), bn.Overdamped((0.7, 0.9), 0.9), bn.ColoredNoise(0.7, 0.9, time=0.2),
    bn.ActiveForce(0.7, 0.9, force=0.8, time=0.5),
    bn.GeneralizedLangevin(1.3, 0.9, frictions=[0.5, 0.3], times=[0.6, 4.0], friction=0.1),
)  # fmt: skip
FACTORS = {
    "threads": (1, 2, 4), "call": ("whole", "1", "7", "two runs"), "stop": (None, 5, 14),
    "company": ("all", "one", "some"), "noise": ("float64", "float32"), "booked": (False, True),
    "observed": (False, True),
}  # fmt: skip
COMPANY = {"all": (0, PARTICLES), "one": (41, 1), "some": (250, 20)}
CALL = {"whole": STEPS, "1": 1, "7": 7}
STARTS = ("given start", "stationary start")
PLANTS = ("block", "call", "resume", "alone")
Way = dataclasses.make_dataclass("Way", FACTORS, frozen=True)
PLAIN = Way(1, "whole", None, "all", "float64", False, False)


@dataclasses.dataclass(frozen=True)
class Case:
    """A simulation, and which ways it can go."""

    name: str
    arguments: dict
    booked: bool = True
    parted: bool = True  # particles alone
    goes_on: bool = True  # from positions and velocities, as a second run

    def allows(self, way):
        """Whether there is this way."""
        if way.call == "two runs" and not (self.goes_on and way.stop is None and not way.observed):
            return False
        return (self.booked or not way.booked) and (self.parted or way.company == "all")


def cases():
    """All integrators with all their dynamics, and what else a run can be."""
    found, well, (langevin, overdamped, *_) = [], bn.DoubleWell(barrier=2.0, width=1.2), DYNAMICS
    for name, cls in REGISTRY.items():
        for dynamics in DYNAMICS:
            if type(dynamics) in cls.facts:
                potential = bn.Harmonic((2.1, 1.4)) if name == "ExactOU" else well
                arguments = {"potential": potential, "dynamics": dynamics, "integrator": cls(), "dt": 0.02}
                plain, title = len(dynamics.slots) == 1 + dynamics.inertial, f"{name}, {type(dynamics).__name__}"
                found.append(Case(title, arguments, booked=name != "MALA", goes_on=plain))
    driven = bn.Driven(bn.Harmonic(2.1), stiffness=bn.Sine(2.1, 0.7, period=0.3))
    more = {"dynamics": langevin, "dt": 0.02}
    found += [
        Case("GJF, driven trap", more | {"potential": driven}),
        Case("BAOAB, ring (by block)", more | {"potential": bn.Ring(9.0, 1.5), "integrator": bn.BAOAB()}),
        Case("EulerMaruyama, stop", {"potential": well, "dynamics": overdamped, "dt": 0.02, "start": "minimum",
                                     "stop": bn.CrossLevel(-0.9)}, booked=False, goes_on=False),
        Case("GJF, annealing", more | {"potential": well, "annealing": bn.Annealing((3.0, 1.7, 0.9), 6)}, booked=False,
             goes_on=False),
        Case("MALA, tempering", {"potential": well, "dynamics": bn.Overdamped(0.7, 0.9), "integrator": bn.MALA(),
                                 "dt": 0.1, "tempering": bn.Tempering((0.9, 1.8, 3.6), every=4)},
             booked=False, parted=False, goes_on=False),
    ]  # fmt: skip
    return found


def ways(case):
    """All ways of a case, one that is plain first."""
    return [way for levels in itertools.product(*FACTORS.values()) if case.allows(way := Way(*levels))]


def some_ways(found):
    """Case and way: few, but every case, and every level of every factor."""
    for k, case in enumerate(found):
        fitting = [way for way in ways(case) if way.noise == FACTORS["noise"][k % 2] and way.booked <= (k % 3 == 0)]
        for j in range(3):
            yield case, fitting[(len(fitting) * (2 * j + 1) // 6 + 37 * k + 11 * j) % len(fitting)]


@contextlib.contextmanager
def cut(steps_each, stop=None):
    """Calls of so many steps, and Ctrl-C after ``stop`` steps."""

    def target(self, step, last):
        return min([last, step + steps_each, *([self.first + stop] if stop and step < self.first + stop else [])])

    def update(self, done, final=False):
        if done == stop:
            os.kill(os.getpid(), signal.SIGINT)

    with mock.patch.object(running._Run, "_target", target), mock.patch.object(running.Progress, "update", update):
        yield


def simulation(case, way, **changes):
    """The simulation of a case, in a way."""
    first, count = COMPANY[way.company]
    arguments = {"dimension": 2, "seed": 7, "start": "normal", "noise": way.noise, "bookkeeping": way.booked}
    return bn.Simulation(**arguments | case.arguments | {"first_particle": first, "particles": count} | changes)


def bits_of(run):
    """Frames, tallies and results of a run, as arrays of 64-bit words with the particle as their second axis."""
    frames = np.concatenate([part[:] for part in (run.positions, run.velocities) if part is not None], axis=2)
    tallies = np.empty((0, frames.shape[1], 0)) if run.tallies is None else np.asarray(run.tallies[:])
    found = run.observed if "observe" in run.description else {}
    numbers = [np.ravel(np.asarray(field, np.float64)) for one in found.values() for field in one]
    words = [frames, tallies, np.concatenate([*numbers, np.empty(0)])]
    return [np.ascontiguousarray(part, np.float64).view(np.uint64) for part in words]


def made(case, way, folder):
    """Bits of a case that was made in a way."""
    one, dt = simulation(case, way), case.arguments["dt"]
    options = {"every": dt, "dtype": np.float64, "threads": way.threads}
    if way.observed:
        observe = [bn.Moments(), bn.Histogram(np.linspace(-3.0, 3.0, 13)), bn.MeanSquaredDisplacement(longest=5)]
        options |= {"observe": observe, "observe_every": 2 * dt}
    if way.call == "two runs":
        half = one.run(steps=9, **options)
        last = half.positions[-1] if half.velocities is None else (half.positions[-1], half.velocities[-1])
        rest = simulation(case, way, start=last, first_step=9).run(steps=STEPS - 9, **options)
        return [np.concatenate([bits_of(half)[0], bits_of(rest)[0][1:]]), None, None]
    if way.stop is None:
        with cut(CALL[way.call]):
            return bits_of(one.run(steps=STEPS, **options))
    path = folder / "run.h5md"
    with cut(CALL[way.call], way.stop), contextlib.suppress(KeyboardInterrupt):
        one.run(steps=STEPS, out=path, overwrite=True, **options)
        raise RuntimeError("was not interrupted")
    options["threads"] = {1: 4, 2: 1, 4: 2}[way.threads]
    with cut(CALL[way.call]), one.run(steps=STEPS, out=path, resume=True, **options) as run:
        return bits_of(run)


class Matrix:
    """Compares ways of a case with its plain ways, each of which is made once."""

    def __init__(self, case, folder):
        self.case, self.folder, self.plain, self.compared, self.numbers, self.differing = case, folder, {}, 0, 0, []

    def _plain(self, **levels):
        way = dataclasses.replace(PLAIN, **levels)
        if way not in self.plain:
            self.plain[way] = made(self.case, way, self.folder)
        return self.plain[way]

    def compare(self, way):
        """Make a way and compare what must be the same; returns how many numbers are not."""
        frames, tallies, found = made(self.case, way, self.folder)
        first, count = COMPANY[way.company]
        pairs = [(frames, self._plain(noise=way.noise)[0][:, first : first + count])]
        if tallies is not None:
            pairs.append((tallies, self._plain(noise=way.noise, booked=way.booked)[1][:, first : first + count]))
        if way.observed:
            pairs.append((found, self._plain(noise=way.noise, company=way.company, observed=True)[2]))
        wrong = sum(int(np.count_nonzero(a != b)) if a.shape == b.shape else max(a.size, b.size) for a, b in pairs)
        self.compared, self.numbers = self.compared + 1, self.numbers + sum(a.size for a, _ in pairs)
        self.differing += [(way, wrong)] if wrong else []
        return wrong


def planted(name):
    """Context manager with an error: noise by block or by call, a coarse checkpoint, no first particle."""
    if name == "resume":
        pack = running.pack_state
        return mock.patch.object(running, "pack_state", lambda *a: pack(*a).astype(np.float32).astype(np.float64))
    begin, places = engine.Engine.__init__, list(inspect.signature(engine.run_blocks).parameters)
    at, by = places.index("noise"), {"block": "first_block", "call": "first_step"}.get(name)

    def init(self, *arguments, **options):
        begin(self, *arguments, **options | ({"first_particle": 0} if name == "alone" else {}))
        inner = self._run

        def run(*a):
            noise = a[at] if by is None else type(a[at])(np.uint64(int(a[at].seed) + int(a[places.index(by)])))
            inner(*a[:at], noise, *a[at + 1 :])

        self._run = run

    return mock.patch.object(engine.Engine, "__init__", init)


def digests():
    """Digest of frames and energies of every case: from positions that are given, and from the start that is drawn."""
    number, found = np.arange(2 * PARTICLES).reshape(PARTICLES, 2), {}
    x, v = (7 * number % 19 - 9) / 8.0, (5 * number % 23 - 11) / 16.0
    for case, noise in itertools.product(cases(), FACTORS["noise"]):
        way, stops = dataclasses.replace(PLAIN, noise=noise, booked=case.booked), "stop" in case.arguments
        given = np.abs(x) if stops else x
        given = (given, v) if case.arguments["dynamics"].inertial else given
        for name, start in zip(STARTS, (given, "minimum" if stops else "stationary"), strict=True):
            one = simulation(case, way, start=start)
            run = one.run(steps=100, every=one.dt, dtype=np.float64, threads=1)
            digest = hashlib.sha256(b"".join(part.tobytes() for part in bits_of(run)))
            found[f"{case.name}, {noise}, {name}"] = digest.hexdigest()[:16]
    return found


def across(own, others):
    """Section of the report: which digests of other environments are the same."""
    lines, differing = [], []
    for other in others:
        versions, theirs = other["conditions"]["versions"], other["results"]
        same = [[own[key] == theirs[key] for key in own if key.endswith(kind)] for kind in STARTS]
        counts = [f"{sum(values)} of {len(values)}" for values in same]
        lines.append([", ".join(f"{name} {number}" for name, number in versions.items()), *counts])
        differing += [f"* Python {versions['python']}: {key}" for key in own if own[key] != theirs[key]]
    head = table(["environment", "same, start given", "same, start drawn"], lines)
    told = "Digests of 100 steps of every case, made in other environments by `--digests FILE`, beside these."
    return "\n".join(["\n## Across versions\n", told, "", head, "", *differing])


def main():
    """Compare, save; exit status 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a cut through the matrix")
    parser.add_argument("--plant", choices=PLANTS, help="an error to be found")
    parser.add_argument("--digests", type=pathlib.Path, help="write digests of every case to a file, and end")
    parser.add_argument("--others", type=pathlib.Path, nargs="*", default=[], help="such files, to compare with")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "results" / "trust", help="folder of the report")
    options, load, found = parser.parse_args(), os.getloadavg()[0], cases()
    warnings.simplefilter("ignore", bn.Advice)  # what is coarse here is meant to be
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored in the background
    others = [json.loads(path.read_text()) for path in options.others]  # before any work
    if options.digests:
        options.digests.write_text(json.dumps({"conditions": conditions(load), "results": digests()}, indent=1))
        return
    with tempfile.TemporaryDirectory(prefix="brownian-bits-") as folder, contextlib.ExitStack() as stack:
        matrices = {case.name: Matrix(case, pathlib.Path(folder)) for case in found}
        pairs = list(some_ways(found)) if options.quick else [(case, way) for case in found for way in ways(case)]
        if options.plant:
            stack.enter_context(planted(options.plant))
        for case, way in pairs:
            matrices[case.name].compare(way)
    counts = [(name, m.compared, m.numbers, len(m.differing)) for name, m in matrices.items()]
    counts.append(("all", *(sum(column) for column in list(zip(*counts, strict=True))[1:])))
    rows = [[name, *(f"{number:,}" for number in numbers)] for name, *numbers in counts]
    worst = [f"* {name}: {way}: {wrong} numbers" for name, m in matrices.items() for way, wrong in m.differing[:3]]
    levels = "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in FACTORS.items())
    made_so, own = conditions(load), digests()
    text = f"""# Reproducibility, bit for bit

{table(["case", "configurations", "numbers compared", "configurations that differ"], rows)}

Factors, {"a cut through" if options.quick else "in all"} their combinations: {levels}.
What a case does not have is left out (bookkeeping of MALA, say).

{chr(10).join([*worst[:30], ""])}
{under(made_so)}
{across(own, others) if others else ""}
"""
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "reproducibility.md").write_text(text.rstrip() + "\n")
    data = {"conditions": made_so, "results": {"cases": counts, "differing": worst, "digests": own, "others": others}}
    (options.results / "reproducibility.json").write_text(json.dumps(data, indent=1) + "\n")
    print(text)
    sys.exit(1 if counts[-1][-1] else 0)


if __name__ == "__main__":
    main()

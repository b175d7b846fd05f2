"""A step beside its own normals, and beside the C++ reference.

A step of Langevin dynamics can't be cheaper than its random numbers.  So each workload is timed beside the same
loop with a scheme that asks for its normals and does not move (the noise floor), and beside the C++ reference in the
same noise mode, in turns, in one process.

    python benchmarks/noise_floor.py --wait 600
"""

import argparse

from measurement import add_options, conditions, in_turns, ratio, save, table, wait_for_quiet
from reference import NoCompiler, Reference
from reference import version as compiler_version

from brownian.bench.workloads import WORKLOADS, moving, noise_alone, simulation

NOISES = {"float64": "f64", "float32": "mixed"}  # and the reference's mode with the same normals and a float64 state


def measure(name, threads, rounds, compiled):
    """All forms of one workload in turns; ns per particle-step, and ratios."""
    workload, forms, sizes = WORKLOADS[name], {}, {}

    def add(label, advance, particles):
        forms[label] = lambda: advance(workload.steps)
        sizes[label] = particles * workload.steps

    for noise, mode in NOISES.items():
        run = simulation(name, noise=noise)
        add(f"step {noise}", moving(run, threads), workload.particles)
        add(f"noise {noise}", noise_alone(run, threads), workload.particles)
        if compiled:
            reference = Reference(workload.reference, mode, workload.particles, workload.dimension, threads)
            add(f"C++ {mode}", reference.advance, reference.particles)
    if compiled:
        reference = Reference(workload.reference, "f32", workload.particles, workload.dimension, threads)
        add("C++ f32", reference.advance, reference.particles)

    taken = in_turns(forms, rounds)
    per_step = {label: 1e9 * values / sizes[label] for label, values in taken.items()}
    result = {
        "workload": name, "title": workload.title, "particles": workload.particles, "dimension": workload.dimension,
        "steps": workload.steps, "rounds": rounds, "threads": threads,
        "ns_per_particle_step": {label: float(values.min()) for label, values in per_step.items()},
        "step_over_noise": {n: ratio(per_step[f"step {n}"], per_step[f"noise {n}"]) for n in NOISES},
    }  # fmt: skip
    if compiled:
        result["reference_over_step"] = {
            n: ratio(per_step[f"C++ {mode}"], per_step[f"step {n}"]) for n, mode in NOISES.items()
        }
        result["normal_over_reference_coordinate"] = {
            n: ratio(per_step[f"noise {n}"], per_step[f"C++ {mode}"]) for n, mode in NOISES.items()
        }
    return result


def rows(result):
    """Lines of the table: one per noise."""
    for noise, mode in NOISES.items():
        times = result["ns_per_particle_step"]
        compiled = "reference_over_step" in result
        yield [
            result["workload"], result["title"], noise,
            f"{times[f'step {noise}']:.2f}", f"{times[f'noise {noise}']:.2f}",
            f"{result['step_over_noise'][noise]['median']:.2f}",
            f"{times[f'C++ {mode}']:.2f}" if compiled else "-",
            f"{result['reference_over_step'][noise]['median']:.2f}" if compiled else "-",
        ]  # fmt: skip


def main():
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="number of threads (default: %(default)s)")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="which, by commas (default: %(default)s)")
    add_options(parser, rounds=31)
    options = parser.parse_args()
    try:
        compiler = compiler_version()
        Reference(1, "f64", 1024, 1).close()
    except NoCompiler as reason:
        compiler = None
        print(reason)
    load = wait_for_quiet(options)
    results = [measure(name, options.threads, options.rounds, compiler) for name in options.workloads.split(",")]
    text = table(
        ["", "workload", "noise", "step, ns", "its normals alone, ns", "step / normals", "C++, ns", "C++ / step"],
        [row for result in results for row in rows(result)],
    )
    text += (
        f"\n\nns per particle-step, {options.threads} thread{'s' * (options.threads > 1)}, float64 state: fastest of "
        f"{options.rounds} rounds; ratios: median of the ratios within a round.  C++ is `benchmarks/reference.cpp` "
        "with the same kind of normals (float64, or float32 normals with a float64 state)."
    )
    name = "noise_floor" if options.threads == 1 else f"noise_floor_{options.threads}_threads"
    save(options, name, "A step beside its normals, and beside C++", text, conditions(load, compiler=compiler), results)


if __name__ == "__main__":
    main()

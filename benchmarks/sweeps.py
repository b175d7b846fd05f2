"""What a sweep costs per job beside the job itself: an empty function."""

import argparse
import contextlib
import pathlib
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import measurement

from brownian.sweeps import sweep

HOST = "127.0.0.1"


def empty(*, k, seed):
    """Do nothing."""
    return 1.5


def timed(jobs, folder, **options):
    """Seconds of a sweep of so many jobs, and of the same again when all are complete."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        found = sweep(empty, {"k": list(range(jobs // 10))}, 10, out=folder, **options)
        seconds.append(time.perf_counter() - began)
    assert len(found.records) == jobs
    assert not found.failures
    return seconds


@contextlib.contextmanager
def dask():
    """An executor of Dask's on this machine, two workers of one thread."""
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, host=HOST, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor(pure=False) as executor,
    ):
        yield {"executor": executor}


@contextlib.contextmanager
def threads():
    """Threads of this process: what is left is the sweep's own."""
    with ThreadPoolExecutor(2) as executor:
        yield {"executor": executor}


KINDS = {
    "1 process": lambda: contextlib.nullcontext({"workers": 1}),
    "2 processes": lambda: contextlib.nullcontext({"workers": 2}),
    "2 threads of one process": threads,
    "Dask, 2 workers on this machine": dask,
}


def main():
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1000, 10_000], help="the second for threads only")
    measurement.add_options(parser, rounds=3)
    options = parser.parse_args()
    load = measurement.wait_for_quiet(options)
    rows, data = [], []
    for jobs, kinds in zip(options.jobs, (list(KINDS), ["2 threads of one process"]), strict=False):
        for kind in kinds:
            best = [float("inf")] * 2
            for _ in range(options.rounds):
                with tempfile.TemporaryDirectory(dir=pathlib.Path.cwd()) as folder, KINDS[kind]() as executor:
                    best = [min(pair) for pair in zip(best, timed(jobs, f"{folder}/s", **executor), strict=True)]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            rows.append((kind, jobs, *(f"{1e3 * s / jobs:.2f}" for s in best), f"{peak:.0f}"))
            data.append({"kind": kind, "jobs": jobs, "seconds": best[0], "again": best[1], "peak_MB": peak})
    made = measurement.conditions(load)
    text = measurement.table(["executor", "jobs", "ms per job", "again, all complete", "memory so far, MB"], rows)
    measurement.save(options, "sweeps", "What a sweep costs per job", text, made, data)


if __name__ == "__main__":
    main()

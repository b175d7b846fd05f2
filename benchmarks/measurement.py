"""Timing on a machine that others use too: in turns, many times, and compared pair by pair."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import shlex
import sys
import time

from brownian.bench.timing import in_turns, ratio, seconds

__all__ = ["in_turns", "ratio", "seconds"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()  # before any is left out
PACKAGES = ("brownian-langevin", "numpy", "numba", "llvmlite", "h5py")


def add_options(parser, rounds):
    """Options that every script has."""
    parser.add_argument("--rounds", type=int, default=rounds, help="how often all is timed (default: %(default)s)")
    parser.add_argument("--quiet", type=float, default=0.3, help="load average to start at (default: %(default)s)")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait for it at most (default: %(default)s)")
    parser.add_argument(
        "--results", type=pathlib.Path, default=RESULTS, help="folder for table and JSON (default: results/benchmarks)"
    )


def wait_for_quiet(options):
    """Wait until the machine is idle, or for as long as was allowed; returns the load average."""
    deadline = time.monotonic() + options.wait
    while os.getloadavg()[0] > options.quiet and time.monotonic() < deadline:
        time.sleep(2.0)
    return os.getloadavg()[0]


def processor():
    """Name of the processor."""
    path = pathlib.Path("/proc/cpuinfo")
    rows = path.read_text().splitlines() if path.exists() else []
    facts = dict(reversed([[part.strip() for part in row.split(":", 1)] for row in rows if ":" in row]))
    name = facts.get("model name") or platform.processor() or platform.machine()
    numbers = f" (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else ""
    flags = facts.get("flags", "").split()
    vector = next((f" {title}" for title, flag in (("AVX-512", "avx512f"), ("AVX2", "avx2")) if flag in flags), "")
    return f"{name}{numbers}{vector}"


def conditions(load, **more):
    """What has to be known about a measurement: machine, versions, date, command, load before and after."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "command": shlex.join(["python", os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": CORES,
        "system": platform.platform(terse=True),
        "versions": versions,
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
        **more,
    }


def continued(before, made):
    """Conditions of results that several commands made, one after another; ``before``: those so far, or None."""
    commands = [*(before["command"].split("; ") if before else []), made["command"]]
    return made | {"command": "; ".join(dict.fromkeys(commands))}


def table(header, rows):
    """A Markdown table; cells are strings, the first column is aligned to the left."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def under(made):
    """The conditions as a line under a table."""
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    more = f", {made['compiler']}" if made.get("compiler") else ""
    return (
        f"`{made['command']}`, {made['date']}: {made['processor']}, {made['cores']} cores, {made['system']}; "
        f"{versions}{more}; load average before {made['load_before']:.2f}, after {made['load_after']:.2f}."
    )


def save(options, name, title, text, made, data):
    """Write NAME.json and NAME.md, and print the latter."""
    options.results.mkdir(parents=True, exist_ok=True)
    page = f"# {title}\n\n{text}\n\n{under(made)}\n"
    (options.results / f"{name}.json").write_text(json.dumps({"conditions": made, "results": data}, indent=1) + "\n")
    (options.results / f"{name}.md").write_text(page)
    print(page)

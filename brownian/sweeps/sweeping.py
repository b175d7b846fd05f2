"""``sweep``: the one function."""

import contextlib
import json
import math
import os
import pathlib
import sys

from ..arguments import an_executor, checked, plain_data
from ..progress import Progress
from ..schedule import whole_number
from ..version import __version__
from .executors import Elsewhere
from .folder import Folder
from .found import Sweep
from .jobs import JOBS, Job, combinations, folder_name, seed_of
from .processes import Processes
from .records import COMPLETE, complete, keep, write_whole
from .subjects import SUPPLIED, Script, subject_of, with_defaults
from .values import canonical, typed
from .worker import this_process

MOST_JOBS = 10**7
FAILURES_SAID = 10  # on stderr; all are in the summary


@checked(parameters=plain_data, fixed=plain_data, executor=an_executor)
def sweep(
    what, parameters, replicas=1, *, executor=None, fixed=None, seed=None, common_random_numbers=False, out=None,
    overwrite=False, workers=None, threads=None, progress=False,
):  # fmt: skip
    """Run a scenario or a function at every combination of parameters, many times each.

    Parameters
    ----------
    what
        Path of a scenario, or a function of a module: ``f(**parameters, seed=...)`` that returns a number, an
        ``Estimate``, a ``Check``, a dictionary of such by name, or a ``Result``.  With an argument ``out`` it gets a
        folder.
    parameters
        Values of each parameter that varies, by name; every combination is run.
    replicas
        How many times, each with a seed of its own.
    executor
        Any ``concurrent.futures.Executor``; None: processes, which are replaced when they are killed.  Its workers have
        this version of the package.  They write into the sweep's folder where they see it; where they don't, their
        results come back with the future, and other files are lost.
    fixed
        Parameters that don't vary, by name; others have their defaults.
    seed
        Base seed; None: the scenario's or function's default, else 0.
    common_random_numbers
        False: the seed of a replica belongs to all its parameters (varied, fixed, defaults), and combinations are
        independent of each other.  True: replica k has one seed at all parameters, so that differences between
        combinations scatter less; their errors are then correlated.  Either way it is the same alone or in any sweep.
    out
        Folder; None: ``results/<name>_sweep``.  Jobs that are complete in it are not run again, those that failed are.
        A job that was cut short starts over.
    overwrite
        Whether to replace the sweep of something else in that folder.
    workers
        Number of processes; None: one for each processor that this process may use.
    threads
        Of compiled code in each worker; None: BROWNIAN_THREADS of the worker, else 1.
    progress
        Whether to report on stderr.

    Returns
    -------
    Sweep
        Also written to ``summary.csv``, ``summary.json`` and ``summary.png``.

    Raises
    ------
    ValueError
        For unknown or missing parameters, values given twice, and folders with another sweep (scenario, version,
        seed or fixed parameters changed).  More values and more replicas may be added.
    TypeError
        For functions that another process can't import.
    RuntimeError
        If no worker starts, or an executor that is not ours breaks; what is complete is kept.
    KeyboardInterrupt
        On Ctrl-C, with the number of jobs that are complete.

    Notes
    -----
    A job in which a worker process died three times, the last time with no other job beside it, counts as failed.

    Examples
    --------
    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import brownian as bn
    >>> from brownian.sweeps import sweep
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as threads:
    ...     print(sweep(bn.stokes_friction, {"radius": [0.5, 1.0]}, fixed={"viscosity": 2.0}, out=folder,
    ...                 executor=threads))
    radius  quantity     mean  std. error  expected  z
    0.5     value     18.8496
    1.0     value     37.6991
    """
    subject = subject_of(what)
    replicas = whole_number("replicas", replicas, 1)
    arguments = subject.arguments()
    fixed = {name: _value(name, value, arguments, subject) for name, value in (fixed or {}).items()}
    varied = {name: _values(name, values, arguments, subject) for name, values in parameters.items()}
    _complete_or_refuse(subject, arguments, varied, fixed, replicas)
    if seed is None:
        default = arguments.get("seed")
        seed = default if isinstance(default, int) else 0
    seed = whole_number("seed", seed, 0)
    if replicas * math.prod(map(len, varied.values())) > MOST_JOBS:
        raise ValueError(f"replicas = {replicas} at every combination are more than {MOST_JOBS} jobs")
    seeded = "seed" in arguments or None in arguments
    description = {
        "kind": type(subject).__name__.lower(), "name": subject.name, "digest": subject.source, "swept": subject.shown,
        "fixed": fixed, "seed": seed, "common_random_numbers": bool(common_random_numbers), "varied": sorted(varied),
        "values": varied, "replicas": replicas,
    }  # fmt: skip
    engine = Elsewhere(executor) if executor is not None else Processes(_workers(workers), threads)
    place = pathlib.Path(out) if out is not None else pathlib.Path("results") / f"{subject.name}_sweep"
    with Folder(place, description, overwrite) as folder:
        if isinstance(subject, Script):
            folder.keep_copy(subject)
        common = {
            "subject": subject if executor is None else subject.with_text(), "root": str(folder.path),
            "sweep": folder.mark, "client": this_process(), "version": __version__, "threads": threads,
        }  # fmt: skip
        jobs = []
        for values in combinations(varied):
            given = fixed | values
            every = with_defaults(arguments, given)
            name = folder_name(values, every)
            for replica in range(replicas):
                own = seed_of(seed, None if common_random_numbers else every, replica) if seeded else None
                where = f"{JOBS}/{name}/replica-{replica:04d}"
                jobs.append(Job(varied=values, given=given, parameters=every, replica=replica, seed=own, folder=where,
                                **common))  # fmt: skip
        records = _run(engine, jobs, folder.path, progress)
        made = {name: description[name] for name in ("replicas", "seed", "common_random_numbers", "fixed", "swept")}
        varied = json.loads(json.dumps(varied))  # as it is in the records
        found = Sweep(subject.name, folder.path, varied, records, made | {"version": __version__})
        _write(found)
    return found


def _workers(workers):
    if workers is not None:
        return whole_number("workers", workers, 1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _value(name, value, arguments, subject):
    if name in SUPPLIED:
        hint = "give the base seed as seed (--seed)" if name == "seed" else "every job has a folder of its own"
        raise ValueError(f"{name}: belongs to the sweep, not to {subject.shown}; {hint}")
    if name not in arguments and None not in arguments:
        allowed = [str(known) for known in arguments if known not in SUPPLIED]
        raise ValueError(
            f"{name or repr(name)}: no parameter of {subject.shown}, which has {', '.join(allowed) or 'none'}"
        )
    return typed(name, value, arguments.get(name))


def _values(name, values, arguments, subject):
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} = {values!r}, but a list of values is needed")
    found = [_value(name, value, arguments, subject) for value in values]
    texts = [canonical(value) for value in found]
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice or not found:
        raise ValueError(f"{name}: {f'the value {twice[0]} is given twice' if twice else 'no value is given'}")
    return found


def _complete_or_refuse(subject, arguments, varied, fixed, replicas):
    both = sorted(varied.keys() & fixed.keys())
    if both:
        raise ValueError(f"{both[0]}: both varied and fixed")
    missing = [name for name, default in arguments.items()
               if name is not None and default is ... and name not in {*varied, *fixed, *SUPPLIED}]  # fmt: skip
    if missing:
        raise ValueError(f"{subject.shown} needs {', '.join(missing)}: give values to vary, or a fixed one")
    if replicas > 1 and "seed" not in arguments and None not in arguments:
        raise ValueError(f"replicas = {replicas}, but {subject.shown} takes no seed: every replica would be the same")


def _run(engine, jobs, root, progress):
    """The records of all jobs, in order; those that are complete are read, not made."""
    records = {id(job): complete(job) for job in jobs}
    left = [job for job in jobs if records[id(job)] is None]
    done = len(jobs) - len(left)
    note = f"{len(jobs):,} jobs, {done:,} of them complete in {root}" if done else f"{len(jobs):,} jobs in {root}"
    report = Progress(len(jobs), note, progress, what="jobs")
    report.begin(done)
    failed = 0
    try:
        with contextlib.closing(engine.outcomes(left)) as outcomes:
            for job, record in outcomes:
                keep(job, record)
                records[id(job)], done = record, done + 1
                if record["status"] != COMPLETE:
                    failed += 1
                    if progress and failed <= FAILURES_SAID:
                        text = f"{record['error']['type']}: {record['error']['message']}".splitlines()[0]
                        more = "; more failures are not said here" if failed == FAILURES_SAID else ""
                        print(f"{chr(10) * report.bar}brownian: failed: {job}: {text}{more}", file=sys.stderr)
                report.update(done, final=done == len(jobs))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{done - failed:,} of {len(jobs):,} jobs are complete in {root}") from None
    return [records[id(job)] for job in jobs]


def _write(found):
    """The summary as a picture, as JSON and as a table."""
    from ..plotting.look import save
    from ..plotting.sweeps import sweep as draw

    if found.quantities:
        found.figures.append(found.folder / "summary.png")
        save(draw(found), found.figures[0])
    write_whole(found.folder / "summary.csv", found.as_csv())
    write_whole(found.folder / "summary.json", json.dumps(found.as_data(), indent=1) + "\n")

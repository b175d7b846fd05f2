"""What a worker does with a job; in any process, on any machine, beside others."""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time
import traceback

from ..advice.reuse import drawn_noise
from ..version import __version__
from .quantities import quantities_of
from .records import COMPLETE, failure, keep, record_of

FILES = "files"
MANIFEST = "sweep.json"
RUNS = 1000  # of a job, whose noise is in its record
STOPPED = (128 + signal.SIGTERM, 128 + signal.SIGINT)  # exit codes of a run that was told to stop: no failure of it


def this_process():
    """Host and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def work(job):
    """Run a job; write its record where the sweep's folder is seen, and return it in any case.

    Whatever the job raises becomes its record.  Only what ends a process (Ctrl-C, SIGTERM) passes.
    """
    if this_process() != job.client:
        os.environ.setdefault("MPLBACKEND", "Agg")
        if job.threads is not None:
            os.environ["BROWNIAN_THREADS"] = str(job.threads)
        os.environ.setdefault("BROWNIAN_THREADS", "1")
    attempt, began = _Attempt(), time.perf_counter()
    with contextlib.ExitStack() as stack:
        folder = _seen(job)
        shared = folder is not None
        if folder is None:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brownian-")))
        with attempt:
            if job.version != __version__:
                raise ValueError(f"this worker has brownian {__version__}, the sweep is of {job.version}")
            shutil.rmtree(folder / FILES, ignore_errors=True)  # of an attempt that was cut short
            folder.mkdir(parents=True, exist_ok=True)
            with drawn_noise() as drawn:
                returned, said = job.subject.call(job.given, job.seed, folder / FILES, job.root)
            attempt.drawn = [list(one) for one in itertools.islice(drawn, RUNS)]
            attempt.quantities = quantities_of(returned)
            if said:
                (folder / "said.txt").write_text(said)
        if attempt.error is not None:
            record = failure(job, *attempt.error)
        else:
            record = record_of(job, COMPLETE, quantities=attempt.quantities, drawn=attempt.drawn)
        record |= {"seconds": round(time.perf_counter() - began, 6), "worker": this_process()}
        if shared:
            keep(job, record)
    return record


def _seen(job):
    """The job's folder, where this machine sees the sweep's; None elsewhere."""
    root = pathlib.Path(job.root)
    manifest = root / MANIFEST
    return root / job.folder if manifest.is_file() and job.sweep in manifest.read_text() else None


class _Attempt:
    """The border between a job and the sweep: what goes wrong inside is kept as text, which any process can read."""

    def __init__(self):
        self.quantities, self.error, self.drawn = None, None, []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        left = isinstance(error, SystemExit) and error.code not in STOPPED
        if not isinstance(error, Exception) and not left:
            return False
        lines = traceback.format_exception(kind, error, trace)
        self.error = kind.__name__, str(error), "".join(lines)
        return True

"""Processes of our own: killed ones are replaced, and end with whoever started them."""

import collections
import contextlib
import itertools
import multiprocessing
import multiprocessing.context
import os
import pathlib
import queue
import signal
import tempfile
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

from .records import complete, failure
from .worker import work

DEATHS = 3  # of workers, after which the job that they were at is given up
SHARED = 2  # deaths after which a job runs with no other beside it: it may have been the memory of all
ENDED = 86  # exit status of a worker that ends because we do


def stream(executor, jobs, at_once, call=work):
    """Give jobs to an executor, a few at once; yield (job, future) as they end, in any order."""
    left, ended = iter(jobs), queue.SimpleQueue[tuple]()
    waiting = set()

    def submit(job):
        future = executor.submit(call, job)
        waiting.add(future)
        future.add_done_callback(lambda done: ended.put((job, done)))

    try:
        for job in itertools.islice(left, at_once):
            submit(job)
        while waiting:
            job, future = ended.get()
            waiting.discard(future)
            yield job, future
            for following in itertools.islice(left, 1):
                submit(following)
    except BrokenExecutor:  # of submit; what was given before comes back as futures with this exception
        while waiting:
            job, future = ended.get()
            waiting.discard(future)
            yield job, future
    finally:
        for future in list(waiting):
            future.cancel()


class Processes:
    """As many processes as there are to be, started anew when one of them is killed.

    Parameters
    ----------
    workers
        Number of processes.
    threads
        Of compiled code in each; None: BROWNIAN_THREADS, else 1.
    """

    def __init__(self, workers, threads):
        self.workers, self.threads = workers, threads

    def outcomes(self, jobs):
        """Yield (job, record) as jobs end; those that were running when a worker died are run again."""
        left, deaths = {job.folder: job for job in jobs}, collections.Counter[str]()
        while left:
            batch = [job for job in left.values() if deaths[job.folder] < SHARED]
            width = min(self.workers, len(batch))
            if not batch:
                batch, width = [next(iter(left.values()))], 1
            lost = []
            with _Pool(width, self.threads, batch[0].subject) as pool:
                for job, future in stream(pool.executor, batch, width, _at):
                    error = future.exception()
                    if isinstance(error, BrokenExecutor | SystemExit | KeyboardInterrupt):
                        lost.append(job)
                    else:
                        del left[job.folder]
                        yield job, future.result() if error is None else failure(job, type(error).__name__, str(error))
            died = pool.died_at()
            for job in [job for job in lost if job.folder in died] or lost:
                deaths[job.folder] += 1
            for job in lost:
                record = complete(job)  # it may have ended between its last act and the message of it
                if record is None and deaths[job.folder] >= DEATHS:
                    record = failure(job, "WorkerKilled", f"its worker process died {DEATHS} times")
                if record is not None:
                    del left[job.folder]
                    yield job, record


class _Context(multiprocessing.context.SpawnContext):
    """Starts processes, and remembers them."""

    def __init__(self):
        super().__init__()
        self.started = []

    def Process(self, *arguments, **options):  # type: ignore[override]
        process = super().Process(*arguments, **options)
        self.started.append(process)
        return process


class _Pool:
    """Processes that work, and end when this block or the process that it is in does, however it does."""

    def __init__(self, width, threads, subject):
        self.context = _Context()
        theirs, ours = self.context.Pipe(duplex=False)
        self.notes = tempfile.TemporaryDirectory(prefix="brownian-")
        self.ends, self.subject = (ours, theirs), subject
        self.executor = ProcessPoolExecutor(
            width, mp_context=self.context, initializer=_begin, initargs=(theirs, threads, self.notes.name)
        )

    def __enter__(self):
        try:
            self.executor.submit(_ready, self.subject).result()
        except BrokenExecutor as error:
            self.__exit__()
            raise RuntimeError(
                f"no worker process could be started, or none can import {self.subject.name}; what it said is above.  "
                'A script that sweeps needs `if __name__ == "__main__":` around what it does: every worker imports it'
            ) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        ours, theirs = self.ends
        ours.close()  # the workers end now, whatever they do
        self.executor.shutdown(wait=True, cancel_futures=True)
        theirs.close()
        places = [
            pathlib.Path(self.notes.name, str(process.pid))
            for process in self.context.started
            if process.exitcode
            not in (ENDED, -signal.SIGTERM)  # which is how the executor ends those beside a dead one
        ]
        self.places = {place.read_text().partition("\n")[0] for place in places if place.exists()}
        self.notes.cleanup()

    def died_at(self):
        """Folders of the jobs at which workers died by themselves, or by a kill -9 from outside."""
        return self.places


def _ready(subject):
    """Said by a worker that has come so far, and could read what is to be called."""
    return subject is not None


def _begin(connection, threads, notes):
    """First of all in a worker process."""
    global _note
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    number = str(threads or os.environ.get("BROWNIAN_THREADS") or 1)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, number)
    _note = os.open(os.path.join(notes, str(os.getpid())), os.O_WRONLY | os.O_CREAT, 0o600)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()


_note = -1  # of a worker process: the file that says what it is at


def _at(job):
    """Note which job this process is at, and work."""
    os.pwrite(_note, f"{job.folder}\n".encode(), 0)
    record = work(job)
    os.pwrite(_note, b"\n", 0)
    return record


def _end_with(connection):
    """End this process when the other end of the connection is closed, by hand or by death."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv_bytes()
    os._exit(ENDED)

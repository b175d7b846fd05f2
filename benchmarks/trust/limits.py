"""Looking at inputs in child processes with limits on time and memory, so that whatever they do is seen and counted."""

import faulthandler
import gc
import json
import linecache
import os
import pathlib
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings

import brownian
from brownian.trajectory import TrajectoryError

SECONDS, MEGABYTES = 5.0, 1024  # of one input, at most
BLOCK = 500  # inputs of one child
PACKAGE = str(pathlib.Path(brownian.__file__).parent)


def is_ours(error):
    """Whether an error is one that the package raises in so many words, and not one that happened to it."""
    if isinstance(error, TrajectoryError):
        return True
    last = traceback.extract_tb(error.__traceback__)[-1]
    line = linecache.getline(last.filename, last.lineno).strip()
    return (
        isinstance(error, ValueError)
        and last.filename.startswith(PACKAGE)
        and line.startswith(("raise ", "self.fail("))
    )


def tell(error):
    """An error and its place, in a line."""
    places = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(PACKAGE)]
    where = f"{os.path.relpath(places[-1].filename, PACKAGE)}:{places[-1].lineno}" if places else "?"
    return f"{type(error).__name__} at {where}: {str(error)[:160]}"


def attempt(look, *arguments):
    """What a look ends with: a word that it returns, "refused", or "FAILED: ..."."""
    try:
        return look(*arguments)
    except Exception as error:  # the very question is which ones come
        return "refused" if is_ours(error) else f"FAILED: {tell(error)}"


def _status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024


def _child(look, numbers, log):
    """Look at inputs, each under an alarm, which kills; write a line for each."""
    devnull = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(devnull, stream)
    faulthandler.disable()
    limit = int((_status("VmSize") + MEGABYTES) * 2**20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    for number in numbers:
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before, start = _status("VmRSS"), time.process_time()
        signal.setitimer(signal.ITIMER_REAL, 4 * SECONDS)  # of the clock: others use the machine too
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        outcome = attempt(look, number)
        for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0.0)
        line = [number, outcome, time.process_time() - start, max(0.0, _status("VmHWM") - before)]
        os.write(log, json.dumps(line).encode() + b"\n")


def outcomes(look, numbers):
    """Yield (number, outcome, seconds, megabytes) of every input, whatever it does to the process."""
    numbers, at = list(numbers), 0
    gc.freeze()
    while at < len(numbers):
        part = numbers[at : at + BLOCK]
        with tempfile.TemporaryFile() as log:
            sys.stdout.flush()
            process = os.fork()
            if process == 0:
                try:
                    _child(look, part, log.fileno())
                finally:
                    os._exit(0)
            _, status = os.waitpid(process, 0)
            log.seek(0)
            lines = [json.loads(line) for line in log]
        yield from lines
        at += len(lines)
        if len(lines) < len(part):
            number = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exit"
            late = number in ("SIGALRM", "SIGPROF")
            yield (
                part[len(lines)],
                f"FAILED: {'too slow' if late else 'died of ' + number}",
                SECONDS if late else 0.0,
                0.0,
            )
            at += 1


def in_a_child(work, *arguments):
    """Do something that starts threads where forks do not see them."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitpid(process, 0)[1]:
        raise RuntimeError(f"{work.__name__} failed")

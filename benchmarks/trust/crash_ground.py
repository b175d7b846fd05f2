"""Runs in forked children that are hurt, and a judge of what is left of their files.

A child says through a pipe what has been promised: how many frames have been flushed, and which checkpoints are kept.
"""

import ctypes
import gc
import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import NamedTuple

import h5py
import numpy as np

import brownian as bn
from brownian import running
from brownian.trajectory import FileRecorder, NothingToResume, TrajectoryError, layout, plan, repair

COUNT, KILL, HALF, PAGE, FAIL, SIGNAL = range(6)
SOURCE = pathlib.Path(__file__).with_name("crash_shim.c")
SHIM = "BROWNIAN_CRASH_SHIM"
KEPT = "steps", "times", "positions", "velocities", "tallies"
SEED, OLD = 7, 8
C = ctypes.CDLL(None)


def preloaded():
    """The shim; this program is started again under it, unless it runs under it already."""
    if SHIM not in os.environ:
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise SystemExit("no C compiler was found (gcc or cc), so nothing can be preloaded")
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "crash_shim.so")
            subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
            one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "BROWNIAN_THREADS"), "1")
            changed = {**os.environ, **one, SHIM: library, "LD_PRELOAD": library}
            raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=changed, check=False).returncode)
    library = ctypes.CDLL(os.environ[SHIM])
    library.crash_kinds.restype = ctypes.c_char_p
    library.crash_points.restype = ctypes.c_long
    return library


class Harm(NamedTuple):
    """What the shim is to do, from one point to another; `code`: errno or signal."""

    how: int = COUNT
    first: int = 0
    last: int = 0
    code: int = 0

    def arm(self, shim, folder):
        """Begin to count."""
        shim.crash_arm(os.fsencode(folder), self.how, ctypes.c_long(self.first), ctypes.c_long(self.last), self.code)


class Clock:
    """Stands in for `time` in a run, so that a checkpoint comes with every second look, wherever it runs."""

    def __init__(self, step=1.0):
        self.ticks = itertools.count()
        self.step = step

    def monotonic(self):
        """A time that has moved by one step, forward or back."""
        return 1e6 + self.step * next(self.ticks)

    perf_counter = monotonic


class Job(NamedTuple):
    """A run: small chunks, three frames a call, float32 frames, energies counted; or averages and five particles."""

    name: str
    seed: int = SEED
    steps: int = 20
    clock: float = 1.0  # 0: that of the machine

    def run(self, path, **options):
        """Make the run, or go on with it."""
        observed = self.name == "observed"
        particles, dimension = (40, 2) if observed else (70, 3)
        kept = 5 if observed else particles
        frame = kept * dimension * 4
        plan.SLAB_BYTES, plan.SPARE_BYTES, plan.CHUNK_BYTES, layout.CLOCK_CHUNK = 5 * frame, 1, 2**12, 8
        if self.clock:
            running.time = Clock(self.clock)
            running.SECONDS_PER_CALL, running.SECONDS_PER_CHECKPOINT = 1e6, 1.5
            per_frame = particles * dimension * 16 if observed else 2 * frame + 56 * particles
            running.FRAME_BYTES_PER_CALL = 3 * per_frame
        else:
            running.SECONDS_PER_CALL, running.SECONDS_PER_CHECKPOINT = 0.004, 0.02
        simulation = bn.Simulation(
            potential=bn.DoubleWell(barrier=2.0, width=1.2), dynamics=bn.Langevin(mass=1.3, friction=0.7, kT=0.9),
            dt=0.1, particles=particles, dimension=dimension, seed=self.seed, bookkeeping=not observed, start="normal",
        )  # fmt: skip
        more = {"observe": [bn.Moments(), bn.Autocorrelation(longest=5)], "particles": range(kept)}
        return simulation.run(
            steps=self.steps, every=0.2, out=path, threads=1, dtype=np.float32, **(more if observed else {}), **options
        )


class Outcome(NamedTuple):
    """What a child has said, the error that ended it (name, names of its classes, text), its exit status, its talk."""

    said: list
    error: tuple
    status: int
    talk: str

    def last(self, kind, other=0):
        """The last thing of a kind that was said."""
        return next((value for key, value in reversed(self.said) if key == kind), other)


def child(work, *arguments, meanwhile=None, seconds=20.0):
    """Do `work(say, ...)` in a forked process; `meanwhile(process number, said)` is called as soon as it speaks."""
    with tempfile.TemporaryFile() as talk:
        inlet, outlet = os.pipe()
        number = os.fork()
        if number == 0:
            os.close(inlet)
            for stream in (1, 2):
                os.dup2(talk.fileno(), stream)
            _work(outlet, work, arguments)
        os.close(outlet)
        text, deadline = b"", time.monotonic() + seconds
        while select.select([inlet], [], [], max(0.0, deadline - time.monotonic()))[0]:
            part = os.read(inlet, 2**16)
            if not part:
                break
            text += part
            if meanwhile is not None:
                meanwhile, now = None, meanwhile
                now(number)
        else:
            os.kill(number, signal.SIGKILL)
        os.close(inlet)
        status = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        talk.seek(0)
        said = [tuple(json.loads(line)) for line in text.splitlines() if line.endswith(b"]")]
        outcome = Outcome(said, (), status, talk.read().decode(errors="replace"))
        return outcome._replace(error=outcome.last("error", ()))


def _work(outlet, work, arguments):
    def say(kind, value):
        os.write(outlet, f"{json.dumps([kind, value])}\n".encode())

    status = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        work(say, *arguments)
        status = 0
    except BaseException as error:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("error", [type(error).__name__, [each.__name__ for each in type(error).__mro__], str(error)])
        status = error.code if isinstance(error, SystemExit) else 1
    finally:
        gc.collect()
        C.exit(status)  # that of C, by which HDF5 ends too


def promising(say):
    """Have the recorder say what it has promised, as soon as it has."""
    recorded, checkpoint = FileRecorder._recorded, FileRecorder.checkpoint

    def frames(self, *arguments):
        recorded(self, *arguments)
        say("frames", self.frames)

    def kept(self, *arguments):
        checkpoint(self, *arguments)
        say("checkpoint", self.frames)

    FileRecorder._recorded, FileRecorder.checkpoint = frames, kept


def frames_of(path):
    """Seed, and all frames, of a file, read as it is."""
    with bn.open(path) as read:
        arrays = {name: getattr(read, name) for name in KEPT}
        return read.description["seed"], {k: np.asarray(v) for k, v in arrays.items() if v is not None}


def content(path):
    """Everything in a finished file that a run makes the same each time; the newest checkpoint only."""
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, thing: found.update({name: thing[()]} if isinstance(thing, h5py.Dataset) else {}))
    for name in [name for name in found if name.startswith("brownian/checkpoint") or name.endswith("verdict")]:
        del found[name]
    description = json.loads(found.pop(layout.DESCRIPTION))
    del description["made"]
    with bn.open(path) as read:
        found |= {"step": np.array(read.checkpoints()[0][0]), "state": read.checkpoints()[0][1]}
        complete = read.complete
    return found | {"description": np.array(json.dumps(description)), "complete": np.array(complete)}


def differing(found, expected):
    """How many numbers are not the same, bit for bit, in two dicts of arrays; a missing array counts as one."""
    wrong = len(found.keys() ^ expected.keys())
    for name in found.keys() & expected.keys():
        one, other = np.asarray(found[name]), np.asarray(expected[name])
        if one.shape != other.shape or one.dtype != other.dtype:
            wrong += 1
        else:
            wrong += sum(a.tobytes() != b.tobytes() for a, b in zip(one.ravel(), other.ravel(), strict=True)) if (
                one.tobytes() != other.tobytes()) else 0  # fmt: skip
    return wrong


class Judge:
    """The uninterrupted run, by seed, and what has to be there after an accident."""

    def __init__(self, job, folder):
        self.job, self.folder = job, folder
        self.frames, self.whole = {}, {}
        for seed in (SEED, OLD):
            path = folder / f"{job.name}{seed}.h5md"
            job._replace(seed=seed).run(path)
            self.frames[seed], self.whole[seed] = frames_of(path)[1], content(path)

    def look(self, path, promised):
        """(frames lost, wrong numbers) of a file as it is; `promised`: frames by seed."""
        seed, found = frames_of(path)
        frames = len(found["steps"])
        return max(0, promised[seed] - frames), differing(found, {k: v[:frames] for k, v in self.frames[seed].items()})

    def __call__(self, say, path, promised):
        """Look, repair a copy, resume; say what is wrong, and how the run went on."""
        copy, begun = path.with_name("copy.h5md"), path.exists() or path.with_name(f"{path.name}.tmp").exists()
        if path.exists():
            say("seen", self.look(path, promised))
            shutil.copyfile(path, copy)
            repair(copy)
            say("seen", self.look(copy, promised))
            h5py.File(copy, "r").close()
            copy.unlink()
        elif max(promised.values()):
            say("seen", (max(promised.values()), 0))
        try:
            self.job.run(path, resume=True)
            say("end", "resumed")
        except (TrajectoryError, bn.trajectory.ResumeMismatch) as error:
            say("end", type(error).__name__)
            if begun and isinstance(error, NothingToResume):
                say("rest", f"a run that was begun, and is not resumed: {error}")
            self.job.run(path, overwrite=True)
        say("seen", (0, differing(content(path), self.whole[SEED])))
        rest = sorted(each.name for each in path.parent.iterdir())
        if rest != [path.name]:
            say("rest", rest)


def clean(folder):
    """Remove all files of a folder."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            path.unlink()

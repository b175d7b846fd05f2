"""Accidents that are no points of a run: kills at random times; folders, files and locks that others change."""

import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from crash_ground import KILL, OLD, SEED, Harm, Job, Judge, child, clean, content, differing, promising

from brownian.trajectory import FileRecorder, NothingToResume, annotate, repair
from brownian.trajectory.locking import WriterLock

NOBODY = 65534


@contextmanager
def load():
    """A busy loop in another process."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            yield
        finally:
            other.kill()


def random_kills(ledger, folder, kills, seed):
    """`kill -9` at random times, beside a busy loop: look, go on with the file, kill again; at its end, compare."""
    (folder / "random").mkdir()
    rng, path = random.Random(seed), folder / "random" / "here" / "run.h5md"
    path.parent.mkdir()
    judge = Judge(Job("run", steps=1200, clock=0.0), folder / "random")

    def act(say):
        promising(say)
        say("born", 0)
        try:
            judge.job.run(path, resume=True)
        except NothingToResume:
            judge.job.run(path, overwrite=path.exists())

    def look(say, promised, status):
        if status == 0:
            say("seen", (0, differing(content(path), judge.whole[SEED])))
        elif path.exists():
            say("seen", judge.look(path, {SEED: promised}))
        else:
            say("seen", (promised, 0))
        say("end", "finished" if status == 0 else "goes on")

    def killed(outcome):
        return None if outcome.status in (0, -signal.SIGKILL) else f"{outcome.status} {outcome.error}"

    with load():
        began = time.monotonic()
        child(act)
        lasts, kept, done = time.monotonic() - began, 0, 0
        clean(path.parent)
        while done < kills:
            moment = rng.random() * lasts
            outcome = child(act, meanwhile=lambda number, moment=moment: (time.sleep(moment), os.kill(number, 9)))
            promised = max(outcome.last("frames"), kept)
            verdict = child(look, promised, outcome.status)
            kept = max(outcome.last("checkpoint"), kept)
            if outcome.status == 0:
                clean(path.parent)
                kept = 0
            done += outcome.status != 0
            ledger.enter("kill -9 at random times, under load", "run" if outcome.status else "ended before the kill",
                         outcome, verdict, killed)  # fmt: skip
        outcome = child(act)
        ledger.enter("kill -9 at random times, under load", "to the end", outcome, child(look, 0, 0), killed)


def in_mid_run(job, deed, **options):
    """A run in which something happens after the ninth frame."""

    def act(path):
        recorded = FileRecorder._recorded

        def happening(self, frames, *arguments):
            recorded(self, frames, *arguments)
            if frames >= 9:
                FileRecorder._recorded = recorded
                deed(path)

        FileRecorder._recorded = happening
        job.run(path, **options)

    return act


def as_nobody(act):
    """Do it without the rights of the superuser."""

    def other(path):
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        act(path)

    return other


def cases(deeds, ledger):
    """Each once."""
    job, path, folder = deeds.judge.job, deeds.path, deeds.path.parent
    torn, floor, resume = deeds.all["resume"]
    whole, all_frames, _ = deeds.all["note"]
    nothing = {SEED: 0, OLD: 0}

    def case(kind, name, act, words, before=None, promised=nothing, after=None, holding=None):
        """`words`: what the message must say; None where nothing may be seen."""

        def check(outcome):
            text = " ".join(map(str, outcome.error[::2]))
            if words is None:
                return None if outcome.status == 0 else f"{outcome.status} {text}"
            good = outcome.status == 1 and re.search(words, text) and "run.h5md" in text and "[Errno" not in text[:16]
            return None if good else f"{outcome.status}, not ours: {text}"

        clean(folder)
        folder.chmod(0o755)
        os.chown(folder, NOBODY if os.geteuid() == 0 else -1, -1)
        held = holding and holding()
        outcome, _ = deeds.done(act, Harm(), before, prepare=held)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        if after is not None:
            after()
        promised = promised | {SEED: max(promised[SEED], outcome.last("frames") if promised is not nothing else 0)}
        if held is not None:
            held.close()
        ledger.enter(kind, name, outcome, child(deeds.judge, path, promised), check)

    kind = "read-only folder"
    refused = "cannot be written"
    case(kind, "before a run", as_nobody(lambda p: (p.parent.chmod(0o555), job.run(p))), refused)
    case(kind, "before resuming", as_nobody(lambda p: (p.parent.chmod(0o555), resume(p))), refused, torn, floor)
    case(kind, "before repairing", as_nobody(lambda p: (p.parent.chmod(0o555), repair(p))), refused, torn,
         deeds.all["repair"][1])  # fmt: skip
    case(kind, "in mid-run", as_nobody(in_mid_run(job, lambda p: p.parent.chmod(0o555))), None, promised=dict(nothing))
    kind, gone = "file taken away in mid-run", "was removed or replaced"
    case(kind, "removed", in_mid_run(job, lambda p: p.unlink()), gone)
    case(kind, "folder removed", in_mid_run(job, lambda p: shutil.rmtree(p.parent)), gone)
    case(kind, "replaced", in_mid_run(job, lambda p: (p.unlink(), p.write_bytes(torn))), gone)
    moved = path.with_name("moved.h5md")
    case(kind, "renamed", in_mid_run(job, lambda p: p.rename(moved)), gone, promised=dict(nothing),
         after=lambda: moved.rename(path))  # fmt: skip
    kind, busy = "another writer of ours is at work", f"is being written by process {os.getpid()}"
    for name, act in (("overwrite", lambda p: job.run(p, overwrite=True)), ("resume", resume), ("repair", repair),
                      ("note", lambda p: annotate(p, "verdict", {}))):  # fmt: skip
        case(kind, name, act, busy, whole, all_frames, holding=lambda: _Held(WriterLock(path)))
    kind = "locked by another program"
    for name, act in (("resume", resume), ("repair", repair)):
        case(kind, f"{name}, a whole file", act, "another program|in a program", whole, all_frames,
             holding=lambda: _Held(path))  # fmt: skip
        case(kind, f"{name}, a killed file", act, None, torn, floor, holding=lambda: _Held(path))
    case(kind, "in mid-run", in_mid_run(job, lambda p: fcntl.flock(os.open(p, os.O_RDONLY), fcntl.LOCK_EX)), None,
         promised=dict(nothing))  # fmt: skip
    kind = "lock file removed in mid-run"
    lock = path.with_name("run.h5md.lock")
    case(kind, "alone", in_mid_run(job, lambda p: lock.unlink()), None, promised=dict(nothing))
    case(kind, "another writer comes", in_mid_run(job, lambda p: (lock.unlink(), WriterLock(p))),
         "is being written by", promised=dict(nothing), after=lambda: lock.unlink(missing_ok=True))  # fmt: skip
    back = Job("run", clock=-1.0)
    case("clock set back", "run", lambda p: (setattr(time, "time", lambda: -1.0), back.run(p)), None,
         promised=dict(nothing))  # fmt: skip
    for point in range(16, 116, 10):
        outcome, _ = deeds.done(back.run, Harm(KILL, point))
        verdict = child(deeds.judge, path, nothing | {SEED: outcome.last("frames")})
        ledger.enter("clock set back", "run, killed", outcome, verdict, lambda outcome: None)


class _Held:
    """A lock that this process holds while the child is at work: of ours, or of the file itself as HDF5 does it."""

    def __init__(self, what):
        self._what, self._descriptor = what, None

    def __call__(self):
        """Begin, once the file is there."""
        if not isinstance(self._what, WriterLock):
            self._descriptor = os.open(self._what, os.O_RDONLY)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def close(self):
        """End."""
        if self._descriptor is None:
            self._what.release()
        else:
            os.close(self._descriptor)

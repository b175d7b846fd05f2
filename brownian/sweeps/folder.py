"""The folder of a sweep: what it is a sweep of, kept beside its jobs, and compared before anything is added."""

import json
import pathlib
import shutil
import uuid

from ..trajectory.locking import WriterLock
from ..version import __version__
from .jobs import JOBS
from .records import write_whole
from .worker import MANIFEST

FORMAT = "brownian sweep 1"
SUMMARY = ("summary.csv", "summary.json", "summary.png")
FIXED = ("version", "kind", "name", "digest", "fixed", "seed", "common_random_numbers", "varied")  # may not change


class SweepMismatch(ValueError):
    """The folder holds a sweep of something else."""


class Folder:
    """The folder of a sweep, locked against a second one for as long as this one lasts.

    Parameters
    ----------
    path
        Where.
    description
        What is swept: the entries of ``FIXED``, and others that may change.
    overwrite
        Whether to remove another sweep's jobs and summary.

    Raises
    ------
    SweepMismatch
        If there is a sweep of something else, or something that is no sweep.
    FileInUse
        If another process works on it.
    """

    def __init__(self, path, description, overwrite):
        self.path = pathlib.Path(path).absolute()
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = WriterLock(self.path / MANIFEST)
        try:
            wanted = {"format": FORMAT, "version": __version__} | description
            there = self._there()
            if there is not None and not overwrite:
                self._compare(there, json.loads(json.dumps(wanted)))
            elif there is not None:
                shutil.rmtree(self.path / JOBS, ignore_errors=True)
                for name in SUMMARY:
                    (self.path / name).unlink(missing_ok=True)
                there = None
            self.mark = there["sweep"] if there else uuid.uuid4().hex
            write_whole(self.path / MANIFEST, json.dumps(wanted | {"sweep": self.mark}, indent=1) + "\n")
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self):
        """Hold the lock."""
        return self

    def __exit__(self, *error):
        """Release it."""
        self._lock.release()

    def _there(self):
        path = self.path / MANIFEST
        if not path.exists():
            own = f"{MANIFEST}.lock", f".{MANIFEST}."  # the latter is what a kill leaves
            others = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(own)]
            if others:
                raise SweepMismatch(f"{self.path} holds {others[0]} and no sweep: choose another folder")
            return None
        try:
            there = json.loads(path.read_text())
        except json.JSONDecodeError:
            there = {}
        if there.get("format") != FORMAT:
            raise SweepMismatch(f"{path} is not the file of a sweep: choose another folder")
        return there

    def _compare(self, there, wanted):
        changed = [name for name in FIXED if there.get(name) != wanted.get(name)]
        if changed:
            rows = [_difference(name, there.get(name), wanted.get(name)) for name in changed]
            raise SweepMismatch(
                "\n".join(
                    [
                        f"{self.path} holds the jobs of another sweep, so it can't go on as this one:",
                        *rows,
                        "choose another folder (out, --out), or overwrite (--overwrite) what is there",
                    ]
                )
            )

    def keep_copy(self, script):
        """Keep the text of a scenario beside its jobs: workers read it if the script is edited meanwhile."""
        text = pathlib.Path(script.path).read_bytes()
        write_whole(self.path / pathlib.Path(script.path).name, text.decode())


def _difference(name, there, wanted):
    if name == "digest":
        return "  its source was changed since"
    if name == "varied":
        there, wanted = (", ".join(names or ()) or "nothing" for names in (there, wanted))
    return f"  {name.replace('_', ' ')}: {there} there, {wanted} now"

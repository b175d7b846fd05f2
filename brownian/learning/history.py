"""What a learning run noted, step by step, and the file that it can go on from."""

import json
import os
import pathlib
import zipfile
from dataclasses import dataclass

import numpy as np

from ..trajectory.errors import NothingToResume, ResumeMismatch


@dataclass(frozen=True, repr=False)
class History:
    """Numbers noted during learning.

    Parameters
    ----------
    steps
        Numbers of the learning steps that were noted, from 1, shape (n,).
    values
        Arrays of shape (n,) by name; nan where a step did not give that number.

    ``history["loss"]`` is the array of that name.
    """

    steps: np.ndarray
    values: dict

    def __getitem__(self, name):
        """The array of a name."""
        if name not in self.values:
            raise KeyError(f"{name!r} was not noted; there are {sorted(self.values)}")
        return self.values[name]

    def __len__(self):
        return len(self.steps)

    @property
    def names(self):
        """What was noted, in alphabetical order."""
        return tuple(sorted(self.values))

    def __repr__(self):
        last = ", ".join(f"{name} {self.values[name][-1]:.6g}" for name in self.names) if len(self) else "empty"
        return f"History({len(self):,} of {self.steps[-1] if len(self) else 0:,} steps; at the end: {last})"


class Notebook:
    """A history that is being written: rows of numbers by name."""

    def __init__(self, history=None):
        """Empty, or all that is in a history."""
        self.steps, self.rows = [], []
        if history is not None:
            self.steps = history.steps.tolist()
            self.rows = [{name: float(history.values[name][k]) for name in history.values} for k in range(len(history))]

    def note(self, step, numbers):
        """One row."""
        self.steps.append(step)
        self.rows.append(numbers)

    def history(self):
        """All rows as arrays."""
        names = sorted({name for row in self.rows for name in row})
        values = {name: np.array([row.get(name, np.nan) for row in self.rows]) for name in names}
        return History(np.array(self.steps, np.int64), values)


# The file: arrays by name in groups "parameters/...", "memory/...", "state/...", "history/...", and a description.


def checked_path(path):
    """The path of a checkpoint, whose name ends in .npz and whose folder exists."""
    path = pathlib.Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"out = {str(path)!r}, but a name that ends in .npz is needed")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"out = {str(path)!r}: there is no folder {str(path.parent)!r}")
    return path


def write_checkpoint(path, description, step, groups, history):
    """Write all arrays to a new file, and put it in the place of the old one when it is whole and on the disk."""
    groups = groups | {"history": {"steps": history.steps, **{f"value/{k}": v for k, v in history.values.items()}}}
    arrays = {f"{group}/{name}": array for group, held in groups.items() for name, array in held.items()}
    arrays |= {"description": np.array(json.dumps(description, sort_keys=True)), "step": np.array(step, np.int64)}
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_checkpoint(path, description):
    """(step, groups, history) of a file, once its description has been found to be the one given.

    Raises
    ------
    NothingToResume
        where there is no such file, or no whole one; ResumeMismatch where it was made otherwise.
    """
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        found, step = json.loads(str(held.pop("description"))), int(held.pop("step"))
    except FileNotFoundError:
        raise NothingToResume(f"{path}: there is no such file; run without resume=True to start", path) from None
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        raise NothingToResume(f"{path} is no checkpoint of learning, or damaged: {error}", path) from error
    differences = {
        key: (found.get(key), description.get(key))
        for key in sorted({*found, *description})
        if found.get(key) != description.get(key)
    }
    if differences:
        rows = [f"  {key}: {old} in the file, {new} given" for key, (old, new) in differences.items()]
        raise ResumeMismatch("\n".join([f"{path} was made otherwise, so it cannot be resumed:", *rows]), differences)
    groups: dict = {"parameters": {}, "memory": {}, "state": {}, "history": {}}
    for name, array in held.items():
        group, _, rest = name.partition("/")
        groups[group][rest] = array
    noted = groups.pop("history")
    values = {name.removeprefix("value/"): array for name, array in noted.items() if name != "steps"}
    return step, groups, History(noted["steps"], values)

"""Files that somebody sent: what the tests break, how they break it, and all that is done with it."""

import json
import pathlib
import shutil
import warnings
from typing import NamedTuple

import h5py
import hostile_corpus
import limits
import numpy as np

import brownian as bn

ROOT = pathlib.Path(__file__).parent.parent
POSITION, VIEWED = "brownian/native/position", "particles/trajectory/position/value"


@bn.potential
class Own(NamedTuple):
    """A class of the author's."""

    strength: float

    def component_energy(self, x, d, t):
        return self.strength * x**2

    def component_force(self, x, d, t):
        return -2.0 * self.strength * x


def whole_files(tmp_path_factory):
    """A folder of small files; a fixture of a module."""
    folder = tmp_path_factory.mktemp("corpus")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hostile_corpus.make_corpus(folder)
        bn.Simulation(
            potential=Own(1.1), dynamics=bn.Overdamped(friction=0.7, kT=0.9), dt=0.01, particles=5, seed=7
        ).run(steps=20, every=0.05, out=folder / "own.h5md")
    return folder


def copied(corpus, tmp_path):
    """A copy of a file, to be broken; a fixture."""
    return pathlib.Path(shutil.copy(corpus / "plain.h5md", tmp_path / "sent.h5md"))


def describe(path, change):
    """Change the description in a file."""
    with h5py.File(path, "r+") as opened:
        description = json.loads(opened["parameters/description"][()])
        change(description)
        del opened["parameters/description"]
        opened.create_dataset("parameters/description", data=np.bytes_(json.dumps(description)))


def replace(path, place, make):
    """Put something else in a place of a file: what `make(file, place)` makes, or a link."""
    with h5py.File(path, "r+") as opened:
        if place in opened:
            del opened[place]
        if callable(make):
            make(opened, place)
        else:
            opened[place] = make


def everything(path):
    """All that is done with a file somebody sent; the errors that came."""
    errors = []
    acts = bn.open, lambda p: bn.open(p).positions[:], lambda p: bn.open(p).simulation(), bn.verify, bn.validate
    for act in acts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                act(path)
            except ValueError as error:
                errors.append(error)
    foreign = [limits.tell(error) for error in errors if not limits.is_ours(error)]
    assert not foreign
    return errors


def claims(shape, chunks=None, kind="f4", **options):
    """For `replace`: a dataset of a shape."""
    return lambda opened, place: opened.create_dataset(place, shape, kind, chunks=chunks, **options)

"""Jobs: combinations of parameters times replicas, with the seeds and folders that belong to them."""

import dataclasses
import hashlib
import itertools
import re
from typing import Any

from .values import canonical

JOBS = "jobs"


def seed_of(base, parameters, replica):
    """The seed of one replica: 63 bits of BLAKE2b of base seed, parameters and number.

    Replica k of a combination has the same seed alone, among more replicas, and in any sweep over more values or other
    parameters.

    Parameters
    ----------
    base
        The seed of the sweep.
    parameters
        All parameters by name, those at their defaults too; None: the same seed at all parameters.
    replica
        Number of the replica, from 0.

    Notes
    -----
    The first 8 bytes, big-endian, of BLAKE2b (digest size 8) of the JSON text
    ``["brownian sweep",base,parameters,replica]`` without spaces and with sorted keys, shifted right by one bit.
    Source: J.-P. Aumasson et al., BLAKE2, RFC 7693 (2015).

    Examples
    --------
    >>> from brownian.sweeps import seed_of
    >>> seed_of(7, {"friction": 0.1, "kT": 0.9}, 3)
    4026703496086331953
    """
    text = canonical(["brownian sweep", base, parameters, replica])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def folder_name(varied, parameters):
    """Name of the folder of a combination: its varied values to be read, and 12 digits of the digest of all.

    Examples
    --------
    >>> from brownian.sweeps.jobs import folder_name
    >>> folder_name({"friction": 0.1}, {"friction": 0.1, "kT": 0.9})
    'friction=0.1-044cf2059d42'
    """
    readable = "_".join(f"{name}={value}" for name, value in varied.items()) or "all"
    readable = re.sub(r"[^A-Za-z0-9_.+=,-]+", "-", readable)[:80]
    return f"{readable}-{hashlib.blake2b(canonical(parameters).encode(), digest_size=6).hexdigest()}"


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """One combination of parameters and one replica: all that a worker needs.

    Parameters
    ----------
    subject
        What is called.
    varied, given, parameters
        The values that differ between jobs; these and the fixed ones; these and the defaults.
    replica, seed
        Number from 0, and its seed (None: it takes none).
    root, folder
        Folder of the sweep, and that of the job below it.
    sweep
        The mark of the sweep, by which a worker knows that it sees the same folder.
    threads
        Of compiled code in a worker; None: BROWNIAN_THREADS of the worker, else 1.
    """

    subject: Any
    varied: dict
    given: dict
    parameters: dict
    replica: int
    seed: int | None
    root: str
    folder: str
    sweep: str
    client: str
    version: str
    threads: int | None = None

    def __str__(self):
        """The varied values and the replica."""
        values = " ".join(f"{name}={value}" for name, value in self.varied.items())
        return f"{values} replica {self.replica}".strip()

    @property
    def again(self):
        """What makes this job again."""
        return self.subject.again(self.given, self.seed)


def combinations(parameters):
    """Every choice of one value per parameter; the last one changes fastest."""
    return [dict(zip(parameters, values, strict=True)) for values in itertools.product(*parameters.values())]

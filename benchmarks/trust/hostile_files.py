"""Files that are broken in ways that happen, and in ways that somebody thought of; and all that is done with a file."""

import contextlib
import copy
import functools
import importlib
import json
import random

import h5py
import numpy as np
from hostile_corpus import DAMAGE, FOREIGN
from limits import attempt, in_a_child

import brownian as bn

WEIGHTS = {"cut": 1, "flipped": 4, "overwritten": 2, "restructured": 6, "described": 4, "foreign": 3,
           "killed": 2}  # fmt: skip
NOT_OURS = "/etc/hostname"
TYPES = ["i1", "<u8", ">i4", "f2", "<f4", ">f8", "f16", "c16", "?", "S5", "V3", [("a", "<i8"), ("b", "<f4")], (3,)]
SHAPES = [(), (0,), (1,), (2,), (12,), (13,), (12, 5, 2), (12, 5, 0), (0, 5, 2), (12, 4, 2), (1, 1, 1), (12, 5, 2, 2)]
VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    10**400,
    1e308,
    -0.5,
    1e-320,
    "",
    "x",
    "x**2",
    "9**9**9**9",
    [],
    {},
    [1e9] * 3,
]
VALUES += [
    [[]],
    {"class": "Sum"},
    {"class": "Driven", "protocols": {}},
    {"class": "os.system", "parameters": {"command": "id"}},
]
VALUES += [
    {"empty": [10**12, 0]},
    "\x1b]0;title\x07",
    "\ud800",
    "__import__('os').system('id')",
    10**9,
    2**31,
    "inf",
    "nan",
]
VALUES += [{"class": "Expression", "text": "(" * 999, "dimension": 1, "parameters": {}}, 10**18, 0.1]


@functools.cache
def _corpus(folder):
    paths = [path for path in sorted(folder.iterdir()) if path.suffix[1:] in ("h5md", *FOREIGN)]
    return {path.name: path.read_bytes() for path in paths} | {"killed": (folder / "killed" / "run.h5md").read_bytes()}


def _nodes(file):
    found = []
    file.visit(found.append)
    return found


def _space(rng):
    shape = rng.choice(SHAPES)
    if shape and rng.random() < 0.3:
        shape = (rng.choice([10**6, 10**9, 10**12, 10**18, 2**62]), *shape[1:])
    return shape


def _array(rng, shape, kind):
    base = np.dtype(("<f8", kind) if isinstance(kind, tuple) else kind)
    if base.kind == "V" or base.kind == "S":
        return np.zeros(shape, base)
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape) * rng.choice(
        [1.0, -1.0, 0.0, 0.5, 1e300, np.nan, np.inf]
    )
    with np.errstate(all="ignore"):
        return values.astype(base)


def _new_dataset(rng, file, name):
    shape, kind = _space(rng), rng.choice(TYPES)
    draw = rng.random()
    if draw < 0.1:
        file.create_dataset(
            name, data=rng.choice(["text", b"bytes", h5py.Empty("f8"), np.array(["a", "b"], "O"), "x" * 9999])
        )
    elif draw < 0.15:
        file.create_dataset(name, (3,), dtype=rng.choice([h5py.ref_dtype, h5py.regionref_dtype, h5py.vlen_dtype("f8")]))
    elif np.prod(shape, dtype=float) > 1e5 or (shape and draw < 0.4):
        room = tuple(max(1, min(n, 64)) for n in shape)
        options = rng.choice([{}, {"compression": "gzip"}, {"scaleoffset": 0}, {"shuffle": True, "fletcher32": True}])
        with _refused_quietly():
            kept = "<i8" if "scaleoffset" in options else kind if not isinstance(kind, tuple) else "<f8"
            file.create_dataset(name, shape, dtype=kept, chunks=room, maxshape=(None,) * len(shape), **options)
    else:
        file.create_dataset(name, data=_array(rng, shape, kind))


def _refused_quietly():
    """What HDF5 will not do is no harm."""
    return contextlib.suppress(ValueError, TypeError, OSError, RuntimeError, LookupError, OverflowError, MemoryError)


def _link(rng, file, name, others):
    kind = rng.randrange(8)
    if kind == 0:
        file[name] = h5py.SoftLink(rng.choice([f"/{name}", "/nowhere", "/", *others]))
    elif kind == 1:
        file[name] = h5py.ExternalLink(rng.choice([NOT_OURS, file.filename, "/dev/zero", "nothing.h5"]), "/")
    elif kind == 2:
        file[name] = file[rng.choice(["/", "particles", "brownian", *others])] if "brownian" in file else file["/"]
    elif kind == 3:
        layout = h5py.VirtualLayout((12, 5, 2), "f8", maxshape=(None, 5, 2))
        source = rng.choice([".", file.filename, NOT_OURS, "other%b.h5"])
        inner = h5py.VirtualSource(
            source, f"/{name}" if rng.random() < 0.5 else rng.choice(others), shape=(12, 5, 2), dtype="f8"
        )
        layout[...] = inner
        file.create_virtual_dataset(name, layout)
    elif kind == 4:
        file.create_dataset(name, (12, 5, 2), "i1", external=[(rng.choice([NOT_OURS, "/dev/zero", "x"]), 0, 120)])
    elif kind == 5:
        file[name] = np.dtype(rng.choice(["f8", "i4"]))
    elif kind == 6:
        file.create_group(name)
    else:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((12, 5, 2))
        plist.set_filter(rng.choice([307, 32001, 32015, 60000]), h5py.h5z.FLAG_OPTIONAL, (1, 2))
        kept = h5py.h5t.IEEE_F64LE
        h5py.h5d.create(file.id, name.encode(), kept, h5py.h5s.create_simple((12, 5, 2)), plist)[...] = 1.0


def _attribute(rng, file, node):
    name = rng.choice(["unit", "offset", "columns", "version", "name", "boundary", "dimension"])
    shape = rng.choice([s for s in SHAPES if len(s) < 2])
    kind = rng.choice(TYPES)
    choices = [_array(rng, shape, kind), "text", b"\xff\xfe", h5py.Empty("f8"), np.array(["nm"] * 3, "O"), "u" * 60000]
    choices += [np.array([b"work", b""]), file.ref, "\x1b[2J"]
    file[node].attrs[name] = rng.choice(choices)


def restructure(rng, path):
    """Change objects of a file."""
    with h5py.File(path, "r+", locking=False) as file:
        for _ in range(rng.choice([1, 1, 2, 3])):
            nodes = _nodes(file)
            if not nodes:
                return
            node, draw = rng.choice(nodes), rng.random()
            with _refused_quietly():
                if draw < 0.1:
                    del file[node]
                elif draw < 0.2:
                    file.move(node, rng.choice([f"{node}x", rng.choice(nodes) + "/x", "é", "particles/other"]))
                elif draw < 0.35:
                    _attribute(rng, file, node)
                elif draw < 0.5 and isinstance(file[node], h5py.Dataset) and file[node].dtype.kind in "fiu":
                    values = file[node]
                    if values.is_virtual:  # HDF5 itself may crash when it writes through one whose source is gone
                        continue
                    rows = rng.randrange(max(1, values.shape[0])) if values.shape else ()
                    values[rows] = rng.choice([np.nan, np.inf, -1, 0, 2**62, 1e300, -1e300])
                elif draw < 0.6 and isinstance(file[node], h5py.Dataset) and file[node].chunks:
                    file[node].resize(rng.choice([0, 1, 7, 10**6, 10**12, 2**62]), axis=rng.choice([0, 0, 0, 1]))
                else:
                    del file[node]
                    _new_dataset(rng, file, node) if draw < 0.8 else _link(rng, file, node, nodes)


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, key))


def _nested(rng):
    depth = rng.choice([50, 300, 900, 3000, 100_000])
    return rng.choice([("[" * depth, "]" * depth), ('{"class": "Sum", "parameters": {"first":' * depth, "}}" * depth)])


def describe_otherwise(rng, path):
    """Change what a file says of how it was made."""
    with h5py.File(path, "r+", locking=False) as file:
        place = "parameters/description"
        description = json.loads(file[place][()])
        for _ in range(rng.choice([1, 1, 2, 4])):
            *way, last = rng.choice([p for p in _places(description) if p])
            inner = functools.reduce(lambda value, key: value[key], way, description)
            if rng.random() < 0.2 and isinstance(inner, dict):
                inner[rng.choice([f"{last}x", "among", "state", "observe", "stop", "tempering"])] = copy.deepcopy(
                    rng.choice(VALUES)
                )
            elif rng.random() < 0.3:
                inner.pop(last)
            elif isinstance(inner[last], int | float) and rng.random() < 0.5:
                factor, more = rng.choice([-1, 2, 0, 1e9, 0.5, 10**9]), rng.choice([0, 1])
                with contextlib.suppress(OverflowError):  # a whole number may be beyond all floats by now
                    inner[last] = inner[last] * factor + more
            else:
                inner[last] = copy.deepcopy(rng.choice(VALUES))
            if not list(_places(description))[1:]:
                break
        text = json.dumps(description)
        if rng.random() < 0.1:
            before, after = _nested(rng)
            text = rng.choice(
                [f"{before}0{after}", before, text[: len(text) // 2], text[:-1] + f', "a": {before}0{after}}}']
            )
        del file[place]
        file.create_dataset(place, data=np.bytes_(text.encode("utf-8", "surrogatepass")))


# ---- what is done with a file


def look(path, number=0, described=False):
    """Open a file and ask it for everything; "read" or "refused" as opening it ends.

    What takes long is asked of one in 10, or in 100, of the numbers.
    """
    with bn.open(path) as read:
        asked = [
            lambda: repr(read), lambda: [None for _ in read.frames()], lambda: read.tallies and read.tallies[-1],
            read.checkpoints, lambda: (read.description, read.unit, read.columns, read.complete),
        ]  # fmt: skip
        if described or number % 10 == 0:
            asked += [read.simulation, lambda: read.observed]
        if number % 10 == 0:
            asked += [
                lambda: read.energies, lambda: read.stop_times, lambda: read.acceptance, lambda: read.positions[-1],
                lambda: bn.trajectory.note(path, "description"),
            ]  # fmt: skip
        if number % 100 == 0:
            asked += [lambda: bn.verify(read, budget=300, threads=1), lambda: bn.validate(read), read.to_mdanalysis]
        for ask in asked:
            failed = attempt(lambda ask=ask: (ask(), "")[1])
            if failed and failed != "refused":
                return failed
    return "read"


def load():
    """Import what looks need, once for all children."""
    for name in ("fdt", "machines", "models", "simulation", "verification", "expressions.source"):
        importlib.import_module(f"brownian.{name}")
    importlib.import_module("MDAnalysis")
    return bn.Simulation, bn.open, bn.verify, bn.validate


def broken(folder, kind, number):
    """Write the file of a kind and number; returns its path."""
    rng, corpus = random.Random(f"{kind} {number}"), _corpus(folder)
    names = [name for name in corpus if name != "killed" and (name.endswith(".h5md")) != (kind == "foreign")]
    if kind == "described":
        names.remove("other.h5md")
    name = "killed" if kind == "killed" else rng.choice(names)
    path = (folder / "broken" / name).with_suffix(".h5md" if name == "killed" else f".{name.partition('.')[2]}")
    path.parent.mkdir(exist_ok=True)
    for former in path.parent.iterdir():
        former.unlink()
    if kind in ("restructured", "described"):
        path.write_bytes(corpus[name])
        with contextlib.suppress(RuntimeError):  # HDF5 itself may crash when it writes what it is told to
            in_a_child(restructure if kind == "restructured" else describe_otherwise, rng, path)
    else:
        change = DAMAGE.get(kind) or rng.choice(list(DAMAGE.values()))
        path.write_bytes(change(rng, corpus[name]))
    return path


def looks(folder):
    """Kind to look."""
    load()
    return {kind: lambda n, kind=kind: look(broken(folder, kind, n), n, kind == "described") for kind in WEIGHTS}

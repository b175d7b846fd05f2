"""Files are data: what somebody sent runs no code and leads nowhere."""

import ast
import pathlib
import pickle
import shutil
import warnings

import h5py
import numpy as np
import pytest
from hostile import POSITION, ROOT, VIEWED, Own, copied, describe, everything, replace, whole_files

import brownian as bn
from brownian.description import Undescribed
from brownian.expressions import Expression, ExpressionError
from brownian.trajectory import TrajectoryError, annotate, elements, hdf5, note

corpus = pytest.fixture(scope="module")(whole_files)
file = pytest.fixture(copied)


# ---- code


CODE = ["__import__('os').system('touch {0}')", "open('{0}', 'w').close()", "(lambda: open('{0}', 'w').close())()",
        "[c for c in ().__class__.__base__.__subclasses__()] and open('{0}', 'w').close()",
        "f'{{open(\"{0}\", \"w\").close()}}'"]  # fmt: skip


@pytest.mark.parametrize("code", CODE)
def test_expression_in_a_file_is_never_evaluated(corpus, tmp_path, code):
    path, trace = shutil.copy(corpus / "expression.h5md", tmp_path / "sent.h5md"), tmp_path / "ran"
    text = code.format(trace)
    eval(text)  # it would
    trace.unlink()
    describe(path, lambda data: data["potential"].update(text=text))
    assert len(everything(path)) == 3
    with pytest.raises(ExpressionError):
        Expression(text)
    assert not trace.exists()


def test_source_in_a_file_is_never_run(corpus, tmp_path):
    path, trace = shutil.copy(corpus / "own.h5md", tmp_path / "sent.h5md"), tmp_path / "ran"
    source = f"open({str(trace)!r}, 'w').close()\n\x1b[2J"
    describe(path, lambda data: data["potential"].update(source=source))
    exec(source.split("\n")[0])  # it would
    trace.unlink()
    assert [type(error) for error in everything(path)] == [Undescribed] * 3
    with bn.open(path) as read, pytest.warns(UserWarning, match="not the class that the file was made with") as said:
        assert read.simulation(Own).potential == Own(1.1)
    text = next(str(one.message) for one in said if "not the class" in str(one.message))
    assert f"-open({str(trace)!r}, 'w').close()" in text
    assert "+    strength: float" in text
    assert "\x1b" not in text
    assert not trace.exists()


def test_own_class_takes_its_numbers_from_the_file(corpus):
    with bn.open(corpus / "own.h5md") as read, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read.simulation(Own).potential == Own(1.1)
        with pytest.raises(Undescribed, match="Own"):
            read.simulation(bn.Harmonic)


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "__class__", "DrivenPotential", "Simulation", "", None, ["Free"], {}]
)
@pytest.mark.parametrize("place", ["potential", "dynamics", "integrator", "stop"])
def test_names_are_looked_up_in_lists_only(file, place, name):
    describe(file, lambda data: data.update({place: {"class": name, "parameters": {"command": "true"}}}))
    with bn.open(file) as read, pytest.raises((TrajectoryError, Undescribed)):
        read.simulation()


def test_no_module_unpickles_or_evaluates():
    """The one exec is that of the generated and checked modules of formulas."""
    found = set()
    for path in (ROOT / "brownian").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"} & {
                name.split(".")[0] for name in names
            }:
                found.add((path.name, "pickle"))
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in ("eval", "exec", "compile", "__import__", "os.system", "yaml.load"):
                    found.add((path.name, called))
                allowed = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if called in ("np.load", "numpy.load") and allowed.get("allow_pickle") != "False":
                    found.add((path.name, called))
    assert found == {("loading.py", "exec"), ("loading.py", "compile")}


class Touch:
    """Unpickled, it leaves a trace."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickled_offsets_beside_a_file_are_not_read(corpus, tmp_path):
    path, trace = shutil.copy(corpus / "run.xtc", tmp_path / "run.xtc"), tmp_path / "ran"
    for name in (".run.xtc_offsets.npz", ".trajectory.xtc_offsets.npz"):
        np.savez(tmp_path / name, offsets=np.array([Touch(trace)], dtype=object))
    pickle.loads(pickle.dumps(Touch(trace))).close()  # it would
    trace.unlink()
    assert len(bn.open(path)) == 12
    assert not trace.exists()


# ---- paths


def _view(source):
    def make(opened, place):
        layout = h5py.VirtualLayout((13, 5, 2), "f4")
        layout[...] = h5py.VirtualSource(source, place if source == "." else POSITION, shape=(13, 5, 2))
        opened.create_virtual_dataset(place, layout)

    return make


def _outside(opened, place):
    opened.create_dataset(
        place, (13, 5, 2), "f4", external=[(str(pathlib.Path(opened.filename).parent / "other.h5md"), 0, 520)]
    )


PLACES = ["particles", "particles/trajectory", "particles/trajectory/position", VIEWED, POSITION, "brownian",
          "particles/trajectory/position/step", "particles/trajectory/position/time", "brownian/checkpoint",
          "brownian/checkpoint/state", "parameters", "parameters/description"]  # fmt: skip
LINKS = {"external": h5py.ExternalLink("other.h5md", "/"), "to itself": None, "dangling": h5py.SoftLink("/nowhere")}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("place", PLACES)
def test_links_are_not_followed(corpus, file, place, link):
    shutil.copy(corpus / "plain.h5md", file.with_name("other.h5md"))
    to = (
        h5py.ExternalLink("other.h5md", f"/{place}")
        if link == "external"
        else LINKS[link] or h5py.SoftLink(f"/{place}")
    )
    replace(file, place, to)
    if link == "external":
        with h5py.File(file) as opened:
            assert place in opened  # HDF5 would
    with pytest.raises(TrajectoryError, match=r"sent\.h5md: .*links are not followed"):
        bn.open(file).to_mdanalysis() if place == VIEWED else bn.open(file)  # a view that only others look at


@pytest.mark.parametrize(("make", "message"), [(_view("other.h5md"), "is a view of"), (_view("."), "is a view of"),
                                               (_outside, "another file")])  # fmt: skip
def test_numbers_elsewhere_are_not_read(corpus, file, monkeypatch, make, message):
    shutil.copy(corpus / "plain.h5md", file.with_name("other.h5md"))
    replace(file, POSITION, make)
    with pytest.raises(TrajectoryError, match=rf"sent\.h5md: .*{message}"):
        bn.open(file)
    if make is _outside:
        monkeypatch.setattr(hdf5, "_check_storage", lambda *_: None)
        monkeypatch.setattr(elements, "_checkpoint", lambda *_: (None, None))
        with h5py.File(file) as opened:
            assert opened[POSITION][:].tobytes()[:8] == hdf5.SIGNATURE  # HDF5 would


def test_a_cycle_of_groups_is_no_trap(file):
    with h5py.File(file, "r+") as opened:
        opened["particles/trajectory/again"] = opened["/"]
    with bn.open(file) as read:
        assert len(read) == 13
        read.to_mdanalysis()


def test_notes_are_not_written_through_links(corpus, file):
    other = pathlib.Path(shutil.copy(corpus / "plain.h5md", file.with_name("other.h5md")))
    before = other.read_bytes()
    replace(file, "parameters", h5py.ExternalLink("other.h5md", "/parameters"))
    for act in (lambda: annotate(file, "verdict", {"verdict": "pass"}), lambda: note(file, "verdict")):
        with pytest.raises(TrajectoryError, match="links are not followed"):
            act()
    assert other.read_bytes() == before
    with h5py.File(file, "r+") as opened:
        opened.require_group("parameters")["verdict"] = "h5py would"
    assert other.read_bytes() != before

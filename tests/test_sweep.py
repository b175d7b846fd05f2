"""Sweeps: the same numbers however they are run, stopped, killed and gone on with."""

import csv
import dataclasses
import hashlib
import importlib
import json
import math
import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import brownian as bn
from brownian.analysis import Estimate
from brownian.cli import FAILED, INTERRUPTED, NEGATIVE, OK, USAGE, main
from brownian.report import Check
from brownian.sweeps import Sweep, seed_of, sweep
from brownian.sweeps.folder import SweepMismatch
from brownian.sweeps.found import quantity
from brownian.sweeps.processes import DEATHS
from brownian.sweeps.worker import work

ROOT = pathlib.Path(__file__).parent.parent
SCENARIO = '''
"""A scenario that computes next to nothing."""
import random, time
import brownian as bn

def run(*, friction=0.7, kT=0.9, bias=0.0, flag=False, label="x", pair=(1.5, 2.5), broken=-1.0, wait=0.0, seed=7,
        out=None, resume=False, overwrite=False):
    print("said by the scenario")
    time.sleep(wait)
    if friction == broken:
        raise ValueError(f"broken at {friction}")
    scenario = bn.Scenario(__file__, out)
    error = 0.1
    measured = kT / friction + bias + error * random.Random(seed).gauss(0.0, 1.0)
    scenario.check("D", measured, kT / friction, error, "nm²/ns")
    scenario.path("own.txt").write_text(label)
    return scenario.result("Plain")
'''


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.py").write_text(SCENARIO)


@pytest.fixture
def threads():
    """An executor without processes: what doesn't need them is tested in a moment."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


def noisy(*, friction=0.7, kT=0.9, seed=0):
    """A number with noise of its seed."""
    return {"D": kT / friction + 0.1 * random.Random(seed).gauss(0.0, 1.0), "twice": 2.0 * kT}


def counted(*, k, folder, seed=0):
    """Note that it was called."""
    with open(pathlib.Path(folder) / f"{k}-{seed}", "a") as file:
        file.write("x")
    return 1.5 * k


def kills_its_worker(*, k, folder, times, seed=0):
    """Kill -9 the process it is in, so many times; then a number like any other."""
    path = pathlib.Path(folder) / f"{k}-{seed}"
    with open(path, "a") as file:
        file.write("x")
    if k == 2 and path.stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return random.Random(seed).gauss(k, 0.3)


def fails(*, k, how="raise", seed=0):
    """Fail at k = 2."""
    if k == 2:
        if how == "exit":
            sys.exit("left")
        if how == "nan":
            return {"x": math.nan}
        if how == "text":
            return "no number"
        raise Unreadable(1, 2)
    return Estimate(1.5 * k, 0.1, 10)


class Unreadable(Exception):
    """An exception that no other process can read back: the pool would break of it."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def seeds(found):
    """Seed of every job by its parameters and replica."""
    return {(*record["varied"].values(), record["replica"]): record["seed"] for record in found.records}


def values(found):
    """What every job measured."""
    return [[row["value"] for row in record["quantities"]] for record in found.records]


def test_seed_is_the_documented_hash():
    text = b'["brownian sweep",7,{"friction":0.1,"kT":0.9},3]'
    expected = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1
    assert seed_of(7, {"kT": 0.9, "friction": 0.1}, 3) == expected < 2**63
    found = {seed_of(base, {"k": k}, replica) for base in range(9) for k in (0.5, 1.5) for replica in range(100)}
    assert len(found) == 1800


def test_replica_k_is_the_same_alone_or_in_any_sweep(threads):
    wide = sweep(noisy, {"friction": [0.1, 1, 10.0], "kT": [0.4, 0.9]}, 5, executor=threads, seed=3, out="wide")
    alone = sweep(noisy, {"friction": [1.0]}, 2, executor=threads, seed=3, out="alone")  # kT is 0.9 by default
    fixed = sweep(noisy, {"friction": [1.0]}, 1, fixed={"kT": 0.4}, executor=threads, seed=3, out="fixed")
    assert seeds(alone) == {(1.0, k): seeds(wide)[1.0, 0.9, k] for k in range(2)}
    assert seeds(fixed) == {(1.0, 0): seeds(wide)[1.0, 0.4, 0]}
    assert len(set(seeds(wide).values())) == len(wide.records) == 30
    common = sweep(noisy, {"friction": [0.1, 1.0]}, 3, executor=threads, common_random_numbers=True, out="common")
    assert {seeds(common)[0.1, k] == seeds(common)[1.0, k] for k in range(3)} == {True}
    assert len(set(seeds(common).values())) == 3
    other = sweep(noisy, {"friction": [1.0]}, 2, executor=threads, seed=4, out="other")
    assert not set(seeds(other).values()) & set(seeds(wide).values())


def test_summary_is_mean_and_standard_error_over_replicas(threads):
    found = sweep(noisy, {"friction": [0.1, 1.0]}, 6, executor=threads, out="s")
    for k, (one, exact) in enumerate((q, 0.9 / q.varied["friction"]) for q in found.quantities if q.name == "D"):
        measured = np.array([row[0] for row in values(found)[6 * k : 6 * k + 6]])
        assert one.mean == pytest.approx(measured.mean(), rel=1e-15)
        assert one.standard_error == pytest.approx(measured.std(ddof=1) / np.sqrt(6), rel=1e-13)
        assert abs(one.mean - exact) < 5 * 0.1 / np.sqrt(6)
        assert one.expected is None
    data = json.loads(pathlib.Path("s/summary.json").read_text())
    assert data == json.loads(json.dumps(found.as_data()))
    with open("s/summary.csv") as file:
        rows = list(csv.DictReader(file))
    assert [(float(row["friction"]), row["quantity"], float(row["mean"])) for row in rows] == [
        (one.varied["friction"], one.name, one.mean) for one in found.quantities
    ]
    assert pathlib.Path("s/summary.png").stat().st_size > 10_000
    assert str(found).count("\n") == 4


def rows_of(measured, error, expected=2.1):
    """Rows of one quantity, one per replica."""
    return [
        {"name": "x", "value": v, "error": error, "expected": expected, "unit": "", "agrees": True} for v in measured
    ]


def test_verdict_over_replicas():
    rng = np.random.default_rng(5)
    unbiased = 2.1 + 0.3 * rng.standard_normal(100)
    assert quantity({}, "x", rows_of(unbiased, 0.3)).agrees
    biased = quantity({}, "x", rows_of(unbiased + 0.25, 0.3))  # below 5 errors of any one job, above 5 of the mean
    assert biased.z > 5.0
    assert not biased.agrees
    assert not quantity({}, "x", rows_of(unbiased + 0.25, None)).agrees
    # two replicas that happen to lie together say nothing: Student's t with one degree of freedom
    assert quantity({}, "x", rows_of([2.2, 2.2001], None)).agrees
    # a rounding bound is no standard error: all replicas may be off to the same side
    bound = quantity({}, "x", rows_of(2.1 + 1e-13 * (0.7 + 0.01 * rng.standard_normal(100)), 1e-13))
    assert bound.bound
    assert bound.agrees
    assert 0.0 < bound.z < 1.0
    assert not biased.bound


@pytest.mark.parametrize("damage", ["", "{", '{"format": "brownian sweep job 1"'])
def test_complete_jobs_are_not_run_again(threads, tmp_path, damage):
    (tmp_path / "calls").mkdir()
    fixed = {"folder": str(tmp_path / "calls")}
    first = sweep(counted, {"k": [1, 2]}, 2, fixed=fixed, executor=threads, out="s")
    torn = sorted(pathlib.Path("s/jobs").rglob("job.json"))[0]
    torn.write_text(damage)
    again = sweep(counted, {"k": [1, 2, 3]}, 3, fixed=fixed, executor=threads, out="s")
    calls = sorted(path.stat().st_size for path in (tmp_path / "calls").iterdir())
    assert calls == [1] * 8 + [2]  # nine jobs in all, the torn one twice
    assert set(seeds(first)) < set(seeds(again))
    assert [one.mean for one in again.quantities] == [1.5, 3.0, 4.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fixed": {"kT": 0.8}}, "fixed: {} there, {'kT': 0.8} now"),
        ({"seed": 8}, "seed: 0 there, 8 now"),
        ({"common_random_numbers": True}, "common random numbers: False there, True now"),
        ({"parameters": {"kT": [1.0]}}, "varied: friction there, kT now"),
    ],
)
def test_another_sweep_is_refused_in_the_same_folder(threads, change, message):
    options = {"parameters": {"friction": [0.1]}, "executor": threads, "out": "s"}
    sweep(noisy, **options)
    with pytest.raises(ValueError, match="another sweep") as refused:
        sweep(noisy, **options | change)
    assert message in str(refused.value)
    assert len(sweep(noisy, **options | change, overwrite=True).records) == 1
    assert len(list(pathlib.Path("s/jobs").iterdir())) == 1


def test_folder_of_something_else_is_left_alone(threads, tmp_path):
    (tmp_path / "s" / "jobs").mkdir(parents=True)
    with pytest.raises(ValueError, match="holds jobs and no sweep"):
        sweep(noisy, {}, executor=threads, out="s", overwrite=True)
    assert (tmp_path / "s" / "jobs").is_dir()


def test_one_sweep_at_a_time_in_a_folder(threads):
    from brownian.trajectory import FileInUse
    from brownian.trajectory.locking import WriterLock

    sweep(noisy, {}, executor=threads, out="s")
    lock = WriterLock(pathlib.Path("s").absolute() / "sweep.json")
    with pytest.raises(FileInUse, match="this process"):
        sweep(noisy, {}, executor=threads, out="s")
    lock.release()


def positional(k, /, seed=0):
    """Not to be swept."""
    return k


def seedless(*, k=1.5):
    """Without noise."""
    return Check("k", k, 1.5, 0.0)


@pytest.mark.parametrize(
    ("what", "parameters", "options", "error", "message"),
    [
        (lambda *, seed: 1.0, {}, {}, TypeError, "can't be imported by another process"),
        (max, {}, {}, TypeError, "can't be swept"),
        (positional, {"k": [1]}, {}, TypeError, "given by name"),
        (noisy, {"frction": [1]}, {}, ValueError, "no parameter of noisy, which has friction, kT"),
        (noisy, {"seed": [1]}, {}, ValueError, "give the base seed as seed"),
        (noisy, {"kT": [1, 1.0]}, {}, ValueError, "kT: the value 1.0 is given twice"),
        (noisy, {"kT": []}, {}, ValueError, "no value is given"),
        (noisy, {"kT": 1.0}, {}, TypeError, "a list of values is needed"),
        (noisy, {"kT": [math.inf]}, {}, ValueError, "must be finite"),
        (noisy, {"kT": [np.zeros(2)]}, {}, TypeError, "a number, text, None"),
        (noisy, {"kT": [1.0]}, {"fixed": {"kT": 2.0}}, ValueError, "both varied and fixed"),
        (noisy, {}, {"replicas": 0}, ValueError, "replicas = 0"),
        (noisy, {}, {"seed": -1}, ValueError, "seed = -1"),
        (noisy, {}, {"executor": None, "workers": 0}, ValueError, "workers = 0"),
        (counted, {"k": [1]}, {}, ValueError, "counted needs folder"),
        (seedless, {"k": [1.5]}, {"replicas": 2}, ValueError, "takes no seed"),
        ("nowhere.py", {}, {}, ValueError, "no such scenario"),
    ],
)
def test_refusals(threads, what, parameters, options, error, message):
    with pytest.raises(error, match=message):
        sweep(what, parameters, **{"executor": threads, "out": "s"} | options)
    assert not pathlib.Path("s").exists()


@pytest.mark.parametrize(
    ("how", "message"), [("raise", "Unreadable: 1 and 2"), ("exit", "SystemExit: left"),
                         ("nan", "ValueError: x = nan"), ("text", "TypeError: value = 'no number'")],
)  # fmt: skip
def test_failed_jobs_are_recorded_and_stop_nobody(how, message, threads):
    where = {"workers": 1} if how == "raise" else {"executor": threads}
    found = sweep(fails, {"k": [1, 2, 3]}, 2, fixed={"how": how}, out="s", **where)
    assert [one.mean for one in found.quantities] == [1.5, 4.5]
    data = found.as_data()
    assert (data["failed"], data["jobs"]) == (2, 6)
    assert all(message in failure["error"] for failure in data["failures"])
    assert all(record["error"]["traceback"].startswith("Traceback") for record in found.failures)
    assert "2 of 6 jobs failed" in str(found)
    assert ",2" in pathlib.Path("s/summary.csv").read_text().splitlines()[2]


def test_command_runs_and_each_job_can_be_made_again(capsys):
    command = (
        "sweep plain.py --vary friction=0.1,1 --vary flag=true,false --set pair=[1,2] --set label=-z --replicas 2 "
    )
    assert main([*shlex.split(command), "--workers", "2", "--json"]) == OK
    printed = capsys.readouterr()
    data = json.loads(printed.out)
    assert data["agrees"]
    assert len(data["combinations"]) == 4
    assert "8 jobs" in printed.err
    assert data["combinations"][0]["quantities"][0]["unit"] == "nm²/ns"
    records = [json.loads(path.read_text()) for path in pathlib.Path("results/plain_sweep/jobs").rglob("job.json")]
    assert len(records) == 8
    for path in pathlib.Path("results/plain_sweep/jobs").glob("*/*"):
        assert (path / "files" / "own.txt").read_text() == "-z"
        assert (path / "said.txt").read_text() == "said by the scenario\n"
    record = records[5]
    words = shlex.split(record["again"])
    assert words[:3] == ["brownian", "run", "plain.py"]
    assert main([*words[1:], "--json"]) in (OK, NEGATIVE)
    printed = capsys.readouterr().out.splitlines()
    assert json.loads(printed[-1])["checks"][0]["measured"] == record["quantities"][0]["value"]
    assert main(shlex.split(command)) == OK
    printed = capsys.readouterr()
    assert "8 of them complete" in printed.err
    assert "one job again: brownian run plain.py" in printed.out


def test_command_exit_status(capsys):
    assert main(shlex.split("sweep plain.py --vary bias=0.0,0.9 --replicas 2 --out a")) == NEGATIVE
    assert "DIFFERS" in capsys.readouterr().out
    assert main(shlex.split("sweep plain.py --vary friction=0.5,1 --set broken=1 --out b")) == FAILED
    printed = capsys.readouterr()
    assert "ValueError: broken at 1.0" in printed.err
    assert "again: brownian run plain.py --broken 1.0 --friction 1.0 --seed" in printed.out
    script = pathlib.Path("plain.py")
    script.write_text(script.read_text().replace("broken at", "still broken at"))
    assert main(shlex.split("sweep plain.py --vary friction=0.5,1 --set broken=1 --out b")) == USAGE
    assert "its source was changed since" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--vary frction=1", "frction: no parameter of plain.py, which has friction, kT, bias, flag"),
        ("--vary friction=1,1.0", "the value 1.0 is given twice"),
        ("--vary friction=1 --vary friction=2", "friction is given twice"),
        ("--vary friction=1 --set friction=2", "both varied and fixed"),
        ("--vary friction=one", "values must be of type float, as the default 0.7"),
        ("--vary flag=1", "values must be true or false"),
        ("--vary friction", "must be NAME=VALUE,VALUE,..."),
        ("--set seed=1", "give the base seed as seed (--seed)"),
        ("--vary friction=1 --scheduler tcp://x --workers 2", "the cluster says how many"),
    ],
)
def test_command_refusals(options, message, capsys):
    assert main(["sweep", "plain.py", *options.split()]) == USAGE
    printed = capsys.readouterr()
    assert message in printed.err
    assert not printed.out


def test_command_without_dask_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["sweep", "plain.py", "--scheduler", "tcp://127.0.0.1:1"]) == USAGE
    assert "pip install 'brownian-langevin[distributed]'" in capsys.readouterr().err


def test_killed_workers_lose_nothing(tmp_path):
    """Kill -9 from inside of a job, once: its jobs and those beside it are run again, with the same numbers."""
    (tmp_path / "calls").mkdir()
    fixed = {"folder": str(tmp_path / "calls"), "times": 1}
    found = sweep(kills_its_worker, {"k": [1, 2, 3]}, 2, fixed=fixed, workers=2, out="s")
    assert not found.failures
    assert values(found) == [
        [random.Random(record["seed"]).gauss(record["varied"]["k"], 0.3)] for record in found.records
    ]
    killers = sorted(path.stat().st_size for path in (tmp_path / "calls").glob("2-*"))
    assert killers[0] >= 2


def test_job_that_always_kills_its_worker_is_given_up(tmp_path):
    """And nobody is blamed with it: those beside it are complete."""
    (tmp_path / "calls").mkdir()
    fixed = {"folder": str(tmp_path / "calls"), "times": 99}
    found = sweep(kills_its_worker, {"k": [1, 2, 3]}, 2, fixed=fixed, workers=2, out="s")
    assert [(record["varied"]["k"], record["error"]["message"]) for record in found.failures] == [
        (2, f"its worker process died {DEATHS} times")
    ] * 2
    assert [path.stat().st_size for path in (tmp_path / "calls").glob("2-*")] == [DEATHS] * 2


def start(*options):
    """``brownian sweep plain.py`` in a process, with jobs that take a while."""
    command = [
        sys.executable,
        "-m",
        "brownian",
        "sweep",
        "plain.py",
        "--vary",
        "friction=0.5,1,2,4",
        "--set",
        "wait=0.3",
    ]
    return subprocess.Popen(
        [*command, "--replicas", "3", "--workers", "2", *options], stderr=subprocess.PIPE, text=True
    )


def wait_for_a_job(process):
    """Until the first job is complete; the records that there are then, and the workers' numbers."""
    while not list(pathlib.Path("results/plain_sweep").rglob("job.json")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    records = list(pathlib.Path("results/plain_sweep").rglob("job.json"))
    return {path: path.stat().st_mtime_ns for path in records}


def alive(pid):
    """Whether there is such a process, and it is no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_sweep_goes_on(number, capsys):
    process = start()
    before = wait_for_a_job(process)
    process.send_signal(number)
    said = process.communicate()[1]
    if number == signal.SIGINT:
        assert process.returncode == INTERRUPTED
        assert "of 12 jobs are complete" in said
        assert "the same command goes on" in said
        assert "Traceback" not in said
    records = [json.loads(path.read_text()) for path in pathlib.Path("results/plain_sweep").rglob("job.json")]
    workers = {int(record["worker"].rpartition(":")[2]) for record in records}
    while any(alive(pid) for pid in workers):  # they end with whom they worked for
        time.sleep(0.01)
    assert 0 < len(records) < 12
    assert main([*shlex.split("sweep plain.py --vary friction=0.5,1,2,4 --set wait=0.3 --replicas 3"), "--json"]) == OK
    gone_on = json.loads(capsys.readouterr().out)
    assert {path: path.stat().st_mtime_ns for path in before} == before  # what was complete is not touched
    whole = sweep("plain.py", {"friction": [0.5, 1, 2, 4]}, 3, fixed={"wait": 0.3}, out="whole")
    assert gone_on["combinations"] == json.loads(json.dumps(whole.as_data()))["combinations"]


def test_real_scenario_gives_the_same_bits_again(capsys):
    script = ROOT / "scenarios" / "free_particle.py"
    found = sweep(script, {"friction": [0.4]}, fixed={"particles": 400, "steps": 200}, out="s", workers=1)
    assert found.agrees
    (record,) = found.records
    assert main([*shlex.split(record["again"])[1:], "--json", "--threads", "2"]) == OK
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [row["value"] for row in record["quantities"]] == [check["measured"] for check in checks]
    one, other = (bn.open(f"{folder}/trajectory.h5md") for folder in (next(pathlib.Path("s/jobs").rglob("files")),
                                                                      "results/free_particle"))  # fmt: skip
    with one, other:
        assert (one.positions[:] == other.positions[:]).all()


class Kept(ThreadPoolExecutor):
    """An executor that keeps the jobs it is given."""

    def __init__(self):
        super().__init__(1)
        self.jobs = []

    def submit(self, function, job):
        self.jobs.append(job)
        return super().submit(function, job)


def test_worker_without_our_files(tmp_path):
    """It gets the scenario's text with the job, and returns the record; nothing appears where the folder would be."""
    with Kept() as executor:
        found = sweep("plain.py", {"friction": [0.4]}, executor=executor, out="s")
    (job,) = executor.jobs
    pathlib.Path("plain.py").unlink()
    elsewhere = tmp_path / "nowhere" / "s"
    edited = dataclasses.replace(job, subject=dataclasses.replace(job.subject, text=None))
    assert work(edited)["status"] == "complete"  # from the copy beside the jobs
    record = work(dataclasses.replace(job, root=str(elsewhere)))
    assert record["status"] == "complete"
    assert record["quantities"] == found.records[0]["quantities"]
    assert not elsewhere.parent.exists()
    assert "the sweep is of 0.0.0" in work(dataclasses.replace(job, version="0.0.0"))["error"]["message"]


class Breaks(Kept):
    """An executor that breaks at its second job."""

    def submit(self, function, job):
        if self.jobs:
            raise BrokenExecutor("broken")
        return super().submit(function, job)


def test_executor_of_others_that_breaks_keeps_what_is_complete(threads):
    with Breaks() as executor, pytest.raises(RuntimeError, match="the executor broke"):
        sweep(noisy, {"friction": [0.4, 0.8]}, 2, executor=executor, out="s")
    assert len(list(pathlib.Path("s").rglob("job.json"))) == 1
    assert len(sweep(noisy, {"friction": [0.4, 0.8]}, 2, executor=threads, out="s").quantities) == 4


SHARES = """
import brownian as bn


def spread(*, friction=0.7, own=True, seed):
    dynamics = bn.Overdamped(friction=friction, kT=0.9)
    seed = seed if own else 7
    run = bn.Simulation(potential=bn.Free(), dynamics=dynamics, dt=0.1, particles=5, seed=seed).run(steps=9)
    return float((run.positions[-1] ** 2).mean())
"""


@pytest.mark.parametrize(("own", "parameters", "shared"), [(False, [0.4, 0.7], 2), (True, [0.4], 0)])
def test_replicas_that_draw_the_same_noise_are_named(own, parameters, shared, threads, tmp_path, monkeypatch):
    (tmp_path / "shares.py").write_text(SHARES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shares", raising=False)
    shares = importlib.import_module("shares")

    found = sweep(shares.spread, {"friction": parameters}, 3, fixed={"own": own}, executor=threads, out=tmp_path / "s")
    assert len(found.shared_noise) == shared
    assert found.as_data()["shared_noise"] == found.shared_noise
    if shared:
        assert "replicas 0 and 1 of friction=0.4 drew the same noise (seed 7, steps from 0)" in str(found)
    assert list(map(list, found.records[0]["drawn"][0][2:])) == [[0, 5], [0, 9]]


def test_picture_of_chosen_quantities(threads):
    from brownian.plotting.sweeps import sweep as draw

    found = sweep(noisy, {"kT": [0.4, 0.9], "friction": [1.0, 2.0]}, executor=threads, out="s")
    (axes,) = draw(found, ["twice"]).axes
    assert axes.get_ylabel() == "twice"
    assert axes.get_xlabel() == "kT"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["friction = 1.0", "friction = 2.0"]
    with pytest.raises(ValueError, match=r"quantities = \['thrice'\], but the sweep measured D, twice"):
        draw(found, ["thrice"])


class Remote(Kept):
    """An executor whose workers don't see our files."""

    def submit(self, function, job):
        return super().submit(function, dataclasses.replace(job, root="/nowhere"))


def test_records_that_workers_could_not_write_are_written_here():
    with Remote() as executor:
        found = sweep("plain.py", {"friction": [0.4, 0.8]}, executor=executor, out="s")
    assert len(list(pathlib.Path("s").rglob("job.json"))) == 2
    assert sweep("plain.py", {"friction": [0.4, 0.8]}, executor=None, out="s").records == found.records


def test_dask_cluster_gives_the_same_and_survives_a_killed_worker(tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    (tmp_path / "calls").mkdir()
    fixed = {"folder": str(tmp_path / "calls"), "times": 1}
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
        silence_logs=50, local_directory=str(tmp_path),
    )  # fmt: skip
    with cluster:
        with distributed.Client(cluster) as client, client.get_executor() as executor:
            found = sweep(kills_its_worker, {"k": [1, 2, 3]}, 2, fixed=fixed, executor=executor, out="s")
        assert not found.failures
        assert min(path.stat().st_size for path in (tmp_path / "calls").glob("2-*")) >= 2
        expected = [[random.Random(record["seed"]).gauss(record["varied"]["k"], 0.3)] for record in found.records]
        assert values(found) == expected
        command = "sweep plain.py --vary friction=0.5,2 --replicas 2 --json --scheduler"
        assert main([*shlex.split(command), cluster.scheduler_address]) == OK
    there = json.loads(capsys.readouterr().out)
    here = sweep("plain.py", {"friction": [0.5, 2]}, 2, out="here", workers=2)
    assert there["combinations"] == json.loads(json.dumps(here.as_data()))["combinations"]
    assert isinstance(here, Sweep)


READS = """
FACTOR = {factor}
def helper(x):
    return {power} * x
def swept(*, k, seed=0):
    return FACTOR * helper(k)
"""


def test_what_a_function_reads_belongs_to_its_source(threads, tmp_path, monkeypatch):
    """A mean over replicas must not mix the numbers of two versions of a helper, or of a constant."""
    monkeypatch.syspath_prepend(tmp_path)
    module, path = "sweep_reads", tmp_path / "sweep_reads.py"

    def again(replicas, **text):
        path.write_text(READS.format(**{"factor": 1.5, "power": 2.0} | text))
        importlib.invalidate_caches()
        sys.modules.pop(module, None)
        return values(sweep(importlib.import_module(module).swept, {"k": [1.0]}, replicas, executor=threads, out="s"))

    first = again(2)
    assert again(4)[:1] == first[:1]
    for change in ({"factor": 2.5}, {"power": 30.0}):
        with pytest.raises(SweepMismatch, match="its source was changed since"):
            again(6, **change)


def test_what_a_kill_leaves_of_a_manifest_is_in_nobodys_way(threads, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / ".sweep.json.host.123.tmp").write_text("{")
    assert len(values(sweep(noisy, {"friction": [0.5]}, 1, executor=threads, out="s"))) > 0


def test_what_a_script_reads_from_elsewhere_belongs_to_it_too(threads, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sweep_helper.py").write_text("K = 1.0")
    script = SCENARIO.replace("import brownian", "import sweep_helper\nimport brownian")
    pathlib.Path("plain.py").write_text(script.replace("measured = kT", "measured = sweep_helper.K * kT"))
    sweep("plain.py", {"friction": [0.5]}, 1, executor=threads, out="s")
    sweep("plain.py", {"friction": [0.5]}, 2, executor=threads, out="s")
    monkeypatch.setattr(sys.modules["sweep_helper"], "K", 3.0)
    with pytest.raises(SweepMismatch, match="its source was changed since"):
        sweep("plain.py", {"friction": [0.5]}, 3, executor=threads, out="s")
    sys.modules.pop("sweep_helper")

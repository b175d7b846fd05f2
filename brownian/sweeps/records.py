"""The file of a job: written whole or not at all, and read back by whoever goes on with the sweep."""

import json
import os
import pathlib
import socket

RECORD = "job.json"
FORMAT = "brownian sweep job 1"
COMPLETE, FAILED = "complete", "failed"


def write_whole(path, text):
    """Write a file so that a kill at any moment leaves the old one or the new one, whole."""
    path = pathlib.Path(path)
    partial = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def record_of(job, status, **more):
    """The record of a job as plain data."""
    return {
        "format": FORMAT,
        "status": status,
        "parameters": json.loads(json.dumps(job.parameters)),
        "varied": json.loads(json.dumps(job.varied)),
        "replica": job.replica,
        "seed": job.seed,
        "again": job.again,
        "version": job.version,
        **more,
    }


def failure(job, kind, message, traceback=""):
    """The record of a job that failed."""
    return record_of(job, FAILED, error={"type": kind, "message": message, "traceback": traceback})


def read(job):
    """The record of a job; None where there is none, or that of another job."""
    try:
        record = json.loads((pathlib.Path(job.root) / job.folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    same = isinstance(record, dict) and record.get("format") == FORMAT and record.get("seed") == job.seed
    return record if same and record.get("parameters") == json.loads(json.dumps(job.parameters)) else None


def complete(job):
    """The record of a job that is complete; None otherwise."""
    record = read(job)
    return record if record is not None and record["status"] == COMPLETE else None


def keep(job, record):
    """Write a record, unless a complete one is there already."""
    if complete(job) is None:
        path = pathlib.Path(job.root) / job.folder / RECORD
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(record, indent=1) + "\n")

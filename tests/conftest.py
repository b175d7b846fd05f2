"""What the tests share: the known answers, and how far a mean may be from its expectation."""

import json
import pathlib
import signal
import sys

import numpy as np
import pytest

STANDARD_ERRORS = 5.0
sys.path += [str(pathlib.Path(__file__).parent.parent / "benchmarks" / part) for part in ("", "trust")]


@pytest.fixture(scope="session")
def known():
    """Reference values by id (see the ``source`` of each)."""
    data = json.loads((pathlib.Path(__file__).parent / "known_answers.json").read_text())
    return data | {entry["id"]: entry for entry in data["known_answers"]}


def standard_errors(values, expected):
    """(mean - expected) in standard errors, over independent values."""
    values = np.asarray(values, dtype=float).ravel()
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


def pytest_addoption(parser):
    """``--slow``: also what needs minutes."""
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config):
    """Register the marker; coarse steps are what many tests are about (test_advice.py is about the warnings)."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: processes would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("filterwarnings", "ignore::brownian.Advice")
    config.addinivalue_line("markers", "slow: needs minutes; run with --slow")


def pytest_collection_modifyitems(config, items):
    """Skip slow tests unless asked for."""
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs --slow"))

"""What a scenario hands back: what was measured, what was expected, with standard errors, and its figures."""

import json
import math
import pathlib
import shlex
from dataclasses import dataclass, field

import numpy as np

from .arguments import a_path, checked, number, text
from .theory.checks import finite, nonnegative, single
from .trajectory.destination import begun, refuse_both

MADE_BY = "Made by `brownian gallery"
SIGNIFICANT = 5.0  # standard errors between measured and expected from which a check fails


@dataclass(frozen=True)
class Check:
    """One number against its expectation.

    Parameters
    ----------
    name
        What was measured, in words.
    measured, expected
        The two numbers, in ``unit``.
    standard_error
        Standard error of the difference; for identities, the rounding bound; 0 for what must be equal (a count).
    unit
        Text behind the numbers.
    """

    name: str
    measured: float
    expected: float
    standard_error: float
    unit: str = ""

    def __post_init__(self):
        text("name", self.name), text("unit", self.unit)
        for name in ("measured", "expected", "standard_error"):
            number(name, getattr(self, name))

    @property
    def z(self):
        """(measured - expected) / standard error."""
        if self.standard_error > 0.0:
            return (self.measured - self.expected) / self.standard_error
        return 0.0 if self.measured == self.expected else math.inf

    @property
    def agrees(self):
        """Whether the two differ by at most 5 standard errors."""
        return abs(self.z) <= SIGNIFICANT


@dataclass
class Result:
    """What a scenario found: checks, figures, files, and how to make it again.

    Examples
    --------
    >>> from brownian.report import Check, Result
    >>> print(Result("demo", [Check("variance", 1.02, 1.0, 0.01)]))
    quantity  measured  expected  std. error    z
    variance      1.02         1        0.01  2.0  agrees
    """

    name: str
    checks: list[Check]
    figures: list[pathlib.Path] = field(default_factory=list)
    title: str = ""
    command: str = ""

    @property
    def agrees(self):
        """Whether every check agrees."""
        return all(check.agrees for check in self.checks)

    def __str__(self):
        """The checks as a table."""
        head = ("quantity", "measured", "expected", "std. error", "z")
        rows = [(c.name, *_numbers(c), f"{c.z:.1f}") for c in self.checks]
        widths = [max(len(row[k]) for row in [head, *rows]) for k in range(5)]
        lines = [_row(head, widths)]
        lines += [
            f"{_row(row, widths)}  {'agrees' if check.agrees else 'DIFFERS'}"
            for row, check in zip(rows, self.checks, strict=True)
        ]
        return "\n".join(line.rstrip() for line in lines)

    def as_data(self):
        """The result as plain data, as it is written to ``result.json``."""
        return {
            "name": self.name,
            "title": self.title,
            "command": self.command,
            "agrees": self.agrees,
            "checks": [vars(check) | {"z": _plain(check.z), "agrees": check.agrees} for check in self.checks],
            "figures": [path.name for path in self.figures],
        }


def _numbers(check):
    digits = (
        6
        if check.standard_error <= 0.0
        else max(2, 2 + math.ceil(math.log10(max(abs(check.expected), check.standard_error) / check.standard_error)))
    )
    unit = f" {check.unit}" if check.unit else ""
    return f"{check.measured:.{digits}g}{unit}", f"{check.expected:.{digits}g}{unit}", f"{check.standard_error:.2g}"


def _row(cells, widths):
    return "  ".join(
        [cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))]
    )


class Scenario:
    """The folder of one run of a scenario, and what it finds.

    Parameters
    ----------
    script
        ``__file__`` of the scenario.
    out
        Folder for its files; None: ``results/<name>`` below the current folder.
    resume, overwrite
        Whether files that are there are gone on with, or replaced; see ``keeping``.

    Raises
    ------
    NothingToResume
        with ``resume``, where the folder holds nothing.

    Examples
    --------
    A scenario is a script with a function ``run`` of keyword arguments::

        def run(*, friction=0.7, seed=7, out=None, resume=False, overwrite=False):
            scenario = bn.Scenario(__file__, out, resume=resume, overwrite=overwrite)
            ...
            trajectory = simulation.run(steps=1000, **scenario.keeping("free.h5md"))
            scenario.check("D", measured, kT / friction, error)
            scenario.save(figure, "msd.png")
            return scenario.result("Title")
    """

    def __init__(self, script, out=None, *, resume=False, overwrite=False):
        """Make the folder."""
        a_path("script", script)
        if out is not None:
            a_path("out", out)
        self.name, place = pathlib.Path(script).stem, pathlib.Path(script).absolute()
        here = pathlib.Path.cwd()
        self._script = str(place.relative_to(here) if place.is_relative_to(here) else place)
        self.folder = pathlib.Path(out) if out is not None else pathlib.Path("results") / self.name
        refuse_both(resume, overwrite)
        if resume and not (self.folder.is_dir() and any(self.folder.iterdir())):
            from .trajectory import NothingToResume

            raise NothingToResume(f"{self.folder} holds nothing to go on with; run without --resume to start")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.resume, self.overwrite = resume, overwrite
        self.checks, self.figures = [], []

    @checked(name=a_path)
    def path(self, name):
        """Path of a file of this scenario."""
        return self.folder / name

    @checked(name=a_path)
    def keeping(self, name):
        """What a run is told of the file that it is kept in: ``out``, ``resume`` and ``overwrite``.

        A scenario that was stopped goes on with the files that it had begun, and begins those that it had not.
        """
        path = self.path(name)
        return {"out": path, "resume": self.resume and begun(path), "overwrite": self.overwrite}

    def check(self, name, measured, expected, standard_error, unit=""):
        """Note one number against its expectation; see ``Check``."""
        single(measured=finite(measured=measured), expected=finite(expected=expected))
        single(standard_error=nonnegative(standard_error=standard_error))
        self.checks.append(Check(name, float(measured), float(expected), float(standard_error), unit))

    def save(self, figure, name):
        """Write a figure as PNG and close it."""
        from .plotting.look import picture_file, save

        path = picture_file(self.path(name))
        save(figure, path)
        self.figures.append(path)

    def result(self, title):
        """The result, also written to ``result.json``."""
        if not self.checks:
            raise ValueError(f"scenario {self.name} checked nothing: call scenario.check(...) before result()")
        result = Result(self.name, self.checks, self.figures, title, f"brownian run {shlex.quote(self._script)}")
        text = json.dumps(result.as_data(), indent=2, default=_plain) + "\n"
        self.path("result.json").write_text(text)
        return result


def _plain(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # JSON has no infinity
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} can't be written to JSON")


def gallery(folder):
    """Write ``README.md`` of a folder of results: one section per ``result.json``, with its pictures and table.

    Raises
    ------
    FileExistsError
        where there is a README.md that somebody else wrote.
    """
    folder = pathlib.Path(folder)
    target = folder / "README.md"
    if target.exists() and MADE_BY not in target.read_text(errors="replace"):
        raise FileExistsError(
            f"{target} exists and was not made by `brownian gallery`: move it, or take another folder"
        )
    lines = ["# Results", "", f"{MADE_BY} {folder.name}` from what the scenarios wrote here.", ""]
    for path in sorted(folder.glob("*/result.json")):
        data = json.loads(path.read_text())
        lines += [f"## {data['title']}", "", f"`{data['command']}`", ""]
        lines += [f"![{data['title']}]({path.parent.name}/{figure})" for figure in data["figures"]]
        lines += ["", "| quantity | measured | expected | standard error | z |", "| --- | --- | --- | --- | --- |"]
        for entry in data["checks"]:
            check = Check(**{key: entry[key] for key in ("name", "measured", "expected", "standard_error", "unit")})
            lines.append(f"| {check.name} | {' | '.join(_numbers(check))} | {check.z:.1f} |")
        lines.append("")
    target.write_text("\n".join(lines))
    return target

"""What a sweep found: means and standard errors over replicas, what differs from its expectation, and what failed."""

import csv
import dataclasses
import io
import json
import math
import pathlib
import statistics

from ..advice.reuse import overlap
from .records import COMPLETE

SIGNIFICANT = 5.0  # standard errors of a normal distribution; with few replicas Student's t at the same probability
SHOWN = 60  # rows of the table that is printed


@dataclasses.dataclass(frozen=True)
class Quantity:
    """One quantity at one combination of parameters, over replicas.

    Parameters
    ----------
    varied
        The parameters that vary between combinations.
    name, unit
        Of the quantity.
    mean
        Over replicas.
    standard_error
        Of the mean, from how replicas scatter; None for a single one.
    replicas
        How many there are.
    own_error
        Mean of the standard errors that the jobs gave; None where they gave none.
    expected
        Mean of what the jobs expected; None where they expected nothing.
    bound
        Whether the jobs' own errors can't be standard errors, since replicas scatter so much less: they are bounds.
    z
        (mean - expected) / standard error; of a single replica, and of bounds, by the jobs' own error.
    agrees
        See ``quantity``.
    """

    varied: dict
    name: str
    unit: str
    mean: float
    standard_error: float | None
    replicas: int
    own_error: float | None
    expected: float | None
    bound: bool
    z: float | None
    agrees: bool


def quantity(varied, name, rows):
    """The ``Quantity`` of the rows of one quantity, one from each replica.

    It differs from its expectation if it does so in any one job, by the job's own standard error; or if the mean of
    (measured - expected) is further from zero than Student's t allows at the probability of 5 standard errors, by the
    scatter over replicas.  The second is not asked where replicas scatter so much less than the errors that they gave
    that these can't be standard errors but are bounds (chi-square, same probability).
    """
    values = [row["value"] for row in rows]
    errors = [row["error"] for row in rows if row["error"] is not None]
    expected = [row["expected"] for row in rows if row["expected"] is not None]
    count, agrees = len(rows), all(row["agrees"] for row in rows)
    own = statistics.fmean(errors) if len(errors) == count else None
    bound = count > 1 and _bounds(values, own)
    z = target = None
    if len(expected) == count:
        target = statistics.fmean(expected)
        off = [value - aim for value, aim in zip(values, expected, strict=True)]
        by_scatter = count > 1 and not bound
        error = _error(off) if by_scatter else own
        if error:
            z = statistics.fmean(off) / error
            agrees = agrees and (not by_scatter or abs(z) <= _reach(count))
    return Quantity(
        varied, name, rows[0]["unit"], statistics.fmean(values), _error(values) if count > 1 else None, count, own,
        target, bound, z, agrees,
    )  # fmt: skip


def _error(values):
    return statistics.stdev(values) / math.sqrt(len(values))


def _reach(count):
    """How many standard errors a mean may be off, if these are estimated from so many values."""
    from scipy.special import ndtr, stdtrit

    return -float(stdtrit(count - 1, ndtr(-SIGNIFICANT)))


def _bounds(values, own):
    """Whether values scatter too little for ``own`` to be their standard error."""
    from scipy.special import chdtr, ndtr

    degrees = len(values) - 1
    return bool(own) and bool(chdtr(degrees, degrees * statistics.variance(values) / own**2) < ndtr(-SIGNIFICANT))


def shared_noise(records):
    """A word on the first two replicas of a combination that drew the same noise, or None."""
    before: dict[int, list] = {}  # runs of the replicas before, by seed: replicas with seeds of their own never meet
    for other in records:
        for b in other.get("drawn", ()):
            for one, a in before.get(b[0], ()):
                if overlap(a, b):
                    where = " ".join(f"{name}={value}" for name, value in one["varied"].items())
                    return (
                        f"replicas {one['replica']} and {other['replica']}{' of ' + where if where else ''} drew the "
                        f"same noise (seed {a[0]}, steps from {max(a[3][0], b[3][0])}): they are not independent, and "
                        "standard errors are too small; the seed that a job is given belongs into its simulations"
                    )
        for b in other.get("drawn", ()):
            before.setdefault(b[0], []).append((other, b))
    return None


@dataclasses.dataclass
class Sweep:
    """What a sweep found.

    Parameters
    ----------
    name
        Of the scenario or function.
    folder
        Where everything is.
    varied
        Values of the varied parameters by name.
    records
        One for each job: plain data, as in its ``job.json``.
    made
        Replicas, seed, fixed parameters and the like.
    """

    name: str
    folder: pathlib.Path
    varied: dict
    records: list[dict]
    made: dict = dataclasses.field(default_factory=dict)
    figures: list[pathlib.Path] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        """Reduce the records to quantities."""
        self.failures = [record for record in self.records if record["status"] != COMPLETE]
        groups: dict[str, list[dict]] = {}
        for record in self.records:
            groups.setdefault(json.dumps(record["varied"]), []).append(record)
        self.combinations, self.shared_noise = [], list[str]()
        for records in groups.values():
            self.shared_noise += filter(None, [shared_noise(records)])
            rows: dict[str, list[dict]] = {}
            for record in records:
                for row in record.get("quantities", ()):
                    rows.setdefault(row["name"], []).append(row)
            varied = records[0]["varied"]
            found = [quantity(varied, name, several) for name, several in rows.items()]
            self.combinations.append((varied, found, sum(record["status"] != COMPLETE for record in records)))

    @property
    def quantities(self):
        """Every quantity at every combination."""
        return [quantity for _, found, _ in self.combinations for quantity in found]

    @property
    def agrees(self):
        """Whether every quantity that has an expectation agrees with it."""
        return all(quantity.agrees for quantity in self.quantities)

    def as_data(self):
        """The summary as plain data, as it is written to ``summary.json``."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "agrees": self.agrees,
            "shared_noise": self.shared_noise,
            "jobs": len(self.records),
            "failed": len(self.failures),
            "varied": self.varied,
            **self.made,
            "combinations": [
                {
                    "parameters": varied,
                    "failed": failed,
                    "quantities": [
                        {name: value for name, value in dataclasses.asdict(one).items() if name != "varied"}
                        for one in found
                    ],
                }
                for varied, found, failed in self.combinations
            ],
            "failures": [
                {name: record[name] for name in ("varied", "replica", "seed", "again")}
                | {"error": f"{record['error']['type']}: {record['error']['message']}"}
                for record in self.failures
            ],
            "figures": [path.name for path in self.figures],
        }

    def as_csv(self):
        """A row for each quantity at each combination."""
        out = io.StringIO()
        columns = ("mean", "standard_error", "replicas", "own_error", "expected", "bound", "z", "agrees")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*self.varied, "quantity", "unit", *columns, "failed"])
        for varied, found, failed in self.combinations:
            for one in found:
                writer.writerow([*varied.values(), one.name, one.unit, *(getattr(one, c) for c in columns), failed])
            if not found:
                writer.writerow([*varied.values(), "", "", *([""] * len(columns)), failed])
        return out.getvalue()

    def __str__(self):
        """The first rows as a table."""
        head = [*self.varied, "quantity", "mean", "std. error", "expected", "z"]
        rows, remarks = [], []
        for varied, found, failed in self.combinations:
            for one in found:
                rows.append([*map(str, varied.values()), one.name, *_numbers(one)])
                remarks.append("" if one.expected is None else "agrees" if one.agrees else "DIFFERS")
            if not found:
                rows.append([*map(str, varied.values()), f"all {failed} failed", "", "", "", ""])
                remarks.append("FAILED")
        more = len(rows) - SHOWN
        rows = rows[:SHOWN]
        widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
        left = len(self.varied) + 1
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row[:left], widths[:left], strict=True)) + "  "
            + "  ".join(cell.rjust(w) for cell, w in zip(row[left:], widths[left:], strict=True)) + f"  {remark}"
            for row, remark in zip([head, *rows], ["", *remarks], strict=False)
        ]  # fmt: skip
        lines += [f"... and {more} more rows: {self.folder / 'summary.csv'}"] if more > 0 else []
        lines += self.shared_noise[:1]
        if self.failures:
            first = self.failures[0]["error"]
            lines.append(
                f"{len(self.failures)} of {len(self.records)} jobs failed, first: {first['type']}: {first['message']}"
            )
        return "\n".join(line.rstrip() for line in lines)


def _numbers(one):
    error = one.own_error if one.bound or one.standard_error is None else one.standard_error
    digits = 6
    if error:
        digits = min(17, max(2, 2 + math.ceil(math.log10(max(abs(one.mean), error) / error))))
    unit = f" {one.unit}" if one.unit else ""
    return (
        f"{one.mean:.{digits}g}{unit}",
        "" if error is None else f"{error:.2g}",
        "" if one.expected is None else f"{one.expected:.{digits}g}{unit}",
        "" if one.z is None else f"{one.z:.1f}",
    )

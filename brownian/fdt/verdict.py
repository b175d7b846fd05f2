"""The verdict: lines of tests, the family they form, and what follows."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from .curve import Curve
from .exact import holm, steps_for

GROUPS = ("integrity", "innovations", "friction", "statics", "response")
STATEMENTS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Line:
    """One test.

    Parameters
    ----------
    name, group
        What is tested, and the block of the protocol.
    measured, expected
        In the same unit.
    error
        Standard error of the difference; of a rounding test, the rounding bound.
    z
        Deviation in standard errors; of a rounding test, in bounds.
    p
        P-value; None for a rounding test (it holds or it does not) and for lines that are not counted.
    kind
        "statistical", "rounding", or "note" (not counted).
    bias
        What the integrator itself may contribute at this dt, a bound; only a deviation beyond it counts.
    interval
        Confidence interval for ``measured`` at the family level, where there is one.
    word
        A remark behind the line.
    p_family
        Holm's adjusted p-value; set by the verdict.
    """

    name: str
    group: str
    measured: float
    expected: float
    error: float
    z: float
    p: float | None = None
    kind: str = "statistical"
    bias: float = 0.0
    interval: tuple[float, float] | None = None
    word: str = ""
    p_family: float | None = None
    verdict: str = ""


def rounding_line(name, group, measured, bound, word=""):
    """Build a line for a difference that must be rounding: it fails beyond its bound."""
    z = measured / bound if bound > 0.0 else (0.0 if measured == 0.0 else math.inf)
    return Line(name, group, float(measured), 0.0, float(bound), float(z), None, "rounding", word=word)


@dataclass(frozen=True)
class Headline:
    """R = <eta eta> / (2 lambda kT) from ``count`` innovations, with its exact interval.

    rounding: what the rounding of the stored numbers may have added to R, at most; the interval allows for it.
    """

    ratio: float
    interval: tuple[float, float]
    count: int
    rounding: float = 0.0

    def within(self):
        """The smallest of 0.1 %, 0.2 %, ... that holds the interval, or None."""
        reach = max(abs(self.interval[0] - 1.0), abs(self.interval[1] - 1.0))
        return next((share for share in STATEMENTS if reach <= share), None)


@dataclass
class Verdict:
    """What the tests say together.

    Parameters
    ----------
    lines
        All tests, in the order of the protocol.
    family_error
        Probability that a correct run fails.
    within
        R must be known to lie in 1 +- within for a "pass".
    headline
        R with its interval, or None where the innovations are out of reach.
    notes
        What was left out, and why.
    innovations_per_step
        To say how many more steps are needed.
    subject
        What was judged.
    curve
        Fluctuation and response by lag, or None.
    """

    lines: list[Line]
    family_error: float = 1e-3
    within: float = 0.01
    headline: Headline | None = None
    notes: list[str] = field(default_factory=list)
    innovations_per_step: int = 1
    subject: str = ""
    curve: Curve | None = None

    def __post_init__(self):
        counted = [k for k, line in enumerate(self.lines) if line.kind == "statistical"]
        adjusted = dict(zip(counted, holm([self.lines[k].p for k in counted]).tolist(), strict=True))
        judged = []
        for k, line in enumerate(self.lines):
            if line.kind == "statistical":
                word = "fail" if adjusted[k] <= self.family_error else "pass"
                judged.append(replace(line, p_family=adjusted[k], verdict=word))
            elif line.kind == "rounding":
                judged.append(replace(line, verdict="pass" if abs(line.z) <= 1.0 else "fail"))
            else:
                judged.append(replace(line, verdict="note"))
        self.lines = judged

    @property
    def failed(self):
        """The lines that fail."""
        return [line for line in self.lines if line.verdict == "fail"]

    @property
    def p(self):
        """Smallest Holm-adjusted p-value of all statistical lines."""
        return min((line.p_family for line in self.lines if line.p_family is not None), default=1.0)

    @property
    def cause(self):
        """The failing line that explains the others, or None.

        A broken step comes first; then what makes innovations depend on anything (the largest deviation of those);
        then their strength, their shape, and last the averages, which follow from all of these.
        """
        if not self.failed:
            return None
        return min(self.failed, key=lambda line: (_precedence(line), -min(abs(line.z), 1e300)))

    @property
    def decided(self):
        """Whether the interval of R lies inside 1 +- within."""
        if self.headline is None:
            return False
        low, high = self.headline.interval
        return 1.0 - self.within <= low and high <= 1.0 + self.within

    @property
    def verdict(self):
        """One of "pass", "fail", "cannot say"."""
        if self.failed:
            return "fail"
        return "pass" if self.decided else "cannot say"

    @property
    def exit_status(self):
        """0 pass, 3 fail, 4 cannot say."""
        return {"pass": 0, "fail": 3, "cannot say": 4}[self.verdict]

    @property
    def steps_missing(self):
        """How many more steps would decide, if R is what it seems; 0 if decided, None where no number of them would."""
        if self.headline is None:
            return None
        if self.decided:
            return 0
        if self.headline.rounding >= self.within:
            return None
        margin = self.within - self.headline.rounding
        margin = max(margin - abs(self.headline.ratio - 1.0), margin / 4.0)
        needed = steps_for(margin, self.family_error)
        return max(1, math.ceil((needed - self.headline.count) / self.innovations_per_step))

    @property
    def statement(self):
        """The verdict in one sentence."""
        if self.headline is None:
            head = "the innovations are out of reach in this file"
        else:
            low, high = self.headline.interval
            digits = max(4, 1 - math.floor(math.log10(max(high - low, 1e-12))))
            head = (
                f"R = <eta eta> / (2 lambda kT) = {self.headline.ratio:.{digits}f}, in [{low:.{digits}f}, "
                f"{high:.{digits}f}] ({100.0 * (1.0 - self.family_error):g} %, exact, from "
                f"{self.headline.count:,} innovations)"
            )
            share = self.headline.within()
            if share is not None and not self.failed:
                head += f": within {100.0 * share:g} %"
        if self.failed:
            return f"{head}; {self.cause.name} fails"
        if self.verdict == "cannot say":
            missing = self.steps_missing
            if missing is None and self.headline is not None:
                return f"{head}; the rounding of the file leaves R open by {100.0 * self.headline.rounding:.2g} %"
            more = "" if missing is None else f"; about {missing:,} more steps would decide"
            return f"{head}; too few data to place R within {100.0 * self.within:g} %{more}"
        return head

    def as_data(self):
        """Plain data, as it goes to JSON."""
        return {
            "subject": self.subject,
            "verdict": self.verdict,
            "exit_status": self.exit_status,
            "statement": self.statement,
            "cause": None if self.cause is None else self.cause.name,
            "family_error": self.family_error,
            "within": self.within,
            "p": self.p,
            "steps_missing": self.steps_missing,
            "headline": None if self.headline is None else _plain(vars(self.headline)),
            "lines": [_plain(vars(line)) for line in self.lines],
            "curve": None if self.curve is None else _plain(self.curve._asdict()),
            "notes": list(self.notes),
        }

    def __str__(self):
        """The lines as a table, then the verdict."""
        head = ("test", "measured", "expected", "error", "z", "p", "")
        rows, last = [], None
        for line in self.lines:
            if line.group != last:
                rows.append((line.group.upper(), "", "", "", "", "", ""))
                last = line.group
            rows.append(_cells(line))
        widths = [max(len(row[k]) for row in [head, *rows]) for k in range(7)]
        table = [
            "  ".join(
                [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:6], widths[1:6], strict=True)), row[6]]
            )
            for row in [head, *rows]
        ]
        notes = [f"note: {note}" for note in self.notes]
        title = [self.subject] if self.subject else []
        text = [*title, *table, *notes, f"{self.verdict.upper()}: {self.statement}"]
        return "\n".join(row.rstrip() for row in text)


_DEPENDENT = ("friction", "noise in time", "noise between", "noise of", "noise against", "noise mean")
_UNEVEN = ("squares in time", "strength against")


def _precedence(line):
    if line.kind == "rounding":
        return 0 if line.group == "integrity" else 1
    if line.name.startswith(_DEPENDENT):
        return 2
    if line.name.startswith("strength between"):
        return 3
    if line.name.startswith(_UNEVEN):
        return 4
    if line.name.startswith("noise strength"):
        return 5
    return 6 if line.group == "innovations" else 7


def _cells(line):
    if line.kind == "rounding":
        cells = (f"{line.measured:.2g}", "0", f"< {line.error:.1g}", f"{line.z:.2g}", "rounding")
    else:
        error = abs(line.error)
        scale = max(abs(line.measured), abs(line.expected), error)
        sized = error > 0.0 and math.isfinite(scale)
        digits = max(2, min(12, 2 + math.floor(math.log10(scale / error)))) if sized else 5
        p = "" if line.p is None else f"{line.p:.2g}"
        bias = f" +- {line.bias:.1g}" if line.bias else ""
        cells = (f"{line.measured:.{digits}g}", f"{line.expected:.{digits}g}{bias}", f"{error:.2g}", f"{line.z:.1f}", p)
    mark = {"pass": "pass", "fail": "FAIL", "note": "not counted"}.get(line.verdict, "")
    return (f"  {line.name}", *cells, f"{mark}{f': {line.word}' if line.word else ''}")


def _plain(data):
    plain = {}
    for key, value in data.items():
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            value = str(value)
        plain[key] = list(value) if isinstance(value, tuple) else value
    return plain

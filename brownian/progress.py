"""What a long run says while it runs: a bar on a terminal, a line every half minute otherwise; on stderr."""

import sys
import time


class Progress:
    """Steps done, steps per second, and the time left.

    Parameters
    ----------
    total
        Steps of the whole run.
    note
        A word on the start, said first.
    enabled
        False: say nothing.
    what
        What is counted: "steps" of a run, "particles" or "frames" of an analysis.
    """

    interval_log, interval_bar = 30.0, 0.2

    def __init__(self, total, note="", enabled=True, stream=None, what="steps"):
        """Say the note; on a terminal also that the code of a run is being compiled or loaded."""
        self.total, self.first, self.what = total, 0, what
        self.stream = stream or sys.stderr
        self.enabled, self.bar = enabled, enabled and self.stream.isatty()
        self.start = self.last = time.monotonic()
        if enabled and note:
            self.stream.write(f"brownian: {note}\n")
        if self.bar and what == "steps":
            self.stream.write("  compiling, or loading what was compiled before ...")
            self.stream.flush()

    def begin(self, done):
        """Start the clock: steps done before (a resumed run)."""
        self.first = done
        self.start = self.last = time.monotonic()

    def update(self, done, final=False):
        """Report, if it is time to."""
        now = time.monotonic()
        if not self.enabled or not (final or now - self.last >= (self.interval_bar if self.bar else self.interval_log)):
            return
        if final and not self.bar and now - self.start < self.interval_log:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.start, 1e-9)
        left = (self.total - done) / rate if rate > 0.0 else float("inf")
        tail = f"{_duration(now - self.start)} in all" if final else f"{_duration(left)} left"
        text = f"{done:,} of {self.total:,} {self.what}, {rate:,.3g} {self.what}/s, {tail}"
        if self.bar:
            filled = 24 * done // max(1, self.total)
            self.stream.write(f"\r  [{'=' * filled}{' ' * (24 - filled)}] {text}\x1b[K" + ("\n" if final else ""))
        else:
            self.stream.write(f"brownian: {text}\n")
        self.stream.flush()


def _duration(seconds):
    if seconds == float("inf"):
        return "?"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"

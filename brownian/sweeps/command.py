"""``brownian sweep``: its options, and what it prints."""

import contextlib
import json
import sys

OK, FAILED, USAGE, DIFFERS, INTERRUPTED = 0, 1, 2, 3, 130


def add_options(parser):
    """The options of the command."""
    parser.add_argument("scenario", metavar="SCENARIO.py")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=V1,V2,...",
        help="a parameter and its values; may be repeated",
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=V", help="another parameter, fixed")
    parser.add_argument("--replicas", type=int, default=1, metavar="K", help="runs of each combination (default 1)")
    parser.add_argument("--seed", type=int, help="base seed (default: the scenario's)")
    parser.add_argument("--common-random-numbers", action="store_true", help="replica k has one seed at all parameters")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each processor)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads of each worker (default 1)")
    parser.add_argument("--scheduler", metavar="tcp://...", help="run on the Dask cluster of this scheduler")
    parser.add_argument("--out", metavar="DIR", help="default: results/<scenario>_sweep")
    parser.add_argument("--overwrite", action="store_true", help="replace another sweep in that folder")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(act=run)


def run(chosen, rest):
    """Sweep, print the summary; returns the exit status."""
    from .executors import dask
    from .subjects import Script
    from .sweeping import sweep

    arguments = Script.of(chosen.scenario).arguments()
    parameters = dict(_pairs("--vary", chosen.vary, arguments))
    fixed = {name: _only(name, values) for name, values in _pairs("--set", chosen.set, arguments)}
    options = {
        name: getattr(chosen, name)
        for name in ("seed", "common_random_numbers", "workers", "threads", "out", "overwrite", "replicas")
    }
    with contextlib.ExitStack() as stack:
        if chosen.scheduler is not None:
            if chosen.workers is not None:
                raise ValueError("--workers: with --scheduler the cluster says how many workers there are")
            try:
                options["executor"] = stack.enter_context(dask(chosen.scheduler))
            except ModuleNotFoundError as error:
                print(f"brownian: {error}", file=sys.stderr)
                return USAGE
        try:
            found = sweep(chosen.scenario, parameters, fixed=fixed, progress=True, **options)
        except KeyboardInterrupt as error:
            print(f"brownian: interrupted; {error}; the same command goes on with the others", file=sys.stderr)
            return INTERRUPTED
        except RuntimeError as error:
            print(f"brownian: {error}; what is complete is kept: the same command goes on", file=sys.stderr)
            return FAILED
    print(json.dumps(found.as_data()) if chosen.json else _text(found))
    return FAILED if found.failures else OK if found.agrees else DIFFERS


def _text(found):
    """The summary to be read: table, files, failures, and how to make one job again."""
    lines = [str(found)]
    lines += [f"failed: {record['error']['type']}: {record['error']['message']}\n    again: {record['again']}"
              for record in found.failures[:10]]  # fmt: skip
    lines += [f"picture: {path}" for path in found.figures]
    lines.append(f"table: {found.folder / 'summary.csv'}")
    lines.append(f"one job again: {found.records[-1]['again']}")
    return "\n".join(lines)


def _pairs(flag, texts, arguments):
    """(name, values) of each NAME=VALUES, of the type of the scenario's default."""
    from .subjects import SUPPLIED
    from .values import values_of

    seen = set()
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not values:
            raise ValueError(f"{flag} {text}: must be NAME=VALUE{',VALUE,...' if flag == '--vary' else ''}")
        if name in seen:
            raise ValueError(f"{flag} {text}: {name} is given twice")
        seen.add(name)
        if name in arguments and name not in SUPPLIED:
            default = arguments[name]
            try:
                yield name, values_of(values, default)
            except ValueError as error:
                kind = "true or false" if isinstance(default, bool) else f"of type {type(default).__name__}"
                raise ValueError(f"{flag} {text}: {error}; values must be {kind}, as the default {default!r}") from None
        else:
            yield name, [values]  # refused by the sweep, with the names that are allowed


def _only(name, values):
    """The value of ``--set``; commas make a list of it."""
    return values[0] if len(values) == 1 else values

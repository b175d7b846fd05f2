"""The command line: parse, call, print.  Results go to stdout, talk and progress to stderr."""

import argparse
import ast
import json
import os
import sys

OK, FAILED, USAGE, NEGATIVE, OPEN, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments=None):
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if chosen.command != "run" and rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        return chosen.act(chosen, rest)
    except KeyboardInterrupt:
        print("brownian: interrupted; files are closed, --resume goes on", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, TypeError, OSError, ArithmeticError, LookupError) as error:
        if chosen.debug:
            raise
        print(f"brownian: {_message(error)}", file=sys.stderr)
        return FAILED if isinstance(error, ArithmeticError) else USAGE


def entry():
    """The ``brownian`` command."""
    sys.exit(main())


def _message(error):
    text = str(error) or type(error).__name__
    return text if not isinstance(error, LookupError) else f"{type(error).__name__}: {text}"


def _parser():
    from .version import __version__

    parser = argparse.ArgumentParser(prog="brownian", description="Langevin dynamics: run scenarios, read their files.")
    parser.add_argument("--version", action="version", version=f"brownian {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a scenario script", add_help=False)
    run.add_argument("scenario", metavar="SCENARIO.py", nargs="?")
    run.add_argument("-h", "--help", action="store_true", help="the options of the scenario")
    run.add_argument("--threads", type=int, help="number of threads (default: all processors)")
    run.add_argument("--json", action="store_true", help="print the result as JSON")
    run.set_defaults(act=_run)

    info = commands.add_parser("info", help="what is in a file, how it was made, how to make it again")
    info.add_argument("file")
    info.add_argument("--json", action="store_true", help="print the description as JSON")
    info.set_defaults(act=_info)

    repair = commands.add_parser("repair", help="make a file whole again whose writer was killed")
    repair.add_argument("file")
    repair.set_defaults(act=_repair)

    pictures = commands.add_parser("gallery", help="write README.md of a folder of results")
    pictures.add_argument("folder", nargs="?", default="results")
    pictures.set_defaults(act=_gallery)
    return parser


def _run(chosen, rest):
    from .scripts import load, options

    if chosen.scenario is None:
        print("usage: brownian run SCENARIO.py [--threads N] [--json] [options of the scenario]")
        return OK if chosen.help else USAGE
    module = load(chosen.scenario)
    parser = argparse.ArgumentParser(
        prog=f"brownian run {chosen.scenario}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", metavar="N", help="number of threads (default: all processors)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    for name, default in options(module.run):
        _add_option(parser, name, default)
    if chosen.help:
        parser.print_help()
        return OK
    if chosen.threads is not None:
        if chosen.threads < 1:
            parser.error(f"--threads {chosen.threads}: must be at least 1")
        os.environ["BROWNIAN_THREADS"] = str(chosen.threads)
    given = {k: v for k, v in vars(parser.parse_args(rest)).items() if k not in ("threads", "json")}
    result = module.run(**given)
    if chosen.json:
        print(json.dumps(result.as_data()))
    else:
        print(result)
        for path in result.figures:
            print(f"picture: {path}")
        again = " ".join(["brownian", "run", chosen.scenario, *rest])
        print(f"made by: {again}")
    return OK if result.agrees else NEGATIVE


def _add_option(parser, name, default):
    flag = f"--{name.replace('_', '-')}"
    if isinstance(default, bool):
        parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=default)
    else:
        kind = type(default) if isinstance(default, int | float | str) else _value
        kind = _whole if kind is int else kind
        shown = f"default: {default}" if default is not None else "default: chosen by the scenario"
        parser.add_argument(flag, dest=name, type=kind, default=default, metavar=name.upper(), help=shown)


def _whole(text):
    number = float(text)  # 1e6 is a whole number too
    if number != int(number):
        raise ValueError(text)
    return int(text) if text.lstrip("+-").isdigit() else int(number)


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _info(chosen, rest):
    from .simulation import open_trajectory

    with open_trajectory(chosen.file) as trajectory:
        if chosen.json:
            print(json.dumps(trajectory.description, indent=2))
            return OK
        print(trajectory)
        if trajectory.description:
            made = trajectory.description.get("made", {})
            version = made.get("versions", {}).get("brownian", "?")
            print(f"made by: {made.get('command', '?')}")
            print(f"         brownian {version}, {made.get('machine', '?')}, {made.get('date', '?')}")
            print(f"again:   brownian.open({chosen.file!r}).simulation().run(...)")
    return OK


def _repair(chosen, rest):
    from .trajectory import repair

    print(f"{chosen.file}: {repair(chosen.file)} frames")
    return OK


def _gallery(chosen, rest):
    from .report import gallery

    print(gallery(chosen.folder))
    return OK

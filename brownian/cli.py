"""The command line: parse, call, print.  Results go to stdout, talk and progress to stderr."""

import argparse
import contextlib
import json
import os
import shlex
import sys
import warnings

from .messages import REFUSALS, message, warning

OK, FAILED, USAGE, NEGATIVE, OPEN, INTERRUPTED, PIPE = 0, 1, 2, 3, 4, 130, 141

OWN_CLASS = "the class that the file was made with, from a file of yours (which is run); a difference is shown"
DEBUG = "show the traceback of an error"


def main(arguments=None):
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    os.environ.setdefault("MPLBACKEND", "Agg")
    debug, chosen, plain = "--debug" in arguments, None, warnings.formatwarning
    warnings.formatwarning = warning
    try:
        parser = _parser()
        chosen, rest = parser.parse_known_args(arguments)
        if chosen.command != "run" and rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        status = chosen.act(chosen, rest)
        print(end="", flush=True)  # stdout may be closed
        return status
    except BaseException as error:
        if debug or isinstance(error, SystemExit):
            raise
        return _refused(error, chosen)
    finally:
        warnings.formatwarning = plain


def _refused(error, chosen):
    """Say what is wrong; returns the exit status."""
    if isinstance(error, BrokenPipeError):  # nobody reads on, as behind ``| head -1``
        _close_stdout()
        return PIPE
    if isinstance(error, KeyboardInterrupt):
        goes_on = "; files are closed, --resume goes on" if hasattr(chosen, "scenario") else ""
        print(f"brownian: interrupted{goes_on}", file=sys.stderr)
        return INTERRUPTED
    print(f"brownian: {message(error, getattr(chosen, 'scenario', None))}", file=sys.stderr)
    return USAGE if isinstance(error, REFUSALS) else FAILED


def entry():
    """The ``brownian`` command."""
    sys.exit(main())


def _close_stdout():
    """What is still in the buffer goes nowhere, so that nothing is said when Python closes it."""
    with contextlib.suppress(OSError, ValueError):  # a stdout that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Options by their whole names: what is short for one today may be short for two tomorrow."""

    def __init__(self, **settings):
        super().__init__(allow_abbrev=False, **settings)


def _parser():
    from .sweeps.command import add_options as add_sweep_options
    from .version import __version__

    parser = _Parser(prog="brownian", description="Langevin dynamics: run scenarios, read their files.")
    parser.add_argument("--version", action="version", version=f"brownian {__version__}")
    parser.add_argument("--debug", action="store_true", help=DEBUG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="run a scenario script", add_help=False)
    run.add_argument("scenario", metavar="SCENARIO.py", nargs="?")
    run.add_argument("-h", "--help", action="store_true", help="the options of the scenario")
    run.add_argument("--threads", type=int, help="number of threads (default: all processors)")
    run.add_argument("--json", action="store_true", help="print the result as JSON")
    run.set_defaults(act=_run)

    sweep = commands.add_parser(
        "sweep", help="a scenario at many parameters, many times each, on many processes or machines"
    )
    add_sweep_options(sweep)

    info = commands.add_parser("info", help="what is in a file, how it was made, how to make it again")
    info.add_argument("file")
    info.add_argument("--json", action="store_true", help="print the description as JSON")
    info.set_defaults(act=_info)

    analyze = commands.add_parser("analyze", help="diffusion, correlations, spectrum, temperatures, with errors")
    analyze.add_argument("file")
    analyze.add_argument("--json", action="store_true", help="print as JSON")
    analyze.set_defaults(act=_analyze)

    validate = commands.add_parser("validate", help="the fluctuation-dissipation verdict")
    validate.add_argument("file")
    validate.add_argument("--scheme", help="how the steps were taken, e.g. gjf, baoab, baoa, euler_maruyama")
    validate.add_argument("--potential", metavar="EXPR", help="U as an expression in x, y, z and t")
    validate.add_argument("--potential-class", metavar="FILE.py:CLASS", help=OWN_CLASS)
    for name in ("mass", "friction", "kT", "dt"):
        validate.add_argument(f"--{name}", type=float, help="for files that do not say")
    validate.add_argument(
        "--family-error", type=float, default=1e-3, help="false alarms per correct run (default 1e-3)"
    )
    validate.add_argument("--within", type=float, default=0.01, help="R must be known to this (default 0.01)")
    validate.add_argument("--store", action="store_true", help="store the verdict in the file")
    validate.add_argument("--picture", metavar="PNG", help="draw the verdict")
    validate.add_argument("--json", action="store_true", help="print as JSON")
    validate.set_defaults(act=_validate)

    verify = commands.add_parser("verify", help="make stretches of a run again and compare every number, bit for bit")
    verify.add_argument("file")
    verify.add_argument("--potential-class", metavar="FILE.py:CLASS", help=OWN_CLASS)
    verify.add_argument("--json", action="store_true", help="print as JSON")
    verify.set_defaults(act=_verify)

    plot = commands.add_parser("plot", help="a picture of a file")
    plot.add_argument("file")
    plot.add_argument("kind", help="msd, vacf, psd, boltzmann, landscape, phase, verdict or animation")
    plot.add_argument("--out", metavar="PNG", help="default: FILE's name with the kind (animation: .gif)")
    plot.set_defaults(act=_plot)

    repair = commands.add_parser("repair", help="make a file whole again whose writer was killed")
    repair.add_argument("file")
    repair.set_defaults(act=_repair)

    bench = commands.add_parser("bench", help="ns per particle-step on this machine, beside its random numbers alone")
    bench.add_argument("--noise", choices=("float64", "float32", "both"), default="float64", help="kind of normals")
    bench.add_argument("--threads", type=int, help="all threads (default: all processors); one is timed too")
    bench.add_argument("--json", action="store_true", help="print the list of measurements as JSON")
    bench.set_defaults(act=_bench)

    pictures = commands.add_parser("gallery", help="write README.md of a folder of results")
    pictures.add_argument("folder", nargs="?", default="results")
    pictures.set_defaults(act=_gallery)
    for command in commands.choices.values():  # before or behind the command
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=DEBUG)
    return parser


def _run(chosen, rest):
    from .scripts import load, options

    if chosen.scenario is None:
        usage = "usage: brownian run SCENARIO.py [--threads N] [--json] [options of the scenario: SCENARIO.py --help]"
        print(usage, file=sys.stdout if chosen.help else sys.stderr)
        return OK if chosen.help else USAGE
    module = load(chosen.scenario)
    parser = _Parser(
        prog=f"brownian run {chosen.scenario}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", metavar="N", help="number of threads (default: all processors)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--debug", action="store_true", help=DEBUG)
    for name, default in options(module.run):
        _add_option(parser, name, default)
    if chosen.help:
        parser.print_help()
        return OK
    if chosen.threads is not None:
        if chosen.threads < 1:
            parser.error(f"--threads {chosen.threads}: must be at least 1")
        os.environ["BROWNIAN_THREADS"] = str(chosen.threads)
    given = {k: v for k, v in vars(parser.parse_args(rest)).items() if k not in ("threads", "json", "debug")}
    result = module.run(**given)
    if not hasattr(result, "checks"):
        raise TypeError(
            f"{chosen.scenario}: run(...) returned {result!r}, but a Result is needed: scenario.result(...)"
        )
    if chosen.json:
        print(json.dumps(result.as_data()))
    else:
        print(result)
        for path in result.figures:
            print(f"picture: {path}")
        print(f"made by: {shlex.join(['brownian', 'run', chosen.scenario, *rest])}")
    return OK if result.agrees else NEGATIVE


def _add_option(parser, name, default):
    from .sweeps.values import kind_of

    flag = f"--{name.replace('_', '-')}"
    if isinstance(default, bool):
        parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=default)
    else:
        shown = f"default: {default}" if default is not None else "default: chosen by the scenario"
        parser.add_argument(flag, dest=name, type=kind_of(default), default=default, metavar=name.upper(), help=shown)


def _info(chosen, rest):
    from .simulation import open_trajectory
    from .trajectory.description import again, provenance

    with open_trajectory(chosen.file) as trajectory:
        if chosen.json:
            print(json.dumps(trajectory.description, indent=2))
            return OK
        print(trajectory)
        if trajectory.description:
            print(provenance(trajectory.description))
            print(f"again:   {again(trajectory, chosen.file)}")
    return OK


def _analyze(chosen, rest):
    from .analysis.summary import summarise
    from .simulation import open_trajectory

    with open_trajectory(chosen.file) as trajectory:
        summary = summarise(trajectory)
    print(json.dumps(summary.as_data()) if chosen.json else summary)
    return OK


def _validate(chosen, rest):
    from .expressions import Expression
    from .fdt import SCHEMES, validate
    from .trajectory import annotate, check_takes_notes

    if chosen.potential is not None and chosen.potential_class is not None:
        raise ValueError("--potential and --potential-class: only one of them can be given")
    if chosen.store:
        check_takes_notes(chosen.file)
    if chosen.picture:
        from .plotting.look import picture_file, save

        picture_file(chosen.picture)
    verdict = validate(
        chosen.file,
        scheme=None if chosen.scheme is None else _scheme(SCHEMES, chosen.scheme),
        potential=_class(chosen) if chosen.potential is None else Expression(chosen.potential),
        **{name: getattr(chosen, name) for name in ("mass", "friction", "kT", "dt", "family_error", "within")},
    )
    print(json.dumps(verdict.as_data()) if chosen.json else verdict, flush=True)
    if chosen.store:
        annotate(chosen.file, "verdict", verdict.as_data())
    if chosen.picture:
        from . import plotting

        with plotting.style():
            save(plotting.verdict(verdict)[0].figure, chosen.picture)
    return verdict.exit_status


def _verify(chosen, rest):
    from .verification import verify

    found = verify(chosen.file, potential=_class(chosen))
    print(json.dumps(found.as_data()) if chosen.json else found)
    return found.exit_status


def _class(chosen):
    from .scripts import own_class

    return None if chosen.potential_class is None else own_class(chosen.potential_class)


def _scheme(schemes, name):
    key = name.lower().replace("_", "").replace("-", "")
    if key not in schemes:
        raise ValueError(f"--scheme {name}: must be one of {', '.join(schemes)}")
    return schemes[key]


def _plot(chosen, rest):
    from .plotting.files import picture

    print(picture(chosen.file, chosen.kind, chosen.out))
    return OK


def _repair(chosen, rest):
    from .trajectory import repair

    print(f"{chosen.file}: {repair(chosen.file)} frames")
    return OK


def _bench(chosen, rest):
    from .bench.table import as_text, bench, startup

    if chosen.threads is not None and chosen.threads < 1:
        raise ValueError(f"--threads {chosen.threads}: must be at least 1")
    noises = ("float64", "float32") if chosen.noise == "both" else (chosen.noise,)

    def say(text):
        print(f"brownian: timing {text}", file=sys.stderr)

    rows = bench(noises, chosen.threads, say=say)
    print(json.dumps(rows, indent=2) if chosen.json else as_text(rows, startup()))
    return OK


def _gallery(chosen, rest):
    from .report import gallery

    print(gallery(chosen.folder))
    return OK

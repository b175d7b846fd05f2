"""What is in a source distribution and a wheel: ``python .ci/contents.py SDIST WHEEL``, in a git checkout."""

import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

OUGHT = ("brownian", "tests", "scenarios", "benchmarks", ".ci")
MADE = re.compile(r"(^|/)(results|build|dist|\.venv|__pycache__)/|\.(pyc|nbi|nbc|h5md|npz|lock|partial|tmp)$")


def tracked(*folders):
    """Files that git knows of in these folders."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", *folders], capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name}


def in_sdist(path):
    """Names in a source distribution, without its one folder."""
    with tarfile.open(path) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
        irregular = [member.name for member in archive.getmembers() if not (member.isfile() or member.isdir())]
    tops = {name.split("/")[0] for name in names}
    if len(tops) != 1 or irregular:
        raise SystemExit(f"{path}: one folder of plain files expected, found {sorted(tops)}, {irregular}")
    return {name.partition("/")[2] for name in names}


def in_wheel(path):
    """Names in a wheel, and its metadata."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        about = {name.partition("/")[2]: name for name in names if ".dist-info/" in name}
        read = {short: archive.read(name).decode() for short, name in about.items()}
    return names - set(about.values()), read


def main(sdist, wheel):
    """Print each fault; the exit status is their number."""
    faults = []

    def expect(holds, *words):
        if not holds:
            faults.append(" ".join(map(str, words)))

    source, (package, about) = in_sdist(sdist), in_wheel(wheel)
    for missing in sorted(tracked(*OUGHT) - source):
        expect(False, "not in the source distribution:", missing)
    for missing in sorted(tracked("brownian") - package):
        expect(False, "not in the wheel:", missing)
    for more in sorted(package - tracked("brownian")):
        expect(False, "in the wheel, but nobody's:", more)
    for name in sorted(name for name in source if MADE.search(name)):
        expect(False, "made by a run, but in the source distribution:", name)
    expect(
        {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO"} <= source, "the sdist lacks its papers"
    )
    expect("licenses/LICENSE" in about, "the wheel lacks LICENSE")
    expect("brownian = brownian.cli:entry" in about.get("entry_points.txt", ""), "the wheel lacks the command brownian")
    expect("Root-Is-Purelib: true" in about.get("WHEEL", ""), "the wheel is bound to a platform")
    expect("Requires-Python: >=3.11" in about.get("METADATA", ""), "the wheel does not say which Python it needs")
    print(f"{pathlib.Path(sdist).name}: {len(source)} files; {pathlib.Path(wheel).name}: {len(package)} files")
    print(*faults, sep="\n", end="\n" if faults else "")
    return len(faults)


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 100))

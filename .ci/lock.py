"""Write ``constraints-newest.txt`` anew: ``python .ci/lock.py PYTHON3.11 PYTHON3.12 ...``, the oldest first.

Each resolves the newest of everything in a fresh environment.  Where they differ, the older one's version holds below
the newer one's Python.  Names and versions only.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """\
# The newest of everything, as CI uses it: written by .ci/lock.py.
"""


def resolve(python, folder):
    """The Python's version, and name -> version of what an installation with all extras and the build tools brings."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    tools = [f"{ROOT}[dev]", "build", "hatchling", "editables"]
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *tools], check=True)
    frozen = subprocess.run([folder / "bin" / "pip", "freeze"], capture_output=True, text=True, check=True).stdout
    asked = [folder / "bin" / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return version, dict(re.findall(r"^([\w.-]+)==(\S+)$", frozen, re.MULTILINE))


def merged(resolved):
    """Lines ``name==version``, with a marker where the Pythons differ; ``resolved`` is oldest first."""
    for name in sorted({name for _, found in resolved for name in found}, key=str.lower):
        versions = [(python, found.get(name)) for python, found in resolved]
        starts = [k for k, (_, version) in enumerate(versions) if k == 0 or version != versions[k - 1][1]]
        for k, following in zip(starts, [*starts[1:], None], strict=True):
            python, version = versions[k]
            marks = [f'python_version >= "{python}"'] if k else []
            marks += [f'python_version < "{versions[following][0]}"'] if following else []
            if version:
                yield f"{name}=={version}" + (f" ; {' and '.join(marks)}" if marks else "")


def main(pythons):
    """Resolve with each interpreter and write the file."""
    with tempfile.TemporaryDirectory() as work:
        resolved = [resolve(python, pathlib.Path(work, str(k))) for k, python in enumerate(pythons)]
    (ROOT / ".ci" / "constraints-newest.txt").write_text(HEAD + "\n".join(merged(resolved)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])

"""The C++ reference (``reference.cpp``): built when it is asked for, and loaded into this process."""

import ctypes
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).with_name("reference.cpp")
COMPILE = ["-std=c++17", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-fPIC", "-c"]
WIDE = "-mprefer-vector-width=512"  # x86 only
MODES = {"f64": 0, "mixed": 1, "f32": 2}


class NoCompiler(Exception):
    """There is no C++ compiler here, or it refuses the source; the message says so."""


def compiler():
    """Path of the C++ compiler: $CXX, or g++."""
    found = shutil.which(os.environ.get("CXX", "g++"))
    if found is None:
        raise NoCompiler("no C++ reference: no g++ here (set CXX to name another compiler)")
    return found


def version():
    """The compiler's own name and version."""
    return subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _call(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NoCompiler(f"no C++ reference: {' '.join(map(str, command))} fails\n{done.stderr}")


def build(folder=None):
    """Compile the reference; returns the path of the library.

    Linked apart from compiling and without -ffast-math: with it the linker would add start-up code that makes the
    whole process, the package included, flush small numbers to zero.
    """
    folder = pathlib.Path(folder or pathlib.Path(tempfile.gettempdir()) / f"brownian-reference-{os.getuid()}")
    folder.mkdir(parents=True, exist_ok=True)
    processor = pathlib.Path("/proc/cpuinfo")
    flags = [line for line in processor.read_text().splitlines() if "flags" in line][:1] if processor.exists() else []
    key = "\n".join([SOURCE.read_text(), version(), *COMPILE, WIDE, *flags]).encode()
    library = folder / f"reference-{hashlib.sha256(key).hexdigest()[:16]}.so"
    if not library.exists():
        made, linked = library.with_suffix(f".{os.getpid()}.o"), library.with_suffix(f".{os.getpid()}.so")
        try:
            _call([compiler(), *COMPILE, WIDE, SOURCE, "-o", made])
        except NoCompiler:
            _call([compiler(), *COMPILE, SOURCE, "-o", made])
        _call([compiler(), "-shared", "-fopenmp", made, "-o", linked, "-lm"])
        made.unlink()
        linked.replace(library)
    return library


def load():
    """Build and load the library."""
    library = ctypes.CDLL(str(build()))
    state, number, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
    for name, result, arguments in [
        ("new", state, [number, number, size, size, number]),
        ("advance", None, [state, number]),
        ("save", ctypes.c_longlong, [state, number, number, ctypes.c_char_p]),
        ("coordinates", size, [state]),
        ("mean_square", ctypes.c_double, [state]),
        ("free", None, [state]),
    ]:
        function = getattr(library, f"reference_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class Reference:
    """One workload of the reference.

    Parameters
    ----------
    workload
        1 to 4: trap, BAOAB, double well, ring of Gaussians.
    mode
        "f64", "mixed" (float64 state, float32 normals) or "f32".
    particles, dimension, threads
        Size, and number of threads.
    """

    def __init__(self, workload, mode, particles, dimension, threads=1):
        self._library = load()
        self._state = self._library.reference_new(workload, MODES[mode], particles, dimension, threads)
        #: particles that really move, for ns per particle-step: whole blocks
        self.particles = self._library.reference_coordinates(self._state) / dimension

    def advance(self, steps):
        """Take all particles through some steps."""
        self._library.reference_advance(self._state, steps)

    def save(self, steps, stride, path):
        """The same, every ``stride``-th step to a file of raw float32; returns the bytes written."""
        written = self._library.reference_save(self._state, steps, stride, os.fsencode(path))
        if written < 0:
            raise OSError(f"{path}: cannot be written")
        return written

    def mean_square(self):
        """Mean of the squared coordinates, to see that it samples what it should."""
        return self._library.reference_mean_square(self._state)

    def close(self):
        """Give the memory back."""
        self._library.reference_free(self._state)

"""How Python becomes machine code here: one set of flags, methods of NamedTuples, fma and bit casts.

Every function that runs inside a kernel is a plain Python function, marked ``@inlined`` (or ``@method`` where it is
the stub of a method of a NamedTuple).  With ``NUMBA_DISABLE_JIT=1`` the very same functions run in the interpreter
and give the same bits.
"""

import ctypes
import ctypes.util
import sys

import numpy as np
from numba import config, typeof, types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

# Stated on every function: a helper without explicit flags inherits those of its *first* compiled caller, and results
# would depend on the order of calls.  No fast-math flag anywhere: where a fused multiply-add is wanted it is written
# as fma, so that scalar code, vector code, any block width and any processor give the same bits.
# Without Numba's run time ("_nrt") no array is allocated inside, and no reference is counted: counting took a third of
# a step of a whole block, and most of the step of a single bead.
OPTIONS = {"nogil": True, "forceinline": True, "error_model": "numpy", "fastmath": False, "_nrt": False}
ALLOCATING = OPTIONS | {"_nrt": True}

inlined = register_jitable(**OPTIONS)
allocating = register_jitable(**ALLOCATING)  # for helpers of a potential's block methods that need scratch arrays


def method(stub):
    """Let compiled code call ``stub(self, ...)`` as the method of that name of self's class.

    The stub is written for the interpreter (``return self.name(...)``); the compiler takes the method itself.  The
    choice is made by type at compile time and costs nothing at run time.
    """

    def choose(self, *arguments):
        return getattr(getattr(self, "instance_class", None), stub.__name__, None)

    overload(stub, strict=False, jit_options=OPTIONS)(choose)
    return stub


def class_of(value):
    """The class of a value of a compiled class, or of its type in compiled code."""
    return getattr(value, "instance_class", None) or type(value)


def address(dispatcher, *arguments):
    """Where the machine code of a compiled function stands, for arguments of these types; 0 without the compiler."""
    if config.DISABLE_JIT:
        return 0
    signature = tuple(typeof(argument) for argument in arguments)
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    return result.library.get_pointer_to_function(result.fndesc.llvm_func_name)


def by_address(stub):
    """Let compiled code call ``stub(place, ...)`` as the machine code at ``place``, an ``address``.

    What is called so is compiled once, and not again wherever it is called.  The stub is written for the interpreter.
    """
    overload(stub, strict=False, jit_options=OPTIONS)(lambda place, *arguments: _call_at)
    return stub


def _call_at(place, *arguments):
    _called(place, arguments)


@intrinsic
def _called(context, place, arguments):
    kinds = tuple(types.unliteral(kind) for kind in arguments)

    def generate(context, builder, signature, values):
        convention = context.call_conv
        code = convention.get_function_type(types.none, kinds).as_pointer()
        unpacked = cgutils.unpack_tuple(builder, values[1])
        status, _ = convention.call_function(builder, builder.inttoptr(values[0], code), types.none, kinds, unpacked)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.none(place, types.Tuple(kinds)), generate


def _library_fma():
    library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else ctypes.util.find_library("m"))
    library.fma.restype, library.fma.argtypes = ctypes.c_double, [ctypes.c_double] * 3
    library.fmaf.restype, library.fmaf.argtypes = ctypes.c_float, [ctypes.c_float] * 3
    return library.fma, library.fmaf


_double_fma, _single_fma = _library_fma()


def fma(a, b, c):
    """A * b + c with one rounding (IEEE 754): float32 if all three are, float64 otherwise."""
    if isinstance(a, np.float32) and isinstance(b, np.float32) and isinstance(c, np.float32):
        return np.float32(_single_fma(a, b, c))
    return np.float64(_double_fma(a, b, c))


@intrinsic
def _fused(context, a, b, c):
    kind = types.float32 if a == b == c == types.float32 else types.float64
    return kind(kind, kind, kind), lambda _context, builder, _signature, arguments: builder.fma(*arguments)


@overload(fma, jit_options=OPTIONS)
def _compiled_fma(a, b, c):
    return lambda a, b, c: _fused(a, b, c)


@inlined
def bits(x):
    """The 64 bits of a float64, as uint64."""
    return np.float64(x).view(np.uint64)


@inlined
def from_bits(pattern):
    """The float64 with these 64 bits."""
    return np.uint64(pattern).view(np.float64)


@inlined
def bits32(x):
    """The 32 bits of a float32, as uint32."""
    return np.float32(x).view(np.uint32)


@inlined
def from_bits32(pattern):
    """The float32 with these 32 bits."""
    return np.uint32(pattern).view(np.float32)

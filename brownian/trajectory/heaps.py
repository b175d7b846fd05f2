"""The global heaps of an HDF5 file, looked at before the file is given to C code that trusts them.

They hold texts of varying length, such as units, and have no checksums: an object of no size keeps HDF5 busy without
end.  They stand where a file begins, or behind what was there when something was added; between its first and last
pieces a large file is not searched.
Source: HDF5 File Format Specification 3.0, section III.E.
"""

import os
import struct

from .errors import TrajectoryError

PIECE = 2**24  # bytes at either end of a file
# The signature, version 1 and three bytes of zero: frames of numbers hold it once in 10^19 bytes.
HEAP = b"GCOL\x01\0\0\0"
HEADER, SMALLEST = 16, 4096


def check_heaps(path):
    """Walk through the heaps of a file.

    Raises
    ------
    TrajectoryError
        If the objects of one do not fill it.
    """
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        for first in sorted({0, max(0, length - PIECE)}):
            file.seek(first)
            piece = file.read(PIECE)
            at = piece.find(HEAP)
            while at >= 0:
                file.seek(first + at)
                if not _whole(file.read(HEADER), file, length - first - at):
                    raise TrajectoryError(f"{path}: cannot be read, the file is damaged (heap at {first + at})", path)
                at = piece.find(HEAP, at + 1)


def _whole(header, file, room):
    """Whether the objects of a heap, each with its size before it, lead to its end."""
    size = int.from_bytes(header[8:], "little")
    if not SMALLEST <= size <= room:
        return False
    heap, at = file.read(size - HEADER), 0
    while len(heap) - at >= HEADER:
        number, _, _, length = struct.unpack_from("<HHIQ", heap, at)
        at += length if number == 0 else HEADER + -(-length // 8) * 8
        if number == 0:  # what is free: the last, its header counted
            return length >= HEADER and at == len(heap)
    return at <= len(heap)

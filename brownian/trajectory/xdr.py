"""The frame headers of .trr and .xtc files, looked at before the file is given to C code that trusts them.

A later frame that claims more particles than the first makes the decoder write beyond its buffer; such a file is
refused here.  A last frame that was cut off is left to the reader, which leaves it out.
"""

import os
import struct

from .errors import TrajectoryError

FEW = 9  # particles, up to which .xtc holds plain numbers
SMALLEST, LARGEST = 9, 72  # index into the decoder's table of sizes


def check_frames(path, name):
    """Walk through the frames of a .trr or .xtc file.

    Raises
    ------
    TrajectoryError
        If a header is none, or does not fit the first.
    """
    length, first, frame = os.path.getsize(path), None, 0
    header = {"trr": _trr, "xtc": _xtc}[name]
    with open(path, "rb") as file:
        at = 0
        while at < length:
            file.seek(at)
            head = file.read(128)
            try:
                particles, size = header(head)
            except struct.error:  # cut off within the header
                size = length - at if frame > 0 else 0
            except ValueError:
                size = 0
            if size <= 0 or (first is not None and particles != first):
                raise TrajectoryError(f"{path}: frame {frame} is none of a .{name} file, it is damaged", path)
            first, at, frame = particles, at + size, frame + 1


def _trr(head):
    magic, _, letters, word = struct.unpack_from(">3i12s", head)
    if magic != 1993 or letters != 12 or word != b"GMX_trn_file":
        raise ValueError
    *sizes, particles, _, _ = struct.unpack_from(">13i", head, 24)
    x, v, f = sizes[7:]
    number = next((size // (3 * particles) for size in (x, v, f) if size), 0) if particles > 0 else 0
    # input record, energies, box, virial, pressure, topology, symbols; nobody writes the first two and the last two
    whole, matrix = {0, 3 * particles * number}, {0, 9 * number}
    if number not in (4, 8) or any(sizes[k] for k in (0, 1, 5, 6)):
        raise ValueError
    if not {x, v, f} <= whole or not set(sizes[2:5]) <= matrix:
        raise ValueError
    return particles, 24 + 52 + 2 * number + sum(sizes)


def _xtc(head):
    magic, particles = struct.unpack_from(">2i", head)
    if magic not in (1995, 2023) or particles < 1 or struct.unpack_from(">i", head, 52)[0] != particles:
        raise ValueError
    if particles <= FEW:
        return particles, 56 + 12 * particles
    wide = magic == 2023
    *corners, index, size = struct.unpack_from(">7iq" if wide else ">8i", head, 60)
    upside_down = any(low > high for low, high in zip(corners[:3], corners[3:], strict=True))
    if size < 0 or upside_down or not SMALLEST <= index <= LARGEST:
        raise ValueError
    return particles, (96 if wide else 92) + -(-size // 4) * 4

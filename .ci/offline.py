"""Run a command without a network: ``python .ci/offline.py COMMAND ...``.

Always under the guard of ``guard/sitecustomize.py``, which names the address; where the system permits it, in a network
namespace that has no other interface than loopback as well, which holds for compiled code too.
"""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import sys

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1


def leave_the_network():
    """Enter a network namespace of our own, as root or as a user who may; whether that went well."""
    if not sys.platform.startswith("linux"):
        return False
    user, group, libc = os.getuid(), os.getgid(), ctypes.CDLL(None)
    if libc.unshare(NEW_NETWORK) != 0:
        if libc.unshare(NEW_USER | NEW_NETWORK) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            pathlib.Path("/proc/self", name).write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", request)[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", flags | UP))
    if pathlib.Path("/proc/self/net/route").read_text().count("\n") > 1:  # the first line is its heading
        raise SystemExit(f"offline: the new namespace has routes; its interfaces: {socket.if_nameindex()}")
    return True


def main(command):
    """Replace this process by the command."""
    if not command:
        raise SystemExit(__doc__.splitlines()[0])
    guard = str(pathlib.Path(__file__).resolve().parent / "guard")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [guard, os.environ.get("PYTHONPATH")]))
    alone = leave_the_network()
    print("offline:", "a namespace of its own" if alone else "no namespace permitted: the guard alone", flush=True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

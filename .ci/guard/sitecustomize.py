"""No network: a Python that finds this file first (PYTHONPATH) refuses every address but this machine's own."""

import sys

OWN = {"127.0.0.1", "::1", "localhost", "", None}


def refuse(event, arguments):
    """What the interpreter reports before it connects, sends or looks up a name."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # others are paths: sockets of this machine
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in OWN:
        raise RuntimeError(f"{event} to {host!r}: nothing here may use a network")  # no OSError: those are caught


sys.addaudithook(refuse)

"""A loopback of one's own, with the same TCP congestion control for everybody.

BBR, the default of some machines, halves what loopback carries. A program may choose another one for its sockets, but
Java cannot; the route can, for every socket of a network namespace, whoever made it.
"""
import ctypes
import os
import shutil
import socket
import subprocess

from strom_process import Failure

WANTED = "cubic"
_CLONE_NEWNET = 0x40000000


def isolate() -> str | None:
    """This process and those it will start get a network namespace whose loopback uses WANTED. None, or why not: then
    nothing has changed. Before other threads exist: they would stay behind."""
    if shutil.which("ip") is None:
        return "no command ip (package iproute2)"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        return f"no network namespace: {os.strerror(ctypes.get_errno())}"
    _ip("link", "set", "lo", "up")
    for target in ("127.0.0.0/8", "127.0.0.1"):
        _ip("route", "replace", "local", target, "dev", "lo", "table", "local", "proto", "kernel", "scope", "host",
            "src", "127.0.0.1", "congctl", WANTED)
    return None


def congestion_control() -> str:
    """What a connection over loopback uses here."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).split(b"\0", 1)[0].decode()


def _ip(*arguments: str):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

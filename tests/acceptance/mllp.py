"""MLLP as bytes on a socket, in packets as a test wants them."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

from tests.acceptance.demonstration import Demonstration

START, END = b"\x0b", b"\x1c\r"


def framed(message: bytes) -> bytes:
    """A message in its frame."""
    return START + message + END


def exchange(demo: Demonstration, packets: Sequence[bytes], answers: int) -> list[bytes]:
    """Send packets over one connection and return that many answers."""
    address = (demo.info["mllp"]["host"], demo.info["mllp"]["port"])
    with socket.create_connection(address, timeout=20) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            wire.sendall(packet)
            time.sleep(0.1)
        taken = b""
        while taken.count(END) < answers:
            chunk = wire.recv(65_536)
            assert chunk, "the listener closed the connection"
            taken += chunk
    return taken.split(END)[:-1]

"""Sends frames to Scopestream over TCP. Needs Python 3.8 or later and nothing else.

    scopestream serve --source tcp            # listens on 127.0.0.1:8471
    python send_tcp.py 127.0.0.1 8471 100     # 100 frames of a moving stripe, 256 x 256, 12 bits

In your own program call `send` with the bytes of each frame (a numpy array's `tobytes()`); it blocks while the service is
busy. The protocol is described in docs/protocols.md.
"""

import json
import socket
import struct
import sys


def send(connection, pixels, **header):
    """pixels: little-endian, row by row. header: sequence, sizeX, sizeY, pixelType, and any optional field."""
    text = json.dumps(header).encode()
    connection.sendall(struct.pack("<4sHHI", b"SCOP", 1, len(text), len(pixels)) + text + pixels)


def stripe(n, size):
    """A bright column that moves one pixel a frame, as little-endian uint16."""
    row = struct.pack(f"<{size}H", *(4000 if x == n % size else 100 for x in range(size)))
    return row * size


if __name__ == "__main__":
    host, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), 256
    with socket.create_connection((host, port)) as connection:
        for n in range(count):
            send(connection, stripe(n, size), sequence=n, sizeX=size, sizeY=size, pixelType="uint16",
                 significantBits=12, t=n, physicalSizeX=0.1, physicalSizeY=0.1, exposureTime=0.02, deltaT=n * 0.05)
        connection.shutdown(socket.SHUT_WR)  # no more frames: ask how many were taken
        answer = connection.makefile().readline().strip()  # "ok 100", or "error ..." with the reason
    print(answer)
    sys.exit(0 if answer == f"ok {count}" else 1)

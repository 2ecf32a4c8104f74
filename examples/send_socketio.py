"""Sends frames to Scopestream over socket.io. Needs `pip install "python-socketio[client]"`.

    scopestream serve --source socketio                         # http://127.0.0.1:8470, namespace /ingest
    python send_socketio.py http://127.0.0.1:8470 100 [TOKEN]   # 100 frames of a moving stripe, 256 x 256, 12 bits

Each frame is acknowledged when it is kept; this sender keeps three under way and waits for an answer before
it sends the next. The protocol is described in docs/protocols.md.
"""

import struct
import sys
import threading

import socketio

FRAMES_UNDER_WAY = 3


def stripe(n, size):
    """A bright column that moves one pixel a frame, as little-endian uint16."""
    row = struct.pack(f"<{size}H", *(4000 if x == n % size else 100 for x in range(size)))
    return row * size


if __name__ == "__main__":
    url, count, size = sys.argv[1], int(sys.argv[2]), 256
    client, credit, answers = socketio.Client(), threading.Semaphore(FRAMES_UNDER_WAY), []

    def answered(answer):  # {"ok": True}, or {"ok": False, "problem": "..."}
        answers.append(answer)
        credit.release()

    token = {"token": sys.argv[3]} if len(sys.argv) > 3 else None
    client.connect(url, auth=token, namespaces=["/ingest"], transports=["websocket"])
    for n in range(count):
        credit.acquire()
        header = dict(sequence=n, sizeX=size, sizeY=size, pixelType="uint16", significantBits=12, t=n,
                      physicalSizeX=0.1, physicalSizeY=0.1, exposureTime=0.02, deltaT=n * 0.05)
        client.emit("frame", (header, stripe(n, size)), namespace="/ingest", callback=answered)
    for _ in range(FRAMES_UNDER_WAY):
        credit.acquire()  # all answers are in
    client.disconnect()
    problems = [answer["problem"] for answer in answers if not answer["ok"]]
    print(f"{count - len(problems)} of {count} frames taken", *problems, sep="\n")
    sys.exit(1 if problems else 0)

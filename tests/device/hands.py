"""hands.py HOST PORT NAME=DIRECTORY… -- STATUS-COMMAND…: hands and eyes at the simulated lines of a board, for a test on another
machine. Every line that changes its value is told, with the milliseconds of the monotonic clock:
    value NAME 0|1 MS
and it does what it is told, one line each:
    pull NAME up|down    pulled NAME MS
    status               status JSON
    users FILE           users FILE PID…     the processes that have it open
    now                  now MS
"""
import json
import os
import select
import socket
import subprocess
import sys
import time

PERIOD = 0.01
split = sys.argv.index("--")
host, port = sys.argv[1], int(sys.argv[2])
lines = dict(word.split("=", 1) for word in sys.argv[3:split])
status = sys.argv[split + 1:]
values = {name: os.open(f"{directory}/value", os.O_RDONLY) for name, directory in lines.items()}
last = {}


def now():
    return time.monotonic_ns() // 1_000_000


def users(file):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if any(os.readlink(f"/proc/{pid}/fd/{fd}") == file for fd in os.listdir(f"/proc/{pid}/fd")):
                yield pid
        except OSError:
            pass


def done(words):
    if words[0] == "pull":
        with open(f"{lines[words[1]]}/pull", "w") as pull:
            pull.write(f"pull-{words[2]}")
        return f"pulled {words[1]} {now()}"
    if words[0] == "status":
        said = subprocess.run(status, capture_output=True, text=True, check=False).stdout
        # On one line.
        return f"status {json.dumps(json.loads(said or 'null'))}"
    if words[0] == "users":
        return " ".join(["users", words[1], *users(words[1])])
    return f"{words[0]} {now()}"


test = socket.create_connection((host, port))
test.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
pending = b""
while True:
    for name, value in values.items():
        seen = os.pread(value, 1, 0).decode()
        if last.get(name) != seen:
            last[name] = seen
            test.sendall(f"value {name} {seen} {now()}\n".encode())
    if not select.select([test], [], [], PERIOD)[0]:
        continue
    data = test.recv(4096)
    if not data:
        break
    *whole, pending = (pending + data).split(b"\n")
    for line in whole:
        test.sendall(f"{done(line.decode().split())}\n".encode())

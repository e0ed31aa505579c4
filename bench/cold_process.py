"""Runs whole processes, one for each line of JSON on stdin, and tells what each used.

Node does not tell a parent what a child used; wait4 does, on Linux and on macOS. This process is small and stays, so that
neither its start nor a large parent is in what it measures: a child's peak is never told below that of its parent, here
some 10 MiB.
"""

import json
import os
import signal
import sys
import time

# Bytes on macOS, KiB elsewhere.
PER_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024


def run(job):
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    started = time.monotonic()
    pid = os.posix_spawn(job["command"][0], job["command"], job["env"], file_actions=actions)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(job["limit_seconds"])
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - started
    signal.alarm(0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "wall": wall * 1000,
        "cpu": (used.ru_utime + used.ru_stime) * 1000,
        "memory": used.ru_maxrss / PER_MIB,
    }


for line in sys.stdin:
    try:
        answer = run(json.loads(line))
    except OSError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)

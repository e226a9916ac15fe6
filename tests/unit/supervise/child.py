"""A child for the supervisor's tests: `child.py BEHAVIOUR LOGFILE`."""

import contextlib
import os
import signal
import socket
import sys


def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])


def wait(interval_s=0.0):
    """Until a signal comes, or for the interval."""
    signal.setitimer(signal.ITIMER_REAL, interval_s)
    signal.pause()


behaviour, path = sys.argv[1:3]
with open(path, "a", encoding="ascii") as log:
    log.write(f"{os.getpid()} {os.environ['WATCHDOG_USEC']} {os.getsid(0) == os.getpid()}\n")
signal.signal(signal.SIGALRM, lambda *_: None)

if behaviour == "misconfigured":
    sys.exit(78)
if behaviour == "stubborn":
    for number in (signal.SIGTERM, signal.SIGABRT, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
elif behaviour == "orderly":

    def end(*_):
        with open(path + ".order", "a", encoding="ascii") as order:
            order.write(os.environ["ROLE"] + "\n")
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
if behaviour != "never_ready":
    notify("STATUS=at work\nREADY=1")
if behaviour == "crash":
    sys.exit(3)
while True:
    if behaviour in ("good", "orderly"):
        notify("WATCHDOG=1")
        wait(0.05)
    else:
        wait()

# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages are few, and whoever looks for free ones could lose them to another process before EAL
has mapped them: so only one process of dts takes any at a time, others run without."""

import fcntl
import pathlib
import time

LOCK = pathlib.Path("/run/lock/isla-dts-hugepages")

_claim = None


def free_mb():
    fields = dict(line.split(":", 1) for line in
                  pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    free = int(fields.get("HugePages_Free", "0")) - int(fields.get("HugePages_Rsvd", "0"))
    return free * int(fields.get("Hugepagesize", "0 kB").split()[0]) // 1024


def claim(timeout=0):
    """Be the one who takes hugepages, until release(); false where another one is."""
    global _claim
    if _claim is not None:
        return True
    file = LOCK.open("a", encoding="ascii")
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                file.close()
                return False
            time.sleep(0.1)
        else:
            _claim = file
            return True


def release():
    global _claim
    if _claim is not None:
        _claim.close()
        _claim = None

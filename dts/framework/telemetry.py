# SPDX-License-Identifier: BSD-3-Clause
"""A client of DPDK's telemetry socket."""

import json
import pathlib
import socket

MAX_ANSWER = 16384


def runtime_dir(app):
    """EAL's, of an AppShell as root."""
    for option in app.eal:
        if str(option).startswith("--file-prefix="):
            return pathlib.Path("/var/run/dpdk") / str(option).split("=", 1)[1]
    return pathlib.Path("/var/run/dpdk/rte")


class Telemetry:
    """One connection. It refuses what is not one valid JSON object within DPDK's limit."""

    def __init__(self, app, timeout=10):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(timeout)
        self.sock.connect(str(runtime_dir(app) / "dpdk_telemetry.v2"))
        self.hello = json.loads(self.sock.recv(1024))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def ask(self, request):
        """The answer's value."""
        self.sock.send(request.encode() if isinstance(request, str) else request)
        text = self.sock.recv(4 * MAX_ANSWER)
        assert 0 < len(text) <= MAX_ANSWER, f"{request}: {len(text)} bytes"
        answer = json.loads(text)
        assert len(answer) == 1, f"{request}: {text[:200]}"
        return next(iter(answer.values()))

    def get(self, request):
        """An answer that is no error and lost nothing."""
        answer = self.ask(request)
        assert isinstance(answer, dict), f"{request}: {answer}"
        assert "error" not in answer and "truncated" not in answer, f"{request}: {answer}"
        return answer

    def error(self, request):
        """What is said of a bad request."""
        answer = self.ask(request)
        assert list(answer) == ["error"], f"{request}: {answer}"
        return answer["error"]

    def pages(self, request, name, limit=10000):
        """All entries of a table, page by page, as (key, entry)."""
        cursor, entries = 0, []
        while True:
            page = self.get(request + (f",cursor={cursor}" if cursor else ""))
            assert page["entries"] == len(page[name]) <= 28
            entries += page[name].items()
            assert len(entries) <= limit
            if page["next"] == 0:
                return entries
            assert page["next"] > cursor
            cursor = page["next"]

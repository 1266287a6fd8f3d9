# SPDX-License-Identifier: BSD-3-Clause
"""Capture what passes isla0, and let tshark judge it."""

import collections
import re
import signal
import subprocess

from .topology import Link, wait_until

# Wireshark does not verify checksums unless it is told to.
VALIDATE = [arg for name in ("ip", "tcp", "udp") for arg in ("-o", f"{name}.check_checksum:TRUE")]

# The kernel sends 0xffff where a TCP checksum is 0: the same number, but tshark objects to it.
BAD_CHECKSUM = ('ip.checksum.status == "Bad" || '
                '(tcp.checksum.status == "Bad" && tcp.checksum != 0xffff) || '
                'udp.checksum.status == "Bad" || icmp.checksum.status == "Bad" || '
                'icmpv6.checksum.status == "Bad"')
MALFORMED = "_ws.malformed || _ws.short || _ws.unreassembled"
RETRANSMISSION = "tcp.analysis.retransmission || tcp.analysis.fast_retransmission"

# What dumpcap says at its end: received/dropped.
MISSED = re.compile(rb"^Packets received/dropped on interface [^:]*: \d+/(\d+)", re.MULTILINE)

Note = collections.namedtuple("Note", "frame severity group message")


class Capture:
    """A capture on isla0: `with Capture(ns, path) as capture: ...`, then ask it."""

    LIMIT_KB = 1 << 20

    def __init__(self, ns, path, snaplen=0):
        self.ns = ns
        self.path = path
        self.snaplen = snaplen
        self.proc = None
        self.missed = None

    def __enter__(self):
        log = open(f"{self.path}.log", "w+b")
        try:
            self.proc = self.ns.popen(
                ["dumpcap", "-q", "-i", Link.INTERFACE, "-w", self.path, "-B", "64",
                 "-s", self.snaplen, "-a", f"filesize:{self.LIMIT_KB}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            wait_until(lambda: b"File:" in self._log_bytes(), 20, "dumpcap captures")
        finally:
            log.close()
        return self

    def _log_bytes(self):
        with open(f"{self.path}.log", "rb") as log:
            return log.read()

    def __exit__(self, *exc):
        # dumpcap reads packets in batches: let the last one come in.
        if self.proc.poll() is None:
            try:
                self.proc.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                self.proc.send_signal(signal.SIGINT)
        self.proc.wait(timeout=20)
        self.missed = sum(int(nb) for nb in MISSED.findall(self._log_bytes()))

    def tshark(self, *args, timeout=120):
        return subprocess.run(["tshark", "-n", "-r", str(self.path), *VALIDATE, *args],
                              timeout=timeout, text=True, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def match(self, display_filter, *fields):
        """The frames that match, one line each; with fields, a list of their values."""
        if not fields:
            return self.tshark("-Y", display_filter).splitlines()
        args = [arg for field in fields for arg in ("-e", field)]
        out = self.tshark("-Y", display_filter, "-T", "fields", "-E", "occurrence=f", *args)
        return [line.split("\t") for line in out.splitlines()]

    def count(self, display_filter=""):
        return len(self.match(display_filter or "frame", "frame.number"))

    def malformed(self):
        return self.match(MALFORMED)

    def bad_checksums(self):
        return self.match(BAD_CHECKSUM)

    def retransmissions(self, src):
        field = "ipv6.src" if ":" in src else "ip.src"
        return self.match(f"({RETRANSMISSION}) && {field} == {src}")

    def expert(self, severity="Warn"):
        """Expert notes at or above a severity, from the frames' first note each."""
        level = {"Chat": 0x200000, "Note": 0x400000, "Warn": 0x600000, "Error": 0x800000}[severity]
        rows = self.match(f"_ws.expert.severity >= {level}", "frame.number",
                          "_ws.expert.severity", "_ws.expert.group", "_ws.expert.message")
        return [Note(*row) for row in rows]

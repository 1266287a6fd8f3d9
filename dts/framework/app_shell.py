# SPDX-License-Identifier: BSD-3-Clause
"""The application's shell: start it in a namespace, wait until it is ready, stop it, read what it
printed."""

import atexit
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from . import hugepages
from .topology import Link, make_veth, wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MEMORY_MB = 512

# What all suites run on: so many lcores, and a port: tapN (a TAP with a queue for each lcore), tap1 (a
# TAP with one queue, whose frames go from shard to shard) or af_packet (on a veth, a queue each).
LCORES = int(os.environ.get("ISLA_LCORES", "1"))
PORT = os.environ.get("ISLA_PORT", "tapN")

# What its driver and its interface are called.
DRIVER = "net_af_packet" if PORT == "af_packet" else "net_tap"
INTERFACE = Link.INNER if PORT == "af_packet" else Link.INTERFACE

_serial = itertools.count(1)


@atexit.register
def _remove_runtime_directories():
    """EAL leaves one for each file prefix."""
    for path in pathlib.Path("/run/dpdk").glob(f"isla-dts-{os.getpid()}-*"):
        shutil.rmtree(path, ignore_errors=True)


def app_path():
    return pathlib.Path(os.environ.get("ISLA_APP", REPOSITORY / "build" / "app" / "isla"))


def memory_options(huge=True):
    """Hugepages where enough of them are free, else none at all."""
    if huge and hugepages.claim() and hugepages.free_mb() >= MEMORY_MB:
        return ["--in-memory", "-m", str(MEMORY_MB)]
    return ["--no-huge", "--no-shconf", "-m", str(MEMORY_MB)]


def _worker():
    """The number of this process among those of pytest-xdist that share the suites; else 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])


def lcore_options(nb=LCORES):
    """So many lcores on the CPUs there are."""
    cpus = sorted(os.sched_getaffinity(0))
    if nb == 1:
        return ["--lcores", f"0@{cpus[_worker() % len(cpus)]}"]
    return ["--lcores", f"(0-{nb - 1})@({','.join(map(str, cpus))})"]


def eal_base(huge=True, lcores=LCORES):
    """Everything but the ports."""
    return [*lcore_options(lcores), *memory_options(huge and lcores == 1), "--no-pci",
            "--log-level=pmd.net.tap:3",
            f"--file-prefix=isla-dts-{os.getpid()}-{next(_serial)}"]


def eal_options(huge=True, lcores=LCORES):
    if PORT == "af_packet":
        # Rings that take a whole window: nobody can tell how many frames they had no room for.
        vdev = f"net_af_packet0,iface={Link.INNER},qpairs={lcores},framecnt=8192"
    else:
        vdev = f"net_tap0,iface={Link.INTERFACE}"
    return [*eal_base(huge, lcores), f"--vdev={vdev}"]


def port_options():
    return ["--rxq=1", "--txq=1"] if PORT == "tap1" else []


def interface_that_stays(ns):
    """The kernel's side, with its addresses, is there before the application and after it."""
    if PORT == "af_packet":
        make_veth(ns)
    else:
        ns.run(["ip", "tuntap", "add", Link.INTERFACE, "mode", "tap", "multi_queue"])
    ns.run(["ip", "link", "set", Link.INTERFACE, "up"])
    ns.run(["ip", "addr", "add", f"{Link.KERNEL_V4}/24", "dev", Link.INTERFACE])
    # The kernel takes IPv6 addresses away from an interface that goes down with its program.
    ns.run(["sysctl", "-qw", f"net.ipv6.conf.{Link.INTERFACE}.keep_addr_on_down=1"])
    ns.run(["ip", "addr", "add", f"{Link.KERNEL_V6}/64", "dev", Link.INTERFACE, "nodad"])


class Summary:
    """What the application printed at its end."""

    MISSING = re.compile(r"^mbufs missing:\s*(-?\d+)", re.MULTILINE)
    LINE = re.compile(r"^\s*([A-Za-z][\w.]*)\s*[:=]?\s+(\d+)(?:\s|$)")

    def __init__(self, text):
        self.text = text
        self.values = {}
        for line in text.splitlines():
            match = self.LINE.match(line)
            if match:
                self.values[match[1]] = int(match[2])
        missing = self.MISSING.search(text)
        self.mbufs_missing = int(missing[1]) if missing else None

    def counter(self, name):
        """A counter; one that was never counted may be left out of the summary."""
        return self.values.get(name, 0)

    drop = counter


class AppShell:
    """One run of the application."""

    READY = "isla: ready"
    HAS_QUEUE_OPTIONS = True

    def __init__(self, ns, options=(), eal=None):
        """With -i among the options, prompt() gives it commands."""
        self.ns = ns
        self.options = [str(option) for option in options]
        if eal is None and self.HAS_QUEUE_OPTIONS:
            self.options += port_options()
        self.eal = eal if eal is not None else eal_options()
        self.proc = None
        self.summary = None
        self.ready_s = None
        self._log = tempfile.NamedTemporaryFile(prefix="isla-dts-", suffix=".log")
        self._ended = None

    @property
    def argv(self):
        return [str(app_path()), *self.eal, "--", *self.options]

    @property
    def output(self):
        """Standard output and standard error so far, in the order in which they were written."""
        return pathlib.Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def start(self, timeout=30):
        began = time.monotonic()
        stdin = subprocess.PIPE if "-i" in self.options else subprocess.DEVNULL
        self.proc = self.ns.popen(self.argv, stdin=stdin,
                                  stdout=self._log.fileno(), stderr=subprocess.STDOUT)
        while not any(line.startswith(self.READY) for line in self.output.splitlines()):
            if self.proc.poll() is not None:
                raise AssertionError(f"the application ended with {self.proc.returncode} before "
                                     f"it was ready\n{' '.join(self.argv)}\n{self.output}")
            if time.monotonic() > began + timeout:
                self.kill()
                raise AssertionError(f"not ready within {timeout} s\n{self.output}")
            time.sleep(0.01)
        self.ready_s = time.monotonic() - began
        return self

    def prompt(self, line, timeout=10):
        """What it answers to a command."""
        mark = f"dts-{next(_serial)}"
        before = len(self.output)
        self.proc.stdin.write(f"{line}\n{mark}\n".encode())
        self.proc.stdin.flush()
        end = f"'{mark}' is no command"
        wait_until(lambda: end in self.output[before:] or not self.is_running(), timeout,
                   f"an answer to '{line}'")
        return self.output[before:].partition(end)[0]

    @property
    def pid(self):
        return self.proc.pid

    def is_running(self):
        return self.proc is not None and self.proc.poll() is None

    def cpu_seconds(self):
        """User and system time of all its threads (proc(5), fields 14 and 15)."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self, signo=signal.SIGINT, timeout=30):
        """Ask it to end; returns its exit code. A second call returns the same again."""
        if self._ended is not None:
            return self._ended
        if self.proc.poll() is None:
            self.proc.send_signal(signo)
        try:
            self._ended = self.proc.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {timeout} s of {signo.name}\n"
                                 f"{self.output}") from None
        self.summary = Summary(self.output)
        return self._ended

    def kill(self):
        if self.proc is not None and self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait(timeout=10)
        self._ended = self.proc.returncode if self.proc is not None else None

    def check_clean_end(self):
        """Stop it, and hold it to its promises: exit code 0, and no mbuf has gone astray."""
        code = self.stop()
        assert code == 0, f"exit code {code}\n{self.output}"
        assert self.summary.mbufs_missing is not None, f"no 'mbufs missing'\n{self.output}"
        assert self.summary.mbufs_missing == 0, self.output
        return self.summary


def run_to_end(ns, options, eal=None, timeout=10):
    """Run the application where it is expected to end by itself: bad options, --help."""
    argv = [str(app_path()), *(eal if eal is not None else eal_options()), "--",
            *[str(option) for option in options]]
    return ns.run(argv, timeout=timeout, check=False, stdin=subprocess.DEVNULL)

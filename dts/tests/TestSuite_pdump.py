# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own tools against a running application: dpdk-dumpcap captures what it receives and sends,
dpdk-proc-info reads its counters; and where that cannot be it says why."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from conftest import default_options
from framework import hugepages, traffic
from framework.app_shell import AppShell, eal_options, run_to_end
from framework.topology import Link, Namespace, need_tool, wait_until

PREFIX = f"isla-dts-{os.getpid()}-pdump"
MEMORY_MB = 256


def eal():
    """Backed by files, which another process can map."""
    return ["-l", "0", "-m", str(MEMORY_MB), "--no-pci", f"--file-prefix={PREFIX}",
            f"--vdev=net_tap0,iface={Link.INTERFACE}"]


@pytest.fixture(scope="module")
def shared(ns, link):
    need_tool("dpdk-dumpcap", "dpdk-proc-info", "tshark")
    if not hugepages.claim(timeout=300) or hugepages.free_mb() < MEMORY_MB + 64:
        pytest.skip(f"fewer than {MEMORY_MB + 64} MB of hugepages are free: "
                    "scripts/setup-hugepages.sh reserves them")
    app = AppShell(ns, [*default_options(), "--pdump", "--total-num-mbufs=8192"], eal())
    try:
        app.start()
        link.configure()
        yield app
        app.check_clean_end()
    finally:
        app.kill()
        # EAL leaves these to the next run of the same name.
        for path in pathlib.Path("/dev/hugepages").glob(f"{PREFIX}map_*"):
            path.unlink()
        shutil.rmtree(pathlib.Path("/var/run/dpdk") / PREFIX, ignore_errors=True)


class Dumpcap:
    """dpdk-dumpcap at work: `with Dumpcap(path): ...`."""

    def __init__(self, path, *args):
        self.path = path
        self.log = open(f"{path}.log", "w+b")
        self.proc = subprocess.Popen(
            ["dpdk-dumpcap", f"--file-prefix={PREFIX}", "-p", "-i", "0", "-w", str(path), *args],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def output(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def __enter__(self):
        try:
            wait_until(lambda: "Packets captured" in self.output(), 20, "dpdk-dumpcap captures")
        except BaseException:
            self.proc.kill()
            raise
        return self

    def __exit__(self, *exc):
        # What it has in its ring when it is told to end is lost: let it count to the end.
        seen, quiet = None, 0
        while self.proc.poll() is None and quiet < 5:
            quiet = quiet + 1 if self.output() == seen else 0
            seen = self.output()
            time.sleep(0.1)
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGINT)
        try:
            self.proc.wait(timeout=10)
        finally:
            self.proc.kill()
            self.log.close()


def tshark(path, display_filter):
    out = subprocess.run(["tshark", "-n", "-r", str(path), "-Y", display_filter, "-T", "fields",
                          "-e", "ip.src", "-e", "icmp.seq"], capture_output=True, text=True,
                         check=True, timeout=60).stdout
    return [line.split("\t") for line in out.splitlines()]


def test_dumpcap_captures_pings(shared, ns, tmp_path):
    """Every request and every reply, both ways, in order."""
    path = tmp_path / "pings.pcapng"
    with Dumpcap(path):
        ns.run(["ping", "-c", "20", "-i", "0.02", Link.STACK_V4])
    requests = tshark(path, "icmp.type == 8")
    replies = tshark(path, "icmp.type == 0")
    assert requests == [[Link.KERNEL_V4, str(seq)] for seq in range(1, 21)]
    assert replies == [[Link.STACK_V4, str(seq)] for seq in range(1, 21)]
    assert not tshark(path, "_ws.malformed")
    assert shared.is_running()


def test_dumpcap_captures_a_page(shared, ns, tmp_path):
    """Payload that is sent by reference is captured whole."""
    path = tmp_path / "page.pcapng"
    with Dumpcap(path):
        body = traffic.get(ns, Link.STACK_V4).body
    out = subprocess.run(["tshark", "-n", "-r", str(path), "-Y", "http.response", "-T", "fields",
                          "-e", "http.file_data"], capture_output=True, text=True, check=True,
                         timeout=60).stdout
    text = body.decode()
    assert text.split("\n")[0][:40] in out or body.hex()[:80] in out.replace(":", "")


def test_proc_info_reads_counters(shared, ns):
    ns.run(["ping", "-c", "5", "-i", "0.02", Link.STACK_V4])
    result = subprocess.run(["dpdk-proc-info", f"--file-prefix={PREFIX}", "--no-pci", "--",
                             "--stats"], capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "RX-packets" in result.stdout
    assert traffic.get(ns, Link.STACK_V4).status == 200


def test_a_dumpcap_that_is_killed(shared, ns, tmp_path):
    """Its buffers are full before long; the application goes on, and ends with all its mbufs."""
    with Dumpcap(tmp_path / "killed.pcapng") as dumpcap:
        ns.run(["ping", "-c", "3", "-i", "0.02", Link.STACK_V4])
        dumpcap.proc.kill()
    for _ in range(20):
        assert traffic.get(ns, Link.STACK_V4).status == 200
    with traffic.tcp_connect(ns, Link.STACK_V4, 7) as sock:
        data = traffic.pattern(1 << 20)
        assert traffic.echo(sock, data) == data


@pytest.mark.parametrize("eal_option, word", (
    ("--in-memory", "--in-memory"),
    ("--no-shconf", "--no-shconf"),
    ("--huge-unlink", "--huge-unlink"),
    ("--no-huge", "hugepages"),
))
def test_what_is_in_the_way_is_told(eal_option, word):
    options = [o for o in eal_options() if o not in
               ("--in-memory", "--no-huge", "--no-shconf")]
    with Namespace("dts-pdump") as ns:
        result = run_to_end(ns, ["--pdump"], eal=[*options, eal_option])
    assert result.returncode == 1
    assert result.stderr.startswith("isla: --pdump: ") and word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1

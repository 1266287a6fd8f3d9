# SPDX-License-Identifier: BSD-3-Clause
"""Faults on purpose: the delay is the delay, files come whole over the worst of paths, and a value
that cannot be is refused by name."""

import hashlib
import re
import statistics
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.app_shell import AppShell, run_to_end
from framework.topology import Link, need_tool, wait_until

SIZE = 3 * 1000 * 1000


def make_docroot(path):
    (path / "file.bin").write_bytes(traffic.pattern(SIZE, seed=4))


@pytest.fixture
def start(ns, link, docroot):
    """Start an application with faults; it is gone after the test."""
    started = []

    def start_app(*faults, seed=1, options=()):
        given = [arg for fault in faults for arg in ("--fault", fault)]
        app = AppShell(ns, default_options(docroot) + given + ["--fault-seed", seed, *options])
        started.append(app)
        app.start()
        link.configure()
        return app

    yield start_app
    for app in started:
        app.kill()


def ping_times(ns, count, addr=Link.STACK_V4, interval="0.05"):
    out = ns.run(["ping", "-c", count, "-i", interval, "-W", "3", addr], check=False,
                 timeout=60).stdout
    return [float(ms) for ms in re.findall(r"time=([0-9.]+) ms", out)], out


def download(ns, addr, tmp_path, docroot, limit_s=90):
    need_tool("curl")
    out = tmp_path / "file.bin"
    began = time.monotonic()
    ns.run(["curl", "-s", "-g", "-f", "--max-time", limit_s, "-o", out,
            traffic.url(addr, "/file.bin")], timeout=limit_s + 10)
    took = time.monotonic() - began
    got, want = (hashlib.sha256(path.read_bytes()).digest()
                 for path in (out, docroot / "file.bin"))
    assert got == want
    return took


@pytest.mark.parametrize("idle", ("epoll", "sleep", "poll"))
def test_delay(ns, start, idle):
    """20 ms are added to each round trip, and they wake a loop that sleeps."""
    app = start("tx delay 20ms", options=("--idle", idle))
    times, out = ping_times(ns, 20)
    assert len(times) == 20, out
    # A busy machine makes single ones later, or earlier where it stops a round of the loop between
    # the look at the clock and that at the port.
    assert statistics.median(times) >= 19.5, out
    assert statistics.quantiles(times)[0] < 22, out
    app.check_clean_end()


def test_delay_both_ways_with_jitter(ns, start):
    app = start("rx delay 20ms jitter 10ms", "tx delay=20ms,jitter=10ms")
    times, out = ping_times(ns, 40)
    assert len(times) == 40, out
    assert min(times) >= 20, out
    assert statistics.median(times) < 65, out
    assert max(times) - min(times) > 5, out
    app.check_clean_end()


def test_delay_costs_no_cpu(ns, start):
    """Who waits for a frame's time sleeps."""
    app = start("both delay 400ms")
    ping_times(ns, 3, interval="0.2")
    cpu, began = app.cpu_seconds(), time.monotonic()
    ping_times(ns, 10, interval="0.2")
    share = (app.cpu_seconds() - cpu) / (time.monotonic() - began)
    assert share < 0.05, f"{share:.1%} of a CPU"
    app.check_clean_end()


def test_loss_is_counted(ns, start):
    app = start("rx drop 30%")
    # Resolve the address first: without it the kernel may lose pings by itself.
    wait_until(lambda: ping_times(ns, 1)[0], 20, "an answer to a ping")
    times, out = ping_times(ns, 100, interval="0.01")
    assert 30 <= len(times) <= 95, out
    summary = app.check_clean_end()
    assert summary.counter("faultRxDropped") >= 100 - len(times)
    assert summary.counter("faultRxFrames") == \
        summary.counter("faultRxDropped") + summary.counter("faultRxPassed")
    assert summary.counter("faultTxFrames") == 0 or summary.counter("faultTxDropped") == 0


@pytest.mark.parametrize("faults", (
    ("both drop 5% corrupt 1% dup 2% reorder 3%",),
    ("rx drop 2% dup 1% reorder 5% hold 3ms delay 2ms jitter 1ms",
     "tx drop 2% burst 4 corrupt 2% delay 3ms rate 50mbit buffer 100K"),
), ids=("all", "shaped"))
def test_file_comes_whole(ns, start, addr, tmp_path, docroot, faults):
    app = start(*faults, seed=11)
    download(ns, addr, tmp_path, docroot)
    summary = app.check_clean_end()
    for name in ("faultRxDropped", "faultTxDropped", "faultTxCorrupted", "faultRxDuplicated",
                 "faultRxReordered"):
        assert summary.counter(name) > 0, name
    # Payload is copied here, in order to change it; and it is said.
    assert summary.counter("PayloadBytesCopied") > 0


def test_rate(ns, start, tmp_path, docroot):
    """3 MB at 20 Mbit/s take 1.2 s and headers; a little longer until the window is open."""
    app = start("tx rate 20mbit limit 200")
    took = download(ns, Link.STACK_V4, tmp_path, docroot)
    assert 1.2 < took < 4, took
    app.check_clean_end()


def test_link_goes_down_with_frames_waiting(ns, start, link):
    app = start("both delay 2s")
    ns.run(["ping", "-c", "20", "-i", "0.01", "-W", "1", Link.STACK_V4], check=False)
    ns.run(["ip", "link", "set", Link.INTERFACE, "down"])
    time.sleep(2.5)
    ns.run(["ip", "link", "set", Link.INTERFACE, "up"])
    link.configure()
    assert app.is_running()
    app.check_clean_end()


def test_stop_with_frames_waiting(ns, start):
    app = start("both delay 10s")
    ns.run(["ping", "-c", "5", "-i", "0.01", "-W", "1", Link.STACK_V4], check=False)
    summary = app.check_clean_end()
    assert summary.counter("faultRxWaiting") > 0


@pytest.mark.parametrize("option, value, named, accepted", (
    ("--fault", "tx drop 101%", "drop '101%'", "0% to 100%"),
    ("--fault", "tx delay 5", "delay '5'", "such as 5ms"),
    ("--fault", "tx rate fast", "rate 'fast'", "100mbit"),
    ("--fault", "tx loss 1%", "'loss'", "drop, burst, dup"),
    ("--fault", "sideways drop 1%", "'sideways'", "rx, tx or both"),
    ("--fault", "tx", "tx", "no fault is given"),
    ("--fault", "tx delay 1s limit 65536", "limit 65536", "at most"),
    ("--fault-seed", "one", "'one'", "a number"),
))
def test_bad_values(ns, option, value, named, accepted):
    out = run_to_end(ns, [option, value])
    assert out.returncode == 1, out.stdout + out.stderr
    line = [line for line in out.stderr.splitlines() if line.startswith("isla: ")]
    assert len(line) == 1, out.stderr
    assert named in line[0] and accepted in line[0], line


def test_direction_given_twice(ns):
    out = run_to_end(ns, ["--fault", "rx drop 1%", "--fault", "both dup 1%"])
    assert out.returncode == 1 and "already" in out.stderr, out.stderr

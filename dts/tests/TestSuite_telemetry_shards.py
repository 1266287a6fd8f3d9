# SPDX-License-Identifier: BSD-3-Clause
"""Telemetry of an application with four shards: pages that go from shard to shard, sums that are
right, and requests into all of them while they work."""

import os

import pytest

from conftest import default_options
from framework import traffic
from framework.app_shell import AppShell
from framework.telemetry import Telemetry
from framework.topology import Link, wait_until

SHARDS = 4


@pytest.fixture(scope="module")
def isla(ns, link):
    app = AppShell(ns, default_options(),
                   ["--lcores", "(0-3)@(0,1)" if os.cpu_count() > 1 else "(0-3)@0", "--no-huge",
                    "--no-shconf", "-m", "768", "--no-pci", "--log-level=pmd.net.tap:3",
                    f"--file-prefix=isla-dts-{os.getpid()}-shards",
                    f"--vdev=net_tap0,iface={Link.INTERFACE}"])
    try:
        app.start()
        link.configure()
        yield app
        app.check_clean_end()
    finally:
        app.kill()


@pytest.fixture
def telemetry(isla):
    with Telemetry(isla) as client:
        yield client


def test_each_shard_tells(telemetry):
    assert telemetry.get("/isla/info")["nb_shards"] == SHARDS
    shards = telemetry.get("/isla/shards")
    assert set(shards) == {str(i) for i in range(SHARDS)}
    assert len({shard["lcore"] for shard in shards.values()}) == SHARDS
    assert set(telemetry.get("/isla/mempools")) == set(shards)
    assert set(telemetry.get("/isla/reta")["entries"].values()) == set(range(SHARDS))
    assert "0 to 3" in telemetry.error("/isla/loop,shard=4")


def test_pages_go_from_shard_to_shard(telemetry, ns):
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 120)
    try:
        # A client's connection is open before its last ACK has come here.
        wait_until(lambda: len(telemetry.pages("/isla/tcp/conns,state=ESTABLISHED",
                                               "conns")) >= 120, 10, "120 are established")
        conns = telemetry.pages("/isla/tcp/conns,state=ESTABLISHED", "conns")
        assert len({key for key, _ in conns}) == len(conns) == 120
        assert {e["remote_port"] for _, e in conns} == {s.getsockname()[1] for s in socks}
        per_shard = [len(telemetry.pages(f"/isla/tcp/conns,state=ESTABLISHED,shard={s}", "conns"))
                     for s in range(SHARDS)]
        assert sum(per_shard) == 120
        # 120 flows by a hash: that one shard has none is out of the question.
        assert min(per_shard) > 0, per_shard
        for key, entry in conns[::10]:
            assert telemetry.get(f"/isla/tcp/conn,id={key}")["remote_port"] == \
                entry["remote_port"]
    finally:
        traffic.close_all(socks)


def test_sums(telemetry, ns):
    for _ in range(40):
        assert traffic.get(ns, Link.STACK_V4).status == 200
    total = telemetry.get("/isla/counters")
    each = [telemetry.get(f"/isla/counters,shard={s}") for s in range(SHARDS)]
    for name in ("httpRequests", "tcpPassiveOpens"):
        assert sum(counters[name] for counters in each) == total[name] >= 40
    hists = [telemetry.get(f"/isla/histograms,shard={s}")["httpLatency"] for s in range(SHARDS)]
    assert sum(h["values"] for h in hists) == \
        telemetry.get("/isla/histograms")["httpLatency"]["values"]

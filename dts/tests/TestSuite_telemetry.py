# SPDX-License-Identifier: BSD-3-Clause
"""Telemetry: every endpoint is documented and the other way round, what it tells is so, tables come
whole by pages, bad parameters are named, and hostile clients of the socket change nothing."""

import json
import pathlib
import random
import re
import socket
import subprocess
import threading
import time

import pytest

from framework import traffic
from framework.app_shell import DRIVER, INTERFACE, LCORES, REPOSITORY
from framework.telemetry import Telemetry, runtime_dir
from framework.topology import Link, wait_until

PAGE = bytes(range(256)) * 4000
DOC = REPOSITORY / "doc" / "telemetry.md"
ISLA_OPTIONS = ["--tcp-time-wait=2s"]


def make_docroot(path):
    (path / "page.bin").write_bytes(PAGE)


@pytest.fixture
def telemetry(isla):
    with Telemetry(isla) as client:
        yield client


def documented():
    """Endpoints, and the parameters of each."""
    rows = re.findall(r"^\| `(/isla/[a-z/]+)` \|([^|]*)\|", DOC.read_text(), re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", params) for name, params in rows}


def endpoints(telemetry):
    return sorted(name for name in telemetry.ask("/") if name.startswith("/isla/"))


def test_endpoints_are_documented_and_there(telemetry):
    assert endpoints(telemetry) == sorted(documented())
    for name in documented():
        help_text = telemetry.ask(f"/help,{name}")[name]
        assert 10 < len(help_text) < 64


def test_all_answer(telemetry):
    """Each in form: valid, within DPDK's limit, nothing lost."""
    for name, params in documented().items():
        if name == "/isla/tcp/conn":
            telemetry.get(f"{name},id=0/0")
        elif name == "/isla/histogram":
            telemetry.get(f"{name},name=tcpRtt")
        else:
            telemetry.get(name)
        if "shard" in params:
            assert telemetry.error(f"{name},shard=99").startswith("shard=99: ")
            assert "twice" in telemetry.error(f"{name},shard=0,shard=0")
        else:
            assert "'shard' is no parameter" in telemetry.error(f"{name},shard=0")
        if params:
            for param in params:
                assert param + "=" in telemetry.error(f"{name},{param}=")


def test_with_dpdks_own_client(isla):
    prefix = runtime_dir(isla).name
    result = subprocess.run(["dpdk-telemetry.py", "-f", prefix], input="/isla/info\n/isla/shards\n",
                            capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 0, result.stderr
    assert '"nb_shards": ' in result.stdout and '"busy_permille"' in result.stdout


def test_counters_count(telemetry, ns):
    before = telemetry.get("/isla/counters")
    for _ in range(5):
        assert traffic.get(ns, Link.STACK_V4).status == 200
    ns.run(["ping", "-c", "3", "-i", "0.2", Link.STACK_V4])
    after = telemetry.get("/isla/counters")
    assert after["httpRequests"] - before["httpRequests"] == 5
    assert after["tcpPassiveOpens"] - before["tcpPassiveOpens"] == 5
    echoes = "icmpMsgStatsInPkts_echo_ipv4"
    assert after[echoes] - before[echoes] == 3
    assert after["PayloadBytesCopied"] == 0
    shards = telemetry.get("/isla/shards")
    each = [telemetry.get(f"/isla/counters,shard={s}") for s in shards]
    assert sum(c["httpRequests"] for c in each) == after["httpRequests"]
    port = telemetry.get("/isla/ports")["0"]
    assert (port["name"], port["driver"]) == (INTERFACE, DRIVER)
    assert port["ipackets"] > 0 and port["opackets"] > 0


def test_histograms_measure(telemetry, ns):
    """A quick path: what is measured is small, and there is something."""
    for _ in range(20):
        assert traffic.get(ns, Link.STACK_V4).status == 200
    hists = telemetry.get("/isla/histograms")
    assert hists["httpLatency"]["values"] >= 20
    assert hists["tcpRtt"]["values"] >= 20
    for hist in hists.values():
        assert hist["p50"] <= hist["p90"] <= hist["p99"] <= hist["p999"] <= hist["max"]
        assert hist["sum"] <= hist["max"] * hist["values"]
    for name in hists:
        one = telemetry.get(f"/isla/histogram,name={name}")
        assert sum(one["buckets"].values()) == one["values"]
    assert "tcpRtt" in telemetry.error("/isla/histogram,name=none")


def test_connections_by_pages(telemetry, ns):
    """All of them, each once, however many pages that takes; and each by itself."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 100) + \
        traffic.connect_many(ns, Link.STACK_V6, 7, 50)
    try:
        # A client's connection is open before its last ACK has come here.
        wait_until(lambda: len(telemetry.pages("/isla/tcp/conns,state=established,local_port=7",
                                               "conns")) >= 150, 10, "150 are established")
        conns = telemetry.pages("/isla/tcp/conns,state=established,local_port=7", "conns")
        assert len({key for key, _ in conns}) == len(conns) == 150
        ports = {entry["remote_port"] for _, entry in conns}
        assert ports == {sock.getsockname()[1] for sock in socks}
        v4 = telemetry.pages(f"/isla/tcp/conns,remote={Link.KERNEL_V4},local_port=7", "conns")
        assert len([1 for _, entry in v4 if entry["state"] == "ESTABLISHED"]) == 100
        port = socks[3].getsockname()[1]
        (key, entry), = telemetry.pages(f"/isla/tcp/conns,remote_port={port}", "conns")
        assert entry["remote"] == Link.KERNEL_V4 and entry["local"] == Link.STACK_V4
        assert traffic.echo(socks[3], b"x" * 5000) == b"x" * 5000
        conn = telemetry.get(f"/isla/tcp/conn,id={key}")
        assert conn["bytes_received"] == conn["bytes_acked"] == 5000
        assert conn["rtt_us"] > 0 and conn["cc"] == "cubic" and conn["state"] == "ESTABLISHED"
        assert set(conn["limited_us"]) == {"app", "sndbuf", "rwnd", "cwnd"}
    finally:
        traffic.close_all(socks)
    wait_until(lambda: not telemetry.pages("/isla/tcp/conns,state=ESTABLISHED,local_port=7",
                                           "conns"), 10, "the connections are gone")
    assert "no such connection" in telemetry.error("/isla/tcp/conn,id=0/4000000000")


def test_tables(telemetry):
    listeners = telemetry.pages("/isla/tcp/conns,state=LISTEN", "conns")
    assert {entry["local_port"] for _, entry in listeners} >= {80, 7, 9, 19}
    assert {entry["port"] for _, entry in telemetry.pages("/isla/udp", "ports")} >= {7, 9}
    addrs = [entry["addr"] for _, entry in telemetry.pages("/isla/addrs", "addrs")]
    assert set(Link.STACK_ADDRS) <= set(addrs)
    assert "192.168.1.0/24" in [e["prefix"] for _, e in telemetry.pages("/isla/routes", "routes")]
    assert list(telemetry.pages("/isla/pmtu", "paths")) == []
    assert Link.KERNEL_V4 in [e["addr"] for _, e in telemetry.pages("/isla/neigh", "neigh")]
    pools = telemetry.get("/isla/mempools")["0"]
    assert 0 < pools["frames"]["free"] <= pools["frames"]["size"]


def test_services_shards_and_table(telemetry):
    services = telemetry.get("/isla/services")["services"]
    assert services["http/80"] == {"name": "http", "port": 80, "running": 1}
    assert {s["port"] for s in services.values()} == {80, 7, 9, 19, 8080}
    shard = telemetry.get("/isla/shards")["0"]
    assert shard["idle"] == "epoll" and shard["spin_rounds"] == 100 and shard["nb_queues"] >= 1
    reta = telemetry.get("/isla/reta")
    assert len(reta["entries"]) == 128 and set(reta["entries"].values()) == set(range(LCORES))
    assert reta["older_owners"] == {}
    assert telemetry.get("/isla/ports")["0"]["state"] == "started"
    # Neither is used here.
    assert telemetry.get("/isla/dhcp") == {"entries": 0, "ports": {}}
    assert telemetry.get("/isla/dns")["servers"] == {}
    # One shard hands nothing over.
    if LCORES == 1:
        assert set(telemetry.get("/isla/handover").values()) == {0}


def test_rates(telemetry, ns):
    """Over a second or more, the same for whoever asks within the next one."""
    telemetry.get("/isla/rates")
    time.sleep(1.1)
    telemetry.get("/isla/rates")
    for _ in range(50):
        assert traffic.get(ns, Link.STACK_V4).status == 200
    time.sleep(1.1)
    rates = telemetry.get("/isla/rates")
    assert rates["interval_us"] >= 1000000
    requests = rates["http_requests"] * rates["interval_us"] / 1000000
    assert 45 <= requests <= 50
    of_shards = sum(rates[str(shard)]["http_requests"] for shard in range(LCORES))
    assert abs(rates["tcp_opens"] - rates["http_requests"]) < LCORES
    assert abs(of_shards - rates["http_requests"]) < LCORES
    assert rates["rx_frames"] >= 4 * rates["tcp_opens"]
    assert telemetry.get("/isla/rates") == rates


def hostile_messages(seed):
    """What nobody should send."""
    rng = random.Random(seed)
    names = list(documented()) + ["/isla", "/isla/", "/", "/help", "/nothing", ",", "\n"]
    yield b"\0"
    yield b","
    yield b"/isla/tcp/conns" + b",cursor=1" * 100
    yield b"/isla/tcp/conns,cursor=18446744073709551615"
    yield b"/isla/tcp/conns,cursor=4294967295"
    yield b"/isla/tcp/conns,cursor=99999"
    yield b"/isla/histogram,name=" + b"%n%s" * 7
    yield b"A" * 1023
    yield b"/isla/loop," + b"A" * 1012
    yield b"A" * 60000
    for _ in range(150):
        name = rng.choice(names).encode()
        yield name + b"," + rng.randbytes(rng.randrange(200))
        yield name + b"," + bytes(rng.choice(b",=shardcuoi0123456789/\"\\%") for _ in
                                  range(rng.randrange(120)))


def test_hostile_clients_change_nothing(isla, ns, alive):
    """Garbage, floods, clients that vanish: pages are still served byte for byte, and each counter
    that a client could turn stays."""
    stop = threading.Event()
    problems = []

    def garbage(seed):
        while not stop.is_set():
            try:
                with Telemetry(isla, timeout=5) as client:
                    for message in hostile_messages(seed):
                        client.sock.send(message)
                        if seed % 2:
                            break  # and gone, with the answer on its way
                        client.sock.recv(65536)
                        if stop.is_set():
                            return
            except (OSError, json.JSONDecodeError):
                time.sleep(0.01)  # DPDK takes ten clients at a time

    def hammer():
        while not stop.is_set():
            try:
                with Telemetry(isla, timeout=5) as client:
                    for name in ("/isla/counters", "/isla/tcp/conns", "/isla/histograms"):
                        client.get(name)
            except (OSError, json.JSONDecodeError):
                time.sleep(0.01)
            except AssertionError as error:
                problems.append(error)

    threads = [threading.Thread(target=garbage, args=(seed,)) for seed in range(6)] + \
        [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert traffic.get(ns, Link.STACK_V4, "/page.bin").body == PAGE
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not problems, problems[0]
    alive()
    with Telemetry(isla) as client:
        assert client.get("/isla/faults")["rx"]["on"] == 0
        assert len(client.pages("/isla/addrs", "addrs")) == 3


def test_more_clients_than_dpdk_takes(isla, ns):
    """The others are turned away; the first ones are served, and later ones again."""
    socks = []
    try:
        for _ in range(30):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            sock.settimeout(5)
            socks.append(sock)
            try:
                sock.connect(str(runtime_dir(isla) / "dpdk_telemetry.v2"))
            except BlockingIOError:
                time.sleep(0.02)  # its backlog is short
        assert traffic.get(ns, Link.STACK_V4).status == 200
        socks[0].recv(1024)
        socks[0].send(b"/isla/info")
        assert b"nb_shards" in socks[0].recv(65536)
    finally:
        for sock in socks:
            sock.close()
    time.sleep(0.2)
    with Telemetry(isla) as client:
        client.get("/isla/info")


def test_asked_at_the_end(ns, link, isla):
    """A client that goes on asking while the application ends holds nothing up."""
    assert pathlib.Path(runtime_dir(isla)).exists()
    stop = threading.Event()

    def hammer():
        try:
            with Telemetry(isla, timeout=5) as client:
                while not stop.is_set():
                    client.ask("/isla/tcp/conns")
        except (OSError, ValueError, AssertionError):
            pass

    threads = [threading.Thread(target=hammer) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    isla.stop()
    stop.set()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 5
    isla.check_clean_end()

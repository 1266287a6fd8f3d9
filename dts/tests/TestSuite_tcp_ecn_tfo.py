# SPDX-License-Identifier: BSD-3-Clause
"""Explicit congestion notification (RFC 3168) and TCP Fast Open (RFC 7413) with the kernel as the
peer, opened from either side."""

import contextlib
import itertools
import os
import pathlib
import re
import socket
import threading
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.agent import Agent
from framework.app_shell import AppShell
from framework.capture import Capture
from framework.topology import Link, need_tool, wait_until

ECHO = 7
AGENT = pathlib.Path(f"/tmp/isla-dts-{os.getpid()}.ecn-agent")
MSG_FASTOPEN = 0x20000000
TCP_FASTOPEN = 23
# Of each side: does it ask, does it agree?
ISLA = {"on": (True, True), "passive": (False, True), "off": (False, False)}
KERNEL = {0: (False, False), 1: (True, True), 2: (False, True)}

_ports = itertools.count(21000)


def sysctl(ns, **values):
    for name, value in values.items():
        ns.run(["sh", "-c", f"echo {value} >/proc/sys/net/ipv4/{name}"])


@contextlib.contextmanager
def running(ns, link, *options):
    """The application with options of its own; at its end no mbuf may be missing."""
    app = AppShell(ns, [*default_options(), "--agent", str(AGENT), *options]).start()
    try:
        link.configure()
        yield app
        app.check_clean_end()
    finally:
        app.kill()


@contextlib.contextmanager
def rules(ns, text):
    """nftables rules; gives a function that says how many packets their counters have seen."""
    need_tool("nft")
    result = ns.run(["nft", "-f", "-"], input="table inet dts {" + text + "}", check=False)
    if result.returncode != 0:
        pytest.skip(f"nftables cannot do that here: {result.stderr.splitlines()[:1]}")

    def count():
        listing = ns.run(["nft", "list", "table", "inet", "dts"]).stdout
        return sum(int(n) for n in re.findall(r"packets (\d+)", listing))
    try:
        yield count
    finally:
        ns.run(["nft", "delete", "table", "inet", "dts"])


def kernel_addr(addr):
    return Link.KERNEL_V6 if ":" in addr else Link.KERNEL_V4


def listener(ns, addr):
    """A listening socket of the kernel's, on the side of the stack's address."""
    sock = ns.socket(traffic.family_of(addr), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((kernel_addr(addr), next(_ports)))
    sock.listen(10)
    sock.settimeout(10)
    return sock


def agent_connect(agent, addr, port):
    family = int(traffic.family_of(addr))
    fd = agent.call(f"socket {family} SOCK_STREAM 0").ret
    answer = agent.call(f"connect {fd} {kernel_addr(addr)} {port}")
    assert (answer.ret, answer.err) == (0, 0)
    return fd


def recv_zeros(sock, nb_bytes):
    data = traffic.recv_all(sock, nb_bytes)
    assert len(data) == nb_bytes and data.count(0) == nb_bytes


def talk_as_server(ns, addr):
    """The kernel opens; data goes both ways."""
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        data = traffic.pattern(20000)
        assert traffic.echo(sock, data) == data
        return sock.getsockname()[1]


def talk_as_client(ns, agent, addr):
    """Isla opens; data goes both ways."""
    with listener(ns, addr) as server:
        port = server.getsockname()[1]
        fd = agent_connect(agent, addr, port)
        with server.accept()[0] as sock:
            assert agent.call(f"write {fd} 20000").ret == 20000
            recv_zeros(sock, 20000)
            sock.sendall(bytes(20000))
            assert agent.call(f"recv {fd} 20000 MSG_WAITALL").ret == 20000
            agent.call(f"close {fd}")
            assert sock.recv(1) == b""
        return port


def check_ecn(capture, port, asks, agrees):
    """The flags of the SYNs, and how each segment of the connection was marked."""
    rows = [(int(flags, 16), int(ecn4 or ecn6), int(length), v4 or v6)
            for flags, ecn4, ecn6, length, v4, v6 in capture.match(
                f"tcp.port == {port}", "tcp.flags", "ip.dsfield.ecn", "ipv6.tclass.ecn", "tcp.len",
                "ip.src", "ipv6.src")]
    syn, ack, ece, cwr = 0x002, 0x010, 0x040, 0x080
    assert len(rows) > 10
    first, second = rows[0][0], rows[1][0]
    assert first & (syn | ack) == syn and first & (ece | cwr) == ((ece | cwr) if asks else 0)
    assert second & (syn | ack) == syn | ack
    negotiated = asks and agrees
    assert second & (ece | cwr) == (ece if negotiated else 0)
    for flags, ecn, length, src in rows:
        # Only data is ECT (6.1.4, 6.1.5); nobody has marked anything.
        if length > 0:
            assert ecn == (2 if negotiated else 0), (flags, ecn, length, src)
        elif src in (Link.STACK_V4, Link.STACK_V6):
            assert ecn == 0, (flags, ecn, src)
        if not flags & syn:
            assert flags & (ece | cwr) == 0, (flags, src)


@pytest.mark.parametrize("mode", ISLA)
def test_negotiation(ns, link, mode, tmp_path):
    """6.1.1, all settings of either side, opened by either."""
    need_tool("dumpcap", "tshark")
    with running(ns, link, "--tcp-ecn", mode), Agent(AGENT) as agent:
        for setting, (kernel_asks, kernel_agrees) in KERNEL.items():
            sysctl(ns, tcp_ecn=setting)
            told = []
            with Capture(ns, tmp_path / f"{setting}.pcapng", snaplen=150) as capture:
                for addr in (Link.STACK_V4, Link.STACK_V6):
                    told.append((talk_as_server(ns, addr), kernel_asks, ISLA[mode][1]))
                    told.append((talk_as_client(ns, agent, addr), ISLA[mode][0], kernel_agrees))
            for port, asks, agrees in told:
                check_ecn(capture, port, asks, agrees)


@pytest.fixture(scope="module")
def isla_on(ns, link):
    with running(ns, link, "--tcp-ecn", "on", "--tcp-fastopen") as app:
        yield app


@pytest.fixture
def agent(isla_on):
    with Agent(AGENT) as connection:
        connection.call("reset")
        yield connection
        connection.call("reset")


@pytest.fixture(params=["ipv4", "ipv6"])
def addr(request):
    return Link.STACK_V4 if request.param == "ipv4" else Link.STACK_V6


# Every so many-th segment with data meets a router that is about to be full. What comes from the
# stack is captured before it is marked, what goes there after.
MARK = """
    chain {hook} {{
        type filter hook {hook} priority -300
        {match} tcp {side} {port} {ip} ecn ect0 numgen inc mod {every} == 0 counter {ip} ecn set ce
    }}
"""


def mark_rules(addr, port, to_stack):
    v6 = ":" in addr
    # At the kernel's hook for output still whole trains of segments pass as one.
    return MARK.format(every=8 if to_stack else 40, hook="output" if to_stack else "prerouting", port=port,
                       side="dport" if to_stack else "sport", ip="ip6" if v6 else "ip",
                       match=f"iifname {Link.INTERFACE}" if not to_stack else
                       f"oifname {Link.INTERFACE}")


@pytest.mark.parametrize("to_stack", [True, False], ids=["to-stack", "from-stack"])
def test_marks(isla_on, ns, addr, to_stack, tmp_path):
    """CE is echoed by ECE until CWR comes; the sender slows down, and sends nothing twice."""
    need_tool("dumpcap", "tshark")
    sysctl(ns, tcp_ecn=1)
    data = traffic.pattern(3 << 20)
    with rules(ns, mark_rules(addr, ECHO, to_stack)) as marked, \
            Capture(ns, tmp_path / "marks.pcapng", snaplen=150) as capture:
        with traffic.tcp_connect(ns, addr, ECHO) as sock:
            assert traffic.echo(sock, data) == data
        assert marked() > 5
    field = "ipv6.src" if ":" in addr else "ip.src"
    sender, receiver = kernel_addr(addr), addr
    if not to_stack:
        sender, receiver = receiver, sender
    echoes = capture.count(f"{field} == {receiver} && tcp.flags.ece == 1 && tcp.flags.syn == 0")
    reduced = capture.count(f"{field} == {sender} && tcp.flags.cwr == 1 && tcp.flags.syn == 0")
    assert echoes >= reduced > 2, (echoes, reduced)
    # 6.1.2: CWR goes with new data.
    assert capture.count(f"{field} == {sender} && tcp.flags.cwr == 1 && tcp.flags.syn == 0 && "
                         "tcp.len == 0") == 0
    # Of the other direction nothing was marked, and nothing is said.
    assert capture.count(f"{field} == {sender} && tcp.flags.ece == 1 && tcp.flags.syn == 0") == 0
    # A mark is no loss. (A tail loss probe comes where the machine is busy.)
    if sum(Link(ns).drops()) == 0:
        assert len(capture.retransmissions(sender)) <= 2


def test_marks_download(isla_on, ns, agent, addr, tmp_path):
    """A connection that Isla has opened, all of whose data is marked: it goes on, slowly."""
    need_tool("dumpcap", "tshark")
    sysctl(ns, tcp_ecn=1)
    with listener(ns, addr) as server:
        port = server.getsockname()[1]
        text = mark_rules(addr, port, False).replace("sport", "dport").replace(
            "numgen inc mod 40 == 0", "")
        # A window of less than a segment: one when the timer expires (6.1.2).
        with rules(ns, text) as marked, \
                Capture(ns, tmp_path / "all.pcapng", snaplen=150) as capture:
            fd = agent_connect(agent, addr, port)
            with server.accept()[0] as sock:
                agent.ask(f"write {fd} 50000")
                recv_zeros(sock, 50000)
                assert agent.answer().ret == 50000
            assert marked() > 30
    assert len(capture.retransmissions(addr)) <= 2
    assert capture.count(f"tcp.dstport == {port} && tcp.flags.cwr == 1 && tcp.flags.syn == 0") > 5

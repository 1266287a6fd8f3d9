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

import pytest

from conftest import default_options
from framework import traffic
from framework.agent import Agent
from framework.app_shell import AppShell
from framework.capture import Capture
from framework.topology import Link, need_tool

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


def check_frames(capture, addr):
    """(Of its own checksums the kernel writes 0 as 0xffff, which is right, and not to tshark.)"""
    assert not capture.malformed()
    assert not [line for line in capture.bad_checksums() if f" {addr} " in line.split("→")[0]]


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


@pytest.fixture
def fresh(isla_on, ns):
    """The kernel takes part in Fast Open, and has forgotten every cookie."""
    sysctl(ns, tcp_ecn=2, tcp_fastopen=3, tcp_fastopen_blackhole_timeout_sec=0)
    ns.run(["ip", "tcp_metrics", "flush"], check=False)


def kernel_fast_open(ns, addr, data):
    """One connection of the kernel's by MSG_FASTOPEN: what comes back, and was the SYN's data
    taken?"""
    with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
        # It blocks until there is a connection; Python's own timeouts would not let it.
        assert sock.sendto(data, MSG_FASTOPEN, (addr, ECHO)) == len(data)
        sock.settimeout(10)
        back = traffic.recv_all(sock, len(data))
        # tcpi_options, TCPI_OPT_SYN_DATA
        return back, bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5] & 32)


def test_server(isla_on, ns, addr, fresh, tmp_path):
    """The first connection gets a cookie, the second one's data goes with the SYN, and the answer is
    there before the handshake's end."""
    need_tool("dumpcap", "tshark")
    data = traffic.pattern(1000)
    with Capture(ns, tmp_path / "tfo.pcapng") as capture:
        assert kernel_fast_open(ns, addr, data) == (data, False)
        for _ in range(3):
            assert kernel_fast_open(ns, addr, data) == (data, True)
    syns = capture.match("tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.len",
                         "tcp.options.tfo.cookie", "tcp.options.tfo.request")
    assert [int(row[0]) for row in syns] == [0, 1000, 1000, 1000]
    assert syns[0][1] == "" and all(row[1] == syns[1][1] != "" for row in syns[1:])
    answers = capture.match("tcp.flags.syn == 1 && tcp.flags.ack == 1", "tcp.ack",
                            "tcp.options.tfo.cookie")
    assert [int(row[0]) for row in answers] == [1, 1001, 1001, 1001]
    # What the client has brought and been given is the same cookie.
    assert answers[0][1] == syns[1][1]
    check_frames(capture, addr)


def test_server_wrong_cookie(isla_on, ns, addr, fresh):
    """A cookie that was given to somebody else: data comes again, after the handshake."""
    data = traffic.pattern(1000)
    kernel_fast_open(ns, addr, data)
    # The client's address is part of the cookie's hash: another one of ours is another client.
    other = "fd00::9" if ":" in addr else "192.168.1.9"
    ns.run(["ip", "addr", "add", other + ("/64" if ":" in addr else "/24"), "dev", Link.INTERFACE,
            *(["nodad"] if ":" in addr else [])])
    try:
        with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
            sock.bind((other, 0))
            assert sock.sendto(data, MSG_FASTOPEN, (addr, ECHO)) == len(data)
            sock.settimeout(10)
            assert traffic.recv_all(sock, len(data)) == data
    finally:
        ns.run(["ip", "addr", "del", other + ("/64" if ":" in addr else "/24"), "dev",
                Link.INTERFACE])


DROP_SYN_DATA = """
    chain drop_{hook} {{
        type filter hook {hook} priority 0
        tcp flags & (syn | ack) == syn meta length > 200 counter drop
    }}
"""


def test_server_syn_lost(isla_on, ns, addr, fresh):
    """A middlebox drops SYNs with data: the kernel sends a plain one, and the data after it."""
    data = traffic.pattern(1000)
    assert kernel_fast_open(ns, addr, data) == (data, False)
    with rules(ns, DROP_SYN_DATA.format(hook="output")) as lost:
        assert kernel_fast_open(ns, addr, data) == (data, False)
        assert lost() == 1


class FastServer:
    """A server of the kernel's that takes data in SYNs and echoes it."""

    def __init__(self, ns, addr):
        self.sock = listener(ns, addr)
        self.sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self.sock.accept()[0] as conn:
                    conn.settimeout(10)
                    while data := conn.recv(65536):
                        conn.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(timeout=10)


def isla_fast_open(agent, addr, port, size=500, by_option=False):
    """One connection of Isla's; True where the SYN's data was taken."""
    family = int(traffic.family_of(addr))
    fd = agent.call(f"socket {family} SOCK_STREAM 0").ret
    if by_option:
        assert agent.call(f"setsockopt {fd} SOL_TCP TCP_FASTOPEN_CONNECT 01000000").ret == 0
        assert agent.call(f"connect {fd} {kernel_addr(addr)} {port}").ret == 0
        assert agent.call(f"write {fd} {size}").ret == size
    else:
        answer = agent.call(f"sendto {fd} {size} MSG_FASTOPEN {kernel_addr(addr)} {port}")
        assert answer.ret == size, answer
    assert agent.call(f"recv {fd} {size} MSG_WAITALL").ret == size
    options = int(agent.call(f"getsockopt {fd} SOL_TCP TCP_INFO 8").extra[0][10:12], 16)
    agent.call(f"close {fd}")
    return bool(options & 32)


@pytest.mark.parametrize("by_option", [False, True], ids=["sendto", "connect"])
def test_client(isla_on, ns, addr, agent, fresh, by_option, tmp_path):
    """Isla learns the kernel's cookie and uses it; more than goes with the SYN follows it."""
    need_tool("dumpcap", "tshark")
    # A key of its own for each test: what Isla has learnt in another one is wrong now.
    sysctl(ns, tcp_fastopen_key="-".join([f"{next(_ports):08x}"] * 4))
    with FastServer(ns, addr) as server:
        with Capture(ns, tmp_path / "tfo.pcapng") as capture:
            assert not isla_fast_open(agent, addr, server.port, by_option=by_option)
            for size in (1, 500, 5000):
                assert isla_fast_open(agent, addr, server.port, size, by_option)
    syns = [int(row[0]) for row in capture.match(
        "tcp.flags.syn == 1 && tcp.flags.ack == 0", "tcp.len")]
    assert syns[1:3] == [1, 500] and 1000 < syns[3] < 1460
    check_frames(capture, addr)


def test_client_wrong_cookie(isla_on, ns, addr, agent, fresh):
    """The server has changed its key: it takes no data, and tells the new cookie."""
    with FastServer(ns, addr) as server:
        isla_fast_open(agent, addr, server.port)
        assert isla_fast_open(agent, addr, server.port)
        sysctl(ns, tcp_fastopen_key="-".join([f"{next(_ports):08x}"] * 4))
        assert not isla_fast_open(agent, addr, server.port)
        assert isla_fast_open(agent, addr, server.port)


def test_client_syn_lost(isla_on, ns, addr, agent, fresh):
    """SYNs with data are dropped on the way: the next one is plain, and after it Isla leaves the
    option alone for a while."""
    with FastServer(ns, addr) as server:
        isla_fast_open(agent, addr, server.port)
        assert isla_fast_open(agent, addr, server.port)
        with rules(ns, DROP_SYN_DATA.format(hook="prerouting")) as lost:
            assert not isla_fast_open(agent, addr, server.port)
            assert not isla_fast_open(agent, addr, server.port)
            assert lost() == 1

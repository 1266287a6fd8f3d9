# SPDX-License-Identifier: BSD-3-Clause
"""Several shards: 2 and 4 lcores on a TAP with a queue for each, and with one queue for all, where every
frame of the others goes from shard to shard."""

import contextlib
import errno
import hashlib
import random
import re
import socket
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.agent import Agent
from framework.app_shell import AppShell, eal_base
from framework.raw import TCP, RawHost, RawTcp
from framework.topology import Link, Namespace, need_tool, wait_until

PORT_FIRST = 49152
BACKLOG = 1024
FILE_BYTES = 3 << 20
IDLE_S = 4
IDLE_CPU = 0.02

LAYOUTS = [(2, "tapN"), (2, "tap1"), (4, "tapN"), (4, "tap1")]
ADDRS = ((Link.KERNEL_V4, Link.STACK_V4), (Link.KERNEL_V6, Link.STACK_V6))


def make_docroot(path):
    (path / "file").write_bytes(traffic.pattern(FILE_BYTES))


class Several:
    """The application on so many lcores, and what there is to ask it."""

    def __init__(self, ns, options, nb, port):
        self.nb = nb
        self.has_all_queues = port == "tapN"
        queues = [] if self.has_all_queues else ["--rxq=1", "--txq=1"]
        eal = [*eal_base(lcores=nb), f"--vdev=net_tap0,iface={Link.INTERFACE}"]
        self.app = AppShell(ns, [*options, *queues, "-i"], eal)

    def counters(self):
        """Those of the shards together, since they were cleared."""
        text = self.app.prompt("show stats")
        return {m[1]: int(m[2]) for m in re.finditer(r"^\s+(\w+)\s+(\d+)\s", text, re.MULTILINE)}

    def share_handed_over(self):
        c = self.counters()
        handed = c.get("handoverOut", 0) - c.get("handoverCopies", 0)
        return handed / max(c.get("handoverPolled", 0), 1)


@pytest.fixture(scope="module", params=LAYOUTS, ids=lambda layout: f"{layout[0]}-{layout[1]}")
def several(request, ns, docroot, tmp_path_factory):
    agent = tmp_path_factory.mktemp("agent") / "a"
    options = [*default_options(docroot), "--agent", agent]
    s = Several(ns, options, *request.param)
    s.agent_path = agent
    try:
        s.app.start()
        s.link = Link(ns)
        s.link.configure()
        yield s
        s.app.check_clean_end()
    finally:
        s.app.kill()


@contextlib.contextmanager
def kernel_listener(ns, addr):
    with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.bind((addr, 0))
        sock.listen(64)
        yield sock


def shard_rows(several):
    """Of each shard its number, connections, frames received and sent ..."""
    text = several.app.prompt("show shards")
    rows = [line.split() for line in text.splitlines() if re.match(r"\s+\d", line)]
    assert len(rows) == several.nb, text
    return rows


def test_every_shard_serves(ns, several):
    """Enough flows that each shard has some: by HTTP, echo over TCP and UDP, in both families."""
    several.app.prompt("clear stats")
    for _, addr in ADDRS:
        socks = traffic.connect_many(ns, addr, 7, 40)
        for i, sock in enumerate(socks):
            data = traffic.pattern(5000, i)
            assert traffic.echo(sock, data) == data
        traffic.close_all(socks)
        for i in range(40):
            with traffic.udp_socket(ns, addr, 7) as sock:
                sock.send(b"datagram %d" % i)
                assert sock.recv(100) == b"datagram %d" % i
            assert traffic.get(ns, addr, "/file", 80).status == 200
    rows = shard_rows(several)
    assert all(int(row[2]) > 10 and int(row[3]) > 10 for row in rows), rows


@pytest.mark.parametrize("addr", [stack for _, stack in ADDRS])
def test_ping(ns, several, addr):
    out = ns.run(["ping", "-c", "50", "-i", "0.01", "-W", "10", addr]).stdout
    assert " 0% packet loss" in out and "DUP" not in out, out


@pytest.mark.parametrize("addr", [stack for _, stack in ADDRS])
def test_download(ns, several, addr):
    """Byte-exact, many at a time."""
    need_tool("curl")
    expected = hashlib.sha256(traffic.pattern(FILE_BYTES)).hexdigest()
    script = f"curl -sSg '{traffic.url(addr, '/file')}' | sha256sum"
    procs = [ns.popen(["sh", "-c", script], stdout=-1) for _ in range(12)]
    for proc in procs:
        assert proc.communicate(timeout=60)[0].decode().split()[0] == expected


@pytest.mark.parametrize("close", (False, True), ids=("keep-alive", "close"))
def test_wrk(ns, several, close):
    need_tool("wrk")
    fields = ["-H", "Connection: close"] if close else []
    out = ns.run(["wrk", "-t1", "-c50", "-d2s", "--timeout", "10s", *fields,
                  traffic.url(Link.STACK_V4)]).stdout
    assert "Non-2xx" not in out and re.search(r"[1-9]\d* requests in", out), out
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    if errors:
        # wrk counts a server's close as a read error unless the response told of it.
        assert errors[1] == errors[4] == "0", out


def test_steady_flows_stay(ns, several):
    """The kernel sends a flow to the queue that answers it, so nothing is handed over once it
    has learnt that. With one queue all of the others' is."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 16)

    def share():
        several.app.prompt("clear stats")
        for _ in range(50):
            for sock in socks:
                assert traffic.echo(sock, b"x" * 100) == b"x" * 100
        return several.share_handed_over()

    try:
        if several.has_all_queues:
            # It remembers 4096 flows, and forgets those of other tests after some seconds.
            wait_until(lambda: share() < 0.01, 20, "nothing is handed over any more")
            assert share() < 0.01, several.app.prompt("show stats")
        else:
            assert share() > 0.1, several.app.prompt("show stats")
    finally:
        traffic.close_all(socks)


@pytest.mark.parametrize("addr", [kernel for kernel, _ in ADDRS])
def test_active_opens(ns, several, addr):
    """Every shard connects from a port of its own slice, so that the answers find it."""
    with kernel_listener(ns, addr) as sock:
        for shard in range(several.nb):
            for _ in range(3):
                out = several.app.prompt(f"tcp connect {addr} {sock.getsockname()[1]} {shard}")
                assert "connected" in out, out
                conn, peer = sock.accept()[:2]
                conn.close()
                assert peer[1] >= PORT_FIRST
                assert (peer[1] - PORT_FIRST) % several.nb == shard, (peer, shard)
    out = several.app.prompt(f"tcp connect {addr} 1 {several.nb - 1}")
    assert "refused" in out.lower(), out
    out = several.app.prompt(f"tcp connect {addr} 1 {several.nb}")
    assert f"0 to {several.nb - 1}" in out, out


@pytest.mark.parametrize("kernel,stack", ADDRS)
def test_agents_sockets(ns, several, kernel, stack):
    """The agent's sockets are the first shard's: what comes to a port of theirs does so from every
    queue and whatever the hash says."""
    family = "AF_INET6" if ":" in stack else "AF_INET"
    agent = Agent(several.agent_path)
    try:
        lis = agent.call(f"socket {family} SOCK_STREAM 0").ret
        assert agent.call(f"bind {lis} {stack} 5000").ret == 0
        assert agent.call(f"listen {lis} 50").ret == 0
        for i in range(20):
            with traffic.tcp_connect(ns, stack, 5000) as sock:
                conn = agent.call(f"accept {lis}").ret
                assert conn >= 0
                sock.sendall(b"hello")
                assert agent.call(f"read {conn} 100").ret == 5
                assert agent.call(f"close {conn}").ret == 0
        udp = agent.call(f"socket {family} SOCK_DGRAM 0").ret
        assert agent.call(f"bind {udp} {stack} 5001").ret == 0
        for i in range(20):
            with traffic.udp_socket(ns, stack, 5001) as sock:
                sock.send(b"x" * (i + 1))
                assert agent.call(f"recv {udp} 100 0").ret == i + 1
    finally:
        agent.close()


def bind_anywhere(sock):
    """To a random port that is free."""
    while True:
        try:
            sock.bind(("", random.randrange(10000, 32000)))
            return
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise


@pytest.mark.parametrize("addr", [stack for _, stack in ADDRS])
def test_service_on_an_ephemeral_port(ns, several, addr):
    """A port from 49152 on that every shard serves has its load spread as any other one has, and
    what shards open themselves keeps off it."""
    port = PORT_FIRST + 1001
    out = several.app.prompt(f"service add echo:{port}")
    assert "rror" not in out, out
    try:
        several.app.prompt("clear stats")
        with contextlib.ExitStack() as stack:
            # Ports in a row may have hashes that leave a shard out, random ones do not.
            for _ in range(40):
                sock = stack.enter_context(ns.socket(traffic.family_of(addr), socket.SOCK_STREAM))
                sock.settimeout(10)
                bind_anywhere(sock)
                sock.connect(traffic.sockaddr(ns, addr, port))
                data = traffic.pattern(3000)
                assert traffic.echo(sock, data) == data
            rows = shard_rows(several)
        # Each shard has some of the connections, not only the one whose slice it is.
        assert all(int(row[1]) >= 1 for row in rows), rows
        for i in range(40):
            with traffic.udp_socket(ns, addr, port) as sock:
                sock.send(b"datagram %d" % i)
                assert sock.recv(100) == b"datagram %d" % i
        with kernel_listener(ns, Link.KERNEL_V4) as sock:
            for shard in range(several.nb):
                out = several.app.prompt(
                    f"tcp connect {Link.KERNEL_V4} {sock.getsockname()[1]} {shard}")
                assert "connected" in out, out
                conn, peer = sock.accept()[:2]
                conn.close()
                assert (peer[1] - PORT_FIRST) % several.nb == shard and peer[1] != port
    finally:
        several.app.prompt(f"service del echo:{port}")
    with pytest.raises(ConnectionRefusedError):
        traffic.tcp_connect(ns, addr, port)


@pytest.mark.parametrize("kernel,stack", ADDRS)
def test_connect_from_a_chosen_port(ns, several, kernel, stack):
    """The agent's sockets connect from ports of the program's choice, whoever would own them else."""
    family = "AF_INET6" if ":" in stack else "AF_INET"
    agent = Agent(several.agent_path)
    try:
        with kernel_listener(ns, kernel) as sock:
            for port in (1234, 2000, 40001, PORT_FIRST + 7, PORT_FIRST + 8, 65535):
                fd = agent.call(f"socket {family} SOCK_STREAM 0").ret
                assert agent.call(f"bind {fd} {stack} {port}").ret == 0
                answer = agent.call(f"connect {fd} {kernel} {sock.getsockname()[1]}")
                assert answer.ret == 0, (port, answer)
                conn, peer = sock.accept()[:2]
                assert peer[1] == port
                with conn:
                    conn.sendall(b"hello")
                    assert agent.call(f"read {fd} 100").ret == 5
                    assert agent.call(f"close {fd}").ret == 0
                    assert conn.recv(10) == b""
            # Not from one that all shards serve.
            fd = agent.call(f"socket {family} SOCK_STREAM 0").ret
            assert agent.call(f"bind {fd} {stack} 8080").ret == 0
            answer = agent.call(f"connect {fd} {kernel} {sock.getsockname()[1]}")
            assert (answer.ret, answer.err) == (-1, 99), answer
            agent.call(f"close {fd}")
        assert traffic.get(ns, stack).status == 200
    finally:
        agent.close()


@pytest.mark.parametrize("kernel", [kernel for kernel, _ in ADDRS])
def test_port_unreachable(ns, several, kernel):
    """The kernel's ICMP error comes by whatever queue, and finds the flow that it quotes."""
    family = "AF_INET6" if ":" in kernel else "AF_INET"
    agent = Agent(several.agent_path)
    try:
        for _ in range(several.nb):
            udp = agent.call(f"socket {family} SOCK_DGRAM 0").ret
            assert agent.call(f"connect {udp} {kernel} 9").ret == 0
            assert agent.call(f"send {udp} 10 0").ret == 10
            answer = agent.call(f"recv {udp} 100 0")
            assert (answer.ret, answer.err) == (-1, 111), answer
            agent.call(f"close {udp}")
    finally:
        agent.close()


def test_table_moves_under_load(ns, several):
    """Entries go from shard to shard while requests run: no connection breaks."""
    need_tool("wrk")
    wrk = ns.popen(["wrk", "-t1", "-c30", "-d3s", "--timeout", "10s",
                    traffic.url(Link.STACK_V4)], stdout=-1, text=True)
    for i in range(0, 128, 3):
        several.app.prompt(f"set reta {i} {i % several.nb}")
        several.app.prompt(f"set reta {i + 1} {(i + 1) * 7 % several.nb}" if i < 127 else "")
    out = wrk.communicate(timeout=30)[0]
    assert "Socket errors" not in out and "Non-2xx" not in out, out


def own_all(several, shard_of):
    for i in range(128):
        several.app.prompt(f"set reta {i} {shard_of(i)}")


def test_cookie_outlives_a_move(ns, several):
    """The ACK of a handshake that a SYN cookie of the first shard keeps comes to the last one, whose
    listener has never sent a cookie."""
    port, last = 5999, several.nb - 1
    several.app.prompt(f"service add discard:{port}")
    try:
        several.app.prompt("clear stats")
        own_all(several, lambda i: 0)
        with RawHost(ns, several.link) as host:
            assert host.resolve() is not None
            syn = bytes(RawTcp(host, port, 0).segment("S"))
            for sport in range(20000, 20000 + BACKLOG + 50):
                frame = syn[:34] + sport.to_bytes(2, "big") + syn[36:]
                # Checksums are sums: the ports' part of it was nought.
                cksum = int.from_bytes(syn[50:52], "big") - sport
                cksum = (cksum if cksum > 0 else cksum - 1) & 0xffff
                host.send(frame[:50] + cksum.to_bytes(2, "big") + frame[52:])
            wait_until(lambda: several.counters().get("SyncookiesSent", 0) > 0, 10, "cookies")
            conns = [RawTcp(host, port, 40000 + i) for i in range(5)]
            for conn in conns:
                conn.syn()
                synack = conn.expect_flags("SA")
                assert synack is not None, several.app.prompt("show stats")
                conn.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
            sent = several.counters()["SyncookiesSent"]
            assert sent >= len(conns)
            own_all(several, lambda i: last)
            for conn in conns:
                conn.send("A")
                conn.send("PA", b"hello")
                # Not that which is sent once more, to who is half open.
                answer = host.expect(lambda f: conn.is_mine(f) and "S" not in f[TCP].flags)
                assert answer is not None and str(answer[TCP].flags) == "A", answer
                assert answer[TCP].ack == conn.snd_nxt
            counters = several.counters()
            assert counters["SyncookiesRecv"] == len(conns) and counters["SyncookiesSent"] == sent
            assert "SyncookiesFailed" not in counters, counters
            for conn in conns:
                conn.send("R")
    finally:
        several.app.prompt(f"service del discard:{port}")
        own_all(several, lambda i: i % several.nb)


@pytest.mark.parametrize("idle", ("sleep", "epoll"))
def test_idle_modes(ns, several, idle):
    several.app.prompt(f"set idle {idle}")
    assert traffic.get(ns, Link.STACK_V4).status == 200
    ns.run(["ping", "-c", "5", "-i", "0.05", "-w", "10", Link.STACK_V6])


def test_idle_cpu(ns, several):
    """No shard costs anything where there is nothing to do."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 50)
    try:
        time.sleep(1.5)
        cpu, began = several.app.cpu_seconds(), time.monotonic()
        time.sleep(IDLE_S)
        share = (several.app.cpu_seconds() - cpu) / (time.monotonic() - began)
        assert share < IDLE_CPU, f"{share:.1%} of a CPU when idle"
    finally:
        traffic.close_all(socks)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout[0]}-{layout[1]}")
def test_stop_under_load(docroot, layout):
    """Every shard ends what it has, and no mbuf is left in a ring."""
    need_tool("wrk")
    with Namespace("dts") as ns:
        s = Several(ns, default_options(docroot), *layout)
        try:
            s.app.start()
            Link(ns).configure()
            wrk = ns.popen(["wrk", "-t1", "-c50", "-d8s", "--timeout", "1s",
                            traffic.url(Link.STACK_V4, "/file")], stdout=-3)
            chargen = [traffic.tcp_connect(ns, Link.STACK_V6, 19) for _ in range(4)]
            time.sleep(1)
            began = time.monotonic()
            assert s.app.stop() == 0, s.app.output
            assert time.monotonic() - began < 6
            traffic.close_all(chargen)
            wrk.kill()
            s.app.check_clean_end()
        finally:
            s.app.kill()

# SPDX-License-Identifier: BSD-3-Clause
"""TCP through the kernel's stack as the peer: bytes come back as they went, however many,
on however many connections, and connections end as RFC 9293 says."""

import errno
import os
import re
import select
import socket
import time

import pytest

from framework import traffic
from framework.topology import Link, need_tool

ECHO, DISCARD, CLOSED = 7, 9, 4444
SIZES = (1, 2, 536, 1439, 1440, 1441, 1459, 1460, 1461, 2920, 4096, 65535, 65536, 65537, 262144,
         1000003, 10 << 20)


@pytest.mark.parametrize("size", SIZES)
def test_echo(isla, ns, addr, size):
    data = traffic.pattern(size)
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        assert traffic.sha256(traffic.echo(sock, data)) == traffic.sha256(data)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b""


def test_echo_link_local(isla, ns, link):
    with traffic.tcp_connect(ns, link.stack_ll, ECHO) as sock:
        assert traffic.echo(sock, b"over fe80::") == b"over fe80::"


def test_echo_byte_by_byte(isla, ns, addr):
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in range(256):
            sock.sendall(bytes([byte]))
            assert sock.recv(1) == bytes([byte])


def test_echo_small_writes(isla, ns, addr):
    """Thousands of segments of odd lengths in a row."""
    data = traffic.pattern(200001)
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pos, back = 0, b""
        while pos < len(data):
            chunk = data[pos:pos + 1 + pos % 97]
            sock.sendall(chunk)
            pos += len(chunk)
            if pos - len(back) > 20000:
                back += traffic.recv_all(sock, pos - len(back))
        back += traffic.recv_all(sock, len(data) - len(back))
        assert back == data


def test_small_mss(isla, ns, addr):
    """A peer that offers a small MSS gets no larger segment, and all of the data."""
    data = traffic.pattern(300000)
    with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        sock.settimeout(10)
        sock.connect((addr, ECHO))
        assert traffic.echo(sock, data) == data


@pytest.mark.parametrize("rcvbuf", (2304, 8192))
def test_small_receive_buffer(isla, ns, addr, rcvbuf):
    """A window that closes again and again."""
    data = traffic.pattern(300000)
    with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.settimeout(20)
        sock.connect((addr, ECHO))
        assert traffic.echo(sock, data, timeout=30) == data


def test_slow_reader(isla, ns, addr, alive):
    """The peer stops reading until every buffer is full, and reads on later: nothing is lost,
    and the stack served others meanwhile."""
    data = traffic.pattern(32 << 20)
    with ns.socket(traffic.family_of(addr), socket.SOCK_STREAM) as sock:
        # The kernel's own buffers would grow to several megabytes.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 131072)
        sock.settimeout(10)
        sock.connect((addr, ECHO))
        sock.setblocking(False)
        sent, quiet = 0, 0
        while sent < len(data) and quiet < 10:
            if select.select([], [sock], [], 0.1)[1]:
                sent += sock.send(data[sent:sent + 65536])
                quiet = 0
            else:
                quiet += 1
        assert quiet == 10, "the stack took 32 MB that nobody reads"
        alive()
        time.sleep(1)
        sock.settimeout(10)
        assert traffic.recv_all(sock, sent) == data[:sent]


@pytest.mark.parametrize("nb_conns", (100, 1000))
def test_concurrent(isla, ns, addr, nb_conns):
    """All are open at once; each gets its own bytes back, twice."""
    socks = traffic.connect_many(ns, addr, ECHO, nb_conns)
    try:
        for turn in (1, 2):
            for i, sock in enumerate(socks):
                sock.sendall(b"%d:%d;" % (turn, i) * 20)
            for i, sock in enumerate(socks):
                want = b"%d:%d;" % (turn, i) * 20
                assert traffic.recv_all(sock, len(want)) == want
        for sock in socks:
            sock.shutdown(socket.SHUT_WR)
        for sock in socks:
            assert sock.recv(1) == b""
    finally:
        traffic.close_all(socks)


def test_open_and_close_many(isla, ns, addr):
    """2,000 connections one after the other, each for one byte."""
    for _ in range(2000):
        with traffic.tcp_connect(ns, addr, ECHO) as sock:
            sock.sendall(b"x")
            assert sock.recv(1) == b"x"


def test_discard(isla, ns, addr):
    data = traffic.pattern(1 << 20)
    with traffic.tcp_connect(ns, addr, DISCARD) as sock:
        for _ in range(10):
            sock.sendall(data)
        assert not select.select([sock], [], [], 0.2)[0], "discard answers"
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""


def test_half_close(isla, ns, addr):
    """After the peer's FIN the stack still sends all that it owes, then its own FIN."""
    data = traffic.pattern(100000)
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        assert traffic.recv_all(sock) == data


def test_closed_port(isla, ns, addr):
    with pytest.raises(OSError) as info:
        traffic.tcp_connect(ns, addr, CLOSED, timeout=3)
    assert info.value.errno == errno.ECONNREFUSED


def test_reset_by_client(isla, ns, addr, alive):
    for size in (0, 1, 5000):
        sock = traffic.tcp_connect(ns, addr, ECHO)
        sock.sendall(b"y" * size)
        traffic.reset(sock)
    alive()


def test_keepalive_probe(isla, ns, addr):
    """An idle peer's keep-alive probes are answered: the connection lives (RFC 9293, 3.8.4)."""
    with traffic.tcp_connect(ns, addr, ECHO) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
        time.sleep(3.5)
        assert traffic.echo(sock, b"still here") == b"still here"


@pytest.mark.parametrize("hook", ["ingress", "egress"])
@pytest.mark.parametrize("percent", [1, 5])
def test_loss(isla, ns, addr, hook, percent):
    """Frames are lost at random, from the stack (ingress) or to it (egress): every byte comes
    all the same, and both TCPs repair it without waiting for timeouts all the time."""
    need_tool("nft")
    rules = f"""table netdev loss {{
        chain {hook} {{
            type filter hook {hook} device {Link.INTERFACE} priority 0
            numgen random mod 100 < {percent} counter drop
        }}
    }}"""
    if ns.run(["nft", "-f", "-"], input=rules, check=False).returncode != 0:
        pytest.skip(f"the kernel has no {hook} hook, or no numgen")
    try:
        data = traffic.pattern(4 << 20)
        with traffic.tcp_connect(ns, addr, ECHO) as sock:
            assert traffic.echo(sock, data, timeout=60) == data
        lost = re.search(r"packets (\d+)", ns.run(["nft", "list", "table", "netdev", "loss"]).stdout)
        assert lost is not None and int(lost[1]) > 0
    finally:
        ns.run(["nft", "delete", "table", "netdev", "loss"], check=False)


def test_nc(isla, ns, addr):
    need_tool("nc")
    out = ns.run(["nc", "-N", "-w", "5", addr, ECHO], input="hello\n" * 1000).stdout
    assert out == "hello\n" * 1000


def test_socat_large(isla, ns, addr, tmp_path):
    need_tool("socat")
    data = traffic.pattern(3 << 20)
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(data)
    where = f"TCP:[{addr}]:{ECHO}" if ":" in addr else f"TCP:{addr}:{ECHO}"
    ns.run(["sh", "-c", f"socat -t 10 - {where} <{source} >{back}"], timeout=60)
    assert traffic.sha256(back.read_bytes()) == traffic.sha256(data)
    os.unlink(back)

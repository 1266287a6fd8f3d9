# SPDX-License-Identifier: BSD-3-Clause
"""UDP: echo byte for byte, discard in silence, and a word for a closed port."""

import errno
import socket

import pytest

from framework import traffic
from framework.topology import Link, need_tool

ECHO, DISCARD, CLOSED = 7, 9, 4444


def max_payload(addr):
    return 1500 - 8 - (40 if ":" in addr else 20)


def test_echo_every_size(isla, ns, addr):
    """0 to 1472 bytes (1452 over IPv6), every one of them, with noise for data."""
    data = traffic.pattern(1500)
    with traffic.udp_socket(ns, addr, ECHO) as sock:
        for size in range(max_payload(addr) + 1):
            sock.send(data[size // 2:size // 2 + size])
            assert sock.recv(65536) == data[size // 2:size // 2 + size], f"{size} bytes"


def test_echo_link_local(isla, ns, link):
    with traffic.udp_socket(ns, link.stack_ll, ECHO) as sock:
        for size in (0, 1, 1452):
            data = traffic.pattern(size)
            sock.send(data)
            assert sock.recv(65536) == data


def test_echo_from_many_ports(isla, ns, addr):
    socks = [traffic.udp_socket(ns, addr, ECHO) for _ in range(200)]
    try:
        for i, sock in enumerate(socks):
            sock.send(b"%d" % i)
        for i, sock in enumerate(socks):
            assert sock.recv(100) == b"%d" % i
    finally:
        traffic.close_all(socks)


def test_echo_burst(isla, ns, addr):
    """64 datagrams at once come back, each once and in order."""
    with traffic.udp_socket(ns, addr, ECHO) as sock:
        sent = [b"%04d" % i + traffic.pattern(200, i) for i in range(64)]
        for data in sent:
            sock.send(data)
        assert [sock.recv(1000) for _ in sent] == sent


@pytest.mark.parametrize("data", (b"\xff\xff" * 4, b"\x00" * 9, b"\x01", b"\xff" * 1451))
def test_echo_checksum_corners(isla, ns, addr, data):
    """Data whose checksum is near 0 or 0xffff; an odd length."""
    with traffic.udp_socket(ns, addr, ECHO) as sock:
        for tail in range(0, 256, 5):
            sock.send(data + bytes([tail]))
            assert sock.recv(2000) == data + bytes([tail])


def test_echo_without_checksum(isla, ns):
    """Over IPv4 the sender may leave the checksum out (RFC 768)."""
    so_no_check = 11
    with traffic.udp_socket(ns, Link.STACK_V4, ECHO) as sock:
        sock.setsockopt(socket.SOL_SOCKET, so_no_check, 1)
        sock.send(b"no checksum")
        assert sock.recv(100) == b"no checksum"


def test_discard_is_silent(isla, ns, addr):
    with traffic.udp_socket(ns, addr, DISCARD, timeout=0.3) as sock:
        for _ in range(10):
            sock.send(b"into the void")
        with pytest.raises(socket.timeout):
            sock.recv(100)


def test_closed_port(isla, ns, addr):
    """Port unreachable reaches the sender as ECONNREFUSED."""
    with traffic.udp_socket(ns, addr, CLOSED) as sock:
        sock.send(b"anyone?")
        with pytest.raises(OSError) as info:
            sock.recv(100)
        assert info.value.errno == errno.ECONNREFUSED


def test_nc(isla, ns, addr):
    need_tool("nc")
    out = ns.run(["nc", "-u", "-w", "1", addr, ECHO], input="hello from nc\n").stdout
    assert out == "hello from nc\n"

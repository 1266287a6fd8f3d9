# SPDX-License-Identifier: BSD-3-Clause
"""The services other than http: echo, discard, chargen (RFC 862 to 864) and demo."""

import socket

import pytest

from framework import traffic

ECHO, DISCARD, CHARGEN, DEMO = 7, 9, 19, 8080


def chargen_lines(first, nb_lines):
    """RFC 864's pattern: 72 of the 95 printable characters, one further with each line. With
    which character it begins is left open."""
    ring = bytes(range(32, 127)) * 2
    starts = ((first - 32 + i) % 95 for i in range(nb_lines))
    return b"".join(ring[start:start + 72] + b"\r\n" for start in starts)


def check_chargen(sock, nb_lines):
    data = traffic.recv_all(sock, nb_lines * 74)
    assert data == chargen_lines(data[0], nb_lines)


def test_chargen_tcp(isla, ns, addr):
    """As many lines as the client cares to read; then it may go."""
    with traffic.tcp_connect(ns, addr, CHARGEN) as sock:
        check_chargen(sock, 30000)


def test_chargen_ignores_input(isla, ns, addr):
    with traffic.tcp_connect(ns, addr, CHARGEN) as sock:
        sock.sendall(b"stop it" * 1000)
        check_chargen(sock, 200)


def test_chargen_ends_with_client(isla, ns, addr, alive):
    for how in ("close", "reset"):
        sock = traffic.tcp_connect(ns, addr, CHARGEN)
        sock.recv(1000)
        if how == "close":
            sock.close()
        else:
            traffic.reset(sock)
    alive()


def test_chargen_udp(isla, ns, addr):
    """One datagram of 0 to 512 characters for each datagram (RFC 864)."""
    with traffic.udp_socket(ns, addr, CHARGEN) as sock:
        for _ in range(20):
            sock.send(b"?")
            data = sock.recv(2000)
            assert len(data) <= 512
            assert all(32 <= byte < 127 or byte in b"\r\n" for byte in data)


@pytest.mark.parametrize("request_bytes", (
    b"GET / HTTP/1.1\r\nHost: isla\r\n\r\n", b"GET /any HTTP/1.0\r\n\r\n"))
def test_demo_http(isla, ns, addr, request_bytes):
    """What begins like a request gets an answer and a close."""
    with traffic.HttpClient(ns, addr, DEMO) as client:
        response = client.request(request_bytes)
        assert response.status == (200 if b" / " in request_bytes else response.status)
        if response.status == 200:
            assert b"<title>Project Isla</title>" in response.body
        assert client.at_end()


@pytest.mark.parametrize("data", (b"x", b"hello", b"\x00\xff\r\n", b"G", b"GE\n", b"z" * 1000))
def test_demo_echo(isla, ns, addr, data):
    """Anything else comes back between "Isla Echo: " and "> "."""
    want = b"Isla Echo: " + data + b"> "
    with traffic.tcp_connect(ns, addr, DEMO) as sock:
        sock.sendall(data)
        if data == b"G":
            # It may still become "GET": the server may wait for more.
            sock.shutdown(socket.SHUT_WR)
        assert traffic.recv_all(sock, len(want)) == want


def test_demo_echo_conversation(isla, ns, addr):
    with traffic.tcp_connect(ns, addr, DEMO) as sock:
        for i in range(50):
            sock.sendall(b"line %d\n" % i)
            want = b"Isla Echo: line %d\n> " % i
            assert traffic.recv_all(sock, len(want)) == want


def test_all_at_once(isla, ns, addr):
    """Services do not get in each other's way."""
    page = traffic.get(ns, addr).body
    with traffic.tcp_connect(ns, addr, CHARGEN) as gen, \
            traffic.tcp_connect(ns, addr, ECHO) as one, \
            traffic.tcp_connect(ns, addr, DISCARD) as void:
        for _ in range(20):
            void.sendall(b"v" * 10000)
            assert traffic.echo(one, b"e" * 10000) == b"e" * 10000
            assert len(traffic.recv_all(gen, 7400)) == 7400
            assert traffic.get(ns, addr).body == page

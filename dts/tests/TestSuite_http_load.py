# SPDX-License-Identifier: BSD-3-Clause
"""Load: wrk and ab with and without keep-alive, with no failed request."""

import re

import pytest

from framework import traffic
from framework.topology import Link, need_tool


def ab(ns, addr, *args):
    need_tool("ab")
    out = ns.run(["ab", "-q", "-s", "20", *args, traffic.url(addr)], timeout=120).stdout
    return {key: int(value) for key, value in
            re.findall(r"^(Complete requests|Failed requests|Non-2xx responses|"
                       r"Keep-Alive requests|Write errors):\s+(\d+)", out, re.MULTILINE)}


@pytest.mark.parametrize("conns", (1, 100))
@pytest.mark.parametrize("keep_alive", (False, True))
def test_ab(isla, ns, addr, conns, keep_alive):
    total = 10000 if keep_alive else 5000
    result = ab(ns, addr, "-n", total, "-c", conns, *(["-k"] if keep_alive else []))
    assert result["Complete requests"] == total
    assert result["Failed requests"] == 0
    assert "Non-2xx responses" not in result and "Write errors" not in result
    if keep_alive:
        assert result["Keep-Alive requests"] == total


@pytest.mark.parametrize("conns", (1, 100, 1000))
@pytest.mark.parametrize("keep_alive", (False, True))
def test_wrk(isla, ns, addr, conns, keep_alive):
    need_tool("wrk")
    fields = [] if keep_alive else ["-H", "Connection: close"]
    out = ns.run(["wrk", "-t1", f"-c{conns}", "-d2s", "--timeout", "10s", *fields,
                  traffic.url(addr)], timeout=60).stdout
    requests = re.search(r"(\d+) requests in", out)
    assert requests and int(requests[1]) > conns, out
    assert "Non-2xx" not in out, out
    # wrk counts a server's close as a read error unless the response told of it.
    assert "Socket errors" not in out, out


def test_1000_connections_at_once(isla, ns, addr):
    """All open, all asking, all answered; none is refused."""
    page = traffic.get(ns, addr).body
    socks = traffic.connect_many(ns, addr, 80, 1000)
    try:
        for sock in socks:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: isla\r\n\r\n")
        for sock in socks:
            data = b""
            while b"\r\n\r\n" not in data or len(data.split(b"\r\n\r\n", 1)[1]) < len(page):
                part = sock.recv(65536)
                assert part, data
                data += part
            assert data.startswith(b"HTTP/1.1 200 ")
            assert data.endswith(page)
    finally:
        traffic.close_all(socks)


def test_nothing_was_lost(isla, ns, alive):
    """After the load everything is as it was."""
    alive()
    assert traffic.get(ns, Link.STACK_V4).status == 200

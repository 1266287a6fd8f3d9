# SPDX-License-Identifier: BSD-3-Clause
"""A large file, byte for byte, without a single payload byte copied."""

import hashlib

from framework import traffic
from framework.topology import need_tool

SIZE = 200 * 1000 * 1000
PIECE = 1000 * 1000


def pieces():
    for i in range(SIZE // PIECE):
        yield traffic.pattern(PIECE, seed=i)


def make_docroot(path):
    with open(path / "large.bin", "wb") as large:
        for piece in pieces():
            large.write(piece)


def digest(path):
    value = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            value.update(block)
    return value.hexdigest()


def test_byte_exact(isla, ns, addr, docroot, tmp_path):
    need_tool("curl")
    out = tmp_path / "large.bin"
    ns.run(["curl", "-s", "-g", "-f", "--max-time", "90", "-o", out,
            traffic.url(addr, "/large.bin")], timeout=100)
    assert out.stat().st_size == SIZE
    assert digest(out) == digest(docroot / "large.bin")
    out.unlink()


def test_client_that_leaves(isla, ns, addr, alive):
    """Clients that go in the middle: by FIN, by RST, after some megabytes."""
    for how in ("close", "reset"):
        for nb_bytes in (1, 100000, 5000000):
            client = traffic.HttpClient(ns, addr)
            client.send(b"GET /large.bin HTTP/1.1\r\nHost: isla\r\n\r\n")
            traffic.recv_all(client.sock, nb_bytes)
            if how == "close":
                client.sock.close()
            else:
                traffic.reset(client.sock)
    alive()


def test_two_at_once(isla, ns, docroot):
    """Both families at the same time, a part of the file each."""
    want = hashlib.sha256(b"".join(traffic.pattern(PIECE, seed=i) for i in range(20))).digest()
    clients = [traffic.HttpClient(ns, where) for where in ("192.168.1.2", "fd00::2")]
    digests = [hashlib.sha256() for _ in clients]
    for client in clients:
        client.send(b"GET /large.bin HTTP/1.1\r\nHost: isla\r\n\r\n")
    for client in clients:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.sock.recv(1)
        assert head.startswith(b"HTTP/1.1 200 ")
    for _ in range(20 * PIECE // 50000):
        for client, value in zip(clients, digests):
            value.update(traffic.recv_all(client.sock, 50000))
    for client, value in zip(clients, digests):
        assert value.digest() == want
        client.sock.close()


def test_nothing_was_copied(isla):
    """The last test: it stops the application and reads its counters."""
    summary = isla.check_clean_end()
    assert summary.counter("tcpHCOutSegs") > 2 * SIZE // 1460
    assert summary.counter("PayloadBytesCopied") == 0

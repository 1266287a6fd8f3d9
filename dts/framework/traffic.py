# SPDX-License-Identifier: BSD-3-Clause
"""Clients on the kernel's stack: sockets and programs inside the namespace."""

import contextlib
import hashlib
import random
import selectors
import socket
import struct
import time

from .topology import Link

TIMEOUT = 20


def pattern(nb_bytes, seed=1):
    """Bytes that look like noise and are the same each time."""
    return random.Random(seed).randbytes(nb_bytes)


def family_of(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def sockaddr(ns, addr, port):
    """What connect() wants; a link-local address gets the interface's index."""
    if addr.startswith("fe80:"):
        with ns.entered():
            return (addr, port, 0, socket.if_nametoindex(Link.INTERFACE))
    return (addr, port)


def url(addr, path="/", port=80):
    if addr.startswith("fe80:"):
        addr += "%25" + Link.INTERFACE
    host = f"[{addr}]" if ":" in addr else addr
    return f"http://{host}{'' if port == 80 else f':{port}'}{path}"


def udp_socket(ns, addr, port, timeout=2):
    sock = ns.socket(family_of(addr), socket.SOCK_DGRAM)
    sock.settimeout(timeout)
    sock.connect(sockaddr(ns, addr, port))
    return sock


def tcp_connect(ns, addr, port, timeout=TIMEOUT):
    sock = ns.socket(family_of(addr), socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(sockaddr(ns, addr, port))
    except BaseException:
        sock.close()
        raise
    return sock


def reset(sock):
    """Close with a RST instead of a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def recv_all(sock, nb_bytes=None):
    """Read until the peer's FIN, or exactly nb_bytes."""
    parts, left = [], nb_bytes
    while left is None or left > 0:
        part = sock.recv(65536 if left is None else min(left, 65536))
        if not part:
            break
        parts.append(part)
        if left is not None:
            left -= len(part)
    return b"".join(parts)


def echo(sock, data, timeout=TIMEOUT):
    """Send data and read as much back, both at once as neither side may have to wait for the
    other. Returns what came."""
    deadline = time.monotonic() + timeout
    out, back = memoryview(data), bytearray()
    sock.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while len(back) < len(data):
            events = selector.select(max(0, deadline - time.monotonic()))
            if not events:
                raise AssertionError(f"echo stalls: {len(data) - len(out)} bytes sent, "
                                     f"{len(back)} of {len(data)} came back")
            for _, mask in events:
                if mask & selectors.EVENT_READ:
                    with contextlib.suppress(BlockingIOError):
                        part = sock.recv(262144)
                        if not part:
                            raise AssertionError(f"closed after {len(back)} bytes")
                        back += part
                if mask & selectors.EVENT_WRITE and out:
                    with contextlib.suppress(BlockingIOError):
                        out = out[sock.send(out[:262144]):]
                    if not out:
                        selector.modify(sock, selectors.EVENT_READ)
    sock.settimeout(timeout)
    return bytes(back)


def connect_many(ns, addr, port, nb_conns, timeout=TIMEOUT):
    """Open many connections at once; returns the sockets, all of them connected."""
    socks = []
    address = sockaddr(ns, addr, port)
    try:
        with ns.entered():
            for _ in range(nb_conns):
                sock = socket.socket(family_of(addr), socket.SOCK_STREAM)
                socks.append(sock)
                sock.setblocking(False)
                sock.connect_ex(address)
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            for sock in socks:
                selector.register(sock, selectors.EVENT_WRITE)
            while selector.get_map():
                events = selector.select(max(0, deadline - time.monotonic()))
                assert events, f"{len(selector.get_map())} of {nb_conns} do not connect"
                for key, _ in events:
                    err = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    assert err == 0, f"connect: {err}"
                    selector.unregister(key.fileobj)
        for sock in socks:
            sock.settimeout(timeout)
        return socks
    except BaseException:
        close_all(socks)
        raise


def close_all(socks):
    for sock in socks:
        sock.close()


class Response:
    """One HTTP response, parsed strictly enough to notice a bad one."""

    def __init__(self, status, reason, fields, body):
        self.status = status
        self.reason = reason
        self.fields = fields
        self.body = body

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {len(self.body)} bytes>"


class HttpClient:
    """A client on a plain socket, for requests that no tool would make."""

    def __init__(self, ns, addr, port=80, timeout=TIMEOUT):
        self.sock = tcp_connect(ns, addr, port, timeout)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _fill(self):
        part = self.sock.recv(65536)
        self._buffer += part
        return bool(part)

    def response(self, head_only=False):
        """The next response; None where the connection has ended before its first byte."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                assert not self._buffer, f"a response was cut: {self._buffer[:200]!r}"
                return None
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("ascii").split("\r\n")
        version, status, reason = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name == name.strip() and name, f"bad field line {line!r}"
            assert name.lower() not in fields, f"field twice: {line!r}"
            fields[name.lower()] = value.strip()
        length = int(fields.get("content-length", 0))
        if head_only or status in ("204", "304"):
            length = 0
        while len(self._buffer) < length:
            assert self._fill(), f"body cut after {len(self._buffer)} of {length} bytes"
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Response(int(status), reason, fields, body)

    def request(self, data, head_only=False):
        self.send(data)
        return self.response(head_only)

    def at_end(self):
        """True where the peer closes without another byte."""
        return not self._buffer and not self._fill()


def get(ns, addr, target="/", port=80, timeout=TIMEOUT):
    with HttpClient(ns, addr, port, timeout) as client:
        return client.request(f"GET {target} HTTP/1.1\r\nHost: isla\r\n"
                              "Connection: close\r\n\r\n".encode("ascii"))


def sha256(data):
    return hashlib.sha256(data).hexdigest()

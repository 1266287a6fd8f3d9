# SPDX-License-Identifier: BSD-3-Clause
"""The programs of examples/: fetch against servers of the kernel's stack, echo_server against
clients of it. fetch finds a TAP that is there already, as the server must be up before it."""

import re
import socket
import subprocess
import sys

import pytest

from framework import traffic
from framework.app_shell import AppShell, app_path, eal_options, interface_that_stays
from framework.topology import Link, Namespace, need_tool, wait_until

ECHO_PORT = 7007
HTTP_PORT = 8000
BODY = traffic.pattern(1 << 20)
ADDRS = [arg for addr in Link.STACK_ADDRS for arg in ("-a", addr)]


def example(name):
    path = app_path().resolve().parent.parent / "examples" / name
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path)


class EchoServer(AppShell):
    READY = "echo_server: ready"
    HAS_QUEUE_OPTIONS = False

    @property
    def argv(self):
        return [example("echo_server"), *self.eal, "--", *self.options]


@pytest.fixture(scope="module")
def echo_server():
    with Namespace("dts-echo") as ns:
        app = EchoServer(ns, [*ADDRS, "-p", ECHO_PORT], eal_options(lcores=1)).start()
        Link(ns).configure()
        yield app
        assert app.stop() == 0, app.output


@pytest.fixture(scope="module")
def server_ns(tmp_path_factory):
    """A namespace with a TAP and, on the kernel's side of it, a server of either family."""
    need_tool("ip")
    root = tmp_path_factory.mktemp("served")
    (root / "file").write_bytes(BODY)
    (root / "empty").write_bytes(b"")
    with Namespace("dts-fetch") as ns:
        interface_that_stays(ns)
        log = open(root.parent / "server.log", "w+", encoding="utf-8")
        ns.popen([sys.executable, "-m", "http.server", "--bind", "::", "--directory", root,
                  HTTP_PORT], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: f":{HTTP_PORT}" in ns.run(["ss", "-Htln"]).stdout, 15,
                   "http.server listens")
        yield ns
        log.close()


def fetch(ns, *args):
    argv = [example("fetch"), *eal_options(lcores=1), "--", *args]
    result = ns.run(argv, timeout=60, check=False, text=False, stdin=subprocess.DEVNULL)
    result.said = re.findall(r"^fetch: (.*)$", result.stderr.decode(), re.MULTILINE)
    return result


@pytest.fixture(params=["ipv4", "ipv6"])
def server(request):
    return Link.KERNEL_V4 if request.param == "ipv4" else Link.KERNEL_V6


def test_fetch_file(server_ns, server):
    result = fetch(server_ns, *ADDRS, server, HTTP_PORT, "/file")
    assert (result.returncode, result.said) == (0, []), result.stderr.decode()
    assert traffic.sha256(result.stdout) == traffic.sha256(BODY), len(result.stdout)


def test_fetch_empty_file(server_ns, server):
    result = fetch(server_ns, *ADDRS, server, HTTP_PORT, "/empty")
    assert (result.returncode, result.stdout, result.said) == (0, b"", [])


def test_fetch_not_found(server_ns, server):
    result = fetch(server_ns, *ADDRS, server, HTTP_PORT, "/none")
    assert (result.returncode, result.stdout) == (1, b"")
    assert len(result.said) == 1 and " 404 " in result.said[0], result.said


def test_fetch_refused(server_ns, server):
    result = fetch(server_ns, *ADDRS, server, HTTP_PORT + 1, "/file")
    assert (result.returncode, result.said) == (1, ["Connection refused"])


def test_fetch_unreachable(server_ns):
    result = fetch(server_ns, "203.0.113.1", HTTP_PORT, "/file")
    assert (result.returncode, result.said) == (1, ["No route to host"])


def test_fetch_timed_out(server_ns):
    """A listener that accepts and is silent."""
    with server_ns.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.bind(("0.0.0.0", HTTP_PORT + 2))
        sock.listen(1)
        result = fetch(server_ns, "-t", "1", Link.KERNEL_V4, HTTP_PORT + 2, "/file")
    assert (result.returncode, result.said) == (1, ["timed out: no answer for 1 s"])


@pytest.mark.parametrize("args", (
    (), ("192.168.1.1", "80"), ("host", "80", "/"), ("192.168.1.1", "0", "/"),
    ("192.168.1.1", "65536", "/"), ("192.168.1.1", "80", "file"),
    ("-t", "0", "192.168.1.1", "80", "/"), ("-a", "192.168.1.2/33", "192.168.1.1", "80", "/")))
def test_fetch_arguments(server_ns, args):
    result = fetch(server_ns, *args)
    assert (result.returncode, result.stdout) == (1, b"")
    assert len(result.said) == 1, result.said


@pytest.mark.parametrize("answer, said", (
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody", None),
    (b"HTTP/1.0 200 OK\r\ncontent-length:4 \r\n\r\nbody and more", None),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", "before the end"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "not understood"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody", "not a Content-Length"),
    (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
    (b"x" * 20000, "too long"),
    (b"", "before the end")),
    ids=("interim", "length", "cut", "chunked", "negative", "other", "endless", "nothing"))
def test_fetch_answers(server_ns, answer, said):
    """What other servers answer, and what none should."""
    script = ("import socket, sys\n"
              "s = socket.create_server(('', 8010)); print('up', flush=True)\n"
              "c = s.accept()[0]; c.recv(4096)\n"
              f"c.sendall({answer!r}); c.shutdown(socket.SHUT_WR)\n"
              "c.settimeout(10)\n"
              "try: c.recv(1)\n"
              "except OSError: pass\n")
    proc = server_ns.popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert proc.stdout.readline() == b"up\n"
        result = fetch(server_ns, Link.KERNEL_V4, "8010", "/")
    finally:
        proc.kill()
        proc.wait()
        proc.stdout.close()
    if said is None:
        assert (result.returncode, result.stdout, result.said) == (0, b"body", [])
    else:
        assert result.returncode == 1
        assert len(result.said) == 1 and said in result.said[0], result.said


def test_echo_megabyte(echo_server, addr):
    with traffic.tcp_connect(echo_server.ns, addr, ECHO_PORT) as sock:
        assert traffic.echo(sock, BODY) == BODY


def test_echo_half_close(echo_server, addr):
    """Whoever sends first and reads later gets all of it, then the FIN."""
    with traffic.tcp_connect(echo_server.ns, addr, ECHO_PORT) as sock:
        sock.sendall(BODY[:100000])
        sock.shutdown(socket.SHUT_WR)
        assert traffic.recv_all(sock) == BODY[:100000]


def test_echo_keeps_what_does_not_fit(echo_server, addr):
    """A client that does not read finds the window closed; nothing is lost when it reads."""
    data = 16 * BODY
    with traffic.tcp_connect(echo_server.ns, addr, ECHO_PORT) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        sock.settimeout(0.5)
        nb_sent = 0
        with pytest.raises(socket.timeout):
            while nb_sent < len(data):
                nb_sent += sock.send(data[nb_sent:nb_sent + 16384])
        sock.settimeout(traffic.TIMEOUT)
        sock.shutdown(socket.SHUT_WR)
        assert traffic.recv_all(sock) == data[:nb_sent]


def test_echo_after_reset(echo_server, addr):
    sock = traffic.tcp_connect(echo_server.ns, addr, ECHO_PORT)
    sock.sendall(b"gone")
    traffic.reset(sock)
    with traffic.tcp_connect(echo_server.ns, addr, ECHO_PORT) as sock:
        assert traffic.echo(sock, b"still here") == b"still here"

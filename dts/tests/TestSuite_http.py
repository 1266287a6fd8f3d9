# SPDX-License-Identifier: BSD-3-Clause
"""HTTP/1.1 as clients meet it: every status code, HEAD, keep-alive, pipelining, and no way out of
the docroot."""

import email.utils
import json
import os
import re
import time

import pytest

from framework import traffic
from framework.topology import Link, need_tool

INDEX = b"<!DOCTYPE html><title>The index</title><p>Index of the test.\n"
SECRET = b"this is outside of the docroot\n"
TYPES = {
    "a.html": "text/html", "a.css": "text/css", "a.js": "text/javascript",
    "a.json": "application/json", "a.png": "image/png", "a.svg": "image/svg+xml",
    "a.txt": "text/plain", "a.unheard-of": "application/octet-stream",
}


def make_docroot(path):
    (path / "index.html").write_bytes(INDEX)
    (path / "sub").mkdir()
    (path / "sub" / "index.html").write_bytes(b"sub index\n")
    (path / "sub" / "page.html").write_bytes(b"sub page\n")
    (path / "with space & \u00e4.txt").write_bytes(b"odd name\n")
    (path / "empty.txt").write_bytes(b"")
    (path / "1460.bin").write_bytes(traffic.pattern(1460))
    (path / "noise.bin").write_bytes(traffic.pattern(3 << 20))
    (path / ".hidden").write_bytes(SECRET)
    for name in TYPES:
        (path / name).write_bytes(name.encode())
    outside = path.parent / (path.name + "-outside")
    outside.mkdir()
    (outside / "secret.txt").write_bytes(SECRET)
    os.symlink(outside / "secret.txt", path / "link-out.txt")
    os.symlink(outside, path / "dir-out")
    os.symlink("/etc/passwd", path / "passwd.txt")


def curl(ns, addr, path="/", *args, port=80, timeout=30):
    """curl; returns (status, head, body)."""
    need_tool("curl")
    out = ns.run(["curl", "-s", "-g", "--max-time", "20", "--path-as-is", "-D", "/dev/stderr",
                  *args, traffic.url(addr, path, port)], timeout=timeout, text=False, check=False)
    head = out.stderr.decode("latin-1")
    assert out.returncode == 0, f"curl: exit code {out.returncode}\n{head}"
    return int(re.findall(r"^HTTP/1\.1 (\d+)", head, re.MULTILINE)[-1]), head, out.stdout


def raw_request(ns, addr, data, head_only=False):
    with traffic.HttpClient(ns, addr) as client:
        return client.request(data, head_only)


def field(head, name):
    match = re.search(rf"^{name}:\s*(.*?)\r?$", head, re.MULTILINE | re.IGNORECASE)
    return match[1] if match else None


def test_200(isla, ns, addr):
    status, head, body = curl(ns, addr)
    assert (status, body) == (200, INDEX)
    assert field(head, "content-length") == str(len(INDEX))
    assert field(head, "content-type").startswith("text/html")
    assert field(head, "server").startswith("Isla")


def test_200_link_local(isla, ns, link):
    status, _, body = curl(ns, link.stack_ll)
    assert (status, body) == (200, INDEX)


def test_date(isla, ns, addr):
    """An IMF-fixdate (RFC 9110, 5.6.7) that tells the time."""
    head = curl(ns, addr)[1]
    date = field(head, "date")
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date)
    assert abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time()) < 3


@pytest.mark.parametrize("name, mime", TYPES.items())
def test_mime_types(isla, ns, name, mime):
    status, head, body = curl(ns, Link.STACK_V4, "/" + name)
    assert (status, body) == (200, name.encode())
    assert field(head, "content-type").split(";")[0] == mime


@pytest.mark.parametrize("name, size", (("empty.txt", 0), ("1460.bin", 1460),
                                        ("noise.bin", 3 << 20)))
def test_files(isla, ns, addr, name, size):
    status, head, body = curl(ns, addr, "/" + name)
    assert (status, field(head, "content-length")) == (200, str(size))
    assert body == traffic.pattern(size)


@pytest.mark.parametrize("target", ("/with%20space%20%26%20%C3%A4.txt", "/%73ub/page.html",
                                    "/sub/../sub/page.html", "/./sub/./page.html",
                                    "/sub/page.html?query=1", "/sub/"))
def test_decoding(isla, ns, target):
    status, _, body = curl(ns, Link.STACK_V4, target)
    assert (status, body) in ((200, b"odd name\n"), (200, b"sub page\n"), (200, b"sub index\n"))


def test_301(isla, ns, addr):
    status, head, _ = curl(ns, addr, "/sub")
    assert status == 301
    assert field(head, "location").endswith("/sub/")
    status, _, body = curl(ns, addr, "/sub", "-L")
    assert (status, body) == (200, b"sub index\n")


def test_304(isla, ns, addr):
    head = curl(ns, addr)[1]
    modified = field(head, "last-modified")
    if modified is None:
        pytest.skip("no Last-Modified is sent")
    status, head, body = curl(ns, addr, "/", "-H", f"If-Modified-Since: {modified}")
    assert (status, body) == (304, b"")
    status, _, body = curl(ns, addr, "/", "-H",
                           "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT")
    assert (status, body) == (200, INDEX)


def test_range(isla, ns, addr):
    """A server may leave Range aside (RFC 9110, 14.2): then it sends all of it, with 200. One that
    says that it does not must keep to it."""
    data = traffic.pattern(1460)
    offers = field(curl(ns, addr, "/1460.bin")[1], "accept-ranges") == "bytes"
    for given, part in (("10-19", data[10:20]), ("0-0", data[:1]), ("1450-", data[1450:]),
                        ("-7", data[-7:]), ("1000-99999", data[1000:])):
        status, head, body = curl(ns, addr, "/1460.bin", "-H", f"Range: bytes={given}")
        if not offers:
            assert (status, body) == (200, data)
            continue
        assert (status, body) == (206, part)
        first = data.index(part) if len(part) > 1 else 0
        assert field(head, "content-range") == f"bytes {first}-{first + len(part) - 1}/1460"


@pytest.mark.parametrize("given", ("bytes=x-y", "bytes=5-2", "lines=1-2", "bytes=", "bytes=-"))
def test_range_that_is_none(isla, ns, given):
    """A Range that is invalid, or of another unit, is ignored (RFC 9110, 14.2)."""
    status, _, body = curl(ns, Link.STACK_V4, "/1460.bin", "-H", f"Range: {given}")
    assert (status, body) == (200, traffic.pattern(1460))


def test_range_beyond(isla, ns):
    """Beyond the end: 416, or all of it."""
    status, head, _ = curl(ns, Link.STACK_V4, "/1460.bin", "-H", "Range: bytes=1460-")
    assert status in (200, 416)
    if status == 416:
        assert field(head, "content-range") == "bytes */1460"


BAD_REQUESTS = (
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / \r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: isla\r\n\r\n",
    b"G@T / HTTP/1.1\r\nHost: isla\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : isla\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: isla\r\nNo colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: isla\r\n: empty\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: is\x00la\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: isla\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: isla\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: isla\r\n folded: field\r\n\r\n",
    b"GET index.html HTTP/1.1\r\nHost: isla\r\n\r\n",
    b"GET / HTTP/x.y\r\nHost: isla\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
)


@pytest.mark.parametrize("data", BAD_REQUESTS)
def test_400(isla, ns, data):
    with traffic.HttpClient(ns, Link.STACK_V4) as client:
        response = client.request(data)
        assert response.status == 400, response
        assert client.at_end(), "a bad request must end the connection"


@pytest.mark.parametrize("target", (b"/%zz", b"/%", b"/%4", b"/a%00b", b"/sub/%g0"))
def test_400_target(isla, ns, target):
    """A target that cannot be decoded; where the next request begins is clear all the same."""
    response = raw_request(ns, Link.STACK_V4,
                           b"GET " + target + b" HTTP/1.1\r\nHost: isla\r\n\r\n")
    assert response.status == 400


def test_404(isla, ns, addr):
    for path in ("/nothing-here", "/sub/nothing", "/index.html/", "/index.htm"):
        status, head, body = curl(ns, addr, path)
        assert status == 404
        assert int(field(head, "content-length")) == len(body)


@pytest.mark.parametrize("method", ("POST", "PUT", "DELETE"))
def test_405(isla, ns, addr, method):
    """A method that is known, but not for this resource: Allow is required (RFC 9110, 15.5.6)."""
    status, head, _ = curl(ns, addr, "/", "-X", method)
    assert status == 405
    allow = {name.strip() for name in field(head, "allow").split(",")}
    assert {"GET", "HEAD"} <= allow


def test_405_with_body(isla, ns, addr):
    """The body of a refused request is not taken for the next one."""
    with traffic.HttpClient(ns, addr) as client:
        body = b"GET /evil HTTP/1.1\r\nHost: isla\r\n\r\n"
        first = client.request(b"POST / HTTP/1.1\r\nHost: isla\r\nContent-Length: %d\r\n\r\n"
                               % len(body) + body)
        assert first.status == 405
        if first.fields.get("connection", "").lower() != "close":
            second = client.request(b"GET / HTTP/1.1\r\nHost: isla\r\n\r\n")
            assert (second.status, second.body) == (200, INDEX)
        else:
            assert client.at_end()


def test_414(isla, ns, addr):
    assert curl(ns, addr, "/" + "a" * 5000)[0] == 414
    assert curl(ns, addr, "/" + "a" * 1000)[0] == 404


def test_431(isla, ns, addr):
    assert curl(ns, addr, "/", "-H", "X-Long: " + "a" * 20000)[0] == 431
    many = [arg for i in range(1000) for arg in ("-H", f"X-{i}: aaaaaaaaaaaaaaaa")]
    assert curl(ns, addr, "/", *many)[0] == 431
    assert curl(ns, addr, "/", "-H", "X-Long: " + "a" * 3000)[0] == 200


def test_501(isla, ns, addr):
    assert curl(ns, addr, "/", "-X", "FROBNICATE")[0] == 501


@pytest.mark.parametrize("version", (b"HTTP/2.0", b"HTTP/3.0", b"HTTP/9.9"))
def test_505(isla, ns, version):
    response = raw_request(ns, Link.STACK_V4, b"GET / " + version + b"\r\nHost: isla\r\n\r\n")
    assert response.status == 505


def test_errors_are_complete(isla, ns):
    """Every error has a length that is true, a type and a date."""
    for data in (b"GET /no HTTP/1.1\r\nHost: a\r\n\r\n", b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"XYZ / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/7.0\r\nHost: a\r\n\r\n",
                 b"nonsense\r\n\r\n"):
        response = raw_request(ns, Link.STACK_V4, data)
        assert response.status >= 400
        assert {"content-length", "date", "server"} <= set(response.fields), response
        assert not response.body or "content-type" in response.fields


@pytest.mark.parametrize("path", ("/", "/noise.bin", "/nothing", "/sub", "/empty.txt"))
def test_head(isla, ns, addr, path):
    """HEAD is GET without the body, with the same fields."""
    target = path.encode()
    get = raw_request(ns, addr, b"GET " + target + b" HTTP/1.1\r\nHost: isla\r\n\r\n")
    with traffic.HttpClient(ns, addr) as client:
        head = client.request(b"HEAD " + target + b" HTTP/1.1\r\nHost: isla\r\n\r\n", True)
        get.fields.pop("date"), head.fields.pop("date")
        assert (head.status, head.fields) == (get.status, get.fields)
        # Had a body followed, it would now be read as the next response's head.
        after = client.request(b"GET / HTTP/1.1\r\nHost: isla\r\n\r\n")
        assert (after.status, after.body) == (200, INDEX)
    assert curl(ns, addr, path, "-I")[2].startswith(b"HTTP/1.1 ")


def test_keep_alive(isla, ns, addr):
    with traffic.HttpClient(ns, addr) as client:
        for i in range(200):
            target = (b"/", b"/1460.bin", b"/nothing", b"/empty.txt")[i % 4]
            response = client.request(b"GET " + target + b" HTTP/1.1\r\nHost: isla\r\n\r\n")
            assert response.status == (404 if target == b"/nothing" else 200)


def test_connection_close(isla, ns, addr):
    for token in (b"close", b"Close", b"foo, close"):
        with traffic.HttpClient(ns, addr) as client:
            response = client.request(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: " + token +
                                      b"\r\n\r\n")
            assert (response.status, response.body) == (200, INDEX)
            assert response.fields.get("connection", "").lower() == "close"
            assert client.at_end()


def test_http_1_0(isla, ns, addr):
    """HTTP/1.0: no Host needed, closed afterwards, kept with "keep-alive"."""
    with traffic.HttpClient(ns, addr) as client:
        assert client.request(b"GET / HTTP/1.0\r\n\r\n").body == INDEX
        assert client.at_end()
    with traffic.HttpClient(ns, addr) as client:
        request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        first = client.request(request)
        assert first.body == INDEX
        if first.fields.get("connection", "").lower() == "keep-alive":
            assert client.request(request).body == INDEX


def test_pipelining(isla, ns, addr):
    """A hundred requests in one go are answered in their order."""
    targets = [b"/", b"/1460.bin", b"/nothing", b"/sub/page.html"] * 25
    bodies = {b"/": INDEX, b"/1460.bin": traffic.pattern(1460), b"/sub/page.html": b"sub page\n"}
    with traffic.HttpClient(ns, addr) as client:
        client.send(b"".join(b"GET " + t + b" HTTP/1.1\r\nHost: isla\r\n\r\n" for t in targets))
        for target in targets:
            response = client.response()
            if target == b"/nothing":
                assert response.status == 404
            else:
                assert (response.status, response.body) == (200, bodies[target])


def test_pipelining_large(isla, ns, addr):
    """3 MB between two small answers."""
    with traffic.HttpClient(ns, addr) as client:
        client.send(b"".join(b"GET " + t + b" HTTP/1.1\r\nHost: a\r\n\r\n"
                             for t in (b"/", b"/noise.bin", b"/")))
        assert client.response().body == INDEX
        assert traffic.sha256(client.response().body) == traffic.sha256(traffic.pattern(3 << 20))
        assert client.response().body == INDEX


def test_request_in_pieces(isla, ns, addr):
    """One byte a segment."""
    request = b"GET /sub/page.html HTTP/1.1\r\nHost: isla\r\nX-Field: value\r\n\r\n"
    with traffic.HttpClient(ns, addr) as client:
        client.sock.setsockopt(6, 1, 1)
        for i in range(len(request)):
            client.send(request[i:i + 1])
            time.sleep(0.001)
        response = client.response()
        assert (response.status, response.body) == (200, b"sub page\n")


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_request_in_two(isla, ns, cut):
    request = b"GET /sub/page.html HTTP/1.1\r\nHost: isla\r\nX-Field: value\r\n\r\n"
    with traffic.HttpClient(ns, Link.STACK_V4) as client:
        client.sock.setsockopt(6, 1, 1)
        client.send(request[:cut])
        time.sleep(0.01)
        client.send(request[cut:])
        assert client.response().body == b"sub page\n"


def test_leading_empty_lines(isla, ns):
    """Empty lines before a request are passed over (RFC 9112, 2.2)."""
    response = raw_request(ns, Link.STACK_V4, b"\r\nGET / HTTP/1.1\r\nHost: isla\r\n\r\n")
    assert (response.status, response.body) == (200, INDEX)


def test_absolute_form(isla, ns):
    """A server must accept it (RFC 9112, 3.2.2)."""
    response = raw_request(ns, Link.STACK_V4,
                           b"GET http://isla/sub/page.html HTTP/1.1\r\nHost: isla\r\n\r\n")
    assert (response.status, response.body) == (200, b"sub page\n")


TRAVERSAL = (
    "/../secret.txt", "/..", "/../", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e%2f%2e%2e%2fetc/passwd", "/sub/../../etc/passwd",
    "/....//....//etc/passwd", "/..\\..\\etc\\passwd", "/%5c..%5c..%5cetc%5cpasswd",
    "//etc/passwd", "/%2fetc%2fpasswd", "/..%00/etc/passwd", "/..;/etc/passwd",
    "/%252e%252e/%252e%252e/etc/passwd", "/%c0%ae%c0%ae/etc/passwd", "/.hidden", "/%2ehidden",
    "/link-out.txt", "/dir-out/secret.txt", "/dir-out/", "/passwd.txt",
    "/sub/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/.../etc/passwd",
)


@pytest.mark.parametrize("target", TRAVERSAL)
def test_no_way_out(isla, ns, docroot, target):
    """Nothing from outside the docroot, and no hidden file, however the path is written."""
    for path in (target, target.replace("secret.txt", f"{docroot.name}-outside/secret.txt")):
        response = raw_request(ns, Link.STACK_V4,
                               f"GET {path} HTTP/1.1\r\nHost: isla\r\n\r\n".encode())
        assert b"root:" not in response.body
        assert SECRET not in response.body
        # A path that leads to the root itself may give the index; all else does not exist.
        assert response.status in (400, 403, 404) or response.body == INDEX, response


def test_browser_like_requests(isla, ns, addr):
    """The fields of a real browser, six connections at once."""
    request = (b"GET / HTTP/1.1\r\nHost: 192.168.1.2\r\nConnection: keep-alive\r\n"
               b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\n"
               b"Accept-Encoding: gzip, deflate\r\nAccept-Language: en-US,en;q=0.5\r\n"
               b"Upgrade-Insecure-Requests: 1\r\nCookie: a=b; c=d\r\n\r\n")
    clients = [traffic.HttpClient(ns, addr) for _ in range(6)]
    try:
        for _ in range(20):
            for client in clients:
                client.send(request)
            for client in clients:
                assert client.response().body == INDEX
    finally:
        traffic.close_all(client.sock for client in clients)


def test_curl_reuses_connections(isla, ns, addr):
    """curl with ten URLs makes one connection."""
    need_tool("curl")
    urls = [traffic.url(addr, "/" + name) for name in TYPES]
    out = ns.run(["curl", "-s", "-g", "-o", "/dev/null", "-w", "%{json}\n", *urls,
                  *(arg for _ in urls[1:] for arg in ("-o", "/dev/null"))])
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    assert [row["response_code"] for row in rows] == [200] * len(urls)
    assert sum(row["num_connects"] for row in rows) == 1

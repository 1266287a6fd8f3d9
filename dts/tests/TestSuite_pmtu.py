# SPDX-License-Identifier: BSD-3-Clause
"""A router with a smaller MTU behind isla0: RFC 1191, RFC 8201.

isla -- the suite's namespace, which forwards -- veth of 1300 bytes -- a client's namespace. The
client says that it takes full segments (advmss), so that only the router's errors can tell."""

import hashlib

import pytest

from framework import traffic
from framework.peer import Peer
from framework.topology import need_tool

MTU = 1300
SIZE = 3 * 1000 * 1000
ISLA_OPTIONS = list(Peer.GATEWAY)


def make_docroot(path):
    (path / "file.bin").write_bytes(traffic.pattern(SIZE, seed=9))


@pytest.fixture(scope="module")
def client(isla, ns):
    """The client's namespace, behind the router."""
    with Peer(ns, "pmtu", MTU) as far:
        far.route("advmss", 1460, families=["-4"])
        far.route("advmss", 1440, families=["-6"])
        yield far


def errors_sent(ns, addr):
    """ICMP errors that say 'too big' which the router has sent."""
    if ":" in addr:
        out = ns.run(["cat", "/proc/net/snmp6"]).stdout.split()
        return int(out[out.index("Icmp6OutPktTooBigs") + 1])
    names, values = [line.split() for line in ns.run(["cat", "/proc/net/snmp"]).stdout.splitlines()
                     if line.startswith("Icmp:")]
    return int(values[names.index("OutDestUnreachs")])


def test_download(ns, client, addr, tmp_path):
    need_tool("curl")
    before = errors_sent(ns, addr)
    out = tmp_path / "file.bin"
    for _ in range(3):
        client.run(["curl", "-s", "-g", "-f", "--max-time", "20", "-o", out,
                    traffic.url(addr, "/file.bin")], timeout=30)
        assert hashlib.sha256(out.read_bytes()).digest() == hashlib.sha256(
            traffic.pattern(SIZE, seed=9)).digest()
        out.unlink()
    # The second and third knew: all errors are of the first one's initial flight.
    assert 1 <= errors_sent(ns, addr) - before <= 40


RULES = """table inet silent {
  chain output {
    type filter hook output priority 0;
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}
"""


@pytest.fixture
def silence(ns):
    """The router says nothing."""
    need_tool("nft")
    if ns.run(["nft", "-f", "-"], input=RULES, check=False).returncode != 0:
        pytest.skip("the kernel has no nftables for inet")
    yield
    ns.run(["nft", "delete", "table", "inet", "silent"])


def test_silent_router(isla, ns, client, silence, addr, tmp_path):
    """RFC 4821: after some timeouts Isla tries smaller segments by itself. The client has another
    address than before, of which nothing is known yet."""
    need_tool("curl")
    v6 = ":" in addr
    source = "fd09::3" if v6 else "10.9.0.3"
    client.run(["ip", "addr", "add", source + ("/64" if v6 else "/24"), "dev", "far0",
                *(["nodad"] if v6 else [])])
    out = tmp_path / "file.bin"
    client.run(["curl", "-s", "-g", "-f", "--max-time", "25", "--interface", source, "-o", out,
                traffic.url(addr, "/file.bin")], timeout=30)
    assert out.read_bytes() == traffic.pattern(SIZE, seed=9)


def test_echo(client, addr):
    """Both directions: what comes back was cut by Isla."""
    data = traffic.pattern(1000000, seed=4)
    with traffic.tcp_connect(client, addr, 7) as sock:
        assert traffic.echo(sock, data) == data

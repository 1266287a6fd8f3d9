# SPDX-License-Identifier: BSD-3-Clause
"""Address resolution and echo: is it there, over both families, at every size of datagram?"""

import re
import socket

import pytest

from framework.topology import Link, need_tool

# Edges of Ethernet's padding and of the MTU, and samples between; 1452 is IPv6's largest.
SIZES_V4 = (0, 1, 2, 7, 8, 17, 18, 19, 55, 56, 63, 64, 65, 255, 256, 511, 777, 1000, 1023, 1024,
            1400, 1451, 1452, 1453, 1471, 1472)
SIZES_V6 = tuple(size for size in SIZES_V4 if size <= 1452)


def check_ping(ns, args, size, count=3):
    # Without -w it waits for the last answer as long as two earlier ones took, which is nothing; with
    # it another one may go out before the last answer is seen.
    out = ns.run(["ping", "-c", count, "-w", "5", "-i", "0.01", "-s", size, *args], check=False)
    said = re.search(r"transmitted, (\d+) received", out.stdout)
    assert said and int(said[1]) >= int(count), out.stdout + out.stderr
    # ping tells of data that came back changed, of duplicates and of bad checksums.
    assert not re.search(r"wrong data|DUP!|BAD CHECKSUM|Error|truncated", out.stdout), out.stdout


@pytest.mark.parametrize("size", SIZES_V4)
def test_ping_ipv4(isla, ns, size):
    check_ping(ns, ["-M", "do", Link.STACK_V4], size)


@pytest.mark.parametrize("size", SIZES_V6)
def test_ping_ipv6(isla, ns, size):
    check_ping(ns, ["-6", "-M", "do", Link.STACK_V6], size)


@pytest.mark.parametrize("size", (0, 56, 1452))
def test_ping_link_local(isla, ns, link, size):
    check_ping(ns, ["-6", f"{link.stack_ll}%{Link.INTERFACE}"], size)


def test_ping_pattern(isla, ns):
    for byte in ("00", "ff", "a5"):
        check_ping(ns, ["-p", byte, Link.STACK_V4], 1472)
        check_ping(ns, ["-6", "-p", byte, Link.STACK_V6], 1452)


@pytest.mark.parametrize("args", (["-4", Link.STACK_V4], ["-6", Link.STACK_V6]))
def test_ping_flood(isla, ns, args):
    """A thousand requests a second. A real flood would meet the limit of 10,000 a second."""
    out = ns.run(["ping", "-q", "-i", "0.001", "-c", "1000", *args], timeout=60).stdout
    assert " 1000 received" in out, out


def test_ping_all_nodes(isla, ns, link):
    """An echo request to all nodes may be answered (RFC 4443, 4.2): with a unicast source."""
    out = ns.run(["ping", "-6", "-c", "2", "-W", "2", "-i", "0.2", f"ff02::1%{Link.INTERFACE}"],
                 check=False).stdout
    sources = set(re.findall(r"from (fe80:[0-9a-f:]+|fd00:[0-9a-f:]+)", out))
    assert link.stack_ll in sources, out


def test_arping(isla, ns, link):
    need_tool("arping")
    out = ns.run(["arping", "-I", Link.INTERFACE, "-c", "3", "-w", "5", Link.STACK_V4]).stdout
    macs = set(mac.lower() for mac in re.findall(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}", out))
    assert macs == {link.stack_mac}, out


def test_arping_of_nobody(isla, ns):
    """An address that is not the stack's gets no answer from it."""
    need_tool("arping")
    out = ns.run(["arping", "-I", Link.INTERFACE, "-c", "1", "-w", "1", "192.168.1.99"],
                 check=False)
    assert out.returncode != 0, out.stdout


def test_ndisc(isla, ns, link):
    need_tool("ndisc6")
    for target in (Link.STACK_V6, link.stack_ll):
        out = ns.run(["ndisc6", "-q", target, Link.INTERFACE]).stdout
        assert out.strip().lower() == link.stack_mac, out


def test_mac_is_not_the_netdevs(isla, link):
    """With the kernel's own MAC the kernel would drop the stack's frames."""
    assert link.stack_mac != link.kernel_mac
    assert int(link.stack_mac[:2], 16) & 1 == 0


def test_resolves_again(isla, ns):
    """After the kernel forgot its neighbours all is learnt anew."""
    for _ in range(3):
        ns.run(["ip", "neigh", "flush", "dev", Link.INTERFACE])
        check_ping(ns, [Link.STACK_V4], 56, count=1)
        check_ping(ns, ["-6", Link.STACK_V6], 56, count=1)


def test_interface_flap(isla, ns, link):
    """The kernel's side goes down and comes up again: traffic resumes."""
    ns.run(["ip", "link", "set", Link.INTERFACE, "down"])
    ns.run(["ip", "link", "set", Link.INTERFACE, "up"])
    link.configure()
    check_ping(ns, [Link.STACK_V4], 56)
    check_ping(ns, ["-6", Link.STACK_V6], 56)


def test_unknown_protocol_is_refused(isla, ns):
    """ICMP "protocol unreachable" for a datagram of a protocol that nobody serves."""
    with ns.socket(socket.AF_INET, socket.SOCK_RAW, 253) as sock, \
            ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as icmp:
        icmp.settimeout(2)
        sock.sendto(b"x" * 32, (Link.STACK_V4, 0))
        packet = icmp.recv(2048)
        header = (packet[0] & 15) * 4
        assert packet[header:header + 2] == bytes([3, 2])

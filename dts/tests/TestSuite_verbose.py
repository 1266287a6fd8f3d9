# SPDX-License-Identifier: BSD-3-Clause
"""set verbose: a line for each frame, received, sent or both; bounded, and out of the way."""

import re

import pytest

from conftest import default_options
from framework import traffic
from framework.app_shell import AppShell, eal_options
from framework.topology import Link, wait_until

RECEIVED = re.compile(r"^\d\d:\d\d:\d\d\.\d{6} port 0/queue \d+: received src=", re.MULTILINE)
SENT = re.compile(r"^\d\d:\d\d:\d\d\.\d{6} port 0/queue \d+: sent src=", re.MULTILINE)


@pytest.fixture
def app(ns, link):
    shell = AppShell(ns, [*default_options(), "-i"], eal_options(huge=False))
    shell.start()
    link.configure()
    ns.run(["ping", "-c", "1", "-W", "3", Link.STACK_V4])
    yield shell
    shell.check_clean_end()


def seen(app, level, act):
    """What is printed with this level while something is done."""
    before = len(app.output)
    app.prompt(f"set verbose {level}")
    act()
    app.prompt("set verbose 0")
    return app.output[before:]


def test_both_directions_are_told(app, ns):
    def ping():
        for addr in (Link.STACK_V4, Link.STACK_V6):
            ns.run(["ping", "-c", "2", "-i", "0.2", "-W", "3", addr])

    text = seen(app, 1, ping)
    assert len(RECEIVED.findall(text)) >= 4 and not SENT.search(text), text
    assert re.search(r"type=0x0800 - length=98 - nb_segs=1 .*- IPv4 192\.168\.1\.1 > 192\.168\.1\.2 "
                     r"ICMP echo request id \d+ seq 2$", text, re.MULTILINE), text
    assert re.search(r"IPv6 fd00::1 > fd00::2 ICMPv6 echo request", text), text
    text = seen(app, 2, ping)
    assert len(SENT.findall(text)) >= 4 and not RECEIVED.search(text), text
    assert re.search(r"IPv4 192\.168\.1\.2 > 192\.168\.1\.1 ICMP echo reply", text), text
    text = seen(app, 3, ping)
    assert len(SENT.findall(text)) >= 4 and len(RECEIVED.findall(text)) >= 4, text
    before = len(app.output)
    ping()
    app.prompt("show neigh")
    assert not RECEIVED.search(app.output[before:]) and not SENT.search(app.output[before:])


def test_connections_on_every_shard(app, ns):
    def get():
        for _ in range(8):
            assert traffic.get(ns, Link.STACK_V4).status == 200

    text = seen(app, 3, get)
    assert len(re.findall(r"received .* > 192\.168\.1\.2:80 TCP \[S\w*\] seq", text)) == 8, text
    assert len(re.findall(r"sent .* IPv4 192\.168\.1\.2:80 > .* TCP \[S\.\w*\] seq", text)) == 8


def test_a_flood_is_cut_down(app, ns):
    """Thousands of lines a second at most; all answers come, and the rest is counted."""
    def flood():
        assert traffic.get(ns, Link.STACK_V4).status == 200
        sock = traffic.connect_many(ns, Link.STACK_V4, 7, 1)
        try:
            data = bytes(range(256)) * 40000
            assert traffic.echo(sock[0], data) == data
        finally:
            traffic.close_all(sock)

    text = seen(app, 3, flood)
    lost = sum(int(n) for n in re.findall(r"^(\d+) frames not printed", text, re.MULTILINE))
    assert lost > 1000, text[-2000:]
    assert "at most 2000 lines a second" in text


def test_a_port_made_anew_is_seen(app, ns, link):
    if Link.INNER in " ".join(app.eal):
        pytest.skip("the interface is no TAP")
    app.prompt("set verbose 3")
    ns.run(["ip", "link", "del", Link.INTERFACE])
    wait_until(lambda: "State: gone" in app.prompt("show port info 0"), 5, "it notices")
    app.prompt("port start 0")
    link.configure()
    before = len(app.output)
    ns.run(["ping", "-c", "2", "-W", "3", Link.STACK_V4])
    app.prompt("set verbose 0")
    assert "ICMP echo request" in app.output[before:] and "ICMP echo reply" in app.output[before:]
    app.prompt("set verbose 1")  # left on: the end of the program turns it off

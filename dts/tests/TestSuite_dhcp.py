# SPDX-License-Identifier: BSD-3-Clause
"""Addresses by DHCP, from real servers: dnsmasq, busybox's udhcpd and Kea. Each is started and stopped
here, inside the suite's own namespace, on the kernel's side of isla0."""

import contextlib
import json
import re
import socket
import subprocess
import time

import pytest

from framework import traffic
from framework.app_shell import PORT, AppShell, eal_base, eal_options, port_options, run_to_end
from framework.beside import beside
from framework.raw import ARP, Ether, IP, Raw, UDP
from framework.topology import Link, Namespace, make_veth, need_tool, wait_until

SERVER = "10.77.0.1"
MAC = "02:00:00:0d:c9:01"
FALLBACK = "192.168.1.2"
PAGE = b"<p>by DHCP</p>"
SIZE = 2000 * 1000


def make_docroot(path):
    (path / "index.html").write_bytes(PAGE)
    (path / "file.bin").write_bytes(traffic.pattern(SIZE, seed=9))


@pytest.fixture
def ns():
    with Namespace("dhcp") as namespace:
        yield namespace


class Server:
    """One server: start() and stop() as often as wanted. What it says is in its log."""

    def __init__(self, ns, path, dev=Link.INTERFACE, addr=SERVER, first=50, last=60, lease=3600):
        self.ns, self.path, self.dev, self.addr = ns, path, dev, addr
        self.net = addr.rsplit(".", 1)[0]
        self.first, self.last, self.lease = f"{self.net}.{first}", f"{self.net}.{last}", lease
        self.more = []
        self.proc = None
        path.mkdir(exist_ok=True)
        self.log_path = path / f"{type(self).__name__}-{addr}.log"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self):
        need_tool(self.TOOL)
        self.configure()
        with open(self.log_path, "ab") as log:
            self.proc = self.ns.popen(self.command(), stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL, env=self.environment())
        wait_until(self.listens, 10, f"{self.TOOL} listens\n{self.log}")
        assert self.proc.poll() is None, self.log
        return self

    def listens(self):
        return self.proc.poll() is not None or \
            ":67 " in self.ns.run(["ss", "-Hluwn"], check=False).stdout or "0.0.0.0:67" in \
            self.ns.run(["ss", "-Hlun"], check=False).stdout

    def stop(self):
        if self.proc is not None and self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait(timeout=10)
        self.proc = None

    def configure(self):
        pass

    def environment(self):
        return None


class Dnsmasq(Server):
    TOOL = "dnsmasq"

    def command(self):
        return ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--no-ping",
                f"--interface={self.dev}", "--bind-dynamic", "--log-dhcp", "--leasefile-ro"
                if self.path is None else f"--dhcp-leasefile={self.path / 'dnsmasq.leases'}",
                f"--dhcp-range={self.first},{self.last},255.255.255.0,{self.lease}", *self.more]


class Udhcpd(Server):
    TOOL = "udhcpd"

    def configure(self):
        leases = self.path / "udhcpd.leases"
        leases.touch()
        (self.path / "udhcpd.conf").write_text("\n".join([
            f"start {self.first}", f"end {self.last}", f"interface {self.dev}",
            f"lease_file {leases}", f"pidfile {self.path / 'udhcpd.pid'}", "auto_time 1",
            "min_lease 4", f"option lease {self.lease}", "option subnet 255.255.255.0",
            f"option router {self.addr}", f"option dns {self.addr}", *self.more]) + "\n")

    def command(self):
        return ["udhcpd", "-f", self.path / "udhcpd.conf"]


class Kea(Server):
    TOOL = "kea-dhcp4"

    def configure(self):
        conf = {
            "interfaces-config": {"interfaces": [self.dev]},
            "lease-database": {"type": "memfile", "persist": True,
                               "name": str(self.path / "kea.leases")},
            "valid-lifetime": self.lease, "min-valid-lifetime": self.lease,
            "max-valid-lifetime": self.lease, "renew-timer": self.lease // 10,
            "rebind-timer": self.lease * 3 // 4,
            "subnet4": [{"subnet": f"{self.net}.0/24",
                         "pools": [{"pool": f"{self.first} - {self.last}"}],
                         "option-data": [{"name": "routers", "data": self.addr},
                                         {"name": "domain-name-servers", "data": self.addr}]}],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO",
                         "output_options": [{"output": "stdout"}]}],
        }
        (self.path / "kea.json").write_text(json.dumps({"Dhcp4": conf}))

    def environment(self):
        return {"KEA_PIDFILE_DIR": str(self.path), "KEA_LOCKFILE_DIR": str(self.path),
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

    def command(self):
        return ["kea-dhcp4", "-c", self.path / "kea.json"]

    def listens(self):
        return self.proc.poll() is not None or "DHCP4_STARTED" in self.log


@contextlib.contextmanager
def case_fixtures(docroot, path):
    """A namespace for each case: what a server remembers must not meet the next one. Servers and
    applications are gone after it."""
    need_tool("ip", "curl")
    servers, apps = [], []

    with Namespace("dhcp") as namespace:
        def start(*options, eal=None, fallback="none", addr=SERVER):
            """The kernel's side has the server's address before the application asks twice."""
            more = options if eal else [*options, *port_options()]
            # Hugepages are for one at a time.
            app = AppShell(namespace, ["-i", "--dhcp", "--mac", MAC, "--docroot", docroot, "--service",
                                       "http:80", "--dhcp-fallback", fallback, *more],
                           eal=eal or eal_options(huge=False))
            apps.append(app)
            app.start()
            namespace.run(["ip", "link", "set", Link.INTERFACE, "up"])
            if addr is not None:
                namespace.run(["ip", "addr", "replace", f"{addr}/24", "dev", Link.INTERFACE])
            return app

        try:
            yield {"ns": namespace, "start": start, "servers": servers, "tmp_path": path,
                   "docroot": docroot}
        finally:
            for app in apps:
                app.kill()
            for server in servers:
                server.stop()


# On a veth the application has the other end.
LEASE = re.compile(r"isla: isla0p?: lease of ([0-9.]+)/24 from ([0-9.]+) for (\d+) s")


def leases(app):
    return LEASE.findall(app.output)


def wait_lease(app, nb=1, timeout=30):
    """The nb-th lease: address, server, seconds. Hurry: nobody needs to wait for the next DISCOVER."""
    if len(leases(app)) < nb:
        app.prompt("dhcp renew")
    wait_until(lambda: len(leases(app)) >= nb or not app.is_running(), timeout,
               f"lease number {nb}\n{app.output}")
    return leases(app)[nb - 1]


def get(ns, addr, path="/", timeout=5):
    return ns.run(["curl", "-s", "-f", "--max-time", timeout, traffic.url(addr, path)],
                  check=False, text=False, timeout=timeout + 5)


def serves(ns, addr):
    return get(ns, addr).stdout == PAGE


def shown(app, what):
    match = re.search(rf"^  {what} +(.*)$", app.prompt("dhcp show"), re.MULTILINE)
    return match[1] if match else None


@pytest.mark.parametrize("kind", [Dnsmasq, Udhcpd, Kea])
@beside
def test_lease(ns, start, servers, tmp_path, kind):
    app = start()
    server = kind(ns, tmp_path / "server")
    servers.append(server)
    server.start()
    addr, by, seconds = wait_lease(app)
    assert addr.startswith("10.77.0.") and 50 <= int(addr.split(".")[3]) <= 60
    assert by == SERVER and seconds == "3600"
    assert serves(ns, addr)
    assert "BOUND" in app.prompt("dhcp show")
    assert f"via {SERVER}" in shown(app, "route")
    app.prompt("dhcp renew")
    wait_until(lambda: "2 ACK" in app.prompt("dhcp show"), 10, "a renewal")
    assert serves(ns, addr)
    summary = app.check_clean_end()
    assert summary.counter("dhcpLeases") == 1
    assert summary.counter("dhcpRenewals") == 1
    assert "it was released" in app.output


@beside
def test_what_the_server_tells_and_is_told(ns, start, servers, tmp_path):
    app = start("--dhcp-hostname", "box-1", "--dhcp-vendor-class", "isla test",
                "--dhcp-client-id", "01:0d:c9:01")
    server = Dnsmasq(ns, tmp_path / "server")
    server.more = ["--dhcp-option=26,1400", "--domain=example.net", "--dhcp-option=6,10.77.0.9",
                   "--dhcp-option=121,0.0.0.0/0,10.77.0.1,192.0.2.0/24,10.77.0.9",
                   "--dhcp-option=119,a.example.net,b.example.net"]
    servers.append(server)
    server.start()
    wait_lease(app)
    shows = app.prompt("dhcp show")
    for line in ("mtu        1400", "dns        10.77.0.9", "domain     example.net",
                 "search     a.example.net b.example.net", "route      0.0.0.0/0 via 10.77.0.1",
                 "route      192.0.2.0/24 via 10.77.0.9"):
        assert line in shows, shows
    routes = app.prompt("show routes")
    assert re.search(r"192\.0\.2\.0/24 +10\.77\.0\.9", routes), routes
    assert "client provides name: box-1" in server.log
    assert "vendor class: isla test" in server.log
    assert re.search(r"01:0d:c9:01", (tmp_path / "server" / "dnsmasq.leases").read_text())
    app.check_clean_end()
    wait_until(lambda: "DHCPRELEASE(isla0)" in server.log, 5, "the RELEASE reaches the server")


@beside
def test_fallback_serves_until_a_lease_comes(ns, start, servers, tmp_path, docroot):
    app = start(fallback=FALLBACK + "/24")
    ns.run(["ip", "addr", "add", "192.168.1.1/24", "dev", Link.INTERFACE])
    assert not serves(ns, FALLBACK)
    wait_until(lambda: f"{FALLBACK}/24 serves meanwhile" in app.output, 10, "the fallback")
    assert serves(ns, FALLBACK)
    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as slow:
        # It never has room for all of the file.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        slow.settimeout(20)
        slow.connect((FALLBACK, 80))
        slow.sendall(b"GET /file.bin HTTP/1.0\r\n\r\n")
        assert slow.recv(1000).startswith(b"HTTP/1.")
        servers.append(Dnsmasq(ns, tmp_path / "server").start())
        addr = wait_lease(app)[0]
        assert serves(ns, addr)
        assert not serves(ns, FALLBACK)
        # Its end is told, not waited for.
        with pytest.raises(ConnectionResetError):
            while slow.recv(65536):
                pass
    assert f"{addr}/24" in app.prompt("show addrs")
    assert FALLBACK not in app.prompt("show addrs")
    app.check_clean_end()


@beside
def test_fallback_that_is_the_lease_goes_on(ns, start, servers, tmp_path, docroot):
    app = start(fallback="10.77.0.50/24")
    wait_until(lambda: "serves meanwhile" in app.output, 10, "the fallback")
    out = tmp_path / "whole"
    slow = ns.popen(["curl", "-s", "--limit-rate", "150k", "-o", out,
                     traffic.url("10.77.0.50", "/file.bin")])
    time.sleep(1)
    server = Dnsmasq(ns, tmp_path / "server")
    server.more = [f"--dhcp-host={MAC},10.77.0.50"]
    servers.append(server.start())
    assert wait_lease(app)[0] == "10.77.0.50"
    assert slow.wait(timeout=60) == 0
    assert out.read_bytes() == (docroot / "file.bin").read_bytes()
    app.check_clean_end()


@beside
def test_server_killed_in_mid_lease(ns, start, servers, tmp_path):
    app = start(fallback=FALLBACK + "/24")
    ns.run(["ip", "addr", "add", "192.168.1.1/24", "dev", Link.INTERFACE])
    server = Udhcpd(ns, tmp_path / "server", lease=12)
    servers.append(server.start())
    addr = wait_lease(app)[0]
    server.stop()
    killed = time.monotonic()
    assert serves(ns, addr)
    wait_until(lambda: "it was not renewed in time" in app.output, 20, "the end of the lease")
    assert time.monotonic() - killed < 13
    assert not serves(ns, addr)
    wait_until(lambda: "serves meanwhile" in app.output.partition("not renewed in time")[2], 15,
               "the fallback")
    assert serves(ns, FALLBACK)
    server.start()
    again = wait_lease(app, 2)[0]
    assert serves(ns, again)
    assert not serves(ns, FALLBACK)
    app.check_clean_end()


@beside
def test_short_lease_under_a_download(ns, start, servers, tmp_path, docroot):
    """A client that reads a little at a time, and the rest once 20 renewals have passed by."""
    app = start()
    servers.append(Kea(ns, tmp_path / "server", lease=10).start())
    addr = wait_lease(app)[0]

    def nb_renewals():
        return int(re.search(r"(\d+) ACK", app.prompt("dhcp show"))[1]) - 1

    want, got = (docroot / "file.bin").read_bytes(), b""
    before = nb_renewals()
    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect((addr, 80))
        sock.sendall(b"GET /file.bin HTTP/1.0\r\n\r\n")
        deadline = time.monotonic() + 120
        while nb_renewals() - before < 20:
            assert time.monotonic() < deadline, app.prompt("dhcp show")
            if len(got) < SIZE // 2:
                got += sock.recv(10000)
            time.sleep(0.5)
        while chunk := sock.recv(65536):
            got += chunk
    assert got.partition(b"\r\n\r\n")[2] == want
    assert len(leases(app)) == 1 and "is over" not in app.output
    assert app.check_clean_end().counter("tcpOutRsts") == 0


@beside
def test_two_servers(ns, start, servers, tmp_path):
    """The other one is behind a bridge, in a namespace of its own; the first offer is taken, and when
    its server dies the other one helps out."""
    app = start(addr=None)
    with Namespace("dhcp2") as other:
        if ns.run(["ip", "link", "add", "br0", "type", "bridge"], check=False).returncode != 0:
            pytest.skip("the kernel has no bridges")
        ns.run(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
                other.name])
        for dev in (Link.INTERFACE, "v0"):
            ns.run(["ip", "link", "set", dev, "master", "br0"])
        for dev in (Link.INTERFACE, "v0", "br0"):
            ns.run(["ip", "link", "set", dev, "up"])
        other.run(["ip", "link", "set", "v1", "up"])
        ns.run(["ip", "addr", "add", "10.77.0.1/24", "dev", "br0"])
        other.run(["ip", "addr", "add", "10.77.0.2/24", "dev", "v1"])
        first = Udhcpd(ns, tmp_path / "first", dev="br0", lease=10)
        second = Udhcpd(other, tmp_path / "second", dev="v1", addr="10.77.0.2", first=150,
                        last=160, lease=10)
        servers += [first.start(), second.start()]
        addr, by, _ = wait_lease(app)
        assert by in ("10.77.0.1", "10.77.0.2")
        assert serves(ns, addr)
        (first if by == "10.77.0.1" else second).stop()
        again, helper, _ = wait_lease(app, 2, timeout=40)
        assert helper != by and again != addr
        assert serves(ns, again)
        app.check_clean_end()


@beside
def test_empty_pool(ns, start, servers, tmp_path):
    app = start(fallback=FALLBACK + "/24")
    ns.run(["ip", "addr", "add", "192.168.1.1/24", "dev", Link.INTERFACE])
    server = Dnsmasq(ns, tmp_path / "server", first=50, last=50)
    taken = tmp_path / "server" / "dnsmasq.leases"
    taken.write_text(f"{int(time.time()) + 3600} 02:00:00:00:99:99 10.77.0.50 * *\n")
    servers.append(server.start())
    app.prompt("dhcp renew")
    wait_until(lambda: "no address available" in server.log, 20, "the server has none")
    wait_until(lambda: "serves meanwhile" in app.output, 15, "the fallback")
    assert serves(ns, FALLBACK)
    server.stop()
    taken.write_text("")
    server.start()
    assert wait_lease(app)[0] == "10.77.0.50"
    app.check_clean_end()


def lease_file(path, addr):
    path.write_text("\n".join([f"interface {MAC}", f"address {addr}/24", f"server {SERVER}",
                               f"since {int(time.time() * 1e6)}", "lease 3600 0 0", "end"]) + "\n")
    return path


@beside
def test_nak_of_a_lease_from_elsewhere(ns, start, servers, tmp_path):
    kept = lease_file(tmp_path / "leases", "172.16.9.9")
    app = start("--dhcp-lease-file", kept)
    server = Dnsmasq(ns, tmp_path / "server")
    server.more = ["--dhcp-authoritative"]
    servers.append(server.start())
    addr = wait_lease(app, timeout=40)[0]
    assert addr.startswith("10.77.0.")
    assert "DHCPNAK" in server.log
    assert "172.16.9.9" not in app.prompt("show addrs")
    assert app.check_clean_end().counter("dhcpNaks") == 1


@beside
def test_lease_file(ns, start, servers, tmp_path):
    kept = tmp_path / "leases"
    app = start("--dhcp-lease-file", kept)
    server = Dnsmasq(ns, tmp_path / "server")
    servers.append(server.start())
    addr = wait_lease(app)[0]
    wait_until(lambda: f"address {addr}/24" in kept.read_text(), 5, "the lease is in the file")
    app.kill()
    seen = len(server.log)
    again = start("--dhcp-lease-file", kept)
    # The interface is another one; the server hears of it by itself.
    assert wait_lease(again, timeout=60)[0] == addr
    assert "DHCPDISCOVER" not in server.log[seen:]
    assert "DHCPREQUEST" in server.log[seen:]
    again.check_clean_end()
    # Given back, its address remains a wish.
    assert "lease 0 " in kept.read_text()
    assert sorted(p.name for p in tmp_path.glob("leases*")) == ["leases"]


@beside
def test_lease_file_is_used_where_no_server_answers(ns, start, tmp_path):
    app = start("--dhcp-lease-file", lease_file(tmp_path / "leases", "10.77.0.99"))
    addr = wait_lease(app, timeout=60)[0]
    assert addr == "10.77.0.99"
    assert serves(ns, addr)
    app.check_clean_end()


@pytest.mark.parametrize("path, word", [("/nowhere/leases", "No such file"), ("/tmp", "not a file"),
                                        ("/etc/passwd", "belong to no lease file")])
def test_lease_file_that_cannot_be(ns, path, word):
    before = subprocess.run(["sha256sum", "/etc/passwd"], capture_output=True, check=True).stdout
    result = run_to_end(ns, ["--dhcp", "--dhcp-lease-file", path])
    assert result.returncode == 1
    lines = (result.stdout + result.stderr).strip().splitlines()
    assert len(lines) == 1 and f"--dhcp-lease-file {path}" in lines[0] and word in lines[0], lines
    assert subprocess.run(["sha256sum", "/etc/passwd"], capture_output=True,
                          check=True).stdout == before


def test_no_port_is_left(ns):
    if PORT == "af_packet":
        make_veth(ns)
    result = run_to_end(ns, ["--dhcp", "--ip", "192.168.1.2/24"])
    assert result.returncode == 1
    assert "--dhcp: every port that is used has an IPv4 address of --ip" in \
        result.stdout + result.stderr


@beside
def test_conflict_before_use(ns, start, servers, tmp_path):
    app = start()
    # The kernel has it, and says so when it is asked.
    ns.run(["ip", "addr", "add", "10.77.0.50/32", "dev", Link.INTERFACE])
    server = Dnsmasq(ns, tmp_path / "server")
    server.more = [f"--dhcp-host={MAC},10.77.0.50"]
    servers.append(server.start())
    addr = wait_lease(app, timeout=60)[0]
    assert addr != "10.77.0.50"
    assert "DHCPDECLINE(isla0) 10.77.0.50" in server.log
    assert serves(ns, addr)
    assert app.check_clean_end().counter("dhcpDeclines") == 1


def send_arp(ns, mac, addr, dev=Link.INTERFACE):
    with ns.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        with ns.entered():
            sock.bind((dev, 0))
        sock.send(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") /
                        ARP(op=1, hwsrc=mac, psrc=addr, pdst=addr)))


@beside
def test_conflict_in_use(ns, start, servers, tmp_path):
    app = start()
    server = Dnsmasq(ns, tmp_path / "server")
    servers.append(server.start())
    addr = wait_lease(app)[0]
    send_arp(ns, "02:00:00:00:66:66", addr)
    time.sleep(0.5)
    assert serves(ns, addr)
    send_arp(ns, "02:00:00:00:66:66", addr)
    wait_until(lambda: "another host uses the address" in app.output, 5, "it is given up")
    assert not serves(ns, addr)
    wait_until(lambda: f"DHCPDECLINE(isla0) {addr}" in server.log, 5, "the DECLINE")
    other = wait_lease(app, 2, timeout=40)[0]
    assert serves(ns, other)
    summary = app.check_clean_end()
    assert summary.counter("arpConflicts") == 1 and summary.counter("arpDefences") == 1


@beside
def test_release_and_renew_by_command(ns, start, servers, tmp_path):
    app = start()
    server = Dnsmasq(ns, tmp_path / "server")
    servers.append(server.start())
    addr = wait_lease(app)[0]
    app.prompt("dhcp release 0")
    wait_until(lambda: "it was released" in app.output, 5, "the release")
    assert not serves(ns, addr)
    assert "STOPPED" in app.prompt("dhcp show 0")
    wait_until(lambda: "DHCPRELEASE" in server.log, 5, "the RELEASE")
    wait_lease(app, 2)
    assert "give 0 to" in app.prompt("dhcp show 7") or "port" in app.prompt("dhcp show 7")
    app.check_clean_end()


@beside
def test_link_that_comes_back(ns, start, servers, tmp_path):
    """The lease is verified, and a connection outlives it; on another network the address goes.
    (net_af_packet knows of no link.)"""
    app = start(eal=[*eal_base(huge=False), f"--vdev=net_tap0,iface={Link.INTERFACE}"])
    server = Dnsmasq(ns, tmp_path / "server")
    server.more = ["--dhcp-authoritative"]
    servers.append(server.start())
    addr = wait_lease(app)[0]

    def again(act):
        seen = len(server.log)
        act()
        wait_until(lambda: f"DHCPREQUEST(isla0) {addr}" in server.log[seen:], 15, "a REQUEST")

    def link_away():
        ns.run(["ip", "link", "set", Link.INTERFACE, "down"])
        wait_until(lambda: "link down" in app.output, 5, "the link is seen to be down")
        ns.run(["ip", "link", "set", Link.INTERFACE, "up"])

    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(20)
        sock.connect((addr, 80))
        # net_af_packet does not tell of its link.
        if PORT != "af_packet":
            again(link_away)
        again(lambda: (app.prompt("port stop 0"), app.prompt("port start 0")))
        ns.run(["ip", "link", "set", Link.INTERFACE, "up"])
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.")
    assert len(leases(app)) == 1 and "is over" not in app.output
    server.stop()
    elsewhere = Dnsmasq(ns, tmp_path / "elsewhere", addr="10.78.0.1")
    elsewhere.more = ["--dhcp-authoritative"]
    ns.run(["ip", "addr", "flush", "dev", Link.INTERFACE])
    ns.run(["ip", "addr", "add", "10.78.0.1/24", "dev", Link.INTERFACE])
    servers.append(elsewhere.start())
    app.prompt("port stop 0")
    app.prompt("port start 0")
    assert wait_lease(app, 2)[0].startswith("10.78.0.")
    assert "the server refused it" in app.output
    app.check_clean_end()


@beside
def test_two_shards(ns, start, servers, tmp_path):
    eal = [*eal_base(huge=False, lcores=2), f"--vdev=net_tap0,iface={Link.INTERFACE}"]
    app = start(eal=eal)
    servers.append(Dnsmasq(ns, tmp_path / "server").start())
    addr = wait_lease(app)[0]
    # From many ports, so that both shards are asked.
    for _ in range(20):
        assert serves(ns, addr)
    app.prompt("dhcp release")
    wait_until(lambda: "it was released" in app.output, 5, "the release")
    for _ in range(5):
        assert not get(ns, addr, timeout=1).stdout
    app.check_clean_end()


def bootp(xid, kind, options=b"", chaddr=None, op=2):
    head = bytes([op, 1, 6, 0]) + xid.to_bytes(4, "big") + bytes(8)
    head += socket.inet_aton("10.77.0.66") + bytes(8)
    head += bytes.fromhex((chaddr or MAC).replace(":", "")) + bytes(10 + 192)
    return head + bytes([99, 130, 83, 99, 53, 1, kind]) + options


@beside
def test_hostile_replies(ns, start, servers, tmp_path):
    """What does not fit what was asked is counted, and changes nothing."""
    app = start()
    good = bytes([54, 4, 10, 77, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0])
    messages = [bootp(n, kind, good + b"\xff") for n in range(10) for kind in (2, 5, 6)]
    messages += [bootp(1, 2, good), bootp(1, 2, good + bytes([200, 250, 1])), b"", b"\x02" * 239,
                 bootp(1, 2, good + b"\xff", chaddr="02:00:00:00:66:66"),
                 bootp(1, 2, good + b"\xff", op=1), b"\xff" * 1400]
    wait_until(lambda: "SELECTING" in app.prompt("dhcp show"), 5, "it looks for servers")
    with ns.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        with ns.entered():
            sock.bind((Link.INTERFACE, 0))
        for message in messages:
            sock.send(bytes(Ether(src="02:00:00:00:66:66", dst="ff:ff:ff:ff:ff:ff") /
                            IP(src=SERVER, dst="255.255.255.255") /
                            UDP(sport=67, dport=68) / Raw(message)))
    wait_until(lambda: f"{len(messages)} ignored" in app.prompt("dhcp show"), 10, "all are counted")
    assert "SELECTING" in app.prompt("dhcp show")
    servers.append(Dnsmasq(ns, tmp_path / "server").start())
    assert serves(ns, wait_lease(app)[0])
    summary = app.check_clean_end()
    assert summary.drop("DHCP_FORMAT") == 5
    assert summary.drop("DHCP_NOT_OURS") == len(messages) - 5


@beside
def test_two_ports(ns, start, servers, tmp_path):
    """Each port has a client of its own; one with an address of --ip has none."""
    eal = [*eal_base(huge=False), f"--vdev=net_tap0,iface={Link.INTERFACE}", "--vdev=net_tap1,iface=isla1",
           "--vdev=net_tap2,iface=isla2"]
    app = start("--ip", "192.168.9.2/24@1", eal=eal)
    assert re.search(r"isla: ready: isla0 DHCP .* isla1 192\.168\.9\.2/24 .* isla2 DHCP",
                     app.output), app.output
    # An address that was given by hand is kept, and defended once in ten seconds.
    ns.run(["ip", "link", "set", "isla1", "up"])
    for _ in range(3):
        send_arp(ns, "02:00:00:00:66:66", "192.168.9.2", "isla1")
    wait_until(lambda: "02:00:00:00:66:66 uses 192.168.9.2 as well" in app.output, 10, "a line")
    assert "192.168.9.2/24" in app.prompt("show addrs")
    ns.run(["ip", "link", "set", "isla2", "up"])
    ns.run(["ip", "addr", "add", "10.78.0.1/24", "dev", "isla2"])
    servers.append(Udhcpd(ns, tmp_path / "second", dev="isla2", addr="10.78.0.1").start())
    app.prompt("dhcp renew 2")
    wait_until(lambda: "isla: isla2: lease of 10.78.0." in app.output, 30, "the second's lease")
    assert not leases(app)
    servers.append(Udhcpd(ns, tmp_path / "first").start())
    addr = wait_lease(app)[0]
    assert serves(ns, addr)
    assert "port 1 has no DHCP client" in app.prompt("dhcp show 1")
    for port, net in ((0, "10.77.0."), (2, "10.78.0.")):
        assert net in app.prompt(f"dhcp show {port}")
    summary = app.check_clean_end()
    assert app.output.count("it was released") == 2
    assert summary.counter("arpConflicts") == 3 and summary.counter("arpDefences") == 1

# SPDX-License-Identifier: BSD-3-Clause
"""Name servers in a namespace: dnsmasq, unbound and knot with one and the same zone, and one in
Python that does to a question whatever a test says."""

import contextlib
import pathlib
import socket
import subprocess
import threading

from scapy.layers.dns import DNS, DNSQR

from .topology import Link, need_tool, wait_until

BIG = [f"10.1.{i // 256}.{i % 256}" for i in range(150)]

ZONE = f"""$ORIGIN test.
@ 300 SOA ns root 1 3600 900 86400 30
@ 300 NS ns
ns 300 A {Link.KERNEL_V4}
h 300 A 192.0.2.7
h 300 AAAA 2001:db8::7
alias 300 CNAME middle
middle 300 CNAME h
circle 300 CNAME elcric
elcric 300 CNAME circle
mail 300 MX 10 h
_s._tcp 300 SRV 5 6 8080 h
txt 300 TXT "hello" "world"
www.corp 300 A 192.0.2.8
site 300 A {Link.KERNEL_V4}
site 300 AAAA {Link.KERNEL_V6}
""" + "".join(f"big 300 A {addr}\n" for addr in BIG)

REVERSE = """$ORIGIN 2.0.192.in-addr.arpa.
@ 300 SOA ns.test. root.test. 1 3600 900 86400 30
@ 300 NS ns.test.
7 300 PTR h.test.
"""


def records():
    """The zone's records but SOA and NS: (name, type, data), names in full."""
    for line in ZONE.splitlines()[3:]:
        name, _, kind, data = line.split(" ", 3)
        yield f"{name}.test.", kind, data


def full(name):
    return f"{name}.test."


class Server:
    """One name server's process. As a context it runs; its directory goes with the test."""

    PORT = 53

    def __init__(self, ns, directory):
        self.ns = ns
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.proc = None

    def argv(self):
        raise NotImplementedError

    def listens(self):
        out = self.ns.run(["ss", "-Hlun"]).stdout
        return f"{Link.KERNEL_V4}:{self.PORT}" in out and f"[{Link.KERNEL_V6}]:{self.PORT}" in out

    def __enter__(self):
        argv = self.argv()
        need_tool(argv[0])
        with open(self.dir / "log", "w", encoding="utf-8") as log:
            self.proc = self.ns.popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.listens() or self.proc.poll() is not None, 15, f"{argv[0]} listens")
        if self.proc.poll() is not None:
            raise AssertionError((self.dir / "log").read_text(encoding="utf-8"))
        return self

    def __exit__(self, *exc):
        self.proc.terminate()
        try:
            self.proc.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait(timeout=10)


class Dnsmasq(Server):
    def argv(self):
        hosts = self.dir / "hosts"
        lines, options = [], []
        for name, kind, data in records():
            name = name.rstrip(".")
            if kind in ("A", "AAAA"):
                lines.append(f"{data} {name}\n")
            elif kind == "CNAME":
                options.append(f"--cname={name},{data}.test")
            elif kind == "MX":
                options.append(f"--mx-host={name},{data.split()[1]}.test,{data.split()[0]}")
            elif kind == "SRV":
                priority, weight, port, host = data.split()
                options.append(f"--srv-host={name},{host}.test,{port},{priority},{weight}")
            elif kind == "TXT":
                options.append(f"--txt-record={name}," + data.replace('"', "").replace(" ", ","))
        hosts.write_text("".join(lines), encoding="utf-8")
        # It refuses a circle of aliases.
        options = [option for option in options if "circle" not in option]
        return ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--user=root", "--pid-file=", "--local-ttl=300", f"--addn-hosts={hosts}",
                f"--port={self.PORT}", f"--listen-address={Link.KERNEL_V4}",
                f"--listen-address={Link.KERNEL_V6}", "--bind-interfaces", "--local=/test/",
                *options]


class Unbound(Server):
    def argv(self):
        conf = self.dir / "unbound.conf"
        lines = ['server:', ' username: ""', ' chroot: ""', f' directory: "{self.dir}"',
                 ' pidfile: ""', " use-syslog: no", " do-daemonize: no", f" port: {self.PORT}",
                 f" interface: {Link.KERNEL_V4}", f" interface: {Link.KERNEL_V6}",
                 " access-control: 0.0.0.0/0 allow", " access-control: ::/0 allow",
                 ' module-config: "iterator"', ' local-zone: "test." static',
                 ' local-data: "test. 300 SOA ns.test. root.test. 1 3600 900 86400 30"',
                 ' local-data-ptr: "192.0.2.7 300 h.test."']
        for name, kind, data in records():
            words = data.split()
            if kind in ("CNAME", "MX", "SRV"):
                words[-1] = full(words[-1])
            lines.append(f" local-data: '{name} 300 {kind} {' '.join(words)}'")
        conf.write_text("\n".join(lines) + "\nremote-control:\n control-enable: no\n",
                        encoding="utf-8")
        return ["unbound", "-d", "-c", str(conf)]


class Knot(Server):
    def argv(self):
        conf = self.dir / "knot.conf"
        (self.dir / "test.zone").write_text(ZONE, encoding="utf-8")
        (self.dir / "reverse.zone").write_text(REVERSE, encoding="utf-8")
        conf.write_text(
            f"server:\n  rundir: {self.dir}\n  listen: {Link.KERNEL_V4}@{self.PORT}\n"
            f"  listen: {Link.KERNEL_V6}@{self.PORT}\ndatabase:\n  storage: {self.dir}\n"
            f"log:\n  - target: stderr\n    any: warning\n"
            f"template:\n  - id: default\n    storage: {self.dir}\n    zonefile-sync: -1\n"
            "    journal-content: none\n"
            "zone:\n  - domain: test\n    file: test.zone\n"
            "  - domain: 2.0.192.in-addr.arpa\n    file: reverse.zone\n", encoding="utf-8")
        return ["knotd", "-c", str(conf)]

    def listens(self):
        # It listens before it has read its zones.
        return super().listens() and self.answers()

    def answers(self):
        query = bytes(DNS(id=7, rd=1, qd=DNSQR(qname="h.test")))
        sock = self.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.closing(sock), self.ns.entered():
            sock.settimeout(0.5)
            try:
                sock.sendto(query, (Link.KERNEL_V4, self.PORT))
                return DNS(sock.recv(2000)).ancount > 0
            except OSError:
                return False


class Scripted:
    """A name server of a test's own.

    act(server, query, over_tcp) gets the question as bytes, and returns the answer, or a list of
    them, or None. What it has been asked stands in `asked`: (over_tcp, DNS)."""

    def __init__(self, ns, port, act, tcp=True):
        self.ns, self.port, self.act = ns, port, act
        self.asked = []
        self._stop = threading.Event()
        self._threads = []
        self._socks = []
        self.udp = self._socket(socket.SOCK_DGRAM)
        # Somebody else on the same host.
        self.other = ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socks.append(self.other)
        if tcp:
            self.tcp = self._socket(socket.SOCK_STREAM)
            self.tcp.listen(16)
        self.has_tcp = tcp

    def _socket(self, kind):
        sock = self.ns.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((Link.KERNEL_V4, self.port))
        sock.settimeout(0.1)
        self._socks.append(sock)
        return sock

    @property
    def option(self):
        return ["--dns", f"{Link.KERNEL_V4}:{self.port}"]

    def _answers(self, data, over_tcp):
        self.asked.append((over_tcp, DNS(data)))
        answer = self.act(self, data, over_tcp)
        if answer is None:
            return []
        return answer if isinstance(answer, list) else [answer]

    def _serve_udp(self):
        while not self._stop.is_set():
            try:
                data, self.peer = self.udp.recvfrom(4096)
                for answer in self._answers(data, False):
                    self.udp.sendto(bytes(answer), self.peer)
            except OSError:
                continue

    def _serve_conn(self, conn):
        with contextlib.closing(conn), contextlib.suppress(OSError):
            conn.settimeout(5)
            while not self._stop.is_set():
                head = conn.recv(2, socket.MSG_WAITALL)
                if len(head) < 2:
                    return
                data = conn.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                answers = self._answers(data, True)
                if not answers:
                    return
                for answer in answers:
                    conn.sendall(len(bytes(answer)).to_bytes(2, "big") + bytes(answer))

    def _serve_tcp(self):
        while not self._stop.is_set():
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                continue
            thread = threading.Thread(target=self._serve_conn, args=(conn,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def __enter__(self):
        for target in [self._serve_udp] + [self._serve_tcp] * self.has_tcp:
            thread = threading.Thread(target=target, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *exc):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)
        for sock in self._socks:
            sock.close()

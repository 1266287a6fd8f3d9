# SPDX-License-Identifier: BSD-3-Clause
"""A network namespace of our own, in which everything happens.

The application runs inside it, so its interface isla0 appears there and nowhere else; clients and
captures run inside it too. Nothing outside is touched, and removing the namespace removes all.
"""

import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count(1)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def need_tool(*names):
    """Skip the test where one of the programs is missing."""
    import pytest

    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip("not installed: " + ", ".join(missing))


def wait_until(predicate, timeout, what):
    """Poll until predicate() is true; fail with a clear message after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)


class Namespace:
    """One network namespace and the processes that were started in it."""

    _all = set()
    _is_over = False

    def __init__(self, label):
        self.name = f"isla-{label}-{os.getpid()}-{next(_serial)}"
        self._processes = []

    @classmethod
    def remove_all(cls):
        """The end of everything: threads that use some find them gone, and make no others."""
        cls._is_over = True
        for namespace in list(cls._all):
            namespace.remove()

    def create(self):
        if self._is_over:
            raise KeyboardInterrupt
        self._all.add(self)
        subprocess.run(["ip", "netns", "add", self.name], check=True, timeout=10)
        self.run(["ip", "link", "set", "lo", "up"])
        # Addresses must be usable at once, and a test must see only its own traffic.
        for key, value in (("ipv6.conf.default.accept_dad", 0),
                           ("ipv6.conf.default.router_solicitations", 0),
                           ("ipv4.tcp_syn_retries", 3),
                           ("ipv4.ip_local_port_range", "10000 65000"),
                           ("ipv4.tcp_tw_reuse", 1)):
            path = "/proc/sys/net/" + key.replace(".", "/")
            self.run(["sh", "-c", f"echo {value} >{path}"])
        return self

    def remove(self):
        """End what still runs, then remove the namespace. Only what was started here is ended."""
        for proc in self._processes:
            if proc.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    proc.send_signal(signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    proc.wait(timeout=5)
        self._processes.clear()
        subprocess.run(["ip", "netns", "del", self.name], check=False, timeout=30,
                       stderr=subprocess.DEVNULL)
        self._all.discard(self)

    def __enter__(self):
        try:
            return self.create()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *exc):
        self.remove()

    def argv(self, argv):
        # Whoever is to run on a veth has one.
        if any(f"iface={Link.INNER}," in f"{arg}," for arg in argv):
            make_veth(self)
        # `ip netns exec` becomes the program: the process id is the program's own.
        return ["ip", "netns", "exec", self.name, *[str(arg) for arg in argv]]

    def run(self, argv, timeout=30, check=True, text=True, **kwargs):
        """Run a command to its end inside the namespace."""
        result = subprocess.run(self.argv(argv), timeout=timeout, text=text,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                **kwargs)
        if check and result.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit code {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        return result

    def popen(self, argv, **kwargs):
        """Start a process inside the namespace; it is ended with it at the latest."""
        # Should this process be killed, then what it started must not go on for ever.
        proc = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.argv(argv)], **kwargs)
        self._processes.append(proc)
        return proc

    @contextlib.contextmanager
    def entered(self):
        """This thread is inside the namespace: sockets that are made here stay there."""
        with contextlib.ExitStack() as stack:
            old = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, old)
            new = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, new)
            _setns(new)
            try:
                yield self
            finally:
                _setns(old)

    def socket(self, family, kind, proto=0):
        with self.entered():
            return socket.socket(family, kind, proto)


def make_veth(ns, tx="off", queues=1):
    """A pair of interfaces, if there is none yet; tx="on": the kernel leaves checksums blank."""
    if ns.run(["ip", "link", "show", Link.INNER], check=False).returncode == 0:
        return
    many = ["numrxqueues", queues, "numtxqueues", queues] if queues > 1 else []
    ns.run(["ip", "link", "add", Link.INTERFACE, *many, "type", "veth", "peer", "name",
            Link.INNER, *many])
    # The kernel has nothing to say on the application's end.
    ns.run(["sh", "-c", f"echo 1 >/proc/sys/net/ipv6/conf/{Link.INNER}/disable_ipv6"])
    ns.run(["ethtool", "-K", Link.INTERFACE, "tx", tx])
    for dev in (Link.INTERFACE, Link.INNER):
        ns.run(["ip", "link", "set", dev, "up"])


class Link:
    """The kernel's side of the application's interface."""

    INTERFACE = "isla0"
    INNER = "isla0p"  # where that is one end of a veth: the other, on which the application is
    KERNEL_V4 = "192.168.1.1"
    KERNEL_V6 = "fd00::1"
    STACK_V4 = "192.168.1.2"
    STACK_V6 = "fd00::2"
    STACK_ADDRS = ("192.168.1.2/24", "fd00::2/64")

    def __init__(self, ns):
        self.ns = ns
        self._stack_ll = None
        self._stack_mac = None

    def configure(self):
        """Addresses on the kernel's side; the application may have set the first one itself."""
        dev = self.INTERFACE
        self.ns.run(["ip", "link", "set", dev, "up"])
        self.ns.run(["ip", "addr", "replace", f"{self.KERNEL_V4}/24", "dev", dev])
        self.ns.run(["ip", "-6", "addr", "replace", f"{self.KERNEL_V6}/64", "dev", dev, "nodad"])
        wait_until(lambda: "fe80::" in self.ns.run(
            ["ip", "-6", "addr", "show", "dev", dev, "scope", "link", "-tentative"]).stdout,
            5, "a link-local address on the kernel's side")

    @property
    def kernel_mac(self):
        out = self.ns.run(["ip", "-br", "link", "show", "dev", self.INTERFACE]).stdout
        return out.split()[2]

    @property
    def kernel_ll(self):
        out = self.ns.run(["ip", "-6", "-o", "addr", "show", "dev", self.INTERFACE,
                           "scope", "link"]).stdout
        return out.split()[3].split("/")[0]

    @property
    def stack_mac(self):
        """The stack's MAC address, as the kernel learns it by ARP."""
        if self._stack_mac is None:
            self.ns.run(["ping", "-c", "1", "-W", "2", self.STACK_V4])
            out = self.ns.run(["ip", "neigh", "show", self.STACK_V4,
                               "dev", self.INTERFACE]).stdout.split()
            self._stack_mac = out[out.index("lladdr") + 1]
        return self._stack_mac

    @property
    def stack_ll(self):
        """The stack's link-local address: the EUI-64 of its MAC (RFC 4291, appendix A)."""
        if self._stack_ll is None:
            mac = [int(byte, 16) for byte in self.stack_mac.split(":")]
            eui = [mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, *mac[3:]]
            raw = bytes([0xfe, 0x80, 0, 0, 0, 0, 0, 0, *eui])
            self._stack_ll = socket.inet_ntop(socket.AF_INET6, raw)
        return self._stack_ll

    def drops(self):
        """Frames that the kernel dropped on the interface: (to the stack, from the stack)."""
        base = f"/sys/class/net/{self.INTERFACE}/statistics/"
        out = self.ns.run(["cat", base + "tx_dropped", base + "rx_dropped"]).stdout.split()
        return int(out[0]), int(out[1])

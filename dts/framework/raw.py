# SPDX-License-Identifier: BSD-3-Clause
"""A host made of frames: addresses that the kernel does not have, so that it stays out of it.

RawHost has its own MAC and IP addresses on isla0, answers address resolution for them in a thread,
and otherwise does only what a test tells it to. Scapy makes and reads the frames; the socket is a
plain packet socket that was opened inside the namespace.
"""

import contextlib
import logging
import queue
import socket
import threading
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

from scapy.config import conf  # noqa: E402

conf.ipv6_enabled = True

from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,  # noqa: E402
                                ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.layers.l2 import ARP, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

from .topology import Link  # noqa: E402

ETH_P_ALL = 0x0003
SO_ATTACH_FILTER = 26

__all__ = ["ARP", "Ether", "ICMP", "IP", "IPv6", "RawHost", "RawTcp", "Raw", "TCP", "UDP"]


class RawHost:
    """One such host, 192.168.1.77 and fd00::77 by default."""

    def __init__(self, ns, link, number=77):
        self.ns = ns
        self.link = link
        self.mac = f"02:00:00:00:77:{number:02x}"
        self.v4 = f"192.168.1.{number}"
        self.v6 = f"fd00::{number}"
        self.answers = True
        self.stack_mac = link.stack_mac
        self._mac_bytes = bytes.fromhex(self.mac.replace(":", ""))
        self._frames = queue.Queue(maxsize=100000)
        self._stop = threading.Event()
        self._thread = None
        self._sock = None

    def __enter__(self):
        self._sock = self.ns.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            with self.ns.entered():
                self._sock.bind((Link.INTERFACE, ETH_P_ALL))
            self._sock.settimeout(0.1)
            self._thread = threading.Thread(target=self._receive, daemon=True)
            self._thread.start()
        except BaseException:
            self._sock.close()
            raise
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join(timeout=5)
        self._sock.close()

    def addr(self, v6):
        return self.v6 if v6 else self.v4

    def _receive(self):
        while not self._stop.is_set():
            try:
                data, address = self._sock.recvfrom(65536)
            except socket.timeout:
                continue
            except OSError:
                return
            if address[2] == socket.PACKET_OUTGOING:
                continue
            if data[:6] == self._mac_bytes or data[0] & 1:
                frame = Ether(data)
                if self.answers:
                    self._answer(frame)
                with contextlib.suppress(queue.Full):
                    self._frames.put_nowait(frame)

    def _answer(self, frame):
        if ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst == self.v4:
            self.send(Ether(src=self.mac, dst=frame.src) /
                      ARP(op=2, hwsrc=self.mac, psrc=self.v4, hwdst=frame.src,
                          pdst=frame[ARP].psrc))
        elif ICMPv6ND_NS in frame and frame[ICMPv6ND_NS].tgt == self.v6:
            self.send(Ether(src=self.mac, dst=frame.src) /
                      IPv6(src=self.v6, dst=frame[IPv6].src, hlim=255) /
                      ICMPv6ND_NA(tgt=self.v6, R=0, S=1, O=1) /
                      ICMPv6NDOptDstLLAddr(lladdr=self.mac))

    def send(self, frame):
        """A scapy frame, or bytes as they are."""
        self._sock.send(bytes(frame))

    def ether(self, dst=None, kind=None):
        header = Ether(src=self.mac, dst=dst or self.stack_mac)
        if kind is not None:
            header.type = kind
        return header

    def ip(self, v6=False, **fields):
        """Ethernet and IP header towards the stack."""
        if v6:
            return self.ether() / IPv6(**{"src": self.v6, "dst": Link.STACK_V6, **fields})
        return self.ether() / IP(**{"src": self.v4, "dst": Link.STACK_V4, **fields})

    def drain(self):
        with contextlib.suppress(queue.Empty):
            while True:
                self._frames.get_nowait()

    def expect(self, predicate, timeout=2):
        """The first frame for which predicate() is true; None after timeout seconds."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                frame = self._frames.get(timeout=left)
            except queue.Empty:
                return None
            if predicate(frame):
                return frame

    def resolve(self, v6=False):
        """Let the stack learn this host, as any host's solicitation does."""
        if v6:
            dst = "ff02::1:ff00:2"
            self.send(self.ether("33:33:ff:00:00:02") / IPv6(src=self.v6, dst=dst, hlim=255) /
                      ICMPv6ND_NS(tgt=Link.STACK_V6) / ICMPv6NDOptSrcLLAddr(lladdr=self.mac))
            return self.expect(lambda f: ICMPv6ND_NA in f and f[ICMPv6ND_NA].tgt == Link.STACK_V6)
        self.send(self.ether("ff:ff:ff:ff:ff:ff") /
                  ARP(op=1, hwsrc=self.mac, psrc=self.v4, pdst=Link.STACK_V4))
        return self.expect(lambda f: ARP in f and f[ARP].op == 2 and f[ARP].psrc == Link.STACK_V4)


class RawTcp:
    """A TCP client by hand: it sends a segment when it is told to, and never otherwise."""

    def __init__(self, host, dport, sport, v6=False, iss=0x10000000, window=64240, mss=1400):
        self.host = host
        self.dport = dport
        self.sport = sport
        self.v6 = v6
        self.iss = iss
        self.snd_nxt = iss
        self.rcv_nxt = 0
        self.window = window
        self.mss = mss
        self.received = b""
        self.fin_seen = False

    def segment(self, flags, payload=b"", seq=None, **fields):
        flags = str(TCP(flags=flags).flags)
        frame = self.host.ip(self.v6) / TCP(
            sport=self.sport, dport=self.dport, flags=flags,
            seq=self.snd_nxt if seq is None else seq, ack=self.rcv_nxt if "A" in flags else 0,
            window=self.window, **fields)
        return frame / Raw(payload) if payload else frame

    def send(self, flags, payload=b"", **fields):
        """Send at snd_nxt and advance it."""
        self.host.send(self.segment(flags, payload, **fields))
        self.snd_nxt += len(payload) + ("S" in flags) + ("F" in flags)
        self.snd_nxt &= 0xffffffff

    def syn(self):
        self.send("S", options=[("MSS", self.mss)])

    def is_mine(self, frame):
        return TCP in frame and frame[TCP].dport == self.sport and frame[TCP].sport == self.dport

    def next(self, timeout=2):
        return self.host.expect(self.is_mine, timeout)

    def expect_flags(self, flags, timeout=2):
        """The next segment that has all of these flags."""
        return self.host.expect(
            lambda f: self.is_mine(f) and all(flag in f[TCP].flags for flag in flags), timeout)

    def handshake(self, timeout=3):
        self.syn()
        synack = self.expect_flags("SA", timeout)
        assert synack is not None, "no SYN,ACK"
        assert synack[TCP].ack == self.snd_nxt, "SYN,ACK does not acknowledge the SYN"
        self.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
        self.send("A")
        return self

    @staticmethod
    def payload(frame):
        """The segment's data, without the Ethernet padding of a short frame."""
        if IP in frame:
            length = frame[IP].len - frame[IP].ihl * 4 - frame[TCP].dataofs * 4
        else:
            length = frame[IPv6].plen - frame[TCP].dataofs * 4
        return bytes(frame[TCP].payload)[:length]

    def receive(self, nb_bytes, timeout=5, ack=True):
        """Take data in order until nb_bytes are there or FIN has come."""
        deadline = time.monotonic() + timeout
        while len(self.received) < nb_bytes and not self.fin_seen:
            frame = self.next(max(0.01, deadline - time.monotonic()))
            assert frame is not None, f"{len(self.received)} of {nb_bytes} bytes came"
            data = self.payload(frame)
            if frame[TCP].seq == self.rcv_nxt:
                self.received += data
                self.fin_seen = "F" in frame[TCP].flags
                self.rcv_nxt = (self.rcv_nxt + len(data) + self.fin_seen) & 0xffffffff
            if ack and (data or self.fin_seen):
                self.send("A")
        return self.received

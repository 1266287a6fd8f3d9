# SPDX-License-Identifier: BSD-3-Clause
"""Hostile frames: each is dropped for its own reason, gets no answer that it should not get, and
the stack lives on. The last test stops the application and compares the reasons counted with the
frames sent."""

import collections
import random
import struct

import pytest
from scapy.layers.inet import (ICMP, IPOption, IPOption_NOP, IPOption_Router_Alert,
                               in4_chksum)
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, ICMPv6ParamProblem,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, PadN, in6_chksum)
from scapy.layers.l2 import Dot1Q

from framework.app_shell import LCORES
from framework.raw import ARP, IP, TCP, UDP, Ether, IPv6, Raw
from framework.topology import Link

ECHO, CLOSED, HTTP = 7, 4444, 80
V4, V6 = Link.STACK_V4, Link.STACK_V6
COPIES = 3
ALL_NODES_MAC = "33:33:00:00:00:01"
SOLICITED_MAC = "33:33:ff:00:00:02"
SOLICITED = "ff02::1:ff00:2"

# How many frames were sent for which reasons: a tuple where more than one is fair.
sent = collections.Counter()

_marks = iter(range(1, 65536))


@pytest.fixture
def host(raw_host):
    raw_host.answers = True
    assert raw_host.resolve(False) is not None
    assert raw_host.resolve(True) is not None
    return raw_host


def is_resolution(frame):
    return ARP in frame and frame[ARP].op == 1 or ICMPv6ND_NS in frame


def answers(host, frames, tcp=False):
    """Send the frames; what the stack sent to this host before it answered the echo request that
    follows them. So "no answer" needs no waiting. Segments count only where the frames are of
    TCP: other tests' half-open connections repeat theirs at any time."""
    mark = next(_marks)
    host.drain()
    for frame in frames:
        host.send(frame)
    host.send(host.ip() / ICMP(id=mark, seq=7) / b"mark")
    seen = []

    def is_mark(frame):
        if ICMP in frame and frame[ICMP].type == 0 and frame[ICMP].id == mark:
            return True
        if (frame.dst == host.mac and frame.src == host.stack_mac and
                not is_resolution(frame) and (tcp or TCP not in frame)):
            seen.append(frame)
        return False

    assert host.expect(is_mark, timeout=3) is not None, "no answer to ping any more"
    if LCORES > 1:
        # Whoever polled it answers a ping; another shard's answer may come a little later.
        host.expect(is_mark, timeout=0.1)
    return seen


def cut(frame, nb_bytes):
    return bytes(frame)[:nb_bytes]


def patched(frame, offset, data):
    raw = bytearray(bytes(frame))
    raw[offset:offset + len(data)] = data
    return bytes(raw)


def fixed_v4(frame, offset, data):
    """Patch the IPv4 header (offset 14 on) and make its checksum right again."""
    raw = bytearray(patched(frame, 14 + offset, data))
    ihl = min(max((raw[14] & 15) * 4, 20), len(raw) - 14)
    raw[24:26] = b"\0\0"
    total = sum(struct.unpack(f"!{ihl // 2}H", raw[14:14 + ihl]))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    raw[24:26] = struct.pack("!H", ~total & 0xffff)
    return bytes(raw)


def v4_options(h, options):
    """An echo request with raw IPv4 options, padded to words."""
    options += b"\0" * (-len(options) % 4)
    icmp = bytes(ICMP(id=1, seq=1))
    header = bytearray(bytes(IP(src=h.v4, dst=V4, proto=1, ihl=5 + len(options) // 4,
                                len=20 + len(options) + len(icmp), chksum=0)))[:20] + options
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    header[10:12] = struct.pack("!H", ~total & 0xffff)
    return bytes(h.ether(kind=0x800)) + bytes(header) + icmp


def tcp4(h, **fields):
    return h.ip() / TCP(**{"sport": 33000, "dport": HTTP, "flags": "S", **fields})


def tcp6(h, **fields):
    return h.ip(True) / TCP(**{"sport": 33000, "dport": HTTP, "flags": "S", **fields})


def l4_raw(h, v6, proto, data, cksum_at):
    """A transport packet of raw bytes with the right checksum put at cksum_at."""
    data = bytearray(data)
    data[cksum_at:cksum_at + 2] = b"\0\0"
    if v6:
        ip = IPv6(src=h.v6, dst=V6, nh=proto, plen=len(data))
        value = in6_chksum(proto, ip, bytes(data))
    else:
        ip = IP(src=h.v4, dst=V4, proto=proto, len=20 + len(data))
        value = in4_chksum(proto, ip, bytes(data))
    data[cksum_at:cksum_at + 2] = struct.pack("!H", value)
    return h.ether() / ip / Raw(bytes(data))


def tcp_raw(h, v6, offset_words, flags, tail=b""):
    head = struct.pack("!HHIIBBHHH", 33001, HTTP, 1, 0, offset_words << 4, flags, 1000, 0, 0)
    return l4_raw(h, v6, 6, head + tail, 16)


def ns(h, target=V6, src=None, dst=SOLICITED, mac=SOLICITED_MAC, hlim=255, options=True, code=0):
    frame = (h.ether(mac) / IPv6(src=h.v6 if src is None else src, dst=dst, hlim=hlim) /
             ICMPv6ND_NS(tgt=target, code=code))
    return frame / ICMPv6NDOptSrcLLAddr(lladdr=h.mac) if options else frame


def na(h, target=None, dst=V6, hlim=255, code=0, solicited=1, mac=None):
    return (h.ether(mac) / IPv6(src=h.v6, dst=dst, hlim=hlim) /
            ICMPv6ND_NA(tgt=h.v6 if target is None else target, S=solicited, O=1, code=code) /
            ICMPv6NDOptDstLLAddr(lladdr=h.mac))


def icmp6_raw(h, data, dst=V6, hlim=255, src=None):
    """An ICMPv6 message of raw bytes with the right checksum."""
    src = h.v6 if src is None else src
    data = bytearray(data)
    ip = IPv6(src=src, dst=dst, nh=58, hlim=hlim, plen=len(data))
    data[2:4] = struct.pack("!H", in6_chksum(58, ip, bytes(data)))
    return h.ether() / ip / Raw(bytes(data))


def arp(h, **fields):
    return h.ether("ff:ff:ff:ff:ff:ff") / ARP(**{
        "op": 1, "hwsrc": h.mac, "psrc": h.v4, "pdst": V4, **fields})


def bcast(h, payload, dst="192.168.1.255"):
    return h.ether("ff:ff:ff:ff:ff:ff") / IP(src=h.v4, dst=dst) / payload


ping4 = ICMP(id=9, seq=9)

# name: (frame of the host, the drop reason or reasons that are fair)
SILENT = {
    # Ethernet
    "ether-empty": (lambda h: cut(h.ip() / ping4, 14), ("IP_SHORT", "ETHER_SHORT")),
    "ether-other-dst": (lambda h: h.ether("02:11:22:33:44:55") / IP(src=h.v4, dst=V4) / ping4,
                        "ETHER_DST"),
    "ether-multicast-src": (lambda h: Ether(src="01:00:5e:00:00:01", dst=h.stack_mac) /
                            IP(src=h.v4, dst=V4) / ping4, "ETHER_SRC"),
    "ether-own-src": (lambda h: Ether(src=h.stack_mac, dst=h.stack_mac) /
                      IP(src=h.v4, dst=V4) / ping4, "ETHER_SRC"),
    "ether-type": (lambda h: h.ether(kind=0x88b5) / Raw(b"x" * 46), "ETHER_TYPE"),
    "ether-802.3": (lambda h: h.ether(kind=46) / Raw(b"\xaa\xaa\x03" + b"x" * 43), "ETHER_TYPE"),
    "ether-vlan": (lambda h: h.ether() / Dot1Q(vlan=5) / IP(src=h.v4, dst=V4) / ping4,
                   ("VLAN", "ETHER_TYPE")),
    "ether-vlan-cut": (lambda h: cut(h.ether() / Dot1Q(vlan=5), 16),
                       ("VLAN", "ETHER_SHORT", "ETHER_TYPE")),
    # ARP
    "arp-cut": (lambda h: cut(arp(h), 30), "ARP_SHORT"),
    "arp-empty": (lambda h: cut(arp(h), 14), "ARP_SHORT"),
    "arp-hwtype": (lambda h: arp(h, hwtype=6), "ARP_FORMAT"),
    "arp-ptype": (lambda h: arp(h, ptype=0x86dd), "ARP_FORMAT"),
    "arp-hwlen": (lambda h: patched(arp(h), 18, b"\x08"), "ARP_FORMAT"),
    "arp-plen": (lambda h: patched(arp(h), 19, b"\x10"), "ARP_FORMAT"),
    "arp-op-0": (lambda h: arp(h, op=0), "ARP_FORMAT"),
    "arp-op-9": (lambda h: arp(h, op=9), "ARP_FORMAT"),
    "arp-psrc-multicast": (lambda h: arp(h, psrc="224.0.0.1"), "ARP_ADDR"),
    "arp-psrc-broadcast": (lambda h: arp(h, psrc="255.255.255.255"), "ARP_ADDR"),
    "arp-psrc-loopback": (lambda h: arp(h, psrc="127.0.0.1"), "ARP_ADDR"),
    "arp-psrc-ours": (lambda h: arp(h, psrc=V4), ("ARP_ADDR", "ARP_NOT_OURS")),
    "arp-hwsrc-broadcast": (lambda h: arp(h, hwsrc="ff:ff:ff:ff:ff:ff"), "ARP_ADDR"),
    "arp-hwsrc-multicast": (lambda h: arp(h, hwsrc="01:00:5e:00:00:01"), "ARP_ADDR"),
    "arp-not-ours": (lambda h: arp(h, pdst="192.168.1.200"), "ARP_NOT_OURS"),
    # IPv4 header
    "ip4-cut": (lambda h: cut(h.ip() / ping4, 14 + 19), "IP_SHORT"),
    "ip4-version": (lambda h: fixed_v4(h.ip() / ping4, 0, b"\x55"), "IP_VERSION"),
    "ip4-version-6": (lambda h: fixed_v4(h.ip() / ping4, 0, b"\x65"), "IP_VERSION"),
    "ip4-ihl-0": (lambda h: fixed_v4(h.ip() / ping4, 0, b"\x40"), "IP_HDR_LEN"),
    "ip4-ihl-4": (lambda h: fixed_v4(h.ip() / ping4, 0, b"\x44"), "IP_HDR_LEN"),
    "ip4-ihl-beyond": (lambda h: fixed_v4(h.ip() / ping4, 0, b"\x4f"), ("IP_HDR_LEN", "IP_LEN")),
    "ip4-len-0": (lambda h: fixed_v4(h.ip() / ping4, 2, b"\0\0"), "IP_LEN"),
    "ip4-len-19": (lambda h: fixed_v4(h.ip() / ping4, 2, b"\0\x13"), "IP_LEN"),
    "ip4-len-beyond": (lambda h: fixed_v4(h.ip() / ping4, 2, b"\x05\xdc"), "IP_LEN"),
    "ip4-len-ffff": (lambda h: fixed_v4(h.ip() / ping4, 2, b"\xff\xff"), "IP_LEN"),
    "ip4-cksum": (lambda h: h.ip(chksum=0x1234) / ping4, "IP_CKSUM"),
    "ip4-cksum-0": (lambda h: patched(h.ip() / ping4, 24, b"\0\0"), "IP_CKSUM"),
    "ip4-src-multicast": (lambda h: h.ip(src="224.0.0.5") / ping4, "IP_SRC"),
    "ip4-src-broadcast": (lambda h: h.ip(src="255.255.255.255") / ping4, "IP_SRC"),
    "ip4-src-loopback": (lambda h: h.ip(src="127.0.0.1") / ping4, "IP_SRC"),
    "ip4-src-class-e": (lambda h: h.ip(src="240.1.2.3") / ping4, "IP_SRC"),
    "ip4-src-ours": (lambda h: h.ip(src=V4) / ping4, "IP_SRC"),
    "ip4-src-0-tcp": (lambda h: h.ip(src="0.0.0.0") / TCP(sport=1, dport=HTTP), "IP_SRC"),
    "ip4-dst-other": (lambda h: h.ip(dst="192.168.1.200") / ping4, "IP_DST"),
    "ip4-dst-foreign": (lambda h: h.ip(dst="10.1.2.3") / ping4, "IP_DST"),
    "ip4-dst-loopback": (lambda h: h.ip(dst="127.0.0.1") / ping4, "IP_DST"),
    "ip4-dst-0": (lambda h: h.ip(dst="0.0.0.0") / ping4, "IP_DST"),
    "ip4-first-fragment": (lambda h: h.ip(flags="MF") / ping4 / Raw(b"x" * 24), "IP_FRAGMENT"),
    "ip4-later-fragment": (lambda h: h.ip(frag=100) / Raw(b"x" * 32), "IP_FRAGMENT"),
    "ip4-last-byte-fragment": (lambda h: h.ip(frag=8191) / Raw(b"x" * 64), "IP_FRAGMENT"),
    "ip4-tiny-fragment": (lambda h: h.ip(flags="MF", proto=6) / Raw(b"x" * 8), "IP_FRAGMENT"),
    "ip4-option-len-0": (lambda h: v4_options(h, b"\x44\x00\x05\x00"), "IP_OPTIONS"),
    "ip4-option-len-1": (lambda h: v4_options(h, b"\x44\x01\x05\x00"), "IP_OPTIONS"),
    "ip4-option-beyond": (lambda h: v4_options(h, b"\x44\x28\x05\x00"), "IP_OPTIONS"),
    "ip4-option-no-len": (lambda h: v4_options(h, b"\x01\x01\x01\x44"), "IP_OPTIONS"),
    "ip4-broadcast-tcp": (lambda h: bcast(h, TCP(sport=1, dport=HTTP)), "TCP_ADDR"),
    "ip4-multicast-tcp": (lambda h: h.ether("01:00:5e:00:00:01") / IP(src=h.v4, dst="224.0.0.1") /
                          TCP(sport=1, dport=HTTP), ("TCP_ADDR", "IP_DST")),
    # ICMP
    "icmp4-cut": (lambda h: h.ip(proto=1) / Raw(b"\x08\x00\xf7"), "ICMP_SHORT"),
    "icmp4-empty": (lambda h: h.ip(proto=1), "ICMP_SHORT"),
    "icmp4-cksum": (lambda h: h.ip() / ICMP(chksum=0xbeef), "ICMP_CKSUM"),
    "icmp4-type": (lambda h: h.ip() / ICMP(type=42), "ICMP_TYPE"),
    "icmp4-timestamp": (lambda h: h.ip() / ICMP(type=13), "ICMP_TYPE"),
    "icmp4-reply": (lambda h: h.ip() / ICMP(type=0, id=1), "ICMP_TYPE"),
    "icmp4-broadcast": (lambda h: bcast(h, ping4), "ICMP_BROADCAST"),
    "icmp4-limited-broadcast": (lambda h: bcast(h, ping4, "255.255.255.255"), "ICMP_BROADCAST"),
    # UDP
    "udp4-cut": (lambda h: h.ip(proto=17) / Raw(b"\x12\x34\x00"), "UDP_SHORT"),
    "udp4-empty": (lambda h: h.ip(proto=17), "UDP_SHORT"),
    "udp4-len-7": (lambda h: h.ip() / UDP(sport=5, dport=ECHO, len=7, chksum=0) / b"x", "UDP_LEN"),
    "udp4-len-0": (lambda h: h.ip() / UDP(sport=5, dport=ECHO, len=0, chksum=0) / b"x", "UDP_LEN"),
    "udp4-len-beyond": (lambda h: h.ip() / UDP(sport=5, dport=ECHO, len=99, chksum=0) / b"x",
                        "UDP_LEN"),
    "udp4-cksum": (lambda h: h.ip() / UDP(sport=5, dport=ECHO, chksum=0xdead) / b"x", "UDP_CKSUM"),
    "udp6-cksum": (lambda h: h.ip(True) / UDP(sport=5, dport=ECHO, chksum=0xdead) / b"x",
                   "UDP_CKSUM"),
    "udp6-cksum-0": (lambda h: h.ip(True) / UDP(sport=5, dport=ECHO, chksum=0) / b"x",
                     "UDP_CKSUM"),
    "udp6-cut": (lambda h: h.ip(True, nh=17) / Raw(b"\x12\x34\x00"), "UDP_SHORT"),
    "udp6-len": (lambda h: l4_raw(h, True, 17, struct.pack("!HHHH", 5, ECHO, 99, 0) + b"x", 6),
                 "UDP_LEN"),
    "udp4-broadcast-closed": (lambda h: bcast(h, UDP(sport=5, dport=CLOSED)), "UDP_NO_PORT"),
    # TCP
    "tcp4-cut": (lambda h: h.ip(proto=6) / Raw(b"\x12\x34\x00\x50" * 4), "TCP_SHORT"),
    "tcp6-cut": (lambda h: h.ip(True, nh=6) / Raw(b"\x12\x34\x00\x50" * 4), "TCP_SHORT"),
    "tcp4-cksum": (lambda h: tcp4(h, chksum=0xdead), "TCP_CKSUM"),
    "tcp6-cksum": (lambda h: tcp6(h, chksum=0xdead), "TCP_CKSUM"),
    "tcp4-offset-0": (lambda h: tcp_raw(h, False, 0, 2), "TCP_DATA_OFFSET"),
    "tcp4-offset-4": (lambda h: tcp_raw(h, False, 4, 2), "TCP_DATA_OFFSET"),
    "tcp4-offset-beyond": (lambda h: tcp_raw(h, False, 15, 2), "TCP_DATA_OFFSET"),
    "tcp6-offset-beyond": (lambda h: tcp_raw(h, True, 6, 2), "TCP_DATA_OFFSET"),
    "tcp4-rst-listen": (lambda h: tcp4(h, flags="R"), ("TCP_NO_CONN", "TCP_RST")),
    "tcp4-rst-no-conn": (lambda h: tcp4(h, flags="R", dport=CLOSED), "TCP_NO_CONN"),
    "tcp6-rst-no-conn": (lambda h: tcp6(h, flags="RA", dport=CLOSED), "TCP_NO_CONN"),
    # IPv6 header
    "ip6-cut": (lambda h: cut(h.ip(True) / ICMPv6EchoRequest(), 14 + 39), "IP_SHORT"),
    "ip6-empty": (lambda h: cut(h.ip(True) / ICMPv6EchoRequest(), 14), ("IP_SHORT", "ETHER_SHORT")),
    "ip6-version": (lambda h: patched(h.ip(True) / ICMPv6EchoRequest(), 14, b"\x40"),
                    "IP_VERSION"),
    "ip6-plen-beyond": (lambda h: h.ip(True, plen=1000) / ICMPv6EchoRequest(), "IP_LEN"),
    "ip6-src-multicast": (lambda h: h.ip(True, src="ff02::5") / ICMPv6EchoRequest(), "IP_SRC"),
    "ip6-src-loopback": (lambda h: h.ip(True, src="::1") / ICMPv6EchoRequest(), "IP_SRC"),
    "ip6-src-mapped": (lambda h: h.ip(True, src="::ffff:192.168.1.77") / ICMPv6EchoRequest(),
                       "IP_SRC"),
    "ip6-src-ours": (lambda h: h.ip(True, src=V6) / ICMPv6EchoRequest(), "IP_SRC"),
    "ip6-src-any": (lambda h: h.ip(True, src="::") / TCP(sport=1, dport=HTTP), "IP_SRC"),
    "ip6-dst-other": (lambda h: h.ip(True, dst="fd00::abc") / ICMPv6EchoRequest(), "IP_DST"),
    "ip6-dst-loopback": (lambda h: h.ip(True, dst="::1") / ICMPv6EchoRequest(), "IP_DST"),
    "ip6-dst-mapped": (lambda h: h.ip(True, dst="::ffff:192.168.1.2") / ICMPv6EchoRequest(),
                       "IP_DST"),
    "ip6-multicast-tcp": (lambda h: h.ether(ALL_NODES_MAC) / IPv6(src=h.v6, dst="ff02::1") /
                          TCP(sport=1, dport=HTTP), "TCP_ADDR"),
    "ip6-no-next-header": (lambda h: h.ip(True, nh=59) / Raw(b"xxxx"),
                           ("IP_PROTO", "IP6_EXT_HDR")),
    # IPv6 extension headers
    "ip6-ext-cut": (lambda h: h.ip(True, nh=60) / Raw(b"\x3a"), "IP6_EXT_HDR"),
    "ip6-ext-beyond": (lambda h: h.ip(True, nh=60) / Raw(b"\x3a\xff\x01\x04\0\0\0\0"),
                       "IP6_EXT_HDR"),
    "ip6-option-beyond": (lambda h: h.ip(True, nh=60) / Raw(b"\x3a\x00\x01\x40\0\0\0\0") /
                          ICMPv6EchoRequest(), "IP6_EXT_HDR"),
    "ip6-option-discard": (lambda h: h.ip(True, nh=60) / Raw(b"\x3a\x00\x7e\x04\0\0\0\0") /
                           ICMPv6EchoRequest(), "IP6_EXT_HDR"),
    "ip6-fragment": (lambda h: h.ip(True) / IPv6ExtHdrFragment(m=1, nh=58) / Raw(b"x" * 16),
                     "IP_FRAGMENT"),
    "ip6-fragment-later": (lambda h: h.ip(True) / IPv6ExtHdrFragment(offset=50, nh=6) /
                           Raw(b"x" * 16), "IP_FRAGMENT"),
    "ip6-fragment-cut": (lambda h: h.ip(True, nh=44) / Raw(b"\x3a\0\0\x01"),
                         ("IP6_EXT_HDR", "IP_FRAGMENT")),
    # ICMPv6
    "icmp6-cut": (lambda h: h.ip(True, nh=58) / Raw(b"\x80\x00\xf7"), "ICMP_SHORT"),
    "icmp6-cksum": (lambda h: h.ip(True) / ICMPv6EchoRequest(cksum=0xbeef), "ICMP_CKSUM"),
    "icmp6-type": (lambda h: icmp6_raw(h, b"\xc8\x00\0\0\0\0\0\0"), "ICMP_TYPE"),
    "icmp6-reply": (lambda h: h.ip(True) / ICMPv6EchoReply(id=1), "ICMP_TYPE"),
    # Neighbour solicitations that RFC 4861, 7.1.1 says must be discarded
    "ns-hop-limit": (lambda h: ns(h, hlim=254), "ND_HOP_LIMIT"),
    "ns-cksum": (lambda h: patched(ns(h), 56, b"\xbe\xef"), "ICMP_CKSUM"),
    "ns-code": (lambda h: ns(h, code=1), ("ND_FORMAT", "ICMP_TYPE")),
    "ns-short": (lambda h: icmp6_raw(h, b"\x87\0\0\0\0\0\0\0" + b"\xfd" + b"\0" * 14),
                 ("ND_FORMAT", "ICMP_SHORT")),
    "ns-target-multicast": (lambda h: ns(h, target="ff02::1"), ("ND_ADDR", "ND_FORMAT")),
    "ns-option-len-0": (lambda h: icmp6_raw(h, bytes(ns(h, options=False))[54:] +
                                            b"\x01\x00" + bytes(6)), "ND_FORMAT"),
    "ns-option-beyond": (lambda h: icmp6_raw(h, bytes(ns(h, options=False))[54:] +
                                             b"\x01\x02" + bytes(6)), "ND_FORMAT"),
    "ns-any-to-unicast": (lambda h: ns(h, src="::", dst=V6, mac=h.stack_mac, options=False),
                          ("ND_ADDR", "ND_FORMAT", "IP_SRC")),
    "ns-any-with-option": (lambda h: ns(h, src="::"), ("ND_ADDR", "ND_FORMAT", "IP_SRC")),
    "ns-not-ours": (lambda h: ns(h, target="fd00::200"), "ND_NOT_OURS"),
    # Neighbour advertisements that RFC 4861, 7.1.2 says must be discarded
    "na-hop-limit": (lambda h: na(h, hlim=64), "ND_HOP_LIMIT"),
    "na-cksum": (lambda h: patched(na(h), 56, b"\xbe\xef"), "ICMP_CKSUM"),
    "na-code": (lambda h: na(h, code=3), ("ND_FORMAT", "ICMP_TYPE")),
    "na-short": (lambda h: icmp6_raw(h, b"\x88\0\0\0\x60\0\0\0" + b"\xfd" + b"\0" * 14),
                 ("ND_FORMAT", "ICMP_SHORT")),
    "na-target-multicast": (lambda h: na(h, target="ff02::1"), ("ND_ADDR", "ND_FORMAT")),
    "na-solicited-multicast": (lambda h: na(h, dst="ff02::1", mac=ALL_NODES_MAC),
                               ("ND_ADDR", "ND_FORMAT")),
    "na-option-len-0": (lambda h: icmp6_raw(h, b"\x88\0\0\0\x60\0\0\0" + b"\xfd" + b"\0" * 14 +
                                            b"\x77" + b"\x02\x00" + bytes(6)), "ND_FORMAT"),
}


# A "parameter problem" may be sent about these (RFC 1122, 3.2.2.5; RFC 8200, 4 and 4.2).
MAY_COMPLAIN = ("ip4-option-", "ip6-ext-", "ip6-option-beyond", "ip6-fragment-cut")


def is_parameter_problem(frame):
    return ICMPv6ParamProblem in frame or ICMP in frame and frame[ICMP].type == 12


@pytest.mark.parametrize("name", SILENT)
def test_dropped_in_silence(host, name):
    make, reasons = SILENT[name]
    frames = [make(host) for _ in range(COPIES)]
    seen = answers(host, frames, tcp="tcp" in name)
    if name.startswith(MAY_COMPLAIN):
        seen = [frame for frame in seen if not is_parameter_problem(frame)]
    assert not seen, f"an answer to {name}: {seen[0].summary()}"
    sent[reasons if isinstance(reasons, tuple) else (reasons,)] += COPIES


def quotes(frame, original):
    """The ICMP error's quotation is the original's beginning (RFC 792; RFC 4443, 3)."""
    want = bytes(original)[14:]
    return want[:28] in bytes(frame) or want[:48] in bytes(frame)


def test_protocol_unreachable(host):
    frame = host.ip(proto=253) / Raw(b"what is this?")
    seen = answers(host, [frame])
    assert [(f[ICMP].type, f[ICMP].code) for f in seen] == [(3, 2)]
    assert quotes(seen[0], frame)
    sent[("IP_PROTO",)] += 1


def test_next_header_unknown(host):
    """Parameter problem, code 1, with a pointer to the field (RFC 8200, 4)."""
    frame = host.ip(True, nh=253) / Raw(b"what is this?")
    seen = answers(host, [frame])
    assert len(seen) == 1 and ICMPv6ParamProblem in seen[0], seen
    assert (seen[0][ICMPv6ParamProblem].code, seen[0][ICMPv6ParamProblem].ptr) == (1, 6)
    sent[("IP_PROTO", "IP6_EXT_HDR")] += 1


def test_option_with_error(host):
    """An unknown option of type 10xxxxxx: parameter problem, code 2 (RFC 8200, 4.2)."""
    frame = (host.ip(True, nh=60) / Raw(b"\x3a\x00\xbe\x04\0\0\0\0") / ICMPv6EchoRequest())
    seen = answers(host, [frame])
    assert len(seen) == 1 and ICMPv6ParamProblem in seen[0], seen
    assert (seen[0][ICMPv6ParamProblem].code, seen[0][ICMPv6ParamProblem].ptr) == (2, 42)
    sent[("IP6_EXT_HDR",)] += 1


def test_routing_header(host):
    """Type 0 with segments left: parameter problem, code 0 (RFC 5095, 3)."""
    frame = (host.ip(True) / IPv6ExtHdrRouting(type=0, segleft=1, addresses=["fd00::5"]) /
             ICMPv6EchoRequest(id=3))
    seen = answers(host, [frame])
    assert all(ICMPv6EchoReply not in f for f in seen), seen
    assert len(seen) == 1 and seen[0][ICMPv6ParamProblem].code == 0, seen
    sent[("IP6_EXT_HDR",)] += 1


@pytest.mark.parametrize("dst", (V4, V6))
def test_port_unreachable(host, dst):
    is_v6 = dst == V6
    frame = host.ip(is_v6) / UDP(sport=5, dport=CLOSED) / b"anyone?"
    seen = answers(host, [frame])
    assert len(seen) == 1 and quotes(seen[0], frame)
    if is_v6:
        assert seen[0][ICMPv6DestUnreach].code == 4
    else:
        assert (seen[0][ICMP].type, seen[0][ICMP].code) == (3, 3)
    sent[("UDP_NO_PORT",)] += 1


def test_no_error_about_errors(host):
    """ICMP errors are not answered (RFC 1122, 3.2.2), whatever they quote."""
    quoted = bytes(host.ip())[14:] + b"\0" * 8
    frames = [host.ip() / ICMP(type=kind, code=code) / Raw(quoted)
              for kind in (3, 4, 5, 11, 12) for code in (0, 1, 3, 4, 15)]
    frames += [icmp6_raw(host, struct.pack("!BBHI", kind, code, 0, 1280) + b"\x60" + bytes(47))
               for kind in (1, 2, 3, 4) for code in (0, 1, 4, 7)]
    assert not answers(host, frames)


@pytest.mark.parametrize("options", (
    b"\x01\x01\x01\x01", b"\x94\x04\x00\x00", b"\x44\x08\x05\x00\0\0\0\0",
    b"\x07\x07\x04" + b"\0" * 4,
    b"\x00\xff\xff\xff", b"\x01" * 40, b"\x99\x04\x01\x02"))
def test_good_options_are_skipped(host, options):
    seen = answers(host, [v4_options(host, options)])
    assert [f[ICMP].type for f in seen] == [0]


def test_source_route(host):
    """A source route that is not at its end would ask for forwarding: silence, or an error."""
    frame = v4_options(host, b"\x83\x07\x04" + bytes([10, 1, 2, 3]))
    assert all(f[ICMP].type in (0, 3, 12) for f in answers(host, [frame]) if ICMP in f)


@pytest.mark.parametrize("make", (
    lambda h: h.ip(True) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]),
    lambda h: h.ip(True) / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]),
    lambda h: h.ip(True) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(),
    lambda h: h.ip(True) / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=4, segleft=0),
    lambda h: h.ip(True, nh=60) / Raw(b"\x3a\x00\x1e\x04\x01\x02\x03\x04"),
))
def test_good_extension_headers_are_skipped(host, make):
    seen = answers(host, [make(host) / ICMPv6EchoRequest(id=77, data=b"through")])
    assert len(seen) == 1 and seen[0][ICMPv6EchoReply].id == 77, seen
    assert bytes(seen[0][ICMPv6EchoReply].data) == b"through"


def test_long_extension_chain(host):
    """A chain as long as the frame is either walked or given up, but it ends."""
    frame = host.ip(True)
    for _ in range(100):
        frame = frame / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
    assert not answers(host, [frame / ICMPv6EchoRequest()] * COPIES)
    sent[("IP6_EXT_CHAIN",)] += COPIES


def test_hop_by_hop_not_first(host):
    """Only at the front (RFC 8200, 4.1): anywhere else, parameter problem or silence."""
    frame = host.ip(True) / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / ICMPv6EchoRequest()
    seen = answers(host, [frame])
    assert all(ICMPv6EchoReply not in f for f in seen), seen
    sent[("IP6_EXT_HDR", "IP_PROTO")] += 1


@pytest.mark.parametrize("ttl", (0, 1))
def test_low_ttl(host, ttl):
    """At its destination a datagram is not discarded for its TTL or hop limit (RFC 1122, 3.2.1.7;
    RFC 8200, 3)."""
    assert [f[ICMP].type for f in answers(host, [host.ip(ttl=ttl) / ICMP(id=4)])] == [0]
    seen = answers(host, [host.ip(True, hlim=ttl) / ICMPv6EchoRequest(id=4)])
    assert len(seen) == 1 and ICMPv6EchoReply in seen[0]


def test_padding_is_trimmed(host):
    """What Ethernet put behind a short datagram does not come back."""
    frame = bytes(host.ip() / ICMP(id=5, seq=5) / b"ab") + b"padding" * 20
    seen = answers(host, [frame])
    assert seen[0][IP].len == 30
    assert b"padding" not in bytes(seen[0])
    frame = bytes(host.ip(True) / ICMPv6EchoRequest(id=5, data=b"ab")) + b"padding" * 20
    seen = answers(host, [frame])
    assert seen[0][IPv6].plen == 10
    assert b"padding" not in bytes(seen[0])


@pytest.mark.parametrize("probe", ("0.0.0.0",))
def test_arp_probe_is_answered(host, probe):
    """Somebody asks whether the address is free (RFC 5227): it is not."""
    host.drain()
    host.send(arp(host, psrc=probe))
    assert host.expect(lambda f: ARP in f and f[ARP].op == 2 and f[ARP].psrc == V4) is not None


def test_dad_is_answered(host):
    """The same for IPv6 (RFC 4862, 5.4): the answer goes to all nodes."""
    host.drain()
    host.send(ns(host, src="::", options=False))
    frame = host.expect(lambda f: ICMPv6ND_NA in f and f[ICMPv6ND_NA].tgt == V6)
    assert frame is not None
    assert (frame[IPv6].dst, frame[IPv6].hlim, frame[ICMPv6ND_NA].S) == ("ff02::1", 255, 0)


def test_advertisement(host):
    """The answer to a solicitation, field by field (RFC 4861, 7.2.4)."""
    host.drain()
    host.send(ns(host))
    frame = host.expect(lambda f: ICMPv6ND_NA in f and f[ICMPv6ND_NA].tgt == V6)
    message = frame[ICMPv6ND_NA]
    assert (frame.dst, frame[IPv6].src, frame[IPv6].dst, frame[IPv6].hlim) == \
        (host.mac, V6, host.v6, 255)
    assert (message.R, message.S, message.O) == (0, 1, 1)
    assert frame[ICMPv6NDOptDstLLAddr].lladdr == host.stack_mac


def test_poisoned_caches(host, link, ns, alive):
    """Claims that nobody asked for, about the kernel's addresses, do not cut it off."""
    for _ in range(20):
        # With the kernel's address as the sender's these would be lies that ARP cannot tell from
        # the truth; unsolicited replies and advertisements for others it can.
        host.send(host.ether() / ARP(op=2, hwsrc=host.mac, psrc="192.168.1.150", pdst=V4,
                                     hwdst=host.stack_mac))
        host.send(na(host, target="fd00::150"))
    alive()


# Resolution in somebody else's name: damaged, it would rightly move this host elsewhere.
BASES = {
    "arp": lambda h: arp(h, psrc="192.168.1.78"),
    "ping4": lambda h: h.ip() / ICMP(id=3) / Raw(b"x" * 40),
    "udp4": lambda h: h.ip() / UDP(sport=5, dport=ECHO) / Raw(b"y" * 40),
    "tcp4": lambda h: tcp4(h, options=[("MSS", 1400), ("WScale", 7), ("SAckOK", b""),
                                       ("Timestamp", (1, 0))]),
    "options4": lambda h: h.ip(options=[IPOption_Router_Alert(), IPOption_NOP(),
                                        IPOption(b"\x99\x04\0\0")]) / ICMP(id=3),
    "ping6": lambda h: h.ip(True) / ICMPv6EchoRequest(id=3, data=b"x" * 40),
    "udp6": lambda h: h.ip(True) / UDP(sport=5, dport=ECHO) / Raw(b"y" * 40),
    "tcp6": lambda h: tcp6(h, options=[("MSS", 1400), ("Timestamp", (1, 0))]),
    "ns": lambda h: ns(h, src="fd00::78"),
    "na": lambda h: na(h, target="fd00::78"),
    "ext6": lambda h: (h.ip(True) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) /
                       IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(nh=58) /
                       ICMPv6EchoRequest(id=3)),
}


@pytest.mark.parametrize("name", BASES)
def test_every_truncation(host, name, alive):
    """The frame cut at every length."""
    raw = bytes(BASES[name](host))
    answers(host, [raw[:size] for size in range(14, len(raw))])
    alive()


@pytest.mark.parametrize("name", BASES)
def test_every_byte_wrong(host, name, alive):
    """Each byte of the frame behind its Ethernet addresses, as 0, as 255 and with one bit turned;
    once with all that follows as it was, once with checksums made right again."""
    base = bytes(BASES[name](host))
    frames = []
    for offset in range(12, len(base)):
        for value in {0, 255, base[offset] ^ 1, base[offset] ^ 128}:
            frame = patched(base, offset, bytes([value]))
            frames.append(frame)
            if 14 <= offset < 34 and base[12:14] == b"\x08\x00" and offset not in (24, 25):
                frames.append(fixed_v4(base, offset - 14, bytes([value])))
    for first in range(0, len(frames), 300):
        answers(host, frames[first:first + 300])
    alive()


@pytest.mark.parametrize("seed", range(4))
def test_noise(host, seed, alive):
    """Random bytes behind real headers, and real frames with random bytes in them."""
    rng = random.Random(seed)
    bases = [bytes(make(host)) for make in BASES.values()]
    ether = {kind: bytes(host.ether(kind=kind)) for kind in (0x800, 0x806, 0x86dd)}
    for _ in range(5):
        frames = []
        for _ in range(200):
            if rng.random() < 0.3:
                frames.append(ether[rng.choice(list(ether))] +
                              rng.randbytes(rng.randrange(0, 1400)))
            else:
                raw = bytearray(rng.choice(bases))
                for _ in range(rng.randrange(1, 6)):
                    raw[rng.randrange(12, len(raw))] = rng.randrange(256)
                frames.append(bytes(raw) + rng.randbytes(rng.choice((0, 0, 0, 1, 100))))
        answers(host, frames)
    alive()


def test_unknown_icmp6(host):
    """Unknown informational messages are dropped, unknown errors too (RFC 4443, 2.4 (a), (b))."""
    frames = [icmp6_raw(host, bytes([kind, 0, 0, 0]) + bytes(44))
              for kind in (*range(5, 128), *range(138, 256))]
    assert not answers(host, frames)


def test_reasons_are_counted(isla):
    """The last test: every silent drop above is in the summary under its reason."""
    assert sent, "run the whole suite"
    summary = isla.check_clean_end()
    wrong = []
    for reasons, count in sent.items():
        total = sum(summary.drop(reason) for reason in reasons)
        if total < count:
            wrong.append(f"{' or '.join(reasons)}: {total} counted, at least {count} sent")
    assert not wrong, "\n".join(wrong) + "\n" + summary.text

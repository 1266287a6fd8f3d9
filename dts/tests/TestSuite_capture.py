# SPDX-License-Identifier: BSD-3-Clause
"""A capture of a typical run, as tshark sees it: nothing malformed, no bad checksum, and no
retransmission that a lost frame does not explain."""

import pytest

from framework import traffic
from framework.capture import Capture
from framework.topology import Link, need_tool

V4, V6 = Link.STACK_V4, Link.STACK_V6
FROM_STACK = f"(ip.src == {V4} || ipv6.src == {V6})"


def make_docroot(path):
    (path / "1mb.bin").write_bytes(traffic.pattern(1 << 20))


def typical_run(ns, link):
    for addr in (V4, V6):
        ns.run(["ip", "neigh", "flush", "dev", Link.INTERFACE])
        for size in (0, 1, 56, 1000, 1452):
            ns.run(["ping", "-c", "2", "-i", "0.01", "-s", size, addr])
        with traffic.udp_socket(ns, addr, 7) as sock:
            for size in (0, 1, 17, 18, 19, 999, 1452):
                sock.send(traffic.pattern(size))
                assert len(sock.recv(2000)) == size
        for size in (1, 1000, 1 << 20):
            with traffic.tcp_connect(ns, addr, 7) as sock:
                traffic.echo(sock, traffic.pattern(size))
        assert traffic.get(ns, addr).status == 200
        assert traffic.get(ns, addr, "/nothing").status == 404
        assert len(traffic.get(ns, addr, "/1mb.bin").body) == 1 << 20
        with traffic.HttpClient(ns, addr) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: isla\r\n\r\n" * 10)
            for _ in range(10):
                assert client.response().status == 200
        with traffic.tcp_connect(ns, addr, 9) as sock:
            sock.sendall(traffic.pattern(100000))
        with pytest.raises(ConnectionRefusedError):
            traffic.tcp_connect(ns, addr, 4444)
        socks = traffic.connect_many(ns, addr, 7, 50)
        for sock in socks:
            sock.sendall(b"one of fifty")
        for sock in socks:
            assert traffic.recv_all(sock, 12) == b"one of fifty"
        traffic.close_all(socks)
    assert traffic.get(ns, link.stack_ll).status == 200


@pytest.fixture(scope="module")
def capture(isla, ns, link, tmp_path_factory):
    need_tool("dumpcap", "tshark")
    # A kernel that is kept from running for some milliseconds sends tail loss probes, which look
    # like retransmissions; these are not what is asked here.
    ns.run(["sh", "-c", "echo 0 >/proc/sys/net/ipv4/tcp_early_retrans"])
    before = link.drops()
    with Capture(ns, tmp_path_factory.mktemp("capture") / "run.pcapng") as capture:
        typical_run(ns, link)
    after = link.drops()
    capture.lost = (after[0] - before[0], after[1] - before[1])
    return capture


def test_capture_is_complete(capture):
    """Without traffic of every kind the checks below would prove nothing."""
    for kind in ("arp", "icmp", "icmpv6.type == 136", "icmpv6.type == 129", "udp.srcport == 7",
                 "tcp.srcport == 80", "tcp.flags.fin == 1", "tcp.flags.reset == 1", "http"):
        assert capture.count(kind) > 0, kind


def test_nothing_malformed(capture):
    bad = capture.malformed()
    assert not bad, "\n".join(bad[:20])


def test_no_bad_checksum(capture):
    bad = capture.bad_checksums()
    assert not bad, "\n".join(bad[:20])
    # tshark must really have verified them: 1 is "Good".
    assert capture.count(f"{FROM_STACK} && tcp.checksum.status == 1") > 1000
    assert capture.count(f"{FROM_STACK} && udp.checksum.status == 1") > 10
    assert capture.count(f"ip.src == {V4} && ip.checksum.status == 1") > 100


def test_no_unexplained_retransmission(capture):
    """A frame that the kernel dropped explains one; each is sent once otherwise."""
    to_stack, from_stack = capture.lost
    seen = [row for addr in (V4, V6) for row in capture.retransmissions(addr)]
    assert len(seen) <= from_stack, "\n".join(seen[:20])
    seen = [row for addr in (Link.KERNEL_V4, Link.KERNEL_V6)
            for row in capture.retransmissions(addr)]
    assert len(seen) <= to_stack, "\n".join(seen[:20])


def test_no_suspicious_segment(capture):
    """No segment out of order, none beyond the window, no ACK of what was never sent."""
    for kind in ("tcp.analysis.out_of_order", "tcp.analysis.lost_segment",
                 "tcp.analysis.ack_lost_segment", "tcp.analysis.spurious_retransmission",
                 "tcp.analysis.reused_ports"):
        bad = capture.match(f"{FROM_STACK} && {kind}")
        assert len(bad) <= sum(capture.lost), f"{kind}\n" + "\n".join(bad[:20])


def test_expert_has_no_complaint(capture):
    """Expert notes of "Warning" and above about the stack's own frames, RST apart."""
    rows = capture.match(f"{FROM_STACK} && _ws.expert.severity >= 0x600000 && "
                         "!(tcp.flags.reset == 1) && !tcp.window_size_value == 0",
                         "frame.number", "_ws.expert.message")
    fair = ("D-SACK", "Connection reset", "TCP window specified by the receiver")
    bad = [row for row in rows if not any(text in "".join(row[1:]) for text in fair)]
    assert len(bad) <= sum(capture.lost), bad[:20]


def test_segments_are_full(capture):
    """A large file leaves in full segments, and never in one beyond the MSS."""
    sizes = [int(row[0]) for row in capture.match(
        f"{FROM_STACK} && tcp.srcport == 80 && tcp.len > 0", "tcp.len")]
    assert max(sizes) <= 1460
    full = sum(1 for size in sizes if size >= 1428)
    assert full > 0.9 * (2 * (1 << 20) // 1460)


def test_few_pure_acks(capture):
    """Acknowledgments are delayed or ride on data: well below one for each segment received."""
    came = capture.count("tcp.dstport == 9 && tcp.len > 0")
    acks = capture.count("tcp.srcport == 9 && tcp.len == 0 && tcp.flags == 0x010")
    assert acks <= came, f"{acks} pure ACKs for {came} segments"


def test_frames_have_our_mac(capture, link):
    """Every frame from the stack has its MAC, and none goes to a wrong one."""
    wrong = capture.match(f"{FROM_STACK} && eth.src != {link.stack_mac}")
    assert not wrong, wrong[:5]
    lost = capture.match(f"eth.src == {link.stack_mac} && eth.dst != {link.kernel_mac} && "
                         "!(eth.dst.ig == 1)")
    assert not lost, lost[:5]


def test_ttl_and_dont_fragment(capture):
    assert capture.count(f"ip.src == {V4} && ip.ttl != 64") == 0
    assert capture.count(f"ipv6.src == {V6} && ipv6.hlim != 64 && "
                         "!(icmpv6.type >= 133 && icmpv6.type <= 137)") == 0
    assert capture.count(f"tcp && ip.src == {V4} && ip.flags.df == 0") == 0

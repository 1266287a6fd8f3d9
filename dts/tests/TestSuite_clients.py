# SPDX-License-Identifier: BSD-3-Clause
"""Clients that leave: by FIN, by half-close, by RST or without a word, at each point of an
exchange; and clients that never come past their SYN. The client is made of raw segments, so it
leaves just where the test wants it to, and the kernel has no say in it."""

import itertools
import random
import time

import pytest

from framework import traffic
from framework.raw import IP, TCP, Ether, IPv6, RawTcp
from framework.topology import Link

ECHO, HTTP = 7, 80
LARGE = traffic.pattern(400000)
REQUEST = b"GET /large.bin HTTP/1.1\r\nHost: isla\r\n\r\n"
SMALL_REQUEST = b"GET /small.txt HTTP/1.1\r\nHost: isla\r\n\r\n"
POINTS = ("syn", "handshake", "mid-request", "mid-response", "response")

_ports = itertools.count(20000)


def make_docroot(path):
    (path / "large.bin").write_bytes(LARGE)
    (path / "small.txt").write_bytes(b"small\n")


@pytest.fixture(params=[False, True], ids=["ipv4", "ipv6"])
def is_v6(request):
    return request.param


@pytest.fixture
def client(raw_host, is_v6):
    raw_host.answers = True
    raw_host.drain()
    assert raw_host.resolve(is_v6) is not None
    return RawTcp(raw_host, HTTP, next(_ports), v6=is_v6)


def go_to(client, point):
    """Take the exchange to a point; the SYN,ACK is not acknowledged at "syn"."""
    if point == "syn":
        client.syn()
        synack = client.expect_flags("SA")
        assert synack is not None
        client.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
        return
    client.handshake()
    if point == "mid-request":
        client.send("PA", REQUEST[:20])
        ack = client.expect_flags("A")
        assert ack is not None and ack[TCP].ack == client.snd_nxt
    elif point == "mid-response":
        client.send("PA", REQUEST)
        client.receive(20000)
    elif point == "response":
        client.send("PA", SMALL_REQUEST)
        client.receive(1)
        while not client.received.endswith(b"\r\n\r\nsmall\n"):
            client.receive(len(client.received) + 1)


def take_until_fin(client, timeout=10):
    """Acknowledge all that comes until FIN or RST; returns the flag."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        frame = client.next(max(0.01, deadline - time.monotonic()))
        if frame is None:
            break
        if "R" in frame[TCP].flags:
            return "R"
        data = client.payload(frame)
        if frame[TCP].seq == client.rcv_nxt:
            client.received += data
            fin = "F" in frame[TCP].flags
            client.rcv_nxt = (client.rcv_nxt + len(data) + fin) & 0xffffffff
            if fin:
                client.send("A")
                return "F"
        if data or "F" in frame[TCP].flags:
            client.send("A")
    return None


def check_gone(client):
    """A segment of a connection that no longer is gets RST (RFC 9293, 3.10.7.1)."""
    client.host.drain()
    client.send("A")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        frame = client.next(1)
        if frame is not None and "R" in frame[TCP].flags:
            return
    raise AssertionError("the connection is still there")


@pytest.mark.parametrize("point", POINTS)
def test_half_close(client, point, alive):
    """FIN, and all that the server still has to say is heard."""
    go_to(client, point)
    client.send("FA")
    assert take_until_fin(client) == "F"
    if point == "mid-response":
        assert client.received.endswith(LARGE)
    alive()


@pytest.mark.parametrize("point", POINTS)
def test_close(client, point, alive):
    """FIN, and whatever comes then meets a closed port."""
    go_to(client, point)
    client.send("FA")
    if point == "mid-response":
        assert client.next(2) is not None
        client.send("R")
        client.host.drain()
        check_gone(client)
    else:
        assert take_until_fin(client) in ("F", "R")
    alive()


@pytest.mark.parametrize("point", POINTS)
def test_reset(client, point, alive):
    go_to(client, point)
    client.send("R")
    check_gone(client)
    alive()


@pytest.mark.parametrize("point", POINTS)
def test_vanish(client, point, alive):
    """Not a word any more, and no answer to address resolution either. The server repeats what is
    not acknowledged, ever more slowly, and has time for others."""
    go_to(client, point)
    client.host.answers = False
    client.host.drain()
    if point in ("syn", "mid-response"):
        times = []
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline and len(times) < 3:
            frame = client.next(max(0.01, deadline - time.monotonic()))
            if frame is not None and (point == "syn" or frame[TCP].seq == client.rcv_nxt):
                times.append(time.monotonic())
        want = 1 if point == "syn" else 3
        assert len(times) >= want, "no retransmission"
        if len(times) == 3:
            # Twice as long each time (RFC 6298, 5.5), give or take this machine's load.
            assert times[2] - times[1] > 1.3 * (times[1] - times[0])
    alive()


def test_vanish_and_return(client):
    """Silent for two seconds, then back: the transfer goes on where it was."""
    go_to(client, "mid-response")
    time.sleep(2)
    client.send("A")
    start = client.received.index(b"\r\n\r\n") + 4
    client.receive(start + len(LARGE), timeout=20)
    assert client.received[start:] == LARGE


def test_loss(client):
    """Each tenth segment is lost on its first way; a receiver that keeps what comes out of order
    (but tells nothing of it: no SACK) has all of it in the end."""
    client.handshake()
    client.send("PA", REQUEST)
    seen, waiting, want = set(), {}, None
    deadline = time.monotonic() + 40
    while want is None or len(client.received) < want:
        assert time.monotonic() < deadline, f"{len(client.received)} bytes in 40 s"
        frame = client.next(5)
        assert frame is not None, f"stalls after {len(client.received)} bytes"
        data, seq = client.payload(frame), frame[TCP].seq
        if not data:
            continue
        is_new = seq not in seen
        seen.add(seq)
        if is_new and len(seen) % 10 == 0:
            continue
        waiting[seq] = data
        while client.rcv_nxt in waiting:
            data = waiting.pop(client.rcv_nxt)
            client.received += data
            client.rcv_nxt = (client.rcv_nxt + len(data)) & 0xffffffff
        client.send("A")
        if want is None and b"\r\n\r\n" in client.received:
            want = client.received.index(b"\r\n\r\n") + 4 + len(LARGE)
    assert client.received.endswith(LARGE)


def test_out_of_order_request(raw_host, client):
    """Segments in reverse order, one of them twice and two of them overlapping."""
    client.handshake()
    start = client.snd_nxt
    size = len(SMALL_REQUEST)
    for begin, end in ((30, size), (20, 32), (10, 20), (10, 20)):
        raw_host.send(client.segment("PA", SMALL_REQUEST[begin:end], seq=start + begin))
    raw_host.send(client.segment("PA", SMALL_REQUEST[:12], seq=start))
    client.snd_nxt = start + size
    client.receive(len(b"HTTP/1.1 200 OK"))
    assert client.received.startswith(b"HTTP/1.1 200 ")


def test_zero_window(client):
    """With a closed window the server sends probes, and all the rest when it opens."""
    client.window = 3 * client.mss
    client.handshake()
    client.send("PA", REQUEST)
    client.receive(3 * client.mss, ack=False)
    client.window = 0
    client.send("A")
    client.host.drain()
    probes = [client.next(4) for _ in range(2)]
    assert all(probes), "no zero-window probes"
    for frame in probes:
        assert len(client.payload(frame)) <= 1
    client.window = 64240
    client.send("A")
    want = client.received.index(b"\r\n\r\n") + 4 + len(LARGE)
    client.receive(want, timeout=20)
    assert client.received.endswith(LARGE)


def test_syn_ack_offers(client):
    """The SYN,ACK's own option values are sane."""
    client.syn()
    synack = client.expect_flags("SA")
    options = dict(option for option in synack[TCP].options if len(option) == 2)
    assert options["MSS"] == 1500 - 20 - (40 if client.v6 else 20)
    # The client offered no window scale: none may come back (RFC 7323, 2.2).
    assert "WScale" not in options
    client.send("R")


def options_of(frame):
    return {option[0]: option[1] for option in frame[TCP].options}


def test_options_are_agreed(client):
    """What the SYN offers comes back where the stack has it (RFC 7323, 2.2 and 3.2; RFC 2018, 2),
    and from then on timestamps are in every segment."""
    client.send("S", options=[("MSS", 1400), ("SAckOK", b""), ("Timestamp", (1000, 0)),
                              ("NOP", None), ("WScale", 7)])
    synack = client.expect_flags("SA")
    client.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
    options = options_of(synack)
    assert 0 <= options["WScale"] <= 14
    if "Timestamp" not in options:
        client.send("R")
        pytest.skip("no timestamps yet")
    assert options["Timestamp"][1] == 1000
    ts = [("NOP", None), ("NOP", None), ("Timestamp", (1001, options["Timestamp"][0]))]
    client.send("A", options=ts)
    client.send("PA", SMALL_REQUEST, options=ts)
    answer = client.next()
    while answer is not None and not client.payload(answer):
        assert options_of(answer)["Timestamp"][1] == 1001
        answer = client.next()
    assert answer is not None
    assert options_of(answer)["Timestamp"][1] == 1001
    client.send("R", options=ts)


def test_old_timestamp(client):
    """PAWS (RFC 7323, 5.3): a segment older than what has been seen is not taken."""
    client.send("S", options=[("MSS", 1400), ("Timestamp", (100000, 0))])
    synack = client.expect_flags("SA")
    client.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
    if "Timestamp" not in options_of(synack):
        client.send("R")
        pytest.skip("no timestamps yet")
    ecr = options_of(synack)["Timestamp"][0]

    def ts(value):
        return [("NOP", None), ("NOP", None), ("Timestamp", (value, ecr))]

    client.send("A", options=ts(100001))
    client.host.drain()
    client.host.send(client.segment("PA", b"G", options=ts(50)))
    answer = client.next()
    assert answer is not None and answer[TCP].ack == client.snd_nxt
    client.send("PA", SMALL_REQUEST, options=ts(100002))
    client.host.drain()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        frame = client.next(1)
        if frame is not None and client.payload(frame).startswith(b"HTTP/1.1 200 "):
            break
    else:
        raise AssertionError("no answer after an old segment")
    client.send("R", options=ts(100003))


def test_selective_retransmission(client):
    """A receiver with SACK that loses every twentieth segment gets these again, and little
    else."""
    client.send("S", options=[("MSS", 1400), ("SAckOK", b""), ("NOP", None), ("WScale", 4)])
    synack = client.expect_flags("SA")
    client.rcv_nxt = (synack[TCP].seq + 1) & 0xffffffff
    if "SAckOK" not in options_of(synack):
        client.send("R")
        pytest.skip("no SACK yet")
    client.send("A")
    client.send("PA", REQUEST)
    seen, waiting, order = {}, {}, []
    nb_lost, total = 0, None
    deadline = time.monotonic() + 30
    while total is None or len(client.received) < total:
        assert time.monotonic() < deadline, f"{len(client.received)} bytes in 30 s"
        frame = client.next(5)
        assert frame is not None, f"stalls after {len(client.received)} bytes"
        data, seq = client.payload(frame), frame[TCP].seq
        if not data:
            continue
        seen[seq] = seen.get(seq, 0) + 1
        if seen[seq] == 1 and len(seen) % 20 == 0:
            nb_lost += 1
            continue
        waiting[seq] = data
        order = [seq] + [other for other in order if other != seq]
        while client.rcv_nxt in waiting:
            order.remove(client.rcv_nxt)
            data = waiting.pop(client.rcv_nxt)
            client.received += data
            client.rcv_nxt = (client.rcv_nxt + len(data)) & 0xffffffff
        client.send("A", options=sack_option(waiting, order))
        if total is None and b"\r\n\r\n" in client.received:
            total = client.received.index(b"\r\n\r\n") + 4 + len(LARGE)
    assert client.received.endswith(LARGE)
    again = sum(seen.values()) - len(seen)
    assert nb_lost <= again <= 2 * nb_lost + 5, f"{again} sent again, {nb_lost} were lost"
    client.send("R")


def sack_option(waiting, order):
    """Blocks of what waits, those that came last first (RFC 2018, 4)."""
    blocks = []
    for seq in order:
        if any(left <= seq < right for left, right in blocks):
            continue
        left = right = seq
        while right in waiting:
            right = (right + len(waiting[right])) & 0xffffffff
        for other, data in sorted(waiting.items(), reverse=True):
            if other + len(data) == left:
                left = other
        blocks.append((left, right))
        if len(blocks) == 3:
            break
    if not blocks:
        return []
    return [("NOP", None), ("NOP", None),
            ("SAck", tuple(edge for block in blocks for edge in block))]


def test_initial_sequence_numbers(raw_host, is_v6):
    """Different ports get ISNs that do not follow from one another (RFC 6528)."""
    assert raw_host.resolve(is_v6) is not None
    isns = []
    for _ in range(20):
        client = RawTcp(raw_host, HTTP, next(_ports), v6=is_v6)
        client.syn()
        isns.append(client.expect_flags("SA")[TCP].seq)
        client.send("R")
    steps = {(b - a) & 0xffffffff for a, b in zip(isns, isns[1:])}
    assert len(steps) == len(isns) - 1
    assert max(steps) > 1 << 24


def test_blind_reset(raw_host, client):
    """A RST in the window, but not at its edge, gets a challenge ACK (RFC 9293, 3.10.7.4)."""
    client.handshake()
    raw_host.drain()
    raw_host.send(client.segment("R", seq=client.snd_nxt + 1000))
    answer = client.next(2)
    assert answer is not None and answer[TCP].flags == "A"
    assert answer[TCP].ack == client.snd_nxt
    client.send("PA", SMALL_REQUEST)
    client.receive(15)
    assert client.received.startswith(b"HTTP/1.1 200 ")


def test_blind_syn(raw_host, client):
    """A SYN within a connection does no harm either."""
    client.handshake()
    raw_host.drain()
    raw_host.send(client.segment("S", seq=client.snd_nxt + 1000))
    answer = client.next(2)
    assert answer is not None and answer[TCP].flags == "A"
    client.send("PA", SMALL_REQUEST)
    client.receive(15)


def test_blind_data(raw_host, client):
    """Data that acknowledges what was never sent is not taken (RFC 5961, 5)."""
    client.handshake()
    raw_host.drain()
    segment = client.segment("PA", b"GET /evil HTTP/1.1\r\n\r\n")
    segment[TCP].ack = (client.rcv_nxt + 5000000) & 0xffffffff
    raw_host.send(segment)
    answer = client.next(2)
    assert answer is not None and answer[TCP].ack == client.snd_nxt
    client.send("PA", SMALL_REQUEST)
    client.receive(15)
    assert client.received.startswith(b"HTTP/1.1 200 ")


def test_syn_flood(isla, ns, raw_host, is_v6, alive):
    """2,000 connections that stay half-open: who is connected stays so, and who comes is served."""
    raw_host.answers = True
    assert raw_host.resolve(is_v6) is not None
    where = Link.STACK_V6 if is_v6 else Link.STACK_V4
    rng = random.Random(5)
    seqs = [rng.getrandbits(32) for _ in range(2000)]

    def send_all(flags, add):
        template = raw_host.ip(is_v6) / TCP(dport=HTTP, flags=flags, window=1024)
        for i, seq in enumerate(seqs):
            template[TCP].sport = 1024 + i
            template[TCP].seq = (seq + add) & 0xffffffff
            raw_host.send(template)
            if i % 200 == 0:
                time.sleep(0.01)

    with traffic.HttpClient(ns, where) as before:
        send_all("S", 0)
        try:
            response = before.request(SMALL_REQUEST)
            assert (response.status, response.body) == (200, b"small\n")
            alive()
        finally:
            # What follows is to find an empty backlog, however this has ended.
            send_all("R", 1)
            raw_host.drain()


def test_flood_of_everything(raw_host, is_v6, alive):
    """Segments of all 256 combinations of flags, to an open, a closed and a connected port."""
    assert raw_host.resolve(is_v6) is not None
    client = RawTcp(raw_host, ECHO, next(_ports), v6=is_v6).handshake()
    for port in (ECHO, 4444):
        for flags in range(256):
            raw_host.send(raw_host.ip(is_v6) / TCP(sport=40000 + flags, dport=port, seq=flags,
                                                   ack=flags, flags=flags))
    for flags in range(256):
        raw_host.send(client.segment(flags & ~4))
    alive()


def test_source_is_destination(raw_host, is_v6, alive):
    """A SYN from the stack to itself ("land") must not make it talk to itself."""
    ip = (IPv6(src=Link.STACK_V6, dst=Link.STACK_V6) if is_v6 else
          IP(src=Link.STACK_V4, dst=Link.STACK_V4))
    for _ in range(10):
        raw_host.send(Ether(src=raw_host.mac, dst=raw_host.stack_mac) / ip /
                      TCP(sport=HTTP, dport=HTTP, flags="S"))
    alive()

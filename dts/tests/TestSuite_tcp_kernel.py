# SPDX-License-Identifier: BSD-3-Clause
"""Bulk transfers between Isla and the kernel's TCP, in whatever mood that one is.

Each case sets options, congestion control or the path, moves some megabytes byte for byte, and then
has the capture and the counters of both ends explain every frame that was lost, sent again or
dropped."""

import dataclasses
import pathlib
import re
import socket
import threading
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.agent import Agent
from framework.app_shell import LCORES, REPOSITORY, AppShell
from framework.capture import Capture
from framework.peer import Peer
from framework.segments import Conversation, read
from framework.topology import Link, Namespace, need_tool, wait_until

MB = 1000 * 1000
PIECE = MB
FILE_MB = 50
LIMIT_S = 60
DISCARD, ECHO, SERVER = 9, 7, 5001
# Frames are cut in captures beyond this many bytes; of smaller transfers all is kept, so that
# tshark verifies the checksums. (In the larger ones the kernel does, and counts.)
SNAP_ABOVE_MB, SNAP_BYTES = 5, 160
KERNEL_CC = pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control")


@dataclasses.dataclass(frozen=True)
class Case:
    """One transfer. `how` is the test's way of moving bytes: get (HTTP), echo, put (discard), and
    with Isla as the client write and read (agent). Losses are in 1000."""
    name: str
    how: str
    size_mb: int = FILE_MB
    v6: bool = False
    sysctl: tuple = ()
    route: tuple = ()           # metrics of the kernel's route, such as advmss
    cc: str = ""                # the kernel's
    isla: tuple = ()            # options
    from_isla: int = 0
    to_isla: int = 0
    rate: tuple = ()            # of the path to the kernel, and the bytes that wait for it
    rate_to_isla: tuple = ()
    check: str = ""             # a further check_NAME()

    @property
    def faulty(self):
        return "--fault" in self.isla


def fault(direction, what):
    return ("--fault", f"{direction} {what}")


def kernel_ccs():
    return KERNEL_CC.read_text(encoding="ascii").split() if KERNEL_CC.exists() else []


def isla_ccs():
    """The names of --tcp-cc, each from the file of its own that such an algorithm has."""
    found = (re.search(r'^\t\.name = "(\w+)",', path.read_text(encoding="utf-8"), re.MULTILINE)
             for path in (REPOSITORY / "lib" / "proto" / "tcp").glob("tcp_cc_*.c"))
    return sorted(match[1] for match in found if match)


def ccs():
    cases = []
    for i, name in enumerate(kernel_ccs()):
        cases += [Case(f"kernel-{name}", "put", v6=i % 2 == 0, cc=name),
                  Case(f"kernel-{name}-loss", "put", 5, v6=i % 2 == 1, cc=name, to_isla=10)]
    for i, name in enumerate(isla_ccs()):
        isla = ("--tcp-cc", name)
        cases += [Case(f"isla-{name}", "get", v6=i % 2 == 1, isla=isla),
                  Case(f"isla-{name}-loss", "get", 10, v6=i % 2 == 0, isla=isla, from_isla=10)]
    return cases


CASES = [
    Case("plain-v4", "get", check="agreed_all"),
    Case("plain-v6", "get", v6=True, check="agreed_all"),
    Case("echo", "echo", 25, v6=True),
    Case("client-write", "write", 25, check="agreed_all"),
    Case("client-read", "read", 25, v6=True, check="agreed_all"),
    # What the kernel can leave out.
    Case("no-sack", "get", sysctl=(("tcp_sack", 0),), v6=True, check="no_sack"),
    Case("no-sack-loss", "get", 10, sysctl=(("tcp_sack", 0),), from_isla=10, check="no_sack"),
    Case("no-sack-loss-to-isla", "put", 5, sysctl=(("tcp_sack", 0),), to_isla=10, v6=True,
         check="no_sack"),
    Case("no-timestamps", "get", sysctl=(("tcp_timestamps", 0),), check="no_timestamps"),
    Case("no-timestamps-loss", "get", 10, sysctl=(("tcp_timestamps", 0),), from_isla=10, v6=True,
         check="no_timestamps"),
    Case("no-timestamps-client", "read", 10, sysctl=(("tcp_timestamps", 0),), to_isla=10,
         check="no_timestamps"),
    Case("no-scaling", "get", sysctl=(("tcp_window_scaling", 0),), v6=True, check="no_scaling"),
    Case("no-scaling-put", "put", sysctl=(("tcp_window_scaling", 0),), check="no_scaling"),
    Case("nothing", "echo", 10, v6=True, check="no_options", sysctl=(
        ("tcp_sack", 0), ("tcp_timestamps", 0), ("tcp_window_scaling", 0), ("tcp_ecn", 0))),
    Case("ecn-0", "get", sysctl=(("tcp_ecn", 0),), check="no_ecn"),
    Case("ecn-0-client", "write", 10, v6=True, sysctl=(("tcp_ecn", 0),), check="no_ecn",
         isla=("--tcp-ecn", "on")),
    Case("ecn-1", "get", v6=True, sysctl=(("tcp_ecn", 1),), check="ecn"),
    Case("ecn-1-loss", "echo", 5, sysctl=(("tcp_ecn", 1),), from_isla=10, to_isla=10,
         check="ecn"),
    Case("ecn-2", "get", sysctl=(("tcp_ecn", 2),), check="no_ecn"),
    Case("ecn-2-client", "write", 10, sysctl=(("tcp_ecn", 2),), check="ecn",
         isla=("--tcp-ecn", "on")),
    Case("no-dsack", "get", 10, sysctl=(("tcp_dsack", 0),), from_isla=10, check="no_dsack"),
    Case("fack", "get", 10, v6=True, sysctl=(("tcp_fack", 1),), from_isla=10),
    # Small buffers and small segments.
    Case("small-rmem", "get", 10, sysctl=(("tcp_rmem", "4096 8192 16384"),)),
    Case("small-rmem-loss", "get", 5, v6=True, sysctl=(("tcp_rmem", "4096 8192 16384"),),
         from_isla=10),
    Case("small-wmem", "put", 25, v6=True, sysctl=(("tcp_wmem", "4096 8192 16384"),)),
    Case("small-both", "echo", 5, sysctl=(("tcp_rmem", "4096 8192 16384"),
                                         ("tcp_wmem", "4096 8192 16384"))),
    Case("mtu-probing", "put", 25, sysctl=(("tcp_mtu_probing", 2),), check="mtu_probing"),
    Case("mtu-probing-echo", "echo", 10, v6=True, sysctl=(("tcp_mtu_probing", 2),)),
    Case("advmss-536", "get", 10, route=("advmss", 536), check="short_segments"),
    Case("advmss-1220", "get", v6=True, route=("advmss", 1220), check="short_segments"),
    Case("advmss-100", "get", 2, route=("advmss", 100), check="short_segments"),
    # The path loses.
    Case("loss-0.1", "get", from_isla=1),
    Case("loss-1", "get", 10, v6=True, from_isla=10),
    Case("loss-5", "get", 5, from_isla=50),
    Case("loss-5-client", "write", 5, v6=True, from_isla=50),
    Case("loss-0.1-to-isla", "put", v6=True, to_isla=1),
    Case("loss-1-to-isla", "put", 10, to_isla=10),
    Case("loss-5-to-isla", "put", 5, v6=True, to_isla=50),
    Case("loss-5-to-client", "read", 5, to_isla=50),
    Case("acks-lost-1", "get", v6=True, to_isla=10),
    Case("acks-lost-5", "get", 25, to_isla=50),
    Case("loss-both", "echo", 5, v6=True, from_isla=10, to_isla=10),
    # It has a rate, and takes its time.
    Case("rate", "get", 20, rate=("100mbit", "100k"), check="rate"),
    Case("rate-to-isla", "put", 20, v6=True, rate_to_isla=("100mbit", "300k")),
    Case("rate-delay", "get", 10, v6=True, rate=("100mbit", "250k"),
         isla=fault("rx", "delay 10ms")),
    Case("delay-jitter", "echo", 5, isla=fault("both", "delay 5ms jitter 1ms")),
    Case("fault-rate", "get", 10, v6=True, isla=fault("tx", "rate 100mbit buffer 256K")),
    Case("reorder-to-isla", "put", 10, isla=fault("rx", "reorder 2% hold 2ms")),
    Case("reorder", "get", 10, v6=True, isla=fault("tx", "reorder 2% hold 2ms")),
    Case("dup", "echo", 5, isla=fault("both", "dup 2%")),
    Case("corrupt-to-isla", "put", 5, v6=True, isla=fault("rx", "corrupt 1%")),
    Case("corrupt", "get", 5, isla=fault("tx", "corrupt 1%")),
    *ccs(),
]


def make_docroot(path):
    with open(path / "file.bin", "wb") as file:
        for i in range(FILE_MB):
            file.write(traffic.pattern(PIECE, seed=i))


@pytest.fixture(scope="module")
def router():
    need_tool("nft", "tc", "ethtool", "curl", "dumpcap", "tshark")
    with Namespace("dts") as ns:
        yield ns


class Run:
    """A case's peer and application, and what is known of them afterwards."""

    def __init__(self, case, router, docroot, tmp_path):
        self.case = case
        self.router = router
        self.file = docroot / "file.bin"
        self.agent_path = tmp_path / "agent"
        self.capture_path = tmp_path / "run.pcapng"
        self.isla_addr, self.peer_addr = \
            (Link.STACK_V6, Peer.V6) if case.v6 else (Link.STACK_V4, Peer.V4)
        self.peer = Peer(router, "peer")
        self.link = Link(router)
        self.app = AppShell(router, [
            *default_options(docroot), *Peer.GATEWAY, "--agent", self.agent_path, *case.isla])
        self.summary = self.lost = self.kernel = self.conversation = self.took_s = None

    @property
    def nb_bytes(self):
        return self.case.size_mb * MB

    def prepare(self):
        case, peer = self.case, self.peer
        peer.plain_frames()
        peer.sysctl("tcp_no_metrics_save", 1)
        for name, value in case.sysctl:
            if not pathlib.Path(f"/proc/sys/net/ipv4/{name}").exists():
                pytest.skip(f"the kernel has no {name}")
            peer.sysctl(name, value)
        peer.route(*case.route)
        self.app.start()
        self.link.configure()
        # Neighbours are known on the whole way before anything is lost.
        wait_until(lambda: peer.run(["ping", "-c", "1", "-W", "1", self.isla_addr],
                                    check=False).returncode == 0, 20, "an answer to a ping")
        peer.lose(from_isla=case.from_isla, to_isla=case.to_isla)
        if case.rate:
            peer.rate(*case.rate)
        if case.rate_to_isla:
            peer.rate(*case.rate_to_isla, to_isla=True)

    def transfer(self):
        with self.peer:
            try:
                self.prepare()
                before, drops = self.peer.counters(), self.link.drops()
                snap = SNAP_BYTES if self.case.size_mb > SNAP_ABOVE_MB else 0
                with Capture(self.router, self.capture_path, snap) as capture:
                    began = time.monotonic()
                    getattr(self, "do_" + self.case.how)()
                    self.took_s = time.monotonic() - began
                    self.wait_closed()
                after = self.peer.counters()
                self.kernel = {name: after[name] - before.get(name, 0) for name in after}
                self.lost = self.peer.lost()
                self.lost["rate"] = self.peer.rate_lost() if self.case.rate else 0
                # The TAP holds so many frames that Isla has not read yet.
                self.lost["tap"] = self.link.drops()[0] - drops[0]
                self.summary = self.app.check_clean_end()
            finally:
                self.app.kill()
        assert capture.missed == 0, "the capture has holes"
        self.conversation = Conversation(read(capture), self.isla_addr,
                                         in_order="tx" not in str(self.case.isla) and
                                         "both" not in str(self.case.isla))
        self.capture_path.unlink()

    def wait_closed(self):
        """The kernel is done once its end is gone or waits for stray segments only."""
        state = ["ss", "-Htan", "state", "connected", "exclude", "time-wait"]
        wait_until(lambda: not self.peer.run(state).stdout.strip(), 30, "both ends have closed")

    def connect(self, port):
        sock = self.peer.socket(traffic.family_of(self.isla_addr), socket.SOCK_STREAM)
        sock.settimeout(LIMIT_S)
        self.congestion_control(sock)
        sock.connect((self.isla_addr, port))
        return sock

    def congestion_control(self, sock):
        if self.case.cc:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self.case.cc.encode())
            used = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
            assert used.rstrip(b"\0").decode() == self.case.cc

    def pieces(self):
        with open(self.file, "rb") as file:
            for _ in range(self.case.size_mb):
                yield file.read(PIECE)

    def do_get(self):
        url = traffic.url(self.isla_addr, "/file.bin")
        self.peer.run(["bash", "-o", "pipefail", "-c",
                       f"curl -s -g -f --max-time {LIMIT_S} -r 0-{self.nb_bytes - 1} '{url}' | "
                       f"cmp -n {self.nb_bytes} - '{self.file}'"], timeout=LIMIT_S + 10)

    def do_echo(self):
        data = b"".join(self.pieces())
        with self.connect(ECHO) as sock:
            assert traffic.echo(sock, data, LIMIT_S) == data

    def do_put(self):
        """Discard closes once it has all, and tells by its FIN."""
        with self.connect(DISCARD) as sock:
            for piece in self.pieces():
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""

    def serve(self, serve):
        """Isla connects to the kernel: serve(sock) there, beside the agent's calls here."""
        with self.peer.socket(traffic.family_of(self.peer_addr), socket.SOCK_STREAM) as listener:
            listener.settimeout(LIMIT_S)
            self.congestion_control(listener)
            listener.bind((self.peer_addr, SERVER))
            listener.listen(1)
            result = []

            def run():
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(LIMIT_S)
                    result.append(serve(sock))

            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            with Agent(self.agent_path, LIMIT_S) as agent:
                family = "AF_INET6" if self.case.v6 else "AF_INET"
                fd = agent.call(f"socket {family} SOCK_STREAM 0").ret
                assert agent.call(f"connect {fd} {self.peer_addr} {SERVER}").ret == 0
                yield agent, fd
                assert agent.call(f"close {fd}").ret == 0
            thread.join(LIMIT_S)
            yield result

    def do_write(self):
        def sink(sock):
            total, zeros = 0, 0
            while part := sock.recv(1 << 20):
                total += len(part)
                zeros += part.count(0)
            return total, zeros

        steps = self.serve(sink)
        agent, fd = next(steps)
        for _ in range(self.case.size_mb):
            assert agent.call(f"write {fd} {MB}").ret == MB
        assert next(steps) == [(self.nb_bytes, self.nb_bytes)]

    def do_read(self):
        def source(sock):
            for piece in self.pieces():
                sock.sendall(piece)
            return True

        steps = self.serve(source)
        agent, fd = next(steps)
        total = 0
        while (answer := agent.call(f"read {fd} {MB}")).ret > 0:
            total += answer.ret
        assert (answer.ret, total) == (0, self.nb_bytes)
        assert next(steps) == [True]

    def faults(self, direction, *names):
        """How many frames the fault stage treated so: faults("Tx", "Dropped")."""
        return sum(self.summary.counter(f"fault{direction}{name}") for name in names)

    @property
    def nb_lost_from_isla(self):
        """Segments of Isla's that did not arrive, or not in one piece."""
        return self.lost["from_isla"] + self.lost["rate"] + \
            self.faults("Tx", "Dropped", "BufferFull", "LimitFull", "Corrupted")

    @property
    def nb_lost_to_isla(self):
        return self.lost["to_isla"] + self.lost["tap"] + \
            self.faults("Rx", "Dropped", "BufferFull", "LimitFull", "Corrupted")


def check_frames(run):
    """What tshark says of Isla's segments, and the rules of framework/segments.py."""
    c, notes = run.conversation, run.conversation.isla.notes
    assert len(c.bad) <= run.faults("Tx", "Corrupted"), c.bad[:5]
    assert not c.faults, "\n".join(c.faults[:10])
    assert c.isla.nb_data + c.isla.nb_pure_acks > 20, "a capture that proves nothing"
    again = sum(notes[name] for name in ("retransmission", "out_of_order"))
    assert notes["spurious_retransmission"] + notes["fast_retransmission"] <= again
    # tshark takes a damaged number at its word.
    assert again <= c.isla.nb_again + run.faults("Tx", "Corrupted")
    for name in ("reused_ports", "keep_alive", "zero_window_probe"):
        assert notes[name] == 0, (name, notes)
    if not run.nb_lost_to_isla:
        # tshark loses count behind a second gap; the Conversation does not.
        assert notes["ack_lost_segment"] == 0, notes
    if c.in_order:
        assert notes["lost_segment"] == 0, notes
    if run.case.how in ("get", "write"):
        assert notes["zero_window"] == 0, notes
    # After the end a frame that was held back, or its answer, finds no connection any more.
    late = sum(run.faults(direction, "Reordered", "Duplicated") for direction in ("Rx", "Tx"))
    assert c.isla.nb_resets == (run.summary.drop("TCP_NO_CONN") if late else 0)


def check_retransmissions(run):
    """Isla sends again what was lost, and little else: a tail loss probe may turn out needless,
    and so may what a timeout makes of a kernel that was kept from running."""
    s, lost = run.summary, run.nb_lost_from_isla
    assert run.conversation.isla.nb_again <= s.counter("tcpRetransSegs") + \
        run.faults("Tx", "Duplicated", "Reordered")
    needless = s.counter("tcpRetransSegs") - lost
    # An lcore that may move from CPU to CPU leaves frames behind, which the kernel then deals with
    # on both: check_frames() has seen them leave in order.
    overtaken = LCORES > 1 and lost == 0 and run.kernel.get("TcpExtTCPOFOQueue", 0) > 0
    assert overtaken or needless <= 2 + s.counter("TCPLossProbes") + 3 * s.counter("TCPTimeouts") + \
        run.faults("Tx", "Reordered") + lost // 20, s.text
    both = lost + run.nb_lost_to_isla
    assert s.counter("TCPTimeouts") <= 2 + both // 20, s.text
    assert s.counter("TCPLossProbes") <= 10 + both // 5, s.text


# What the kernel counts where the other end does wrong, or the connection ends badly.
KERNEL_COMPLAINTS = (
    "TcpEstabResets", "TcpOutRsts", "TcpAttemptFails", "TcpExtTCPSACKReneging",
    "TcpExtTCPChallengeACK", "TcpExtTCPSYNChallenge", "TcpExtBeyondWindow", "TcpExtTCPOFODrop",
    "TcpExtTCPZeroWindowDrop", "TcpExtTCPAbortOnData", "TcpExtTCPAbortOnClose",
    "TcpExtTCPAbortOnMemory", "TcpExtTCPAbortOnTimeout", "TcpExtTCPAbortFailed",
    "TcpExtTCPACKSkippedSynRecv", "TcpExtTCPACKSkippedTimeWait", "TcpExtTCPACKSkippedChallenge",
    "TcpExtTCPRetransFail")


def check_kernel(run):
    k = run.kernel
    complaints = {name: k[name] for name in KERNEL_COMPLAINTS if k.get(name)}
    # What was overtaken may come after the end, when the kernel knows of no connection any more.
    if run.faults("Tx", "Reordered", "Duplicated"):
        complaints.pop("TcpOutRsts", None)
    assert not complaints, complaints
    corrupted = run.faults("Tx", "Corrupted")
    assert k["TcpInErrs"] <= corrupted and k["TcpInCsumErrors"] <= corrupted, k
    stale = run.faults("Tx", "Reordered", "Duplicated")
    assert k["TcpExtPAWSEstab"] <= stale, k
    # A D-SACK for what the network has doubled means nothing to the kernel.
    assert k.get("TcpExtTCPSACKDiscard", 0) <= stale + run.faults("Rx", "Duplicated"), k
    # Isla's ACKs give the kernel no reason to send much again that was not lost, unless they are
    # lost themselves, or have no SACK: the kernel sends all again then.
    lost = run.nb_lost_to_isla + run.faults("Rx", "Reordered", "Duplicated")
    probes, timeouts = k.get("TcpExtTCPLossProbes", 0), k.get("TcpExtTCPTimeouts", 0)
    if run.conversation.agreed("sack_perm") and not run.nb_lost_from_isla:
        assert timeouts <= 2 + lost // 10, (run.lost, k)
        # After a timeout it may send all that was in flight.
        assert timeouts or k["TcpRetransSegs"] <= 10 + probes + 4 * lost, (run.lost, k)


DROP = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)+")


def check_counters(run):
    """Each frame that Isla dropped has its reason in what was done to it."""
    s = run.summary
    drops = {name: value for name, value in s.values.items() if value and DROP.fullmatch(name)}
    # The router says by multicast of which groups it is a member.
    assert drops.pop("IP_DST", 0) <= 20, s.text
    corrupted = run.faults("Rx", "Corrupted")
    # Where a flow's queue changes, what was handed over may be overtaken by what was not.
    late = run.faults("Rx", "Reordered") + s.counter("handoverOut")
    stray = late + run.faults("Tx", "Reordered") + \
        sum(run.faults(direction, "Duplicated") for direction in ("Rx", "Tx"))
    again = run.kernel["TcpRetransSegs"] + run.faults("Rx", "Duplicated")
    old = sum(drops.pop(name, 0) for name in ("TCP_SEQ", "TCP_DUP"))
    assert old <= again + late, s.text
    # Held back for longer than a tick of the other end's clock; or beyond the connection's end.
    assert drops.pop("TCP_PAWS", 0) <= late, s.text
    assert drops.pop("TCP_NO_CONN", 0) <= stray, s.text
    # The kernel's answer to what came beyond the end finds TIME-WAIT, which it must not end.
    assert drops.pop("TCP_RST", 0) <= stray, s.text
    assert sum(drops.values()) <= corrupted, drops
    assert s.counter("tcpInErrs") <= corrupted, s.text
    for name in ("tcpEstabResets", "tcpAttemptFails", "tcpCurrEstab", "TCPChallengeACK",
                 "TCPAbortOnMemory"):
        assert s.counter(name) == 0, s.text
    assert s.counter("tcpPassiveOpens") + s.counter("tcpActiveOpens") == 1, s.text
    if not run.case.faulty:
        assert s.counter("PayloadBytesCopied") == 0, s.text


def check_path(run):
    """What the case was to lose was lost, else it would prove nothing."""
    for name in ("from_isla", "to_isla"):
        assert (run.lost[name] > 0) == (getattr(run.case, name) > 0), run.lost
    for direction in ("rx", "tx"):
        for what in ("reorder", "dup", "corrupt"):
            if f"{direction} {what}" in run.case.isla or f"both {what}" in run.case.isla:
                names = {"reorder": "Reordered", "dup": "Duplicated", "corrupt": "Corrupted"}
                assert run.faults(direction.title(), names[what]) > 0, run.summary.text


def full_mss(run):
    """In a segment of data, the timestamps being out of it."""
    mss = 1440 if run.case.v6 else 1460
    return mss - 12 if run.conversation.agreed("tsval") else mss


def check_agreed_all(run):
    c = run.conversation
    assert c.agreed("sack_perm") and c.agreed("tsval") and c.agreed("wscale")
    assert max(c.isla.max_len, c.peer.max_len) == full_mss(run)


def check_no_sack(run):
    c = run.conversation
    assert not c.agreed("sack_perm") and c.isla.nb_sacks == c.peer.nb_sacks == 0
    assert c.agreed("tsval") and c.agreed("wscale")


def check_no_timestamps(run):
    c = run.conversation
    assert c.isla.tsval is None or c.isla.syn.tsval is not None
    assert not c.agreed("tsval") and c.agreed("sack_perm") and c.agreed("wscale")
    assert max(c.isla.max_len, c.peer.max_len) == full_mss(run)


def check_no_scaling(run):
    c = run.conversation
    assert not c.agreed("wscale") and c.agreed("sack_perm") and c.agreed("tsval")


def check_no_options(run):
    c = run.conversation
    assert not (c.agreed("wscale") or c.agreed("sack_perm") or c.agreed("tsval") or c.ecn)
    assert c.isla.max_len == full_mss(run)


def check_ecn(run):
    """Nothing on the path marks, so nobody tells of marks; each new segment of data may be."""
    c = run.conversation
    assert c.ecn and run.summary.counter("TCPECNEstab") == 1
    assert c.isla.nb_ect == c.isla.nb_data - c.isla.nb_data_again > 0
    assert c.isla.nb_ece == c.isla.nb_ce == c.peer.nb_ece == 0


def check_no_ecn(run):
    c = run.conversation
    assert not c.ecn and c.isla.nb_ect == c.peer.nb_ect == 0


def check_no_dsack(run):
    assert run.conversation.peer.nb_dsacks == 0


def check_mtu_probing(run):
    """The kernel begins with small segments, and finds that Isla takes larger ones."""
    assert run.kernel["TcpExtTCPMTUPSuccess"] > 0, run.kernel
    assert run.kernel["TcpExtTCPMTUPFail"] == 0, run.kernel
    assert run.conversation.peer.max_len > 1400


def check_short_segments(run):
    mss = dict(zip(run.case.route[::2], run.case.route[1::2]))["advmss"]
    assert run.conversation.peer.syn.mss == mss
    assert run.conversation.isla.max_len == mss - 12


def check_rate(run):
    assert run.took_s > run.nb_bytes * 8 / 100e6 * 0.95


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_transfer(case, router, docroot, tmp_path):
    run = Run(case, router, docroot, tmp_path)
    run.transfer()
    for check in (check_path, check_frames, check_retransmissions, check_kernel, check_counters):
        check(run)
    if case.check:
        globals()["check_" + case.check](run)

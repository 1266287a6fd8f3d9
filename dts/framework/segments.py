# SPDX-License-Identifier: BSD-3-Clause
"""The segments of one TCP connection in a capture on isla0, and what each end owes the other.

The capture stands beside the application: its segments come before anything can happen to them, and
those of the peer are seen before the application sees them. So each rule below holds for each of
the application's segments, whatever the path loses, as long as no fault stage stands in between."""

import collections

ANALYSIS = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
            "lost_segment", "ack_lost_segment", "window_full", "zero_window",
            "zero_window_probe", "zero_window_probe_ack", "keep_alive", "keep_alive_ack",
            "reused_ports")
FIELDS = ("frame.number", "ip.src", "ipv6.src", "tcp.seq", "tcp.ack", "tcp.len", "tcp.flags",
          "tcp.window_size", "tcp.options.mss_val", "tcp.options.wscale.shift",
          "tcp.options.sack_perm", "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr",
          "tcp.options.sack_le", "tcp.options.sack_re", "ip.dsfield.ecn", "ipv6.tclass.ecn",
          "tcp.checksum.status", "ip.checksum.status", "_ws.malformed", "tcp.checksum",
          "frame.protocols", *("tcp.analysis." + name for name in ANALYSIS))
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = (1 << bit for bit in range(9))
CE, ECT0 = 3, 2
CHECKSUM_BAD = "0"
# The kernel never sends a checksum of 0 but its other form, to which tshark objects.
MINUS_ZERO = "0xffff"


def is_guess(protocols):
    """Whether tshark takes the payload, which is random, for some protocol by the look of it."""
    above = protocols.partition(":tcp:")[2].split(":")
    return any(name not in ("", "data") and not name.startswith("_ws.") for name in above)


class Segment:
    __slots__ = ("frame", "src", "seq", "ack", "len", "flags", "window", "mss", "wscale",
                 "sack_perm", "tsval", "tsecr", "sacks", "ecn", "bad", "notes")

    def __init__(self, row):
        def value(text):
            return int(text, 0) if text else None

        self.frame = int(row[0])
        self.src = row[1] or row[2]
        self.seq, self.ack, self.len, self.flags, self.window = (int(x or "0", 0)
                                                                 for x in row[3:8])
        self.mss, self.wscale = value(row[8]), value(row[9])
        self.sack_perm = bool(row[10])
        self.tsval, self.tsecr = value(row[11]), value(row[12])
        self.sacks = [(int(left), int(right)) for left, right in
                      zip(row[13].split(","), row[14].split(",")) if left]
        self.ecn = int(row[15] or row[16] or "0", 0)
        bad_sum = row[17] == CHECKSUM_BAD and row[20] != MINUS_ZERO
        self.bad = [name for name, wrong in (("TCP checksum", bad_sum),
                                             ("IP checksum", row[18] == CHECKSUM_BAD),
                                             ("malformed", row[19] and not is_guess(row[21])))
                    if wrong]
        self.notes = {name for name, text in zip(ANALYSIS, row[22:]) if text}

    @property
    def end(self):
        return self.seq + self.len + bool(self.flags & SYN) + bool(self.flags & FIN)

    def __repr__(self):
        return (f"frame {self.frame} {self.src} seq {self.seq} len {self.len} ack {self.ack} "
                f"flags {self.flags:#x} win {self.window} sack {self.sacks} "
                f"ts {self.tsval} {self.tsecr} ecn {self.ecn} "
                f"{' '.join(self.bad + sorted(self.notes))}")


def read(capture):
    """All TCP segments of a capture, in order."""
    args = [arg for field in FIELDS for arg in ("-e", field)]
    out = capture.tshark("--disable-protocol", "http", "-Y", "tcp && !icmp && !icmpv6",
                         "-T", "fields", "-E", "occurrence=a", *args)
    return [Segment(line.split("\t")) for line in out.splitlines()]


class Side:
    """What one end has said so far."""

    def __init__(self):
        self.syn = None
        self.end = 0            # of what it has sent
        self.edge = 0           # of the window it offered
        self.ack = 0
        self.tsval = None
        self.nb_data = self.nb_data_again = self.nb_again = 0  # with data; also a bare FIN
        self.nb_pure_acks = self.nb_sacks = self.nb_dsacks = 0
        self.nb_ce = self.nb_ece = self.nb_ect = self.nb_resets = 0
        self.max_len = 0
        self.notes = collections.Counter()

    def said(self, s):
        if s.flags & SYN:
            self.syn = s
        if s.flags & RST:
            self.nb_resets += 1
            return
        if s.end > s.seq:
            self.nb_data += s.len > 0
            self.nb_again += s.seq < self.end
            self.nb_data_again += s.len > 0 and s.seq < self.end
            self.max_len = max(self.max_len, s.len)
        elif not s.flags & (SYN | FIN):
            self.nb_pure_acks += 1
        self.nb_sacks += bool(s.sacks)
        self.nb_dsacks += bool(is_dsack(s))
        self.nb_ce += s.ecn == CE
        self.nb_ect += s.ecn != 0
        self.nb_ece += bool(s.flags & ECE) and not s.flags & SYN
        self.end = max(self.end, s.end)
        if s.flags & ACK:
            self.ack = max(self.ack, s.ack)
            self.edge = max(self.edge, s.ack + s.window)
        if s.tsval is not None:
            self.tsval = s.tsval
        self.notes.update(s.notes)


def is_dsack(s):
    """RFC 2883: the first block lies below the ACK or within the second."""
    if not s.sacks:
        return False
    (left, right), rest = s.sacks[0], s.sacks[1:2]
    return right <= s.ack or any(a <= left and right <= b for a, b in rest)


def _newer(a, b):
    return (a - b) & 0xffffffff < 1 << 31


class Conversation:
    """One connection: `isla` and `peer` say what each did, `faults` what Isla should not have."""

    def __init__(self, segments, isla_addr, in_order=True):
        self.isla, self.peer = Side(), Side()
        self.faults = []
        # False where frames are reordered or duplicated between Isla and the capture.
        self.in_order = in_order
        self.bad = [s for s in segments if s.bad]
        for s in segments:
            if s.bad:
                continue
            if s.src == isla_addr:
                self._check(s)
                self.isla.said(s)
            else:
                self.peer.said(s)

    def agreed(self, what):
        """What both SYNs offered: sack_perm, tsval (timestamps), wscale."""
        said = [getattr(side.syn, what, None) for side in (self.isla, self.peer)]
        return not any(value is None or value is False for value in said)

    @property
    def ecn(self):
        """RFC 3168: the SYN had ECE and CWR, its answer ECE alone."""
        both = (self.isla.syn, self.peer.syn)
        asked, said = sorted(both, key=lambda s: bool(s.flags & ACK))
        return asked.flags & (ECE | CWR) == ECE | CWR and said.flags & (ECE | CWR) == ECE

    def _fault(self, s, why):
        self.faults.append(f"{why}: {s}")

    def _check(self, s):
        if s.flags & (SYN | RST) or self.peer.syn is None:
            return
        self._check_data(s)
        self._check_ack(s)
        self._check_options(s)
        if not self.ecn and (s.ecn or s.flags & (ECE | CWR)):
            self._fault(s, "ECN that was not agreed on")
        if s.ecn and (not s.len or (s.seq < self.isla.end and self.in_order)):
            self._fault(s, "ECT without new data (RFC 3168, 6.1.4 and 6.1.5)")

    def _check_data(self, s):
        edge = self.peer.edge
        if s.len and s.seq + s.len > edge and not (s.len == 1 and s.seq == edge):
            self._fault(s, f"data beyond the window's end at {edge}")
        options = (12 if s.tsval is not None else 0)
        if s.len > (self.peer.syn.mss or 536) - options:
            self._fault(s, f"longer than the peer's MSS of {self.peer.syn.mss}")
        if self.in_order and s.seq > self.isla.end:
            self._fault(s, f"a gap after {self.isla.end}")

    def _check_ack(self, s):
        if not s.flags & ACK:
            self._fault(s, "no ACK")
        if s.ack > self.peer.end:
            self._fault(s, f"an ACK of what was never sent: that ends at {self.peer.end}")
        if not self.in_order:
            return
        if s.ack < self.isla.ack:
            self._fault(s, f"an ACK that goes back from {self.isla.ack}")
        # RFC 7323, 2.4: the window's scale may round it down.
        unit = 1 << (self.isla.syn.wscale or 0) if self.agreed("wscale") else 1
        if s.ack + s.window <= self.isla.edge - unit:
            self._fault(s, f"a window that shrinks from {self.isla.edge}")

    def _check_options(self, s):
        if (s.tsval is not None) != self.agreed("tsval"):
            self._fault(s, "a timestamp where none was agreed on, or none where it was")
        if s.tsval is not None:
            if self.in_order and not _newer(s.tsval, self.isla.tsval):
                self._fault(s, f"a clock that goes back from {self.isla.tsval}")
            if not _newer(self.peer.tsval, s.tsecr):
                self._fault(s, f"an echo of a clock that stands at {self.peer.tsval}")
        if s.sacks and not self.agreed("sack_perm"):
            self._fault(s, "SACK that was not agreed on")
        for i, (left, right) in enumerate(s.sacks):
            low = left >= s.ack or (i == 0 and is_dsack(s))
            if not (left < right <= self.peer.end and low):
                self._fault(s, f"SACK of {left} to {right}; sent was to {self.peer.end}")

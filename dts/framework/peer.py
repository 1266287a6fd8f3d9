# SPDX-License-Identifier: BSD-3-Clause
"""A kernel behind a router: isla0 -- the suite's namespace, which forwards -- the peer's namespace.

The router is the path: what it loses or slows down, neither end knows of. (A rule in the peer's own
namespace would not do: TCP there is told of each packet that a filter refuses.) On the veth between
them frames are what they would be on a wire: complete checksums, none larger than the MTU."""

import json

from .topology import Link, Namespace

NEAR_V4, NEAR_V6 = "10.9.0.1", "fd09::1"


class Peer(Namespace):
    """The peer's namespace. The application must run with GATEWAY."""

    V4, V6 = "10.9.0.2", "fd09::2"
    DEVICE = "far0"
    GATEWAY = ("--gateway", Link.KERNEL_V4, "--gateway", Link.KERNEL_V6)
    # Names of the rules that lose frames, by where they come from.
    LOSSES = {"from_isla": (Link.INTERFACE, "near0"), "to_isla": ("near0", Link.INTERFACE)}

    def __init__(self, router, label, mtu=1500):
        super().__init__(label)
        self.router = router
        self.mtu = mtu

    def create(self):
        super().create()
        self.router.run(["ip", "link", "add", "near0", "mtu", self.mtu, "type", "veth", "peer",
                         "name", self.DEVICE, "mtu", self.mtu, "netns", self.name])
        self.router.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"
                         " && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"])
        for where, dev, v4, v6 in ((self.router, "near0", NEAR_V4, NEAR_V6),
                                   (self, self.DEVICE, self.V4, self.V6)):
            where.run(["ip", "addr", "add", f"{v4}/24", "dev", dev])
            where.run(["ip", "-6", "addr", "add", f"{v6}/64", "dev", dev, "nodad"])
            where.run(["ip", "link", "set", dev, "up"])
        self.route()
        return self

    def remove(self):
        self.router.run(["ip", "link", "del", "near0"], check=False)
        self.router.run(["nft", "delete", "table", "inet", "lossy"], check=False)
        super().remove()

    def route(self, *metrics, families=("-4", "-6")):
        """The way to the application, with metrics such as advmss 536."""
        ways = {"-4": ("192.168.1.0/24", NEAR_V4), "-6": ("fd00::/64", NEAR_V6)}
        for family in families:
            to, via = ways[family]
            self.run(["ip", family, "route", "replace", to, "via", via, *metrics])

    def plain_frames(self):
        for where, dev in ((self.router, "near0"), (self, self.DEVICE)):
            where.run(["ethtool", "-K", dev, "tx", "off", "gso", "off", "tso", "off", "gro",
                       "off"])
            # One CPU receives, so that frames sent by two of them stay in order.
            where.run(["sh", "-c", f"echo 1 >/sys/class/net/{dev}/queues/rx-0/rps_cpus"])

    def sysctl(self, name, value):
        """One of net.ipv4's, which are IPv6's, too, where TCP is concerned."""
        self.run(["sh", "-c", f"echo '{value}' >/proc/sys/net/ipv4/{name}"])

    def lose(self, **per_mille):
        """Lose so many of 1000 TCP segments at random: from_isla, to_isla."""
        rules = "".join(
            f"iifname {self.LOSSES[name][0]} oifname {self.LOSSES[name][1]} meta l4proto tcp "
            f"numgen random mod 1000 < {share} counter drop comment \"{name}\"\n"
            for name, share in per_mille.items() if share)
        self.router.run(["nft", "-f", "-"], input="table inet lossy { chain forward {\n"
                        f"type filter hook forward priority 0;\n{rules}}}\n}}\n")

    def lost(self):
        """What the rules have lost so far."""
        out = self.router.run(["nft", "-j", "list", "table", "inet", "lossy"]).stdout
        lost = dict.fromkeys(self.LOSSES, 0)
        for item in json.loads(out)["nftables"]:
            for expr in item.get("rule", {}).get("expr", ()):
                if "counter" in expr:
                    lost[item["rule"]["comment"]] = expr["counter"]["packets"]
        return lost

    def rate(self, rate, buffer, to_isla=False):
        """A token bucket on the way to the peer or, in the peer itself, on the way to Isla."""
        where, dev = (self, self.DEVICE) if to_isla else (self.router, "near0")
        where.run(["tc", "qdisc", "replace", "dev", dev, "root", "tbf", "rate", rate, "burst",
                   "32k", "limit", buffer])

    def rate_lost(self):
        """What the bucket on the way to the peer has lost."""
        out = self.router.run(["tc", "-s", "-j", "qdisc", "show", "dev", "near0"]).stdout
        return sum(qdisc["drops"] for qdisc in json.loads(out))

    def counters(self):
        """SNMP's and Linux's own counters of the peer, TcpExtTCPTimeouts and the like."""
        values = {}
        lines = self.run(["cat", "/proc/net/snmp", "/proc/net/netstat"]).stdout.splitlines()
        for names, numbers in zip(lines[::2], lines[1::2]):
            group, *names = names.split()
            values.update((group[:-1] + name, int(number))
                          for name, number in zip(names, numbers.split()[1:]))
        return values

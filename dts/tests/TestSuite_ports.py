# SPDX-License-Identifier: BSD-3-Clause
"""Every kind of port that a machine without a network card can have: doc/ports.md, tried."""

import re
import subprocess
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.agent import Agent
from framework.app_shell import AppShell, eal_base, run_to_end
from framework.topology import Link, Namespace, make_veth, need_tool, wait_until

IDLE_S = 3
IDLE_CPU = 0.02


@pytest.fixture
def ns():
    """A namespace a test: what one does to its interfaces is not the other's business."""
    need_tool("ip", "ethtool")
    with Namespace("ports") as namespace:
        yield namespace


@pytest.fixture
def start(ns):
    """Start applications that are gone after the test: start(vdevs, options)."""
    started = []

    def start_app(vdevs, options=(), eal=(), **base):
        base = {"lcores": 1, **base}
        eal = [*eal_base(**base), *eal, *[f"--vdev={vdev}" for vdev in vdevs]]
        app = AppShell(ns, options, eal)
        started.append(app)
        return app.start()

    yield start_app
    for app in started:
        app.kill()


@pytest.fixture
def start_tap(ns, start):
    """Start one on a TAP, whose other end is set up as well: start_tap(*options, lcores=...)."""
    def start_app(*options, args="", **base):
        app = start([f"net_tap0,iface={Link.INTERFACE}{args}"], stack(*options), **base)
        Link(ns).configure()
        return app
    return start_app


@pytest.fixture
def start_veth(ns, start):
    """As start_tap(), on a packet socket at one end of a veth."""
    def start_app(*options, args="", **base):
        make_veth(ns)
        app = start([f"net_af_packet0,iface={Link.INNER}{args}"], stack(*options), **base)
        Link(ns).configure()
        return app
    return start_app


def stack(*more):
    return default_options() + list(more)


def check_serves(ns, addrs=(Link.STACK_V4, Link.STACK_V6)):
    for addr in addrs:
        ns.run(["ping", "-c", "2", "-i", "0.2", "-W", "3", addr])
        assert traffic.get(ns, addr).status == 200
        with traffic.tcp_connect(ns, addr, 7) as sock:
            data = traffic.pattern(300000)
            assert traffic.echo(sock, data) == data


def idle_share(app):
    """The share of a CPU that it takes when there is nothing to do."""
    time.sleep(1)
    cpu, began = app.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_S)
    return (app.cpu_seconds() - cpu) / (time.monotonic() - began)


def ping_ms(app, addr, count):
    """The round trips of pings from the stack, in milliseconds."""
    app.prompt(f"ping {addr} {count}")
    answer = re.compile(rf"from {re.escape(addr)}: seq=\d+ .*time=([\d.]+) ms")
    wait_until(lambda: len(answer.findall(app.output)) >= count, count + 5, "answers come")
    return [float(ms) for ms in answer.findall(app.output)]


# net_tap

def test_tap_that_is_there(ns, start_tap):
    """A TAP with multi_queue that somebody made before is taken, and left behind, down."""
    ns.run(["ip", "tuntap", "add", Link.INTERFACE, "mode", "tap", "multi_queue"])
    app = start_tap()
    check_serves(ns)
    app.check_clean_end()
    out = ns.run(["ip", "-br", "link", "show", Link.INTERFACE]).stdout
    assert "DOWN" in out, out


def test_tap_of_one_queue(ns):
    """A TAP that is not multi_queue cannot be taken; the message says what to do."""
    ns.run(["ip", "tuntap", "add", Link.INTERFACE, "mode", "tap"])
    result = run_to_end(ns, stack(), [*eal_base(lcores=1),
                                      f"--vdev=net_tap0,iface={Link.INTERFACE}"])
    assert result.returncode == 1
    assert f"{Link.INTERFACE} exists and is no TAP with multi_queue" in result.stderr
    assert "scripts/setup-tap.sh" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    # It is still there, and as it was.
    ns.run(["ip", "link", "show", Link.INTERFACE])


def test_tap_that_is_kept(ns, start):
    """persist=1: it outlives the application, with its addresses and up, and is taken again."""
    index = set()
    for _ in range(2):
        app = start([f"net_tap0,iface={Link.INTERFACE},persist=1"], stack())
        Link(ns).configure()
        check_serves(ns)
        app.check_clean_end()
        out = ns.run(["ip", "-o", "addr", "show", Link.INTERFACE]).stdout
        assert Link.KERNEL_V4 in out and Link.KERNEL_V6 in out
        assert "UP" in ns.run(["ip", "-o", "link", "show", Link.INTERFACE]).stdout
        index.add(out.split(":")[0])
    assert len(index) == 1


def test_tap_link_down_and_up(ns, start_tap):
    app = start_tap()
    check_serves(ns)
    ns.run(["ip", "link", "set", Link.INTERFACE, "down"])
    wait_until(lambda: f"({Link.INTERFACE}): link down" in app.output, 5, "it tells")
    assert idle_share(app) < IDLE_CPU
    ns.run(["ip", "link", "set", Link.INTERFACE, "up"])
    wait_until(lambda: f"({Link.INTERFACE}): link up" in app.output, 5, "it tells")
    Link(ns).configure()
    check_serves(ns)
    summary = app.check_clean_end()
    assert re.search(r"Link-downs: 1 ", summary.text), summary.text


def test_tap_deleted(ns, start_tap):
    """Survived without a busy loop, told with what to do, and counted."""
    app = start_tap()
    check_serves(ns)
    with traffic.tcp_connect(ns, Link.STACK_V4, 19) as sock:
        sock.recv(1000)  # chargen wants to send for ever
        ns.run(["ip", "link", "del", Link.INTERFACE])
    wait_until(lambda: 'its interface was deleted; "port start 0" makes it anew' in app.output, 5,
               "it tells")
    assert idle_share(app) < IDLE_CPU
    assert app.output.count("deleted") == 1
    summary = app.check_clean_end()
    assert "Interface-deletions: 1\n" in summary.text


def test_tap_deleted_and_made_anew(ns, start_tap):
    app = start_tap("-i")
    check_serves(ns)
    for _ in range(2):
        ns.run(["ip", "link", "del", Link.INTERFACE])
        wait_until(lambda: "State: gone" in app.prompt("show port info 0"), 5, "it notices")
        assert app.prompt("port start 0").strip() == ""
        assert "State: started" in app.prompt("show port info 0")
        Link(ns).configure()
        check_serves(ns)
        assert idle_share(app) < IDLE_CPU
    app.check_clean_end()


def test_port_stop_and_start(ns, start_tap):
    """Connections live through it, as through a cable that is pulled and put back."""
    app = start_tap("-i")
    with traffic.tcp_connect(ns, Link.STACK_V4, 7) as sock:
        assert traffic.echo(sock, b"before") == b"before"
        assert app.prompt("port stop 0").strip() == ""
        assert "is stopped already" in app.prompt("port stop 0")
        info = app.prompt("show port info 0")
        assert "State: stopped" in info and "Link status: down" in info
        assert idle_share(app) < IDLE_CPU
        assert app.prompt("port start 0").strip() == ""
        assert "is started already" in app.prompt("port start 0")
        Link(ns).configure()
        assert traffic.echo(sock, b"behind") == b"behind"
    check_serves(ns)
    assert app.prompt("port stop 7").startswith("port stop: ")
    app.check_clean_end()


def test_port_flaps_under_load(ns, start_tap):
    """A download goes on over a port that is stopped and started, and is whole."""
    app = start_tap("-i")
    with traffic.tcp_connect(ns, Link.STACK_V4, 19) as sock:
        received = 0
        for _ in range(5):
            for _ in range(20):
                received += len(sock.recv(65536))
            app.prompt("port stop 0")
            app.prompt("port start 0")
            Link(ns).configure()
        target = received + 100000
        while received < target:
            received += len(sock.recv(65536))
    check_serves(ns)
    app.check_clean_end()


def test_tap_moved_to_another_namespace(ns, start):
    """It is not deleted, and goes on to work there."""
    app = start([f"net_tap0,iface={Link.INTERFACE}"], stack())
    with Namespace("ports") as other:
        ns.run(["ip", "link", "set", Link.INTERFACE, "netns", other.name])
        Link(other).configure()
        check_serves(other)
        time.sleep(2.5)
        check_serves(other)
        assert "deleted" not in app.output and "link down" not in app.output
        app.check_clean_end()


SMALL = ("--total-num-mbufs", "16384", "--tcp-max-conns", "2048")


def check_many_flows(ns, nb):
    """Flows enough to find every queue, over both families."""
    for addr in (Link.STACK_V4, Link.STACK_V6):
        socks = traffic.connect_many(ns, addr, 7, nb)
        try:
            for i, sock in enumerate(socks):
                data = b"%d" % i * 50
                assert traffic.echo(sock, data) == data
        finally:
            traffic.close_all(socks)


def check_queues(app, queues):
    assert f"Number of queue pairs: {queues}" in app.prompt("show port info 0")


@pytest.mark.parametrize("shards", (2, 4, 6, 16))
def test_tap_with_queues(ns, start_tap, shards):
    """A queue for each shard, with a descriptor that wakes it, also beyond the 4 that one device
    of DPDK 22.11 can have."""
    app = start_tap("-i", *SMALL, lcores=shards)
    check_queues(app, shards)
    out = ns.run(["ip", "-d", "link", "show", Link.INTERFACE]).stdout
    assert f"numqueues {shards} " in out
    check_serves(ns)
    check_many_flows(ns, 64)
    assert idle_share(app) < IDLE_CPU * 2
    stats = app.prompt("show port stats 0")
    assert int(re.search(r"RX-packets: (\d+)", stats)[1]) > 200, stats
    app.check_clean_end()


def test_tap_queues_of_all_devices_are_shown(ns, start_tap):
    """Beyond 4 queues another device has them: their frames and counters are shown as well."""
    app = start_tap("-i", *SMALL, lcores=6)
    before = len(app.output)
    app.prompt("set verbose 3")
    check_many_flows(ns, 64)
    app.prompt("set verbose 0")
    shown = app.output[before:]
    for way in ("received", "sent"):
        seen = set(re.findall(rf"port 0/queue (\d+): {way} ", shown))
        assert seen == {str(q) for q in range(6)}, (way, seen)
    assert "port 1/" not in shown
    stats = app.prompt("show port xstats 0")
    assert "port 0  queues 0 to 3," in stats and "port 0  queues 4 to 5," in stats, stats
    assert all(int(nb) > 0 for nb in re.findall(r"rx_good_packets: (\d+)", stats)), stats
    assert "cleared" in app.prompt("clear port xstats all")
    stats = app.prompt("show port xstats all")
    # The kernel may have had something to say meanwhile.
    counts = [int(nb) for nb in re.findall(r"rx_good_packets: (\d+)", stats)]
    assert len(counts) == 2 and sum(counts) < 5, stats
    app.check_clean_end()


@pytest.mark.parametrize("persist", (0, 1), ids=("left", "kept"))
def test_tap_that_is_there_with_many_queues(ns, start, persist):
    """What joins somebody's TAP leaves it as one device would."""
    ns.run(["ip", "tuntap", "add", Link.INTERFACE, "mode", "tap", "multi_queue"])
    for _ in range(2):
        app = start([f"net_tap0,iface={Link.INTERFACE},persist={persist}"], stack("-i", *SMALL),
                    lcores=6)
        Link(ns).configure()
        check_queues(app, 6)
        check_serves(ns)
        app.check_clean_end()
        state = ns.run(["ip", "-o", "link", "show", Link.INTERFACE]).stdout
        assert (",UP" in state) == (persist == 1), state


@pytest.mark.parametrize("options, queues", ((("--rxq", "1"), 1), (("--txq", "2"), 2),
                                             (("--rxq", "3", "--txq", "2"), 2)))
def test_tap_with_fewer_queues_than_shards(ns, start_tap, options, queues):
    """The other shards are handed their frames."""
    app = start_tap("-i", *SMALL, *options, lcores=4)
    assert f"Number of queue pairs: {queues}" in app.prompt("show port info 0")
    check_serves(ns)
    check_many_flows(ns, 32)
    assert idle_share(app) < IDLE_CPU * 2
    app.check_clean_end()


@pytest.mark.parametrize("shards", (4, 6))
def test_tap_with_queues_is_stopped_deleted_and_started(ns, start_tap, shards):
    app = start_tap("-i", *SMALL, lcores=shards)
    check_serves(ns)
    for _ in range(3):
        assert app.prompt("port stop 0").strip() == ""
        assert app.prompt("port start 0").strip() == ""
    Link(ns).configure()
    check_many_flows(ns, 32)
    ns.run(["ip", "link", "del", Link.INTERFACE])
    wait_until(lambda: "State: gone" in app.prompt("show port info 0"), 5, "it notices")
    assert idle_share(app) < IDLE_CPU * 2
    assert app.prompt("port start 0").strip() == ""
    Link(ns).configure()
    check_serves(ns)
    check_many_flows(ns, 32)
    app.check_clean_end()


def test_more_queues_than_shards(ns):
    result = run_to_end(ns, stack("--rxq", "2"), [*eal_base(lcores=1),
                                                  f"--vdev=net_tap0,iface={Link.INTERFACE}"])
    assert result.returncode == 1
    assert "--rxq 2 exceeds the number of shards (1)" in result.stderr


@pytest.mark.parametrize("options", (("--port-ip", "1=10.1.0.2/24"),
                                     ("--mac", "02:00:00:00:00:01@1")))
def test_a_port_that_is_not_used_is_told(ns, options):
    result = run_to_end(ns, stack(*options), [*eal_base(lcores=1),
                                              f"--vdev=net_tap0,iface={Link.INTERFACE}"])
    assert result.returncode == 1
    assert options[0] in result.stderr and "port 1 is not used" in result.stderr


# Several ports

def test_two_taps(ns, start):
    """Each has its address, its MAC address and its gateway; answers leave where questions came."""
    with Namespace("ports") as left, Namespace("ports") as right:
        app = start(["net_tap0,iface=isla0", "net_tap1,iface=isla1", "net_tap2,iface=isla2"],
                    ["-i", "--portmask", "0x5", "--port-ip", "0=10.1.0.2/24", "--port-ip",
                     "2=10.2.0.2/24", "--gateway", "10.1.0.1", "--gateway", "10.2.0.1",
                     "--port-ip", "2=fd02::2/64"])
        ends = ((left, "isla0", "10.1.0"), (right, "isla2", "10.2.0"))
        for where, dev, net in ends:
            ns.run(["ip", "link", "set", dev, "netns", where.name])
            where.run(["ip", "addr", "add", f"{net}.1/24", "dev", dev])
            where.run(["ip", "link", "set", dev, "up"])
            # Somebody who lives behind the gateway.
            where.run(["ip", "addr", "add", "172.16.0.1/32", "dev", "lo"])
        right.run(["ip", "addr", "add", "fd02::1/64", "dev", "isla2", "nodad"])
        macs = set()
        for where, dev, net in ends:
            where.run(["ping", "-c", "2", "-i", "0.2", "-W", "3", f"{net}.2"])
            assert traffic.get(where, f"{net}.2").status == 200
            where.run(["ping", "-c", "2", "-i", "0.2", "-W", "3", "-I", "172.16.0.1",
                       f"{net}.2"])
            out = where.run(["ip", "neigh", "show", f"{net}.2", "dev", dev]).stdout.split()
            macs.add(out[out.index("lladdr") + 1])
        assert len(macs) == 2
        assert traffic.get(right, "fd02::2").status == 200
        # An address answers on its own port only, and the port in between is not used.
        left.run(["ip", "route", "add", "10.2.0.0/24", "dev", "isla0"])
        assert left.run(["ping", "-c", "1", "-W", "1", "10.2.0.2"], check=False).returncode != 0
        assert "port stop: " in app.prompt("port stop 1")
        # A link-local address is where its port is.
        out = right.run(["ip", "-6", "-o", "addr", "show", "dev", "isla2", "scope", "link"]).stdout
        peer = out.split()[3].split("/")[0]
        assert "1 received" in app.prompt(f"ping {peer}%2 1")
        assert "1 received" in app.prompt(f"ping {peer}%isla2 1")
        assert "0 received" in app.prompt(f"ping {peer}%0 1")
        assert "behind port 2" in app.prompt(f"arping {peer}%2")
        # One of them down: the other does not care.
        assert app.prompt("port stop 0").strip() == ""
        assert traffic.get(right, "10.2.0.2").status == 200
        assert idle_share(app) < IDLE_CPU
        app.check_clean_end()


def test_two_ports_on_one_interface(ns):
    """The kernel would give each of them a part of the frames."""
    result = run_to_end(ns, [], [*eal_base(lcores=1), f"--vdev=net_tap0,iface={Link.INTERFACE}",
                                 f"--vdev=net_tap1,iface={Link.INTERFACE}"])
    assert result.returncode == 1
    assert f"port 1 ({Link.INTERFACE}): port 0 is this interface already" in result.stderr


# net_af_packet

def test_af_packet(ns, start_veth):
    app = start_veth()
    check_serves(ns)
    assert idle_share(app) < IDLE_CPU
    assert "ethtool" not in app.output
    app.check_clean_end()


@pytest.mark.parametrize("queues", (2, 4))
def test_af_packet_with_queues(ns, start_veth, queues):
    """The kernel spreads flows over the sockets, and each wakes its shard."""
    app = start_veth("-i", *SMALL, args=f",qpairs={queues}", lcores=queues)
    assert f"Number of queue pairs: {queues}" in app.prompt("show port info 0")
    check_serves(ns)
    check_many_flows(ns, 64)
    assert idle_share(app) < IDLE_CPU * 2
    app.check_clean_end()


def test_af_packet_with_fewer_queues_than_shards(ns, start_veth):
    app = start_veth(*SMALL, lcores=4)
    check_serves(ns)
    check_many_flows(ns, 32)
    app.check_clean_end()


def test_af_packet_blank_checksums(ns, start):
    """The kernel at the other end counts on a card: told once, with the line that cures it."""
    make_veth(ns, tx="on")
    app = start([f"net_af_packet0,iface={Link.INNER}"], stack())
    Link(ns).configure()
    cure = f"ethtool -K {Link.INTERFACE} tx off"
    with pytest.raises(OSError):
        traffic.tcp_connect(ns, Link.STACK_V4, 7, timeout=2.5)
    wait_until(lambda: cure in app.output, 5, "it tells")
    assert "frames come with blank checksums" in app.output
    ns.run(cure.split())
    check_serves(ns)
    assert app.output.count("ethtool") == 1
    app.check_clean_end()


def test_damage_is_not_the_peers(ns, start_tap):
    """Lengths and checksums that were damaged on their way are nothing that ethtool could cure."""
    app = start_tap("--fault", "rx corrupt 70%", "--fault-seed", "1")
    for addr in (Link.STACK_V4, Link.STACK_V6):
        ns.run(["ping", "-c", "1", "-W", "1", addr], check=False)  # each knows the other's MAC address
        with traffic.udp_socket(ns, addr, 9) as sock:
            for _ in range(2000):
                sock.send(b"isla")
                time.sleep(0.0001)
    time.sleep(1.5)  # it looks once a second
    assert "ethtool" not in app.output
    assert app.check_clean_end().drop("IP_LEN") > 5


def test_af_packet_more_queues_than_shards(ns):
    """Frames would arrive on queues that nobody polls."""
    make_veth(ns)
    result = run_to_end(ns, stack(), [*eal_base(lcores=1),
                                      f"--vdev=net_af_packet0,iface={Link.INNER},qpairs=2"])
    assert result.returncode == 1
    assert "it has 2 queues, all of them receive, and only 1 would be polled" in result.stderr
    assert "qpairs=" in result.stderr


def test_af_packet_interface_deleted(ns, start_veth):
    app = start_veth()
    check_serves(ns)
    ns.run(["ip", "link", "del", Link.INNER])
    wait_until(lambda: "its interface was deleted" in app.output, 5, "it tells")
    assert idle_share(app) < IDLE_CPU
    app.check_clean_end()


def test_af_packet_interface_down_and_up(ns, start_veth):
    """It costs nothing while the interface is down, and goes on when it is up again."""
    app = start_veth()
    check_serves(ns)
    ns.run(["ip", "link", "set", Link.INNER, "down"])
    assert idle_share(app) < IDLE_CPU
    ns.run(["ip", "link", "set", Link.INNER, "up"])
    Link(ns).configure()
    check_serves(ns)
    app.check_clean_end()


# net_memif

def memif(role, path, *more):
    return ",".join([f"net_memif0,role={role},id=0,socket={path},socket-abstract=no", *more])


def ok(agent, line):
    answer = agent.call(line)
    assert answer.ret >= 0, f"{line}: {answer}"
    return answer.ret


@pytest.mark.parametrize("zero_copy", (False, True), ids=("copies", "zero-copy"))
def test_memif_between_two(ns, start, tmp_path, zero_copy):
    """Two of them, a process each, without a kernel in between."""
    path = tmp_path / "memif.sock"
    agent_path = tmp_path / "agent.sock"
    more = ("zero-copy=yes",) if zero_copy else ()
    eal = ("--single-file-segments",) if zero_copy else ()
    server = start([memif("server", path)], ["--ip", "10.1.0.1/24"])
    client = start([memif("client", path, *more)],
                   ["--ip", "10.1.0.2/24", "--agent", str(agent_path)], eal=eal)
    with Agent(agent_path) as agent:
        fd = ok(agent, "socket AF_INET SOCK_STREAM 0")
        ok(agent, f"connect {fd} 10.1.0.1 7")
        for _ in range(20):
            ok(agent, f"write {fd} 4000")
            got = 0
            while got < 4000:
                got += ok(agent, f"read {fd} 4096")
            assert got == 4000
    client.check_clean_end()
    # The server goes on alone, and takes the next one.
    again = start([memif("client", path)], ["--ip", "10.1.0.2/24", "--agent", str(agent_path)])
    with Agent(agent_path) as agent:
        fd = ok(agent, "socket AF_INET SOCK_STREAM 0")
        ok(agent, f"connect {fd} 10.1.0.1 7")
    again.check_clean_end()
    server.check_clean_end()


def test_memif_with_queues(start, tmp_path):
    """Two with two shards each: a pair of rings for each shard."""
    path, agent_path = tmp_path / "memif.sock", tmp_path / "agent.sock"
    server = start([memif("server", path)], ["--ip", "10.1.0.1/24", *SMALL], lcores=2)
    client = start([memif("client", path)],
                   ["--ip", "10.1.0.2/24", "--agent", str(agent_path), *SMALL], lcores=2)
    with Agent(agent_path) as agent:
        for _ in range(16):
            fd = ok(agent, "socket AF_INET SOCK_STREAM 0")
            ok(agent, f"connect {fd} 10.1.0.1 7")
            ok(agent, f"write {fd} 1000")
            got = 0
            while got < 1000:
                got += ok(agent, f"read {fd} 4096")
            ok(agent, f"close {fd}")
    client.check_clean_end()
    server.check_clean_end()


def test_memif_with_testpmd(ns, start, tmp_path):
    """testpmd stands between: a memif on our side, a TAP and the kernel on the other."""
    need_tool("dpdk-testpmd")
    path = tmp_path / "memif.sock"
    app = start([memif("server", path)], stack())
    testpmd = ns.popen(["dpdk-testpmd", *eal_base(lcores=2), "--vdev=" + memif("client", path),
                        f"--vdev=net_tap0,iface={Link.INTERFACE}", "--", "--forward-mode=io",
                        "--auto-start", "--total-num-mbufs=4096"],
                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: "(net_memif0): link up" in app.output, 15, "testpmd connects")
        Link(ns).configure()
        check_serves(ns)
    finally:
        testpmd.kill()  # the peer of a memif may die
        testpmd.wait(timeout=10)
    wait_until(lambda: app.output.count("(net_memif0): link down") == 2, 5, "testpmd goes")
    app.check_clean_end()


# net_vhost and net_virtio_user

def test_vhost_with_virtio(start, tmp_path):
    """A host and its guest, a process each. What is on no wire needs no TCP checksum: the guest
    leaves it to its port, and the host believes it."""
    path, agent_path = tmp_path / "vhost.sock", tmp_path / "agent.sock"
    host = start([f"net_vhost0,iface={path}"],
                 ["-i", "--ip", "10.1.0.1/24", "--ip", "fd01::1/64"])
    guest = start([f"net_virtio_user0,path={path},mac=02:00:00:00:00:05"],
                  ["-i", "--ip", "10.1.0.2/24", "--ip", "fd01::2/64", "--agent",
                   str(agent_path)], eal=("--single-file-segments",))
    info = guest.prompt("show port info 0")
    assert "MAC address of the stack: 02:00:00:00:00:05" in info
    assert "TX TCP checksum" in info and "RX checksum" in info
    assert "Receive queues can be waited for: yes, by interrupt" in info
    with Agent(agent_path) as agent:
        for family, addr in (("AF_INET", "10.1.0.1"), ("AF_INET6", "fd01::1")):
            fd = ok(agent, f"socket {family} SOCK_STREAM 0")
            ok(agent, f"connect {fd} {addr} 7")
            for _ in range(20):
                ok(agent, f"write {fd} 4000")
                got = 0
                while got < 4000:
                    got += ok(agent, f"read {fd} 4096")
                assert got == 4000
            ok(agent, f"close {fd}")
    # Both wait for the other's interrupts, whoever writes first.
    assert idle_share(guest) < IDLE_CPU / 2
    assert idle_share(host) < IDLE_CPU / 2
    for app, addr in ((guest, "10.1.0.1"), (host, "10.1.0.2")):
        times = ping_ms(app, addr, 3)
        assert min(times) < 10, times
    guest.check_clean_end()
    wait_until(lambda: "(net_vhost0): link down" in host.output, 5, "the host sees it go")
    assert idle_share(host) < IDLE_CPU / 2
    assert "receive interrupts do not" not in host.output + guest.output
    host.check_clean_end()


def test_vhost_takes_another_guest(start, tmp_path):
    """A guest that comes while the host sleeps is heard, and so is the next; two queues each."""
    path = tmp_path / "vhost.sock"
    host = start([f"net_vhost0,iface={path},queues=2"], ["--ip", "10.1.0.1/24", *SMALL], lcores=2)
    for how in ("quit", "kill"):
        time.sleep(1)
        guest = start([f"net_virtio_user0,path={path},queues=2,mac=02:00:00:00:00:05"],
                      ["-i", "--ip", "10.1.0.2/24", *SMALL], eal=("--single-file-segments",),
                      lcores=2)
        times = ping_ms(guest, "10.1.0.1", 3)
        assert min(times) < 10, times
        assert idle_share(guest) < IDLE_CPU and idle_share(host) < IDLE_CPU
        if how == "quit":
            guest.check_clean_end()
        else:
            guest.kill()
    host.check_clean_end()


def test_vhost_more_queues_than_shards(ns, tmp_path):
    """The guest could send on queues that nobody polls."""
    result = run_to_end(ns, stack(), [*eal_base(lcores=1),
                                      f"--vdev=net_vhost0,iface={tmp_path}/vhost.sock,queues=2"])
    assert result.returncode == 1
    assert "it has 2 queues, all of them receive, and only 1 would be polled" in result.stderr
    assert "queues=" in result.stderr


def test_virtio_segments(start, tmp_path):
    """The guest's port is given what would be several segments as one frame, and so is the host."""
    path, agent_path = tmp_path / "vhost.sock", tmp_path / "agent.sock"
    host = start([f"net_vhost0,iface={path},tso=1"],
                 ["--ip", "10.1.0.1/24", "--ip", "fd01::1/64"])
    guest = start([f"net_virtio_user0,path={path},mac=02:00:00:00:00:05"],
                  ["--ip", "10.1.0.2/24", "--ip", "fd01::2/64", "--tx-offloads", "0x802c",
                   "--agent", str(agent_path)], eal=("--single-file-segments",))
    with Agent(agent_path) as agent:
        for family, addr in (("AF_INET", "10.1.0.1"), ("AF_INET6", "fd01::1")):
            fd = ok(agent, f"socket {family} SOCK_STREAM 0")
            ok(agent, f"connect {fd} {addr} 7")
            for _ in range(50):
                sent = ok(agent, f"write {fd} 60000")
                while sent > 0:
                    sent -= ok(agent, f"read {fd} 60000")
            ok(agent, f"close {fd}")
    summary = guest.check_clean_end()
    frames = int(re.search(r"TX-packets: (\d+)", summary.text)[1])
    assert frames < summary.counter("tcpHCOutSegs") / 3, (frames, summary.text)
    host.check_clean_end()


# net_pcap

ISLA_MAC = "02:00:00:00:00:02"


def replay(path):
    """What a host asks: by ARP, by ping, by SYN. It does not wait for answers."""
    from scapy.layers.inet import ICMP, IP, TCP
    from scapy.layers.l2 import ARP, Ether
    from scapy.utils import wrpcap

    host = "02:00:00:00:00:01"
    ip = Ether(src=host, dst=ISLA_MAC) / IP(src=Link.KERNEL_V4, dst=Link.STACK_V4)
    wrpcap(str(path), [
        Ether(src=host, dst="ff:ff:ff:ff:ff:ff") /
        ARP(hwsrc=host, psrc=Link.KERNEL_V4, pdst=Link.STACK_V4),
        *[ip / ICMP(id=7, seq=seq) / b"isla" for seq in range(100)],
        ip / TCP(sport=4000, dport=80, flags="S", seq=1000),
        ip / TCP(sport=4001, dport=81, flags="S", seq=2000),
    ])


def test_pcap_replay(ns, start, tmp_path):
    """Every frame of a file is answered into another, and the end of the file is no end."""
    from scapy.layers.inet import ICMP, TCP
    from scapy.layers.l2 import ARP
    from scapy.utils import rdpcap

    questions, answers = tmp_path / "in.pcap", tmp_path / "out.pcap"
    replay(questions)
    app = start([f"net_pcap0,rx_pcap={questions},tx_pcap={answers}"],
                stack("--mac", ISLA_MAC, "--no-ipv6-link-local"))
    # What is at its end is not asked again and again.
    assert idle_share(app) < 0.005
    assert app.is_running()
    app.check_clean_end()
    got = rdpcap(str(answers))
    assert sum(1 for p in got if ARP in p and p[ARP].op == 2 and p[ARP].hwsrc == ISLA_MAC) == 1
    assert [p[ICMP].seq for p in got if ICMP in p and p[ICMP].type == 0] == list(range(100))
    tcp = {p[TCP].dport: p[TCP] for p in reversed(got) if TCP in p}  # the first answer to each
    assert tcp[4000].flags == "SA" and tcp[4000].ack == 1001
    assert "R" in tcp[4001].flags and tcp[4001].ack == 2001


def test_pcap_without_file(ns):
    result = run_to_end(ns, stack(), [arg for arg in eal_base(lcores=1) if "log" not in arg] +
                        ["--vdev=net_pcap0,rx_pcap=/nowhere.pcap,tx_pcap=/dev/null"])
    assert result.returncode == 1
    assert "net_pcap0" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


# net_ring and net_null

@pytest.mark.parametrize("driver", ("net_ring0", "net_null0", "net_null0,copy=1,size=128"))
def test_ports_without_a_peer(start, driver):
    """net_ring hears what it sends, net_null gives frames of zeros without end: no harm done."""
    app = start([driver], stack())
    time.sleep(1)
    assert app.is_running()
    summary = app.check_clean_end()
    if "null" in driver:
        assert summary.counter("ifInPkts") > 10000


# net_af_xdp

def test_af_xdp(ns, start):
    make_veth(ns)
    eal = [*eal_base(lcores=1), f"--vdev=net_af_xdp0,iface={Link.INNER}"]
    app = AppShell(ns, stack(), eal)
    try:
        app.start()
    except AssertionError as error:
        app.kill()
        if "cannot be configured" in str(error) or "receive queue 0" in str(error):
            pytest.skip("the kernel does not let AF_XDP sockets be made here")
        raise
    try:
        Link(ns).configure()
        check_serves(ns)
        assert idle_share(app) < IDLE_CPU
        app.check_clean_end()
    finally:
        app.kill()

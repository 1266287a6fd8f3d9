# SPDX-License-Identifier: BSD-3-Clause
"""The application itself: it starts, says when it is ready, costs nothing when idle, stops in good
form, and explains what it does not like."""

import re
import signal
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.app_shell import PORT, AppShell, app_path, eal_options, run_to_end
from framework.topology import Link, Namespace, wait_until

IDLE_S = 4
IDLE_CPU = 0.02


@pytest.fixture
def start(ns, link):
    """Start applications that are gone after the test."""
    started = []

    def start_app(options=None, eal=None):
        app = AppShell(ns, default_options() if options is None else options, eal)
        started.append(app)
        app.start()
        link.configure()
        return app

    yield start_app
    for app in started:
        app.kill()


@pytest.mark.parametrize("signo", (signal.SIGINT, signal.SIGTERM))
def test_start_and_stop(ns, start, signo):
    app = start()
    assert traffic.get(ns, Link.STACK_V4).status == 200
    began = time.monotonic()
    assert app.stop(signo) == 0
    assert time.monotonic() - began < 5
    app.check_clean_end()
    assert app.summary.counter("httpRequests") >= 1
    # A TAP went with it.
    assert PORT == "af_packet" or \
        ns.run(["ip", "link", "show", Link.INTERFACE], check=False).returncode != 0


def test_start_five_times(ns, start):
    """Each run leaves everything as it was for the next one."""
    for _ in range(5):
        app = start()
        assert traffic.get(ns, Link.STACK_V4).status == 200
        app.check_clean_end()


def test_ready_means_ready(ns, start):
    """The first request after "ready" is answered; nothing needs to be waited for."""
    start()
    began = time.monotonic()
    assert traffic.get(ns, Link.STACK_V4).status == 200
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("signo", (signal.SIGINT, signal.SIGTERM))
def test_stop_with_open_connections(ns, start, signo):
    """Connections are closed, not dropped: the peers see FIN or RST, and no mbuf is left behind."""
    app = start()
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 50) + \
        traffic.connect_many(ns, Link.STACK_V6, 80, 50)
    for sock in socks[:25]:
        sock.sendall(b"unread")
    chargen = traffic.tcp_connect(ns, Link.STACK_V4, 19)
    chargen.recv(1000)
    try:
        assert app.stop(signo) == 0, app.output
        for sock in socks:
            sock.settimeout(3)
            try:
                while sock.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    finally:
        traffic.close_all(socks + [chargen])
    app.check_clean_end()


def test_stop_at_once(ns):
    """A signal during start-up ends it as well, whenever it comes."""
    for delay in (0.05, 0.15, 0.3, 0.5):
        app = AppShell(ns, default_options())
        app.proc = ns.popen(app.argv, stdin=-3, stdout=-3, stderr=-3)
        try:
            time.sleep(delay)
            app.proc.send_signal(signal.SIGTERM)
            code = app.proc.wait(timeout=10)
            # Before the handler is in place the signal itself ends it.
            assert code in (0, 1, -signal.SIGTERM), code
        finally:
            app.kill()
        if PORT != "af_packet":
            wait_until(lambda: ns.run(["ip", "link", "show", Link.INTERFACE],
                                      check=False).returncode != 0, 5, "the interface is gone")


def test_idle_cpu(ns, start):
    """No traffic, no work: below 2 % of one CPU. A bound on a share, not on time."""
    app = start()
    assert traffic.get(ns, Link.STACK_V4).status == 200
    time.sleep(1)
    cpu, began = app.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_S)
    share = (app.cpu_seconds() - cpu) / (time.monotonic() - began)
    assert share < IDLE_CPU, f"{share:.1%} of a CPU when idle"
    app.check_clean_end()


def test_idle_cpu_with_connections(ns, start):
    """A thousand connections that say nothing cost nothing."""
    app = start()
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 1000)
    try:
        time.sleep(1)
        cpu, began = app.cpu_seconds(), time.monotonic()
        time.sleep(IDLE_S)
        share = (app.cpu_seconds() - cpu) / (time.monotonic() - began)
        assert share < IDLE_CPU, f"{share:.1%} of a CPU with idle connections"
    finally:
        traffic.close_all(socks)
    app.check_clean_end()


def test_memory_does_not_grow(ns, start):
    """Work, then more of the same work: the second time needs no more memory."""
    app = start()

    def work():
        for _ in range(3):
            traffic.close_all(traffic.connect_many(ns, Link.STACK_V4, 7, 500))
        with traffic.tcp_connect(ns, Link.STACK_V4, 7) as sock:
            data = traffic.pattern(1 << 20)
            assert traffic.echo(sock, data) == data

    work()
    work()
    before = app.rss_bytes()
    for _ in range(4):
        work()
    assert app.rss_bytes() - before < 4 << 20
    app.check_clean_end()


def test_stats_period(ns, start):
    """Counters are printed while it runs."""
    app = start(default_options() + ["--stats-period", "1"])
    ns.run(["ping", "-c", "3", "-i", "0.1", Link.STACK_V4])
    wait_until(lambda: "icmpMsgStatsOutPkts.echoReply.ipv4" in app.output, 5, "statistics")
    app.check_clean_end()


def test_summary(ns, start):
    """The counters at the end are those of what was done."""
    app = start()
    ns.run(["ping", "-c", "5", "-i", "0.01", Link.STACK_V4])
    ns.run(["ping", "-c", "4", "-i", "0.01", Link.STACK_V6])
    with traffic.udp_socket(ns, Link.STACK_V4, 7) as sock:
        for _ in range(6):
            sock.send(b"x")
            sock.recv(10)
    for _ in range(7):
        assert traffic.get(ns, Link.STACK_V6, "/none").status == 404
    summary = app.check_clean_end()
    assert summary.counter("icmpMsgStatsInPkts.echo.ipv4") == 5
    assert summary.counter("icmpMsgStatsOutPkts.echoReply.ipv4") == 5
    assert summary.counter("icmpMsgStatsOutPkts.echoReply.ipv6") == 4
    assert summary.counter("udpInDatagrams") == 6
    assert summary.counter("udpOutDatagrams") == 6
    assert summary.counter("tcpPassiveOpens") == 7
    assert summary.counter("httpRequests") == 7
    assert summary.counter("httpErrors") == 7
    assert summary.counter("tcpRetransSegs") == 0


def test_defaults(ns, start):
    """Without an option: 192.168.1.2/24, a link-local address, http on 80, echo on 7, discard on
    9."""
    app = start([])
    assert traffic.get(ns, Link.STACK_V4).status == 200
    with traffic.tcp_connect(ns, Link.STACK_V4, 7) as sock:
        assert traffic.echo(sock, b"by default") == b"by default"
    with traffic.tcp_connect(ns, Link.STACK_V4, 9) as sock:
        sock.sendall(b"gone")
    with pytest.raises(ConnectionRefusedError):
        traffic.tcp_connect(ns, Link.STACK_V4, 19)
    assert traffic.get(ns, Link(ns).stack_ll).status == 200
    app.check_clean_end()


def test_services_replace_defaults(ns, start):
    app = start(["--service", "echo:4007", "--ip", "192.168.1.2/24"])
    with traffic.tcp_connect(ns, Link.STACK_V4, 4007) as sock:
        assert traffic.echo(sock, b"elsewhere") == b"elsewhere"
    for port in (7, 80):
        with pytest.raises(ConnectionRefusedError):
            traffic.tcp_connect(ns, Link.STACK_V4, port)
    app.check_clean_end()


def test_help(ns):
    """--help is complete: every option that these suites use is in it."""
    result = run_to_end(ns, ["--help"])
    assert result.returncode == 0
    for option in ("--ip", "--service", "--docroot", "--stats-period", "--help"):
        assert option in result.stdout, option
    for service in ("http", "echo", "discard", "chargen", "demo"):
        assert service in result.stdout, service


# name: (options, what the one line must name)
BAD_OPTIONS = {
    "unknown": (["--bogus"], ("--bogus",)),
    "unknown-with-value": (["--bogus=5"], ("--bogus",)),
    "argument": (["stray"], ("stray",)),
    "ip-missing": (["--ip"], ("--ip",)),
    "ip-empty": (["--ip", ""], ("--ip",)),
    "ip-text": (["--ip", "hello"], ("--ip", "hello")),
    "ip-no-length": (["--ip", "192.168.1.2"], ("--ip", "192.168.1.2")),
    "ip-octet": (["--ip", "192.168.1.256/24"], ("--ip", "192.168.1.256/24")),
    "ip-length": (["--ip", "192.168.1.2/33"], ("--ip", "192.168.1.2/33")),
    "ip-length-v6": (["--ip", "fd00::2/129"], ("--ip", "fd00::2/129")),
    "ip-length-text": (["--ip", "192.168.1.2/x"], ("--ip", "192.168.1.2/x")),
    "ip-multicast": (["--ip", "224.0.0.1/24"], ("--ip", "224.0.0.1/24")),
    "ip-multicast-v6": (["--ip", "ff02::1/64"], ("--ip", "ff02::1/64")),
    "ip-zero": (["--ip", "0.0.0.0/0"], ("--ip", "0.0.0.0/0")),
    "service-unknown": (["--service", "ftp:21"], ("--service", "ftp")),
    "service-no-port": (["--service", "http"], ("--service", "http")),
    "service-port-0": (["--service", "http:0"], ("--service", "http:0")),
    "service-port-65536": (["--service", "http:65536"], ("--service", "http:65536")),
    "service-port-text": (["--service", "http:www"], ("--service", "http:www")),
    "service-twice": (["--service", "http:80", "--service", "demo:80"], ("demo", "80", "taken")),
    "docroot-missing": (["--docroot", "/no/such/dir"], ("--docroot", "/no/such/dir")),
    "docroot-file": (["--docroot", "/etc/passwd"], ("--docroot", "/etc/passwd")),
    "docroot-empty": (["--docroot", ""], ("--docroot",)),
    "stats-period": (["--stats-period", "soon"], ("--stats-period", "soon")),
    "stats-period-negative": (["--stats-period", "-1"], ("--stats-period", "-1")),
    "burst-0": (["--burst", "0"], ("--burst", "0")),
    "burst-large": (["--burst", "1000000"], ("--burst", "1000000")),
    "burst-text": (["--burst", "32x"], ("--burst", "32x")),
}


def complaint(result):
    """The one line that the application says, EAL's own lines apart."""
    lines = [line for line in (result.stdout + result.stderr).splitlines()
             if line.strip() and not re.match(r"(EAL|TELEMETRY|rte_|TAP|ETHDEV)\b|tap_|eth_", line)]
    assert len(lines) == 1, "not one line but:\n" + result.stdout + result.stderr
    assert lines[0].startswith("isla: "), lines[0]
    return lines[0]


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_options(ns, name):
    options, words = BAD_OPTIONS[name]
    result = run_to_end(ns, options)
    assert result.returncode == 1, result.stdout + result.stderr
    line = complaint(result)
    for word in words:
        assert word in line, line


def test_no_port(ns):
    """Without --vdev there is nothing to run on."""
    eal = [arg for arg in eal_options() if not arg.startswith("--vdev")]
    result = run_to_end(ns, [], eal=eal)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "--vdev" in complaint(result)


def test_bad_eal_option(ns):
    result = run_to_end(ns, [], eal=[*eal_options(huge=False), "--no-such-eal-option"])
    assert result.returncode == 1
    assert "--no-such-eal-option" in result.stdout + result.stderr


def test_no_permission_for_the_tap():
    """As an ordinary user, without the right to make a TAP: one line, with the way out."""
    with Namespace("dts-user") as ns:
        eal = eal_options(huge=False)
        result = ns.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                         "--inh-caps=-all", "--bounding-set=-all", "env", "XDG_RUNTIME_DIR=/tmp",
                         str(app_path()), *eal, "--"], check=False)
        if result.returncode in (126, 127):
            pytest.skip("nobody cannot execute the application where it is")
        assert result.returncode == 1, result.stdout + result.stderr
        assert re.search(r"permission|CAP_NET_ADMIN|root", result.stdout + result.stderr)


def test_not_enough_memory(ns):
    """Memory that does not suffice: said in one line, no crash."""
    eal = eal_options(huge=False)
    eal[eal.index("-m") + 1] = "16"
    result = run_to_end(ns, [], eal=eal)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.search(r"memory|hugepages|-m", complaint(result))

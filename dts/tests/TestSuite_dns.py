# SPDX-License-Identifier: BSD-3-Clause
"""Names: --resolve and the commands, against dnsmasq, unbound and knot, and against servers that
lose, delay, lie, truncate and go in circles."""

import contextlib
import random
import re
import socket
import subprocess
import sys
import time

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRSOA

from framework import nameserver
from framework.app_shell import app_path, eal_options, interface_that_stays, run_to_end
from framework.beside import beside
from framework.topology import Link, Namespace, need_tool, wait_until

ADDRS = [arg for addr in Link.STACK_ADDRS for arg in ("--ip", addr)]
GOOD = ["192.0.2.7"]


@contextlib.contextmanager
def namespace_with_tap():
    """A namespace with a TAP that stays, on whose kernel's side the servers are."""
    need_tool("ip", "ss")
    with Namespace("dts-dns") as ns:
        interface_that_stays(ns)
        yield ns


@contextlib.contextmanager
def case_fixtures(docroot, path):
    """For the cases that run side by side."""
    with namespace_with_tap() as ns:
        yield {"ns": ns, "tmp_path": path}


@pytest.fixture(scope="module")
def dns_ns():
    with namespace_with_tap() as ns:
        yield ns


@pytest.fixture(scope="module", params=[nameserver.Dnsmasq, nameserver.Unbound, nameserver.Knot])
def server(request, dns_ns, tmp_path_factory):
    with request.param(dns_ns, tmp_path_factory.mktemp("server")) as running:
        yield running


def resolve(ns, what, *options, timeout=60):
    """The exit code and the lines that --resolve prints; what is on stderr is kept in .said."""
    return_value = run_to_end(ns, [*ADDRS, *options, "--resolve", what],
                              eal=eal_options(huge=False), timeout=timeout)
    lines = return_value.stdout.splitlines()
    said = [line for line in return_value.stderr.splitlines() if line.startswith("isla: ")]
    assert not any("mbufs missing" in line for line in return_value.stderr.splitlines())
    return return_value.returncode, lines, said


def commands(ns, tmp_path, lines, *options):
    path = tmp_path / "commands"
    path.write_text("\n".join(lines) + "\nquit\n", encoding="utf-8")
    result = run_to_end(ns, [*ADDRS, *options, "--cmdline-file", path],
                        eal=eal_options(huge=False), timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "mbufs missing: 0" in result.stdout
    return result.stdout


# ---- real servers

@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_addresses(dns_ns, server, family):
    dns = Link.KERNEL_V4 if family == "ipv4" else Link.KERNEL_V6
    code, lines, _ = resolve(dns_ns, "h.test", "--dns", dns)
    assert code == 0
    assert sorted(lines) == ["192.0.2.7", "2001:db8::7"]


@pytest.mark.parametrize("what,answer", [
    ("h.test A", "192.0.2.7"),
    ("H.TEST aaaa", "2001:db8::7"),
    ("alias.test A", "192.0.2.7"),
    ("alias.test CNAME", "middle.test"),
    ("mail.test MX", "10 h.test"),
    ("_s._tcp.test SRV", "5 6 8080 h.test"),
    ("txt.test TXT", '"hello" "world"'),
    ("192.0.2.7 PTR", "h.test"),
])
def test_types(dns_ns, server, what, answer):
    code, lines, _ = resolve(dns_ns, what, "--dns", Link.KERNEL_V4)
    assert (code, lines) == (0, [answer])


@pytest.mark.parametrize("what,why", [
    ("none.test", "there is no such name"),
    ("h.test MX", "the name has no record of this type"),
])
def test_nothing_is_exit_code_2(dns_ns, server, what, why):
    code, lines, said = resolve(dns_ns, what, "--dns", Link.KERNEL_V4)
    assert (code, lines) == (2, [])
    assert said == [f"isla: --resolve {what.split()[0]}: {why}"]


def test_large_answers_come_over_tcp(dns_ns, server):
    code, lines, _ = resolve(dns_ns, "big.test A", "--dns", Link.KERNEL_V4)
    assert code == 0
    assert sorted(lines) == sorted(nameserver.BIG)


def test_search_domains(dns_ns, server):
    code, lines, _ = resolve(dns_ns, "www A", "--dns", Link.KERNEL_V4, "--dns-search", "eng.test",
                             "--dns-search", "corp.test")
    assert (code, lines) == (0, ["192.0.2.8"])


def test_commands(dns_ns, server, tmp_path):
    out = commands(dns_ns, tmp_path, [
        "dns query h.test", "dns query h.test A", "dns query none.test", "dns query h.test X",
        "dns query a..b", "dns show cache", "dns show servers", "dns flush", "dns show cache",
        "dns show nothing"], "--dns", Link.KERNEL_V4)
    assert "h.test 300 A 192.0.2.7" in out and "h.test 300 AAAA 2001:db8::7" in out
    assert "(as remembered)" in out
    assert "dns query: none.test: there is no such name" in out
    assert "no type is called 'X': give A, AAAA" in out
    assert "'a..b' is no name: a label is empty" in out
    # dnsmasq does not say how long (RFC 2308, 5), so it is not remembered.
    if not isinstance(server, nameserver.Dnsmasq):
        assert re.search(r"^none\.test \d+ \* \(there is no such name\)$", out, re.MULTILINE)
    assert re.search(rf"^{Link.KERNEL_V4}:53 sent (\d) \(0 over TCP\) answered \1 timed out 0 "
                     "failed 0 rtt", out, re.MULTILINE)
    assert "0 of 512 places in use" in out
    assert "'nothing' is not possible: give cache or servers" in out


def test_connecting_by_name(dns_ns, server, tmp_path):
    listener = dns_ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    with contextlib.closing(listener):
        listener.bind((Link.KERNEL_V4, 8000))
        listener.listen(8)
        out = commands(dns_ns, tmp_path, [
            "tcp connect site.test 8000", "tcp connect site.test 8001", "tcp connect none.test 80",
            "tcp connect a..b 80"], "--dns", Link.KERNEL_V4)
    assert f"connected to {Link.KERNEL_V4}:8000 from" in out
    assert "tcp connect: site.test:8001: Connection refused" in out
    assert "tcp connect: none.test:80: there is no such name" in out
    assert "tcp connect: 'a..b' is neither an address nor a name: a label is empty" in out


def test_the_first_server_may_be_dead(dns_ns, server):
    began = time.monotonic()
    code, lines, _ = resolve(dns_ns, "h.test A", "--dns", "192.168.1.66", "--dns",
                             f"{Link.KERNEL_V4}:9", "--dns", Link.KERNEL_V6)
    assert (code, lines) == (0, GOOD)
    assert time.monotonic() - began < 10


def test_fetch_by_name(dns_ns, server, tmp_path):
    program = app_path().resolve().parent.parent / "examples" / "fetch"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    (tmp_path / "file").write_bytes(b"hello")
    http = dns_ns.popen([sys.executable, "-m", "http.server", "--bind", "::", "--directory",
                         tmp_path, "8002"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: ":8002" in dns_ns.run(["ss", "-Htln"]).stdout, 15, "http.server listens")
        addrs = [arg for addr in Link.STACK_ADDRS for arg in ("-a", addr)]
        argv = [program, *eal_options(huge=False, lcores=1), "--", *addrs, "-d", Link.KERNEL_V6]
        result = dns_ns.run([*argv, "site.test", "8002", "/file"], check=False)
        assert (result.returncode, result.stdout) == (0, "hello"), result.stderr
        result = dns_ns.run([*argv, "none.test", "8002", "/file"], check=False)
        assert result.returncode == 1
        assert "fetch: none.test: there is no such name" in result.stderr
    finally:
        http.kill()
        http.wait(timeout=10)


def test_servers_of_dhcp(tmp_path):
    """dnsmasq gives an address, itself as the server, and the domain in which it has a name."""
    need_tool("dnsmasq")
    with namespace_with_tap() as ns, open(tmp_path / "log", "w", encoding="utf-8") as log:
        ns.popen(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                  "--user=root", "--pid-file=", "--bind-interfaces", "--no-ping",
                  f"--interface={Link.INTERFACE}", "--except-interface=lo",
                  f"--dhcp-leasefile={tmp_path}/leases",
                  "--dhcp-range=192.168.1.50,192.168.1.60,1h",
                  "--dhcp-option=option:domain-name,corp.test", "--local=/test/",
                  "--host-record=h.corp.test,192.0.2.9"],
                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: ":67" in ns.run(["ss", "-Hlun"]).stdout, 15, "dnsmasq listens")
        result = run_to_end(ns, ["--dhcp", "--resolve", "h A"], eal=eal_options(huge=False),
                            timeout=60)
        assert (result.returncode, result.stdout) == (0, "192.0.2.9\n"), result.stderr


# ---- a server that does what it is told

def reply(query, **fields):
    """An answer to the question, without records."""
    asked = DNS(query)
    return DNS(id=asked.id, qr=1, rd=1, ra=1, qd=asked.qd, **fields)


def good(query):
    asked = DNS(query)
    return reply(query, an=DNSRR(rrname=asked.qd.qname, type="A", ttl=60, rdata="192.0.2.7"))


def scripted(ns, act, port=5301, **kwargs):
    return nameserver.Scripted(ns, port, act, **kwargs)


@beside
def test_a_lossy_server(ns):
    def act(server, query, over_tcp):
        return good(query) if len(server.asked) > 1 else None

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)
        assert len(server.asked) == 2
        assert server.asked[0][1].id != server.asked[1][1].id


@beside
def test_a_slow_server(ns):
    def act(server, query, over_tcp):
        time.sleep(1.5)
        return good(query)

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)
        assert len(server.asked) == 1


@beside
def test_a_silent_server_is_exit_code_1(ns):
    with scripted(ns, lambda *args: None) as server:
        code, lines, said = resolve(ns, "h.test A", *server.option)
    assert (code, lines) == (1, [])
    assert said == ["isla: --resolve h.test: no server has answered"]
    assert len(server.asked) == 3


@pytest.mark.parametrize("rcode", [2, 4, 5])
@beside
def test_a_failing_server_is_exit_code_1(ns, rcode):
    with scripted(ns, lambda server, query, over_tcp: reply(query, rcode=rcode)) as server:
        code, _, said = resolve(ns, "h.test A", *server.option)
    assert code == 1
    assert said == ["isla: --resolve h.test: the servers failed, or refused"]


def truncating(server, query, over_tcp):
    return good(query) if over_tcp else reply(query, tc=1)


@beside
def test_a_truncating_server(ns):
    with scripted(ns, truncating) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)
        assert [over_tcp for over_tcp, _ in server.asked] == [False, True]


@beside
def test_a_truncating_server_without_tcp(ns):
    with scripted(ns, truncating, tcp=False) as server:
        code, _, said = resolve(ns, "h.test A", *server.option)
        assert code == 1 and "failed" in said[0]


@beside
def test_a_server_that_hangs_up(ns):
    def act(server, query, over_tcp):
        return None if over_tcp else reply(query, tc=1)

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[0] == 1


@beside
def test_a_server_that_goes_in_circles(ns):
    def act(server, query, over_tcp):
        name = DNS(query).qd.qname
        other = b"b.test." if name.lower().startswith(b"a") else b"a.test."
        return reply(query, an=DNSRR(rrname=name, type="CNAME", ttl=60, rdata=other))

    with scripted(ns, act) as server:
        code, _, said = resolve(ns, "a.test A", *server.option)
    assert code == 1
    assert said == ["isla: --resolve a.test: the chain of aliases has no end"]
    assert len(server.asked) == 11


def forged(query):
    asked = DNS(query)
    return reply(query, an=DNSRR(rrname=asked.qd.qname, type="A", ttl=60, rdata="203.0.113.66"))


def wrong_id(query):
    answer = forged(query)
    answer.id ^= 1
    return answer


def wrong_name(query):
    answer = forged(query)
    answer.qd = DNSQR(qname="x.test", qtype="A")
    return answer


def wrong_type(query):
    answer = forged(query)
    answer.qd = DNSQR(qname=DNS(query).qd.qname, qtype="AAAA")
    return answer


def wrong_class(query):
    answer = forged(query)
    answer.qd.qclass = 3
    return answer


def a_question(query):
    answer = forged(query)
    answer.qr = 0
    return answer


@pytest.mark.parametrize("lie", [wrong_id, wrong_name, wrong_type, wrong_class, a_question])
@beside
def test_lies_are_passed_over(ns, lie):
    """The lie comes first, the truth a little later."""
    def act(server, query, over_tcp):
        server.udp.sendto(bytes(lie(query)), server.peer)
        time.sleep(0.2)
        return good(query)

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)
        assert len(server.asked) == 1


@beside
def test_answers_from_another_port_are_passed_over(ns):
    def act(server, query, over_tcp):
        server.other.sendto(bytes(forged(query)), server.peer)
        time.sleep(0.2)
        return good(query)

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)


@beside
def test_a_server_that_changes_letters(ns):
    def act(server, query, over_tcp):
        answer = good(query)
        answer.qd.qname = answer.qd.qname.lower()
        return answer

    with scripted(ns, act) as server:
        name = "a-name-with-many-letters.test"
        assert resolve(ns, f"{name} A", *server.option)[:2] == (0, GOOD)
        assert [over_tcp for over_tcp, _ in server.asked] == [False, True]
        assert server.asked[0][1].qd.qname.lower() == name.encode() + b"."
        assert server.asked[0][1].qd.qname != name.encode() + b"."


@beside
def test_what_was_not_asked_for_is_not_believed(ns, tmp_path):
    def act(server, query, over_tcp):
        name = DNS(query).qd.qname.lower()
        if name != b"h.test.":
            return reply(query, rcode=3, ns=DNSRRSOA(rrname="test", ttl=60, minimum=60))
        return reply(query, an=DNSRR(rrname="h.test", type="A", ttl=60, rdata="192.0.2.7") /
                     DNSRR(rrname="bank.test", type="A", ttl=86400, rdata="203.0.113.66"),
                     ar=DNSRR(rrname="bank.test", type="A", ttl=86400, rdata="203.0.113.66"))

    with scripted(ns, act) as server:
        out = commands(ns, tmp_path, ["dns query h.test A", "dns query bank.test A",
                                          "dns show cache"], *server.option)
    assert "h.test 60 A 192.0.2.7" in out
    assert "dns query: bank.test: there is no such name" in out
    assert "203.0.113.66" not in out


@beside
def test_garbage_is_survived(ns):
    """Bytes behind the right header and question: pointers in circles, counts that lie, noise."""
    rng = random.Random(7)

    def act(server, query, over_tcp):
        head = bytes(reply(query))
        tail = rng.choice([b"\xc0\x0c" * 40, b"\xc0\x22\xc0\x20", rng.randbytes(300), b"",
                           b"\x3f" + b"a" * 20])
        return head[:6] + rng.randbytes(6) + head[12:] + tail

    with scripted(ns, act) as server:
        for name in ("a.test", "b.test", "c.test", "d.test", "e.test"):
            code, _, said = resolve(ns, f"{name} A", *server.option)
            assert code in (1, 2) and len(said) == 1


@beside
def test_a_server_without_edns(ns):
    def act(server, query, over_tcp):
        return reply(query, rcode=1) if DNS(query).arcount else good(query)

    with scripted(ns, act) as server:
        assert resolve(ns, "h.test A", *server.option)[:2] == (0, GOOD)
        assert [asked.arcount for _, asked in server.asked] == [1, 0]


@beside
def test_ids_and_ports_do_not_repeat(ns, tmp_path):
    seen = []

    def act(server, query, over_tcp):
        seen.append((DNS(query).id, server.peer[1]))
        return good(query)

    with scripted(ns, act) as server:
        commands(ns, tmp_path, [f"dns query n{i}.test A" for i in range(40)], *server.option)
    assert len(seen) == 40
    assert len({number for number, _ in seen}) >= 39
    assert len({port for _, port in seen}) >= 37


# ---- bad input

@pytest.mark.parametrize("options,words", [
    (["--resolve", "a..b", "--dns", "10.0.0.1"], "--resolve a..b: a label is empty"),
    (["--resolve", "x" * 64, "--dns", "10.0.0.1"], "at most 253 characters, and its labels 63"),
    (["--resolve", ".".join(["x" * 63] * 4), "--dns", "10.0.0.1"], "at most 253 characters"),
    (["--resolve", "a.test ANY", "--dns", "10.0.0.1"], "no type is called 'ANY'; there are"),
    (["--resolve", "a.test"], "there is no server to ask; give one by --dns, or --dhcp"),
    (["--dns", "0.0.0.0"], "--dns '0.0.0.0' is not possible: give a unicast address"),
    (["--dns-search", "a b"], "there is a character in it that no name has"),
])
def test_bad_input_is_one_line(dns_ns, options, words):
    result = run_to_end(dns_ns, options)
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and words in lines[0], result.stderr


def test_an_address_needs_no_server(dns_ns):
    assert resolve(dns_ns, "192.0.2.77", "--dns", "192.168.1.66")[:2] == (0, ["192.0.2.77"])

# SPDX-License-Identifier: BSD-3-Clause
"""The prompt: every command through a pipe and on a terminal, from a file, with bad input, under
load; and the end of the input as the end of the program."""

import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import threading
import time

import pytest

from conftest import default_options
from framework import traffic
from framework.app_shell import AppShell, app_path, eal_options, run_to_end
from framework.topology import Link, Namespace, need_tool, wait_until

DOC = pathlib.Path(__file__).resolve().parents[2] / "doc" / "commands.md"

# What each command is tried with, and what the answer must have; None: it must say nothing.
TRIES = {
    "help": [("help", "show port stats N"), ("help show tcp", "show tcp conns")],
    "log level": [("log level lib.isla.* info", "log types at info"),
                  ("log level lib.isla.* notice", "notice")],
    "show log": [("show log", "lib.isla.engine")],
    "set verbose": [("set verbose 0", "no frame is shown")],
    "show config rxtx": [("show config rxtx", "RX descriptors"),
                         ("show config rxtx", "TCP connections at most: 16384, "),
                         ("show config rxtx", "mbufs: 32768, ")],
    "show config cores": [("show config cores", "Lcore")],
    "show config fwd": [("show config fwd", "echo:7")],
    "show port stats": [("show port stats all", "RX-packets"), ("show port stats 0", "Tx-pps")],
    "clear port stats": [("clear port stats all", "cleared")],
    "show port xstats": [("show port xstats 0", "rx_good_packets")],
    "clear port xstats": [("clear port xstats all", "cleared")],
    "show fwd stats all": [("show fwd stats all", "Accumulated forward statistics")],
    "clear fwd stats all": [("clear fwd stats all", "anew")],
    "show port info": [("show port info 0", "Driver name"), ("show port info all", "MTU")],
    "port stop": [("port stop 0", None), ("show port info 0", "stopped")],
    "port start": [("port start 0", None), ("show port info 0", "started")],
    "show addrs": [("show addrs", "192.168.1.2/24")],
    "show routes": [("show routes", "192.168.1.0/24")],
    "show neigh": [("show neigh", "Address")],
    "clear neigh": [("arping 192.168.1.1", "is at"), ("clear neigh", "forgotten"),
                    ("clear neigh 192.168.1.1", "no shard knows")],
    "show pmtu": [("show pmtu", "MTU")],
    "clear pmtu": [("clear pmtu", "0 forgotten"), ("clear pmtu 10.1.2.3", "no shard knows")],
    "show udp": [("show udp", " 7 ")],
    "set ip add": [("set ip add 10.9.0.2/16", None), ("show addrs", "10.9.0.2/16")],
    "set gateway": [("set gateway 192.168.1.1", None), ("show routes", "192.168.1.1 "),
                    ("set gateway off", None)],
    "set ip del": [("set ip add 10.8.0.2/16", None), ("set ip del 10.8.0.2", None)],
    "ping": [("ping 192.168.1.1 1", "1 received"), ("ping 192.168.1.1 1 1400", "1408 bytes")],
    "arping": [("arping 192.168.1.1", "is at")],
    "show tcp conns": [("show tcp conns", "Peer Address:Port"),
                       ("show tcp conns state listening", "*:80"),
                       ("show tcp conns all", "*:80"), ("show tcp conns listening", "*:80")],
    "show tcp conn": [("show tcp conn 0.0", "LISTEN")],
    "clear tcp conn": [("clear tcp conn 0.0", "is a listener")],
    "tcp connect": [("tcp connect 192.168.1.1 9", "refused")],
    "start": [("stop", "stopped"), ("start", "started")],
    "stop": [("stop", "stopped"), ("start", "started")],
    "service add": [("service add chargen:1919", None), ("show services", "1919"),
                    ("service del chargen:1919", None)],
    "service del": [("service del chargen:1919", "does not run")],
    "show services": [("show services", "echo")],
    "show reta": [("show reta", "112:")],
    "set reta": [("set reta 0 0", None)],
    "set backoff": [("set backoff spin=50", None), ("show config cores", "50"),
                    ("set backoff spin=100", None)],
    "set idle": [("set idle sleep", None), ("set idle epoll", None)],
    "show numa": [("show numa", "shard   0")],
    "show stats": [("show stats", "ifInPkts")],
    "clear stats": [("clear stats", "zero")],
    "show drops": [("show drops", "all")],
    "clear drops": [("clear drops", "zero")],
    "show hists": [("show hists", "loopBusy"), ("show hists 0", "loopBusy")],
    "clear hists": [("clear hists", "empty")],
    "show shards": [("show shards", "Busy")],
    "clear shards": [("clear shards", "anew")],
    "show timers": [("show timers", "Shard 0")],
    "show mempools": [("show mempools", "isla_pkt_0")],
    "fault set": [("fault set both delay 1ms", None), ("fault show", "rx delay 1ms"),
                  ("fault off", None)],
    "fault show": [("fault show", "tx off")],
    "fault clear": [("fault clear", "zero")],
    "fault off": [("fault off", None)],
}

SKIPPED = {"quit",  # has tests of its own
           "set link-up port", "set link-down port"}  # of TestSuite_ports


def documented():
    """(name, arguments) of each command."""
    rows = re.findall(r"^\| `([^`]*)` \|", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    result = []
    for row in rows:
        words = row.replace("\\|", "|").split()
        name = list(words)
        while name and not re.fullmatch(r"[a-z-]+", name[-1]):
            name.pop()
        result.append((" ".join(name), " ".join(words[len(name):])))
    return result


@pytest.fixture(scope="module")
def app(ns, link):
    shell = AppShell(ns, [*default_options(), "-i"], eal_options(huge=False))
    shell.start()
    link.configure()
    ns.run(["ping", "-c", "1", "-W", "3", Link.STACK_V4])
    yield shell
    shell.check_clean_end()


@pytest.fixture
def other_ns():
    """A namespace beside the one in which `app` runs."""
    with Namespace("dts") as namespace:
        yield namespace


@pytest.fixture
def start(other_ns):
    started = []

    def start_app(*options):
        shell = AppShell(other_ns, [*default_options(), *options], eal_options(huge=False))
        started.append(shell)
        shell.start()
        Link(other_ns).configure()
        return shell

    yield start_app
    for shell in started:
        shell.kill()


def tries():
    for name, args in documented():
        if name in SKIPPED:
            continue
        if name in TRIES:
            yield from TRIES[name]
        elif not args or args.startswith("["):
            yield name, ""
        else:
            yield name, "wants"


def check_answer(line, want, answer):
    if want is None:
        assert answer.strip() == "", f"{line}: {answer}"
    else:
        assert want in answer, f"{line}: {answer}"


def test_every_command_is_known(app):
    names = {name for name, _ in documented()}
    assert set(TRIES) <= names, set(TRIES) - names
    answer = app.prompt("help")
    for name in names:
        assert f"\n  {name} " in answer or f"\n  {name}\n" in answer, name


def test_every_command_through_a_pipe(app, ns):
    for line, want in tries():
        check_answer(line, want, app.prompt(line, timeout=20))
        if line.startswith("port start"):
            # The kernel's side has lost what goes with a link that was down.
            wait_until(lambda: ns.run(["ping", "-c", "1", "-W", "1", Link.STACK_V4],
                                      check=False).returncode == 0, 20, "an answer to a ping")


def established(app, nb):
    """The table of the connections to port 7, once the last ACK of so many has arrived."""
    def table():
        answer = app.prompt("show tcp conns state established sport = :7", timeout=30)
        return answer if answer.count("ESTAB") == nb else None
    return wait_until(table, 30, f"{nb} connections")


def test_connections_are_told(app, ns):
    """Those of a client, with what the kernel calls them, and each in full."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 100)
    try:
        answer = established(app, 100)
        for sock in socks:
            host, port = sock.getsockname()[:2]
            assert f"{host}:{port} " in answer
        assert answer.count(" rto:") == 100
        one = socks[42].getsockname()[1]
        line = app.prompt(f"show tcp conns dport {one}")
        number = re.search(r"ESTAB .* (\d+\.\d+)\s", line)[1]
        answer = app.prompt(f"show tcp conn {number}")
        assert "ESTABLISHED" in answer and "snd_cwnd_bytes" in answer and f":{one} " in answer
    finally:
        traffic.close_all(socks)
    wait_until(lambda: "ESTAB" not in app.prompt("show tcp conns sport 7"), 10, "no connection")


def test_connections_are_ended(app, ns):
    """Each of many, on whatever shard: its client sees a reset."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 20)
    try:
        numbers = re.findall(r"ESTAB .* (\d+\.\d+)\s", established(app, 20))
        assert len(numbers) == 20
        for number in numbers:
            assert "has ended" in app.prompt(f"clear tcp conn {number}")
        for sock in socks:
            sock.settimeout(5)
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
    finally:
        traffic.close_all(socks)
    assert "ESTAB" not in app.prompt("show tcp conns sport 7")
    assert "there is no connection" in app.prompt(f"clear tcp conn {numbers[0]}")


def test_what_is_learnt_is_forgotten(app, ns):
    """The neighbour on every shard; the next packet asks again, and is answered."""
    ns.run(["ping", "-c", "1", "-W", "3", Link.STACK_V4])
    assert f"{Link.KERNEL_V4} " in app.prompt("show neigh")
    assert re.search(r"[1-9]\d* forgotten", app.prompt(f"clear neigh {Link.KERNEL_V4}"))
    assert f"{Link.KERNEL_V4} " not in app.prompt("show neigh")
    ns.run(["ping", "-c", "1", "-W", "3", Link.STACK_V4])
    assert f"{Link.KERNEL_V4} " in app.prompt("show neigh")


def test_counters_are_cleared_apart(app, ns):
    traffic.get(ns, Link.STACK_V4)
    assert "httpLatency" in app.prompt("show hists")
    app.prompt("clear hists")
    assert "httpLatency" not in app.prompt("show hists")
    assert "ifInPkts" in app.prompt("show stats")
    app.prompt("clear stats")
    app.prompt("clear drops")
    assert re.search(r"^all +0$", app.prompt("show drops"), re.MULTILINE)


def test_connect_to_a_listener(app, ns):
    with ns.entered():
        listener = traffic.socket.create_server(("0.0.0.0", 4711))
    try:
        answer = app.prompt("tcp connect 192.168.1.1 4711")
        assert re.search(r"connected to 192\.168\.1\.1:4711 from 192\.168\.1\.2:\d+ in "
                         r"\d+\.\d+ ms", answer), answer
        conn, _ = listener.accept()
        conn.settimeout(5)
        assert conn.recv(1) == b""
        conn.close()
    finally:
        listener.close()


def test_ping_sizes(app, link):
    """Up to the MTU of 1500, and no further; each comes back as it was."""
    link.configure()
    for addr, most in ((Link.KERNEL_V4, 1472), (Link.KERNEL_V6, 1452)):
        for size in (0, 1, most):
            answer = app.prompt(f"ping {addr} 1 {size}")
            assert f"{size + 8} bytes from {addr}" in answer and "damaged" not in answer, answer
        for size in (most + 1, 65535):
            answer = app.prompt(f"ping {addr} 1 {size}")
            assert "beyond the path's MTU" in answer and f"at most {most} is" in answer, answer


def test_link_local(app, link):
    """With the port, by its number or its interface, or, there being one, without."""
    link.configure()
    kernel = link.kernel_ll
    name = re.search(r"Device name: (\S+)", app.prompt("show port info 0"))[1]
    for addr in (f"{kernel}%0", f"{kernel}%{name}", kernel):
        assert "1 received" in app.prompt(f"ping {addr} 1"), addr
        assert "is at" in app.prompt(f"arping {addr}"), addr
    assert "no port of ours" in app.prompt(f"ping {kernel}%1 1")


def test_neighbours_of_every_shard(app, link):
    """What shard 0 has not learnt itself, or has forgotten, it asks for."""
    link.configure()
    for _ in range(3):
        app.prompt("clear neigh")
        assert "1 received" in app.prompt(f"ping {Link.KERNEL_V4} 1")
        app.prompt("clear neigh")
        assert "is at" in app.prompt(f"arping {Link.KERNEL_V6}")


def test_nobody_there(app):
    began = time.monotonic()
    assert "No route to host" in app.prompt("tcp connect 192.168.1.99 80", timeout=20)
    assert "does not answer" in app.prompt("arping 192.168.1.98", timeout=20)
    answer = app.prompt("ping 192.168.1.97 1", timeout=20)
    assert "No route to host" in answer and "0 received" in answer
    assert time.monotonic() - began < 20


def test_services_change(app, ns):
    app.prompt("service add http:8081")
    assert traffic.get(ns, Link.STACK_V4, port=8081).status == 200
    app.prompt("service del http:8081")
    with pytest.raises(OSError):
        traffic.get(ns, Link.STACK_V4, port=8081)
    app.prompt("stop")
    with pytest.raises(OSError):
        traffic.get(ns, Link.STACK_V4)
    app.prompt("start")
    assert traffic.get(ns, Link.STACK_V4).status == 200


def test_addresses_change(app, ns):
    ns.run(["ip", "addr", "add", "10.77.0.1/24", "dev", Link.INTERFACE])
    try:
        app.prompt("set ip add 10.77.0.2/24")
        ns.run(["ping", "-c", "1", "-W", "3", "10.77.0.2"])
        app.prompt("set ip del 10.77.0.2")
        assert ns.run(["ping", "-c", "1", "-W", "1", "10.77.0.2"], check=False).returncode != 0
    finally:
        ns.run(["ip", "addr", "del", "10.77.0.1/24", "dev", Link.INTERFACE], check=False)


BAD = (
    ("frobnicate", "'frobnicate' is no command"),
    ("show", "not all of it"),
    ("show port stats 9", "'9' is no port of ours"),
    ("show port stats", "wants N|all"),
    ("quit now", "'now' is too much"),
    ("show tcp conns state frob", "'frob'"),
    ("show tcp conn 99.99", "'99.99'"),
    ("set verbose much", "'much'"),
    ("set ip add 10.0.0.300/24", "10.0.0.300/24"),
    ("set ip add 224.0.0.1/24", "224.0.0.1/24"),
    ("set gateway 8.8.8.8", "8.8.8.8 is no gateway"),
    ("set backoff sleep=1h", "sleep=1h"),
    ("set idle hard", "'hard'"),
    ("set reta 128 0", "'128'"),
    ("service add http:99999", "'http:99999'"),
    ("service add gopher:70", "'gopher:70'"),
    ("service add discard:7", "taken"),
    ("fault set rx drop 200%", "'200%'"),
    ("ping nobody", "'nobody'"),
    ("tcp connect 192.168.1.1 http", "'http'"),
    ("log level frob debug", "'frob'"),
    ("log level lib.isla.* loud", "'loud'"),
    ("x" * 4000, "no command"),
    ("show " + "y " * 60, "32 words"),
    ("z" * 5000, "longer than 4095"),
    ("show\x01drops", "no command"),
    ("\xff\xfe", "no command"),
    ("%s%n%x", "'%s%n%x'"),
)


def state(app):
    return [app.prompt(line) for line in
            ("show addrs", "show routes", "show services", "fault show", "show reta",
             "show config cores", "show log")]


def test_bad_input_changes_nothing(app):
    before = state(app)
    for line, want in BAD:
        answer = app.prompt(line)
        assert want in answer, (line, answer)
    assert state(app) == before
    assert app.is_running()


def test_noise(app):
    """Any bytes: each line gets its message, and the prompt goes on."""
    import random

    rng = random.Random(7)
    for _ in range(20):
        noise = bytes(rng.choice([b for b in range(256) if b != 10]) for _ in range(300))
        app.proc.stdin.write(noise + b"\n")
    assert "Busy" in app.prompt("show shards")


def test_under_load(app, ns):
    """All that shows something, again and again, while wrk asks: no request fails."""
    need_tool("wrk")
    lines = [name for name, args in documented()
             if name.startswith("show ") and not args] + \
        ["show tcp conns", "show port stats all", "show port info all", "show port xstats all"]
    out = {}

    def load():
        out["wrk"] = ns.run(["wrk", "-t1", "-c100", "-d6s", "--timeout", "10s",
                             traffic.url(Link.STACK_V4)], timeout=60).stdout

    thread = threading.Thread(target=load)
    thread.start()
    nb = 0
    try:
        while thread.is_alive():
            for line in lines:
                assert app.prompt(line, timeout=20)
                nb += 1
            # What changes something that the load does not need.
            for line in ("fault set rx delay 0us", "fault off", "set idle epoll",
                         "service add chargen:1920", "service del chargen:1920",
                         "set ip add 10.66.0.2/24", "set ip del 10.66.0.2",
                         "ping 192.168.1.1 1", "tcp connect 192.168.1.1 9"):
                app.prompt(line, timeout=20)
    finally:
        thread.join()
    requests = re.search(r"(\d+) requests in", out["wrk"])
    assert requests and int(requests[1]) > 1000, out["wrk"]
    assert "Socket errors" not in out["wrk"] and "Non-2xx" not in out["wrk"], out["wrk"]
    assert nb > len(lines)


def test_many_connections_are_told_whole(app, ns):
    """A table that takes many requests, while its shard works."""
    socks = traffic.connect_many(ns, Link.STACK_V4, 7, 1500)
    try:
        answer = established(app, 1500)
        want = {sock.getsockname()[1] for sock in socks}
        got = {int(port) for port in re.findall(r":(\d+)\s+\d+\.\d+$", answer, re.MULTILINE)}
        assert want == got
    finally:
        traffic.close_all(socks)


def test_quit(start):
    app = start("-i")
    app.proc.stdin.write(b"show services\nquit\nshow addrs\n")
    app.proc.stdin.flush()
    assert app.proc.wait(timeout=15) == 0
    assert "echo" in app.output
    # What follows is not read any more.
    assert "Address\n" not in app.output
    app.check_clean_end()


def test_end_of_the_pipe_is_the_end(start):
    """The last line needs no newline."""
    app = start("-i")
    app.proc.stdin.write(b"show config fwd")
    app.proc.stdin.close()
    assert app.proc.wait(timeout=15) == 0
    assert "echo:7" in app.output
    app.check_clean_end()


@pytest.mark.parametrize("signo", (signal.SIGINT, signal.SIGTERM))
def test_a_signal_ends_a_prompt_that_waits(start, signo):
    app = start("-i")
    app.prompt("show services")
    began = time.monotonic()
    assert app.stop(signo) == 0
    assert time.monotonic() - began < 5
    app.check_clean_end()


def test_a_signal_ends_a_command_that_waits(start):
    app = start("-i")
    app.proc.stdin.write(b"ping 192.168.1.1 1000\n")
    app.proc.stdin.flush()
    wait_until(lambda: "64 bytes from" in app.output, 10, "a reply")
    began = time.monotonic()
    assert app.stop() == 0
    assert time.monotonic() - began < 5
    app.check_clean_end()


def test_cmdline_file(start, other_ns, tmp_path):
    path = tmp_path / "commands"
    path.write_text("# a comment\n\nshow services\nservice add http:8082\nfrobnicate\n"
                    "show config fwd")
    app = start("--cmdline-file", path)
    wait_until(lambda: "http:8082" in app.output, 10, "the last command's answer")
    assert ("'frobnicate' is no command; help lists them\n"
            f"{path}:5: this line has failed\n") in app.output
    assert app.output.count("has failed") == 1
    # It goes on without a prompt.
    assert traffic.get(other_ns, Link.STACK_V4, port=8082).status == 200
    app.check_clean_end()


def test_cmdline_file_that_quits(other_ns, tmp_path):
    path = tmp_path / "commands"
    path.write_text("show services\nquit\nshow addrs\n")
    result = run_to_end(other_ns, [*default_options(), f"--cmdline-file={path}"],
                        eal_options(huge=False), timeout=20)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "What it does" in result.stdout and "Address\n" not in result.stdout
    assert "mbufs missing: 0" in result.stdout


def test_cmdline_file_then_prompt(start, tmp_path):
    path = tmp_path / "commands"
    path.write_text("service add demo:8083\n")
    app = start("--cmdline-file", path, "-i")
    assert "8083" in app.prompt("show services")
    app.check_clean_end()


def test_cmdline_file_that_is_not_there(other_ns):
    result = run_to_end(other_ns, [*default_options(), "--cmdline-file", "/nowhere/commands"])
    assert result.returncode == 1
    assert "--cmdline-file /nowhere/commands: No such file" in result.stderr


def test_cmdline_file_that_is_a_directory(other_ns, tmp_path):
    result = run_to_end(other_ns, [*default_options(), "--cmdline-file", str(tmp_path)])
    assert result.returncode == 1
    assert f"--cmdline-file {tmp_path}: a directory" in result.stderr


def test_cmdline_file_that_is_a_pipe(start, tmp_path):
    """Commands come whenever somebody writes them; a signal ends the program while it waits."""
    path = tmp_path / "commands"
    os.mkfifo(path)
    app = start("--cmdline-file", path)
    with open(path, "w", encoding="ascii") as pipe:
        pipe.write("service add demo:8084\nshow services\n")
        pipe.flush()
        wait_until(lambda: "8084" in app.output, 10, "the answer")
        began = time.monotonic()
        assert app.stop() == 0
        assert time.monotonic() - began < 5
    app.check_clean_end()


def test_cmdline_file_that_nobody_writes(start, tmp_path):
    path = tmp_path / "commands"
    os.mkfifo(path)
    app = start("--cmdline-file", path)
    began = time.monotonic()
    assert app.stop() == 0
    assert time.monotonic() - began < 5
    app.check_clean_end()


class Terminal:
    """The application on a terminal of its own."""

    def __init__(self, ns):
        self.master, slave = pty.openpty()
        argv = [str(app_path()), *eal_options(huge=False), "--", *default_options(), "-i"]
        self.proc = ns.popen(argv, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.text = ""
        self.expect("isla: ready", 30)
        self.expect("isla> ", 10)
        Link(ns).configure()

    def expect(self, what, timeout=10):
        """Read until it has come; returns what came up to then."""
        end = time.monotonic() + timeout
        while what not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"no '{what}' in {self.text!r}"
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            assert data, f"the end before '{what}': {self.text!r}"
            self.text += data.decode(errors="replace")
        before, _, self.text = self.text.partition(what)
        return before

    def type(self, text):
        os.write(self.master, text.encode())

    def run(self, line, timeout=20):
        self.type(line + "\n")
        self.expect("\n")
        return self.expect("isla> ", timeout)

    def drain(self):
        """What comes until the program has ended."""
        with_end = self.text
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                return with_end
            with_end += data.decode(errors="replace")


@pytest.mark.parametrize("first", ("", "set verbose 3"), ids=("quiet", "verbose"))
def test_end_while_nobody_reads(other_ns, first):
    """Standard output is a pipe that is full: a signal ends the program all the same."""
    read_fd, write_fd = os.pipe()
    argv = [str(app_path()), *eal_options(huge=False), "--", *default_options(), "-i"]
    proc = other_ns.popen(argv, stdin=subprocess.PIPE, stdout=write_fd, stderr=subprocess.PIPE)
    os.close(write_fd)
    try:
        said = b""
        while b"isla: ready" not in said:
            said += os.read(read_fd, 4096)
        Link(other_ns).configure()
        proc.stdin.write((first + "\n" + "show port info all\n" * 500).encode())
        proc.stdin.flush()
        time.sleep(1)
        assert proc.poll() is None
        began = time.monotonic()
        proc.send_signal(signal.SIGTERM)
        assert proc.wait(timeout=8) == 0
        assert time.monotonic() - began < 5
        assert b"nobody reads standard output" in proc.stderr.read()
    finally:
        os.close(read_fd)
        if proc.poll() is None:
            proc.kill()
            proc.wait()


@pytest.fixture
def terminal(other_ns):
    term = Terminal(other_ns)
    yield term
    if term.proc.poll() is None:
        term.proc.kill()
        term.proc.wait()
    os.close(term.master)


def test_every_command_on_a_terminal(terminal):
    for line, want in tries():
        # rte_cmdline moves in a line by escape sequences.
        check_answer(line, want, re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", terminal.run(line)))
    terminal.type("quit\n")
    text = terminal.drain()
    assert terminal.proc.wait(timeout=15) == 0
    assert "mbufs missing: 0" in text


def test_completion(terminal):
    terminal.type("show po\t")
    terminal.expect("show port ")
    terminal.type("st\t")
    terminal.expect("stats ")
    terminal.type("al\t\n")
    assert "RX-packets" in terminal.expect("isla> ")
    # Several are offered.
    terminal.type("fault \t")
    offered = terminal.expect("off")
    assert "set" in offered and "show" in offered
    terminal.expect("isla> fault ")
    terminal.type("\x03")
    terminal.expect("isla> ")
    terminal.type("show tcp conns state esta\t\n")
    terminal.expect("blished")
    terminal.expect("Peer Address:Port")


def test_help_of_a_word(terminal):
    """'?' explains what may follow."""
    terminal.type("set idle ?")
    assert "epoll" in terminal.expect("sleep")


def test_history_and_editing(terminal):
    terminal.run("show services")
    terminal.type("\x1b[A\n")
    terminal.expect("discard")
    terminal.expect("isla> ")
    # A line that is given up by Ctrl-C does nothing, and the program goes on.
    terminal.type("quit\x03")
    terminal.expect("isla> ")
    assert "echo" in terminal.run("show services")


def test_ctrl_c_ends_a_command_that_waits(terminal):
    """What was typed in between is gone; without Ctrl-C it is run afterwards."""
    terminal.type("ping 192.168.1.1 10000\n")
    assert "seq=" not in terminal.expect("seq=1 ")
    terminal.expect("seq=2 ")
    terminal.type("show numa\n\x03")
    # What it has counted up to then.
    assert "192.168.1.1: 2 sent, 2" in terminal.expect(" received")
    assert "min/avg/max" in terminal.expect("\n")
    terminal.expect("isla> ")
    assert "shard   0" not in terminal.run("show services")
    for line in ("ping 192.168.1.77 10000", "arping 192.168.1.77", "tcp connect 192.168.1.77 9"):
        began = time.monotonic()
        terminal.type(line + "\n")
        time.sleep(0.2)
        terminal.type("\x03")
        terminal.expect("isla> ", 5)
        assert time.monotonic() - began < 2, line
    terminal.type("ping 192.168.1.1 2\nshow numa\n")
    terminal.expect("2 sent, 2 received")
    terminal.expect("shard   0")
    terminal.expect("isla> ")


def test_a_line_that_is_too_long(terminal):
    """rte_cmdline cuts it: what is left must not be run."""
    terminal.type("set ip add 10.55.0.2/24" + " " * 600 + "nonsense\n")
    terminal.expect("at most 511 characters")
    terminal.expect("isla> ")
    assert "10.55.0.2" not in terminal.run("show addrs")


def test_ctrl_d_is_the_end(terminal):
    terminal.type("\x04")
    text = terminal.drain()
    assert terminal.proc.wait(timeout=15) == 0
    assert "mbufs missing: 0" in text


def test_the_terminal_is_as_before(other_ns):
    """Also where a signal ends the program at its prompt."""
    import termios

    term = Terminal(other_ns)
    try:
        raw = termios.tcgetattr(term.master)
        assert not raw[3] & termios.ECHO
        term.proc.send_signal(signal.SIGTERM)
        # Of the master's side what the slave has been set to can still be read.
        text = term.drain()
        assert term.proc.wait(timeout=15) == 0
        assert "mbufs missing: 0" in text
        assert termios.tcgetattr(term.master)[3] & termios.ECHO
    finally:
        if term.proc.poll() is None:
            term.proc.kill()
            term.proc.wait()
        os.close(term.master)

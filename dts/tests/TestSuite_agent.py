# SPDX-License-Identifier: BSD-3-Clause
"""Socket calls through the agent: each script is played on the application with the kernel for its
peer, and again on the kernel alone, which must answer the same."""

import itertools
import os
import pathlib
import socket
import stat
import struct
import threading
import time

import pytest

from framework.agent import Agent, Kernel, Play
from framework.app_shell import AppShell, eal_options, run_to_end
from framework.topology import Link, wait_until

AGENT = pathlib.Path(f"/tmp/isla-dts-{os.getpid()}.agent")
ISLA_OPTIONS = ["--agent", str(AGENT)]

_ports = itertools.count(20000, 2)
_kernel_ports = itertools.count(30000, 2)

# The beginning of most scripts: a subject that is connected, as a client ...
CLIENT = """
P l = socket AF SOCK_STREAM 0
P setsockopt l SOL_SOCKET SO_REUSEADDR 01000000
P bind l PADDR PPORT
P listen l 5
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S connect a PADDR PPORT
P b = accept l
P fcntl b F_SETFL O_NONBLOCK
wait 0.01
"""
# ... and as a server.
SERVER = """
S l = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S setsockopt l SOL_SOCKET SO_REUSEADDR 01000000
S bind l SADDR SPORT
S listen l 5
P b = socket AF SOCK_STREAM 0
P connect b SADDR SPORT
P fcntl b F_SETFL O_NONBLOCK
wait 0.01
S~ poll 1000 l POLLIN
S a = accept4 l SOCK_NONBLOCK
"""
ALL = "POLLIN|POLLOUT|POLLPRI|POLLRDHUP|POLLRDNORM|POLLWRNORM"
# What a socket says of itself, and what it answers to reading and writing.
LOOK = f"""
S poll 0 a {ALL}
S recv a 1000 MSG_PEEK
S ioctl a FIONREAD
S getsockopt a SOL_SOCKET SO_ERROR 4
S recv a 1000 0
S recv a 1000 0
S send a 10 0
S send a 10 0
S poll 0 a {ALL}
S getsockopt a IPPROTO_TCP TCP_INFO 1
S shutdown a SHUT_RD
S shutdown a SHUT_WR
S connect a PADDR PPORT
S connect a PADDR PPORT
S poll 0 a {ALL}
"""

SCRIPTS = {
    "arguments": """
S socket 99 SOCK_STREAM 0
S socket AF 77 0
S socket AF SOCK_STREAM 17
S socket AF SOCK_DGRAM 6
S bind 99 SADDR 80
S close 99
S read 99 1
S poll 0 99 POLLIN
S epoll_wait 99 1 0
S a = socket AF SOCK_STREAM 0
S accept a
S shutdown a 7
S listen a 0
S fcntl a F_GETFL
S fcntl a F_SETFL O_NONBLOCK
S fcntl a F_GETFL
S getsockopt a SOL_SOCKET 9999 4
S getsockopt a 9999 1 4
S setsockopt a IPPROTO_TCP TCP_NODELAY 01
S setsockopt a IPPROTO_TCP TCP_MAXSEG 05000000
S setsockopt a IPPROTO_TCP TCP_KEEPIDLE 00000000
S setsockopt a IPPROTO_TCP TCP_KEEPCNT 80000000
S setsockopt a IPPROTO_TCP TCP_CONGESTION 6e6f6e65
S setsockopt a SOL_SOCKET SO_LINGER 01000000
""",
    "options": """
S a = socket AF SOCK_STREAM 0
S getsockopt a SOL_SOCKET SO_TYPE 4
S getsockopt a SOL_SOCKET SO_PROTOCOL 4
S getsockopt a SOL_SOCKET SO_DOMAIN 4
S getsockopt a SOL_SOCKET SO_ACCEPTCONN 4
S getsockopt a SOL_SOCKET SO_ERROR 4
S getsockopt a SOL_SOCKET SO_KEEPALIVE 4
S getsockopt a SOL_SOCKET SO_LINGER 8
S getsockopt a SOL_SOCKET SO_RCVTIMEO 16
S getsockopt a IPPROTO_TCP TCP_NODELAY 4
S getsockopt a IPPROTO_TCP TCP_CORK 4
S getsockopt a IPPROTO_TCP TCP_MAXSEG 4
S getsockopt a IPPROTO_TCP TCP_KEEPIDLE 4
S getsockopt a IPPROTO_TCP TCP_KEEPINTVL 4
S getsockopt a IPPROTO_TCP TCP_KEEPCNT 4
S getsockopt a IPPROTO_TCP TCP_USER_TIMEOUT 4
S setsockopt a SOL_SOCKET SO_KEEPALIVE 01000000
S setsockopt a SOL_SOCKET SO_LINGER 0100000007000000
S setsockopt a SOL_SOCKET SO_RCVTIMEO 01000000000000009001000000000000
S setsockopt a SOL_SOCKET SO_RCVBUF 00200000
S setsockopt a SOL_SOCKET SO_SNDBUF 00200000
S setsockopt a IPPROTO_TCP TCP_NODELAY 01000000
S setsockopt a IPPROTO_TCP TCP_CORK 01000000
S setsockopt a IPPROTO_TCP TCP_KEEPIDLE 05000000
S setsockopt a IPPROTO_TCP TCP_KEEPINTVL 06000000
S setsockopt a IPPROTO_TCP TCP_KEEPCNT 07000000
S setsockopt a IPPROTO_TCP TCP_USER_TIMEOUT e8030000
S getsockopt a SOL_SOCKET SO_KEEPALIVE 4
S getsockopt a SOL_SOCKET SO_LINGER 8
S getsockopt a SOL_SOCKET SO_RCVBUF 4
S getsockopt a SOL_SOCKET SO_SNDBUF 4
S getsockopt a IPPROTO_TCP TCP_NODELAY 4
S getsockopt a IPPROTO_TCP TCP_NODELAY 1
S getsockopt a IPPROTO_TCP TCP_CORK 4
S getsockopt a IPPROTO_TCP TCP_KEEPIDLE 4
S getsockopt a IPPROTO_TCP TCP_KEEPINTVL 4
S getsockopt a IPPROTO_TCP TCP_KEEPCNT 4
S getsockopt a IPPROTO_TCP TCP_USER_TIMEOUT 4
S setsockopt a IPPROTO_TCP TCP_MAXSEG e8030000
S getsockopt a IPPROTO_TCP TCP_MAXSEG 4
S setsockopt a IPPROTO_TCP TCP_CONGESTION 72656e6f
S getsockopt a IPPROTO_TCP TCP_CONGESTION 16
""",
    "never connected": "S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0" + LOOK.split("S connect")[0],
    "bind": """
S a = socket AF SOCK_STREAM 0
S getsockname a
S bind a SADDR SPORT
S getsockname a
S bind a SADDR SPORT
S b = socket AF SOCK_STREAM 0
S bind b SADDR SPORT
S bind b ANY SPORT
S setsockopt b SOL_SOCKET SO_REUSEADDR 01000000
S bind b SADDR SPORT
S setsockopt a SOL_SOCKET SO_REUSEADDR 01000000
S bind b SADDR SPORT
S listen a 5
S listen b 5
S c = socket AF SOCK_STREAM 0
S setsockopt c SOL_SOCKET SO_REUSEADDR 01000000
S bind c SADDR SPORT
S~ bind c SADDR 0
S listen a 7
S connect a PADDR PPORT
S getpeername a
S close a
S close b
S d = socket AF SOCK_STREAM 0
S bind d SADDR SPORT
""",
    "bind to another's address": """
S a = socket AF_INET SOCK_STREAM 0
S bind a 10.9.8.7 SPORT
S bind a ::1 SPORT
S b = socket AF_INET6 SOCK_STREAM 0
S bind b 2001:db8::77 SPORT
S bind b 127.0.0.1 SPORT
S connect b 127.0.0.1 SPORT
""",
    "listener": SERVER + f"""
S poll 0 l {ALL}
S accept l
S read l 10
S write l 10
S getsockopt l SOL_SOCKET SO_ACCEPTCONN 4
S getsockopt l IPPROTO_TCP TCP_INFO 1
S connect l PADDR PPORT
S ioctl l FIONREAD
S shutdown l SHUT_WR
S poll 0 l {ALL}
S shutdown l SHUT_RD
S poll 0 l {ALL}
S accept l
S listen l 5
S accept l
""",
    "connect refused": """
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S connect a PADDR PPORT
wait 0.05
""" + LOOK,
    "connect refused, told by connect": """
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S~ connect a PADDR PPORT
wait 0.05
S connect a PADDR PPORT
S getsockopt a SOL_SOCKET SO_ERROR 4
""" + f"S poll 0 a {ALL}",
    "connect refused, told by SO_ERROR": """
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S~ connect a PADDR PPORT
wait 0.05
S getsockopt a SOL_SOCKET SO_ERROR 4
S connect a PADDR PPORT
S~ connect a PADDR PPORT
""",
    "connect refused, blocking": """
S a = socket AF SOCK_STREAM 0
S connect a PADDR PPORT
""" + f"S poll 0 a {ALL}" + """
S getsockopt a SOL_SOCKET SO_ERROR 4
S connect a PADDR PPORT
S read a 1
""",
    "established": CLIENT + LOOK.split("S shutdown")[0],
    "established, server": SERVER + LOOK.split("S shutdown")[0],
    "connect again": CLIENT + """
S connect a PADDR PPORT
S connect a PADDR PPORT
S listen a 5
S bind a SADDR 0
S accept a
S getpeername b
""".replace("S getpeername b", ""),
    "accepted": SERVER + """
S connect a PADDR PPORT
S fcntl a F_GETFL
S accept l
""",
    "peer has sent": CLIENT + "P send b 300 0\nwait 0.02" + LOOK.split("S shutdown")[0],
    "peer has closed": CLIENT + "P shutdown b SHUT_WR\nwait 0.02" + LOOK,
    "peer has sent and closed": CLIENT + "P send b 300 0\nP shutdown b SHUT_WR\nwait 0.02" + LOOK,
    "we have shut down": CLIENT + "S shutdown a SHUT_WR\nwait 0.02" + LOOK,
    "we have shut down reading": CLIENT + "S shutdown a SHUT_RD\nP send b 100 0\nwait 0.02" + LOOK,
    "both have shut down": CLIENT + """
S shutdown a SHUT_WR
P shutdown b SHUT_WR
wait 0.02
""" + LOOK,
    "both, the peer first": SERVER + """
P shutdown b SHUT_WR
wait 0.02
S shutdown a SHUT_WR
wait 0.02
""" + LOOK,
    "half-close, data goes on": CLIENT + """
S shutdown a SHUT_WR
P send b 500 0
wait 0.02
S recv a 200 0
S recv a 1000 0
S recv a 1000 0
P recv b 10 0
P send b 500 0
P close b
wait 0.02
S recv a 1000 0
S recv a 1000 0
""",
    "reset": CLIENT + """
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
""" + LOOK,
    "reset, SO_ERROR first": CLIENT + """
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
S getsockopt a SOL_SOCKET SO_ERROR 4
S getsockopt a SOL_SOCKET SO_ERROR 4
S read a 1
S write a 1
""",
    "reset, write first": SERVER + """
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
S write a 1
S write a 1
S read a 1
""",
    "data, then reset": CLIENT + """
P send b 300 0
wait 0.02
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
S recv a 100 0
S recv a 1000 0
S recv a 1000 0
S recv a 1000 0
S send a 1 0
""",
    "FIN, then reset": CLIENT + """
P send b 300 0
P shutdown b SHUT_WR
wait 0.02
S send a 100 0
wait 0.02
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
""" + LOOK,
    "reset before accept": """
S l = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S bind l SADDR SPORT
S listen l 5
P b = socket AF SOCK_STREAM 0
P connect b SADDR SPORT
wait 0.02
P setsockopt b SOL_SOCKET SO_LINGER 0100000000000000
P close b
wait 0.02
S poll 0 l POLLIN
S a = accept4 l SOCK_NONBLOCK
S poll 0 a POLLIN|POLLOUT|POLLRDHUP
S read a 10
S read a 10
S write a 10
""",
    "close with unread data": CLIENT + """
P send b 100 0
wait 0.02
S close a
wait 0.02
P poll 100 b POLLIN
""",
    "writes after the peer is gone": CLIENT + """
P close b
wait 0.02
S write a 10
wait 0.02
S write a 10
S write a 10
S read a 10
""",
    "shutdown in SYN-SENT": """
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S shutdown a SHUT_WR
S getsockopt a SOL_SOCKET SO_ERROR 4
""",
    "disconnect": CLIENT + f"""
S disconnect a
S poll 0 a {ALL}
S getsockopt a SOL_SOCKET SO_ERROR 4
S getsockname a
S read a 1
S connect a PADDR PPORT
""",
    "flags": CLIENT + """
P send b 100 0
wait 0.02
S recv a 10 MSG_PEEK
S recv a 10 MSG_OOB
S recv a 10 MSG_TRUNC
S recv a 10 MSG_DONTWAIT
S recv a 1000 MSG_WAITALL
S recv a 0 0
S send a 0 0
S send a 10 MSG_MORE
S send a 10 MSG_NOSIGNAL|MSG_DONTWAIT
S send a 10 MSG_EOR
S sendto a 10 0 PADDR PPORT
""",
    "blocking read": SERVER + """
S fcntl a F_SETFL 0
S setsockopt a SOL_SOCKET SO_RCVTIMEO 0000000000000000a086010000000000
S read a 10
P send b 5 0
S read a 10
P send b 5 0
wait 0.02
S recv a 10 MSG_WAITALL
P send b 10 0
wait 0.02
S recv a 10 MSG_WAITALL
P close b
wait 0.02
S recv a 10 MSG_WAITALL
""",
    "accept queue": """
S l = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S bind l SADDR SPORT
S listen l 1
P b = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
P c = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
P d = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
P connect b SADDR SPORT
wait 0.02
P connect c SADDR SPORT
wait 0.02
P connect d SADDR SPORT
wait 0.02
S x = accept l
S y = accept l
S accept l
""",
    "poll": CLIENT + """
S poll 0 a POLLIN
S poll 0 a POLLIN|POLLOUT l POLLIN -1 POLLIN
S poll 50 a POLLIN
P send b 1 0
S poll 1000 a POLLIN a 0
S poll 0
""".replace(" l POLLIN", ""),
    "epoll, level": CLIENT + """
S e = epoll_create
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN
S epoll_ctl e EPOLL_CTL_ADD e EPOLLIN
S epoll_ctl a EPOLL_CTL_ADD a EPOLLIN
S epoll_ctl e 9 a EPOLLIN
S epoll_wait e 0 0
S epoll_wait a 1 0
S epoll_wait e 8 0
S poll 0 e POLLIN
P send b 10 0
wait 0.02
S epoll_wait e 8 0
S epoll_wait e 8 0
S poll 0 e POLLIN
S epoll_ctl e EPOLL_CTL_MOD a EPOLLOUT
S epoll_wait e 8 0
S epoll_ctl e EPOLL_CTL_DEL a
S epoll_ctl e EPOLL_CTL_DEL a
S epoll_ctl e EPOLL_CTL_MOD a EPOLLIN
S epoll_wait e 8 0
S read e 10
S fcntl e F_GETFL
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN
S close a
S epoll_wait e 8 0
""",
    "epoll, edge": CLIENT + """
S e = epoll_create
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET
S epoll_wait e 8 0
S epoll_wait e 8 0
P send b 10 0
wait 0.02
S epoll_wait e 8 0
S epoll_wait e 8 0
P send b 10 0
wait 0.02
S epoll_wait e 8 0
S recv a 5 0
S epoll_wait e 8 0
P shutdown b SHUT_WR
wait 0.02
S epoll_wait e 8 0
S epoll_wait e 8 0
S epoll_ctl e EPOLL_CTL_MOD a EPOLLIN|EPOLLET
S epoll_wait e 8 0
S epoll_wait e 8 0
""",
    "epoll, once": CLIENT + """
S e = epoll_create
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN|EPOLLONESHOT
P send b 10 0
wait 0.02
S epoll_wait e 8 0
S epoll_wait e 8 0
P send b 10 0
wait 0.02
S epoll_wait e 8 0
S epoll_ctl e EPOLL_CTL_MOD a EPOLLIN|EPOLLONESHOT
S epoll_wait e 8 0
S epoll_wait e 8 50
""",
    "epoll, connect": """
P l = socket AF SOCK_STREAM 0
P bind l PADDR PPORT
P listen l 5
S a = socket AF SOCK_STREAM|SOCK_NONBLOCK 0
S e = epoll_create
S epoll_ctl e EPOLL_CTL_ADD a EPOLLIN|EPOLLOUT|EPOLLET
S epoll_wait e 8 0
S connect a PADDR PPORT
S epoll_wait e 8 1000
S epoll_wait e 8 0
""",
    "UDP": """
P p = socket AF SOCK_DGRAM|SOCK_NONBLOCK 0
P bind p PADDR PPORT
S a = socket AF SOCK_DGRAM|SOCK_NONBLOCK 0
S poll 0 a POLLIN|POLLOUT|POLLRDHUP|POLLHUP
S read a 10
S send a 10 0
S sendto a 10 0 PADDR PPORT
S listen a 5
S accept a
S shutdown a SHUT_RD
S bind a SADDR SPORT
S getsockopt a SOL_SOCKET SO_TYPE 4
S getsockopt a IPPROTO_TCP TCP_NODELAY 4
S close a
S b = socket AF SOCK_DGRAM|SOCK_NONBLOCK 0
S bind b SADDR SPORT
P sendto p 100 0 SADDR SPORT
P sendto p 0 0 SADDR SPORT
P sendto p 200 0 SADDR SPORT
wait 0.02
S poll 0 b POLLIN|POLLOUT
S ioctl b FIONREAD
S recv b 10 MSG_PEEK
S recv b 10 MSG_PEEK|MSG_TRUNC
S recv b 10 0
S recv b 10 0
S recv b 1000 0
S recv b 1000 0
S connect b PADDR PPORT
S getpeername b
S send b 33 0
P recv p 100 0
S sendto b 0 0 PADDR PPORT
S disconnect b
S send b 10 0
""",
    "UDP, nobody there": """
S a = socket AF SOCK_DGRAM|SOCK_NONBLOCK 0
S connect a PADDR PPORT
S send a 10 0
wait 0.05
S poll 0 a POLLIN|POLLOUT
S getsockopt a SOL_SOCKET SO_ERROR 4
S send a 10 0
wait 0.05
S recv a 10 0
S recv a 10 0
S send a 10 0
wait 0.05
S send a 10 0
""",
    "UDP, a port once": """
S a = socket AF SOCK_DGRAM 0
S bind a SADDR SPORT
S b = socket AF SOCK_DGRAM 0
S bind b SADDR SPORT
S bind b ANY SPORT
S close a
S bind b ANY SPORT
""",
}
# Here the kernel is not asked: it answers otherwise, for the reason given.
DIFFERENT = {}


@pytest.fixture
def agent(isla):
    with Agent(AGENT) as connection:
        connection.call("reset")
        yield connection
        connection.call("reset")


@pytest.fixture
def kernel(ns, link):
    side = Kernel(ns)
    yield side
    side.call("reset")


def kernel_addr(addr):
    return Link.KERNEL_V6 if ":" in addr else Link.KERNEL_V4


def differences(got, wanted):
    return [f"{line}: {mine}, the kernel: {its}" for (line, mine), (_, its) in zip(got, wanted)
            if mine != its]


def play_twice(ns, agent, kernel, addr, script, patience):
    """The differences between the subject's answers and the kernel's."""
    theirs = kernel_addr(addr)
    ports = (next(_ports), next(_ports))
    got = Play(agent, kernel, addr, theirs, ports, patience).run(script)
    kernel.call("reset")
    oracle = Kernel(ns)
    try:
        port = next(_kernel_ports)
        wanted = Play(oracle, kernel, theirs, theirs, (port, port + 1), patience).run(script)
    finally:
        oracle.call("reset")
    # Addresses of the two differ, and so do ephemeral ports.
    for answers in (got, wanted):
        for line, answer in answers:
            if "sockname" in line or "peername" in line or "= accept" in line:
                answer.extra = answer.extra[2:]
    return differences(got, wanted)


@pytest.mark.parametrize("name", SCRIPTS)
def test_as_the_kernel(isla, ns, agent, kernel, addr, name):
    """The same calls, the same answers. On a machine with much else to do a segment may take
    longer than a script waits, so what differs is played again slowly before it counts."""
    found = play_twice(ns, agent, kernel, addr, SCRIPTS[name], 1)
    if found:
        agent.call("reset")
        kernel.call("reset")
        found = play_twice(ns, agent, kernel, addr, SCRIPTS[name], 10)
    assert not found, "\n".join(found)


def connected(agent, kernel, addr, flags="0"):
    """A connection of the agent's to a socket of ours; returns the descriptor and the socket."""
    theirs = kernel_addr(addr)
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    with kernel.ns.entered():
        listener = socket.socket(family)
    with listener:
        listener.bind((theirs, 0))
        listener.listen(1)
        fd = agent.call(f"socket {int(family)} SOCK_STREAM 0").ret
        answer = agent.call(f"connect {fd} {theirs} {listener.getsockname()[1]}")
        assert (answer.ret, answer.err) == (0, 0)
        if flags != "0":
            agent.call(f"fcntl {fd} F_SETFL {flags}")
        return fd, listener.accept()[0]


def test_file(isla):
    mode = AGENT.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_descriptors_begin_at_3_and_fill_gaps(agent):
    fds = [agent.call("socket AF_INET SOCK_STREAM 0").ret for _ in range(4)]
    assert fds == [3, 4, 5, 6]
    agent.call("close 4")
    assert agent.call("socket AF_INET6 SOCK_DGRAM 0").ret == 4
    agent.call("reset")
    assert agent.call("close 3").err == 9


@pytest.mark.parametrize("line", (
    "", " ", "nonsense", "socket", "socket 2", "socket 2 1 0 0", "socket a b c", "socket 2 1 0x",
    "socket 2 1 -", "socket 2 1 |", "socket 2 SOCK_STREAM| 0", "socket 99999999999999999999 1 0",
    "socket 2 1 4294967296", "bind 3 1.2.3 80", "bind 3 ::1", "bind 3 ::1 65536", "bind 3 ::1 -1",
    "bind 3 localhost 80", "poll 0 3", "setsockopt 3 1 2 0", "setsockopt 3 1 2 zz",
    "setsockopt 3 1 2 " + "00" * 1000, "poll 0" + " 3 1" * 65, "close 3 3", "\x00", "close\x003",
    "CLOSE 3", "\xff\xfe\xfd", "close\t", "%s%s%s%n", "x" * 4000, "socket " + "1|" * 1000))
def test_malformed(agent, line):
    """What is wrong is named, and the agent lives on."""
    answer = agent.call(line)
    assert (answer.ret, answer.err) == (-1, 22) and answer.extra, answer
    assert agent.call("close 3").err == 9


def test_line_without_end(agent):
    """A line that is too long is answered once, and what follows it is a request again."""
    agent.sock.sendall(b"y" * 100000 + b"\nclose 3\n")
    assert agent.answer().err == 22
    assert agent.answer().err == 9


def test_requests_in_one_write(agent):
    agent.sock.sendall(b"socket 2 1 0\r\nclose 3\nclose 3\nsocket 2 0x1 0\nclose 3\n")
    assert [agent.answer().ret for _ in range(5)] == [3, 0, -1, 3, 0]


def test_a_client_that_only_writes(isla, agent):
    """A client may close its half and still get its answers, as a pipe into socat does."""
    with Agent(AGENT) as other:
        other.sock.sendall(b"socket 2 1 0\nclose 3\n")
        other.sock.shutdown(socket.SHUT_WR)
        assert [other.answer().ret for _ in range(2)] == [3, 0]
        assert other.sock.recv(1) == b""


def test_a_call_that_waits_stops_nobody(agent, kernel, addr):
    fd, sock = connected(agent, kernel, addr)
    with sock, Agent(AGENT) as other, Agent(AGENT) as third:
        other.ask(f"read {fd} 100")
        third.ask(f"poll 5000 {fd} POLLIN")
        time.sleep(0.05)
        assert agent.call(f"write {fd} 10").ret == 10
        assert sock.recv(100) == bytes(10)
        # Both are woken; the first has taken all when the second looks.
        sock.sendall(b"abc")
        assert other.answer().ret == 3
        sock.sendall(b"d")
        answer = third.answer()
        assert answer.ret == 1 and answer.extra == [str(fd), "1"]


def test_closing_wakes_who_waits(agent, kernel, addr):
    fd, sock = connected(agent, kernel, addr)
    with sock, Agent(AGENT) as other:
        other.ask(f"read {fd} 100")
        time.sleep(0.02)
        agent.call(f"close {fd}")
        assert other.answer().ret <= 0


def test_a_client_that_goes_while_it_waits(isla, agent, kernel, addr):
    fd, sock = connected(agent, kernel, addr)
    with sock:
        for _ in range(100):
            with Agent(AGENT) as other:
                other.ask(f"read {fd} 100")
        # The agent hears of the last one's end a moment later; until then its call may take data.
        assert agent.call(f"poll 300 {fd} POLLIN").ret == 0
        sock.sendall(b"abc")
        assert agent.call(f"read {fd} 100").ret == 3


def test_timeouts(agent, kernel, addr):
    """SO_RCVTIMEO and the timeout of poll, to the millisecond or so."""
    fd, sock = connected(agent, kernel, addr)
    with sock:
        agent.call(f"setsockopt {fd} 1 SO_RCVTIMEO " + struct.pack("=qq", 0, 100000).hex())
        for call, err in ((f"read {fd} 1", 11), (f"poll 100 {fd} POLLIN", 0)):
            began = time.monotonic()
            answer = agent.call(call)
            assert answer.err == err
            assert 0.1 <= time.monotonic() - began < 0.2


def test_window_full(agent, kernel, addr):
    """Writing until EAGAIN; POLLOUT comes back when the peer has read a good part."""
    fd, sock = connected(agent, kernel, addr, "O_NONBLOCK")
    total = 0
    with sock:
        while True:
            answer = agent.call(f"write {fd} 50000")
            if answer.ret < 0:
                assert answer.err == 11
                if agent.call(f"poll 200 {fd} POLLOUT").ret == 0:
                    break
                continue
            total += answer.ret
        assert int(agent.call(f"ioctl {fd} SIOCOUTQ").extra[0]) > 0
        left = total
        while left > 0:
            left -= len(sock.recv(min(left, 65536)))
        assert agent.call(f"poll 1000 {fd} POLLOUT").extra == [str(fd), "4"]
        wait_until(lambda: agent.call(f"ioctl {fd} SIOCOUTQ").extra == ["0"], 2, "all acknowledged")


def test_blocking_write_and_read_of_megabytes(agent, kernel, addr):
    fd, sock = connected(agent, kernel, addr)
    size = 5000000
    with sock:
        agent.ask(f"write {fd} {size}")
        left = size
        while left > 0:
            data = sock.recv(65536)
            assert data.count(0) == len(data) > 0
            left -= len(data)
        assert agent.answer().ret == size
        agent.ask(f"recv {fd} {size} MSG_WAITALL")
        sock.sendall(bytes(size))
        assert agent.answer().ret == size


def test_nonblocking_connect(agent, kernel, addr):
    """EINPROGRESS, EALREADY, POLLOUT, SO_ERROR, and 0 once it is told; refused likewise."""
    theirs = kernel_addr(addr)
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    with kernel.ns.entered():
        listener = socket.socket(family)
    with listener:
        listener.bind((theirs, 0))
        port = listener.getsockname()[1]
        for listens in (False, True):
            if listens:
                listener.listen(1)
            fd = agent.call(f"socket {int(family)} SOCK_STREAM|SOCK_NONBLOCK 0").ret
            assert agent.call(f"connect {fd} {theirs} {port}").err == 115
            assert agent.call(f"poll 1000 {fd} POLLOUT").ret == 1
            answer = agent.call(f"getsockopt {fd} SOL_SOCKET SO_ERROR 4")
            assert answer.extra == ["00000000" if listens else "6f000000"]
            if listens:
                assert agent.call(f"connect {fd} {theirs} {port}").ret == 0
                assert agent.call(f"connect {fd} {theirs} {port}").err == 106


def test_linger_zero_resets(agent, kernel, addr):
    fd, sock = connected(agent, kernel, addr)
    with sock:
        agent.call(f"setsockopt {fd} SOL_SOCKET SO_LINGER 0100000000000000")
        agent.call(f"close {fd}")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_close_with_unread_data_resets(agent, kernel, addr):
    for read_some in (False, True):
        fd, sock = connected(agent, kernel, addr)
        with sock:
            sock.sendall(b"x" * 100)
            assert agent.call(f"poll 1000 {fd} POLLIN").ret == 1
            if read_some:
                assert agent.call(f"read {fd} 99").ret == 99
            agent.call(f"close {fd}")
            with pytest.raises(ConnectionResetError):
                sock.recv(1)


def test_linger_waits(agent, kernel, addr):
    """close() returns when the FIN is acknowledged, or when its time is over."""
    fd, sock = connected(agent, kernel, addr)
    with sock:
        agent.call(f"setsockopt {fd} SOL_SOCKET SO_LINGER 0100000005000000")
        agent.call(f"write {fd} 1000")
        began = time.monotonic()
        assert agent.call(f"close {fd}").ret == 0
        assert time.monotonic() - began < 1
        assert len(sock.recv(2000)) == 1000 and sock.recv(1) == b""


def test_dual_stack(agent, kernel, ns):
    """A socket of AF_INET6 serves both families, unless IPV6_V6ONLY is set."""
    for v6only in (0, 1):
        fd = agent.call("socket AF_INET6 SOCK_STREAM 0").ret
        agent.call(f"setsockopt {fd} IPPROTO_IPV6 IPV6_V6ONLY 0{v6only}000000")
        assert agent.call(f"bind {fd} :: 0").ret == 0
        port = int(agent.call(f"getsockname {fd}").extra[1])
        assert agent.call(f"listen {fd} 5").ret == 0
        for addr, text in ((Link.STACK_V4, "::ffff:" + Link.KERNEL_V4),
                           (Link.STACK_V6, Link.KERNEL_V6)):
            with ns.entered():
                sock = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
            with sock:
                if v6only and ":" not in addr:
                    with pytest.raises(ConnectionRefusedError):
                        sock.connect((addr, port))
                    continue
                sock.connect((addr, port))
                answer = agent.call(f"accept {fd}")
                assert answer.extra == [text, str(sock.getsockname()[1])]


def test_many_clients(isla, agent):
    """64 at a time; one more is turned away, and there is room again when one has gone."""
    clients = [Agent(AGENT) for _ in range(63)]
    try:
        with Agent(AGENT) as extra:
            with pytest.raises((AssertionError, ConnectionError)):
                extra.call("close 3")
        clients.pop().close()
        time.sleep(0.1)
        with Agent(AGENT) as extra:
            assert extra.call("close 3").err == 9
        results = []
        fd = agent.call("socket AF_INET SOCK_STREAM 0").ret
        threads = [threading.Thread(target=lambda c=c: results.append(
            [c.call(f"poll 10 {fd} 0").ret for _ in range(20)])) for c in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [[1] * 20] * len(clients)
    finally:
        for client in clients:
            client.close()


def test_the_last_client_closes_the_sockets(isla, kernel, addr):
    time.sleep(0.1)
    with Agent(AGENT) as first:
        second = Agent(AGENT)
        fd, sock = connected(first, kernel, addr)
        second.close()
        time.sleep(0.05)
        assert first.call(f"getpeername {fd}").ret == 0
    with sock:
        assert sock.recv(1) == b""
    with Agent(AGENT) as third:
        assert third.call(f"close {fd}").err == 9


def test_second_application_at_the_same_path(isla, ns):
    result = run_to_end(ns, ["--agent", str(AGENT)], eal=[
        arg for arg in eal_options() if not arg.startswith("--vdev")] + ["--vdev=net_null0"])
    assert result.returncode == 1
    assert f"--agent {AGENT}: " in result.stderr


def test_path_that_cannot_be(ns, tmp_path):
    for path in (tmp_path / "no" / "such", tmp_path, "/" + "x" * 200):
        result = run_to_end(ns, ["--agent", str(path)], eal=[
            arg for arg in eal_options() if not arg.startswith("--vdev")] + ["--vdev=net_null0"])
        assert result.returncode == 1 and f"--agent {path}: " in result.stderr, result.stderr


def test_stale_file_and_removal(ns, tmp_path):
    """The file of a run that was killed is in nobody's way; an orderly end removes it."""
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    eal = [arg for arg in eal_options() if not arg.startswith("--vdev")] + ["--vdev=net_null0"]
    app = AppShell(ns, ["--agent", str(path)], eal=eal).start()
    try:
        with Agent(path) as client:
            assert client.call("socket AF_INET SOCK_STREAM 0").ret == 3
        app.check_clean_end()
    finally:
        app.kill()
    assert not path.exists()

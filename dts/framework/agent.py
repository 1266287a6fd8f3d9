# SPDX-License-Identifier: BSD-3-Clause
"""Socket calls as lines of text: to the application's agent, or to the kernel.

Both understand the same requests and give the same answers, so a script can be played on the
application with the kernel as its peer, and once more with the kernel on both sides: what the kernel
answers then is what the application ought to."""

import ctypes
import errno
import fcntl
import re
import select
import socket
import struct
import time

_libc = ctypes.CDLL(None, use_errno=True)
for _call in (_libc.read, _libc.recv, _libc.write, _libc.send, _libc.sendto):
    _call.restype = ctypes.c_ssize_t

NAMES = {name: getattr(socket, name) for name in dir(socket) if name.isupper()}
NAMES.update({name: getattr(select, name) for name in dir(select) if name.isupper()})
NAMES.update({name: getattr(fcntl, name) for name in dir(fcntl) if name.isupper()})
NAMES.update({"SOL_SOCKET": 1, "O_NONBLOCK": 2048, "O_RDWR": 2, "FIONREAD": 0x541b,
              "SIOCOUTQ": 0x5411, "SIOCOUTQNSD": 0x894b, "FIONBIO": 0x5421,
              "TCP_USER_TIMEOUT": 18, "TCP_CONGESTION": 13, "SO_PROTOCOL": 38, "SO_DOMAIN": 39,
              "IPV6_V6ONLY": 26, "MSG_FASTOPEN": 0x20000000,
              "TCP_FASTOPEN_CONNECT": 30, "SO_MAX_PACING_RATE": 47, "TCP_INFO": 11,
              "EPOLL_CTL_ADD": 1, "EPOLL_CTL_DEL": 2, "EPOLL_CTL_MOD": 3})


def number(word):
    total = 0
    for part in word.split("|"):
        total |= NAMES[part] if part in NAMES else int(part, 0)
    return total


class Answer:
    """RET ERRNO [EXTRA]"""

    def __init__(self, ret, err=0, extra=()):
        self.ret = ret
        self.err = err
        self.extra = list(extra)

    def __repr__(self):
        name = errno.errorcode.get(self.err, self.err) if self.err else 0
        return " ".join(map(str, [self.ret, name, *self.extra]))

    def __eq__(self, other):
        return (self.ret, self.err, self.extra) == (other.ret, other.err, other.extra)


class Agent:
    """A connection to the agent of a running application."""

    def __init__(self, path, timeout=20):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(str(path))
        self.pending = b""

    def ask(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def answer(self):
        while b"\n" not in self.pending:
            data = self.sock.recv(65536)
            assert data, "the agent has closed the connection"
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        ret, err, *extra = line.decode().split(" ")
        return Answer(int(ret), int(err), extra)

    def call(self, line):
        self.ask(line)
        return self.answer()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _sockaddr(ip, port):
    if ":" in ip:
        return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", int(port), 0) + \
            socket.inet_pton(socket.AF_INET6, ip) + bytes(4)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", int(port)) + \
        socket.inet_pton(socket.AF_INET, ip) + bytes(8)


def _name(raw):
    family, port = struct.unpack("=H", raw[:2])[0], struct.unpack("!H", raw[2:4])[0]
    if family == socket.AF_INET6:
        return [socket.inet_ntop(socket.AF_INET6, raw[8:24]), str(port)]
    return [socket.inet_ntop(socket.AF_INET, raw[4:8]), str(port)]


class Kernel:
    """The same calls to the kernel, by libc, in a namespace."""

    def __init__(self, ns):
        self.ns = ns
        self.fds = set()

    @staticmethod
    def _result(ret, extra=()):
        return Answer(-1, ctypes.get_errno()) if ret < 0 else Answer(ret, 0, extra)

    def _opened(self, answer):
        if answer.ret >= 0:
            self.fds.add(answer.ret)
        return answer

    def call(self, line):
        verb, *args = line.split()
        return getattr(self, "do_" + verb)(*args)

    def do_socket(self, domain, kind, proto):
        with self.ns.entered():
            return self._opened(self._result(_libc.socket(number(domain), number(kind),
                                                          number(proto))))

    def do_bind(self, fd, ip, port):
        addr = _sockaddr(ip, port)
        return self._result(_libc.bind(int(fd), addr, len(addr)))

    def do_listen(self, fd, backlog):
        return self._result(_libc.listen(int(fd), number(backlog)))

    def _named(self, function, fd, *rest):
        raw, size = ctypes.create_string_buffer(128), ctypes.c_int(128)
        ret = function(int(fd), raw, ctypes.byref(size), *rest)
        return self._result(ret, _name(raw.raw) if ret >= 0 else ())

    def do_accept(self, fd, flags="0"):
        return self._opened(self._named(_libc.accept4, fd, number(flags)))

    do_accept4 = do_accept

    def do_getsockname(self, fd):
        return self._named(_libc.getsockname, fd)

    def do_getpeername(self, fd):
        return self._named(_libc.getpeername, fd)

    def do_connect(self, fd, ip, port):
        addr = _sockaddr(ip, port)
        return self._result(_libc.connect(int(fd), addr, len(addr)))

    def do_disconnect(self, fd):
        return self._result(_libc.connect(int(fd), bytes(16), 16))

    def do_recv(self, fd, size, flags="0"):
        buf = ctypes.create_string_buffer(max(number(size), 1))
        return self._result(_libc.recv(int(fd), buf, ctypes.c_size_t(number(size)),
                                       number(flags)))

    def do_read(self, fd, size):
        buf = ctypes.create_string_buffer(max(number(size), 1))
        return self._result(_libc.read(int(fd), buf, ctypes.c_size_t(number(size))))

    def do_send(self, fd, size, flags="0"):
        return self._result(_libc.send(int(fd), bytes(number(size)),
                                       ctypes.c_size_t(number(size)),
                                       number(flags) | socket.MSG_NOSIGNAL))

    def do_write(self, fd, size):
        # Python ignores SIGPIPE.
        return self._result(_libc.write(int(fd), bytes(number(size)),
                                        ctypes.c_size_t(number(size))))

    def do_sendto(self, fd, size, flags, ip, port):
        addr = _sockaddr(ip, port)
        return self._result(_libc.sendto(int(fd), bytes(number(size)),
                                         ctypes.c_size_t(number(size)),
                                         number(flags) | socket.MSG_NOSIGNAL, addr, len(addr)))

    def do_shutdown(self, fd, how):
        return self._result(_libc.shutdown(int(fd), number(how)))

    def do_close(self, fd):
        self.fds.discard(int(fd))
        return self._result(_libc.close(int(fd)))

    def do_fcntl(self, fd, cmd, arg="0"):
        return self._result(_libc.fcntl(int(fd), number(cmd), number(arg)))

    def do_ioctl(self, fd, req, arg="0"):
        value = ctypes.c_int(number(arg))
        ret = _libc.ioctl(int(fd), ctypes.c_ulong(number(req)), ctypes.byref(value))
        return self._result(ret, [str(value.value)])

    def do_getsockopt(self, fd, level, name, size):
        raw, length = ctypes.create_string_buffer(512), ctypes.c_int(number(size))
        ret = _libc.getsockopt(int(fd), number(level), number(name), raw, ctypes.byref(length))
        text = raw.raw[:length.value].hex()
        return self._result(ret, [text] if text else ())

    def do_setsockopt(self, fd, level, name, value):
        raw = bytes.fromhex(value)
        return self._result(_libc.setsockopt(int(fd), number(level), number(name), raw,
                                             len(raw)))

    def do_poll(self, timeout, *pairs):
        count = len(pairs) // 2
        raw = ctypes.create_string_buffer(b"".join(
            struct.pack("=iHH", int(pairs[i]), number(pairs[i + 1]), 0)
            for i in range(0, len(pairs), 2)), 8 * count)
        ret = _libc.poll(raw, ctypes.c_ulong(count), number(timeout))
        fields = struct.unpack("=" + "iHH" * count, raw.raw)
        extra = [str(v) for i in range(count) for v in (fields[3 * i], fields[3 * i + 2])]
        return self._result(ret, extra)

    def do_epoll_create(self):
        return self._opened(self._result(_libc.epoll_create1(0)))

    def do_epoll_ctl(self, epfd, op, fd, events="0"):
        event = struct.pack("=IQ", number(events), int(fd))
        return self._result(_libc.epoll_ctl(int(epfd), number(op), int(fd), event))

    def do_epoll_wait(self, epfd, size, timeout):
        raw = ctypes.create_string_buffer(12 * max(number(size), 1))
        ret = _libc.epoll_wait(int(epfd), raw, number(size), number(timeout))
        extra = []
        for i in range(max(ret, 0)):
            events, fd = struct.unpack("=IQ", raw.raw[12 * i:12 * i + 12])
            extra += [str(fd), str(events)]
        return self._result(ret, extra)

    def do_reset(self):
        for fd in list(self.fds):
            self.do_setsockopt(fd, "1", "SO_LINGER", struct.pack("=ii", 1, 0).hex())
            self.do_close(fd)
        return Answer(0)


class Play:
    """One run of a script: lines `S CALL` for the subject, `P CALL` for its peer, either with
    `name =` before the call to keep the descriptor it returns, or `wait SECONDS`. `S~` is not
    compared. SADDR and PADDR are the addresses, AF is their family, SPORT and PPORT ports. With
    patience all waits are that many times as long."""

    PAUSE_S = 0.01

    def __init__(self, subject, peer, subject_addr, peer_addr, ports, patience=1):
        self.patience = patience
        self.side = {"S": subject, "P": peer}
        self.words = {"SADDR": subject_addr, "PADDR": peer_addr,
                      "ANY": "::" if ":" in peer_addr else "0.0.0.0",
                      "AF": "AF_INET6" if ":" in peer_addr else "AF_INET",
                      "SPORT": str(ports[0]), "PPORT": str(ports[1])}
        self.names = {}

    def _substitute(self, line):
        words = dict(self.words, **self.names)
        return re.sub(r"\b[a-zA-Z_]\w*\b", lambda m: words.get(m[0], m[0]), line)

    def _normal(self, answer):
        """Descriptors by their names, so that those of two sides can be compared."""
        back = {fd: name for name, fd in self.names.items()}
        answer.extra = [back.get(word, word) if i % 2 == 0 else word
                        for i, word in enumerate(answer.extra)]
        return answer

    def run(self, script):
        """The subject's lines with their answers."""
        answers = []
        for line in filter(None, (text.split("#")[0].strip() for text in script.splitlines())):
            if line.startswith("wait "):
                time.sleep(float(line[5:]) * self.patience)
                continue
            who, call = line.split(" ", 1)
            name = None
            if " = " in call:
                name, call = call.split(" = ", 1)
            answer = self.side[who[0]].call(self._substitute(call))
            if name is not None and answer.ret >= 0:
                self.names[name] = str(answer.ret)
                answer = Answer(0, 0, ["descriptor"])
            if who == "P":
                assert answer.ret >= 0 or name is None, f"{line}: {answer}"
            elif who == "S":
                answers.append((line, self._normal(answer)))
            time.sleep(self.PAUSE_S * self.patience)
        return answers

# SPDX-License-Identifier: BSD-3-Clause
"""An ordinary user runs the application: in a user namespace of his own, or with CAP_NET_ADMIN alone;
and where something is missing it says what."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from framework import traffic
from framework.app_shell import AppShell, app_path, memory_options
from framework.topology import Link, need_tool

UID = 65534
AS_USER = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
PREFIX = f"isla-dts-{os.getpid()}-user"
NO_HUGE = ["--no-huge", "--no-shconf", "-m", "256"]
TAP = f"--vdev=net_tap0,iface={Link.INTERFACE}"

# Within the user's own namespaces nobody else can see the application, so the user asks himself.
SERVE = """
ip link set lo up
"$0" "$@" >"$LOG" 2>&1 &
isla=$!
for i in $(seq 100); do
        grep -q '^isla: ready' "$LOG" && break
        kill -0 $isla 2>/dev/null || break
        sleep 0.1
done
ping -c 3 -i 0.2 -W 2 192.168.1.2 && curl -sSf --max-time 10 http://192.168.1.2/ &&
        echo /isla/info | dpdk-telemetry.py -f "$PREFIX"
echo "asked: $?"
kill -INT $isla
wait $isla
echo "ended: $?"
cat "$LOG"
"""


@pytest.fixture(scope="module", autouse=True)
def tools():
    need_tool("setpriv", "unshare", "curl", "dpdk-telemetry.py")


@pytest.fixture(scope="module")
def home():
    """A directory that the user may write to; EAL's files go there, too."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="isla-dts-user-"))
    os.chown(path, UID, UID)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def isla_app(home):
    """The application where the user can reach it: a build may be in a directory of root's."""
    app = app_path()
    argv = [*AS_USER, str(app), "--", "--version"]
    if subprocess.run(argv, capture_output=True, check=False).returncode == 0:
        return app
    path = home / "bin"
    path.mkdir()
    shutil.copy(app, path / "isla")
    for lib in app.resolve().parents[1].glob("lib/*/libisla_*.so.0"):
        shutil.copy(lib, path)
    os.environ["LD_LIBRARY_PATH"] = str(path)
    path.chmod(0o755)
    home.chmod(0o755)
    return path / "isla"


def env(home, **more):
    return {**{k: v for k, v in os.environ.items() if k not in
               ("XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY")}, "HOME": str(home), **more}


def as_user(argv, home, **more):
    return subprocess.run([*AS_USER, *argv], capture_output=True, text=True, timeout=60,
                          check=False, cwd="/", env=env(home, **more))


@pytest.mark.parametrize("memory", ("pages", "hugepages"))
def test_in_a_user_namespace(isla_app, home, memory):
    """Neither root nor any right on the machine: `unshare -Urn`."""
    log = home / f"{memory}.log"
    huge = memory == "hugepages"
    eal = memory_options() if huge else NO_HUGE
    result = as_user(["unshare", "-Urn", "sh", "-c", SERVE, str(isla_app), "-l", "0", *eal,
                      "--no-pci", f"--file-prefix={PREFIX}", TAP, "--", "--host-ip",
                      "192.168.1.1/24"], home, LOG=str(log), PREFIX=PREFIX,
                     RUNTIME_DIRECTORY=str(home))
    text = result.stdout + result.stderr
    assert "asked: 0" in text and "ended: 0" in text, text
    assert "3 received" in text and "<!doctype html>" in text
    assert '"nb_shards": 1' in text
    assert "mbufs missing: 0" in text


def test_eals_files_go_where_he_may_write(isla_app, home):
    """EAL would take /var/run/dpdk from somebody whom his namespace calls root."""
    own = pathlib.Path(f"/tmp/isla-{UID}")
    if own.exists():
        pytest.skip(f"{own} is there already")
    log = home / "own.log"
    try:
        result = as_user(["unshare", "-Urn", "sh", "-c",
                          SERVE.replace("dpdk-telemetry.py",
                                        f"RUNTIME_DIRECTORY={own} dpdk-telemetry.py"),
                          str(isla_app), "-l", "0", *NO_HUGE, "--no-pci",
                          f"--file-prefix={PREFIX}", TAP, "--", "--host-ip", "192.168.1.1/24"],
                         home, LOG=str(log), PREFIX=PREFIX)
        text = result.stdout + result.stderr
        assert "asked: 0" in text and "ended: 0" in text, text
        assert f"EAL's files are in {own}" in text
        assert own.stat().st_uid == UID and own.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(own, ignore_errors=True)


@pytest.mark.parametrize("made_by", ("root", "isla"))
def test_with_one_capability(ns, link, isla_app, home, made_by):
    """CAP_NET_ADMIN alone, on a TAP that root made for him or on one of his own making."""
    if made_by == "root":
        ns.run(["ip", "tuntap", "add", "dev", Link.INTERFACE, "mode", "tap", "multi_queue",
                "user", UID])

    class UserShell(AppShell):
        @property
        def argv(self):
            return [*AS_USER, "--inh-caps=+net_admin", "--ambient-caps=+net_admin", "env",
                    f"RUNTIME_DIRECTORY={home}", str(isla_app), *self.eal, "--", *self.options]

    app = UserShell(ns, ["--ip", Link.STACK_ADDRS[0], "--ip", Link.STACK_ADDRS[1]],
                    ["-l", "0", *NO_HUGE, "--no-pci", f"--file-prefix={PREFIX}", TAP])
    try:
        app.start()
        link.configure()
        assert traffic.get(ns, Link.STACK_V4).status == 200
        assert traffic.get(ns, Link.STACK_V6).status == 200
        status = pathlib.Path(f"/proc/{app.pid}/status").read_text()
        assert f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}" in status
        app.check_clean_end()
    finally:
        app.kill()
        if made_by == "root":
            ns.run(["ip", "tuntap", "del", "dev", Link.INTERFACE, "mode", "tap", "multi_queue"])


@pytest.mark.parametrize("eal, words", (
    ([*NO_HUGE, TAP], ("the TAP isla0 cannot be made without CAP_NET_ADMIN", "unshare -Urn")),
    ([*NO_HUGE, "--vdev=net_af_packet0,iface=isla0"], ("net_af_packet0 needs CAP_NET_RAW",
                                                      "unshare -Urn")),
    ([*NO_HUGE, "--vdev=net_af_xdp0,iface=isla0"], ("net_af_xdp0 needs CAP_NET_RAW",
                                                   "unshare -Urn")),
))
def test_what_is_missing_is_told(ns, isla_app, home, eal, words):
    result = ns.run([*AS_USER, "env", f"RUNTIME_DIRECTORY={home}", str(isla_app), "-l", "0",
                     *eal, "--no-pci", f"--file-prefix={PREFIX}"], check=False)
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("isla: "), result.stderr
    assert all(word in lines[0] for word in words), lines[0]


def test_a_tap_of_his_own_is_not_enough(ns, isla_app, home):
    ns.run(["ip", "tuntap", "add", "dev", Link.INTERFACE, "mode", "tap", "multi_queue", "user",
            UID])
    try:
        result = ns.run([*AS_USER, "env", f"RUNTIME_DIRECTORY={home}", str(isla_app), "-l", "0",
                         *NO_HUGE, "--no-pci", f"--file-prefix={PREFIX}", TAP], check=False)
        assert result.returncode == 1
        assert "isla0 is there" in result.stderr and "--ambient-caps=+net_admin" in result.stderr
    finally:
        ns.run(["ip", "tuntap", "del", "dev", Link.INTERFACE, "mode", "tap", "multi_queue"])


def test_hugepages_of_roots(ns, isla_app, home):
    """The file system of hugepages is root's: that is said, and what to do."""
    result = ns.run([*AS_USER, "env", f"RUNTIME_DIRECTORY={home}", str(isla_app), "-l", "0",
                     "--no-pci", f"--file-prefix={PREFIX}", "--vdev=net_null0", "--",
                     "--total-num-mbufs=1024", "--tcp-max-conns=64"], check=False)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "--no-huge --no-shconf" in result.stderr, result.stderr

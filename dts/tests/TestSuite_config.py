# SPDX-License-Identifier: BSD-3-Clause
"""--config: the application runs by a file alone, the command line counts instead of it, and what
is wrong in it is named with its line."""

import subprocess

import pytest

from framework import traffic
from framework.app_shell import PORT, AppShell, app_path, eal_options, run_to_end
from framework.topology import Link, make_veth


@pytest.fixture
def write(tmp_path):
    def write_config(text):
        path = tmp_path / "isla.conf"
        path.write_text(text)
        return path

    return write_config


@pytest.fixture
def start(ns, link):
    started = []

    def start_app(options, eal=None):
        app = AppShell(ns, options, eal)
        started.append(app)
        app.start()
        link.configure()
        return app

    yield start_app
    for app in started:
        app.kill()


def eal_section(options):
    """EAL's options as entries of a file."""
    lines, options = ["[eal]"], list(options)
    while options:
        name = options.pop(0)
        if "=" in name:
            name, value = name.split("=", 1)
        elif options and not options[0].startswith("-"):
            value = options.pop(0)
        else:
            value = "yes"
        lines.append(f"{name.lstrip('-')} = {value}")
    return "\n".join(lines) + "\n"


ISLA = f"""; what the suite talks to
[isla]
ip = {Link.STACK_ADDRS[0]}
ip = {Link.STACK_ADDRS[1]}   ; repeated, as on the command line
service = http:80
service = echo:7
tcp-time-wait = 100ms
backoff = spin=10,yield=10,sleep=50us
no-lsc-interrupt = yes
"""


def test_a_file_is_all_it_needs(ns, start, write):
    if PORT == "af_packet":
        make_veth(ns)
    app = start(["--config", write(eal_section(eal_options()) + ISLA)], eal=[])
    assert traffic.get(ns, Link.STACK_V4).status == 200
    assert traffic.get(ns, Link.STACK_V6).status == 200
    ready = next(line for line in app.output.splitlines() if line.startswith(AppShell.READY))
    assert Link.STACK_ADDRS[0] in ready and Link.STACK_ADDRS[1] in ready
    assert ready.endswith("http:80 echo:7")
    app.check_clean_end()


def test_the_command_line_counts(ns, start, write):
    """All values of an option that it gives; of EAL's options too."""
    eal = eal_section(["--vdev=net_null0", "--vdev=net_null1", "--no-pci"])
    app = start(["--service=http:8088", f"--config={write(eal + ISLA)}"])
    assert traffic.get(ns, Link.STACK_V4, port=8088).status == 200
    ready = next(line for line in app.output.splitlines() if line.startswith(AppShell.READY))
    assert ready.endswith(" http:8088")
    assert Link.INTERFACE in ready and "null" not in ready
    app.check_clean_end()


# With what EAL needs to come to look at the rest.
EAL = "[eal]\nno-huge = yes\nno-shconf = yes\n"


@pytest.mark.parametrize("text, where, words", (
    ("[isla]\n\nrxd = none\n", ":3: ", ("rxd 'none'", "1 to 32768")),
    ("[isla]\nip = 10.0.0.2\n", ":2: ", ("ip '10.0.0.2'", "prefix length")),
    ("[isla]\nno-lsc-interrupt\n", ":2: ", ("no-lsc-interrupt", "NAME = yes")),
    ("[isla]\nfrobnicate = 1\n", ":2: ", ("frobnicate", "--help")),
    ("[isla]\nrxd = 1\nrxd = 2\n", ":3: ", ("rxd", "twice")),
    ("[other]\nrxd = 1\n", ":1: ", ("[other]", "[isla] or [eal]")),
    ("[eal]\nrxd = 1\n", ":2: ", ("rxd", "[isla]")),
    (EAL + "frobnicate = 1\n", ":4: ", ("frobnicate", "not an option of EAL's", "[isla]")),
    (EAL + "no-pci = 3\n", ":4: ", ("--no-pci", "takes no value")),
    (EAL + "vfio-intr = 7\n", ":4: ", ("--vfio-intr", "EAL cannot start")),
    ("rxd = 1\n", ":1: ", ("rxd", "[isla]")),
    ("\x7fELF\x02\x01\n", ":1: ", ("byte of value 127",)),
))
def test_bad_lines_are_named(ns, write, text, where, words):
    path = write(text)
    result = run_to_end(ns, ["--config", path], [])
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith(f"isla: {path}{where}"), lines[0]
    assert all(word in lines[0] for word in words), lines[0]


@pytest.mark.parametrize("path, why", (
    ("/nonexistent/isla.conf", "No such file"),
    ("/proc", "Is a directory"),
))
def test_a_file_that_is_none(ns, path, why):
    result = run_to_end(ns, ["--config", path])
    assert result.returncode == 1
    assert f"--config {path}: " in result.stderr and why in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_every_option_may_stand_in_a_file(write):
    """Names are the same, from the same table: each is known there, or told where it belongs."""
    text = subprocess.run([str(app_path()), "--", "--help"], capture_output=True, text=True,
                          check=True).stdout
    names = [line.split()[0][2:].split("=")[0] for line in
             text[text.index("\nGeneral\n"):].splitlines() if line.startswith("  --")]
    assert len(names) > 30
    for name in names:
        # If the value is good for the option, the next line is not.
        path = write(f"[isla]\n{name} = ~\nfrobnicate = 1\n")
        result = subprocess.run([str(app_path()), "--", "--config", str(path)],
                                capture_output=True, text=True, timeout=20, check=False)
        assert result.returncode == 1
        known = f"{path}:2: {name}" in result.stderr and "not a known" not in result.stderr
        assert known or f"{path}:3: frobnicate is not a known" in result.stderr, result.stderr

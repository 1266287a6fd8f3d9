# SPDX-License-Identifier: BSD-3-Clause
"""The two commands of the README, as a user runs them."""

import os
import pathlib
import subprocess

import pytest

from framework.app_shell import REPOSITORY, app_path

QUICKSTART = REPOSITORY / "scripts" / "quickstart.sh"


def namespaces():
    """Those of the script; other suites make theirs meanwhile."""
    names = subprocess.run(["ip", "netns", "list"], check=True, text=True, timeout=10,
                           stdout=subprocess.PIPE).stdout.split()
    return {name for name in names if name.startswith("isla-quickstart-")}


@pytest.mark.skipif(not QUICKSTART.exists(), reason="scripts/quickstart.sh is not there")
@pytest.mark.skipif(app_path() != REPOSITORY / "build" / "app" / "isla",
                    reason="it builds in build/; this run tests another build")
def test_once():
    """--once shows the page and a ping, ends with 0 and leaves nothing behind."""
    before = namespaces()
    links = set(os.listdir("/sys/class/net"))
    result = subprocess.run([str(QUICKSTART), "--once"], cwd=pathlib.Path("/"), timeout=300,
                            check=False, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout[-4000:]
    assert "Project Isla" in result.stdout
    assert ", 0% packet loss" in result.stdout
    assert namespaces() <= before
    assert set(os.listdir("/sys/class/net")) == links


@pytest.mark.skipif(not QUICKSTART.exists(), reason="scripts/quickstart.sh is not there")
@pytest.mark.skipif(app_path() != REPOSITORY / "build" / "app" / "isla",
                    reason="it builds in build/; this run tests another build")
def test_a_wrong_option_is_told_once():
    """It stays wrong without hugepages, so there is no second start."""
    before = namespaces()
    result = subprocess.run([str(QUICKSTART), "--once", "--", "--bogus"], cwd=pathlib.Path("/"),
                            timeout=300, check=False, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 1, result.stdout[-4000:]
    assert result.stdout.count("--bogus is not a known option") == 1, result.stdout[-4000:]
    assert namespaces() <= before

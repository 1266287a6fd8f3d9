# SPDX-License-Identifier: BSD-3-Clause
"""The built-in page in a real browser, once."""

import re
import shutil
import struct

import pytest

from framework import traffic
from framework.topology import Link

TITLE = "Project Isla"


def png_size(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("not installed: chromium")
    return path


def run_browser(browser, ns, profile, *args):
    return ns.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-dev-shm-usage", "--disable-background-networking",
                   "--disable-component-update", "--no-proxy-server", "--hide-scrollbars",
                   f"--user-data-dir={profile}", "--window-size=1000,800", *args,
                   traffic.url(Link.STACK_V4)], timeout=90)


def test_title(isla, ns):
    body = traffic.get(ns, Link.STACK_V4).body.decode("utf-8")
    assert re.search(r"<title>(.*?)</title>", body)[1] == TITLE


def test_dom(isla, ns, browser, tmp_path):
    """The browser has read the page as we wrote it, and followed its title."""
    dom = run_browser(browser, ns, tmp_path, "--dump-dom").stdout
    assert f"<title>{TITLE}</title>" in dom
    assert "ERR_" not in dom


def test_screenshot(isla, ns, browser, tmp_path):
    """It paints something: a blank page of that size compresses to much less."""
    shot = tmp_path / "page.png"
    run_browser(browser, ns, tmp_path / "profile", f"--screenshot={shot}")
    data = shot.read_bytes()
    assert png_size(data) == (1000, 800)
    assert len(data) > 6000

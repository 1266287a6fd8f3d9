# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of all suites. The namespace and the application live as long as one suite (module);
a suite says by ISLA_OPTIONS and ISLA_DOCROOT which application it wants."""

import os
import resource
import signal

import pytest

from framework import hugepages, traffic
from framework.app_shell import AppShell, app_path
from framework.beside import side_by_side  # noqa: F401
from framework.raw import RawHost
from framework.topology import Link, Namespace, need_tool

SERVICES = ("http:80", "echo:7", "discard:9", "chargen:19", "demo:8080")


def default_options(docroot=None):
    options = [arg for addr in Link.STACK_ADDRS for arg in ("--ip", addr)]
    options += [arg for service in SERVICES for arg in ("--service", service)]
    return options + (["--docroot", str(docroot)] if docroot else [])


def pytest_configure():
    # Be ended like by Ctrl-C: finalizers remove the namespaces.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_keyboard_interrupt():
    """Cases in other threads do not hold up the end; with pytest-xdist it must come soon."""
    Namespace.remove_all()


def pytest_collection_modifyitems(items):
    reason = None
    if os.geteuid() != 0:
        reason = "dts needs root: it makes network namespaces"
    elif not app_path().exists():
        reason = f"{app_path()} is not built (or set ISLA_APP)"
    if reason:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def many_files():
    """Thousands of connections need as many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16384)), hard))


@pytest.fixture(scope="module", autouse=True)
def hugepages_for_one():
    """After each suite another process may have them."""
    yield
    hugepages.release()


@pytest.fixture(scope="module")
def ns():
    need_tool("ip")
    with Namespace("dts") as namespace:
        yield namespace


@pytest.fixture(scope="module")
def docroot(request, tmp_path_factory):
    """The directory that the suite's make_docroot(path) fills; None where it has none."""
    make = getattr(request.module, "make_docroot", None)
    if make is None:
        return None
    path = tmp_path_factory.mktemp("docroot")
    make(path)
    return path


@pytest.fixture(scope="module")
def link(ns):
    return Link(ns)


@pytest.fixture(scope="module")
def isla(request, ns, link, docroot):
    """The application, running; at the end of the suite it must stop cleanly."""
    options = default_options(docroot) + list(getattr(request.module, "ISLA_OPTIONS", []))
    app = AppShell(ns, options).start()
    link.configure()
    yield app
    if app.proc.poll() is not None and app.summary is None:
        pytest.fail(f"the application ended with {app.proc.returncode} during the suite\n"
                    f"{app.output}")
    app.check_clean_end()


@pytest.fixture(scope="module")
def raw_host(isla, ns, link):
    with RawHost(ns, link) as host:
        yield host


@pytest.fixture
def alive(isla, ns):
    """A function that fails unless the application still does its work."""
    def check():
        assert isla.is_running(), f"the application ended\n{isla.output}"
        for addr in (Link.STACK_V4, Link.STACK_V6):
            ns.run(["ping", "-c", "3", "-i", "0.2", "-W", "3", addr])
            assert traffic.get(ns, addr).status == 200
    return check


@pytest.fixture(params=["ipv4", "ipv6"])
def addr(request):
    """The stack's address, once of either family."""
    return Link.STACK_V4 if request.param == "ipv4" else Link.STACK_V6

# SPDX-License-Identifier: BSD-3-Clause
"""Cases that mostly wait, side by side. Each has a namespace, applications and servers of its own, so
none can meet another; a suite is then as long as its longest cases, not as all of them."""

import concurrent.futures
import inspect

import pytest

WORKERS = 5

# What a suite's case_fixtures() gives instead of pytest.
OWN = ("ns", "start", "servers", "tmp_path", "docroot")


def beside(function):
    """A test that runs beside others of its suite. Of its arguments those in OWN come from the suite's
    case_fixtures(docroot, path), a context manager that gives them in a dictionary."""

    def test(request, side_by_side, **_):
        side_by_side[request.node.nodeid].result()

    others = [p for name, p in inspect.signature(function).parameters.items() if name not in OWN]
    known = list(inspect.signature(test).parameters.values())[:2]
    test.__signature__ = inspect.Signature(
        known + [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in others])
    test.__name__, test.__doc__ = function.__name__, function.__doc__
    test.__module__, test.case = function.__module__, function
    return test


def _run(item, docroot, path):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    with item.module.case_fixtures(docroot, path) as own:
        given = {**own, **params}
        names = inspect.signature(item.function.case).parameters
        item.function.case(**{name: given[name] for name in names})


@pytest.fixture(scope="module")
def side_by_side(request, docroot, tmp_path_factory):
    """All cases that were chosen begin with the first of them; each test waits for its own."""
    pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
    try:
        yield {item.nodeid: pool.submit(_run, item, docroot, tmp_path_factory.mktemp("case"))
               for item in request.session.items
               if item.module is request.module and hasattr(item.function, "case")}
    finally:
        pool.shutdown(cancel_futures=True)

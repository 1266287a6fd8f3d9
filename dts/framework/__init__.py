# SPDX-License-Identifier: BSD-3-Clause
"""What the suites stand on: a network namespace, the application in it, traffic and captures."""

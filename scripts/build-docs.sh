#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The API reference, out of the public headers, and the conformance tables as a page.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<'END'
Usage: scripts/build-docs.sh [DIRECTORY]

Writes the API reference to DIRECTORY/html [build/doc], with Doxygen, which is installed where it is
missing, and beside it conformance.html: what each RFC of TCP demands, and the test that shows it.
Fails on any warning.
END
}

out=$ISLA_BUILD/doc
case ${1:-} in
-h | --help) usage; exit 0 ;;
-*) die "unknown option $1; see --help" ;;
'') ;;
*) out=$1 ;;
esac
[ $# -le 1 ] || die "unexpected argument $2; see --help"

packages_install doxygen || die "doxygen is needed"
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$ISLA_ROOT"
{
	cat doc/Doxyfile
	say "OUTPUT_DIRECTORY = \"$out\""
} | doxygen - || die "doxygen warned; its messages stand above"
scripts/check-conformance --render "$out/html"
say "the API reference: $out/html/index.html"
say "conformance: $out/html/conformance.html"

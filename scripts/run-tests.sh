#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Set up, build and run all tests. The last line is the sum.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DTS_MEMORY_MB=640
DTS_SECONDS=1500

usage()
{
	cat <<'END'
Usage: scripts/run-tests.sh [OPTION...]

Installs the packages that are missing, builds to build/, and runs all tests: units, simulator, EAL
and scripts by meson, then dts, end to end in network namespaces of its own. Without root it
installs nothing, runs what needs no root, and says what it skipped.

  --unit        only meson's tests, none of which needs root
  --dts         only dts
  --sanitize    with AddressSanitizer and UndefinedBehaviorSanitizer, built to build-asan/
  --tsan        only the suites with several threads, with ThreadSanitizer, built to build-tsan/
  --werror      compiler warnings are errors
  -k EXPR       only tests whose name (meson: suite and name) EXPR picks, as pytest -k does

The last line is `N passed, N failed, N skipped`. Exit code: 0 only if something passed and nothing
failed.
END
}

# What has threads. sim_shards has none, but all the rest that shards share.
TSAN_SUITES=(agent ctrl handover idle lcores loop mailbox owner_move port_ctl several
	shard_ports sim_shards telem)

skip()
{
	say "skipped: $*"
	nb_skipped=$((nb_skipped + 1))
}

prepare()
{
	local missing options=(-Dtests=true)

	packages_install "${PACKAGES_BUILD[@]}" "${PACKAGES_TEST[@]}" ||
		die "the packages above are needed"
	if is_root; then
		packages_install "${PACKAGES_RUN[@]}" "${PACKAGES_TEST_MORE[@]}" ||
			warn "tests that want the packages above are skipped"
		packages_install "${PACKAGES_TEST_FUZZ[@]}" ||
			warn "without the packages above nothing is fuzzed"
		[ "$dts" = no ] || packages_install "${PACKAGES_TEST_LARGE[@]}" ||
			warn "tests that want the packages above are skipped"
	else
		mapfile -t missing < <(packages_missing "${PACKAGES_TEST_MORE[@]}" \
			"${PACKAGES_TEST_FUZZ[@]}" "${PACKAGES_TEST_LARGE[@]}")
		[ ${#missing[@]} -eq 0 ] ||
			say "missing, so the tests that want them are skipped: ${missing[*]}"
	fi
	[ "$werror" = no ] || options+=(-Dwerror=true)
	[ "$sanitize" = no ] || options+=("-Db_sanitize=address,undefined" -Db_lundef=false
		-Dbuildtype=debugoptimized)
	# DPDK's rings in the form that says by atomics what it means.
	[ "$tsan" = no ] || options+=("-Db_sanitize=thread" -Db_lundef=false
		-Dbuildtype=debugoptimized "-Dc_args=-DRTE_USE_C11_MEM_MODEL -Wno-error=tsan -Wno-tsan")
	build_isla "$build" "${options[@]}"
}

run_meson_tests()
{
	local names=() rc=0 slower=1

	if [ -n "$expr" ]; then
		local picked
		picked=$("$ISLA_ROOT/scripts/test-tool" select "$build" "$expr") || exit 1
		mapfile -t names < <(printf %s "$picked")
		[ ${#names[@]} -gt 0 ] || return 0
	fi
	[ "$sanitize$tsan" = nono ] || slower=5
	if [ "$tsan" = yes ]; then
		[ ${#names[@]} -gt 0 ] || names=("${TSAN_SUITES[@]}")
		export TSAN_OPTIONS="suppressions=$ISLA_ROOT/tests/tsan.supp ${TSAN_OPTIONS-}"
	fi
	step "Unit, simulator, EAL and script tests"
	rm -f "$build/meson-logs/testlog.junit.xml"
	meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier "$slower" \
		"${names[@]}" </dev/null || rc=$?
	results+=("$build/meson-logs/testlog.junit.xml")
	[ "$rc" -eq 0 ] || failed_runs+=("meson test")
}

# Whoever runs dts without a lock could find its pages gone: so they are more than one needs.
reserve_memory()
{
	lock "$ISLA_SYSFS/kernel/mm/hugepages" 8 120
	on_exit hugepages_give_back
	hugepages_ensure_free "$DTS_MEMORY_MB" ||
		say "The kernel grants no $DTS_MEMORY_MB MB of hugepages: dts runs with --no-huge"
	unlock 8
}

run_dts()
{
	local xml=$build/meson-logs/dts.xml rc=0 args=()

	if [ ! -d "$ISLA_ROOT/dts" ]; then
		skip "dts: there is none"
	elif ! /usr/bin/python3 -c 'import pytest, scapy' 2>/dev/null; then
		skip "dts: needs python3-pytest and python3-scapy"
	elif is_root && ! tun_device_ensure; then
		skip "dts: /dev/net/tun cannot be opened: load the module tun (modprobe tun)"
	else
		# Without root dts skips its tests by itself.
		! is_root || reserve_memory
		[ -z "$expr" ] || args=(-k "$expr")
		# A suite waits more than it works, so several run beside each other, each whole.
		! /usr/bin/python3 -c 'import xdist' 2>/dev/null ||
			args+=(-n $(($(nproc) < 3 ? $(nproc) + 1 : 4)) --dist loadfile)
		step "End-to-end tests (dts), some minutes"
		rm -f "$xml"
		ISLA_APP=$build/app/isla timeout --signal=INT --kill-after=60 "$DTS_SECONDS" \
			/usr/bin/python3 -B -m pytest "$ISLA_ROOT/dts" --junitxml="$xml" \
			-o junit_family=xunit2 -rfE "${args[@]}" </dev/null || rc=$?
		# 5: -k has picked none of them
		[ "$rc" -eq 5 ] && [ -n "$expr" ] && return
		results+=("$xml")
		[ "$rc" -eq 0 ] || failed_runs+=("dts")
	fi
}

# What the tables of doc/conformance promise: their tests exist, and have run just now.
check_conformance()
{
	local args=() file

	[ -z "$expr" ] || return 0
	[ "$tsan" = no ] || return 0
	step "Conformance tables"
	for file in "${results[@]}"; do
		args+=(--ran "$file")
	done
	"$ISLA_ROOT/scripts/check-conformance" "${args[@]}" || failed_runs+=("check-conformance")
}

# A runner that failed without naming a test that failed is a failure, too.
summary()
{
	local output passed failed skipped

	output=$("$ISLA_ROOT/scripts/test-tool" count "${results[@]}")
	read -r passed failed skipped <<<"${output##*$'\n'}"
	say
	[ "$output" = "${output##*$'\n'}" ] || say "${output%$'\n'*}"
	if [ "$failed" -eq 0 ] && [ ${#failed_runs[@]} -gt 0 ]; then
		say "failed: ${failed_runs[*]}"
		failed=${#failed_runs[@]}
	fi
	skipped=$((skipped + nb_skipped))
	[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || warn "no test was run"
	say "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

meson_tests=yes
dts=yes
sanitize=no
tsan=no
werror=no
expr=
nb_skipped=0
results=()
failed_runs=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--unit) dts=no ;;
	--dts) meson_tests=no ;;
	--sanitize) sanitize=yes ;;
	--tsan) tsan=yes dts=no ;;
	--werror) werror=yes ;;
	-k) need_value "$1" $#; expr=$2; shift ;;
	*) die "unknown option $1; see --help" ;;
	esac
	shift
done
[ "$dts$meson_tests" != nono ] || die "--unit and --dts exclude each other; give neither for both"
build=$ISLA_BUILD
[ "$sanitize" = no ] || build=$ISLA_ROOT/build-asan
[ "$tsan" = no ] || build=$ISLA_ROOT/build-tsan
[ "$sanitize$tsan" != yesyes ] || die "--sanitize and --tsan exclude each other"

trap_exit
prepare
[ "$meson_tests" = no ] || run_meson_tests
[ "$dts" = no ] || run_dts
check_conformance
summary

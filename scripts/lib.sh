# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the scripts share: messages, cleaning up, packages, the build, hugepages, namespaces. To be
# sourced. Whoever makes something says with on_exit how it is removed, before doing the next thing.

ISLA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by those who source this
ISLA_BUILD=$ISLA_ROOT/build
# Tests put a directory here, so that they see and change no hugepage of the machine.
ISLA_SYSFS=${ISLA_SYSFS:-/sys}
# Debian's own python3, meson and so on come first, whatever else the PATH holds.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL=C.UTF-8
ISLA_ME=${0##*/}

say()
{
	printf '%s\n' "$*"
}

# What takes long says what it does.
step()
{
	printf '==> %s\n' "$*"
}

warn()
{
	printf '%s: %s\n' "$ISLA_ME" "$*" >&2
}

die()
{
	warn "$@"
	exit 1
}

is_root()
{
	[ "$(id -u)" -eq 0 ]
}

# need_value OPTION NB_ARGS_LEFT: an option that wants a value has one.
need_value()
{
	[ "$2" -ge 2 ] || die "$1 needs a value; see --help"
}

# A bare `return` in what runs from a trap returns the status from before the trap: hence `return 0`.
exit_commands=()

# on_exit COMMAND...: run it at the end, however that comes; the last one is run first.
on_exit()
{
	exit_commands=("$(printf '%q ' "$@")" "${exit_commands[@]}")
}

run_exit_commands()
{
	local rc=$? command

	trap - EXIT
	trap '' INT TERM HUP
	for command in "${exit_commands[@]}"; do
		eval "$command" || true
	done
	exit "$rc"
}

# From here on every way out cleans up.
trap_exit()
{
	trap run_exit_commands EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

# wait_until SECONDS COMMAND...: true as soon as the command is, false when the time is over.
wait_until()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

process_gone()
{
	! kill -0 "$1" 2>/dev/null
}

# stop_process PID [SIGNAL]: ask it to end, wait up to ten seconds, then make it.
stop_process()
{
	kill -s "${2:-TERM}" "$1" 2>/dev/null || return 0
	wait_until 10 process_gone "$1" && return 0
	warn "process $1 does not end by itself: it is killed"
	kill -s KILL "$1" 2>/dev/null || true
}

# lock DIRECTORY FD SECONDS: hold a lock on a directory until unlock FD. Programs that are started
# meanwhile and stay must be given FD>&-, or they hold it too.
lock()
{
	[ -d "$1" ] || return 0
	eval "exec $2<\"\$1\""
	flock -n "$2" && return 0
	say "waiting for another run that sets up the same things"
	flock -w "$3" "$2" || die "another run holds $1 for more than $3 seconds"
}

unlock()
{
	eval "exec $1<&-"
}

# ---- packages

# For the build and the quick start.
# shellcheck disable=SC2034
PACKAGES_BUILD=(gcc libc6-dev meson ninja-build pkg-config libdpdk-dev libnuma-dev)
# shellcheck disable=SC2034
PACKAGES_RUN=(iproute2 iputils-ping curl)
# For the tests; those of the second list are wanted by single tests, which say so and are skipped.
# shellcheck disable=SC2034
PACKAGES_TEST=(g++ libcunit1-dev python3)
# shellcheck disable=SC2034
PACKAGES_TEST_MORE=(python3-pytest python3-pytest-xdist python3-scapy shellcheck ethtool
	iputils-arping ndisc6 netcat-openbsd nftables socat wrk apache2-utils tshark dnsmasq-base
	unbound knot udhcpd kea-dhcp4-server)
# Apart, since it is large: where it cannot be had, the others still can.
# shellcheck disable=SC2034
PACKAGES_TEST_LARGE=(chromium)
# Likewise: what makes the fuzzers.
# shellcheck disable=SC2034
PACKAGES_TEST_FUZZ=(clang libclang-rt-14-dev)

packages_missing()
{
	local package

	for package in "$@"; do
		case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
		installed*) ;;
		*) say "$package" ;;
		esac
	done
}

# run_logged WHAT COMMAND...: without its output, but where it fails the end of that is shown.
run_logged()
{
	local what=$1 log rc=0

	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		tail -n 40 "$log" >&2
		warn "$what failed (exit code $rc): the end of its output stands above"
	fi
	rm -f "$log"
	return "$rc"
}

# A daemon that comes with a package is not to start: tests run it in namespaces of their own, and
# here it would take a port of the machine's.
POLICY=/usr/sbin/policy-rc.d
daemons_hold()
{
	[ ! -e "$POLICY" ] || return 0
	printf '#!/bin/sh\nexit 101\n' >"$POLICY" && chmod +x "$POLICY" && holds_daemons=yes
}

daemons_release()
{
	[ "${holds_daemons:-no}" = no ] || rm -f "$POLICY"
	holds_daemons=no
}

apt_get()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
		-o Acquire::Retries=3 "$@"
}

# packages_install PACKAGE...: those that are missing; false where that cannot be done.
packages_install()
{
	local missing

	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! is_root || ! command -v apt-get >/dev/null; then
		warn "missing packages; as root: apt-get install ${missing[*]}"
		return 1
	fi
	lock /var/lib/apt 7 1200
	# Another run may have done it in the meantime.
	mapfile -t missing < <(packages_missing "$@")
	if [ ${#missing[@]} -gt 0 ]; then
		step "Installing packages, which may take some minutes: ${missing[*]}"
		run_logged "apt-get update" apt_get update ||
			warn "going on with the old package lists"
		on_exit daemons_release
		daemons_hold
		if ! run_logged "apt-get install" apt_get install -y --no-install-recommends \
			"${missing[@]}"; then
			daemons_release
			unlock 7
			return 1
		fi
		daemons_release
	fi
	unlock 7
}

# ---- the build

# build_isla DIRECTORY [MESON_OPTION...]: configure and build; two at a time wait for each other.
build_isla()
{
	local dir=$1

	shift
	lock "$ISLA_ROOT" 7 1800
	if [ ! -f "$dir/build.ninja" ]; then
		step "Configuring the build in $dir"
		run_logged "meson setup" meson setup "$dir" "$ISLA_ROOT" "$@" ||
			die "the build could not be configured"
	elif [ $# -gt 0 ]; then
		run_logged "meson configure" meson configure "$dir" "$@" ||
			die "the build could not be configured; remove $dir and try again"
	fi
	step "Building in $dir, a minute or two the first time"
	run_logged "the build" ninja -C "$dir" || die "the build in $dir failed"
	unlock 7
}

# ---- hugepages, of the size that is the machine's default

hugepages_kb()
{
	awk '$1 == "Hugepagesize:" { print $2 }' /proc/meminfo
}

# hugepages_dir NODE: where the kernel's counts stand; "all": of all nodes together.
hugepages_dir()
{
	local where=kernel/mm

	[ "$1" = all ] || where=devices/system/node/node$1
	say "$ISLA_SYSFS/$where/hugepages/hugepages-$(hugepages_kb)kB"
}

# hugepages_pages MB: how many pages that is.
hugepages_pages()
{
	local kb

	kb=$(hugepages_kb)
	say $((($1 * 1024 + kb - 1) / kb))
}

# In a function of its own, so that a test can play a kernel that grants fewer.
hugepages_write()
{
	{ say "$2" >"$1/nr_hugepages"; } 2>/dev/null
}

# hugepages_grow DIRECTORY PAGES: have at least so many; false where the kernel grants fewer.
hugepages_grow()
{
	[ "$(<"$1/nr_hugepages")" -lt "$2" ] || return 0
	hugepages_write "$1" "$2" || return 1
	[ "$(<"$1/nr_hugepages")" -lt "$2" ] || return 0
	# Free memory may be there, but in pieces.
	{ say 1 >/proc/sys/vm/compact_memory; } 2>/dev/null || true
	hugepages_write "$1" "$2" || return 1
	[ "$(<"$1/nr_hugepages")" -ge "$2" ]
}

hugepages_added=0

# hugepages_ensure_free MB: reserve what is missing of them, and remember it; false where the kernel
# does not grant all, which is then undone.
hugepages_ensure_free()
{
	local dir free nr pages

	dir=$(hugepages_dir all)
	[ -f "$dir/nr_hugepages" ] || return 1
	pages=$(hugepages_pages "$1")
	free=$(<"$dir/free_hugepages")
	nr=$(<"$dir/nr_hugepages")
	[ "$free" -lt "$pages" ] || return 0
	if ! hugepages_grow "$dir" $((nr + pages - free)); then
		hugepages_write "$dir" "$nr" || true
		return 1
	fi
	hugepages_added=$((pages - free))
}

# Give back what hugepages_ensure_free added. Pages in use are not touched by that.
hugepages_give_back()
{
	local dir nr

	[ "$hugepages_added" -gt 0 ] || return 0
	dir=$(hugepages_dir all)
	lock "$ISLA_SYSFS/kernel/mm/hugepages" 8 60
	nr=$(<"$dir/nr_hugepages")
	hugepages_write "$dir" $((nr > hugepages_added ? nr - hugepages_added : 0))
	hugepages_added=0
	unlock 8
}

# ---- network namespaces and TAP interfaces

# tun_device_ensure: /dev/net/tun is there and can be opened; false where not.
tun_device_ensure()
{
	if [ ! -e /dev/net/tun ] && is_root; then
		{ mkdir -p /dev/net && mknod /dev/net/tun c 10 200; } 2>/dev/null || true
		modprobe tun 2>/dev/null || true
	fi
	{ : <>/dev/net/tun; } 2>/dev/null
}

# netns_add NAME: a namespace with its loopback up, which is removed at the end.
netns_add()
{
	local rc=0

	# Two first ones at the same time would spoil /run/netns for each other.
	lock /run 9 60
	ip netns add "$1" || rc=$?
	unlock 9
	[ "$rc" -eq 0 ] || return 1
	on_exit netns_remove "$1"
	ip -n "$1" link set lo up
}

# With what still runs in it.
netns_remove()
{
	local pid

	[ -e "/run/netns/$1" ] || return 0
	for pid in $(ip netns pids "$1"); do
		stop_process "$pid"
	done
	ip netns delete "$1"
}

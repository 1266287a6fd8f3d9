#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# From a fresh Debian 12 to a page served by Isla: packages, build, hugepages, a network namespace
# with isla0 in it. Everything that is made is removed at the end, whatever the end is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

HOST_ADDR=192.168.1.1/24
STACK_ADDR=192.168.1.2
url=http://$STACK_ADDR/
MEMORY_MB=256
READY_SECONDS=60

usage()
{
	cat <<'END'
Usage: scripts/quickstart.sh [OPTION...] [-- ISLA_OPTION...]

Installs the packages that are missing, builds to build/, reserves the hugepages that are missing,
makes a network namespace of its own and runs Isla on isla0 in it; then shows what curl and ping get
from 192.168.1.2, and goes on until Ctrl-C. What it made is removed at the end, packages and build/
excepted. Needs root. Several may run at the same time.

  --once          end after the showing; exit code 0 only if the page came
  --no-huge       do without hugepages
  --netns NAME    in this namespace, which exists and stays
  -- OPTION...    further options for isla itself; see build/app/isla -- --help

Example: scripts/quickstart.sh -- --docroot /usr/share/doc
END
}

# The last of the CPUs that we may use; the first one has most of the machine's other work.
pick_cpu()
{
	awk '$1 == "Cpus_allowed_list:" { n = split($2, cpu, /[,-]/); print cpu[n] }' \
		/proc/self/status
}

prepare()
{
	packages_install "${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}" ||
		die "the packages above are needed"
	# The tests need more packages than the application.
	if [ -f "$ISLA_BUILD/build.ninja" ]; then
		build_isla "$ISLA_BUILD"
	else
		build_isla "$ISLA_BUILD" -Dtests=false
	fi
	tun_device_ensure || die "/dev/net/tun cannot be opened: load the module tun (modprobe tun)"
}

# Two runs must not take each other's pages for free ones: the lock is held until Isla has them.
reserve_memory()
{
	lock "$ISLA_SYSFS/kernel/mm/hugepages" 8 120
	memory=(--in-memory -m "$MEMORY_MB")
	if [ "$huge" = no ]; then
		say "Without hugepages (--no-huge), as asked for"
		memory=(--no-huge --no-shconf -m "$MEMORY_MB")
		return
	fi
	on_exit hugepages_give_back
	if ! hugepages_ensure_free "$MEMORY_MB"; then
		say "The kernel grants no $MEMORY_MB MB of hugepages: going on with --no-huge"
		memory=(--no-huge --no-shconf -m "$MEMORY_MB")
		huge=no
	elif [ "$hugepages_added" -gt 0 ]; then
		say "Reserved $hugepages_added hugepages for the time of this run"
	fi
}

make_namespace()
{
	if [ -n "$netns" ]; then
		[ -e "/run/netns/$netns" ] || die "--netns: there is no namespace $netns"
		return
	fi
	netns=isla-quickstart-$$
	step "Making the network namespace $netns"
	netns_add "$netns" || die "no network namespace can be made here; the message stands above"
}

stop_isla()
{
	[ -n "$isla_pid" ] || return 0
	stop_process "$isla_pid" INT
	wait "$isla_pid" 2>/dev/null || true
	isla_pid=
}

# shellcheck disable=SC2317 # called by wait_until, as page_comes
is_ready()
{
	grep -q '^isla: ready' "$dir/isla.log" || process_gone "$isla_pid"
}

# True once Isla says that it is ready. It outlives no end of this script, not even a kill -9.
start_isla()
{
	local prefix=isla-quickstart-$$

	step "Starting Isla on isla0"
	: >"$dir/isla.log"
	setpriv --pdeathsig TERM setsid ip netns exec "$netns" "$ISLA_BUILD/app/isla" \
		-l "$(pick_cpu)" "${memory[@]}" --no-pci --file-prefix="$prefix" \
		--log-level=pmd.net.tap:3 --vdev=net_tap0,iface=isla0 \
		-- "${isla_options[@]}" >"$dir/isla.log" 2>&1 </dev/null 7>&- 8>&- &
	isla_pid=$!
	wait_until "$READY_SECONDS" is_ready || warn "not ready after $READY_SECONDS seconds"
	grep -q '^isla: ready' "$dir/isla.log"
}

# True where hugepages may be why it did not start; a wrong option stays wrong without them.
lacks_memory()
{
	grep -qiE 'EAL cannot start|memory|hugepage' "$dir/isla.log"
}

start_isla_or_die()
{
	on_exit rm -rf "/run/dpdk/isla-quickstart-$$"
	on_exit stop_isla
	if ! start_isla && [ "$huge" = yes ] && lacks_memory; then
		stop_isla
		cat "$dir/isla.log" >&2
		say "It did not start with hugepages: trying once more with --no-huge"
		memory=(--no-huge --no-shconf -m "$MEMORY_MB")
		start_isla || true
	fi
	unlock 8
	if ! grep -q '^isla: ready' "$dir/isla.log"; then
		cat "$dir/isla.log" >&2
		die "Isla did not start; its messages stand above"
	fi
	ip -n "$netns" address replace "$HOST_ADDR" dev isla0
	ip -n "$netns" link set dev isla0 up
}

in_netns()
{
	ip netns exec "$netns" "$@"
}

# shellcheck disable=SC2317
page_comes()
{
	process_gone "$isla_pid" ||
		in_netns curl --silent --fail --max-time 2 --output /dev/null "$url"
}

# Whether the page came is what counts; ping is shown besides.
show()
{
	local rc=0

	wait_until 15 page_comes || true
	say
	say "\$ curl --include $url"
	in_netns curl --silent --show-error --fail --include --max-time 5 "$url" || rc=$?
	say
	say "\$ ping -c 3 $STACK_ADDR"
	in_netns ping -c 3 -i 0.2 -W 2 "$STACK_ADDR" || warn "no answer to ping"
	say
	if [ "$rc" -ne 0 ]; then
		tail -n 40 "$dir/isla.log" >&2
		die "the page did not come; Isla's messages stand above"
	fi
}

by_hand()
{
	cat <<END
Isla runs. From another terminal, as root:
    ip netns exec $netns curl $url
    ip netns exec $netns ping $STACK_ADDR
    ip netns exec $netns bash            # or any program
Ctrl-C ends it, and removes the namespace.
END
}

# Until Ctrl-C, which is a good end here, or until Isla ends by itself.
run()
{
	local rc=0 asked=no

	trap 'asked=yes' INT TERM
	wait "$isla_pid" 2>/dev/null || rc=$?
	if [ "$asked" = yes ]; then
		say
		step "Stopping"
		stop_isla
		sed '0,/^isla: ready/d' "$dir/isla.log"
		exit 0
	fi
	isla_pid=
	cat "$dir/isla.log" >&2
	die "Isla has ended by itself (exit code $rc); its messages stand above"
}

once=no
huge=yes
netns=
isla_options=()
isla_pid=
memory=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--once) once=yes ;;
	--no-huge) huge=no ;;
	--netns) need_value "$1" $#; netns=$2; shift ;;
	--) shift; isla_options=("$@"); break ;;
	*) die "unknown option $1; see --help" ;;
	esac
	shift
done
is_root || die "root is needed, for packages, hugepages and the network namespace"

trap_exit
dir=$(mktemp -d)
on_exit rm -rf "$dir"
prepare
make_namespace
reserve_memory
start_isla_or_die
show
[ "$once" = no ] || exit 0
by_hand
run

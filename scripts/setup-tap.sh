#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Create and remove a TAP interface for Isla.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<'END'
Usage: scripts/setup-tap.sh create [OPTION...]
       scripts/setup-tap.sh remove [--name NAME] [--netns NAME]

Isla makes its TAP by itself and takes it away at its end. Make one beforehand where it shall
outlive Isla, or where Isla runs without root. Each action may be repeated: what is there stays.

  --name NAME          the interface [isla0]
  --owner USER         who may open it besides root
  --multi-queue        with several queues, which DPDK's net_tap always wants [default]
  --single-queue       with one queue, for other programs
  --address ADDR/LEN   the host's own address on it, IPv4 or IPv6; repeatable
  --netns NAME         in this network namespace, which exists (ip netns add NAME)

Example: scripts/setup-tap.sh create --owner alice --address 192.168.1.1/24
Exit code: 0 done; 1 wrong use, or not possible.
END
}

# ip_do WHAT ARGUMENT...: ip within the namespace; one line where it fails.
ip_do()
{
	local what=$1 message

	shift
	message=$(ip "${in_netns[@]}" "$@" 2>&1) || die "$what: ${message//$'\n'/; }"
}

exists()
{
	ip "${in_netns[@]}" link show dev "$name" >/dev/null 2>&1
}

is_tap()
{
	ip "${in_netns[@]}" -details link show dev "$name" | grep -q 'tun type tap'
}

create()
{
	local address how=(mode tap)

	tun_device_ensure || die "/dev/net/tun cannot be opened: load the module tun (modprobe tun)"
	[ -z "$owner" ] || how+=(user "$owner")
	[ "$queues" = single ] || how+=(multi_queue)
	if ! exists; then
		ip_do "cannot create $name" tuntap add dev "$name" "${how[@]}"
		# Half an interface is of no use to anybody.
		on_exit remove_unless_done
	elif ! is_tap; then
		die "$name exists and is no TAP interface; choose another --name"
	else
		say "$name exists already"
	fi
	for address in "${addresses[@]}"; do
		ip_do "--address $address" address replace "$address" dev "$name"
	done
	ip_do "cannot bring $name up" link set dev "$name" up
	created=yes
	ip "${in_netns[@]}" -brief address show dev "$name"
}

remove_unless_done()
{
	[ "$created" = yes ] || ip "${in_netns[@]}" link delete dev "$name"
}

remove()
{
	if ! exists; then
		say "there is no $name"
		return
	fi
	is_tap || die "$name is no TAP interface; it is left alone"
	ip_do "cannot remove $name" link delete dev "$name"
}

action=
name=isla0
owner=
queues=multi
addresses=()
in_netns=()
created=no
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--name) need_value "$1" $#; name=$2; shift ;;
	--owner) need_value "$1" $#; owner=$2; shift ;;
	--multi-queue) queues=multi ;;
	--single-queue) queues=single ;;
	--address) need_value "$1" $#; addresses+=("$2"); shift ;;
	--netns) need_value "$1" $#; in_netns=(-netns "$2"); shift ;;
	-*) die "unknown option $1; see --help" ;;
	*)
		[ -z "$action" ] || die "unexpected argument $1; see --help"
		action=$1
		;;
	esac
	shift
done

[[ $name =~ ^[A-Za-z0-9_.-]{1,15}$ ]] ||
	die "--name: '$name' is no interface's name (1 to 15 letters, digits, _ . -)"
[ -z "$owner" ] || id -u "$owner" >/dev/null 2>&1 || die "--owner: there is no user $owner"
for address in "${addresses[@]}"; do
	[[ $address =~ ^[0-9a-fA-F.:]+/[0-9]{1,3}$ ]] ||
		die "--address: '$address' is not ADDR/LEN, as in 192.168.1.1/24"
done
case $action in
create | remove) ;;
'') die "what is to be done? create or remove; see --help" ;;
*) die "unknown action $action: create or remove" ;;
esac
command -v ip >/dev/null || die "the command ip is missing; as root: apt-get install iproute2"
is_root || die "$action needs root"
if [ ${#in_netns[@]} -gt 0 ] && [ ! -e "/run/netns/${in_netns[1]}" ]; then
	die "--netns: there is no namespace ${in_netns[1]}; to make it: ip netns add ${in_netns[1]}"
fi
trap_exit
"$action"

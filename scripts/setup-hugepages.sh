#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Show, reserve and give back hugepages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<'END'
Usage: scripts/setup-hugepages.sh show
       scripts/setup-hugepages.sh reserve MB [--node K] [--no-mount]
       scripts/setup-hugepages.sh clear [--node K]

  show           what is reserved and free, and where hugetlbfs is mounted
  reserve MB     have at least MB megabytes reserved in all; more than that stay. Mounts hugetlbfs
                 on /dev/hugepages where it is not mounted
  clear          give all back that no program uses

  --node K       on NUMA node K only
  --no-mount     do not mount hugetlbfs (isla --in-memory needs none)

The pages are of the machine's default size. Exit code: 0 done; 1 wrong use, or not possible here;
2 the kernel granted fewer, or could not give all back.
END
}

is_number()
{
	[[ $1 =~ ^(0|[1-9][0-9]{0,8})$ ]]
}

show_node()
{
	local dir=$1 kb nr

	kb=$(hugepages_kb)
	nr=$(<"$dir/nr_hugepages")
	say "$2: $nr pages of $kb kB ($((nr * kb / 1024)) MB), $(<"$dir/free_hugepages") free"
}

mount_point()
{
	awk '$3 == "hugetlbfs" { print $2; exit }' /proc/mounts
}

show()
{
	local node mounted

	show_node "$(hugepages_dir all)" "all nodes"
	for node in "$ISLA_SYSFS"/devices/system/node/node[0-9]*; do
		node=${node##*/node}
		[ ! -d "$(hugepages_dir "$node")" ] ||
			show_node "$(hugepages_dir "$node")" "node $node"
	done
	mounted=$(mount_point)
	say "hugetlbfs: ${mounted:-not mounted}"
}

mount_hugetlbfs()
{
	[ -z "$(mount_point)" ] || return 0
	if ! { mkdir -p /dev/hugepages && mount -t hugetlbfs nodev /dev/hugepages; }; then
		die "the pages are reserved, but hugetlbfs could not be mounted on" \
			"/dev/hugepages; isla --in-memory does without it"
	fi
	say "hugetlbfs mounted on /dev/hugepages"
}

# No machine shall be starved by a slip of the finger.
check_available()
{
	local dir=$1 pages=$2 extra_mb available_mb

	extra_mb=$(((pages - $(<"$dir/nr_hugepages")) * $(hugepages_kb) / 1024))
	available_mb=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	[ "$extra_mb" -lt "$available_mb" ] ||
		die "reserve: $extra_mb MB more are asked for, but only $available_mb MB of" \
			"memory are available"
}

reserve()
{
	local dir=$1 mb=$2 pages granted

	pages=$(hugepages_pages "$mb")
	check_available "$dir" "$pages"
	if ! hugepages_grow "$dir" "$pages"; then
		granted=$(<"$dir/nr_hugepages")
		warn "the kernel granted $granted of $pages pages" \
			"($((granted * $(hugepages_kb) / 1024)) of $mb MB): free memory is short" \
			"or in pieces. Reserve soon after boot (vm.nr_hugepages), or run isla" \
			"with --no-huge"
		exit 2
	fi
}

clear_pages()
{
	local left

	hugepages_write "$1" 0 || die "clear: the kernel refuses"
	left=$(<"$1/nr_hugepages")
	if [ "$left" -gt 0 ]; then
		warn "$left pages are in use; they go when the programs that use them end"
		exit 2
	fi
}

action=
mb=
node=
mount=yes
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--node) need_value "$1" $#; node=$2; shift ;;
	--no-mount) mount=no ;;
	-*) die "unknown option $1; see --help" ;;
	*)
		if [ -z "$action" ]; then
			action=$1
		elif [ "$action" = reserve ] && [ -z "$mb" ]; then
			mb=$1
		else
			die "unexpected argument $1; see --help"
		fi
		;;
	esac
	shift
done

case $action in
show | clear) ;;
reserve)
	if ! is_number "$mb" || [ "$mb" -eq 0 ]; then
		die "reserve: '$mb' is not a number of megabytes greater than 0"
	fi
	;;
'') die "what is to be done? show, reserve MB or clear; see --help" ;;
*) die "unknown action $action: show, reserve MB or clear" ;;
esac
[ -z "$node" ] || is_number "$node" || die "--node: '$node' is not a node's number"
dir=$(hugepages_dir "${node:-all}")
if [ ! -f "$dir/nr_hugepages" ]; then
	[ -z "$node" ] || die "--node: there is no node $node, or it has no hugepages"
	die "this kernel has no hugepages; run isla with --no-huge"
fi
if [ "$action" != show ]; then
	[ -w "$dir/nr_hugepages" ] || die "$action needs root"
	lock "$ISLA_SYSFS/kernel/mm/hugepages" 8 60
fi

case $action in
reserve)
	reserve "$dir" "$mb"
	[ "$mount" = no ] || mount_hugetlbfs
	;;
clear) clear_pages "$dir" ;;
esac
show

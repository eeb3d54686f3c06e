#!/bin/bash
# Node options: who is named by fingerprint, by nickname and by network is met
# or not met, and the page says which exit it came through.
. "$(dirname "$0")/check.sh"
need_lab

net_of() { echo "$(relay_addr4 "$1" | cut -d. -f1-2).0.0/16"; }

# with LINE...: a new one with these lines, with no guards of before
with() {
	SUT_EXTRA=$(printf '%s\n' "$@")
	sut_stop		# whom the one before still dials does not count
	lab_oracle_reset
	sut_fresh
}

# Both clients fetch, and meanwhile all paths are gathered, also those that are
# built ahead and that nobody uses.
look_around() {
	local end=$((SECONDS + 15))
	: >"$LAB_DIR/tmp/paths"
	fetches "http://$DEST4/" || return 1
	lab_lan2 "${CURL[@]}" "http://$DEST4/" >/dev/null
	while [ "$SECONDS" -lt "$end" ]; do
		sut_get paths >>"$LAB_DIR/tmp/paths"
		sleep 0.5
	done
	# one-hop circuits are for the directory
	awk 'NF > 1' "$LAB_DIR/tmp/paths" | sort -u >"$LAB_DIR/tmp/long"
	[ -s "$LAB_DIR/tmp/long" ]	# how many differ is chance
}

# all_of, none_of WHERE NAME...: who stands there, and somebody does
hops() {
	case $1 in
	any) tr ' ' '\n' <"$LAB_DIR/tmp/long" ;;
	first) awk '{ print $1 }' "$LAB_DIR/tmp/long" ;;
	exit) awk '{ print $NF }' "$LAB_DIR/tmp/long" ;;
	met) lab_met ;;
	page) relay_at "$(seen_last)" ;;
	esac | sort -u
}
all_of() {
	local where=$1 n
	shift
	n=$(hops "$where")
	echo "$where: $(paste -sd' ' <<<"$n"); may be: $*"
	[ -n "$n" ] && ! grep -vxF "$(printf '%s\n' "$@")" <<<"$n"
}
none_of() {
	local where=$1 n
	shift
	n=$(hops "$where")
	echo "$where: $(paste -sd' ' <<<"$n"); may not be: $*"
	[ -n "$n" ] && ! grep -xF "$(printf '%s\n' "$@")" <<<"$n"
}

# Only what is Stable can be a guard, and in a network this young half of the
# relays are: one of them has to stay.
keep=$(lab_consensus | awk '$1 == "r" { n = $2 }
	$1 == "s" && / Guard / && / Stable / { print n; exit }')
mapfile -t exit < <(lab_exits | grep -vx "$keep")

check "ExcludeNodes, StrictNodes: it works" with "StrictNodes 1" \
	"ExcludeNodes ${exit[0]},\$$(relay_fp "${exit[1]}"),$(:
		)$(net_of "${exit[2]}"),a2"
check "ExcludeNodes: pages come" look_around
check "ExcludeNodes: in no path" none_of any "${exit[@]:0:3}" a2
check "ExcludeNodes: nowhere met" none_of met "${exit[@]:0:3}" a2
check "ExcludeNodes: not the page's exit" none_of page "${exit[@]:0:3}"

check "ExitNodes by fingerprint: it works" \
	with "ExitNodes \$$(relay_fp "${exit[0]}")"
check "ExitNodes: pages come" look_around
check "ExitNodes: the exit of all paths" all_of exit "${exit[0]}"
check "ExitNodes: the page's exit" all_of page "${exit[0]}"

check "ExitNodes and EntryNodes: it works" with \
	"ExitNodes $(net_of "${exit[0]}"), $(net_of "${exit[1]}")" \
	"EntryNodes $keep,\$$(relay_fp "${exit[2]}")"
check "ExitNodes by network: pages come" look_around
check "ExitNodes by network: the exit of all paths" \
	all_of exit "${exit[@]:0:2}"
check "ExitNodes by network: the page's exit" all_of page "${exit[@]:0:2}"
check "EntryNodes: the first of all paths" all_of first "$keep" "${exit[2]}"
check "EntryNodes: nobody else is met but authorities" \
	all_of met "$keep" "${exit[2]}" a1 a2 a3

check "ExcludeExitNodes: it works" with "ExcludeExitNodes $keep,${exit[1]},$(:
	)\$$(relay_fp "${exit[2]}"),$(net_of "${exit[3]}")"
check "ExcludeExitNodes: pages come" look_around
check "ExcludeExitNodes: in no path the exit" \
	none_of exit "$keep" "${exit[@]:1:3}"

# Nobody else can be asked for the directory.
check "ExcludeNodes of all authorities: it works" with "ExcludeNodes a1,a2,a3"
check "ExcludeNodes of all authorities: pages come" look_around
check "ExcludeNodes of all authorities: in no path" none_of any a1 a2 a3
# shellcheck disable=SC2034 # for sut.sh
SUT_EXTRA=$(printf '%s\n' "ExcludeNodes a1,a2,a3" "StrictNodes 1")
nobody_met() {
	sut_stop
	sut_wipe
	lab_oracle_reset
	sut_start
	sleep 10
	lab_alive sut && ! sut_done && [ -z "$(lab_met)" ]
}
check "StrictNodes: and then nobody is asked" nobody_met
sut_stop

#!/bin/bash
# The rules that docs/rulesets.md and manual show for a LAN's gateway, as they show
# them: the LAN's TCP and names go through, and nothing else goes anywhere.
# (The lab's gateway forwards packets: the rules alone have to hold them.)
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
need_lab

ask() { same "$(lab_lan dig +short +noedns +time=30 +tries=3 "$@" \
	www.lab.example A | grep -v "^;;")" "$DEST4"; }

# What may not pass, from both families, in any shape.
stimulus() {
	local host
	for host in "$DEST4" "$DEST6"; do
		lab_in lan1 ping -c 2 -W 1 "$host"
		lab_in lan1 ping -c 1 -W 1 -s 3000 "$host"
	done
	lab_in lan1 "$PYTHON" "$LAB_SRC/load.py" odd "$DEST4" "$DEST6"
	lab_in lan1 ping -c 1 -W 1 "$(relay_addr4 r1)"
	lab_in lan1 "$PYTHON" "$LAB_SRC/load.py" odd "$(relay_addr4 r1)"
} >/dev/null 2>&1

works() { # WHAT FILE HEADING
	local what=$1 file=$2 heading=$3
	lab_oracle_reset
	check "$what: the rules load" shown_gate "$file" "$heading"
	check "$what: the program bootstraps" shown_sut "$file" "$heading"
	check "$what: it has no rights" unprivileged
	check "$what: a page by name" fetches http://www.lab.example/
	check "$what: the server saw an exit" seen_exit
	check "$what: a page from an IPv4 address" fetches "http://$DEST4/"
	! grep -qF '[' <<<"$SUT_DOORS" || check \
		"$what: a page from an IPv6 address" fetches "http://[$DEST6]/"
	check "$what: a name over UDP" ask
	check "$what: a question to any server is caught" ask @192.0.2.53
	sut_is_tor || check "$what: a name over TCP" ask +tcp
	check "$what: nothing else gets out" holds
}

works "by hand" "$RULESETS" "A LAN's gateway"
check "by hand: a name over UDP and IPv6" ask "@$LAN6"
sut_is_tor || check "by hand: a name over TCP and IPv6" ask +tcp "@$LAN6"
check "without the rules, all that is seen" \
	without_rules "$RULESETS" "A LAN's gateway" seen

# neighbours are found anew, in both directions
neighbours() {
	ip -n gw neigh flush dev br0
	ip -n gw neigh flush dev up0
	ip -n lan1 neigh flush dev eth0
	ip -n net neigh flush dev wan
	lab_in lan1 ping -c 1 -W 1 "$LAN6" || :
	lab_until 300 neighbour lan1 "$LAN6" && sut_restart &&
		fetches "http://[$DEST6]/"
}
neighbour() { ip -n "$1" neigh show "$2" | grep lladdr; }
check "by hand: IPv6 neighbours are found" neighbours

works "manual" "$MANUAL" "Turning connections around"
works "manual, TPROXY" "$MANUAL" TPROXY

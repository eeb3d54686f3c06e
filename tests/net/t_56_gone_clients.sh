#!/bin/bash
# Clients that went away: the gateway's kernel finds no neighbour for what is sent
# to them, and would say so by ICMP to whom it takes for the sender, which is whom
# the client spoke with.  With a TUN the plan keeps that in, with sockets the rules.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "it is about ours"
	exit
fi

# SYNs from neighbours that are not there.  The kernel looks for each for some
# seconds, and gives up.
failed() { # FAMILY
	ip "$1" -n gw neigh show dev br0 nud failed | wc -l
}
many_failed() { [ "$(failed "$1")" -gt 20 ]; }	# they are soon forgotten
settled() { ! ip -n gw neigh show dev br0 | grep INCOMPLETE; }
stimulus() {
	local rc=0
	ip -n gw neigh flush dev br0
	ip -6 -n gw neigh flush dev br0
	lab_in lan2 "$PYTHON" "$LAB_SRC/../bench/loadgen.py" flood syn 1 \
		eth0 "$LAN4" "$DEST4"
	lab_until 120 many_failed -4 || rc=1
	lab_in lan2 "$PYTHON" "$LAB_SRC/../bench/loadgen.py" flood syn6 1 \
		eth0 "$LAN4" "$DEST6"
	lab_until 120 many_failed -6 || rc=1
	sleep 1		# what it says of the last of them
	[ "$rc" -eq 0 ] || echo "the kernel gave up on nobody"
	return "$rc"
}
# what it says of whom, in either family
nothing() {
	stimulus || return
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ]
}
all_seen() {
	stimulus
	lab_oracle
	[ "$(lab_count leak4)" -gt 0 ] && [ "$(lab_count leak6)" -gt 0 ]
}

check "a TUN, no rules: it bootstraps" sut_fresh tun
lab_oracle_reset
check "a TUN, no rules: nothing gets out" nothing
check "a TUN: clients that are there have pages" fetches "http://$DEST4/"
sut_stop
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
check "TPROXY, the manual's rules: they load" shown_gate "$MANUAL" TPROXY
check "TPROXY: the program bootstraps" shown_sut "$MANUAL" TPROXY
lab_oracle_reset
check "TPROXY, the manual's rules: nothing gets out" nothing

# The anti-test: where nothing says what may leave.
SUT_DOORS=
# shellcheck disable=SC2034
SUT_USER=
check "without the rules: it bootstraps" sut_fresh tproxy
lab_in gw nft flush chain inet gate errors
lab_oracle_reset
check "without the rules, that is seen" all_seen
sut_fresh
lab_until 60 settled
lab_until 300 oracle_quiet
check "and all is well again" fetches "http://$DEST4/"

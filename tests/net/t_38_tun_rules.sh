#!/bin/bash
# What docs/rulesets.md shows for a TUN, as it shows it: torrc and ruleset of a gateway,
# and of a workstation.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi

HEADING="A TUN, for either"
ON_HOST_DNS=10.191.0.2
onhost_resolver

start() { # WORDS
	SUT_DOORS=$(shown "$RULESETS" "$HEADING" "TunClients $1" |
		sed "s/^TunClients lan0/TunClients br0/")
	[ -n "$SUT_DOORS" ] || return
	SUT_DOORS+=$'\n'"TunUndo 1"	# what comes after it finds all as it was
	sut_stop
	sut_wipe
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
lan_asks() {
	same "$(lab_lan dig +short +noedns +time=30 +tries=3 "$@" \
		www.lab.example A | grep -v "^;;")" "$DEST4"
}

sut_stop
lab_resolver 10.191.0.2
lab_oracle_reset
check "the rules load" shown_gate "$RULESETS" "$HEADING"
check "gateway: the program bootstraps" start lan0
check "gateway: it has no rights" unprivileged
check "gateway: a page by name" fetches http://www.lab.example/
check "gateway: the server saw an exit" seen_exit
check "gateway: a page from an IPv4 address" fetches "http://$DEST4/"
check "gateway: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "gateway: a name from its resolver" lan_asks @10.191.0.2
check "gateway: a name from its resolver, over IPv6" lan_asks @fd00:6f74::2
check "gateway: a question to any server is caught" lan_asks @192.0.2.53
check "gateway: a name over TCP" lan_asks +tcp
check "gateway: nothing of its own gets out" holds

check "workstation: the program bootstraps" start local
for who in "$OTHER_USER" root; do pages_of "$who"; done
check "workstation: a name over UDP" ask
check "workstation: a question over IPv6" ask @fd00:6f74::2
check "workstation: nothing else gets out" holds
sut_stop
lab_resolver "$LAN4"

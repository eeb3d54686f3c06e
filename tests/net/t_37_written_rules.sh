#!/bin/bash
# The rules that the program itself makes from its configuration.  With FailClosed
# 1 it puts them in force, and fills their sets with the relays that it uses: a
# LAN's gateway by REDIRECT and a workstation, as README shows them, a gateway by
# TPROXY, and one with a TUN for its own programs, too.  With FailClosed 0 it writes them, to be loaded.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
need_lab
if sut_is_tor; then
	skip "tor writes no rules"
	exit
fi
ON_HOST_DNS=127.0.0.1
onhost_resolver

# The rules of FailClosed 0: by the configuration that the program is started
# with.
written() {
	lab_torrc >"$LAB_DIR/tmp/written.rc"
	"$LAB_SUT" firewall -f "$LAB_DIR/tmp/written.rc" \
		>"$LAB_DIR/tmp/written.nft" 2>/dev/null &&
		lab_gate off &&
		lab_in gw nft -f - <"$LAB_DIR/tmp/written.nft"
}
start() {
	sut_stop
	sut_wipe
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
# Those of FailClosed 1 the program puts in force itself.
closes() {
	sut_stop
	lab_gate off
	! grep -q '^TransProxyType TPROXY' <<<"$SUT_DOORS" ||
		gate_tproxy_routes tproxy
	start
}
opens() { # and it is as if there never had been any
	sut_stop
	lab_in gw "$LAB_SUT" undo -f "$LAB_DIR/sut.rc" &&
		lab_in gw "$LAB_SUT" firewall open --yes-let-everything-out \
			--without-asking -f "$LAB_DIR/sut.rc" &&
		! lab_in gw nft list ruleset | grep .
}
# The gateway's set has relays that the authorities told of.
filled() {
	local set n
	for set in "inet onion_transparent relays4" \
		"netdev onion_transparent relays4"; do
		# shellcheck disable=SC2086
		n=$(lab_in gw nft list set $set | grep -o " . $ORPORT" | wc -l)
		echo "$set: $n, and $(grep -c '^DirAuthority' \
			"$LAB_DIR/sut.rc") authorities"
		[ "$n" -gt "$(grep -c '^DirAuthority' "$LAB_DIR/sut.rc")" ] ||
			return
	done
}
unwritten() { # CMD...: the same without these rules
	local rc
	lab_oracle_reset
	lab_gate off
	"$@"
	rc=$?
	written
	lab_until 300 oracle_quiet
	oracle_zero
	return "$rc"
}
asks() { same "$(lab_lan dig +short +noedns +time=30 +tries=3 "$@" \
	www.lab.example A | grep -v "^;;")" "$DEST4"; }

lab_oracle_reset
SUT_DOORS=$(shown "$README" "A LAN's gateway" TransPort)
check "gateway: the program bootstraps, closed" closes
check "gateway: the relays that it uses are in the set" filled
check "gateway: it has no rights" unprivileged
check "gateway: a page by name" fetches http://www.lab.example/
check "gateway: the server saw an exit" seen_exit
check "gateway: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "gateway: 20 MB down" downloads "$DEST4" 20000000
check "gateway: 20 MB up" uploads "$DEST4" 20000000
check "gateway: a name over UDP" asks
check "gateway: a question to any server is caught" asks @192.0.2.53
check "gateway: a name over TCP, IPv6" asks +tcp "@$LAN6"
check "gateway: nothing of its own gets out" holds
lab_in gw nft flush ruleset
check "gateway: its rules flushed, it goes on" lab_until 60 fetches \
	"http://$DEST4/"
check "gateway: its rules flushed, nothing of its own gets out" holds
check "gateway: opened, no rule is left" opens

SUT_DOORS="User $SUT_USER
FailClosed 1
TransProxyType TPROXY
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0
Uplink up0"
check "TPROXY: the program bootstraps, closed" closes
check "TPROXY: a page by name" fetches http://www.lab.example/
check "TPROXY: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "TPROXY: 20 MB down" downloads "$DEST4" 20000000
check "TPROXY: nothing of its own gets out" holds
check "TPROXY: opened, no rule is left" opens
gate_tproxy_routes off

ON_HOST_DNS=10.191.0.2
onhost_resolver
lab_resolver 10.191.0.2
SUT_DOORS="User $SUT_USER
FailClosed 1
TunClients br0 local
TunUndo 1
Uplink up0"
check "TUN: the program bootstraps, closed" closes
check "TUN: a page by name" fetches http://www.lab.example/
check "TUN: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "TUN: 20 MB down" downloads "$DEST4" 20000000
check "TUN: a question to any server is caught" asks @192.0.2.53
pages_of "$OTHER_USER"
check "TUN: nothing else gets out" holds
check "TUN: opened, no rule is left" opens
lab_resolver "$LAN4"
ON_HOST_DNS=127.0.0.1
onhost_resolver

probe
workstation="User $SUT_USER
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort 127.0.0.1:$DNSPORT
DNSPort [::1]:$DNSPORT
TransClients local
Uplink up0"
SUT_DOORS=$(shown "$README" "A workstation" TransPort)
check "closed workstation: the program bootstraps" closes
pages_of "$OTHER_USER"
check "closed workstation: a name over UDP" ask
check "closed workstation: nothing else gets out" holds
check "closed workstation: nobody else reaches a relay" not_to_relay
check "closed workstation: opened, no rule is left" opens

SUT_DOORS=$workstation
check "workstation: the rules load" written
check "workstation: the program bootstraps" start
for who in "$OTHER_USER" root; do pages_of "$who"; done
check "workstation: a name over UDP" ask
check "workstation: a name over TCP" ask +tcp
check "workstation: a question to any server is caught" ask @192.0.2.53
check "workstation: nothing else gets out" holds
check "workstation: nobody else reaches a relay" not_to_relay
check "workstation: without the rules, all that is seen" unwritten seen
check "workstation: without the rules, relays are reached" unwritten to_relay
probe_end

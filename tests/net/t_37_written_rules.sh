#!/bin/bash
# The rules that the program itself writes from its configuration, below a real
# one: a LAN's gateway by REDIRECT, whose program may reach the network's relays
# only, one by TPROXY, one with a TUN for its own programs, too, and a
# workstation.
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

# What the daemon does not do yet: its relays into the sets of them.
relays() {
	local r table
	for table in inet netdev; do
		for r in $(lab_relays); do
			echo "add element $table onion_transparent relays4" \
				"{ $(relay_addr4 "$r") . $ORPORT }"
			echo "add element $table onion_transparent relays6" \
				"{ $(relay_addr6 "$r") . $ORPORT }"
		done
	done
}
written() { # by the configuration that the program is started with
	lab_torrc >"$LAB_DIR/tmp/written.rc"
	"$LAB_SUT" firewall -f "$LAB_DIR/tmp/written.rc" \
		>"$LAB_DIR/tmp/written.nft" 2>/dev/null &&
		lab_gate off &&
		lab_in gw nft -f - <"$LAB_DIR/tmp/written.nft" || return
	! grep -q '^TransProxyType TPROXY' "$LAB_DIR/tmp/written.rc" ||
		gate_tproxy_routes tproxy
	! grep -q '^FailClosed 1' "$LAB_DIR/tmp/written.rc" ||
		relays | lab_in gw nft -f -
}
start() {
	sut_stop
	sut_wipe
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
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
SUT_DOORS="User $SUT_USER
FailClosed 1
TransPort $LAN4:$TRANSPORT
TransPort [$LAN6]:$TRANSPORT
DNSPort $LAN4:$DNSPORT
DNSPort [$LAN6]:$DNSPORT
TransClients br0
Uplink up0"
check "gateway: the rules load" written
check "gateway: the program bootstraps" start
check "gateway: it has no rights" unprivileged
check "gateway: a page by name" fetches http://www.lab.example/
check "gateway: the server saw an exit" seen_exit
check "gateway: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "gateway: 20 MB down" downloads "$DEST4" 20000000
check "gateway: 20 MB up" uploads "$DEST4" 20000000
check "gateway: a name over UDP" asks
check "gateway: a question to any server is caught" asks @192.0.2.53
check "gateway: a name over TCP, IPv6" asks +tcp "@$LAN6"
check "gateway: loaded again, it goes on" eval \
	"written && fetches http://$DEST4/"
check "gateway: nothing of its own gets out" holds

SUT_DOORS="User $SUT_USER
TransProxyType TPROXY
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0
Uplink up0"
check "TPROXY: the rules load" written
check "TPROXY: the program bootstraps" start
check "TPROXY: a page by name" fetches http://www.lab.example/
check "TPROXY: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "TPROXY: 20 MB down" downloads "$DEST4" 20000000
check "TPROXY: nothing of its own gets out" holds

ON_HOST_DNS=10.191.0.2
onhost_resolver
lab_resolver 10.191.0.2
SUT_DOORS="User $SUT_USER
FailClosed 1
TunClients br0 local
TunUndo 1
Uplink up0"
check "TUN: the rules load" written
check "TUN: the program bootstraps" start
check "TUN: a page by name" fetches http://www.lab.example/
check "TUN: a page from an IPv6 address" fetches "http://[$DEST6]/"
check "TUN: 20 MB down" downloads "$DEST4" 20000000
check "TUN: a question to any server is caught" asks @192.0.2.53
pages_of "$OTHER_USER"
check "TUN: nothing else gets out" holds
sut_stop
lab_resolver "$LAN4"
ON_HOST_DNS=127.0.0.1
onhost_resolver

probe
SUT_DOORS="User $SUT_USER
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort 127.0.0.1:$DNSPORT
DNSPort [::1]:$DNSPORT
TransClients local
Uplink up0"
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

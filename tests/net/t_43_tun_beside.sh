#!/bin/bash
# A TUN and a TransPort in one daemon: one LAN client's packets go into the one,
# the other's connections are redirected to the other.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no TUN"
	exit
fi

gate_both() {
	lab_gate tun && lab_in gw nft -f - <<-N
	table inet both {
		chain prerouting {
			type nat hook prerouting priority dstnat
			policy accept
			ip saddr != 10.9.0.12 accept
			udp dport 53 redirect to :$DNSPORT
			tcp dport 53 redirect to :$DNSPORT
			meta l4proto tcp redirect to :$TRANSPORT
		}
	}
	add rule inet gate input iifname "br0" ct status dnat accept
	N
}
# shellcheck disable=SC2034	# sut.sh uses it
start() {
	SUT_DOORS="TransPort $LAN4:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TunClients br0
TunUndo 1"
	sut_stop
	sut_wipe
	echo both >"$LAB_DIR/sut.mode"
	lab_resolver "$TUN4"
	gate_both || return 1
	sut_start
	sut_wait
}
page() { # CLIENT URL
	"$1" "${CURL[@]}" --max-time 60 "$2" >"$LAB_DIR/tmp/page"
}
# Connections that the TUN has taken, of all that there were.
by_tun() {
	sut_status | "$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["tunnels"][0]["opened"])'
}
through_tun() { # CLIENT URL
	local before
	before=$(by_tun)
	page "$@"
	echo "opened by the TUN: $before, then $(by_tun)"
	[ "$(by_tun)" -gt "$before" ]
}
not_through_tun() {
	local before
	before=$(by_tun)
	page "$@" && same "$(by_tun)" "$before"
}

lab_oracle_reset
check "the program bootstraps" start
for client in lab_lan lab_lan2; do
	check "$client: a page by name" lab_until 600 page "$client" \
		http://www.lab.example/
	check "$client: the server saw an exit" seen_exit
done
check "one client's connections come by the TUN" \
	through_tun lab_lan "http://$DEST4/"
check "the other's do not" not_through_tun lab_lan2 "http://$DEST4/"
check "20 MB down by the TUN" downloads "$DEST4" 20000000
check "20 MB up by the TUN" uploads "$DEST4" 20000000
check "relays were used" test "$(lab_count good)" -gt 0
check "nothing else was" test "$(lab_leaked)" -eq 0

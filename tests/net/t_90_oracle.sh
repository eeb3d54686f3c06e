#!/bin/bash
# What the gateway sent anywhere but to a relay: nothing; and the proof that
# the oracle would have seen it.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

# Everything but TCP and names: none of it may pass.
stimulus() {
	lab_in lan1 ping -c 2 -W 1 "$DEST4"
	lab_in lan1 ping -c 2 -W 1 "$DEST6"
	echo hello | lab_in lan1 timeout 5 bash -c "cat >/dev/udp/$DEST4/9"
	echo hello | lab_in lan1 timeout 5 bash -c "cat >/dev/udp/$DEST6/9"
	lab_in lan1 ping -c 1 -W 1 -s 3000 "$DEST4"
	lab_in lan1 timeout 5 bash -c ": >/dev/tcp/$DEST4/9"
	fetch http://www.lab.example/
	true
}
lab_oracle_reset
stimulus >/dev/null 2>&1
check "relays were used" test "$(lab_count good)" -gt 0
check "nothing else was" test "$(lab_leaked)" -eq 0

# Names, of every kind and by every way to ask for them, of which the port on the
# uplink tells: DNS, over TLS, of the link (mDNS, LLMNR), NetBIOS.  A relay's
# addresses are no exception here.
names_asked() {
	local name server
	for name in www.lab.example no-such-name.lab.example printer.local \
		singlelabel duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion
	do
		for server in "$LAN4" "$LAN6" 192.0.2.53 "$DEST4" \
			"$(relay_addr4 r1)"; do
			lab_lan dig +time=2 +tries=1 "@$server" "$name" A
			lab_lan dig +time=2 +tries=1 "@$server" "$name" HTTPS
			sut_is_tor || lab_lan dig +time=2 +tries=1 +tcp \
				"@$server" "$name" AAAA
		done
		lab_lan getent ahosts "$name"
		fetch "http://$name/" --max-time 10
	done
	other_ports lan1
} >/dev/null 2>&1
# other_ports NETNS: datagrams and connections to ports where names are asked
other_ports() {
	local port host
	for port in 53 137 853 5353 5355; do
		for host in "$DEST4" "$DEST6" "$(relay_addr4 r2)"; do
			[ "$port" != 53 ] || [ "$1" != lan1 ] || continue
			lab_in "$1" timeout 2 bash -c \
				"echo >/dev/udp/$host/$port; : >/dev/tcp/$host/$port"
		done
	done
}
no_names() {
	lab_oracle
	[ "$(lab_count names)" -eq 0 ] && [ "$(lab_count good)" -gt 0 ]
}
names_seen() { # without the program, from the gateway itself
	local rc
	oracle_zero
	other_ports gw >/dev/null 2>&1
	lab_oracle
	[ "$(lab_count names)" -ge 30 ]
	rc=$?
	lab_until 300 oracle_quiet
	oracle_zero
	return "$rc"
}
lab_oracle_reset
names_asked
check "of names that were asked, not one packet to their ports" no_names
check "nor to anywhere but relays" test "$(lab_leaked)" -eq 0

# The LAN's rules keep clients from the TransPort itself.  Where they do not,
# the program does: what was not turned around would be a connection to itself
# through the network.  The kernel takes it (how soon the reset comes decides
# what the client makes of that), the program ends it, and makes no stream of
# it.
closed_by_us() {
	local rc before
	before=$(taken)
	lab_in "$1" curl -q -sS --noproxy '*' --max-time 300 \
		"http://$2:$TRANSPORT/"
	rc=$?
	echo "curl ended with $rc; taken before: $before, now: $(taken)"
	sut_get text | grep -F "$2:$TRANSPORT" && return 1
	[ "$(taken)" -gt "$before" ] || return 1
	was_refused "$rc"
}
count_taken() {
	lab_in gw nft -f - <<-N
	table inet taken {
		chain output {
			type filter hook output priority 0
			policy accept
			tcp sport $TRANSPORT tcp flags & (syn | ack) == syn | ack counter
		}
	}
	N
}
taken() {
	lab_in gw nft list table inet taken |
		sed -n 's/.*sport.*packets \([0-9]*\) .*/\1/p'
}
open_transport() {
	count_taken && lab_in gw nft insert rule inet gate input iifname br0 \
		tcp dport "$TRANSPORT" accept
}
check "from the LAN, the rules drop it" \
	bash -c "! nsenter --net=/run/netns/lan1 curl -q -sS --max-time 5 \
		http://$LAN4:$TRANSPORT/"
check "the rules are opened" open_transport
check "a connection to the TransPort itself is closed" closed_by_us lan1 "$LAN4"
check "a connection to it is closed, IPv6" closed_by_us lan1 "[$LAN6]"
check "one from the gateway itself is closed" closed_by_us gw "$LAN4"
check "one from the gateway itself is closed, IPv6" closed_by_us gw "[$LAN6]"
lab_gate redirect

check "anti-test: the oracle sees leaks" lab_oracle_antitest
check "anti-test: it sees names" names_seen
check "and works after that" fetches http://www.lab.example/

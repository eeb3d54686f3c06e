#!/bin/bash
# Bridges: with UseBridges 1 the gateway connects to the bridges' addresses and
# to no other, whatever happens to them.
# shellcheck disable=SC2034,SC2153
. "$(dirname "$0")/check.sh"
need_lab

# Two of Debian's tor, which publish nothing; no authority has heard of them.
BRIDGES="b1 b2"
bridge_addr4() { echo "100.$((90 + ${1#b})).0.1"; }
bridge_addr6() { echo "fd00:$((90 + ${1#b}))::1"; }
bridge_fp() { cat "$LAB_DIR/tor/$1/fp"; }
bridge_line() { echo "Bridge $(bridge_addr4 "$1"):$ORPORT $(bridge_fp "$1")"; }
bridge_rc() {
	local a4 a6
	a4=$(bridge_addr4 "$1") a6=$(bridge_addr6 "$1")
	cat <<-C
	TestingTorNetwork 1
	Nickname $1
	DataDirectory $LAB_DIR/tor/$1
	Address $a4
	Address $a6
	ORPort $a4:$ORPORT
	ORPort [$a6]:$ORPORT
	OutboundBindAddress $a4
	OutboundBindAddress [$a6]
	BridgeRelay 1
	PublishServerDescriptor 0
	BridgeDistribution none
	SocksPort 0
	ExitRelay 0
	AssumeReachable 1
	SafeLogging 0
	Log notice file $LAB_DIR/log/$1
	C
	cat "$LAB_DIR/tor/dirauths"
}
# The oracle takes note of who dials them, as of all relays.
bridge_make() {
	local a4 a6
	a4=$(bridge_addr4 "$1") a6=$(bridge_addr6 "$1")
	mkdir -p "$LAB_DIR/tor/$1" && chmod 700 "$LAB_DIR/tor/$1"
	bridge_rc "$1" >"$LAB_DIR/tor/$1.rc"
	tor -f "$LAB_DIR/tor/$1.rc" --quiet --list-fingerprint |
		sed -n 's/^[^ ]* //; s/ //g; $p' >"$LAB_DIR/tor/$1/fp"
	addr net lo "$a4/32" "$a6/128"
	lab_in net nft "add element netdev oracle ok4 { $a4 . $ORPORT };" \
		"add element netdev oracle ok6 { $a6 . $ORPORT }"
	[ "$(wc -c <"$LAB_DIR/tor/$1/fp")" -eq 41 ]
}
bridge_gone() {
	local a4 a6
	a4=$(bridge_addr4 "$1") a6=$(bridge_addr6 "$1")
	lab_stop "$1" KILL
	lab_in net nft "delete element netdev oracle ok4 { $a4 . $ORPORT };" \
		"delete element netdev oracle ok6 { $a6 . $ORPORT }"
	ip -n net addr del "$a4/32" dev lo
	ip -n net addr del "$a6/128" dev lo
}
bridge_start() { lab_start_relay "$1"; }

# Whom the gateway met: names of relays and of bridges.
met() {
	local b a
	a=$(oracle_set met4; echo; oracle_set met6)
	lab_met
	for b in $BRIDGES; do
		if grep -qwF -e "$(bridge_addr4 "$b")" -e "$(bridge_addr6 "$b")" \
			<<<"$a"; then echo "$b"; fi
	done
}
met_only() { same "$(met | paste -sd' ')" "$*"; }
no_leak() {
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ]
}
# Packets that no address but theirs got, of whatever kind.
nobody_else() { met_only "$@" && no_leak; }

config() { # LINE...: for the next start; counted from now
	SUT_EXTRA=$(printf '%s\n' "$@")
	sut_stop		# whom the one before still dials does not count
	lab_oracle_reset
}
with() { config "$@" && sut_fresh; }
begun() { # LINE...: a new one that may never get ready
	config "$@"
	sut_stop
	sut_wipe
	sut_start
}
dials() { lab_count dials; }
dialled() { [ "$(dials)" -ge "$1" ]; }
dials_more() { lab_until 300 dialled "$(($(dials) + $1))"; }
says() { lab_until 300 log_has "$1"; }
log_has() { sut_log | grep -e "$1"; }
no_page() { ! fetch "http://$DEST4/" --max-time 10; }
not_ready() { ! sut_done; }

# In each circuit that is built the first relay is one of these.
begin_at() {
	local n
	n=$(sut_get paths | awk '{ print $1 }' | sort -u)
	echo "circuits begin at: $(paste -sd' ' <<<"$n"); may: $*"
	[ -n "$n" ] && ! grep -vxF "$(printf '%s\n' "$@")" <<<"$n"
}
meets_relays() {
	met
	lab_met | grep -q .
}
refuses() { # WHAT LINE...
	local what=$1
	shift
	SUT_EXTRA=$(printf '%s\n' "$@")
	lab_torrc >"$LAB_DIR/tmp/bridges.rc"
	"$LAB_SUT" --verify-config -f "$LAB_DIR/tmp/bridges.rc" \
		>"$LAB_DIR/tmp/bridges.out" 2>&1 && return 1
	cat "$LAB_DIR/tmp/bridges.out"
	grep -q "$what" "$LAB_DIR/tmp/bridges.out"
}

for b in $BRIDGES; do
	check "a bridge of its own: $b" bridge_make "$b"
done
bridge_start b1

# An oracle that sees no relay proves nothing.
check "without bridges: it bootstraps" with "UseBridges 0"
check "without bridges: a page" fetches "http://www.lab.example/"
check "without bridges: relays are met, and no bridge" meets_relays
check "without bridges: none of them" eval '! met | grep b'

check "one bridge: it bootstraps" with "UseBridges 1" "$(bridge_line b1)"
check "one bridge: a page by name" fetches "http://www.lab.example/"
check "one bridge: by an exit" seen_exit
check "one bridge: 5 MB" downloads big.lab.example 5000000
check "one bridge: circuits begin there" begin_at b1
check "one bridge: nobody else got a packet" nobody_else b1

check "killed: the bridge" lab_kill_relay b1
check "killed: it is dialled, again and again" dials_more 3
check "killed: there is no way out" no_page
check "killed: nobody else got a packet" nobody_else b1
bridge_start b1
check "back: a page" fetches "http://www.lab.example/"
check "back: nobody else got a packet" nobody_else b1
sut_is_tor || check "back: it says so" says 'bridge .* is reached again'

restarted() { lab_oracle_reset; sut_restart; }
check "restarted: it bootstraps from what it kept" restarted
check "restarted: a page" fetches "http://www.lab.example/"
check "restarted: nobody else got a packet" nobody_else b1
check "restarted: its guard is kept as a bridge" \
	grep "Guard in=bridges rsa_id=$(bridge_fp b1)" "$(sut_data)/state"

check "by IPv6: it bootstraps" with "UseBridges 1" \
	"Bridge [$(bridge_addr6 b1)]:$ORPORT $(bridge_fp b1)"
check "by IPv6: a page" fetches "http://www.lab.example/"
check "by IPv6: nobody else got a packet" nobody_else b1

# b2 does not run; it is asked again and again, and harms nobody.
check "two, one is dead: it bootstraps" with "UseBridges 1" \
	"$(bridge_line b2)" "$(bridge_line b1)"
check "two, one is dead: a page" fetches "http://www.lab.example/"
check "two, one is dead: circuits begin at the other" begin_at b1
check "two, one is dead: nobody else got a packet" nobody_else b1 b2
bridge_start b2
both_up() { [ "$(sut_get guards | grep -cx 'b[12]')" -eq 2 ]; }
check "two: the other is used once it lives" lab_until 600 both_up
check "two: the first is gone" lab_kill_relay b1
check "two: a page by the other" fetches "http://www.lab.example/"
check "two: nobody else got a packet" nobody_else b1 b2
bridge_start b1

# Whoever is at that address is not the bridge that was named.
begun "UseBridges 1" \
	"Bridge $(bridge_addr4 b1):$ORPORT $(relay_fp r1)"
check "another's fingerprint: it is dialled, again and again" dials_more 4
check "another's fingerprint: it does not bootstrap" not_ready
check "another's fingerprint: there is no way out" no_page
check "another's fingerprint: nobody else got a packet" nobody_else b1
if ! sut_is_tor; then
	check "another's fingerprint: it says so" \
		says 'bridge \$.*another relay than the fingerprint says'
	check "another's fingerprint: so does its status" eval \
		'sut_get text | tee /dev/stderr | grep "another relay than"'
	check "a transport is refused" refuses "'obfs4' is a pluggable" \
		"UseBridges 1" "Bridge obfs4 192.0.2.1:443 $(bridge_fp b1)"
	check "UseBridges without a Bridge is refused" \
		refuses "wants Bridge" "UseBridges 1"
fi

# In force, the rules hold the bridge's address and no other, and that is all that
# the program has them let out.
closed() { # LINE...
	config "$@"
	sut_stop
	sut_wipe
	lab_gate off
	SUT_USER=nobody
	SUT_DOORS="User $SUT_USER
FailClosed 1
TransPort $LAN4:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0
Uplink up0"
	echo closed >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
relays_in_set() {
	local table
	for table in inet netdev; do
		lab_in gw nft list set "$table" onion_transparent relays4
	done | grep -Eo '[0-9]+[.][0-9.]+ [.] [0-9]+' | sort -u
}
set_is() { # ADDRESS...: with the port of all
	same "$(relays_in_set | paste -sd' ')" \
		"$(printf "%s . $ORPORT\n" "$@" | paste -sd' ')"
}
set_has_others() { relays_in_set | grep -F "$(relay_addr4 a1) . $ORPORT"; }
opened() {
	sut_stop
	lab_in gw "$LAB_SUT" firewall open --yes-let-everything-out \
		--without-asking -f "$LAB_DIR/sut.rc" &&
		! lab_in gw nft list ruleset | grep .
}
if ! sut_is_tor; then
	check "closed, no bridges: it bootstraps" closed "UseBridges 0"
	check "closed, no bridges: the rules know authorities" set_has_others
	check "closed, no bridges: opened, no rule is left" opened
	check "closed: it bootstraps" closed "UseBridges 1" "$(bridge_line b1)"
	check "closed: a page by name" fetches "http://www.lab.example/"
	check "closed: the rules know the bridge and no other" \
		set_is "$(bridge_addr4 b1)"
	check "closed: nobody else got a packet" nobody_else b1
	check "closed: opened, no rule is left" opened
	check "closed: opened, it forwards as before" same 1 \
		"$(lab_in gw sysctl -n net.ipv4.ip_forward)"
	SUT_DOORS='' SUT_USER=''
fi

SUT_EXTRA=''
check "the program bootstraps without bridges" sut_fresh
# Now that their last packets have come, the oracle can forget them.
for b in $BRIDGES; do bridge_gone "$b"; done

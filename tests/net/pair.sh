# shellcheck shell=bash disable=SC2034
# tests/net/pair.sh - two gateways on one LAN, each with a daemon, keepalived and
# an uplink of its own
#
# Sourced by a test after check.sh.
#
#   c1 10.8.0.11 ─┐            ┌ lan0 [a] up0 ── wana ┐
#                 ├ br0 [sw] ──┤                      ├ [net]
#   rt 10.8.0.4 ──┘            └ lan0 [b] up0 ── wanb ┘
#   └ eth0 ── c2 10.7.0.101 ..                   oracle on both
#
# The gateways have 10.8.0.2 and .3, and 10.8.0.1 has one of them.  The oracle is
# as that of gate.sh, for each uplink: what is no relay's is a leak, and counted
# beside it where it is VRRP.

VIRT=10.8.0.1 VIRT6=fd09:8::1
PAIR_USER=nobody PAIR_TREE=$LAB_SRC/../..
PAIR_APPLIANCE=$PAIR_TREE/initramfs/root/lib/appliance
PAIR_NS=(a b sw rt c1 c2)

pair_own() { case $1 in a) echo 10.8.0.2 ;; b) echo 10.8.0.3 ;; esac; }
pair_own6() { case $1 in a) echo fd09:8::2 ;; b) echo fd09:8::3 ;; esac; }
pair_other() { case $1 in a) echo b ;; b) echo a ;; esac; }
pair_up4() { case $1 in a) echo 198.51.101.2 ;; b) echo 198.51.102.2 ;; esac; }
pair_up6() { case $1 in a) echo 2001:db8:101::2 ;; b) echo 2001:db8:102::2 ;; esac; }

# ---- namespaces -------------------------------------------------------------

pair_netns() {
	local n
	for n in "${PAIR_NS[@]}"; do
		netns "$n" || return 1
	done
	lab_in rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n sw link add br0 type bridge
	ip -n sw link set br0 up
}
pair_plug() { # NETNS DEVICE: into the switch
	link "$1" "$2" sw "to_$1"
	ip -n sw link set "to_$1" master br0
}
pair_links() {
	local g
	for g in a b; do
		pair_plug "$g" lan0
		link "$g" up0 net "wan$g"
		addr "$g" lan0 "$(pair_own "$g")/24" "$(pair_own6 "$g")/64"
		addr "$g" up0 "$(pair_up4 "$g")/24" "$(pair_up6 "$g")/64"
		addr net "wan$g" "$(pair_up4 "$g" | sed 's/2$/1/')/24" \
			"$(pair_up6 "$g" | sed 's/2$/1/')/64"
		pair_routes "$g"
	done
	pair_plug c1 eth0
	addr c1 eth0 10.8.0.11/24 fd09:8::11/64
	route c1 default "$VIRT"
	route c1 ::/0 "$VIRT6"
	pair_plug rt lan0
	addr rt lan0 10.8.0.4/24 fd09:8::4/64
	link c2 eth0 rt eth0
	addr rt eth0 10.7.0.1/24 fd09:7::1/64
	addr c2 eth0 10.7.0.2/24 fd09:7::2/64
	route c2 default 10.7.0.1
	route c2 ::/0 fd09:7::1
}
pair_routes() { # GATEWAY: the ways to the world and to what is behind rt
	ip -n "$1" route replace default via "$(pair_up4 "$1" | sed 's/2$/1/')"
	ip -n "$1" -6 route replace default \
		via "$(pair_up6 "$1" | sed 's/2$/1/')"
	ip -n "$1" route replace 10.7.0.0/24 via 10.8.0.4
	ip -n "$1" -6 route replace fd09:7::/64 via fd09:8::4
}
# pair_resolver ADDRESS: a client that asks again soon
pair_resolver() {
	printf 'nameserver %s\noptions timeout:1 attempts:30\n' "$1" \
		>"$LAB_DIR/resolv.pair"
}
pair_in() { lab_in_as resolv.pair "$@"; }
pair_down() {
	local n
	for n in a b; do
		pair_power_off "$n"
		lab_in net nft delete table netdev "oracle_$n"
	done
	# at once: a namespace's own links go some time after it
	for n in a b; do ip -n net link del "wan$n"; done
	for n in "${PAIR_NS[@]}"; do ip netns del "$n"; done
	rm -rf "$LAB_DIR/pair"
} 2>/dev/null

# ---- the oracles -------------------------------------------------------------

# PAIR_MAY: a rule of what else may leave
pair_oracle() { # GATEWAY
	lab_in net nft -f - <<-N
	table netdev oracle_$1 {
		counter good { }
		counter leak { }
		counter vrrp { }
		set ok4 {
			type ipv4_addr . inet_service
			elements = { $(oracle_ok 4) }
		}
		set ok6 {
			type ipv6_addr . inet_service
			elements = { $(oracle_ok 6) }
		}
		set met4 {
			type ipv4_addr
			flags dynamic
			size 1024
		}
		set leaks {
			type ipv4_addr . inet_proto . inet_service
			flags dynamic
			size 1024
		}
		chain c_in {
			type filter hook ingress device "wan$1" priority -500
			policy accept
			ether type arp accept
			icmpv6 type { 135, 136, 143 } accept
			ip saddr $(pair_up4 "$1") ip daddr . tcp dport @ok4 counter name good add @met4 { ip daddr } accept
			ip6 saddr $(pair_up6 "$1") ip6 daddr . tcp dport @ok6 counter name good accept
			${PAIR_MAY-}
			meta l4proto 112 counter name vrrp
			add @leaks { ip daddr . meta l4proto . th dport }
			counter name leak accept
		}
	}
	N
}
pair_count() { # GATEWAY COUNTER
	lab_in net nft list counter netdev "oracle_$1" "$2" |
		awk '$1 == "packets" { print $2 }'
}
pair_zero() {
	local g
	for g in a b; do
		lab_in net nft reset counters table netdev "oracle_$g"
		lab_in net nft flush set netdev "oracle_$g" met4
	done >/dev/null
}
pair_met() { # GATEWAY: relays that it spoke to since
	local at
	for at in $(lab_in net nft list set netdev "oracle_$1" met4 |
		grep -oE '[0-9]+(\.[0-9]+){3}'); do
		relay_at "$at"
	done | sort -u
}
pair_tight() { # nothing of either got out but to relays
	local g rc=0
	for g in a b; do
		echo "$g: $(pair_count "$g" good) to relays," \
			"$(pair_count "$g" leak) leaked, of them" \
			"$(pair_count "$g" vrrp) of VRRP"
		[ "$(pair_count "$g" leak)" -eq 0 ] || rc=1
		lab_in net nft list set netdev "oracle_$g" leaks |
			sed -n '/elements/,/}/p'
	done
	return "$rc"
}

# ---- the gateways ------------------------------------------------------------

# pair_doors: how LANs are taken, and names; the rest is the same for all
: "${PAIR_DOORS:=TransClients lan0
TransPort 0.0.0.0:$TRANSPORT
TransPort [::]:$TRANSPORT
DNSPort 0.0.0.0:$DNSPORT
DNSPort [::]:$DNSPORT}"

pair_torrc() { # GATEWAY
	cat <<-C
	TestingTorNetwork 1
	DataDirectory $LAB_DIR/pair/$1
	SafeLogging 0
	Log notice stdout
	SocksPort 0
	RunSocket 0
	User $PAIR_USER
	FailClosed 1
	Uplink up0
	FirewallAllow in lan0 vrrp 10.8.0.0/24
	AutomapHostsOnResolve 1
	AutomapHostsSuffixes .onion,.exit,.many.lab.example
	C
	echo "$PAIR_DOORS"
	cat "$LAB_DIR/tor/dirauths"
}
pair_daemon() { # GATEWAY
	local d=$LAB_DIR/pair/$1
	mkdir -p "$d"
	chmod 700 "$d"
	chown "$PAIR_USER:" "$d"
	pair_torrc "$1" >"$d.rc"
	: >"$LAB_DIR/log/daemon.$1.out"
	lab_spawn "daemon.$1" "$1" "$LAB_SUT" -f "$d.rc"
}
pair_done() { grep -q 'Bootstrapped 100%' "$LAB_DIR/log/daemon.$1.out"; }
pair_vrrp_conf() { # GATEWAY PRIORITY
	sh "$PAIR_APPLIANCE/vrrp-conf" lan0 up0 51 "$2" "$PAIR_USER" \
		"$LAB_DIR/pair/vrrp-serves $LAB_DIR/pair/program $LAB_DIR/pair/$1.rc" \
		"$VIRT/24" "$VIRT6/64"
}
pair_vrrp() { # GATEWAY PRIORITY
	local d=$LAB_DIR/pair/$1
	pair_vrrp_conf "$@" >"$d.keepalived"
	: >"$LAB_DIR/log/vrrp.$1.out"
	lab_spawn "vrrp.$1" "$1" keepalived --dont-fork --vrrp --log-console \
		--use-file="$d.keepalived" --pid="$d.pid" \
		--vrrp_pid="$d.vrrp.pid"
}
pair_status() { # GATEWAY WHAT
	lab_in "$1" "$LAB_SUT" status --json -f "$LAB_DIR/pair/$1.rc" |
		"$PYTHON" "$LAB_SRC/status.py" get "$2"
}

has_virtual() { # GATEWAY: it, and by both families
	ip -n "$1" addr show dev lan0 | grep -qF " $VIRT/" &&
		ip -n "$1" addr show dev lan0 | grep -qF " $VIRT6/"
}
has_alone() { # GATEWAY: it has them, and the other has not
	has_virtual "$1" && ! has_virtual "$(pair_other "$1")"
}
master() {
	local g
	for g in a b; do ! has_virtual "$g" || echo "$g"; done
}
one_master() { [ "$(master | wc -l)" -eq 1 ]; }

# pair_kill GATEWAY: each of the daemon's processes, at once
pair_processes() { # PID
	local p
	echo "$1"
	for p in $(pgrep -P "$1"); do pair_processes "$p"; done
}
pair_kill() {
	local all
	all=$(pair_processes "$(lab_pid "daemon.$1")")
	# shellcheck disable=SC2086
	kill -KILL $all
	rm -f "$LAB_DIR/pid/daemon.$1"
}
# pair_power_off GATEWAY: as a power cut
pair_power_off() {
	local p
	ip -n sw link set "to_$1" down
	ip -n net link set "wan$1" down
	for p in $(ip netns pids "$1"); do kill -KILL "$p" 2>/dev/null; done
	rm -f "$LAB_DIR/pid/daemon.$1" "$LAB_DIR/pid/vrrp.$1"
	lab_until 60 pair_empty "$1"
}
pair_empty() { [ -z "$(ip netns pids "$1")" ]; }
# pair_power_on GATEWAY PRIORITY: from nothing but its disk
pair_power_on() {
	lab_in "$1" nft flush ruleset
	ip -n "$1" addr flush dev lan0 scope global
	addr "$1" lan0 "$(pair_own "$1")/24" "$(pair_own6 "$1")/64"
	pair_daemon "$1"
	lab_until 120 pair_said "$1" "$PAIR_CLOSED" || return
	ip -n sw link set "to_$1" up
	ip -n net link set "wan$1" up
	pair_routes "$1"
	pair_vrrp "$1" "$2"
}
pair_said() { grep -qF "$2" "$LAB_DIR/log/daemon.$1.out"; }
PAIR_CLOSED="FailClosed 1: the firewall's rules are in force"

# pair_up: all of it; a has the higher priority
pair_up() {
	local g
	mkdir -p "$LAB_DIR/pair"
	chmod 755 "$LAB_DIR/pair"
	# keepalived runs it as another user, for whom the tree may be closed
	cp "$PAIR_APPLIANCE/vrrp-serves" "$LAB_DIR/pair/"
	cp "$LAB_SUT" "$LAB_DIR/pair/program"
	chmod 755 "$LAB_DIR"/pair/{vrrp-serves,program}
	{ pair_netns && pair_links && pair_oracle a && pair_oracle b; } ||
		return
	pair_resolver "$VIRT"
	for g in a b; do pair_daemon "$g"; done
	pair_vrrp a 150
	pair_vrrp b 100
}

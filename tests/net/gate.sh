# shellcheck shell=bash
# tests/net/gate.sh - the gateway's rules and the oracle (part of lab.sh)
#
# The oracle sits in [net], at the ingress of the gateway's uplink, before
# everything else: what the gateway sends is counted whatever it does to its
# own tables, packet sockets included.
#	good	to a relay's OR or directory port
#	leak4	any other IPv4	leak6	any other IPv6
#	link	ARP and neighbour discovery, which any Ethernet needs
#	names	of all those, what goes to a port where names are asked
# `met` remembers every relay that was connected to, `leaks` where the leaked
# packets wanted to go.

oracle_ok() {	# FAMILY: elements "address . port"
	local n
	for n in $(lab_nodes); do
		echo "$("relay_addr$1" "$n") . $ORPORT,"
		case $1$n in
		4a*) echo "$(relay_addr4 "$n") . $DIRPORT," ;;
		esac
	done
}

# oracle_sets: who was met, and where what leaked wanted to go
oracle_sets() {
	cat <<-N
	set met4 {
		type ipv4_addr . inet_service
		flags dynamic
		size 1024
	}
	set met6 {
		type ipv6_addr . inet_service
		flags dynamic
		size 1024
	}
	set leaks4 {
		type ipv4_addr . inet_proto . inet_service
		flags dynamic
		size 1024
	}
	set leaks6 {
		type ipv6_addr . inet_proto . inet_service
		flags dynamic
		size 1024
	}
	N
}

lab_oracle_up() {
	lab_in net nft -f - <<-N
	table netdev oracle {
		counter dials { }
		counter good { }
		counter leak4 { }
		counter leak6 { }
		counter link { }
		counter names { }
		set ok4 {
			type ipv4_addr . inet_service
			elements = { $(oracle_ok 4) }
		}
		set ok6 {
			type ipv6_addr . inet_service
			elements = { $(oracle_ok 6) }
		}
		$(oracle_sets)
		chain c_in {
			type filter hook ingress device "wan" priority -500
			policy accept
			ether type arp counter name link accept
			icmpv6 type { 135, 136, 143 } counter name link accept
			meta l4proto { tcp, udp } th dport { 53, 137, 853, 5353, 5355 } counter name names
			ip saddr $UP4 ip daddr . tcp dport @ok4 jump good4
			ip6 saddr $UP6 ip6 daddr . tcp dport @ok6 jump good6
			ether type ip6 counter name leak6 jump bad6
			counter name leak4 jump bad4
		}
		chain good4 {
			counter name good
			tcp flags & (syn | ack) == syn counter name dials add @met4 { ip daddr . tcp dport }
			accept
		}
		chain good6 {
			counter name good
			tcp flags & (syn | ack) == syn counter name dials add @met6 { ip6 daddr . tcp dport }
			accept
		}
		chain bad4 {
			add @leaks4 { ip daddr . meta l4proto . th dport }
			accept
		}
		chain bad6 {
			add @leaks6 { ip6 daddr . meta l4proto . th dport }
			accept
		}
	}
	N
}

# lab_oracle: "good=N leak4=N leak6=N link=N names=N"
lab_oracle() {
	lab_in net nft list counters table netdev oracle | awk '
		$1 == "counter" { name = $2 }
		$1 == "packets" { printf "%s%s=%s", sep, name, $2; sep = " " }
		END { print "" }'
}

# lab_count NAME: one counter.  lab_leaked: packets gone astray.
lab_count() { lab_oracle | tr ' ' '\n' | sed -n "s/^$1=//p"; }
lab_leaked() { echo "$(($(lab_count leak4) + $(lab_count leak6)))"; }

# lab_oracle_reset: begin to count anew; what leaked is not forgotten.
lab_oracle_reset() {
	lab_leaked >>"$LAB_DIR/log/leaked"
	lab_leaks >>"$LAB_DIR/log/leaks"
	oracle_zero
}
# lab_leaked_ever: all leaked packets since lab_up
lab_leaked_ever() {
	lab_leaked | cat - "$LAB_DIR/log/leaked" 2>/dev/null |
		awk '{ n += $1 } END { print n + 0 }'
}
oracle_zero() {
	local s
	lab_in net nft reset counters table netdev oracle >/dev/null
	for s in met4 met6 leaks4 leaks6; do
		lab_in net nft flush set netdev oracle "$s"
	done
}

oracle_set() {
	lab_in net nft list set netdev oracle "$1" | tr -d '\n\t' |
		sed -n 's/.*elements = {\([^}]*\)}.*/\1/p' | tr ',' '\n'
}

# lab_met: names of the relays that the gateway connected to since the reset
lab_met() {
	local a
	for a in $(oracle_set met4 | awk '{ print $1 }') \
		$(oracle_set met6 | awk '{ print $1 }'); do
		relay_at "$a"
	done | sort -u
}

# lab_leaks: where leaked packets were going, "address . protocol . port"
lab_leaks() {
	{ oracle_set leaks4; echo; oracle_set leaks6; } |
		sed 's/^ *//; s/ *$//; /^$/d'
}

# lab_oracle_antitest: an oracle that cannot see a leak proves nothing.  Leak
# on purpose, from the gateway and from the LAN with the rules taken away,
# in both families, and demand that each is seen and would have worked.
lab_oracle_antitest() {
	local old=${1:-redirect} rc=0 where url
	lab_oracle_reset
	lab_gate off
	for where in gw lan1; do
		for url in "http://$DEST4/" "http://[$DEST6]/"; do
			oracle_zero
			lab_in "$where" curl -qsf --max-time 60 --noproxy '*' \
				"$url" >/dev/null || rc=1
			case $url in
			*"$DEST4"*) [ "$(lab_count leak4)" -gt 3 ] || rc=1 ;;
			*) [ "$(lab_count leak6)" -gt 3 ] || rc=1 ;;
			esac
			[ -n "$(lab_leaks)" ] || rc=1
		done
	done
	lab_gate "$old"
	# the last packets of those connections must not count against others
	lab_until 300 oracle_quiet
	oracle_zero
	return "$rc"
}

oracle_quiet() {
	oracle_zero
	sleep 1
	[ "$(lab_leaked)" -eq 0 ]
}

# lab_uplink off|on: a dark uplink.  Packets vanish after they were counted.
lab_uplink() {
	if [ "$1" = on ]; then
		lab_in net nft delete table netdev dark
		return
	fi
	lab_in net nft -f - <<-N
	table netdev dark {
		chain c_in {
			type filter hook ingress device "wan" priority 0
			policy drop
			ether type arp accept
			icmpv6 type { 135, 136 } accept
		}
	}
	N
}

# ---- the gateway's own rules -----------------------------------------------

# lab_gate redirect|tproxy|tun|off.  Example rules for a gateway: TCP and names
# from the LAN go to the program, nothing else from the LAN goes anywhere.
# The gateway's own output is not filtered: what the program under test might
# let out must arrive at the oracle.
lab_gate() {
	lab_in gw nft flush ruleset
	gate_tproxy_routes "$1"
	case $1 in
	off) return 0 ;;
	redirect) gate_redirect | lab_in gw nft -f - ;;
	tproxy) gate_tproxy | lab_in gw nft -f - ;;
	tun) gate_tun | lab_in gw nft -f - ;;
	*) lab_die "lab_gate $1?" ;;
	esac
}

gate_filter() {
	cat <<-N
		chain input {
			type filter hook input priority filter
			policy drop
			iifname "lo" accept
			icmpv6 type { 135, 136 } accept
			iifname "up0" ct state established,related accept
			iifname "br0" ct status dnat tcp dport { $TRANSPORT, $DNSPORT } accept
			iifname "br0" ct status dnat udp dport $DNSPORT accept
			iifname "br0" tcp dport { $SOCKSPORT, $HTTPPORT } accept
			iifname "br0" meta mark 1 accept
		}
		chain forward {
			type filter hook forward priority filter
			policy drop
		}
	N
}

gate_names() {
	cat <<-N
			iifname "br0" udp dport 53 redirect to :$DNSPORT
			iifname "br0" tcp dport 53 redirect to :$DNSPORT
	N
}

gate_redirect() {
	cat <<-N
	table inet gate {
		chain prerouting {
			type nat hook prerouting priority dstnat
			policy accept
			$(gate_names)
			$(gate_proxies)
			iifname "br0" meta l4proto tcp redirect to :$TRANSPORT
		}
		$(gate_filter)
	}
	N
}

gate_tproxy() {
	cat <<-N
	table inet gate {
		chain names {
			type nat hook prerouting priority dstnat
			policy accept
			$(gate_names)
		}
		chain divert {
			type filter hook prerouting priority mangle
			policy accept
			iifname != "br0" accept
			tcp dport 53 accept
			$(gate_proxies)
			meta nfproto ipv4 meta l4proto tcp tproxy ip to 127.0.0.1:$TRANSPORT meta mark set 1
			meta nfproto ipv6 meta l4proto tcp tproxy ip6 to [::1]:$TRANSPORT meta mark set 1
		}
		$(gate_filter)
		chain errors {	# about clients that are gone; as in the manual
			type filter hook output priority filter
			policy accept
			oifname { "lo", "br0" } accept
			icmp type { destination-unreachable, time-exceeded } drop
			icmpv6 type { destination-unreachable, time-exceeded } drop
		}
	}
	N
}

# Who speaks to the proxies is left alone.
gate_proxies() {
	cat <<-N
			iifname "br0" ip daddr $LAN4 tcp dport { $SOCKSPORT, $HTTPPORT } accept
			iifname "br0" ip6 daddr $LAN6 tcp dport { $SOCKSPORT, $HTTPPORT } accept
	N
}

# The TUN needs no rules: its routes take all that is to be forwarded.  None of
# these says what may leave, so that the oracle tells what those are worth.
gate_tun() {
	cat <<-N
	table inet gate {
		chain input {
			type filter hook input priority filter
			policy drop
			iifname "lo" accept
			icmpv6 type { 135, 136 } accept
			iifname "up0" ct state established,related accept
			iifname "br0" tcp dport { $SOCKSPORT, $HTTPPORT } accept
			iifname { "br0", "ot0" } icmp type echo-request accept
			iifname { "br0", "ot0" } icmpv6 type echo-request accept
		}
	}
	N
}

# What tproxy marked is delivered here, whatever its destination.
gate_tproxy_routes() {
	local f
	for f in -4 -6; do
		ip "$f" -n gw rule del fwmark 1 lookup 100 2>/dev/null
		ip "$f" -n gw route flush table 100 2>/dev/null
		[ "$1" = tproxy ] || continue
		ip "$f" -n gw rule add fwmark 1 lookup 100
		ip "$f" -n gw route add local default dev lo table 100
	done
}

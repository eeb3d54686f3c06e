#!/bin/bash
# Rows A, C and D16 of the catalogue of leaks (docs/catalogue.md), each against
# the program with FailClosed 1: as a LAN's gateway by REDIRECT, by TPROXY and
# with a TUN, as a workstation by REDIRECT and with a TUN, each once with IPv4 and
# IPv6, and once with IPv4 only (while the uplink has IPv6: what leaks is seen).
# First all of it without the program, where every row has to leak.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
need_lab
if sut_is_tor; then
	skip "tor has no rules"
	exit
fi
CATALOGUE=$LAB_SRC/catalogue.py
RAW=$LAB_SRC/../platform/fwraw.py
export PYTHONDONTWRITEBYTECODE=1
RELAY4=$(relay_addr4 r1) RELAY6=$(relay_addr6 r1)
# Rows that are frames of a LAN's client (catalogue.py)
LAN_ROWS=("A01 all protocols" "A02 all ports" "A03 all flags"
	"A04 what goes by UDP" "A05 every ICMP" "A06 names asked elsewhere"
	"A08 of the link" "A11 fragments" "A12 options and headers"
	"A13 forged and impossible addresses" "A14 packets in packets"
	"A15 IPv6 by other ways" "A18 relays' addresses" "A24 few hops")

cat_() { # NETNS WORDS...
	local ns=$1
	shift
	lab_in "$ns" "$PYTHON" "$CATALOGUE" "$@"
}
mac() { ip -n "$1" link show "$2" | awk '/ether/ { print $2 }'; }

# ---- the oracle -------------------------------------------------------------
# Beside the lab's, which takes ARP for no leak and knows one uplink: whom ARP
# tells of what, connections to relays that are not the program's, and whatever
# comes over the second uplink.

second_oracle() {
	lab_in net nft -f - <<-N
	table netdev rows {
		counter arps { }
		counter strangers { }
		counter second { }
		counter nd { }
		chain c_wan {
			type filter hook ingress device "wan" priority -600
			policy accept
			arp saddr ip != $UP4 counter name arps
			arp operation request arp daddr ip != { 198.51.100.1, $UP4 } counter name arps
			tcp sport 20600-20699 counter name strangers
			icmpv6 type { 133, 135, 136, 143 } counter name nd
		}
		chain c_wan2 {
			type filter hook ingress device "wan2" priority -600
			policy accept
			ether type arp accept
			icmpv6 type { 133, 135, 136, 143 } accept
			counter name second
		}
	}
	N
}
rows_count() {
	lab_in net nft list counter netdev rows "$1" |
		awk '/packets/ { print $2 }'
}
rows_zero() { lab_in net nft reset counters table netdev rows >/dev/null; }
# All that is a leak, by any of them.
gone() {
	local arps=0
	[ -n "$arp_too" ] || arps=$(rows_count arps)
	echo "$(($(lab_leaked) + arps + $(rows_count strangers) + \
		$(rows_count second)))"
}
closed='' late=0	# the rules are in force; what left between two rows
zero() {
	[ -z "$closed" ] || late=$((late + $(gone)))
	oracle_zero
	rows_zero
}
arp_too=	# may leave, as what is set makes others' frames ours
# tight CMD...: nothing gets out of what it does
tight() {
	zero
	"$@" || return
	[ "$(gone)" -eq 0 ] && return
	lab_oracle
	lab_leaks
	lab_in net nft list counters table netdev rows
	return 1
}
# leaks CMD...: without the program it would
leaks() {
	local rc
	zero
	"$@" && lab_until 60 leaked
	rc=$?
	oracle_zero
	return "$rc"
}
leaked() { [ "$(gone)" -gt 0 ]; }

# ---- the links --------------------------------------------------------------

# A second uplink that nobody named; a bridge for what should not be.
second_link() {
	link gw up2 net wan2
	ip -n gw link set up2 down
	addr net wan2 198.51.101.1/24 2001:db8:101::1/64
}
quiet_addresses() { # to which nothing is under way
	addr lan1 eth0 10.9.0.77/24 fd09:9::77/64
	addr lan2 eth0 10.9.0.78/24 fd09:9::78/64
}
second_up() {
	ip -n gw link set up2 up
	addr gw up2 198.51.101.2/24 2001:db8:101::2/64
	ip -n gw route replace "$DEST4/32" via 198.51.101.1 dev up2
	ip -n gw -6 route replace "$DEST6/128" via 2001:db8:101::1 dev up2
}
second_down() {
	ip -n gw addr flush dev up2
	ip -n gw link set up2 down
}
uplink_again() { # as lab_links made it
	ip -n gw addr replace "$UP4/24" dev up0
	ip -n gw addr replace "$UP6/64" dev up0 nodad
	ip -n gw link set up0 up
	ip -n gw route replace default via 198.51.100.1 dev up0
	ip -n gw -6 route replace ::/0 via 2001:db8:100::1 dev up0
}

# ---- stimuli ----------------------------------------------------------------

throw() { # ROW...
	local rows
	rows=$(cat_ lan1 throw "$@" eth0 "$(mac gw br0)" "$RELAY4" "$RELAY6") &&
		! grep ' 0$' <<<"$rows"
}
frames_() { cat_ lan1 frame eth0 "$(mac gw br0)" "10.9.0.11" "$DEST4" &&
	cat_ lan1 frame eth0 "$(mac gw br0)" "fd09:9::11" "$DEST6"; }
own_any() {
	lab_in gw setpriv --reuid "$OTHER_USER" \
		--regid "$(id -g "$OTHER_USER")" --clear-groups "$PYTHON" \
		"$LAB_DIR/tmp/catalogue.py" own 1 "$RELAY4" "$RELAY6"
}
own_root() { cat_ gw own 0 "$RELAY4" "$RELAY6"; }
own_all() { own_any && own_root; }
everything() { frames_ && own_all; }

# hold NAME NETNS HOST...: connections whose bytes are told by signals
hold() {
	local name=$1 ns=$2
	shift 2
	rm -f "$LAB_DIR/log/$name.out"
	lab_spawn "$name" "$ns" "$PYTHON" "$CATALOGUE" hold "$@"
	lab_until 600 grep -q ready "$LAB_DIR/log/$name.out"
}
held() { # NAME SIGNAL WORD
	local before
	before=$(grep -c "$3" "$LAB_DIR/log/$1.out")
	kill "-$2" "$(lab_pid "$1")"
	lab_until 60 eval \
		"[ \$(grep -c $3 $LAB_DIR/log/$1.out) -gt $before ]"
}
held_send() { for n in "$@"; do held "$n" USR1 sent || return; done; }
held_close() {
	for n in "$@"; do held "$n" USR2 closed || return; done
	for n in "$@"; do lab_stop "$n" KILL; done
}
forget() { same "$(lab_in gw "$PYTHON" "$RAW" forget)" forgotten; }

# spawned NAME NETNS WORDS...: one that says "ready"; told NAME: what it says at
# its end
spawned() {
	local name=$1 ns=$2
	shift 2
	rm -f "$LAB_DIR/log/$name.out"
	lab_spawn "$name" "$ns" "$PYTHON" "$CATALOGUE" "$@"
	lab_until 60 grep -q ready "$LAB_DIR/log/$name.out"
}
told() {
	lab_stop "$1"
	sed 1d "$LAB_DIR/log/$1.out"
}

# A17: the uplink says that others' networks are its own
on_link() { # CMD...
	local rc
	ip -n gw addr add 203.0.113.66/24 dev up0
	ip -n gw addr add 10.9.0.200/25 dev up0
	ip -n gw -6 addr add 2001:db8:80::66/64 dev up0 nodad
	ip -n gw route add 192.0.2.0/24 dev up0
	"$@"
	rc=$?
	ip -n gw addr del 203.0.113.66/24 dev up0
	ip -n gw addr del 10.9.0.200/25 dev up0
	ip -n gw -6 addr del 2001:db8:80::66/64 dev up0
	ip -n gw route del 192.0.2.0/24 dev up0
	return "$rc"
}
claimed() {
	everything &&
		cat_ lan1 frame eth0 "$(mac gw br0)" 10.9.0.11 10.9.0.99 &&
		cat_ lan1 frame eth0 "$(mac gw br0)" 10.9.0.11 192.0.2.1
}

# A26: what somebody else sets
set_forward() {
	lab_in gw sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	frames_
}
set_proxy_arp() {
	lab_in gw sysctl -qw net.ipv4.conf.all.proxy_arp=1 \
		net.ipv4.conf.up0.proxy_arp=1
	lab_until 60 no_proxy_arp
	arps_for
}
no_proxy_arp() {
	[ "$(lab_in gw cat /proc/sys/net/ipv4/conf/{all,up0}/proxy_arp |
		tr -d '\n')" = 00 ]
}
arps_for() { # the net asks for the LAN's hosts
	local a
	for a in 10.9.0.11 10.9.0.1 10.191.0.1; do
		lab_in net "$PYTHON" "$RAW" frames wan ff:ff:ff:ff:ff:ff arp \
			198.51.100.1 "$a"
	done
}
with_table() { # NAME TEXT: others' rules
	lab_in gw nft -f - <<<"$2" || return
	frames_ && own_any
	local rc=$?
	lab_in gw nft delete table "$1"
	return "$rc"
}
set_flowtable() {
	with_table "inet ft" 'table inet ft {
		flowtable f { hook ingress priority 0; devices = { "br0", "up0" }; }
		chain c {
			type filter hook forward priority -10; policy accept;
			meta l4proto { tcp, udp } flow add @f
		}
	}'
}
has_flowtable() {
	with_table "inet ft" "table inet ft {
		flowtable f { hook ingress priority 0; devices = { br0 }; }
	}"
} >/dev/null 2>&1
set_notrack() {
	with_table "inet nt" 'table inet nt {
		chain p { type filter hook prerouting priority -400; notrack; }
		chain o { type filter hook output priority -400; notrack; }
	}'
}
set_fwd() { # past IP, from a LAN's port
	with_table "netdev fw" 'table netdev fw {
		chain c {
			type filter hook ingress device "p1" priority -10; policy accept;
			fwd to "up0"
		}
	}'
}
set_docker() {
	lab_in gw sysctl -qw net.ipv4.ip_forward=1
	with_table "ip dk" 'table ip dk {
		chain f {
			type filter hook forward priority -20; policy accept;
			accept
		}
		chain o {
			type filter hook output priority -20; policy accept;
			accept
		}
		chain p {
			type nat hook postrouting priority 100; policy accept;
			masquerade
		}
	}'
}
set_bridge_nf() {
	local s=net.bridge.bridge-nf-call rc
	lab_in gw sysctl -qew $s-iptables=1 $s-ip6tables=1 $s-arptables=1
	frames_
	rc=$?
	lab_in gw sysctl -qew $s-iptables=0 $s-ip6tables=0 $s-arptables=0
	return "$rc"
}

# A27
second_appears() {
	local rc
	second_up
	everything
	rc=$?
	second_down
	return "$rc"
}
vlan_appears() {
	local rc
	ip -n gw link add link up0 name up0.7 type vlan id 7
	ip -n gw addr add 198.51.107.2/24 dev up0.7
	ip -n gw -6 addr add 2001:db8:107::2/64 dev up0.7 nodad
	ip -n gw link set up0.7 up
	ip -n gw neigh add 198.51.107.1 lladdr "$(mac net wan)" dev up0.7
	ip -n gw neigh add 2001:db8:107::1 lladdr "$(mac net wan)" dev up0.7
	ip -n gw route add "$DEST4/32" via 198.51.107.1 dev up0.7
	ip -n gw -6 route add "$DEST6/128" via 2001:db8:107::1 dev up0.7
	frames_ && own_any
	rc=$?
	ip -n gw link del up0.7
	return "$rc"
}
renamed() {
	local rc
	ip -n gw link set up0 down
	ip -n gw link set up0 name uplink9
	ip -n gw addr replace "$UP4/24" dev uplink9
	ip -n gw addr replace "$UP6/64" dev uplink9 nodad
	ip -n gw link set uplink9 up
	ip -n gw route replace default via 198.51.100.1 dev uplink9
	ip -n gw -6 route replace ::/0 via 2001:db8:100::1 dev uplink9
	frames_ && own_any
	rc=$?
	ip -n gw link set uplink9 down
	ip -n gw link set uplink9 name up0
	uplink_again
	return "$rc"
}
# A28: should it come about while it runs
bridged() { # CMD...
	local rc
	ip -n gw link set up0 master br0
	"$@"
	rc=$?
	ip -n gw link set up0 nomaster
	uplink_again
	return "$rc"
}
across() {
	local kind
	cat_ lan1 frame eth0 all 10.9.0.11 255.255.255.255 &&
		cat_ lan1 frame eth0 all fd09:9::11 ff02::1 &&
		cat_ lan1 frame eth0 "$(mac net wan)" 10.9.0.11 "$DEST4" &&
		cat_ lan1 throw A08 eth0 "$(mac net wan)" "$RELAY4" "$RELAY6"
}

# ---- what each mode is ------------------------------------------------------

doors() { # MODE STACK
	echo "User $SUT_USER
FailClosed 1
ClientRejectInternalAddresses 1
Uplink up0"
	[ "$2" = both ] || echo "ClientUseIPv6 0"
	case $1 in
	REDIRECT)
		echo "TransPort $LAN4:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0"
		[ "$2" = 4 ] || echo "TransPort [$LAN6]:$TRANSPORT
DNSPort [$LAN6]:$DNSPORT" ;;
	TPROXY)
		echo "TransProxyType TPROXY
TransPort 127.0.0.1:$TRANSPORT
DNSPort $LAN4:$DNSPORT
TransClients br0"
		[ "$2" = 4 ] || echo "TransPort [::1]:$TRANSPORT
DNSPort [$LAN6]:$DNSPORT" ;;
	TUN)
		printf '%s\n' "TunClients br0" "TunUndo 1" ;;
	workstation)
		echo "TransPort 127.0.0.1:$TRANSPORT
DNSPort 127.0.0.1:$DNSPORT
TransClients local"
		[ "$2" = 4 ] || echo "TransPort [::1]:$TRANSPORT
DNSPort [::1]:$DNSPORT" ;;
	"TUN workstation")
		printf '%s\n' "TunClients local" "TunUndo 1" ;;
	esac
}
is_gateway() { [ "$mode" = REDIRECT ] || [ "$mode" = TPROXY ] ||
	[ "$mode" = TUN ]; }
closes() { closes_with doors; }
closes_with() { # DOORS
	sut_stop
	lab_gate off
	lab_in gw sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	[ "$mode" != TPROXY ] || gate_tproxy_routes tproxy
	case $mode in
	TUN*) ON_HOST_DNS=10.191.0.2 ;;
	*) ON_HOST_DNS=127.0.0.1 ;;
	esac
	onhost_resolver
	[ "$ON_HOST_DNS" != 127.0.0.1 ] && lab_resolver 10.191.0.2 ||
		lab_resolver "$LAN4"
	SUT_DOORS=$("$1" "$mode" "$stack")
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
undone() {
	sut_stop
	lab_in gw "$LAB_SUT" undo -f "$LAB_DIR/sut.rc"
	lab_in gw "$LAB_SUT" firewall open --yes-let-everything-out \
		--without-asking -f "$LAB_DIR/sut.rc"
	gate_tproxy_routes off
	! lab_in gw nft list ruleset | grep .
}
# The positive control: what should get through does, by relays.
served() {
	zero
	if is_gateway; then
		fetches http://www.lab.example/
	else
		lab_until 600 page "$OTHER_USER" http://www.lab.example/
	fi && seen_exit && [ "$(lab_count good)" -gt 0 ]
}
row() { # NAME CMD...
	local name=$1
	shift
	check "$what: $name" tight "$@"
}

# ---- without the program: every row leaks -----------------------------------

naive() { # turns connections around, and thinks of nothing else
	lab_in gw nft -f - <<-N
	table inet naive {
		chain pre {
			type nat hook prerouting priority dstnat
			iifname "br0" tcp flags & (fin|syn|rst|ack) == syn redirect to :9040
		}
	}
	N
}
anti() { # NAME CMD...
	local name=$1
	shift
	check "anti-test: $name" leaks "$@"
}
forgotten_leaks() { # A22
	naive && spawned echo gw echo && hold a22 lan1 "$DEST4" "$DEST6" &&
		forget && zero && held_send a22 && held_close a22
	local rc=$?
	lab_stop echo KILL
	lab_in gw nft delete table inet naive
	return "$rc"
}
without() {
	local row
	lab_gate off
	for row in "${LAN_ROWS[@]}"; do
		case $row in
		A08*) anti "$row" bridged across ;;
		*) anti "$row" throw "${row%% *}" ;;
		esac
	done
	anti "A17 the uplink claims others' networks" on_link claimed
	anti "A19, A20 any user's program" own_any
	anti "A19, A20 root's program" own_root
	anti "A22 what conntrack forgot" forgotten_leaks
	anti "A24 errors told to the uplink" probe_uplink
	anti "A26 forwarding" set_forward
	[ -n "$no_flowtable" ] || anti "A26 a flowtable" set_flowtable
	anti "A26 netdev fwd" set_fwd
	anti "A26 untracked" set_notrack
	anti "A27 a second uplink" second_appears
	anti "A27 a VLAN on the uplink" vlan_appears
	anti "A27 docker's rules" set_docker
	anti "A28 LAN and uplink in one bridge" bridged across
	anti "C01 a scan from the uplink" probe_uplink
	check "anti-test: A29 what others say of themselves" tells_much
	check "anti-test: C12 from client to client" crosses
}
probe_uplink() {
	cat_ net uplink wan "$(mac gw up0)" "$UP4" "$UP6" "$LAN4" "$LAN6" \
		10.191.0.1 10.191.0.2
}


# ---- rows that want more than frames ----------------------------------------

# A15: a router that nobody asked for, on the LAN and on the uplink: no address,
# and no route
rogue_router() {
	local before
	before=$(lab_in gw ip -6 -brief addr; lab_in gw ip -6 route)
	throw A15 && lab_in net "$PYTHON" "$LAB_DIR/tmp/catalogue.py" throw A15 \
		wan "$(mac gw up0)" "$RELAY4" "$RELAY6" && frames_ &&
		same "$(lab_in gw ip -6 -brief addr; lab_in gw ip -6 route)" \
			"$before"
}
# A21: what was open before there were rules
open_before() {
	sut_stop
	lab_gate off
	uplink_again
	hold old gw "$DEST4" "$DEST6" || return
	! is_gateway || hold old_lan lan1 "$DEST4" "$DEST6"
}
old_ones() { is_gateway && echo old_lan; echo old; }
old_send() { # shellcheck disable=SC2046
	held_send $(old_ones)
}
old_close() { # shellcheck disable=SC2046
	held_close $(old_ones)
}
# A22: what the kernel has forgotten, and what it has of others' deeds
new_flows() {
	local hosts=("$DEST4")
	[ "$stack" = 4 ] || hosts+=("$DEST6")
	if is_gateway; then
		hold flows lan1 "${hosts[@]}"
	else
		hold flows gw "${hosts[@]}"
	fi
}
flows_forgotten() {
	new_flows && forget && held_send flows &&
		lab_in gw nft flush ruleset && forget && held_send flows &&
		forget && held_close flows
}
flows_killed() { # SIGKILL of the daemon, and all of its processes with it
	new_flows && sut_stop KILL && held_send flows && everything &&
		forget && held_send flows && held_close flows && everything
}
begun_again() {
	sut_start
	sut_wait
}
# A23: more flows than the kernel has room for
full_table() {
	local max
	max=$(lab_in gw sysctl -n net.netfilter.nf_conntrack_max)
	cat_ lan1 fill eth0 "$(mac gw br0)" "$((max + max / 16))" &&
		frames_ && own_any || return
	echo "$(lab_in gw sysctl -n net.netfilter.nf_conntrack_count) of $max"
	[ "$(lab_in gw sysctl -n net.netfilter.nf_conntrack_count)" -gt \
		"$((max * 9 / 10))" ]
}
# A25: the uplink says that the program's packets are too big
too_big() {
	spawned small net small wan "$UP4" || return
	lab_uplink off
	fetch "http://$DEST4/" --max-time 20 >/dev/null 2>&1 &
	lab_until 120 grep -q 'said True' "$LAB_DIR/log/small.out"
	local rc=$?
	lab_uplink on
	wait $!
	lab_stop small KILL
	return "$rc"
}
mtus() { # what the kernel believes of the ways to the relays
	local n
	for n in $(lab_nodes); do
		ip -n gw route get "$(relay_addr4 "$n")"
	done | sed -n 's/.* mtu \(lock \)*\([0-9]*\).*/\2/p'
}
small_but_not_too_small() {
	mtus
	[ -n "$(mtus)" ] && ! mtus | awk '$1 >= 552 { next } { bad = 1 }
		END { exit !bad }'
}

# C01, C02: what an address of the gateway's has open to a LAN's client
open_to_lan() { # ADDRESS STEP WANTED
	local src=10.9.0.77
	case $1 in *:*) src=fd09:9::77 ;; esac
	# a name's answer can come late or be lost: then it is asked again
	for _ in 1 2 3; do
		same "$(cat_ lan1 scan eth0 "$(mac gw br0)" "$src" "$1" "$2")" \
			"$3" && return
	done
	return 1
}
# What listens is what torrc names, and nothing on the uplink.
listening() {
	local bad
	lab_in gw ss -Hltnu
	bad=$(lab_in gw ss -Hltnu | awk '{ print $5 }' |
		grep -v -E "^($LAN4|\[$LAN6\]|127\.0\.0\.1|\[::1\]):($TRANSPORT|$DNSPORT)$")
	[ -z "$bad" ]
}
streams_to() { sut_get text | grep -cF "$1"; }
no_loop() { # to the doors themselves, by any address of the gateway's
	local port a
	for a in "$LAN4" "$UP4"; do
		for port in "$TRANSPORT" 9050 9051; do
			lab_in lan1 "$PYTHON" "$RAW" connect "$a" "$port" 30 |
				grep -v connected || return
			[ "$(streams_to "$a:$port")" -eq 0 ] || return
		done
	done
}
# unseen NAME NETNS ADDRESSES CMD...: no packet for them arrives there meanwhile
unseen() {
	local name=$1 ns=$2 rc
	shift 2
	# shellcheck disable=SC2086
	spawned "$name" "$ns" watch eth0 "$(mac gw br0)" $1 || return
	shift
	"$@"
	rc=$?
	told "$name" | tee "$LAB_DIR/tmp/unseen"
	[ "$rc" -eq 0 ] && [ "$(head -n 1 "$LAB_DIR/tmp/unseen")" -eq 0 ]
}
loopback() { cat_ lan1 loopback eth0 "$(mac gw br0)"; } # C03
# C04
inner_refused() {
	local a got
	for a in 192.168.1.1 100.64.1.1 169.254.169.254 10.200.1.1 \
		172.16.0.1 fd00:dead::7; do
		if is_gateway; then
			got=$(cat_ lan1 refused "$a")
		else
			got=$(lab_in gw setpriv --reuid "$OTHER_USER" \
				--regid "$(id -g "$OTHER_USER")" \
				--clear-groups "$PYTHON" \
				"$LAB_DIR/tmp/catalogue.py" refused "$a")
		fi
		echo "$a: $got"
		[ "$got" = refused ] || return
	done
}
# C08: another client has the ports of the program's sockets, and of lan1's; and
# pretends to be lan1
shadowed() {
	local port dst
	for port in "$TRANSPORT" "$DNSPORT" 53 40000; do
		for dst in "$LAN4" 10.9.0.11 192.0.2.53; do
			cat_ lan2 shadow eth0 "$(mac gw br0)" 10.9.0.12 \
				"$dst" "$port" || return
			cat_ lan2 shadow eth0 "$(mac gw br0)" 10.9.0.11 \
				"$dst" "$port" || return
		done
	done
	same "$(cat_ lan1 asks 20 192.0.2.53)" 20 && fetches "http://$DEST4/"
}
# C12: by way of the gateway
crossing() {
	cat_ lan1 frame eth0 "$(mac gw br0)" 10.9.0.11 10.9.0.78 &&
		cat_ lan1 frame eth0 "$(mac gw br0)" fd09:9::11 fd09:9::78
}
crosses() { # NAME...: it would
	spawned c12 lan2 watch eth0 "$(mac gw br0)" 10.9.0.78 fd09:9::78 && crossing || return
	told c12 | tee "$LAB_DIR/tmp/c12"
	[ "$(head -n 1 "$LAB_DIR/tmp/c12")" -gt 0 ]
}
# C13: one client asks and opens very much; the other one is served
crowd() {
	local i rc=0 got
	lab_spawn crowd lan1 "$PYTHON" "$LAB_SRC/load.py" idle 1500 "$DEST4"
	lab_spawn asks lan1 bash -c "for i in {1..20}; do
		$PYTHON $CATALOGUE asks 4000 192.0.2.53; done"
	lab_until 300 eval "[ \$(open_flows) -gt 300 ]" || rc=1
	echo "$(open_flows) flows are open"
	got=$(cat_ lan2 asks 20 192.0.2.53)
	echo "$got of 20 questions"
	[ "$got" -eq 20 ] || rc=1
	for i in 1 2 3 4 5; do
		lab_lan2 "${CURL[@]}" --max-time 120 -o /dev/null \
			"http://$DEST4/" || rc=1
	done
	[ "$(open_flows)" -gt 300 ] && lab_alive asks || {
		echo "there was no crowd: $(open_flows)"
		rc=1
	}
	lab_stop crowd KILL
	lab_stop asks KILL
	return "$rc"
}
open_flows() { lab_in lan1 ss -Htn state established | wc -l; }

# D16: on the uplink, somebody who knows all of a connection but its sequence
injected() { # CLIENT SERVER
	local sport n
	hold d16 lan1 "$2@$1" || return
	sport=$(connected_to "$2" | sed -n '1s/.*://p')
	[ -n "$sport" ] && unseen d16_seen lan1 "$1" cat_ net inject wan \
		"$(mac gw up0)" "$1" "$2" 7 "$sport" &&
		held_send d16 && n=$(connected_to "$2" | wc -l)
	lab_stop d16 KILL
	same "${n-}" 2
}
connected_to() {
	lab_in lan1 ss -Htn state established dst "[$1]" | awk '{ print $3 }'
}
# A28: it must refuse to start so
refuses() { # WORDS CMD... -- CMD...: while the first holds, and not the second
	local words=$1 rc
	sut_stop
	lab_gate off
	shift
	eval "$1"
	lab_in gw timeout 120 "$LAB_SUT" -f "$LAB_DIR/sut.rc" \
		>"$LAB_DIR/tmp/a28"
	rc=$?
	eval "$2"
	cat "$LAB_DIR/tmp/a28"
	[ "$rc" -eq 1 ] && grep -qF "$words" "$LAB_DIR/tmp/a28" &&
		! lab_in gw nft list ruleset | grep .
}
# A29: what the program says itself
told_nothing() {
	told a29 >"$LAB_DIR/tmp/a29"
	cat "$LAB_DIR/tmp/a29"
	grep -q '^syns [1-9][0-9]* stamped 0 hellos [1-9][0-9]* ttl 64$' \
		"$LAB_DIR/tmp/a29" && grep -q '^found$' "$LAB_DIR/tmp/a29" &&
		! grep '^sni' "$LAB_DIR/tmp/a29" | tr ' ' '\n' | sed 1d |
		grep -vE '^www\.[a-z2-7]{4,25}\.(com|net)$'
}
tells_much() { # the same of who goes out by itself
	listen_names && lab_in gw curl -q -sS --noproxy '*' --max-time 60 \
		-H "Host: www.lab.example" "http://$DEST4/" >/dev/null || return
	told a29 | tee "$LAB_DIR/tmp/a29"
	grep -q '^found.*www.lab.example' "$LAB_DIR/tmp/a29" &&
		grep -q ' stamped [1-9]' "$LAB_DIR/tmp/a29"
}
listen_names() {
	local host
	host=$(hostname)	# a short one is in random bytes by chance
	[ "${#host}" -ge 6 ] || host=
	# shellcheck disable=SC2086
	spawned a29 net names wan www.lab.example onion-transparent \
		"curl/" "$LAN4" $host
}

# ---- here we go -------------------------------------------------------------

rows_of_frames() {
	local name id
	for name in "${LAN_ROWS[@]}"; do
		id=${name%% *}
		[ "$id" != A02 ] || [ "$mode$stack" = REDIRECTboth ] ||
			[ "$mode$stack" = TPROXYboth ] || id=A02-few
		row "$name" throw "$id"
	done
	row "A15 a router that nobody asked for" rogue_router
}
rows_of_all() {
	row "A17 the uplink claims others' networks" on_link claimed
	row "A19, A20 any user's program" own_any
	row "A19, A20 root's program" own_root
	row "A24, C01 everything from the uplink" probe_uplink
	row "A26 forwarding is turned on" set_forward
	row "A27 a second uplink" second_appears
	[ "$stack" = both ] || return 0
	row "A22 what conntrack and the kernel forgot" flows_forgotten
	row "A26 proxy ARP is turned on" set_proxy_arp
	[ -n "$no_flowtable" ] || row "A26 a flowtable" set_flowtable
	arp_too=1
	row "A26 netdev fwd, but for ARP" set_fwd
	zero
	arp_too=
	row "A26 untracked" set_notrack
	row "A26 bridged frames pass the IP hooks" set_bridge_nf
	row "A27 a VLAN on the uplink" vlan_appears
	row "A27 the uplink is renamed" renamed
	row "A27 docker's rules" set_docker
	row "C04 networks of the inside are refused" inner_refused
}
# Rows of a gateway's clients; what is not said to depend on the mode, once.
rows_of_clients() {
	local doors="tcp 53 $DNSPORT udp 53 $DNSPORT" up="tcp 53 udp 53"
	[ "$mode" != TUN ] || doors="tcp udp" up="tcp udp"
	check "$what: C06 what listens is what torrc names" listening
	row "C01 a scan from the LAN" open_to_lan "$LAN4" 1 "$doors"
	row "C01 a scan from the LAN, IPv6" open_to_lan "$LAN6" 16 "$doors"
	row "C01 a scan of the uplink's address" open_to_lan "$UP4" 16 "$up"
	[ "$mode" != TUN ] || row "C01 a scan of the TUN's address" \
		open_to_lan "$TUN4" 331 "tcp 53 udp 53"
	row "C02 no loop" no_loop
	row "C03 addresses of the loopback" \
		unseen c03 lan1 "10.9.0.77 fd09:9::77" loopback
	row "C08 another's ports and address" shadowed
	row "C12 from client to client" \
		unseen c12 lan2 "10.9.0.78 fd09:9::78" crossing
	row "C13 one client is a crowd" crowd
	row "C15 a client's own Tor" throw A18
	row "D16 injected segments" injected 10.9.0.77 "$DEST4"
	row "D16 injected segments, IPv6" injected fd09:9::77 "$DEST6"
	case $mode in
	REDIRECT)
		if [ "$(lab_in gw sysctl -n net.netfilter.nf_conntrack_max)" \
			-le 300000 ]; then
			row "A23 more flows than there is room for" full_table
		else	# the number is the whole machine's, and not ours to set
			skip "A23: conntrack has room for too many flows"
		fi
		check "$what: A25 too big, says the uplink" too_big
		check "$what: A25 no packet is too small" small_but_not_too_small
		check "$what: A25 and data flows" downloads "$DEST4" 2000000
		;;
	TUN)
		row "C14 the stack shows what it always does" stack_shows ;;
	esac
}
stack_shows() {
	same "$(cat_ lan1 synack eth0 "$(mac gw br0)" 10.9.0.11 "$DEST4" 80)" \
		"$GOLDEN"
}
GOLDEN="ttl 63 frag 2 window 65535 options 2 4 8 1 3"
only_ipv4() { # not even a neighbour is asked by IPv6
	[ "$(rows_count nd)" -eq 0 ]
}
lab_oracle_reset
second_link
second_oracle
quiet_addresses
cp "$CATALOGUE" "$RAW" "$LAB_DIR/tmp/"	# for whom the tree is closed
sut_stop
no_flowtable=
has_flowtable || { no_flowtable=1; skip "this kernel has no flowtables"; }
without

one_mode() {
	what=$mode
	[ "$stack" = both ] || what="$mode, IPv4 only"
	check "$what: connections from before stand" open_before
	listen_names
	check "$what: the program bootstraps, closed" closes
	row "A21 connections from before, sending" old_send
	closed=1 late=0
	row "A21 connections from before, closing" old_close
	check "$what: what should get through does" served
	check "$what: A29 what it says of itself" told_nothing
	! is_gateway || rows_of_frames
	rows_of_all
	[ "$stack" = 4 ] || ! is_gateway || rows_of_clients
	check "$what: what should get through still does" served
	if [ "$stack" = both ]; then
		row "A22, A24 killed with flows open" flows_killed
		check "$what: and comes back" begun_again
		check "$what: what should get through does again" served
	else
		row "not even a neighbour is asked by IPv6" own_all
		check "$what: not even a neighbour is asked by IPv6" only_ipv4
	fi
	zero
	check "$what: nothing left in between" test "$late" -eq 0
	closed=
	check "$what: undone, no rule is left" undone
}
for stack in both 4; do
	for mode in REDIRECT TPROXY TUN workstation "TUN workstation"; do
		one_mode
	done
done
mode=REDIRECT stack=both what="A28"
SUT_DOORS=$(doors "$mode" "$stack")
lab_torrc >"$LAB_DIR/sut.rc"
check "$what: an uplink in the LAN's bridge is refused" refuses \
	'br0, where clients are, and the uplink up0 are joined' \
	'ip -n gw link set up0 master br0' \
	'ip -n gw link set up0 nomaster; uplink_again'
check "$what: a default route into the LAN is refused" refuses \
	'br0, where clients are, is the way out as well' \
	'ip -n gw route add default via 10.9.0.12 metric 900' \
	'ip -n gw route del default via 10.9.0.12 metric 900'
# Without Uplink: the ports of the LAN's bridge are none.
what="no Uplink named"
unnamed() {
	doors_() { doors "$@" | grep -v '^Uplink'; }
	closes_with doors_ && served
}
check "$what: a LAN's clients on a bridge are served" unnamed
row "everything" everything
check "$what: undone, no rule is left" undone

# What comes after finds the laboratory as it was.
ip -n gw link del up2
lab_in net nft delete table netdev rows
ip -n lan1 addr del 10.9.0.77/24 dev eth0
ip -n lan1 addr del fd09:9::77/64 dev eth0
ip -n lan2 addr del 10.9.0.78/24 dev eth0
ip -n lan2 addr del fd09:9::78/64 dev eth0
lab_resolver "$LAN4"
# Connections that were cut would say their FIN again, now that nothing keeps it.
no_flow() {
	local ns
	for ns in gw lan1; do
		! lab_in "$ns" ss -Htan '( dport = :7 )' | grep -v TIME-WAIT ||
			return
	done
}
for name in a22 old old_lan flows d16; do
	[ ! -e "$LAB_DIR/pid/$name" ] || lab_stop "$name" KILL
done
for ns in gw lan1; do
	lab_in "$ns" sysctl -qw net.ipv4.tcp_orphan_retries=1
done
check "none of its connections is left" lab_until 300 no_flow
for ns in gw lan1; do
	lab_in "$ns" sysctl -qw net.ipv4.tcp_orphan_retries=0
done
check "and all is quiet" lab_until 300 oracle_quiet

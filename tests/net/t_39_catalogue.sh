#!/bin/bash
# Rows A, C and D16 of the catalogue of leaks (docs/catalogue.md), each against
# the program with FailClosed 1: as a LAN's gateway by REDIRECT, by TPROXY and
# with a TUN, as a workstation by REDIRECT and with a TUN, each once with IPv4 and
# IPv6, and once with IPv4 only (while the uplink has IPv6: what leaks is seen).
# First all of it without the program, where every row has to leak; where that is
# not by the lack of a program, but by a wrong one, by a naive one.
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/shown.sh
. "$LAB_SRC/shown.sh"
# shellcheck source=tests/net/onhost.sh
. "$LAB_SRC/onhost.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
need_lab
if sut_is_tor; then
	skip "tor has no rules"
	exit
fi
CATALOGUE=$LAB_SRC/catalogue.py
RAW=$LAB_SRC/../platform/fwraw.py
XDP=$LAB_SRC/../platform/fwxdp.py
export PYTHONDONTWRITEBYTECODE=1
RELAY4=$(relay_addr4 r1) RELAY6=$(relay_addr6 r1)
# Rows that are frames of a LAN's client (catalogue.py)
LAN_ROWS=("A01 all protocols" "A02 all ports" "A03 all flags"
	"A04 what goes by UDP" "A05 every ICMP" "A06 names asked elsewhere"
	"A07 types of questions" "A08 of the link" "A11 fragments"
	"A12 options and headers"
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
MOVING=10.9.0.79	# an address that lan1 has, and lan2 now and then
quiet_addresses() { # to which nothing is under way
	addr lan1 eth0 10.9.0.77/24 fd09:9::77/64 "$MOVING/24"
	addr lan2 eth0 10.9.0.78/24 fd09:9::78/64
}
# Addresses of inner networks, where somebody does answer.
INNER="192.168.1.1 100.64.1.1 169.254.169.254 10.100.1.1 172.16.0.1
	fd00:dead::7"
inner_networks() { # replace|del
	local a
	for a in $INNER; do
		case $a in
		*:*) ip -n dest -6 addr "$1" "$a/128" dev eth0 nodad &&
			ip -n net -6 route "$1" "$a/128" via "$DEST6" ;;
		*) ip -n dest addr "$1" "$a/32" dev eth0 &&
			ip -n net route "$1" "$a/32" via "$DEST4" ;;
		esac || return
	done
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
own_xdp() { # which leaves past all rules
	lab_in gw "$PYTHON" "$XDP" send up0 "$(mac net wan)" "$UP4" "$DEST4" &&
		lab_in gw "$PYTHON" "$XDP" send up0 "$(mac net wan)" "$UP6" \
			"$DEST6"
}
has_xdp() { lab_in gw grep -q '^XDP ' /proc/self/net/protocols; }
own_all() { own_any && own_root; }
everything() { frames_ && own_all; }

# hold NAME NETNS HOST...: connections whose bytes are told by signals
hold() {
	local name=$1 ns=$2 end=$((SECONDS + 600))
	shift 2
	lab_stop "$name" KILL
	rm -f "$LAB_DIR/log/$name.out"
	# (not by lab_until: what is spawned below its redirection would keep open
	# what a command substitution reads)
	while [ "$SECONDS" -lt "$end" ]; do
		lab_alive "$name" || # one that was not let through begins anew
			lab_spawn "$name" "$ns" "$PYTHON" "$CATALOGUE" hold "$@"
		grep -q ready "$LAB_DIR/log/$name.out" && return
		sleep 0.1
	done
	return 1
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
mirred() { # DEVICE SIDE: what tc leads to the uplink, as well
	lab_in gw tc filter add dev "$1" "$2" protocol all u32 match u32 0 0 \
		action mirred egress mirror dev up0
}
mirred_begin() {
	local dev
	for dev in br0 p1; do
		lab_in gw tc qdisc add dev "$dev" clsact &&
			mirred "$dev" ingress && mirred "$dev" egress || return
	done
}
mirred_end() {
	lab_in gw tc qdisc del dev br0 clsact
	lab_in gw tc qdisc del dev p1 clsact
}
led_frames() { # from a LAN's client, from the host, and to the client
	frames_ && own_any && lab_in gw "$PYTHON" "$RAW" udp 10.9.0.11 4433
}
led_on() {
	local rc
	mirred_begin && leaks led_frames
	rc=$?
	mirred_end
	oracle_zero
	return "$rc"
}
led_no_more() { # as soon as it was seen, which takes no second
	local rc
	mirred_begin && lab_until 60 none_led && oracle_zero && rows_zero &&
		led_frames
	rc=$?
	mirred_end
	return "$rc"
}
none_led() { ! lab_in gw tc actions list action mirred | grep up0; }
has_mirred() {
	local rc
	lab_in gw tc qdisc add dev p1 clsact && mirred p1 ingress
	rc=$?
	lab_in gw tc qdisc del dev p1 clsact
	return "$rc"
} >/dev/null 2>&1
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
ClientDNSRejectInternalAddresses 1
Uplink up0"
	[ "$2" = both ] || echo "ClientUseIPv6 0"
	case $1 in
	*workstation) ;;
	*) names_rc ".onion,.$MAPPED" ;;
	esac
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
MAPPED=mapped.many.lab.example	# names that have virtual addresses
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
	[ -n "$no_xdp" ] || anti "A20 root's AF_XDP socket" own_xdp
	hold old gw "$DEST4" "$DEST6" && hold old_lan lan1 "$DEST4" "$DEST6"
	anti "A21 connections from before, sending" held_send old old_lan
	anti "A21 connections from before, closing" held_close old old_lan
	anti "A22 what conntrack forgot" forgotten_leaks
	[ -z "$full" ] || mode=REDIRECT \
		anti "A23 more flows than there is room for" full_leaks
	anti "A24 errors told to the uplink" probe_uplink
	check "anti-test: A25 a kernel without a floor" floorless
	anti "A26 forwarding" set_forward
	[ -n "$no_flowtable" ] || anti "A26 a flowtable" set_flowtable
	anti "A26 proxy ARP" answers_for
	anti "A26 netdev fwd" set_fwd
	[ -n "$no_tc" ] || check "anti-test: A26 mirred" led_on
	anti "A26 untracked" set_notrack
	anti "A26 bridged frames" set_bridge_nf
	anti "A27 a second uplink" second_appears
	anti "A27 a VLAN on the uplink" vlan_appears
	anti "A27 the uplink is renamed" renamed
	anti "A27 docker's rules" set_docker
	anti "A28 LAN and uplink in one bridge" bridged across
	anti "C01 a scan from the uplink" probe_uplink
	check "anti-test: A29 what others say of themselves" tells_much
	without_c
}
# Who listens where, answers and hands on.
without_c() {
	local mode=REDIRECT	# of a LAN's clients
	check "anti-test: C02 a loop" loops
	check "anti-test: C03 the loopback's addresses" arrives c03 lan1 \
		"10.9.0.77" loopback
	localnet 0
	check "anti-test: C04 networks of the inside" inner_open
	check "anti-test: C06 what listens" listener_is_seen
	check "anti-test: C08 another's ports" stolen
	check "anti-test: C09 a cache for all" with_forwarder cached
	check "anti-test: C10 a map for all" lent
	check "anti-test: C11 names of the inside" with_forwarder told_all
	check "anti-test: C12 from client to client" \
		arrives c12 lan2 "10.9.0.78 fd09:9::78" crossing
	check "anti-test: C14 another's stack" stack_differs
	anti "C15 a client's own Tor" throw A18
	check "anti-test: D16 injected segments" injects 10.9.0.77 "$DEST4"
	check "anti-test: D16 injected segments, IPv6" \
		injects fd09:9::77 "$DEST6"
}
full_leaks() { # A23
	naive && full_table
	local rc=$?
	lab_in gw nft delete table inet naive
	return "$rc"
}
answers_for() { # A26
	lab_in gw sysctl -qw net.ipv4.conf.all.proxy_arp=1
	arps_for
	local rc=$?
	lab_in gw sysctl -qw net.ipv4.conf.all.proxy_arp=0
	return "$rc"
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
# A23: more flows than the kernel has room for, a LAN's client's or a program's
full_table() {
	local max
	max=$(lab_in gw sysctl -n net.netfilter.nf_conntrack_max)
	if is_gateway; then
		cat_ lan1 fill eth0 "$(mac gw br0)" "$((max + max / 16))"
	else
		of_a_client fills "$((max + max / 16))"
	fi && frames_ && own_any || return
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
	for n in $(lab_nodes); do mtu_to "$(relay_addr4 "$n")"; done
}
mtu_to() {
	ip -n gw route get "$1" |
		sed -n 's/.* mtu \(lock \)*\([0-9]*\).*/\2/p'
}
# ... and the kernel believes it, of a connection that conntrack knows.
believed() {
	local n
	for n in 1 2 3; do
		too_big && [ -n "$(mtus)" ] && return
		sut_restart
	done
	return 1
}
# Where the kernel believes any size.
floorless() {
	local rc mtu
	hold a25 gw "$DEST4" && spawned small net small wan "$UP4" || return
	lab_in gw sysctl -qw net.ipv4.route.min_pmtu=68
	lab_uplink off
	held_send a25 &&
		lab_until 120 grep -q 'said True' "$LAB_DIR/log/small.out"
	rc=$?
	lab_uplink on
	mtu=$(mtu_to "$DEST4")
	lab_stop small KILL
	lab_stop a25 KILL
	lab_in gw sysctl -qw net.ipv4.route.min_pmtu=552
	ip -n gw route flush cache
	echo "said: $rc, MTU '$mtu'"
	[ "$rc" -eq 0 ] && [ -n "$mtu" ] && [ "$mtu" -lt 552 ]
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
knock() { # at the doors themselves, by any address of the gateway's
	local port a
	for a in "$LAN4" "$UP4"; do
		for port in "$TRANSPORT" 9050 9051; do
			echo "$a:$port $(lab_in lan1 "$PYTHON" "$RAW" connect \
				"$a" "$port" 30)"
		done
	done
}
no_loop() {
	local a
	knock >"$LAB_DIR/tmp/knock"
	cat "$LAB_DIR/tmp/knock"
	! grep ' connected$' "$LAB_DIR/tmp/knock" || return
	while read -r a _; do
		[ "$(streams_to "$a")" -eq 0 ] || return
	done <"$LAB_DIR/tmp/knock"
}
# A naive one connects to whomever a connection was for, which is itself.
loops() {
	local n
	spawned naive gw naive && knock || return
	n=$(told naive)
	echo "of 2 connections it made $n"
	[ "$n" -gt 20 ]
}
# unseen NAME NETNS ADDRESSES CMD...: no packet for them arrives there meanwhile;
# arrives: one does
unseen() {
	watched "$@" && [ "$(head -n 1 "$LAB_DIR/tmp/unseen")" -eq 0 ]
}
arrives() {
	watched "$@" && [ "$(head -n 1 "$LAB_DIR/tmp/unseen")" -gt 0 ]
}
watched() {
	local name=$1 ns=$2 rc
	shift 2
	# shellcheck disable=SC2086
	spawned "$name" "$ns" watch eth0 "$(mac gw br0)" $1 || return
	shift
	"$@"
	rc=$?
	told "$name" | tee "$LAB_DIR/tmp/unseen"
	return "$rc"
}
# C03, while somebody has told the kernel that it may.  Who asks says where he is:
# asked by 127.0.0.1, as the kernel would ask, he would not tell.
loopback() {
	announce lan1 10.9.0.77
	localnet 1
	cat_ lan1 loopback eth0 "$(mac gw br0)"
}
localnet() {
	lab_in gw sysctl -qw "net.ipv4.conf.all.route_localnet=$1" \
		"net.ipv4.conf.br0.route_localnet=$1"
}
no_localnet() {
	[ "$(lab_in gw cat /proc/sys/net/ipv4/conf/{all,br0}/route_localnet |
		tr -d '\n')" = 00 ]
}
# C04
inner_refused() { inner_are refused; }
inner_open() { inner_are open; }
inner_are() { # WHAT
	local a got
	for a in $INNER; do
		case ${stack-}$a in 4*:*) continue ;; esac # not carried at all
		got=$(of_a_client refused "$a")
		echo "$a: $got"
		[ "$got" = "$1" ] || return
	done
}
of_a_client() { # who is served: somebody in the LAN, or on the host
	if is_gateway; then
		cat_ lan1 "$@"
	else
		lab_in gw setpriv --reuid "$OTHER_USER" \
			--regid "$(id -g "$OTHER_USER")" --clear-groups \
			"$PYTHON" "$LAB_DIR/tmp/catalogue.py" "$@"
	fi
}
# C05: names of which exits say that they are inside
inner_names() { # the addresses that come of them, within some seconds
	local who=(lab_lan) ask
	is_gateway || who=(as "$OTHER_USER")
	ask=("${who[@]}" dig +noedns +short +time=10 +tries=1)
	"${ask[@]}" inside6.lab.example AAAA >"$LAB_DIR/tmp/inside6" &
	"${ask[@]}" inside4.lab.example A >"$LAB_DIR/tmp/inside4"
	wait $!
	cat "$LAB_DIR/tmp/inside4" "$LAB_DIR/tmp/inside6" | grep -v '^;;'
}
no_inner_names() { ! inner_names | grep .; }
all_inner_names() { same "$(inner_names | paste -sd' ')" \
	"192.168.7.7 fd00:dead::7"; }
# C06
listener_is_seen() {
	local rc
	spawned echo gw echo && ! listening
	rc=$?
	lab_stop echo KILL
	return "$rc"
}
# C07: who opens connections while others have theirs.  carriers: the streams,
# each with its circuit.
carriers() {
	sut_status | "$PYTHON" -c 'import json, sys
for s in json.load(sys.stdin)["streams"]:
    if s["target"] == sys.argv[1] and s["circuit"]:
        print(s["id"], s["circuit"])' "$DEST4:7"
}
# those: what there is; beside_those NAME NETNS HOST: "how many streams that makes,
# and how many of them by circuits of those"
those() { carriers >"$LAB_DIR/tmp/those"; }
beside_those() {
	carriers >"$LAB_DIR/tmp/before"
	hold "$@" || return
	carriers | awk 'FILENAME ~ /those$/ { used[$2]; next }
		FILENAME ~ /before$/ { id[$1]; next }
		$1 in id { next }
		{ n++; shared += $2 in used }
		END { print n + 0, shared + 0 }' "$LAB_DIR/tmp/those" \
		"$LAB_DIR/tmp/before" -
}
parted() {
	local rc n
	hold c07a lan1 "$DEST4@$MOVING" && those &&
		grep . "$LAB_DIR/tmp/those" && apart c07b "$DEST4" &&
		moved_address lab_until 120 from_there
	rc=$?
	for n in c07a c07b c07c; do lab_stop "$n" KILL; done
	return "$rc"
}
apart() { # NAME HOST: lan2's
	local n
	n=$(beside_those "$1" lan2 "$2")
	echo "$1: $n"
	[ "${n% *}" -ge 2 ] && [ "${n#* }" -eq 0 ]
}
from_there() { # who had the address may be known for some seconds yet
	lab_stop c07c KILL
	apart c07c "$DEST4@$MOVING"
}
# lan1's address goes to lan2, as a lease does.
moved_address() { # CMD...
	local rc
	address_to lan1 lan2
	"$@"
	rc=$?
	address_to lan2 lan1
	return "$rc"
}
address_to() { # FROM TO: which tells all of it
	ip -n "$1" addr del "$MOVING/24" dev eth0
	addr "$2" eth0 "$MOVING/24"
	announce "$2" "$MOVING"
}
announce() { # NETNS ADDRESS: that it has
	lab_in "$1" "$PYTHON" "$RAW" frames eth0 ff:ff:ff:ff:ff:ff arp \
		"$2" "$LAN4"
}
# A client's own share theirs.  (One that has to be tried anew need not, nor do those
# of before the address was known to be lan1's again.)
shares() {
	local n got one rc=1
	for n in 1 2 3 4 5; do
		hold c07a lan1 "$DEST4@$MOVING" && those || return
		got=$(beside_those c07b lan1 "$DEST4@$MOVING")
		echo "$got"
		[ "${got#* }" -gt 0 ] && rc=0
		for one in c07a c07b; do lab_stop "$one" KILL; done
		[ "$rc" -eq 1 ] || break
	done
	return "$rc"
}
# C08: another client has the ports of the program's sockets, and of lan1's; and
# pretends to be lan1
shadowed() {
	local taken
	spawned c08 lan2 names eth0 stolen && shadows &&
		cat_ net answers wan "$(mac gw up0)" 198.51.100.1 "$UP4"
	taken=$?
	told c08 >"$LAB_DIR/tmp/c08"
	cat "$LAB_DIR/tmp/c08"
	[ "$taken" -eq 0 ] && grep -q '^found' "$LAB_DIR/tmp/c08"
}
not_shadowed() {
	shadowed && ! grep '^found stolen' "$LAB_DIR/tmp/c08" &&
		same "$(answered lan1)" 20 && fetches "http://$DEST4/"
}
# In the end: who asks in its name uses up what lan1 may ask at a time.
answered() { cat_ "$1" asks 20 192.0.2.53 | tail -n 1; }
shadows() {
	local port dst
	for port in "$TRANSPORT" "$DNSPORT" 53 40000; do
		for dst in "$LAN4" 10.9.0.11 192.0.2.53 198.51.100.1; do
			cat_ lan2 shadow eth0 "$(mac gw br0)" 10.9.0.12 \
				"$dst" "$port" || return
			cat_ lan2 shadow eth0 "$(mac gw br0)" 10.9.0.11 \
				"$dst" "$port" || return
		done
	done
}
# A router that lends its address to all gives one of them what is for itself.
stolen() {
	local rc
	lab_in gw nft -f - <<-N
	table ip lends {
		chain post {
			type nat hook postrouting priority srcnat
			oifname "up0" masquerade
		}
	}
	N
	shadowed && grep -q '^found stolen' "$LAB_DIR/tmp/c08"
	rc=$?
	lab_in gw nft delete table ip lends
	return "$rc"
}
# C09: lan2 asks what lan1 has been told, while nobody outside can be asked
cached() {
	local name got
	name=$(fresh c9)
	same "$(short "$name" A)" "$DEST4" || return
	lab_uplink off
	got=$(lab_lan2 dig +noedns +short +time=3 +tries=1 "$name" A |
		grep -v '^;')
	lab_uplink on
	echo "lan2 was told: '$got'"
	[ "$got" = "$DEST4" ] && return
	[ -z "$got" ] && asker lab_lan2 answers "$DEST4" "$name" A && return 3
}
not_cached() {
	cached
	[ $? -eq 3 ]
}
# C10: lan2 uses an address that a name has for lan1
not_lent() {
	local at
	at=$(short "m$RANDOM.$MAPPED" A)
	within "$VIRT4" "$at" && fetches "http://$at/" && seen_exit || return
	lab_lan2 curl -q -sS --max-time 120 -o /dev/null "http://$at/"
	was_refused $?
}
lent() { # tor has one map for all
	local rc at user=$SUT_USER
	LAB_SUT=tor SUT_USER='' SUT_DOORS='' SUT_EXTRA=$(names_rc ".$MAPPED")
	sut_fresh redirect && at=$(short "m$RANDOM.$MAPPED" A) &&
		lab_until 600 lab_lan2 "${CURL[@]}" --max-time 60 \
			-o /dev/null "http://$at/"
	rc=$?
	sut_stop
	sut_wipe
	LAB_SUT=$OURS SUT_USER=$user SUT_EXTRA=''
	lab_gate off
	return "$rc"
}
# C11: names that are not for the internet
INSIDE_NAMES=(printer.local nas.home.arpa site.test router.internal singlelabel
	localhost www.lab.example.r1.exit expyuzz4wqqyqhjn.onion
	3.2.1.10.in-addr.arpa)
inside_names() {
	local n
	heard_anew
	for n in "${INSIDE_NAMES[@]}"; do
		lab_lan dig +noedns +time=5 +tries=1 "$n" A
	done
}
not_told() { inside_names && not_heard "${INSIDE_NAMES[@]}"; }
# Who hands on what it does not know, and keeps it for all.
with_forwarder() { # CMD...
	local rc
	lab_spawn forwarder gw dnsmasq --keep-in-foreground \
		--conf-file=/dev/null --user=root --pid-file= --no-hosts \
		--no-resolv --bind-interfaces --listen-address="$LAN4" \
		--server="$DEST4" --cache-size=100
	lab_resolver "$LAN4"
	lab_until 60 answers "$DEST4" www.lab.example A && "$@"
	rc=$?
	lab_stop forwarder KILL
	return "$rc"
}
told_all() {
	local n
	inside_names
	heard "${INSIDE_NAMES[@]}" >"$LAB_DIR/tmp/c11" || return
	cat "$LAB_DIR/tmp/c11"
	for n in "${INSIDE_NAMES[@]}"; do
		grep -F "] $n from" "$LAB_DIR/tmp/c11" || return
	done
}
# C12: by way of the gateway
crossing() {
	cat_ lan1 frame eth0 "$(mac gw br0)" 10.9.0.11 10.9.0.78 &&
		cat_ lan1 frame eth0 "$(mac gw br0)" fd09:9::11 fd09:9::78
}
# C13: one client asks and opens very much, more than it is given; the other one
# is served, and not refused once
crowd() { # one that fell apart by itself shows nothing
	local rc
	for _ in 1 2 3; do
		crowded
		rc=$?
		[ "$rc" -eq 3 ] || return "$rc"
	done
	return 1
}
crowded() {
	local i rc=0 got
	rm -f "$LAB_DIR/log/asks.out"
	lab_spawn crowd lan1 "$PYTHON" "$LAB_SRC/load.py" idle 1500 "$DEST4"
	lab_spawn asks lan1 bash -c "trap 'kill \$!; exit' TERM
		for i in {1..20}; do
			$PYTHON $CATALOGUE asks 4000 192.0.2.53 & wait \$!
		done"
	lab_until 300 eval "[ \$(open_flows) -gt 300 ]" || rc=1
	lab_until 120 too_many || rc=1
	echo "$(open_flows) flows are open"
	got=$(cat_ lan2 asks 20 192.0.2.53)
	echo "$got of 20 questions"
	[ "$got" = 20 ] || rc=1
	for i in 1 2 3 4 5; do
		lab_lan2 "${CURL[@]}" --max-time 120 -o /dev/null \
			"http://$DEST4/" || rc=1
	done
	[ "$(open_flows)" -gt 300 ] && lab_alive asks || {
		echo "there was no crowd: $(open_flows)"
		rc=3
	}
	lab_stop crowd KILL
	lab_stop asks
	return "$rc"
}
too_many() { grep -q '^refused' "$LAB_DIR/log/asks.out"; }
open_flows() { lab_in lan1 ss -Htn state established | wc -l; }

# D16: on the uplink, somebody who knows all of a connection but its sequence
injected() { # CLIENT SERVER
	local n
	injecting unseen "$@" && held_send d16 &&
		n=$(connected_to "$2" | wc -l)
	lab_stop d16 KILL
	same "${n-}" 2
}
injects() { # what is sent comes to the client
	local rc
	injecting arrives "$@"
	rc=$?
	lab_stop d16 KILL
	return "$rc"
}
injecting() { # unseen|arrives CLIENT SERVER
	local sport
	hold d16 lan1 "$3@$2" || return
	sport=$(connected_to "$3" | sed -n '1s/.*://p')
	[ -n "$sport" ] && "$1" d16_seen lan1 "$2" cat_ net inject wan \
		"$(mac gw up0)" "$2" "$3" 7 "$sport"
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
	[ -n "$no_xdp" ] || row "A20 root's AF_XDP socket" own_xdp
	row "A24, C01 everything from the uplink" probe_uplink
	row "A26 forwarding is turned on" set_forward
	row "A27 a second uplink" second_appears
	row "A22 what conntrack and the kernel forgot" flows_forgotten
	# (only there something is behind that NAT)
	[ "$mode$stack" != REDIRECTboth ] ||
		row "A22 the same beside another's NAT" forgotten_leaks
	row "A26 proxy ARP is turned on" set_proxy_arp
	[ -n "$no_flowtable" ] || row "A26 a flowtable" set_flowtable
	arp_too=1
	row "A26 netdev fwd, but for ARP" set_fwd
	zero
	arp_too=
	[ -n "$no_tc" ] || row "A26 mirred" led_no_more
	row "A26 untracked" set_notrack
	row "A26 bridged frames pass the IP hooks" set_bridge_nf
	row "A27 a VLAN on the uplink" vlan_appears
	row "A27 the uplink is renamed" renamed
	row "A27 docker's rules" set_docker
	row "C04 networks of the inside are refused" inner_refused
	row "C05 names of the inside have no address" no_inner_names
}
# Rows of a gateway's clients; what is not said to depend on the mode, once.
rows_of_clients() {
	local doors="tcp 53 $DNSPORT udp 53 $DNSPORT" up="tcp 53 udp 53" step=1
	[ "$stack" = both ] || step=16
	[ "$mode" != TUN ] || doors="tcp udp" up="tcp udp"
	check "$what: C06 what listens is what torrc names" listening
	row "C01 a scan from the LAN" open_to_lan "$LAN4" "$step" "$doors"
	[ "$stack" = 4 ] || row "C01 a scan from the LAN, IPv6" \
		open_to_lan "$LAN6" 16 "$doors"
	row "C01 a scan of the uplink's address" open_to_lan "$UP4" 16 "$up"
	[ "$mode" != TUN ] || row "C01 a scan of the TUN's address" \
		open_to_lan "$TUN4" 331 "tcp 53 udp 53"
	row "C02 no loop" no_loop
	row "C03 addresses of the loopback" \
		unseen c03 lan1 "10.9.0.77 fd09:9::77" loopback
	[ "$mode$stack" = REDIRECTboth ] || localnet 0
	row "C07 clients share no circuit" parted
	check "anti-test: $what: C07 a client's own share theirs" shares
	row "C08 another's ports and address" not_shadowed
	row "C09 what one asked is not kept for others" not_cached
	row "C10 an address that a name has for another" not_lent
	row "C11 names of the inside are asked of nobody" not_told
	row "C12 from client to client" \
		unseen c12 lan2 "10.9.0.78 fd09:9::78" crossing
	row "C13 one client is a crowd" crowd
	check "anti-test: $what: C13 whom there are too many of is refused" \
		too_many
	row "C15 a client's own Tor" throw A18
	row "D16 injected segments" injected 10.9.0.77 "$DEST4"
	[ "$mode" != TUN ] ||
		row "C14 the stack shows what it always does" stack_shows
	[ "$stack" = both ] || return 0
	row "D16 injected segments, IPv6" injected fd09:9::77 "$DEST6"
	[ "$mode" != TUN ] || row \
		"C14 the stack shows what it always does, IPv6" stack_shows_6
	[ "$mode" = REDIRECT ] || return 0
	check "$what: A25 too big, says the uplink" believed
	check "$what: A25 no packet is too small" small_but_not_too_small
	check "$what: A25 and data flows" downloads "$DEST4" 2000000
}
stack_shows() {
	same "$(cat_ lan1 synack eth0 "$(mac gw br0)" 10.9.0.11 "$DEST4" 80)" \
		"$GOLDEN"
}
stack_shows_6() {
	same "$(cat_ lan1 synack eth0 "$(mac gw br0)" fd09:9::11 "$DEST6" 80)" \
		"${GOLDEN/frag 2/frag -}"
}
GOLDEN="ttl 63 frag 2 window 65535 options 2 4 8 1 3"
stack_differs() {
	local got
	got=$(cat_ lan1 synack eth0 "$(mac gw br0)" 10.9.0.11 "$DEST4" 80)
	echo "$got"
	grep '^ttl' <<<"$got" | grep -vxF "$GOLDEN"
}
only_ipv4() { # not even a neighbour is asked by IPv6
	[ "$(rows_count nd)" -eq 0 ]
}
lab_oracle_reset
second_link
second_oracle
quiet_addresses
inner_networks replace
OURS=$LAB_SUT
full=1	# the number is the whole machine's, and not ours to set
[ "$(lab_in gw sysctl -n net.netfilter.nf_conntrack_max)" -le 300000 ] || {
	full=''
	skip "A23: conntrack has room for too many flows"
}
cp "$CATALOGUE" "$RAW" "$LAB_DIR/tmp/"	# for whom the tree is closed
sut_stop
no_flowtable=
has_flowtable || { no_flowtable=1; skip "this kernel has no flowtables"; }
no_tc=
has_mirred || { no_tc=1; skip "this kernel has no mirred"; }
no_xdp=
has_xdp || { no_xdp=1; skip "this kernel has no AF_XDP"; }
# of many flows (A23) the first have to be there still when the last ones come
UDP_KEPT=nf_conntrack_udp_timeout
lab_in gw sysctl -qw net.netfilter.$UDP_KEPT=180
without

one_mode() {
	what=$mode
	[ "$stack" = both ] || what="$mode, IPv4 only"
	check "$what: connections from before stand" open_before
	check "anti-test: $what: A21 without it they go on" leaks old_send
	listen_names
	check "$what: the program bootstraps, closed" closes
	row "A21 connections from before, sending" old_send
	closed=1 late=0
	row "A21 connections from before, closing" old_close
	check "$what: what should get through does" served
	check "$what: A29 what it says of itself" told_nothing
	! is_gateway || rows_of_frames
	rows_of_all
	! is_gateway || rows_of_clients
	# (a workstation's flows, which end at one door, have a port each)
	[ "$stack$mode" = bothworkstation ] || [ "$stack" = 4 ] ||
		[ -z "$full" ] ||
		row "A23 more flows than there is room for" full_table
	# (nothing tells of that one: each minute it is looked at)
	[ "$mode$stack" != REDIRECTboth ] ||
		check "$what: C03 what let them in is turned off" \
			lab_until 120 no_localnet
	check "$what: what should get through still does" served
	row "A22, A24 killed with flows open" flows_killed
	check "$what: and comes back" begun_again
	check "$what: what should get through does again" served
	if [ "$stack" = 4 ]; then
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
# Where torrc says that they may, inner networks are reached, and so named.
what="inner networks are let through"
through() {
	doors_() { doors "$@" | sed '/RejectInternal/d'
		printf '%s\n' "ClientRejectInternalAddresses 0" \
			"ClientDNSRejectInternalAddresses 0"; }
	closes_with doors_ && served
}
check "$what: the program bootstraps" through
check "anti-test: C04 they would be reached by Tor" \
	lab_until 300 inner_open
check "anti-test: C05 their names would have addresses" \
	lab_until 120 all_inner_names
check "$what: undone, no rule is left" undone

# What comes after finds the laboratory as it was.
lab_in gw sysctl -qw net.netfilter.$UDP_KEPT=30
ip -n gw link del up2
inner_networks del
lab_in net nft delete table netdev rows
ip -n lan1 addr del 10.9.0.77/24 dev eth0
ip -n lan1 addr del fd09:9::77/64 dev eth0
ip -n lan1 addr del "$MOVING/24" dev eth0
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
for name in a22 a25 old old_lan flows d16 c07a c07b c07c; do
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

#!/bin/bash
# Two gateways on one LAN, as docs/appliance-failover.md has them: by VRRP, one of
# them serves and the other takes over; and by a router that spreads clients over
# them.  Each sentence there about what fails over, and what doesn't, is tried.
# Nothing gets out but to relays, by neither uplink.
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
# shellcheck source=tests/net/pair.sh
. "$LAB_SRC/pair.sh"
# shellcheck source=tests/docs.sh
. "$LAB_SRC/../docs.sh"
need_lab
if sut_is_tor; then
	skip "tor has no firewall"
	exit
fi
SOON=30			# s: within so many the other serves
LATE=150		# ... where nobody is told that one doesn't

page_by() { # URL [CURL OPTIONS...]: as the LAN's client
	rm -f "$LAB_DIR/tmp/page"
	pair_in c1 "${CURL[@]}" "${@:2}" -o "$LAB_DIR/tmp/page" "$1"
}
gets() { lab_until "${2:-300}" page_by "$1" --max-time 60; }
ask_pair() { pair_in c1 dig +short +noedns +time=2 +tries=15 "$@" | grep -v '^;;'; }
now_ms() { date +%s%3N; }
# A new name each time, so that it is asked for and the page fetched, both.
serves_again() { # on a slow machine the next try has longer
	page_by "http://$(fresh f)/" --max-time "$patience" && return
	[ "$patience" -ge 8 ] || patience=$((patience + 1))
	return 1
}
# serves_within SECONDS SINCE: measured from SINCE, in ms
serves_within() {
	patience=2
	lab_until "$1" serves_again || { echo "not within $1 s"; return 1; }
	echo "$(($(now_ms) - $2))" >"$LAB_DIR/tmp/took"
	[ "$(cat "$LAB_DIR/tmp/took")" -le "$(($1 * 1000))" ]
}
took() { echo "     $1: served again after $(cat "$LAB_DIR/tmp/took") ms"; }

# ---- what floods meanwhile -----------------------------------------------------

# From the LAN, of every kind, by each gateway: whoever serves or not.
flood_pair() {
	local g
	for g in a b; do
		echo 0 >"$LAB_DIR/tmp/flood.$g"
		lab_spawn "flood.$g" c1 "$PYTHON" "$LAB_SRC/flood.py" lan 100 \
			"$LAB_DIR/tmp/flood.$g" eth0 \
			"$(ip -n "$g" -br link show lan0 | awk '{ print $3 }')" \
			10.8.0.11 fd09:8::11 "$DEST4" "$DEST6"
	done
}
flooded() { # N: so many were sent to each
	local g
	for g in a b; do
		echo "$g: $(cat "$LAB_DIR/tmp/flood.$g") sent"
		[ "$(cat "$LAB_DIR/tmp/flood.$g")" -ge "$1" ] || return
	done
}
flood_end() {
	local g
	for g in a b; do lab_stop "flood.$g" KILL; done
}

# ---- a connection that runs, and an address that stands for a name --------------

chat_start() {
	lab_spawn chat c1 "$PYTHON" -u "$LAB_SRC/load.py" chat "$DEST4"
	CHAT=$(lab_pid chat)
	: >"$LAB_DIR/log/chat.out"
	lab_until 300 grep -q . "$LAB_DIR/log/chat.out"
}
chat_ends() { # and is not left to wait
	lab_until 30 dead "$CHAT" || { echo "it waits"; return 1; }
	tail -n 3 "$LAB_DIR/log/chat.out"
}
chat_was_reset() { chat_ends && grep -q ConnectionReset "$LAB_DIR/log/chat.out"; }
map() { # NAME: its address is virtual, and leads to it
	MAPPED=$(ask_pair "$1" A)
	within "$VIRT4" "$MAPPED" && gets "http://$MAPPED/"
}
web_lines() { lab_web_log | grep -c 'GET /mapped$'; }
mapped_refused() { # at once, and nobody else is reached by it
	local rc began
	began=$(now_ms)
	pair_in c1 curl -q -sS --max-time 60 -o /dev/null \
		"http://$MAPPED/mapped"
	rc=$?
	echo "curl ended with $rc after $(($(now_ms) - began)) ms"
	was_refused "$rc" && [ $(($(now_ms) - began)) -lt 3000 ] &&
		same "$(web_lines)" 0
}

# ---- here we go -------------------------------------------------------------------

documented() {
	same "$(sh "$PAIR_APPLIANCE/vrrp-conf" lan0 up0 51 150 \
		onion-transparent "/usr/local/sbin/vrrp-serves \
/usr/bin/onion-transparent /etc/onion-transparent/torrc" 10.9.0.1/24 fd09:9::1/64)" \
		"$(doc_block "$LAB_SRC/../../docs/appliance-failover.md" \
		"A pair" vrrp_instance)"
}
check "the documented configuration is what the appliance writes" documented

# What the daemon may say of itself, and what is made of it.
asks() { # lives|circuit STATUS
	printf '#!/bin/sh\necho %q\n' "$2" >"$LAB_DIR/tmp/says"
	chmod 755 "$LAB_DIR/tmp/says"
	sh "$PAIR_APPLIANCE/vrrp-serves" "$LAB_DIR/tmp/says" torrc "$1"
}
refuses() { ! asks "$@"; }
told() { # STATE BUILDING CIRCUITS GATE
	local totals="\"circuits\":9,\"building\":$2,\"streams\":0"
	totals+=",\"waiting\":0,\"lookups\":0,\"channels\":1"
	echo "{\"bootstrap\":{\"percent\":100,\"state\":\"$1\",\"tag\":\"done\"}," \
		"\"totals\":{$totals},\"circuits\":[$3],\"gate\":\"$4\"}"
}
built='{"id":7,"state":"built"}'
check "asked: ready" asks lives "$(told ready 0 "$built" open)"
check "asked: its gate is shut" refuses lives "$(told ready 0 "$built" shut)"
check "asked: it does not know the network" \
	refuses lives "$(told 'no consensus' 0 "$built" open)"
check "asked: a circuit" asks circuit "$(told ready 1 "$built" open)"
check "asked: no circuit, and none is wanted" \
	asks circuit "$(told ready 0 '' open)"
check "asked: circuits that come to nothing" \
	refuses circuit "$(told ready 2 '{"id":8,"state":"building"}' open)"

lab_onion_up s1
check "a pair starts" pair_up
both_done() { pair_done a && pair_done b; }
check "both bootstrap, each by itself" lab_until 300 both_done
check "one of them has the address" lab_until 60 one_master
check "a page by name, by the virtual router and its DNS" \
	gets http://www.lab.example/
check "the server saw an exit" seen_exit
check "a page over IPv6" gets "http://[$DEST6]/"
M=$(master) O=$(pair_other "$M")
check "packets of all kinds are sent" flood_pair

# ---- the master is gone as by a power cut
check "a connection runs" chat_start
check "a name has a virtual address" map "$(fresh v)"
pair_zero
began=$(now_ms)
pair_power_off "$M"
check "power cut: the other serves within $SOON s" serves_within "$SOON" "$began"
took "power cut"
check "power cut: it has the address" has_virtual "$O"
check "power cut: the running connection is reset" chat_was_reset
check "power cut: the virtual address is refused, at once" mapped_refused
check "power cut: the name has another one, that works" map "$(fresh v)"
own_guards() { # of the circuits that there are now
	local n
	echo "met: $(pair_met "$O" | paste -sd' ');" \
		"guards: $(pair_status "$O" sampled | paste -sd' ')"
	[ -n "$(pair_met "$O")" ] || return
	for n in $(pair_met "$O"); do
		case $n in
		a*) ;;
		*) pair_status "$O" sampled | grep -qx "$n" || return ;;
		esac
	done
}
check "power cut: by its own guards" own_guards
check "power cut: nothing got out" pair_tight

# ---- it comes back, and takes nothing
check "back: it starts" pair_power_on "$M" 150
check "back: it bootstraps" lab_until 300 pair_done "$M"
backup() { # that is the last that keepalived said of its state
	grep -o 'Entering [A-Z]* STATE' "$LAB_DIR/log/vrrp.$1.out" |
		tail -n 1 | grep -q BACKUP
}
stays() { # a few advertisements later, too
	local end=$((SECONDS + 8))
	while [ "$SECONDS" -lt "$end" ]; do
		has_alone "$1" || return
	done
}
check "back: it is ready to take over" lab_until 60 backup "$M"
check "back: the address stays where it is" stays "$O"
check "back: nothing got out" pair_tight

# ---- the daemon alone is killed
check "a connection runs again" chat_start
began=$(now_ms)
pair_kill "$O"
check "daemon killed: the other serves within $SOON s" serves_within "$SOON" "$began"
took "daemon killed"
check "daemon killed: the address has moved" has_alone "$M"
check "daemon killed: the running connection ends" chat_ends
check "daemon killed: nothing got out" pair_tight
pair_daemon "$O"
check "daemon killed: it bootstraps again" lab_until 300 pair_done "$O"
check "daemon killed: it is ready to take over" lab_until 60 backup "$O"

# ---- the daemon is stopped, in order
began=$(now_ms)
check "daemon stopped: it ends" lab_stop "daemon.$M"
check "daemon stopped: the other serves within $SOON s" serves_within "$SOON" "$began"
took "daemon stopped"
check "daemon stopped: the address has moved" has_alone "$O"
pair_daemon "$M"
check "daemon stopped: it bootstraps again" lab_until 300 pair_done "$M"
check "daemon stopped: nothing got out" pair_tight

# ---- its uplink has no carrier
check "the other could take over" lab_until 60 backup "$M"
began=$(now_ms)
ip -n net link set "wan$O" down
check "no carrier: the other serves within $SOON s" serves_within "$SOON" "$began"
took "no carrier"
check "no carrier: the address has moved" has_alone "$M"
ip -n net link set "wan$O" up
pair_routes "$O"
check "no carrier: nothing got out" pair_tight

# ---- its uplink is dark: there is a carrier, and packets vanish
dark() { # GATEWAY
	lab_in net nft -f - <<-N
	table netdev dark {
		chain c_in {
			type filter hook ingress device "wan$1" priority 0
			policy drop
			ether type arp accept
		}
	}
	N
}
check "dark uplink: the other could take over" lab_until 60 backup "$O"
began=$(now_ms)
check "dark uplink: packets vanish" dark "$M"
check "dark uplink: the other serves within $LATE s" \
	serves_within "$LATE" "$began"
took "dark uplink"
check "dark uplink: the address has moved" has_alone "$O"
check "dark uplink: nothing got out" pair_tight
lab_in net nft delete table netdev dark
served() { # it could take over
	"$PAIR_APPLIANCE/vrrp-serves" "$LAB_SUT" "$LAB_DIR/pair/$1.rc" lives
}
check "dark uplink: it recovers" lab_until 120 served "$M"

# ---- an onion service, through both
onion_page() { gets "http://$(lab_onion s1)/" 120 && same "$(seen_last)" "$(onion_addr4 s1)"; }
check "an onion service publishes" lab_onion_ready s1
check "an onion service by one" onion_page
pair_power_off "$O"
check "an onion service by the other" onion_page
check "that was the other" has_virtual "$M"

# ---- neither serves
nobody() { [ -z "$(master)" ]; }
no_page() { ! page_by "http://$DEST4/" --max-time 5; }
pair_kill "$M"
check "neither serves: neither has the address" lab_until 60 nobody
check "neither serves: no page" no_page
check "neither serves: nothing got out" pair_tight
pair_daemon "$M"
check "one serves again" lab_until 300 has_virtual "$M"

# ---- VRRP stays in the LAN ---------------------------------------------------------

# vrrp_by DEVICE: an advertisement, as keepalived sends it; with a raw socket of
# root's, and with a packet socket
vrrp_by() {
	lab_in "$M" "$PYTHON" - "$1" <<-'P'
	import socket, struct, sys
	dev = sys.argv[1].encode()
	body = bytes.fromhex("313364010064000a080001")[:8] + bytes([10, 8, 0, 1])
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
	for n in range(3):
	    try:
	        s.sendto(body, ("224.0.0.18", 0))
	    except PermissionError:
	        print("not permitted")
	ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0xc0, 32, 0, 0, 255, 112, 0,
	                 bytes([10, 8, 0, 3]), bytes([224, 0, 0, 18]))
	total = sum(struct.unpack("!10H", ip))
	total = (total & 0xffff) + (total >> 16)
	ip = ip[:10] + struct.pack("!H", ~total & 0xffff) + ip[12:]
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind((sys.argv[1], 0))
	for n in range(3):
	    try:
	        s.send(bytes.fromhex("01005e000012") + s.getsockname()[4] +
	               b"\x08\x00" + ip + body)
	    except OSError as err:
	        print(err)
	P
}
vrrp_in_lan() { # what the switch brings rt of it
	lab_in rt nft list counter netdev seen vrrp |
		awk '$1 == "packets" { print $2 }'
}
lab_in rt nft -f - <<-N
table netdev seen {
	counter vrrp { }
	chain c_in {
		type filter hook ingress device "lan0" priority 0
		policy accept
		ip daddr 224.0.0.18 ip ttl 255 meta l4proto 112 counter name vrrp
	}
}
N
heard_in_lan() { [ "$(vrrp_in_lan)" -gt 3 ]; }
check "VRRP is sent in the LAN" lab_until 60 heard_in_lan
check "VRRP is tried by the uplink" vrrp_by up0
check "VRRP never leaves by an uplink" pair_tight

# ---- many, by a router that goes by the source --------------------------------------

CLIENTS=16
ecmp() { # WORD: what the document says, as it says it
	doc_block "$LAB_SRC/../../docs/appliance-failover.md" "Many, by ECMP" "$1"
}
router() { # as it is documented, but for its addresses
	ip -n rt route del default 2>/dev/null
	ip -n rt -6 route del default 2>/dev/null
	ecmp sysctl | lab_in rt sh -e
}
seen_anew() {
	lab_in sw nft -f - <<-N
	table netdev seen
	delete table netdev seen
	table netdev seen {
		set a4 { type ipv4_addr . inet_proto; flags dynamic; size 4096; }
		set b4 { type ipv4_addr . inet_proto; flags dynamic; size 4096; }
		set a6 { type ipv6_addr . inet_proto; flags dynamic; size 4096; }
		set b6 { type ipv6_addr . inet_proto; flags dynamic; size 4096; }
		chain to_a {
			type filter hook egress device "to_a" priority 0
			policy accept
			ip saddr 10.7.0.0/24 add @a4 { ip saddr . meta l4proto }
			ip6 saddr fd09:7::/64 meta l4proto { 6, 17 } add @a6 { ip6 saddr . meta l4proto }
		}
		chain to_b {
			type filter hook egress device "to_b" priority 0
			policy accept
			ip saddr 10.7.0.0/24 add @b4 { ip saddr . meta l4proto }
			ip6 saddr fd09:7::/64 meta l4proto { 6, 17 } add @b6 { ip6 saddr . meta l4proto }
		}
	}
	N
}
# "ADDRESS GATEWAY", each once: who met which
who_met() { # 4|6
	local g
	for g in a b; do
		lab_in sw nft -n list set netdev seen "$g$1" | tr -d '\n\t' |
			sed -n 's/.*elements = {\([^}]*\)}.*/\1/p' |
			tr ',' '\n' | awk -v g="$g" '{ print $1, g }'
	done | sort -u
}
client() { # 4|6 N
	case $1 in 4) echo "10.7.0.$((100 + $2))" ;; 6) echo "fd09:7::$((100 + $2))" ;; esac
}
impatient=()
# mapped_page 4|6 N: the N-th client asks for a name, and connects to its address
mapped_page() {
	local at type=A server=192.0.2.53 url
	[ "$1" = 4 ] || { type=AAAA && server=2001:db8:53::53; }
	at=$(lab_in c2 dig +short +noedns +time=2 +tries=15 \
		-b "$(client "$1" "$2")" "@$server" "n$2.many.lab.example" \
		"${impatient[@]}" "$type" | grep -v '^;;')
	url="http://$at/"
	[ "$1" = 4 ] || url="http://[$at]/"
	[ -n "$at" ] && lab_in c2 "${CURL[@]}" --max-time 60 -o /dev/null \
		--interface "$(client "$1" "$2")" "$url"
}
# pages 4|6: how many of the clients got theirs
pages() {
	local n jobs=() good=0
	for ((n = 1; n <= CLIENTS; n++)); do
		mapped_page "$1" "$n" &
		jobs+=($!)
	done
	for n in "${jobs[@]}"; do ! wait "$n" || good=$((good + 1)); done
	echo "$good"
} 2>/dev/null
all_pages() { same "$(pages "$1")" "$CLIENTS"; }
# Each client met one, and each gateway has clients.
one_each() { # 4|6
	who_met "$1"
	same "$(who_met "$1" | wc -l)" "$CLIENTS" &&
		same "$(who_met "$1" | awk '{ print $1 }' | sort -u | wc -l)" \
			"$CLIENTS" &&
		same "$(who_met "$1" | awk '{ print $2 }' | sort -u |
			paste -sd' ')" "a b"
}
for ((n = 1; n <= CLIENTS; n++)); do
	addr c2 eth0 "$(client 4 "$n")/24" "$(client 6 "$n")/64"
done
check "the other starts again" pair_power_on "$O" 150
check "the other bootstraps again" lab_until 300 pair_done "$O"
check "a router spreads clients, as it is documented" router
seen_anew
check "ECMP: $CLIENTS clients get pages by mapped names" \
	lab_until 300 all_pages 4
check "ECMP: a client's names and flows meet one gateway, and both are met" \
	one_each 4
check "ECMP: the same over IPv6" lab_until 300 all_pages 6
check "ECMP: one gateway for each over IPv6, and both are met" one_each 6
by_ports() { # what another hash would do
	local f
	for f in 4 6; do
		lab_in rt sysctl -qw "net.ipv$f.fib_multipath_hash_policy=1"
	done
	[ "$(pages 4)" -lt "$CLIENTS" ]
}
check "ECMP, anti-test: by ports, clients lose their names" by_ports
check "ECMP, anti-test: that is seen" eval '! one_each 4'
check "ECMP: by the source again" router
pair_power_off b
began=$(now_ms)
impatient=(+time=1 +tries=1)
check "ECMP: one is gone, and all clients get pages after a while" \
	lab_until 120 all_pages 4
echo "     ECMP: all are served after $(($(now_ms) - began)) ms"
check "ECMP: nothing got out" pair_tight
check "all the while packets of all kinds were sent" flooded 1000

# ---- an oracle that sees leaks ------------------------------------------------------

M=a
opened() { # it forwards, and no rule holds it
	lab_stop "daemon.$M" && lab_in "$M" "$LAB_SUT" firewall open \
		--yes-let-everything-out --without-asking \
		-f "$LAB_DIR/pair/$M.rc" && lab_in "$M" sysctl -qw \
		net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}
leaks() { [ "$(pair_count "$M" leak)" -gt 100 ]; }
vrrp_leaks() { vrrp_by up0 && [ "$(pair_count "$M" vrrp)" -ge 6 ]; }
check "anti-test: a gateway is opened" opened
check "anti-test: an oracle that sees leaks" lab_until 60 leaks
check "anti-test: it sees VRRP by an uplink" vrrp_leaks
flood_end
pair_down

# shellcheck shell=bash
# tests/platform/fwlab.sh - a workstation and the net, in network namespaces
#
# Sourced by tests/platform/fwclose and boot, as root, in a mount and a PID
# namespace of their own.  In gw is the interface up0, which is down at first; in
# net stands the oracle: what is neither for the relay, nor ARP, neighbour
# discovery or DHCP, is a leak.  Each check is a line "ok name" or "FAIL name".

mount -t tmpfs tmpfs /run/netns 2>/dev/null ||
	{ mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; } || exit 1
tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0
OTHER=1000
DEST=203.0.113.80 RELAY=203.0.113.7 UP=198.51.100.2

gw() { ip netns exec gw "$@"; }
verdict() { # STATUS NAME
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		echo "FAIL $2"
		[ ! -s "$tmp/out" ] || sed 's/^/     | /' "$tmp/out"
	fi
	: >"$tmp/out"
}
check() { # NAME CMD...
	local name=$1
	shift
	"$@" >"$tmp/out" 2>&1
	verdict $? "$name"
}
until_() { # CMD...: within a minute
	local i
	for ((i = 0; i < 1200; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}
refused() { ! "$@"; }

fwlab_up() {
	local n
	for n in gw net; do
		ip netns add "$n" && ip -n $n link set lo up || return
	done
	ip link add up0 netns gw type veth peer name wan netns net &&
		ip -n net addr add 198.51.100.1/24 dev wan &&
		ip -n net link set wan up || return
	ip -n net addr add $DEST/32 dev lo
	ip -n net addr add $RELAY/32 dev lo
	ip netns exec net nft -f - <<-N
	table netdev oracle {
		counter leak { }
		counter relay { }
		chain c_wan {
			type filter hook ingress device "wan" priority -500
			meta protocol arp accept
			icmpv6 type { 133, 134, 135, 136 } accept
			ip daddr $RELAY tcp dport 9001 counter name relay accept
			udp sport 68 udp dport 67 accept
			counter name leak accept
		}
	}
	N
}
link_up() {
	ip -n gw link set up0 up &&
		ip -n gw addr replace $UP/24 dev up0 &&
		ip -n gw route replace default via 198.51.100.1
}
link_down() { ip -n gw link set up0 down; }
is_up() { ip -n gw link show up0 | grep -q '[<,]UP[,>]'; }
count() { ip netns exec net nft list counter netdev oracle "$1" |
	awk '/packets/ { print $2 }'; }
zero() { ip netns exec net nft reset counters table netdev oracle >/dev/null; }
# Other programs of the host, by whatever they find: a user's datagrams, and
# root's packet socket.
stray() {
	gw setpriv --reuid $OTHER --regid $OTHER --clear-groups "$PYTHON" - <<-P
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for to in ("$DEST", "$RELAY"):
	    try:
	        s.sendto(b"x", (to, 443))
	    except OSError:
	        pass
	P
	packet_socket
}
packet_socket() {
	gw "$PYTHON" - <<-P
	import socket
	s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
	ip = bytes.fromhex("450000210000000040110000") + \
	    socket.inet_aton("$UP") + socket.inet_aton("$DEST")
	try:
	    s.sendto(ip + b"\0\x35\x11\x51\0\x0d\0\0hello",
	        ("up0", 0x0800, 0, 0, b"\xff" * 6))
	except OSError:
	    pass
	P
}
none_leaked() {
	[ "$(count leak)" -eq 0 ] || { echo "$(count leak) packets"; false; }
}
leaked() { [ "$(count leak)" -gt 0 ]; }
tight() { # with the link up; what has gone out by now was seen
	zero
	stray
	none_leaked
}
leaks() { zero; stray; until_ leaked; }
# A datagram by an AF_XDP socket, which no rule sees.
by_xdp() {
	gw "$PYTHON" "$here/fwxdp.py" send up0 ff:ff:ff:ff:ff:ff $UP $DEST
}
xdp_leaks() { zero; by_xdp && until_ leaked; }
xdp_stays_in() { # since there is no room for it
	zero
	by_xdp >"$tmp/xdp"
	cat "$tmp/xdp"
	grep -qx busy "$tmp/xdp" && ! leaked
}
# A packet socket's datagram at b0, which somebody's BPF program leads to up0.
by_bpf() {
	gw ip link add b0 type veth peer name b1 && gw ip link set b0 up &&
		gw ip link set b1 up &&
		gw "$PYTHON" "$here/fwbpf.py" send b0 up0 $UP $DEST
	local rc=$?
	gw ip link del b0
	return $rc
}
bpf_leaks() { zero; by_bpf && until_ leaked; }
bpf_stays_in() { zero; by_bpf && ! leaked; }
rules() { gw nft list table inet onion_transparent; }
wire() { gw nft list table netdev onion_transparent; }
has_none() { ! rules >/dev/null 2>&1 && ! wire >/dev/null 2>&1; }
holders() { pgrep -c '^ot-hold-'; }

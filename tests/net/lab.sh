#!/bin/bash
# tests/net/lab.sh - a laboratory: a LAN, a gateway, a private network of
# Debian's tor, and a destination, all in network namespaces
#
#   lan1 10.9.0.11 ─┐                                  ┌ a1.. r1..  tor relays
#                   ├ br0 [gw] up0 ── wan [net] ───────┤ 100.65.0.1, ...
#   lan2 10.9.0.12 ─┘  the system       oracle on wan  └ dst0 ── [dest]
#                      under test                        web, DNS 203.0.113.80
#
# Theory of operation
#	A script sources this file and calls `lab_enter "$@"` first.  That runs
#	the script again in a mount and a PID namespace of its own, where
#	/run/netns and $LAB_DIR are empty and private: any number of labs run
#	side by side with the same names inside.  When the script ends, however
#	it ends, the kernel ends every process of the PID namespace, and with
#	the last of them go the network namespaces and the files.  Nothing has
#	to be found again by name, so nothing foreign can be hit.
#
#	The gateway has a route to the destination, and the destination one
#	back: a leak works, and is counted by the oracle, in [net], where the
#	system under test cannot touch it.
#
# Run by itself, it is a tool for developers:
#	lab.sh shell		a lab, and a shell inside it with all functions
#	lab.sh hold		a lab until interrupted; says its directory
#	lab.sh in DIR CMD...	run a function or program in a held lab
#
# What can be chosen (environment):
#	LAB_AUTHS=3 LAB_RELAYS=6 LAB_NONEXITS=1	the network; the last
#				LAB_NONEXITS relays are no exits
#	LAB_VOTING_INTERVAL=10	seconds (10 is tor's floor)
#	LAB_VALID_INTERVALS=2	a consensus lives so many intervals
#	LAB_PARAMS=		consensus parameters; "live": as the live network
#	LAB_MEASURED=1		authorities vote equal measured bandwidths; 0: what
#				fresh relays get, near zero and very unequal
#	LAB_DATA_MB=100		the web server's file of random bytes
#	LAB_SUT=tor		the system under test: "tor" or our binary's path

LAB_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${LAB_AUTHS:=3}" "${LAB_RELAYS:=6}" "${LAB_NONEXITS:=1}"
: "${LAB_VOTING_INTERVAL:=10}" "${LAB_VALID_INTERVALS:=2}"
: "${LAB_PARAMS:=}" "${LAB_MEASURED:=1}" "${LAB_DATA_MB:=100}"
: "${LAB_SUT:=tor}"

LAN4=10.9.0.1 LAN6=fd09:9::1		# the gateway as its LAN sees it
TUN4=10.191.0.2 TUN6=fd00:6f74::2	# who answers in the TUN
UP4=198.51.100.2 UP6=2001:db8:100::2	# ... and as the world sees it
DEST4=203.0.113.80 DEST6=2001:db8:80::80
RESOLVER4=203.0.113.53 RESOLVER6=2001:db8:80::53	# also in [dest]
ORPORT=9001 DIRPORT=9030 TRANSPORT=9040 DNSPORT=5353
SOCKSPORT=9050 HTTPPORT=9080

# Debian's own python: one found first in PATH may be a slow wrapper.
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

# ---- small tools -----------------------------------------------------------

lab_die() {
	echo "lab: $*" >&2
	exit 1
}

# lab_until SECONDS CMD...: wait for a condition, with a generous bound.
lab_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# alive PID: running, and not merely a zombie that nobody waited for yet
alive() {
	local s
	{ s=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	s=${s##*) }
	[ "${s:0:1}" != Z ]
}
dead() { ! alive "$1"; }

# lab_spawn NAME NETNS CMD...: start a program, remember its pid.  nsenter
# becomes the program, so the pid is the program's own.  A shell stays behind
# to take its exit status down: who wants to know it may be another script
# than who started it.
lab_spawn() {
	local name=$1 ns=$2
	shift 2
	rm -f "$LAB_DIR/pid/$name"
	{
		exec_in "$ns" "$@" &
		rm -f "$LAB_DIR/rc/$!"	# pids come again
		echo $! >"$LAB_DIR/pid/$name"
		wait $!
		echo $? >"$LAB_DIR/rc/$!"
	} >>"$LAB_DIR/log/$name.out" 2>&1 </dev/null &
	until [ -s "$LAB_DIR/pid/$name" ]; do sleep 0.01; done
}
lab_pid() { cat "$LAB_DIR/pid/$1" 2>/dev/null; }
lab_alive() { [ -e "$LAB_DIR/pid/$1" ] && alive "$(lab_pid "$1")"; }

# lab_status PID: what one that lab_spawn started, and that is dead, ended with
lab_status() {
	lab_until 60 test -s "$LAB_DIR/rc/$1"
	cat "$LAB_DIR/rc/$1" 2>/dev/null || echo unknown
}

# lab_stop NAME [SIGNAL]: end it; if it does not heed the signal, KILL.  What
# it ended with is in LAB_STATUS.
lab_stop() {
	local pid rc=0
	LAB_STATUS=
	pid=$(lab_pid "$1") || return 0
	rm -f "$LAB_DIR/pid/$1"
	if alive "$pid"; then
		kill "-${2:-TERM}" "$pid" 2>/dev/null
		lab_until 120 dead "$pid" || rc=1
	fi
	if [ "$rc" -ne 0 ]; then
		kill -KILL "$pid" 2>/dev/null
		lab_until 120 dead "$pid"
		echo "lab: $1 had to be killed" >&2
	fi
	LAB_STATUS=$(lab_status "$pid")
	return "$rc"
}

exec_in() { exec nsenter --net="/run/netns/$1" -- "${@:2}"; }

# ---- in and out ------------------------------------------------------------

# lab_enter "$@": at the top of a script, before it does anything else.
lab_enter() {
	if [ -n "${LAB_INSIDE-}" ]; then
		lab_inside
		return
	fi
	[ "$(id -u)" -eq 0 ] || { echo "$0: must be root" >&2; exit 77; }
	lab_outside "$0" "$@"
}

# Killing the PID namespace's first process is all there is to cleaning up;
# --pdeathsig and --kill-child see to it even when we are killed ourselves.
lab_outside() {
	local child rc
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lab-XXXXXX") || exit 1
	mkdir -p /run/netns
	export LAB_DIR
	LAB_INSIDE=1 setpriv --pdeathsig KILL -- unshare --mount --pid --fork \
		--kill-child --mount-proc bash "$@" <&0 &
	child=$!
	LAB_CUT=
	trap 'LAB_CUT=130; kill -KILL "$child"' INT
	trap 'LAB_CUT=143; kill -KILL "$child"' TERM HUP
	lab_until 60 pgrep -P "$child" && pgrep -P "$child" >"$LAB_DIR/pid"
	# an interrupted wait leaves the child to be waited for again
	# (nor need the shell say that we killed it)
	{
		while wait "$child"; rc=$?; kill -0 "$child"; do :; done
	} 2>/dev/null
	rm -rf "$LAB_DIR"
	[ -z "$LAB_CUT" ] || echo "$(basename "$1"): interrupted; cleaned up" >&2
	exit "${LAB_CUT:-$rc}"
}

lab_inside() {
	if [ $$ -ne 1 ]; then		# a script that such a script runs
		[ -d "$LAB_DIR/pid" ] || lab_die "LAB_INSIDE is set, but no lab"
		return
	fi
	mount -t tmpfs tmpfs /run/netns || lab_die "cannot mount"
	mount -t tmpfs -o mode=0755 tmpfs "$LAB_DIR" || lab_die "cannot mount"
	# a name service cache outside would answer for the LAN client
	[ ! -d /run/nscd ] || mount -t tmpfs tmpfs /run/nscd
	# RunSocket's default: no lab sees another's, nor the machine's own
	mkdir -p /run/onion-transparent
	mount -t tmpfs -o mode=0755 tmpfs /run/onion-transparent
	unset http_proxy https_proxy ftp_proxy all_proxy no_proxy
	unset HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY LD_PRELOAD
	mkdir "$LAB_DIR/pid" "$LAB_DIR/rc" "$LAB_DIR/log" "$LAB_DIR/tor" \
		"$LAB_DIR/tmp"
	echo "hosts: files dns" >"$LAB_DIR/nsswitch.conf"
	# If the gateway itself ever asks its resolver, the oracle counts it.
	echo "nameserver $DEST4" >"$LAB_DIR/resolv.gw"
	lab_resolver "$LAN4"
}

# lab_resolver ADDRESS: whom the LAN's clients ask for names
lab_resolver() {
	printf 'nameserver %s\noptions timeout:30 attempts:3\n' "$1" \
		>"$LAB_DIR/resolv.lan"
}

# lab_in NETNS CMD...
lab_in() { nsenter --net="/run/netns/$1" -- "${@:2}"; }

# lab_in_as RESOLV NETNS CMD...: the same, with a resolv.conf of its own.
lab_in_as() {
	local conf=$1 ns=$2
	shift 2
	# shellcheck disable=SC2016
	lab_in "$ns" unshare --mount --propagation slave sh -c '
		mount --bind "$1" /etc/resolv.conf
		mount --bind "$2" /etc/nsswitch.conf
		shift 2
		exec "$@"' sh "$LAB_DIR/$conf" "$LAB_DIR/nsswitch.conf" "$@"
}
lab_gw() { lab_in_as resolv.gw gw "$@"; }
lab_lan() { lab_in_as resolv.lan lan1 "$@"; }
lab_lan2() { lab_in_as resolv.lan lan2 "$@"; }
lab_dest() { lab_in dest "$@"; }

# ---- namespaces, links, addresses ------------------------------------------

# netns NAME: before its links come up: no autoconfiguration, no DAD, so that
# addresses work at once and the uplink is silent
netns() {
	ip netns add "$1" || return
	lab_in "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.accept_ra=0 \
		net.ipv6.conf.default.router_solicitations=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	ip -n "$1" link set lo up
}
lab_netns() {
	local n
	for n in lan1 lan2 gw net dest; do
		netns "$n" || return 1
	done
	for n in gw net; do	# in gw so that missing rules show as leaks
		lab_in "$n" sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
	done
	# Where the kernel has br_netfilter, bridged frames pass the IP hooks
	# while still in the bridge, and tproxy loses its socket on the way.
	lab_in gw sysctl -qew net.bridge.bridge-nf-call-iptables=0 \
		net.bridge.bridge-nf-call-ip6tables=0 \
		net.bridge.bridge-nf-call-arptables=0
	lab_in net sysctl -qw net.core.somaxconn=8192
	lab_in dest sysctl -qw net.core.somaxconn=8192
	lab_in gw sysctl -qw net.core.somaxconn=8192
}

# link NETNS NAME PEERNETNS PEERNAME
link() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# addr NETNS DEV ADDRESS/LEN...
addr() {
	local ns=$1 dev=$2 a
	shift 2
	for a in "$@"; do
		case $a in
		*:*) ip -n "$ns" addr add "$a" dev "$dev" nodad ;;
		*) ip -n "$ns" addr add "$a" dev "$dev" ;;
		esac
	done
}

# route NETNS PREFIX GATEWAY
route() { ip -n "$1" route add "$2" via "$3"; }

lab_links() {
	local i
	ip -n gw link add br0 type bridge
	ip -n gw link set br0 up
	addr gw br0 "$LAN4/24" "$LAN6/64"
	for i in 1 2; do
		link "lan$i" eth0 gw "p$i"
		ip -n gw link set "p$i" master br0
		addr "lan$i" eth0 "10.9.0.1$i/24" "fd09:9::1$i/64"
		route "lan$i" default "$LAN4"
		route "lan$i" ::/0 "$LAN6"
	done
	link gw up0 net wan
	addr gw up0 "$UP4/24" "$UP6/64"
	addr net wan 198.51.100.1/24 2001:db8:100::1/64
	route gw default 198.51.100.1
	route gw ::/0 2001:db8:100::1
	# the way back for what leaks from the LAN: it must work, to be seen
	route net 10.9.0.0/24 "$UP4"
	route net fd09:9::/64 "$UP6"
	link net dst0 dest eth0
	addr net dst0 203.0.113.1/24 2001:db8:80::1/64
	addr dest eth0 "$DEST4/24" "$DEST6/64"
	route dest default 203.0.113.1
	route dest ::/0 2001:db8:80::1
}

# ---- the destination -------------------------------------------------------

# www and big have both families; only4, only6 one; anything else NXDOMAIN.
lab_dest_up() {
	lab_spawn web dest env LAB_DIR="$LAB_DIR" "$PYTHON" "$LAB_SRC/web.py" \
		"$LAB_DIR/log/web" "$LAB_DATA_MB"
	lab_spawn dns dest dnsmasq --keep-in-foreground --conf-file=/dev/null \
		--user=root --pid-file= --no-hosts --no-resolv --no-poll \
		--bind-interfaces --listen-address="$DEST4" \
		--listen-address="$DEST6" --log-facility=- --log-queries \
		--dns-forward-max=5000 --cache-size=10000 --local-ttl=60 \
		--local=/#/ \
		--host-record="www.lab.example,$DEST4,$DEST6" \
		--host-record="big.lab.example,$DEST4,$DEST6" \
		--host-record="only4.lab.example,$DEST4" \
		--host-record="only6.lab.example,$DEST6" \
		--address="/many.lab.example/$DEST4" \
		--cname=alias.lab.example,www.lab.example \
		--host-record="inside4.lab.example,192.168.7.7" \
		--host-record="inside6.lab.example,fd00:dead::7" \
		--server="/signed.example/plain.example/$RESOLVER4" \
		--ptr-record=7.113.0.203.in-addr.arpa,seven.lab.example \
		--mx-host=lab.example,www.lab.example,10
}
lab_dest_ready() {
	lab_until 300 grep -q ready "$LAB_DIR/log/web" ||
		lab_die "the web server does not start"
	lab_until 300 lab_dns_ok || lab_die "dnsmasq does not answer"
}
lab_dns_ok() {
	lab_in net dig +time=1 +tries=1 "@$DEST4" www.lab.example |
		grep -q "$DEST4"
}

# lab_web_log [LINES]: what the web server saw, without the first word (time)
lab_web_log() { grep -v ready "$LAB_DIR/log/web" | cut -d' ' -f2-; }

# ---- up and down -----------------------------------------------------------

# lab_up: everything except the system under test; see lab_wait_consensus.
lab_up() {
	{ lab_netns && lab_links; } || lab_die "cannot make the namespaces"
	lab_dest_up
	lab_relays_up
	lab_oracle_up || lab_die "cannot load the oracle"
	lab_gate redirect || lab_die "cannot load the gateway's rules"
	lab_dest_ready
}

# lab_down: for a script that wants another lab; at the end of a script the
# kernel does it.
lab_down() {
	local f n
	for f in "$LAB_DIR"/pid/*; do
		[ ! -e "$f" ] || kill -KILL "$(cat "$f")" 2>/dev/null
	done
	for f in "$LAB_DIR"/pid/*; do
		[ ! -e "$f" ] || lab_stop "$(basename "$f")" KILL
	done
	for n in lan1 lan2 gw net dest; do
		ip netns del "$n" 2>/dev/null
	done
	rm -rf "${LAB_DIR:?}"/tor/* "$LAB_DIR"/log/* "$LAB_DIR"/pid/* \
		"$LAB_DIR"/sut "$LAB_DIR"/tmp/*
	return 0
}

# lab_save_logs DIR: copy what is needed to understand a failure.
lab_save_logs() {
	mkdir -p "$1" && cp -r "$LAB_DIR/log" "$1/" &&
		cp "$LAB_DIR"/tor/*.rc "$LAB_DIR"/sut.rc "$1/" 2>/dev/null
	(lab_oracle; lab_leaks) >"$1/oracle" 2>&1
	return 0
}

# shellcheck source=tests/net/tornet.sh
. "$LAB_SRC/tornet.sh"
# shellcheck source=tests/net/onions.sh
. "$LAB_SRC/onions.sh"
# shellcheck source=tests/net/zones.sh
. "$LAB_SRC/zones.sh"
# shellcheck source=tests/net/gate.sh
. "$LAB_SRC/gate.sh"
# shellcheck source=tests/net/sut.sh
. "$LAB_SRC/sut.sh"

# ---- as a tool -------------------------------------------------------------

lab_tool() {
	case ${1-} in
	shell)
		lab_enter "$@"
		{ lab_up && lab_wait_consensus; } || exit 1
		export LAB_SUT
		bash --rcfile "$LAB_SRC/lab.sh" -i
		;;
	hold)
		lab_enter "$@"
		{ lab_up && lab_wait_consensus; } || exit 1
		echo "ready: $LAB_DIR"
		while :; do sleep 1000 & wait $!; done
		;;
	in)
		[ -r "${2-}/pid" ] || lab_die "usage: lab.sh in DIR CMD..."
		LAB_INSIDE=1 LAB_DIR=$2 exec nsenter -t "$(cat "$2/pid")" \
			-m -p -- bash "$LAB_SRC/lab.sh" run-inside "${@:3}"
		;;
	run-inside)
		"${@:2}"
		;;
	*)
		lab_die "usage: lab.sh shell | hold | in DIR CMD..."
		;;
	esac
}
[ "${BASH_SOURCE[0]}" != "$0" ] || { set -u; lab_tool "$@"; }

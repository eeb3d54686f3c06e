#!/bin/bash
# demo.sh - see it work, on one machine, without the Internet
#
# usage: sudo ./demo.sh [--tun] [--client tor|BINARY]
#
# Builds onion-transparent and lets it do its job in a laboratory made of
# network namespaces: a private network of Debian's tor (authorities, relays,
# exits), a destination with a web server and DNS, a gateway that runs
# onion-transparent, and a LAN client that knows nothing of all this.  The
# client fetches a page by name, and a 50 MB file.
#
# What is missing is installed by apt.  Everything else is gone afterwards,
# also when interrupted; several demos can run at once.  The exit status
# tells whether all went well.
#	--tun		the gateway takes the LAN's packets from a TUN device, in
#			place of redirected sockets
#	--client tor	the same with tor as the client, for comparison
# shellcheck disable=SC2119,SC2317
set -u
TOP=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/packages.sh
. "$TOP/tests/packages.sh"
# shellcheck source=tests/net/build.sh
. "$TOP/tests/net/build.sh"

FILE_BYTES=50000000
failures=0

# ---- how it looks ----------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
	B=$'\e[1m' G=$'\e[32m' R=$'\e[31m' D=$'\e[2m' N=$'\e[0m'
else
	B='' G='' R='' D='' N=''
fi
title() { printf '\n%s%s%s\n' "$B" "$*" "$N"; }
say() { printf '   %s\n' "$*"; }
quiet_say() { printf '   %s%s%s\n' "$D" "$*" "$N"; }
good() { printf ' %sok%s %s\n' "$G" "$N" "$*"; }
bad() {
	printf ' %sNO%s %s\n' "$R" "$N" "$*"
	failures=$((failures + 1))
}
# verdict TEXT CMD...: good or bad
verdict() {
	local text=$1
	shift
	if "$@" >/dev/null 2>&1; then good "$text"; else bad "$text"; fi
}
give_up() {
	bad "$*"
	[ ! -e "${LAB_DIR:-/nonexistent}/log/sut.out" ] ||
		{ say "its log ends:"; sut_log | tail -n 20 | sed 's/^/   | /'; }
	exit 1
}

# ---- before the laboratory -------------------------------------------------

prepare() {
	need_root "$0"
	title "Preparing"
	packages_install "${PACKAGES_LAB[@]}" || exit 1
	if [ -z "$CLIENT" ]; then
		packages_install "${PACKAGES_BUILD[@]}" || exit 1
		say "building (quietly) ..."
		CLIENT=$(build_ours "$TOP") || exit 1
	fi
	[ "$CLIENT" = tor ] || CLIENT=$(readlink -f "$CLIENT")
	good "the client under demonstration: ${CLIENT#"$TOP"/}"
	export LAB_SUT=$CLIENT
}

# ---- the demonstration -----------------------------------------------------

network() {
	title "A private network of tor relays"
	say "$LAB_AUTHS authorities and $LAB_RELAYS relays, each with addresses of its own."
	lab_up
	say "they vote on a consensus ..."
	lab_wait_consensus || give_up "the relays found no consensus"
	good "consensus after $(since "$LAB_DIR/tor/started") seconds"
}
since() { awk -v a="$(cat "$1")" -v b="$(date +%s.%N)" \
	'BEGIN { printf "%.0f", b - a }'; }

gateway() {
	title "The gateway starts"
	if [ -n "$TUN" ]; then
		SUT_MODE=tun
		lab_gate tun
		lab_resolver "$TUN4"
	fi
	lab_oracle_reset
	sut_start
	follow_bootstrap || give_up "it did not bootstrap"
	good "ready to build circuits"
	[ -z "$TUN" ] || device
}
# What it made of the machine, for all that its LAN wants forwarded.
device() {
	local at
	say "the LAN's packets go into a device of its own:"
	ip -n gw -brief address show dev ot0 | sed 's/^/   | /'
	ip -n gw rule show | sed 's/^/   | /'
	at=$(ip -n gw route get "$DEST4" from 10.9.0.11 iif br0 2>&1)
	say "to $DEST4: ${at%% table*}"
	verdict "that is the TUN" grep -q "dev ot0" <<<"$at"
}
# Show progress as the log tells it, until 100% or a generous bound.
follow_bootstrap() {
	local end=$((SECONDS + 300)) seen=0 lines
	while [ "$SECONDS" -lt "$end" ] && lab_alive sut; do
		mapfile -t lines < <(sut_log |
			grep -o 'Bootstrapped [0-9]*%.*' | tail -n +$((seen + 1)))
		[ "${#lines[@]}" -eq 0 ] || printf '   %s\n' "${lines[@]}"
		seen=$((seen + ${#lines[@]}))
		sut_done && return 0
		sleep 0.1
	done
	return 1
}

page() {
	local text who
	title "The client on the LAN: curl http://www.lab.example/"
	lab_until 300 lab_lan curl -qsSf --max-time 30 http://www.lab.example/
	text=$(lab_lan curl -qsSf --max-time 60 http://www.lab.example/)
	[ -n "$text" ] || { bad "no page came"; return; }
	say "the web server says: $text"
	who=$(seen_by_web)
	say "its log says it was visited by $who (relay $(relay_at "$who"))"
	say "the gateway's own addresses: $UP4, $UP6"
	verdict "that is an exit relay's address" is_exit "$(relay_at "$who")"
}
seen_by_web() {
	lab_web_log | sed -n 's|^80 \(.*\) GET /$|\1|p' | tail -n 1
}
is_exit() { lab_exits | grep -qx "$1"; }

file() {
	local here there paths
	title "A file of $((FILE_BYTES / 1000000)) MB"
	lab_spawn file lan1 curl -q -sSf -o "$LAB_DIR/tmp/file" \
		"http://$DEST4/bytes/$FILE_BYTES"
	paths=$(paths_while_running)
	show_paths "$paths"
	lab_until 600 dead "$(lab_pid file)" || bad "the download hangs"
	here=$(sha256sum <"$LAB_DIR/tmp/file" | cut -d' ' -f1)
	there=$(lab_dest curl -qs "http://$DEST4/sum/$FILE_BYTES")
	say "SHA-256 at the server: $there"
	say "SHA-256 at the client: $here"
	verdict "they are the same" test "$here" = "$there"
}
# Ask the program which relays carry the stream, as long as it runs: one path,
# or two where two circuits were linked for it.
paths_while_running() {
	local paths=
	while [ -z "$paths" ] && lab_alive file; do
		paths=$(sut_get legs-of "$DEST4:80" 2>/dev/null)
	done
	echo "$paths"
}
show_paths() {
	local path n
	while read -r path; do
		if [ "$(wc -w <<<"$path")" -ne 3 ]; then
			bad "no circuit of three relays was seen ($path)"
			return
		fi
		say "a circuit that carries it:"
		for n in $path; do
			say "   $n  $(relay_addr4 "$n")  $(relay_fp "$n")"
		done
		verdict "three relays, the last one an exit" is_exit "$n"
	done <<<"$1"
}

# What is neither TCP nor a name has no way through Tor: the client is told so
# at once, and its programs go on by TCP.
others() {
	local told
	title "The client tries QUIC: a datagram to port 443"
	told=$(lab_lan "$PYTHON" "$LAB_SRC/load.py" told 443 "$DEST4")
	say "its kernel is told: $told"
	verdict "it is refused, and not left waiting" test "$told" = EHOSTUNREACH
}

uplink() {
	local leaked
	title "The gateway's uplink, watched from outside"
	leaked=$(lab_leaked)
	say "packets to relays:       $(lab_count good)"
	say "packets anywhere else:   $leaked"
	verdict "it spoke to relays only" test "$leaked" -eq 0
	[ "$leaked" -eq 0 ] || lab_leaks
	verdict "relays were used" test "$(lab_count good)" -gt 0
	[ -z "$TUN" ] || sut_stop	# its routes would keep all from leaking
	lab_oracle_antitest >/dev/null 2>&1 ||
		{ bad "the watch is blind: it missed a leak made on purpose"; return; }
	good "the watch sees: it counted a leak made on purpose"
}

ending() {
	sut_stop || bad "it did not stop when asked to"
	if [ "$failures" -eq 0 ]; then
		title "${G}All went well.${N}"
		exit 0
	fi
	title "${R}$failures of these went wrong.${N}"
	exit 1
}

CLIENT='' TUN=''
ARGS=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--client) CLIENT=${2:?--client needs a name}; shift ;;
	--tun) TUN=1 ;;
	*) usage_of "$0"; exit 2 ;;
	esac
	shift
done
[ -z "$TUN" ] || [ "$CLIENT" != tor ] ||
	{ echo "demo.sh: tor has no TUN" >&2; exit 2; }
[ -n "${LAB_INSIDE-}" ] || prepare
# shellcheck source=tests/net/lab.sh
. "$TOP/tests/net/lab.sh"
lab_enter "${ARGS[@]}"
network
gateway
page
file
[ -z "$TUN" ] || others
uplink
ending

# shellcheck shell=bash disable=SC2034
# tests/net/killer.sh - packets of every kind, and a program whose processes are
# killed meanwhile
#
# Sourced by a test after check.sh, shown.sh and onhost.sh.
#	KILLER_SEED	of what is random; said at the start

: "${KILLER_SEED:=$RANDOM}" "${FLOOD_RATE:=1000}"
echo "     KILLER_SEED=$KILLER_SEED"

# ---- the flood: half of it from a LAN's client, half from the host ------------

# takes_signals PID: before that our parent process can't end in order
takes_signals() {
	local mask
	mask=$(sed -n 's/^SigBlk:[^0-9a-f]*//p' "/proc/$1/status")
	[ $((16#${mask:-0} & 1 << 14)) -ne 0 ]
}

flood_counts() { echo "$LAB_DIR/tmp/flood.lan" "$LAB_DIR/tmp/flood.host"; }
mac_in() { ip -n "$1" -br link show "$2" | awk '{ print $3 }'; }
flood_start() {
	local f
	for f in $(flood_counts); do echo 0 >"$f"; done
	lab_spawn flood.lan lan1 "$PYTHON" "$LAB_SRC/flood.py" lan \
		$((FLOOD_RATE / 2)) "$LAB_DIR/tmp/flood.lan" eth0 \
		"$(mac_in gw br0)" 10.9.0.11 fd09:9::11 "$DEST4" "$DEST6"
	lab_spawn flood.host gw "$PYTHON" "$LAB_SRC/flood.py" host \
		$((FLOOD_RATE / 2)) "$LAB_DIR/tmp/flood.host" up0 \
		"$(mac_in net wan)" "$UP4" "$UP6" "$DEST4" "$DEST6" \
		"$(id -u "$OTHER_USER")" "$(relay_addr4 r1)" "$(relay_addr6 r1)"
	lab_until 60 flood_sent 100
}
flood_sent() { # N: so many by now, by each of the two
	local f
	for f in $(flood_counts); do
		[ "$(cat "$f" 2>/dev/null || echo 0)" -ge "$1" ] || return
	done
}
flood_more() { # that it still runs shows that it goes on
	flood_further "$FLOOD_RATE"
}
flood_further() { # N: until each of the two has sent so many packets more
	local lan host
	lan=$(cat "$LAB_DIR/tmp/flood.lan") host=$(cat "$LAB_DIR/tmp/flood.host")
	lab_until 60 flood_past $((lan + $1)) $((host + $1))
}
flood_past() { # LAN HOST
	[ "$(cat "$LAB_DIR/tmp/flood.lan")" -ge "$1" ] &&
		[ "$(cat "$LAB_DIR/tmp/flood.host")" -ge "$2" ]
}
flood_stop() {
	local f
	for f in lan host; do lab_stop "flood.$f" KILL; done
}
# flood_over: after a flood without rules, that what comes next finds it quiet.
# Servers that a SYN of it reached say SYN-ACK for a minute while rules keep that
# from the kernel, and connections say their FIN as long: with no rules, the
# kernel's resets and those FINs would count against whoever comes next.
flood_over() {
	local rc=0
	flood_retries 0 1
	lab_until 300 all_closed || rc=1
	flood_connections
	flood_retries 5 0
	lab_until 300 oracle_quiet || rc=1
	forget
	return "$rc"
}
flood_retries() { # of a server's SYN-ACK, of a closed connection (0: as ever)
	local ns
	lab_dest sysctl -qw "net.ipv4.tcp_synack_retries=$1"
	for ns in gw lan1; do
		lab_in "$ns" sysctl -qw "net.ipv4.tcp_orphan_retries=$2"
	done
}
flood_connections() {
	local ns
	lab_dest ss -Htn state syn-recv
	for ns in gw lan1; do
		lab_in "$ns" ss -Htn state connected \
			exclude time-wait exclude fin-wait-2 \
			dst "$DEST4 or dst [$DEST6]"
	done
}
all_closed() { ! flood_connections | grep -q .; }

# ---- the program, and who kills it ---------------------------------------------

KILLER=$LAB_DIR/tmp/killer
killer_wrap() { # from now on sut_start starts it below the killer
	SUT_WRAP=("$PYTHON" "$LAB_SRC/killer.py" "$KILLER"
		"$LAB_DIR/tmp/flood.lan" "$LAB_DIR/tmp/flood.host" --)
}
killer_new() {
	rm -rf "$KILLER"
	mkdir "$KILLER"
	local f
	for f in "$KILLER"/{done,kills,guilty}; do : >"$f"; done
	for f in $(flood_counts); do echo 0 >"$f"; done
}
killer() { # SECONDS COMMAND...: what it answers
	local before wait=$1
	shift
	before=$(wc -l <"$KILLER/done")
	echo "$*" >"$KILLER/do"
	lab_until "$wait" killer_more "$before" &&
		tail -n +"$((before + 1))" "$KILLER/done"
}
killer_more() { [ "$(wc -l <"$KILLER/done")" -gt "$1" ]; }
killer_pid() { # KIND
	killer 60 pids | tr ' ' '\n' | sed -n "s/^$1=//p"
}
killer_kills() { # N
	local before
	before=$(wc -l <"$KILLER/kills")
	killer 3000 kill "$1" "$((KILLER_SEED + before))" || return
	tail -n 20 "$KILLER/kills"
	[ "$(wc -l <"$KILLER/kills")" -eq $((before + $1)) ]
}
killer_killed() { # KIND...: each of these was, at least once
	local k
	sed 's/^[^:]*: [^:]*: //' "$KILLER/kills" | tr ' ' '\n' | sort | uniq -c
	for k in "$@"; do
		grep -q "[: ]$k\( \|$\)" "$KILLER/kills" || return
	done
}
killer_innocent() { # nothing died by itself
	cat "$KILLER/guilty"
	[ ! -s "$KILLER/guilty" ]
}
killer_is_another() { # KIND PID
	local now
	now=$(killer_pid "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}

# ---- the modes that these tests have in common ----------------------------------

# A LAN's gateway whose own programs are served, too.
both_redirect="User $SUT_USER
TransPort $LAN4:$TRANSPORT
TransPort [$LAN6]:$TRANSPORT
TransPort 127.0.0.1:$TRANSPORT
TransPort [::1]:$TRANSPORT
DNSPort $LAN4:$DNSPORT
DNSPort [$LAN6]:$DNSPORT
DNSPort 127.0.0.1:$DNSPORT
DNSPort [::1]:$DNSPORT
TransClients br0 local
Uplink up0"
both_tun="User $SUT_USER
TunClients br0 local
TunUndo 1
Uplink up0"
names_by() { # redirect|TUN
	case $1 in
	TUN) ON_HOST_DNS=10.191.0.2 && lab_resolver 10.191.0.2 ;;
	*) ON_HOST_DNS=127.0.0.1 && lab_resolver "$LAN4" ;;
	esac
	onhost_resolver
}
killer_start() { # the program, anew, below the killer
	sut_stop
	sut_wipe
	killer_new
	killer_wrap
	echo shown >"$LAB_DIR/sut.mode"
	sut_start
	sut_wait
}
undone() {
	sut_stop
	lab_in gw "$LAB_SUT" undo -f "$LAB_DIR/sut.rc" &&
		lab_in gw "$LAB_SUT" firewall open --yes-let-everything-out \
			--without-asking -f "$LAB_DIR/sut.rc" &&
		! lab_in gw nft list ruleset | grep .
}
# Nothing got out but to relays, and nobody else reached one: the oracle takes
# that for good.
tight() {
	lab_oracle
	lab_leaks
	echo "$(($(probed) - PROBED)) packets from port $PORT"
	[ "$(lab_leaked)" -eq 0 ] && [ "$(lab_count good)" -gt 0 ] &&
		[ "$(probed)" -eq "$PROBED" ]
}
count_anew() {
	lab_oracle_reset
	PROBED=$(probed)
}
forget() { # what leaked without rules
	oracle_zero
	PROBED=$(probed)
}
leaks_by_thousands() {
	lab_oracle
	[ "$(lab_count leak4)" -gt 1000 ] && [ "$(lab_count leak6)" -gt 1000 ] &&
		[ "$(probed)" -gt "$PROBED" ]
}

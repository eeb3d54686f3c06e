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
SOON=15			# s: within so many the other serves

page_by() { # URL [CURL OPTIONS...]: as the LAN's client
	rm -f "$LAB_DIR/tmp/page"
	pair_in c1 "${CURL[@]}" "${@:2}" -o "$LAB_DIR/tmp/page" "$1"
}
gets() { lab_until "${2:-300}" page_by "$1" --max-time 60; }
ask_pair() { pair_in c1 dig +short +noedns +time=2 +tries=15 "$@" | grep -v '^;;'; }
now_ms() { date +%s%3N; }
# A new name each time, so that it is asked for and the page fetched, both.
serves_again() { page_by "http://$(fresh f)/" --max-time 5; }
# serves_within SECONDS SINCE: measured from SINCE, in ms
serves_within() {
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
chat_was_reset() { # and not left to wait
	lab_until 30 dead "$CHAT" || { echo "it waits"; return 1; }
	tail -n 3 "$LAB_DIR/log/chat.out"
	grep -qi reset "$LAB_DIR/log/chat.out"
}
map() { # NAME: its address is virtual, and leads to it
	MAPPED=$(ask_pair "$1" A)
	within "$VIRT4" "$MAPPED" && gets "http://$MAPPED/"
}
web_lines() { lab_web_log | wc -l; }
mapped_refused() { # at once, and nobody else is reached by it
	local rc before began
	before=$(web_lines) began=$(now_ms)
	pair_in c1 curl -q -sS --max-time 60 -o /dev/null "http://$MAPPED/"
	rc=$?
	echo "curl ended with $rc after $(($(now_ms) - began)) ms"
	was_refused "$rc" && [ $(($(now_ms) - began)) -lt 3000 ] &&
		same "$(web_lines)" "$before"
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
		"guards: $(pair_status "$O" guards | paste -sd' ')"
	[ -n "$(pair_met "$O")" ] || return
	for n in $(pair_met "$O"); do
		case $n in
		a*) ;;
		*) pair_status "$O" guards | grep -qx "$n" || return ;;
		esac
	done
}
check "power cut: by its own guards" own_guards
check "power cut: nothing got out" pair_tight

# ---- it comes back, and takes nothing
check "back: it starts" pair_power_on "$M" 150
check "back: it bootstraps" lab_until 300 pair_done "$M"
backup() { grep -q 'Entering BACKUP STATE' "$LAB_DIR/log/vrrp.$1.out"; }
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
check "daemon killed: the running connection is reset" chat_was_reset
check "daemon killed: nothing got out" pair_tight
pair_daemon "$O"
check "daemon killed: it bootstraps again" lab_until 300 pair_done "$O"
served() { # it could take over
	"$PAIR_APPLIANCE/vrrp-serves" "$LAB_SUT" "$LAB_DIR/pair/$1.rc" lives
}

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
sleep_until_ready() { lab_until 60 served "$M"; }
check "the other could take over" sleep_until_ready
began=$(now_ms)
ip -n net link set "wan$O" down
check "no carrier: the other serves within $SOON s" serves_within "$SOON" "$began"
took "no carrier"
check "no carrier: the address has moved" has_alone "$M"
ip -n net link set "wan$O" up
pair_routes "$O"
check "no carrier: nothing got out" pair_tight

# ---- an onion service, through both
onion_page() { gets "http://$(lab_onion s1)/" 120 && same "$(seen_last)" "$(onion_addr4 s1)"; }
check "an onion service publishes" lab_onion_ready s1
check "an onion service by one" onion_page
pair_power_off "$M"
check "an onion service by the other" onion_page
check "that was the other" has_virtual "$O"

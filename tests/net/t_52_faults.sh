#!/bin/bash
# Faults of the machine and of its network: a portal that answers everything, a
# guard that swallows packets, a cable with a loose contact, another address, a
# full disk, no descriptors, storms of signals, a process that sleeps.  (What
# leaks meanwhile fails the test, as with all of them.)
. "$(dirname "$0")/check.sh"
need_lab

said() { sut_log | grep -qF "$1"; }
lives() { lab_alive sut; }
page() { fetches "http://$DEST4/"; }
no_page() { ! fetch "http://$DEST4/" --max-time 20; }
sends() { kill "-$1" "$(lab_pid sut)"; }
logged() { sut_log | wc -l; }

# (what a start or a crowd costs is over in the end; a flood or a busy loop never)
# rests: a minute's attempts to connect, and lines in the log, when nothing
# works: an hour of it must not be a flood of either
attempts() {
	lab_in net nft list counter netdev tries syn |
		sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}
count_attempts() {
	lab_in net nft -f - <<-N
	table netdev tries {
		counter syn { }
		chain c_in {
			type filter hook ingress device "wan" priority -600
			policy accept
			tcp flags & (syn | ack) == syn counter name syn
		}
	}
	N
}
rests() {
	local tries lines
	tries=$(attempts) lines=$(logged)
	sleep 60
	tries=$(($(attempts) - tries)) lines=$(($(logged) - lines))
	echo "in a minute: $tries attempts to connect, $lines lines"
	[ "$tries" -le 60 ] && [ "$lines" -le 60 ]
}
count_attempts

# ---- a portal: whoever connects to anywhere is answered by it
portal_up() {
	lab_spawn portal net "$PYTHON" -c '
import http.server, socket
class Portal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "http://portal.example/login")
        self.end_headers()
    def log_message(self, *_): print("asked", flush=True)
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    def handle_error(self, *_): print("asked", flush=True)
    def get_request(self):
        got = super().get_request()
        print("came", flush=True)
        return got
print("ready", flush=True)
Server(("::", 8888), Portal).serve_forever()'
	lab_until 60 grep -q ready "$LAB_DIR/log/portal.out"
	lab_in net nft -f - <<-N
	table inet portal {
		chain pre {
			type nat hook prerouting priority dstnat
			policy accept
			iifname "wan" meta l4proto tcp redirect to :8888
		}
	}
	N
}
portal_saw() { grep -q came "$LAB_DIR/log/portal.out"; }
portal_down() {
	lab_in net nft delete table inet portal
	lab_stop portal KILL
}
sut_stop
sut_wipe
lab_gate redirect
SUT_MODE=redirect
echo redirect >"$LAB_DIR/sut.mode"
check "a portal is there" portal_up
sut_start
check "a portal: the program tried, and it answered" lab_until 300 portal_saw
check "a portal: no page" no_page
check "a portal: it lives" lives
check "a portal: neither attempts nor words without number" lab_until 300 rests
not_done() { ! sut_done; }
check "a portal: it does not take that for Tor" not_done
portal_down
check "the portal is gone: it bootstraps" sut_wait 600
check "the portal is gone: a page" page

# ---- a guard that takes packets and gives none
swallow() { # RELAY
	lab_in net nft -f - <<-N
	table netdev swallow {
		chain c_in {
			type filter hook ingress device "wan" priority -100
			policy accept
			ip daddr $(relay_addr4 "$1") drop
			ip6 daddr $(relay_addr6 "$1") drop
		}
	}
	N
}
named() { lab_nodes | grep -qx "$1"; }
check "a transfer runs" drip_start
guard=$(drip_path | cut -d' ' -f1)
check "its guard is known" named "$guard"
lab_oracle_reset
swallow "$guard"
drip_stop
# Another client's circuits are new ones.
other_page() {
	lab_until 600 lab_lan2 "${CURL[@]}" --max-time 120 -o /dev/null \
		"http://$DEST4/"
}
check "a guard swallows all: pages by others" other_page
few_guards() {
	local sampled
	sampled=$(sut_get sampled)
	echo "met: $(lab_met | paste -sd' '); sampled: $(paste -sd' ' \
		<<<"$sampled")"
	lab_met | while read -r n; do
		grep -qx "$n" <<<"$sampled" || exit 1
	done
}
check "a guard swallows all: nobody but guards that were sampled" few_guards
lab_in net nft delete table netdev swallow
check "it is back: a page" page

# ---- a loose contact, and another address
routes() {
	ip -n gw route replace default via 198.51.100.1
	ip -n gw route replace ::/0 via 2001:db8:100::1
}
flaps() {
	local i
	lab_in gw sysctl -qw net.ipv6.conf.up0.keep_addr_on_down=1
	for ((i = 0; i < 20; i++)); do
		ip -n gw link set up0 down
		sleep 0.5
		ip -n gw link set up0 up && routes
		sleep 0.5
	done
}
check "the uplink goes down and up, 20 times" flaps
check "the uplink stays: it lives" lives
check "the uplink stays: a page" page

moved() { # FROM TO: the machine's address is another one
	lab_in net nft insert rule netdev oracle c_in ip saddr "$2" \
		ip daddr . tcp dport @ok4 jump good4
	ip -n gw addr del "$1/24" dev up0 &&
		ip -n gw addr add "$2/24" dev up0 && routes
}
check "the machine gets another address" moved "$UP4" 198.51.100.77
check "another address: a page" page
check "another address: other clients' pages" other_page
moved_back() {
	ip -n gw addr del 198.51.100.77/24 dev up0 &&
		ip -n gw addr add "$UP4/24" dev up0 && routes
}
check "and its own again" moved_back
check "its own address: a page" page

# ---- storms of signals, in the middle of a transfer
storm() { # SIGNAL TIMES
	local i
	for ((i = 0; i < $2; i++)); do
		sends "$1" || return
		sleep 0.01
	done
}
still_dripping() { sut_get path-of "$DEST4:80" | grep -xF "$path"; }
check "a transfer runs" drip_start
path=$(drip_path)
check "300 reloads" storm HUP 300
in_force() { said "the new configuration is in force"; }
sut_is_tor || check "300 reloads: they were heard" lab_until 300 in_force
check "300 statistics" storm USR1 300
check "reloads and statistics: the transfer goes on, on its circuit" \
	still_dripping
check "reloads and statistics: it flows" drip_flows
check "reloads and statistics: a page" page

# ---- it sleeps, as with a lid that is closed
all_of_it() { # SIGNAL: its other processes, too
	local pid
	pid=$(lab_pid sut)
	pgrep -P "$pid" | xargs -r kill "-$1"
	kill "-$1" "$pid"
}
sleeps() {
	all_of_it STOP
	sleep 20
	all_of_it CONT
}
check "it sleeps" sleeps
check "awake: it lives" lives
check "awake: a page" page
drip_stop

# ---- a second one on the same directory
second() {
	local rc
	sed 's/^\(TransPort\|DNSPort\) .*/\1 0/' "$LAB_DIR/sut.rc" \
		>"$LAB_DIR/tmp/second.rc"
	lab_in gw timeout 60 "$LAB_SUT" -f "$LAB_DIR/tmp/second.rc" \
		>"$LAB_DIR/tmp/second.out" 2>&1
	rc=$?
	cat "$LAB_DIR/tmp/second.out"
	[ "$rc" -eq 1 ] && grep -qiE 'lock|another' "$LAB_DIR/tmp/second.out"
}
check "a second one on the same directory is refused" second
check "and did no harm: a page" page

# ---- descriptors: more clients than there are descriptors for
cpu() { sut_usage | cut -d' ' -f1; }
no_busy_loop() {
	local before after
	before=$(cpu)
	sleep 10
	after=$(cpu)
	echo "CPU seconds in 10 s: $before to $after"
	awk -v a="$before" -v b="$after" 'BEGIN { exit !(b - a < 5) }'
}
answers_status() { sut_get bootstrap | grep 100; }
# shellcheck disable=SC2034	# sut.sh uses it
SUT_WRAP=(prlimit --nofile=100:100)
if sut_is_tor; then
	skip "few descriptors (tor refuses to start)"
else
	check "few descriptors: it bootstraps" sut_fresh
	check "few descriptors: a page" page
	lab_spawn crowd lan2 "$PYTHON" "$LAB_SRC/load.py" starve 200 "$DEST4"
	full() { [ "$(sut_get streams-of "$DEST4:80" | wc -l)" -ge 20 ]; }
	check "few descriptors: a crowd comes" lab_until 300 full
	check "few descriptors: no busy loop" lab_until 300 no_busy_loop
	check "few descriptors: status answers" answers_status
	check "few descriptors: it lives" lives
	lab_stop crowd KILL
	check "the crowd is gone: a page" page
fi
SUT_WRAP=()

# ---- a disk that is full
small_disk() {
	sut_stop
	sut_wipe
	mkdir -p "$LAB_DIR/sut"
	mount -t tmpfs -o "size=16k,mode=0700" small "$LAB_DIR/sut"
}
few_words() { # LINES
	echo "lines: $(logged)"
	[ "$(logged)" -le "$1" ]
}
check "a small disk" small_disk
sut_start
check "a full disk: it bootstraps" sut_wait
check "a full disk: a page" page
check "a full disk: few words of it" few_words 60
says_full() { sut_log | grep -i 'no space'; }
sut_is_tor || check "a full disk: it is said" lab_until 60 says_full
mount -o remount,size=64m "$LAB_DIR/sut"
check "room again: a page" page
check "room again: it starts anew" sut_restart
check "room again: a page after that" page
sut_stop
umount "$LAB_DIR/sut"

# ---- what is written down: no destination and no client, whatever the level
TOKEN=tok$RANDOM$RANDOM$RANDOM
# shellcheck disable=SC2034
SUT_EXTRA="SafeLogging 1
Log debug file $LAB_DIR/tmp/debug.log
Log info stdout"
rm -f "$LAB_DIR/tmp/debug.log"
check "it bootstraps with a detailed log" sut_fresh
check "a page by a name that is nobody else's" \
	fetches "http://$TOKEN.many.lab.example/"
unanswered() { ! fetch "http://nothing-$TOKEN.lab.example/" --max-time 60; }
check "a name that does not exist" unanswered
no_port() { ! fetch "http://$DEST4:81/" --max-time 60; }
nowhere() { # WORDS...: in nothing that it wrote
	local word rc=0
	for word; do
		if grep -rnaF "$word" "$LAB_DIR/sut" "$LAB_DIR/tmp/debug.log" \
			"$LAB_DIR/log/sut.out"; then
			rc=1
		fi
	done
	return "$rc"
}
check "a refused connection" no_port
# (an onion address of another version: that it is refused is told in the log)
BAD=$("$PYTHON" "$LAB_SRC/onionaddr.py" version)
no_onion() { ! fetch "http://$BAD/" --max-time 60; }
check "an onion address that cannot be" no_onion
written() { grep -q . "$LAB_DIR/tmp/debug.log"; }
check "the log is there" written
sut_is_tor || check "names, addresses, clients: nowhere" \
	nowhere "$TOKEN" "$DEST4" 10.9.0.11 "${BAD%.onion}"
# The anti-test: without it they are there.
SUT_EXTRA="SafeLogging 0
Log debug file $LAB_DIR/tmp/debug.log"
rm -f "$LAB_DIR/tmp/debug.log"
check "it bootstraps with a log that hides nothing" sut_fresh
check "the same address that cannot be" no_onion
somewhere() { ! nowhere "${BAD%.onion}"; }
sut_is_tor || check "the anti-test: there it is" somewhere

# shellcheck disable=SC2034
SUT_EXTRA=
lab_in net nft delete table netdev tries
check "and all is well without" sut_fresh

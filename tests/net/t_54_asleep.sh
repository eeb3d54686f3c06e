#!/bin/bash
# A machine that was suspended, a disk that fails, is read-only or slow, and
# storms of signals under load.  (What leaks meanwhile fails the test.)
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor's processes are not ours to preload"
	exit
fi

. "$LAB_SRC/fault.sh"
check "a machine that can fail" fault_made
SUT_WRAP=("${FAULTY[@]}")
check "it bootstraps" sut_fresh

page() { fetches "http://$DEST4/"; }
lives() { lab_alive sut; }
family() {
	lab_pid sut
	pgrep -P "$(lab_pid sut)"
}
all_of_it() { family | xargs -r kill "-$1"; }
same_processes() { same "$(family | sort)" "$whole"; }
whole=$(family | sort)

# ---- suspended: its clocks stand still, the wall clock goes on
# Which circuits carry a stream that is opened now, and whether they are older.
newest() {
	sut_status | "$PYTHON" -c 'import json, sys
print(max(c["id"] for c in json.load(sys.stdin)["circuits"]))'
}
talk() { # a stream of its own, until the end
	lab_stop chat KILL
	: >"$LAB_DIR/log/chat.out"
	lab_spawn chat lan1 "$PYTHON" "$LAB_SRC/load.py" chat "$DEST4"
	lab_until 300 grep -q said "$LAB_DIR/log/chat.out"
}
talks() { lab_until 600 talk; }
carrier() { sut_get circuits-of "$DEST4:7" | sort -n | tail -n 1; }
older() { # it is carried by what was there before
	echo "circuit $(carrier), the newest was $before"
	[ -n "$(carrier)" ] && [ "$(carrier)" -le "$before" ]
}
younger() { ! older; }
# nap SECONDS REMEMBERED: so long, and so much of it is lost to its clocks
nap() {
	all_of_it STOP
	sleep "$1"
	world 0 "$2" 0 0
	all_of_it CONT
}
# (The anti-test: one that merely stood still for a moment goes on by what it
# has; so what is seen after a sleep is its own doing.)
check "a page" page
check "a stream is open" talks
# (One that is tried anew, or finds a better one, goes by another.)
stood() {
	local n
	for n in 1 2 3; do
		before=$(newest)
		nap 3 0 && talks && older && return
	done
	return 1
}
check "moving again: a stream goes by a circuit from before" stood
before=$(newest)
check "the machine is suspended" nap 45 45
check "awake: it lives" lives
check "awake: a page" page
check "awake: a stream is open" talks
check "awake: no circuit from before is used" younger
check "awake: the same processes" same_processes

# ... and while it slept, what it was connected to went away
before=$(newest)
lab_oracle_reset
all_of_it STOP
for n in $(lab_nodes); do lab_kill_relay "$n"; done
for n in $(lab_nodes); do lab_start_relay "$n"; done
check "it is suspended, and all relays start anew" lab_wait_consensus
nap 35 $((45 + 40))
check "awake again: a page" page
check "awake again: a stream is open" talks
check "awake again: no circuit from before is used" younger
few_dials() {
	echo "$(lab_count dials) connections to relays"
	[ "$(lab_count dials)" -le 60 ]
}
check "awake again: no storm of connections" few_dials
lab_stop chat KILL

# ---- the disk
logged() { sut_log | wc -l; }
few_words() { # LINES
	echo "lines: $(($(logged) - lines))"
	[ $(($(logged) - lines)) -le "$1" ]
}
says() { sut_log | grep -qi "$1"; }
# Something to write: its guards, and what the next consensus brings.
writes() { sut_restart; }
disk() { # NAME WORDS ERRNO SLOW-MS
	world 0 85 "$3" "$4"
	check "$1: it starts" writes
	lines=$(logged)
	check "$1: pages" page
	[ -z "$2" ] || check "$1: it is said" lab_until 120 says "$2"
	sleep 15		# consensuses come and go
	check "$1: few words of it" few_words 30
	check "$1: still pages" page
	check "$1: it lives" lives
	world 0 85 0 0
}
disk "a disk with errors" 'input/output error' 5 0
check "the disk is well again: it starts" writes
check "the disk is well again: a page" page
disk "a disk that takes two seconds" '' 0 2000

check "it is well" sut_fresh
read_only() {
	sut_stop
	mount --bind "$LAB_DIR/sut" "$LAB_DIR/sut" &&
		mount -o remount,bind,ro "$LAB_DIR/sut"
}
check "a read-only directory" read_only
sut_start
says_read_only() { says 'read-only'; }
check "a read-only directory: it says so" lab_until 60 says_read_only
# It has no lock there, and so no right to the directory: it ends.
ended() { lab_until 60 dead "$(lab_pid sut)"; }
check "a read-only directory: it ends" ended
rm -f "$LAB_DIR/pid/sut"
umount "$LAB_DIR/sut"
check "and starts where it may write" sut_start
check "... and bootstraps" sut_wait

# ---- storms of signals under load
sends() { kill "-$1" "$(lab_pid sut)"; }
storm() { # SIGNAL TIMES
	local i
	for ((i = 0; i < $2; i++)); do
		sends "$1" || return
	done
}
load_start() {
	: >"$LAB_DIR/log/rate.out"
	lab_spawn rate lan2 "$PYTHON" "$LAB_SRC/load.py" churn 15 8 "$DEST4"
}
load_good() { # it carried something, and no connection of it failed
	lab_until 600 dead "$(lab_pid rate)"
	cat "$LAB_DIR/log/rate.out"
	grep -q '^[1-9]' "$LAB_DIR/log/rate.out" &&
		! grep -q failed "$LAB_DIR/log/rate.out"
}
still_dripping() { sut_get path-of "$DEST4:80" | grep -xF "$path"; }
check "a transfer runs" drip_start
path=$(drip_path)
whole=$(family | sort)
load_start
check "1000 reloads" storm HUP 1000
check "1000 reloads: none of the others' connections failed" load_good
check "1000 reloads: the transfer goes on, on its circuit" still_dripping
check "1000 reloads: it flows" drip_flows
check "1000 reloads: the same processes" same_processes
bad_config() {
	cp "$LAB_DIR/sut.rc" "$LAB_DIR/tmp/rc.good"
	echo "TransPort nonsense" >>"$LAB_DIR/sut.rc"
	storm HUP 200
	lab_until 300 says "old configuration stays"
	cp "$LAB_DIR/tmp/rc.good" "$LAB_DIR/sut.rc"
}
check "200 reloads of what is wrong" bad_config
check "200 wrong reloads: the transfer goes on" still_dripping
check "200 wrong reloads: the same processes" same_processes
# It ends once, in order, however often it is told to.
ends() {
	local pid i
	pid=$(lab_pid sut)
	for ((i = 0; i < 100; i++)); do
		kill -TERM "$pid" 2>/dev/null || break
	done
	lab_until 60 dead "$pid" && same "$(lab_status "$pid")" 0
}
load_start
check "100 times TERM: it ends in order" ends
rm -f "$LAB_DIR/pid/sut"
lab_stop rate KILL
drip_stop
gone() { ! pgrep -x 'ot-engine|ot-keeper'; }
check "100 times TERM: none of its processes is left" lab_until 60 gone
SUT_WRAP=()
check "and all is well without" sut_fresh

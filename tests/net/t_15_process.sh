#!/bin/bash
# A daemon as the system sees it: it becomes its User for good, is told things
# by signals, and leaves nothing behind.
. "$(dirname "$0")/check.sh"
need_lab

if sut_is_tor; then
	skip "what is asked here is ours"
	exit 0
fi
[ -n "$(getent passwd nobody)" ] || { skip "no account nobody"; exit 0; }

RC=$LAB_DIR/sut.rc
PIDFILE=$(sut_data)/pid
LOG=$(sut_data)/log
hup() { kill -HUP "$(lab_pid sut)"; }
said() { grep -qF "$1" "$LOG"; }
asks() { lab_gw dig +short +time=20 +tries=3 -p "$1" "@$LAN4" www.lab.example |
	grep -qx "$DEST4"; }
engine() { pgrep -P "$(lab_pid sut)" -x ot-engine; }
line_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(engine)/status"; }
no_caps() {
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		same "$(line_of "$set" | tr -d 0)x" x || return 1
	done
}
ids() { line_of "$1" | xargs; }
four() { echo "$1 $1 $1 $1"; }
refuses() {
	printf '%s\n' "$@" >"$LAB_DIR/tmp/rc.bad"
	! lab_in gw "$LAB_SUT" --verify-config -f "$LAB_DIR/tmp/rc.bad"
}
blames() {
	refuses "$@" >"$LAB_DIR/tmp/why" &&
		grep -F "rc.bad:1: User" "$LAB_DIR/tmp/why"
}

# A port below 1024 too, which its engine can't bind.
# shellcheck disable=SC2034
SUT_EXTRA="User nobody
PidFile $PIDFILE
Log notice file $LOG
DNSPort $LAN4:53"
sut_stop
sut_wipe
mkdir -p "$(sut_data)"
chown nobody "$(sut_data)"
lab_gate redirect
sut_start
check "it bootstraps as its User" lab_until 600 said 'Bootstrapped 100%'
engine_is() { [ -n "$(engine)" ]; }
check "it has an engine of its own" engine_is
check "all its user ids are nobody's" \
	same "$(ids Uid)" "$(four "$(id -u nobody)")"
check "all its group ids are nobody's" \
	same "$(ids Gid)" "$(four "$(id -g nobody)")"
check "it has no capabilities left" no_caps
check "it can gain no privileges" same "$(line_of NoNewPrivs)" 1
filters() { [ "$(line_of Seccomp)" = 2 ] || grep -q sanitizers "$LOG"; }
check "its system calls are filtered" filters
check "the PidFile has its id" same "$(cat "$PIDFILE")" "$(lab_pid sut)"
check "the port below 1024 answers" asks 53
check "pages are fetched" fetches http://www.lab.example/

kill -USR1 "$(lab_pid sut)"
check "SIGUSR1: statistics are in the log" lab_until 300 said 'flows now'

cp "$RC" "$LAB_DIR/tmp/rc.good"
echo "DNSPort $LAN4:5454" >>"$RC"
hup
check "SIGHUP works after the drop of rights" \
	lab_until 300 said 'the new configuration is in force'
check "the new port answers" lab_until 300 asks 5454
check "the port below 1024 goes on" asks 53

# A new port that needs rights is the parent's to open.
sed "s/^DNSPort $LAN4:53\$/DNSPort $LAN4:54/" "$LAB_DIR/tmp/rc.good" >"$RC"
forces() { grep -cF 'the new configuration is in force' "$LOG"; }
n=$(forces)
more_forces() { [ "$(forces)" -gt "$n" ]; }
hup
check "a reload opens a port that needs rights" lab_until 300 more_forces
check "and it answers" lab_until 300 asks 54
not_53() { ! lab_gw dig +time=2 +tries=1 -p 53 "@$LAN4" www.lab.example; }
check "and the one that it replaced does not" not_53

cp "$LAB_DIR/tmp/rc.good" "$RC"
mv "$LOG" "$LOG.1"
hup
check "SIGHUP makes a new log file" lab_until 300 test -s "$LOG"
check "and the port below 1024 is there again" lab_until 300 asks 53

# ---- its engine dies; whoever asks sees a pause, and no more
guards() { sut_get primaries | sort; }
before=$(guards)
first=$(engine)
check "it has an engine, and guards" test -n "$first" -a -n "$before"
kill -KILL "$first"
again() { [ -n "$(engine)" ] && [ "$(engine)" != "$first" ]; }
check "its engine is killed: there is another" lab_until 100 again
check "pages are fetched again" fetches http://www.lab.example/
# (it has its name before it has given its rights up; a page comes after both)
check "with the same ids" \
	same "$(ids Uid)" "$(four "$(id -u nobody)")"
check "by the same guards" same "$(guards)" "$before"
check "the port below 1024 answers again" lab_until 300 asks 53

check "SIGTERM ends it with status 0" sut_stop
check "and without its PidFile" test ! -e "$PIDFILE"

check "--verify-config refuses a User that is not there" \
	blames "User no-such-user-here" "DNSPort 5353"

sut_wipe

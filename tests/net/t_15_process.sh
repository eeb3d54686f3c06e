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
line_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(lab_pid sut)/status"; }
no_caps() {
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
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

# A port below 1024 too, which can't be bound again after the drop.
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
check "all its user ids are nobody's" \
	same "$(ids Uid)" "$(four "$(id -u nobody)")"
check "all its group ids are nobody's" \
	same "$(ids Gid)" "$(four "$(id -g nobody)")"
check "it has no capabilities left" no_caps
check "it can gain no privileges" same "$(line_of NoNewPrivs)" 1
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

# A new port that needs rights can't be had, and the old ones must not go.
sed "s/^DNSPort $LAN4:53\$/DNSPort $LAN4:54/" "$LAB_DIR/tmp/rc.good" >"$RC"
hup
check "a reload that needs rights is refused" \
	lab_until 300 said 'the old configuration stays in force'
check "and the port below 1024 is still there" asks 53

cp "$LAB_DIR/tmp/rc.good" "$RC"
mv "$LOG" "$LOG.1"
hup
check "SIGHUP makes a new log file" lab_until 300 test -s "$LOG"

check "SIGTERM ends it with status 0" sut_stop
check "and without its PidFile" test ! -e "$PIDFILE"

check "--verify-config refuses a User that is not there" \
	blames "User no-such-user-here" "DNSPort 5353"

sut_wipe

# shellcheck shell=bash
# tests/net/check.sh - what every network test begins with
#
# A test is a file t_*.sh: it sources this, says what laboratory it needs,
# and makes checks.  `run` runs them one after another over a shared
# laboratory; each runs alone as well: bash tests/net/t_dns.sh

# shellcheck source=tests/net/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
set -u
lab_enter "$@"
TEST=$(basename "$0" .sh)

# check NAME CMD...: one line of result.  What the command wrote is shown
# only when it fails, with the end of the program's log.
check() {
	local name=$1 out=$LAB_DIR/tmp/check.out
	shift
	if "$@" >"$out" 2>&1; then
		echo "ok $TEST: $name"
	else
		echo "FAIL $TEST: $name"
		{ echo "$*"; tail -n 20 "$out"; } | sed 's/^/     > /'
		echo "     the program's log ends:"
		sut_log 2>/dev/null | tail -n 12 | sed 's/^/     | /'
		[ -z "${LAB_LOGS-}" ] || lab_save_logs "$LAB_LOGS/$TEST"
		revive
	fi
}
# A program that died fails this check, and the test, but not all checks after.
revive() {
	[ -e "$LAB_DIR/pid/sut" ] && ! lab_alive sut || return 0
	echo "     the program has died; starting it anew"
	sut_fresh "$SUT_MODE"
}
skip() { echo "skip $TEST: $*"; }

# need_lab [PARAMS]: bring up the laboratory unless it stands already
need_lab() {
	local want=${1-}
	if [ -e "$LAB_DIR/profile" ]; then
		[ "$(cat "$LAB_DIR/profile")" = "$want" ] && lab_mend && return
		lab_down
	fi
	rm -f "$LAB_DIR/profile"
	LAB_PARAMS=$want
	lab_up
	lab_wait_consensus || { echo "FAIL $TEST: laboratory"; exit 1; }
	echo "$want" >"$LAB_DIR/profile"
}

# lab_mend: restart what a test killed, if it did not do so itself
lab_mend() {
	local n
	for n in $(lab_nodes); do
		lab_alive "$n" || lab_start_relay "$n"
	done
	lab_wait_consensus
}

# need_sut [MODE]: the program, usable; a test that cannot have it ends
need_sut() {
	sut_ready "${1:-redirect}" && return
	check "the program bootstraps" false
	exit 1
}

# ---- things to check -------------------------------------------------------

# A loaded machine may be slow: bounds are generous, and a transfer that
# moves on is never cut.
CURL=(curl -q -sSf --connect-timeout 300 --speed-limit 1 --speed-time 300)

# fetch URL [CURL OPTIONS...]: as the first LAN client
fetch() { lab_lan "${CURL[@]}" "${@:2}" "$1"; }

# fetches URL: it works in the end; a client would try again, too.  What came
# is kept for seen_last.
fetches() {
	rm -f "$LAB_DIR/tmp/page"
	lab_until "${2:-600}" fetch "$1" --max-time 60 -o "$LAB_DIR/tmp/page"
}

# was_refused STATUS: of curl.  How soon the reset comes decides whether it is a
# connection that fails, one that ends without an answer, or one that can't be
# written to or read from.
was_refused() {
	case $1 in 7 | 52 | 55 | 56) ;; *) return 1 ;; esac
}

same() {
	[ "$1" = "$2" ] && [ -n "$1" ] && return
	echo "differ: '$1' '$2'"
	return 1
}

web_sum() { lab_dest curl -qsf --noproxy '*' "http://$DEST4/sum/$1"; }

# downloads HOST BYTES: with equal hashes at both ends
downloads() {
	same "$(fetch "http://$1/bytes/$2" | sha256sum | cut -d' ' -f1)" \
		"$(web_sum "$2")"
}

# uploads HOST BYTES
uploads() {
	local file=$LAB_DIR/tmp/upload rc
	head -c "$2" /dev/urandom >"$file"
	same "$(fetch "http://$1/" -T "$file")" \
		"$(sha256sum <"$file" | cut -d' ' -f1)"
	rc=$?
	rm -f "$file"
	return "$rc"
}

# many N HOST: connections open at the same time
many() { lab_lan "$PYTHON" "$LAB_SRC/load.py" many "$@"; }

# Whom the web server saw, as it said in the page that came last (its log may
# meanwhile tell of others); it must be an exit's own address.
seen_last() { sed -n 's/^Hello \(.*\), from .*/\1/p' "$LAB_DIR/tmp/page"; }
seen_exit() {
	local who
	who=$(relay_at "$(seen_last)")
	echo "the web server saw $(seen_last), relay '$who'"
	lab_exits | grep -qx "$who"
}

# ---- a transfer in flight --------------------------------------------------

# drip_start: a slow download in the background, until some bytes came
drip_start() {
	rm -f "$LAB_DIR/tmp/drip"
	DRIP_BEFORE=$(streams_at_80)
	drip_spawn
	lab_until 600 drip_began
}
drip_spawn() {
	lab_spawn drip lan1 curl -q -sS -o "$LAB_DIR/tmp/drip" \
		"http://$DEST4/drip/1000000000"
	DRIP=$(lab_pid drip)
}
# One that failed before is tried again, as a client would.
drip_began() {
	[ ! -s "$LAB_DIR/tmp/drip" ] || return 0
	alive "$DRIP" || drip_spawn
	return 1
}
# The exit and the path that carry it: the server and the program say so.
drip_exit() {
	relay_at "$(lab_web_log | grep '/drip/' | tail -n 1 | cut -d' ' -f2)"
}
# It is the stream that was not there before; others of its port may linger.
streams_at_80() { sut_get streams-of "$DEST4:80"; }
drip_path() {
	comm -13 <(sort <<<"$DRIP_BEFORE") <(streams_at_80 | sort) |
		sed -n '1s/^[^ ]* //p'
}
# drip_failed: it ended, and its program was told that it was no end
drip_failed() {
	lab_until 300 dead "$DRIP" && [ "$(lab_status "$DRIP")" -gt 0 ]
}
drip_flows() {
	local before
	before=$(stat -c %s "$LAB_DIR/tmp/drip")
	lab_until 300 drip_grew "$before" && alive "$DRIP"
}
drip_grew() { [ "$(stat -c %s "$LAB_DIR/tmp/drip")" -gt "$1" ]; }
drip_stop() { lab_stop drip KILL; }

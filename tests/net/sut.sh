# shellcheck shell=bash disable=SC2119,SC2120
# tests/net/sut.sh - the system under test on the gateway (part of lab.sh)
#
# Either Debian's tor, which proves the laboratory and is what the benchmark
# compares with, or our own binary: same torrc, same log lines.  Only
# sut_status knows the difference.
#
#	SUT_MODE=redirect|tproxy	how the gateway's rules hand over TCP
#	SUT_EXTRA			more torrc lines
#	SUT_WRAP			array: put before the program (env ...)

: "${SUT_MODE:=redirect}" "${SUT_EXTRA:=}"
[ -n "${SUT_WRAP+x}" ] || SUT_WRAP=()

sut_is_tor() { [ "$LAB_SUT" = tor ]; }
sut_data() { echo "$LAB_DIR/sut"; }
sut_log() { cat "$LAB_DIR/log/sut.out"; }

# lab_torrc: the client's configuration
lab_torrc() {
	cat <<-C
	TestingTorNetwork 1
	DataDirectory $(sut_data)
	SocksPort 0
	SafeLogging 0
	Log ${LAB_SUT_LOG:-notice} stdout
	C
	case $SUT_MODE in
	tproxy) cat <<-C
		TransProxyType TPROXY
		TransPort 127.0.0.1:$TRANSPORT
		TransPort [::1]:$TRANSPORT
		C
		;;
	*) cat <<-C
		TransPort $LAN4:$TRANSPORT
		TransPort [$LAN6]:$TRANSPORT
		C
		;;
	esac
	cat <<-C
	DNSPort $LAN4:$DNSPORT
	DNSPort [$LAN6]:$DNSPORT
	C
	sut_is_tor && echo "ControlSocket $(sut_data)/control"
	[ -z "$SUT_EXTRA" ] || echo "$SUT_EXTRA"
	cat "$LAB_DIR/tor/dirauths"
}

# sut_start: with the state that is there.  sut_wait: until it is bootstrapped.
sut_start() {
	mkdir -p "$(sut_data)"
	chmod 700 "$(sut_data)"
	lab_torrc >"$LAB_DIR/sut.rc"
	cat "$LAB_DIR/log/sut.out" >>"$LAB_DIR/log/sut.before" 2>/dev/null
	: >"$LAB_DIR/log/sut.out"
	sut_spawn
}
sut_spawn() {
	local conf=$LAB_DIR/resolv.gw
	# shellcheck disable=SC2016
	lab_spawn sut gw unshare --mount --propagation slave sh -c '
		mount --bind "$1" /etc/resolv.conf
		shift
		exec "$@"' sh "$conf" "${SUT_WRAP[@]}" "$LAB_SUT" \
			-f "$LAB_DIR/sut.rc"
}

sut_wait() { lab_until "${1:-120}" sut_done; }
sut_done() { grep -q 'Bootstrapped 100%' "$LAB_DIR/log/sut.out"; }
sut_stop() { lab_stop sut "${1:-TERM}"; }
sut_wipe() { rm -rf "${LAB_DIR:?}/sut"; }

# sut_fresh [MODE]: a new one, with an empty DataDirectory, ready to use
sut_fresh() {
	sut_stop
	sut_wipe
	SUT_MODE=${1:-redirect}
	echo "$SUT_MODE" >"$LAB_DIR/sut.mode"
	lab_gate "$SUT_MODE" || return 1
	sut_start
	sut_wait
}

# sut_restart: stop, start on the same state, wait
sut_restart() {
	sut_stop
	sut_start
	sut_wait
}

# sut_ready [MODE]: whatever the last test left behind, make it usable
sut_ready() {
	local mode=${1:-redirect}
	if lab_alive sut && [ "$(cat "$LAB_DIR/sut.mode")" = "$mode" ] &&
		sut_done; then
		SUT_MODE=$mode
		return 0
	fi
	sut_fresh "$mode"
}

# sut_status: JSON of one shape for both (see status.py)
sut_status() {
	if sut_is_tor; then
		"$PYTHON" "$LAB_SRC/status.py" tor "$(sut_data)/control"
	else
		lab_in gw "$LAB_SUT" status --json -f "$LAB_DIR/sut.rc"
	fi
}

# sut_get bootstrap | guards | paths | path-of TARGET | streams-of TARGET | text
sut_get() { sut_status | "$PYTHON" "$LAB_SRC/status.py" get "$@"; }

# sut_usage: "cpu-seconds rss-KiB" of the program and all its children
sut_usage() { "$PYTHON" "$LAB_SRC/usage.py" "$(lab_pid sut)"; }

# shellcheck shell=bash disable=SC2119,SC2120
# tests/net/sut.sh - the system under test on the gateway (part of lab.sh)
#
# Either Debian's tor, which proves the laboratory and is what the benchmark
# compares with, or our own binary: same torrc, same log lines.  Only
# sut_status knows the difference.
#
#	SUT_MODE=redirect|tproxy|tun	how the gateway's rules hand over TCP
#	SUT_DOORS			the listeners' torrc lines, in place of those
#					that go with the mode
#	SUT_USER			whom it becomes (SUT_DOORS says so to it)
#	SUT_EXTRA			more torrc lines
#	SUT_WRAP			array: put before the program (env ...)

: "${SUT_MODE:=redirect}" "${SUT_EXTRA:=}" "${SUT_DOORS:=}" "${SUT_USER:=}"
[ -n "${SUT_WRAP+x}" ] || SUT_WRAP=()

sut_is_tor() { [ "$LAB_SUT" = tor ]; }
sut_data() { echo "$LAB_DIR/sut"; }
sut_log() { cat "$LAB_DIR/log/sut.out"; }

# lab_torrc: the client's configuration
lab_torrc() {
	cat <<-C
	TestingTorNetwork 1
	DataDirectory $(sut_data)
	SafeLogging 0
	Log ${LAB_SUT_LOG:-notice} stdout
	C
	grep -q '^SocksPort' <<<"$SUT_DOORS$SUT_EXTRA" || echo "SocksPort 0"
	if [ -n "$SUT_DOORS" ]; then echo "$SUT_DOORS"; else sut_doors; fi
	sut_is_tor && echo "ControlSocket $(sut_data)/control"
	[ -z "$SUT_EXTRA" ] || echo "$SUT_EXTRA"
	cat "$LAB_DIR/tor/dirauths"
}

sut_doors() {
	case $SUT_MODE in
	tproxy) cat <<-C
		TransProxyType TPROXY
		TransPort 127.0.0.1:$TRANSPORT
		TransPort [::1]:$TRANSPORT
		C
		;;
	tun)
		# what comes after it finds the gateway as it was
		printf '%s\n' "TunClients br0" "TunUndo 1"
		return
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
}

# sut_start: with the state that is there.  sut_wait: until it is bootstrapped.
sut_start() {
	mkdir -p "$(sut_data)"
	chmod 700 "$(sut_data)"
	[ -z "$SUT_USER" ] || chown -R "$SUT_USER:" "$(sut_data)"
	# what is root's stays root's
	[ ! -d "$(sut_data)/firewall" ] || chown -R root: "$(sut_data)/firewall"
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

sut_wait() { lab_until "${1:-300}" sut_done; }
sut_done() { grep -q 'Bootstrapped 100%' "$LAB_DIR/log/sut.out"; }

# sut_stop [SIGNAL]: it must have lived until then, and must end in order when
# told to by TERM.  What is not so is remembered for sut_blameless, since
# nobody looks at what this returns in the middle of a test.
sut_stop() {
	local sig=${1:-TERM} lived=1
	[ -e "$LAB_DIR/pid/sut" ] || return 0
	lab_alive sut || lived=0
	lab_stop sut "$sig" ||
		{ sut_blame "had to be killed"; return 1; }
	case $lived.$sig.$LAB_STATUS in
	1.KILL.137 | 1.*.0) return 0 ;;
	1.*) sut_blame "ended with status $LAB_STATUS when told to by $sig" ;;
	*) sut_blame "had died by itself, with status $LAB_STATUS" ;;
	esac
	return 1
}
sut_blame() {
	{
		echo "the program $*; its log ends:"
		sut_log | tail -n 60
	} >>"$LAB_DIR/log/sut.blame"
}

# sut_blameless: nothing was held against it since this was asked last, which
# is shown.  It ends the program that runs: only then is it known to be well.
sut_blameless() {
	local rc=0
	sut_stop
	if [ -s "$LAB_DIR/log/sut.blame" ]; then
		cat "$LAB_DIR/log/sut.blame"
		rc=1
	fi
	if cat "$LAB_DIR/log/sut.before" "$LAB_DIR/log/sut.out" 2>/dev/null |
		grep -aE -A 40 '(Address|Leak|Memory|Thread)Sanitizer|runtime error:'
	then
		rc=1
	fi
	return "$rc"
}
sut_forget() {
	: >"$LAB_DIR/log/sut.blame"
	: >"$LAB_DIR/log/sut.before"
	: >"$LAB_DIR/log/sut.out"
}

sut_wipe() { rm -rf "${LAB_DIR:?}/sut"; }

# sut_fresh [MODE]: a new one, with an empty DataDirectory, ready to use
sut_fresh() {
	sut_stop
	sut_wipe
	SUT_MODE=${1:-redirect}
	echo "$SUT_MODE" >"$LAB_DIR/sut.mode"
	lab_gate "$SUT_MODE" || return 1
	if [ "$SUT_MODE" = tun ]; then
		lab_resolver "$TUN4"
	else
		lab_resolver "$LAN4"
	fi
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

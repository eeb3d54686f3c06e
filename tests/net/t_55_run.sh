#!/bin/bash
# `onion-transparent run`: programs that know nothing of Tor, each in a network
# of its own, as an ordinary user; through the daemon and without one.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no such command"
	exit 0
fi

WHO=7777
OT=$LAB_DIR/tmp/onion-transparent
SOCK=$LAB_DIR/runsock
RUNHOME=$LAB_DIR/runhome
STATE=$RUNHOME/.local/state/onion-transparent

cp "$LAB_SUT" "$OT"
chmod 755 "$OT"
cc -static -o "$LAB_DIR/tmp/bare" "$LAB_SRC/bare.c" ||
	lab_die "cannot build a static program"
chmod 1777 "$LAB_DIR/tmp"
mkdir "$RUNHOME"
chown "$WHO:$WHO" "$RUNHOME"
# as udev makes it; here it may be root's
mknod -m 666 "$LAB_DIR/tun" c 10 200
{
	echo "TestingTorNetwork 1"
	echo "SafeLogging 0"
	echo "RunSocket 0"
	cat "$LAB_DIR/tor/dirauths"
} >"$LAB_DIR/own.rc"

# as_user NETNS CMD...: an ordinary user of that machine
as_user() {
	# shellcheck disable=SC2016
	lab_in "$1" unshare --mount --propagation slave sh -c '
		mount --bind "$1" /dev/net/tun
		mount --bind "$2" /etc/resolv.conf
		shift 2
		exec "$@"' sh "$LAB_DIR/tun" "$LAB_DIR/resolv.gw" \
		setpriv --reuid "$WHO" --regid "$WHO" "${GROUPS_OF[@]}" -- \
		env -u XDG_RUNTIME_DIR -u XDG_STATE_HOME -u XDG_CONFIG_HOME \
		HOME="$RUNHOME" "${@:2}"
}
GROUPS_OF=(--clear-groups)
# prog CMD...: by way of the daemon, or else of an engine of its own
WITH=()
prog() { as_user gw "$OT" run "${WITH[@]}" -- "$@"; }
with_daemon() { WITH=(--RunSocket "$SOCK"); }
without_daemon() { WITH=(-f "$LAB_DIR/own.rc"); }

page() {
	prog "${CURL[@]}" --max-time 300 "$@" >"$LAB_DIR/tmp/page"
}
gives() { # WANTED CMD...
	local got
	got=$("${@:2}" 2>"$LAB_DIR/tmp/err")
	echo "got '$got'"
	[ "$got" = "$1" ]
}
status() { # WANTED CMD...
	local rc
	"${@:2}"
	rc=$?
	echo "status $rc"
	[ "$rc" -eq "$1" ]
}

# ---- what works, either way ------------------------------------------------

answer() { prog dig +short +noedns +time=60 +tries=3 "$@" | grep -v '^;;'; }
static() { prog "$LAB_DIR/tmp/bare" "$1" >"$LAB_DIR/tmp/page"; }
# Debian's hey is a Go program, whose calls and resolver are its own; each of
# its requests here is a connection.
gopher() {
	prog env GODEBUG=netdns=go+1 hey -n 5 -c 1 -t 300 -disable-keepalive \
		"$1" >"$LAB_DIR/tmp/hey" 2>&1
	cat "$LAB_DIR/tmp/hey"
	grep '\[200\][[:space:]]*5 responses' "$LAB_DIR/tmp/hey"
}
forks() {
	# shellcheck disable=SC2016
	prog sh -c '
		for i in 1 2 3; do
			(curl -q -sSf --max-time 300 "$1" | grep -q Hello) &
			p="$p $!"
		done
		for q in $p; do wait $q || exit 1; done' sh "http://$DEST4/"
}
# What outlives the program has no network.
orphan() {
	rm -f "$LAB_DIR/tmp/orphan"
	# shellcheck disable=SC2016
	prog sh -c '
		setsid sh -c "
			while ip link show ot0; do sleep 0.2; done
			curl -q -sS --max-time 20 http://$1/
			echo \$? >$2" </dev/null >/dev/null 2>&1 &' sh \
		"$DEST4" "$LAB_DIR/tmp/orphan" || return 1
	lab_until 120 test -s "$LAB_DIR/tmp/orphan"
	[ "$(cat "$LAB_DIR/tmp/orphan")" -eq 7 ]
}
streams() {
	same "$(echo in | prog sh -c 'cat; echo err >&2' 2>&1 | tr '\n' ' ')" \
		"in err "
}
# The terminal's Ctrl-C reaches the whole process group.
interrupted() {
	lab_spawn int gw env --default-signal=INT setsid bash \
		"$LAB_DIR/tmp/prog.sh" "${WITH[@]}" -- sleep 1000
	lab_until 300 pgrep -u "$WHO" -x sleep || return 1
	kill -INT -- "-$(ps -o pgid= -p "$(pgrep -u "$WHO" -x sleep)" |
		tr -d ' ')"
	lab_until 60 dead "$(lab_pid int)"
	echo "status $(lab_status "$(lab_pid int)")"
	[ "$(lab_status "$(lab_pid int)")" -eq 130 ] &&
		! pgrep -u "$WHO" -x sleep
}
terminated() {
	lab_spawn term gw bash "$LAB_DIR/tmp/prog.sh" "${WITH[@]}" -- sleep 1000
	lab_until 300 pgrep -u "$WHO" -x sleep || return 1
	kill -TERM "$(ps -o ppid= -p "$(pgrep -u "$WHO" -x sleep)" | tr -d ' ')"
	lab_until 60 dead "$(lab_pid term)"
	! pgrep -u "$WHO" -x sleep
}

# ---- what does not ---------------------------------------------------------

only_tun() {
	same "$(prog ip -o link | awk -F': ' '{ print $2 }' | tr '\n' ' ')" \
		"lo ot0 "
}
# Nobody answers but the stack itself, and nobody waits for it.
refused_at_once() { # CMD...
	local before=$SECONDS
	! prog "$@" && [ $((SECONDS - before)) -lt 60 ]
}
no_rights() {
	# shellcheck disable=SC2016
	prog sh -c 'grep -q "^CapEff:.0*$" /proc/self/status &&
		grep -q "^CapBnd:.0*$" /proc/self/status &&
		! ip link set ot0 down && ! ip addr add 192.0.2.1/32 dev lo &&
		! nsenter -t 1 -n true && ! unshare -n true'
}
# A service outside with an abstract socket, as X11 and D-Bus had.
ABSTRACT='import socket, sys
s = socket.socket(socket.AF_UNIX)
if sys.argv[1] == "serve":
	s.bind("\0" + sys.argv[2]); s.listen(9); print("ready", flush=True)
	while True: s.accept()
s.connect("\0" + sys.argv[2])'
abstract() {
	local rc=1
	: >"$LAB_DIR/log/abs.out"
	lab_spawn abs gw "$PYTHON" -c "$ABSTRACT" serve lab
	lab_until 60 grep -q ready "$LAB_DIR/log/abs.out" &&
		as_user gw "$PYTHON" -c "$ABSTRACT" ask lab &&
		! prog "$PYTHON" -c "$ABSTRACT" ask lab && rc=0
	lab_stop abs KILL
	return "$rc"
}
hidden() {
	# shellcheck disable=SC2016
	prog sh -c 'for f in /run/dbus /run/nscd /run/systemd/resolve \
		/run/systemd/private /run/avahi-daemon; do
			[ ! -e $f ] || { echo "$f is there"; exit 1; }
		done'
}
resolver() {
	prog sh -c 'cat /etc/resolv.conf /etc/nsswitch.conf' |
		grep -E '^(nameserver|hosts:)' | tr '\n' ' ' |
		grep -qx 'nameserver 10.191.0.2 hosts: files \(myhostname \)*dns '
}
hostile() {
	prog "$PYTHON" - sent ot0 "$DEST4" "$DEST6" "$(relay_addr4 r1)" \
		<"$LAB_SRC/load.py"
	prog ping -c 1 -W 1 "$DEST4"
	prog ping -c 1 -W 1 "$LAN4"
	prog curl -q -sS --max-time 10 "http://$LAN4:$TRANSPORT/"
	prog sh -c "echo x >/dev/udp/$DEST4/443"
	prog dig +tries=1 +time=10 "@$DEST4" www.lab.example
	return 0
} >/dev/null 2>&1

battery() { # HOW
	check "$1: a page by name" lab_until 600 page http://www.lab.example/
	check "$1: the server saw an exit" seen_exit
	check "$1: a page from an IPv4 address" \
		lab_until 600 page "http://$DEST4/"
	check "$1: a page from an IPv6 address" \
		lab_until 600 page "http://[$DEST6]/"
	check "$1: the server saw an exit (IPv6)" seen_exit
	check "$1: a name with only an IPv6 address" \
		lab_until 600 page http://only6.lab.example/
	check "$1: a name by dig" gives "$DEST4" answer www.lab.example
	check "$1: any server's answers are ours" \
		gives "$DEST4" answer @192.0.2.53 www.lab.example
	check "$1: over IPv6, too" \
		gives "$DEST4" answer @2001:db8::53 www.lab.example
	check "$1: a name by dig, over TCP" \
		gives "$DEST4" answer +tcp www.lab.example
	check "$1: a static binary with its own resolver" \
		lab_until 600 static www.lab.example
	check "$1: the server saw an exit (static)" seen_exit
	check "$1: a Go program" lab_until 600 gopher http://www.lab.example/
	check "$1: by Go's own resolver" \
		grep "Go's resolver" "$LAB_DIR/tmp/hey"
	check "$1: the server saw an exit (Go)" seen_exit
	check "$1: a Go program, to an IPv6 address" \
		lab_until 600 gopher "http://[$DEST6]/"
	check "$1: children of its own" lab_until 600 forks
	check "$1: a child that outlives it has no network" orphan
	check "$1: standard streams are its own" streams
	check "$1: exit status 0" status 0 prog true
	check "$1: exit status 42" status 42 prog sh -c 'exit 42'
	check "$1: killed by a signal" status 143 prog sh -c 'kill -TERM $$'
	check "$1: not found" status 127 prog no-such-program
	check "$1: not executable" status 126 prog /etc/passwd
	check "$1: Ctrl-C" interrupted
	check "$1: a signal to run" terminated
	check "$1: there is nothing but lo and the TUN" only_tun
	check "$1: ping is refused at once" \
		refused_at_once ping -c 1 -W 100 "$DEST4"
	check "$1: no rights in its namespaces" no_rights
	check "$1: abstract sockets are out of reach" abstract
	check "$1: services that would resolve are hidden" hidden
	check "$1: the resolver's files are ours" resolver
	hostile
}
# as_user gw $OT run, for lab_spawn, which wants a program
{
	declare -p WHO OT RUNHOME LAB_DIR GROUPS_OF
	declare -f lab_in as_user
	# shellcheck disable=SC2016
	echo 'as_user gw "$OT" run "$@"'
} >"$LAB_DIR/tmp/prog.sh"

# ---- two at once -----------------------------------------------------------

drip_by() { # NAME
	lab_spawn "$1" gw bash "$LAB_DIR/tmp/prog.sh" "${WITH[@]}" -- \
		curl -q -sS -o /dev/null "http://$DEST4/drip/1000000000"
}
drip_end() {
	pkill -KILL -u "$WHO" -x curl
	lab_until 60 dead "$(lab_pid "$1")"
}
# each has a circuit, and they are not the same
apart() { # HOW-TO-ASK
	drip_by one
	lab_until 600 two_circuits 1 "$@" || return 1
	drip_by two
	lab_until 600 two_circuits 2 "$@"
}
two_circuits() {
	[ "$("${@:2}" | sort -u | wc -l)" -eq "$1" ]
}
daemon_circuits() { sut_get circuits-of "$DEST4:80"; }
own_circuits() {
	as_user gw "$OT" status --json -f "$LAB_DIR/own.rc" \
		--DataDirectory "$STATE" |
		"$PYTHON" "$LAB_SRC/status.py" get circuits-of "$DEST4:80"
}
end_both() {
	drip_end one
	drip_end two
}

# ---- through the daemon ----------------------------------------------------

run_socket() { same "$(stat -c '%a %F' "$SOCK")" "666 socket"; }
no_tunnels_left() {
	! lab_in gw ip link show ot0 2>/dev/null && ! pgrep -u "$WHO"
}

SUT_EXTRA="RunSocket $SOCK"
sut_fresh
with_daemon
lab_oracle_reset
check "the socket is there" run_socket
battery "daemon"
check "daemon: two programs have circuits of their own" \
	apart daemon_circuits
end_both
check "daemon: nothing is left of them" lab_until 60 no_tunnels_left
check "daemon: it lives" lab_alive sut
daemon_goes() {
	lab_spawn left gw bash "$LAB_DIR/tmp/prog.sh" "${WITH[@]}" -- sh -c '
		while ip link show ot0; do sleep 0.2; done
		sleep 1; ip route | grep default && exit 8; exit 9'
	lab_until 300 grep -q ot0 "$LAB_DIR/log/left.out" || return 1
	sut_stop
	lab_until 120 dead "$(lab_pid left)"
	cat "$LAB_DIR/log/left.out"
	[ "$(lab_status "$(lab_pid left)")" -eq 9 ] &&
		grep -q "no network any more" "$LAB_DIR/log/left.out"
}
check "daemon: when it goes, so does the network" daemon_goes
check "daemon: it removed its socket" test ! -e "$SOCK"

# ---- who may use it --------------------------------------------------------

engines() { pgrep -u "$WHO" -x onion-transpare | wc -l; }
no_engine() { [ "$(engines)" -eq 0 ]; }

# Where the daemon finds no place for it, the place is made, and its own.
default_socket() {
	same "$(stat -c '%a %U' /run/onion-transparent \
		/run/onion-transparent/run | tr '\n' ' ')" \
		"755 nobody 666 nobody "
}
SUT_USER=nobody SUT_EXTRA="User nobody"
sut_fresh
WITH=()
check "default: the socket is there, and the daemon's" default_socket
check "default: a page" lab_until 600 page "http://$DEST4/"
check "default: the daemon took it" \
	gives "" sh -c "ls $STATE 2>/dev/null"
sut_stop
check "default: it removed its socket" \
	test ! -e /run/onion-transparent/run

group_socket() {
	same "$(stat -c '%a %U %G' "$LAB_DIR/rundir/run")" "660 nobody nogroup"
}
told_no() {
	page "http://$DEST4/" 2>"$LAB_DIR/tmp/err"
	cat "$LAB_DIR/tmp/err"
	grep -q "no right to use the daemon" "$LAB_DIR/tmp/err" && seen_exit &&
		[ -e "$STATE/state" ]
}
SUT_EXTRA="User nobody
RunSocket $LAB_DIR/rundir/run
RunSocketGroup nogroup"
sut_fresh
WITH=(-f "$LAB_DIR/own.rc" --RunSocket "$LAB_DIR/rundir/run")
check "group: the socket is the group's" group_socket
check "group: one who is not in it gets an engine of the own" told_no
lab_until 60 no_engine		# it writes its state at its end
rm -rf "$STATE"
GROUPS_OF=(--groups "$(getent group nogroup | cut -d: -f3)")
check "group: a member gets the daemon" lab_until 600 page "http://$DEST4/"
check "group: and no engine" gives "" sh -c "ls $STATE 2>/dev/null"
GROUPS_OF=(--clear-groups)
sut_stop

# ---- without ---------------------------------------------------------------

guards() { grep '^Guard ' "$STATE/state"; }
keeps_guards() {
	local before
	before=$(guards | sed 's/ .*unlisted.*//' | head -c 40)
	page "http://$DEST4/" && same "$(guards | head -c 40)" "$before"
}
one_engine() { [ "$(engines)" -eq 3 ]; }	# and two commands

without_daemon
battery "own engine"
check "own engine: it ended with the program" lab_until 60 no_engine
check "own engine: its directory is the user's alone" \
	same "$(stat -c '%a %u' "$STATE")" "700 $WHO"
check "own engine: guards are kept" keeps_guards
check "own engine: two programs have circuits of their own" \
	apart own_circuits
check "own engine: one serves both" one_engine
end_both
check "own engine: it ended with the last" lab_until 60 no_engine
not_believed() {
	local rc
	mkdir -m 777 "$LAB_DIR/tmp/evil"
	lab_spawn evil gw "$PYTHON" -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen(9)
c = s.accept()[0]
c.send(b"\1\2\x64\1")	# circuits can be built
c.recv(9)
c.recv(9)' "$LAB_DIR/tmp/evil/run"
	lab_until 60 test -S "$LAB_DIR/tmp/evil/run"
	prog true 2>"$LAB_DIR/tmp/err"
	rc=$?
	cat "$LAB_DIR/tmp/err"
	lab_stop evil KILL
	[ "$rc" -eq 125 ] && grep -q "somebody else's" "$LAB_DIR/tmp/err"
}
WITH=(-f "$LAB_DIR/own.rc" --DataDirectory "$LAB_DIR/tmp/evil")
check "own engine: one of somebody else is not believed" not_believed
past_tor() { page "http://$DEST4/" && same "$(seen_last)" "$UP4"; }
that_leaked() {
	same "$(lab_leaks | sort -u)" "$DEST4 . tcp . 80" &&
		lab_until 300 oracle_quiet
}
WITH=(-f "$LAB_DIR/own.rc" --FlowRule "direct to $DEST4")
lab_oracle_reset
check "own engine: a rule lets it past Tor" past_tor
check "own engine: nothing else got past Tor" that_leaked
without_daemon
pipe_ends() {	# nobody who waits for the end of the output waits for it
	local out
	out=$(timeout 300 bash "$LAB_DIR/tmp/prog.sh" "${WITH[@]}" -- \
		echo all 2>&1)
	same "$out" all
}
check "own engine: it holds no pipe open" pipe_ends

# ---- no network ------------------------------------------------------------

ip netns add none
no_network() {
	local before=$SECONDS
	as_user none "$OT" run "${WITH[@]}" -- touch "$LAB_DIR/tmp/ran"
	[ $? -eq 125 ] && [ $((SECONDS - before)) -lt 30 ] &&
		[ ! -e "$LAB_DIR/tmp/ran" ]
}
no_network_says() {
	no_network >"$LAB_DIR/tmp/err" 2>&1
	cat "$LAB_DIR/tmp/err"
	grep -q "no network" "$LAB_DIR/tmp/err"
}
check "no network: an error at once" no_network
check "no network: it says so" no_network_says

# Here packets leave, and none comes back.
dark() {
	local rc
	rm -rf "$STATE"
	lab_uplink off
	prog touch "$LAB_DIR/tmp/ran" 2>"$LAB_DIR/tmp/err"
	rc=$?
	lab_uplink on
	cat "$LAB_DIR/tmp/err"
	[ "$rc" -eq 125 ] && grep -q "cannot be reached" "$LAB_DIR/tmp/err" &&
		[ ! -e "$LAB_DIR/tmp/ran" ]
}
check "a dark network: an error after a while" dark
check "a dark network: no engine is left" lab_until 60 no_engine

# As root of a user namespace whose administrator forbids others in it.
forbidden() {
	unshare -U -r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --bounding-set=-all --inh-caps=-all "$@"' sh \
		"$OT" run --RunSocket "$SOCK" -- true 2>"$LAB_DIR/tmp/err"
	[ $? -eq 125 ] && cat "$LAB_DIR/tmp/err" &&
		grep -q "user.max_user_namespaces is 0" "$LAB_DIR/tmp/err"
}
check "namespaces that are forbidden: it says by what" forbidden
ip netns del none

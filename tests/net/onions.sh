# shellcheck shell=bash
# tests/net/onions.sh - onion services of Debian's tor (part of lab.sh)
#
# Each program is a tor of its own in [net], with an address of its own on
# [net]'s loopback: the web server says by which of them a page was fetched.  It
# has one onion service or more, all alike, which lead to the destination's web
# server and plain services, and by port 81 to where nobody listens.
#
# That a service can be reached is asked of the directories themselves: its own
# tor fetches its descriptor from them.  Time periods last 24 voting intervals
# here, four minutes at ten seconds each, and begin in their middle: descriptors
# of the last, the present and the next are there at any time.

onion_addr4() { echo "100.$((95 + ${1#s})).0.1"; }
onion_dir() { echo "$LAB_DIR/tor/$1"; }

# lab_onion NAME [N]: the address of the program's N-th service, "....onion"
lab_onion() { cat "$(onion_dir "$1")/hs${2-1}/hostname"; }
# lab_onion_at ADDRESS: whose address this is
lab_onion_at() {
	local n
	for n in 1 2 3 4 5 6 7 8 9; do
		[ "$(onion_addr4 "s$n")" != "$1" ] || echo "s$n"
	done
}

# lab_onion_up NAME [OPTION...]: start the program s1 .. s9.  Options:
#	N	so many services
#	auth	none may fetch the descriptor but who has the client's key
#	pow	proof of work is wanted
lab_onion_up() {
	local name=$1 count=1 auth='' more='' o n dir
	shift
	for o in "$@"; do
		case $o in
		auth) auth=1 ;;
		pow) more="HiddenServicePoWDefensesEnabled 1" ;;
		*) count=$o ;;
		esac
	done
	dir=$(onion_dir "$name")
	mkdir -p "$dir"
	chmod 700 "$dir"
	ip -n net addr show dev lo | grep -qF " $(onion_addr4 "$name")/" ||
		addr net lo "$(onion_addr4 "$name")/32"
	echo "$count" >"$dir/count"
	{
		onion_rc "$name"
		for ((n = 1; n <= count; n++)); do
			onion_service_rc "$dir/hs$n"
			[ -z "$more" ] || echo "$more"
			[ -z "$auth" ] || onion_keys "$dir/hs$n"
		done
		cat "$LAB_DIR/tor/dirauths"
	} >"$dir.rc"
	lab_onion_start "$name"
}
onion_rc() {
	cat <<-C
	TestingTorNetwork 1
	DataDirectory $(onion_dir "$1")
	SocksPort 0
	ControlSocket $(onion_dir "$1")/control
	OutboundBindAddress $(onion_addr4 "$1")
	NumCPUs 1
	SafeLogging 0
	Log notice file $LAB_DIR/log/$1
	Log [rend]info file $LAB_DIR/log/$1.rend
	C
}
onion_service_rc() {
	local port
	echo "HiddenServiceDir $1"
	for port in 7 9 17 77 80 81; do
		echo "HiddenServicePort $port $DEST4:$port"
	done
}

# onion_keys DIR: a client's key pair (x25519); the service knows the public one
onion_keys() {
	mkdir -p "$1/authorized_clients"
	chmod 700 "$1" "$1/authorized_clients"
	openssl genpkey -algorithm x25519 -outform DER -out "$1/client.der"
	echo "descriptor:x25519:$(openssl pkey -inform DER -in "$1/client.der" \
		-pubout -outform DER | onion_base32)" \
		>"$1/authorized_clients/lab.auth"
}
# the last 32 bytes, which are the key itself
onion_base32() { tail -c 32 | base32 -w 0 | tr -d =; }

# lab_onion_key NAME N DIR [wrong]: put the client's secret key into a
# ClientOnionAuthDir, or one that is none of the service's
lab_onion_key() {
	local der host
	der=$(onion_dir "$1")/hs$2/client.der
	host=$(lab_onion "$1" "$2")
	if [ -n "${4-}" ]; then
		der=$LAB_DIR/tmp/wrong.der
		openssl genpkey -algorithm x25519 -outform DER -out "$der"
	fi
	echo "${host%.onion}:descriptor:x25519:$(onion_base32 <"$der")" \
		>"$3/${host%.onion}.auth_private"
}

lab_onion_start() {
	: >"$LAB_DIR/log/$1"
	: >"$LAB_DIR/log/$1.rend"
	lab_spawn "$1" net tor --quiet -f "$LAB_DIR/tor/$1.rc"
}

# lab_onion_ready NAME...: the descriptors of their services are to be had
lab_onion_ready() {
	local name n
	for name in "$@"; do
		for ((n = 1; n <= $(cat "$(onion_dir "$name")/count"); n++)); do
			lab_until 600 onion_published "$name" "$n" || return
		done
	done
}
onion_published() {
	local host
	[ -e "$(onion_dir "$1")/control" ] && host=$(lab_onion "$1" "$2") &&
		onion_uploaded "$1" "${host%.onion}" &&
		"$PYTHON" "$LAB_SRC/status.py" hsfetch \
			"$(onion_dir "$1")/control" "${host%.onion}"
}

# onion_uploaded NAME LABEL: it was sent to directories since the start, and most
# of what was sent was taken
onion_uploaded() {
	awk -v label="$2" '
		/initiated upload request/ { sent++; ours += index($0, label) > 0 }
		/descriptor: finished with status 200/ { taken++ }
		END { exit !(ours && taken * 2 >= sent) }
	' "$LAB_DIR/log/$1.rend"
}

# lab_onion_intros NAME: the relays that introduce to its services
lab_onion_intros() {
	"$PYTHON" "$LAB_SRC/status.py" tor "$(onion_dir "$1")/control" |
		"$PYTHON" "$LAB_SRC/status.py" get intros | sort -u
}
# lab_onion_introduced NAME: it has three again, all of them living relays
lab_onion_introduced() {
	local n count=0
	for n in $(lab_onion_intros "$1"); do
		lab_alive "$n" || return 1
		count=$((count + 1))
	done
	[ "$count" -ge 3 ]
}

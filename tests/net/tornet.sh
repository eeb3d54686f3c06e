# shellcheck shell=bash
# tests/net/tornet.sh - the private network of Debian's tor (part of lab.sh)
#
# Every relay has addresses of its own on [net]'s loopback, each in another
# /16 and /32, and binds its outgoing connections to them: the destination
# sees the exit's own address.  Values that look odd are tor's floors for
# TestingTorNetwork 1: a voting interval of 10 s with delays of 2 s, a life
# of two intervals, and an initial interval of 5 s that divides 30 minutes.

# As the live network voted on 2026-01-17; they differ from the code's
# defaults and turn on code paths that a bare private network never reaches.
LAB_LIVE_PARAMS="ExtendByEd25519ID=1 cc_alg=2 cc_cwnd_min=124 \
cc_cwnd_inc_rate=31 cc_sscap_exit=600 cc_sscap_onion=475 \
cc_vegas_alpha_exit=186 cc_vegas_delta_exit=310 cc_vegas_beta_onion=372 \
cc_vegas_gamma_onion=248 cc_vegas_delta_onion=434 \
cfx_low_exit_threshold=5000 circ_max_cell_queue_size=1250 \
guard-n-primary-guards-to-use=2 guard-n-primary-dir-guards-to-use=2 \
hs_service_max_rdv_failures=1 hsdir_spread_store=4 \
sendme_accept_min_version=1 cbttestfreq=10"

lab_auths() {
	local i
	for ((i = 1; i <= LAB_AUTHS; i++)); do echo "a$i"; done
}
lab_relays() {
	local i
	for ((i = 1; i <= LAB_RELAYS; i++)); do echo "r$i"; done
}
lab_exits() { lab_relays | head -n "$((LAB_RELAYS - LAB_NONEXITS))"; }
lab_nodes() { lab_auths; lab_relays; }

# relay_addr4 NAME, relay_addr6 NAME
relay_index() {
	case $1 in
	a*) echo "${1#a}" ;;
	*) echo "$((10 + ${1#r}))" ;;
	esac
}
relay_addr4() { echo "100.$((64 + $(relay_index "$1"))).0.1"; }
relay_addr6() { echo "fd00:$(relay_index "$1")::1"; }

# relay_at ADDRESS: the name of the relay with this address
relay_at() {
	local n
	for n in $(lab_nodes); do
		case $1 in
		"$(relay_addr4 "$n")" | "$(relay_addr6 "$n")") echo "$n" ;;
		esac
	done
}
relay_fp() { cat "$LAB_DIR/tor/$1/fp" 2>/dev/null; }

# ---- configuration and keys ------------------------------------------------

relay_rc() {
	local n=$1 a4 a6 exit=0
	a4=$(relay_addr4 "$n")
	a6=$(relay_addr6 "$n")
	lab_exits | grep -qx "$n" && exit=1
	cat <<-C
	TestingTorNetwork 1
	Nickname $n
	DataDirectory $LAB_DIR/tor/$n
	Address $a4
	Address $a6
	ORPort $a4:$ORPORT
	ORPort [$a6]:$ORPORT
	OutboundBindAddress $a4
	OutboundBindAddress [$a6]
	SocksPort 0
	NumCPUs 1
	ContactInfo lab
	ExitRelay $exit
	IPv6Exit $exit
	ExitPolicy accept *:*
	AssumeReachable 1
	PathsNeededToBuildCircuits 0.67
	ServerDNSResolvConfFile $LAB_DIR/resolv.gw
	ServerDNSDetectHijacking 0
	ServerDNSAllowBrokenConfig 1
	ProtocolWarnings 1
	SafeLogging 0
	Log ${LAB_RELAY_LOG:-notice} file $LAB_DIR/log/$n
	Sandbox 0
	C
}

# The guard flag is given to the relays and kept from the authorities, so
# that a client seen at an authority went there for the directory.
auth_rc() {
	local fps
	fps=$(for n in $(lab_relays); do relay_fp "$n"; done | paste -sd,)
	cat <<-C
	DirPort $(relay_addr4 "$1"):$DIRPORT
	AuthoritativeDirectory 1
	V3AuthoritativeDirectory 1
	V3AuthVotingInterval $LAB_VOTING_INTERVAL
	V3AuthVoteDelay 2
	V3AuthDistDelay 2
	V3AuthNIntervalsValid $LAB_VALID_INTERVALS
	TestingV3AuthInitialVotingInterval 5
	TestingV3AuthInitialVoteDelay 2
	TestingV3AuthInitialDistDelay 2
	TestingDirAuthVoteGuard $fps
	TestingDirAuthVoteGuardIsStrict 1
	TestingDirAuthVoteHSDir *
	TestingMinExitFlagThreshold 0
	AuthDirHasIPv6Connectivity 1
	C
	case $LAB_PARAMS in
	'') ;;
	live) echo "ConsensusParams $LAB_LIVE_PARAMS" ;;
	*) echo "ConsensusParams $LAB_PARAMS" ;;
	esac
	[ "$LAB_MEASURED" = 0 ] ||
		echo "V3BandwidthsFile $LAB_DIR/tor/bandwidths"
}

# Each of these takes about a second of computing: they run in parallel.
relay_keys() {
	local n=$1 d=$LAB_DIR/tor/$1
	mkdir -p "$d/keys"
	chmod 700 "$d"
	relay_rc "$n" >"$d.rc"
	case $n in
	a*) (cd "$d/keys" && echo pass | tor-gencert --create-identity-key \
		-m 12 -a "$(relay_addr4 "$n"):$DIRPORT" --passphrase-fd 0) ;;
	esac
	# tor wants some authority before it accepts a testing network
	tor -f "$d.rc" --quiet --list-fingerprint --DirAuthority \
		"x 127.0.0.1:1 ffffffffffffffffffffffffffffffffffffffff" |
		sed -n 's/^[^ ]* //; s/ //g; $p' >"$d/fp"
}

# lab_dirauths: the DirAuthority lines, for relays and clients alike
lab_dirauths() {
	local n v3
	for n in $(lab_auths); do
		v3=$(awk '/^fingerprint/ { print $2; exit }' \
			"$LAB_DIR/tor/$n/keys/authority_certificate")
		echo "DirAuthority $n orport=$ORPORT no-v2 v3ident=$v3" \
			"ipv6=[$(relay_addr6 "$n")]:$ORPORT" \
			"$(relay_addr4 "$n"):$DIRPORT $(relay_fp "$n")"
	done
}

lab_bandwidths() {
	local n
	date +%s
	for n in $(lab_nodes); do
		case $n in
		a*) echo "node_id=\$$(relay_fp "$n") bw=1000 nick=$n" ;;
		*) echo "node_id=\$$(relay_fp "$n") bw=10000 nick=$n" ;;
		esac
	done
}

# ---- running ---------------------------------------------------------------

lab_relays_up() {
	local n jobs=()
	date +%s.%N >"$LAB_DIR/tor/started"
	for n in $(lab_nodes); do
		addr net lo "$(relay_addr4 "$n")/32" "$(relay_addr6 "$n")/128"
		relay_keys "$n" >"$LAB_DIR/log/$n.keys" 2>&1 &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	for n in $(lab_nodes); do
		[ -n "$(relay_fp "$n")" ] || lab_die "no keys for $n"
	done
	# the destination answers exits by way of [net]: no route is needed
	lab_bandwidths >"$LAB_DIR/tor/bandwidths"
	lab_dirauths >"$LAB_DIR/tor/dirauths"
	for n in $(lab_nodes); do
		cat "$LAB_DIR/tor/dirauths" >>"$LAB_DIR/tor/$n.rc"
		case $n in a*) auth_rc "$n" >>"$LAB_DIR/tor/$n.rc" ;; esac
		lab_start_relay "$n"
	done
}

lab_start_relay() { lab_spawn "$1" net tor --quiet -f "$LAB_DIR/tor/$1.rc"; }

# lab_kill_relay NAME: as a crash or a power cut, no goodbye
lab_kill_relay() { lab_stop "$1" KILL; }

# lab_consensus: what the first authority that answers serves to clients
lab_consensus() {
	local n
	for n in $(lab_auths); do
		lab_consensus_of "$n" && return 0
	done
	return 1
}
lab_consensus_of() { # NAME
	lab_in net curl -qsf --max-time 5 --noproxy '*' \
		"http://$(relay_addr4 "$1"):$DIRPORT/tor/status-vote/$(:
		)current/consensus-microdesc"
}

# lab_consensus_ok: every living authority's lists every living node as Running,
# the relays as guards, the exits as exits.  (A client that is told the one before
# goes on with it for as long as it is valid.)
lab_consensus_ok() {
	local doc n any=1
	for n in $(lab_auths); do
		lab_alive "$n" || continue
		doc=$(lab_consensus_of "$n") && is_usable "$doc" || return 1
		any=0
	done
	return "$any"
}
is_usable() { # CONSENSUS
	awk -v nodes="$(lab_living_nodes)" -v exits="$(lab_exits)" '
		$1 == "r" { name = $2 }
		$1 == "s" { flags[name] = $0 " " }
		END {
			split(nodes, n)
			for (i in n) {
				f = flags[n[i]]
				if (f !~ / Running /) exit 1
				if (n[i] ~ /^r/ && f !~ / Guard /) exit 1
			}
			split(exits, n)
			for (i in n)
				if (n[i] in flags && flags[n[i]] !~ / Exit /)
					exit 1
		}' <<<"$1"
}
lab_living_nodes() {
	local n
	for n in $(lab_nodes); do
		! lab_alive "$n" || echo "$n"
	done
}

# lab_wait_consensus: until a client could use the network
lab_wait_consensus() {
	lab_until 900 lab_consensus_ok ||
		{ echo "lab: no usable consensus in 900 s" >&2; return 1; }
}

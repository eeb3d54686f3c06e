#!/bin/bash
# What a FlowRule's options do: which exit a page comes by, who shares circuits,
# who may choose an exit by name.  The page, and status, tell.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "tor has no FlowRule"
	exit 0
fi

mapfile -t exit < <(lab_exits)
reloads=0

said() { sut_log | grep -qF "$1"; }
in_force() { [ "$(sut_log | grep -c 'configuration is in force')" -ge "$1" ]; }
hup() { # LINE...
	sed -i '/^FlowRule/d; /^ExcludeExitNodes/d; /^AutomapHosts/d' \
		"$LAB_DIR/sut.rc"
	printf '%s\n' "$@" >>"$LAB_DIR/sut.rc"
	kill -HUP "$(lab_pid sut)"
	reloads=$((reloads + 1))
	lab_until 60 in_force "$reloads"
}
# Told so, and the server never heard of it.
refused() { # URL
	local before
	before=$(lab_web_log | wc -l)
	lab_lan curl -q -sS --max-time 200 -o /dev/null "$1"
	case $? in 7 | 28 | 52 | 55 | 56) ;; *) return 1 ;; esac
	same "$(lab_web_log | wc -l)" "$before"
}

# ---- exit= -----------------------------------------------------------------

# Several pages, by both clients, each for itself; circuits to other exits stand
# ready, and are not for them.
pages_by() { # URL EXIT...
	local url=$1 n who all
	shift
	for n in 1 2 3 4 5 6; do
		fetches "$url" || return 1
		who=$(relay_at "$(seen_last)")
		all+="$who "
		printf '%s\n' "$@" | grep -qxF "$who" || break
	done
	echo "pages came by $all; may be: $*"
	[ "$n" -eq 6 ] && printf '%s\n' "$@" | grep -qxF "$who"
}
net_of() { echo "$(relay_addr4 "$1" | cut -d. -f1-2).0.0/16"; }

SUT_EXTRA=$(printf '%s\n' \
	"FlowRule torify to $DEST4/32 port 80 exit=\$$(relay_fp "${exit[0]}")")
check "the program bootstraps" sut_fresh redirect
lab_oracle_reset
check "exit= by fingerprint: all pages come by it" \
	pages_by "http://$DEST4/" "${exit[0]}"
check "what the rule does not match leaves by any exit" \
	fetches "http://[$DEST6]/"
check "... which the server saw" seen_exit

check "a reload: others" hup "FlowRule torify to $DEST4/32 $(:
	)exit=${exit[1]},$(net_of "${exit[2]}") isolate=flow"
check "exit= by nickname and network: all pages come by them" \
	pages_by "http://$DEST4/" "${exit[1]}" "${exit[2]}"
check "a reload: by name" hup "AutomapHostsSuffixes .lab.example" \
	"FlowRule torify to .lab.example exit=${exit[1]} isolate=client,name"
check "exit= of a name: all pages come by it" \
	pages_by "http://www.lab.example/" "${exit[1]}"
check "a reload: by a name that has its own address" \
	hup "AutomapHostsSuffixes .exit" \
	"FlowRule torify to .lab.example exit=${exit[2]} isolate=client,name"
check "exit= of a name: all pages come by it" \
	pages_by "http://www.lab.example/" "${exit[2]}"

check "a reload: the exit is excluded" hup "ExcludeExitNodes ${exit[0]}" \
	"FlowRule torify to $DEST4/32 exit=${exit[0]}"
check "no exit is left: refused, and no other is taken" \
	refused "http://$DEST4/"
check "the log says why" \
	said "refused what a FlowRule wants to leave by exit=${exit[0]}"
check "others go on" fetches "http://[$DEST6]/"

# ---- isolate= --------------------------------------------------------------

# Streams that stay open, one by one, and the circuits that they are on.
hold() { # NAME CLIENT
	lab_spawn "hold-$1" "$2" curl -q -sS -o /dev/null \
		"http://$DEST4/drip/1000000000"
}
circuits() { # HOW MANY STREAMS THERE SHOULD BE
	sut_get circuits-of "$DEST4:80" >"$LAB_DIR/tmp/held"
	[ "$(grep -c . "$LAB_DIR/tmp/held")" -ge "$1" ] || return 1
	sort -u "$LAB_DIR/tmp/held" | grep -c .
}
settled() { lab_until 300 circuits "$1" >/dev/null; }
on_circuits() { # WANT CLIENT CLIENT RULE...
	local want=$1 one=$2 two=$3 n
	shift 3
	SUT_EXTRA=$(printf '%s\n' "$@")
	sut_restart || return 1
	hold one "$one"
	settled 1
	hold two "$two"
	settled 2
	n=$(circuits 2)
	cat "$LAB_DIR/tmp/held"
	lab_stop hold-one KILL
	lab_stop hold-two KILL
	same "$n" "$want"
}
# A stream that has to be tried anew goes to another circuit, on a machine that
# has much to do: who may share need not.
may_share() { # CLIENT CLIENT RULE...
	local n
	for n in 1 2 3; do
		on_circuits 1 "$@" && return
	done
	return 1
}
check "one client, no isolate=: one circuit" may_share lan1 lan1 \
	"FlowRule torify"
check "isolate=flow: two" on_circuits 2 lan1 lan1 \
	"FlowRule torify isolate=flow"
check "two clients, no isolate=: two" on_circuits 2 lan1 lan2 \
	"FlowRule torify"
check "isolate=dest, clients are not named: one" may_share lan1 lan2 \
	"FlowRule torify isolate=dest"
check "which is warned of" said "THESE CLIENTS SHARE CIRCUITS"
check "isolate=client,dest: two" on_circuits 2 lan1 lan2 \
	"FlowRule torify isolate=client,dest"

# ---- dotexit ---------------------------------------------------------------

by_name() { # RELAY
	fetches "http://www.lab.example.$1.exit/" &&
		same "$(relay_at "$(seen_last)")" "$1"
}
not_by_name() { # URL
	lab_lan curl -q -sS --max-time 200 -o /dev/null "$1"
	case $? in 6 | 7 | 28 | 52 | 55 | 56) ;; *) return 1 ;; esac
}
# shellcheck disable=SC2034 # for sut.sh
SUT_EXTRA="FlowRule torify to .lab.example port 80 dotexit"
check "the program starts anew" sut_restart
check "dotexit: the client's exit (1)" by_name "${exit[0]}"
check "dotexit: the client's exit (2)" by_name "${exit[1]}"
check "dotexit: not at a port of no such rule" \
	not_by_name "http://www.lab.example.${exit[0]}.exit:81/"
check "dotexit: not by a name of no such rule" \
	not_by_name "http://$DEST4.${exit[0]}.exit/"
check "nothing got past Tor" test "$(lab_leaked)" -eq 0
sut_stop

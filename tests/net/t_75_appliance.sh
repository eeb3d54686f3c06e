#!/bin/bash
# The appliance in QEMU, between a LAN whose clients send whatever there is to send
# and an uplink that lies: it boots, serves, and nothing but what is for relays
# gets out, from power-on to power-off.  Leases, no lease, clocks, power cuts,
# snapshots; and a naive gateway in its place, which leaks.
#	APPLIANCE	what initramfs/build made
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/appliance.sh
. "$LAB_SRC/appliance.sh"
need_lab
if [ ! -e "${APPLIANCE-}/vmlinuz" ]; then
	skip "APPLIANCE names no image; initramfs/build makes one"
	exit
fi
needed() { type qemu-system-x86_64 mke2fs debugfs cpio busybox; }
check "what it needs is installed (PACKAGES_QEMU, cpio)" needed
needed >/dev/null 2>&1 || exit 1

works() { # WHEN
	check "$1: a page by name" fetches http://www.lab.example/ 240
	check "$1: the server saw an exit" seen_exit
}
# begins NAME: power is on, and it comes to be of use
begins() {
	check "$1: it serves the LAN" app_serves
	check "$1: it bootstraps" app_says 300 'tor: 100 %'
	check "$1: a client gets a lease" app_client lan1
}
# In the middle of something.
download_began() {
	rm -f "$LAB_DIR/tmp/drip"
	drip_spawn
	lab_until 300 drip_began
}
# Those that it confirmed and when, as the volume has them; and which file that is.
guards() {
	on_volume "cat /state" | sed -n \
		's/^Guard .* rsa_id=\([^ ]*\) .*confirmed_on=\([^ ]*\).*/\1 \2/p' |
		sort
}
kept_in() { on_volume "stat /state" | sed -n 's/^Inode: \([0-9]*\) .*/\1/p'; }
on_volume() { debugfs -R "$1" "$LAB_DIR/tmp/kept" 2>/dev/null; }
are_kept() { guards | grep -q .; }
are_kept_anew() { [ "$(kept_in)" != "$1" ] && are_kept; }
# subset A B: of lines; A has some
subset() {
	printf '%s\n' "$1" - "$2"
	[ -n "$1" ] && [ -z "$(comm -23 <(echo "$1") <(echo "$2"))" ]
}

app_wires
lab_onion_up s1
check "the oracle sees what is not the appliance's" app_seen
app_flood

# ---- no lease, and then leases that lie ----------------------------------------

# A host at ROGUE, so that who believes this would be led there.
ROGUE=198.51.100.66
hex() { printf '%02x' "$@"; }
half=$(hex 1 0 198 51 100 66 1 128 198 51 100 66)
relay=$(hex 32 100 75 0 1 198 51 100 66)
LIES=("option 121 $half$relay" "option 249 $half$relay"
	"option 33 $(hex 203 0 113 80 198 51 100 66)"
	"option 6 $(hex 203 0 113 80)" "option 42 $(hex 203 0 113 80)"
	"option 12 6576696c" "option 15 6576696c2e6578616d706c65"
	"option 26 0044" "option 252 $(printf http://203.0.113.80/ |
		od -An -tx1 | tr -d ' \n')")
waits() { # nothing came of it all but questions for a lease
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ] && [ "$(lab_count good)" -eq 0 ] &&
		[ "$(lab_count dhcp)" -gt 1 ]
}
app_volume plain
app_lease
app_on plain
lab_spawn ra net "$PYTHON" "$LAB_SRC/badnet.py" ra wan 2001:db8:1
check "no DHCP: the rules are in force" app_says 180 'closed: rules are in force'
check "no DHCP: it says that it waits" app_says 60 'waiting for a lease'
check "no DHCP: it asks" lab_until 60 app_asked discover
sent=$(cat "$LAB_DIR/tmp/flood")
check "no DHCP: clients send" lab_until 60 app_flooded $((sent + 500))
check "no DHCP: nothing but questions for a lease" waits
refused() { # NAME WHY LINE...: this is no lease
	local name=$1 why=$2
	shift 2
	app_lease "$@" "lease 120"
	check "$name: the lease is refused, and why is said" app_says 120 \
		"the lease on the uplink is refused: $why"
}
refused "all the world" "its network $UP4/0 is too large" \
	"address $UP4" "mask 0.0.0.0" "router $ROUTER"
refused "half of it" "its network $UP4/1 is too large" \
	"address $UP4" "mask 128.0.0.0" "router $ROUTER"
refused "a router elsewhere" "its router 203.0.113.1 is not in its network" \
	"address $UP4" "mask 255.255.255.0" "router 203.0.113.1"
refused "no router" "it has no router" "address $UP4" "mask 255.255.255.0"
refused "the LAN's own network" "its network 10.152.0.50/24 is the LAN's" \
	"address 10.152.0.50" "mask 255.255.255.0" "router 10.152.0.254"
check "leases that were refused: nothing but questions for a lease" waits
app_lease_plain "${LIES[@]}"
check "a lease, with lies: it is taken" app_says 120 "uplink: $UP4 by $ROUTER"
begins "a lease, with lies"
works "a lease, with lies"
check "50 MB down, by name" downloads www.lab.example 50000000
check "the onion service publishes" lab_onion_ready s1
check "a page of an onion service" fetches "http://$(lab_onion s1)/"
check "it is the service's" same "$(seen_last)" "$(onion_addr4 s1)"
app_stimulus
check "it told nothing of itself" app_anonymous
check "lies, router's advertisements, clients: nothing else got out" app_tight

app_allow leased "$OTHER_UP"
app_allow routers "$OTHER_ROUTER"
addr net wan "$OTHER_ROUTER/24"
app_lease "address $OTHER_UP" "mask 255.255.255.0" "router $OTHER_ROUTER" "lease 120"
check "another address and router: they are taken" \
	app_says 120 "uplink: $OTHER_UP by $OTHER_ROUTER"
works "another address and router"
# The uplink's cable: while it is out nothing comes, and nobody is told another way.
plugged() { app_monitor set_link "{\"name\": \"up\", \"up\": $1}"; }
no_page() { ! fetch http://www.lab.example/ --max-time 10 -o /dev/null; }
check "the uplink is unplugged" plugged false
check "unplugged: no page comes" no_page
check "unplugged: it lives" app_lives
check "the uplink is plugged in" plugged true
works "plugged in again"
sent=$(cat "$LAB_DIR/tmp/flood")
check "the power button: it is off" app_off
check "off: clients send" lab_until 60 app_flooded $((sent + 100))
check "from power-on to power-off nothing else got out" app_tight
lab_stop ra KILL
app_lease_plain

# ---- clocks, and power cuts ------------------------------------------------------

# off_by WORD SECONDS: it said that, by a few minutes; in two steps, where the
# first is to the day of the image
off_by() {
	local said
	said=$(app_console | awk -v word="$1" '
		/clock: was/ && $6 ~ "^" word { n += $4 }
		END { print n }')
	echo "it said: '$said', and it is $2"
	[ -n "$said" ] && [ $((said - $2)) -lt 300 ] && [ $(($2 - said)) -lt 300 ]
}
app_volume kept persist-guards=yes
app_on kept -rtc base=2020-01-01T00:00:00
behind=$(($(date +%s) - $(date -u -d 2020-01-01 +%s)))
begins "clock of 2020"
check "clock of 2020: what it was is said" off_by behind "$behind"
works "clock of 2020"
check "clock of 2020: its guards are kept" lab_until 120 are_kept
check "a download begins" download_began
before=$(guards) file=$(kept_in)
check "the power is cut" app_cut
drip_stop
check "clock of 2020, power cut: nothing else got out" app_tight

AHEAD=$(date -u -d '26 hours' +%FT%T)
app_on kept -rtc "base=$AHEAD"
begins "clock of tomorrow"
check "clock of tomorrow: what it was is said" off_by ahead $((26 * 3600))
works "clock of tomorrow"
check "after a power cut its guards are kept anew" \
	lab_until 120 are_kept_anew "$file"
check "they are those of before" subset "$before" "$(guards)"
check "clock of tomorrow: nothing else got out" app_tight

# ---- a snapshot, resumed twice (B18) ------------------------------------------------

resume() { # the same machine, as it was
	cp "$LAB_DIR/tmp/kept.then" "$LAB_DIR/tmp/kept"
	app_on kept -rtc "base=$AHEAD" -incoming defer
	app_monitor resume "$LAB_DIR/tmp/snapshot"
}
# A flow of before may go on, or be told its end; it may not hang.  (The second time
# its client is one whose own state is that of another time.)
ended_or_flows() {
	local before
	before=$(stat -c %s "$LAB_DIR/tmp/drip")
	lab_until 300 dead_or_grew "$before"
}
dead_or_grew() { dead "$DRIP" || drip_grew "$1"; }
check "a download begins" download_began
check "a snapshot is taken" app_monitor snapshot "$LAB_DIR/tmp/snapshot"
cp "$LAB_DIR/tmp/kept" "$LAB_DIR/tmp/kept.then"
check "the machine is gone" app_cut
for n in once twice; do
	check "resumed $n: it runs" resume
	works "resumed $n"
	[ $n = twice ] || check "resumed once: the flow of before ends, or flows" \
		ended_or_flows
	drip_stop
	check "resumed $n: nothing else got out" app_tight
	[ $n = twice ] || check "resumed once: the machine is gone" app_cut
done
check "resumed twice: the power button: it is off" app_off
rm -f "$LAB_DIR/tmp/snapshot"

# ---- a clock that is nearly right, and nothing that is kept ---------------------------

app_volume plain
hash=$(sha256sum <"$LAB_DIR/tmp/plain")
app_on plain -rtc "base=$(date -u -d '5 minutes ago' +%FT%T)"
begins "clock of 5 minutes ago"
works "clock of 5 minutes ago"
not_worse() { ! app_said 'clock: was' || off_by behind 300; }
check "clock of 5 minutes ago: it is not made worse" not_worse
check "clock of 5 minutes ago: it is off" app_off
check "clock of 5 minutes ago: nothing else got out" app_tight
check "a volume that is only to be read is as it was" \
	same "$(sha256sum <"$LAB_DIR/tmp/plain")" "$hash"

# Relays' certificates have expired by it, so that nobody can say how wrong it is.
app_on plain -rtc base=2031-01-01T00:00:00
check "clock of 2031: it says that it may be wrong" \
	app_says 300 'clock: it is 2031-01-01 .* if it is wrong, set'
check "clock of 2031: it is off" app_off
check "clock of 2031: nothing else got out" app_tight

# ---- a torrc that would open it ----------------------------------------------------

app_torrc="FailClosed 0"
app_volume opens
app_torrc=
app_on opens
check "FailClosed 0: it stops, and says why" \
	app_says 180 'stopped: torrc: FailClosed'
sent=$(cat "$LAB_DIR/tmp/flood")
check "FailClosed 0: clients send" lab_until 60 app_flooded $((sent + 500))
check "FailClosed 0: it is off" app_off
check "FailClosed 0: not a packet got out" app_silent

# ---- the same image with a naive gateway -----------------------------------------------

leaks() { # N: of IPv6
	lab_until 120 app_leaks "$1"
	local rc=$?
	lab_oracle
	return "$rc"
}
naive_gone() {
	app_cut
	app_forget
}
naive_resumed() {
	app_on plain -incoming defer
	app_monitor resume "$LAB_DIR/tmp/snapshot" && leaks 0
}
check "anti-test: the image is made" app_naive
app_lease_plain "${LIES[@]}"
app_on plain
check "anti-test: a naive gateway forwards" app_says 300 'naive: forwards'
check "anti-test: a naive gateway leaks" leaks 3
check "anti-test: a snapshot of it is taken" \
	app_monitor snapshot "$LAB_DIR/tmp/snapshot"
naive_gone
check "anti-test: a naive gateway, resumed, leaks" naive_resumed
naive_gone
app_flood_stop
# Its networks are not what they were: the next test has others.
echo "the appliance's" >"$LAB_DIR/profile"

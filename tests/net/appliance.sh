# shellcheck shell=bash disable=SC2034
# tests/net/appliance.sh - the appliance in QEMU, between the lab's networks
#
#   lan1 ─┐                                       ┌ relays
#         ├ br0 ─ taplan [appliance] tapup ─ br1 ─┤ up0 ── wan [net]
#   lan2 ─┘                                       └ dst0 ── [dest]
#
# Sourced by a test after check.sh.  [gw] is no machine any more, but the wires
# and the switches: bridges without an address, and QEMU runs there, software
# emulation.  The oracle is where it was, at the other end of the uplink, and knows
# what an appliance may say there:
#	good	to a relay's port, from the address that was leased
#	dhcp	to the DHCP server, or to all, as a client has to
#	link	ARP for the router or for its own address
# and anything else is a leak, with IPv6 all of it.
#
#	APPLIANCE	a directory with vmlinuz and initramfs.img
#	APP_CARDS	the virtual cards' kind

: "${APP_CARDS:=virtio-net-pci}"
UP_MAC=52:54:00:07:05:01 LAN_MAC=52:54:00:07:05:02
ROUTER=198.51.100.1 OTHER_UP=198.51.100.77 OTHER_ROUTER=198.51.100.3
APP_LAN=10.152.0.1
APP_RAM=512
CONSOLE=$LAB_DIR/log/console MONITOR=$LAB_DIR/tmp/monitor
LEASE=$LAB_DIR/tmp/lease DHCP_LOG=$LAB_DIR/log/dhcp

# ---- wires -------------------------------------------------------------------

app_wires() {
	local n
	sut_stop
	lab_in gw nft flush ruleset
	lab_in gw sysctl -qw net.ipv4.ip_forward=0 \
		net.ipv6.conf.all.disable_ipv6=1
	ip -n gw link add br1 type bridge mcast_snooping 0
	ip -n gw link set br0 type bridge mcast_snooping 0
	wire tapup br1
	wire taplan br0
	ip -n gw link set up0 master br1
	ip -n gw link set br1 up
	for n in br0 up0; do ip -n gw addr flush dev "$n"; done
	for n in lan1 lan2; do
		ip -n "$n" -4 addr flush dev eth0
		lab_in "$n" sysctl -qw net.ipv4.conf.all.arp_ignore=1
	done
	# the way back for what leaks
	ip -n net route replace 10.152.0.0/24 via "$UP4"
	app_oracle
}
wire() { # TAP BRIDGE
	ip -n gw tuntap add dev "$1" mode tap
	ip -n gw link set "$1" master "$2"
	ip -n gw link set "$1" up
}

app_oracle() {
	lab_in net nft delete table netdev oracle
	lab_in net nft -f - <<-N
	table netdev oracle {
		counter dials { }
		counter good { }
		counter leak4 { }
		counter leak6 { }
		counter link { }
		counter dhcp { }
		counter names { }
		set ok4 {
			type ipv4_addr . inet_service
			elements = { $(oracle_ok 4) }
		}
		set leased {
			type ipv4_addr
			elements = { $UP4 }
		}
		set routers {
			type ipv4_addr
			elements = { $ROUTER }
		}
		$(oracle_sets)
		chain c_in {
			type filter hook ingress device "wan" priority -500
			policy accept
			ether type arp jump asks
			meta l4proto { tcp, udp } th dport { 53, 137, 853, 5353, 5355 } counter name names
			ether type ip6 counter name leak6 jump bad6
			ether saddr != $UP_MAC counter name leak4 jump bad4
			ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 counter name dhcp accept
			ip saddr @leased ip daddr { $ROUTER, 255.255.255.255 } udp sport 68 udp dport 67 counter name dhcp accept
			ip saddr @leased ip daddr . tcp dport @ok4 jump good4
			counter name leak4 jump bad4
		}
		chain asks {
			arp saddr ip @leased arp daddr ip @routers counter name link accept
			arp saddr ip @leased arp daddr ip @leased counter name link accept
			arp saddr ip 0.0.0.0 arp daddr ip @leased counter name link accept
			counter name leak4 add @leaks4 { arp daddr ip . 0 . 0 }
			accept
		}
		chain good4 {
			counter name good
			tcp flags & (syn | ack) == syn counter name dials add @met4 { ip daddr . tcp dport }
			accept
		}
		chain bad4 {
			add @leaks4 { ip daddr . meta l4proto . th dport }
			add @leaks4 { ip daddr . meta l4proto . 0 }
			accept
		}
		chain bad6 {
			add @leaks6 { ip6 daddr . meta l4proto . 0 }
			accept
		}
	}
	N
}
# app_allow SET ADDRESS: from now on it may also have that address, or router
app_allow() { lab_in net nft add element netdev oracle "$1" "{ $2 }"; }

# app_tight: since its power came on nothing else got out; and relays were
# reached, so that this says something
app_tight() {
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ] && [ "$(lab_count names)" -eq 0 ] &&
		[ "$(lab_count good)" -gt 0 ]
}
# app_silent: not so much as a question for an address
app_silent() {
	lab_oracle
	lab_leaks
	[ "$(lab_leaked)" -eq 0 ] && [ "$(lab_count good)" -eq 0 ] &&
		[ "$(lab_count dhcp)" -eq 0 ] && [ "$(lab_count link)" -eq 0 ]
}
# app_seen: an oracle that sees nothing would like everything
app_seen() {
	oracle_zero
	lab_spawn inject gw "$PYTHON" "$LAB_SRC/flood.py" lan 500 \
		"$LAB_DIR/tmp/inject" up0 "$(mac_of net wan)" "$UP4" "$UP6" \
		"$DEST4" "$DEST6"
	lab_until 60 app_leaks 50
	local rc=$?
	lab_stop inject KILL
	lab_oracle
	app_forget
	return "$rc"
}
app_leaks() { # N: so many of IPv6, and more than 50 of IPv4
	[ "$(lab_count leak4)" -gt 50 ] && [ "$(lab_count leak6)" -ge "$1" ]
}
# of what was let out on purpose; what comes next finds it quiet
app_forget() { lab_until 300 oracle_quiet; oracle_zero; }
mac_of() { ip -n "$1" -br link show "$2" | awk '{ print $3 }'; }

# ---- what the uplink's network says of itself ------------------------------------

# app_lease LINE...: from now on (none: nobody answers); see badnet.py
app_lease() {
	printf '%s\n' "$@" >"$LEASE.new"
	mv "$LEASE.new" "$LEASE"
	lab_alive dhcp || lab_spawn dhcp net "$PYTHON" "$LAB_SRC/badnet.py" \
		dhcp wan "$LEASE" "$DHCP_LOG"
}
app_lease_plain() {
	app_lease "address $UP4" "mask 255.255.255.0" "router $ROUTER" \
		"lease 120" "$@"
}
app_asked() { grep -qE "^($1)" "$DHCP_LOG"; }
# app_anonymous: it said neither a name, nor who made it, nor an identity other
# than the card's address
app_anonymous() {
	local told
	told=$(tr ' ' '\n' <"$DHCP_LOG" | grep -E '^(12|60|61|77|81)=' |
		grep -vx "61=01${UP_MAC//:/}")
	echo "it told: $told"
	[ -z "$told" ] && app_asked request
}

# ---- volumes, power ----------------------------------------------------------------

# app_volume NAME LINE...: a volume with the private network's torrc and these
# settings; app_torrc has more lines of torrc
app_torrc=
app_volume() {
	local file=$LAB_DIR/tmp/$1 dir=$LAB_DIR/tmp/$1.d
	shift
	rm -rf "$dir" "$file"
	mkdir "$dir"
	printf '%s\n' "$@" >"$dir/settings"
	{
		echo "TestingTorNetwork 1"
		cat "$LAB_DIR/tor/dirauths"
		[ -z "$app_torrc" ] || echo "$app_torrc"
	} >"$dir/torrc"
	mke2fs -q -t ext4 -d "$dir" -L OT-SETTINGS "$file" 16M >/dev/null
}

# app_on VOLUME [QEMU'S ARGUMENTS...]: power on; the oracle begins to count
APP_LINE='' APP_INITRD=''
app_on() {
	local volume=$1
	shift
	[ ! -s "$CONSOLE" ] || cat "$CONSOLE" >>"$CONSOLE.before"
	: >"$CONSOLE"
	: >"$DHCP_LOG"
	rm -f "$MONITOR"
	lab_oracle_reset
	lab_spawn appliance gw qemu-system-x86_64 -accel tcg -cpu max \
		-machine q35 -m "$APP_RAM" -smp 1 \
		-nodefaults -no-user-config -display none \
		-chardev "${APP_CHARDEV:-file,id=console,path=$CONSOLE,append=on}" \
		-serial chardev:console -qmp "unix:$MONITOR,server=on,wait=off" \
		-device virtio-rng-pci \
		-netdev tap,id=up,ifname=tapup,script=no,downscript=no \
		-device "$APP_CARDS,netdev=up,mac=$UP_MAC" \
		-netdev tap,id=lan,ifname=taplan,script=no,downscript=no \
		-device "$APP_CARDS,netdev=lan,mac=$LAN_MAC" \
		-drive "file=$LAB_DIR/tmp/$volume,if=virtio,format=raw" \
		-kernel "$APPLIANCE/vmlinuz" \
		-initrd "${APP_INITRD:-$APPLIANCE/initramfs.img}" \
		-append "$(app_line)" "$@"
}
# Where the machine has little time for it, a kernel may find that the emulated timer
# doesn't work.
app_line() {
	echo "console=ttyS0 no_timer_check $(cat "$APPLIANCE/cmdline" 2>/dev/null) $APP_LINE"
}
app_monitor() { "$PYTHON" "$LAB_SRC/qmp.py" "$MONITOR" "$@"; }
# The power button; a machine that is off is a QEMU that has ended.
app_off() {
	local pid rc
	pid=$(lab_pid appliance)
	app_monitor system_powerdown >"$LAB_DIR/tmp/monitor.out" || return
	lab_until 600 dead "$pid"
	rc=$?
	lab_stop appliance KILL
	return "$rc"
}
app_cut() { lab_stop appliance KILL; [ "$LAB_STATUS" = 137 ]; }
app_lives() { lab_alive appliance; }

# app_says SECONDS WORDS: on its console
app_says() { lab_until "$1" app_said "$2"; }
app_said() { app_console | grep -qE -- "$1"; }
app_console() { tr -d '\r' <"$CONSOLE"; }
app_serves() { app_says 1200 'serving the LAN'; }

# ---- the LAN ---------------------------------------------------------------------

# app_client NETNS: it asks for a lease, and believes it
app_client() {
	ip -n "$1" -4 addr flush dev eth0
	lab_until 120 lab_in "$1" env RESOLV="$LAB_DIR/resolv.lan" busybox \
		udhcpc -f -n -q -t 3 -T 2 -i eth0 -s "$LAB_SRC/lease" || return
	ip -n "$1" -4 addr show dev eth0
	ip -n "$1" -4 addr show dev eth0 | grep -q 'inet 10\.152\.0\.'
}

# What a client sends all the time, whatever is there to hear it.
app_flood() {
	echo 0 >"$LAB_DIR/tmp/flood"
	lab_spawn flood lan2 "$PYTHON" "$LAB_SRC/flood.py" lan 100 \
		"$LAB_DIR/tmp/flood" eth0 "$LAN_MAC" 10.152.0.99 fd09:9::99 \
		"$DEST4" "$DEST6"
}
app_flooded() { # N: so many by now
	lab_alive flood && [ "$(cat "$LAB_DIR/tmp/flood")" -gt "$1" ]
}
app_flood_stop() { lab_stop flood KILL; }

# And what its programs try: all but TCP and names to the resolver it was given.
app_stimulus() {
	local host
	for host in "$DEST4" "$DEST6" "$ROUTER" "$UP4" "$(relay_addr4 r1)"; do
		lab_in lan1 ping -c 1 -W 1 "$host"
		lab_in lan1 timeout 5 bash -c "
			echo hello >/dev/udp/$host/9
			echo hello >/dev/udp/$host/443"
		lab_lan dig +time=1 +tries=1 "@$host" www.lab.example
	done
	lab_in lan1 timeout 5 bash -c ": >/dev/tcp/$ROUTER/80"
	lab_in lan1 timeout 5 bash -c ": >/dev/tcp/$APP_LAN/$TRANSPORT"
	true
} >/dev/null 2>&1

# app_naive: from now on its image has a naive gateway's first process
app_naive() {
	local dir=$LAB_DIR/tmp/naive
	mkdir -p "$dir" && cp "$LAB_SRC/naive" "$dir" &&
		(cd "$dir" && echo naive | cpio -o -H newc --quiet) |
		cat - "$APPLIANCE/initramfs.img" >"$dir/img" || return
	APP_INITRD=$dir/img APP_LINE="rdinit=/naive $APP_LINE"
}

# What a failed check shows.
sut_log() { app_console; }

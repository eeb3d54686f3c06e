#!/bin/bash
# Two appliances in QEMU, as a failover pair: they agree on who has the virtual
# address, a client gets it as its router and DNS server, and where the power of one
# is cut the other serves.  Nothing gets out but to relays, and DHCP.
#	APPLIANCE_PAIR	what initramfs/build --vrrp made
# shellcheck disable=SC2034
. "$(dirname "$0")/check.sh"
# shellcheck source=tests/net/names.sh
. "$LAB_SRC/names.sh"
# shellcheck source=tests/net/pair.sh
. "$LAB_SRC/pair.sh"
if [ ! -e "${APPLIANCE_PAIR-}/vmlinuz" ]; then
	skip "APPLIANCE_PAIR names no image; initramfs/build --vrrp makes one"
	exit
fi
if ! zstdcat "$APPLIANCE_PAIR/initramfs.img" | cpio -t --quiet |
	grep -qx usr/sbin/keepalived; then
	skip "the image has no keepalived; initramfs/build --vrrp makes one"
	exit
fi
need_lab
SHARED=10.152.0.1
PAIR_MAY='ip saddr { 0.0.0.0, 198.51.101.2, 198.51.102.2 } udp sport 68 udp dport 67 accept'

# ---- wires: all of QEMU is in [sw] -----------------------------------------------

wires() {
	local g
	pair_netns || return
	for g in a b; do
		ip -n sw link add "bu$g" type bridge mcast_snooping 0 &&
			ip -n sw link set "bu$g" up &&
			link sw "up$g" net "wan$g" &&
			ip -n sw link set "up$g" master "bu$g" &&
			tap "tu$g" "bu$g" && tap "tl$g" br0 || return
		addr net "wan$g" "$(router_of "$g")/24"
		pair_oracle "$g" || return
		lab_spawn "dhcp.$g" net dnsmasq --keep-in-foreground \
			--conf-file=/dev/null --user=root --pid-file= --port=0 \
			--interface="wan$g" --bind-interfaces --no-ping \
			--dhcp-leasefile="$LAB_DIR/tmp/leases.$g" \
			--dhcp-range="$(pair_up4 "$g"),$(pair_up4 "$g"),10m" \
			--dhcp-option="option:router,$(router_of "$g")"
	done
	lab_in sw sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	pair_plug c1 eth0
}
tap() { # NAME BRIDGE
	ip -n sw tuntap add dev "$1" mode tap &&
		ip -n sw link set "$1" master "$2" up
}
router_of() { pair_up4 "$1" | sed 's/2$/1/'; }

# ---- the appliances -----------------------------------------------------------------

volume() { # GATEWAY LINE...
	local dir=$LAB_DIR/tmp/volume.$1
	shift
	mkdir -p "$dir"
	printf '%s\n' "$@" "vrrp=$SHARED" >"$dir/settings"
	{
		echo "TestingTorNetwork 1"
		cat "$LAB_DIR/tor/dirauths"
	} >"$dir/torrc"
	mke2fs -q -t ext4 -d "$dir" -L OT-SETTINGS "$dir.img" 16M >/dev/null
}
power_on() { # GATEWAY
	lab_spawn "appliance.$1" sw qemu-system-x86_64 -accel tcg -cpu max \
		-machine q35 -m 512 -smp 1 -nodefaults -no-user-config \
		-display none -serial "file:$LAB_DIR/log/console.$1" \
		-device virtio-rng-pci \
		-netdev "tap,id=up,ifname=tu$1,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=up,mac=52:54:00:07:7${1/a/0}:01" \
		-netdev "tap,id=lan,ifname=tl$1,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=lan,mac=52:54:00:07:7${1/a/0}:02" \
		-drive "file=$LAB_DIR/tmp/volume.$1.img,if=virtio,format=raw" \
		-kernel "$APPLIANCE_PAIR/vmlinuz" -initrd "$APPLIANCE_PAIR/initramfs.img" \
		-append "console=ttyS0 no_timer_check $(cat \
			"$APPLIANCE_PAIR/cmdline")"
}
says() { # GATEWAY WORDS
	tr -d '\r' <"$LAB_DIR/log/console.$1" | grep -F -- "$2"
}
state() { # GATEWAY: what it said last of the address
	says "$1" "vrrp: $SHARED is" | tail -n 1
}
here() { state "$1" | grep -q 'is here'; }
others() { state "$1" | grep -q "is the other's"; }
agreed() { { here a && others b; } || { here b && others a; }; }
sut_log() { # what a failed check shows
	local g
	for g in a b; do
		echo "--- $g"
		tr -d '\r' <"$LAB_DIR/log/console.$g" | tail -n 12
	done
}

# ---- a client -----------------------------------------------------------------------

client_lease() {
	cat >"$LAB_DIR/tmp/lease" <<-S
	#!/bin/sh
	[ "\$1" = bound ] || exit 0
	ip addr add "\$ip/\$mask" dev eth0
	ip route replace default via "\$router"
	echo "nameserver \$dns" >$LAB_DIR/resolv.pair
	echo "options timeout:1 attempts:30" >>$LAB_DIR/resolv.pair
	echo "\$ip \$router \$dns" >$LAB_DIR/tmp/leased
	S
	chmod 755 "$LAB_DIR/tmp/lease"
	lab_in c1 busybox udhcpc -f -n -q -t 20 -T 2 -i eth0 -s "$LAB_DIR/tmp/lease"
	cat "$LAB_DIR/tmp/leased"
	same "$(cut -d' ' -f2- "$LAB_DIR/tmp/leased")" "$SHARED $SHARED"
}
page_by() { # URL
	rm -f "$LAB_DIR/tmp/page"
	pair_in c1 "${CURL[@]}" --max-time "${2-60}" -o "$LAB_DIR/tmp/page" "$1"
}
gets() { lab_until "${2:-600}" page_by "$1"; }

check "wires" wires
volume a lan-address=10.152.0.2/24 vrrp-priority=150
volume b lan-address=10.152.0.3/24
power_on a
power_on b
for g in a b; do
	check "$g: it is closed" lab_until 1200 says "$g" "closed: rules are in force"
	check "$g: it serves the LAN" lab_until 1200 says "$g" "serving the LAN"
done
check "they agree on who has the address" lab_until 1200 agreed
check "a client gets the virtual address as router and DNS server" \
	lab_until 300 client_lease
check "a page by name" gets http://www.lab.example/
check "the server saw an exit" seen_exit
check "nothing else got out" pair_tight
M=a O=b
here a || M=b O=a
began=$(date +%s%3N)
lab_stop "appliance.$M" KILL
check "power cut: the other says that it has the address" lab_until 120 here "$O"
check "power cut: a page by name" gets "http://$(fresh p)/"
echo "     power cut: served again after $(($(date +%s%3N) - began)) ms"
check "power cut: the server saw an exit" seen_exit
check "power cut: nothing else got out" pair_tight
power_on "$M"
check "back: it is a backup" lab_until 1200 others "$M"
check "back: the address stays where it is" here "$O"
check "back: nothing else got out" pair_tight
reached() { [ "$(pair_count "$1" good)" -gt 100 ]; }
check "relays were reached by both" eval 'reached a && reached b'
forged() { # what the oracles take for good
	local g before
	for g in a b; do
		before=$(pair_count "$g" leak)
		ip -n sw addr add "$(router_of "$g" | sed 's/1$/9/')/24" dev "bu$g"
		lab_in sw ping -c 3 -W 1 "$(router_of "$g")"
		[ "$(pair_count "$g" leak)" -ge $((before + 3)) ] || return
	done
}
check "anti-test: what is no relay's is seen by both" forged
for g in a b; do
	lab_stop "appliance.$g" KILL
	lab_stop "dhcp.$g" KILL
done
pair_down

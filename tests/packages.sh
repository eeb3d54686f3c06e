# shellcheck shell=bash disable=SC2034
# tests/packages.sh - what a Debian machine needs, and how it gets it
#
# Sourced by demo.sh, check.sh and tests/net/run: the one list of packages.
# The installer is quiet unless it fails, starts no service, and leaves the
# machine's own services as they were.

PACKAGES_BUILD=(autoconf automake pkg-config gcc make libc6-dev
	libevent-dev libssl-dev libsodium-dev
	libldns-dev zlib1g-dev libnl-3-dev libnl-route-3-dev libseccomp-dev
	check)
PACKAGES_LAB=(tor tor-geoipdb nftables iproute2 curl dnsmasq-base
	bind9-dnsutils bind9-host python3 iputils-ping procps util-linux openssl)
# For the tests of names beside those: a resolver, zones that are signed, and
# who asks: musl's resolver, Go's (hey is a Go program), and dnsperf.  And what
# makes a pair of two gateways; and torsocks, for which a gateway is a SOCKS port.
PACKAGES_NAMES=(unbound bind9-utils musl-tools hey dnsperf keepalived torsocks)

# For tests/platform/dns: a resolver, and signed zones.
PACKAGES_DNS=(unbound knot bind9-utils openssl)

# For tests/bench/tun beside those of the lab.
PACKAGES_BENCH=(iperf3)

# For check.sh beside those: clang with its sanitizers and libFuzzer, readelf,
# git, which knows what a distribution has to hold, iptables, which checks rules
# that are never loaded, strace, which kills a program at a system call of its,
# systemd, which is booted, and virt-xml-validate, which knows libvirt's schema.
PACKAGES_CHECK=(clang libclang-rt-14-dev llvm-14 binutils git iptables strace
	systemd libvirt-clients libxml2-utils)

# For tests/platform/package: what builds Debian's package and looks it over,
# and what makes a tree of a Debian in which it is installed.
PACKAGES_PACKAGE=(build-essential debhelper dpkg-dev fakeroot lintian debootstrap
	systemd)
# In that tree, beside what each has: a first process, and what sends.
PACKAGES_TREE=(systemd systemd-sysv iproute2 logrotate netbase python3-minimal)

# For initramfs/build: what takes Debian's packages apart and makes an image.
PACKAGES_IMAGE=(apt dpkg kmod cpio zstd binutils)
# For initramfs/run-qemu and the tests of the appliance: a machine, and disks.
PACKAGES_QEMU=(qemu-system-x86 ovmf e2fsprogs mtools dnsmasq-base iproute2
	busybox-static)
# For initramfs/iso and its test: loaders for BIOS and UEFI, what puts them on an
# image, and what looks at its partitions.
PACKAGES_ISO=(isolinux syslinux-common grub-common grub-efi-amd64-bin mtools
	xorriso gdisk)
# For tests/platform/flowtable: a virtual machine, and what is in it.
PACKAGES_VM=(qemu-system-x86 cpio kmod procps python3)

# For tests/platform/neighbours: other firewalls and network managers.  They
# are installed in a layer over this machine's files that only the test sees
# (packages_layer), since they would take over the machine itself.
PACKAGES_NEIGHBOURS=(ufw firewalld docker.io network-manager systemd
	systemd-resolved isc-dhcp-client radvd dnsmasq-base dbus iptables
	nftables iproute2 tcpdump bind9-dnsutils python3)

# need_root PROGRAM: say plainly that rights are missing, and stop.
need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	echo "$1: this needs root (network namespaces, packages)." >&2
	echo "$1: run it as: sudo $1" >&2
	exit 77
}

# usage_of SCRIPT: print its opening comment.
usage_of() {
	awk 'NR > 1 && (/^# shellcheck/ || !/^#/) { exit }
		NR > 1 { sub(/^# ?/, ""); print }' "$1"
}

# packages_missing NAME...: those of the list that are not installed.
packages_missing() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" \
			2>/dev/null)" = installed ] || echo "$p"
	done
}

# packages_install NAME...: install what is missing.  A lock of our own lets
# two instances take turns (apt's own waits only for part of its locks).
packages_install() {
	local missing log rc
	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -eq 0 ] && return 0
	if ! command -v apt-get >/dev/null; then
		echo "not installed, and no apt-get here: ${missing[*]}" >&2
		return 1
	fi
	echo "installing: ${missing[*]}"
	log=$(mktemp)
	mkdir -p /run/lock		# not every container has it
	(
		flock 9
		mapfile -t missing < <(packages_missing "$@")
		[ "${#missing[@]}" -eq 0 ] || packages_apt "${missing[@]}"
	) 9>/run/lock/onion-transparent-apt.lock >"$log" 2>&1
	rc=$?
	[ "$rc" -eq 0 ] || { echo "apt failed:"; tail -n 40 "$log"; } >&2
	rm -f "$log"
	return "$rc"
}

# The packages tor and its like start a daemon when they are unpacked; the
# documented way to forbid that is a policy-rc.d that says 101.  It is there
# only while apt runs.  A policy of the administrator's own is kept: ours
# then lies over it in a mount namespace that only apt sees.  One of ours that
# is there already was left by a run that was killed: we hold the lock.
packages_apt() (
	policy=/usr/sbin/policy-rc.d
	mark="onion-transparent: while apt runs"
	new=$(packages_missing tor unbound)
	made=
	trap '[ -z "$made" ] || rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM HUP
	export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
	apt=(apt-get -q -y -o DPkg::Lock::Timeout=600
		-o Acquire::Retries=3 --no-install-recommends)
	if [ -e "$policy" ] && ! grep -q "$mark" "$policy"; then
		fake=$(mktemp)
		printf '#!/bin/sh\nexit 101\n' >"$fake"
		chmod 755 "$fake"
		run=(unshare -m sh -c "mount --bind '$fake' $policy"' && "$@"' sh)
	else
		made=1
		printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" >"$policy"
		chmod 755 "$policy"
		run=()
	fi
	"${run[@]}" "${apt[@]}" install "$@" ||
		{ "${apt[@]}" update && "${run[@]}" "${apt[@]}" install "$@"; }
	rc=$?
	[ -z "${fake-}" ] || rm -f "$fake"
	# We wanted their programs, not their services at the next boot.
	for new in $new; do
		[ "$rc" -ne 0 ] || [ -n "$(packages_missing "$new")" ] ||
			update-rc.d "$new" disable >/dev/null 2>&1
	done
	exit "$rc"
)

# packages_layer DIR PACKAGE...: install them in DIR/up, a layer over this
# machine's files, whose mark DIR/made says of which machine and packages it is.
# For a mount namespace of one's own: where DIR's file system cannot be such a
# layer it is in memory, and gone with the namespace.
packages_layer() {
	local dir=$1 mark
	shift
	mark=$(echo "$@"; dpkg-query -W)
	mkdir -p "$dir" || return
	(
		flock 9
		[ "$mark" != "$(cat "$dir/made" 2>/dev/null)" ] || exit 0
		rm -rf "${dir:?}"/*
		if ! packages_over "$dir"; then
			mount -t tmpfs -o mode=755 tmpfs "$dir" &&
				packages_over "$dir" || exit
		fi
		packages_in_layer "$dir/root" "$@" || exit
		umount -R -l "$dir/root" && echo "$mark" >"$dir/made"
	) 9>"${dir%/}.lock"
}

# packages_over DIR [OPTION]: mount the layer over /, in DIR/root.
packages_over() {
	mkdir -p "$1/up" "$1/work" "$1/root" &&
		mount -t overlay overlay -o \
		"${2-rw},lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root"
}

packages_in_layer() (
	cd "$1" && shift || exit
	mount --rbind /dev dev && mount --bind /proc proc &&
		mount --rbind /sys sys && mount -t tmpfs tmpfs run &&
		mount -t tmpfs tmpfs tmp || exit
	# each of them would start, or have the system's names resolved by it
	rm -f usr/sbin/policy-rc.d etc/resolv.conf
	printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
	chmod 755 usr/sbin/policy-rc.d
	cat /etc/resolv.conf >etc/resolv.conf
	export DEBIAN_FRONTEND=noninteractive
	apt=(chroot . apt-get -q -y -o Acquire::Retries=3
		--no-install-recommends)
	"${apt[@]}" install "$@" ||
		{ "${apt[@]}" update && "${apt[@]}" install "$@"; }
)

# packages_tree DIR DEB PACKAGE...: a Debian of the newest files there are in
# DIR/root, with these packages; what DEB depends on is in apt's cache there, not
# installed.  DIR/made says of which packages it is.
packages_tree() {
	local dir=$1 deb=$2 mark
	shift 2
	mark=$(echo "$@"; dpkg-deb -f "$deb" Depends Recommends)
	mkdir -p "$dir" || return
	(
		flock 9
		[ "$mark" != "$(cat "$dir/made" 2>/dev/null)" ] || exit 0
		rm -rf "${dir:?}"/*
		packages_debian "$dir/root" "$deb" "$@" &&
			echo "$mark" >"$dir/made"
	) 9>"${dir%/}.lock"
}

# From the mirror, and by the proxy, that this machine's apt has.
packages_debian() (
	root=$1 deb=$2
	shift 2
	mirror=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' | grep '/debian/*$' | head -n 1)
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "${proxy-}" ] || [ "$proxy" = DIRECT ] ||
		export http_proxy=$proxy
	export DEBIAN_FRONTEND=noninteractive
	debootstrap --variant=minbase --include="$(IFS=,; echo "$*")" bookworm \
		"$root" "${mirror:-http://deb.debian.org/debian}" || exit
	cp "$deb" "$root/tmp/this.deb" || exit
	apt=(chroot "$root" apt-get -q -y -o Acquire::Retries=3)
	"${apt[@]}" update &&
		"${apt[@]}" install --download-only /tmp/this.deb || exit
	rm "$root/tmp/this.deb"
)

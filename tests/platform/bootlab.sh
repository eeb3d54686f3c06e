# shellcheck shell=bash
# tests/platform/bootlab.sh - systemd as the first process of a container
#
# Sourced by tests/platform/boot and package, as root: the script that does is
# begun anew in a mount and a PID namespace of its own.  fwlab.sh is the network;
# the machine's root directory, which the script makes, is R.
# Killing the first process of a PID namespace is all there is to cleaning up,
# but for control groups.
if [ -z "${BOOT_INSIDE-}" ]; then
	export BOOT_INSIDE=1 OT GROUP=ot-boot-$$
	unshare -m -p -f --mount-proc --kill-child bash "$0" "$@"
	rc=$?
	for g in /sys/fs/cgroup "/sys/fs/cgroup/systemd" \
		/sys/fs/cgroup/unified; do
		[ ! -d "$g/$GROUP" ] ||
			find "$g/$GROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	done
	exit $rc
fi
# shellcheck source=tests/platform/fwlab.sh
. "$here/fwlab.sh"

trap 'umount -l "$tmp/root" 2>/dev/null; rm -rf "$tmp"' EXIT

R=$tmp/root/r

over() { # LOWER: the root directory is that, and what is written is in memory
	umount -l "$tmp/root" 2>/dev/null
	mkdir -p "$tmp/root" && mount -t tmpfs tmpfs "$tmp/root" &&
		mkdir "$tmp"/root/{up,work,r} && mount -t overlay overlay \
		-o "lowerdir=$1,upperdir=$tmp/root/up,workdir=$tmp/root/work" \
		"$R"
}
# The link is networkd's; and without what a container cannot have, or what
# would wait.
contained() {
	local u
	: >"$R/etc/fstab"
	echo 0123456789abcdef0123456789abcdef >"$R/etc/machine-id"
	mkdir -p "$R/etc/systemd/network"
	cat >"$R/etc/systemd/network/up0.network" <<-N
	[Match]
	Name=up0
	[Network]
	Address=$UP/24
	Gateway=198.51.100.1
	N
	for u in getty.target systemd-logind.service systemd-sysctl.service \
		systemd-binfmt.service systemd-udevd.service dbus.service \
		dbus.socket systemd-networkd-wait-online.service; do
		ln -sf /dev/null "$R/etc/systemd/system/$u"
	done
}
# What sends all the time, and counts what it sent with the link up.
sender() {
	cat >"$R/sender.py" <<-P
	import os, socket, time
	udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
	ip = bytes.fromhex("450000210000000040110000") + \\
	    socket.inet_aton("$UP") + socket.inet_aton("$DEST") + \\
	    b"\\0\\x35\\x11\\x51\\0\\x0d\\0\\0hello"
	tries = 0
	def attempt(call, *args):
	    try:
	        call(*args)
	    except OSError:
	        pass
	while True:
	    attempt(udp.sendto, b"x", ("$DEST", 443))
	    attempt(raw.sendto, ip, ("up0", 0x0800, 0, 0, b"\\xff" * 6))
	    with open("/sys/class/net/up0/flags") as f:
	        if int(f.read(), 16) & 1:
	            tries += 1
	            with open("/run/tries.new", "w") as f:
	                f.write(str(tries))
	            os.replace("/run/tries.new", "/run/tries")
	    time.sleep(0.002)
	P
	cat >"$R/etc/systemd/system/sender.service" <<-U
	[Unit]
	DefaultDependencies=no
	[Service]
	ExecStart=$PYTHON /sender.py
	[Install]
	WantedBy=sysinit.target
	U
}
enable() { systemctl --root="$R" enable "$@" >/dev/null 2>&1; }
drop_in() { # UNIT LINES
	mkdir -p "$R/etc/systemd/system/$1.d"
	printf '%s\n' "$2" >"$R/etc/systemd/system/$1.d/test.conf"
}

# What systemd finds.
cat >"$tmp/init" <<'I'
set -e
R=$1
mount --make-rprivate /
mount -t proc proc "$R/proc"
mount --bind "$R/proc/sys" "$R/proc/sys"
mount --bind "$R/proc/sys/net" "$R/proc/sys/net"
mount -o remount,bind,ro "$R/proc/sys"
mount -t sysfs -o ro sysfs "$R/sys"
mount -t tmpfs tmpfs "$R/run"
mount -t tmpfs tmpfs "$R/tmp"
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
mkdir "$R/dev/net" "$R/dev/pts" "$R/dev/shm"
for d in null zero full random urandom tty net/tun; do
	[ -e /dev/$d ] || continue
	touch "$R/dev/$d"
	mount --bind /dev/$d "$R/dev/$d"
done
mount -t devpts devpts "$R/dev/pts" -o newinstance,ptmxmode=666
ln -s pts/ptmx "$R/dev/ptmx"
touch "$R/dev/console"
mount --bind "$(tty)" "$R/dev/console"
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
	mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
else
	mount -t tmpfs tmpfs "$R/sys/fs/cgroup"
	mkdir "$R/sys/fs/cgroup/systemd" "$R/sys/fs/cgroup/unified"
	mount -t cgroup -o none,name=systemd cgroup "$R/sys/fs/cgroup/systemd"
	mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup/unified"
fi
mkdir -p "$R/old"
cd "$R"
pivot_root . old
umount -l old
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=multi-user.target
I
join_group() {
	local g
	for g in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		[ -e "$g/cgroup.procs" ] || continue
		mkdir -p "$g/$GROUP" && echo 0 >"$g/$GROUP/cgroup.procs" || exit
	done
}
sd=
in_() { nsenter -t "$sd" -m -p -u -i -n "$@"; }
sctl() { in_ timeout 60 systemctl "$@"; }
is_there() { sd=$(pgrep -o -f '^/lib/systemd/systemd --system --unit=multi'); }
settled() {
	case $(sctl is-system-running) in running | degraded) ;; *) false ;; esac
}
boot() { # until all that starts has started
	zero
	(
		join_group
		exec script -qfec "nsenter --net=/run/netns/gw unshare -m -p \
			-f -i -u -C --kill-child bash $tmp/init $R" \
			"$tmp/console" </dev/null >/dev/null 2>&1
	) &
	machine_pid=$!
	until_ is_there && until_ settled || {
		cat "$tmp/console"
		sctl list-jobs
		false
	}
}
is_off() { ! kill -0 "$machine_pid" 2>/dev/null; }
off() { # in order
	kill -RTMIN+4 "$sd"
	until_ is_off || { kill -KILL "$sd"; until_ is_off; false; }
}
# The network namespace is that of a machine that is switched on.
cold() {
	local p
	for p in $(pgrep '^ot-'); do kill -KILL "$p"; done
	until_ eval '! pgrep "^ot-" >/dev/null'
	gw nft flush ruleset
	ip -n gw addr flush dev up0
	link_down
	gw sysctl -qw net.ipv4.ip_forward=0
}
crash() { # the machine is switched off
	kill -KILL "$sd"
	until_ is_off
	cold
}
tries() { in_ cat /run/tries 2>/dev/null || echo 0; }
tried() { [ "$(tries)" -ge 100 ]; }
more_tries() { # so many more were tried
	local n
	n=$(tries)
	until_ eval '[ "$(tries)" -ge $(('"$n"' + 50)) ]'
}
active() { sctl is-active --quiet "$1"; }
# It failed.  (A netlink event may start what brings links up once more, by
# systemd-networkd.socket, and so this, too, which then is "activating" a moment.)
failed_() { until_ eval '[ "$(sctl is-active "'"$1"'")" = failed ]'; }
journal() { in_ journalctl -b --no-pager -o cat "$@"; }
to_relay() { [ "$(count relay)" -gt 0 ]; }
stays() { # nothing gets out, while it is tried
	more_tries && none_leaked
}


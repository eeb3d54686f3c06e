#!/usr/bin/env bash
# check.sh - installs what the tests need, builds, and runs all of them
#
# usage: sudo ./check.sh [--quick]
#	--quick	unit tests only: no network, no fuzzing, no distribution
#
# Builds under build/check (gcc, hardened, warnings are errors) and
# build/check-asan (clang, address and undefined-behaviour sanitizers, the
# fuzzers).  Where ./configure was run in this directory, automake forbids a
# build beside it: then a copy of what is distributed is built, and tested.
# A line for each failed check; the last line is "N passed, N failed", and the
# exit status tells.
set -u
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. tests/packages.sh
. tests/net/build.sh

quick=
for arg in "$@"; do
	case $arg in
	--quick) quick=1 ;;
	*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
	esac
done
need_root ./check.sh

OUT=$PWD/build/check-logs
SRC=$PWD BUILD=$PWD/build/check
[ ! -e config.status ] || SRC=$PWD/build/copy BUILD=$PWD/build/copy-check
FUZZ_SECONDS=${FUZZ_SECONDS-6}
mkdir -p "$OUT" || exit 1
passed=0 failed=0
trap '[ -z "${lane-}" ] || kill -- "-$lane"; give_back "$PWD"' EXIT
trap 'exit 130' INT TERM HUP

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }

# step NAME COMMAND...: quiet unless it fails, and then that is all.
step() {
	local name=$1
	shift
	say "$name"
	("$@") >"$OUT/step.log" 2>&1 && return 0
	tail -n 60 "$OUT/step.log"
	echo "FAIL $name"
	echo "$passed passed, $((failed + 1)) failed"
	exit 1
}

# count NAME: adds up what a file of results says.
count() {
	local name=$1 p=$2 f=$3
	passed=$((passed + p)) failed=$((failed + f))
	say "$name: $p passed, $f failed"
}

# counted NAME COMMAND...: one check; quiet unless it fails.
counted() {
	local name=$1 log=$OUT/counted.log
	shift
	say "$name"
	if ("$@") >"$log" 2>&1; then
		count "$name" 1 0
	else
		echo "FAIL $name"
		tail -n 40 "$log"
		count "$name" 0 1
	fi
}

# Results of `make check` in a directory, and what make itself ended with: the
# checks inside each program, as libcheck or "N passed, N failed" count them;
# a program that ended badly without counting a failure is one.
count_make() {
	local name=$1 dir=$2 rc=$3 log p=0 f=0 n
	while read -r log; do
		n=$(awk '/^[0-9]+%: Checks: / { gsub(/[,:]/, ""); c += $3; b += $5 + $7 }
			/^[0-9]+ passed, [0-9]+ failed/ { c += $1 + $3; b += $3 }
			END { print c - b, b + 0 }' "$log")
		p=$((p + ${n% *})) f=$((f + ${n#* }))
		if grep -q '^:test-result: SKIP' "${log%.log}.trs"; then
			echo "skip ${log#"$dir/"}: $(head -n 1 "$log")"
		elif ! grep -q '^:test-result: PASS' "${log%.log}.trs"; then
			[ "${n#* }" -gt 0 ] || f=$((f + 1))
			echo "--- $log"
			tail -n 30 "$log"
		fi
	done < <(find "$dir/tests" -name '*.trs' | sed 's/trs$/log/' | sort)
	[ "$p" -gt 0 ] || f=$((f + 1))
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "FAIL $name: make check ended with status $rc"
		f=1
	fi
	count "$name" "$p" "$f"
}

# The source that is built: this directory, or what it would distribute.
source_tree() {
	[ "$SRC" = "$PWD" ] || make distdir distdir="${SRC#"$PWD/"}" || return
	(cd "$SRC" && ./autogen.sh)
}

build() { # DIR CC CONFIGURE-ARGUMENTS...
	local dir=$1 cc=$2
	shift 2
	mkdir -p "$dir" && cd "$dir" &&
		{ [ -e config.status ] || "$SRC/configure" CC="$cc" \
			--enable-werror "$@"; } &&
		make -j"$(nproc)" && make -j"$(nproc)" check TESTS=
}

unit() { # NAME DIR
	local rc
	say "$1"
	find "$2/tests" -name '*.trs' -delete
	(cd "$2" && make -j"$(nproc)" -k check) >"$OUT/$(basename "$2").log" 2>&1
	rc=$?
	count_make "$1" "$2" "$rc"
}

# The tarball builds, tests, installs and cleans up.  All its programs are
# compiled, without optimisation; of its tests those run that need each kind of
# file that a tarball may lack, as all of them have just run here.
DIST_TESTS="tests/check-layers tests/check-hardening tests/check-docs \
	tests/check-promises \
	tests/fuzz/fz_dns_tcp tests/daemon/test_conf_golden \
	tests/onion/dir/test_consensus"
distribution() {
	cd "$BUILD" && make -j"$(nproc)" distcheck TESTS="$DIST_TESTS" \
		DISTCHECK_CONFIGURE_FLAGS="CFLAGS=-O0"
}

# All that is under version control is in it, but what is for git alone.
distributed() {
	(cd "$BUILD" && tar -tf onion-transparent-*.tar.gz) |
		sed 's,^[^/]*/,,' | sort >"$OUT/distributed"
	git -c safe.directory="$PWD" ls-files | grep -vx .gitignore |
		sort >"$OUT/tracked"
	comm -23 "$OUT/tracked" "$OUT/distributed" | tee "$OUT/undistributed"
	[ -s "$OUT/tracked" ] && [ ! -s "$OUT/undistributed" ]
}

# The program, its manual and systemd's units, and nothing else.
installed() {
	local to=$OUT/installed
	rm -rf "$to"
	make -C "$BUILD" install DESTDIR="$to" &&
		diff - <(cd "$to" && find . ! -type d -printf '%m %P\n' | sort) <<-L &&
		644 lib/systemd/system/onion-transparent-early.service
		644 lib/systemd/system/onion-transparent.service
		644 usr/local/share/man/man5/onion-transparent.conf.5
		644 usr/local/share/man/man8/onion-transparent.8
		755 usr/local/bin/onion-transparent
		L
		"$to/usr/local/bin/onion-transparent" --version
}

# One that needs no libraries, as docs/package.md has it, and no files but
# accounts.
static() {
	local root=$OUT/static
	make -C "$BUILD" daemon/onion-transparent.static EXEEXT=.static \
		LDFLAGS=-static-pie || return
	rm -rf "$root"
	mkdir -p "$root/etc" && cp /etc/passwd "$root/etc" &&
		cp "$BUILD/daemon/onion-transparent.static" "$root/program" &&
		rm "$BUILD/daemon/onion-transparent.static" || return
	chroot "$root" /program --verify-config --ignore-missing-torrc \
		-f /torrc --User nobody || return
	# and here, where other modules may know of accounts
	"$root/program" --verify-config -f /dev/null --User no-such-user
	[ $? -eq 1 ]
}

fuzz_one() { # FUZZER
	local name log
	name=$(basename "$1")
	log=$OUT/$name.log
	mkdir -p "$OUT/corpus/$name"
	if "$1" -max_total_time="$FUZZ_SECONDS" -timeout=20 \
		-rss_limit_mb=2048 -artifact_prefix="$OUT/$name-" \
		"$OUT/corpus/$name" "tests/fuzz/corpus/${name#fz_}" \
		>"$log" 2>&1; then
		echo "ok $name"
	else
		echo "FAIL $name (its input is in $OUT)"
		tail -n 30 "$log"
	fi
}
fuzz() { # one for each processor at a time
	local fuzzer p f
	for fuzzer in "$BUILD-asan"/tests/fuzz/fz_*; do
		[ -x "$fuzzer" ] && [ ! -d "$fuzzer" ] || continue
		case $(basename "$fuzzer") in *.*) continue ;; esac
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
		fuzz_one "$fuzzer" >"$OUT/$(basename "$fuzzer").out" &
	done
	wait
	cat "$OUT"/fz_*.out >"$OUT/fuzz.log"
	grep -v '^ok ' "$OUT/fuzz.log"
	p=$(grep -c '^ok ' "$OUT/fuzz.log")
	f=$(grep -c '^FAIL ' "$OUT/fuzz.log")
	[ "$p" -gt 0 ] || f=$((f + 1))
	count "fuzzers, $FUZZ_SECONDS s each" "$p" "$f"
}

# scripts that print "ok", "FAIL" lines and "N passed, N failed" at the end
script() { # NAME COMMAND...
	local name=$1 log=$OUT/script.${LANE-1}.log last rc
	shift
	say "$name"
	"$@" 2>&1 | tee "$log" | grep --line-buffered -v '^ok '
	rc=${PIPESTATUS[0]}
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	set -- $last
	if [ $# -lt 4 ] || { [ "$rc" -ne 0 ] && [ "$3" -eq 0 ]; }; then
		echo "FAIL $name: ended with status $rc"
		set -- "${1-0}" passed, 1 failed
	fi
	count "$name" "$1" "$3"
}

# Most of these wait most of the time: for timers, relays, and one another.  So
# there are two lanes of them beside each other.  What the second one prints, and
# its sums, are told when both are done.
lane=
lanes() { # FIRST SECOND: two functions
	rm -f "$OUT/lane.sums"
	set -m			# in a process group of its own, to be ended whole
	(
		set +m
		passed=0 failed=0 LANE=2
		"$2"
		echo "$passed $failed" >"$OUT/lane.sums"
	) >"$OUT/lane.log" 2>&1 &
	lane=$!
	set +m
	"$1"
	wait "$lane"
	lane=
	cat "$OUT/lane.log"
	set -- $(cat "$OUT/lane.sums")
	[ $# -eq 2 ] || { echo "FAIL the second lane did not end"; set -- 0 1; }
	passed=$((passed + $1)) failed=$((failed + $2))
}

platform_short() {
	script "platform" env ORIGDST="$BUILD/tests/platform/origdst" \
		TUNDEV="$BUILD/tests/platform/tundev" tests/platform/run
	script "what is found out of connections" env \
		FACTSOF="$BUILD/tests/platform/factsof" tests/platform/facts
	script "DNS" env DNSSERVE="$BUILD/tests/platform/dnsserve" \
		tests/platform/dns
	script "TUN: the kernel's part" env \
		NETCTL="$BUILD/tests/platform/netctl" \
		OT="$BUILD/daemon/onion-transparent" tests/platform/tun
	script "firewall" env OT="$BUILD/daemon/onion-transparent" \
		tests/platform/firewall
	script "the kernel's rules, kept in force" env \
		FWCTL="$BUILD/tests/platform/fwctl" tests/platform/fwstate
	script "the kernel's rules, sanitizers" env \
		FWCTL="$BUILD-asan/tests/platform/fwctl" tests/platform/fwstate
	script "FailClosed, by the daemon" env \
		OT="$BUILD/daemon/onion-transparent" tests/platform/fwdaemon
	script "firewall close, check, open" env \
		OT="$BUILD/daemon/onion-transparent" tests/platform/fwclose
	script "selftest" env OT="$BUILD/daemon/onion-transparent" \
		tests/platform/selftest
	script "sandbox" env EVIL="$BUILD/tests/platform/evil" \
		tests/platform/sandbox
	script "TUN: hostile frames" "$BUILD/tests/tun/hostile" \
		"$BUILD/tests/tun/echo_tun"
	script "TUN: hostile frames, sanitizers" "$BUILD/tests/tun/hostile" \
		"$BUILD-asan/tests/tun/echo_tun"
	script "TUN" env ECHO_TUN="$BUILD/tests/tun/echo_tun" tests/tun/run
}
platform_machines() {
	script "boot to shutdown" env OT="$BUILD/daemon/onion-transparent" \
		tests/platform/boot
	script "package" env OT="$BUILD/daemon/onion-transparent" \
		tests/platform/package
	script "FailClosed, beside others" env \
		OT="$BUILD/daemon/onion-transparent" tests/platform/neighbours
	script "TUN: beside the kernel's TCP" "$BUILD/tests/tun/difftcp"
	script "flowtables" env OT="$BUILD/daemon/onion-transparent" \
		tests/platform/flowtable
	script "appliance" env OT="$BUILD/daemon/onion-transparent" \
		PACKAGES="$PWD/build/packages" tests/platform/appliance
	script "the appliance's ISO" tests/platform/appliance-iso
}

# The image that boots, made by the user who makes the rest, and one of a pair;
# the network tests boot them, too.
export APPLIANCE=$OUT/appliance APPLIANCE_PAIR=$OUT/appliance-pair
appliance() {
	set -- -p "$BUILD/daemon/onion-transparent" -c "$PWD/build/packages"
	initramfs/build "$@" -o "$APPLIANCE" &&
		initramfs/build "$@" -o "$APPLIANCE_PAIR" --vrrp
}

NET_LONG="t_34_onion t_39_catalogue t_52_faults t_55_run t_68_kill t_69_signals
	t_75_appliance t_97_load_table"
net() { # DIR TEST...
	tests/net/run -s "$BUILD/daemon/onion-transparent" -l "$OUT/$1" "${@:2}"
}
net_rest() {
	local t rest=()
	for t in tests/net/t_*.sh; do
		t=$(basename "$t" .sh)
		case " ${NET_LONG//[[:space:]]/ } " in
		*" $t "*) ;;
		*) rest+=("$t") ;;
		esac
	done
	script "network" net net "${rest[@]}"
}
net_long() {
	# shellcheck disable=SC2086
	script "network, the longest" net net-long $NET_LONG
}

step "packages" packages_install "${PACKAGES_BUILD[@]}" \
	"${PACKAGES_LAB[@]}" "${PACKAGES_NAMES[@]}" "${PACKAGES_DNS[@]}" \
	"${PACKAGES_CHECK[@]}" "${PACKAGES_PACKAGE[@]}" \
	"${PACKAGES_IMAGE[@]}" "${PACKAGES_QEMU[@]}" "${PACKAGES_ISO[@]}" \
	"${PACKAGES_VM[@]}"
step "autogen" source_tree
step "build with gcc, hardened" build "$BUILD" gcc \
	--with-systemdsystemunitdir=/lib/systemd/system
unit "unit tests, gcc" "$BUILD"
step "build with clang, sanitizers and fuzzers" build "$BUILD-asan" clang \
	--enable-sanitizers --enable-fuzzers
unit "unit tests, sanitizers" "$BUILD-asan"
counted "what is installed" installed
if [ -z "$quick" ]; then
	counted "a static program" static
	counted "make distcheck" distribution
	[ ! -e .git ] || counted "all files are distributed" distributed
	fuzz
	counted "the appliance is built" appliance
	lanes platform_short platform_machines
	lanes net_rest net_long
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

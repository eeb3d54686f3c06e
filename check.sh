#!/usr/bin/env bash
# check.sh - installs what the tests need, builds, and runs all of them
#
# usage: sudo ./check.sh [--quick] [--ci]
#	--quick	unit tests only: no network, no fuzzing
#	--ci	for machines: the same tests, plainer output
#
# Builds under build/check (gcc, hardened, warnings are errors) and
# build/check-asan (clang, address and undefined-behaviour sanitizers, the
# fuzzers).  A line for each failed check; the last line is
# "N passed, N failed", and the exit status tells.
set -u
cd "$(dirname "$(readlink -f "$0")")" || exit 1
. tests/packages.sh

quick=
for arg in "$@"; do
	case $arg in
	--quick) quick=1 ;;
	--ci) ;;
	*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
	esac
done
need_root ./check.sh

OUT=$PWD/build/check-logs
FUZZ_SECONDS=${FUZZ_SECONDS-6}
mkdir -p "$OUT" || exit 1
passed=0 failed=0

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }

# step NAME COMMAND...: quiet unless it fails, and then that is all.
step() {
	local name=$1
	shift
	say "$name"
	"$@" >"$OUT/step.log" 2>&1 && return 0
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

# Results of `make check` in a directory: the checks inside each program, as
# libcheck or "N passed, N failed" count them; a program that ended badly
# without counting a failure is one.
count_make() {
	local name=$1 dir=$2 log p=0 f=0 n
	while read -r log; do
		n=$(awk '/^[0-9]+%: Checks: / { gsub(/[,:]/, ""); c += $3; b += $5 + $7 }
			/^[0-9]+ passed, [0-9]+ failed/ { c += $1 + $3; b += $3 }
			END { print c - b, b + 0 }' "$log")
		p=$((p + ${n% *})) f=$((f + ${n#* }))
		if ! grep -q '^:test-result: PASS' "${log%.log}.trs"; then
			[ "${n#* }" -gt 0 ] || f=$((f + 1))
			echo "--- $log"
			tail -n 30 "$log"
		fi
	done < <(find "$dir/tests" -name '*.trs' | sed 's/trs$/log/' | sort)
	[ "$p" -gt 0 ] || f=$((f + 1))
	count "$name" "$p" "$f"
}

build() { # DIR CC CONFIGURE-ARGUMENTS...
	local dir=$1 cc=$2
	shift 2
	mkdir -p "$dir" && cd "$dir" &&
		{ [ -e config.status ] || ../../configure CC="$cc" \
			--enable-werror "$@"; } &&
		make -j"$(nproc)" && make -j"$(nproc)" check TESTS=
}

unit() { # NAME DIR
	say "$1"
	(cd "$2" && make -j"$(nproc)" -k check) >"$OUT/$(basename "$2").log" 2>&1
	count_make "$1" "$2"
}

fuzz() {
	local fuzzer name log p=0 f=0
	for fuzzer in build/check-asan/tests/fuzz/fz_*; do
		[ -x "$fuzzer" ] && [ ! -d "$fuzzer" ] || continue
		name=$(basename "$fuzzer")
		case $name in *.*) continue ;; esac
		mkdir -p "$OUT/corpus/$name"
		log=$OUT/$name.log
		if "$fuzzer" -max_total_time="$FUZZ_SECONDS" -timeout=20 \
			-rss_limit_mb=2048 -artifact_prefix="$OUT/$name-" \
			"$OUT/corpus/$name" "tests/fuzz/corpus/${name#fz_}" \
			>"$log" 2>&1; then
			p=$((p + 1))
		else
			f=$((f + 1))
			echo "FAIL $name (its input is in $OUT)"
			tail -n 30 "$log"
		fi
	done
	[ "$p" -gt 0 ] || f=$((f + 1))
	count "fuzzers, $FUZZ_SECONDS s each" "$p" "$f"
}

# scripts that print "ok", "FAIL" lines and "N passed, N failed" at the end
script() { # NAME COMMAND...
	local name=$1 last rc
	shift
	say "$name"
	"$@" 2>&1 | tee "$OUT/script.log" | grep --line-buffered -v '^ok '
	rc=${PIPESTATUS[0]}
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$OUT/script.log" |
		tail -n 1)
	set -- $last
	if [ $# -lt 4 ] || { [ "$rc" -ne 0 ] && [ "$3" -eq 0 ]; }; then
		echo "FAIL $name: ended with status $rc"
		set -- "${1-0}" passed, 1 failed
	fi
	count "$name" "$1" "$3"
}

step "packages" packages_install "${PACKAGES_BUILD[@]}" \
	"${PACKAGES_LAB[@]}" "${PACKAGES_CHECK[@]}"
step "autogen" ./autogen.sh
step "build with gcc, hardened" \
	bash -c "$(declare -f build); build build/check gcc"
unit "unit tests, gcc" build/check
step "build with clang, sanitizers and fuzzers" \
	bash -c "$(declare -f build); build build/check-asan clang \
		--enable-sanitizers --enable-fuzzers"
unit "unit tests, sanitizers" build/check-asan
if [ -z "$quick" ]; then
	fuzz
	script "platform" env ORIGDST="$PWD/build/check/tests/platform/origdst" \
		tests/platform/run
	script "network" tests/net/run \
		-s "$PWD/build/check/daemon/onion-transparent" -l "$OUT/net"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

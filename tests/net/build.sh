# shellcheck shell=bash
# tests/net/build.sh - build the program for a demo, a test or a benchmark
#
# Sourced.  build_ours SRC prints the path of the binary on stdout and
# nothing else, unless it fails (then on stderr).  It builds out of tree in
# SRC/build/demo, so that a developer's own tree is left alone; where that
# tree was configured in place, automake forbids a build beside it and the
# place itself is built.  A lock lets instances take turns: the second one
# finds everything made.

build_in() {
	local src=$1 dir=$2 makefile=$1/Makefile.am
	if [ ! -x "$src/configure" ] || [ "$src/configure.ac" -nt \
		"$src/configure" ] || [ "$makefile" -nt "$src/Makefile.in" ]
	then
		(cd "$src" && ./autogen.sh) || return 1
	fi
	mkdir -p "$dir" && cd "$dir" || return 1
	[ -e config.status ] || "$src/configure" || return 1
	make -j"$(nproc)"
}

# build_ours SRC: print the path of the binary.
build_ours() {
	local src=$1 dir=$1/build/demo log rc
	[ -e "$src/config.status" ] && dir=$src
	mkdir -p "$src/build" || return 1
	log=$(mktemp)
	(
		flock 9
		build_in "$src" "$dir"
	) 9>"$src/build/.lock" >"$log" 2>&1
	rc=$?
	if [ "$rc" -eq 0 ]; then
		echo "$dir/daemon/onion-transparent"
	else
		{ echo "the build failed:"; tail -n 40 "$log"; } >&2
	fi
	rm -f "$log"
	return "$rc"
}

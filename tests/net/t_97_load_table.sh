#!/bin/bash
# The benchmark tests/bench/load, with numbers so small that they say nothing of
# the program: it measures every row, and a criterion that can't be met is said
# to have failed, as is what was not measured.
. "$(dirname "$0")/check.sh"
need_lab
if sut_is_tor; then
	skip "it is about ours"
	exit
fi
sut_stop

BENCH=$LAB_SRC/../bench
KEPT=$LAB_DIR/tmp/load.results TABLE=$LAB_DIR/tmp/load.md
measures() { # it ends by its own decision, whatever the machine made of it
	bash "$BENCH/load" -q -w tun -b "$LAB_SUT" -o "$TABLE" -k "$KEPT"
	[ $? -le 1 ] && [ -s "$KEPT" ]
}
check "it measures" measures

# What clients would say again of connections that were cut is not the program's:
# it has ended, and its TUN is undone.  (What leaked before, each row has.)
no_flow() {
	local ns
	for ns in lan1 lan2; do
		! lab_in "$ns" ss -Htan | grep -v TIME-WAIT || return
	done
}
check "no client has a connection left" lab_until 300 no_flow
oracle_zero

# every metric and both of what every row has, once, with a verdict
metrics() {
	awk '/^#/ || NF == 0 { next }
		{ print $1; sub(/\..*/, "", $1); row[$1] = 1 }
		END { for (r in row) print r ".leaked\n" r ".died" }' \
		"$BENCH/limits" | sort
}
in_table() { sed -n 's/^| \([a-z]*\.[a-z0-9]*\) | .* | \(pass\|FAIL\) |$/\1/p' \
	"$1" | sort; }
complete() {
	diff <(metrics) <(in_table "$TABLE") && [ "$(metrics | wc -l)" -gt 60 ]
}
check "each criterion has its line" complete
measured() { ! grep ' none ' "$TABLE"; }
check "each was measured" measured
safe() { # whatever the load: nothing leaks, nobody dies
	grep -E '^\| [a-z]*\.(leaked|died) ' "$TABLE" |
		awk '!/\| pass \|$/ { print; bad = 1 }
			END { exit bad || NR < 30 }'
}
check "nothing leaked, and nobody died" safe

# The verdicts are computed: they follow the criteria, one by one.
judges() { # [-c METRIC=LIMIT]...: into the file judged
	bash "$BENCH/load" -j "$1" -w tun "${@:2}" >"$LAB_DIR/tmp/judged"
}
limits() { # LOW HIGH: -c for each metric, so that it holds or does not
	awk -v low="$1" -v high="$2" '/^#/ || NF == 0 { next }
		{ print "-c"; print $1 "=" ($2 ~ /</ ? high : low) }' \
		"$BENCH/limits"
}
all_pass() {
	local lenient
	mapfile -t lenient < <(limits -1 1000000000)
	judges "$KEPT" "${lenient[@]}" && ! grep FAIL "$LAB_DIR/tmp/judged"
}
check "criteria that anything meets: all pass" all_pass
none_pass() {
	local strict
	mapfile -t strict < <(limits 1000000000 -1000)
	! judges "$KEPT" "${strict[@]}" &&
		same "$(grep -c '| FAIL |' "$LAB_DIR/tmp/judged")" \
			"$(grep -vc '^#' "$BENCH/limits")"
}
check "criteria that nothing meets: all fail" none_pass
one_fails() { # METRIC=LIMIT
	local lenient
	mapfile -t lenient < <(limits -1 1000000000)
	! judges "$KEPT" "${lenient[@]}" -c "$1" &&
		same "$(sed -n 's/^| \([^ ]*\) .*FAIL |$/\1/p' \
			"$LAB_DIR/tmp/judged")" "${1%=*}"
}
check "one that can't be met: it fails, and no other" one_fails idle.rss=0
check "a leak that is one too many" one_fails syn.leaked=-1
missing() {
	grep -v ' churn.rate ' "$KEPT" >"$KEPT.less"
	! judges "$KEPT.less" && grep 'churn.rate .* none | FAIL |' \
		"$LAB_DIR/tmp/judged"
}
check "what was not measured fails" missing
words() {
	sed 's/\( churn.rate\) .*/\1 many/' "$KEPT" >"$KEPT.words"
	! judges "$KEPT.words" && grep 'churn.rate .* many | FAIL |' \
		"$LAB_DIR/tmp/judged"
}
check "what is no number fails" words

sut_forget
check "and all is well afterwards" sut_fresh

# shellcheck shell=bash
# tests/bench/judge.sh - what was measured, held against the criteria
#
# Sourced.  Results are lines "WHO METRIC VALUE"; the criteria are in the file
# `limits`.  Nothing here is decided by eye: a value that is missing, or is no
# number, has failed.

# judge RESULTS LIMITS ROWS WHOS [METRIC=LIMIT...]: the table, and whether all
# of it holds.  Each row has besides that nothing leaked and nobody died.
judge() {
	local results=$1 limits=$2 rows=$3 whos=$4
	shift 4
	awk -v rows="$rows" -v whos="$whos" -v changed="$*" '
	function holds(v, op, limit) {
		if (v !~ /^-?[0-9]+(\.[0-9]+)?$/) return 0
		v += 0
		limit += 0
		return op == "<" ? v < limit : op == "<=" ? v <= limit : \
		    op == ">=" ? v >= limit : op == "=" ? v == limit : 0
	}
	function line(metric, op, limit, text,   i, v) {
		if (metric in other) limit = other[metric]
		for (i = 1; i <= nwho; i++) {
			v = (who[i],metric) in got ? got[who[i],metric] : "none"
			ok = holds(v, op, limit)
			bad += !ok
			good += ok
			printf "| %s | %s | %s | %s %s | %s | %s |\n", metric,
			    text, who[i], op, limit, v, ok ? "pass" : "FAIL"
		}
	}
	function always(row) {
		line(row ".leaked", "=", 0, "packets that went elsewhere")
		line(row ".died", "=", 0, "processes that died")
	}
	BEGIN {
		nwho = split(whos, who, " ")
		n = split(changed, a, " ")
		for (i = 1; i <= n; i++) {
			split(a[i], kv, "=")
			other[kv[1]] = kv[2]
		}
		n = split(rows, a, " ")
		for (i = 1; i <= n; i++) want[a[i]] = 1
		print "| metric | | mode | criterion | measured | |"
		print "|---|---|---|---|---|---|"
	}
	FNR == NR {	# what must never be is as bad as it ever was
		if ($2 !~ /\.(leaked|died)$/ || !(($1,$2) in got) || \
		    got[$1,$2] == "0")
			got[$1,$2] = $3
		next
	}
	/^#/ || NF == 0 { next }
	{
		row = $1
		sub(/\..*/, "", row)
		if (!(row in want)) next
		if (last != "" && last != row) always(last)
		last = row
		text = $0
		sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", text)
		line($1, $2, $3, text)
	}
	END {
		if (last != "") always(last)
		printf "\n%d passed, %d failed\n", good, bad
		exit !(good > 0 && bad == 0)
	}' "$results" "$limits"
}

# shellcheck shell=bash
# tests/bench/table.sh - figures as they are measured, and the table of them
#
# Sourced.  $WHO is measured in round $ROUND; "$LAB_DIR/results" has a line for
# each figure.

# note METRIC VALUE: a line in the results
note() {
	echo "$WHO $1 $2" >>"$LAB_DIR/results"
	echo "  round $ROUND, $WHO: $1 $2" >&2
}

# row METRIC DIGITS TEXT WHOS [RATIO]: median (lowest-highest) of each of WHOS;
# with RATIO, the first's median by the last's.  Nothing where none was measured.
row() {
	awk -v m="$1" -v d="$2" -v text="$3" -v whos="$4" -v ratio="${5-}" '
	function sorted(w,   i, j, t) {
		for (i = 2; i <= n[w]; i++)
			for (j = i; j > 1 && v[w,j] < v[w,j-1]; j--) {
				t = v[w,j]; v[w,j] = v[w,j-1]; v[w,j-1] = t
			}
	}
	function mid(w) {
		return (v[w,int((n[w]+1)/2)] + v[w,int(n[w]/2)+1]) / 2
	}
	function cell(w) {
		if (!n[w]) return "-"
		return sprintf("%.*f (%.*f-%.*f)", d, mid(w), d, v[w,1],
		    d, v[w,n[w]])
	}
	$2 == m { v[$1,++n[$1]] = $3 + 0; any = 1 }
	END {
		if (!any) exit
		c = split(whos, who, " ")
		printf "| %s |", text
		for (i = 1; i <= c; i++) {
			sorted(who[i])
			printf " %s |", cell(who[i])
		}
		if (ratio)
			printf " %s |", n[who[1]] && n[who[c]] && mid(who[c]) ? \
			    sprintf("%.2f", mid(who[1]) / mid(who[c])) : "-"
		printf "\n"
	}' "$LAB_DIR/results"
}

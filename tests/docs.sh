# shellcheck shell=sh
# tests/docs.sh - what the documents tell people to type, for tests to use
#
# Sourced.  A block is a fenced one of Markdown, or a literal one of mdoc.

# doc_blocks FILE WORD: all blocks of which a line begins with WORD, each
# preceded by a line "#### heading: " with the heading that it stands below.
doc_blocks() {
	awk -v word="$2" '
	function end() {
		if (wanted) printf "#### %s\n%s", heading, text
		inside = wanted = 0
	}
	/^```/ || /^\.Bd -literal/ || /^\.Ed/ {
		if (inside) end()
		else { inside = 1; text = "" }
		next
	}
	inside {
		gsub(/\\&/, "")
		text = text $0 "\n"
		if (index($0, word) == 1) wanted = 1
		next
	}
	/^#+ / || /^\.S[hs] / { heading = $0; sub(/^[^ ]+ /, "", heading) }
	' "$1"
}

# doc_block FILE HEADING WORD: the first such block below that heading
doc_block() {
	doc_blocks "$1" "$3" | awk -v heading="$2" '
	sub(/^#### /, "") { n += here = $0 == heading; next }
	here && n == 1'
}

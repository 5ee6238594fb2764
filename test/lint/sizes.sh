#!/bin/bash
# Files of at most 500 lines, functions of at most 60.
. "$(dirname "$0")/../lib-lint.sh"

# What somebody wrote, in a language: no data, no stored answers.
sources() {
	lint_files "$1" | grep -E '(\.(c|h|cpp|sh|py|js|awk|mk)|Makefile)$'
}

# A function is a { in column 1, behind a line with its arguments, to a } in column 1.
lint() {
	sources "$1" | (cd "$1" && while read -r file; do [ ! -f "$file" ] || echo "$file"; done | xargs awk '
		function end_of_file() {
			if (lines > 500) print file " has " lines " lines"
		}
		FNR == 1 { end_of_file(); file = FILENAME; start = 0; is_c = file ~ /\.(c|h|cpp)$/ }
		{ lines = FNR }
		is_c && /^\{/ && last ~ /\)/ { start = FNR; name = previous }
		is_c && /^\}/ && start {
			if (FNR - start + 1 > 60) {
				sub(/\(.*/, "", name)
				n = split(name, word, /[ *]+/)
				print file ":" start ": " word[n] " has " FNR - start + 1 " lines"
			}
			start = 0
		}
		is_c && /^[a-zA-Z_].*\(/ { previous = $0 }
		{ last = $0 }
		END { end_of_file() }')
}
plant() {
	{
		echo "int planted(int x)"
		echo "{"
		for ((i = 0; i < 60; i++)); do echo "	x++;"; done
		echo "}"
	} >"$1/test/unit/planted.c"
}
lint_main sizes || exit 1
rm "$T/planted/test/unit/planted.c"
yes '/* a line */' | head -n 501 >"$T/planted/include/planted.h"
if lint "$T/planted" | grep -q '^include/planted.h has 501 lines'; then
	echo "ok sizes sees a long header"
else
	echo "FAIL sizes does not see a long header"
	exit 1
fi

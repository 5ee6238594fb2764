#!/bin/bash
# Files of at most 500 lines, functions of at most 60. A function above 80 or
# a file above 600 fails; what lies between is printed for the next reader.
. "$(dirname "$0")/../lib-lint.sh"

sources() {
	lint_files "$1" | grep -E '^(include|libvprof|vprof-report|monitor|examples|vprof-run)/.*\.[ch]$'
}

# functions FILE: "length name line"; a function is a { in column 1 to a } in
# column 1, named by the line before
functions() {
	awk '/^\{/ { start = NR; name = previous }
	     /^\}/ && start { sub(/\(.*/, "", name); n = split(name, w, /[ *]+/)
		print NR - start + 1, w[n], start; start = 0 }
	     /^[a-zA-Z_].*\(/ { previous = $0 }' "$1"
}

# measure ROOT LINES-OF-A-FILE LINES-OF-A-FUNCTION
measure() {
	local file lines
	while read -r file; do
		[ -f "$1/$file" ] || continue
		lines=$(wc -l <"$1/$file")
		[ "$lines" -le "$2" ] || echo "$file has $lines lines"
		functions "$1/$file" | awk -v f="$file" -v max="$3" \
			'$1 > max { print f ":" $3 ": " $2 " has " $1 " lines" }'
	done < <(sources "$1")
}

lint() {
	measure "$1" 600 80
}
plant() {
	{
		echo "int planted(int x)"
		echo "{"
		for ((i = 0; i < 90; i++)); do echo "	x++;"; done
		echo "	return x;"
		echo "}"
	} >"$1/libvprof/planted.c"
}
measure "$TOP" 500 60 | sed 's/^/  above the aim: /'
lint_main sizes

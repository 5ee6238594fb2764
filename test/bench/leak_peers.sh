#!/bin/bash
# The leak probes under libvprof, valgrind and LeakSanitizer: who is right, and
# where not. Not part of `make check`; LEAK_CASES=REGEX runs some of them.
#
# Asked of all three is what they have in common: is something lost, and how
# much of it (lost and indirect together; LeakSanitizer keeps no other classes).
# Usage: leak_peers.sh [TOOL...]
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-leak.sh"
T_LIMIT=60
command=() # of the case at hand
LSAN=$B/test/lsan

# Each tool runs $command in $T/run and prints "PROCESS BLOCKS BYTES" lines,
# PROCESS being child or parent; what ended badly prints nothing.
run_libvprof() {
	local file
	t_preload "$T/run" "" "${command[@]}"
	for file in $(t_files "$T/run"); do
		[ "$(t_json .examined.search leaks "$file")" = complete ] || continue
		echo "$(t_json 'if .run.forked then "child" else "parent" end' info "$file")" \
			"$(t_json '.totals | [.lost, .indirect] | "\(map(.blocks) | add) \(map(.bytes) | add)"' leaks "$file")"
	done
}
# The pid stays the program's own.
with_pid() {
	t_run "$T/run" "$@"
	[ "$(cat "$T/run/status")" = 0 ]
}
process_of() { # LOG: is it of the process that was started?
	[ "${1##*.}" = "$(cat "$T/run/pid")" ] && echo parent || echo child
}
run_valgrind() {
	local log
	# shellcheck disable=SC2016
	with_pid sh -c 'echo $$ >pid; exec "$@"' sh valgrind -v --leak-check=full --log-file=log.%p "${command[@]}" || return
	for log in "$T"/run/log.*; do
		awk -v process="$(process_of "$log")" '
			/ERROR SUMMARY/ { ended = 1 }
			/(definitely|indirectly) lost:/ { gsub(",", "")
				for (i = 2; i <= NF; i++) {
					if ($i == "bytes") bytes += $(i - 1)
					if ($i == "blocks") blocks += $(i - 1) } }
			END { if (ended) print process, blocks + 0, bytes + 0 }' "$log"
	done
}
run_lsan() {
	local log found
	# shellcheck disable=SC2016
	with_pid sh -c 'echo $$ >pid; LSAN_OPTIONS=exitcode=0:log_path=log exec "$@"' sh "${command[@]}" || return
	for log in "$T"/run/log.*; do
		[ -f "$log" ] || continue
		found=$(sed -nE 's/^SUMMARY: LeakSanitizer: ([0-9]+) byte.* leaked in ([0-9]+) allocation.*/\2 \1/p' "$log")
		[ -n "$found" ] && echo "$(process_of "$log") $found"
		grep -q 'LeakSanitizer has encountered a fatal error\|LeakSanitizer: .*-error\|out of memory' "$log" &&
			echo fatal && return
	done
	echo "parent 0 0" # it says nothing where it finds nothing
	echo "child 0 0"
}

# score TOOL: "NAME VERDICT BLOCKS BYTES" of each row, each 1 (right) or 0, and
# the kind of a wrong verdict.
score() {
	local tool=$1 name row process said
	for name in $(leak_cases "${LEAK_CASES-}"); do
		rm -rf "$T/run"
		if [ "$tool" = lsan ]; then leak_command "$LSAN" "$name"; else leak_command "$PROBE" "$name"; fi
		"run_$tool" >"$T/said"
		leak_rows "^$name(@|\$)" | while read -r row lost indirect _; do
			[ "$lost" = "*" ] && continue # a matter of definition
			process=${row##*@}
			[ "$process" = "$row" ] && process=parent
			said=$(awk -v p="$process" '$1 == p { print $2, $3; exit }' "$T/said")
			grep -q fatal "$T/said" && said=
			awk -v name="$row" -v lost="$lost" -v indirect="$indirect" -v said="$said" 'BEGIN {
				split(lost, a, "/"); split(indirect, b, "/")
				blocks = a[1] + b[1]; bytes = a[2] + b[2]
				n = split(said, s, " ")
				if (n < 2) print name, 0, 0, 0, "no-answer"
				else {
					right = (blocks > 0) == (s[1] > 0)
					why = right ? "-" : s[1] > 0 ? "false-alarm" : "missed"
					print name, right, right && blocks == s[1] + 0, right && bytes == s[2] + 0, why
				} }'
		done
	done
}
report() { # TOOL SCORES
	awk -v tool="$1" '{ n++; v += $2; b += $3; y += $4; f += $5 == "false-alarm"
			m += $5 == "missed"; x += $5 == "no-answer" }
		END { printf "%-14s %4d/%d %12d/%d %12d/%d %12d %8d %10d\n", tool, v, n, b, n, y, n, f, m, x }' "$2"
}

printf '%-14s %8s %16s %16s %12s %8s %10s\n' tool "verdict" "blocks exact" "bytes exact" "false alarm" missed "no answer"
tools=("$@")
[ $# -gt 0 ] || tools=(libvprof valgrind lsan)
for tool in "${tools[@]}"; do
	case $tool in
	valgrind) command -v valgrind >/dev/null || { echo "valgrind is not here"; continue; } ;;
	lsan) [ -x "$LSAN/leak_roots" ] || { echo "no probes with LeakSanitizer here"; continue; } ;;
	esac
	score "$tool" >"$T/score.$tool"
	report "$tool" "$T/score.$tool"
done
for tool in "${tools[@]}"; do
	[ -f "$T/score.$tool" ] || continue
	echo
	echo "$tool, wrong verdicts:"
	awk '!$2 { print "  " $1 ": " $5 }' "$T/score.$tool"
	echo "$tool, right verdict with another count:"
	awk '$2 && !($3 && $4) { print "  " $1 }' "$T/score.$tool"
done

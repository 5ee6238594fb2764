#!/bin/bash
# Bugs planted in the bundled programs, found by one vprof-run: a leak ends it
# with the gate's status and is named by file and line; a hot loop is the first
# row of flat, with a line of the loop.
. "$(dirname "$0")/../lib.sh"

RUN=$B/vprof-run
cd "$T" || exit 1

# lines SOURCE FUNCTION PATTERN: numbers of the lines in FUNCTION that match
lines() {
	awk -v f="$2(" -v p="$3" 'index($0, f) && !/;/ { on = 1 } on && $0 ~ p { print NR } on && /^}/ { exit }' "$1"
}
run() { # DIR PROGRAM ARGS...
	local dir=$1 program=$2
	shift 2
	"$RUN" --gate --out "$dir" -- "$B/$program" --duration 2 --quiet "$@" >said 2>err </dev/null
	status=$?
}

while read -r program source leak loop; do
	source=$TOP/$source
	t_begin "$program without a bug passes the gate"
	run clean-"$program" "$program"
	t_equal status 0 $status
	t_done

	t_begin "$program --plant leak: status 23, file and line"
	run leak-"$program" "$program" --plant leak
	t_equal status 23 $status
	line=$(lines "$source" "$leak" calloc)
	sed -n '/Gate failed/,/Results in/p' said | grep -q "$leak (.*plant\.c:$line)" ||
		t_bad "the gate's words lack $leak at plant.c:$line"
	grep -q "^| lost .* | \`$leak\` | plant.c:$line |" leak-"$program"/profiling_summary.md ||
		t_bad "the summary lacks it"
	t_done

	t_begin "$program --plant hotloop: first row of flat, a line of the loop"
	run hot-"$program" "$program" --plant hotloop
	t_equal status 0 $status
	t_equal "first function" "$loop" "$(t_json '.functions[0].function' flat hot-"$program"/*.vprof)"
	line=$(t_json '.functions[0].line' flat hot-"$program"/*.vprof)
	# The compiler gives what begins the inner loop to the function's brace.
	lines "$source" "$loop" 'for|=|^{' | grep -qx "$line" || t_bad "line $line is not of the loop"
	grep -q "^| 1 |.*| \`$loop\` | plant.c:$line |" hot-"$program"/profiling_summary.md ||
		t_bad "the summary lacks it"
	t_done
done <<END
virtuoso examples/virtuoso/plant.c forget_request add_up_prefixes
monitor monitor/plant.c forget_message compare_prices
END
t_end

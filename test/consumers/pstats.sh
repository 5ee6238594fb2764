#!/bin/bash
# The pstats export as Python's pstats and pyprof2calltree read it. Times are
# seconds in floating point there: a nanosecond of difference is rounding.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"
c_profiles

read_it() {
	$PYTHON "$TOP/test/consumers/read_prof.py" "$@" 2>"$T/py.err" || tail -n 1 "$T/py.err" >&2
}
near() { # WHAT WANTED GOT: within a nanosecond for each of a thousand functions
	awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b != "" && d <= 1000) }' ||
		printf '%s: wanted %s, got %s; ' "$1" "$2" "$3"
}
check_times() { # NAME FILE
	read_it own "$2" >"$T/got"
	c_flat "$1" self_ns >"$T/want"
	c_same "own time" "$T/want" "$T/got"
	[ "$1" = truth ] || return 0
	read_it total "$2" >"$T/got"
	c_flat "$1" total_ns >"$T/want"
	c_same "total time" "$T/want" "$T/got"
}
check_print() { # NAME FILE
	near total "$(c_total "$1" flat cpu_ns)" "$(read_it print "$2" | cut -f2)"
}
check_callers() { # FILE
	local function
	for function in even burn_ten burn_inlined; do
		read_it callers "$1" $function >"$T/got"
		"$REPORT" callers $function "$C/truth.vprof" --format json | jq -r --arg f $function \
			'.edges[] | select(.callee.function == $f) | "\(.total_ns)\t\(.caller.function)"' |
			c_sum >"$T/want"
		c_same "callers of $function" "$T/want" "$T/got"
	done
}
check_calltree() { # NAME FILE
	(cd "$T" && pyprof2calltree -i "$2" -o p2c.cg >p2c.log 2>&1) || tail -n 1 "$T/p2c.log"
	# its summary is the longest total time of a function, not the sum
	sed -i '/^summary:/d' "$T/p2c.cg"
	(cd "$T" && callgrind_annotate --threshold=100 --auto=no p2c.cg >p2c.out 2>&1)
	sed -E 's/\( *[0-9.]+%\)//g; s/,([0-9])/\1/g' "$T/p2c.out" >"$T/p2c.table"
	near "total" "$(c_total "$1" flat cpu_ns)" "$(awk '/PROGRAM TOTALS/ { print $1 }' "$T/p2c.table")"
	awk '/^ *[0-9]/ && !/PROGRAM/ { v = $1; sub(/^ *[0-9]+ +/, ""); sub(/^[^:]*:/, ""); print v "\t" $0 "\t2" }' \
		"$T/p2c.table" >"$T/got"
	c_flat "$1" self_ns >"$T/want"
	c_same "own time" "$T/want" "$T/got"
}

t_begin "export"
c_export truth pstats "$T/truth.prof"
c_export virtuoso pstats "$T/virtuoso.prof"
t_done
for name in truth virtuoso; do
	c_check "$name: pstats" check_times $name "$T/$name.prof"
	c_check "$name: every sort key, strip_dirs, print_callers" check_print $name "$T/$name.prof"
	if command -v pyprof2calltree >/dev/null && command -v callgrind_annotate >/dev/null; then
		c_check "$name: pyprof2calltree" check_calltree $name "$T/$name.prof"
	else
		echo "skip $name: no pyprof2calltree or callgrind_annotate here"
	fi
done
c_check "truth: callers" check_callers "$T/truth.prof"

c_cut "$T/truth.prof" "$T/cut.prof"
c_refuse "a cut copy" check_times truth "$T/cut.prof"
c_refuse "a cut copy, printed" check_print truth "$T/cut.prof"
sed 's/burn_forty/burn_fifty/' "$T/truth.prof" >"$T/changed.prof"
c_refuse "a changed name" check_times truth "$T/changed.prof"
c_refuse "a changed name, through pyprof2calltree" check_calltree truth "$T/changed.prof"
c_refuse "another program's callers" check_callers "$T/virtuoso.prof"
t_end

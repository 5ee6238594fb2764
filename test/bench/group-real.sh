# Real programs that do some work and end. Sourced by run.sh.
# shellcheck shell=bash

group_real() {
	detail
	detail "## Real programs"
	real_python
	real_sqlite
	real_compiler
}
# real KEY COMMAND...: in every mode; none prints a line of numbers. Settings go by the environment:
# heaptrack does not follow `env` into what it executes.
real() {
	local name=$1
	shift
	everyone "$name" "$@"
	figure percent cpu "$name/exact" "$name/bare"
	row "$name, exact heap, CPU time over bare" none 0 %
	figure percent cpu "$name/defaults" "$name/bare"
	row "$name, defaults, CPU time over bare" none 0 %
	ratios "$name" "wall=wall, s" "cpu=CPU, s"
}
real_python() {
	local -x PYTHONMALLOC=malloc PYTHONHASHSEED=0
	if ! command -v "$PYTHON" >/dev/null; then
		row_skip "CPython json, exact against heaptrack's raw overhead" "<= 0.25" "no python3 here"
		return
	fi
	real python-json "$PYTHON" "$TOP/test/bench/work/json_rounds.py" "$(many 15)"
	figure over cpu python-json/exact python-json/bare python-json/heaptrack-raw python-json/bare
	row "CPython json, exact heap against heaptrack's raw overhead, CPU time" "<=" 0.25 "of its cost"
}
real_sqlite() {
	command -v sqlite3 >/dev/null || { note "no sqlite3 here: left out"; return; }
	awk -v seed="$SEED" -v rows="$(many 150000)" -f "$TOP/test/bench/work/rows_of.awk" >"$T/rows.sql"
	real sqlite3 sqlite3 :memory: ".read $T/rows.sql"
}
# The driver and all it starts; heaptrack follows none of them.
real_compiler() {
	local HEAPTRACK_LIB=
	command -v g++ >/dev/null || { note "no g++ here: left out"; return; }
	awk -v seed="$SEED" -v count="$(many 8)" -f "$TOP/test/bench/work/source_of.awk" >"$T/source.cpp"
	real g++ g++ -std=c++17 -O1 -c -o "$T/source.o" "$T/source.cpp"
}

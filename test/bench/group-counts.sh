# Calls that are counted. Sourced by run.sh.
# shellcheck shell=bash

# Each number of counted_calls is the least of many windows: other work on the machine blurs it
# little. gprof is what -pg does by itself; callgrind and uftrace count, too, and more than that.
group_counts() {
	local n
	n=$(many 3000)
	bench counts
	run bare bare "$WORK/counted_calls" "$n"
	run room bare "$WORK/counted_calls_room" "$n"
	run gprof bare "$WORK/counted_calls_pg" "$n"
	run gprof-fentry bare "$WORK/counted_calls_fentry" "$n"
	run instrumented bare "$WORK/counted_calls_instrumented" "$n"
	if accepts trace=fib; then
		ours untraced vprof "" "$WORK/counted_calls_room" "$n"
		ours traced vprof trace=fib "$WORK/counted_calls_room" "$n"
	fi
	ours pg vprof "" "$WORK/counted_calls_pg" "$n"
	ours fentry vprof "" "$WORK/counted_calls_fentry" "$n"
	ours instrumented-counted vprof "" "$WORK/counted_calls_instrumented" "$n"
	[ -z "$UFTRACE" ] || peer uftrace-fentry uftrace_record "$WORK/counted_calls_fentry" "$n"
	[ -z "$UFTRACE" ] || peer uftrace-patched uftrace_record -P fib "$WORK/counted_calls_room" "$n"
	[ -z "$VALGRIND" ] || peer callgrind callgrind "$WORK/counted_calls" "$n"
	rounds $((ROUNDS * 2))
	figure diff 1 counts/traced counts/room
	row "a call that trace= counts, over bare" "<=" 4 ns
	figure diff 1 counts/untraced counts/bare
	row "a call with room for that, not counted, over a build without" none 0 ns
	figure over 1 counts/traced counts/room counts/gprof counts/bare
	row "a call that trace= counts against gprof's" "<=" 1 "of its cost"
	figure over 1 counts/traced counts/room counts/uftrace-patched counts/room &&
		row "the same against uftrace's, which has times" "<=" 1 "of its cost"
	figure over 1 counts/traced counts/room counts/callgrind counts/bare &&
		row "the same against callgrind's" "<=" 1 "of its cost"
	figure diff 1 counts/pg counts/gprof
	row "a call of a -pg build, over gprof's" none 0 ns
	figure diff 1 counts/instrumented-counted counts/instrumented
	row "a call of an -finstrument-functions build, counted and timed, over bare" none 0 ns
	detail
	detail "## Counted calls"
	ratios counts "1=ns a call" "cpu=CPU, s"
}

# Calls that may block and event loops: what a call costs that does not sleep, what switches cost,
# the helper's looks. Sourced by run.sh.
# shellcheck shell=bash

# --- calls ----------------------------------------------------------------------
# looks COUNT COMMAND...: under a library that looks at the clock so often a call, and does no more
looks() {
	local count=$1
	shift
	bounded "LOOKS=$count" "LD_PRELOAD=$WORK/looks_only" "$@"
}
waits_loop() {
	bench loop
	run bare bare "$WORK/loop_turns" "$(many 1000000)"
	ours defaults vprof "" "$WORK/loop_turns" "$(many 1000000)"
	ours without vprof waits=off "$WORK/loop_turns" "$(many 1000000)"
	peer one-look looks 1 "$WORK/loop_turns" "$(many 1000000)"
	run spins-bare bare "$WORK/loop_turns" "$(many 1000000)" 0
	ours spins-defaults vprof "" "$WORK/loop_turns" "$(many 1000000)" 0
	rounds $((ROUNDS * 2))
	figure diff 1 loop/defaults loop/bare
	row "turn of an event loop over bare" "<=" 25 ns
	[ -n "$OLD_LIB" ] || {
		figure diff 1 loop/one-look loop/bare
		row "the same of a library that only looks at the clock, once a turn" none 0 ns
	}
	figure diff 1 loop/spins-defaults loop/spins-bare
	row "turn of an event loop that spins, over bare" "<=" 25 ns
	detail_table loop 1 "ns a turn"
}
waits_socket() {
	bench socket
	run bare bare "$WORK/socket_pairs" "$(many 1000000)" 64
	ours defaults vprof "" "$WORK/socket_pairs" "$(many 1000000)" 64
	ours without vprof waits=off "$WORK/socket_pairs" "$(many 1000000)" 64
	rounds $((ROUNDS * 2))
	figure diff 1 socket/defaults socket/bare
	row "send or recv of 64 bytes that does not sleep, over bare" "<=" 25 ns
	figure percent 1 socket/defaults socket/bare
	row "the same" "<=" 10 %
	detail_table socket 1 "ns a call"
}
waits_line() {
	bench line
	run published bare "$WORK/publish_line" "$(many 20000000)"
	rounds $((ROUNDS * 2))
	figure value 1 line/published
	row "the thread's line written" "<=" 2 ns
}
# Throughput of what does nothing but switch; the kernel tells of each switch until the library
# sees that there are too many.
waits_switches() {
	bench switches
	run bare bare "$WORK/switch_pair" "$(many 200000)"
	run bare-again bare "$WORK/switch_pair" "$(many 200000)"
	ours defaults vprof "" "$WORK/switch_pair" "$(many 200000)"
	ours without vprof waits=off "$WORK/switch_pair" "$(many 200000)"
	ours no-cpu vprof cpu=off "$WORK/switch_pair" "$(many 200000)"
	peer two-looks looks 2 "$WORK/switch_pair" "$(many 200000)"
	rounds $((ROUNDS * 2))
	figure value 2 switches/bare
	row "two threads that only switch, switches a second of each, bare" none 0 ""
	figure ratio 1 switches/bare switches/bare-again
	row "the same, bare over bare" none 0 x
	figure ratio 1 switches/bare switches/defaults
	row "the same, throughput of bare's" ">=" 0.95 x
	figure ratio 1 switches/bare switches/without
	row "the same with waits=off" ">=" 0.95 x
	figure ratio 1 switches/bare switches/no-cpu
	row "the same with cpu=off" none 0 x
	[ -n "$OLD_LIB" ] || {
		figure ratio 1 switches/bare switches/two-looks
		row "the same of a library that only looks at the clock, twice a call" none 0 x
	}
	detail_table switches 1 "ns a round"
}
# The helper's CPU time in percent of one CPU, of ten seconds after the first four, in which the
# first thousand iterations of each loop are kept.
waits_helper_in() { # OPTIONS SECONDS: seconds of the run, nanoseconds
	vprof "$1" "$WORK/many_loops" 8 "$2" >/dev/null || return
	read -r wall _ <"$T/measured"
	echo "$wall $(info .own.cpu_ns)"
}
waits_helper_of() { # OPTIONS
	{ waits_helper_in "$1" 4 && waits_helper_in "$1" 14; } |
		awk '{ wall[NR] = $1; ns[NR] = $2 }
			END { if (NR == 2) printf "%.3f\n", (ns[2] - ns[1]) / 1e7 / (wall[2] - wall[1]) }'
}
waits_helper() {
	command -v jq >/dev/null || { note "no jq here: the helper's looks left out"; return; }
	bench helper
	ours looks waits_helper_of cpu=off:heap=off:stall=10
	ours without waits_helper_of cpu=off:heap=off:waits=off
	rounds
	figure value 1 helper/looks
	row "the helper, 8 loops, stall=10, of a CPU" none 0 %
	figure diff 1 helper/looks helper/without
	row "the same, less what it takes with waits=off" "<=" 0.3 %
}

group_waits() {
	if ! accepts waits=on; then
		row_skip "calls that may block" "" "this build does not know waits="
		return
	fi
	detail
	detail "## Calls that may block, event loops"
	waits_loop
	waits_socket
	waits_line
	waits_switches
	waits_helper
}

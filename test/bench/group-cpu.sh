# CPU sampling and unwinding. Sourced by run.sh.
# shellcheck shell=bash

CPU=cpu=1000:heap=off

cpu_overhead() { # THREADS
	bench "cpu-$1"
	run bare bare "$WORK/burn" "$1" "$(many 100)"
	ours vprof vprof "$CPU" "$WORK/burn" "$1" "$(many 100)"
	[ -z "$PERF" ] || peer perf perf_record "$WORK/burn" "$1" "$(many 100)"
	rounds $((ROUNDS * 2))
	figure percent 1 "cpu-$1/vprof" "cpu-$1/bare"
	row "CPU at 1000 Hz, $1 thread(s), over bare" none 0 %
	figure percent 1 "cpu-$1/perf" "cpu-$1/bare"
	row "perf record -F 1000 -g, $1 thread(s), over bare" none 0 %
	figure over 1 "cpu-$1/vprof" "cpu-$1/bare" "cpu-$1/perf" "cpu-$1/bare"
	row "CPU at 1000 Hz against perf's overhead, $1 thread(s), median piece" "<=" 1.05 "of its cost"
	figure over 2 "cpu-$1/vprof" "cpu-$1/bare" "cpu-$1/perf" "cpu-$1/bare"
	row "the same, mean piece, which has the helper's work in it" none 0 "of its cost"
	detail_table "cpu-$1" 1 "microseconds a piece, median"
	detail_table "cpu-$1" 2 "microseconds a piece, mean"
}
# Samples in percent of what the CPU time used asks for.
cpu_obtained() { # THREADS
	vprof "$CPU" "$WORK/burn" "$1" "$(many 150)" >/dev/null
	info '.sampling.samples * 1e11 / (.run.cpu_ns * .sampling.asked_hz)'
}
cpu_signals() {
	local prefix
	bench signals
	run bare bare "$WORK/signals_seen" "$(many 1000)"
	ours vprof vprof "$CPU" "$WORK/signals_seen" "$(many 1000)"
	rounds 2
	for prefix in 1:"signals delivered to the program" 2:"its system calls interrupted" \
		3:"signal handlers in place before main"; do
		figure diff "${prefix%%:*}" signals/vprof signals/bare
		row "CPU at 1000 Hz, ${prefix#*:}" "<=" 0 ""
	done
}
# How far the share of the worst of three functions is off, in points.
cpu_split() {
	local truth
	truth=$(vprof "$CPU" "$B/test/probe/cpu_split" "$1" locked)
	"$REPORT" flat "$VPROF_FILE" --format json -n 0 2>>"$T/errors" |
		jq -r --argjson t "${truth:-null}" '
			def share(f): reduce f as $x (0; . + $x);
			["burn_seventy", "burn_twenty", "burn_ten"] as $names |
			[.functions[] | select(.function | IN($names[]))] as $rows |
			([$rows[].self_ns] | add) as $all | ([$names[] | $t[.]] | add) as $real |
			[$names[] as $n | ([$rows[] | select(.function == $n) | .self_ns] | add // 0) * 100 / $all
				- $t[$n] * 100 / $real | fabs] | max'
}
group_cpu() {
	local cpus
	cpus=$(nproc)
	detail
	detail "## A program that only computes"
	cpu_overhead 1
	[ "$cpus" = 1 ] || cpu_overhead "$cpus"
	command -v jq >/dev/null || { note "no jq here: obtained samples and split left out"; return; }
	cpu_signals
	bench obtained
	ours one cpu_obtained 1
	ours all cpu_obtained "$cpus"
	rounds
	figure value 1 obtained/one
	row "samples obtained of those asked, one thread" ">=" 98 %
	figure value 1 obtained/all
	row "samples obtained of those asked, $cpus threads" ">=" 98 %
	bench split
	ours vprof cpu_split "$(many $((ROUNDS * 2)))"
	rounds 1
	figure value 1 split/vprof
	row "split of phase-locked work, worst of three" "<=" 2 "% points"
}

# --- unwinding -----------------------------------------------------------------
unwind_walk() { # DEPTH
	env "VPROF_OPTIONS=out=$VPROF_FILE:cpu=off:heap=off" "$WORK/unwind_frames" "$1" "$(many 1000000)"
}
per_frame() { # KEY-OF-60/NAME KEY-OF-20/NAME...: 40 frames make the difference
	figure "$@" || return
	FIG=$(awk -v x="$FIG" 'BEGIN { print x / 40 }')
	SPREAD=$(awk -v x="$SPREAD" 'BEGIN { print x / 40 }')
}
group_unwind() {
	bench unwind
	run walk-20 unwind_walk 20
	run walk-60 unwind_walk 60
	run bare-20 bare "$PAIRS" 20 1 "$(many 2000000)"
	run bare-60 bare "$PAIRS" 60 1 "$(many 2000000)"
	ours exact-20 vprof cpu=off "$PAIRS" 20 1 "$(many 2000000)"
	ours exact-60 vprof cpu=off "$PAIRS" 60 1 "$(many 2000000)"
	rounds
	per_frame diff 1 unwind/walk-60 unwind/walk-20
	row "warm unwind, whole walk by rows, a frame" "<=" 3 ns
	unwind_in_pairs
	detail
	detail "## Unwinding: 40 frames more"
	detail_table unwind 1 ns alone
}
# What 40 frames more add to a pair under exact heap over what they add bare.
unwind_in_pairs() {
	local more
	per_frame diff 1 unwind/exact-60 unwind/exact-20 || return
	more=$FIG
	per_frame diff 1 unwind/bare-60 unwind/bare-20
	FIG=$(awk -v a="$more" -v b="$FIG" 'BEGIN { print a - b }')
	row "warm unwind in malloc's hook (last stack reused), a frame" "<=" 3 ns
}

# Processes and threads that start and end. Sourced by run.sh.
# shellcheck shell=bash

# What the library costs a program that does little: only the program gets it.
start_of() { # OPTIONS PROGRAM...
	bounded "$WORK/spawn_time" "$(many 300)" "LD_PRELOAD=$LIB" \
		"VPROF_OPTIONS=out=${VPROF_FILE%/*}/%e.%p.vprof:$1" "${@:2}"
}
start_true() { # OPTIONS
	start_of "$1" /bin/true
}
process_true() {
	bench true
	run bare bare "$WORK/spawn_time" "$(many 300)" /bin/true
	ours defaults start_true ""
	ours sampled start_true "$SAMPLE"
	ours off start_true cpu=off:heap=off:locks=off:leakscan=off
	[ -z "$HEAPTRACK_LIB" ] || peer heaptrack-raw bare "$WORK/spawn_time" "$(many 300)" \
		"LD_PRELOAD=$HEAPTRACK_LIB" "DUMP_HEAPTRACK_OUTPUT=$T/heaptrack.raw" /bin/true
	[ -z "$JEMALLOC" ] || peer jemalloc bare "$WORK/spawn_time" "$(many 300)" "LD_PRELOAD=$JEMALLOC" /bin/true
	[ -z "$JEMALLOC" ] || peer jemalloc-19 bare "$WORK/spawn_time" "$(many 300)" \
		"LD_PRELOAD=$JEMALLOC" MALLOC_CONF=prof:true,lg_prof_sample:19 /bin/true
	rounds
	figure diff 1 true/defaults true/bare && FIG=$(per_mille "$FIG") SPREAD=$(per_mille "$SPREAD")
	row "start and end of /bin/true over bare" "<=" 3 ms
	figure over 1 true/defaults true/bare true/heaptrack-raw true/bare
	row "start and end of /bin/true against heaptrack's raw preload" "<=" 1 "of its cost"
	ratios true "${PROCESS_COLUMNS[@]}"
}
# One that ends with some blocks, which are searched for.
process_sh() {
	bench sh
	run bare bare "$WORK/spawn_time" "$(many 300)" /bin/sh -c :
	ours defaults start_of "" /bin/sh -c :
	ours sampled start_of "$SAMPLE" /bin/sh -c :
	rounds
	figure diff 1 sh/defaults sh/bare && FIG=$(per_mille "$FIG") SPREAD=$(per_mille "$SPREAD")
	row "start and end of sh -c : over bare, its blocks searched" none 0 ms
	ratios sh "${PROCESS_COLUMNS[@]}"
}
PROCESS_COLUMNS=("1=p50, us" "2=p99, us" "3=p99.9, us" "wall=wall, s" "cpu=CPU, s")
per_mille() { awk -v x="$1" 'BEGIN { print x / 1000 }'; }

# Under the tool both the program that starts others and what it starts.
process_pair() { # KEY COMMAND...
	local of=$1
	shift
	bench "$of"
	run bare bare "$@"
	ours defaults vprof "" "$@"
	ours sampled vprof "$SAMPLE" "$@"
	ours off vprof cpu=off:heap=off:locks=off:leakscan=off "$@"
	[ -z "$HEAPTRACK_LIB" ] || peer heaptrack-raw heaptrack_raw "$@"
	[ -z "$JEMALLOC" ] || peer jemalloc jemalloc "" "$@"
	[ -z "$JEMALLOC" ] || peer jemalloc-19 jemalloc prof:true,lg_prof_sample:19 "$@"
	[ -z "$PERF" ] || peer perf perf_record "$@"
	rounds
}
process_fork() {
	process_pair fork "$WORK/fork_exit" "$(many 1000)"
	figure ratio 1 fork/defaults fork/bare
	row "fork, _exit and wait, a thousand blocks live, defaults, times bare" "<=" 2 x
	ratios fork "${PROCESS_COLUMNS[@]}"
	process_pair fork-blocks "$WORK/fork_exit" "$(many 1000)" 20
	figure ratio 1 fork-blocks/defaults fork-blocks/bare
	row "the same, and the child ends with 20 blocks of its own, which are searched, times bare" none 0 x
	ratios fork-blocks "${PROCESS_COLUMNS[@]}"
}
process_spawn() {
	process_pair posix_spawn "$WORK/spawn_time" "$(many 300)" /bin/true
	figure ratio 1 posix_spawn/defaults posix_spawn/bare
	row "posix_spawn and wait, both programs profiled, defaults, times bare" none 0 x
	ratios posix_spawn "${PROCESS_COLUMNS[@]}"
	# The same with a program that is not profiled: what stays is the parent's part.
	process_pair spawn-parent "$WORK/spawn_time" "$(many 300)" LD_PRELOAD= /bin/true
	figure ratio 1 spawn-parent/defaults spawn-parent/bare
	row "posix_spawn and wait, the parent alone profiled, defaults, times bare" none 0 x
	ratios spawn-parent "${PROCESS_COLUMNS[@]}"
}
process_threads() {
	process_pair thread "$WORK/thread_starts" "$(many 5000)"
	figure diff 1 thread/defaults thread/bare
	row "thread created, one allocation, joined, over bare" "<=" 10 us
	ratios thread "${PROCESS_COLUMNS[@]}"
}
group_process() {
	detail
	detail "## Processes and threads that start and end"
	detail
	detail "Under the tool is what starts others and what it starts, but for \`true\` and \`sh\` (only what is started) and \`spawn-parent\` (only"
	detail "what starts); heaptrack does not follow into a program that is executed."
	process_true
	process_sh
	process_fork
	process_spawn
	process_threads
}

# Small costs: locks, idle hooks, memory, the report. Sourced by run.sh.
# shellcheck shell=bash

hooked() { # NAME: does the library stand in front of it?
	nm -D --defined-only "$LIB" 2>/dev/null | grep -qE " ${1}(@|\$)"
}
locks_free() { # KIND WHAT: nobody else wants it
	local which
	bench "$1"
	run bare bare "$WORK/lock_pairs" "$1" "$(many 10000000)"
	ours defaults vprof "" "$WORK/lock_pairs" "$1" "$(many 10000000)"
	if accepts locks=on; then
		ours locks-on vprof cpu=off:heap=off:locks=on "$WORK/lock_pairs" "$1" "$(many 10000000)"
		ours locks-off vprof cpu=off:heap=off:locks=off "$WORK/lock_pairs" "$1" "$(many 10000000)"
	fi
	rounds
	for which in locks-on defaults; do
		figure diff 1 "$1/$which" "$1/bare" || continue
		row "uncontended $2 pair, $which, over bare" "<=" 2 ns
		figure diff 2 "$1/$which" "$1/bare"
		row "the same, shortest of windows of 1,000 pairs" "<=" 2 ns
	done
	detail_table "$1" 1 "ns a pair"
}
# Threads that want the same mutex again and again; each run takes a second, for in a tenth of
# one, on two CPUs, it is the start of the process that tells.
locks_wanted() { # KEY WHAT ARGUMENT...
	local what=$2 key=$1
	shift 2
	bench "$key"
	run bare bare "$WORK/lock_contended" "$@"
	run bare-again bare "$WORK/lock_contended" "$@"
	ours defaults vprof cpu=off:heap=off "$WORK/lock_contended" "$@"
	rounds $((ROUNDS * 4))
	figure percent 1 "$key/bare-again" "$key/bare"
	row "contended mutex, $what, bare over bare ($(short "$LOW") to $(short "$HIGH"))" none 0 %
	figure percent 1 "$key/defaults" "$key/bare"
	row "contended mutex, $what, time for as many turns, over bare ($(short "$LOW") to $(short "$HIGH"))" "<=" 2 %
	detail_table "$key" 1 "ns a turn"
}
group_locks() {
	if ! hooked pthread_mutex_lock; then
		row_skip "uncontended mutex pair over bare" "<= 2 ns" "locks are not hooked in this build"
		return
	fi
	detail
	detail "## Locks"
	locks_free mutex mutex
	locks_free read "rwlock (read)"
	locks_free write "rwlock (written)"
	locks_wanted contended "2 threads, held for 0.13 us" 2 "$(many 1500000)" 100 200
	locks_wanted longer "2 threads, held for 0.8 us" 2 "$(many 500000)" 600 300
	locks_wanted more "4 threads, held for 0.13 us" 4 "$(many 600000)" 100 200
}
# Each number of span_pairs is the least of many windows: other work on the machine blurs it little.
group_spans() {
	bench spans
	run bare bare "$WORK/span_pairs" "$(many 10000)"
	ours recording vprof heap=off "$WORK/span_pairs" "$(many 10000)"
	ours paused vprof heap=off:start=paused "$WORK/span_pairs" "$(many 10000)"
	rounds
	figure value 1 spans/recording
	row "vprof_span_begin and vprof_span_end, recording" "<=" 30 ns
	figure value 2 spans/recording
	row "of that, two looks at the processor's clock" none - ns
	figure value 1 spans/paused
	row "vprof_span_begin and vprof_span_end, not recording" "<=" 1 ns
}
group_idle() {
	bench idle
	run bare bare "$PAIRS" 5 1 "$(many 10000000)"
	ours idle vprof cpu=off:heap=off "$PAIRS" 5 1 "$(many 10000000)"
	rounds $((ROUNDS * 2))
	figure diff 1 idle/idle idle/bare
	row "idle hooks (heap=off), malloc/free pair over bare" "<=" 1 ns
}

# A program with one thread stays one for libc: with everything off nothing is left to pay.
group_single() {
	local n
	n=$(many 20000000)
	bench single
	run bare bare "$WORK/one_thread" "$n" "$(many 200)"
	ours off vprof cpu=off:heap=off:locks=off:leakscan=off "$WORK/one_thread" "$n" "$(many 200)"
	ours defaults vprof "" "$WORK/one_thread" "$n" "$(many 200)"
	rounds
	figure percent 1 single/off single/bare
	row "one thread, everything off: copy of a shared_ptr over bare" "<=" 5 %
	figure percent 2 single/off single/bare
	row "one thread, everything off: putc over bare" "<=" 5 %
	figure percent 1 single/defaults single/bare
	row "one thread, defaults: copy of a shared_ptr over bare" none - %
	figure ratio 4 single/defaults single/bare
	row "fork, exit and wait, defaults, times bare" "<=" 2 x
	detail
	detail "## One thread"
	detail_table single 1 "ns a copy of a shared_ptr"
	detail_table single 2 "ns a putc"
	detail_table single 4 "us a fork, exit and wait"
}

# --- memory --------------------------------------------------------------------
# Resident KiB with all blocks live, the library's own reckoning in KiB, and
# the size of the file in KiB.
memory_of() { # OPTIONS COUNT BYTES
	local resident
	resident=$(vprof "$1" "$WORK/live_blocks" "$2" "$3") || return
	echo "$resident $(info '.own.memory_bytes / 1024 | floor') $(($(stat -c %s "$VPROF_FILE") / 1024))"
}
memory_room() { # COUNT BYTES: twice what the blocks take must be free
	[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt $(($1 * ($2 + 64) / 512)) ]
}
memory_row() { # WHAT KEY/NAME LIMIT-KIB
	figure diff 1 "$2" "${2%/*}/bare"
	row "$1, resident over bare" "<=" "$3" KiB
	figure value 2 "$2"
	row "$1, by its own reckoning" "<=" "$3" KiB
	figure value 3 "$2"
	row "$1, file (size=64M)" "<=" 65536 KiB
}
memory_blocks() { # COUNT BYTES
	bench "memory-$2"
	memory_room "$1" "$2" || { note "too little memory for $1 blocks of $2 bytes"; return; }
	run bare bare "$WORK/live_blocks" "$1" "$2"
	ours exact memory_of "" "$1" "$2"
	! accepts $SAMPLE || ours sampled memory_of $SAMPLE "$1" "$2"
	rounds $((ROUNDS < 3 ? ROUNDS : 3))
	compared "memory-$2" "1=resident, KiB" "3=file, KiB"
	memory_row "exact heap, $1 live blocks of $2 bytes" "memory-$2/exact" $((16384 + $1 * 16 / 1024))
	! accepts $SAMPLE || memory_row "sampled heap, $1 live blocks of $2 bytes" "memory-$2/sampled" 16384
}
# Many samples and stacks into a small file.
memory_small_file() {
	vprof cpu=10000:size=1M "$PAIRS" 60 2 "$(many 3000000)" >/dev/null
	stat -c '%s %b %B' "$VPROF_FILE" | awk '{ used = $2 * $3; printf "%.0f\n", ($1 > used ? $1 : used) / 1024 }'
}
group_memory() {
	local bytes
	command -v jq >/dev/null || { note "no jq here: memory left out"; return; }
	for bytes in 24 64 1024; do
		memory_blocks "$(many 1000000)" $bytes
	done
	bench small-file
	ours vprof memory_small_file
	rounds 1
	figure value 1 small-file/vprof
	row "file under size=1M, busy program" "<=" 1024 KiB
}

# --- the search for leaks ---------------------------------------------------------
# Milliseconds that threads stood still, seconds to the result, memory in MiB.
scan_of() { # MIB LOST_EVERY
	vprof cpu=off "$WORK/small_heap" "$1" "$2" >/dev/null || return
	"$REPORT" leaks --format json "$VPROF_FILE" 2>>"$T/errors" | jq -r '.examined
		| select(.search == "complete")
		| "\(.pause_ns / 1e6) \(.total_ns / 1e9) \(.memory_bytes / 1048576)"'
}
group_scan() {
	local mib
	mib=$(many 1024)
	command -v jq >/dev/null || { note "no jq here: the search for leaks left out"; return; }
	memory_room "$mib" 2097152 || { note "too little memory for the search for leaks"; return; }
	bench scan
	ours most-reachable scan_of "$mib" 100
	ours all-lost scan_of "$mib" 1
	rounds
	figure value 1 scan/most-reachable
	row "search for leaks, $mib MiB of small blocks: threads stand still" "<=" 25 ms
	figure value 2 scan/most-reachable
	row "search for leaks, $mib MiB of small blocks: to the result" "<=" 3 s
	figure value 3 scan/most-reachable
	row "search for leaks, $mib MiB of small blocks: memory of the search" "<=" $((mib * 12 / 10)) MiB
	detail
	detail "## The search for leaks, $mib MiB of linked blocks"
	compared scan "1=threads stand still, ms" "3=memory, MiB"
	detail_table scan 2 "seconds to the result" alone
}

# --- the report ----------------------------------------------------------------
report() { mute bounded "$REPORT" "$@" "$T/many.vprof"; }
group_report() {
	local command
	"$WORK/many_samples" "$T/many.vprof" "$(many 1000000)" "$(many 60000)" "$REPORT" \
		"$(lib_file libc.so.6)" "$LIB" 2>>"$T/errors" || {
		row_skip "report of a million samples" "<= 1 s" "no file could be made"
		return
	}
	bench report
	ours flat report flat -n 0
	ours flat-window report flat -n 0 --since 1
	ours tree report tree
	ours summary report summary
	ours flat-no-inlines report flat -n 0 --no-inlines
	rounds $((ROUNDS + 1))
	for command in flat flat-window tree summary; do
		figure value wall "report/$command"
		row "report of a million samples, inlines resolved: $command" "<=" 1 s
	done
	detail
	detail "## The report of a million samples"
	detail
	detail "60,000 stack nodes of 20,000 addresses in vprof-report, libvprof and libc, in stacks of depth 40."
	detail_table report wall seconds alone
}

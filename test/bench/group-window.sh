# Programs whose heap is a mixture: a live window, an order book. Sourced by run.sh.
# shellcheck shell=bash

# everyone KEY COMMAND...: a program under every tool that says what it allocates, or where it is
everyone() {
	local of=$1
	shift
	bench "$of"
	run bare bare "$@"
	ours exact vprof cpu=off "$@"
	ours defaults vprof "" "$@"
	ours sampled vprof "$SAMPLE" "$@"
	ours idle vprof cpu=off:heap=off "$@"
	[ -z "$HEAPTRACK_LIB" ] || peer heaptrack-raw heaptrack_raw "$@"
	[ -z "$PERF" ] || peer perf perf_record "$@"
	[ -z "$JEMALLOC" ] || peer jemalloc jemalloc "" "$@"
	[ -z "$JEMALLOC" ] || peer jemalloc-19 jemalloc prof:true,lg_prof_sample:19 "$@"
	rounds
}
window_of() { # THREADS
	everyone "window-$1" "$WORK/live_window" 20 "$1" "$(many $((1000000 / $1)))"
	figure percent 1 "window-$1/exact" "window-$1/bare"
	row "live window of 1,000 blocks, depth 20, $1 thread(s), exact heap, over bare" none 0 %
	figure over cpu "window-$1/exact" "window-$1/bare" "window-$1/heaptrack-raw" "window-$1/bare"
	row "the same against heaptrack's raw preload, CPU time" "<=" 0.15 "of its cost"
	ratios "window-$1" "1=ns an operation" "2=p50, ns" "3=p99, ns" "4=p99.9, ns" "wall=wall, s" "cpu=CPU, s"
}
group_window() {
	detail
	detail "## Blocks of 16 to 8,192 bytes in a live window of 1,000"
	detail
	detail "500 call paths, depth 20; with more threads than one a block is freed by another thread than allocated it, most often."
	window_of 1
	window_of 2
	window_of 4
	figure diff 1 window-1/exact window-1/bare && more_than_one "$FIG"
}
more_than_one() { # NANOSECONDS-OF-ONE-THREAD
	figure diff 1 window-2/exact window-2/bare || return
	FIG=$(awk -v a="$FIG" -v b="$1" 'BEGIN { print (b > 0 ? a / b : "-") }')
	SPREAD=$(awk -v a="$SPREAD" -v b="$1" 'BEGIN { print (b > 0 ? a / b : "-") }')
	row "live window, exact heap, two threads against one" "<=" 1.25 x
}

group_book() {
	everyone book "$WORK/order_book" "$(many 500000)"
	figure percent 1 book/defaults book/bare
	row "order book, p50 of an operation, defaults, over bare" none 0 %
	figure percent 2 book/defaults book/bare
	row "order book, p99 of an operation, defaults, over bare" none 0 %
	book_latency
	detail
	detail "## A C++ order book: how long one operation takes"
	ratios book "1=p50, ns" "2=p99, ns" "3=p99.9, ns" "wall=wall, s" "cpu=CPU, s"
}
book_latency() {
	if ! accepts mode=latency; then
		row_skip "order book, p50 of an operation, mode=latency, over bare" "<= 2 %" "this build knows no mode=latency"
		return
	fi
	bench book-latency
	run bare bare "$WORK/order_book" "$(many 500000)"
	ours latency vprof mode=latency "$WORK/order_book" "$(many 500000)"
	rounds
	figure percent 1 book-latency/latency book-latency/bare
	row "order book, p50 of an operation, mode=latency, over bare" "<=" 2 %
	figure percent 2 book-latency/latency book-latency/bare
	row "order book, p99 of an operation, mode=latency, over bare" "<=" 5 %
}

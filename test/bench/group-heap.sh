# Heap: what a malloc/free pair costs. Sourced by run.sh.
# shellcheck shell=bash

PAIRS=$WORK/malloc_pairs
SAMPLE=heap=sample=524288
HEAP_TOOLS=(exact idle sampled heaptrack-raw heaptrack jemalloc-19 jemalloc-all gperftools massif)

# Few pairs for the slow ones: all paths are walked before the clock starts.
heap_shape() { # DEPTH THREADS
	local s="$1 $2" fast slow
	fast=$(many 2000000)
	slow=$(many 10000)
	bench "heap-$1-$2"
	# shellcheck disable=SC2086
	{
		run bare bare "$PAIRS" $s "$fast"
		ours exact vprof cpu=off "$PAIRS" $s "$fast"
		ours idle vprof cpu=off:heap=off "$PAIRS" $s "$fast"
		! accepts $SAMPLE || ours sampled vprof cpu=off:$SAMPLE "$PAIRS" $s "$fast"
		[ -z "$HEAPTRACK_LIB" ] || peer heaptrack-raw heaptrack_raw "$PAIRS" $s $((slow * 20))
		[ -z "$HEAPTRACK" ] || peer heaptrack heaptrack_shipped "$PAIRS" $s $((slow * 3))
		heap_allocators "$s" "$fast" "$slow"
		[ -z "$VALGRIND" ] || peer massif massif "$PAIRS" $s "$slow"
	}
	rounds
	compared "heap-$1-$2" "1=ns a pair" "cpu=CPU, s"
}
# Peers that bring an allocator of their own stand beside it without profile.
heap_allocators() { # "DEPTH THREADS" FAST SLOW
	# shellcheck disable=SC2086
	if [ -n "$JEMALLOC" ]; then
		peer jemalloc jemalloc "" "$PAIRS" $1 "$2"
		peer jemalloc-19 jemalloc prof:true,lg_prof_sample:19 "$PAIRS" $1 "$2"
		peer jemalloc-all jemalloc prof:true,lg_prof_sample:0 "$PAIRS" $1 "$3"
	fi
	# shellcheck disable=SC2086
	if [ -n "$TCMALLOC" ]; then
		peer tcmalloc tcmalloc "$PAIRS" $1 "$2"
		peer gperftools tcmalloc_profile "$PAIRS" $1 $(($3 / 2 + 1))
	fi
}
heap_details() { # SHAPE...
	local shape tool line
	detail
	detail "## A malloc/free pair, nanoseconds over the same program without the tool"
	detail
	detail "500 call paths, bursts of 8, blocks of 24 to 87 bytes (which, tells the seed); jemalloc and gperftools over their own allocator;"
	detail "wall time of the slowest thread, so more threads than CPUs take longer."
	detail
	detail "| depth, threads |$(printf ' %s |' "$@" | tr - ,)"
	detail "|---|$(printf -- '---|%.0s' "$@")"
	for tool in bare "${HEAP_TOOLS[@]}"; do
		line="| $tool |"
		for shape; do
			if [ "$tool" = bare ]; then
				line+=" $(cell value 1 "heap-$shape/bare") |"
			else
				line+=" $(cell diff 1 "heap-$shape/$tool" "heap-$shape/$(base_of "$tool")") |"
			fi
		done
		detail "$line"
	done
}
heap_over() { # WHAT SHAPE PEER LIMIT: exact's cost as a part of a peer's
	figure over 1 "heap-$2/exact" "heap-$2/bare" "heap-$2/$3" "heap-$2/bare"
	row "$1" "<=" "$4" "of its cost"
}
# The cost of a pair with two threads as a multiple of that with one.
heap_two_threads() { # DEPTH
	local one two
	figure diff 1 "heap-$1-1/exact" "heap-$1-1/bare" && one=$FIG &&
		figure diff 1 "heap-$1-2/exact" "heap-$1-2/bare" && two=$FIG &&
		FIG=$(awk -v a="$two" -v b="$one" 'BEGIN { print (b > 0 ? a / b : "-") }')
	SPREAD=$(awk -v s="$SPREAD" -v b="${one:-1}" 'BEGIN { print (b > 0 ? s / b : "-") }')
	row "exact heap, two threads against one, depth $1" "<=" 1.3 x
}
heap_targets() {
	figure diff 1 heap-20-1/exact heap-20-1/bare
	row "exact heap, malloc/free pair over bare, depth 20" "<=" 70 ns
	figure diff 1 heap-60-1/exact heap-60-1/bare
	row "the same, depth 60" "<=" 150 ns
	figure diff 1 heap-5-1/exact heap-5-1/bare
	row "the same, depth 5" none 0 ns
	heap_over "exact heap against heaptrack's raw preload, depth 20" 20-1 heaptrack-raw 0.2
	heap_over "exact heap against heaptrack's raw preload, depth 60" 60-1 heaptrack-raw 0.2
	heap_over "exact heap against heaptrack as shipped, depth 20" 20-1 heaptrack 0.0333
	heap_over "exact heap against heaptrack as shipped, depth 60" 60-1 heaptrack 0.0333
	heap_two_threads 20
	heap_two_threads 60
}
group_heap() {
	local depth threads shapes=()
	for depth in 5 20 60; do
		for threads in 1 2 4; do
			heap_shape $depth $threads
			shapes+=("$depth-$threads")
		done
	done
	heap_targets
	heap_details "${shapes[@]}"
}

# --- sampled -------------------------------------------------------------------
group_sample() {
	if ! accepts $SAMPLE; then
		row_skip "heap=sample=512K, pair over bare" "<= 3 ns" "this build knows no heap=sample"
		return
	fi
	bench sample
	run bare bare "$PAIRS" 20 1 "$(many 8000000)"
	ours sampled vprof cpu=off:$SAMPLE "$PAIRS" 20 1 "$(many 8000000)"
	ours idle vprof cpu=off:heap=off "$PAIRS" 20 1 "$(many 8000000)"
	if [ -n "$JEMALLOC" ]; then
		peer jemalloc jemalloc "" "$PAIRS" 20 1 "$(many 8000000)"
		peer jemalloc-19 jemalloc prof:true,lg_prof_sample:19 "$PAIRS" 20 1 "$(many 8000000)"
	fi
	rounds $((ROUNDS * 2))
	figure diff 1 sample/sampled sample/bare
	row "heap=sample=512K, pair over bare, depth 20" "<=" 3 ns
	sample_against_jemalloc
	detail
	detail "## Sampled heap, a pair at depth 20"
	detail_table sample 1 ns
}
sample_against_jemalloc() {
	local ours
	figure diff 1 sample/sampled sample/bare
	ours=$FIG
	figure diff 1 sample/jemalloc-19 sample/jemalloc
	row "jemalloc's sampled profiling, pair over its own bare" none 0 ns
	[ "$FIG" = - ] || FIG=$(awk -v a="$ours" -v b="$FIG" 'BEGIN { print a - b }')
	row "heap=sample=512K less jemalloc's own sampling" "<=" 0 ns
}

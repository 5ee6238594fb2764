#!/bin/bash
# heap=sample: estimates hold what they say. 100 runs of a program that knows
# its totals: the 95 % intervals hold the truth, are as wide as theory has them,
# and the estimates lie neither too high nor too low.
. "$(dirname "$0")/../lib.sh"
RUNS=100

# runs DIR SEED: RUNS runs under the library, one line of figures each in DIR/figures
runs() {
	local dir=$1 seed
	mkdir -p "$dir"
	for ((seed = $2; seed < $2 + RUNS; seed++)); do
		timeout -k 5 20 env VPROF_OPTIONS=heap=sample=16384:cpu=off \
			"VPROF_OUT=$dir/$seed.vprof" "LD_PRELOAD=$LIB" \
			"$PROBE/sampled_alloc" "$seed" >"$dir/$seed.truth"
	done
	cat "$dir"/*.truth >"$dir/truths"
	"$REPORT" heap -n 1 --format json "$dir"/*.vprof 2>"$dir/err" |
		jq -c '.[].totals' >"$dir/totals"
	rm -f "$dir"/*.vprof
	# of one amount: inside, half-width / theory's, error in theory's sigmas
	paste -d ' ' "$dir/truths" "$dir/totals" | jq -rs '
		def one($t; $s; $e; $l; $h): [(if $l <= $t and $t <= $h then 1 else 0 end),
			($h - $l) / 2 / (1.96 * $s), ($e - $t) / $s];
		range(0; length; 2) as $i | .[$i] as $t | .[$i + 1] as $r |
		one($t.bytes; $t.sigma; $r.bytes_allocated; $r.bytes_allocated_low; $r.bytes_allocated_high) +
		one($t.live; $t.live_sigma; $r.live_bytes; $r.live_bytes_low; $r.live_bytes_high) +
		[$r.allocs / $t.allocs] | @tsv' >"$dir/figures"
}

# column DIR N: its mean
column() {
	awk -v n="$2" '{ sum += $n } END { printf(NR ? "%.4f" : "none", NR ? sum / NR : 0) }' "$1/figures"
}

# inside DIR N: how many of the runs hold the truth
inside() {
	awk -v n="$2" '{ sum += $n } END { print sum + 0 }' "$1/figures"
}

# Of right intervals one attempt of about 80 holds fewer than 90: that is asked twice.
covered() { # WHAT COLUMN
	local got again
	got=$(inside "$T/first" "$2")
	echo "$1: the truth lies in $got of $RUNS intervals"
	[ "$got" -lt 90 ] || return
	[ -d "$T/again" ] || runs "$T/again" 1001
	again=$(inside "$T/again" "$2")
	echo "$1: in $again of another $RUNS"
	[ "$again" -ge 90 ] || t_bad "$1: the truth lies in $got and $again of $RUNS intervals"
}

runs "$T/first" 1
t_begin "100 runs"
t_equal runs $RUNS "$(wc -l <"$T/first/figures")"
t_done
column=1
for what in allocated live; do
	t_begin "$what bytes: the interval holds the truth"
	covered "$what bytes" $column
	t_done
	t_begin "$what bytes: the interval is as wide as theory has it"
	width=$(column "$T/first" $((column + 1)))
	echo "$what bytes: mean half-width $width of theory's"
	t_near "half-width" 1 "$width" 0.2
	t_done
	t_begin "$what bytes: the estimate has no bias"
	error=$(column "$T/first" $((column + 2)))
	echo "$what bytes: mean error $error sigma of one run (0.1 expected by chance)"
	t_near "mean error" 0 "$error" 0.4
	t_done
	column=$((column + 3))
done
t_begin "the number of blocks has no bias"
blocks=$(column "$T/first" 7)
echo "blocks: $blocks of the truth on average"
t_near "blocks" 1 "$blocks" 0.03
t_done

t_begin "the right site is first, and the text says how sure it is"
t_differential heap=sample=16384:cpu=off "$PROBE/sampled_alloc" 5
if file=$(t_file "$T/vprof"); then
	hot=$(t_json '[.sites[] | {f: [.frames[].function] | map(select(endswith("_site")))[0],
		b: .bytes_allocated}] | group_by(.f) | map({f: .[0].f, b: map(.b) | add}) |
		max_by(.b).f' heap "$file" -n 0)
	t_equal "site with most bytes" hot_site "$hot"
	t_equal "not known" null "$(t_heap "$file" temporary)"
	for command in heap summary leaks; do
		"$REPORT" $command "$file" >"$T/text"
		grep -q 'sample.* mean 16.0 KiB.* [0-9.]* [KMG]iB to [0-9.]* [KMG]iB' "$T/text" ||
			t_bad "$command prints no interval"
	done
else
	t_bad "no ring file"
fi
t_done

t_begin "what is certain has no interval"
t_preload "$T/certain" heap=sample=64:cpu=off "$PROBE/sampled_alloc" 3 64
if file=$(t_file "$T/certain"); then
	t_equal "large blocks" "[null]" "$(t_json '[.sites[] |
		select(any(.frames[]; .function == "large_site")) | .bytes_low] | unique | tostring' \
		heap "$file" -n 0)"
	t_near bytes "$(jq .bytes "$T/certain/out")" "$(t_heap "$file" bytes_allocated)" 100000
else
	t_bad "no ring file"
fi
t_done

for probe in "heap_truth all" "errno_kept" "longjmp_out" "alloc_early_late atexit"; do
	t_begin "the same with and without the library: $probe"
	# shellcheck disable=SC2086
	t_differential heap=sample=512:cpu=off "$PROBE/"$probe
	t_done
done
t_end

#!/bin/bash
# Shapes of memory over time: programs that know theirs. SHAPE_SEEDS=20 for
# every seed of the acceptance, SHAPE_MS for longer runs.
# alone: what memory does over time is told by the clock
. "$(dirname "$0")/../lib.sh"
SEEDS=${SHAPE_SEEDS:-2}
MS=${SHAPE_MS:-2400}

# The programs mostly sleep: all of a seed run at once.
run_seed() {
	local shape
	for shape in none steady spikes baseline sawtooth fill; do
		t_preload "$T/$shape.$1" "tick=40:cpu=off:out=run.vprof" \
			"$PROBE/memory_shapes" $shape "$1" "$MS" &
	done
	wait
}

# judge SHAPE SEED FILTER: the filter over {truth, got} prints nothing, or what
# is wrong
judge() {
	local dir=$T/$1.$2 wrong
	t_begin "$1, seed $2"
	"$REPORT" timeline --format json "$dir/run.vprof" 2>"$dir/report.err" >"$dir/timeline"
	t_equal status 0 "$(cat "$dir/status")"
	[ "$(jq '.points | length' "$dir/timeline")" -ge 20 ] || t_bad "too few points"
	wrong=$(jq -rn --slurpfile t "$dir/out" --slurpfile g "$dir/timeline" "
		def kinds: map(.shape + \" of \" + .of);
		def top: .sites[0].frames | map(.function) | .[1];
		\$t[0] as \$truth | \$g[0].shapes as \$got | (\$got | kinds) as \$kinds | $3")
	[ -z "$wrong" ] || t_bad "$wrong; got $(jq -c '[.shapes[]? | del(.sites)]' "$dir/timeline")"
	t_done
}

for ((seed = 1; seed <= SEEDS; seed++)); do
	run_seed $seed
	for shape in none sawtooth fill; do
		judge $shape $seed 'if $kinds == [] then empty else "nothing is there" end'
	done
	judge steady $seed '
		if $kinds != ["steady of heap"] then "wanted one increase"
		elif ($got[0].bytes_per_s / $truth.bytes_per_s - 1 | fabs) > 0.1
			then "the slope is \($truth.bytes_per_s)"
		elif $got[0].bytes_per_s_low > $got[0].bytes_per_s or $got[0].bytes_per_s_high < $got[0].bytes_per_s
			then "the interval is wrong"
		elif ($got[0] | top) != "append_rows" then "the site is \($got[0] | top)" else empty end'
	judge spikes $seed '
		if $kinds != ["spike of heap", "spike of heap"] then "wanted two spikes"
		else (range(2) as $i | $truth.spikes[$i] as $s |
			if $got[$i].from_ns / 1e6 > $s.t_ms + 150 or $got[$i].to_ns / 1e6 < $s.t_ms - 20
				then "spike \($i) is at \($s.t_ms) ms"
			elif (($got[$i].top_bytes - $got[$i].base_bytes) / $s.bytes - 1 | fabs) > 0.15
				then "spike \($i) has \($s.bytes) bytes"
			elif ($got[$i] | top) != "take_buffer" then "its site is \($got[$i] | top)"
			else empty end)
		end'
	judge baseline $seed '
		if $kinds != ["baseline of heap"] then "wanted a baseline"
		elif $got[0].bytes < $truth.bytes or $got[0].bytes > $truth.bytes + 4e6
			then "it has \($truth.bytes) bytes"
		elif ($got[0] | top) != "load_table" then "the site is \($got[0] | top)" else empty end'
done

t_begin "the words of summary"
"$REPORT" "$T/steady.1/run.vprof" >"$T/words" 2>&1
grep -q '^Shape    steady increase of the heap: [0-9.]* MiB/s (95 %: ' "$T/words" ||
	t_bad "no increase: $(grep ^Shape "$T/words")"
"$REPORT" "$T/spikes.1/run.vprof" >"$T/words" 2>&1
grep -q '^Shape    2 spikes of the heap: ' "$T/words" || t_bad "no spikes: $(grep ^Shape "$T/words")"
"$REPORT" "$T/baseline.1/run.vprof" >"$T/words" 2>&1
grep -q '^Shape    high baseline of the heap: never below [0-9.]* MiB' "$T/words" ||
	t_bad "no baseline: $(grep ^Shape "$T/words")"
"$REPORT" "$T/none.1/run.vprof" >"$T/words" 2>&1
grep -q '^Shape    no steady increase, no spike, no high baseline' "$T/words" ||
	t_bad "not none: $(grep ^Shape "$T/words")"
t_done

t_begin "memory outside the heap is judged too"
t_preload "$T/off" "tick=40:cpu=off:heap=off:out=run.vprof" "$PROBE/memory_shapes" steady 7 "$MS"
t_equal shapes "steady of resident" \
	"$(t_json '.shapes | map(.shape + " of " + .of) | join(" ")' timeline "$T/off/run.vprof")"
t_done
t_begin "a window with few points is not judged"
t_equal shapes null \
	"$("$REPORT" timeline --format json --until 200ms "$T/steady.1/run.vprof" | jq .shapes)"
t_done
t_end

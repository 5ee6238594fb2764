#!/bin/bash
# The delay that arrivals see, reckoned from a loop's histogram alone, against that of
# events that come at Poisson times to iterations which the program timed itself.
# alone: it holds percentiles of times to 3 %
. "$(dirname "$0")/../lib.sh"

# reckoned MEMBER: of the loop that polled
reckoned() {
	jq -r ".loops[] | select(.kind == \"poll\") | $1" "$T/loop.json"
}
# near NAME SEEN RECKONED: within 3 %
near() {
	local most=$(($2 * 3 / 100))
	t_near "$1" "$2" "${3:-0}" $((most > 20000 ? most : 20000))
}

for seed in 1 2 3; do
	t_begin "what arrivals wait, seed $seed"
	t_preload "$T/run$seed" "heap=off" "$PROBE/arrivals" 8000 $seed
	read -r p50 p99 p999 events iterations <"$T/run$seed/out"
	"$REPORT" loop --format json "$(t_file "$T/run$seed")" >"$T/loop.json" 2>"$T/err" ||
		t_bad "$(head -1 "$T/err")"
	[ "${events:-0}" -gt 500000 ] || t_bad "$events events"
	near p50 "$p50" "$(reckoned .arrival_delay.p50_ns)"
	near p99 "$p99" "$(reckoned .arrival_delay.p99_ns)"
	near p99.9 "$p999" "$(reckoned .arrival_delay.p999_ns)"
	t_near iterations "$iterations" "$(reckoned .iterations)" 20
	# Percentiles of iterations are another thing: what makes the comparison fail.
	unit=$(reckoned .p50_ns)
	[ $((unit - p50)) -gt $((p50 * 3 / 100)) ] || t_bad "p50 of iterations, $unit, would do as well"
	unit=$(reckoned .p9999_ns)
	[ "$unit" -ge 20000000 ] || t_bad "the long iterations are not in the histogram: $unit"
	t_done
done
t_end

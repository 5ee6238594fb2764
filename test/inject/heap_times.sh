#!/bin/bash
# heap --since --until and --label against what the program counted itself in that time
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/heap_phases

# around PHASE: the window from a quarter of a second before its mark to one after it
around() {
	local at
	at=$(t_json ".marks[] | select(.name == \"$1\") | .first_ns / 1e6 | floor" marks "$file")
	echo --since $((at - 250))ms --until $((at + 250))ms
}
# check PHASE: by label, in heap and in labels, and both symbols together
check() {
	local symbol member
	for symbol in SOL BTC; do
		for member in allocs bytes_allocated frees temporary live_bytes; do
			# shellcheck disable=SC2046
			t_equal "$member of $symbol in $1" "$(jq ".\"$1 $symbol\".$member" "$T/run/out")" \
				"$(t_json ".totals.$member" heap "$file" $(around "$1") --label symbol=$symbol)"
		done
		# shellcheck disable=SC2046
		t_equal "labels: bytes of $symbol in $1" "$(jq ".\"$1 $symbol\".bytes_allocated" "$T/run/out")" \
			"$(t_json ".labels[] | select(.label == \"symbol=$symbol\") | .heap.bytes_allocated" labels "$file" $(around "$1"))"
	done
	# shellcheck disable=SC2046
	t_equal "bytes cut by the ends of $1" 0 "$(t_json .window.cut_bytes heap "$file" $(around "$1") --label 'symbol=*')"
}

t_begin "the heap by range and label is what the program counted"
t_preload "$T/run" "" "$probe"
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
for phase in one two three; do
	check $phase
done
for symbol in SOL BTC; do
	t_equal "peak of $symbol" "$(jq ".\"peak $symbol\"" "$T/run/out")" \
		"$(t_json ".labels[] | select(.label == \"symbol=$symbol\") | .heap.peak_bytes" labels "$file")"
	t_equal "peak of heap --label symbol=$symbol" "$(jq ".\"peak $symbol\"" "$T/run/out")" \
		"$(t_json '[.sites[].peak_bytes] | add' heap "$file" -n 0 --label "symbol=$symbol")"
done
t_equal "the whole run as a window" "$(t_json .totals.bytes_allocated heap "$file")" \
	"$(t_json .totals.bytes_allocated heap "$file" --since 0)"
t_equal "nothing happens between two phases" 0 \
	"$(t_json .totals.allocs heap "$file" --label 'symbol=*' --since "$(t_json '.marks[] | select(.name == "one") | .first_ns / 1e6 + 400 | floor' marks "$file")ms" \
		--until "$(t_json '.marks[] | select(.name == "two") | .first_ns / 1e6 - 400 | floor' marks "$file")ms")"
t_done

t_begin "a record with little room merges readings and loses none of it"
rm -rf "$T/run"
t_preload "$T/run" size=1M:tick=10 "$probe" 60
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
[ "$(t_json .window.step_ns heap "$file" --since 0)" -gt 10000000 ] || t_bad "nothing was merged: this tests nothing"
for member in allocs bytes_allocated frees temporary; do
	t_equal "$member of the whole run" "$(t_json .totals.$member heap "$file")" \
		"$(t_json .totals.$member heap "$file" --since 0)"
done
t_done

t_begin "what no window can tell is refused or said"
"$REPORT" heap "$file" --kind resident --since 1 >"$T/out" 2>"$T/err"
t_equal status 1 $?
"$REPORT" heap "$file" --sort peak --since 1 >"$T/out" 2>"$T/err"
grep -q "known of the whole run only" "$T/err" || t_bad "$(cat "$T/err")"
t_done

t_end

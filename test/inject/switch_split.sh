#!/bin/bash
# A thread that switches more than 5,000 times a second is sampled a small part of the time, and
# its CPU time is told right nevertheless: 70:20:10 within four standard deviations of what so few
# samples allow, and as much in all as its own clock says.  When it switches no more, it is
# sampled and watched like any other.
# alone: whether a thread is on a CPU often enough is up to its rivals
. "$(dirname "$0")/../lib.sh"

SECONDS_SPLIT=8
file= # of t_record
# room PERCENT SAMPLES: four standard deviations of a share
room() {
	awk -v p="$1" -v n="$2" 'BEGIN { print 400 * sqrt(p / 100 * (1 - p / 100) / (n + !n)) }'
}
flat() { # JQ FILTER
	jq "$1" "$T/flat.json"
}
# part FUNCTION: what the report says it got, with what it calls: the kernel's interrupts
part() {
	flat "[.functions[] | select(.function == \"$1\") | .total_ns] | add // 0"
}

# split OPTIONS: records the probe; its shares, and what it was sampled
split() {
	local one
	t_record "$1" "$PROBE/switch_split" $SECONDS_SPLIT || return
	"$REPORT" flat "$file" --format json -n 0 >"$T/flat.json" 2>"$T/report.err"
	truth=$(cat "$T/run/out")
	all='.burn_seventy + .burn_twenty + .burn_ten'
	clock=$(jq "$all" <<<"$truth")
	samples=$(flat '[.functions[] | select(.function | test("^burn_(seventy|twenty|ten)$")) | .samples] | add // 0')
	got=$(($(part burn_seventy) + $(part burn_twenty) + $(part burn_ten)))
	for one in burn_seventy burn_twenty burn_ten; do
		share=$(jq ".$one * 100 / ($all)" <<<"$truth")
		t_near "$one, percent" "$share" "$(awk -v a="$(part $one)" -v b=$got 'BEGIN { print a * 100 / (b + !b) }')" \
			"$(room "$share" "$samples")"
	done
	t_near "all three, percent of their clock" 100 "$(awk -v a=$got -v b="$clock" 'BEGIN { print a * 100 / b }')" 25
	# One in eight of the samples of another thread, and enough to tell something.
	[ "$samples" -lt $((clock / 8000000)) ] || t_bad "$samples samples: it was sampled all the time"
	[ "$samples" -gt 50 ] || t_bad "$samples samples"
	"$REPORT" info "$file" >"$T/info"
	grep -q '^lost.* switching .* sampled a fiftieth' "$T/info" || t_bad "info: $(grep '^lost' "$T/info")"
	t_equal "samples lost" 0 "$(t_json '.lost.samples // 0' info "$file")"
}
calmly() {
	calm=$(jq .burn_calmly <<<"$truth")
	t_near "burn_calmly, percent of its clock" 100 "$(awk -v a="$(part burn_calmly)" -v b="$calm" 'BEGIN { print a * 100 / b }')" 15
	# A second and a half in windows, and the rest as others.
	samples=$(flat '[.functions[] | select(.function == "burn_calmly") | .samples] | add // 0')
	[ "$samples" -gt $((calm / 16000000)) ] || t_bad "$samples samples in $calm ns"
}

t_begin "70:20:10 in a thread that switches all the time"
split heap=off
t_done

# The control: were the first and the last exchanged, it would be seen.
t_begin "another split is told from it"
share=$(jq ".burn_ten * 100 / ($all)" <<<"$truth")
t_near "exchanged" "$share" "$(awk -v a="$(part burn_seventy)" -v b=$got 'BEGIN { print a * 100 / (b + !b) }')" \
	"$(room "$share" "$samples")"
if [ -n "$t_bad" ]; then t_ok; else t_fail "70 passed for 10"; fi

t_begin "and is like any other when it switches no more"
calmly
t_equal "its switches are recorded again" true \
	"$(t_json '[.threads[] | select(.books != null) | .books.layers | index("switches")] | any' threads "$file")"
t_done
# Nobody records its switches then: it is the kernel's counts that tell.
t_begin "the same with waits=off"
split heap=off:waits=off
calmly
t_done

# The user page costs a thread as much at each switch as a sample's clock would.
t_begin "with cpu=off it has no user page while it switches, and again when it does not"
rm -rf "$T/run" && mkdir "$T/run"
(cd "$T/run" && exec env VPROF_OPTIONS=cpu=off:heap=off "LD_PRELOAD=$LIB" "$PROBE/switch_split" 4 >out 2>err) &
pid=$!
t_pids=$pid
pages=()
while maps=$(cat "/proc/$pid/maps" 2>/dev/null) && [ -n "$maps" ]; do
	pages+=("$(grep -c 'anon_inode:\[perf_event\]' <<<"$maps")")
	sleep 0.2
done
wait $pid
t_equal status 0 $?
t_pids=
t_equal "pages after 3 s, of ${pages[*]}" 0 "${pages[15]-ended}"
printf '%s\n' "${pages[@]:15}" | grep -q '^[1-9]' || t_bad "no page came back: ${pages[*]}"
t_done
t_end

#!/bin/bash
# Waits for locks are reported as long as the waiter itself measured, within 5 %
# or 50 us a wait, at the line that waited, and nothing else is. (mutex_kinds.sh: locks
# mean what they mean without the library.)
# alone: it holds waits to 50 us
. "$(dirname "$0")/../lib.sh"

# one_case JSON-LINE LOCKS: a line of the probe against the paths of that name.
one_case() {
	local name kind line waits timeouts ns got
	read -r name kind line waits timeouts ns < <(jq -r \
		'"\(.case) \(.kind) \(.line) \(.waits) \(.timeouts) \(.wait_ns)"' <<<"$1")
	got=$(jq -r --arg name "$name" --arg kind "$kind" '[.locks[] | select(.kind == $kind) | .paths[]
		| select(.frames[0].function == $name)]
		| "\(map(.waits) | add // 0) \(map(.timeouts) | add // 0) \(map(.wait_ns) | add // 0) " +
		  "\(map(.frames[0].line) | unique | join(","))"' "$2")
	# shellcheck disable=SC2086
	set -- $got
	t_equal "$name: waits" "$waits" "$1"
	t_equal "$name: timeouts" "$timeouts" "$2"
	t_equal "$name: line" "$line" "${4-}"
	t_near "$name: time, ns" "$ns" "$3" "$(awk -v ns="$ns" -v n="$waits" \
		'BEGIN { a = ns * 0.05; b = n * 50000; print int(a > b ? a : b) }')"
}

truth() { # NAME OPTIONS
	local file line
	t_begin "$1"
	rm -rf "$T/run"
	t_preload "$T/run" "$2" "$PROBE/lock_truth"
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run") || { t_bad "no ring file"; t_done; return; }
	"$REPORT" locks "$file" --format json >"$T/locks.json" 2>"$T/report.err" ||
		t_bad "locks failed: $(head -1 "$T/report.err")"
	t_equal "lines of the probe" 19 "$(wc -l <"$T/run/out")"
	while read -r line; do
		one_case "$line" "$T/locks.json"
	done <"$T/run/out"
	# nothing but what the probe announced, the writer in its way, and the semaphores of its set-up
	t_equal "waits of others" "" "$(jq -r --slurpfile truth "$T/run/out" \
		'[.locks[] | select(.kind != "sem").paths[].frames[0].function] | unique
		 - ($truth | map(.case)) - ["write_first"] | join(" ")' "$T/locks.json")"
	t_done
}
truth "truth" ""
truth "truth, timer engine, 1000 Hz" engine=timer:cpu=1000
truth "truth, without heap and CPU" heap=off:cpu=off

t_begin "names of variables"
for name in truth_mutex truth_rwlock truth_cond writers_first; do
	jq -e --arg name "$name" '.locks[] | select(.name == $name) | .module | endswith("/lock_truth")' \
		"$T/locks.json" >/dev/null || t_bad "no $name"
done
t_done

t_begin "columns of threads are the sum of mutexes and rwlocks"
file=$(t_file "$T/run")
t_equal waits "$(jq .totals.lock_waits "$T/locks.json")" \
	"$(t_json '[.threads[].lock_waits] | add' threads "$file")"
t_equal ns "$(jq .totals.lock_wait_ns "$T/locks.json")" \
	"$(t_json '[.threads[].lock_wait_ns] | add' threads "$file")"
t_equal "other waits" "$(jq '.totals.cond_wait_ns + .totals.join_wait_ns' "$T/locks.json")" \
	"$(t_json '[.threads[].idle_wait_ns] | add' threads "$file")"
"$REPORT" summary "$file" 2>/dev/null | grep -q 'for mutexes and rwlocks' ||
	t_bad "summary does not mention them"
t_done

t_begin "events of the whole run are the table"
t_equal waits "$(jq '[.locks[].waits] | add' "$T/locks.json")" \
	"$(t_json '[.locks[].waits] | add' locks "$file" --since 0)"
t_equal ns "$(jq '[.locks[].wait_ns] | add' "$T/locks.json")" \
	"$(t_json '[.locks[].wait_ns] | add' locks "$file" --since 0)"
t_done

t_begin "waits under way when the process ends"
rm -rf "$T/run"
t_preload "$T/run" "" "$PROBE/lock_truth" exit
t_equal status 0 "$(cat "$T/run/status")"
for name in wait_mutex wait_cond; do
	t_near "$name, ms" 60 "$(t_json "[.locks[].paths[] | select(.frames[0].function == \"$name\")
		| .wait_ns] | add // 0 | . / 1000000" locks "$(t_file "$T/run")")" 25
done
t_done

t_begin "locks=off"
rm -rf "$T/run"
t_preload "$T/run" locks=off "$PROBE/lock_truth" exit
t_equal status 0 "$(cat "$T/run/status")"
t_equal waits 0 "$(t_json '.locks | length' locks "$(t_file "$T/run")")"
t_done

t_end

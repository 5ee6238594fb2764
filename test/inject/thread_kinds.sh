#!/bin/bash
# No thread's CPU time is lost: not that of threads too short to be sampled, not
# that of threads that libc knows nothing of, not where descriptors run short.
# alone: it holds CPU time of short threads to 10 %
. "$(dirname "$0")/../lib.sh"

# covered FUNCTION PERCENT: time at and below it against what the program says
covered() {
	local file got truth
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run") || { t_bad "no ring file"; return; }
	truth=$(cat "$T/run/out")
	got=$(t_json "[.functions[] | select(.function == \"$1\") | .total_ns] | add // 0" \
		flat "$file" -n 0)
	t_near "$1 against its clock, percent" 100 "$(jq -n "$got * 100 / ${truth:-1}")" "$2"
}
lost() {
	t_json .lost.thread_events info "$(t_file "$T/run")"
}
run() { # NAME ARGS...
	t_begin "$1"
	shift
	rm -rf "$T/run"
	t_preload "$T/run" cpu=250:heap=off "$PROBE/thread_kinds" "$@"
}

run "threads shorter than a sample" short 400
covered short_thread 10
t_done

run "a thread made by a bare clone" raw
covered raw_thread 15
t_done

run "as many threads as there are descriptors, and more" many 150
covered long_thread 10
t_equal "threads without samples are counted" true "$(jq -n "$(lost) > 0")"
t_done

t_begin "threads that find no row are counted together"
rm -rf "$T/run"
t_preload "$T/run" size=1M:cpu=off "$PROBE/thread_kinds" short 1200
t_equal status 0 "$(cat "$T/run/status")"
if file=$(t_file "$T/run"); then
	[ "$(t_json .lost.threads info "$file")" -gt 0 ] || t_bad "all have rows"
	t_equal "allocs of all threads" "$(t_json .totals.allocs heap "$file")" \
		"$(t_json '[.threads[].allocs] | add' threads "$file")"
	t_equal "rows of others" 1 "$(t_json '[.threads[] | select(.state == "others")] | length' \
		threads "$file")"
else
	t_bad "no ring file"
fi
t_done

if t_is_root && t_need setpriv; then
	t_begin "unprivileged: threads are sampled"
	rm -rf "$T/run"
	mkdir -p "$T/run" && chmod 755 "$T" && chown 65534 "$T/run"
	t_run "$T/run" setpriv --reuid=65534 --clear-groups env VPROF_OPTIONS=cpu=250:heap=off \
		"LD_PRELOAD=$LIB" "$PROBE/thread_kinds" raw
	t_equal "threads without samples" 0 "$(lost)"
	covered raw_thread 40 # the rest is [kernel]
	t_done
fi
t_end

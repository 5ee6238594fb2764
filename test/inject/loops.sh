#!/bin/bash
# Loops are found, whatever they wait in, and what the library says of each is what the loop
# itself counted: iterations, events and bytes exactly, busy and idle time nearly.
# alone: it holds busy and idle time to 2 %
. "$(dirname "$0")/../lib.sh"

# compare DIR [THREAD...]: the ring file of DIR against what the probe said there.
compare() {
	local file said dir=$1
	shift
	file=$(t_file "$dir") || { t_bad "no ring file"; return; }
	said=$($PYTHON "$TOP/test/loop_rows.py" "$file" "$dir/out" "$@" 2>&1) ||
		t_bad "$(echo "$said" | head -8 | tr '\n' ';')"
}

# thrice COMMAND [ARG...]: what a hypervisor takes from the machine between the probe's look
# at the clock and the library's is in one account and not in the other: three in a row would
# be a fault.
thrice() {
	for _ in 1 2 3; do
		t_bad=
		"$@"
		[ -z "$t_bad" ] && break
	done
}
run_compared() { # OPTIONS PROBE [ARG...]
	rm -rf "$T/run"
	t_preload "$T/run" "$1" "$PROBE/$2" "${@:3}"
	t_equal status 0 "$(cat "$T/run/status")"
	compare "$T/run"
}
probe() { # CASE OPTIONS PROBE [ARG...]
	t_begin "$1"
	thrice run_compared "${@:2}"
	t_done
}
probe "all the ways to wait" "" loop_truth
probe "with the timer engine" engine=timer loop_truth epoll cond recv nanosleep
probe "without heap and CPU, a small record" heap=off:cpu=off:size=1M loop_truth epoll cond read

# Without the kernel's page that tells whether a thread has slept, times tell.
refused() {
	rm -rf "$T/run"
	t_run "$T/run" env REFUSED_PRELOAD="$LIB" "$PROBE/refused" 1 298 "$PROBE/loop_truth"
	t_equal status 0 "$(cat "$T/run/status")"
	compare "$T/run"
}
t_begin "perf refused"
thrice refused
t_done
as_nobody() {
	rm -rf "$T/run"
	mkdir -m 777 "$T/run"
	chmod 755 "$T"
	t_run "$T/run" setpriv --reuid=65534 --regid=65534 --clear-groups env LD_PRELOAD="$LIB" \
		"$PROBE/loop_truth" epoll pwait2 recvmmsg cond futex busy
	t_equal status 0 "$(cat "$T/run/status")"
	compare "$T/run"
}
t_begin "as nobody"
if ! t_is_root; then
	t_skip "only root becomes nobody"
elif t_need setpriv; then
	thrice as_nobody
	t_done
fi
probe "libuv" "" loop_uv
probe "libuv that polls twice" "" loop_uv idle
read -r wall idle < <(jq -r 'select(.wall_ns) | "\(.wall_ns) \(.uv_idle_ns)"' "$T/run/out")
t_begin "libuv's own idle time, to a point of its share"
t_near "idle time" "$idle" "$($PYTHON "$TOP/test/loop_rows.py" "$(t_file "$T/run")" |
	jq 'select(.thread == "uv") | .idle_ns')" $((wall / 100))
t_done
probe "libev" "" loop_ev
probe "GLib, a loop within an iteration" "" loop_glib
probe "curl within a callback" "" loop_curl
t_begin "io_uring"
t_preload "$T/uring" "" "$PROBE/loop_uring"
if grep -q refused "$T/uring/out"; then
	t_skip "no io_uring here"
else
	compare "$T/uring"
	t_done
fi

parent_and_child() {
	local thread
	rm -rf "$T/fork" "$T/parent" "$T/child"
	t_preload "$T/fork" "" "$PROBE/loop_life" fork
	for thread in parent child; do
		mkdir -p "$T/$thread"
		cp "$T/fork/out" "$T/$thread/"
	done
	# shellcheck disable=SC2046
	set -- $(t_files "$T/fork" | sort -t. -k2n)
	t_equal "records" 2 $#
	mv "$1" "$T/parent/" && mv "$2" "$T/child/"
	compare "$T/parent" parent
	compare "$T/child" child
}
t_begin "a forked child's loop is its own"
thrice parent_and_child
t_done
probe "a pause is no iteration" "" loop_life pause
probe "jumps out of iterations" "" loop_life jump
probe "one loop after the other" "" loop_life after
probe "a wait within, found first" "" loop_life inner
probe "waits on stacks of their own" "" loop_life fibers

# Of most of them nobody looks at the clock: as many, and the slow ones, all the same.
short_turns() { # LIMIT_MS
	local row sites
	rm -rf "$T/short"
	t_preload "$T/short" "" "$PROBE/loop_life" short "$1"
	file=$(t_file "$T/short") || { t_bad "no ring file"; return; }
	row=$($PYTHON "$TOP/test/loop_rows.py" "$file")
	sites=$("$REPORT" waits "$file" --format json -n 0)
	t_equal "iterations, and in the histogram" "300100 300100 300101" \
		"$(jq -r '"\(.iterations) \(.in_histogram) \(.events)"' <<<"$row")"
	t_equal "most of the waits were not timed" true \
		"$(jq '[.sites[].untimed] | max > 200000' <<<"$sites")"
	t_near "its time" "$(jq .wall_ns "$T/short/out")" "$(jq '.busy_ns + .idle_ns' <<<"$row")" \
		"$(jq '.wall_ns / 50 | floor' "$T/short/out")"
	t_equal "the slow ones, each with its length" true \
		"$(jq '.over_2ms >= 5 and .max_ns >= 2990000' <<<"$row")"
	# More where it was made to wait for the CPU in the wait.
	[ "$1" = 0 ] || t_equal "what it slept is no part of them" true \
		"$(jq --argjson slept "$(jq .slept_ns "$T/short/out")" '.idle_ns >= $slept * 0.98' <<<"$row")"
}
t_begin "turns of less than a microsecond, killed"
thrice short_turns 0
t_done
t_begin "the same, and the wait may sleep"
thrice short_turns 1000
t_done

t_begin "a file is no loop"
t_record "" "$PROBE/loop_life" file && t_equal loops "" "$($PYTHON "$TOP/test/loop_rows.py" "$file")"
t_done
t_begin "kill -9 loses no iteration"
t_preload "$T/kill" "" "$PROBE/loop_life" kill
t_equal status 137 "$(cat "$T/kill/status")"
compare "$T/kill"
t_done
t_begin "loop=off, waits=off"
for options in loop=off waits=off; do
	t_record $options "$PROBE/loop_truth" epoll &&
		t_equal "$options: loops" "" "$($PYTHON "$TOP/test/loop_rows.py" "$file")"
done
t_done
t_end

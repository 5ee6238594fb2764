#!/bin/bash
# `waits` on what a program leaves: when it ends, when it is killed in a call, while it runs,
# when its file was cut, of a process and its child, and of one that recorded no calls.
. "$(dirname "$0")/../lib.sh"

# site KIND FIELD FILE OPTION...: of all sites of that function
site() {
	local kind=$1 field=$2
	shift 2
	t_json "[.sites[] | select(.kind == \"$kind\") | .$field] | add // 0" waits "$@"
}

# says LINE TIMES FILE OPTION...: what the program measured is what the record has
says() {
	local line=$1 times=$2 kind least most got
	shift 2
	t_equal "calls of read" $((5 * times)) "$(site read calls "$@")"
	t_equal "bytes read" $((5 * times)) "$(site read bytes "$@")"
	t_equal "calls of nanosleep" $((2 * times)) "$(site nanosleep calls "$@")"
	t_equal "calls of poll" "$times" "$(site poll calls "$@")"
	# Between its look at the clock and the call a busy machine may take its time.
	for kind in read:1 nanosleep:60 poll:40; do
		least=$((${kind#*:} * times * 1000000)) kind=${kind%:*}
		most=$(jq -s "[.[].$kind] | add * 1.005 | floor" <<<"$line")
		got=$(site $kind wait_ns "$@")
		[ "$got" -ge "$least" ] && [ "$got" -le "$most" ] ||
			t_bad "$kind waited $got ns, not $least to $most"
	done
	[ "$(site read blocked_ns "$@")" = "$(site read wait_ns "$@")" ] || t_bad "read is not blocked"
	[ "$(site nanosleep paced_ns "$@")" = "$(site nanosleep wait_ns "$@")" ] ||
		t_bad "nanosleep is not paced"
	[ "$(site poll idle_ns "$@")" = "$(site poll wait_ns "$@")" ] || t_bad "poll is not idle"
	t_equal function read_ticks \
		"$(t_json 'first(.sites[] | select(.kind == "read")).frames[0].function' waits "$@")"
}

t_begin "a program that ends"
if t_record "" "$PROBE/waits_record" once; then
	says "$(cat "$T/run/out")" 1 "$file"
	"$REPORT" waits "$file" >"$T/table"
	! grep -q nanosleep "$T/table" || t_bad "pauses are in the table"
	"$REPORT" waits --idle "$file" | grep -q nanosleep || t_bad "--idle has no pauses"
	"$REPORT" waits --until 0 "$file" 2>"$T/err" && t_bad "an empty window"
	t_equal "lines about it" 1 "$(wc -l <"$T/err")"
	t_equal "calls in a window" 5 "$(site read calls "$file" --since 0.001)"
fi
t_done

t_begin "a process and its child"
rm -rf "$T/run"
t_preload "$T/run" "" "$PROBE/waits_record" fork
mapfile -t files < <(t_files "$T/run")
t_equal records 2 ${#files[@]}
says "$(cat "$T/run/out")" 2 "${files[@]}" --tree
t_done

t_begin "a table of calls that is full"
t_run "$T/bare" "$PROBE/many_waiters" 300
if t_record leakscan=off "$PROBE/many_waiters" 300; then
	all=$(t_json .totals.calls waits "$file")
	t_equal "calls without a row" 0 "$(t_json .totals.lost_calls waits "$file")"
	t_record size=2M:cpu=off:leakscan=off "$PROBE/many_waiters" 300
	t_same "$T/bare" "$T/run"
	lost=$(t_json .totals.lost_calls waits "$file")
	[ "$lost" -gt 300 ] || t_bad "$lost calls have no row"
	t_equal "calls, with and without a row" "$all" $((lost + $(t_json .totals.calls waits "$file")))
	"$REPORT" waits "$file" >"$T/table" 2>"$T/err"
	grep -q '^   kept from work: at least ' "$T/table" || t_bad "it says $(grep kept "$T/table")"
	grep -q 'the call table was full' "$T/err" || t_bad "nothing says that it was full"
	for budget in 'blocked(read).time>10h' 'blocked(read)>0'; do
		"$REPORT" check --fail-if "$budget" "$file" >"$T/said" 2>&1
		t_equal "status of $budget" 2 $?
	done
fi
t_done

t_begin "no calls recorded"
if t_record waits=off "$PROBE/waits_record" once; then
	"$REPORT" waits "$file" >"$T/table" 2>"$T/err" || t_bad "status $?"
	t_equal "lines about it" 1 "$(wc -l <"$T/err")"
	grep -q waits=off "$T/err" || t_bad "it says: $(cat "$T/err")"
fi
t_done

# start HOW WORD: the probe under the library, until it says so
start() {
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec env "LD_PRELOAD=$LIB" "$PROBE/waits_record" "$1" >out 2>err) &
	pid=$!
	t_pids=$pid
	for ((i = 0; i < 300; i++)); do
		! grep -qs "$2" "$T/run/out" || break
		sleep 0.1
	done
}

t_begin "killed in a call"
start stay poll
file=$(t_file "$T/run") || t_bad "no ring file"
sleep 0.3
says "$(cat "$T/run/out")" 1 "$file" # while it runs
kill -9 $pid
wait $pid 2>/dev/null
t_pids=
says "$(cat "$T/run/out")" 1 "$file"
t_done

t_begin "a file that was cut"
bytes=$(stat -c %s "$file")
for ((at = 65536; at < bytes; at += bytes / 12)); do
	head -c "$at" "$file" >"$T/cut.vprof"
	"$REPORT" waits "$T/cut.vprof" >"$T/table" 2>"$T/err"
	case $? in
	0) ;;
	2) t_equal "lines about $at bytes" 1 "$(grep -vc 'symbols\|debug' "$T/err")" ;;
	*) t_bad "$at bytes: $(head -c 200 "$T/err")" ;;
	esac
done
t_done
t_end

#!/bin/bash
# kill -9 in mid-run: every command works on the file, and the totals are what
# the program had said of itself up to its last step.
. "$(dirname "$0")/../lib.sh"

killed() { # NAME OPTIONS SECONDS
	local file step last got next key pid i
	t_begin "$1"
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec env "VPROF_OPTIONS=$2" "LD_PRELOAD=$LIB" \
		"$PROBE/step_counter" >out 2>err) &
	pid=$!
	t_pids=$pid
	sleep "$3"
	for ((i = 0; i < 200; i++)); do # a busy machine may not have let it begin
		[ "$(wc -l <"$T/run/out")" -le 11 ] || break
		sleep 0.1
	done
	kill -9 $pid
	wait $pid 2>/dev/null
	t_pids=
	file=$(t_file "$T/run") || { t_bad "no ring file"; t_done; return; }
	last=$(grep '}$' "$T/run/out" | tail -n 1)
	step=$(jq '.allocs / 50' <<<"$last")
	[ "${step:-0}" -gt 10 ] || t_bad "it made only $step steps"
	# The kill comes anywhere: between the line it printed and the next one
	# up to a step more may have happened.
	for key in allocs frees bytes_allocated; do
		got=$(t_heap "$file" $key)
		next=$(jq ".$key / $step * ($step + 1)" <<<"$last")
		awk -v g="$got" -v a="$(jq ".$key" <<<"$last")" -v b="$next" \
			'BEGIN { exit !(g != "" && g >= a && g <= b) }' ||
			t_bad "$key: $got is not between $(jq ".$key" <<<"$last") and $next"
	done
	got=$(t_heap "$file" live_blocks)
	t_equal "allocs - frees" "$got" $(($(t_heap "$file" allocs) - $(t_heap "$file" frees)))
	[ "$(t_json .totals.samples flat "$file")" -gt 0 ] || t_bad "no CPU samples survived"
	for command in summary flat tree "callers burn_ms" "callees main" heap leaks timeline threads info; do
		# shellcheck disable=SC2086
		set -- $command
		"$REPORT" "$1" ${2:+"$2"} "$file" >"$T/answer" 2>"$T/answer.err" ||
			t_bad "$1: status $?, $(head -1 "$T/answer.err")"
		[ -s "$T/answer" ] || t_bad "$1 printed nothing"
	done
	t_done
}
killed "after 2 s" "" 2
killed "after 0.5 s, timer engine" engine=timer:tick=10 0.5
killed "after 1.3 s, no CPU history to speak of" cpu=1000:size=1M 1.3

# Killed at any moment, also while it starts: a file is readable or says in
# one line why not; nothing crashes.
t_begin "killed within the first 60 ms, 25 times"
for ((i = 0; i < 25; i++)); do
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec env "LD_PRELOAD=$LIB" "$PROBE/step_counter" >out 2>err) &
	pid=$!
	sleep "0.0$((RANDOM % 60))"
	kill -9 $pid
	wait $pid 2>/dev/null
	for file in $(t_files "$T/run"); do
		"$REPORT" summary "$file" >"$T/answer" 2>"$T/answer.err"
		status=$?
		case $status in
		0) ;;
		2) t_equal "lines on stderr" 1 "$(wc -l <"$T/answer.err")" ;;
		*) t_bad "summary ended with $status" ;;
		esac
	done
done
t_done
t_end

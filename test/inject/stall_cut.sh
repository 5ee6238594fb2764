#!/bin/bash
# A stall that has not ended is in the record: while it lasts, after kill -9 in the middle of it,
# and in what is left of a file that was cut.
. "$(dirname "$0")/../lib.sh"

# stall FILE: class, function and call of its longest stall
stall() {
	t_json '[.loops[].stalls[]] | max_by(.duration_ns) | "\(.class) \(.function) \(.call)"' loop "$1"
}
wanted="blocked never_comes read"

t_begin "a program in which nothing stalls"
if t_record stall=10 "$PROBE/waits_record" once; then
	t_equal stalls 0 "$(t_json '[.loops[].stalls[]] | length' loop "$file")"
fi
t_done
rm -rf "$T/run"

# What the profiler does then is no stall of the program.
t_begin "the end of the process within an iteration"
if t_record stall=10 "$PROBE/waits_record" exit; then
	t_equal "stalls that wait" "nanosleep true" "$(t_json '[.loops[].stalls[] | select(.call != null) | "\(.call) \(.over)"]
		| join(",")' loop "$file")"
fi
t_done
rm -rf "$T/run"

t_begin "while it lasts"
mkdir "$T/run"
(cd "$T/run" && exec env "LD_PRELOAD=$LIB" VPROF_OPTIONS=stall=10 "$PROBE/waits_record" loop >out 2>err) &
pid=$!
t_pids=$pid
for ((i = 0; i < 300; i++)); do
	! grep -qs stalled "$T/run/out" || break
	sleep 0.1
done
file=$(t_file "$T/run") || t_bad "no ring file"
for ((i = 0; i < 100; i++)); do
	[ "$(stall "$file")" != "$wanted" ] || break
	sleep 0.1
done
cp --sparse=always "$file" "$T/mid.vprof"
t_equal "the live record's" "$wanted" "$(stall "$file")"
t_equal "its copy's" "$wanted" "$(stall "$T/mid.vprof")"
t_equal "caught while it lasted" true \
	"$(t_json '[.loops[].stalls[]] | max_by(.duration_ns).caught_live' loop "$T/mid.vprof")"
t_done

t_begin "killed in the middle of it"
kill -9 $pid
wait $pid 2>/dev/null
t_pids=
t_equal "the stall" "$wanted" "$(stall "$file")"
[ "$(t_json '[.loops[].stalls[].duration_ns] | max' loop "$file")" -gt 100000000 ] ||
	t_bad "it was short: $(t_json '[.loops[].stalls[].duration_ns] | max' loop "$file")"
t_done

# The file of a killed process is as long as was reserved, and mostly a hole.
t_begin "a file that was cut"
damaged=0
for ((at = 65536; at <= 24 * 65536; at += 65536)); do
	head -c "$at" "$file" >"$T/cut.vprof"
	"$REPORT" loop "$T/cut.vprof" >"$T/table" 2>"$T/err"
	status=$?
	[ "$(stall "$T/cut.vprof")" = "$wanted" ] && shown=1 || shown=0
	case $status in
	0) [ $shown = 1 ] || t_bad "cut at $at, which costs nothing, and no stall" ;;
	2)
		grep -q "cut.vprof: " "$T/err" || t_bad "cut at $at, and nothing is said"
		damaged=$((damaged + shown))
		;;
	*) t_bad "cut at $at: status $status" ;;
	esac
done
[ $damaged -gt 0 ] || t_bad "no file that lost something shows the stall"
t_done
t_end

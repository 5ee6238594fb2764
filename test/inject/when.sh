#!/bin/bash
# When is recorded: start=paused, delay=, duration= and ctl set, with phases whose blocks and
# functions are known; what children inherit; the last point of the timeline; what of the
# arguments comes into the file.
# alone: phases are told by their time
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/when
# cpu_ms FUNCTION FILE
cpu_ms() {
	t_json "[.functions[] | select(.function == \"$1\") | .total_ns] | add // 0 | . / 1e6 | floor" flat "$2"
}
# window FROM TO: the one span in which was recorded, in tenths of seconds
window() {
	local got
	got=$(t_json '[.run.windows[] | .from_ns, .to_ns] | map(. / 1e8 | tostring) | join(" ")' info "$file")
	t_equal "numbers of the spans" 2 "$(wc -w <<<"$got")"
	t_near "begin of the span, tenths of seconds" "$1" "${got% *}" 1.5
	t_near "end of the span, tenths of seconds" "$2" "${got#* }" 1.5
}
# record DIR OPTIONS ARGUMENTS...: the probe under the library; leaves $file
record() {
	local dir=$T/$1 options=$2
	shift 2
	rm -rf "$dir"
	t_preload "$dir" "$options" "$probe" "$@"
	t_equal status 0 "$(cat "$dir/status")"
	file=$(t_file "$dir")
}

t_begin "delay= and duration=: blocks and functions of the window, and no others"
record window delay=1.2:duration=2:cpu=1000 phases 1600 3700 4000
t_totals "$file" '{"allocs":500,"frees":100,"bytes_allocated":100000,"live_bytes":80000,"live_blocks":400}'
t_equal "frees said to be unknown" 0 "$(t_json '.lost.unknown_frees // 0' info "$file")"
window 12 32
[ "$(t_json .sampling.engine info "$file")" = off ] || {
	t_near "ms in burn_mid" 100 "$(cpu_ms burn_mid "$file")" 25
	t_equal "ms in burn_early" 0 "$(cpu_ms burn_early "$file")"
	t_equal "ms in burn_late" 0 "$(cpu_ms burn_late "$file")"
}
t_near "recorded, ms" 2000 "$(t_json '.run.recorded_ns / 1e6' info "$file")" 150
"$REPORT" summary "$file" >"$T/out" 2>"$T/err"
grep -q '^Recorded  *2\.[0-9]* s of 4\.[0-9]* s, from .*(then duration=2 was over)' "$T/out" || t_bad "$(sed -n 3p "$T/out")"
[ ! -s "$T/err" ] || t_bad "stderr: $(head -1 "$T/err")"
t_equal "verdict" unexamined "$(t_json .verdict leaks "$file")"
t_done

t_begin "a delay alone, and a fraction of a second"
record delay delay=.8 phases 1200 1200 1500
t_totals "$file" '{"allocs":750,"frees":100,"bytes_allocated":200000}'
window 8 "$(t_json '.run.duration_ns / 1e8' info "$file")"
t_done

t_begin "a duration alone: what follows it is not recorded, the program runs on"
record duration duration=0.5 phases 900 900 1200
t_totals "$file" '{"allocs":1000,"frees":500,"bytes_allocated":100000}'
window 0 5
[ "$(t_json '.run.duration_ns / 1e6 | floor' info "$file")" -ge 1200 ] || t_bad "the record ends early"
[ "$(t_json '.points[-1].t_ns / 1e6 | floor' timeline "$file")" -ge 1150 ] || t_bad "the timeline ends early"
t_done

t_begin "start=paused: nothing, and the report says so"
record paused start=paused phases 0 0 0
t_totals "$file" '{"allocs":0,"frees":0,"live_blocks":0}'
t_equal samples 0 "$(t_json .sampling.samples info "$file")"
t_equal windows 0 "$(t_json '.run.windows | length' info "$file")"
"$REPORT" summary "$file" 2>/dev/null | grep -q '^Recorded  *nothing of .*(start=paused)' || t_bad "summary does not say so"
"$REPORT" leaks "$file" 2>/dev/null | grep -qi 'unexamined' || t_bad "leaks: $("$REPORT" leaks "$file" 2>&1 | head -3)"
"$REPORT" leaks --gate "$file" >/dev/null 2>&1
t_equal "status of the gate" 2 $?
t_done

t_begin "start=paused, resumed by vprof_start()"
record api start=paused api
t_totals "$file" '{"allocs":5,"frees":0,"bytes_allocated":5000,"live_blocks":5}'
t_equal windows 1 "$(t_json '.run.windows | length' info "$file")"
t_done

# What stops to rise because nobody looks any more has not stopped.
t_begin "growth is judged in the time that was recorded"
record grow delay=0.8:duration=3.5:tick=50 grow 6000
t_equal "the growth" growing "$(t_json .growth.verdict leaks "$file")"
t_equal "the sites" '["cache_more"]' \
	"$(t_json '[.sites[] | select(.verdict == "growing") | .frames[0].function]' leaks "$file" | jq -c .)"
t_done

t_begin "blocks that a pause hid hold what was recorded, and are no leak"
record hidden "" paused
t_equal "blocks lost" 1 "$(t_json .totals.lost.blocks leaks "$file")"
t_equal "bytes lost" 1000 "$(t_json .totals.lost.bytes leaks "$file")"
t_equal "blocks indirectly lost" 0 "$(t_json .totals.indirect.blocks leaks "$file")"
t_done

# child DIR: the record of the forked child; parent: the other
child() {
	local one
	for one in $(t_files "$1"); do
		[ "$(t_json .run.forked info "$one")" = "${2:-true}" ] && echo "$one"
	done
}
t_begin "a forked child goes on where its parent was: delay"
rm -rf "$T/fork"
t_preload "$T/fork" delay=0.8 "$probe" fork 1300
t_equal "the child's blocks" 20 "$(t_heap "$(child "$T/fork")" allocs)"
t_equal "the parent's blocks" 7 "$(t_heap "$(child "$T/fork" false)" allocs)"
t_done

t_begin "a forked child goes on where its parent was: paused, duration"
rm -rf "$T/fork"
t_preload "$T/fork" start=paused "$probe" fork 100
t_equal "the child's blocks" 0 "$(t_heap "$(child "$T/fork")" allocs)"
rm -rf "$T/fork"
t_preload "$T/fork" duration=0.6 "$probe" fork 1100
t_equal "the child's blocks" 10 "$(t_heap "$(child "$T/fork")" allocs)"
t_equal "the parent's blocks" 0 "$(t_heap "$(child "$T/fork" false)" allocs)"
t_done

t_begin "a child forked when all is over has no record; an executed program begins anew"
rm -rf "$T/late"
t_preload "$T/late" duration=0.2 "$probe" late 600
t_equal "records" 1 "$(t_files "$T/late" | wc -l)"
rm -rf "$T/exec"
t_preload "$T/exec" duration=0.3 sh -c "sleep 0.6; exec $probe api"
t_equal "blocks of the executed program" 15 "$(t_heap "$(t_files "$T/exec" | grep '/when\.')" allocs)"
t_done

for signal in "" 15; do
	t_begin "the last point is the program's${signal:+, which a signal ends}"
	rm -rf "$T/last"
	# shellcheck disable=SC2086
	t_preload "$T/last" leakscan=term "$probe" last $signal
	file=$(t_file "$T/last")
	t_equal status $((signal ? 128 + signal : 0)) "$(cat "$T/last/status")"
	t_equal "searched" complete "$(t_json .examined.search leaks "$file")"
	point=$(t_json '.points[-1]' timeline "$file" -n 0)
	t_near "RSS, KiB" "$(jq '.rss / 1024 | floor' "$T/last/out")" "$(jq '.rss / 1024 | floor' <<<"$point")" 300
	t_near "VMS, KiB" "$(jq '.vms / 1024 | floor' "$T/last/out")" "$(jq '.vms / 1024 | floor' <<<"$point")" 300
	t_equal "the heap at the end" "$(t_heap "$file" live_bytes)" "$(jq .heap_live <<<"$point")"
	t_done
done

t_begin "arguments: secrets never come into the file"
rm -rf "$T/args"
t_preload "$T/args" "" /bin/sh -c 'exit 0' run --password=hunter2 --symbol SOL/USDT postgres://me:sesame@db/x
file=$(t_file "$T/args")
grep -aq -e hunter2 -e sesame "$file" && t_bad "a secret is in the file"
t_equal "as the report has it" "/bin/sh -c exit 0 run --password=*** --symbol SOL/USDT postgres://me:***@db/x" \
	"$(t_json .run.cmdline info "$file")"
"$REPORT" summary --args "$file" | grep -q -- '--password=\*\*\*' || t_bad "--args does not show them"
rm -rf "$T/args"
t_preload "$T/args" args=all /bin/sh -c 'exit 0' run --password=hunter2
file=$(t_file "$T/args")
for command in summary info "export --format json -o -"; do
	# shellcheck disable=SC2086
	"$REPORT" $command "$file" | grep -q hunter2 && t_bad "$command shows what was not masked"
done
"$REPORT" summary --args=all "$file" | grep -q -- '--password=hunter2' || t_bad "--args=all hides it"
rm -rf "$T/args"
t_preload "$T/args" args=off /bin/sh -c 'exit 0' run
t_equal "args=off" /bin/sh "$(t_json .run.cmdline info "$(t_file "$T/args")")"
t_done

# --- a live process ------------------------------------------------------------
mkfifo "$T/pipe"
exec 3<>"$T/pipe"
# begin OPTIONS ARGUMENTS...: a process that reads the pipe; leaves $pid and $file
begin() {
	local options=$1
	shift
	rm -rf "$T/live"
	mkdir "$T/live"
	(cd "$T/live" && exec env VPROF_OPTIONS="$options" LD_PRELOAD="$LIB" "$@" >out 2>err <"$T/pipe" 3>&-) &
	pid=$!
	t_pids=$pid
	for ((i = 0; i < 200; i++)); do
		file=$(t_file "$T/live")
		[ -n "$file" ] && [ "$("$REPORT" info "$file" --format json 2>/dev/null | jq -r .run.status)" = running ] && return
		sleep 0.05
	done
	t_bad "it does not run"
}
ctl() {
	"$REPORT" ctl "$@" 2>&1
}
live() {
	t_heap "$file" live_blocks
}
# settle BLOCKS: waits until the process has read its pipe
settle() {
	for ((i = 0; i < 100; i++)); do
		[ "$(live)" = "$1" ] && return
		sleep 0.05
	done
}

t_begin "start=paused, resumed by its PID"
begin start=paused:tick=20 "$PROBE/labels" wait
printf aaaaa >&3
sleep 0.3
t_equal "blocks before" 0 "$(live)"
t_equal answer recording "$(ctl $pid resume)"
printf aaa >&3
settle 3
t_equal "blocks after" 3 "$(live)"
t_equal answer paused "$(ctl "$file" pause)"
printf aa >&3
sleep 0.3
t_equal "blocks in a pause" 3 "$(live)"
t_done

t_begin "duration= set in a running process, over, and set again"
t_equal answer "set duration=0.4" "$(ctl "$file" set duration=0.4)"
t_equal answer recording "$(ctl "$file" resume)"
printf a >&3
settle 4
sleep 0.7
printf a >&3
sleep 0.3
t_equal "blocks when it is over" 4 "$(live)"
ctl "$file" resume >"$T/out"
t_equal "status of resume" 1 $?
grep -q 'duration= is over' "$T/out" || t_bad "$(cat "$T/out")"
t_equal answer "set duration=end" "$(ctl "$file" set duration=end)"
t_equal answer recording "$(ctl "$file" resume)"
printf a >&3
settle 5
t_equal "blocks at last" 5 "$(live)"
t_equal "what was set, among the marks" "set duration=0.4 set duration=end" \
	"$(t_json '[.marks[].name] | sort | join(" ")' marks "$file")"
"$REPORT" info "$file" 2>/dev/null | grep -q '^changed  *duration=0.4 at ' || t_bad "info does not say what was changed"
t_done

while IFS='|' read -r setting pattern; do
	t_begin "ctl set $setting is refused"
	ctl "$file" set $setting >"$T/out"
	t_equal status 1 $?
	t_equal lines 1 "$(wc -l <"$T/out")"
	grep -q -- "$pattern" "$T/out" || t_bad "$(cat "$T/out")"
	t_done
done <<'END'
heap=off|fixed when the program starts: heap;.* cpu .*duration
start=paused|fixed when the program starts: start
bogus=1|no key bogus
tick=5|tick: bad value '5' (MS: .*10 to 60000
cpu=off|use pause
duration=0|bad value '0'
END
t_begin "several at once, of several processes"
t_equal answers "set tick=50 set leakscan_every=never" "$(ctl "$file" "$file" set tick=50 leakscan_every=never | sort -u | sort -r | xargs)"
t_equal tick 50 "$(t_json .sampling.tick_ms info "$file")"
t_done
kill $pid
wait $pid 2>/dev/null
t_pids=

# per_s SINCE: samples a second of CPU time from then on
per_s() {
	t_json '.totals | .samples * 1e9 / .cpu_ns' flat "$file" --since "$1"
}
for engine in perf timer; do
	t_begin "ctl set cpu, engine $engine"
	begin engine=$engine:cpu=50:tick=20 "$probe" burn 4000
	if [ "$(t_json .sampling.engine info "$file")" = off ]; then
		kill $pid
		t_skip "no such engine here"
		continue
	fi
	sleep 1
	t_equal answer "set cpu=100" "$(ctl "$file" set cpu=100)"
	set_at=$(t_json '.marks[] | select(.name == "set cpu=100") | .last_ns / 1e9 + 0.05' marks "$file")
	wait $pid
	t_pids=
	t_equal "rate asked" 100 "$(t_json .sampling.asked_hz info "$file")"
	t_near "samples a second after" 100 "$(per_s "$set_at")" 15
	t_near "CPU time of all, ms" "$(jq '.ns / 1e6' "$T/live/out")" "$(t_json '.totals.cpu_ns / 1e6' flat "$file")" 150
	expected=$(t_json .sampling.samples_expected info "$file")
	t_near "samples expected" "$expected" "$(t_json .sampling.samples info "$file")" $((expected / 8 + 10))
	[ "$(t_json .lost.samples info "$file")" -le $((expected / 8)) ] || t_bad "samples lost by the change"
	t_done
done

waits() {
	t_json .totals.lock_waits locks "$file"
}
t_begin "ctl set locks"
begin tick=20 "$probe" held 20000
sleep 0.5
t_equal answer "set locks=off" "$(ctl "$file" set locks=off)"
sleep 0.1
before=$(waits)
[ "$before" -gt 10 ] || t_bad "$before waits only"
sleep 0.5
t_near "waits while off" 0 $(($(waits) - before)) 1
t_equal answer "set locks=on" "$(ctl "$file" set locks=on)"
sleep 0.7
[ $(($(waits) - before)) -gt 10 ] || t_bad "none after it was set on again"
kill $pid 2>/dev/null
wait $pid 2>/dev/null
t_pids=
t_done
exec 3>&-

# --- who would attach ----------------------------------------------------------
t_begin "attaching is refused, with what to do instead"
sleep 60 &
pid=$!
t_pids=$pid
while IFS='|' read -r status command; do
	# shellcheck disable=SC2086
	(cd "$T" && PATH=$B:$PATH eval "$command") >"$T/out" 2>&1 </dev/null
	t_equal "status of $command" "$status" $?
	t_equal "lines of $command" 1 "$(wc -l <"$T/out")"
	grep -q "ctl PID resume" "$T/out" || t_bad "$command: $(cat "$T/out")"
done <<'END'
125|vprof-run -p $pid
125|vprof-run --pid=$pid
125|vprof-run --attach $pid
1|vprof-report ctl $pid pause
1|vprof-report -p $pid
1|vprof-report --pid $pid
END
grep -q start=paused "$T/out" || vprof_said=$("$B/vprof-run" -p $pid 2>&1)
[[ ${vprof_said-start=paused} == *start=paused* ]] || t_bad "no word of start=paused: $vprof_said"
"$REPORT" ctl 4194305 pause 2>"$T/err"
grep -q 'no such file, and no such process' "$T/err" || t_bad "$(cat "$T/err")"
kill $pid
t_pids=
t_done

t_begin "vprof-run --delay, and no secret in its summary"
(cd "$T" && "$B/vprof-run" --delay 0.6 --out "$T/run1" -- "$probe" phases 900 900 1000) >"$T/out" 2>&1
t_equal "blocks" 750 "$(t_heap "$(t_file "$T/run1")" allocs)"
(cd "$T" && "$B/vprof-run" --paused --out "$T/run2" -- "$PROBE/plain" --password=hunter2) >"$T/out" 2>&1
t_equal "blocks of a paused run" 0 "$(t_heap "$(t_file "$T/run2")" allocs)"
grep -rq hunter2 "$T/run2" "$T/out" && t_bad "a secret in $(grep -rl hunter2 "$T/run2" "$T/out" | xargs)"
grep -q -- '--password=\*\*\*' "$T/run2/profiling_summary.md" || t_bad "no command in the summary"
t_done
t_end

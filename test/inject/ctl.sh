#!/bin/bash
# vprof-report ctl: a running process does what is asked through its file, and whoever
# asks is told when it cannot.
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/labels
mkdir "$T/run"
mkfifo "$T/pipe"
(cd "$T/run" && exec env LD_PRELOAD="$LIB" "$probe" wait <"$T/pipe") &
pid=$!
t_pids=$pid
exec 3>"$T/pipe"
for ((i = 0; i < 200; i++)); do
	[ "$("$REPORT" info "$(t_file "$T/run")" --format json 2>/dev/null | jq -r .run.status)" = running ] && break
	sleep 0.05
done
file=$(t_file "$T/run")
live() { t_json .totals.live_blocks heap "$file"; }
# settle BLOCKS: waits until the process has read its pipe
settle() {
	for ((i = 0; i < 100; i++)); do
		[ "$(live)" = "$1" ] && return
		sleep 0.05
	done
}

t_begin "mark"
t_equal answer marked "$("$REPORT" ctl "$file" mark "by hand")"
t_equal answer marked "$("$REPORT" ctl "$file" mark "by hand")"
t_equal count 2 "$(t_json '.marks[] | select(.name == "by hand") | .count' marks "$file")"
t_done

t_begin "pause and resume"
before=$(live)
printf aaaa >&3
settle $((before + 4))
t_equal "blocks of before the pause" $((before + 4)) "$(live)"
t_equal answer paused "$("$REPORT" ctl "$file" pause)"
printf aaa >&3
sleep 0.5
t_equal "blocks in the pause" $((before + 4)) "$(live)"
t_equal answer recording "$("$REPORT" ctl "$file" resume)"
printf aa >&3
settle $((before + 6))
t_equal "blocks after the pause" $((before + 6)) "$(live)"
t_done

t_begin "leakscan"
"$REPORT" ctl "$file" leakscan >"$T/out" 2>&1 || t_bad "status $?: $(cat "$T/out")"
grep -Eq '^searched: [1-9][0-9]* blocks, the process stood still for ' "$T/out" || t_bad "$(cat "$T/out")"
t_done

t_begin "several ask at once"
for i in 1 2 3 4; do
	"$REPORT" ctl "$file" mark "crowd" >"$T/out.$i" 2>&1 &
	asking[i]=$!
done
for i in 1 2 3 4; do
	wait "${asking[i]}" || t_bad "one had status $?"
done
t_equal count 4 "$(t_json '.marks[] | select(.name == "crowd") | .count' marks "$file")"
t_done

t_begin "a stopped process is said"
kill -STOP $pid
"$REPORT" ctl "$file" pause >"$T/out" 2>"$T/err"
t_equal status 1 $?
grep -q 'no answer' "$T/err" || t_bad "$(cat "$T/err")"
kill -CONT $pid
sleep 0.5
t_equal "the answer to the next" marked "$("$REPORT" ctl "$file" mark later)"
t_done

while IFS='|' read -r arguments pattern; do
	t_begin "ctl FILE $arguments"
	# shellcheck disable=SC2086
	"$REPORT" ctl "$file" $arguments >"$T/out" 2>"$T/err"
	t_equal status 1 $?
	grep -q -- "$pattern" "$T/err" || t_bad "$(cat "$T/err")"
	t_done
done <<'END'
|wants FILE and a verb
fly|wants FILE and a verb
mark|wants one NAME
set|wants one KEY=VALUE
pause now|takes nothing more
mark aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|1 to 55 bytes
END

exec 3>&-
wait $pid
t_pids=
t_begin "a process that has ended is said"
"$REPORT" ctl "$file" pause >"$T/out" 2>"$T/err"
t_equal status 1 $?
grep -q 'not there to answer: exited' "$T/err" || t_bad "$(cat "$T/err")"
t_done

t_begin "vprof_leak_scan()"
rm -rf "$T/scan"
t_preload "$T/scan" "" "$probe" scan
t_equal status 0 "$(cat "$T/scan/status")"
t_equal returned 0 "$(jq .ret "$T/scan/out")"
t_done

t_end

#!/bin/bash
# `vprof-report stacks` on a process that hangs: who waits for what and for whom, and a
# deadlock by name; the process is not stopped for it, no signal reaches it, and gdb sees the
# same frames.
. "$(dirname "$0")/../lib.sh"

# t_live says which.
file=
pid=
# hang HOW OPTIONS: starts the probe; sets `file` and `pid`.
hang() {
	t_live "$2" "$PROBE/hang" "$1"
}
let_go() {
	exec 3>&-
	wait "$pid"
	t_equal "status of the process" 0 $?
	t_equal "calls interrupted" "interrupted 0" "$(tail -1 "$T/run/out")"
	t_pids=
}
stacks() {
	"$REPORT" stacks "$file" --format json >"$T/stacks.json" 2>"$T/err" || t_bad "status $?: $(cat "$T/err")"
	t_equal "signals that wait" "" "$(grep -E '^(SigPnd|ShdPnd)' "/proc/$pid/status" | grep -v ':[[:space:]]*0*$')"
}
ask() { # JQ: of the dump
	jq -r "$1" "$T/stacks.json"
}
as_gdb() {
	local said
	command -v gdb >/dev/null || return
	said=$($PYTHON "$TOP/test/gdb_frames.py" "$pid" "$T/stacks.json" 2>&1)
	[ -z "$said" ] || t_bad "$said"
}

t_begin "two threads wait for each other"
hang two ""
stacks
t_equal deadlock true "$(ask .deadlock)"
t_equal "who" "booker log_mutex logger,logger book_mutex booker" "$(ask '. as $d | [.threads[] | select(.in_deadlock)
	| . as $t | "\(.name) \(.target | split(" ")[0]) \($d.threads[] | select(.tid == $t.waits_for_tid) | .name)"] | sort | join(",")')"
t_equal "where" "take_book take_log" "$(ask '[.threads[] | select(.in_deadlock) | .frames[0].function] | sort | join(" ")')"
t_equal "what they have" "book_mutex log_mutex own_mutex rates_lock" \
	"$(ask '[.threads[] | select(.in_deadlock) | .holds[].lock | split(" ")[0]] | sort | join(" ")')"
"$REPORT" stacks "$file" >"$T/out" 2>&1
grep -q '^Deadlock: ' "$T/out" || t_bad "the table does not say it: $(head -3 "$T/out")"
as_gdb
let_go
t_done

t_begin "a thread waits for itself"
hang self ""
stacks
t_equal "who" "take_book itself" "$(ask '.threads[] | select(.in_deadlock)
	| "\(.frames[0].function) \(if .waits_for_tid == .tid then "itself" else "another" end)"')"
as_gdb
let_go
t_done

t_begin "a condition that was signalled too early"
hang lost ""
stacks
t_equal deadlock false "$(ask .deadlock)"
t_equal "who" "pthread_cond_wait done_cond" \
	"$(ask '.threads[] | select(.frames[0].function == "wait_for_done") | "\(.call) \(.target | split(" ")[0])"')"
as_gdb
let_go
t_done

t_begin "a child that does not end"
hang child ""
stacks
t_equal "who" "waitpid hang" \
	"$(ask '.threads[] | select(.frames[0].function == "wait_for_child") | "\(.call) \(.target | split(" ")[1])"')"
as_gdb
let_go
t_done

t_begin "a deadlock is in the record of who asked for nothing"
hang two hang=1
for ((i = 0; i < 200; i++)); do
	cp "$file" "$T/copy.vprof"
	[ "$(t_json .why stacks "$T/copy.vprof")" = hang ] && break
	sleep 0.05
done
let_go
t_equal why hang "$(t_json .why stacks "$file")"
t_equal deadlock true "$(t_json .deadlock stacks "$file")"
t_equal "stderr of the process" "" "$(cat "$T/run/err")"
t_done

t_begin "a process that ended without a dump"
t_preload "$T/plain" "" "$PROBE/plain"
"$REPORT" stacks "$(t_file "$T/plain")" >"$T/out" 2>"$T/err"
t_equal status 0 $?
grep -q 'there is no dump of its threads' "$T/err" || t_bad "$(cat "$T/err")"
t_done
t_end

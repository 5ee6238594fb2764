#!/bin/bash
# leakscan=term: what a program, its parent and what it executes see of SIGTERM, SIGINT
# and SIGHUP is what they see without it; and the search was made.
. "$(dirname "$0")/../lib.sh"
probe=$PROBE/term_signals

for name in query die unseen blocked handled given storm changing; do
	t_begin "signals: $name"
	t_differential leakscan=term:size=1M "$probe" "$name"
	t_done
done

t_begin "signals: query, timer engine"
t_differential leakscan=term:size=1M:engine=timer "$probe" query
t_done
t_begin "a forked child without a profile dies as bare"
t_differential leakscan=term:size=1M:follow_fork=off "$probe" die
t_done

# PID 1 of a namespace has no default action: it lives on.
t_begin "PID 1 lives on"
if unshare -rpf true 2>/dev/null; then
	rm -rf "$T/bare" "$T/vprof"
	t_run "$T/bare" unshare -rpf "$probe" first
	t_run "$T/vprof" unshare -rpf env "LD_PRELOAD=$LIB" VPROF_OPTIONS=leakscan=term:size=1M \
		"$probe" first
	t_same "$T/bare" "$T/vprof"
	grep -q '^1 lives on' "$T/bare/out" || t_bad "bare: $(cat "$T/bare/out")"
	t_done
else
	t_skip "no user namespace for us"
fi
t_begin "bash and its traps"
t_differential leakscan=term:size=1M bash -c \
	'trap "echo term" TERM; trap "" HUP; kill -TERM $$; kill -HUP $$; trap - TERM
	bash -c "kill -INT \$\$"; echo $?; trap -p; (kill -TERM $BASHPID); echo $?; kill -TERM $$'
t_done
if [ -x "$PYTHON" ]; then
	t_begin "python's KeyboardInterrupt"
	t_differential leakscan=term:size=1M "$PYTHON" -c \
		'import os, signal; print(signal.getsignal(2), signal.getsignal(15)); os.kill(os.getpid(), 2)'
	t_done
fi

# ended SIGNAL OPTIONS PROGRAM...: runs it for a moment, then ends it; its record in $file
ended() {
	local sig=$1 options=$2 pid
	shift 2
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && exec env "VPROF_OPTIONS=$options" "LD_PRELOAD=$LIB" "$@" >out 2>err) &
	pid=$!
	t_pids="$t_pids $pid"
	for _ in $(seq 100); do
		sleep 0.1
		grep -q ready "$T/run/out" 2>/dev/null && break
	done
	kill -"$sig" $pid
	wait $pid 2>/dev/null
	status=$?
	file=$(t_file "$T/run")
	"$REPORT" leaks --gate "$file" >"$T/leaks" 2>&1
	gate=$?
}
asked() {
	t_json "$1" leaks "$file"
}
for sig in TERM INT HUP; do
	t_begin "SIG$sig: what was lost is found"
	ended $sig leakscan=term:size=1M "$PROBE/term_leak" lost
	t_equal status $((128 + $(kill -l $sig))) $status
	t_equal gate 23 $gate
	t_equal verdict "leak term 100" "$(asked '"\(.verdict) \(.examined.trigger) \(.totals.lost.blocks)"')"
	"$REPORT" info "$file" | grep -q "killed by signal $(kill -l $sig)" || t_bad "info does not say so"
	t_done
done
# What only registers, stack and threads hold is not lost where the signal met it.
for held in clean stack register thread altstack; do
	t_begin "SIGTERM: nothing is lost, $held"
	ended TERM mode=ci:size=1M "$PROBE/term_leak" $held
	t_equal "status and gate" "143 0" "$status $gate"
	t_equal verdict clean "$(asked .verdict)"
	t_done
done
t_begin "the program's own handler, which exits: searched at the exit"
ended TERM leakscan=term:size=1M "$PROBE/term_leak" handler
t_equal "status and gate" "9 0" "$status $gate"
t_equal trigger exit "$(asked .examined.trigger)"
t_done
t_begin "a search that takes longer than leakscan_wait: dead all the same, unexamined"
ended TERM leakscan=term:leakscan_wait=10:size=4M "$PROBE/term_leak" many
t_equal status 143 $status
[ $gate != 0 ] || t_bad "the gate passes"
asked .examined.search | grep -qE '^(failed|unfinished|none)$' || t_bad "search: $(asked .examined.search)"
t_done
# The child that searches is stopped, so that the search does not end by itself.
t_begin "a second signal ends the program while the search takes long"
rm -rf "$T/run"
mkdir "$T/run"
(cd "$T/run" && exec env VPROF_OPTIONS=leakscan=term:leakscan_wait=60000:size=4M "LD_PRELOAD=$LIB" \
	"$PROBE/term_leak" many >out 2>err) &
host=$!
for _ in $(seq 300); do
	grep -q ready "$T/run/out" 2>/dev/null && break
	sleep 0.1
done
kill -TERM $host
child=
for _ in $(seq 1000); do
	child=$(pgrep -P $host) && break
done
if [ -n "$child" ] && kill -STOP "$child"; then
	t_pids="$t_pids $child"
	kill -0 $host || t_bad "it did not wait for the search"
	kill -INT $host
	wait $host 2>/dev/null
	t_equal status 130 $?
	kill -KILL "$child"
	file=$(t_file "$T/run")
	# It may also be said to have grown.
	asked '"\(.examined.search) \(.totals.lost.blocks)"' | grep -qE '^(failed|unfinished|none) 0$' ||
		t_bad "search: $(asked .examined)"
	"$REPORT" leaks --gate "$file" >"$T/leaks" 2>&1 && t_bad "the gate passes"
else
	t_bad "no search was seen"
fi
t_done
t_begin "kill -9 after a search by leakscan_every: as of then, not clean"
ended 9 leakscan_every=1:size=1M "$PROBE/term_leak" slow
t_equal "status and gate" "137 2" "$status $gate"
t_equal verdict "unexamined every false" \
	"$(asked '"\(.verdict) \(.examined.trigger) \(.examined.at_end)"')"
grep -q 'last search was made .* before the end' "$T/leaks" || t_bad "does not say when"
t_done
t_begin "kill -9 after such a search: what was lost is lost"
ended 9 leakscan_every=1:size=1M "$PROBE/term_leak" slowlost
t_equal "status and gate" "137 23" "$status $gate"
t_done
t_end

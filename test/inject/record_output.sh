#!/bin/bash
# The record is an output: whoever cuts it, writes over it or takes it away while it is
# written harms the record and not the program, and it is said.
. "$(dirname "$0")/../lib.sh"

t_begin "SIGBUS of the program itself, in every disposition"
ulimit -c 0
t_differential "" "$PROBE/bus"
[ "$(grep -c '^ended' "$T"/*/out | head -n 1 | sed 's/.*://')" = 24 ] || t_bad "not all was tried"
t_done
t_begin "the same without the guard, and under the timer engine"
t_differential guard=off "$PROBE/bus"
t_differential engine=timer "$PROBE/bus"
t_done

t_begin "SigCgt: SIGBUS with the guard, nothing without"
# shellcheck disable=SC2016
caught() {
	VPROF_OPTIONS=$1:out=$T/caught.vprof LD_PRELOAD=$LIB \
		sed -n 's/^SigCgt:.*\(.\)\(.\)$/\1/p' /proc/self/status
}
t_equal on 4 "$(caught guard=on)"
t_equal off 0 "$(caught guard=off)"
t_done

# harm NAME WORD COMMAND...: COMMAND runs in the directory of a.vprof after a while.
harm() {
	local name=$1 word=$2 options=${options-}
	shift 2
	t_begin "$name"
	rm -rf "$T/run"
	mkdir "$T/run"
	(
		cd "$T/run" || exit 9
		timeout 60 env "VPROF_OPTIONS=out=a.vprof:cpu=1000$options" "LD_PRELOAD=$LIB" \
			"$PROBE/bus" work 1.2 >out 2>err
		echo $? >status
	) &
	local host=$!
	for _ in $(seq 200); do
		[ -s "$T/run/a.vprof" ] && break
		sleep 0.05
	done
	sleep 0.5
	(cd "$T/run" && "$@") || t_bad "the harm could not be done"
	wait "$host"
	t_equal status 6 "$(cat "$T/run/status")"
	t_equal out 6 "$(cat "$T/run/out")"
	if [ -n "$word" ]; then
		cat "$T/run/err" >"$T/said"
		for file in "$T/run"/*.vprof; do
			"$REPORT" summary "$file" >>"$T/said" 2>&1
			[ $? -lt 128 ] || t_bad "the report crashes"
		done
		grep -q "$word" "$T/said" || t_bad "not said: $(head -c 200 "$T/run/err")"
	else
		t_equal "on stderr" "" "$(cat "$T/run/err")"
	fi
	t_done
}
emptied() {
	: >a.vprof
}
twice() {
	: >a.vprof && sleep 0.2 && echo mine >a.vprof && sleep 0.2 && : >a.vprof
}
garbage() { # OFFSET BYTES
	dd if=/dev/urandom of=a.vprof bs=4096 seek=$(($1 / 4096)) count=$(($2 / 4096)) conv=notrunc status=none
}
ones() {
	head -c 786432 /dev/zero | tr '\0' '\377' | dd of=a.vprof bs=64k conv=notrunc seek=1 status=none
}
harm ': >a.vprof' 'cut or overwritten' emptied
harm "emptied, used for something else, emptied again" 'cut or overwritten' twice
harm "cut to nothing" 'cut or overwritten' truncate -s 0 a.vprof
harm "cut within the header" 'cut or overwritten' truncate -s 100 a.vprof
# either is noticed first: that the file is short, or a page of it that is gone
harm "cut behind the header" 'made holes\|cut or overwritten' truncate -s 8192 a.vprof
harm "cut in the middle" 'made holes' truncate -s 300000 a.vprof
harm "another file copied over it" 'cut or overwritten' cp "$PROBE/bus" a.vprof
harm "garbage over all of it" 'cut or overwritten' garbage 0 1048576
harm "garbage behind the header" 'damaged\|out of range\|node' garbage 65536 983040
harm "ones behind the header" 'damaged\|out of range\|node' ones
harm "garbage over the extent table" '.' garbage 4096 4096
harm "removed" 'removed' rm a.vprof
harm "replaced" 'removed' sh -c 'cp a.vprof b; mv b a.vprof'
harm "renamed: nothing is lost" '' mv a.vprof moved.vprof
[ "$("$REPORT" info "$T/run/moved.vprof" --format json | jq -r .run.status)" = exited ] ||
	{ t_begin "the renamed record is whole" && t_fail "it is not"; }
if fallocate -l 1M "$T/probe" 2>/dev/null && fallocate -p -o 0 -l 4096 "$T/probe" 2>/dev/null; then
	harm "a hole in the header" 'cut or overwritten' fallocate -p -o 0 -l 4096 a.vprof
	harm "a hole behind the header" 'made holes' fallocate -p -o 65536 -l 1000000 a.vprof
else
	t_begin "holes"
	t_skip "this file system has none"
fi

t_begin "what is somebody else's now is left alone"
t_equal mine "hello" "$(
	cd "$T" && mkdir left && cd left || exit
	VPROF_OPTIONS=out=a.vprof LD_PRELOAD=$LIB "$PROBE/bus" work 1.2 >/dev/null 2>&1 &
	sleep 0.7
	rm -f b && echo hello >b && cat b >a.vprof
	wait
	cat a.vprof
)"
t_done
t_begin "a process of another pid namespace lives, answers and is killed"
ns=
for way in "-p" "-U -r -p"; do
	# shellcheck disable=SC2086
	[ -n "$ns" ] || ! unshare $way -f true 2>"$T/err" || ns="unshare $way -f --kill-child"
done
if [ -n "$ns" ]; then
	mkdir "$T/ns"
	# shellcheck disable=SC2086
	(cd "$T/ns" && exec $ns env "LD_PRELOAD=$LIB" VPROF_OUT=a.vprof sleep 60) &
	t_pids="$t_pids $!"
	for _ in $(seq 200); do
		"$REPORT" info "$T/ns/a.vprof" 2>"$T/err" | grep -q 'still running' && break
		sleep 0.05
	done
	"$REPORT" info "$T/ns/a.vprof" | grep -q 'still running' || t_bad "it is not said to run"
	"$REPORT" ctl "$T/ns/a.vprof" leakscan | grep -q '^searched' || t_bad "it does not answer"
	kill -9 $! # and with it the child
	wait $! 2>"$T/err"
	for _ in $(seq 200); do
		"$REPORT" info "$T/ns/a.vprof" | grep -q 'still running' || break
		sleep 0.05
	done
	"$REPORT" info "$T/ns/a.vprof" | grep -q 'killed' || t_bad "it is not said to have been killed"
	t_done
else
	t_skip "no pid namespaces here"
fi
t_end

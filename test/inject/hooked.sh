#!/bin/bash
# Calls of libc's functions that are hooked are counted, each: a program that counts its own says
# how often, with threads, beneath handlers of signals, in a forked child, and during a pause;
# callers, exports and merged records have the same numbers.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=60
probe=$PROBE/hooked_calls

# calls FILE NAME: how often, as the report says; debug information calls mtx_lock __mtx_lock
calls() {
	"$REPORT" counts "$1" --format json -n 0 2>/dev/null |
		jq -r --arg n "$2" '[.functions[] | select(.function | test("(^|_)" + $n + "(64)?$")).ncalls] | add'
}
# calls_by FILE CALLER NAME
calls_by() {
	"$REPORT" callers "*$3*" "$1" --format json 2>/dev/null | jq -r --arg n "$3" --arg c "$2" \
		'[.edges[] | select((.callee.function | test("(^|_)" + $n + "(64)?$")) and .caller.function == $c).ncalls] | add'
}
# agrees FILE: with what the program printed, in $T/bare/out
agrees() {
	local file=$1 name count got
	while read -r name count; do
		case $name in
		*'>'*) got=$(calls_by "$file" "${name%>*}" "${name#*>}") ;;
		*) got=$(calls "$file" "$name") ;;
		esac
		t_equal "$name" "$count" "$got"
	done <"$T/bare/out"
}

t_run "$T/bare" "$probe"

t_begin 'as often as the program says'
t_preload "$T/run" '' "$probe"
t_same "$T/bare" "$T/run"
parent=$(t_files "$T/run" | sort -t. -k2n | head -1)
child=$(t_files "$T/run" | sort -t. -k2n | tail -1)
for file in $(t_files "$T/run"); do
	[ "$(calls "$file" pthread_join)" = 4 ] && parent=$file || child=$file
done
agrees "$parent"
t_equal 'free: in all threads together' 200000 "$(calls "$parent" free)"
t_equal 'malloc: no caller is known of those that fail' 40000 "$("$REPORT" callers '*malloc' "$parent" --format json |
	jq '[.edges[] | select((.callee.function | test("(^|_)malloc$")) and .caller == null).ncalls] | add')"
t_done

t_begin 'a forked child has its own'
t_equal pthread_rwlock_unlock 200 "$(calls "$child" pthread_rwlock_unlock)"
t_equal malloc null "$(calls "$child" malloc)"
t_done

t_begin 'of one thread, and of both processes'
t_equal 'main' 1 "$("$REPORT" counts "$parent" --format json -n 0 \
	--thread "$(basename "$parent" | awk -F. '{ print $(NF - 1) }')" |
	jq '[.functions[] | select(.function | test("(^|_)pthread_mutex_unlock$")).ncalls] | add')"
t_equal 'both' 40101 "$("$REPORT" counts --tree "$parent" --format json -n 0 |
	jq '[.functions[] | select(.function | test("(^|_)pthread_mutex_unlock$")).ncalls] | add')"
t_done

t_begin 'flat: by calls all of them, by time what was sampled'
t_equal 'by calls' 200000 "$("$REPORT" flat --sort calls "$parent" --format json 2>/dev/null | jq '.functions[0].ncalls')"
t_equal 'by time' 0 "$("$REPORT" flat "$parent" --format json -n 0 |
	jq '[.functions[] | select(.total_samples == 0 and .total_ns == 0)] | length')"
t_equal 'counted by' hooks "$("$REPORT" flat "$parent" --format json | jq -r '.totals.counted.by | join(" ")')"
"$REPORT" flat --sort calls "$parent" 2>&1 | grep -q "only calls of libc's functions that are hooked" ||
	t_bad 'it is not said'
t_done

t_begin 'exports'
"$REPORT" export --format pstats -o "$T/out.prof" "$parent" 2>"$T/err" || t_bad "pstats: $(cat "$T/err")"
"$PYTHON" "$TOP/test/consumers/read_prof.py" ncalls "$T/out.prof" >"$T/ncalls" 2>&1
grep -q '^40001/40001	_*pthread_mutex_lock$' "$T/ncalls" || t_bad "pstats: $(head -c 300 "$T/ncalls")"
grep -q "^0/0	<ncalls are CPU samples; of libc's functions that vprof hooks, calls>$" "$T/ncalls" || t_bad 'pstats does not say'
"$REPORT" export --format callgrind -o "$T/out.cg" "$parent" 2>"$T/err" || t_bad "callgrind: $(cat "$T/err")"
if command -v callgrind_annotate >/dev/null; then
	callgrind_annotate --tree=caller --inclusive=yes "$T/out.cg" >"$T/annotated" 2>&1
	grep -q 'fn=.*blocking' "$T/out.cg" || t_bad 'no function in the callgrind file'
fi
t_done

t_begin 'during a pause nothing is counted'
t_preload "$T/paused" start=paused "$probe"
t_same "$T/bare" "$T/paused"
for file in $(t_files "$T/paused"); do
	t_equal "rows of $file" 0 "$("$REPORT" counts "$file" --format json -n 0 2>/dev/null | jq '.functions | length')"
done
t_done

t_begin 'also where nothing else is recorded'
t_preload "$T/off" 'heap=off:waits=off:cpu=off' "$probe"
t_same "$T/bare" "$T/off"
for file in $(t_files "$T/off"); do
	[ "$(calls "$file" pthread_join)" = 4 ] || continue
	t_equal pthread_mutex_lock 40001 "$(calls "$file" pthread_mutex_lock)"
	t_equal malloc 80002 "$(calls "$file" malloc)"
done
t_done
t_end

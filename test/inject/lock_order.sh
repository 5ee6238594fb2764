#!/bin/bash
# Locks in one order and in another: of fourteen ways four may once end in a deadlock, and these
# are found, with who took what under what, and no other.  Helgrind, DRD and ThreadSanitizer judge
# the same program: docs/decisions/lock_order.md says why they say what they do.
# long: valgrind runs it 28 times
. "$(dirname "$0")/../lib.sh"

#        case           it is  Helgrind  TSan
truth='  abba            1      yes      yes
         three           1      yes      yes
         rwlock          1      yes      yes
         c11             1      yes      no
         gate            0      yes      yes
         one-thread      0      yes      yes
         hand-over-hand  0      yes      yes
         read-read       0      yes      yes
         reuse           0      yes      no
         create-join     0      yes      yes
         trylock         0      yes      no
         recursive       0      no       no
         unshared        0      yes      yes
         processes       0      no       no'

# found OPTIONS CASE [TIMES]: deadlocks in all records of the run
found() {
	local options=$1
	shift
	rm -rf "$T/run"
	t_preload "$T/run" "$options" "$PROBE/lock_order" "$@"
	t_equal "output of $1" "ok $1" "$(cat "$T/run/out")"
	for file in $(t_files "$T/run"); do
		"$REPORT" locks --deadlocks "$file" --format json
	done 2>/dev/null | jq -s 'map(.deadlocks | length) | add'
}

fourteen() { # TIMES [OPTIONS]
	t_begin "fourteen ways, each $1 times: ${2:-defaults}"
	while read -r case want _ _; do
		t_equal "$case" "$want" "$(found "${2-}" "$case" "$1")"
	done <<<"$truth"
	t_done
}
fourteen 1
fourteen 300
fourteen 300 locks=order
fourteen 1 engine=timer

t_begin "who took what under what"
found "" abba >/dev/null
file=$(t_file "$T/run")
"$REPORT" locks --deadlocks "$file" --format json >"$T/json" 2>/dev/null
t_equal locks "a>b b>a" "$(jq -r '[.deadlocks[0].threads[] | .has.name + ">" + .takes.name] | join(" ")' "$T/json")"
t_equal frames "ab run_part ab run_part ba run_part ba run_part" "$(
	jq -r '[.deadlocks[0].threads[] | (.has, .takes) | .frames[0:2] | map(.function) | join(" ")] | join(" ")' "$T/json")"
t_equal guessed "false false" "$(jq -r '[.deadlocks[0].threads[].has.guessed] | join(" ")' "$T/json")"
t_equal threads 2 "$(jq '[.deadlocks[0].threads[].tid] | unique | length' "$T/json")"
"$REPORT" locks "$file" >"$T/text" 2>/dev/null
grep -q 'took mutex a (lock_order) in' "$T/text" || t_bad "not among the locks"
"$REPORT" summary "$file" 2>/dev/null | grep -q '^Locks .*possible deadlock' || t_bad "not in the summary"
t_equal "rows of CSV" 3 "$("$REPORT" locks --deadlocks "$file" --format csv 2>/dev/null | wc -l)"
t_done

t_begin "unseen unlock, unmapped lock: not held"
t_equal found 0 "$(found "" unseen)"
t_equal "by locks=order" 0 "$(found locks=order unseen)"
t_done

# The wait of a condition gives its mutex back and takes it anew, under what the thread kept.
t_begin "a mutex taken anew after a condition"
for many in 1 300; do
	t_equal "under another one, $many times" 1 "$(found "" anew $many)"
	t_equal "in the same order, $many times" 0 "$(found "" anew-outer $many)"
	t_equal "under none, $many times" 0 "$(found "" anew-none $many)"
done
t_done

t_begin "locks=off: none"
t_equal found 0 "$(found locks=off abba)"
t_done

t_begin "locks=maybe is refused"
t_preload "$T/bad" locks=maybe "$PROBE/lock_order" abba
grep -q "locks: bad value 'maybe' (on|order|off" "$T/bad/err" || t_bad "said: $(cat "$T/bad/err")"
t_equal output "ok abba" "$(cat "$T/bad/out")"
t_done

# judge TOOL COLUMN COMMAND...: who says what of each case, by PATTERN in its output
judge() {
	local tool=$1 column=$2 pattern=$3
	shift 3
	t_begin "$tool, on the same program"
	while read -r case _ helgrind tsan; do
		timeout 60 "$@" "$case" >"$T/peer" 2>&1
		t_equal "$case" "${!column}" "$(grep -q "$pattern" "$T/peer" && echo yes || echo no)"
	done <<<"$truth"
	t_done
}
if command -v valgrind >/dev/null; then
	judge helgrind helgrind 'lock order .* violated' valgrind --tool=helgrind --fair-sched=yes "$PROBE/lock_order"
	none=no
	judge drd none 'lock order\|deadlock' valgrind --tool=drd --fair-sched=yes "$PROBE/lock_order"
else
	t_skip helgrind "no valgrind"
fi
if command -v clang-14 >/dev/null && clang-14 -std=gnu11 -D_GNU_SOURCE -I"$TOP/include" -g -O1 -fsanitize=thread \
	-o "$T/tsan" "$TOP/test/probe/lock_order.c" -lpthread 2>"$T/cc" && "$T/tsan" recursive >/dev/null 2>&1; then
	export TSAN_OPTIONS=detect_deadlocks=1:exitcode=0
	judge tsan tsan lock-order-inversion "$T/tsan"
else
	t_skip tsan "no clang-14 whose ThreadSanitizer runs here"
fi
t_end

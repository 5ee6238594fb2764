#!/bin/bash
# What slow iterations have in common: planted causes of a live program, in their order and with the
# share that the program itself says; nothing where there is none; and all of it once more by other
# code, from the exported accounts.
. "$(dirname "$0")/../lib.sh"

# tail NAME SEED COUNT KIND: the record is $file, what the program says $T/NAME/out
tail_of() {
	t_preload "$T/$1" "heap=off:follow_fork=off" "$PROBE/tail" "$2" "$3" "$4"
	file=$(t_file "$T/$1") || {
		t_fail "no ring file"
		return 1
	}
	"$REPORT" loop --tail 98 --thread tail --sort iterations -n 1 --format json "$file" \
		>"$T/$1.json" 2>/dev/null
	"$REPORT" loop --tail 98 --thread tail --sort iterations -n 1 --format csv "$file" \
		>"$T/$1.csv" 2>/dev/null
}
# agree NAME: the independent script has the same shares
agree() {
	t_begin "$1: another program comes to the same from the exported accounts"
	local bad
	bad=$(python3 "$TOP/test/tail_rows.py" agree "$T/$1.csv" "$T/$1.json" 2>&1)
	[ -z "$bad" ] && t_ok || t_fail "$(head -c 400 <<<"$bad" | paste -sd ';')"
}
# user NAME: causes that are the program's
user() {
	jq -r '[.loops[0].causes[] | select(.not_your_code | not) | .function] | join(" ")' "$T/$1.json"
}

t_begin "planted causes: the first is the one that took most"
tail_of causes 1 4000 causes && {
	read -r first _ <<<"$(user causes)"
	[ "$first" = flush_journal ] && t_ok || t_fail "first is '$first' of '$(user causes)'"
}
t_begin "its share is what the program says, within 4 points"
read -r said seen <<<"$(python3 "$TOP/test/tail_rows.py" truth "$T/causes.csv" "$T/causes/out" 1 flush_journal)"
awk -v a="$said" -v b="$seen" 'BEGIN { d = a - b; exit !(a > 0 && d < 0.04 && d > -0.04) }' &&
	t_ok || t_fail "the program says $said, the record $seen"
t_begin "every part of an iteration is there"
jq -e '[.loops[0].slow_iterations[] | (([.parts[].ns] | add) - .duration_ns) | fabs] | max < 10' \
	"$T/causes.json" >/dev/null && t_ok || t_fail "parts do not add up"
t_begin "64 longest and 1,024 by chance are kept, not more"
kept=$(jq '.loops[0].kept' "$T/causes.json")
[ "$kept" -gt 1024 ] && [ "$kept" -le 1092 ] && t_ok || t_fail "$kept are kept"
agree causes

t_begin "nothing planted but events: no cause is named"
tail_of work 2 6000 work && {
	[ -z "$(user work)" ] && t_ok || t_fail "named: $(user work)"
}
agree work
t_begin "events are those that the waits brought"
jq -e '[.loops[0].slow_iterations[].events] | add > 0' "$T/work.json" >/dev/null && t_ok || t_fail "none"

# The rival takes the CPU amid a pwrite, mostly: the call lasts 8 ms, and is not to blame.
t_begin "a call that lost the CPU: that is not the program's"
tail_of pressed 3 4000 pressed && {
	jq -e '.loops[0].slow_iterations | length >= 20' "$T/pressed.json" >/dev/null || t_bad "few are slow"
	[ -z "$(user pressed)" ] || t_bad "named: $(user pressed)"
	verdict=$(jq -r '.loops[0].verdict' "$T/pressed.json")
	[ "$verdict" = "not your code" ] || t_bad "it says '$verdict'"
	# of all that slow ones took: what others had of the CPU, and what the calls are said to have taken
	shares=$(jq -c '[.loops[0].slow_iterations[]] | ([.[].duration_ns] | add) as $all |
		[.[].parts[]] | {others: ([.[] | select(.class == "preempted") | .ns] | add // 0 | . / $all),
		calls: ([.[] | select(.call == "pwrite") | .ns] | add // 0 | . / $all)}' "$T/pressed.json")
	jq -e '.others > 0.7 and .calls < 0.2' <<<"$shares" >/dev/null || t_bad "$shares"
	t_done
}
agree pressed

t_begin "spans: the first cause is the one that took most"
t_preload "$T/spans" "heap=off:follow_fork=off" "$PROBE/tail" 1 3000 spans
file=$(t_file "$T/spans") || t_fail "no ring file"
for form in json csv; do
	"$REPORT" spans --tail 98 --span step --format $form "$file" >"$T/spans.$form" 2>/dev/null
done
first=$(jq -r '[.spans[0].causes[] | select(.not_your_code | not) | .function][0]' "$T/spans.json")
[ "$first" = apply_book ] && t_ok || t_fail "first is '$first'"
agree spans
t_begin "spans: 64 longest and 1,024 by chance are kept, not more"
kept=$(jq '.spans[0].kept' "$T/spans.json")
[ "$kept" -gt 1024 ] && [ "$kept" -le 1092 ] && t_ok || t_fail "$kept are kept"
t_begin "spans: who held the lock, and what the others did, of the longest"
"$REPORT" spans --span step --select 'dur>6ms' --format json "$file" >"$T/others.json" 2>/dev/null
told='.spans[0].slow_spans[] | select(.others) | ([.parts[] | select(.class == "lock") | .ns] | add // 0) as $lock'
count=$(jq "[$told | .] | length" "$T/others.json")
[ "$count" -ge 8 ] && [ "$count" -le 16 ] || t_bad "of $count it is known what others did"
count=$(jq "[$told | select(\$lock > 0.8 * .duration_ns)] | length" "$T/others.json")
[ "$count" -ge 1 ] || t_bad "$count of them waited for the lock"
wrong=$(jq -c "$told | select(\$lock > 0.8 * .duration_ns) | .others[0] |
	select(.held_ns < 0.5 * \$lock or .thread != \"tail\" or (.lock | startswith(\"book\") | not))" "$T/others.json" | head -3)
[ -z "$wrong" ] || t_bad "of a wait for a lock: $wrong"
wrong=$(jq -c "$told | select(\$lock == 0) | .others[] | select(.held_ns > 0)" "$T/others.json" | head -3)
[ -z "$wrong" ] || t_bad "nobody waited for a lock: $wrong"
# the first of them, in words
at=$(jq "[$told | select(\$lock > 0.8 * .duration_ns) | .at_ns / 1e6 | floor][0] // 0" "$T/others.json")
"$REPORT" spans --span step --select "dur>6ms,t=${at}ms..$((at + 1))ms" "$file" 2>/dev/null | tr -s ' \n' ' ' >"$T/others.out"
grep -qE "meanwhile tail \([0-9]+\) held book \(tail\) for [0-9.]+ ms, of it [0-9.]+ ms in (clock_)?nanosleep, called from" \
	"$T/others.out" || t_bad "$(head -c 600 "$T/others.out")"
t_done
t_begin "spans without a planted cause: none of those is named"
"$REPORT" spans --tail 98 --span steady --format json "$file" 2>/dev/null >"$T/steady.json"
jq -e '[.spans[0].causes[].function] | all(. != "flush_journal" and . != "rebuild_index" and
	. != "apply_book")' "$T/steady.json" >/dev/null && t_ok ||
	t_fail "named: $(jq -c '[.spans[0].causes[].function]' "$T/steady.json")"
t_begin "spans: --select chooses by time and length"
"$REPORT" spans --span step --select 'dur>5ms,t=0.5s..2s' --format json "$file" 2>/dev/null >"$T/select.json"
jq -e '.spans[0].slow_spans | length > 0 and all(.duration_ns > 5000000 and .at_ns >= 500000000
	and .at_ns <= 2000000000)' "$T/select.json" >/dev/null && t_ok || t_fail "others are among them"

# The read is where the thread comes back to: no iteration has it in it, and the span does.
t_begin "spans: a wait of the thread's own loop within has its place and its time"
t_preload "$T/own" "heap=off:follow_fork=off" "$PROBE/tail" 1 2000 own
file=$(t_file "$T/own") || t_fail "no ring file"
for form in json csv; do
	"$REPORT" spans --tail 98 --span serve --format $form "$file" >"$T/own.$form" 2>/dev/null
done
loop=$("$REPORT" loop --thread tail -n 1 --sort iterations --format json "$file" 2>/dev/null | jq -r '.loops[0].kind')
shares=$(jq -c '[.spans[0].shares[] | select(.share > 0.02) | [.class, .call, .function, .share]]' "$T/own.json")
if [ "$loop" != read ]; then
	t_fail "the loop's wait is '$loop'"
else
	jq -e 'any(.[0] == "blocked" and .[1] == "read" and .[2] == "flush_journal" and .[3] > 0.5) and
		all(.[0] != "idle")' <<<"$shares" >/dev/null && t_ok || t_fail "$shares"
fi
# of all slow ones together, what the program measured around the read and what the record has
t_begin "spans: the time of that wait is what the program says, within 3 points of theirs"
sort -k2,2nr "$T/own/out" | head -n 40 | awk '{ all += $2; in_it += $3 } END { printf "%.4f\n", in_it / all }' >"$T/said"
jq '[.spans[0].slow_spans[]] | ([.[].parts[] | select(.call == "read") | .ns] | add) / ([.[].duration_ns] | add)' \
	"$T/own.json" >"$T/seen"
awk -v a="$(cat "$T/said")" -v b="$(cat "$T/seen")" 'BEGIN { d = a - b; exit !(b > 0 && d < 0.03 && d > -0.03) }' &&
	t_ok || t_fail "the program says $(cat "$T/said"), the record $(cat "$T/seen")"
agree own

t_begin "--select chooses by time and length"
"$REPORT" loop --select 'dur>5ms,t=0.5s..2s' --thread tail -n 1 --sort iterations --format json \
	"$(t_file "$T/causes")" 2>/dev/null >"$T/select.json"
jq -e '.loops[0].slow_iterations | length > 0 and all(.duration_ns > 5000000 and .at_ns >= 500000000
	and .at_ns <= 2000000000)' "$T/select.json" >/dev/null && t_ok || t_fail "others are among them"

t_begin "a record without iterations says so"
t_preload "$T/none" "heap=off" "$PROBE/tail" 1 4 causes
"$REPORT" loop --tail 99 "$(t_file "$T/none")" >"$T/none.out" 2>&1
grep -q "no iteration is kept whole" "$T/none.out" && t_ok || t_fail "$(head -c 200 "$T/none.out")"

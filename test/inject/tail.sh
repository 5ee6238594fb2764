#!/bin/bash
# What slow iterations have in common: planted causes of a live program, in their order and with the
# share that the program itself says; nothing where there is none; and all of it once more by other
# code, from the exported accounts.
. "$(dirname "$0")/../lib.sh"

# tail NAME SEED COUNT KIND: the record is $file, what the program says $T/NAME/out
tail_of() {
	t_preload "$T/$1" "heap=off:follow_fork=off" "$PROBE/tail" "$2" "$3" "$4"
	file=$(t_file "$T/$1") || {
		t_bad "no ring file"
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
	[ -z "$bad" ] && t_ok || t_bad "$(head -c 400 <<<"$bad" | paste -sd ';')"
}
# user NAME: causes that are the program's
user() {
	jq -r '[.loops[0].causes[] | select(.not_your_code | not) | .function] | join(" ")' "$T/$1.json"
}

t_begin "planted causes: the first is the one that took most"
tail_of causes 1 4000 causes && {
	read -r first _ <<<"$(user causes)"
	[ "$first" = flush_journal ] && t_ok || t_bad "first is '$first' of '$(user causes)'"
}
t_begin "its share is what the program says, within 4 points"
read -r said seen <<<"$(python3 "$TOP/test/tail_rows.py" truth "$T/causes.csv" "$T/causes/out")"
awk -v a="$said" -v b="$seen" 'BEGIN { d = a - b; exit !(a > 0 && d < 0.04 && d > -0.04) }' &&
	t_ok || t_bad "the program says $said, the record $seen"
t_begin "every part of an iteration is there"
jq -e '[.loops[0].slow_iterations[] | (([.parts[].ns] | add) - .duration_ns) | fabs] | max < 10' \
	"$T/causes.json" >/dev/null && t_ok || t_bad "parts do not add up"
t_begin "64 longest and 1,024 by chance are kept, not more"
kept=$(jq '.loops[0].kept' "$T/causes.json")
[ "$kept" -gt 1024 ] && [ "$kept" -le 1092 ] && t_ok || t_bad "$kept are kept"
agree causes

t_begin "nothing planted but events: no cause is named"
tail_of work 2 6000 work && {
	[ -z "$(user work)" ] && t_ok || t_bad "named: $(user work)"
}
agree work
t_begin "events are those that the waits brought"
jq -e '[.loops[0].slow_iterations[].events] | add > 0' "$T/work.json" >/dev/null && t_ok || t_bad "none"

t_begin "--select chooses by time and length"
"$REPORT" loop --select 'dur>5ms,t=0.5s..2s' --thread tail -n 1 --sort iterations --format json \
	"$(t_file "$T/causes")" 2>/dev/null >"$T/select.json"
jq -e '.loops[0].slow_iterations | length > 0 and all(.duration_ns > 5000000 and .at_ns >= 500000000
	and .at_ns <= 2000000000)' "$T/select.json" >/dev/null && t_ok || t_bad "others are among them"

t_begin "a record without iterations says so"
t_preload "$T/none" "heap=off" "$PROBE/tail" 1 4 causes
"$REPORT" loop --tail 99 "$(t_file "$T/none")" >"$T/none.out" 2>&1
grep -q "no iteration is kept whole" "$T/none.out" && t_ok || t_bad "$(head -c 200 "$T/none.out")"

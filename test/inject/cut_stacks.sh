#!/bin/bash
# Stacks that are longer than their copy: the outer frames are the right ones, or the stack
# says that it was cut. A caller that is not the true one is never shown.
# alone: it needs samples at their time
. "$(dirname "$0")/../lib.sh"

# share FUNCTION CHILD: percent of all CPU time in stacks where FUNCTION is above CHILD
share() {
	jq -r --arg f "$1" --arg c "$2" '
		[.stacks[] | select(.value > 0)] as $all
		| ([$all[].value] | add) as $sum
		| [$all[] | select((.frames | index($c)) as $i | $i != null and
			(.frames[:$i] | index($f)) != null) | .value] | add // 0
		| . * 100 / $sum | round' "$T/stacks.json"
}

# stacks FILE: what folded has, as JSON
stacks() {
	"$REPORT" export --format folded -o - "$1" 2>/dev/null |
		jq -Rn '{stacks: [inputs | capture("^(?<s>.*) (?<v>[0-9]+)$")
			| {frames: (.s | split(";")), value: (.v | tonumber)}]}' >"$T/stacks.json"
}

t_begin "a frame of 300 KiB: main is in the stack"
t_preload "$T/steady" cpu=250:leakscan=off "$PROBE/big_frame" 3
file=$(t_file "$T/steady") || t_bad "no record"
stacks "$file"
cut=$(share "[stack cut]" hot)
whole=$(share main hot)
[ "$whole" -ge 80 ] || t_bad "main is in $whole % of the stacks ($cut % are cut)"
[ $((whole + cut)) -ge 95 ] || t_bad "$((100 - whole - cut)) % of the stacks are neither whole nor cut"
t_equal "strategy above hot" "$whole" "$(share strategy hot)"
t_done

# turns ROUNDS: runs it and notes how the time is shared out
turns() {
	t_preload "$T/turns$1" cpu=997:leakscan=off "$PROBE/big_frame" 3 "$1"
	file=$(t_file "$T/turns$1") || t_bad "no record"
	stacks "$file"
	cut=$(share "[stack cut]" hot)
	left=$(share left hot)
	right=$(share right hot)
	[ $((left + right + cut)) -ge 95 ] || t_bad "left $left, right $right, cut $cut: more is missing"
}

# The truth is 25 to 75; who takes what is there now for what was there then is near 50 to 50.
t_begin "callers that take turns at one depth: long calls"
turns 50000000
[ $((left + right)) -ge 60 ] || t_bad "$cut % are cut"
[ $((left * 100 / (left + right + 1))) -le 35 ] || t_bad "left $left, right $right, cut $cut"
t_done

t_begin "callers that take turns at one depth: calls of microseconds"
turns 3000
[ "$left" -le $((right / 2 + 5)) ] || t_bad "left $left, right $right, cut $cut"
t_done

t_begin "a stack that was cut is a row of its own"
"$REPORT" flat --sort cumulative -n 0 "$file" >"$T/flat" 2>&1
[ "$cut" -lt 5 ] || grep -q '\[stack cut\]' "$T/flat" || t_bad "no row in flat"
"$REPORT" info "$file" 2>/dev/null | grep -q 'stacks\? cut at the end of' || t_bad "info says nothing"
t_done
t_end

#!/bin/bash
# Iterations of loops by label: two symbols on a pool of threads that waits for messages, against
# what the program counted itself
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/label_loop

run() { # MODE [OPTIONS]: file
	rm -rf "$T/run"
	t_preload "$T/run" "${2-}" "$probe" "$1"
	file=$(t_file "$T/run")
	t_equal status 0 "$(cat "$T/run/status")"
}
of() { # LABEL MEMBER
	t_json "[.labels[] | select(.label == \"$1\") | .loops.$2] | add // 0" labels "$file"
}
truth() {
	jq "$1" "$T/run/out"
}
loops() { # LABEL MEMBER: the sum over the loops of loop --label
	t_json "[.loops[].$2] | add // 0" loop "$file" -n 0 --label "$1"
}

pool() { # iterations that the loops of the pool have
	t_json '[.loops[].iterations] | add // 0' loop "$file" -n 0 --loop worker
}

t_begin "iterations and time in them are the program's own"
run shares
# a loop is one after some turns: what the pool's loops have is what there is to be told apart
all=$(pool)
[ "$all" -gt 400 ] || t_bad "the pool's loops have $all of 600 iterations"
t_equal "all of them are of a label" "$all" "$(($(of symbol=SOL iterations) + $(of symbol=BTC iterations)))"
t_near "iterations of SOL, percent" "$(truth '.SOL.iterations * 100 / (.SOL.iterations + .BTC.iterations)')" \
	"$(jq -n "$(of symbol=SOL iterations) * 100 / $all")" 2
for symbol in SOL BTC; do
	t_equal "iterations of loop --label" "$(of symbol=$symbol iterations)" "$(loops symbol=$symbol iterations)"
	t_equal "time of loop --label" "$(of symbol=$symbol busy_ns)" "$(loops symbol=$symbol busy_ns)"
	t_equal "longest of loop --label" "$(of symbol=$symbol max_ns)" \
		"$(t_json '[.loops[].max_ns] | max' loop "$file" -n 0 --label symbol=$symbol)"
done
t_near "time of SOL, percent" "$(truth '.SOL.busy_ns * 100 / (.SOL.busy_ns + .BTC.busy_ns)')" \
	"$(jq -n "$(of symbol=SOL busy_ns) * 100 / ($(of symbol=SOL busy_ns) + $(of symbol=BTC busy_ns))")" 2
t_equal "all are those of the labels and the rest" "$(t_json '[.loops[].iterations] | add' loop "$file" -n 0)" \
	"$(t_json '[.labels[].loops.iterations, .unlabelled.loops.iterations] | add' labels "$file")"
[ "$(loops symbol=SOL p50_ns)" -gt "$(loops symbol=BTC p50_ns)" ] || t_bad "the median of SOL is not above that of BTC"
t_equal "what is of its waits is not known of a label" null "$(t_json '.loops[0].idle_ns' loop "$file" --label symbol=SOL)"
# what is kept whole is a sample of them: how many there were is known by it within 15 percent
tail=$(t_json '[.loops[].iterations] | add' loop "$file" -n 0 --tail 90 --label symbol=SOL)
count=$(loops symbol=SOL iterations)
t_near "iterations that --tail --label speaks of, percent" 100 "$(jq -n "$tail * 100 / $count")" 15
stalls=$(t_json '[.loops[].stalls[]] | length' loop "$file" -n 0 --loop worker)
of_labels=$(($(loops symbol=SOL 'stalls[].duration_ns | 1') + $(loops symbol=BTC 'stalls[].duration_ns | 1')))
# what the helper was not told of in time has none
[ "$of_labels" -le "$stalls" ] && [ $((of_labels * 10)) -ge $((stalls * 8)) ] ||
	t_bad "$of_labels of $stalls stalls are of a label"
t_equal "units are of the label" "symbol=SOL" \
	"$("$REPORT" loop "$file" --tail 90 -f csv --label symbol=SOL 2>/dev/null | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "label") at = i } NR > 1 && at { print $at }' | sort -u)"
t_done

t_begin "which label an iteration is of"
run several
t_equal "the one begun last" "$(pool)" "$(of symbol=BTC iterations)"
t_equal "not the one before" 0 "$(of symbol=SOL iterations)"
[ "$(of symbol=BTC several)" -gt 400 ] || t_bad "$(of symbol=BTC several) are said to have several"
run around
t_equal "the one that was there before" "$(pool)" "$(of life=long iterations)"
t_equal "of it, of several" 0 "$(of life=long several)"
run phases
t_equal "those around it too" "$(pool)" "$(of symbol=SOL iterations)"
t_equal "the last phase" "$(pool)" "$(of phase=write iterations)"
t_equal "not the one before" 0 "$(of phase=read iterations)"
t_done

t_begin "more labels than there is room for"
run names size=4M
known=$(t_json '[.labels[].loops.iterations] | add' labels "$file")
[ "$known" -lt 3000 ] || t_bad "there is room for all: this tests nothing"
lost=$(t_json '.lost.labels // 0' info "$file")
[ $((known + lost)) -ge 2000 ] || t_bad "$known known and $lost lost of 3000 in iterations"
t_done

t_begin "without the library"
t_run "$T/bare" "$probe" several
t_equal status 0 "$(cat "$T/bare/status")"
t_equal stderr "" "$(cat "$T/bare/err")"
t_done

t_end

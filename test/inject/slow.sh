#!/bin/bash
# Why it was slow: a loop's planted stalls are what the summary begins with and what `loop`
# and `waits` count, by class, call, function and holder; a loop that does nothing is not slow.
. "$(dirname "$0")/../lib.sh"

as_nobody=()
# record WHAT [undumpable]: runs the probe, and asks for summary, loop and waits
record() {
	mkdir -p "$T/$1"
	chmod 777 "$T" "$T/$1" # for nobody
	t_preload "$T/$1" "heap=off" "${as_nobody[@]}" "$PROBE/slow" "$1" "${@:2}"
	t_equal status 0 "$(cat "$T/$1/status")"
	file=$(t_files "$T/$1" | grep '/slow\.') || { t_bad "no ring file"; return; }
	for verb in summary loop waits; do
		"$REPORT" $verb --format json "$file" >"$T/$verb.json" 2>"$T/err" ||
			t_bad "$verb: $(head -1 "$T/err")"
	done
	planted=$(cat "$T/$1/out")
}
# cause CLASS CALL FUNCTION MEMBER: of the stalls of the loop with that cause
cause() {
	jq -r --arg class "$1" --arg call "$2" --arg function "$3" \
		".causes[] | select(.class == \$class and .function == \$function and
			(\$call == \"\" or .call == \$call) and .loop == \"feed_loop\") | .$4" "$T/loop.json"
}
# planted_stalls CLASS CALL FUNCTION: all but two at most, nearly all seen while they lasted
planted_stalls() {
	local stalls live
	stalls=$(cause "$1" "$2" "$3" stalls)
	live=$(cause "$1" "$2" "$3" caught_live)
	t_near "stalls in $3" "$planted" "${stalls:-0}" 2
	[ "${live:-0}" -ge $((planted * 2 / 3)) ] || t_bad "$live of $stalls were looked at live"
}
# leads TEXT...: the first line of why it was slow has all of these
leads() {
	local first text
	first=$(jq -r '.slow[0] | .rule + ": " + .text' "$T/summary.json")
	for text; do
		case $first in *"$text"*) ;; *) t_bad "'$first' lacks '$text'" ;; esac
	done
}

t_begin "a sleep within iterations"
record flush
planted_stalls blocked usleep flush_journal
leads 'stalls: ' ' of loop feed_loop (poll), worst ' 'usleep in flush_journal (slow.c:'
sum=$(cause blocked usleep flush_journal sum_ns)
t_near "time in usleep, of waits and of the stalls" "${sum:-0}" \
	"$(jq -r '[.sites[] | select(.kind == "usleep") | .wait_ns] | add' "$T/waits.json")" \
	$((${sum:-0} / 5))
t_done
t_begin "CPU time within iterations"
record parse
planted_stalls run '' parse_numbers
leads 'stalls: ' 'running parse_numbers (slow.c:'
t_done
t_begin "a lock whose holder sleeps"
record lock
planted_stalls lock '' apply_update
leads 'stalls: ' 'waiting for book' 'in apply_update (slow.c:' 'held by saver: usleep in save_book (slow.c:'
t_equal holder "saver save_book" "$(jq -r '[.loops[].stalls[] | select(.class == "lock" and .holder) |
	.holder.name + " " + .holder.function] | unique | join(", ")' "$T/loop.json")"
t_done
# Its files in /proc are root's from then on, but for those that are open and for the process.
if t_is_root && command -v setpriv >/dev/null; then
	as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi
t_begin "after PR_SET_DUMPABLE 0: a lock, and the books"
rm -rf "$T/lock"
record lock undumpable
planted_stalls lock '' apply_update
leads 'stalls: ' 'waiting for book' 'in apply_update (slow.c:' 'held by saver: usleep in save_book (slow.c:'
"$REPORT" threads --format json "$file" >"$T/threads.json" 2>"$T/err" || t_bad "threads: $(head -1 "$T/err")"
book() { jq -r "[.threads[] | select(.name == \"slow\")][0].books.$1 / 1e6 | round" "$T/threads.json"; }
t_near "time for locks, ms" $((planted * 40)) "$(book lock_ns)" 60
t_near "in no class, ms" 0 "$(book residual_ns)" 35
t_done
t_begin "after PR_SET_DUMPABLE 0: a sleep, seen live"
rm -rf "$T/flush"
record flush undumpable
planted_stalls blocked usleep flush_journal
t_done
as_nobody=()
t_begin "a loop that does nothing is not slow"
for _ in 1 2 3; do # a busy machine may keep it from running for 10 ms
	record quiet
	rules=$(jq -r '.slow[].rule' "$T/summary.json" | grep -vE 'runnable|outside' | paste -sd' ')
	[ -n "$rules" ] || break
done
t_equal rules "" "$rules"
t_done
t_end

#!/bin/bash
# What a stall's time was: CPU time within calls that may block is CPU time, and what a rival
# took is preempted; neither is blocked.  The program's own clocks are the oracle.
. "$(dirname "$0")/../lib.sh"

# parts NAME ARGS...: "CPU WALL" of the program and "run blocked preempted sum wall" of the record
parts() {
	local file
	t_preload "$T/$1" "heap=off:follow_fork=off" "$PROBE/stall_parts" "$T/$1.data" 8 "${@:2}"
	t_equal status 0 "$(cat "$T/$1/status")"
	file=$(t_file "$T/$1") || { t_bad "no ring file"; return 0; }
	if ! "$REPORT" info --format json "$file" | jq -e '.off_cpu.layers | index("switches")' >/dev/null; then
		t_skip "no records of switches here"
		return 1
	fi
	"$REPORT" loop --format json "$file" 2>/dev/null >"$T/loop.json"
	t_equal "slow iterations" "$(wc -l <"$T/$1/out")" "$(jq '[.loops[].stalls[]] | length' "$T/loop.json")"
	paste -d ' ' "$T/$1/out" <(jq -r '[.loops[].stalls[]] | sort_by(.at_ns)[] |
		[.ns.run_ns, .ns.blocked_ns, .ns.preempted_ns, .duration_ns] |
		map(. / 1000000) | map(tostring) | join(" ")' "$T/loop.json") >"$T/both"
	# 1 ms: what the loop does beside, and a moment of the machine's
	awk '{ d = $3 - $1; if (d < -1 || d > 1) print "run " $3 " ms of " $1
		if ($4 > 1) print "blocked " $4 " ms of none"
		d = $5 - ($2 - $1); if (d < -1.5 || d > 1.5) print "preempted " $5 " ms of " $2 - $1
		d = $3 + $4 + $5 - $6; if (d < -0.5 || d > 0.5) print "the parts make " $3 + $4 + $5 " ms of " $6
	}' "$T/both" >"$T/wrong"
	# a disk that is written out at this moment holds up one of them
	[ "$(wc -l <"$T/wrong")" -le 1 ] || t_bad "$(head -n 3 "$T/wrong" | paste -sd ';')"
	return 0
}

t_begin "time in calls that did not sleep is no time blocked"
parts alone && t_done
t_begin "what a rival took is preempted"
if parts rival rival; then
	[ "$(jq '[.loops[].stalls[].ns.preempted_ns] | add > 20000000' "$T/loop.json")" = true ] ||
		t_bad "the rival took nothing"
	t_done
fi
t_begin "calls alone cannot tell: without records of switches it is said otherwise"
t_preload "$T/timer" "heap=off:follow_fork=off:engine=timer" "$PROBE/stall_parts" "$T/timer.data" 4
file=$(t_file "$T/timer") || t_bad "no ring file"
"$REPORT" loop --format json "$file" 2>/dev/null >"$T/loop.json"
[ "$(jq '[.loops[].stalls[] | select(.ns.blocked_ns > 5000000)] | length' "$T/loop.json")" -gt 0 ] ||
	t_bad "the calls' time is not in the parts: this test proves nothing"
t_done
t_end

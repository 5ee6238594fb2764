#!/bin/bash
# What a stall's time was: CPU time within calls that may block is CPU time, and what a rival
# took is preempted; neither is blocked.  The program's own clocks are the oracle.
. "$(dirname "$0")/../lib.sh"

# compare FILE: "CPU WALL run blocked preempted sum" a line; what is wrong of it.
# 1 ms: what the loop does beside, and a moment of the machine's.  What the hypervisor takes no
# switch tells: it counts as run, where the program's CPU time has not got it.
compare() {
	awk '{ if ($3 < $1 - 1 || $3 > $2 - $5 + 1) print "run " $3 " ms of " $1
		if ($4 > 1) print "blocked " $4 " ms of none"
		if ($5 > $2 - $1 + 1) print "preempted " $5 " ms of " $2 - $1
		d = $3 + $4 + $5 - $6; if (d < -0.5 || d > 0.5) print "the parts make " $3 + $4 + $5 " ms of " $6
	}' "$1"
}
# once NAME ARGS...: what is wrong of one run; in $T/both what the program says of its slow
# iterations beside what the record does.  A disk that is written out at this moment may hold up
# one of them.
once() {
	local file stalls lines
	rm -rf "${T:?}/$1"
	t_preload "$T/$1" "heap=off:follow_fork=off" "$PROBE/stall_parts" "$T/$1.data" 8 "${@:2}"
	file=$(t_file "$T/$1") || { echo "no ring file"; return; }
	"$REPORT" loop --format json "$file" 2>/dev/null >"$T/loop.json"
	stalls=$(jq '[.loops[].stalls[]] | length' "$T/loop.json")
	lines=$(wc -l <"$T/$1/out")
	[ "$stalls" = "$lines" ] || { echo "$stalls stalls of $lines"; return; }
	paste -d ' ' "$T/$1/out" <(jq -r '[.loops[].stalls[]] | sort_by(.at_ns)[] |
		[.ns.run_ns, .ns.blocked_ns, .ns.preempted_ns, .duration_ns] |
		map(. / 1000000) | map(tostring) | join(" ")' "$T/loop.json") >"$T/both"
	compare "$T/both" >"$T/wrong"
	[ "$(wc -l <"$T/wrong")" -le 1 ] || head -n 3 "$T/wrong" | paste -sd ';'
}
# parts NAME ARGS...: until a run is right.  A machine that stands still for a moment makes
# an iteration none of the program's stalls.
parts() {
	local try stolen bad quiet=0
	for ((try = 0; try < 4; try++)); do
		stolen=$(t_stolen)
		bad=$(once "$@")
		[ -z "$bad" ] && return 0
		[ "$(t_stolen)" != "$stolen" ] || ((quiet++))
	done
	if [ $quiet = 0 ]; then
		t_skip "the hypervisor took CPU time in each of 4 runs: $bad"
		return 1
	fi
	t_bad "$bad"
	return 0
}

t_begin "switches are recorded here"
t_preload "$T/first" "heap=off" true
if "$REPORT" info --format json "$(t_file "$T/first")" | jq -e '.off_cpu.layers | index("switches")' >/dev/null; then
	t_ok
else
	t_skip "perf events are refused"
	exit
fi
t_begin "time in calls that did not sleep is no time blocked"
parts alone && t_done
t_begin "what a rival took is preempted"
if parts rival rival; then
	[ "$(jq '[.loops[].stalls[].ns.preempted_ns] | add > 20000000' "$T/loop.json")" = true ] ||
		t_bad "the rival took nothing"
	t_done
fi
t_begin "parts in each other's place are seen"
awk '{ print $1, $2, $4, $3, $5, $6 }' "$T/both" >"$T/planted"
[ "$(compare "$T/planted" | wc -l)" -ge "$(wc -l <"$T/planted")" ] || t_bad "CPU time as blocked was not noticed"
t_done
t_end

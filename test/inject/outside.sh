#!/bin/bash
# What keeps a loop from its CPU is told apart: a CPU quota, the hypervisor, or a rival that is
# neither; none is the program's. And the limit that stall=auto learns of a loop.
# alone: rivals beside the planted one, and what a loop's iterations take
. "$(dirname "$0")/../lib.sh"

group=
trap '[ -z "$group" ] || rmdir "$group" 2>/dev/null; t_cleanup' EXIT
# make_group QUOTA_US: of each 50 ms; in `group`
make_group() {
	local root=/sys/fs/cgroup/cpu
	t_is_root || return 1
	if [ -e $root/cpu.cfs_quota_us ]; then
		group=$root/vprof-$$ && mkdir "$group" || return 1
		echo 50000 >"$group/cpu.cfs_period_us" && echo "$1" >"$group/cpu.cfs_quota_us"
	else
		root=/sys/fs/cgroup
		grep -qw cpu $root/cgroup.subtree_control 2>/dev/null || return 1
		group=$root/vprof-$$ && mkdir "$group" && echo "$1 50000" >"$group/cpu.max"
	fi
}
# throttled: milliseconds that the group was kept from running
throttled() {
	awk '$1 == "throttled_time" { print int($2 / 1e6) } $1 == "throttled_usec" { print int($2 / 1e3) }' \
		"$group/cpu.stat"
}
# stalls JQ: of the list of stalls
stalls() {
	jq "[.loops[].stalls[]] | $1" "$T/loop.json"
}
loop() {
	"$REPORT" loop --format json "$file" >"$T/loop.json" 2>"$T/err" || t_bad "loop: $(head -1 "$T/err")"
	"$REPORT" summary "$file" 2>/dev/null | tr -s ' \n' ' ' >"$T/summary"
}
# says YES|NO TEXT: does the summary have it?
says() {
	grep -qF "$2" "$T/summary" && local has=YES || local has=NO
	[ $has = "$1" ] || t_bad "'$2' in the summary: wanted $1: $(grep -o 'Slow.*CPU ' "$T/summary" | head -c 300)"
}
# beside_stat STEP COMMAND...: where /proc/stat's count of stolen time rises by STEP ticks in
# each 10 ms
beside_stat() {
	local step=$1
	shift
	cp /proc/stat "$T/stat"
	cat >"$T/steal.py" <<'END'
import sys, time
path, step = sys.argv[1], int(sys.argv[2])
stolen = 100000
while True:
    with open(path, 'r+') as f:
        f.write('cpu  1 2 3 4 5 6 7 %d 0 0\n' % stolen)
    stolen += step
    time.sleep(0.01)
END
	$PYTHON "$T/steal.py" "$T/stat" "$step" &
	t_pids=$!
	rm -rf "$T/run"
	t_preload "$T/run" heap=off:follow_fork=off unshare -m sh -c \
		'mount --bind "$0" /proc/stat && shift && exec "$@"' "$T/stat" - "$@"
	kill "$t_pids" && wait "$t_pids" 2>/dev/null
	t_pids=
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_files "$T/run" | grep '/outside\.' | head -n 1)
	[ -n "$file" ] || t_bad "no record: $(head -1 "$T/run/err")"
}

t_begin "a CPU quota"
if make_group 5000; then
	rm -rf "$T/run"
	t_preload "$T/run" heap=off sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$PROBE/outside" 80 4
	file=$(t_files "$T/run" | grep '/outside\.' | head -n 1)
	loop
	planted=$(awk '$1 - $2 > 10' "$T/run/out" | wc -l)
	[ "$planted" -ge 30 ] || t_bad "only $planted turns were held up"
	t_near "stalls" "$planted" "$(stalls 'map(select(.class == "preempted")) | length')" $((planted / 5 + 2))
	# The first second is before anything was read of the group.
	late='map(select(.class == "preempted" and .at_ns > 2e9))'
	# A group's time is counted when it may run again: the look may have been before.
	t_near "stalls of the quota" "$(stalls "$late | length")" \
		"$(stalls "$late | map(select(.throttled_ns * 2 > .ns.preempted_ns)) | length")" 5
	# Nobody may have looked at the first.
	[ "$(stalls 'map(select(.class == "run")) | length')" -le 2 ] || t_bad "stalls are called run"
	kept=$(stalls 'map(.throttled_ns // 0) | add / 1e6 | floor')
	[ "$kept" -le $(($(throttled) + 50)) ] || t_bad "$kept ms of $(throttled) that the group was kept from running"
	says YES "the CPU quota of its control group was used up"
	rmdir "$group"
	group=
	t_done
else
	t_skip "no control group of our own here"
fi

if t_is_root; then
	t_begin "a rival is neither quota nor hypervisor"
	beside_stat 0 "$PROBE/outside" 300 0.1 30
	loop
	planted=$(awk '$1 >= 30' "$T/run/out" | wc -l)
	[ "$planted" -ge 15 ] || t_bad "only $planted turns were held up"
	t_near "stalls" "$planted" "$(stalls 'map(select(.class == "preempted" and .duration_ns > 29e6)) | length')" 3
	t_equal "stolen or throttled" 0 "$(stalls 'map(select((.stolen_ns // 0) + (.throttled_ns // 0) > 0)) | length')"
	says YES "it could run, and others had the CPU"
	says NO "other guests"
	t_done
	t_begin "what other guests took"
	beside_stat 1 "$PROBE/outside" 300 0.1 30
	loop
	late='map(select(.class == "preempted" and .duration_ns > 29e6 and .at_ns > 2e9))'
	[ "$(stalls "$late | length")" -ge 5 ] || t_bad "only $(stalls "$late | length") stalls"
	t_equal "stolen" "$(stalls "$late | length")" \
		"$(stalls "$late | map(select(.stolen_ns * 2 > .ns.preempted_ns)) | length")"
	says YES "other guests had the machine's CPU"
	t_done
else
	t_begin "rivals and other guests"
	t_skip "not root"
fi

t_begin "stall=auto learns the limit of a loop"
t_record heap=off:stall=auto "$PROBE/outside" 400 0.02 4 self && {
	loop
	planted=$(wc -l <"$T/run/out")
	# 20 times the median, and 1 ms at least.
	t_near "limit, ms" 1.25 "$(jq '.loops[0].stall_limit_ns / 1e6' "$T/loop.json")" 0.25
	# It learns from the loop's first two seconds.
	got=$(stalls 'map(select(.duration_ns >= 4e6)) | length')
	{ [ "$got" -ge $((planted / 2 - 6)) ] && [ "$got" -le $((planted / 2 + 6)) ]; } ||
		t_bad "$got stalls of $planted planted in all, half of them before the limit is known"
	t_equal "whose" "" "$(stalls 'map(select(.class == "run" and .duration_ns >= 4e6) | .function) | unique - ["work", "now", "clock_ns"] | join(" ")' | tr -d '"')"
	"$REPORT" loop "$file" 2>/dev/null | grep -q 'Stalls of 10.0 ms and more, or what stall=auto learned of its loop' ||
		t_bad "the table does not say what the limit is"
}
t_done
t_begin "a loop of long iterations keeps the limit of all"
t_record heap=off:stall=auto "$PROBE/outside" 250 3 && {
	loop
	t_equal "limit, ms" 10 "$(jq '.loops[0].stall_limit_ns / 1e6' "$T/loop.json")"
}
t_done
t_begin "without stall=auto these are no stalls"
t_record heap=off "$PROBE/outside" 400 0.02 4 self && {
	loop
	t_equal "stalls of its own" 0 "$(stalls 'map(select(.class == "run" and .duration_ns < 9e6)) | length')"
	t_equal "limit, ms" 10 "$(jq '.loops[0].stall_limit_ns / 1e6' "$T/loop.json")"
}
t_done
t_end

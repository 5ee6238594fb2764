#!/bin/bash
# The time in a record is the kernel's, whoever else defines the clock of the process:
# libfaketime or a shim, before us in LD_PRELOAD or after us.
. "$(dirname "$0")/../lib.sh"

shim=$PROBE/plugin_clock.so
fake=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -1)

# truth DIR: start, length, samples and verdict of the one record in DIR
truth() {
	local file now
	now=$(date +%s)
	file=$(t_file "$1") || { t_bad "no one record in $1"; return; }
	t_near "start" "$now" "$(t_json '.run.start_real_ns / 1e9' info "$file")" 100
	t_json '.run.duration_ns / 1e9 | if . >= 0.45 and . < 60 then "right" else tostring end' \
		info "$file" >"$T/length"
	t_equal "seconds it took" right "$(cat "$T/length")"
	t_json '.run.cpu_ns / 1e9 | if . >= 0.29 and . < 60 then "right" else tostring end' \
		info "$file" >"$T/cpu"
	t_equal "CPU seconds" right "$(cat "$T/cpu")"
	t_equal "some samples" true "$(t_json '.sampling.samples > 9' info "$file")"
	t_equal "blocks lost" 1 "$(t_json .totals.lost.blocks leaks "$file")"
	"$REPORT" timeline "$file" 2>/dev/null | tail -n +2 | cut -d, -f1 |
		awk -v now="$now" 'NR > 1 && $1 < last { print "goes back" } { last = $1 }' >"$T/back"
	t_equal "timeline" "" "$(cat "$T/back")"
}

# with DIR PRELOAD...: the host under these, bare and with us among them
with() {
	local dir=$1 engine
	shift
	for engine in perf timer; do
		t_run "$T/$dir.$engine" env "LD_PRELOAD=$*" VPROF_OPTIONS="engine=$engine" \
			"$PROBE/clock_host"
		t_equal "$engine: status" 0 "$(cat "$T/$dir.$engine/status")"
		t_equal "$engine: output" "done" "$(head -1 "$T/$dir.$engine/out")"
		truth "$T/$dir.$engine"
	done
}

t_begin "a shim before us"
with before "$shim" "$LIB"
t_done

t_begin "a shim after us"
with after "$LIB" "$shim"
t_done

t_begin "we call nothing of a shim's"
for dir in "$T"/before.* "$T"/after.*; do
	t_equal "${dir##*/}" "calls by the profiler: 0, last none" "$(tail -n 1 "$dir/out")"
done
t_done

t_begin "%t of a file's name is the kernel's time"
t_run "$T/named" env LD_PRELOAD="$LIB $shim" VPROF_OPTIONS='out=at-%t.vprof' "$PROBE/clock_host"
name=$(basename "$(t_file "$T/named")" .vprof)
t_near "name" "$(date +%s)" "${name#at-}" 100
t_done

t_begin "libfaketime: a time that stands still"
if [ -z "$fake" ]; then
	t_skip "no libfaketime here"
else
	export FAKETIME='2001-01-01 00:00:00'
	with fake_before "$fake" "$LIB"
	with fake_after "$LIB" "$fake"
	t_done
fi

t_begin "libfaketime: ten years on, a hundred times as fast"
if [ -z "$fake" ]; then
	t_skip "no libfaketime here"
else
	export FAKETIME='+10y x100'
	with fast_before "$fake" "$LIB"
	with fast_after "$LIB" "$fake"
	t_done
fi
t_end

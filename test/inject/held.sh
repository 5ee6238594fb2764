#!/bin/bash
# Programs that other tools fail on and this one never did: kept, so that it stays so.
. "$(dirname "$0")/../lib.sh"

for engine in perf timer; do
	t_begin "$engine: a fork that takes longer than the time between two samples"
	t_run "$T/bare" "$PROBE/forkbig" 96
	t_preload "$T/vprof" engine=$engine "$PROBE/forkbig" 96
	t_equal status 0 "$(cat "$T/vprof/status")"
	t_equal output "$(cat "$T/bare/out")" "$(cat "$T/vprof/out")"
	rm -rf "$T/bare" "$T/vprof"
	t_done

	t_begin "$engine: fibers, in a box that kills on any call but its own"
	t_differential engine=$engine "$PROBE/fiberbox" box
	t_done
	t_begin "$engine: fibers without a box"
	t_differential engine=$engine "$PROBE/fiberbox"
	t_done
done

t_begin "allocations below realigned frames"
t_differential "" "$PROBE/drap"
file=$(t_file "$T/vprof")
t_equal "call path" "leaf aligned_frame vec_frame main" "$(
	t_json '.sites[] | select(.allocs == 100) | [.frames[].function][0:4] | join(" ")' heap "$file")"
t_done

t_begin "samples in a realigned frame"
t_equal "burn under main" true "$(
	t_json '[.functions[] | select(.function == "burn" or .function == "main")] |
		(map(select(.function == "main"))[0].total_ns >= map(select(.function == "burn"))[0].self_ns)' flat "$file")"
t_done
t_end

#!/bin/bash
# A filter that kills for what only a profiler asks for, put on all threads while the helper
# opens events again and again: the program lives, and the record says where it ends. By a hook,
# by the bare instruction, which no hook sees, and with a child that is born behind it.
# alone: threads that switch too often for samples must, and beside other jobs they do not
. "$(dirname "$0")/../lib.sh"

for how in syscall raw other; do
	for more in "" strict fork; do
		# A tick that has begun reads /proc to its end (docs/hazards.md).
		[ "$how,$more" = raw,strict ] || [ "$how,$more" = other,strict ] && continue
		# shellcheck disable=SC2086
		t_unchanged "$how${more:+, $more}" "" "$PROBE/late_filter" $how $more
		t_begin "$how${more:+, $more}: the record ends there"
		# Beside other jobs its threads may switch too seldom for events to come and go.
		for _ in 1 2 3; do
			# The child's record may be the older one by its time: both are looked at.
			for file in $(t_files "$T/vprof" | grep late_filter); do
				"$REPORT" info "$file" 2>&1
			done >"$T/info"
			grep -q 'too busy switching' "$T/info" && break
			rm -rf "$T/vprof"
			# shellcheck disable=SC2086
			t_preload "$T/vprof" "" "$PROBE/late_filter" $how $more
		done
		grep -q 'recording ended at a seccomp filter' "$T/info" || t_bad "$(grep ^heap "$T/info")"
		grep -q 'too busy switching' "$T/info" || t_bad "no thread was sampled in windows"
		t_done
	done
done
t_end

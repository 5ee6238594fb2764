#!/bin/bash
# Small things that a library could take from its host without a word.
. "$(dirname "$0")/../lib.sh"

t_begin "a thread's stack is as large as it asked for"
t_differential "" "$PROBE/stack_told"
t_equal "sizes" 12 "$(wc -l <"$T/vprof/out")"
t_done

t_begin "the same without heap and samples"
t_differential heap=off:cpu=off:leakscan=off "$PROBE/stack_told"
t_done
for how in posix c11; do
	for options in "" engine=timer cpu=off:heap=off; do
		t_begin "every key for thread-specific data, $how${options:+, $options}"
		t_differential "$options" "$PROBE/all_keys" $how
		grep -q '^1024 keys' "$T/vprof/out" || t_bad "$(cat "$T/vprof/out")"
		[ "$("$REPORT" leaks "$(t_file "$T/vprof")" --format json | jq '.totals.lost.blocks')" = 0 ] ||
			[ -n "$options" ] || t_bad "blocks lost"
		t_done
	done
done

# 2 MiB are too few for the program itself; 8 are enough for it, and not for it and us.
chmod 755 "$T"
mkdir -m 777 "$T/anybody"
for limit in 2 8 32; do
	for options in "" engine=timer heap=off; do
		t_begin "mlockall with a limit of $limit MiB${options:+, $options}"
		t_run "$T/bare" "$PROBE/lock_all" $limit
		rm -rf "$T/vprof"
		t_preload "$T/vprof" "out=$T/anybody/%e.%p.vprof${options:+:$options}" "$PROBE/lock_all" $limit
		t_same "$T/bare" "$T/vprof"
		t_done
	done
done

# None of them may be told what was true of another's call.
for limit in 2 8; do
	t_begin "mlockall by four threads at once with a limit of $limit MiB"
	t_run "$T/bare" "$PROBE/lock_all_threads" $limit
	rm -rf "$T/vprof"
	t_preload "$T/vprof" "out=$T/anybody/%e.%p.vprof" "$PROBE/lock_all_threads" $limit
	t_same "$T/bare" "$T/vprof"
	t_done
done

# Of a thread's stack, beyond what libc uses: thread-local storage and the deepest hook.
# Measured: 2.7 KiB; with the timer engine 3.6 KiB, because a signal's frame comes on top, whose
# size the processor decides.
t_begin "what hooks use of a stack"
for options in "" heap=sample=65536 engine=timer; do
	t_run "$T/bare" "$PROBE/stack_used"
	rm -rf "$T/vprof"
	t_preload "$T/vprof" "$options" "$PROBE/stack_used"
	more=$(($(cat "$T/vprof/out") - $(cat "$T/bare/out")))
	most=4096
	[ "$options" != engine=timer ] || most=16384
	[ $more -le $most ] || t_bad "${options:-plain}: $more bytes"
done
t_done
t_end

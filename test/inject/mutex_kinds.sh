#!/bin/bash
# Locks of every kind mean what they mean without the library, and conditions of both
# versions are its own.
. "$(dirname "$0")/../lib.sh"

for mode in mutexes deaths rwlocks c11 cancel; do
	t_run "$T/bare" "$PROBE/mutex_kinds" $mode
	for options in "" engine=timer:cpu=1000 locks=off; do
		t_preload "$T/vprof.$options" "$options" "$PROBE/mutex_kinds" $mode &
	done
	wait # they mostly sleep
	for options in "" engine=timer:cpu=1000 locks=off; do
		t_begin "mutex kinds: $mode${options:+, $options}"
		t_same "$T/bare" "$T/vprof.$options"
		t_done
	done
	rm -rf "$T"/bare "$T"/vprof.*
done

t_unchanged "readers together, writers alone" "" "$PROBE/rwlock_readers"
t_unchanged "the same, locks=off" locks=off "$PROBE/rwlock_readers"

t_begin "conditions of GLIBC_2.2.5"
t_differential "" "$PROBE/cond_old"
t_equal "functions it is bound to" 6 "$(nm -D "$PROBE/cond_old" | grep -c 'pthread_cond_.*@GLIBC_2\.2\.5')"
# one waiter may have to wait for the mutex, too
t_equal "waits" 2 "$(t_json '[.locks[] | select(.kind == "cond") | .paths[]
	| select(.frames[0].function == "wait_old") | .waits] | add' locks "$(t_file "$T/vprof")")"
t_done

t_begin "each version of a condition gets its own code"
t_run "$T/bindings" env LD_DEBUG=bindings "LD_PRELOAD=$LIB" "$PROBE/cond_old"
t_equal "of libvprof" 6 "$(grep -c 'cond_old.* to .*libvprof.so.*pthread_cond_[a-z]*. \[GLIBC_2.2.5\]' "$T/bindings/err")"
t_done

# Were its waits recorded by a trylock that takes nothing, two threads would hold one lock.
t_begin "a libc whose locks are not as known"
T_HOST=$PROBE/plugin_lying_lock.so t_differential "" "$PROBE/mutex_kinds" cancel
t_equal "what info says" "not as known; locks: no waits recorded" \
	"$("$REPORT" info "$(t_file "$T/vprof")" | sed -n 's/^libc  *//p')"
t_equal "what info says to programs" "locks: no waits recorded" \
	"$(t_json .sampling.libc_unlike info "$(t_file "$T/vprof")")"
t_equal "locks with waits" 0 "$(t_json '.locks | length' locks "$(t_file "$T/vprof")")"
t_preload "$T/known" "" "$PROBE/mutex_kinds" cancel
t_equal "locks with waits else" 2 "$(t_json '.locks | length' locks "$(t_file "$T/known")")"
t_done
t_end

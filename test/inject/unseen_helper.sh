#!/bin/bash
# The helper is one task more: no program, and not libc, may notice.
# FORKS=N: so many children that are signalled right after fork.
# alone: a real-time thread takes a CPU from everybody
. "$(dirname "$0")/../lib.sh"

# helped DIR PROGRAM: a helper was there and took readings
helped() {
	local file points
	file=$(ls "$1/$2".*.vprof 2>/dev/null)
	[ -f "$file" ] || { t_bad "no file of $2 in $1"; return; }
	points=$("$REPORT" timeline --format csv "$file" 2>/dev/null | wc -l)
	[ "$points" -gt 1 ] || t_bad "no helper took a reading"
}
P=$PROBE/unseen_helper

t_begin "libc thinks of a program without threads"
t_differential "" "$P" single
t_equal said "__libc_single_threaded 1" "$(cat "$T/vprof/out")"
helped "$T/vprof" unseen_helper
t_done
t_unchanged "mutexes and malloc from the first thread on" cpu=10000 "$P" mutex
t_unchanged "children signalled right after fork" "" "$P" fork_signal "${FORKS:-300}"
t_unchanged "children signalled right after fork, timer engine" engine=timer "$P" fork_signal 100
t_unchanged "no child to wait for" "" "$P" wait
for how in pthread_exit raw bare; do
	t_unchanged "the only thread ends by $how" "" "$P" end $how
done

if t_is_root; then
	for how in threads raw libc; do
		t_unchanged "rights of all tasks, $how" "" "$P" setters $how
	done
	t_begin "rights of all tasks: the program says none differ"
	grep -qE ': [1-9][0-9]*$' "$T/vprof/out" && t_bad "$(grep -E ': [1-9][0-9]*$' "$T/vprof/out")"
	[ "$(grep -c 'other rights: 0' "$T/vprof/out")" -gt 8 ] || t_bad "too few calls"
	t_done
	t_unchanged "capabilities of all tasks" "" "$P" caps
	t_unchanged "rights changed past libc" "" "$P" past_libc
	t_begin "rights changed past libc are said"
	"$REPORT" info "$(t_file "$T/vprof")" | grep -q 'changed its rights' || t_bad "not said"
	t_done
	mkdir "$T/mnt"
	t_unchanged "a directory left can be unmounted" "" "$P" umount "$T/mnt"
	t_unchanged "nsenter into a mount namespace" "" nsenter -t $$ -m true
fi

as_nobody=
t_is_root && as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
# shellcheck disable=SC2086 # words
if $as_nobody unshare -U true 2>/dev/null; then
	for how in libc raw; do
		t_unchanged "a user namespace by $how" "" "$P" unshare $how 30
	done
	t_unchanged "a user namespace at 10,000 Hz" cpu=10000 "$P" unshare libc 30
	t_unchanged "a user namespace, timer engine" engine=timer "$P" unshare libc 30
	t_unchanged "into namespaces of a child" "" "$P" setns
	t_unchanged "unshare -r" "" unshare -r id -u
	t_unchanged "unshare -U -p -f" "" unshare -U -p -f true
	chmod 777 "$T"
	mkdir -m 777 "$T/nobody"
	t_begin "unshare -r as nobody"
	t_preload "$T/nobody/v" "out=$T/nobody/%e.%p.vprof" $as_nobody unshare -r id -u
	t_equal status 0 "$(cat "$T/nobody/v/status")"
	t_equal said 0 "$(cat "$T/nobody/v/out")"
	t_done
	if command -v bwrap >/dev/null; then
		t_unchanged "bwrap --unshare-all" "" bwrap --unshare-all --bind / / id -u
	fi
fi

# A busy thread of a real-time policy on every CPU: the process ends all the same, and the
# helper has done its work.
t_begin "SCHED_FIFO on pinned CPUs"
if t_is_root && chrt -f 50 true 2>/dev/null; then
	t_preload "$T/fifo" "" chrt -f 50 taskset -c 0 "$PROBE/cpu_split" 1 300
	t_run "$T/fifo_bare" chrt -f 50 taskset -c 0 "$PROBE/cpu_split" 1 300
	t_equal status "$(cat "$T/fifo_bare/status")" "$(cat "$T/fifo/status")"
	helped "$T/fifo" cpu_split
	t_done
else
	t_skip "no real-time policy for this user"
fi
t_end

#!/bin/bash
# Filters as they are met with: of a container, of a service that is killed for what it
# does not list, one that lets nothing but plain calls through, one that looks at what a
# new task shares. Programs run as without the library, and the report says what it did
# without.
. "$(dirname "$0")/../lib.sh"

refused=$PROBE/refused
echo '#include <sys/syscall.h>' | ${CC:-gcc} -E -dM - |
	sed -nE 's/^#define __NR_([a-z0-9_]+) ([0-9]+)$/\1 \2/p' >"$T/numbers"
numbers_of() { # NAME...: their numbers with commas between
	local name
	for name; do
		awk -v name="$name" '$1 == name { print $2 }' "$T/numbers"
	done | paste -sd,
}
listed() { # FILE
	# shellcheck disable=SC2046
	numbers_of $(grep -v '^#' "$TOP/test/filters/$1")
}

# as_bare NAME ACTION CALLS COMMAND...: the command behind the filter, bare and not.
as_bare() {
	local action=$2 calls=$3
	t_begin "$1"
	shift 3
	rm -rf "$T/bare" "$T/pre"
	t_run "$T/bare" "$refused" "$action" "$calls" "$@"
	t_run "$T/pre" "$refused" "$action" "$calls" env "LD_PRELOAD=$LIB" "$@"
	t_equal "the bare program's status" "${expected:-7}" "$(cat "$T/bare/status")"
	t_same "$T/bare" "$T/pre"
	[ "$(t_files "$T/pre" | wc -l)" -gt 0 ] || t_bad "no record"
}
# The newest record of the program itself (children have records of their own).
says() { # VERB PATTERN
	local file
	file=$(t_files "$T/pre" | head -n 1)
	"$REPORT" "$1" "$file" | grep -qE -- "$2" || t_bad "$1 does not say '$2'"
}

plain=("$PROBE/plain" 3)
ways=("$PROBE/many_ways" "$PROBE/plugin_work.so")

as_bare "a container, threads" 38 "-$(listed container)" "${plain[@]}"
says info 'perf_event_open was refused|kernel'
says leaks 'lost +1\.2 KiB'
t_done
as_bare "a container, plugin and child" 38 "-$(listed container)" "${ways[@]}"
t_done
as_bare "a container that refuses with EPERM" 1 "-$(listed container)" "${ways[@]}"
t_done
as_bare "a service killed for other calls, threads" kill "+$(listed service)" "${plain[@]}"
says leaks 'lost +1\.2 KiB'
t_done
as_bare "a service killed for other calls, plugin and child" kill "+$(listed service)" "${ways[@]}"
t_done
as_bare "a service trapped for other calls" trap "+$(listed service)" "${ways[@]}"
t_done

# What `plain` calls, and the launcher's execve.
calls=(read write close mmap mprotect munmap brk rt_sigaction rt_sigprocmask pread64 access madvise
	execve arch_prctl futex set_tid_address openat newfstatat set_robust_list prlimit64 getrandom
	rseq clone3 exit exit_group rt_sigreturn)
t_begin "nothing but plain calls, all else kills"
t_run "$T/only" "$refused" kill "+$(numbers_of "${calls[@]}")" "${plain[@]}"
t_run "$T/pre1" "$refused" kill "+$(numbers_of "${calls[@]}")" env "LD_PRELOAD=$LIB" "${plain[@]}"
t_equal "the bare program's status" 7 "$(cat "$T/only/status")"
sed -i '/^libvprof: /d' "$T/pre1/err" # not profiled, it says
t_same "$T/only" "$T/pre1"
t_done

# Neither locks nor signals: what a program without threads makes, and clone3, because
# calls can only be tried by a child.
calls=(read write close mmap mprotect munmap brk pread64 access execve arch_prctl set_tid_address
	openat newfstatat set_robust_list prlimit64 getrandom rseq clone3 exit_group)
t_begin "nothing but the calls of a program without threads, all else kills"
t_run "$T/only" "$refused" kill "+$(numbers_of "${calls[@]}")" true
t_run "$T/pre2" env "REFUSED_PRELOAD=$LIB" "$refused" kill "+$(numbers_of "${calls[@]}")" true
t_equal "the bare program's status" 0 "$(cat "$T/only/status")"
grep -q '^libvprof: a filter kills' "$T/pre2/err" || t_bad "it does not say that it records nothing"
sed -i '/^libvprof: /d' "$T/pre2/err"
t_same "$T/only" "$T/pre2"
t_done

# Children that died for us are nobody's: the program can wait for none.
as_bare "killed for each of five calls" kill \
	"$(numbers_of perf_event_open process_vm_readv unshare close_range timer_create)" "${ways[@]}"
says info 'engine +none|no timer'
t_done

t_end

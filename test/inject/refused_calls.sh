#!/bin/bash
# Every system call that the library's sources name is refused in turn, with each of
# several errors and by a filter that kills. A program behind the same filter without
# the library is the control: only a difference to it counts.
#
# VPROF_SWEEP=full tries all errors on all programs, for longer than a quarter of an
# hour; else some of them.
# long: hundreds of programs behind filters
. "$(dirname "$0")/../lib.sh"

T_LIMIT=${VPROF_SWEEP_LIMIT:-20}
refused=$PROBE/refused
full=
[ "${VPROF_SWEEP-}" = full ] && full=1

# NAME NUMBER of each call of this machine, and the names the library uses.
echo '#include <sys/syscall.h>' | ${CC:-gcc} -E -dM - |
	sed -nE 's/^#define __NR_([a-z0-9_]+) ([0-9]+)$/\1 \2/p' >"$T/numbers"
number_of() {
	awk -v name="$1" '$1 == name { print $2 }' "$T/numbers"
}
names_in() {
	grep -rhoE --include='*.[ch]' '\bSYS_[a-z0-9_]+' "$@" | sed 's/^SYS_//' | sort -u
}
mapfile -t names < <(names_in "$TOP/libvprof")
# What jemalloc, libunwind and libc make on the library's behalf.
names+=(lseek pipe2 open brk rt_sigreturn rseq exit exit_group getrandom vfork access)

# compare NAME COMMAND...: the command bare and preloaded behind the filter in $filter.
tried=0 differ=0 no_control=0
compare() {
	local what=$1 bare pre
	shift
	(cd "$T/bare" && timeout -k 2 "$T_LIMIT" "${filter[@]}" "$@" >out 2>err </dev/null) 2>/dev/null
	bare=$?
	if [ $bare = 127 ]; then # it cannot even be loaded
		no_control=$((no_control + 1))
		return
	fi
	(cd "$T/pre" && timeout -k 2 "$T_LIMIT" "${filter[@]}" env "LD_PRELOAD=$LIB" "$@" \
		>out 2>err.all </dev/null) 2>/dev/null
	pre=$?
	grep -av '^libvprof: ' "$T/pre/err.all" >"$T/pre/err"
	tried=$((tried + 1))
	[ $pre = $bare ] && cmp -s "$T/bare/out" "$T/pre/out" && cmp -s "$T/bare/err" "$T/pre/err" && return
	differ=$((differ + 1))
	t_bad "$what: status $pre, bare $bare; '$(head -c 100 "$T/pre/out" | tr '\n' ' ')'"
}
mkdir -p "$T/bare" "$T/pre"
clean() {
	local left
	left=$(find "$T/pre" -name '*.vprof' | wc -l)
	[ "$left" -lt 300 ] || t_bad "$1 left $left files"
	find "$T/pre" "$T/bare" -name '*.vprof' -delete
}

total_tried=0 total_differ=0 calls_tried=${#names[@]}
sweep() { # ACTION PROGRAM...
	local action=$1 name number
	shift
	tried=0 differ=0 no_control=0
	t_begin "$action, $(basename "$1")"
	for name in "${names[@]}"; do
		number=$(number_of "$name")
		[ -n "$number" ] || continue
		# libc ends a program that has to wait for a lock and may not; whether it
		# has to is a matter of luck, with the library or without.
		[ "$name" = futex ] && [ "$action" != kill ] && continue
		filter=("$refused" "$action" "$number")
		compare "$name" "$@"
	done
	clean "$action"
	total_tried=$((total_tried + tried)) total_differ=$((total_differ + differ))
	[ $tried -gt 10 ] || t_bad "only $tried could be compared"
	t_done
}

plain=("$PROBE/plain" 2)
ways=("$PROBE/many_ways" "$PROBE/plugin_work.so")
sweep kill "${plain[@]}"
sweep 38 "${ways[@]}" # ENOSYS
sweep 1 "${plain[@]}" # EPERM
if [ -n "$full" ]; then
	sweep kill "${ways[@]}"
	sweep trap "${ways[@]}"
	sweep 38 "${plain[@]}"
	sweep 1 "${ways[@]}"
	for errno in 12 11 24 4; do # ENOMEM EAGAIN EMFILE EINTR
		sweep $errno "${plain[@]}"
		sweep $errno "${ways[@]}"
	done
	for errno in kill 38 1 12 11 24 4; do
		sweep $errno "$(command -v true)"
		[ -z "$(command -v sqlite3)" ] ||
			sweep $errno sqlite3 :memory: 'create table t(a); insert into t values(1); select * from t;'
	done
fi
echo "# $calls_tried calls, $total_tried comparisons, $total_differ differences"
t_end

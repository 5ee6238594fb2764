#!/bin/bash
# Every system call that the library's sources name is refused in turn, with each of
# several errors and by a filter that kills. A program behind the same filter without
# the library is the control: only a difference to it counts.
#
# VPROF_SWEEP=full tries all errors on all programs, for more than half an hour; else
# some of them. VPROF_SWEEP_ACTIONS="kill 38" and VPROF_SWEEP_HOSTS="plain ways" choose
# a part of that.
# long: hundreds of programs behind filters
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-sweep.sh"
host=() # by set_host

refused=$PROBE/refused

# both LIMIT COMMAND...: into $bare and $pre how it ends behind the filter in $filter, without
# the library and with it; 127: it cannot even be loaded
both() {
	local limit=$1
	shift
	(cd "$T/bare" && timeout -k 2 "$limit" "${filter[@]}" "$@" >out 2>err </dev/null) 2>/dev/null
	bare=$?
	[ $bare != 127 ] || return
	(cd "$T/pre" && REFUSED_PRELOAD=$LIB timeout -k 2 "$limit" "${filter[@]}" "$@" \
		>out 2>err.all </dev/null) 2>/dev/null
	pre=$?
	grep -av '^libvprof: ' "$T/pre/err.all" >"$T/pre/err"
}

# compare NAME COMMAND...: the same in both, be it that both hang; a difference must show
# with time enough, too.
compare() {
	local what=$1 limit bare pre
	shift
	for limit in 3 "$T_LIMIT"; do
		both "$limit" "$@"
		[ $bare != 127 ] || return
		[ $limit != 3 ] || tried=$((tried + 1))
		[ $pre = $bare ] && cmp -s "$T/bare/out" "$T/pre/out" && cmp -s "$T/bare/err" "$T/pre/err" && return
	done
	total_differ=$((total_differ + 1))
	t_bad "$what: status $pre, bare $bare; '$(head -c 100 "$T/pre/out" | tr '\n' ' ')'"
}

sweep() { # ACTION HOST
	local action=$1 name number
	tried=0
	t_begin "$action, $2"
	set_host "$2" || {
		t_skip "no $2 here"
		return
	}
	for name in $(call_names); do
		number=$(number_of "$name")
		[ -n "$number" ] || continue
		case $name:$action:$2 in
		futex:*:ways | futex:[0-9]*)
			# libc ends a program that has to wait for a lock and may not; whether it
			# has to is a matter of luck, with the library or without.
			continue ;;
		clone3:kill:true | clone3:kill:sqlite3 | clone3:trap:true | clone3:trap:sqlite3)
			# Calls are tried in a child; whether one may be made cannot be tried.
			continue ;;
		esac
		filter=("$refused" "$action" "$number")
		compare "$name" "${host[@]}"
	done
	sweep_clean "$action"
	total_tried=$((total_tried + tried))
	[ $tried -gt 10 ] || t_bad "only $tried could be compared"
	t_done
}

if [ -n "$full" ]; then
	for host_name in ${VPROF_SWEEP_HOSTS:-plain ways true sqlite3}; do
		# ENOSYS EPERM ENOMEM EAGAIN EMFILE EINTR
		for action in ${VPROF_SWEEP_ACTIONS:-kill trap 38 1 12 11 24 4}; do
			sweep "$action" "$host_name"
		done
	done
else
	sweep kill plain
	sweep 38 ways
	sweep 1 plain
fi
sweep_end

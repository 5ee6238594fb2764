#!/bin/bash
# Every system call that the library's sources name fails once: the first, the second or
# the third time that a thread makes it (strace injects the error). A call that the
# library itself made must not be noticed. Where a call of the program's fails, or of
# libc's, the program may end as it does when its own first, second or third fails, bare
# or with another library preloaded: the library's own calls count, too, so that it is not
# known which one it is.
#
# VPROF_SWEEP=full tries all errors on both programs, for more than half an hour; else
# one. VPROF_SWEEP_ACTIONS="38 1" and VPROF_SWEEP_HOSTS="plain ways" choose a part.
# long: hundreds of programs under strace
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-sweep.sh"
host=() # by set_host

other=$PROBE/plugin_leak.so # a library that does nothing when preloaded

# once DIR [STRACE ARGUMENT...]: what $host says and how it ends, in DIR/end; $whose
# becomes `nobody`, `ours` or `theirs` by the calls that failed.
once() {
	local dir=$1 status
	shift
	(cd "$dir" && timeout -k 2 "$T_LIMIT" strace -f -qq -k -o ../log -e signal=none "$@" \
		"${host[@]}" >out 2>err </dev/null) 2>/dev/null
	status=$?
	{
		echo "status $status"
		cat "$dir/out"
		grep -av '^libvprof: ' "$dir/err" | sed "s,$LIB,LIBRARY,; s,$other,LIBRARY,"
	} >"$dir/end"
	whose=$(awk '/^ > / { if (failed) print ($2 ~ /libvprof\.so/); failed = 0 }
		/\(INJECTED\)/ { failed = 1 }' "$T/log" | sort -u | tr -d '\n')
	case $whose in
	'') whose=nobody ;;
	1) whose=ours ;;
	*) whose=theirs ;;
	esac
}

# compare CALL ERROR: with $T/end.0, what the program says undisturbed
compare() {
	local n args end control
	rm -f "$T"/end.[1-9]*
	for n in 1 2 3; do
		args=(-e "trace=$1" -e "inject=$1:error=$2:when=$n")
		once "$T/pre" -E "LD_PRELOAD=$LIB" "${args[@]}"
		cp "$T/pre/end" "$T/pre/end.$n"
		[ $whose != nobody ] || break
		# As in refused_calls.sh: whether the program has to wait is luck.
		[ "$1" != futex ] || [ $whose = ours ] || continue
		tried=$((tried + 1))
		[ $whose != ours ] || ours=$((ours + 1))
		cmp -s "$T/pre/end" "$T/end.0" && continue
		if [ $whose = theirs ]; then
			# The controls are made when one is asked for.
			for control in 1 2 3 1.other 2.other 3.other; do
				end=$T/end.$control
				if [ ! -e "$end" ]; then
					args=(-e "trace=$1" -e "inject=$1:error=$2:when=${control%.*}")
					[ $control = "${control%.*}" ] || args+=(-E "LD_PRELOAD=$other")
					once "$T/bare" "${args[@]}"
					cp "$T/bare/end" "$end"
				fi
				cmp -s "$T/pre/end.$n" "$end" && continue 2
			done
			whose=theirs
		fi
		total_differ=$((total_differ + 1))
		t_bad "$1, time $n ($whose): $(head -c 150 "$T/pre/end.$n" | tr '\n' ' ')"
	done
}

sweep() { # ERROR HOST
	local name
	tried=0 ours=0
	t_begin "$1 once, $2"
	set_host "$2" || {
		t_skip "no $2 here"
		return
	}
	once "$T/bare" -e trace=none
	cp "$T/bare/end" "$T/end.0"
	for name in $(call_names); do
		case $name in # the kernel never fails them, and a filter always or never
		getpid | gettid | getppid | geteuid | exit | exit_group | rt_sigreturn) continue ;;
		esac
		[ -z "$(number_of "$name")" ] || compare "$name" "$1"
	done
	sweep_clean "$1"
	total_tried=$((total_tried + tried))
	[ $ours -gt 10 ] || t_bad "only $ours of the library's calls failed"
	echo "  $tried comparisons, in $ours of them only calls of the library's failed"
	t_done
}

t_begin "calls that fail once"
t_need strace || t_end
if ! strace -k -qq -o "$T/log" -e trace=brk true || ! grep -q '^ > ' "$T/log"; then
	t_skip "strace shows no stacks here"
	t_end
fi
if [ -n "$full" ]; then
	for host_name in ${VPROF_SWEEP_HOSTS:-plain ways}; do
		for action in ${VPROF_SWEEP_ACTIONS:-ENOSYS EPERM ENOMEM EAGAIN EMFILE EINTR}; do
			sweep "$action" "$host_name"
		done
	done
else
	sweep ENOSYS plain
fi
sweep_end

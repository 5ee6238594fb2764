# What the sweeps of refused calls share; sourced after lib.sh.
# shellcheck shell=bash disable=SC2034

# NAME NUMBER of each call of this machine, and the names the library uses.
echo '#include <sys/syscall.h>' | ${CC:-gcc} -E -dM - |
	sed -nE 's/^#define __NR_([a-z0-9_]+) ([0-9]+)$/\1 \2/p' >"$T/numbers"
number_of() {
	awk -v name="$1" '$1 == name { print $2 }' "$T/numbers"
}
# Of the library's sources, and what jemalloc, libunwind and libc make on its behalf.
call_names() {
	{
		grep -rhoE --include='*.[ch]' '\bSYS_[a-z0-9_]+' "$TOP/libvprof" | sed 's/^SYS_//'
		printf '%s\n' lseek pipe2 open brk rt_sigreturn rseq exit exit_group getrandom vfork access
	} | sort -u
}
calls_tried=$(call_names | wc -l)

full=
[ "${VPROF_SWEEP-}" = full ] && full=1
T_LIMIT=${VPROF_SWEEP_LIMIT:-20}

# set_host NAME: $host becomes its command; fails where it is not here.
set_host() {
	case $1 in
	plain) host=("$PROBE/plain" 2) ;;
	ways) host=("$PROBE/many_ways" "$PROBE/plugin_work.so") ;;
	sqlite3) host=(sqlite3 :memory: 'create table t(a); insert into t values(1); select * from t;') ;;
	*) host=("$1") ;;
	esac
	command -v "${host[0]}" >/dev/null
}

total_tried=0 total_differ=0
mkdir -p "$T/bare" "$T/pre"
# sweep_clean NAME: the records that were left are not too many, and go away.
sweep_clean() {
	local left
	left=$(find "$T/pre" -name '*.vprof' | wc -l)
	[ "$left" -lt 300 ] || t_bad "$1 left $left files"
	find "$T/pre" "$T/bare" -name '*.vprof' -delete
}
sweep_end() {
	echo "# $calls_tried calls, $total_tried comparisons, $total_differ differences"
	t_end
}

#!/bin/bash
# Runs a command under libvprof and fails when it leaks, or breaks a contract.
#
#   leak-gate.sh [OPTION...] -- COMMAND [ARGUMENT...]
#
# OPTIONs are those of `vprof-report leaks`: --baseline OLD, --suppressions F,
# --allow PATTERN, --strict, ... and contracts (docs/budgets.md), as many as you like:
#   --fail-if 'allocs(on_tick)>0 after mark:warm'   no allocation in a tick, once warm
#   --fail-if 'blocked(fsync)@loop>0'               no disk in an event loop
#   --fail-if 'lock(m_book).wait>1%' --fail-if 'loop.p99>2ms' --fail-if 'peak_heap>24MiB'
#
# Exit status: that of the command where it fails by itself; else 23 for a leak, 24
# for a contract that is broken, 25 for a regression, 2 when there is no profile, nobody
# could look for leaks, or a contract cannot be judged (a name that nothing bears, a mark
# that was never reached), 0 when all is well.
#
#   VPROF_LIB      the library to preload (libvprof.so, from the loader's path)
#   VPROF_REPORT   vprof-report (from PATH)
#   VPROF_DIR      where profiles and reports are kept; a fresh one that goes away
#                  otherwise
#   VPROF_OPTIONS  more options of the library; `out` is set here
#
# In a GitHub workflow it prints annotations and adds to the job's summary.
set -u

usage() {
	sed -n '2,/^set -u/s/^# \{0,1\}//p' "$0" >&2
	exit 1
}
options=() budgets=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	case $1 in
	--fail-if)
		[ $# -gt 1 ] || usage
		budgets+=("$1" "$2")
		shift
		;;
	--fail-if=*) budgets+=("$1") ;;
	*) options+=("$1") ;;
	esac
	shift
done
[ $# -gt 1 ] || usage
shift

report=${VPROF_REPORT:-vprof-report}
command -v "$report" >/dev/null || {
	echo "leak-gate: no $report; set VPROF_REPORT" >&2
	exit 2
}
if [ -n "${VPROF_DIR-}" ]; then
	mkdir -p "$VPROF_DIR" || exit 2
	dir=$(cd "$VPROF_DIR" && pwd) || exit 2
	rm -f "$dir"/*.vprof
else
	dir=$(mktemp -d) || exit 2
	trap 'rm -rf "$dir"' EXIT
fi

# The program may stop reading its environment at a blank: out= is the last option.
# Not exported here: only the command runs under the library.
# mode=ci also searches where the command is ended by SIGTERM, SIGINT or SIGHUP.
env "VPROF_OPTIONS=mode=ci:${VPROF_OPTIONS:+$VPROF_OPTIONS:}out=$dir/%e.%p.vprof" \
	"LD_PRELOAD=${VPROF_LIB:-libvprof.so}${LD_PRELOAD:+:$LD_PRELOAD}" "$@"
status=$?

shopt -s nullglob
files=("$dir"/*.vprof)
if [ ${#files[@]} = 0 ]; then
	echo "leak-gate: the command left no profile in $dir: it was not examined" >&2
	[ $status = 0 ] && status=2
	exit $status
fi

# report VERB OPTION...: of all records
report() {
	local verb=$1
	shift
	"$report" "$verb" "$@" "${files[@]}"
}
report leaks --gate ${options[@]+"${options[@]}"} ${budgets[@]+"${budgets[@]}"}
gate=$?
# say FORMAT: the same as findings; those of budgets are at the line that broke them
say() {
	report leaks --gate ${options[@]+"${options[@]}"} --format "$1" 2>/dev/null
	[ ${#budgets[@]} = 0 ] || report check "${budgets[@]}" --format "$1" 2>/dev/null
}
if [ "${GITHUB_ACTIONS-}" = true ]; then
	say github
	[ -z "${GITHUB_STEP_SUMMARY-}" ] || say markdown >>"$GITHUB_STEP_SUMMARY"
fi
if [ $status != 0 ]; then
	echo "leak-gate: the command itself ended with status $status" >&2
	exit $status
fi
exit $gate

# Helpers of the injection tests; sourced, never run.
#
# A test script prints one line a case, `ok NAME`, `FAIL NAME: why` or
# `skip NAME: why`, and ends with t_end, whose status says whether one failed.
# Programs run in a directory of their own under $T, which goes away at exit
# (VPROF_KEEP=1 keeps it):
#   DIR/out DIR/err DIR/status     what the program said and how it ended
#   DIR/NAME.PID.vprof             what the library wrote
# shellcheck shell=bash

set -u
export LC_ALL=C
unset LD_PRELOAD VPROF_OPTIONS VPROF_OUT
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
B=${VPROF_BUILD:-$TOP/build}
LIB=$B/libvprof.so
REPORT=$B/vprof-report
PROBE=$B/test/probe
PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=python3
T_LIMIT=${T_LIMIT:-120} # seconds a program may run

t_failed=0
t_name=
T=$(mktemp -d)
t_cleanup() {
	[ -z "${t_pids-}" ] || kill $t_pids 2>/dev/null
	if [ -n "${VPROF_KEEP-}" ]; then
		echo "kept: $T"
	else
		rm -rf "$T"
	fi
}
trap t_cleanup EXIT
trap 'exit 130' INT TERM
t_pids= # processes to end at exit

# t_begin NAME: the case that t_ok, t_fail and t_skip speak of.
t_begin() {
	t_name=$1
	t_bad=
}
t_ok() {
	echo "ok $t_name"
	t_name=
}
t_fail() {
	echo "FAIL $t_name: $*"
	t_failed=1
	t_name=
}
t_skip() {
	echo "skip $t_name: $*"
	t_name=
}
# t_bad WHY: notes a failure and goes on; t_done ends the case either way.
t_bad() {
	t_bad="${t_bad:+$t_bad; }$*"
}
t_done() {
	if [ -n "$t_bad" ]; then
		t_fail "$t_bad"
		return 1
	fi
	t_ok
}
t_end() {
	[ -z "$t_name" ] || t_fail "the case has no result"
	exit $t_failed
}
# t_need TOOL...: succeeds when all exist, else skips the case.
t_need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || {
			t_skip "no $tool here"
			return 1
		}
	done
}

# t_run DIR COMMAND...: runs it bare in DIR (made when missing).
t_run() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && exec timeout -k 5 "$T_LIMIT" "$@" >out 2>err </dev/null)
	echo $? >"$dir/status"
}
# t_preload DIR OPTIONS COMMAND...: the same under the library; OPTIONS may be
# empty. T_HOST: a library that follows ours in LD_PRELOAD.
t_preload() {
	local dir=$1 options=$2
	shift 2
	t_run "$dir" env ${options:+"VPROF_OPTIONS=$options"} \
		"LD_PRELOAD=$LIB${T_HOST:+ $T_HOST}" "$@"
}
# t_same DIR1 DIR2: stdout and exit status are equal; stderr too.
t_same() {
	local part
	for part in status out err; do
		cmp -s "$1/$part" "$2/$part" || {
			t_bad "$part differs: bare '$(head -c 300 "$1/$part" | tr '\n' ' ')'" \
				"preloaded '$(head -c 300 "$2/$part" | tr '\n' ' ')'"
			return 1
		}
	done
}
# t_files DIR: the ring files in DIR, oldest first.
t_files() {
	# shellcheck disable=SC2012
	ls -tr "$1"/*.vprof 2>/dev/null
}
# t_file DIR: the one ring file in DIR; notes a failure when there is none or
# more than one.
t_file() {
	local files
	files=$(t_files "$1")
	[ -n "$files" ] && [ "$(echo "$files" | wc -l)" = 1 ] && echo "$files"
}
# t_record OPTIONS COMMAND...: runs it under the library in a fresh $T/run, where it has to end
# with 0 and leave one ring file, whose name is in $file then.
t_record() {
	rm -rf "$T/run"
	t_preload "$T/run" "$@"
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run") || {
		t_bad "no ring file"
		return 1
	}
}
# t_live OPTIONS COMMAND...: starts it under the library in a fresh $T/run and goes on when it has
# said that it is ready. What it reads is written to fd 3; $pid and $file are its process and record.
t_live() {
	local options=$1 i
	shift
	rm -rf "$T/run"
	mkdir "$T/run"
	mkfifo "$T/run/in"
	file=$T/run/live.vprof
	(cd "$T/run" && exec env ${options:+"VPROF_OPTIONS=$options"} "LD_PRELOAD=$LIB" "VPROF_OUT=$file" \
		"$@" <in >out 2>err) &
	pid=$!
	t_pids=$pid
	exec 3>"$T/run/in"
	for ((i = 0; i < 200; i++)); do
		grep -q ready "$T/run/out" 2>/dev/null && break
		sleep 0.05
	done
}
# t_json FILTER COMMAND FILE ...: jq FILTER over `vprof-report COMMAND FILE --format json`.
t_json() {
	local filter=$1
	shift
	"$REPORT" "$@" --format json 2>"$T/report.err" | jq -r "$filter"
}
# t_heap FILE FIELD: one of the heap totals.
t_heap() {
	t_json ".totals.$2" heap "$1"
}
# t_equal WHAT WANTED GOT
t_equal() {
	[ "$2" = "$3" ] || t_bad "$1: wanted $2, got $3"
}
# t_near WHAT WANTED GOT ABSOLUTE: |wanted - got| <= absolute
t_near() {
	awk -v a="$2" -v b="$3" -v d="$4" 'BEGIN {
		if (a !~ /^-?[0-9.]+$/ || b !~ /^-?[0-9.]+$/) exit 1
		x = a - b; if (x < 0) x = -x; exit !(x <= d) }' ||
		t_bad "$1: wanted $2, got $3 (allowed difference $4)"
}
# t_stolen: ticks in which the hypervisor ran something else instead of this machine's CPUs, so
# far.  To a thread that is time it neither ran nor waited, and no record of switches has it.
t_stolen() {
	awk '$1 == "cpu" { print $9 + 0 }' /proc/stat
}
# t_totals FILE JSON: the heap totals named in JSON (one object, a line of the
# probe's output) are those of the file.
t_totals() {
	local got key
	got=$("$REPORT" heap "$1" --format json 2>"$T/report.err") || {
		t_bad "vprof-report heap failed: $(head -1 "$T/report.err")"
		return 1
	}
	for key in $(jq -r 'keys[]' <<<"$2"); do
		t_equal "$key" "$(jq -r ".$key" <<<"$2")" "$(jq -r ".totals.$key" <<<"$got")"
	done
}
# t_differential OPTIONS PROBE ARGS...: bare and preloaded say the same. Leaves
# $T/bare and $T/vprof of this case behind.
t_differential() {
	local options=$1
	shift
	rm -rf "$T/bare" "$T/vprof"
	t_run "$T/bare" "$@"
	t_preload "$T/vprof" "$options" "$@"
	t_same "$T/bare" "$T/vprof"
}
# t_unchanged NAME OPTIONS COMMAND...: a case of its own of the same.
t_unchanged() {
	t_begin "$1"
	t_differential "${@:2}"
	t_done
}
# t_state FILE: how the recorded process ended, from `info`.
t_is_root() {
	[ "$(id -u)" = 0 ]
}

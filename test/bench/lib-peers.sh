# Ways to run a program: bare, under the library, under its peers; sourced.
# Each is a prefix of a command and prints what the program prints.
# shellcheck shell=bash

# Its wall and CPU time become the last columns of the run; NAME=VALUE may come first.
bounded() { timeout -k 2 "$LIMIT" "$WORK/measure" "$T/measured" "$@"; }
bare() { bounded "$@"; }
vprof() { # OPTIONS COMMAND...
	local options=$1
	shift
	bounded "VPROF_OPTIONS=out=$VPROF_FILE:$options" "LD_PRELOAD=$LIB" "$@"
}
# accepts OPTIONS: does this build of the library know them?
accepts() {
	[ -z "$(VPROF_OPTIONS=out=$T/accepts.vprof:$1 LD_PRELOAD=$LIB /bin/true 2>&1)" ]
}
# lib_file NAME: a library of the system, wherever it is
lib_file() {
	local found
	found=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | awk -v n="$1" '$1 == n { print $NF; exit }')
	[ -n "$found" ] || found=$(find ${BENCH_LIBS:+"$BENCH_LIBS"} /usr/lib /usr/local/lib /opt -name "$1" 2>/dev/null | head -n 1)
	[ -n "$found" ] && echo "$found"
}
find_peers() {
	HEAPTRACK_LIB=$(lib_file libheaptrack_preload.so) || note "no heaptrack preload here: left out"
	HEAPTRACK=$(command -v heaptrack) || note "no heaptrack here: left out"
	JEMALLOC=$(lib_file libjemalloc.so.2) || note "no libjemalloc.so.2 here: left out"
	TCMALLOC=$(lib_file libtcmalloc.so.4) || note "no libtcmalloc.so.4 (gperftools) here: left out"
	VALGRIND=$(command -v valgrind) || note "no valgrind here: left out"
	UFTRACE=$(command -v uftrace) || note "no uftrace here: left out"
	PERF=$(command -v perf) || note "no perf here: left out"
	[ -z "$JEMALLOC" ] || MALLOC_CONF=prof:true LD_PRELOAD=$JEMALLOC /bin/true 2>&1 | grep -q . &&
		note "this jemalloc was built without profiling"
	return 0
}
# heaptrack's preload writing its text straight to a file
heaptrack_raw() {
	bounded "DUMP_HEAPTRACK_OUTPUT=$T/heaptrack.raw" "LD_PRELOAD=$HEAPTRACK_LIB" "$@" || return
	rm -f "$T/heaptrack.raw"
}
# through its interpreter and compressor, as its command does
heaptrack_shipped() {
	bounded "$HEAPTRACK" -o "$T/heaptrack.out" "$@" || return
	rm -f "$T"/heaptrack.out*
}
jemalloc() { # CONF COMMAND...; lg_prof_interval and dumps are off by default
	local conf=$1
	shift
	bounded "MALLOC_CONF=$conf" "LD_PRELOAD=$JEMALLOC" "$@"
}
tcmalloc() { bounded "LD_PRELOAD=$TCMALLOC" "$@"; }
tcmalloc_profile() {
	bounded "HEAPPROFILE=$T/gperf" HEAP_PROFILE_ALLOCATION_INTERVAL=0 HEAP_PROFILE_INUSE_INTERVAL=0 \
		"LD_PRELOAD=$TCMALLOC" "$@" || return
	rm -f "$T"/gperf*
}
massif() { bounded "$VALGRIND" --tool=massif "--massif-out-file=$T/massif.out" "$@"; }
callgrind() { bounded "$VALGRIND" --tool=callgrind "--callgrind-out-file=$T/callgrind.out" "$@"; }
uftrace_record() { # OPTION COMMAND...
	bounded "$UFTRACE" record -d "$T/uftrace" --no-event --no-libcall "$@" || return
	rm -rf "$T/uftrace"
}
perf_record() { # COMMAND...
	bounded "$PERF" record -q -F 1000 -g -o "$T/perf.data" -- "$@"
}
# a command whose output is no numbers
mute() { "$@" >/dev/null; }
info() { # JQ-FILTER: of the last run under the library
	"$REPORT" info "$VPROF_FILE" --format json 2>>"$T/errors" | jq -r "$1"
}

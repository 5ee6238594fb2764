#!/bin/bash
# Calls that may block, of every family, mean to the program what they mean without the
# library, however they are left: cancelled (cleanup handlers and objects are counted), by a
# jump or an exception out of a signal's handler, interrupted, begun again; in children of
# fork, vfork and a raw clone, in handlers on small stacks, in ten thousand threads, in a
# plugin that is unloaded.  And errno is the call's. (waits_known.sh: what is recorded.)
. "$(dirname "$0")/../lib.sh"

# unchanged NAME COMMAND...: and the record can be read, and says what it was to
unchanged() {
	local name=$1 file
	shift
	t_begin "$name"
	t_differential "" "$@"
	file=$(t_files "$T/vprof" | tail -1)
	[ -s "$T/bare/out" ] || t_bad "the probe says nothing"
	"$REPORT" waits "$file" --format json >"$T/waits.json" 2>"$T/report.err" ||
		t_bad "waits failed: $(head -1 "$T/report.err")"
	jq -e '.sites | length > 0' "$T/waits.json" >/dev/null || t_bad "no calls were recorded"
	t_done
}

unchanged "cancelled in 90 calls" "$PROBE/wait_leave" cancel
t_begin "and each that can be was"
t_equal "cancelled threads that ran their handler and destroyed their object" 83 \
	"$(grep -c 'cancelled, 1 cleaned, 1 destroyed' "$T/vprof/out")"
t_done
unchanged "left by a jump out of a handler" "$PROBE/wait_leave" jump
unchanged "interrupted" "$PROBE/wait_leave" interrupt
unchanged "begun again after a handler that reads" "$PROBE/wait_leave" restart
unchanged "left by exceptions" "$PROBE/wait_throw"
unchanged "errno, children, handlers, small and many threads" "$PROBE/wait_world" 10000
unchanged "every family in ten thousand threads" "$PROBE/wait_families" 10000
t_begin "and each was recorded"
"$PYTHON" - "$TOP/libvprof/base/calls.def" "$T/waits.json" >"$T/missing" <<-'END'
	import json, re, sys
	every = set(re.findall(r"^HOOK_CALL(?:_IF|_TIMED)*\((\w+),", open(sys.argv[1]).read(), re.M))
	print(*sorted(every - {site["kind"] for site in json.load(open(sys.argv[2]))["sites"]}))
END
# not called there: those that wait for ever, ask a server, start a shell or say something; and of
# streams and fcntl only what may block is a call
t_equal "kinds that are not there" "__sigpause __xpg_sigpause aio_suspend fcntl fgetc fgets fputc fputs gai_suspend getdelim \
gethostbyaddr gethostbyaddr_r gethostbyname gethostbyname2 pause pclose puts res_nquery res_nsearch res_query \
res_search sigpause system vdprintf vfprintf vprintf" "$(cat "$T/missing")"
t_done
unchanged "a plugin that is unloaded" "$PROBE/wait_unload" "$PROBE/plugin_waits.so"

# The same where nothing is recorded of them, or all is off.
for options in waits=off locks=off heap=off:cpu=off:waits=on start=paused; do
	t_unchanged "errno and children, $options" "$options" "$PROBE/wait_world"
	t_unchanged "cancelled, $options" "$options" "$PROBE/wait_leave" cancel
done
t_end

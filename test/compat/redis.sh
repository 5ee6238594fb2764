#!/bin/bash
# redis' tests in Tcl, from the source package, on the installed redis-server.
# alone: it runs its own units side by side
. "$(dirname "$0")/lib.sh"
suite_name=redis

suite_prepare() {
	local tool
	for tool in redis-server redis-cli redis-benchmark tclsh; do
		command -v $tool >/dev/null || { echo "no $tool here" && return 1; }
	done
	compat_source redis >"$CACHE/redis.path" || { echo "no source of redis" && return 1; }
}
suite_version() {
	redis-server --version | awk '{ print $3 }'
}
suite_units() {
	sed -n '/^set ::all_tests {/,/^}/s/^ *\([a-z].*\/.*\)/\1/p' "$(cat "$CACHE/redis.path")/tests/test_helper.tcl" |
		grep -vE 'unit/tls|corrupt-dump-fuzzer'
}
suite_unit() { # UNIT DIR
	local source port status
	source=$(cat "$CACHE/redis.path")
	cp -r "$source/tests" "$source/redis.conf" "$source/sentinel.conf" "$2"
	mkdir "$2/src"
	for tool in server cli benchmark check-rdb check-aof sentinel; do
		ln -s "$(command -v redis-$tool || command -v redis-server)" "$2/src/redis-$tool"
	done
	port=$((12000 + $(od -An -N2 -tu2 /dev/urandom) % 180 * 100))
	compat_run "$SIDE" "$2" tclsh tests/test_helper.tcl --single "$1" --clients 1 \
		--baseport $port --portcount 100 --timeout 600 >"$2/log" 2>&1
	status=$?
	# A name may hold a port, a pid or a time; those of psync2 hold what chance chose: one
	# outcome for each kind of step, however often it was taken.
	sed 's/\x1b\[[0-9;]*m//g' "$2/log" |
		sed -nE 's/^\[(ok|err|exception|ignore|skip)\]: (.*)$/\2\t\1/p' |
		sed -E 's/ \([0-9]+ ms\)\t/\t/; s/ in tests\/[^\t]*\t/\t/
			/^PSYNC2/{ s/#[0-9]( #[0-9])*\b/#N/g; s/CYCLE [0-9]+/CYCLE N/; s/\(x = [0-9]+\)/(x = N)/ }' |
		awk '!/^PSYNC2/ || !seen[$0]++'
	printf '[unit]\tstatus %s\n' $status
}
compat_main "$@"

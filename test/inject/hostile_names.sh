#!/bin/bash
# Names of everything that has one (objects, functions, source files, threads, labels, marks,
# arguments, options, host, JIT code), made of what steers terminals, spreadsheets, Markdown,
# XML, CI servers and shells: through every verb and every format, and into every second
# input, under AddressSanitizer and UndefinedBehaviorSanitizer. test/hostile.py has the names.
# long: thousands of reports under AddressSanitizer
. "$(dirname "$0")/../lib.sh"

report=$B/asan/vprof-report
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99 COLUMNS=100 LC_ALL=C.UTF-8
export UBSAN_OPTIONS=halt_on_error=1:exitcode=99
hostile=$TOP/test/hostile.py
cd "$T" || exit 1
cleanup() {
	"$PYTHON" "$hostile" clean "$T/names"
	t_cleanup
}
trap cleanup EXIT
mkdir names
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -I"$TOP/include" -o mkhostile "$TOP/test/golden/mkhostile.c" || exit 1
t_begin "records with hostile names"
"$PYTHON" "$hostile" make "$T/names" "$T/mkhostile" "${T_CC:-gcc}" >/dev/null || t_bad "not made"
t_done || exit 1
"$PYTHON" "$hostile" run "$T/names" "$report" || t_failed=1

# A program that says such names itself, under a hostile name, with hostile arguments.
t_begin "a program with hostile thread, label and mark names, under vprof-run"
mkdir evil
program="./evil/a\`b|::c <script>"$'\e[31m\n::error::x'
cp "$PROBE/evil_names" "$program"
(
	cd evil || exit
	timeout 120 "$B/vprof-run" --out results "../$program" $'\e]0;own\a' '=1+1' $'x\n::error::y' \
		'`|<b>' '##[error]z' @all 'http://evil/x' >../run.out 2>../run.err </dev/null
)
looks() { # KIND FILE...
	local found
	found=$("$PYTHON" "$hostile" check "$@" 2>&1 | tail -n 3)
	[ -z "$found" ] || t_bad "$found"
}
# asks KIND COMMAND...
asks() {
	local kind=$1 got
	shift
	timeout -k 5 120 "$report" "$@" "$record" >out 2>err </dev/null
	got=$?
	[ $got = 0 ] || [ $got = 23 ] || t_bad "$1: status $got: $(head -c 300 err)"
	looks "$kind" out
	looks text err
}
looks text run.out run.err
looks markdown evil/results/profiling_summary.md
looks csv evil/results/*.csv
record=$(t_files evil/results | head -n 1)
[ ! -e evil/PWNED ] && [ ! -e PWNED ] || t_bad "a shell ran a name"
if [ -n "$record" ]; then
	for verb in summary threads labels marks flat leaks locks info; do
		asks text $verb
	done
	for verb in threads labels marks flat leaks locks; do
		asks csv $verb --format csv
		asks json $verb --format json
	done
	for format in junit sarif github markdown; do
		asks $format leaks --gate --format $format
	done
else
	t_bad "no record: $(head -c 300 run.err)"
fi
t_done
t_end

#!/bin/bash
# The tests of an Open POSIX test suite that somebody has built, bare and
# preloaded: posix-run.sh DIR [INTERFACE...]. DIR is its folder
# conformance/interfaces. Nothing of the suite is part of this tree.
. "$(dirname "$0")/lib.sh"
suite_name=posix
DIR=${1?usage: posix-run.sh DIR [INTERFACE...]}
DIR=$(cd "$DIR" && pwd) || exit 1
shift

suite_prepare() {
	[ -n "$(find "$DIR" -name '*.run-test' | head -n 1)" ] || { echo "no *.run-test under $DIR" && return 1; }
}
suite_version() {
	uname -r
}
suite_units() {
	find "$DIR" -name '*.run-test' -printf '%h\n' | sed "s,^$DIR/,,; s,/.*,," | sort -u
}
suite_unit() { # UNIT DIR
	find "$DIR/$1" -name '*.run-test' | sort |
		grep ${ONLY:+-F} "${ONLY-}" >"$2/list"
	# shellcheck disable=SC2016
	COMPAT_SECONDS=3000 compat_run "$SIDE" "$2" bash -c 'while read -r test; do
			timeout -k 5 ${COMPAT_TEST_SECONDS:-240} "$test" >>log.tests 2>&1 </dev/null
			echo "${test##*/} $?"
		done <list' >"$2/log" 2>"$2/err"
	awk '{ split("pass fail unresolved 3 unsupported untested", word, " ")
		print $1 "\t" ($2 <= 5 ? word[$2 + 1] : "status " $2) }' "$2/log"
}
compat_main "$@"

# Runs leak probes and reads their right answers; sourced after lib.sh.
# shellcheck shell=bash

LEAK_TABLE=$TOP/test/inject/leak_suite.table

# leak_rows [PATTERN]: "NAME LOST INDIRECT POSSIBLE REACHABLE" of the rows whose
# name matches the extended regular expression.
leak_rows() {
	awk -v pattern="${1:-.}" '/^[#!]/ || !NF { next }
		NF != 5 { print "leak_suite.table:" NR ": not five fields" >"/dev/stderr"; exit 1 }
		$1 ~ pattern { print }' "$LEAK_TABLE"
}
# leak_expected [PATTERN]: the same with the answers that libvprof gives where
# the documentation says that they are not the right ones.
leak_expected() {
	awk -v pattern="${1:-.}" 'NR == FNR { if (sub(/^!/, "")) other[$1] = $0; next }
		/^[#!]/ || !NF || $1 !~ pattern { next }
		{ print $1 in other ? other[$1] : $0 }' "$LEAK_TABLE" "$LEAK_TABLE"
}
# leak_cases [PATTERN]: the runs behind those rows, each once.
leak_cases() {
	leak_rows "${1-}" | awk '{ sub(/@.*/, "", $1) } !seen[$1]++ { print $1 }'
}
# leak_command DIRECTORY CASE: sets `command` to the program and its argument.
leak_command() {
	command=("$1/leak_${2%%/*}" "${2#*/}")
}

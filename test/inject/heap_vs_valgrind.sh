#!/bin/bash
# Allocs, frees and bytes of real programs equal valgrind's "total heap usage"
# within 0.1 %.
#
# What may differ: the environment (LD_PRELOAD and friends are there in both
# runs, but not with the same text), what valgrind's own preload makes the
# loader allocate.  python3 also keeps addresses as numbers (id() of an object),
# of 28 bytes below 2^30 and 32 above: 211,000 bytes more where the heap happens
# to lie higher, so both runs have it where the kernel puts it unrandomized.
# long: valgrind
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-workloads.sh"
T_LIMIT=600

FIXED=
setarch -R true 2>/dev/null && FIXED="setarch -R"

compare() { # NAME TOOL COMMAND...
	local name=$1 tool=$2 line file key value got
	shift 2
	t_begin "$name"
	t_need valgrind "$tool" || return
	rm -rf "$T/valgrind" "$T/vprof"
	# No freeing on libc's behalf at exit; no checking of values, which is slow.
	t_run "$T/valgrind" valgrind --run-libc-freeres=no --run-cxx-freeres=no \
		--undef-value-errors=no --leak-check=no --log-file=log "$@"
	# shellcheck disable=SC2086
	t_run "$T/vprof" $FIXED env VPROF_OPTIONS=cpu=off "LD_PRELOAD=$LIB" "$@"
	t_equal status "$(cat "$T/valgrind/status")" "$(cat "$T/vprof/status")"
	cmp -s "$T/valgrind/out" "$T/vprof/out" || t_bad "output differs"
	line=$(sed -n 's/.*total heap usage: //p' "$T/valgrind/log" | tail -n 1 | tr -d ,)
	file=$(t_file "$T/vprof") || { t_bad "no ring file"; t_done; return; }
	[ -n "$line" ] || { t_bad "valgrind said nothing"; t_done; return; }
	# "N allocs N frees N bytes allocated", commas gone
	# shellcheck disable=SC2086
	set -- $line
	for key in allocs:$1 frees:$3 bytes_allocated:$5; do
		value=${key#*:}
		got=$(t_heap "$file" "${key%:*}")
		echo "  ${key%:*}: valgrind $value, libvprof $got"
		t_near "${key%:*}" "$value" "$got" "$(awk -v v="$value" 'BEGIN { print v * 0.001 }')"
	done
	t_done
}

workload_sql 300000 >"$T/load.sql"
workload_python 6 >"$T/work.py"
workload_xml 40000 >"$T/book.xml"
export PYTHONHASHSEED=0 PYTHONMALLOC=malloc
compare "sqlite3: 300,000 rows, index, join" sqlite3 sqlite3 :memory: ".read $T/load.sql"
compare "python3: json, malloc" "$PYTHON" "$PYTHON" "$T/work.py"
compare "xmllint" xmllint xmllint --format "$T/book.xml"
t_end

#!/bin/bash
# What people see of names of C++ and Rust at 80, 100 and 200 columns: records of the programs in
# names/, made by names/record.sh, against stored screens. `test/golden/names.sh -u` writes them
# anew; read them line by line before committing.
. "$(dirname "$0")/../lib.sh"

export TZ=UTC
unset DEBUGINFOD_URLS NO_COLOR
golden=$TOP/test/golden/names

# screens NAME: what a stranger types first
screens() {
	local command
	for command in summary "flat -n 12" "flat --sort cumulative -n 6" "tree --min-percent 5" "heap -n 5" \
		"leaks -n 4" locks "callers $(cat "$golden/$1.callers")"; do
		echo "\$ vprof-report $command"
		# shellcheck disable=SC2086
		"$REPORT" $command "$1.vprof" 2>/dev/null
		echo
	done
}

cd "$T" || exit 1
for name in orderbook tasks settings feed; do
	gzip -dc "$golden/$name.vprof.gz" >"$name.vprof"
	xz -dc "$golden/$name.debug.xz" >"$name"
	for COLUMNS in 80 100 200; do
		export COLUMNS
		t_begin "$name at $COLUMNS columns"
		screens "$name" >got
		if [ "${1-}" = -u ]; then
			cp got "$golden/$name-$COLUMNS.expected"
		else
			diff -u "$golden/$name-$COLUMNS.expected" got >changes ||
				t_bad "differs: $(head -20 changes | tail -18)"
		fi
		awk -v most=$COLUMNS 'length($0) > most' got >wide
		[ ! -s wide ] || t_bad "wider than $COLUMNS: $(head -3 wide)"
		t_done
	done
done

t_begin "whole names"
for command in flat tree heap leaks locks; do
	"$REPORT" $command --full-names orderbook.vprof >out 2>&1 || t_bad "$command: status $?"
done
COLUMNS=80 "$REPORT" flat --full-names orderbook.vprof >out
grep -q 'Order<long, long> const&) const)$' out || t_bad "not whole: $(grep lambda out | head -1)"
COLUMNS=80 "$REPORT" flat --format csv orderbook.vprof >csv
grep -q 'exchange::Book<exchange::Order<long, long>, (exchange::Side)0>::snapshot' csv ||
	t_bad "not whole in CSV: $(grep snapshot csv | head -1)"
t_done
t_end

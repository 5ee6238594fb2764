#!/bin/bash
# Profiles the two example programs and prints what the report says.
set -eu
cd "$(dirname "$0")/.."
out=build/demo
rm -rf $out
mkdir -p $out

profile() {
	local program=$1
	echo "== $program --symbol SOL/USDT --duration 5, profiled"
	VPROF_OPTIONS=out=$out/$program.vprof LD_PRELOAD=$PWD/build/libvprof.so \
		build/"$program" --symbol SOL/USDT --duration 5 >$out/"$program".txt
	tail -n 3 $out/"$program".txt
}

show() {
	echo
	echo "== $*"
	"$@"
}

profile virtuoso
profile monitor
show build/vprof-report summary $out/virtuoso.vprof
show build/vprof-report summary $out/monitor.vprof
show build/vprof-report flat $out/virtuoso.vprof --sort cumulative -n 10
echo
echo "The programs' own output and the ring files are in $out/."

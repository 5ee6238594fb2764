#!/bin/bash
# Measures what the library costs, beside the bare run and beside its peers,
# and writes docs/bench.md.
#
#   test/bench/run.sh [GROUP...]     none: all of them, GROUPS_ALL below
#   SEED=N            repeats the sizes, paths and orders of a run that printed it
#   OLD=...           an old library beside the new one (lib-old.sh); no peers then
#   BENCH_ROUNDS=5    rounds; every round runs everything once, in alternation
#   BENCH_SCALE=100   percent of the usual work
#   BENCH_OUT=FILE    where to write; a part of the groups, or less than the
#                     usual work, goes to build/bench.md and not to docs/
#   BENCH_LIBS=DIR    where to look for libraries of peers, too
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/bench/lib-bench.sh"
. "$TOP/test/bench/lib-tables.sh"
. "$TOP/test/bench/lib-old.sh"
. "$TOP/test/bench/lib-peers.sh"
for sheet in "$TOP"/test/bench/group-*.sh; do
	# shellcheck source=/dev/null
	. "$sheet"
done
GROUPS_ALL=(window book real redis asyncio process heap sample cpu unwind locks waits servers spans counts idle single memory scan report)

machine() {
	echo "$(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
		"Linux $(uname -r | cut -d- -f1), glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)," \
		"$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
}
commit() {
	git -C "$TOP" rev-parse --short HEAD 2>/dev/null || { echo unknown; return; }
	[ -z "$(git -C "$TOP" status --porcelain --untracked-files=no -- libvprof vprof-report include)" ] ||
		echo "with changes"
}
peers() {
	[ -z "$HEAPTRACK" ] || "$HEAPTRACK" --version 2>/dev/null | head -n 1
	[ -z "$JEMALLOC" ] || echo jemalloc
	[ -z "$TCMALLOC" ] || echo gperftools
	[ -z "$VALGRIND" ] || "$VALGRIND" --version
	[ -z "$UFTRACE" ] || "$UFTRACE" --version | cut -d' ' -f1,2
	[ -z "$PERF" ] || "$PERF" --version
}
report_text() {
	echo "# What it costs"
	echo
	echo "Written by \`make bench\`: everything is run in alternation with the bare program and the peers, $ROUNDS rounds or more;"
	echo "medians of paired differences ± median absolute deviation. \"Of its cost\": our overhead divided by the peer's."
	echo
	echo "- $(date -u +%Y-%m-%d), commit $(commit | paste -sd' ')"
	echo "- $(machine); load $(cat "$T/load") when started, took $SECONDS s"
	echo "- seed $SEED"
	echo "- peers: $(peers | paste -sd, | sed 's/,/, /g')"
	[ "$SCALE" = 100 ] || echo "- **only $SCALE % of the usual work: figures mean little**"
	echo
	echo "| what | target | measured | |"
	echo "|---|---|---|---|"
	cat "$T/rows/targets" "$T/rows/details"
	[ ! -f "$T/new-over-old" ] || cat "$T/new-over-old"
	[ ! -s "$T/rows/notes" ] || { echo; echo "## Notes"; echo; cat "$T/rows/notes"; }
}
where_to() {
	if [ -n "${BENCH_OUT-}" ]; then
		echo "$BENCH_OUT"
	elif [ $# = 0 ] && [ -z "$OLD_LIB" ] && [ "$SCALE" -ge 100 ] && [ "$ROUNDS" -ge 5 ]; then
		echo "$TOP/docs/bench.md"
	else
		echo "$B/bench.md"
	fi
}
main() {
	local group out wanted=("$@")
	[ $# -gt 0 ] || wanted=("${GROUPS_ALL[@]}")
	for group in "${wanted[@]}"; do
		declare -F "group_$group" >/dev/null || {
			say "no group $group: ${GROUPS_ALL[*]}"
			return 1
		}
	done
	cut -d' ' -f1-3 /proc/loadavg >"$T/load"
	[ -z "${OLD-}" ] || find_old "$OLD" libvprof.so vprof-report || return
	out=$(where_to "$@")
	say "seed $SEED"
	find_peers
	for group in "${wanted[@]}"; do
		say "$group"
		"group_$group"
	done
	[ -z "$OLD_LIB" ] || old_table >"$T/new-over-old"
	report_text >"$T/bench.md"
	mkdir -p "$(dirname "$out")"
	cp "$T/bench.md" "$out"
	cat "$out"
	say "written to $out"
}
[ -f "$LIB" ] && [ -x "$WORK/malloc_pairs" ] || {
	say "not built; use make bench"
	exit 1
}
cd "$T" && main "$@"

#!/bin/bash
# Reports of ring files of known content against stored output: one case for
# each SHAPE-NAME.expected. `test/golden/run.sh -u` writes them anew; read the
# difference before committing it. T_CASES="PATTERN...": only cases of such names.
. "$(dirname "$0")/../lib.sh"

export TZ=UTC COLUMNS=100
unset DEBUGINFOD_URLS NO_COLOR
golden=$TOP/test/golden
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -O1 -I"$TOP/include" -o "$T/mkprof" "$golden/mkprof.c" || exit 1

# wanted NAME: nothing says that this case is left out
wanted() {
	local pattern
	[ -n "${T_CASES-}" ] || return 0
	set -f
	# shellcheck disable=SC2254
	for pattern in $T_CASES; do
		case $1 in $pattern) set +f; return 0 ;; esac
	done
	set +f
	return 1
}

# check NAME SHAPE COMMAND...: the file is called SHAPE.vprof
check() {
	local name=$1 shape=$2 expected=$golden/$1.expected
	wanted "$name" || return
	shift 2
	t_begin "$name"
	[ -f "$T/$shape.vprof" ] || "$T/mkprof" "$shape" "$T/$shape.vprof" || t_bad "no file"
	(
		cd "$T" || exit
		"$REPORT" "$@" "$shape.vprof" >"$name.out" 2>"$name.err"
		status=$?
		cat "$name.out"
		[ ! -s "$name.err" ] || sed 's/^/stderr: /' "$name.err"
		[ $status = 0 ] || echo "status: $status"
	) >"$T/$name.got"
	if [ "${update-}" = 1 ]; then
		cp "$T/$name.got" "$expected"
	else
		diff -u "$expected" "$T/$name.got" >"$T/diff" ||
			t_bad "differs: $(head -20 "$T/diff" | tail -18)"
	fi
	t_done
}
[ "${1-}" != -u ] || update=1

for command in summary flat tree heap leaks timeline threads info; do
	check normal-$command normal $command
	check normal-$command-json normal $command --format json
done
for command in flat tree heap leaks threads; do
	check normal-$command-csv normal $command --format csv
done
check normal-callers normal callers app+0x2000
check normal-callees normal callees 'app*2000'
check normal-callers-none normal callers nobody
check normal-tree-bottom-up normal tree --bottom-up
check normal-tree-depth normal tree --depth 2 --min-percent 10
check normal-flat-cumulative normal --sort cumulative -n 2
check normal-flat-name normal flat --sort name --strip-dirs
check normal-flat-window normal flat --since 300ms --until 0.7
check normal-flat-thread normal flat --thread worker
check normal-flat-module normal flat --module 'libbook*'
check normal-heap-live normal heap --sort live -n 1
check normal-timeline-table normal timeline --format table -n 3
check normal-timeline-window normal timeline --since 1.75
for format in folded callgrind speedscope heaptrack json; do
	check normal-export-$format normal export --format $format -o -
done
check normal-export-folded-peak normal export --format folded --value peak_bytes -o -
check normal-export-window normal export --format folded -o - --since 300ms --until 0.7
check sampled-export-heaptrack sampled export --format heaptrack -o -
check normal-export-bad-format normal export --format xml -o -
check normal-bad-sort normal flat --sort size
check normal-bad-option normal heap --depth 3
check normal-bad-thread normal flat --thread nobody
check normal-bad-format normal info --format csv
for command in locks threads; do
	check locks-$command locks $command
	check locks-$command-json locks $command --format json
	check locks-$command-csv locks $command --format csv
done
check locks-summary locks summary
for command in threads locks; do
	check threads-$command threads $command
	check threads-$command-json threads $command --format json
	check threads-$command-csv threads $command --format csv
done
check threads-runq threads threads --sort runq -n 2
check threads-summary threads summary
check locks-waits locks locks --sort waits -n 1
check locks-window locks locks --since 250ms --until 0.5
check locks-window-timeout locks locks --since 0.6
check locks-thread locks locks --thread worker --sort max
check locks-module locks locks --module 'libbook*'
check normal-locks normal locks
check empty-locks empty locks
check orders-locks orders locks
check orders-locks-json orders locks --deadlocks --format json
check orders-locks-csv orders locks --deadlocks --format csv
check orders-thread orders locks --deadlocks --thread far
check orders-summary orders summary
check waits-threads waits threads
check waits-threads-json waits threads --format json -n 1
check waits-threads-csv waits threads --format csv
check waits-waits waits waits
check waits-waits-json waits waits --format json -n 3
check waits-waits-csv waits waits --format csv
for columns in 80 200; do
	COLUMNS=$columns check waits-waits-$columns waits waits --idle -n 2
done
check waits-thread waits waits --thread worker
check waits-window waits waits --since 0.4 --until 0.8 --idle
check waits-window-json waits waits --since 0.8 --format json
check waits-calls waits waits --sort calls -n 2
check waits-module waits waits --module 'libbook*' --sort p99 -n 1
check waits-none waits waits --module nowhere
check waits-idle-only waits waits --since 0.45 --until 0.55
check waits-busy waits-busy waits -n 1
check waits-bad-sort waits waits --sort size
check waits-info waits info
check waits-info-json waits info --format json
check normal-waits normal waits
check normal-waits-json normal waits --format json
"$T/mkprof" waits-second "$T/waits-second.vprof"
check waits-tree waits waits --tree -n 3 waits-second.vprof
"$T/mkprof" second "$T/second.vprof"
for command in flat heap leaks timeline; do
	check normal-$command-tree normal $command --tree -n 3 second.vprof
	check normal-$command-tree-json normal $command --tree -n 1 --format json second.vprof
done
check normal-summary-tree normal summary --tree second.vprof
for kind in mmap resident all; do
	check maps-$kind maps heap --kind $kind
	check maps-$kind-json maps heap --kind $kind --format json
done
check maps-mmap-csv maps heap --kind mmap --format csv
check maps-resident-csv maps heap --kind resident --format csv
check maps-mmap-peak maps heap --kind mmap --sort peak -n 1
check maps-mmap-none maps heap --kind mmap --module nowhere
check counts-flat counts flat
check counts-calls counts flat --sort calls
check counts-json counts flat --sort calls --format json
check counts-csv counts flat --sort calls --format csv
check counts-thread counts flat --sort calls --thread worker
check counts-module counts flat --sort calls --module 'libbook*'
check counts-window counts flat --sort calls --since 300ms
check counts-none normal flat --sort calls
check counts-counts counts counts
check counts-counts-json counts counts --format json
check counts-counts-csv counts counts --format csv --sort p99
check counts-counts-none normal counts
check counts-info counts info
check counts-callers counts callers app+0x3000
check counts-callees-json counts callees app+0x1000 --format json
check counts-callees counts callees app+0x2000
check loops-loop loops loop
check loops-loop-json loops loop --format json
check loops-loop-csv loops loop --format csv --sort iterations
check loops-name loops loop --loop '*0x1000'
check loops-bad-name loops loop --loop 'feed*'
check loops-thread loops loop --thread main --since 0.4 --until 0.5 -n 1
check loops-module loops loop --module 'libbook*' --sort p99.9
check waits-loop waits loop
check loops-summary loops summary
contracts=(--fail-if 'allocs(libbook*)>4 after mark:warm until mark:cool' --fail-if 'loop.p99>1ms after mark:warm'
	--fail-if 'stalls(class:blocked)>0 and blocked(fsync)@loop>0' --fail-if 'live_bytes(label:path=tick)>200'
	--fail-if 'lock.wait>1%' --fail-if 'allocs>0 after mark:late' --fail-if 'allocs(thread:mian)>0')
check contracts-check contracts check "${contracts[@]}"
check contracts-check-json contracts check "${contracts[@]}" --format json
check contracts-check-csv contracts check "${contracts[@]}" --format csv
check contracts-check-junit contracts check "${contracts[@]}" --format junit
check contracts-check-github contracts check "${contracts[@]}" --format github
check contracts-check-sarif contracts check "${contracts[@]}" --format sarif
check contracts-kept contracts check --fail-if 'allocs(libbook*)>4 after mark:warm until mark:cool'
check contracts-bad contracts check --fail-if 'allocs(threat:main)>0'
check contracts-none contracts check
check contracts-heap contracts heap -n 1 --fail-if 'allocs(label:path=tick)>2 after mark:warm'
check contracts-select contracts heap -n 1 --thread main --fail-if 'allocs>2'
check waits-slow waits summary --format json
"$T/mkprof" waits-second "$T/waits-second.vprof"
check waits-loop-tree waits loop --tree -n 2 waits-second.vprof
check units-tail units loop --tail 97.5
check units-tail-json units loop --tail 97.5 --format json
check units-tail-csv units loop --tail 97.5 --format csv --thread worker
check units-select units loop --select 'dur>9ms,t=1s..' --loop '*'
check units-window units loop --tail 97.5 --since 1 --thread main
check labels-labels labels labels
COLUMNS=80 check labels-labels-80 labels labels --sort spans
check labels-labels-json labels labels --format json
check labels-loop labels loop --label symbol=SOL
check labels-tail labels loop --tail 97.5 --label symbol=SOL --thread main
check labels-tail-json labels loop --tail 97.5 --label symbol=BTC --thread main --format json
check labels-threads labels threads --label symbol=SOL
check labels-threads-json labels threads --label symbol=BTC --format json
check labels-threads-csv labels threads --label 'symbol=*' --sort wait --format csv
check labels-threads-runq labels threads --label symbol=SOL --sort runq
COLUMNS=80 check labels-summary labels summary --label symbol=SOL
check labels-summary-json labels summary --label symbol=BTC --format json
check units-bad-select units loop --select 'dur~5ms'
check units-bad-tail units loop --tail 101
check loops-tail loops loop --tail 99
check loops-tail-json loops loop --tail 99 --format json
check normal-loop normal loop
check normal-bad-loop normal loop --loop feed
check spans-spans spans spans
check spans-spans-json spans spans --format json
check spans-spans-csv spans spans --format csv
COLUMNS=80 check spans-spans-80 spans spans --by label --sort p99 -n 3
check spans-thread spans spans --by thread --thread worker
check spans-label spans spans --label path=tick --since 1
check spans-since labels spans --since 0.5 --until 1.2
check spans-since-json labels spans --since 0.5 --until 1.2 --format json
check spans-name spans spans --span 'dec*' --sort name
check spans-bad-name spans spans --span nothing
check spans-bad-by spans spans --by colour
check spans-info spans info
check spans-summary spans summary
check spans-export-json spans export --format json -o -
check spans-window spans export --format json -o - --since 1
check waits-export-trace waits export --format trace -o -
check waits-export-trace-window waits export --format trace -o - --since 1 --until 1.2 --thread main
check empty-export-trace empty export --format trace -o -
check spans-tree spans spans --tree -n 2 normal.vprof
check normal-spans normal spans
check maps-bad-kind maps heap --kind stack
check maps-summary maps summary
check maps-timeline maps timeline --format table
check normal-heap-mmap normal heap --kind mmap
check normal-heap-resident normal heap --kind resident
check wrapped-flat-window wrapped flat --since 1 --until 7050ms
check wrapped-info wrapped info
check overflow-flat overflow flat
check overflow-heap overflow heap
check overflow-summary overflow summary
check killed-summary killed summary
for command in summary info timeline leaks; do
	check paused-$command paused $command
done
check paused-flat paused flat -n 1
check paused-timeline-table paused timeline --format table -n 2
check paused-rate paused leaks --fail-if 'allocs_per_s>1' -n 1
check killed-args killed info --args
check killed-args-all killed summary --args=all
check normal-args normal summary --args
check normal-bad-args normal summary --args=some
check user-only-flat user-only flat
check nasty-summary nasty summary
check nasty-threads-csv nasty threads --format csv
check nasty-info nasty info
check nasty-info-json nasty info --format json
for command in heap leaks summary; do
	check sampled-$command sampled $command
	check sampled-$command-json sampled $command --format json
done
for command in leaks info; do
	check leaks-$command leaks $command
	check leaks-$command-json leaks $command --format json
done
check leaks-csv leaks leaks --format csv
check leaks-strict leaks-clean leaks --strict
check leaks-strict-json leaks-clean leaks --strict --format json
check leaks-clean leaks-clean leaks
check leaks-bytes leaks leaks --sort bytes --verdict all -n 2
check leaks-verdicts leaks leaks --verdict lost,runtime
check leaks-bad-verdict leaks leaks --verdict lost,leaky
check leaks-module leaks leaks --module 'libbook*' --verdict leak
check killed-leaks killed leaks
for format in sarif junit github markdown; do
	check leaks-$format leaks leaks --format $format
done
check leaks-clean-junit leaks-clean leaks --format junit --gate
check normal-bad-finding normal heap --format sarif
check leaks-gate leaks leaks --gate -n 1
check leaks-gate-clean leaks-clean leaks --gate
check leaks-gate-strict leaks-clean leaks --gate --strict -n 1
check leaks-gate-csv leaks leaks --gate --format csv --verdict lost
check normal-gate normal leaks --gate -n 1
check empty-gate empty leaks --gate
check leaks-allow leaks leaks --gate --allow lost --allow 'libbook' -n 2
check leaks-budget leaks leaks -n 1 --fail-if 'lost_bytes>200' --fail-if 'peak_heap <= 2.5K' \
	--fail-if 'allocs_per_s>=80000' --fail-if 'possible_sites=1' --fail-if 'indirect_blocks>5'
check normal-budget normal leaks -n 1 --fail-if 'peak_heap>2K' --fail-if 'lost_blocks>0'
check leaks-bad-budget leaks leaks --fail-if 'rss>1G'
check leaks-bad-unit leaks leaks --fail-if 'lost_blocks>1G'
printf '# known\nleak:^app+0x3000$\n  leak:no*such \n' >"$T/known.supp"
check leaks-suppressed leaks leaks --suppressions known.supp --gate --fail-if 'lost_bytes>0'
check leaks-suppressed-sarif leaks leaks --suppressions known.supp --format sarif -n 1
echo 'race:all' >"$T/bad.supp"
check leaks-bad-suppressions leaks leaks --suppressions bad.supp
check leaks-known leaks leaks --baseline leaks.vprof -n 2
check leaks-new leaks leaks --baseline leaks-clean.vprof -n 2
check leaks-new-sarif leaks leaks --baseline leaks-clean.vprof --format sarif -n 1
check leaks-bad-baseline leaks leaks --baseline known.supp
check leaks-blind-baseline leaks leaks --baseline normal.vprof -n 1
check growing-leaks growing leaks
for format in json sarif github; do
	check growing-$format growing leaks --format $format
done
check growing-verdicts growing leaks --verdict growing -n 1
check growing-summary growing summary
check grown-summary grown summary
check growing-gate growing leaks --gate -n 1 --fail-if 'growing_sites>1'
check growing-allow growing leaks --gate -n 1 --allow growing
check growing-known growing leaks -n 1 --baseline growing.vprof
for command in tree flat; do
	check clock-$command clock $command --clock wall
	check clock-$command-json clock $command --clock wall --format json
	check clock-$command-csv clock $command --clock wall --format csv
done
check clock-cpu clock tree --clock cpu
check clock-tree-idle clock tree --clock wall --idle --depth 2
check clock-tree-bottom-up clock tree --clock wall --bottom-up --min-percent 9
check clock-callers clock callers fsync --clock wall
check clock-callees-json clock callees app+0x2000 --clock wall --format json
check clock-window clock tree --clock wall --since 300ms --until 0.5
check clock-thread clock tree --clock wall --thread few
check clock-module clock tree --clock wall --module '*libc.so*' --depth 1
for format in folded callgrind speedscope json; do
	check clock-export-$format clock export --clock wall --format $format -o -
done
check clock-export-cpu clock export --clock wall --format folded --value cpu -o -
check clock-export-bad-value clock export --format folded --value wall -o -
check clock-bad clock tree --clock sun
check clock-bad-idle clock tree --idle
check locks-clock locks tree --clock wall
check normal-clock normal flat --clock wall
check empty-summary empty summary
check empty-heap empty heap
check empty-leaks empty leaks
check empty-tree empty tree
[ -z "${T_CASES-}" ] || t_end

t_begin "two files"
(cd "$T" && "$REPORT" flat --format json -n 1 normal.vprof wrapped.vprof) >"$T/two" 2>&1
[ "$(jq -r '[.[].path] | join(" ")' "$T/two")" = "normal.vprof wrapped.vprof" ] ||
	t_bad "no array of two documents"
t_done

t_begin "the newest file of the directory"
mkdir "$T/newest"
cp "$T/normal.vprof" "$T/newest/old.vprof"
cp "$T/wrapped.vprof" "$T/newest/new.vprof"
touch -d '2020-01-01' "$T/newest/old.vprof"
t_equal path new.vprof "$(cd "$T/newest" && "$REPORT" info --format json | jq -r .path)"
t_done
t_begin "no file in the directory"
mkdir "$T/none"
(cd "$T/none" && "$REPORT") >"$T/none/out" 2>&1
t_equal status 2 $?
t_equal lines 1 "$(wc -l <"$T/none/out")"
t_done
t_end

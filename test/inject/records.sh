#!/bin/bash
# The records of a run: which of them is meant, what ls says of them, and their sums.
. "$(dirname "$0")/../lib.sh"

export COLUMNS=100
unset DEBUGINFOD_URLS

# meant DIR NAME BECAUSE: without FILE this program's record is taken
meant() {
	local got
	got=$(cd "$1" && "$REPORT" ls --format json | jq -r '.runs[0] | .processes[0].program + " " + .because')
	t_equal meant "$2 $3" "$got"
}

# A program of its own name, so that no shell may do its work itself.
cp "$PROBE/process_tree" "$T/worker"
w=$T/worker

t_begin "the records of a run"
t_preload "$T/run" "" "$w"
t_equal status 0 "$(cat "$T/run/status")"
meant "$T/run" worker first
list=$(cd "$T/run" && "$REPORT" ls --format json)
t_equal runs '[4,0,[]]' "$(jq -c '[(.runs[0].processes | length), .more_runs, .unreadable]' <<<"$list")"
t_equal tree '[[0,""],[1,"fork"],[1,"fork"],[1,"fork"]]' \
	"$(jq -c '[.runs[0].processes[] | [.depth, .by]]' <<<"$list")"
t_equal lost '[0,50,100,150]' "$(jq -c '[.runs[0].processes[].lost_bytes] | sort' <<<"$list")"
t_equal ends '["exit 0","exit 1","exit 2","exit 3"]' \
	"$(jq -c '[.runs[0].processes[].end] | sort' <<<"$list")"
parent=$(jq '.runs[0].processes[0].pid' <<<"$list")
t_equal parents "[$parent]" "$(jq -c '[.runs[0].processes[1:][].ppid] | unique' <<<"$list")"
(cd "$T/run" && "$REPORT" summary >"$T/summary" 2>"$T/said")
t_equal "what is said" "vprof-report: worker.$parent.vprof, of 4 records of this run: worker is the first; the others: vprof-report ls; --tree adds all up" \
	"$(cat "$T/said")"
for pid in $(jq '.runs[0].processes[1:][].pid' <<<"$list"); do
	grep -q "vprof-report summary worker.$pid.vprof  *worker\$" "$T/summary" || t_bad "$pid is not listed"
done
t_done

# total FILTER COMMAND...: what the filter gives of each record's JSON, added up
total() {
	local filter=$1
	shift
	for file in "$T"/run/*.vprof; do
		"$REPORT" "$@" --format json "$file" | jq "$filter"
	done | jq -s add
}
# sum FILTER COMMAND...: the same of the run as one
sum() {
	local filter=$1
	shift
	(cd "$T/run" && "$REPORT" "$@" --tree --format json | jq "$filter")
}

t_begin "sums of a run"
for filter in .totals.cpu_ns .totals.samples .totals.own_cpu_ns \
	'[.functions[] | select(.function == "burn") | .self_ns] | add' \
	'[.functions[] | select(.function == "work") | .total_ns] | add'; do
	t_equal "flat $filter" "$(total "$filter" flat)" "$(sum "$filter" flat)"
done
for filter in .totals.allocs .totals.frees .totals.bytes_allocated .totals.live_bytes .totals.live_blocks \
	.totals.peak_bytes; do
	t_equal "heap $filter" "$(total "$filter" heap)" "$(sum "$filter" heap)"
done
# two call paths: the parent's work() was called from another line
plant='[.sites[] | select(any(.frames[]; .function == "plant")) | [.allocs, .bytes_allocated, .live_blocks]] | sort'
t_equal planted '[[10,1000,10],[90,9000,90]]' "$(sum "$plant" heap | jq -c .)"
t_equal lost '["leak",6,300,1]' \
	"$(sum '[.verdict, .totals.lost.blocks, .totals.lost.bytes, .totals.lost.sites]' leaks | jq -c .)"
t_equal processes 4 "$(sum '.processes | length' leaks)"
# A point is a moment of all: at the end of the last nothing is left but its own.
t_equal "allocations over time" "$(total .totals.allocs heap)" "$(sum '.points[-1].allocs' timeline)"
t_done

t_begin "shares of CPU time"
burnt=$(sed -n 's/.* burnt //p' "$T/run/out" | jq -s add)
got=$(sum '[.functions[] | select(.function == "burn") | .total_ns] | add' flat)
t_near "burn" "$burnt" "$got" $((burnt / 20))
t_done

# what NAME EXPECTED BECAUSE COMMAND...
what() {
	local name=$1 wanted=$2 because=$3
	shift 3
	t_begin "$name"
	rm -rf "$T/what"
	t_preload "$T/what" cpu=off:leakscan=off "$@"
	meant "$T/what" "$wanted" "$because"
	t_done
}
true=$(type -P true)
cp "$true" "$T/idle"
printf 'all:\n\t@"%s"; "%s"\n' "$T/idle" "$T/idle" >"$T/makefile"
# env is what t_preload itself begins with, before the library is there
what env idle program env "$T/idle"
what "sh -c" idle program sh -c "'$T/idle'"
what "sh, two commands" idle program sh -c "'$T/idle'; '$T/idle'; true"
what timeout idle program timeout 60 "$T/idle"
what nice idle program nice "$T/idle"
what "env, timeout, nice, sh" idle program env A=b timeout 60 nice sh -c "'$T/idle'; :"
! command -v make >/dev/null || what make idle program make -f "$T/makefile"
what nothing idle only "$T/idle"

# The clocks of a process go on through exec: what the image before used is not this one's.
t_begin "CPU time of what was executed"
t_preload "$T/exec" leakscan=off "$w" "$w"
second=$(cd "$T/exec" && "$REPORT" ls --format json | jq -r '.runs[0].processes[] | select(.by == "exec") | .path')
used=$(t_json '.run.cpu_ns - .own.cpu_ns' info "$T/exec/$second")
[ "$used" -ge 100000000 ] && [ "$used" -le 180000000 ] || t_bad "burnt 100 ms, and the record says $used ns"
t_equal "samples lost" 0 "$(t_json .lost.samples info "$T/exec/$second")"
t_equal by '["","exec","fork"]' \
	"$(cd "$T/exec" && "$REPORT" ls --format json | jq -c '[.runs[0].processes[].by] | unique')"
t_done

t_begin "called by another name"
ln -s "$T/worker" "$T/trader"
t_preload "$T/link" "" "$T/trader"
(cd "$T/link" && "$REPORT" summary) >"$T/out" 2>"$T/said"
grep -q "pid [0-9]* ($T/worker), ran" "$T/out" || t_bad "summary names no program: $(sed -n 2p "$T/out")"
grep -q ": trader is the first;" "$T/said" || t_bad "said: $(cat "$T/said")"
t_equal ls '["trader","trader","trader","trader"]' \
	"$(cd "$T/link" && "$REPORT" ls --format json | jq -c '[.runs[0].processes[].program]')"
t_done

t_begin "a child that has gone elsewhere"
mkdir -p "$T/moved/data"
# shellcheck disable=SC2016
t_preload "$T/moved" cpu=off sh -c 'cd data; (:) & wait $!'
t_equal "records beside the parent's" 2 "$(t_files "$T/moved" | wc -l)"
t_equal "records elsewhere" 0 "$(t_files "$T/moved/data" | wc -l)"
t_done

t_begin "processes that name themselves"
t_preload "$T/titled" "" "$PROBE/titled" "$(printf '%40s' '' | tr ' ' x)"
t_equal status 0 "$(cat "$T/titled/status")"
t_equal titles '[["titled",""],["titled","titled: master process"],["titled","titled: worker process is shutting down"]]' \
	"$(cd "$T/titled" && "$REPORT" ls --format json | jq -c '[.runs[0].processes[] | [.program, .title]] | sort')"
t_equal "whole titles" 1 "$(cd "$T/titled" && COLUMNS=200 "$REPORT" ls | grep -c '^  titled: worker process is shutting down  ')"
t_equal "the end of a title is cut" 1 \
	"$(cd "$T/titled" && COLUMNS=40 "$REPORT" summary 2>&1 | grep -c '  titled: worker pr\.\.\.$')"
t_done

t_begin "other records beside"
mkdir "$T/mixed"
cp "$T"/run/*.vprof "$T/mixed"
cp "$T"/what/*.vprof "$T/mixed" # a program that ran after that
cp "$T/link/worker."*.vprof "$T/mixed/" # and the last
last=$(cd "$T/link" && "$REPORT" ls --format json | jq -r '.runs[0].taken')
echo nothing >"$T/mixed/nothing.vprof"
got=$(cd "$T/mixed" && "$REPORT" ls --format json)
t_equal runs "[1,2,[\"nothing.vprof\"]]" \
	"$(jq -c '[(.runs | length), .more_runs, [.unreadable[].path]]' <<<"$got")"
t_equal first "$last" "$(jq -r '.runs[0].taken' <<<"$got")"
all=$(cd "$T/mixed" && "$REPORT" ls --all --format json | jq '[.runs[].processes | length] | add')
t_equal "records of all runs" 9 "$all"
(cd "$T/mixed" && "$REPORT" flat >/dev/null 2>"$T/said")
grep -q "nothing.vprof: not a vprof file" "$T/said" || t_bad "the unreadable one is not said: $(cat "$T/said")"
t_done

t_begin "a damaged record among them"
cp -r "$T/run" "$T/damaged"
last=$(jq -r '.runs[0].processes[3].path' <<<"$list")
size=$(stat -c %s "$T/run/$last")
truncate -s $((size / 2)) "$T/damaged/$last"
t_equal records 4 "$("$REPORT" ls "$T/damaged" --format json | jq '.runs[0].processes | length')"
"$REPORT" heap --tree "$T/damaged/worker.$parent.vprof" >"$T/out" 2>"$T/said"
t_equal status 2 $?
grep -q "$last: .* at 0x" "$T/said" || t_bad "the damage is not said: $(cat "$T/said")"
t_done

t_begin "a run that goes on, and one that was killed"
mkdir "$T/live"
(cd "$T/live" && exec env VPROF_OPTIONS=cpu=off LD_PRELOAD="$LIB" sleep 60) &
pid=$!
t_pids="$t_pids $pid"
for _ in $(seq 100); do
	[ "$("$REPORT" ls "$T/live" --format json 2>/dev/null | jq -r '.runs[0].processes[0].end')" = running ] && break
	sleep 0.1
done
t_equal end running "$("$REPORT" ls "$T/live" --format json | jq -r '.runs[0].processes[0].end')"
kill -9 $pid
wait $pid 2>/dev/null
t_equal end killed "$("$REPORT" ls "$T/live" --format json | jq -r '.runs[0].processes[0].end')"
t_done

t_begin "the columns fit"
for COLUMNS in 80 120; do
	export COLUMNS
	(cd "$T/run" && "$REPORT" ls) >"$T/out" 2>&1
	awk -v w=$COLUMNS 'length > w { bad = 1 } END { exit bad }' "$T/out" || t_bad "wider than $COLUMNS"
	grep -q "worker.$parent.vprof" "$T/out" || t_bad "no file name at $COLUMNS"
done
t_done
t_end

#!/bin/bash
# What `make bench` and `make bench-count` are made of says what is true: measure, count_steps,
# hot_paths, unwind_frames, the order of runs, medians and intervals, and which row is worse.
. "$(dirname "$0")/../lib.sh"
SEED=12345
BENCH_ROUNDS=5
. "$TOP/test/bench/lib-bench.sh"
. "$TOP/test/bench/lib-tables.sh"
. "$TOP/test/bench/lib-old.sh"
say() { :; }
# shellcheck disable=SC2016
BURN='i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done'

cpu_of() { # COMMAND...: seconds of CPU time
	rm -f "$T/cpu"
	timeout 100 "$WORK/measure" "$T/cpu" "$@" && cut -d' ' -f2 "$T/cpu"
}
less() { # A B: is A less than B
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'
}
measured_processes() {
	local own child orphan nothing
	t_begin measure-all-processes
	own=$(cpu_of sh -c "$BURN")
	child=$(cpu_of sh -c "sh -c '$BURN'; :")
	orphan=$(cpu_of sh -c "sh -c '$BURN' & :")
	nothing=$(cpu_of true)
	less "$nothing" "$(awk -v x="$own" 'BEGIN { print x / 4 }')" || t_bad "nothing took $nothing s, a loop $own s"
	less "$(awk -v x="$own" 'BEGIN { print x / 4 }')" "$child" || t_bad "a child's $own s were $child s"
	less "$(awk -v x="$own" 'BEGIN { print x / 4 }')" "$orphan" || t_bad "an orphan's $own s were $orphan s"
	t_done
}
measured_failures() {
	t_begin measure-failed
	cpu_of sh -c 'exit 3'
	t_equal "status" 3 $?
	[ ! -f "$T/cpu" ] || t_bad "a figure of a program that failed"
	t_done
}

steps() { # PATH TURNS [NAME=VALUE...]
	timeout 100 "$WORK/count_steps" loop "$T/places" "${@:3}" "$WORK/hot_paths" "$1" "$2"
}
counted() {
	local bare again idle
	t_begin count-steps
	bare=$(BENCH_SEED=7 steps pair 10)
	t_equal "instructions of all places" "$(echo "$bare" | awk '{ printf "%.0f", $2 * 10 }')" \
		"$(awk '{ n += $NF } END { printf "%.0f", n }' "$T/places")"
	again=$(BENCH_SEED=7 steps pair 10)
	t_equal "the same once more" "$bare" "$again"
	idle=$(BENCH_SEED=7 steps pair 10 "LD_PRELOAD=$LIB" "VPROF_OPTIONS=out=$T/idle.vprof:cpu=off:heap=off")
	less "${bare%% *}" "${idle%% *}" || t_bad "bare '$bare', preloaded '$idle'"
	grep -q "${LIB##*/}" "$T/places" || t_bad "no place in the library"
	t_done
}

# The library's own walk, hooks left out: ten frames more are ten frames more.
walked() {
	local near far
	t_begin unwind-frames
	near=$(VPROF_OPTIONS=out=$T/walk.vprof timeout 100 "$WORK/unwind_frames" 20 10)
	far=$(VPROF_OPTIONS=out=$T/walk.vprof timeout 100 "$WORK/unwind_frames" 30 10)
	t_equal "frames of ten more" 10 $((${far#* } - ${near#* }))
	t_done
}

figures() { # WANTED MODE COLUMN FILE...
	t_equal "$2 $3" "$1" "$(awk -v mode="$2" -v col="$3" -f "$TOP/test/bench/stat.awk" "${@:4}")"
}
statistics() {
	t_begin medians
	printf '%s\n' "10 1.5 0.2" "30 2.5 0.4" - "20 2.0 0.3" "90 9.0 0.9" "40 3.0 0.5" >"$T/a"
	printf '%s\n' "5 1.0 0.1" "10 1.0 0.1" "7 1.0 0.1" "10 1.0 0.1" "10 1.0 0.1" "10 1.0 0.1" >"$T/b"
	seq 10 >"$T/ten"
	figures "30 10 5 10 90" value 1 "$T/a"
	figures "2.5 0.5 5 1.5 9" value wall "$T/a"
	figures "0.3 0.1 5 0.1 0.8" diff cpu "$T/a" "$T/b"
	figures "3 1 5 2 9" ratio 1 "$T/a" "$T/b"
	figures "200 100 5 100 800" percent 1 "$T/a" "$T/b"
	figures "5.5 2.5 10 2 9" value 1 "$T/ten"
	figures "- - 0" value 4 "$T/ten"
	t_done
}

orders() {
	local first
	t_begin orders
	OLD_LIB=$T/old.so
	OLD_REPORT=$REPORT
	bench orders
	run bare true
	ours one true
	ours two true
	run peer true
	first=$(shuffled 0)
	t_equal "every other round is the reverse" "$first" "$(shuffled 1 | tac)"
	t_equal "the same seed" "$first" "$(shuffled 0)"
	t_equal "all of them" "bare one one@old peer two two@old" "$(sort <<<"$first" | paste -sd' ')"
	paste -sd' ' <<<"$first" | grep -qE 'one@old one|one one@old' || t_bad "old and new apart: $first"
	t_equal "orders of 40 rounds" many "$(for ((r = 0; r < 40; r += 2)); do shuffled $r | md5sum; done | sort -u |
		awk 'END { print (NR > 5 ? "many" : NR) }')"
	t_done
}
# A library that is slower in all runs is worse, one that was so only at first is not.
costs() { # KIND
	local turn
	turn=$(wc -l <"$T/turns")
	echo >>"$T/turns"
	# shellcheck disable=SC2154
	case $1:$LIB in
	*:"$OLD_LIB") echo 100 ;;
	slower:*) echo 10$((1 + turn % 3)) ;;
	faster:*) echo 9$((1 + turn % 3)) ;;
	at-first:*) if [ "$key" = verdicts ]; then echo 102; else echo 99; fi ;;
	esac
}
verdicts() {
	local row
	t_begin new-over-old
	OLD=$T/old.so
	touch "$T/turns"
	bench verdicts
	for row in slower faster at-first; do
		ours $row costs $row
	done
	rounds
	compared verdicts "1=what it costs"
	old_table >"$T/table"
	t_equal slower "**worse**" "$(row_verdict slower)"
	t_equal faster better "$(row_verdict faster)"
	t_equal at-first "" "$(row_verdict at-first)"
	grep -q '^3 rows: 1 worse, 1 better' "$T/table" || t_bad "$(tail -n 1 "$T/table")"
	t_done
}
row_verdict() { awk -F' [|] ' -v k="$1" '$2 == k { sub(/ *[|] *$/, "", $6); print $6 }' "$T/table"; }

measured_processes
measured_failures
counted
walked
statistics
orders
verdicts
t_end

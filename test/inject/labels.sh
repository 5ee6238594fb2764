#!/bin/bash
# vprof.h: labels split one run into profiles, marks are counted, pauses record nothing
# but what they must, and a program that uses it all runs without the library.
# alone: it holds shares of CPU time to 2 points
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/labels

# label FILE PAIR: its percentage of the CPU time under labels
share() {
	t_json "[.labels[] | select(.label == \"$2\") | .total_ns] | add // 0 | . * 100 / $3" \
		labels "$1"
}

for engine in perf timer; do
	t_begin "labels split the CPU time, engine $engine"
	rm -rf "$T/run"
	t_preload "$T/run" "engine=$engine:cpu=1000" "$probe" split 2500
	t_equal status 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run")
	truth=$(cat "$T/run/out")
	if [ "$engine" = perf ] && [ "$(t_json .sampling.engine info "$file")" = off ]; then
		t_skip "perf_event_open is refused here"
		continue
	fi
	points=2
	[ $engine = perf ] || points=4
	all=$(jq '.seventy + .twenty + .ten + .none' <<<"$truth")
	cpu=$(t_json .totals.cpu_ns labels "$file")
	for part in seventy twenty ten; do
		t_near "part=$part, percent" "$(jq ".$part * 100 / $all" <<<"$truth")" \
			"$(share "$file" part=$part "$cpu")" $points
		# the same through the filter of another command
		t_equal "flat --label part=$part" \
			"$(t_json ".labels[] | select(.label == \"part=$part\") | .total_ns" labels "$file")" \
			"$(t_json .totals.cpu_ns flat "$file" --label "part=$part")"
	done
	t_near "round=all, percent" "$(jq "100 - .none * 100 / $all" <<<"$truth")" \
		"$(share "$file" round=all "$cpu")" $points
	t_near "all parts and the rest, percent" 100 "$(t_json \
		'([.labels[].self_ns] | add) + .totals.unlabelled_ns | . * 100 / '"$cpu" labels "$file")" 0.001
	t_equal "a glob is all parts" \
		"$(t_json '[.labels[] | select(.label | startswith("part=")) | .total_ns] | add' labels "$file")" \
		"$(t_json .totals.cpu_ns flat "$file" --label 'part=*')"
	# history knows the labels too: a window over the whole run
	t_near "part=seventy in a window, percent" "$(share "$file" part=seventy "$cpu")" \
		"$(t_json "[.labels[] | select(.label == \"part=seventy\") | .total_ns] | add // 0 | . * 100 / $cpu" \
			labels "$file" --since 0)" 1
	t_equal "labels whose history was gone" 0 "$(t_json '.lost.labels // 0' info "$file")"
	t_done
done

t_begin "a label that is not there is named, with those that are"
"$REPORT" flat "$file" --label part=nine >"$T/out" 2>"$T/err"
t_equal status 1 $?
grep -q "nothing under label 'part=nine'; there are:.* part=seventy" "$T/err" || t_bad "$(cat "$T/err")"
t_done

# The helper looks up a sample's label after the fact: histories must last so long.
t_begin "hundreds of thousands of labels a second lose no sample's label"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" fast 150000 5000
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
samples=$(t_json .totals.samples labels "$file")
lost=$(t_json '.lost.labels // 0' info "$file")
[ "$samples" -gt 20 ] || t_bad "$samples samples only"
[ "$lost" -le $((samples / 20)) ] || t_bad "$lost of $samples samples lost their label"
t_done

t_begin "marks are counted"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" marks
file=$(t_file "$T/run")
for name in step phase heap; do
	t_equal "count of $name" "$(jq .$name "$T/run/out")" \
		"$(t_json ".marks[] | select(.name == \"$name\") | .count" marks "$file")"
done
t_equal "bytes between the two" "$(jq .bytes "$T/run/out")" \
	"$(t_json '.marks[] | select(.name == "heap") | .heap_last_bytes - .heap_first_bytes' marks "$file")"
t_done

t_begin "marks stay counted when their history is overwritten"
rm -rf "$T/run"
t_preload "$T/run" size=1M "$probe" marks 100000
file=$(t_file "$T/run")
t_equal "count of step" 200000 "$(t_json '.marks[] | select(.name == "step") | .count' marks "$file")"
[ "$(t_json '.marks[] | select(.name == "step") | .kept' marks "$file")" -lt 100000 ] ||
	t_bad "nothing was overwritten: this tests nothing"
t_done

t_begin "too many, too long and unbalanced names"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" misuse
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
t_equal stdout "done" "$(cat "$T/run/out")"
t_equal stderr "" "$(cat "$T/run/err")"
# one row a name while there are rows
t_equal "names" 1024 "$(t_json '.marks | length' marks "$file" -n 0)"
[ "$(t_json .lost.labels info "$file")" -gt 8000 ] || t_bad "names beyond the limits are not counted as lost"
t_done

t_begin "more names of marks than are told apart, in a large record"
rm -rf "$T/run"
T_LIMIT=60 t_preload "$T/run" size=256M "$probe" misuse
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
t_equal "names" 1024 "$(t_json '.marks | length' marks "$file" -n 0)"
t_done

t_begin "a pause records nothing but frees of what was recorded"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" pause
file=$(t_file "$T/run")
t_totals "$file" "$(cat "$T/run/out")"
t_equal "frees said to be unknown" 0 "$(t_json '.lost.unknown_frees // 0' info "$file")"
t_equal "pauses" 1 "$(t_json .run.pauses info "$file")"
[ "$(t_json '.run.paused_ns / 1e6 | floor' info "$file")" -ge 290 ] || t_bad "paused for less than 290 ms"
# samples while it lasted; a few may have been under way
t_near "ms in burn_paused" 0 \
	"$(t_json '[.functions[] | select(.function == "burn_paused") | .total_ns] | add // 0 | . / 1e6' flat "$file")" 20
for function in burn_before burn_after; do
	t_near "ms in $function" 300 \
		"$(t_json "[.functions[] | select(.function == \"$function\") | .total_ns] | add // 0 | . / 1e6" flat "$file")" 30
done
t_near "ms of CPU time in all" 600 "$(t_json '.totals.cpu_ns / 1e6' flat "$file")" 60
t_done

t_begin "without the library nothing happens"
for what in "split 20" "fast 10" marks pause misuse; do
	# shellcheck disable=SC2086
	t_run "$T/bare" "$probe" $what
	t_equal "status of $what" 0 "$(cat "$T/bare/status")"
	t_equal "stderr of $what" "" "$(cat "$T/bare/err")"
done
t_equal "files left" "" "$(t_files "$T/bare")"
t_done

# A weak symbol must stay open in a program at a fixed address, and be null in a static
# one and in C++.
while read -r name compiler flags; do
	t_begin "vprof.h in a $name program"
	t_need "${compiler##*/}" || continue
	cat >"$T/use.c" <<-'END'
		#include <vprof.h>
		#include <stdio.h>
		int main(void)
		{
			vprof_begin("a", "b");
			vprof_mark("here");
			vprof_end();
			vprof_stop();
			vprof_start();
			puts(vprof_present() ? "present" : "absent");
			return 0;
		}
	END
	# shellcheck disable=SC2086
	$compiler -I"$TOP/include" -Wall -Wextra -Werror -O2 $flags -o "$T/use" "$T/use.c" 2>"$T/err" ||
		t_bad "does not compile: $(head -2 "$T/err")"
	t_equal bare absent "$("$T/use")"
	rm -rf "$T/run"
	t_preload "$T/run" "" "$T/use"
	if [ $name = static ]; then
		t_equal preloaded absent "$(cat "$T/run/out")"
	else
		t_equal preloaded present "$(cat "$T/run/out")"
		t_equal "marks" 1 "$(t_json '.marks[0].count' marks "$(t_file "$T/run")")"
	fi
	t_done
done <<'END'
C gcc -xc
C++ g++ -xc++
fixed-address gcc -no-pie -fno-pie
position-independent gcc -pie -fPIE
static gcc -static
END

t_end

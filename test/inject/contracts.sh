#!/bin/bash
# Contracts: what a program did after its warm-up, told exactly by counters that were copied at a
# mark, on a machine that has other things to do, and where history was overwritten.
# alone: it keeps every CPU busy
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/contracts
runs=20

# record DIR OPTIONS ARGS...: leaves $file
record() {
	local dir=$T/$1 options=$2
	shift 2
	rm -rf "$dir"
	t_preload "$dir" "$options" "$probe" "$@"
	t_equal "status of the program" 0 "$(cat "$dir/status")"
	file=$(t_file "$dir")
}
# check STATUS BUDGET...: what it says is in $T/said
check() {
	local want=$1 got budgets=()
	shift
	for budget; do
		budgets+=(--fail-if "$budget")
	done
	"$REPORT" check "${budgets[@]}" "$file" >"$T/said" 2>&1
	got=$?
	[ $got = "$want" ] || t_bad "status $got and not $want: $* $(tail -n 2 "$T/said" | tr '\n' ' ')"
}
said() {
	grep -qE "$1" "$T/said" || t_bad "does not say '$1': $(head -n 6 "$T/said" | tr '\n' ' ')"
}

# The machine is to be busy: as many as it has CPUs.
for ((i = 0; i < $(nproc); i++)); do
	timeout 400 sh -c 'while :; do :; done' &
	t_pids="$t_pids $!"
done

for ring in "" "size=4M:cpu=off:"; do
	name=${ring:+, history overwritten}
	beats=${ring:+60000}
	t_begin "one string that grows in a tick fails $runs of $runs times$name"
	for ((n = 0; n < runs; n++)); do
		record run "${ring}leakscan=off" string 1 60 ${beats:-0}
		check 24 'allocs(label:path=tick)>0 after mark:warm'
		said ': the run has 1$'
		said '^    append_quote'
		said '^    on_tick.*contracts\.cpp:[0-9]+'
		check 24 'allocs(on_tick)>0 after mark:warm until mark:cool'
		[ -z "$ring" ] || [ "$(t_json .history.wrapped info "$file")" = true ] ||
			t_bad "nothing was overwritten"
		[ -z "$t_bad" ] || break
	done
	t_done
	t_begin "and without it passes $runs of $runs times$name"
	for ((n = 0; n < runs; n++)); do
		record run "${ring}leakscan=off" none 1 60 ${beats:-0}
		check 0 'allocs(label:path=tick)>0 after mark:warm' 'allocs(on_tick)>0 after mark:warm' \
			'allocs(thread:main)>0 after mark:warm until mark:cool' \
			'allocs>0 after mark:warm until mark:cool' 'allocs(thread:feed)>0 after mark:warm'
		[ -z "$t_bad" ] || break
	done
	# before the mark there was some, so the words mean something
	check 24 'allocs(append_quote)>0'
	said ': the run has 8$'
	t_done
done
kill $t_pids 2>/dev/null
wait 2>/dev/null
t_pids=

t_begin "the number is that of what was planted"
for times in 2 7; do
	record run leakscan=off string $times 60 0
	check 24 "allocs(on_tick)=$times after mark:warm"
	check 0 "allocs(on_tick)!=$times after mark:warm"
	check 24 "allocs(append_quote) in $times..$times after mark:warm"
done
t_done

t_begin "what another thread does is told apart, by label and by name"
record run leakscan=off feed 3 60 0
check 24 'allocs(label:path=feed)>0 after mark:warm'
check 24 'allocs(thread:feed)=3 after mark:warm'
check 0 'allocs(label:path=tick)>0 after mark:warm' 'allocs(on_tick)>0 after mark:warm' \
	'allocs(thread:main)>0 after mark:warm until mark:cool'
check 0 'allocs(append_quote,thread:main)>0 after mark:warm'
check 24 'allocs(append_quote,thread:feed,label:path=*)=3 after mark:warm'
t_done

t_begin "a call that blocks a loop"
record run leakscan=off fsync 2 60 0
check 24 'blocked(fsync)@loop>0'
said 'fsync( of .*journal)?, 2 times' # a call of less than 1 ms is not asked what it was for
said '^    write_journal'
check 24 'blocked(fsync)@loop=2 after mark:warm'
check 24 'blocked(fsync)@loop(run_loop).time>0ms'
check 0 'blocked(fsync)@lock>0'
check 24 'blocked(fsync,label:path=tick)=2'
check 0 'blocked(fsync,label:path=feed)>0'
check 0 'blocked(fsync)@loop>2'
check 0 'blocked(fdatasync)@loop>0'
record run leakscan=off none 1 60 0
check 0 'blocked(fsync)@loop>0'
t_done

t_begin "a lock that is waited for"
record run leakscan=off lock 3 60 0
check 24 'lock(m_book).wait>15ms after mark:warm'
said 'm_book'
said '^    read_book'
said '^  held by feed for '
check 24 'lock(m_book).waits=3 after mark:warm'
check 24 'lock(m_book).max in 5ms..10s after mark:warm'
check 24 'lock(m_book).wait>1%'
check 0 'lock(m_book).wait>10s' 'lock(m_book,thread:feed).wait>0ms' 'lock(m_book).timeouts>0'
record run leakscan=off holders 3 60 0
check 24 'lock(m_book).wait>0ms'
said '^  held by loader for '
check 24 'lock(m_book).wait>15ms after mark:warm'
said '^  held by feed for [2-9]'
check 24 'lock(m_book).wait>15ms until mark:warm'
said '^  held by loader for '
record run leakscan=off none 1 60 0
check 0 'lock(m_book).wait>1%' # nobody waited for it, and yet it is known
t_done

t_begin "a tick that takes long"
record run leakscan=off stall 2 60 0
check 24 'loop(run_loop).max>25ms after mark:warm'
said '^    .*run_loop'
check 24 'stalls>1 after mark:warm'
check 24 'loop.stalls>=2 after mark:warm'
check 24 'loop.iterations=60 after mark:warm'
check 0 'loop.max>20s after mark:warm' 'stalls(thread:feed)>0'
check 24 'stalls(span:rebuild)>=2 after mark:warm'
said '^    .*(rebuild|spin)'
check 24 'stalls(span:rebuild,label:path=tick).max>25ms'
check 0 'stalls(span:settle)>0' 'stalls(label:path=feed)>0' 'loop(run_loop,label:path=tick).max>20s'
check 24 'loop(run_loop,label:path=tick).max>25ms'
check 24 'loop(label:path=tick).iterations>=60'
check 2 'loop(label:path=tick).max>20s after mark:warm'
said 'counted over the whole run'
check 2 'loop(span:rebuild).p99>20s'
said 'not told apart by span'
t_done

t_begin "a name that nobody has is no pass"
for budget in 'allocs(on_tik)>0' 'allocs(label:path=tik)>0' 'allocs(thread:fed)>0' \
	'allocs(module:nosuch.so)>0' 'lock(m_bok).wait>1%' 'loop(run_lop).p99>2s' 'blocked(fsnyc)>0' \
	'blocked(fsync)@loop(run_lop)>0' 'calls(raed)>0' 'stalls(thread:fed)>0' 'allocs(on_tick)>0 after mark:wram' \
	'allocs>0 until mark:cold' 'stalls(loop:run_lop)>0' 'stalls(span:rebuilt)>0' 'stalls(label:path=tik)>0' \
	'loop(label:path=tik).p99>1ms'; do
	check 2 "$budget"
	said 'cannot be judged: (no [a-z]+ .* was seen|mark .* was never reached)'
done
check 2 'allocs(on_tik)>0'
said "did you mean 'on_tick'"
check 2 'allocs(on_tick)>0 after mark:wram'
said "did you mean 'warm'"
check 0 'allocs(on_tik?)>0' 'lock(m_bok?).wait>1%'
check 1 'alocs>0'
said 'did you mean allocs'
check 1 'allocs(on_tick>0'
said '^vprof-report: +\^$'
t_done

t_begin "what was not looked at is no pass either"
record run heap=off:leakscan=off none 1 60 0
check 2 'allocs(on_tick)>0 after mark:warm'
record run heap=sample=4K:leakscan=off none 1 60 0
check 2 'allocs(on_tick)>0 after mark:warm'
said 'sampled'
record run locks=off:leakscan=off none 1 60 0
check 2 'lock(m_book).wait>1%'
record run waits=off:leakscan=off none 1 60 0
check 2 'blocked(fsync)>0'
t_done

t_begin "a function that may have been inlined unseen is no pass"
cat >"$T/inlined.c" <<'END'
#include <stdlib.h>
void *volatile kept;
void work(int n)
{
	kept = malloc(n);
}
int main(int argc, char **argv)
{
	(void)argv;
	work(argc);
	return 0;
}
END
for debug in -g0 -g; do
	${CC:-gcc} -O2 -finline-functions $debug -o "$T/inlined" "$T/inlined.c" || t_bad "does not compile"
	rm -rf "$T/run"
	t_preload "$T/run" leakscan=off "$T/inlined"
	file=$(t_file "$T/run")
	case $debug in
	-g0)
		check 2 'allocs(work)>0'
		said 'build with -g'
		;;
	*) check 24 'allocs(work)>0' ;;
	esac
done
t_done

t_begin "of several processes one need not know the names"
rm -rf "$T/run"
t_preload "$T/run" leakscan=off sh -c "'$probe' string 1 60 0; :"
"$REPORT" check --fail-if 'allocs(on_tick)>0 after mark:warm' "$T"/run/*.vprof >"$T/said" 2>&1
t_equal "status of all records" 24 $?
"$REPORT" check --fail-if 'allocs(on_tik)>0 after mark:warm' "$T"/run/*.vprof >"$T/said" 2>&1
t_equal "status where none knows it" 2 $?
t_done

t_begin "every verb's --fail-if, and the documents of check"
record run leakscan=off string 1 60 0
for verb in summary heap flat waits locks loop threads "leaks --gate"; do
	# shellcheck disable=SC2086
	"$REPORT" $verb "$file" --fail-if 'allocs(on_tick)>0 after mark:warm' >"$T/said" 2>&1
	t_equal "status of $verb" 24 $?
	said 'budget allocs\(on_tick\)>0 after mark:warm: the run has 1'
	said 'on_tick'
done
"$REPORT" check "$file" --fail-if 'allocs(on_tick)>0 after mark:warm' --format json >"$T/json" 2>/dev/null
t_equal "verdict in JSON" broken "$(jq -r '.budgets[0].verdict' "$T/json")"
t_equal "value in JSON" 1 "$(jq '.budgets[0].conditions[0].value' "$T/json")"
t_equal "a frame in JSON" true \
	"$(jq '[.budgets[0].conditions[0].culprits[0].frames[].function] | any(startswith("on_tick"))' "$T/json")"
"$REPORT" check "$file" --fail-if 'allocs(on_tick)>0 after mark:warm' --format github >"$T/said" 2>/dev/null
said '^::error file=.*contracts\.cpp,line=[0-9]+'
"$REPORT" check "$file" --fail-if 'allocs(on_tick)>0 after mark:warm' --format junit >"$T/said" 2>/dev/null
said '<failure'
t_done
t_end

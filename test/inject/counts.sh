#!/bin/bash
# Calls of the program's own functions: what -finstrument-functions, -pg and -mfentry tell of is
# what gcov counts in another build of the same source, or callgrind in the same, on programs that
# recurse, jump, have threads, handlers of signals and a forked child, and on C++; the programs
# notice nothing, and gmon.out is the bare run's to the byte.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=60
. "$(dirname "$0")/../lib-counts.sh"
file=

for name in recursive threads; do
	for level in -O0 -O2; do
		t_begin "instrumented $name $level, by gcov"
		t_need gcov || continue
		rm -rf "${T:?}/$name"
		build "$name" $level -finstrument-functions
		by_gcov "$name"
		count "$name" '' && agrees "$name" . gcov "$T/report.json" "$T/$name.gcov"
		t_done
	done
done
# gcov knows nothing of what the compiler makes by itself (constructors, say): callgrind does.
t_begin 'instrumented cxx -O0, by callgrind'
if t_need valgrind; then
	build cxx -O0 -finstrument-functions
	by_callgrind cxx
	count cxx '' && agrees cxx "$OTHERS" callgrind "$T/report.json" "$T/callgrind"
	t_done
fi
t_begin 'instrumented cxx -O2, by gcov'
if t_need gcov; then
	build cxx -O2 -finstrument-functions
	by_gcov cxx
	count cxx '' && agrees cxx '^(main$|main::|market::Book|market::Level|market::twice|market::.*cost)' \
		gcov "$T/report.json" "$T/cxx.gcov"
	t_done
fi

for how in '-pg' '-pg -mfentry'; do
	for name in recursive threads; do
		t_begin "$how $name -O0, by gcov"
		t_need gcov || continue
		rm -rf "${T:?}/$name"
		# shellcheck disable=SC2086
		build "$name" -O0 $how
		by_gcov "$name"
		count "$name" '' && agrees "$name" . gcov "$T/report.json" "$T/$name.gcov"
		t_done
	done
	t_begin "$how recursive -O2, by callgrind"
	if t_need valgrind; then
		rm -rf "${T:?}/recursive"
		# shellcheck disable=SC2086
		build recursive -O2 $how
		by_callgrind recursive
		count recursive '' && agrees recursive "$OTHERS" callgrind "$T/report.json" "$T/callgrind"
		t_done
	fi
	t_begin "$how cxx -O0, by callgrind"
	if t_need valgrind; then
		rm -rf "${T:?}/cxx"
		# shellcheck disable=SC2086
		build cxx -O0 $how
		by_callgrind cxx
		count cxx '' && agrees cxx "$OTHERS" callgrind "$T/report.json" "$T/callgrind"
		# A tick of its own clock, which samples the program, may come in one and not in the other.
		for try in 1 2 3 4 5; do
			! cmp -s "$T/bare/gmon.out" "$T/run/gmon.out" || break
			count cxx ''
		done
		cmp "$T/bare/gmon.out" "$T/run/gmon.out" >"$T/differ" 2>&1 ||
			t_bad "gmon.out, $try times: $(cat "$T/differ")"
		[ "$(stat -c %s "$T/bare/gmon.out")" -gt 500 ] || t_bad 'there is nothing in gmon.out'
		t_done
	fi
	t_begin "$how: arguments in every register"
	rm -rf "$T/arguments"
	# shellcheck disable=SC2086
	build arguments -O1 $how
	count arguments '' && t_equal calls 3 "$(jq '.functions[] | select(.function == "eight").ncalls' "$T/report.json")"
	count arguments start=paused
	t_done
done
t_begin '-pg, off: gmon.out is as bare'
rm -rf "${T:?}/recursive"
build recursive -O1 -pg
count recursive start=paused
t_equal counted 0 "$(jq '.totals.counted.by | map(select(. == "-pg")) | length' "$T/report.json")"
cmp "$T/bare/gmon.out" "$T/run/gmon.out" || t_bad 'gmon.out differs'
t_done

# What other programs read of it.
t_begin 'callers, callees and the pstats export'
rm -rf "${T:?}/recursive"
build recursive -O0 -finstrument-functions
count recursive ''
t_equal 'callers of fib' 'fib 8360, main 1' "$("$REPORT" callers fib "$file" --format json |
	jq -r '[.edges[] | "\(.caller.function) \(.ncalls)"] | sort | join(", ")')"
t_equal 'callees of try_to_jump' 'jump_from 300' "$("$REPORT" callees try_to_jump "$file" --format json |
	jq -r '.edges[] | select(.ncalls) | "\(.callee.function) \(.ncalls)"')"
"$REPORT" export --format pstats -o "$T/out.prof" "$file" 2>"$T/report.err" || t_bad 'no export'
"$PYTHON" "$TOP/test/consumers/read_prof.py" ncalls "$T/out.prof" >"$T/ncalls" 2>&1
for line in '8361/1	fib' '40001/1	deep' '3873/3873	compare' '900/300	jump_from' \
	'0/0	<ncalls are calls, each counted; 0: not counted>'; do
	grep -qxF "$line" "$T/ncalls" || t_bad "pstats lacks $line: $(tr '\n' ' ' <"$T/ncalls" | head -c 300)"
done
t_done

t_begin 'the callgrind export'
if t_need callgrind_annotate; then
	"$REPORT" export --format callgrind -o "$T/out.cg" "$file" 2>"$T/report.err" || t_bad 'no export'
	agrees recursive "$OTHERS" callgrind "$T/report.json" "$T/out.cg"
	sed 's/^calls=8360 /calls=8359 /' "$T/out.cg" >"$T/wrong.cg"
	case $("$PYTHON" "$TOP/test/count_rows.py" recursive "$OTHERS" callgrind "$T/report.json" "$T/wrong.cg") in
	*'fib: 8361 counted, callgrind says 8360'*) ;;
	*) t_bad 'a wrong number is not seen' ;;
	esac
	# callgrind_annotate has callers that cost something
	cat >"$T/busy.c" <<'END'
void work(void);
void work(void) { for (volatile int i = 0; i < 100000; i++) continue; }
int main(void) { for (int i = 0; i < 1234; i++) work(); return 0; }
END
	$CC -g -O0 -finstrument-functions -o "$T/busy" "$T/busy.c" || t_bad 'cannot build it'
	t_record 'cpu=1000' "$T/busy"
	"$REPORT" export --format callgrind -o "$T/busy.cg" "$file" 2>"$T/report.err" || t_bad 'no export'
	callgrind_annotate --tree=caller --auto=no "$T/busy.cg" >"$T/annotated" 2>"$T/err" ||
		t_bad "callgrind_annotate: $(tail -1 "$T/err")"
	grep -q '< .*main (1,234x)' "$T/annotated" || t_bad "it has $(grep '<' "$T/annotated" | head -5)"
	t_done
fi

# Sleeps of a known length, in a function that calls itself.
t_begin 'how long calls lasted'
cat >"$T/sleeps.c" <<'END'
#include <unistd.h>
void naps(int n);
void naps(int n) { usleep(20000); if (n > 1) naps(n - 1); }
int main(void) { for (int i = 0; i < 5; i++) naps(2); return 0; }
END
$CC -g -finstrument-functions -o "$T/sleeps" "$T/sleeps.c" || t_bad 'cannot build it'
t_record '' "$T/sleeps" && {
	row=$("$REPORT" counts "$file" --format json |
		jq -r '.functions[] | select(.function == "naps") | "\(.ncalls) \(.primitive_calls) \(.timed_calls) \(.total_ns) \(.self_ns) \(.max_ns)"')
	read -r calls primitive timed total self longest <<<"$row"
	t_equal calls '10 5 10' "$calls $primitive $timed"
	# ten sleeps of 20 ms, whoever else has the CPU
	awk -v a="$total" -v b="$self" -v c="$longest" 'BEGIN { exit !(a >= 2e8 && b >= 2e8 && b <= a && c >= 4e7 && c < a) }' ||
		t_bad "total $total, self $self, longest $longest"
}
t_done

# Another library's hooks get every call, ours or not; the program's own are its own.
t_begin "somebody else's hooks are called as often"
cat >"$T/other.c" <<'END'
#include <stdio.h>
#define NOT __attribute__((no_instrument_function))
static unsigned long enters, exits;
NOT void __cyg_profile_func_enter(void *f, void *c) { (void)f, (void)c; enters++; }
NOT void __cyg_profile_func_exit(void *f, void *c) { (void)f, (void)c; exits++; }
NOT __attribute__((destructor)) static void tell(void) { printf("%lu %lu\n", enters, exits); }
END
rm -rf "${T:?}/recursive"
build recursive -O0 -finstrument-functions
$CC -shared -fPIC -o "$T/other.so" "$T/other.c" || t_bad "cannot build it"
t_run "$T/bare" env "LD_PRELOAD=$T/other.so" "$T/recursive/recursive"
for options in '' start=paused; do
	rm -rf "$T/run"
	T_HOST=$T/other.so t_preload "$T/run" "$options" "$T/recursive/recursive"
	t_same "$T/bare" "$T/run"
done
grep -q '^54557 ' "$T/bare/out" || t_bad "it counts $(tail -1 "$T/bare/out")"
$CC -g -finstrument-functions -o "$T/own" "$PROBES/counted_recursive.c" "$T/other.c" || t_bad "cannot build it"
t_run "$T/bare" "$T/own"
rm -rf "$T/run"
t_preload "$T/run" '' "$T/own"
t_same "$T/bare" "$T/run"
t_done

# A check that cannot fail is none: one call less is told.
t_begin 'a wrong count is seen'
rm -rf "${T:?}/recursive"
build recursive -O0 -finstrument-functions
by_gcov recursive
count recursive ''
sed -i 's/"ncalls": 8361/"ncalls": 8360/' "$T/report.json"
case $("$PYTHON" "$TOP/test/count_rows.py" recursive . gcov "$T/report.json" "$T/recursive.gcov") in
*'fib(int): 8360 counted'* | *'fib: 8360 counted'*) ;;
*) t_bad "it was not" ;;
esac
t_done
t_end

#!/bin/bash
# Spans of vprof.h: counts, times and percentiles as the program's own clock has them, what lies
# within what, what crosses threads, and all that a program may do wrong with them.
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/spans

# record WHAT...: runs the probe; $file and $truth are what came of it
record() {
	rm -rf "$T/run"
	t_preload "$T/run" "${options-}" "$probe" "$@"
	t_equal "status of $*" 0 "$(cat "$T/run/status")"
	t_equal "stderr of $*" "" "$(cat "$T/run/err")"
	file=$(t_file "$T/run")
	truth=$T/run/out
}
# span NAME FILTER [ARGUMENT...]: of the span of that name
span() {
	local name=$1 filter=$2
	shift 2
	t_json ".spans[] | select(.name == \"$name\") | $filter" spans "$file" -n 0 "$@"
}
# between WHAT LEAST VALUE MOST
between() {
	awk -v least="$2" -v value="$3" -v most="$4" \
		'BEGIN { exit !(value != "" && least <= value && value <= most) }' ||
		t_bad "$1: $3 is not within $2 and $4"
}

# The program looks at its clock just outside and just inside of each span: below every end of a
# bucket there are as many as the one says at least and the other at most.  Percentiles are points
# in a bucket, in which values are taken to lie evenly.
cat >"$T/compare.py" <<'END'
import json, math, sys
truth = json.load(open(sys.argv[1]))
span, = [s for s in json.load(sys.stdin)["spans"] if s["name"] == "timed"]
least, most = sorted(truth["least"]), sorted(truth["most"])
n = len(least)
def check(what, low, value, high):
    if not low <= value <= high:
        print(f"{what}: {value} is not within {low} and {high}")
check("count", n, span["count"], n)
below = 0
for _, end, count in span["histogram"]:
    below += count
    check(f"spans below {end} ns", sum(ns < end for ns in most), below,
          n if end == span["max_ns"] else sum(ns < end for ns in least))
check("max", least[-1], span["max_ns"], most[-1])
check("sum", sum(least), span["time_ns"], sum(most))
check("the histogram's sum", n, below, n)
for what, share, off in (("p50", .5, .02), ("p90", .9, .02), ("p99", .99, .07), ("p999", .999, .07)):
    at = math.ceil(share * n) - 1
    check(what, least[at] - max(1000, least[at] * off), span[what + "_ns"],
          most[at] + max(1000, most[at] * off))
END
for seed in 1 2 3; do
	t_begin "times are those of the program's own clock, seed $seed"
	record truth $seed 8000
	"$REPORT" spans "$file" --format json 2>&1 | $PYTHON "$T/compare.py" "$truth" >"$T/said" 2>&1 ||
		t_bad "$(tail -1 "$T/said")"
	[ ! -s "$T/said" ] || t_bad "$(head -3 "$T/said" | paste -sd';')"
	t_done
done

t_begin "a program that is wrong about its times is found out"
jq -c '.least |= map(. * 1.1) | .most |= map(. * 1.1)' "$truth" >"$T/wrong"
"$REPORT" spans "$file" --format json 2>&1 | $PYTHON "$T/compare.py" "$T/wrong" >"$T/said" 2>&1
[ -s "$T/said" ] || t_bad "times of 110 % pass"
t_done

t_begin "spans within each other: time with, self without them"
record nest
for name in outer inner leaf; do
	# what the program measures has the beginning and the end in it
	between "$name" "$(jq ".$name - 2000000" "$truth")" "$(span $name .time_ns)" \
		"$(jq ".$name" "$truth")"
done
t_equal "self of outer" "$(($(span outer .time_ns) - $(span inner .time_ns)))" "$(span outer .self_ns)"
t_equal "self of inner" "$(($(span inner .time_ns) - $(span leaf .time_ns)))" "$(span inner .self_ns)"
t_equal "self of leaf" "$(span leaf .time_ns)" "$(span leaf .self_ns)"
t_equal "sizes of inner" "20 140 7 7" "$(span inner '"\(.sized) \(.size) \(.size_min) \(.size_max)"')"
t_equal "where the longest outer ended" nest "$(span outer .function)"
t_done

t_begin "an order is acknowledged in another thread"
record async
t_equal "ended and open" "36 40 4" "$(span order '"\(.count) \(.begun) \(.open)"')"
t_equal "form" async "$(span order .form)"
between "time of all" "$(jq '.sum - 36 * 500000' "$truth")" "$(span order .time_ns)" "$(jq '.sum + 36 * 500000' "$truth")"
t_equal "begun of those that never end" "$(jq .flood "$truth")" "$(span flood .begun)"
t_equal "those that were dropped and those that are left" "$(jq .flood "$truth")" \
	"$(span flood '.open + .left')"
between "open at a time" 60000 "$(span flood .open)" 65536
t_done

t_begin "by label and by thread"
record labels
t_equal "path=a" "100 5050 1 100" \
	"$(span step '"\(.count) \(.size) \(.size_min) \(.size_max)"' --label path=a)"
t_equal "path=b" "100 50500 10 1000" \
	"$(span step '"\(.count) \(.size) \(.size_min) \(.size_max)"' --label 'path=b')"
t_equal "all" "202 2" "$(span step '"\(.count) \(.threads)"')"
t_equal "spans of labels" "path=a 100 path=b 100" "$(t_json '[.labels[] | select(.spans.count > 0) |
	"\(.label) \(.spans.count)"] | sort | join(" ")' labels "$file")"
t_equal "time of labels" "$(t_json '[.spans[].time_ns] | add' spans "$file")" \
	"$(t_json '[.labels[].spans.time_ns, .unlabelled.spans.time_ns] | add' labels "$file")"
t_equal "spans of a label's threads" 100 "$(t_json '[.threads[].spans] | add' threads "$file" --label path=a)"
t_equal "spans of a label in summary" 100 "$(t_json '[.spans[].count] | add' summary "$file" --label path=a)"
t_equal "rows by label" "path=a 100, path=b 100,  2" \
	"$(t_json '[.spans | sort_by(.label | . == "", .)[] | "\(.label) \(.count)"] | join(", ")' spans "$file" --by label)"
t_equal "rows by thread" "101 101" "$(t_json '[.spans[].count] | join(" ")' spans "$file" --by thread)"
between "p50 of path=b" 59000 "$(span step .p50_ns --label path=b)" 75000
t_done

t_begin "what should not be done is told, and harms nothing"
record misuse
t_equal "errno" 77 "$(jq .errno "$truth")"
t_equal "left by longjmp" "$(jq .left "$truth") 0" "$(span left '"\(.left) \(.count)"')"
t_equal "who caught it" "200 0 0" "$(span catcher '"\(.count) \(.left) \(.open)"')"
for name in "outer by wrapper" "inner by wrapper"; do
	t_equal "$name" "100 0 0" "$(span "$name" '"\(.count) \(.left) \(.open)"')"
done
t_equal "too deep a recursion" "64 136 0" "$(span recursion '"\(.count) \(.too_deep) \(.open)"')"
t_equal "ends that are missing" "200 100" "$(span forgotten '"\(.count) \(.left + .open)"')"
t_equal "around and within a handler" "$(span around '"\(.count) 0"')" "$(span within '"\(.count) \(.left)"')"
between "spans of handlers" "$(($(jq .handled "$truth") - $(t_json .totals.not_seen spans "$file")))" \
	"$(span handler .count)" "$(jq .handled "$truth")"
t_equal "a thread that ended amid" "0 1" "$(span amid '"\(.count) \(.left)"')"
t_equal "a thread that was cancelled" "1 0" "$(span cancelled '"\(.count) \(.left)"')"
t_equal "open at the end" "1" "$(span "at the end" .open)"
t_equal "ends without a beginning" 2 "$(t_json .totals.unmatched_ends spans "$file")"
t_done

t_begin "100,000 names"
record names 100000
t_equal "names and others" 300002 "$(t_json '[.spans[].count] | add' spans "$file" -n 0)"
between "names" 1000 "$(t_json .totals.names spans "$file")" 4097
t_equal "without a row of their own" "$(span '[others]' .count)" "$(t_json .totals.without_row spans "$file")"
t_equal "of the first name" 3 "$(span 'name 0' .count)"
between "bytes of the file" 1 "$(stat -c %s "$file")" $((64 << 20))
t_done

t_begin "names that are alike as far as they are kept"
record names 10
t_equal "their count" 2 "$(t_json '.spans[] | select(.name | startswith("xxx")) | .count' spans "$file")"
t_equal "their length" 111 "$(t_json '.spans[] | select(.name | startswith("xxx")) | .name | length' spans "$file")"
t_equal "of each other name" 3 "$(span 'name 7' .count)"
t_equal "lost" 0 "$(t_json '.totals.without_row + .totals.not_seen + .totals.unmatched_ends' spans "$file")"
t_done

t_begin "a small record says what had no room"
options=size=1M record names 1000
t_equal "names and others" 3002 "$(t_json '[.spans[].count] | add' spans "$file" -n 0)"
"$REPORT" spans "$file" >"$T/out" 2>"$T/err"
grep -q 'spans have no row of their own' "$T/err" || t_bad "$(cat "$T/err")"
t_done

t_begin "a forked child has spans of its own"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" fork
for file in $(t_files "$T/run"); do
	t_equal "ends without a beginning in $file" 0 "$(t_json .totals.unmatched_ends spans "$file")"
	t_json '.spans[] | "\(.name) \(.count) \(.open)"' spans "$file"
done | sort >"$T/said"
t_equal "spans" "around the fork 1 0, child 1 0" "$(grep -v '^$' "$T/said" | paste -sd, | sed 's/,/, /')"
t_done

t_begin "what is open when recording stops is dropped"
record pause
t_equal "before" "1 0" "$(span before '"\(.count) \(.left)"')"
t_equal "after" "3 0" "$(span after '"\(.count) \(.left)"')"
t_equal "open at the pause" "0 1" "$(span "open at the pause" '"\(.count) \(.left)"')"
t_equal "names" "after, before, open at the pause" "$(t_json '[.spans[].name] | sort | join(", ")' spans "$file")"
options=start=paused record nest
t_equal "spans of a run that is not recorded" 0 "$(t_json '.spans | length' spans "$file")"
t_done

t_begin "allocations within"
record heap
t_equal "with what lies within" "10 30 1500" "$(span allocates '"\(.count) \(.allocs) \(.alloc_bytes)"')"
t_equal "within" "10 20 500" "$(span within '"\(.count) \(.allocs) \(.alloc_bytes)"')"
t_done

t_begin "contracts: of a name, of a thread's or label's part of it, and of what nobody named so"
budget() { # STATUS BUDGET
	"$REPORT" check --fail-if "$2" "$file" >"$T/said" 2>&1
	t_equal "status of $2" "$1" $?
}
record labels
budget 24 'span(step).p50>15us'
budget 0 'span(step).p50>10s'
budget 24 'span(step).count=202'
budget 24 'span(step,label:path=a).count=100'
budget 24 'span(s*p,thread:main).count=101'
budget 24 'span(step,label:path=b).time>6ms and span(step).max<1h'
budget 2 'span(stepp).count=0'
grep -q "did you mean 'step'" "$T/said" || t_bad "no name is proposed: $(head -c 200 "$T/said")"
budget 2 'span(step,label:path=z).count>0'
budget 2 'span(step).count>0 after mark:warm'
budget 1 'span(step).p98>1ms'
record heap
budget 24 'span(allocates).allocs=30'
budget 24 'span(within).alloc_bytes=500'
options=heap=off record heap
budget 2 'span(allocates).allocs=30'
t_done

t_begin "contracts after a mark: what was counted since, of spans and of allocations within"
probe=$PROBE/spans_marked record mark
budget 24 'span(tick).count=150'
budget 24 'span(tick).count=100 after mark:warm'
budget 24 'span(tick).count=50 until mark:warm'
budget 24 'span(tick).max>15ms'
budget 24 'span(tick).max<15ms after mark:warm'
budget 24 'span(tick).p9999<15ms after mark:warm'
budget 24 'span(handed).count=1 after mark:warm'
budget 24 'allocs(span:tick)=49'
budget 24 'alloc_bytes(span:tick)=3136'
budget 0 'allocs(span:tick)>0 after mark:warm'
budget 24 'allocs(span:grow,thread:main)=40 after mark:warm'
budget 24 'alloc_bytes(span:grow)=4000 after mark:warm'
budget 24 'span(grow).allocs=40 after mark:warm'
t_done
t_begin "contracts of spans: what cannot be known is no pass"
budget 2 'allocs(span:tikc)>0 after mark:warm'
grep -q "did you mean 'tick'" "$T/said" || t_bad "no name is proposed: $(head -c 200 "$T/said")"
budget 0 'allocs(span:tikc?)>100'
budget 2 'allocs(span:before)>0 after mark:warm'
budget 2 'span(before).p99>1ms after mark:warm'
budget 2 'allocs(span:handed)>0'
budget 2 'allocs(span:open)>0'
budget 2 'allocs(span:tick,label:path=z)>0'
budget 1 'allocs(span:tick,tick)>0'
budget 1 'frees(span:tick)>0'
budget 1 'blocked(span:tick)>0'
t_done

t_begin "a process that runs says which span each of its threads is in, and since when"
pid= # t_live says which
t_live "" "$PROBE/spans_marked" live
sleep 0.3
"$REPORT" stacks "$file" --format json >"$T/said" 2>"$T/err" || t_bad "status $?: $(cat "$T/err")"
t_equal "spans" "none waits" "$(jq -r '[.threads[] | .span // "none"] | sort | join(" ")' "$T/said")"
between "since when" 300000000 "$(jq '.threads[] | select(.span) | .span_ns' "$T/said")" 60000000000
"$REPORT" stacks "$file" 2>&1 | grep -q '^   in span waits, for ' || t_bad "the table does not say it"
t_equal "open" "around 1, over 0, short 0, waits 1" \
	"$(t_json '[.spans | sort_by(.name)[] | "\(.name) \(.open)"] | join(", ")' spans "$file")"
"$REPORT" spans "$file" 2>&1 | grep -q ' open now, ' || t_bad "what is open is not said to be so now"
exec 3>&-
wait "$pid"
t_equal status 0 $?
t_pids=
t_done

t_begin "without the library nothing happens"
for what in nest async labels misuse "names 1000" fork pause heap; do
	# shellcheck disable=SC2086
	t_run "$T/bare" "$probe" $what
	t_equal "status of $what" 0 "$(cat "$T/bare/status")"
	t_equal "stderr of $what" "" "$(cat "$T/bare/err")"
done
t_equal "files left" "" "$(t_files "$T/bare")"
t_done

# An exception leaves through spans of the scope form, which end, and of the plain one, which
# whoever catches it finds gone.
t_begin "C++: a scope ends its span however it is left"
cat >"$T/scope.cpp" <<-'END'
	#include <vprof.h>
	#include <stdexcept>
	static __attribute__((noinline)) void work(int i)
	{
		VPROF_SPAN("scope", 5);
		vprof::span named("named");
		vprof_span_begin("plain", 0);
		if (i % 2)
			throw std::runtime_error("out");
		vprof_span_end();
	}
	int main()
	{
		for (int i = 0; i < 10; i++) {
			vprof_span_begin("catches", 0);
			try {
				work(i);
			} catch (const std::exception &) {
			}
			vprof_span_end();
		}
		return 0;
	}
END
for level in -O0 -O2; do
	rm -rf "$T/run"
	g++ -std=c++11 -Wall -Wextra -pedantic -Werror $level -I"$TOP/include" -o "$T/scope" "$T/scope.cpp" ||
		t_bad "$level: it does not compile"
	t_preload "$T/run" "" "$T/scope"
	t_equal "$level: status" 0 "$(cat "$T/run/status")"
	file=$(t_file "$T/run")
	t_equal "$level" "catches 10 0, named 10 0, plain 5 5, scope 10 0" \
		"$(t_json '[.spans | sort_by(.name)[] | "\(.name) \(.count) \(.left)"] | join(", ")' spans "$file")"
done
t_done

t_begin "spans of a time: exact where all or none are of it or all are kept, else within what it says"
probe=$PROBE/spans_marked record window 5000
from=$(t_json '.marks[] | select(.name == "from").first_ns' marks "$file")
until=$(t_json '.marks[] | select(.name == "until").first_ns' marks "$file")
"$REPORT" spans "$file" --since "${from}ns" --until "${until}ns" --format json >"$T/window" 2>"$T/said"
for name in some once within; do
	t_equal "$name" "$(jq ".$name" "$truth") 0 0 false" \
		"$(jq -r ".spans[] | select(.name == \"$name\") |
			\"\(.count) \(.window.count_off) \(.window.unplaced) \(.window.max_is_least)\"" "$T/window")"
done
t_equal "those of other times" "" \
	"$(jq -r '.spans[] | select(.name == "before" or .name == "after").name' "$T/window")"
t_equal "a name that is too rare to be kept" "null 6 6" \
	"$(jq -r '.spans[] | select(.name == "few") | "\(.count) \(.window.unplaced) \(.window.of_run)"' "$T/window")"
# twice as far as 95 of 100 are off
between often "$(jq '.spans[] | select(.name == "often") | 5000 - 2 * .window.count_off' "$T/window")" \
	"$(jq '.spans[] | select(.name == "often").count' "$T/window")" \
	"$(jq '.spans[] | select(.name == "often") | 5000 + 2 * .window.count_off' "$T/window")"
between "how far it may be off" 1 "$(jq '.spans[] | select(.name == "often").window.count_off' "$T/window")" 1500
# those before and after it were of 2 us, but where the machine paused
between "the median of often" 19000 "$(jq '.spans[] | select(.name == "often").p50_ns' "$T/window")" 1e9
t_equal "what only the run has" "null null null" "$(jq -r \
	'.spans[] | select(.name == "often") | "\(.self_ns) \(.begun) \(.allocs)"' "$T/window")"
grep -q "estimates by the spans that are kept whole" "$T/said" || t_bad "it does not say that it estimates"
t_equal "a time without spans" "" \
	"$(t_json '.spans[].name' spans "$file" --since 1000)"
t_done

t_begin "vprof.h compiles without a word"
cat >"$T/all.c" <<-'END'
	#include <vprof.h>
	int main(void)
	{
		vprof_span_begin("a", 1);
		vprof_span_end();
		vprof_span_leave(vprof_span_enter("b", 2));
		vprof_span_async("c", 3);
		{
			VPROF_SPAN("d", 4);
		}
		return 0;
	}
END
while read -r compiler language standard; do
	command -v "$compiler" >/dev/null || continue
	"$compiler" -x "$language" -std="$standard" -Wall -Wextra -pedantic -Werror -I"$TOP/include" \
		-o "$T/all" "$T/all.c" 2>"$T/err" || t_bad "$compiler $standard: $(head -3 "$T/err")"
	"$T/all" || t_bad "$compiler $standard: status $?"
done <<-'END'
	gcc c c99
	gcc c gnu17
	g++ c++ c++98
	g++ c++ c++11
	g++ c++ c++20
	clang-14 c c99
	clang++-14 c++ c++11
END
t_done
t_end

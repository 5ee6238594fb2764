#!/bin/bash
# --label with every verb of the table: it filters, or says in a line that it does not and what
# does; it is never passed over
. "$(dirname "$0")/../lib.sh"

t_begin "a record with two labels"
t_preload "$T/run" cpu=1000 "$PROBE/label_pool" given 200
file=$(t_file "$T/run")
rm -rf "$T/loop"
t_preload "$T/loop" "" "$PROBE/label_loop" shares
loops=$(t_file "$T/loop")
t_equal status 0 "$(cat "$T/run/status" "$T/loop/status" | sort -u)"
t_done

# number FILE VERB [OPTIONS]
number() {
	local record=$1 verb=$2
	shift 2
	case $verb in
	flat | labels) t_json .totals.cpu_ns "$verb" "$record" "$@" ;;
	tree) t_json '[.. | objects | .total_ns // empty] | max // 0' tree "$record" "$@" ;;
	callees) t_json '[.. | objects | .total_ns // empty] | max // 0' callees work "$record" "$@" ;;
	callers) t_json '[.. | objects | .total_ns // empty] | max // 0' "$verb" burn_ms "$record" "$@" ;;
	heap) t_json .totals.bytes_allocated heap "$record" "$@" ;;
	locks) t_json '[.locks[].wait_ns] | add // 0' locks "$record" "$@" ;;
	threads) t_json '[.threads[].cpu_ns] | add // 0' threads "$record" -n 0 "$@" ;;
	summary) t_json .cpu_ns summary "$record" "$@" ;;
	waits) t_json '[.sites[].calls] | add // 0' waits "$record" -n 0 "$@" ;;
	loop) t_json '[.loops[].iterations] | add // 0' loop "$record" -n 0 "$@" ;;
	spans) echo none ;; # of this program; inject/spans has its labels
	export) "$REPORT" export -f folded -o - "$record" "$@" 2>/dev/null | awk '{ sum += $NF } END { print sum + 0 }' ;;
	*) return 1 ;;
	esac
}

for verb in $("$REPORT" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
	t_begin "$verb"
	"$REPORT" "$verb" --label symbol=SOL "$file" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	if "$REPORT" "$verb" --help | grep -q -- --label; then
		record=$file
		[ "$verb" != loop ] || record=$loops
		all=$(number "$record" "$verb") || t_bad "takes --label, and nothing here looks whether it filters"
		if [ "$all" != none ]; then
			sol=$(number "$record" "$verb" --label symbol=SOL)
			btc=$(number "$record" "$verb" --label symbol=BTC)
			# BTC waits for its lock alone, which is in locks
			[ "$sol" -gt 0 ] && { [ "$btc" -gt 0 ] || [ "$verb" = waits ]; } || t_bad "SOL has $sol, BTC $btc"
			[ "$sol" -lt "$all" ] && [ "$btc" -lt "$all" ] && [ "$sol" != "$btc" ] ||
				t_bad "SOL has $sol, BTC $btc, all $all: it does not filter"
		fi
		"$REPORT" "$verb" burn_ms --label no=such "$record" -f json -o - >/dev/null 2>&1 &&
			t_bad "a label that there is not is taken"
	else
		t_equal status 1 "$status"
		t_equal "lines on stderr" 1 "$(wc -l <"$T/err")"
		t_equal stdout "" "$(cat "$T/out")"
		grep -qE "^vprof-report: $verb takes no --label: .*(labels|label:|--label)" "$T/err" ||
			t_bad "it does not say what can: $(cat "$T/err")"
	fi
	t_done
done

t_begin "parts of verbs that cannot"
for with in "heap --kind mmap" "heap --kind resident" "heap --kind all" "locks --deadlocks"; do
	# shellcheck disable=SC2086
	"$REPORT" $with --label symbol=SOL "$file" >"$T/out" 2>"$T/err"
	t_equal "status of $with" 1 $?
	t_equal "stdout of $with" "" "$(cat "$T/out")"
	grep -q -- "--label" "$T/err" || t_bad "$with: $(cat "$T/err")"
done
t_done

t_end

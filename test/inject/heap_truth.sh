#!/bin/bash
# Every allocation function, failing calls included: the totals are exactly
# what the program counted itself, over glibc, jemalloc and tcmalloc.
. "$(dirname "$0")/../lib.sh"

truth() { # NAME PROBE ARGS...
	local file
	t_begin "$1"
	shift
	t_differential heap=exact:cpu=off "$@"
	file=$(t_file "$T/vprof") || { t_bad "no ring file"; t_done; return; }
	t_totals "$file" "$(tail -n 1 "$T/vprof/out")"
	t_done
}

# The same over another allocator. The C++ runtime that it brings allocates
# before main and keeps what it has; a run of `none` tells how much.
truth_over() { # NAME HOST-LIBRARY PROBE ARGS...
	local name=$1 host file none wanted
	t_begin "$name"
	host=$(ldconfig -p | awk -v n="$2" '$1 == n { print $NF; exit }')
	[ -n "$host" ] || { t_skip "$2 is not installed"; return; }
	shift 2
	rm -rf "$T/bare" "$T/vprof" "$T/none"
	t_run "$T/bare" env "LD_PRELOAD=$host" "$@"
	T_HOST=$host t_preload "$T/vprof" heap=exact:cpu=off "$@"
	T_HOST=$host t_preload "$T/none" heap=exact:cpu=off "$1" none
	t_same "$T/bare" "$T/vprof"
	if file=$(t_file "$T/vprof") && none=$(t_file "$T/none"); then
		none=$("$REPORT" heap "$none" --format json | jq .totals)
		t_equal "frees before main" 0 "$(jq .frees <<<"$none")"
		wanted=$(jq --argjson n "$none" 'with_entries(.value += $n[.key])' \
			<<<"$(tail -n 1 "$T/vprof/out")")
		t_totals "$file" "$wanted"
	else
		t_bad "no ring file"
	fi
	t_done
}

for mode in none zero chain all "random 50000"; do
	# shellcheck disable=SC2086
	truth "glibc ${mode%% *}" "$PROBE/heap_truth" $mode
done
truth_over "jemalloc" libjemalloc.so.2 "$PROBE/heap_truth" all no-pvalloc
truth_over "jemalloc random" libjemalloc.so.2 "$PROBE/heap_truth" random 50000
truth_over "tcmalloc" libtcmalloc_minimal.so.4 "$PROBE/heap_truth" all
truth "deep recursion" "$PROBE/deep_recursion"
truth "longjmp" "$PROBE/longjmp_out"
truth "constructors" "$PROBE/alloc_early_late" ctor
truth "exit handlers and destructors" "$PROBE/alloc_early_late" atexit

# Work in threads: what pthread_create allocates for itself is measured by a
# run without work and subtracted.
difference() { # NAME EXPECTED-JSON NONE-COMMAND -- WORK-COMMAND
	local name=$1 wanted=$2 key none=() work=() file0 file1
	shift 2
	while [ "$1" != -- ]; do none+=("$1"); shift; done
	shift
	work=("$@")
	t_begin "$name"
	rm -rf "$T/none"
	t_preload "$T/none" heap=exact:cpu=off "${none[@]}"
	t_differential heap=exact:cpu=off "${work[@]}"
	file0=$(t_file "$T/none") && file1=$(t_file "$T/vprof") ||
		{ t_bad "no ring file"; t_done; return; }
	[ "$wanted" != out ] || wanted=$(tail -n 1 "$T/vprof/out")
	for key in $(jq -r 'keys[]' <<<"$wanted"); do
		t_equal "$key" "$(jq -r ".$key" <<<"$wanted")" \
			$(($(t_heap "$file1" "$key") - $(t_heap "$file0" "$key")))
	done
	t_done
}
difference "eight threads, freed by neighbours" out \
	"$PROBE/eight_threads" 0 -- "$PROBE/eight_threads" 300
difference "smallest stacks" out "$PROBE/stack_small" 0 -- "$PROBE/stack_small" 50
# a thread's first start allocates more than the next ones: compare 2 and 12
difference "thread-specific and thread_local destructors" \
	'{"live_blocks":0,"live_bytes":0}' \
	"$PROBE/alloc_early_late" tls 2 -- "$PROBE/alloc_early_late" tls 12
difference "dlopen, work, dlclose, fifty times" \
	'{"allocs":5000,"frees":5000,"bytes_allocated":450000,"live_blocks":0}' \
	"$PROBE/dlopen_close" "$PROBE" work 0 -- "$PROBE/dlopen_close" "$PROBE" work 100

t_begin "allocations are charged to the function that made them"
t_differential heap=exact:cpu=off "$PROBE/longjmp_out"
if file=$(t_file "$T/vprof"); then
	t_equal "blocks live under after_the_jump" 1000 "$(t_json '
		[.sites[] | select(any(.frames[]?; .function == "after_the_jump"))
		| .live_blocks // .live // 0] | add' heap "$file")"
	t_equal "sites that mix deep_down and after_the_jump" 0 "$(t_json '
		[.sites[] | select(any(.frames[]?; .function == "after_the_jump"))
		| select(any(.frames[]?; .function == "deep_down"))] | length' heap "$file")"
else
	t_bad "no ring file"
fi
t_done

t_begin "functions of a closed plugin are named"
t_differential heap=exact:cpu=off "$PROBE/dlopen_close" "$PROBE" work 100
if file=$(t_file "$T/vprof"); then
	t_equal "allocs under plugin_work" 5000 "$(t_json '
		[.sites[] | select(any(.frames[]?; .function == "plugin_work"))
		| .allocs] | add' heap "$file")"
	# mostly mapped to where it was: the same module then, and the same site
	modules=$(t_json '[.modules[] | select(.path | endswith("plugin_work.so"))] | length' \
		info "$file")
	[ "$modules" -ge 1 ] && [ "$modules" -le 5 ] || t_bad "$modules modules of 50 loads"
else
	t_bad "no ring file"
fi
t_done
t_end

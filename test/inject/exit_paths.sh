#!/bin/bash
# However a process ends, its status is its own and the books are complete.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=20

for how in return exit _exit _Exit quick_exit syscall exit_in_thread pthread_exit \
	pthread_exit_alone exit_busy abort kill term segv exec_fails; do
	for engine in auto timer; do
		t_begin "$how, $engine engine"
		t_differential "engine=$engine" "$PROBE/exit_paths" $how 2>/dev/null
		file=$(t_file "$T/vprof") || { t_bad "no ring file"; t_done; continue; }
		case $how in
		exit_busy) ;; # others allocate: only the fixed part is known
		exit_in_thread | pthread_exit*)
			# pthread_create allocates too, and pthread_exit loads
			# libgcc_s: look at main's own site
			t_equal "blocks of allocate()" 1000 "$(t_json '
				[.sites[] | select(any(.frames[]?; .function == "allocate")) | .allocs] | add' heap "$file")" ;;
		exec_fails)
			t_totals "$file" '{"allocs":1001,"frees":991,"bytes_allocated":40040,"live_blocks":10,"live_bytes":400,"peak_bytes":40000}' ;;
		*)
			t_totals "$file" '{"allocs":1000,"frees":990,"bytes_allocated":40000,"live_blocks":10,"live_bytes":400,"peak_bytes":40000}' ;;
		esac
		"$REPORT" summary "$file" >"$T/summary" 2>"$T/summary.err" ||
			t_bad "summary: $(head -1 "$T/summary.err")"
		t_done
	done
done

# The race of exit against threads that allocate, many times.
t_begin "exit while others allocate, 30 times"
for ((i = 0; i < 30; i++)); do
	rm -rf "$T/vprof"
	t_preload "$T/vprof" "" "$PROBE/exit_paths" exit_busy
	t_equal "status of run $i" 10 "$(cat "$T/vprof/status")"
	[ -z "$t_bad" ] || break
done
t_done
t_end

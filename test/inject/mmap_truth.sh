#!/bin/bash
# Memory mapped past malloc: by call path it is exactly what the program did, and what `strace -k`
# saw real programs do.
. "$(dirname "$0")/../lib.sh"

# maps FILE FILTER
maps() {
	"$REPORT" heap --kind mmap "$1" --format json 2>"$T/report.err" | jq -cr "$2"
}
# by FILE FUNCTION FIELD: the sum over the sites whose stack has it
by() {
	maps "$1" "[.sites[] | select(any(.frames[]; .function == \"$2\")) | .$3] | add // 0"
}
totals() { # FILE JSON
	local key
	for key in $(jq -r 'keys[]' <<<"$2"); do
		t_equal "$key" "$(jq -r ".$key" <<<"$2")" "$(maps "$1" ".totals.$key")"
	done
}

for options in "" engine=timer heap=sample=65536; do
	t_begin "every way to map${options:+, $options}"
	t_differential "$options" "$PROBE/mmap_truth" 2>/dev/null
	# the number of the process differs
	t_bad=
	sed -i -E 's/^parent [0-9]+/parent/' "$T/bare/out" "$T/vprof/out"
	t_same "$T/bare" "$T/vprof"
	if file=$(t_file "$T/vprof"); then
		totals "$file" "$(sed -n 's/^parent //p' "$T/vprof/out")"
		t_equal "live of seven" 7340032 "$(by "$file" seven_half_touched live_bytes)"
		t_equal "mappings of seven" 7 "$(by "$file" seven_half_touched maps)"
		t_equal "live of cut" $((24 * 4096)) "$(by "$file" cut_and_replaced live_bytes)"
		t_equal "live of grown" 4194304 "$(by "$file" grown live_bytes)"
		t_equal "mapped by grown" 5242880 "$(by "$file" grown bytes_mapped)"
		t_equal "live of sbrk" 4096 "$(by "$file" by_sbrk live_bytes)"
		t_equal "live of shmat" 20480 "$(by "$file" by_shmat live_bytes)"
		t_equal "live of syscall" 20480 "$(by "$file" by_syscall live_bytes)"
		t_equal "live of a file" 8192 "$(by "$file" of_a_file live_bytes)"
		t_equal "dontneed" 1048576 "$(by "$file" advised madvise_dontneed_bytes)"
		t_equal "hugepage" 2097152 "$(by "$file" advised madvise_hugepage_bytes)"
		t_equal "live of threads" 0 "$(by "$file" map_and_unmap live_bytes)"
		t_equal "mapped by threads" 262144000 "$(by "$file" map_and_unmap bytes_mapped)"
		t_equal lost 0 "$("$REPORT" info "$file" --format json | jq '.lost.maps // 0')"
	else
		t_bad "no ring file"
	fi
	t_done
done

# An allocator maps for itself, in the middle of malloc and before anything else of the process:
# that is told apart, and the rest is the same.
for host in libjemalloc.so.2 libtcmalloc_minimal.so.4 libmimalloc.so.2.0; do
	t_begin "over ${host%%.so*}"
	found=$(ldconfig -p | awk -v n="$host" '$1 == n { print $NF; exit }')
	[ -n "$found" ] || { t_skip "$host is not installed"; continue; }
	rm -rf "$T/vprof"
	T_HOST=$found t_preload "$T/vprof" "" "$PROBE/mmap_truth"
	t_equal status 0 "$(cat "$T/vprof/status")"
	if file=$(t_file "$T/vprof"); then
		books=$(sed -n 's/^parent [0-9]* //p' "$T/vprof/out")
		for key in $(jq -r 'keys[]' <<<"$books"); do
			t_equal "$key" "$(jq -r ".$key" <<<"$books")" \
				"$(maps "$file" "[.sites[] | select(any(.frames[]; .module | endswith(\"/mmap_truth\")))
				| select(any(.frames[]; .module | test(\"/${host%%.so*}\")) | not) | .$key] | add")"
		done
	else
		t_bad "no ring file"
	fi
	t_done
done

t_begin "a hole stays the program's"
t_differential "" "$PROBE/mmap_truth" holes
t_equal "holes" "all 64 holes are free" "$(cat "$T/vprof/out")"
t_done

t_begin "a forked child has what its parent had mapped"
t_preload "$T/fork" "" "$PROBE/mmap_truth" fork
t_equal status 0 "$(cat "$T/fork/status")"
while read -r who pid books; do
	file=$T/fork/mmap_truth.$pid.vprof
	[ -f "$file" ] || { t_bad "no file of the $who"; continue; }
	totals "$file" "$books"
done <"$T/fork/out"
t_done

t_begin "heap=off: none, and the program's own answers"
t_preload "$T/off" heap=off "$PROBE/mmap_truth"
t_equal status 0 "$(cat "$T/off/status")"
t_equal maps 0 "$(maps "$(t_file "$T/off")" .totals.maps)"
t_done
t_end

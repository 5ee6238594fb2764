#!/bin/bash
# What is resident, by kind: planted sizes, and a sum that is the kernel's.
. "$(dirname "$0")/../lib.sh"

MIB=1048576
# ask FILE FILTER, of the moment with most resident bytes
ask() {
	"$REPORT" heap --kind resident "$1" --format json 2>"$T/report.err" | jq -r ".peak | $2"
}
kind() { # FILE KIND
	ask "$1" ".$2"
}
# adds_up FILE RSS: the kinds are the kernel's resident bytes, to 2 %
adds_up() {
	t_near "sum" "$2" "$(ask "$1" .resident)" $(($2 / 50))
	t_equal "the mappings' sum" "$(ask "$1" .resident)" \
		"$(ask "$1" '[.mappings[].resident_bytes] | add')"
	t_equal "the kinds' sum" "$(ask "$1" .resident)" "$(ask "$1" '[.kinds[].resident_bytes] | add')"
}

for options in "" engine=timer:leakscan=off; do
	t_begin "memory of every kind${options:+, $options}"
	t_preload "$T/vprof" "$options" "$PROBE/resident_truth" "$T/file" 1500
	t_equal status 0 "$(cat "$T/vprof/status")"
	if file=$(t_file "$T/vprof"); then
		adds_up "$file" "$(cat "$T/vprof/out")"
		t_equal "half of seven" $((7 * MIB / 2)) "$(ask "$file" '[.mappings[] |
			select(any(.frames[]; .function == "seven_half_touched")) | .resident_bytes] | add')"
		t_equal "zeros" 0 "$(ask "$file" '[.mappings[] |
			select(any(.frames[]; .function == "read_zeros")) | .resident_bytes] | add')"
		t_equal "the file" $((8 * MIB)) "$(ask "$file" '[.mappings[] |
			select(.file | endswith("/file")) | .resident_bytes] | add')"
		t_equal "files" $((8 * MIB)) "$(kind "$file" files)"
		t_equal "shared memory" $((3 * MIB)) "$(kind "$file" shared)"
		t_near "stacks" $((10 * MIB + 200000)) "$(kind "$file" stacks)" 300000
		# what was live is known, and what malloc has beyond it: 30,000 blocks of a KiB
		t_near "live" 10000000 "$(kind "$file" heap_live)" 100000
		t_near "beyond live" 30400000 "$(kind "$file" malloc_beyond_live)" 700000
		t_near "huge pages' mapping" $((4 * MIB)) "$(ask "$file" '[.mappings[] |
			select(any(.frames[]; .function == "use_huge_pages")) | .resident_bytes] | add')" 0
		other=$(kind "$file" other)
		[ "$other" -lt 200000 ] || t_bad "$other bytes of nobody"
		"$REPORT" summary "$file" >"$T/summary" 2>&1
		grep -q '^Resident' "$T/summary" || t_bad "summary does not say"
	else
		t_bad "no ring file"
	fi
	rm -rf "$T/vprof"
	t_done
done
t_end

#!/bin/bash
# What the search sees beside plain memory: registers, encodings, stacks wherever they
# lie, memory that a forked child does not have as the process has it.
# Right answers: lost, indirect, possible, reachable as blocks/bytes; `*`: either.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=60

answer() { # FILE
	t_json '[.totals | .lost, .indirect, .possible, .reachable
		| if . == null or .blocks == 0 then "-" else "\(.blocks)/\(.bytes)" end]
		| join(" ")' leaks "$1"
}
# one PROBE CASE LOST INDIRECT POSSIBLE REACHABLE
one() {
	local dir=$T/$1.$2 file want=("${@:3}") got i kind=(lost indirect possible reachable)
	t_begin "$2"
	t_preload "$dir" cpu=off "$PROBE/$1" "$2"
	if [ "$(cat "$dir/status")" = 77 ]; then
		t_skip "not on this machine"
		return
	fi
	t_equal status 0 "$(cat "$dir/status")"
	file=$(t_file "$dir") || { t_bad "no ring file"; t_done; return; }
	t_equal search complete "$(t_json .examined.search leaks "$file")"
	read -ra got <<<"$(answer "$file")"
	for i in 0 1 2 3; do
		[ "${want[i]}" = "*" ] || t_equal "${kind[i]}" "${want[i]}" "${got[i]-}"
	done
	t_done
	rm -rf "$dir"
}
table() { # PROBE, rows on stdin
	local -a row
	local rows=
	while read -ra row; do
		[ ${#row[@]} = 5 ] || continue
		rows+="${row[0]}"$'\n'
		one "$1" "${row[@]}"
	done
	t_begin "$1: the table is complete"
	cmp -s <("$PROBE/$1" | sort) <(printf %s "$rows" | sort) || t_bad "it differs"
	t_done
}

# case                  lost    indirect possible reachable
table snapshot_registers <<'END'
ymm                     -       -       -       1/1337
ymm_in_call             -       -       -       1/1337
zmm                     -       -       -       1/1337
zmm20                   -       -       -       1/1337
mask                    -       -       -       1/1337
mmx                     -       -       -       1/1337
gs                      -       -       -       1/1337
no_register             1/1337  -       -       -
tags_both               -       -       1/99    -
tags_of_four_bits       -       -       1/99    -
tag_of_four_bits        -       -       1/1     -
one_based_chars         -       -       1/99    -
one_based_ints          -       -       1/100   -
one_based_longs         -       -       1/96    -
one_based_structs       -       -       1/240   -
one_based_matrix        -       -       9/384   -
behind_the_end          1/1000  -       -       1/1000
on_alternate_stack      -       -       -       2/525688
alternate_of_thread     -       -       -       1/40000
alternate_of_main       -       -       -       1/40008
on_stack_by_hand        -       -       -       2/525689
waiting_fiber           -       -       -       *
END

# case                  lost    indirect possible reachable
table snapshot_memory <<'END'
control                 1/777   -        -        10/10000
nowhere                 11/10777 -        -        -
dontfork                1/777   -        -        10/10000
dontfork_shared         1/777   -        -        10/10000
dontfork_data           1/777   -        -        10/10000
dontfork_block          1/777   -        -        11/30000
dontfork_lost_block     2/20777 10/10000 -        -
wipeonfork              1/777   -        -        10/10000
dontdump                1/777   -        -        10/10000
no_access               1/777   -        -        10/10000
no_access_dontfork      -       -        11/10777 -
write_only              1/777   -        -        10/10000
read_only               1/777   -        -        10/10000
named                   1/777   -        -        10/10000
grows_down              1/777   -        -        10/10000
protection_key          1/777   -        -        10/10000
huge_private            1/777   -        -        10/10000
huge_shared             1/777   -        -        10/10000
shared                  1/777   -        -        10/10000
secret                  1/777   -        -        10/10000
two_views               1/777   -        -        10/10000
segment                 1/777   -        -        10/10000
file_private            1/777   -        -        10/10000
file_private_sealed     1/777   -        -        10/10000
on_demand               1/777   -        -        10/10000
device                  -       -        11/10777 -
sbrk_behind             1/777   -        -        10/10000
sbrk_between            1/777   -        -        10/10000
sbrk_first              1/777   -        -        10/10000
former_stack            1/777   -        -        10/10000
END

# How often the search read the flags of all mappings, which is dear: one opening of the
# file is the helper's, at its start, for the accounts of resident memory.
flags_read() { # CASE
	strace -f -qq -e trace=openat -e signal=none -o "$T/calls" -E LD_PRELOAD="$LIB" \
		-E VPROF_OPTIONS="out=$T/flags.vprof" "$PROBE/snapshot_memory" "$1" >/dev/null 2>&1
	echo $(($(grep -c '"/proc/self/smaps"' "$T/calls") - 1))
}
t_begin "the flags of mappings are read where there may be odd ones, or a page is missing"
if [ "$(flags_read control)" != 0 ] && ! grep -q openat "$T/calls"; then
	t_skip "no ptrace here"
else
	t_equal control 0 "$(flags_read control)"
	t_equal sbrk_between 0 "$(flags_read sbrk_between)"
	for name in dontfork dontfork_block wipeonfork shared no_access_dontfork; do
		t_equal $name 1 "$(flags_read $name)"
	done
fi
t_done
t_end

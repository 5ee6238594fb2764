#!/bin/bash
# The callgrind export as valgrind's callgrind_annotate reads it. It ends with 0
# on anything, so its tables are read, and it may not warn.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

if ! command -v callgrind_annotate >/dev/null; then
	echo "skip callgrind: no callgrind_annotate here"
	exit 0
fi
c_profiles

# annotate FILE COLUMN OPTIONS...: "VALUE<tab>NAME" of that event to $T/got, its
# total to $T/total
annotate() {
	local file=$1 column=$2
	shift 2
	# it cuts its working directory off some of the file names
	(cd "$T" && callgrind_annotate --threshold=100 --auto=no "$@" "$file" >cg.out 2>cg.err)
	[ ! -s "$T/cg.err" ] || echo "callgrind_annotate: $(head -1 "$T/cg.err")"
	# "1,234 (56.7%) . 12 ( 3.4%) file:function [object]"; a dot is 0
	sed -E 's/\( *[0-9.]+%\)//g; s/,([0-9])/\1/g' "$T/cg.out" |
		awk -v c="$column" -v total="$T/total" -v n="$events" '
			/PROGRAM TOTALS/ { printf "%.0f\n", $c + 0 >total; next }
			/^ *[0-9]/ && / [^ ]+:[^ ]/ { value = sprintf("%.0f", $c + 0)
				for (i = 0; i < n; i++) sub(/^ *[^ ]+/, "")
				sub(/^ +/, ""); sub(/ \[.*\]$/, ""); sub(/^[^:]*:/, "")
				print value "\t" $0 }' | c_sum >"$T/got"
	[ -s "$T/total" ] || echo "no totals"
}

# Columns: CPU_ns Samples Alloc_bytes Allocs Live_bytes Live_blocks Peak_bytes Peak_blocks
events=8
check_cpu() { # NAME FILE
	annotate "$2" 1
	c_is total "$(c_total "$1" flat cpu_ns)" "$(cat "$T/total")"
	c_flat "$1" self_ns >"$T/want"
	c_same "own time" "$T/want" "$T/got"
	annotate "$2" 2
	c_is samples "$(c_total "$1" flat samples)" "$(cat "$T/total")"
}
check_inclusive() { # NAME FILE
	annotate "$2" 1 --inclusive=yes
	c_flat "$1" total_ns >"$T/want"
	c_same "total time" "$T/want" "$T/got"
}
check_heap() { # NAME FILE
	local column field total
	while read -r column field total; do
		annotate "$2" "$column"
		c_is "total of $total" "$(c_total "$1" heap "$total")" "$(cat "$T/total")"
		c_sites "$1" "$field" >"$T/want"
		c_same "$field" "$T/want" "$T/got"
	done <<-END
		3 bytes_allocated bytes_allocated
		4 allocs allocs
		5 live_bytes live_bytes
		6 live_blocks live_blocks
		7 peak_bytes peak_bytes
		8 peak_blocks peak_blocks
	END
}
# Source lines: the loop of burn_forty is on the line that calls LOOP there.
check_lines() { # FILE
	(cd "$T" && callgrind_annotate --auto=yes --threshold=100 "$1" >cg.out 2>cg.err)
	[ ! -s "$T/cg.err" ] || echo "callgrind_annotate: $(head -1 "$T/cg.err")"
	grep -E '^ *[0-9,]{9,} .*LOOP\(rounds\);' "$T/cg.out" >"$T/lines" ||
		echo "no time at a line with LOOP"
	c_is "time in burn_forty's line" "$(c_flat truth self_ns | awk -F'\t' '$2 == "burn_forty" { print $1 }')" \
		"$(head -n 1 "$T/lines" | awk '{ gsub(/,/, "", $1); print $1 }')"
}
# Who calls: even and odd call each other, recurse calls even.
check_tree() { # FILE
	(cd "$T" && callgrind_annotate --tree=both --inclusive=yes --threshold=100 --auto=no "$1" \
		>cg.out 2>&1)
	grep -B 3 '\* .*:even \[' "$T/cg.out" >"$T/callers"
	grep -q '< .*:recurse ' "$T/callers" || echo "recurse does not call even"
	grep -q '< .*:odd ' "$T/callers" || echo "odd does not call even"
	c_is "what recurse pays for even" \
		"$(c_flat truth total_ns | awk -F'\t' '$2 == "recurse" { print $1 }')" \
		"$(awk '/< .*:recurse / { gsub(/,/, "", $1); print $1 }' "$T/callers")"
}

t_begin "export"
c_export truth callgrind "$T/truth.cg"
c_export virtuoso callgrind "$T/virtuoso.cg"
t_done
for name in truth virtuoso; do
	c_check "$name: CPU time" check_cpu $name "$T/$name.cg"
	c_check "$name: heap" check_heap $name "$T/$name.cg"
done
c_check "truth: time with what is called" check_inclusive truth "$T/truth.cg"
c_check "truth: source lines" check_lines "$T/truth.cg"
c_check "truth: callers of a recursive function" check_tree "$T/truth.cg"

c_cut "$T/truth.cg" "$T/cut.cg"
c_refuse "a cut copy" check_cpu truth "$T/cut.cg"
awk -v own="$(c_flat truth self_ns | awk -F'\t' '$2 == "burn_forty" { print $1 }')" \
	'$2 == own { $2 += 1000 } { print }' "$T/truth.cg" >"$T/changed.cg"
c_refuse "a changed cost" check_cpu truth "$T/changed.cg"
sed 's/^events: .*/&\nevent: CPU_ns : CPU time/' "$T/truth.cg" >"$T/warned.cg"
c_refuse "a line it does not know" check_cpu truth "$T/warned.cg"
c_refuse "another program's calls" check_tree "$T/virtuoso.cg"
t_end

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

# all_add_up NAME DIR LEAST: every account of a run of a real program, to 2 %, and LEAST of them
all_add_up() {
	local file worst
	file=$(t_files "$2" | head -1)
	worst=$("$REPORT" heap --kind resident "$file" --format json 2>"$T/report.err" | jq -r '[.accounts[] |
		(.resident - .rss) / .rss * 100 | fabs] | if length < '"$3"' then "only \(length)" else max end')
	awk -v w="$worst" 'BEGIN { exit !(w ~ /^[0-9.e-]+$/ && w <= 2) }' || t_bad "$1: $worst %"
}

t_begin "python3"
t_preload "$T/python" "" "$PYTHON" -c 'import json, time
kept = [json.dumps(list(range(i % 300))) for i in range(40000)]
time.sleep(1.2)'
all_add_up python3 "$T/python" 3
t_done

t_begin "sqlite3 with a mapped file"
cat >"$T/sql" <<'END'
PRAGMA mmap_size=67108864;
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO t SELECT i, hex(randomblob(50)) FROM n;
SELECT sum(length(b)) FROM t;
END
t_preload "$T/sqlite" "" sqlite3 -init "$T/sql" file.db .quit
all_add_up sqlite3 "$T/sqlite" 1
file=$(t_files "$T/sqlite" | head -1)
[ "$(ask "$file" '[.mappings[] | select(.file | endswith("file.db")) | .resident_bytes] | add // 0')" -gt 1000000 ] ||
	t_bad "the database is not among the files"
t_done

t_begin "redis-server over jemalloc"
if t_need redis-server redis-cli; then
	t_preload "$T/redis" "" redis-server --port 0 --unixsocket "$T/socket" --save "" \
		--enable-debug-command yes &
	cli="redis-cli -s $T/socket"
	for ((i = 0; i < 100; i++)); do
		[ "$($cli ping 2>&1)" = PONG ] && break
		sleep 0.1
	done
	$cli debug populate 100000 key 200 >/dev/null
	sleep 1.2
	$cli flushall >/dev/null
	$cli shutdown nosave
	wait
	all_add_up redis-server "$T/redis" 3
	file=$(t_files "$T/redis" | head -1)
	[ "$(kind "$file" malloc)" -gt $((20 * MIB)) ] || t_bad "malloc has $(kind "$file" malloc)"
	[ "$(kind "$file" mmap)" -lt $MIB ] || t_bad "mmap has $(kind "$file" mmap)"
	t_done
fi
t_end

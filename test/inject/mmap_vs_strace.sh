#!/bin/bash
# What real programs map past malloc, call path by call path as `strace -k` saw it in the same
# run: counts, bytes, what stays mapped, and advice.
. "$(dirname "$0")/../lib.sh"

# What goes on beside the program; it may talk to it.
beside() {
	:
}
# traced NAME LEAST COMMAND...: LEAST mappings are to be there
traced() {
	local name=$1 least=$2 file said
	t_begin "$name"
	shift 2
	t_need strace "$1" || return
	rm -rf "$T/run"
	mkdir "$T/run"
	(cd "$T/run" && VPROF_OPTIONS=out=$T/run/%e.%p.vprof:cpu=off:follow_fork=off timeout -k 5 "$T_LIMIT" \
		strace -ff -ttt -k -qq -e trace=%memory,shmat,shmdt,clone,clone3 -e signal=none \
		-E LD_PRELOAD="$LIB" -o calls "$@" >out 2>err </dev/null) &
	beside
	wait $!
	grep -q ptrace "$T/run/err" && { t_skip "no ptrace here"; return; }
	file=$(t_files "$T/run" | head -1)
	[ -n "$file" ] || { t_bad "no record: $(head -2 "$T/run/err")"; t_done; return; }
	said=$($PYTHON "$TOP/test/mmap_rows.py" "$file" "$T"/run/calls.* 2>&1)
	! grep -v '^[0-9]* call paths' <<<"$said" >"$T/differs" || t_bad "$(head -3 "$T/differs")"
	[ "$(sed -nE 's/.* ([0-9]+) mappings of.*/\1/p' <<<"$said")" -ge "$least" ] || t_bad "$said"
	t_done
}

traced python3 15 "$PYTHON" -c '
import mmap, json
kept = [json.loads("[%s]" % ",".join(map(str, range(i, i + 300)))) for i in range(0, 60000, 300)]
m = mmap.mmap(-1, 1 << 20)
m.resize(3 << 20)
del m, kept
kept = [mmap.mmap(-1, 4096 * i) for i in range(1, 9)]
'
cat >"$T/sql" <<'END'
PRAGMA mmap_size=67108864;
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO t SELECT i, hex(randomblob(50)) FROM n;
SELECT count(*), max(b) > '' FROM t;
DELETE FROM t WHERE a % 2;
VACUUM;
SELECT sum(length(b)) FROM t;
END
traced sqlite3 1 sqlite3 -init "$T/sql" file.db .quit
beside() {
	local cli="redis-cli -s $T/run/socket" i
	for ((i = 0; i < 100; i++)); do
		[ "$($cli ping 2>&1)" = PONG ] && break
		sleep 0.2
	done
	$cli debug populate 100000 key 100
	$cli flushall
	$cli memory purge
	$cli shutdown nosave
} >"$T/cli" 2>&1
traced redis-server 5 redis-server --port 0 --unixsocket "$T/run/socket" --save "" --enable-debug-command yes
t_end

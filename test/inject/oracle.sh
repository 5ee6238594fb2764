#!/bin/bash
# Every stack of real programs against libunwind's own walk of it: a test build
# of the library (test/oracle) compares each CPU sample, and one allocation in
# ORACLE_EVERY. At least 99.9 % are equal frame by frame, the rest are cut short,
# none is wrong. Stacks that leave code with unwind tables (JIT code) are counted
# apart as `guess`: they are compared as far as the tables go.
# long: every stack is walked twice
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-workloads.sh"
T_LIMIT=240
LIB=$B/test/oracle/libvprof-oracle.so

# figures NAME FILE: the counts of a file as shell words: for live stacks, live
# ones on foreign stacks, copied ones, ones in a signal handler: equal, prefix,
# wrong, guess.
figures() {
	od -An -v -t u8 -w32 "$1" | head -n 4
}

# judge NAME FILE LEAST: the bars, and that there was something to compare
judge() {
	figures "$2" >"$T/figures"
	awk -v name="$1" '{
		kind = substr("live   foreigncopied signal ", NR * 7 - 6, 7)
		if ($1 + $2 + $3 + $4)
			printf "  %-28s %s %8d equal %4d prefix %3d wrong %5d guess\n",
				name, kind, $1, $2, $3, $4
	}' "$T/figures" | tee -a "$T/table"
	awk -v least="$3" '{
		equal += $1; all += $1 + $2 + $3; wrong += $3
	} END {
		if (wrong) printf "%d of %d stacks are wrong", wrong, all
		else if (all < least) printf "only %d stacks were compared", all
		# a handful of samples cannot show a thousandth
		else if (all - equal > 2 && equal < 0.999 * all) printf "only %d of %d stacks are equal", equal, all
	}' "$T/figures" >"$T/verdict"
	[ ! -s "$T/verdict" ] || {
		t_bad "$(cat "$T/verdict"): $(grep -A 8 wrong "$2.log" 2>/dev/null | head -c 500 | tr '\n' ' ')"
	}
}

# program NAME TOOL EVERY LEAST OPTIONS COMMAND...: one allocation in EVERY is
# compared, LEAST stacks at least
program() {
	local name=$1 tool=$2 every=$3 least=$4 options=$5 status
	shift 5
	t_begin "$name"
	t_need "$tool" || return
	rm -rf "$T/vprof" "$T/oracle" "$T/oracle.log"
	t_preload "$T/vprof" "$options" env "VPROF_ORACLE_OUT=$T/oracle" \
		"VPROF_ORACLE_EVERY=$every" "$@"
	status=$(cat "$T/vprof/status")
	[ "$status" = 0 ] || t_bad "status $status: $(head -c 300 "$T/vprof/err")"
	if [ -s "$T/oracle" ]; then
		judge "$name" "$T/oracle" "$least"
	else
		t_bad "nothing was compared"
	fi
	t_done
}

workload_sql 150000 >"$T/load.sql"
workload_python 8 >"$T/work.py"
cat >"$T/work.js" <<'END2'
const { Worker } = require("worker_threads"), zlib = require("zlib");
const rows = [];
for (let i = 0; i < 60000; i++) rows.push({ id: i, s: "S" + i % 50, p: [i, i / 2] });
const text = JSON.stringify(rows);
console.log(zlib.gunzipSync(zlib.gzipSync(text)).length, JSON.parse(text).length);
for (let i = 0; i < 2; i++) new Worker(
  `let s = 0; for (let k = 0; k < 3e6; k++) s = (s * 31 + k) % 1000003; console.log(s)`, { eval: true });
END2
cat >"$T/unit.cpp" <<'END2'
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
int main()
{
	std::map<std::string, std::vector<int>> levels;
	std::regex word("(S[0-9]+)/USDT");
	for (int i = 0; i < 100; i++)
		levels["S" + std::to_string(i % 50)].push_back(i);
	for (auto &l : levels)
		std::sort(l.second.begin(), l.second.end(), [](int a, int b) { return a > b; });
	std::cout << levels.size() << std::regex_match("S7/USDT", word) << std::endl;
}
END2

redis_session() {
	local port i
	port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly no --io-threads 2 &
	for ((i = 0; i < 100; i++)); do
		env -u LD_PRELOAD redis-cli -p "$port" ping >/dev/null 2>&1 && break
		sleep 0.1
	done
	env -u LD_PRELOAD redis-benchmark -p "$port" -q -n 20000 -c 20 -P 4 \
		-t set,get,lpush,lpop,sadd,hset,zadd,mset || exit 3
	env -u LD_PRELOAD redis-cli -p "$port" \
		EVAL "local s = 0; for i = 1, 1000000 do s = s + i % 7 end; return s" 0
	kill -TERM $!
	wait $!
}
export -f redis_session
export PYTHON

program "sqlite3" sqlite3 101 5000 cpu=1000 sqlite3 :memory: ".read $T/load.sql"
program "python3" "$PYTHON" 101 5000 cpu=1000 env PYTHONMALLOC=malloc "$PYTHON" "$T/work.py"
program "redis-server" redis-server 31 5000 cpu=1000 bash -c redis_session
program "node" node 101 200 cpu=1000 node "$T/work.js"
program "g++ (cc1plus, as, ld)" g++ 101 10000 cpu=1000 g++ -O1 "$T/unit.cpp" -o "$T/unit"
program "C++ exceptions, two threads" g++ 11 50000 cpu=1000 "$B/test/oracle/exceptions" 5000
program "deep inlining, -O3" g++ 5 5000 cpu=1000 "$B/test/oracle/inlines" 2000
# in signal handlers, where the memory below the stack pointer is still there
program "python3, timer engine" "$PYTHON" 9973 200 engine=timer:cpu=1000 \
	env PYTHONMALLOC=malloc "$PYTHON" "$T/work.py"
program "C++ exceptions, timer engine" g++ 9973 200 engine=timer:cpu=1000 \
	"$B/test/oracle/exceptions" 20000
program "deep inlining, timer engine" g++ 9973 200 engine=timer:cpu=1000 \
	"$B/test/oracle/inlines" 20000
t_end

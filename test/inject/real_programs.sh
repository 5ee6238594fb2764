#!/bin/bash
# Real programs answer the same, byte for byte, with and without the library
# in exact mode, and their ring files can be read.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-workloads.sh"
T_LIMIT=240

# Every ring file a run left behind can be read, and there is at least one.
readable() { # DIR
	local file count=0
	for file in $(t_files "$1"); do
		"$REPORT" summary "$file" >/dev/null 2>"$T/answer.err" ||
			{ t_bad "summary ${file##*/}: $(head -1 "$T/answer.err")"; return; }
		count=$((count + 1))
	done
	[ $count -gt 0 ] || t_bad "no ring file"
}

program() { # NAME TOOL COMMAND...
	local name=$1 tool=$2
	shift 2
	t_begin "$name"
	t_need "$tool" || return
	t_differential "" "$@"
	readable "$T/vprof"
	t_done
}

workload_sql 300000 >"$T/load.sql"
workload_python 15 >"$T/work.py"
workload_xml 60000 >"$T/book.xml"
seq 1 400000 >"$T/numbers"
head -c 6000000 /dev/urandom | od -x >"$T/dump"

program "sqlite3: 300,000 rows, index, join" sqlite3 sqlite3 :memory: ".read $T/load.sql"
program "python3: json" "$PYTHON" env PYTHONHASHSEED=0 "$PYTHON" "$T/work.py"
program "python3: json, malloc" "$PYTHON" env PYTHONHASHSEED=0 PYTHONMALLOC=malloc "$PYTHON" "$T/work.py"
program "python3: processes and threads" "$PYTHON" "$PYTHON" -c '
import concurrent.futures as f, subprocess, multiprocessing as m
def square(n): return n * n
if __name__ == "__main__":
    m.set_start_method("fork")
    with f.ProcessPoolExecutor(2) as p: print(sum(p.map(square, range(200))))
    with f.ThreadPoolExecutor(4) as t: print(sum(t.map(square, range(2000))))
    print(subprocess.run(["echo", "from a child"], capture_output=True, text=True).stdout)
    print(subprocess.run(["sh", "-c", "exit 9"]).returncode)'
program "node: workers, promises, buffers" node node -e '
const { Worker } = require("worker_threads"), crypto = require("crypto");
const rows = []; for (let i = 0; i < 60000; i++) rows.push({ id: i, s: "S" + i % 50, p: [i, i / 2] });
const text = JSON.stringify(rows);
console.log(crypto.createHash("sha256").update(JSON.stringify(JSON.parse(text))).digest("hex"));
let left = 3;
for (let i = 0; i < 3; i++) new Worker(
  `let s = 0; for (let k = 0; k < 3e6; k++) s = (s * 31 + k) % 1000003; require("worker_threads").parentPort.postMessage(s)`,
  { eval: true }).on("message", m => { if (--left == 0) console.log("workers", m); });
setTimeout(() => { console.log("timer"); process.exitCode = 6; }, 2500);'
program "xmllint" xmllint xmllint --format "$T/book.xml"
program "xz -T2" xz sh -c "xz -T2 -3 --block-size=1MiB -c '$T/dump' | xz -dc | cksum"
program "gzip, sort, awk in a pipeline" bash bash -c "
	set -o pipefail
	gzip -c '$T/numbers' | gzip -dc | sort -rn | awk '{ s += \$1 * NR } END { print s }'
	sort '$T/numbers' | uniq | head -n 3 | tee /dev/stderr | wc -l
	for i in 1 2 3 4 5; do x=\$(echo \$i | sed s/./\&0/); echo \"\$x\"; done
	diff <(seq 1 5) <(seq 2 6); echo \"diff \$?\"
	kill -TERM \$\$"

cat >"$T/prog.cpp" <<'END'
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <thread>
#include <vector>
int main()
{
	std::map<std::string, std::vector<int>> levels;
	std::regex word("(S[0-9]+)/USDT");
	std::vector<std::thread> threads;
	long caught = 0;
	for (int i = 0; i < 20000; i++)
		levels["S" + std::to_string(i % 50) + "/USDT"].push_back(i);
	for (auto &l : levels) {
		std::smatch m;
		if (!std::regex_match(l.first, m, word))
			return 1;
		std::reverse(l.second.begin(), l.second.end());
	}
	for (int i = 0; i < 2000; i++) try {
		levels.at("none");
	} catch (const std::out_of_range &) {
		caught++;
	}
	for (int i = 0; i < 8; i++)
		threads.emplace_back([i] { thread_local std::string s(1000, char('a' + i)); s += s; });
	for (auto &t : threads)
		t.join();
	std::cout << levels.size() << " " << levels["S7/USDT"][0] << " " << caught << std::endl;
	return 4;
}
END
t_begin "g++ compiles a program that runs the same"
if t_need g++; then
	t_differential "" sh -c "g++ -O1 -g0 -c '$T/prog.cpp' -o prog.o && g++ prog.o -o prog -lpthread && cksum prog.o && ./prog"
	readable "$T/vprof"
	[ "$(t_files "$T/vprof" | wc -l)" -ge 5 ] || t_bad "the compiler's children have no files"
	t_done
fi

# Servers: started bare and preloaded on a port of their own.
free_port() {
	"$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# start DIR COMMAND...: in the background; $server is its pid
start() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && exec "$@" >out 2>err </dev/null) &
	server=$!
	t_pids="$t_pids $server"
}
stop() { # waits at most 20 s after SIGTERM; $ended is the status
	local i
	kill -TERM $server
	for ((i = 0; i < 200; i++)); do
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL $server 2>/dev/null && t_bad "it did not end on SIGTERM"
	wait $server
	ended=$?
	t_pids=${t_pids/ $server/}
}

redis_session() { # DIR PORT
	local i
	for ((i = 0; i < 100; i++)); do
		redis-cli -p "$2" ping >/dev/null 2>&1 && break
		sleep 0.1
	done
	# fixed questions, whose answers are compared
	{
		for ((i = 0; i < 300; i++)); do
			echo "SET key:$i value-$i-$((i * i))"
			echo "RPUSH list:$((i % 7)) $i"
			echo "ZADD zset $((i * 37 % 101)) member$i"
			echo "HSET hash:$((i % 5)) f$i $i"
		done
		echo "MGET key:1 key:77 key:299 key:none"
		echo "LRANGE list:3 0 -1"
		echo "ZRANGE zset 0 20 WITHSCORES"
		echo "HGETALL hash:2"
		echo "EVAL \"local s = 0; for i = 1, 100000 do s = s + i % 7 end; return s\" 0"
		echo "SORT list:2 DESC"
		echo "DBSIZE"
		echo "BGSAVE"
		echo "NOSUCHCOMMAND"
	} | redis-cli -p "$2" >"$1/answers" 2>&1
	redis-benchmark -p "$2" -q -n 20000 -c 20 -P 4 \
		-t set,get,lpush,lpop,sadd,hset,zadd,mset >"$1/benchmark" 2>&1
	echo $? >"$1/benchmark.status"
}
t_begin "redis-server under redis-benchmark"
if t_need redis-server redis-benchmark redis-cli; then
	for way in bare vprof; do
		port=$(free_port)
		dir=$T/redis-$way
		mkdir -p "$dir"
		arguments=(redis-server --port "$port" --bind 127.0.0.1 --dir "$dir"
			--save "" --appendonly no --io-threads 2)
		if [ $way = bare ]; then
			start "$dir" "${arguments[@]}"
		else
			start "$dir" env "LD_PRELOAD=$LIB" "${arguments[@]}"
		fi
		redis_session "$dir" "$port"
		stop
		echo "$ended" >"$dir/status"
	done
	cmp -s "$T/redis-bare/answers" "$T/redis-vprof/answers" ||
		t_bad "answers differ: $(diff "$T/redis-bare/answers" "$T/redis-vprof/answers" | head -5 | tr '\n' ' ')"
	[ "$(wc -l <"$T/redis-vprof/answers")" -gt 1200 ] || t_bad "too few answers"
	t_equal "status" "$(cat "$T/redis-bare/status")" "$(cat "$T/redis-vprof/status")"
	t_equal "benchmark" 0 "$(cat "$T/redis-vprof/benchmark.status")"
	grep -q 'ZADD.*requests per second' "$T/redis-vprof/benchmark" || t_bad "benchmark did not end"
	readable "$T/redis-vprof"
	t_done
fi

t_begin "nginx with two workers"
if t_need nginx curl; then
	mkdir -p "$T/www"
	cp "$T/book.xml" "$T/www/book.xml"
	head -c 300000 "$T/dump" >"$T/www/dump.txt"
	chmod -R a+rX "$T" # workers run as nobody
	for way in bare vprof; do
		dir=$T/nginx-$way
		mkdir -p "$dir"
		chmod 777 "$dir" # so that workers can make their files
		port=$(free_port)
		cat >"$dir/nginx.conf" <<-END
			worker_processes 2;
			daemon off;
			pid $dir/nginx.pid;
			error_log stderr;
			events { worker_connections 64; }
			http {
				access_log off;
				gzip on;
				gzip_types text/plain text/xml application/octet-stream;
				client_body_temp_path $dir/body;
				proxy_temp_path $dir/proxy;
				fastcgi_temp_path $dir/fastcgi;
				uwsgi_temp_path $dir/uwsgi;
				scgi_temp_path $dir/scgi;
				server { listen 127.0.0.1:$port; root $T/www; location /moved { return 302 /dump.txt; } }
			}
		END
		command=(nginx -p "$dir" -c "$dir/nginx.conf")
		if [ $way = bare ]; then
			start "$dir" "${command[@]}"
		else
			start "$dir" env "LD_PRELOAD=$LIB" "${command[@]}"
		fi
		for ((i = 0; i < 100; i++)); do
			curl -fs "http://127.0.0.1:$port/dump.txt" >/dev/null 2>&1 && break
			sleep 0.1
		done
		for ((i = 0; i < 20; i++)); do
			for path in dump.txt book.xml none moved; do
				curl -s --compressed -L -w '%{http_code} %{size_download}\n' \
					"http://127.0.0.1:$port/$path" | cksum
			done
		done >"$dir/answers"
		kill -HUP $server # new workers, the old ones end
		sleep 1
		curl -s "http://127.0.0.1:$port/book.xml" | cksum >>"$dir/answers"
		stop
		echo "$ended" >"$dir/status"
	done
	cmp -s "$T/nginx-bare/answers" "$T/nginx-vprof/answers" || t_bad "answers differ"
	t_equal status "$(cat "$T/nginx-bare/status")" "$(cat "$T/nginx-vprof/status")"
	readable "$T/nginx-vprof"
	[ "$(t_files "$T/nginx-vprof" | wc -l)" -ge 3 ] ||
		t_bad "master and workers left $(t_files "$T/nginx-vprof" | wc -l) files"
	t_done
fi
t_end

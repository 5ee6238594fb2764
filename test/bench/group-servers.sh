# Servers that answer clients: redis, asyncio. The client runs bare; where there are two CPUs, the
# server has one and the client the other. Sourced by run.sh.
# shellcheck shell=bash

on_cpu() { # NUMBER COMMAND...
	if [ "$(nproc)" -gt 1 ]; then
		taskset -cp "$1" "$BASHPID" >/dev/null 2>>"$T/errors"
	fi
	"${@:2}"
}
# served SERVER-FUNCTION CLIENT-FUNCTION STOP-FUNCTION PREFIX...: what the client prints, then the
# client's wall time and the CPU time of the server from its start to its end.
served() {
	local socket=$T/server.sock server=$1 client=$2 stop=$3 job wall said
	shift 3
	rm -f "$socket"
	(on_cpu 0 "$server" "$socket" "$@" >/dev/null 2>>"$T/errors") &
	job=$!
	for ((i = 0; i < 200; i++)); do
		[ ! -S "$socket" ] || break
		sleep 0.02
	done
	wall=$EPOCHREALTIME
	said=$(on_cpu 1 "$client" "$socket")
	wall=$(awk -v a="$wall" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.6f", b - a }')
	"$stop" "$socket"
	wait "$job" || return
	awk -v wall="$wall" '{ print wall, $2 }' "$T/measured" >"$T/served" && mv "$T/served" "$T/measured"
	echo "$said"
}
servers() { # KEY SERVER CLIENT STOP
	local of=$1
	shift
	bench "$of"
	run bare served "$@" bare
	ours exact served "$@" vprof cpu=off
	ours defaults served "$@" vprof ""
	ours sampled served "$@" vprof "$SAMPLE"
	[ -z "$HEAPTRACK_LIB" ] || peer heaptrack-raw served "$@" heaptrack_raw
	[ -z "$PERF" ] || peer perf served "$@" perf_record
	[ -z "$JEMALLOC" ] || peer jemalloc served "$@" jemalloc ""
	[ -z "$JEMALLOC" ] || peer jemalloc-19 served "$@" jemalloc prof:true,lg_prof_sample:19
	rounds
	figure percent 1 "$of/defaults" "$of/bare"
	row "$of, p50 of an answer, defaults, over bare" none 0 %
	figure percent cpu "$of/defaults" "$of/bare"
	row "$of, the server's CPU time, defaults, over bare" none 0 %
	figure percent cpu "$of/exact" "$of/bare"
	row "$of, the server's CPU time, exact heap, over bare" none 0 %
}

# --- redis -----------------------------------------------------------------------
redis_server() { # SOCKET PREFIX...
	"${@:2}" redis-server --port 0 --unixsocket "$1" --save "" --appendonly no --dir "$T"
}
redis_stop() { redis-cli -s "$1" shutdown nosave >/dev/null 2>&1; }
# p50, p99 and the longest answer of three kinds of requests, in microseconds: their middle
redis_asked() { # SOCKET REQUESTS AT-A-TIME
	timeout "$LIMIT" redis-benchmark -s "$1" -n "$2" -P "$3" -t set,get,lpush -d $((8 + BENCH_SEED % 500)) \
		-r $((1000 + BENCH_SEED % 90001)) --csv | tr -d '"' |
		awk -F, 'NR > 1 { p50 += $5; p99 += $7; most += $8; n++ }
			END { if (n) printf "%.3f %.3f %.3f\n", p50 * 1e3 / n, p99 * 1e3 / n, most * 1e3 / n }'
}
redis_one() { redis_asked "$1" "$(many 30000)" 1; }
redis_sixteen() { redis_asked "$1" "$(many 200000)" 16; }
group_redis() {
	if ! command -v redis-server >/dev/null || ! command -v redis-benchmark >/dev/null; then
		note "no redis here: left out"
		return
	fi
	detail
	detail "## Redis: 50 clients that set, get and push"
	servers redis redis_server redis_one redis_stop
	ratios redis "1=p50, us" "2=p99, us" "3=longest, us" "wall=wall, s" "cpu=the server's CPU, s"
	servers redis-pipelined redis_server redis_sixteen redis_stop
	ratios redis-pipelined "1=p50 of 16, us" "2=p99 of 16, us" "3=longest, us" "wall=wall, s" "cpu=the server's CPU, s"
}

# --- asyncio -----------------------------------------------------------------------
line_server() { # SOCKET PREFIX...
	PYTHONMALLOC=malloc PYTHONHASHSEED=0 "${@:2}" "$PYTHON" "$TOP/test/bench/work/line_server.py" "$1"
}
line_asked() { timeout "$LIMIT" "$WORK/ask" "$1" 4 "$(many 2000)"; }
group_asyncio() {
	command -v "$PYTHON" >/dev/null || { note "no python3 here: asyncio left out"; return; }
	detail
	detail "## A server in CPython's asyncio: 4 clients, a line of JSON to and fro"
	servers asyncio line_server line_asked true
	ratios asyncio "1=p50, us" "2=p99, us" "3=p99.9, us" "wall=wall, s" "cpu=the server's CPU, s"
}

# Servers that answer clients: redis, asyncio, nginx. The client runs bare; where there are two
# CPUs, the server has one and the client the other. Sourced by run.sh.
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

# --- those that wait for requests --------------------------------------------------------------------
# A server is asked for some seconds: in less, its start and the helper's tell.
waits_redis_one() { redis_asked "$1" "$(many 100000)" 1; }
nginx_server() { # SOCKET PREFIX...
	local home=$T/nginx
	mkdir -p "$home/html"
	{ head -c $((500 + BENCH_SEED % 3000)) /dev/zero | tr '\0' x; printf '\nend\n'; } >"$home/html/page"
	cat >"$home/nginx.conf" <<-END
		$([ "$(id -u)" != 0 ] || echo "user root;")
		daemon off;
		pid $home/pid;
		error_log $home/error.log;
		worker_processes 1;
		events { worker_connections 256; }
		http {
			access_log off;
			keepalive_requests 1000000;
			server { listen unix:$1; root $home/html; }
		}
	END
	"${@:2}" nginx -p "$home" -c "$home/nginx.conf"
}
nginx_asked() { timeout "$LIMIT" "$WORK/ask" "$1" 16 "$(many 20000)" /page; }
nginx_stop() { kill -QUIT "$(cat "$T/nginx/pid")"; }

# spread_row WHAT COLUMN KEY LIMIT CONFIGURATION: over bare, with the interval of the middle and
# that of bare over bare; where that alone is wider than what is to be shown, the server's CPU
# time decides.
spread_row() {
	local beside limit=$4
	figure percent "$2" "$3/bare-again" "$3/bare"
	beside="$(short "$LOW") to $(short "$HIGH")"
	if awk -v low="$LOW" -v high="$HIGH" -v limit="$4" 'BEGIN { exit !(low < -limit || high > limit) }'; then
		beside+="; wider than $4 %: CPU time decides"
		limit=
	fi
	figure percent "$2" "$3/$5" "$3/bare"
	row "$3, $1, $5, over bare ($(short "$LOW") to $(short "$HIGH"); bare over bare $beside)" \
		"$([ -n "$limit" ] && echo '<=' || echo none)" "${limit:-0}" %
}
waits_server() { # KEY SERVER CLIENT STOP
	local of=$1 of_which
	shift
	bench "$of"
	run bare served "$@" bare
	run bare-again served "$@" bare
	ours defaults served "$@" vprof ""
	ours without served "$@" vprof waits=off
	ours waits-alone served "$@" vprof cpu=off:heap=off
	rounds $((ROUNDS * 4))
	for of_which in defaults waits-alone; do
		spread_row "time for as many requests" wall "$of" 2 $of_which
		spread_row "p99" 2 "$of" 3 $of_which
	done
	figure percent cpu "$of/bare-again" "$of/bare"
	row "$of, the server's CPU time, bare over bare ($(short "$LOW") to $(short "$HIGH"))" none 0 %
	figure percent cpu "$of/defaults" "$of/without"
	row "$of, the server's CPU time, over the same with waits=off ($(short "$LOW") to $(short "$HIGH"))" "<=" 2 %
	ratios "$of" "1=p50, us" "2=p99, us" "wall=wall, s" "cpu=the server's CPU, s"
}
waits_servers() {
	if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
		waits_server waits-redis redis_server waits_redis_one redis_stop
	else
		note "no redis here: left out"
	fi
	if [ -n "$(command -v nginx)" ]; then
		waits_server waits-nginx nginx_server nginx_asked nginx_stop
	else
		note "no nginx here: left out"
	fi
}
group_servers() {
	if ! accepts waits=on; then
		row_skip "servers that wait" "" "this build does not know waits="
		return
	fi
	detail
	detail "## Servers that wait for requests"
	waits_servers
}

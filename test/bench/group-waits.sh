# Calls that may block and event loops: what a call costs that does not sleep, what switches cost,
# the helper's looks; and two servers. Sourced by run.sh.
# shellcheck shell=bash

# --- calls ----------------------------------------------------------------------
# looks COUNT COMMAND...: under a library that looks at the clock so often a call, and does no more
looks() {
	local count=$1
	shift
	bounded "LOOKS=$count" "LD_PRELOAD=$WORK/looks_only" "$@"
}
waits_loop() {
	bench loop
	run bare bare "$WORK/loop_turns" "$(many 1000000)"
	ours defaults vprof "" "$WORK/loop_turns" "$(many 1000000)"
	ours without vprof waits=off "$WORK/loop_turns" "$(many 1000000)"
	peer one-look looks 1 "$WORK/loop_turns" "$(many 1000000)"
	run spins-bare bare "$WORK/loop_turns" "$(many 1000000)" 0
	ours spins-defaults vprof "" "$WORK/loop_turns" "$(many 1000000)" 0
	rounds $((ROUNDS * 2))
	figure diff 1 loop/defaults loop/bare
	row "turn of an event loop over bare" "<=" 25 ns
	[ -n "$OLD_LIB" ] || {
		figure diff 1 loop/one-look loop/bare
		row "the same of a library that only looks at the clock, once a turn" none 0 ns
	}
	figure diff 1 loop/spins-defaults loop/spins-bare
	row "turn of an event loop that spins, over bare" "<=" 25 ns
	detail_table loop 1 "ns a turn"
}
waits_socket() {
	bench socket
	run bare bare "$WORK/socket_pairs" "$(many 1000000)" 64
	ours defaults vprof "" "$WORK/socket_pairs" "$(many 1000000)" 64
	ours without vprof waits=off "$WORK/socket_pairs" "$(many 1000000)" 64
	rounds $((ROUNDS * 2))
	figure diff 1 socket/defaults socket/bare
	row "send or recv of 64 bytes that does not sleep, over bare" "<=" 25 ns
	figure percent 1 socket/defaults socket/bare
	row "the same" "<=" 10 %
	detail_table socket 1 "ns a call"
}
waits_line() {
	bench line
	run published bare "$WORK/publish_line" "$(many 20000000)"
	rounds $((ROUNDS * 2))
	figure value 1 line/published
	row "the thread's line written" "<=" 2 ns
}
# Throughput of what does nothing but switch; the kernel tells of each switch until the library
# sees that there are too many.
waits_switches() {
	bench switches
	run bare bare "$WORK/switch_pair" "$(many 200000)"
	run bare-again bare "$WORK/switch_pair" "$(many 200000)"
	ours defaults vprof "" "$WORK/switch_pair" "$(many 200000)"
	ours without vprof waits=off "$WORK/switch_pair" "$(many 200000)"
	ours no-cpu vprof cpu=off "$WORK/switch_pair" "$(many 200000)"
	peer two-looks looks 2 "$WORK/switch_pair" "$(many 200000)"
	rounds $((ROUNDS * 2))
	figure value 2 switches/bare
	row "two threads that only switch, switches a second of each, bare" none 0 ""
	figure ratio 1 switches/bare switches/bare-again
	row "the same, bare over bare" none 0 x
	figure ratio 1 switches/bare switches/defaults
	row "the same, throughput of bare's" ">=" 0.95 x
	figure ratio 1 switches/bare switches/without
	row "the same with waits=off" ">=" 0.95 x
	figure ratio 1 switches/bare switches/no-cpu
	row "the same with cpu=off" none 0 x
	[ -n "$OLD_LIB" ] || {
		figure ratio 1 switches/bare switches/two-looks
		row "the same of a library that only looks at the clock, twice a call" none 0 x
	}
	detail_table switches 1 "ns a round"
}
# The helper's CPU time in percent of one CPU, of ten seconds after the first four, in which the
# first thousand iterations of each loop are kept.
waits_helper_in() { # OPTIONS SECONDS: seconds of the run, nanoseconds
	vprof "$1" "$WORK/many_loops" 8 "$2" >/dev/null || return
	read -r wall _ <"$T/measured"
	echo "$wall $(info .own.cpu_ns)"
}
waits_helper_of() { # OPTIONS
	{ waits_helper_in "$1" 4 && waits_helper_in "$1" 14; } |
		awk '{ wall[NR] = $1; ns[NR] = $2 }
			END { if (NR == 2) printf "%.3f\n", (ns[2] - ns[1]) / 1e7 / (wall[2] - wall[1]) }'
}
waits_helper() {
	command -v jq >/dev/null || { note "no jq here: the helper's looks left out"; return; }
	bench helper
	ours looks waits_helper_of cpu=off:heap=off:stall=10
	ours without waits_helper_of cpu=off:heap=off:waits=off
	rounds
	figure value 1 helper/looks
	row "the helper, 8 loops, stall=10, of a CPU" none 0 %
	figure diff 1 helper/looks helper/without
	row "the same, less what it takes with waits=off" "<=" 0.3 %
}

# --- servers --------------------------------------------------------------------
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
group_waits() {
	if ! accepts waits=on; then
		row_skip "calls that may block" "" "this build does not know waits="
		return
	fi
	detail
	detail "## Calls that may block, event loops"
	waits_loop
	waits_socket
	waits_line
	waits_switches
	waits_helper
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

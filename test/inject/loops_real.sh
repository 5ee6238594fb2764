#!/bin/bash
# Loops of real programs: what redis and node say of their own is what the library says of them.
# alone: it holds times to 2 %
. "$(dirname "$0")/../lib.sh"

rows() { # FILE FILTER
	$PYTHON "$TOP/test/loop_rows.py" "$1" | jq -r "$2"
}
# percent WHAT WANTED GOT PERCENT
percent() {
	t_near "$1" "$2" "$3" "$(awk -v a="$2" -v p="$4" 'BEGIN { print a * p / 100 }')"
}

# An iteration of redis is as long as the command that it runs, where that takes long: 30
# times 40 ms, and 20 short ones, by its own account.
redis() {
	local dir=$T/redis cli file
	mkdir -p "$dir"
	(cd "$dir" && exec env LD_PRELOAD="$LIB" VPROF_OUT=redis.vprof redis-server --port 0 --unixsocket "$dir/s" --save '' \
		--appendonly no --enable-debug-command yes >out 2>err) &
	t_pids="$t_pids $!"
	cli="redis-cli -s $dir/s"
	for _ in $(seq 100); do
		[ "$($cli ping 2>/dev/null)" = PONG ] && break
		sleep 0.05
	done
	{
		for i in $(seq 20); do echo "set key:$i $i"; done
		for _ in $(seq 30); do echo "debug sleep 0.04"; done
	} | $cli >/dev/null
	$cli info commandstats >"$dir/stats"
	$cli latency histogram debug >"$dir/latency"
	$cli shutdown nosave
	wait "${t_pids##* }"
	file=$dir/redis.vprof
	t_equal "loops of the main thread" epoll_wait "$(rows "$file" 'select(.is_main) | .name')"
	percent "time of the commands, us" \
		"$(sed -n 's/.*usec=\([0-9]*\),.*/\1/p' "$dir/stats" | awk '{ all += $1 } END { print all }')" \
		"$(rows "$file" 'select(.is_main) | .busy_ns / 1000')" 2
	t_equal "slow commands by redis' histogram" 30 "$(sed -n '/^calls$/{n;p}' "$dir/latency")"
	t_equal "slow iterations" 30 "$(rows "$file" 'select(.is_main) | .over_33ms')"
}
t_begin "redis, by its own latency histogram"
if t_need redis-server redis-cli; then
	redis
	t_done
fi

# node's event loop utilization is libuv's idle time against the clock.
cat >"$T/loop.js" <<'EOF'
const { performance } = require('perf_hooks');
let n = 0;
const timer = setInterval(() => {
	const end = performance.now() + 4;
	while (performance.now() < end);
	if (++n === 150) clearInterval(timer);
}, 10);
process.on('exit', () => {
	const elu = performance.eventLoopUtilization();
	console.log(`${elu.idle} ${elu.active} ${elu.utilization}`);
});
EOF
t_begin "node, by its event loop utilization"
if t_need node; then
	t_record "" node "$T/loop.js"
	read -r idle active _ <"$T/run/out"
	percent "idle, ms" "$idle" "$(rows "$file" 'select(.is_main) | .idle_ns / 1000000')" 2
	# what is active before the first wait is no iteration
	percent "active, ms" "$active" \
		"$(rows "$file" 'select(.is_main) | (.busy_ns + .spin_ns) / 1000000')" 4
	t_done
fi
t_end

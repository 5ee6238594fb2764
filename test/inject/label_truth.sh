#!/bin/bash
# Two symbols on one pool of threads: what the profile says each of them took, against what
# the program counted itself; and without labels handed on, nothing
# alone: it holds shares of CPU time and waits to 2 points
. "$(dirname "$0")/../lib.sh"

probe=$PROBE/label_pool

of() { # FILE SYMBOL MEMBER
	t_json ".labels[] | select(.label == \"symbol=$2\") | $3" labels "$1"
}
truth() { # EXPRESSION
	jq "$1" "$T/run/out"
}

t_begin "CPU time, bytes and waits of two symbols on one pool"
t_preload "$T/run" cpu=1000 "$probe" given 400
file=$(t_file "$T/run")
t_equal status 0 "$(cat "$T/run/status")"
cpu=$(t_json '[.labels[].total_ns] | add' labels "$file")
if [ "$(t_json .sampling.engine info "$file")" != off ]; then
	t_near "CPU time of SOL, percent" "$(truth '.SOL.cpu_ns * 100 / (.SOL.cpu_ns + .BTC.cpu_ns)')" \
		"$(of "$file" SOL ".total_ns * 100 / $cpu")" 2
fi
wait=$(t_json '[.labels[].wait_ns] | add' labels "$file")
t_near "waits of SOL, percent" "$(truth '.SOL.wait_ns * 100 / (.SOL.wait_ns + .BTC.wait_ns)')" \
	"$(of "$file" SOL ".wait_ns * 100 / $wait")" 2
for symbol in SOL BTC; do
	for member in allocs bytes_allocated frees live_bytes; do
		t_equal "$member of $symbol" "$(truth ".$symbol.$member")" "$(of "$file" $symbol ".heap.$member")"
	done
	t_equal "bytes of heap --label symbol=$symbol" "$(truth .$symbol.bytes_allocated)" \
		"$(t_json .totals.bytes_allocated heap "$file" --label symbol=$symbol)"
	# the same through the filter of the verbs of waits, in locks and in calls: what is idle in
	# the one is idle in the other
	t_equal "waits of symbol=$symbol" "$(of "$file" $symbol .wait_ns)" "$(jq -n \
		"$(t_json '[.locks[] | select(.kind == "mutex") | .wait_ns] | add // 0' locks "$file" -n 0 --label symbol=$symbol) +
		 $(t_json '[.sites[] | .blocked_ns + .lock_ns] | add // 0' waits "$file" -n 0 --label symbol=$symbol)")"
	t_equal "idle time of symbol=$symbol" "$(of "$file" $symbol .idle_ns)" "$(jq -n \
		"$(t_json '[.locks[] | select(.kind != "mutex") | .wait_ns] | add // 0' locks "$file" -n 0 --label symbol=$symbol) +
		 $(t_json '[.sites[] | .idle_ns + .paced_ns] | add // 0' waits "$file" -n 0 --idle --label symbol=$symbol)")"
	# and of each thread by itself
	t_equal "CPU time of the threads under symbol=$symbol" "$(of "$file" $symbol .total_ns)" \
		"$(t_json '[.threads[].cpu_ns] | add // 0' threads "$file" -n 0 --label symbol=$symbol)"
	t_equal "waits of the threads under symbol=$symbol" "$(of "$file" $symbol .wait_ns)" \
		"$(t_json '[.threads[].wait_ns] | add // 0' threads "$file" -n 0 --label symbol=$symbol)"
	t_equal "bytes of the threads under symbol=$symbol" "$(truth .$symbol.bytes_allocated)" \
		"$(t_json '[.threads[].bytes_allocated] | add // 0' threads "$file" -n 0 --label symbol=$symbol)"
	t_equal "three threads have worked for symbol=$symbol" 3 \
		"$(t_json '[.threads[] | select(.cpu_ns > 0)] | length' threads "$file" -n 0 --label symbol=$symbol)"
	t_equal "bytes of summary --label symbol=$symbol" "$(truth .$symbol.bytes_allocated)" \
		"$(t_json .bytes_allocated summary "$file" --label symbol=$symbol)"
	t_equal "CPU time of summary --label symbol=$symbol" "$(of "$file" $symbol .total_ns)" \
		"$(t_json .cpu_ns summary "$file" --label symbol=$symbol)"
done
t_done

t_begin "labels that nobody hands on stay where they were"
rm -rf "$T/run"
t_preload "$T/run" "" "$probe" kept 100
file=$(t_file "$T/run")
for symbol in SOL BTC; do
	t_equal "bytes of $symbol" 0 "$(t_json "[.labels[] | select(.label == \"symbol=$symbol\") | .heap.bytes_allocated] | add // 0" labels "$file")"
done
t_near "bytes of no label" "$(truth '.SOL.bytes_allocated + .BTC.bytes_allocated')" \
	"$(t_json .unlabelled.heap.bytes_allocated labels "$file")" 3000
t_done

t_begin "without the library"
t_run "$T/bare" "$probe" given 50
t_equal status 0 "$(cat "$T/bare/status")"
t_equal stderr "" "$(cat "$T/bare/err")"
t_done

t_end

#!/bin/bash
# Programs that wait for a living do what they do without the library, and the record says what
# somebody who knows them expects: docs/waiting.md shows the reports.
# long: servers and their clients, bare and preloaded
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-waiting.sh"
PATH=$PATH:/usr/sbin

# program NAME RECORD [FORMAT]: both sides; $file is the record of that name, of several the one
# that is last by what find prints with FORMAT: the largest
program() {
	local name=$1 record=$2 by=${3:-%s}
	for SIDE in bare vprof; do
		mkdir -p "$T/$name/$SIDE"
		(cd "$T/$name/$SIDE" && "serve_$name" >../"$SIDE.out" 2>../"$SIDE.err")
	done
	cmp -s "$T/$name/bare.out" "$T/$name/vprof.out" ||
		t_bad "bare said '$(tr '\n' ' ' <"$T/$name/bare.out")', preloaded '$(tr '\n' ' ' <"$T/$name/vprof.out")'"
	[ -s "$T/$name/bare.out" ] || t_bad "it did nothing: $(head -n 2 "$T/$name/bare.err")"
	file=$(find "$T/$name/vprof" -name "$record.*.vprof" -printf "$by %p\n" | sort -V | tail -n 1 | cut -d' ' -f2-)
	[ -n "$file" ] || { t_bad "no record of $record"; return 1; }
	for verb in summary waits loop threads "tree --clock wall"; do
		# shellcheck disable=SC2086
		"$REPORT" $verb "$file" >"$T/$name/${verb%% *}" 2>"$T/$name/${verb%% *}.err" ||
			t_bad "$verb: $(head -n 1 "$T/$name/${verb%% *}.err")"
	done
}
# waited FUNCTION: seconds that threads were kept from their work by calls of it
waited() {
	t_json "[.sites[] | select(.kind == \"$1\") | .wait_ns] | add // 0 | . / 1e9" waits "$file"
}
looped() { # FUNCTION: iterations of the loops that wait in it
	t_json "[.loops[] | select(.kind == \"$1\") | .iterations] | add // 0" loop "$file"
}
calls() { # FUNCTION: how often it was called
	t_json "[.sites[] | select(.kind == \"$1\") | .calls] | add // 0" waits "$file"
}
bytes() { # FUNCTION
	t_json "[.sites[] | select(.kind == \"$1\") | .bytes] | add // 0" waits "$file"
}
at_least() { # WHAT LEAST GOT
	awk -v a="$2" -v b="$3" 'BEGIN { exit !(b >= a) }' || t_bad "$1: $3, less than $2"
}
# clocks_agree: the parts of the wall clock's tree are no more than the threads lived.
clocks_agree() {
	"$REPORT" tree --clock wall --idle --format json "$file" 2>/dev/null >"$T/clock.json"
	at_least "thread-seconds lived" \
		"$(jq '(.clock | del(.threads, .thread_ns) | add) * 0.98 - 5e7' "$T/clock.json")" \
		"$(t_json '[.threads[] | select(.state != "profiler") | .wall_ns] | add' threads "$file")"
	t_equal "sum of the tree" "$(jq '.total_ns' "$T/clock.json")" \
		"$(jq '.clock | del(.threads, .thread_ns) | add' "$T/clock.json")"
}

t_begin "redis: three SAVE"
if t_need redis-server redis-cli redis-benchmark redis-check-rdb; then
	if program redis 'redis*'; then
		t_equal "fsync of the dump" 3 "$(calls fsync)"
		t_equal "rename of the dump" 3 "$(calls rename)"
		at_least "iterations" 1000 "$(looped epoll_wait)"
		# what redis itself says each SAVE took, in microseconds
		save=$(sed -n 's/^cmdstat_save:.*usec_per_call=\([0-9]*\).*/\1/p' "$T/redis/vprof/stats")
		at_least "the longest iteration, us" "$save" "$(t_json '[.loops[].max_ns] | max / 1e3' loop "$file")"
		clocks_agree
	fi
	t_done
fi
t_begin "nginx: 264 requests"
if t_need nginx curl; then
	if program nginx nginx %f; then
		t_equal "answers" 264 "$(calls writev)"
		t_equal "bytes of the log" "$(wc -c <"$T/nginx/vprof/access.log")" "$(bytes write)"
		at_least "iterations" 20 "$(looped epoll_wait)"
		clocks_agree
	fi
	t_done
fi
t_begin "memcached: four workers"
if t_need memcached; then
	if program memcached memcached; then
		t_equal "answers" 33601 "$(calls sendmsg)"
		t_equal "workers" 4 "$(t_json '[.loops[] | select(.kind == "epoll_wait" and .iterations > 500)] | length' loop "$file")"
		clocks_agree
	fi
	t_done
fi
t_begin "node: reports in the handler"
if t_need node curl; then
	if program node node; then
		t_equal "fsync of reports" 5 "$(calls fsync)"
		at_least "iterations" 500 "$(looped epoll_pwait)"
		clocks_agree
	fi
	t_done
fi
t_begin "postgres: pgbench"
if t_need pgbench psql; then
	if [ -z "$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null)" ]; then
		t_skip "no server here"
	else
		if program postgres postgres; then
			at_least "written to disk" 20 "$("$REPORT" waits --tree --format json "$T"/postgres/vprof/postgres.*.vprof 2>/dev/null |
				jq '[.sites[] | select(.kind == "fdatasync") | .calls] | add')"
			clocks_agree
		fi
		t_done
	fi
fi
t_begin "a journal in Rust"
if t_need rustc; then
	if program rust journal; then
		t_equal "written to disk" 30 "$(calls fdatasync)"
		t_equal "bytes written" "$(($(wc -c <"$T/rust/vprof/journal") + $(head -n 1 "$T/rust/vprof.out" | wc -c)))" \
			"$(bytes write)"
		# the reporter sleeps 8 ms, 40 times, with the lock; 25 ms more between are its own affair
		at_least "asleep with the lock, s" 0.18 "$(waited clock_nanosleep)"
		clocks_agree
	fi
	t_done
fi
t_begin "monitor"
if program monitor monitor %f; then
	at_least "iterations" 50 "$(looped epoll_wait)"
	t_equal "workers" 2 "$(t_json '[.loops[] | select(.kind == "pthread_cond_wait")] | length' loop "$file")"
	clocks_agree
fi
t_done
t_end

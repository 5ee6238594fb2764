#!/bin/bash
# A storm (test/probe/storm.c) under 10,000 Hz and exact heap: no hang, no
# crash, and the sums of what was recorded agree. STORM_SECONDS (8) for each
# run; 60 for the real thing.
# long: a storm of 8 s for each of seven ways
. "$(dirname "$0")/../lib.sh"
SECONDS_EACH=${STORM_SECONDS:-8}

# The tree of a process, itself first.
tree() {
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do tree "$child"; done
}

# show PID: where all of its threads stand
show() {
	local task
	if command -v gdb >/dev/null; then
		timeout 30 gdb -q -batch -p "$1" -ex 'thread apply all bt 20' 2>/dev/null |
			grep -E '^(Thread|#)' | cut -c1-160
	else
		for task in /proc/"$1"/task/*; do
			echo "${task##*/}: $(cat "$task/wchan" "$task/syscall" 2>/dev/null | tr '\n' ' ')"
		done
	fi
}

# storm DIR COMMAND...: ends a run that takes too long, and says where it hung
storm() {
	local dir=$1 pid i
	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$dir" && ulimit -c 0 && exec "$@" >out 2>err </dev/null) &
	pid=$!
	t_pids=$pid
	for ((i = 0; i < SECONDS_EACH * 10 + 300; i++)); do
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
	if kill -0 $pid 2>/dev/null; then
		t_bad "it hangs"
		for i in $(tree $pid); do
			echo "--- process $i"
			show "$i"
		done
		# shellcheck disable=SC2046
		kill -9 $(tree $pid) 2>/dev/null
	fi
	wait $pid 2>/dev/null
	echo $? >"$dir/status"
	t_pids=
}

# sums FILE: what the threads did is what the sites count
sums() {
	local key heap threads
	heap=$("$REPORT" heap "$1" --format json 2>"$T/report.err" | jq -c .) &&
		threads=$("$REPORT" threads "$1" --format json 2>"$T/report.err" | jq -c .) ||
		{
			t_bad "${1##*/}: $(head -1 "$T/report.err")"
			return
		}
	for key in allocs frees bytes_allocated bytes_freed; do
		t_equal "${1##*/}: $key of threads and in all" \
			"$(jq ".totals.$key" <<<"$heap")" "$(jq "[.threads[].$key] | add" <<<"$threads")"
		t_equal "${1##*/}: $key of sites and in all" \
			"$(jq ".totals.$key" <<<"$heap")" "$(jq "[.sites[].$key] | add" <<<"$heap")"
	done
}

judge() { # DIR: outcome, files
	local file children=0 main
	t_equal status 0 "$(cat "$1/status")"
	t_equal output "done" "$(cat "$1/out")"
	[ "$(wc -l <"$1/err")" = 9 ] || t_bad "stderr: $(head -c 300 "$1/err" | tr '\n' ' ')"
	# shellcheck disable=SC2012
	main=$(ls -S "$1"/*.vprof 2>/dev/null | head -n 1)
	[ -n "$main" ] || { t_bad "no ring file"; return; }
	sums "$main"
	[ "$(t_json .totals.samples flat "$main")" -gt 0 ] || t_bad "no CPU samples"
	for file in "$1"/*.vprof; do
		[ $((children % 8)) != 0 ] || "$REPORT" summary "$file" >/dev/null 2>"$T/report.err" ||
			t_bad "summary ${file##*/}: $(head -1 "$T/report.err")"
		children=$((children + 1))
	done
	# numbers of processes come round again in a long run, and with them names
	awk -v n=$((children - 1)) '$1 == "forks" { exit !(n <= $2 && n >= 0.98 * $2) }' "$1/err" ||
		t_bad "$((children - 1)) files of children"
	echo "  $(tr '\n' ' ' <"$1/err")"
	"$REPORT" info "$main" 2>/dev/null | grep -E '^(lost|unwinding)' | sed 's/^/  /'
}

mkdir -p "$T/plugins"
for i in 0 1 2 -stays; do
	cp "$PROBE/plugin_throw.so" "$T/plugins/throw$i.so"
	cp "$PROBE/plugin_work.so" "$T/plugins/work$i.so"
done
COMMAND=("$PROBE/storm" "$SECONDS_EACH" "$T/plugins")

t_begin "bare, to know that it is not the probe"
SECONDS_EACH=2 storm "$T/bare" "$PROBE/storm" 2 "$T/plugins"
t_equal status 0 "$(cat "$T/bare/status")"
t_done

for engine in perf timer; do
	t_begin "engine=$engine, $SECONDS_EACH s"
	storm "$T/$engine" env "VPROF_OPTIONS=cpu=10000:heap=exact:engine=$engine" \
		"LD_PRELOAD=$LIB" "${COMMAND[@]}"
	judge "$T/$engine"
	t_done
done

# Objects that libc unmaps itself, while their tables are read.
for engine in perf timer; do
	t_begin "engine=$engine, converters come and go"
	SECONDS_EACH=3 storm "$T/iconv" env "VPROF_OPTIONS=cpu=10000:heap=exact:engine=$engine" \
		"LD_PRELOAD=$LIB" "$PROBE/iconv_often" 3
	t_equal status 0 "$(cat "$T/iconv/status")"
	t_equal output "done" "$(cat "$T/iconv/out")"
	t_done
done

# The storm, searched for leaks all the while: every thread is stopped wherever it
# is, on whatever stack.
keep_searching() { # FILE, until it is ended
	while [ -d "$T" ]; do
		"$REPORT" ctl "$1" leakscan >/dev/null 2>&1
		sleep 0.02
	done
}
for engine in perf timer; do
	t_begin "engine=$engine, searched for leaks all the while"
	file=$T/searched-$engine.vprof
	keep_searching "$file" &
	searching=$!
	storm "$T/searched" env "VPROF_OPTIONS=cpu=10000:heap=exact:engine=$engine" \
		"VPROF_OUT=$file" "LD_PRELOAD=$LIB" "${COMMAND[@]}"
	kill $searching
	wait $searching 2>/dev/null
	t_equal status 0 "$(cat "$T/searched/status")"
	t_equal output "done" "$(cat "$T/searched/out")"
	searches=$(t_json .examined.searches leaks "$file")
	[ "${searches:-0}" -ge $((SECONDS_EACH / 2)) ] || t_bad "searched only ${searches:-0} times"
	t_done
done

# The storm with every 17th stack compared with libunwind's.
for engine in perf timer; do
	t_begin "engine=$engine, no stack is wrong"
	storm "$T/oracle" env "VPROF_OPTIONS=cpu=1000:heap=exact:engine=$engine" \
		"VPROF_ORACLE_OUT=$T/counts-$engine" VPROF_ORACLE_EVERY=17 \
		"LD_PRELOAD=$B/test/oracle/libvprof-oracle.so" "${COMMAND[@]}"
	t_equal status 0 "$(cat "$T/oracle/status")"
	od -An -v -t u8 -w32 "$T/counts-$engine" | head -n 4 | awk '{
		printf "  %s %d equal %d prefix %d wrong %d guess\n",
			substr("live   foreigncopied signal ", NR * 7 - 6, 7), $1, $2, $3, $4 }' |
		tee "$T/counts"
	t_equal "wrong stacks" 0 "$(awk '{ n += $6 } END { print n }' "$T/counts")"
	[ "$(awk '{ n += $2 } END { print n }' "$T/counts")" -gt 3000 ] || t_bad "too few compared"
	[ -z "$t_bad" ] || grep -A 30 wrong "$T/counts-$engine.log" | head -n 40
	t_done
done
t_end

#!/bin/bash
# Every command of ours in docs/from.md, typed as it stands there, for a program whose answers
# are known: what it runs is a fresh process, what it reads the record of one run, and what it
# asks of PID a process that lives on.
. "$(dirname "$0")/../lib.sh"

export PATH=$B:$TOP/examples:$PATH LD_LIBRARY_PATH=$B
mkdir "$T/home" "$T/live"
cat >"$T/your-program.c" <<'END'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static volatile double sink;
static char *volatile kept;
static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
__attribute__((noinline)) static void inner_part(void)
{
	for (int i = 0; i < 1000000; i++)
		sink = sink * 0.5 + i;
}
__attribute__((noinline)) static void busy_part(void)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (seconds(CLOCK_MONOTONIC) < wall + 0.6 || seconds(CLOCK_PROCESS_CPUTIME_ID) < cpu + 0.3) {
		for (int i = 0; i < 1000000; i++)
			sink = sink * 0.5 + i;
		inner_part();
	}
}
__attribute__((noinline)) static void temporary_part(void)
{
	for (int i = 0; i < 1000; i++) {
		kept = malloc(64);
		free(kept);
	}
	kept = NULL;
}
__attribute__((noinline)) static char *forgotten_part(void)
{
	char *p = malloc(12345);
	p[0] = 'x';
	return p;
}
__attribute__((noinline)) static void blocked_part(void)
{
	struct timeval limit = {.tv_usec = 20000};
	int pair[2];
	char c;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
	    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    read(pair[0], &c, 1) < 0)
		close(pair[0]);
}
static void *worker_part(void *unused)
{
	pthread_setname_np(pthread_self(), "worker");
	pthread_mutex_lock(&guard);
	pthread_mutex_unlock(&guard);
	for (int i = 0; i < 100; i++)
		for (int j = 0; j < 1000000; j++)
			sink = sink * 0.5 + j;
	return unused;
}
int main(void)
{
	pthread_t worker;
	pthread_mutex_lock(&guard);
	pthread_create(&worker, NULL, worker_part, NULL);
	busy_part();
	pthread_mutex_unlock(&guard);
	pthread_join(worker, NULL);
	blocked_part();
	temporary_part();
	printf("done %c\n", *forgotten_part());
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
END
gcc -g -O2 -pthread -o "$T/home/your-program" "$T/your-program.c" || exit 1
cp "$T/home/your-program" "$T/live/"
echo leak:forgotten_part >"$T/home/F"

# rows: "section<TAB>command" for each command of ours in a last cell, or what is wrong with a row
rows() {
	awk '/^## From /{section = $3}
	/^\| / && !/^\| to \| / {
		n = split($0, cell, / \| /)
		if (n != 3 && !(n == 2 && $0 ~ / \| \| /)) { print section "\tnot three cells: " $0; next }
		parts = split(cell[n], part, "`")
		if (parts % 2 == 0) print section "\tan odd backtick: " $0
		for (i = 2; i <= parts; i += 2)
			if (part[i] ~ /^(VPROF_OPTIONS=|LD_PRELOAD=|vprof-|leak-gate.sh|callgrind_annotate)/)
				print section "\t" part[i]
	}' "$1"
}
has() { # TEXT
	grep -qF -- "$1" "$T/answer" || t_bad "no '$1' in it: $(head -n 5 "$T/answer" | tr '\n' ' ' | head -c 300)"
}
has_not() { # TEXT
	grep -qF -- "$1" "$T/answer" && t_bad "'$1' is in it"
}
expected_status() { # COMMAND
	case $1 in
	*--gate* | leak-gate.sh*) echo 23 ;;
	*doctor) echo "0 or 26" ;;
	*) echo 0 ;;
	esac
}
# A new process, in a directory of its own.
check_recorded() { # COMMAND
	local record
	has "done x"
	record=$(find . -name '*.vprof')
	t_equal records 1 "$(wc -w <<<"$record")"
	case $1 in
	*cpu=*) t_equal rate "$(sed -E 's/.*cpu=([0-9]+).*/\1/' <<<"$1")" "$(t_json .sampling.asked_hz info "$record")" ;;
	*heap=off*) t_equal heap off "$(t_json .sampling.heap_mode info "$record")" ;;
	*%t*) [[ $record =~ your-program\.[0-9]+\.[0-9]+\.vprof ]] || t_bad "it is called $record" ;;
	esac
}
check_picture() { # COMMAND
	t_equal "the picture" PNG "$(head -c 4 "$(sed -E 's/.*--png ([^ ]+).*/\1/' <<<"$1")" | tail -c 3)"
}
check_answer() { # COMMAND
	case $1 in
	*--png*) check_picture "$1" ;;
	*" -o "*) [ -s "$(sed -E 's/.*-o ([^ ]+).*/\1/' <<<"$1")" ] || t_bad "nothing written" ;;
	*--write-suppressions*) grep -q '^leak:.*forgotten_part' F || t_bad "F has no forgotten_part" ;;
	*--suppressions*) has "forgotten_part"; has "clean" ;;
	*old.json) [ -s old.json ] || t_bad "nothing written" ;;
	vprof-report\ leaks* | leak-gate.sh*) has "forgotten_part" ;;
	*"--sort temporary") has "temporary_part" ;;
	*"--sort live" | *"--sort peak" | *"heap --"[!k]* | *heap) has "forgotten_part" ;;
	*"--thread worker") has "worker_part"; has_not "busy_part" ;;
	*"--module 'libc"*) has_not "busy_part" ;;
	*callees*) has "inner_part" ;;
	vprof-report\ threads) has "worker" ;;
	vprof-report\ locks) has "guard" ;;
	*--deadlocks) has "no locks were seen to be taken in different orders" ;;
	vprof-report\ waits*) has "blocked_part" ;;
	vprof-report\ loop) has "no event loop" ;;
	vprof-report\ timeline) has "timestamp,rss," ;;
	vprof-report\ info | *labels | *"set "* | *doctor) [ -s "$T/answer" ] || t_bad "it prints nothing" ;;
	*pause) has paused ;;
	*resume) has recording ;;
	*leakscan) has "searched:" ;;
	vprof-report\ ls) has "your-program" ;;
	*"--kind mmap") has "mapped" ;;
	*"--kind resident") has "malloc" ;;
	*) has "busy_part" ;;
	esac
}
typed() { # COMMAND: in the directory that it is for
	local command=${1//PID/$pid} status
	case $1 in
	VPROF_OPTIONS=* | LD_PRELOAD=* | vprof-run*)
		rm -rf "$T/fresh"
		mkdir "$T/fresh"
		cp "$T/home/your-program" "$T/fresh/"
		cd "$T/fresh" || exit ;;
	*PID*) cd "$T/live" || exit ;;
	*) cd "$T/home" || exit ;;
	esac
	bash -c "$command" >"$T/answer" 2>"$T/complaint" </dev/null
	status=$?
	[[ " $(expected_status "$1") " == *" $status "* ]] ||
		t_bad "status: wanted $(expected_status "$1"), got $status"
	[ -z "$t_bad" ] || t_bad "$(tail -n 2 "$T/complaint" "$T/answer" | tr '\n' ' ' | head -c 300)"
	case $1 in
	VPROF_OPTIONS=* | LD_PRELOAD=* | vprof-run*) check_recorded "$1" ;;
	*) check_answer "$1" ;;
	esac
}

t_begin "the page has a table for each tool, and rows of three cells"
rows "$TOP/docs/from.md" >"$T/rows"
grep -E "not three cells|odd backtick" "$T/rows" >"$T/wrong" && t_bad "$(head -n 1 "$T/wrong")"
for tool in perf heaptrack valgrind async-profiler gperftools pprof; do
	[ "$(grep -c "^$tool	" "$T/rows")" -ge 6 ] || t_bad "less than six commands for $tool"
done
printf '## From perf\n\n| to | perf | here |\n|---|---|---|\n| a | `b` |\n' >"$T/planted.md"
rows "$T/planted.md" | grep -q "not three cells" || t_bad "a row of two cells passes"
t_done

t_begin "the run that is asked"
(cd "$T/home" && LD_PRELOAD=libvprof.so ./your-program </dev/null >"$T/answer" 2>&1)
has "done x"
mkfifo "$T/pipe"
(cd "$T/live" && exec env LD_PRELOAD=libvprof.so ./your-program <"$T/pipe" >"$T/live.out" 2>&1) &
pid=$!
t_pids=$pid
exec 3>"$T/pipe"
for ((i = 0; i < 600; i++)); do
	grep -q "done x" "$T/live.out" && break
	sleep 0.1
done
grep -q "done x" "$T/live.out" || t_bad "the process that lives on did not come so far"
t_done

cut -f2 "$T/rows" | awk '!seen[$0]++' >"$T/commands"
while IFS= read -r command; do
	t_begin "$command"
	if [[ $command == callgrind_annotate* ]]; then
		t_need callgrind_annotate || continue
	fi
	typed "$command"
	t_done
done <"$T/commands"
exec 3>&-
t_end

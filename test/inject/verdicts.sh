#!/bin/bash
# No verdict where nobody looked: whatever kept the search from being made or from being
# the last word, every format says unexamined and a gate ends with 2.
. "$(dirname "$0")/../lib.sh"

# unexamined FILE WORDS: so say text, JSON, SARIF, JUnit, Markdown, GitHub and summary
unexamined() {
	local file=$1 words=$2 format out status
	out=$("$REPORT" leaks --gate "$file" 2>&1)
	status=$?
	t_equal "status of the gate" 2 $status
	grep -q "^Verdict: unexamined: .*$words" <<<"$out" || t_bad "text: $(head -1 <<<"$out")"
	t_equal "JSON" "unexamined false 2" "$("$REPORT" leaks --gate --format json "$file" 2>/dev/null |
		jq -r '"\(.verdict) \(.gate.passed) \(.gate.status)"')"
	t_json .examined.why_not leaks "$file" | grep -q "$words" || t_bad "why_not lacks '$words'"
	"$REPORT" leaks --format sarif "$file" | jq -e '.runs[0].invocations[0] |
		.executionSuccessful == false and
		(.toolExecutionNotifications[0].message.text | test("unexamined"))' >/dev/null ||
		t_bad "SARIF takes it for a success"
	"$REPORT" leaks --format junit "$file" | grep -A1 'name="nothing is lost"' |
		grep -q "<skipped message=.*$words" || t_bad "JUnit does not skip"
	"$REPORT" leaks --gate --format junit "$file" 2>/dev/null | grep -q '<error ' ||
		t_bad "JUnit of a gate has no error"
	for format in markdown github; do
		"$REPORT" leaks --format $format "$file" | grep -q "unexamined.*$words" ||
			t_bad "$format does not say so"
	done
	"$REPORT" leaks --format github "$file" | grep -q '^::warning title=nothing is lost::' ||
		t_bad "no warning in the workflow"
	"$REPORT" summary "$file" | tr '\n' ' ' | tr -s ' ' | grep -q "Leaks unexamined: .*$words" ||
		t_bad "summary does not say so"
	"$REPORT" leaks --gate --allow unexamined "$file" >/dev/null 2>&1 ||
		t_bad "--allow unexamined does not let it pass"
}
# left OPTIONS COMMAND...: its record in $file
left() {
	local options=$1
	shift
	rm -rf "$T/run"
	t_preload "$T/run" "$options" "$@"
	file=$(t_file "$T/run") || t_bad "no record"
}
cat >"$T/app.c" <<'END'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <unistd.h>
static void *volatile kept, *volatile last;
int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	kept = malloc(100);
	if (!strcmp(what, "lose"))
		for (int i = 0; i < 10; i++)
			last = malloc(1000);
	last = NULL;
	if (argc > 2)
		raise(atoi(argv[2]));
	if (!strcmp(what, "crash"))
		*(volatile int *)0 = 1;
	if (!strcmp(what, "abort"))
		abort();
	if (!strcmp(what, "exec"))
		execl("/proc/self/exe", "app", (char *)0);
	if (!strcmp(what, "strict"))
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	if (!strcmp(what, "strict"))
		__asm__ volatile("syscall" ::"a"(60), "D"(0) : "rcx", "r11", "memory");
	if (!strcmp(what, "noproc")) {
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_NPROC, &none);
	}
	if (!strcmp(what, "wait")) {
		puts("ready");
		fflush(stdout);
		pause();
	}
	return 0;
}
END
${CC:-gcc} -g -O1 -w -o "$T/app" "$T/app.c" || exit 1

for sig in KILL TERM SEGV USR1; do
	t_begin "ended by SIG$sig"
	left size=1M "$T/app" x "$(kill -l $sig)"
	unexamined "$file" "was killed by a signal"
	grep -q 'leakscan=term.*SIGTERM' <("$REPORT" leaks "$file") || t_bad "no hint"
	grep -q 'leakscan_every=' <("$REPORT" leaks "$file") || t_bad "no hint of leakscan_every"
	t_done
done
for what in crash abort; do
	t_begin "a program that ends by $what"
	left size=1M "$T/app" $what
	unexamined "$file" "was killed by a signal"
	t_done
done
t_begin "leakscan=off"
left leakscan=off "$T/app"
unexamined "$file" "leakscan=off"
t_done
t_begin "a sampled heap"
left heap=sample=64 "$T/app" lose
unexamined "$file" "only heap=exact knows every block"
t_done
t_begin "system calls restricted"
left size=1M "$T/app" strict
unexamined "$file" "restricted its system calls"
t_done
t_begin "no process for the search"
if t_is_root; then
	chmod 755 "$T"
	left size=1M "$T/app"
	mkdir -m 777 "$T/nobody"
	(cd "$T/nobody" && setpriv --reuid=65534 --regid=65534 --clear-groups \
		env "LD_PRELOAD=$LIB" VPROF_OPTIONS=size=1M "$T/app" noproc)
	file=$(t_file "$T/nobody")
else
	left size=1M "$T/app" noproc
fi
unexamined "$file" "refused a process"
t_done
t_begin "heap=off: nothing was seen"
left heap=off "$T/app"
t_equal verdict unexamined "$(t_json .verdict leaks "$file")"
"$REPORT" leaks --gate "$file" >/dev/null 2>&1
t_equal "status of the gate" 2 $?
t_done

t_begin "it still runs: unexamined; searched by ctl: as of now"
rm -rf "$T/run"
mkdir "$T/run"
(cd "$T/run" && exec env "LD_PRELOAD=$LIB" VPROF_OPTIONS=size=1M "$T/app" wait >out) &
pid=$!
t_pids="$t_pids $pid"
for _ in $(seq 100); do
	sleep 0.1
	grep -q ready "$T/run/out" 2>/dev/null && break
done
file=$(t_file "$T/run")
unexamined "$file" "the process still runs"
"$REPORT" ctl "$file" leakscan >/dev/null || t_bad "no search"
t_equal verdict clean "$(t_json .verdict leaks "$file")"
kill -9 $pid
wait $pid 2>/dev/null
unexamined "$file" "last search was made"
t_done

t_begin "what became another program is excused by that one only"
rm -rf "$T/run"
t_preload "$T/run" size=1M "$T/app" exec
first=$(t_files "$T/run" | while read -r f; do
	[ "$(t_json .run.status info "$f")" = execed ] && echo "$f"
done)
[ -n "$first" ] || t_bad "no record of it"
t_equal verdict unexamined "$(t_json .verdict leaks "$first")"
"$REPORT" leaks --gate "$first" >"$T/out" 2>&1
t_equal "status alone" 2 $?
grep -q 'became another program' "$T/out" || t_bad "does not say why"
"$REPORT" leaks --gate "$T/run"/*.vprof >/dev/null 2>&1
t_equal "status with the other" 0 $?
t_done

t_begin "a leak in one file counts before what was not examined in another"
left size=1M "$T/app" lose
cp "$file" "$T/lost.vprof"
left size=1M "$T/app" x 9
"$REPORT" leaks --gate "$T/lost.vprof" "$file" >/dev/null 2>&1
t_equal "leak first" 23 $?
"$REPORT" leaks --gate "$file" "$T/lost.vprof" >/dev/null 2>&1
t_equal "leak last" 23 $?
t_done

# More call paths than a small file has room for, of the heap and of the result.
paths() { # COUNT LOST
	echo '#include <stdlib.h>'
	echo 'static void *volatile last; static void *kept[5000];'
	for ((i = 0; i < $1; i++)); do
		echo "__attribute__((noinline)) void f$i(void) { last = malloc(500); kept[$i] = $2; last = 0; }"
	done
	echo 'void *volatile *look = (void *volatile *)kept; int main(void) {'
	for ((i = 0; i < $1; i++)); do echo "f$i();"; done
	echo 'return look[7] == look; }'
}
for n in 800 3000; do
	paths $n '(void *)0' >"$T/full.c"
	${CC:-gcc} -O0 -w -o "$T/full" "$T/full.c" || exit 1
	t_begin "a full file, $n call paths: every lost block is there"
	left size=1M "$T/full"
	"$REPORT" leaks --gate "$file" >/dev/null 2>&1
	t_equal "status of the gate" 23 $?
	t_equal lost "$n" "$(t_json .totals.lost.blocks leaks "$file" 2>/dev/null)"
	t_done
	t_begin "a full file, $n call paths, nothing lost: clean or not examined, no leak"
	paths $n 'last' >"$T/full.c"
	${CC:-gcc} -O0 -w -o "$T/full" "$T/full.c" || exit 1
	left size=1M "$T/full"
	t_equal "verdict and lost" "clean 0" \
		"$(t_json '"\(.verdict) \(.totals.lost.blocks)"' leaks "$file" 2>/dev/null)"
	t_done
done
t_end

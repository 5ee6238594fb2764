#!/bin/bash
# vprof-run: what it writes and says, and how it passes on what happens to the
# target: crash, kill, end at once, not there, static, setuid, SIGINT.
. "$(dirname "$0")/../lib.sh"

RUN=$B/vprof-run
cd "$T" || exit 1
export PATH=$B:$PATH

# run DIR ARGS...: vprof-run with --out DIR, in $T; what it said in said/err
run() {
	local dir=$1
	shift
	timeout -k 5 "$T_LIMIT" "$RUN" --out "$dir" "$@" >said 2>err </dev/null
	status=$?
}
# begun FILE: waits until FILE has something in it
begun() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ -s "$1" ] && return
		sleep 0.1
	done
	t_bad "$1 stays empty"
}
said() { # PATTERN
	grep -Eq -- "$1" err || t_bad "stderr lacks /$1/: '$(head -c 300 err | tr '\n' ' ')'"
}
in_summary() { # DIR PATTERN
	grep -Eq -- "$2" "$1/profiling_summary.md" || t_bad "the summary lacks /$2/"
}
recorded() { # DIR NAME
	[ -s "$1/$2.vprof" ] && "$REPORT" info "$1/$2.vprof" >/dev/null 2>&1 ||
		t_bad "no readable $2.vprof, but: $(ls "$1")"
}

cat >prog.c <<'END'
#include <vprof.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static volatile double sink;
__attribute__((noinline)) static void busy_part(long rounds)
{
	for (long i = 0; i < rounds; i++)
		sink = sink * 0.5 + (double)i;
}
static void *volatile held;
__attribute__((noinline)) static void lose(int blocks)
{
	for (int i = 0; i <= blocks; i++)
		held = malloc(100);
	free(held);
	held = NULL;
}
__attribute__((noinline)) static void turn(int turns)
{
	for (int i = 0; i < turns; i++) {
		poll(NULL, 0, 2);
		busy_part(i == turns / 2 ? 20000000 : 1000);
	}
}
__attribute__((noinline)) void flush_book(void)
{
	usleep(5000);
	sink++;
}
/* One in ten is slow, and why. */
static void spans(int count)
{
	for (int i = 0; i < count; i++) {
		vprof_span_begin("decode", 0);
		busy_part(20000);
		if (i % 10 == 9)
			flush_book();
		vprof_span_end();
	}
}
int main(int argc, char **argv)
{
	static char *volatile kept[8];
	const char *how = argc > 1 ? argv[1] : "";

	for (int i = 0; i < 8; i++)
		kept[i] = strdup(how);
	for (int i = 1; i < argc; i++)
		printf("<%s>%s", argv[i], i + 1 < argc ? " " : "\n");
	fflush(stdout);
	if (!strcmp(how, "wait"))
		for (;;)
			busy_part(1000000);
	if (!strcmp(how, "lose")) {
		lose(7);
		for (;;)
			pause();
	}
	if (!strcmp(how, "deaf")) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		for (;;)
			busy_part(1000000);
	}
	if (!strcmp(how, "turn"))
		turn(100);
	if (!strcmp(how, "spans"))
		spans(1000);
	busy_part(100000000);
	if (!strcmp(how, "crash"))
		raise(SIGSEGV);
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	return !strcmp(how, "fail") ? 42 : 0;
}
END
gcc -g -O2 -I"$TOP/include" -o prog prog.c 2>/dev/null || { t_begin build; t_fail "gcc"; t_end; }

t_begin "one run writes the record, the CSV and the summary, and prints the screen"
run ok -- ./prog one
t_equal status 0 $status
recorded ok prog
in_summary ok '^# Profile of prog'
in_summary ok 'exited with status 0'
in_summary ok '^\| 1 \|.*`busy_part` \| prog.c:'
in_summary ok '^### Memory'
in_summary ok '^### Leaks'
head -n 1 ok/prog.timeline.csv | grep -q '^timestamp,rss,vms,shared,data,uss,pss' || t_bad "no CSV"
for file in timeline.png top.png leaks.png; do
	t_equal "$file" PNG "$(head -c 4 ok/prog.$file | tail -c 3)"
	in_summary ok "\\(prog\\.$file\\)"
done
grep -q 'main;busy_part [0-9]' ok/prog.folded || t_bad "no folded stacks"
[ -s ok/prog.prof ] || t_bad "no .prof"
grep -q '<one>' said || t_bad "the program's output is missing"
grep -q 'busy_part (prog.c' said || t_bad "the screen does not name busy_part"
grep -E '^ +vprof-report ' said | while read -r line; do
	eval "$line" >/dev/null 2>&1 || echo "'$line' fails"
done >next
t_equal "commands that fail" "" "$(cat next)"
grep -q '^ *vprof-report ' said || t_bad "no next command"
t_done

t_begin "a loop has its place in the summary, and a picture"
run turns -- ./prog turn
t_equal status 0 $status
in_summary turns '^### Waiting and loops'
in_summary turns '^\| [0-9]+ \|.*\| `turn`, poll \| prog \|'
t_equal picture PNG "$(head -c 4 turns/prog.loop.png | tail -c 3)"
in_summary turns '\(prog\.loop\.png\)'
t_done

t_begin "spans lead why it was slow, with what the slow ones have; their times and a picture"
run spans -- ./prog spans
t_equal status 0 $status
in_summary spans '^### Spans, waiting and loops'
in_summary spans 'span decode: 1,000 of them, p50 .*usleep in flush_book \(prog\.c:'
in_summary spans '^\| 1,000 \|.*`decode` \| `spans`, prog\.c:[0-9]+ \|'
t_equal "the first line" "spans" "$("$REPORT" summary --format json spans/prog.vprof | jq -r '.slow[0].rule')"
eval "$("$REPORT" summary --format json spans/prog.vprof | jq -r '.slow[0].command' | sed "s|^vprof-report|\"$REPORT\"|")" >next 2>&1
grep -q '1. usleep in flush_book' next || t_bad "the command does not tell more: $(head -c 300 next)"
t_equal picture PNG "$(head -c 4 spans/prog.spans.png | tail -c 3)"
in_summary spans '\(prog\.spans\.png\)'
in_summary spans '^    vprof-report spans '
t_done

t_begin "words keep their blanks and quotes; status is passed on"
run words -- ./prog fail 'a  b' '"c"' "d'e" '*' ''
t_equal status 42 $status
t_equal output "<fail> <a  b> <\"c\"> <d'e> <*> <>" "$(head -n 1 said)"
said 'exited with status 42'
in_summary words 'exited with status 42'
t_done

t_begin "{symbol} is replaced by each symbol in turn"
run sweep --symbols BTC/USDT 'E T' -- ./prog 'x={symbol}/{symbol}' plain
t_equal status 0 $status
t_equal output "<x=BTC/USDT/BTC/USDT> <plain>;<x=E T/E T> <plain>" "$(grep '^<' said | paste -sd';')"
recorded sweep prog-BTC-USDT
recorded sweep prog-E-T
said '\[1/2\] prog BTC/USDT'
said '\[2/2\] prog E T'
t_done

t_begin "a crash: said, its status passed on, the record kept"
(ulimit -c 0; run crash -- ./prog crash; echo $status >status)
t_equal status 139 "$(cat status)"
said 'killed by signal 11 \(Segmentation fault\).*kept'
recorded crash prog
in_summary crash '`busy_part`'
t_done

t_begin "kill -9: said, the record kept"
run kill -- ./prog kill
t_equal status 137 $status
said 'killed by signal 9 \(Killed\)'
recorded kill prog
in_summary kill 'killed by signal 9'
t_done

t_begin "an end at once is said to tell little"
run once -- /bin/true
t_equal status 0 $status
said 'CPU samples? says? little'
[ -s once/true.vprof ] || t_bad "no record"
t_done

t_begin "a program that is not there, or is none"
run none -- no-such-program x
t_equal status 127 $status
said 'no-such-program cannot be started: No such file'
[ -e none ] && t_bad "it made a directory"
echo text >text
run none -- ./text
t_equal status 126 $status
said 'text cannot be started: Permission denied'
printf '#!/no/such/shell\n' >script
chmod +x script
run none -- ./script
t_equal "status of a script" 127 $status
said 'script cannot be started: its interpreter /no/such/shell: No such file'
t_done

t_begin "a static program is not run; it is said why"
run static -- "$PROBE/static_hello"
t_equal status 125 $status
t_equal output "" "$(cat said)"
said 'static_hello cannot be profiled: it is linked statically'
[ -e static ] && t_bad "it made a directory"
t_done

t_begin "a set-user-ID program of someone else is not run; it is said why"
if t_is_root; then
	cp prog setuid_prog
	chown nobody setuid_prog
	chmod 4755 setuid_prog
	run setuid -- ./setuid_prog
	t_equal status 125 $status
	said 'setuid_prog cannot be profiled: .*set-user-ID'
	chmod 755 setuid_prog
	run setuid -- ./setuid_prog
	t_equal "status without the bit" 0 $status
	t_done
else
	t_skip "only root can give files away"
fi

t_begin "SIGINT ends the target and the remaining runs; the report is written"
rm -f said
env --default-signal=INT "$RUN" --out int --symbols A B -- ./prog wait '{symbol}' >said 2>err &
pid=$!
t_pids=$pid
begun said
sleep 1
kill -INT $pid
wait $pid
t_equal status 130 $?
t_pids=
t_equal output "<wait> <A>" "$(grep '^<' said)"
said 'killed by signal 2 \(Interrupt\)'
said 'ending after 1 of 2 runs'
recorded int prog-A
in_summary int '`busy_part`'
in_summary int '1 more run did not take place'
t_done

t_begin "--duration: SIGTERM when it is over; who is deaf is killed"
run time --duration 1 -- ./prog wait
t_equal status 0 $status
in_summary time 'was ended after 1.*, as asked'
recorded time prog
run deaf --duration 0.5 -- ./prog deaf
t_equal "status of the deaf one" 137 $status
said 'did not end when told to'
recorded deaf prog
t_done

t_begin "--duration: who dies of SIGTERM is searched then"
run lose --duration 1 -- ./prog lose
t_equal status 0 $status
lost() { t_json '"\(.examined.search) \(.examined.trigger) \(.totals.lost.blocks)/\(.totals.lost.bytes)"' leaks "$1"; }
t_equal "what was lost" "complete term 7/700" "$(lost lose/prog.vprof)"
t_equal "how it ended" killed "$(t_json .run.status info lose/prog.vprof)"
in_summary lose 'Verdict: \*\*leak: 700 B lost\*\*'
in_summary lose '^Pointers to [0-9]+ blocks were looked for at the signal that ended it, after 1\.'
run lose23 --duration 1 --gate -- ./prog lose
t_equal "status of the gate" 23 $status
VPROF_OPTIONS=leakscan=exit run early --duration 1 -- ./prog lose
t_equal "what was lost before" "complete ctl 7/700" "$(lost early/prog.vprof)"
in_summary early '^Pointers to [0-9]+ blocks were looked for before it was told to end, after .*did since was not'
run unasked --duration 1 --skip-leak-test -- ./prog lose
t_equal "without the leak test" "none " "$(lost unasked/prog.vprof | cut -d' ' -f1,2)"
t_done

t_begin "--fail-if: a budget makes the status, and is shown"
run kept --fail-if 'allocs(lose)>100' --fail-if='peak_heap>1TiB' -- ./prog one
t_equal "status of one that is kept" 0 $status
in_summary kept '^\*\*all budgets are kept\*\*'
! grep -q 'Budgets' said || t_bad "the screen has something to say: $(grep Budgets said)"
run broken --duration 1 --fail-if 'allocs(lose)>3' --fail-if 'peak_heap>1TiB' -- ./prog lose
t_equal "status of one that is not" 24 $status
grep -q '^Budgets exceeded: prog$' said || t_bad "the screen does not name the run"
grep -q 'allocs(lose)>3: the run has 8$' said || t_bad "the screen does not say how many"
grep -q '^    lose.*prog.c:' said || t_bad "the screen does not say where"
in_summary broken '^### Budgets'
in_summary broken '^\*\*a budget is exceeded\*\*'
run gated --duration 1 --gate --fail-if 'allocs(lose)>3' -- ./prog lose
t_equal "status of both" 23 $status
run nobody --fail-if 'allocs(looose)>3' -- ./prog one
t_equal "status where nobody bears the name" 2 $status
grep -q "cannot be judged: no function 'looose' was seen; did you mean 'lose'" said || t_bad "the screen does not say why"
! grep -q 'all budgets are kept' nobody/profiling_summary.md || t_bad "the summary says that it is kept"
run forty2 --fail-if 'allocs(looose)>3' -- ./prog fail
t_equal "status of the program before that" 42 $status
run misread --fail-if 'alocs>3' -- ./prog one
t_equal "status of what is no budget" 125 $status
said 'did you mean allocs'
[ ! -e misread ] || t_bad "it ran all the same"
run valueless --fail-if -- ./prog one
t_equal "status without a budget" 125 $status
t_done

t_begin "a lock has its place in the summary, with who had it"
run locks -- "$PROBE/contracts" lock 3 60 0
t_equal status 0 $status
in_summary locks '^\| [0-9.]+ ms \| [0-9]+ \| .* \| mutex `m_book.*` \| feed, [0-9.]+ ms.* of it in `usleep` \| `read_book\(\)` \| contracts.cpp:'
t_done

t_begin "other signals are handed on; LD_PRELOAD and VPROF_OPTIONS of the caller are kept"
cat >asks.sh <<'END'
trap 'echo got USR1; exit 7' USR1
echo "preload ${LD_PRELOAD#*:}" "options ${VPROF_OPTIONS%%out=*}"
while :; do sleep 0.1; done
END
rm -f said
LD_PRELOAD=libm.so.6 VPROF_OPTIONS=cpu=99 "$RUN" --out usr -- bash asks.sh >said 2>err &
pid=$!
t_pids=$pid
begun said
kill -USR1 $pid
wait $pid
t_equal status 7 $?
t_pids=
t_equal output "preload libm.so.6 options mode=ci:cpu=99:" "$(head -n 1 said)"
grep -q 'got USR1' said || t_bad "SIGUSR1 did not arrive"
t_equal "asked rate" 99 "$(t_json .sampling.asked_hz info usr/bash.vprof)"
in_summary usr '`bash@sleep\.[0-9]+\.vprof`: process'
t_done

t_begin "a shell's child that does the work stands for the run"
run child -- sh -c './prog one; :'
t_equal status 0 $status
t_equal "main process" prog "$(t_json '.run.exe|split("/")|last' info child/sh.vprof)"
t_done

t_begin "directories with blanks, quotes and percent signs; --out must be new or empty"
mkdir -p 'a "b% c'
run 'a "b% c' -- ./prog one
t_equal status 0 $status
recorded 'a "b% c' prog
run ok -- ./prog one
t_equal "status of a full --out" 125 $status
said 'ok: it is there and is not an empty directory'
t_done

t_begin "--skip-cpu, --skip-memory, --skip-leak-test"
run nocpu --skip-cpu -- ./prog one
t_equal engine off "$(t_json '.sampling.engine' info nocpu/prog.vprof)"
grep -q '### CPU' nocpu/profiling_summary.md && t_bad "a CPU section"
run nomem --skip-memory -- ./prog one
t_equal heap off "$(t_json '.sampling.heap_mode' info nomem/prog.vprof)"
grep -qE '### (Memory|Leaks)' nomem/profiling_summary.md && t_bad "a memory section"
run noleak --skip-leak-test -- ./prog one
grep -q '### Leaks' noleak/profiling_summary.md && t_bad "a leak section"
in_summary noleak '### Memory'
t_done

t_begin "the bundled programs, by component and symbol"
run both --duration 1 --symbols SOL/USDT ETH/USDT
t_equal status 0 $status
for name in virtuoso-SOL-USDT monitor-SOL-USDT virtuoso-ETH-USDT monitor-ETH-USDT; do
	recorded both $name
done
in_summary both 'fill_density'
run one --duration 1 --component monitor
t_equal records monitor-BTC-USDT.vprof "$(cd one && echo *.vprof)"
t_done

t_begin "bad usage: one line and status 125, nothing run"
while IFS='|' read -r pattern arguments; do
	# shellcheck disable=SC2086
	run bad $arguments
	t_equal "status of $arguments" 125 $status
	t_equal "lines of $arguments" 1 "$(wc -l <err)"
	said "$pattern"
	[ -e bad ] && t_bad "$arguments made a directory"
done <<-'END'
	no option '--nonsense'|--nonsense
	wants seconds|--duration soon
	wants a value|--symbols
	not 'other'|--component other
	COMMAND has \{symbol\}|-- ./prog {symbol}
	needs a \{symbol\}|--symbols A -- ./prog
	does not go with a COMMAND|--component monitor -- ./prog
	no COMMAND behind --|--
	leave nothing to measure|--skip-cpu --skip-memory
END
t_done

t_begin "without --out the directory is named after the time"
mkdir named
(cd named && "$RUN" -- ../prog one >/dev/null 2>&1)
made=$(echo named/*)
[[ $made =~ ^named/profile_results_[0-9]{8}_[0-9]{6}$ ]] || t_bad "there is $made"
t_done

t_end

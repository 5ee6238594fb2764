#!/bin/bash
# What to look at first: each hint on a program that deserves it and one that does not, with
# a command that works, whatever files are called.
. "$(dirname "$0")/../lib.sh"

place="$T/a b'c\$HOME \"d\" é;x"
mkdir "$place"
cd "$place" || exit 1

cat >host.cpp <<'END'
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

static volatile double sink;
static void *volatile kept[4096];
static double used()
{
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
__attribute__((noinline)) void turn(double seconds)
{
	for (double end = used() + seconds; used() < end;)
		for (int i = 0; i < 2000000; i++)
			sink = sink * 0.5 + i;
}
__attribute__((noinline)) void turn_in_main(double seconds)
{
	for (double end = used() + seconds; used() < end;)
		for (int i = 0; i < 2000000; i++)
			sink = sink * 0.25 + i;
}
static const char *how()
{
	const char *text = getenv("HINTS");
	return text ? text : "";
}
struct early {
	early()
	{
		if (!strcmp(how(), "constructor"))
			turn(0.6);
	}
} early_one;
__attribute__((noinline)) void lose(int blocks)
{
	for (int i = 0; i < blocks; i++)
		kept[0] = malloc(1000);
	kept[0] = NULL;
}
__attribute__((noinline)) void keep(int blocks)
{
	for (int i = 0; i < blocks; i++)
		kept[i % 4096] = malloc(1000);
}
__attribute__((noinline)) void churn(double seconds)
{
	for (double end = used() + seconds; used() < end;)
		for (int i = 0; i < 100000; i++) {
			kept[1] = malloc(24 + i % 100);
			free(kept[1]);
		}
}
__attribute__((noinline)) void ask_kernel(double seconds)
{
	static char bytes[1 << 20];
	int fd = open("/dev/zero", O_RDONLY);

	for (double end = used() + seconds; used() < end;)
		for (int i = 0; i < 20; i++)
			if (read(fd, bytes, sizeof(bytes)) < 0)
				abort();
}
int main()
{
	const char *what = how();

	if (!strcmp(what, "lose"))
		lose(100);
	if (!strcmp(what, "keep"))
		keep(4000);
	if (!strcmp(what, "hot"))
		turn_in_main(0.6);
	if (!strcmp(what, "constructor"))
		turn_in_main(0.3);
	if (!strcmp(what, "churn"))
		churn(0.8);
	if (!strcmp(what, "kernel"))
		ask_kernel(0.6);
	if (!strcmp(what, "wait"))
		sleep(2);
	return 0;
}
END
g++ -g -O1 -o 'the host' host.cpp || { t_begin build; t_fail "g++"; t_end; }

# hints HOW [OPTIONS]: records it; $rules are the rules that spoke, texts in ./texts
hints() {
	rm -f ./*.vprof
	HINTS=$1 VPROF_OPTIONS=${2-} LD_PRELOAD=$LIB './the host' 2>err || t_bad "$1: status $?"
	"$REPORT" summary --format json 2>err >answer || t_bad "$1: $(head -n 1 err)"
	jq -r '.findings[].text' answer >texts
	rules=$(jq -r '[.findings[].rule] | join(" ")' answer)
	! grep -qiE 'libvprof|profiler|ld-linux|_dl_' texts || t_bad "$1: about us or the loader: $(head -n 3 texts)"
	jq -r '.findings[].command' answer >commands
	while read -r line; do
		(PATH=$B:$PATH && eval "$line") >said 2>err
		case $? in 0 | 26) ;; *) t_bad "'$line' fails: $(head -n 1 err)" ;; esac # 26: doctor's
	done <commands
}
has() { # RULE [TEXT]
	[[ " $rules " == *" $1 "* ]] || t_bad "no hint $1, but: $rules"
	[ -z "${2-}" ] || grep -qE -- "$2" texts || t_bad "nothing says /$2/: $(tr '\n' '|' <texts)"
}
hasnt() { # RULE...
	local rule
	for rule; do
		[[ " $rules " != *" $rule "* ]] || t_bad "a hint $rule: $(tr '\n' '|' <texts)"
	done
}

t_begin "a run too short says so, and how long would be enough"
hints nothing
t_equal rules short "$rules"
has short 'too short.* samples? in .*; 30 are enough, 120\.0 ms at 250 Hz'
"$REPORT" summary | grep -q 'too short' || t_bad "the screen does not say so"
t_done
t_begin "blocks that are reachable are nobody's fault, lost ones are somebody's"
hints keep
hasnt leak unsearched
t_equal verdict clean "$(jq -r .verdict <<<"$("$REPORT" leaks --format json)")"
hints lose
has leak '^97\.7 KiB leaked, nothing in use points to them: 100 blocks from lose'
grep -q '^vprof-report leaks ' commands || t_bad "the command is another"
t_done
t_begin "a hot function"
hints hot
has hot-function '[0-9]+% of the CPU time is spent in turn_in_main'
hasnt short leak idle
t_done
t_begin "a hot function of a stripped program has no name: what to ask"
cp 'the host' whole
strip 'the host'
hints hot
has hot-function 'the host\+0x[0-9a-f]+ itself, which has no name here'
grep -q '^vprof-report doctor ' commands || t_bad "the command is another: $(head -n 1 commands)"
mv whole 'the host'
t_done
t_begin "what constructors do is start-up, and kept apart"
hints constructor
has hot-function 'turn_in_main'
grep -q 'turn(' texts && t_bad "a hint about the constructor: $(cat texts)"
"$REPORT" summary | grep -qE '^ +[4-9][0-9]% of it at start-up' || t_bad "the screen does not tell its share"
share=$(jq '100 * .startup_cpu_ns / .cpu_ns | floor' answer)
t_near "share of start-up" 66 "$share" 12
hints hot
t_near "of a program that does not" 0 "$(jq '100 * .startup_cpu_ns / .cpu_ns | floor' answer)" 3
t_done
t_begin "malloc and free take the time, freed at once"
hints churn
has allocator '[0-9]+% of the CPU time goes into malloc and free: .* by churn.* freed at once: reuse one buffer'
grep -q 'heap --sort temporary' commands || t_bad "the command is another"
hints hot
hasnt allocator
t_done
t_begin "the kernel, and for whom"
hints kernel
if [ "$(t_json '.sampling.engine' info ./*.vprof)" = perf ]; then
	has kernel "[0-9]+% of the CPU time is the kernel's.*"
	[ "$(t_json '.sampling.exclude_kernel' info ./*.vprof)" = true ] || has kernel 'for .*read'
fi
hints kernel engine=timer
hasnt short
t_done
t_begin "it waited"
hints wait
t_equal rules idle "$rules"
hints hot
hasnt idle
t_done
t_begin "no samples: why, and what to ask"
hints hot cpu=off
hasnt unsampled short hot-function
filter=$PROBE/refused
number=$(echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_perf_event_open //p')
rm -f ./*.vprof
HINTS=hot "$filter" 1 "$number" env VPROF_OPTIONS=engine=perf "LD_PRELOAD=$LIB" './the host' 2>err
"$REPORT" summary --format json 2>err | jq -r '.findings[] | .rule + " " + .command' >rules
grep -q '^unsampled vprof-report doctor ' rules || t_bad "not said: $(cat rules)"
t_done
t_end

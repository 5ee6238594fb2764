#!/bin/bash
# vprof-report doctor: each check finds what was set up for it, and nothing where it was not.
. "$(dirname "$0")/../lib.sh"

cd "$T" || exit 1
cat >prog.c <<'END'
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static volatile double sink;
__attribute__((noinline)) static void busy_part(double seconds)
{
	struct timespec t;
	do {
		for (int i = 0; i < 1000000; i++)
			sink = sink * 0.5 + i;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec + t.tv_nsec / 1e9 < seconds);
}
int main(int argc, char **argv)
{
	busy_part(argc > 1 ? atof(argv[1]) : 0.3);
	return 0;
}
END
gcc -g -O1 -o prog prog.c || { t_begin build; t_fail "gcc"; t_end; }
refused=$PROBE/refused
number() {
	echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n "s/^#define __NR_$1 //p"
}

# doctor WHAT...: its table in said, its JSON in answer, the status in $status
doctor() {
	"${with[@]}" "$REPORT" doctor "$@" >said 2>err
	status=$?
	"${with[@]}" "$REPORT" doctor "$@" --format json >answer 2>>err
	[ ! -s err ] || t_bad "stderr: $(head -n 1 err)"
	jq -e . answer >jq.out 2>&1 || t_bad "no JSON"
	[ "$(jq '[.checks[] | select((.health != "fine") != (.fix != null))] | length' answer)" = 0 ] ||
		t_bad "a finding without a fix, or a fix without one"
	awk 'length > 80' said | grep -vE '/[^ ]{30,}' >long # but for paths
	[ ! -s long ] || t_bad "wider than 80 columns: $(head -n 1 long)"
}
with=()
health() { # ABOUT
	jq -r --arg about "$1" '[.checks[] | select(.about == $about) | .health] | join(" ")' answer
}
says() { # ABOUT HEALTH [TEXT [FIX]]
	[[ " $(health "$1") " == *" $2 "* ]] || t_bad "$1 is '$(health "$1")', not $2"
	jq -r --arg about "$1" '.checks[] | select(.about == $about) | "\(.text) > \(.fix)"' answer >check
	[ -z "${3-}" ] || grep -qE -- "$3.* > .*${4-}" check || t_bad "$1 does not say /$3 > ${4-}/: $(cat check)"
}
silent() { # ABOUT...: not mentioned, or fine
	local about
	for about; do
		case $(health "$about") in '' | fine) ;; *) t_bad "$about: $(jq -r --arg a "$about" '.checks[] | select(.about == $a) | .text' answer)" ;; esac
	done
}

t_begin "the machine"
doctor
says library fine
says "C library" fine '^glibc 2\.'
says libunwind fine
says trial fine 'a program was recorded'
silent "file size" "address space" descriptors place
t_equal "status fits what it says" "$([ "$(jq -r .verdict answer)" = fine ] && echo 0 || echo 26)" $status
t_equal "files left behind" "" "$(ls -d "${TMPDIR:-/tmp}"/vprof-doctor-* 2>/dev/null)"
t_equal "records in the working directory" "" "$(t_files .)"
machine=$(health "perf events")
t_done

t_begin "perf refused by a filter, and with what errors"
with=("$refused" 1 "$(number perf_event_open)")
doctor
says "perf events" less 'refused: a seccomp filter' 'PERFMON'
[ -n "$(health timer)" ] || t_bad "nothing about the rate of timers"
says trial fine 'timer, because perf_event_open was refused'
t_equal status 26 $status
with=("$refused" 38 "$(number perf_event_open)")
doctor
says "perf events" less 'seccomp filter'
with=()
doctor
t_equal "without a filter" "$machine" "$(health "perf events")"
t_done

t_begin "perf refused to those who are not root: perf_event_paranoid"
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
if t_is_root && echo 2 2>/dev/null >/proc/sys/kernel/perf_event_paranoid; then
	mkdir -m 777 nobody
	chmod 755 "$T"
	with=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all env -C "$T/nobody")
	doctor
	says "perf events" less 'user code only \(perf_event_paranoid is 2\)' 'sysctl kernel.perf_event_paranoid=1'
	echo -1 >/proc/sys/kernel/perf_event_paranoid
	doctor
	says "perf events" fine 'kernel.s functions included'
	echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
	t_done
else
	t_skip "the setting cannot be changed here"
fi
with=()

t_begin "limits: descriptors, file size, address space"
with=(prlimit --nofile=64)
doctor
[ "$machine" != fine ] || says descriptors less '64 are allowed: CPU samples of 48 threads' 'ulimit -n'
with=(prlimit --fsize=33554432)
doctor
says "file size" less 'limited to 32.0 MiB' 'ulimit -f'
with=(prlimit --fsize=500000)
doctor
says "file size" bad 'no record fits' 'ulimit -f'
says trial bad 'no record: .*file size limit'
with=(prlimit --as=2000000000)
doctor
silent "address space"
with=(prlimit --as=200000000)
doctor
says "address space" less 'limited to'
with=()
t_done

t_begin "the place: not there, not writable, full; VPROF_OUT and out= name it"
mkdir -p fine
VPROF_OUT=$T/no/such/%e.vprof doctor
says place bad 'No such file' VPROF_OUT
VPROF_OPTIONS="cpu=99:out='$T/no/such/%e.vprof':tick=50" doctor
says place bad 'no/such: No such file'
VPROF_OUT=$T/fine/%e.vprof doctor
silent place
says room "$(health room)" "$T/fine"
if t_is_root && mkdir small && mount -t tmpfs -o size=20m,mode=1777 vprof-test small 2>/dev/null; then
	trap 'umount -l "$T/small" 2>/dev/null; t_cleanup' EXIT
	VPROF_OUT=$T/small/x doctor
	says room less 'has 20.0 MiB left' 'size='
	head -c 17M /dev/zero >small/data
	VPROF_OUT=$T/small/x doctor
	says room bad 'no record is begun'
	umount small
	mkdir -m 555 locked
	with=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 755 "$T"
	VPROF_OUT=$T/locked/x doctor
	says place bad 'Permission denied' 'VPROF_OUT=/tmp'
	with=()
fi
t_done

t_begin "options that are wrong"
VPROF_OPTIONS=cpu=many doctor
says trial bad "no record: libvprof: VPROF_OPTIONS: cpu: bad value 'many'"
t_done

# --- a program ---------------------------------------------------------------------
t_begin "a program with all, with names only, and stripped"
doctor ./prog
says program fine
says lines fine 'names, files and lines'
silent names stacks heap
gcc -O1 -o plain prog.c
doctor ./plain
says lines less 'without -g' 'build it with -g'
silent names
strip -o stripped prog
doctor ./stripped
says names less 'stripped' 'build it with -g.*DEBUGINFOD_URLS'
DEBUGINFOD_URLS='' doctor ./stripped
t_done
t_begin "a separate debug file: there, and gone"
objcopy --only-keep-debug prog parted.debug
strip -o parted prog
objcopy --add-gnu-debuglink=parted.debug parted
doctor ./parted
says lines fine 'from .*parted.debug'
rm parted.debug
doctor ./parted
says names less 'the debug file it names is not here'
t_done
t_begin "a file of a package: which package has its debug file"
if t_need dpkg && dpkg -S /usr/bin/find >/dev/null 2>&1; then
	doctor find
	says names less stripped 'install findutils-dbgsym'
	t_done
fi
t_begin "no unwind table, a malloc of its own"
gcc -g -O1 -fno-asynchronous-unwind-tables -Wl,--no-eh-frame-hdr -o bare prog.c
doctor ./bare
says stacks less 'no unwind table' '-fasynchronous-unwind-tables'
doctor "$PROBE/own_malloc"
says heap less 'defines malloc itself'
doctor ./prog
silent stacks heap
t_done
t_begin "a script, and what is no program"
printf '#!/bin/sh\n' >script && chmod +x script
doctor ./script
says program fine 'is a script; /bin/sh is what is profiled'
printf '#!/usr/bin/env -S FOO=1 sh -e\nexit 0\n' >script
doctor ./script
says program fine 'is a script; .*/sh is what is profiled'
doctor no-such-program
says program bad 'cannot be started: No such file'
"$REPORT" doctor a b >said 2>err
t_equal "status of two" 1 $?
t_equal "lines about two" 1 "$(wc -l <err)"
t_done

# --- a record ----------------------------------------------------------------------
# record NAME OPTIONS COMMAND...
record() {
	local name=$1 options=$2
	shift 2
	"${before[@]}" env VPROF_OPTIONS="$options" VPROF_OUT="$T/$name.vprof" "LD_PRELOAD=$LIB" "$@" >out 2>err
	doctor "$name.vprof"
}
before=()
t_begin "a run that suffered from nothing that it can help"
record good "" ./prog
silent "few samples" "lost samples" threads "cut stacks" names lines heap helper "ended early" room damaged history
[ "$machine" != fine ] || t_equal "status" "0 fine" "$status $(jq -r .verdict answer)"
t_done
t_begin "a run too short"
record short "" ./prog 0
says "few samples" less 'they say little' '30 are enough, 120.0 ms of CPU time at 250 Hz'
t_done
t_begin "no samples, and samples by a timer, because a filter refused perf"
before=("$refused" 1 "$(number perf_event_open)")
record none engine=perf ./prog
says "CPU samples" bad 'none: perf_event_open refused' 'doctor, without a file'
record timer "" ./prog
says "CPU samples" less 'timer: timer, because perf_event_open was refused'
before=()
record asked engine=timer ./prog
says "CPU samples" fine
record off cpu=off ./prog
says "CPU samples" fine 'as asked'
t_done
t_begin "names and lines"
record stripped "" ./stripped
says names less '[0-9]+% of the CPU time is in functions of .*/stripped without names' 'build it with -g'
record plain "" ./plain
says lines less '/plain without file and line' 'build it with -g'
cp prog again
record again "" ./again
gcc -g -O1 -DOTHER -o again -x c - <<<'int main(void) { return 1; }'
doctor again.vprof
says replaced less 'not the files that ran.*again'
t_done
t_begin "a full record, a damaged one"
record wrapped size=1M:cpu=20000 ./prog 1.5
says history less 'were overwritten' 'size='
head -c 150000 good.vprof >cut.vprof
"$REPORT" doctor cut.vprof >said 2>err
t_equal "status of a damaged one" 26 $?
grep -qE '^bad +damaged' said || t_bad "not said: $(cat said)"
head -c 100 good.vprof >cut.vprof
"$REPORT" doctor cut.vprof >said 2>err
t_equal "status of an unreadable one" 2 $?
t_done
t_begin "a malloc of its own, a helper that was refused"
record own "" "$PROBE/own_malloc"
says heap less 'defines malloc itself'
t_done
t_end

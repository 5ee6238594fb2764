#!/bin/bash
# Every function of libc that may block is hooked, with its second names and its forms: found
# in libc's own code (test/lint_blocking.py), not in a list. And each hook lies in .eh_frame:
# without an entry there a thread that is cancelled in it would end without a word, its
# handlers not run and its locks kept.
. "$(dirname "$0")/../lib-lint.sh"
. "$(dirname "$0")/../lib-house.sh"

# What does not wait for anything outside, or is not called by what waits: NAME... : REASON
cat >"$T/excused" <<'END'
__libc_calloc __libc_free __libc_malloc __libc_memalign __libc_pvalloc __libc_realloc __libc_valloc cfree : memory, and second roads to it (control/roads.c)
__sbrk __sigaction __pthread_key_create : second names of hooks that do not wait
pthread_spin_init : the code of unlock, on a lock that nobody has
pthread_tryjoin_np sem_trywait pthread_condattr_getclock pthread_condattr_setclock : never wait
sem_post pthread_mutex_init __pthread_mutex_init pthread_mutexattr_settype pthread_mutexattr_setkind_np __pthread_mutexattr_settype pthread_mutex_setprioceiling pthread_barrier_destroy pthread_kill_other_threads_np : wake, or set up
posix_fadvise posix_fadvise64 mq_open mq_close fdopen fdopendir _IO_fdopen isastream tcgetattr tcsetattr herror : ask, open or change something that is there
_IO_proc_open : popen: a child is started, and not waited for
aio_cancel aio_cancel64 aio_fsync aio_fsync64 : hand a request over
monstartup __monstartup _mcleanup : of profiling by the compiler
clnt_broadcast clnt_pcreateerror clnttcp_create svc_run rcmd_af rtime lckpwdf : remote calls and password files of old
END

missing() { # HOOKED
	sed 's/ : .*//' "$T/excused" | tr ' ' '\n' >"$T/names"
	"$PYTHON" "$TOP/test/lint_blocking.py" "$libc" "$1" >"$T/found" || echo "it cannot be told"
	grep -vwFf "$T/names" "$T/found"
}
# uncovered OBJECT: its functions of which no entry of .eh_frame tells
uncovered() {
	{
		readelf --debug-dump=frames "$1" 2>/dev/null |
			sed -nE 's/.* FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+).*/E \1 \2/p'
		readelf -SW "$1" | sed -nE 's/^ *\[ *[0-9]+\] (\.plt\S*) +PROGBITS +(\S+) +\S+ +(\S+).*/F \2 \1 \3/p'
		nm -S "$1" | awk 'NF == 4 && $3 ~ /[Tt]/ { print "F", $1, $4, $2 }'
	} | "$PYTHON" -c '
import sys
entries, functions = [], []
for line in sys.stdin:
    field = line.split()
    if field[0] == "E":
        entries.append((int(field[1], 16), int(field[2], 16)))
    else:
        functions.append((int(field[1], 16), int(field[3], 16), field[2]))
entries.sort()
import bisect
starts = [entry[0] for entry in entries]
for at, size, name in functions:
    i = bisect.bisect_right(starts, at) - 1
    if i < 0 or at + size > entries[i][1]:
        print(name, "is not in .eh_frame")
if not entries or not functions:
    print("nothing to look at")' || echo "it cannot be told"
}

PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=python3
libc=$(ldd /bin/true | awk '$1 == "libc.so.6" { print $3 }')
hooks_listed "$TOP/libvprof/base/real.def" | sed 's/@.*//' | sort -u >"$T/hooked"
status=0
found=$(missing "$T/hooked")
if [ -n "$found" ]; then
	sed 's/^/FAIL blocking: not hooked: /' <<<"$found"
	status=1
else
	echo "ok blocking: every name of $(basename "$libc") that may block is hooked"
fi
# Two are entered by the kernel, and are nobody's callee.
found=$(uncovered "$B/libvprof.so" | grep -vE '^(vp_sys_restore|vp_task_clone) ')
if [ -n "$found" ]; then
	sed 's/^/FAIL blocking: /' <<<"$found"
	status=1
else
	echo "ok blocking: each function of the library is in .eh_frame"
fi

# Every law has its own planted violation.
"$PYTHON" "$TOP/test/lint_blocking.py" "$libc" "$T/hooked" read __read_chk __read epoll_pwait2 \
	nanosleep sem_clockwait mq_receive pread64 __open_2 fread_unlocked thrd_sleep wait semop \
	lockf _IO_getc >"$T/planted"
found=$(grep -vE '^[a-zA-Z_0-9]+ found$' "$T/planted")
if [ -n "$found" ] || [ "$(wc -l <"$T/planted")" != 15 ]; then
	echo "FAIL blocking does not see: $found left out"
	status=1
else
	echo "ok blocking sees: names that are left out"
fi
printf 'int f(void) { return 1; }\nint main(void) { return f(); }\n' |
	gcc -O0 -fno-asynchronous-unwind-tables -o "$T/planted.o" -x c - || exit 1
uncovered "$T/planted.o" >"$T/planted"
if grep -qx 'f is not in .eh_frame' "$T/planted"; then
	echo "ok blocking sees: a function without an entry"
else
	echo "FAIL blocking does not see: a function without an entry"
	status=1
fi
exit $status

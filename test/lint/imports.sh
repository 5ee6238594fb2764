#!/bin/bash
# libvprof.so takes nothing from libc that libvprof.imports does not name with a
# reason: every name may be somebody else's in the process.  And some that no reason excuses.
. "$(dirname "$0")/../lib-lint.sh"

# Memory, streams and calls of the kernel: ours are base/private_heap.h, base/log.h, base/sys.h.
never='.*alloc.*|.*memalign|free|strn?dup|as?printf|.*printf|.*scanf|f?put[cs]|putchar|f?get[cs]|getline|f?open(at)?(64)?|f(close|flush|read|write|gets|puts|seek|dopen)|perror|stderr|p?(read|write)v?(64)?|close|mmap(64)?|munmap|mprotect|madvise|brk|sbrk|ioctl|fcntl(64)?|clone|fork|vfork|kill|nanosleep|usleep|sleep|getenv|secure_getenv|system|popen'

listed() {
	sed -n '/^#/d; s/ : .*//p' "$1" | tr ' ' '\n' | grep . | sort -u
}
imported() {
	nm -D --undefined-only "$B/libvprof.so" | awk '{ sub(/@.*/, "", $2); print $2 }' | sort -u
}
law() { # LIST
	comm -13 <(listed "$1") "$T/imported" | sed 's/$/ is taken from libc, and no reason given/'
	comm -23 <(listed "$1") "$T/imported" | sed 's/$/ is listed and not taken/'
	listed "$1" | grep -xE "$never" | sed 's/$/ is what no reason excuses/'
	grep -vE '^(#|$)|^[A-Za-z_0-9 ]+ : .{4}' "$1" | sed 's/$/: a line without names or reason/'
}

list=$TOP/libvprof/libvprof.imports
imported >"$T/imported"
status=0
found=$(law "$list")
if [ -n "$found" ]; then
	sed 's/^/FAIL imports: /' <<<"$found"
	status=1
else
	echo "ok imports"
fi

# Every law has its own planted violation: sees WHAT MESSAGE, of the list $T/planted
sees() {
	if law "$T/planted" | grep -q "$2"; then
		echo "ok imports sees: $1"
	else
		echo "FAIL imports does not see: $1"
		status=1
	fi
}
sed 's/^dlvsym dladdr1/dlvsym/' "$list" >"$T/planted"
sees "a name without a reason" '^dladdr1 is taken'
(cat "$list" && echo 'qsort : a reason') >"$T/planted"
sees "a name that is not taken" '^qsort is listed'
for name in strdup reallocarray fprintf fopen puts write mmap getenv; do
	(cat "$list" && echo "$name : a good reason") >"$T/planted"
	sees "a reason given for $name" "^$name is what no reason excuses"
done
(cat "$list" && echo 'qsort') >"$T/planted"
sees "a line without a reason" '^qsort: a line'
exit $status

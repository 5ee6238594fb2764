#!/bin/bash
# What is named beside the record, and records that are no files: pipes that nobody
# fills, sockets, devices, directories, sparse files, files that shrink, locks that
# others hold. Each ends with a clear line in seconds, and nothing is waited for.
. "$(dirname "$0")/../lib.sh"

report=$B/asan/vprof-report
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99 COLUMNS=100
cd "$T" || exit 1
${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I"$TOP/include" -o mkprof "$TOP/test/golden/mkprof.c" || exit 1
./mkprof leaks a.vprof || exit 1
mkfifo fifo
mkdir directory
"$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
truncate -s 20G sparse
printf 'leak:a\0b\n' >nul
"$report" leaks --format json a.vprof >a.json 2>/dev/null

# ends WITHIN STATUS PATTERN COMMAND...: it ends in so many seconds, says so (-: anything)
ends() {
	local within=$1 status=$2 pattern=$3 got
	shift 3
	timeout -k 1 "$within" "$@" >out 2>err </dev/null
	got=$?
	[ $got = 124 ] && t_bad "${*: -3}: it waits"
	[ $got = "$status" ] || t_bad "${*: -3}: status $got, wanted $status: $(head -c 200 err)"
	[ "$pattern" = - ] || grep -qE "$pattern" err || t_bad "${*: -3}: no '$pattern' in: $(head -c 200 err)"
}

while IFS='|' read -r file pattern; do
	t_begin "second input: $file"
	ends 20 2 "$pattern" "$report" leaks --baseline "$file" a.vprof
	[ "$file" = /dev/null ] || ends 20 1 "$pattern" "$report" leaks --suppressions "$file" a.vprof
	t_done
done <<'END'
fifo|nobody wrote its end in 5 s
socket|is a socket
directory|is a directory
/dev/zero|is too large
/dev/urandom|is too large
sparse|is too large
absent|No such file
/dev/null|neither a ring file nor
nul|neither a ring file|is no text
END

t_begin "a pipe that is filled"
ends 20 23 Gate "$report" leaks --gate --format json --suppressions <(sleep 0.3; echo leak:nothing) a.vprof
ends 20 0 - "$report" leaks --baseline <(cat a.json) a.vprof
t_done

t_begin "a pipe that drips"
(for ((i = 0; i < 40; i++)); do echo "leak:x" && sleep 0.5; done) >fifo 2>/dev/null &
drip=$!
ends 20 1 'nobody wrote its end' "$report" leaks --suppressions fifo a.vprof
kill $drip 2>/dev/null
wait $drip 2>/dev/null
t_done

while IFS='|' read -r file pattern; do
	t_begin "record: $file"
	ends 20 2 "$pattern" "$report" summary "$file"
	ends 20 2 "$pattern" "$report" ctl "$file" pause
	t_done
done <<'END'
fifo|not a regular file
socket|No such device
directory|is a directory
/dev/zero|not a regular file
sparse|larger than any ring file
END

t_begin "a record of 8 GiB that is nothing but holes"
cat >holes.py <<'END'
import os, struct, sys
data = bytearray(open("a.vprof", "rb").read())
gib = 1 << 30
data[16:24] = struct.pack("<Q", 8 * gib)       # file_bytes
data[24:32] = struct.pack("<II", gib, 8)       # extent_bytes, extent_count
data[32:36] = struct.pack("<I", 8)             # extents_used
for kind in range(1, 13):
    row, per, used, extents = struct.unpack_from("<IIII", data, 616 + 16 * kind)
    if row:
        struct.pack_into("<IIII", data, 616 + 16 * kind, row, gib // row, gib // row, 1)
for i in range(1, 8):
    struct.pack_into("<HH", data, 4096 + 4 * i, 0, i)
out = open("holes.vprof", "wb")
out.write(data[:8192])
out.truncate(8 * gib)
END
"$PYTHON" holes.py
(ulimit -v 4000000 && exec timeout 20 "$REPORT" summary holes.vprof) >out 2>err
t_equal status 2 $?
grep -q 'consists of holes' err || t_bad "$(head -c 300 err)"
rm -f holes.vprof
t_done

t_begin "suppressions by the million"
yes leak:abc | head -n 1000000 >million
ends 20 1 'more than 65536 patterns' "$report" leaks --suppressions million a.vprof
t_done

t_begin "a perf map that is a pipe, and one that is a directory"
# A record of a process whose number is above what Linux gives out, and nobody else's.
pid=$((4200000 + 100 * $$ + 99))
cp a.vprof jit.vprof
"$PYTHON" -c 'import struct, sys
f = open("jit.vprof", "r+b")
f.seek(40)
f.write(struct.pack("<I", int(sys.argv[1])))' $pid
t_equal "pid" $pid "$(t_json .run.pid info jit.vprof)"
map=/tmp/perf-$pid.map
mkfifo "$map"
ends 20 0 - "$report" flat jit.vprof
rm -f "$map"
mkdir "$map" && ends 20 0 - "$report" flat jit.vprof
rmdir "$map"
t_done

t_preload "$T/live" "" sleep 60 &
for ((i = 0; i < 100; i++)); do
	file=$(t_file "$T/live") && [ "$(t_json .run.status info "$file")" = running ] && break
	sleep 0.05
done
pid=$(t_json .run.pid info "$file")
t_begin "ctl while somebody else holds the lock"
exec 8<"$file"
flock -x 8
ends 20 1 'holds the lock' "$report" ctl "$file" pause
exec 8<&-
ends 20 0 - "$report" ctl "$file" pause
t_equal answer paused "$(cat out)"
t_done

t_begin "ctl on a file that is cut short"
kill -STOP "$pid"
timeout 20 "$report" ctl "$file" resume >out 2>err &
ctl=$!
sleep 0.3
head -c 1024 "$file" >short.part && cp "$file" whole.part && cat short.part >"$file"
wait $ctl
t_equal status 1 $?
grep -q 'cut short meanwhile' err || t_bad "$(head -c 300 err)"
cat whole.part >"$file"
kill -CONT "$pid"
kill "$pid"
wait 2>/dev/null
t_done

t_begin "an object that is cut short while names are read from it"
if t_need strace; then
	strace -qq -e trace=pread64 -e inject=pread64:signal=SIGBUS:when=10+ -o /dev/null \
		"$REPORT" summary a.vprof >out 2>err
	got=$?
	if grep -q ptrace err; then
		t_skip "no ptrace here"
	else
		t_equal status 2 $got
		grep -q 'cut short' err || t_bad "$(head -c 300 err)"
		t_done
	fi
fi
t_end

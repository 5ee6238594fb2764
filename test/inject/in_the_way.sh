#!/bin/bash
# What keeps a program from being profiled is said in one line with what to do: by the
# library, by vprof-run and by vprof-report. Paths with blanks and colons work.
. "$(dirname "$0")/../lib.sh"

RUN=$B/vprof-run
cd "$T" || exit 1
one_line() { # FILE PATTERN
	t_equal "lines" 1 "$(wc -l <"$1")"
	grep -qE -- "$2" "$1" || t_bad "not said /$2/: $(head -c 400 "$1")"
}
run() { # ARGS...: vprof-run
	rm -rf out
	timeout -k 5 "$T_LIMIT" "$RUN" --out out "$@" >said 2>err </dev/null
	status=$?
}
printf 'int main(void)\n{\n\treturn 3;\n}\n' >prog.c
gcc -o prog prog.c || exit 1

# --- the library ---------------------------------------------------------------
# bare_said DIR OPTIONS COMMAND...: one line of the library on stderr, the program unharmed
t_begin "the working directory cannot be written to: VPROF_OUT"
mkdir -m 555 locked
as=()
! t_is_root || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 "$T"
(cd locked && "${as[@]}" env LD_PRELOAD="$LIB" ../prog >../said 2>../err)
t_equal status 3 $?
one_line err 'cannot record to .*/locked/prog\.[0-9]+\.vprof: Permission denied; not profiling\. VPROF_OUT=.*%e\.%p\.vprof'
hint=$(grep -oE 'VPROF_OUT=[^ ]+' err | sed "s,DIRECTORY,$T/other,")
mkdir -m 777 other
(cd locked && "${as[@]}" env "$hint" LD_PRELOAD="$LIB" ../prog >../said 2>../err)
t_equal "said, with what it says" "" "$(cat err)"
[ -n "$(t_files other)" ] || t_bad "no record in the other place"
(cd locked && "${as[@]}" env VPROF_OPTIONS="out=$T/locked/x" LD_PRELOAD="$LIB" ../prog 2>../err)
one_line err 'out=DIRECTORY.* in VPROF_OPTIONS'
t_done

t_begin "no such directory, somebody else's file, a limit"
VPROF_OUT=$T/none/x LD_PRELOAD=$LIB ./prog 2>err
one_line err 'none/x: No such file or directory; not profiling\. VPROF_OUT='
echo other >taken
VPROF_OUT=$T/taken LD_PRELOAD=$LIB ./prog 2>err
one_line err 'taken: something that is not a vprof file is there; .*VPROF_OUT='
VPROF_OUT=$T/x LD_PRELOAD=$LIB prlimit --fsize=100000 ./prog 2>err
grep -qE 'file size limit.*ulimit -f' err || t_bad "not said: $(head -n 1 err)"
t_done

t_begin "libunwind is not there: what to install"
mkdir empty
: >empty/libunwind-x86_64.so.8
LD_LIBRARY_PATH=$T/empty LD_PRELOAD=$LIB ./prog 2>err
t_equal status 3 $?
one_line err 'cannot load libunwind-x86_64.so.8; not profiling\. Install libunwind .*libunwind8'
LD_LIBRARY_PATH=$T/empty run ./prog
LD_LIBRARY_PATH=$T/empty "$RUN" --out unwound -- ./prog >said 2>err
t_equal "status of vprof-run" 3 $?
grep -q 'left no record: .*vprof-report doctor ./prog' err || t_bad "vprof-run: $(tail -n 1 err)"
LD_LIBRARY_PATH=$T/empty "$REPORT" doctor >said 2>err
t_equal "status of doctor" 26 $?
grep -qE '^bad +libunwind ' said || t_bad "doctor: $(grep libunwind said)"
grep -qE '^bad +trial +no record: .*cannot load libunwind' said || t_bad "trial: $(grep trial said)"
t_done

# Its own tools see the program as if the library were not there.
t_begin "valgrind: said, and it does its work"
if t_need valgrind; then
	for tool in memcheck helgrind drd; do
		rm -rf ground
		mkdir ground
		VPROF_OUT=$T/ground/%e.%p.vprof LD_PRELOAD=$LIB valgrind -q --tool=$tool --fair-sched=yes \
			"$PROBE/lock_order" abba >said 2>err
		t_equal "output, $tool" "ok abba" "$(cat said)"
		t_equal "lines of ours, $tool" 1 "$(grep -c '^libvprof: valgrind runs this program.*; not profiling$' err)"
		t_equal "records but those of what starts it, $tool" "" \
			"$(find ground -name '*.vprof' ! -name '*sh.*' ! -name 'valgrind*')"
		t_equal "what helgrind finds, $tool" "$([ $tool = helgrind ] && echo 1 || echo 0)" \
			"$(grep -c 'lock order ".*" violated' err)"
		t_equal "what is wrong with locks, $tool" 0 "$(grep -cE 'unlocked a not-locked|not locked' err)"
	done
fi
t_done

# --- vprof-report ----------------------------------------------------------------
t_begin "nothing to read: what to type"
mkdir nothing
(cd nothing && "$REPORT" 2>../err)
t_equal status 2 $?
one_line err 'no \*\.vprof file here\. To make one: LD_PRELOAD=/.*libvprof\.so PROGRAM, or vprof-run -- PROGRAM'
t_done
t_begin "a record that may not be read: whose it is"
if t_is_root; then
	VPROF_OUT=$T/mine.vprof LD_PRELOAD=$LIB ./prog
	chmod 600 mine.vprof
	"${as[@]}" "$REPORT" info mine.vprof 2>err
	t_equal status 2 $?
	one_line err 'mine\.vprof: you may not read it: it belongs to root'
	t_done
else
	t_skip "needs another user"
fi
t_begin "vprof-run has no place for its results: --out"
(cd locked && "${as[@]}" "$RUN" -- ../prog >../said 2>../err)
t_equal status 125 $?
one_line err 'no directory for the results .*Permission denied\); --out DIRECTORY'
t_done

# --- programs that cannot be profiled ----------------------------------------------
unfit() { # NAME PROGRAM PATTERN
	t_begin "$1"
	run -- "$2"
	t_equal status 125 $status
	one_line err "cannot be profiled: $3"
	[ -e out ] && t_bad "it made a directory"
	"$REPORT" doctor "$2" >said 2>err
	t_equal "status of doctor" 26 $?
	grep -qE '^bad +program ' said || t_bad "doctor: $(grep program said)"
	t_done
}
unfit "a static program" "$PROBE/static_hello" 'it is linked statically.* link it dynamically'

# header CLASS MACHINE: an ELF header and nothing behind
header() {
	printf "\\x7fELF\\x$1\\x01\\x01\\0\\0\\0\\0\\0\\0\\0\\0\\0\\x02\\0\\x$2\\x$3\\x01\\0\\0\\0"
	head -c 200 /dev/zero
}
header 02 b7 00 >arm && chmod +x arm
header 01 03 00 >i386 && chmod +x i386
header 02 f3 00 >riscv && chmod +x riscv
unfit "a program for ARM" ./arm 'it is a program for 64-bit ARM.* libvprof exists for 64-bit x86 only'
unfit "a program for i386" ./i386 'it is a program for 32-bit x86'
unfit "a program for RISC-V" ./riscv 'it is a program for RISC-V'
printf '#!%s/arm\n' "$T" >foreign.sh && chmod +x foreign.sh
unfit "a script with an interpreter for ARM" ./foreign.sh 'it is a script for .*/arm: it is a program for 64-bit ARM'

t_begin "a program whose loader is not there"
gcc -o lost prog.c -Wl,--dynamic-linker="$T/no/ld-musl-x86_64.so.1"
run -- ./lost
t_equal status 127 $status
one_line err 'cannot be started: the loader it names, .*ld-musl-x86_64\.so\.1, is not on this machine'
t_done
mkdir no
cp /lib64/ld-linux-x86-64.so.2 no/ld-musl-x86_64.so.1
unfit "a program of musl" ./lost 'its C library is musl, and libvprof works with glibc only'

# A C library of an older version, beside a loader of its own.
mkdir old
cp /lib64/ld-linux-x86-64.so.2 old/
printf 'GLIBC_2.2.5 { global: *; };\nGLIBC_2.17 { } GLIBC_2.2.5;\nGLIBC_2.31 { } GLIBC_2.17;\n' >old/map
printf 'int old;\n' >old/c.c
gcc -shared -nostdlib -o old/libc.so.6 old/c.c -Wl,-soname,libc.so.6 -Wl,--version-script=old/map
gcc -o aged prog.c -Wl,--dynamic-linker="$T/old/ld-linux-x86-64.so.2"
unfit "a program of an older glibc" ./aged 'libvprof\.so needs GLIBC_2\.[0-9]+, and its C library, .*/old/libc\.so\.6, is older.*2\.35'
t_begin "the same loader with the C library of this machine is fine"
rm old/libc.so.6
run -- ./aged
t_equal status 3 $status
t_done
t_begin "a program of AddressSanitizer"
if gcc -fsanitize=address -o asan prog.c 2>/dev/null; then
	run -- ./asan
	t_equal status 125 $status
	one_line err 'AddressSanitizer is linked in.* build it without -fsanitize'
	LD_PRELOAD=$LIB ./asan 2>err && t_bad "it starts all the same: the check is wrong"
	t_done
else
	t_skip "no AddressSanitizer here"
fi
t_begin "what is fine is not refused"
for program in ./prog /bin/sh /lib64/ld-linux-x86-64.so.2; do
	"$REPORT" doctor "$program" --format json 2>err | jq -r '.checks[] | select(.about == "program") | .health' >health
	t_equal "$program" fine "$(cat health)"
done
printf '#!/bin/sh\nexit 3\n' >native.sh && chmod +x native.sh
run -- ./native.sh
t_equal "status of a script" 3 $status
t_done

# --- blanks and colons -------------------------------------------------------------
# The whole of it in a directory that LD_PRELOAD cannot name.
odd="$T/my build: 'x' \$y é"
mkdir -p "$odd/bin dir" "$odd/work dir"
cp "$LIB" "$REPORT" "$RUN" "$odd/bin dir/"
cp prog "$odd/work dir/my prog"
printf '#!/bin/sh\n"./my prog" "$@"; "./my prog"; exec "./my prog"\n' >"$odd/work dir/a script" && chmod +x "$odd/work dir/a script"
links() {
	find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vprof-*' -newer "$T/stamp" 2>/dev/null | wc -l
}
t_begin "program, working directory, out and build with blanks, colons, quotes"
touch "$T/stamp"
mkdir "$T/tmp"
(cd "$odd/work dir" && TMPDIR=$T/tmp "$odd/bin dir/vprof-run" --out 'my results' -- './a script' x >said 2>err)
t_equal status 3 $?
t_equal "on stderr" "" "$(grep -v '^vprof-run: ' "$odd/work dir/err")"
t_equal records 4 "$(find "$odd/work dir/my results" -name '*.vprof' | wc -l)"
t_equal "links left behind" "" "$(ls "$T/tmp")"
grep -E '^ +(vprof-report|less) ' "$odd/work dir/said" >next
[ -s next ] || t_bad "no next command"
grep -E '^ +alias' "$odd/work dir/said" >nicknames
while read -r line; do
	(cd "$odd/work dir" && shopt -s expand_aliases && . $T/nicknames && eval "$line") >said 2>err </dev/null ||
		t_bad "'$line' fails: $(head -n 1 err)"
done <next
cp -r "$odd/bin dir" "$T/no colon's \$bin"
(cd other && "$T/no colon's \$bin/vprof-run" --out z -- ../prog >../said 2>../err)
grep -E '^ +PATH=' said >path
t_equal "the PATH it prints" "$T/no colon's \$bin/vprof-report" "$(. ./path && command -v vprof-report)"
"$odd/bin dir/vprof-report" doctor >said 2>err
grep -A9 -E '^less +library ' said | grep -q 'ln -s' || t_bad "doctor says nothing of the path"
t_done

t_begin "who lives on keeps the link, and it is said"
# It waits for the test, or for nobody: five minutes.
cat >"$T/daemon.sh" <<END
#!/bin/sh
(for _ in \$(seq 3000); do [ ! -e "$T/go on" ] || break; sleep 0.1; done; /bin/true) &
exit 0
END
chmod +x daemon.sh
TMPDIR=$T/tmp "$odd/bin dir/vprof-run" --out lives -- ./daemon.sh >said 2>err </dev/null
grep -q 'lives on: .*/tmp/vprof-[A-Za-z0-9]* stays' err || t_bad "not said: $(cat err)"
t_equal "links kept" 1 "$(ls "$T/tmp" | wc -l)"
: >"$T/go on"
for _ in $(seq 100); do
	[ "$(find lives -name '*true*.vprof' | wc -l)" = 1 ] && break
	sleep 0.1
done
t_equal "the late program is recorded" 1 "$(find lives -name '*true*.vprof' | wc -l)"
t_done

t_begin "no place for a link: said"
cat >everywhere.sh <<'END'
mount --bind "$1" /mnt || exit 99
for place in /tmp /var/tmp /dev/shm; do
	mount -t tmpfs -o ro vprof-test "$place" || exit 99
done
cd /mnt/other && exec "/mnt/${2#"$1"/}/vprof-run" --out y -- /bin/true
END
TMPDIR="$T/a b" unshare -m sh everywhere.sh "$T" "$odd/bin dir" >said 2>err
status=$?
if [ $status != 125 ] && { [ $status = 99 ] || grep -q unshare err; }; then
	t_skip "no mount namespace here"
else
	one_line err 'LD_PRELOAD cannot name .* no link to it can be made.*TMPDIR='
	t_equal status 125 $status
	t_done
fi
t_begin "make install into a prefix with blanks"
prefix="$T/opt dir/my app"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$TOP" DESTDIR= PREFIX="$prefix" install >said 2>err ||
	t_bad "make install: $(tail -n 1 err)"
(cd other && "$prefix/bin/vprof-run" --out installed -- ../prog >../said 2>../err)
t_equal status 3 $?
t_equal "records" 1 "$(find other/installed -name '*.vprof' | wc -l)"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$TOP" DESTDIR= PREFIX="$prefix" uninstall >said 2>err ||
	t_bad "make uninstall: $(tail -n 1 err)"
t_equal "left behind" "" "$(find "$prefix" -type f)"
t_done
t_end

#!/bin/bash
# A bad option, a file that cannot be written, a resource that is refused: one
# clear line on stderr, and the program runs unharmed.
. "$(dirname "$0")/../lib.sh"

program=("$PROBE/identity" output 20)
t_run "$T/bare" "${program[@]}"

# What the library said: stderr less what the program itself says there.
said() {
	grep -v '^and a word on stderr$' "$1/err"
}
unharmed() { # DIR
	cmp -s "$T/bare/out" "$1/out" || t_bad "stdout differs"
	t_equal status 17 "$(cat "$1/status")"
}
one_line() { # DIR PATTERN
	t_equal "lines on stderr" 1 "$(said "$1" | wc -l)"
	said "$1" | grep -Eq -- "$2" || t_bad "'$(said "$1" | head -c 300)' does not say $2"
}

rejected() { # OPTIONS PATTERN
	t_begin "$1"
	rm -rf "$T/run"
	t_preload "$T/run" "$1" "${program[@]}"
	unharmed "$T/run"
	one_line "$T/run" "$2"
	t_equal "ring files" 0 "$(t_files "$T/run" | wc -l)"
	t_done
}
rejected nonsense=1 'nonsense.*(out|size).*cpu'
rejected nonsense 'nonsense'
rejected '=5' 'out.*size.*cpu'
rejected size=12Q 'size'
rejected size=10 'size'
rejected size= 'size'
rejected size=-5M 'size'
rejected size=99999999999999999999G 'size'
rejected cpu=fast 'cpu'
rejected cpu=0 'cpu'
rejected cpu=-250 'cpu'
rejected cpu=99999999 'cpu'
rejected cpu=250Hz 'cpu'
rejected heap=perhaps 'heap'
rejected locks=perhaps 'locks'
rejected locks= 'locks'
rejected tick=0 'tick'
rejected tick=soon 'tick'
rejected follow_fork=maybe 'follow_fork'
rejected follow_exec=2 'follow_exec'
rejected engine=steam 'engine'
rejected mode=latency 'mode'
rejected leakscan=sometimes 'leakscan'
rejected leakscan_every=0 'leakscan_every'
rejected leakscan_wait=forever 'leakscan_wait'
rejected start=later 'start'
rejected delay=soon 'delay'
rejected delay= 'delay'
rejected delay=-1 'delay'
rejected delay=1e3 'delay'
rejected duration=0 'duration'
rejected duration=forever 'duration'
rejected args=some 'args'
rejected out= 'out'
rejected help=2 'help'
rejected cpu=250:heap=exact:bogus=7 'bogus'

t_begin "help=1 lists every key"
t_preload "$T/help" help=1 "${program[@]}"
unharmed "$T/help"
for key in out size cpu heap locks tick start delay duration args mode leakscan leakscan_every leakscan_wait follow_fork follow_exec engine help; do
	grep -q "$key=" "$T/help/err" || t_bad "no $key"
done
t_done

t_begin "a very long value"
t_preload "$T/long" "out=$(head -c 9000 /dev/zero | tr '\0' x)" "${program[@]}"
unharmed "$T/long"
one_line "$T/long" out
t_done

t_begin "VPROF_OUT and the patterns of out"
t_run "$T/pattern" env "VPROF_OUT=a-%e-%{WORD}-%p.vprof" WORD=said "LD_PRELOAD=$LIB" "${program[@]}"
unharmed "$T/pattern"
ls "$T/pattern"/a-identity-said-[0-9]*.vprof >/dev/null 2>&1 ||
	t_bad "files: $(ls "$T/pattern")"
t_done

unwritable() { # NAME OPTIONS PATTERN
	t_begin "$1"
	rm -rf "$T/run"
	t_preload "$T/run" "$2" "${program[@]}"
	unharmed "$T/run"
	one_line "$T/run" "$3"
	t_done
}
unwritable "out in a directory that is not there" "out=$T/nowhere/x.vprof" 'nowhere/x.vprof'
unwritable "out is a directory" "out=$T" 'irectory|not a vprof file'
unwritable "out is a device" "out=/dev/full" '/dev/full'
unwritable "out is below a file" "out=/etc/passwd/x.vprof" '/etc/passwd'

t_begin "a read-only directory"
mkdir "$T/readonly"
if t_is_root && t_need setpriv; then
	chmod 755 "$T" "$T/readonly"
	t_run "$T/run-ro" setpriv --reuid=65534 --clear-groups env -C "$T/readonly" \
		"LD_PRELOAD=$LIB" "${program[@]}"
	unharmed "$T/run-ro"
	one_line "$T/run-ro" 'ermission denied'
	t_done
elif [ -n "$t_name" ]; then
	chmod 555 "$T/readonly"
	t_run "$T/run-ro" env -C "$T/readonly" "LD_PRELOAD=$LIB" "${program[@]}"
	unharmed "$T/run-ro"
	one_line "$T/run-ro" 'ermission denied'
	t_done
fi

t_begin "a full disk"
mkdir "$T/small"
if t_is_root && mount -t tmpfs -o size=256k vprof-test "$T/small" 2>/dev/null; then
	t_preload "$T/run-full" "out=$T/small/%p.vprof" "${program[@]}"
	unharmed "$T/run-full"
	one_line "$T/run-full" '[Nn]o space'
	t_equal "bytes left behind" 0 "$(du -sk "$T/small" | cut -f1)"
	# fits at first: the reservation must have been made before
	t_preload "$T/run-full2" "out=$T/small/%p.vprof:size=1M" "${program[@]}"
	unharmed "$T/run-full2"
	one_line "$T/run-full2" '[Nn]o space'
	umount "$T/small"
	t_done
else
	t_skip "no tmpfs can be mounted here"
fi

limited() { # NAME ULIMIT OPTIONS PATTERN
	t_begin "$1"
	rm -rf "$T/run" "$T/run-bare"
	# shellcheck disable=SC2016
	t_run "$T/run" bash -c "ulimit $2; exec env VPROF_OPTIONS=$3 LD_PRELOAD='$LIB' \"\$0\" \"\$@\"" \
		"${program[@]}"
	unharmed "$T/run"
	one_line "$T/run" "$4"
	t_done
}
limited "RLIMIT_FSIZE below the file's size" "-f 512" size=64M 'File too large|file'
limited "RLIMIT_AS: no room for the file" "-v 40000" size=64M 'memory|address space'
limited "RLIMIT_AS: no room for anything" "-v 9000" size=64M 'memory|address space|preload'

# One descriptor is what the loader needs; more may be refused, and that may
# be said in one line.
t_begin "RLIMIT_NOFILE: one descriptor to spare"
# shellcheck disable=SC2016
t_run "$T/nofile" env "LD_PRELOAD=$LIB" bash -c 'ulimit -n 4; exec "$0" "$@"' "${program[@]}"
unharmed "$T/nofile"
[ "$(said "$T/nofile" | wc -l)" -le 1 ] || t_bad "it says $(said "$T/nofile" | head -c 300)"
t_done
t_end

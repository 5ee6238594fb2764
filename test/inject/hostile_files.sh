#!/bin/bash
# Every command on files that are empty, cut, flipped or foreign: one clear
# line and status 2 (or a result, where the damage does not matter), and
# nothing that AddressSanitizer objects to.
# long: thousands of reports under AddressSanitizer
. "$(dirname "$0")/../lib.sh"

report=$B/asan/vprof-report
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99 COLUMNS=100
commands=(summary flat tree "callers main" "callees main" heap leaks timeline threads info
	"export --format heaptrack -o /dev/null" "export --format callgrind -o /dev/null"
	"export --format pprof -o /dev/null")
cd "$T" || exit 1

t_preload "$T/good" size=1M:cpu=1000 "$PROBE/many_sites" 2 0.5
good=$(t_file "$T/good") || { t_begin "a good file"; t_fail "no ring file to damage"; t_end; }
# Each report would read libc's debug information anew, for a tenth of a second: it is made
# one that is not there, by name and by build-id.
libc=$(ldd "$PROBE/many_sites" | awk '$1 ~ /^libc\.so/ { print $3 }')
"$PYTHON" - "$good" "$libc" "$(readelf -n "$libc" | sed -n 's/.*Build ID: //p')" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
path = sys.argv[2].encode()
data = data.replace(path, path[:-4] + b"none").replace(bytes.fromhex(sys.argv[3]), b"none" * 5)
open(sys.argv[1], "wb").write(data)
END

# ask FILE STATUSES: every command; notes what ended otherwise or said too much
ask() {
	local file=$1 allowed=$2 line status
	local -a said
	for line in "${commands[@]}"; do
		# shellcheck disable=SC2086
		set -- $line
		timeout -k 5 60 "$report" "$@" "$file" >"$T/answer" 2>"$T/answer.err"
		status=$?
		case " $allowed " in
		*" $status "*) ;;
		*)
			t_bad "$1 ${file##*/}: status $status, $(grep -m1 -E 'ERROR|rror' "$T/answer.err" | head -c 200)"
			return
			;;
		esac
		[ $status = 2 ] || continue
		mapfile -t said <"$T/answer.err"
		if [ ${#said[@]} != 1 ]; then
			t_bad "$1 ${file##*/}: ${#said[@]} lines: $(head -c 200 "$T/answer.err")"
			return
		fi
		if [[ ${said[0]} != *"${file##*/}"* ]]; then
			t_bad "$1: the line does not name ${file##*/}: $(head -c 200 "$T/answer.err")"
			return
		fi
	done
}

t_begin "the good file"
ask "$good" 0
t_done

t_begin "no such file"
ask "$T/absent.vprof" 2
t_done

t_begin "an empty file"
: >"$T/empty.vprof"
ask "$T/empty.vprof" 2
t_done

t_begin "foreign files"
head -c 100000 /dev/urandom >"$T/random.vprof"
head -c 5000000 /dev/zero >"$T/zeros.vprof"
cp "$PROBE/many_sites" "$T/elf.vprof"
printf 'VPROFRNG' >"$T/magic.vprof"
(printf 'VPROFRNG' && head -c 300000 /dev/urandom) >"$T/magic-random.vprof"
mkdir "$T/directory.vprof"
for file in random zeros elf magic magic-random directory; do
	ask "$T/$file.vprof" 2
done
t_done

t_begin "another version"
cp "$good" "$T/version.vprof"
printf '\x63' | dd of="$T/version.vprof" bs=1 seek=8 conv=notrunc 2>/dev/null
ask "$T/version.vprof" 2
t_done

t_begin "cut files"
size=$(stat -c %s "$good")
for at in 1 7 8 100 4095 4096 6000 8192 65535 65536 100000 $((size / 2)) $((size - 65536)) $((size - 1)); do
	[ "$at" -gt 0 ] && [ "$at" -lt "$size" ] || continue
	head -c "$at" "$good" >"$T/cut-$at.vprof"
	ask "$T/cut-$at.vprof" "0 2"
	[ -z "$t_bad" ] || break
	rm "$T/cut-$at.vprof"
done
head -c 4096 "$good" >"$T/header-only.vprof"
ask "$T/header-only.vprof" 2
t_done

# One bit at a time at places spread over the header, the extent table and the
# rows; then bursts. The seed is fixed, so that a failure can be repeated.
t_begin "flipped bits"
flips=${T_FLIPS:-40}
"$PYTHON" - "$good" "$flips" <<'END'
import random, sys
for seed in range(int(sys.argv[2])):
    data = bytearray(open(sys.argv[1], "rb").read())
    random.seed(seed)
    kind = seed % 4
    end = [4096, 8192, len(data), len(data)][kind]
    for _ in range([1, 1, 1, 200][kind]):
        data[random.randrange(end)] ^= 1 << random.randrange(8)
    open("flip-%d.vprof" % seed, "wb").write(data)
END
for ((seed = 0; seed < flips; seed++)); do
	ask "$T/flip-$seed.vprof" "0 2"
	[ -z "$t_bad" ] || break
	rm "$T/flip-$seed.vprof"
done
t_done

# Words that are lengths, counts and indices, set to extremes.
commands=(summary flat heap timeline)
t_begin "header words set to extremes"
cat >"$T/word.py" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at, value = int(sys.argv[3]), int(sys.argv[4], 16)
data[at:at + 4] = value.to_bytes(4, "little")
open(sys.argv[2], "wb").write(data)
END
for at in 12 16 20 24 28 32 $(seq 616 4 868) 1312 1316 1320 2064 2076; do
	"$PYTHON" "$T/word.py" "$good" "$T/word-$at.vprof" "$at" ffffffff
	ask "$T/word-$at.vprof" "0 2"
	[ -z "$t_bad" ] || break
	rm -f "$T/word-$at.vprof"
done
t_done

t_begin "usage errors"
usage() { # STATUS ARGS...
	local wanted=$1 status
	shift
	"$report" "$@" >"$T/answer" 2>"$T/answer.err"
	status=$?
	[ $status = "$wanted" ] || t_bad "$*: status $status, wanted $wanted"
	[ -s "$T/answer.err" ] || [ "$wanted" = 0 ] || t_bad "$*: no word on stderr"
}
usage 1 nonsense "$good"
usage 1 flat "$good" --sort nonsense
usage 1 flat "$good" --format nonsense
usage 1 flat "$good" -n many
usage 1 flat "$good" --nonsense
usage 1 callers
usage 0 --help
t_done
t_end

#!/bin/bash
# Names and lines of programs whose debug information was split, packed or compressed: the right
# ones, or those that are left and a word why. test_sym_split compares each instruction with addr2line.
. "$(dirname "$0")/../lib.sh"
unset DEBUGINFOD_URLS
SRC=$TOP/test/probe/sym_names.cpp

# built NAME COMPILER FLAG...: builds the program in a directory of its own and records it there
built() {
	mkdir -p "$T/$1"
	(cd "$T/$1" && "$2" -O1 "${@:3}" -c -o sym.o "$SRC" && "$2" "${@:3}" -o sym sym.o) ||
		t_bad "does not build"
	record "$1"
}
record() {
	rm -f "$T/$1"/*.vprof
	t_preload "$T/$1" cpu=off:leakscan=off ./sym
	file=$(t_file "$T/$1") || t_bad "no record: $(head -1 "$T/$1/err")"
}

# sites: both sites of 100 blocks, from another directory; clang has parameters of inlined functions, gcc not
sites() {
	(cd / && timeout 60 "$REPORT" heap "$file" --format json -n 0 2>"$T/said") | jq -r '
		.sites[] | select(.allocs == 100)
		| [.frames[] | "\(.function | sub("leaf\\(unsigned long\\)"; "leaf")) \(.line)"]
		| .[:3] | join(" < ")' | sort
}
INLINED='inlined_leaf 9 < c_path 11 < main 17
inlined_leaf 9 < desk::Book<unsigned short>::add(unsigned short) 10 < main 16'
LEFT='c_path 9 < main 17
desk::Book<unsigned short>::add(unsigned short) 9 < main 16'

# left: what there is without the split unit: symbols, the object's lines, a word
left() {
	t_equal "without it" "$LEFT" "$(sites | sed 's/ < __libc.*//')"
	t_equal "words" 1 "$(grep -c 'sym: 1 debug file not found, sym.dwo first' "$T/said")"
}

for compiler in g++ clang++; do
	for version in 4 5; do
		t_begin "split, $compiler, DWARF $version"
		t_need $compiler || continue
		name=$compiler$version
		built $name $compiler -gdwarf-$version -gsplit-dwarf
		t_equal "with .dwo" "$INLINED" "$(sites)"
		mv "$T/$name/sym.dwo" "$T/$name/kept"
		left
		mv "$T/$name/kept" "$T/$name/sym.dwo"
		# llvm-dwp 14 does not end on what gcc writes in DWARF 5
		if [ $name != g++5 ] && command -v llvm-dwp >/dev/null; then
			(cd "$T/$name" && timeout 60 llvm-dwp -e sym -o sym.dwp) || t_bad "no package"
			rm "$T/$name/sym.dwo"
			t_equal "with .dwp" "$INLINED" "$(sites)"
		fi
		t_done
	done
done

t_begin "a function that the linker dropped covers nobody"
built dead g++ -g -DDEAD -ffunction-sections -Wl,--gc-sections
t_equal sites "$INLINED" "$(sites)"
t_done

t_begin "debug sections compressed with zlib"
built zlib g++ -g -gz=zlib
t_equal sites "$INLINED" "$(sites)"
t_done

t_begin "debug sections compressed with zstd"
if ! objcopy --help | grep -q zstd; then
	t_skip "binutils without zstd"
else
	built zstd g++ -g
	(cd "$T/zstd" && objcopy --compress-debug-sections=zstd sym) || t_bad "objcopy fails"
	record zstd
	t_equal sites "$INLINED" "$(sites)"
	# The beginning of what is compressed is not what it was: symbols are left.
	section=$(readelf -SW "$T/zstd/sym" | sed -nE 's/.* \.debug_info +PROGBITS +[0-9a-f]+ ([0-9a-f]+) .* +M?S?C .*/\1/p')
	printf '\377\377\377\377' |
		dd of="$T/zstd/sym" bs=1 seek=$((0x$section + 24)) conv=notrunc 2>/dev/null
	t_equal "names of a damaged one" "c_path desk::Book<unsigned short>::add(unsigned short)" \
		"$(sites | sed -E 's/ [0-9]+ < .*//' | paste -sd' ')"
	t_equal words 1 "$(grep -c 'sym: debug sections are compressed' "$T/said")"
	t_done
fi
t_end

#!/bin/bash
# The laws of the house: who may include, call and define what.
. "$(dirname "$0")/../lib-lint.sh"

# Names of libc that the library may define nowhere but in hooks/.
libc_names='malloc|calloc|realloc|reallocarray|free|posix_memalign|aligned_alloc|memalign|valloc|pvalloc|malloc_usable_size|free_sized|free_aligned_sized|fork|vfork|_Fork|_exit|_Exit|quick_exit|exit|pthread_[a-z_]+|dlopen|dlclose|sigaction|signal|execve?|execvp?e?|close|read|write'

# rank FOLDER: into $rank, where a folder of libvprof stands.  A file has the rank of its
# folder, and includes only files of its own rank and below.
folders=(base ring stack sample thread track leak helper control hooks)
rank() {
	for rank in "${!folders[@]}"; do
		[ "${folders[rank]}" != "$1" ] || return 0
	done
	rank=99
}
folder_of() { # libvprof/FOLDER/FILE: into $folder
	folder=${1#libvprof/}
	folder=${folder%%/*}
}

# report_rank PATH: into $rank, where a file of vprof-report stands, from its folder;
# folders of one rank know nothing of each other.
report_rank() {
	case $1 in
	cli/*) rank=0 ;; # what vprof-run uses too
	base/*) rank=1 ;;
	input/*) rank=2 ;;
	symbols/*) rank=3 ;;
	model/*) rank=4 ;;
	output/* | export/*) rank=5 ;;
	text/*) rank=6 ;;
	findings/* | pictures/*) rank=7 ;;
	verbs/*) rank=8 ;;
	*) rank=9 ;;
	esac
}

# circles ROOT FOLDER: files that include each other, a header and its .c being one
circles() {
	(cd "$1/$2" 2>/dev/null || exit
	grep -oHE -r '^[ \t]*#[ \t]*include[ \t]*"[^"]+"' --include='*.[ch]' . |
		sed -E 's,^\./,,; s,:.*"(.*)",|\1,' | while IFS='|' read -r file inc; do
		[ -f "$inc" ] || inc=${file%/*}/$inc
		[ ! -f "$inc" ] || [ "${file%.*}" = "${inc%.*}" ] || echo "${file%.*} ${inc%.*}"
	done | sort -u | tsort 2>&1 >/dev/null) |
		sed -n "s,^tsort: \([^-].*\),$2/\1: includes a file that includes it,p"
}

# one_file ROOT WHAT PATTERN FOLDER: at most one .c file under FOLDER matches
one_file() {
	local found
	found=$(cd "$1" && grep -lE "$3" -r $4 --include='*.c' | sort)
	[ "$(wc -w <<<"$found")" -le 1 ] ||
		echo "$2 in more than one file: $(tr '\n' ' ' <<<"$found")"
	[ -n "$found" ] || [ -z "${5-}" ] || echo "$2 in no file at all"
}

# sources ROOT: the C and C++ files there
sources() {
	(cd "$1" && lint_files . | grep -E '\.(c|h|cpp)$' | while read -r file; do
		[ -f "$file" ] && echo "$file"
	done)
}

lint() {
	local root=$1 file inc other rank folder
	mapfile -t files < <(sources "$root")
	while IFS=: read -r file inc; do
		inc=${inc#*\"}
		inc=${inc%\"}
		case $inc in
		*.c) echo "$file includes $inc: no .c includes a .c" ;;
		esac
		case $file in
		libvprof/*)
			case $inc in
			vprof.h | vprof_format.h) continue ;;
			*../*) echo "$file includes $inc: paths start at libvprof/" ;;
			esac
			if [ -f "$root/libvprof/$inc" ]; then
				other=libvprof/$inc
			elif [ -f "$root/${file%/*}/$inc" ]; then
				other=${file%/*}/$inc
			else
				echo "$file includes $inc: not a file of libvprof"
				continue
			fi
			folder_of "$other" && rank "$folder" && other=$rank
			folder_of "$file" && rank "$folder"
			[ "$other" -le "$rank" ] || echo "$file includes $inc: a layer it must not know"
			;;
		vprof-report/*)
			[ "$inc" = vprof_format.h ] && continue
			[ -f "$root/vprof-report/$inc" ] || [ -f "$root/${file%/*}/$inc" ] ||
				echo "$file includes $inc: not a file of vprof-report"
			report_rank "$inc" && other=$rank && report_rank "${file#vprof-report/}"
			[ "$other" -lt "$rank" ] || [ "${inc%%/*}" = "$(cut -d/ -f2 <<<"$file")" ] ||
				echo "$file includes $inc: a layer it must not know"
			# resolvers and writers take rows: they know no profile
			case $file:$inc in
			vprof-report/output/*:output/* | vprof-report/export/*:export/* | \
				vprof-report/symbols/*:symbols/*) ;;
			*:base/* | *:cli/*) ;;
			vprof-report/output/*:*/* | vprof-report/export/*:*/* | vprof-report/symbols/*:*/*)
				echo "$file includes $inc: ${file%/*}/ knows no profile type" ;;
			esac
			;;
		monitor/*)
			[ "$inc" = vprof.h ] || [ -f "$root/${file%/*}/$inc" ] || [ -f "$root/monitor/$inc" ] ||
				echo "$file includes $inc: not a file of the monitor"
			;;
		vprof-run/*)
			case $inc in
			cli/*) [ -f "$root/vprof-report/$inc" ] ;;
			*) [ -f "$root/${file%/*}/$inc" ] ;;
			esac || echo "$file includes $inc: not a file of vprof-run"
			;;
		examples/virtuoso/*)
			[ "$inc" = vprof.h ] || [ -f "$root/${file%/*}/$inc" ] ||
				echo "$file includes $inc: not a file of virtuoso"
			;;
		esac
	done < <(cd "$root" && grep -HoE '^[ \t]*#[ \t]*include[ \t]*"[^"]+"' "${files[@]}")
	(cd "$root" && grep -Hn 'vprof_format\.h' -r vprof-report/output vprof-report/export --include='*.[ch]') |
		sed 's/$/: output\/ and export\/ know no profile type/'
	circles "$root" vprof-report
	circles "$root" vprof-run
	# a definition begins in column 1, is not static, and its line does not end in a
	# semicolon
	(cd "$root" && grep -HnE "^[a-z_][a-z_0-9 *]*[ *]($libc_names)\(" -r libvprof --include='*.c') |
		grep -vE '^libvprof/hooks/|^[^:]*:[0-9]+:(static|return|extern)|;[ \t]*(/\*.*)?$' |
		sed 's,$,: only hooks/ defines names of libc,'
	# a name of hooks/ is defined with VP_HOOK, not called
	one_file "$root" dlsym '^[^V].*\bdlv?sym *\(' libvprof required
	one_file "$root" "libunwind.h" '#[ \t]*include[ \t]*<libunwind' libvprof required
	# hooks/ hand `environ` on, to exec, which is what execv is, and to base/config.c
	(cd "$root" && grep -rnE '\benviron\b|\b(secure_)?getenv *\(' libvprof --include='*.[ch]' --exclude-dir=hooks) |
		sed 's/$/: the environment is read in base\/config.c only, from what it is given/'
}

plant() {
	mkdir -p "$1/vprof-report/output" "$1/libvprof/base"
	echo '#include "ring/file.h"' >"$1/libvprof/base/planted.c"
	printf 'void *malloc(unsigned long n)\n{\n\treturn (void *)n;\n}\n' >"$1/libvprof/base/planted2.c"
}

# Every law has its own planted violation.
plant_each() {
	local name=$1 file=$2 text=$3
	mkdir -p "$(dirname "$T/one/$file")"
	printf '%b' "$text" >"$T/one/$file"
	if [ "$(lint "$T/one" | sort)" != "$before" ]; then
		echo "ok layers sees: $name"
	else
		echo "FAIL layers does not see: $name"
		status=1
	fi
	rm "$T/one/$file"
}

lint_main layers
status=$?
lint_copy "$T/one"
before=$(lint "$T/one" | sort)
plant_each "an upward include" libvprof/base/planted.c '#include "track/heap.h"\n'
plant_each "an upward include of the helper" libvprof/track/planted.c '#include "helper/engine.h"\n'
plant_each "a name of libc outside hooks/" libvprof/track/planted.c 'void free(void *p)\n{\n}\n'
plant_each "a second dlsym" libvprof/track/planted.c 'void *f(void) { return dlsym(0, "x"); }\n'
plant_each "a second libunwind" libvprof/track/planted.c '#include <libunwind.h>\n'
plant_each "a reader of the environment" libvprof/track/planted.c 'char *f(void) { return getenv("X"); }\n'
plant_each "the report in the library" libvprof/track/planted.c '#include "vprof-report/base/map.h"\n'
plant_each "the library in the report" vprof-report/model/planted.c '#include "libvprof/base/sys.h"\n'
plant_each "a profile type in output/" vprof-report/output/planted.c '#include "model/profile.h"\n'
plant_each "the format in output/" vprof-report/output/planted.c '#include <vprof_format.h>\n'
plant_each "a profile type in export/" vprof-report/export/planted.c '#include "model/profile.h"\n'
plant_each "the format in export/" vprof-report/export/planted.c '#include <vprof_format.h>\n'
plant_each "models that know the verbs" vprof-report/model/planted.c '#include "verbs/verb.h"\n'
plant_each "models that know their output" vprof-report/model/planted.c '#include "output/out.h"\n'
plant_each "input that knows models" vprof-report/input/planted.c '#include "model/profile.h"\n'
plant_each "words that know the verbs" vprof-report/text/planted.c '#include "verbs/verb.h"\n'
plant_each "findings that know pictures" vprof-report/findings/planted.c '#include "pictures/pictures.h"\n'
plant_each "words that know findings" vprof-report/text/planted.c '#include "findings/rules.h"\n'
plant_each "exports that know tables" vprof-report/export/planted.c '#include "output/out.h"\n'
plant_each "files that include each other" vprof-report/output/out.c '#include "output/out_text.h"\n'
plant_each "the library in the monitor" monitor/planted.c '#include "libvprof/base/sys.h"\n'
plant_each "the format in vprof-run" vprof-run/planted.c '#include "vprof_format.h"\n'
plant_each "a .c that includes a .c" monitor/planted.c '#include "book.c"\n'
exit $status

#!/bin/bash
# make install: the commands of the README by their bare names from anywhere, vprof.h by
# pkg-config, man pages that render and lack no option, completion; uninstall leaves nothing.
. "$(dirname "$0")/../lib.sh"

root=$T/root
quiet() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$TOP" DESTDIR="$root" PREFIX=/usr "$@" \
		>"$T/make.out" 2>&1 || t_bad "make $*: $(tail -n 2 "$T/make.out" | tr '\n' ' ')"
}
# at_home COMMAND...: as installed, in a directory of its own
at_home() {
	(cd "$T/home" && env PATH="$root/usr/bin:$PATH" LD_LIBRARY_PATH="$root/usr/lib" "$@")
}
mkdir "$T/home" "$root"

t_begin "install"
quiet install
t_done

t_begin "the two commands, word for word"
at_home bash -c 'LD_PRELOAD=libvprof.so virtuoso --symbol SOL/USDT --duration 1' >"$T/out" 2>&1 ||
	t_bad "status $?: $(tail -1 "$T/out")"
at_home vprof-report --sort cumulative >"$T/out" 2>&1 || t_bad "status $?: $(tail -1 "$T/out")"
grep -q 'Ordered by: cumulative' "$T/out" || t_bad "no profile"
grep -q strategy_main "$T/out" || t_bad "strategy_main is not in it"
t_done

t_begin "vprof-run finds the library and the programs"
at_home vprof-run --component virtuoso --duration 1 --out "$T/results" >"$T/out" 2>&1 ||
	t_bad "status $?: $(tail -2 "$T/out" | tr '\n' ' ')"
[ -s "$T/results/profiling_summary.md" ] || t_bad "no summary"
t_done

t_begin "pkg-config --cflags vprof"
if t_need pkg-config gcc; then
	flags=$(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig pkg-config \
		--define-variable=prefix="$root/usr" --cflags vprof)
	printf '#include <vprof.h>\nint main(void)\n{\n\tvprof_mark("x");\n\treturn vprof_present();\n}\n' >"$T/use.c"
	# shellcheck disable=SC2086
	gcc $flags -o "$T/use" "$T/use.c" 2>"$T/err" || t_bad "$(head -1 "$T/err")"
	"$T/use"
	t_equal "without the library" 0 $?
	t_done
fi

pages=$(find "$root/usr/share/man" -type f -not -name 'vprof_*' | sort)
calls=$(sed -nE 's/^(static inline|VPROF_INLINE) .*[ *](vprof_[a-z_]+)\(.*/\2/p' "$TOP/include/vprof.h")
t_begin "man pages render without a warning"
if t_need man; then
	t_equal pages 5 "$(wc -l <<<"$pages")"
	for page in $pages; do
		warnings=$(man --warnings=w -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
		[ -z "$warnings" ] || t_bad "${page##*/}: $(head -1 <<<"$warnings")"
	done
	sed 's/^\.SH DESCRIPTION/&\n.nonsense/' "$root/usr/share/man/man1/vprof-run.1" >"$T/broken.1"
	[ -n "$(man --warnings=w -l -Tutf8 -Z "$T/broken.1" 2>&1 >/dev/null)" ] ||
		t_bad "a broken page gives no warning: this tests nothing"
	for call in $calls; do
		(cd "$root/usr/share/man" && man -l "man3/$call.3") 2>/dev/null | grep -q "tell the profiler" ||
			t_bad "no page $call(3)"
	done
	t_done
fi

# missing PAGE: what --help (or help=1) names and the page does not
missing() {
	local page=$1 name words text
	name=$(basename "$page")
	name=${name%.*}
	text=$(sed 's/\\-/-/g; s/\\e/\\/g; s/\\&//g' "$page")
	case $name in
	libvprof) words=$(VPROF_OPTIONS=help=1 LD_PRELOAD=$LIB /bin/true 2>&1 |
		sed -nE 's/^libvprof: ([a-z_]+)=.*/.B \1=/p' | tr ' ' '@') ;;
	vprof)
		words=$(sed -nE 's/^#define (VPROF_[A-Z_]+)[[:space:](].*/\1/p' "$TOP/include/vprof.h" | grep -vE "VPROF_(FIND|INLINE|SPAN_JOIN|SPAN_AT)")
		for call in $calls; do
			words+=" $call\(" # in the synopsis, and with an entry of its own
			grep -A1 '^\.TP' <<<"$text" | grep -qE "^\.BR ($call |.*\" $call\" )\(\)" || echo "no entry of $call"
		done
		;;
	vprof-file) words=$(grep -oE '^#define VPROF_MAGIC[[:space:]]+"[A-Z]+' "$TOP/include/vprof_format.h" | grep -oE '[A-Z]+$') ;;
	*)
		words=$("$B/$name" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+')
		words+=" $("$B/$name" --help | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/.B@\1/p')"
		;;
	esac
	[ "$(wc -w <<<"$words")" -gt 0 ] || echo "nothing to look for in $name"
	for word in $words; do
		grep -qE -- "${word//@/ }" <<<"$text" || echo "$name: no ${word//@/ }"
	done
}
t_begin "every option, command and key is in its page"
for page in $pages; do
	gone=$(missing "$page")
	[ -z "$gone" ] || t_bad "$gone"
done
mkdir "$T/corrupt"
for page in $pages; do
	sed -E 's/duration/period/g; s/strip\\-dirs/strip/g; s/^\.B tick=.*/.B tock/; s/VPROFRNG//; s/vprof_mark/vprof_note/' \
		"$page" >"$T/corrupt/${page##*/}"
	[ -n "$(missing "$T/corrupt/${page##*/}")" ] || t_bad "a corrupted ${page##*/} passes"
done
t_done

t_begin "completion"
complete_words() { # PROGRAM WORDS...: what the last word may become
	# shellcheck disable=SC2016
	at_home bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vprof "$1"
		printf "%s\n" "${COMPREPLY[@]}"' \
		"$root/usr/share/bash-completion/completions/vprof-report" "$@"
}
t_equal "vprof-report fl" flat "$(complete_words vprof-report fl)"
t_equal "vprof-report flat --strip" --strip-dirs "$(complete_words vprof-report flat --strip)"
t_equal "vprof-run --component vi" virtuoso "$(complete_words vprof-run --component vi)"
complete_words vprof-report flat vir | grep -q '^virtuoso.*vprof$' || t_bad "no file"
t_done

t_begin "uninstall leaves nothing"
quiet uninstall
t_equal "left behind" "" "$(find "$root" ! -type d)"
t_equal "directories of ours" "" "$(find "$root" -name '*vprof*')"
t_done

t_end

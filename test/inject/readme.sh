#!/bin/bash
# The first screen of the README is enough: its commands, word for word, on a
# program of one's own in a fresh directory; and the same after make install.
. "$(dirname "$0")/../lib.sh"

mkdir "$T/fresh"
cd "$T/fresh" || exit 1
ln -s "$B" build
cat >your-program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static volatile double sink;
__attribute__((noinline)) static void busy_part(void)
{
	for (int i = 0; i < 200000000; i++)
		sink = sink * 0.5 + i;
}
__attribute__((noinline)) static char *forgotten_part(void)
{
	char *p = malloc(12345);
	p[0] = 'x';
	return p;
}
int main(void)
{
	busy_part();
	printf("done %c\n", *forgotten_part());
	return 0;
}
END
gcc -g -O2 -o your-program your-program.c || exit 1

# indented lines of the README that hold PATTERN
commands() {
	grep -E "^    .*$1" "$TOP/README.md" | sed 's/ # .*//'
}
answered() { # WHAT
	grep -q "busy_part" "$T/answer" || t_bad "$1 does not name busy_part"
	grep -q "forgotten_part" "$T/answer" || t_bad "$1 does not name forgotten_part"
}

t_begin "the two commands of the README"
preload=$(commands 'LD_PRELOAD=.*your-program')
report=$(commands 'build/vprof-report')
t_equal "lines with LD_PRELOAD" 1 "$(grep -c . <<<"$preload")"
eval "$preload" >"$T/said" 2>&1
t_equal "what the program said" "done x" "$(cat "$T/said")"
eval "$report" >"$T/answer" 2>&1 || t_bad "status $?"
answered "the summary"
next=$(grep -oE '^ *vprof-report .*' "$T/answer" | tail -n 1)
[ -n "$next" ] || t_bad "the summary ends without a next command"
(PATH=$B:$PATH && eval "$next") >"$T/next" 2>&1 || t_bad "'$next' fails: $(head -1 "$T/next")"
t_done

t_begin "make install, both commands by their bare names, make uninstall"
root=$T/root
quiet() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$TOP" DESTDIR="$root" PREFIX=/usr "$@" \
		>"$T/make.out" 2>&1 || t_bad "make $*: $(tail -n 2 "$T/make.out" | tr '\n' ' ')"
}
quiet install
rm -f ./*.vprof
LD_LIBRARY_PATH=$root/usr/lib LD_PRELOAD=libvprof.so ./your-program >"$T/said" 2>&1
t_equal "what the program said" "done x" "$(cat "$T/said")"
(PATH=$root/usr/bin:$PATH && vprof-report) >"$T/answer" 2>&1 || t_bad "vprof-report: status $?"
answered "vprof-report"
quiet uninstall
t_equal "files left behind" "" "$(find "$root" -type f)"
t_done

t_begin "make help names every target"
for target in all demo check check-unit check-inject check-golden check-lint asan ubsan bench \
	readme format format-check tidy install uninstall clean help; do
	env -u MAKEFLAGS make -s -C "$TOP" help 2>/dev/null | grep -qE "^ +$target " || t_bad "no $target"
done
t_done

t_begin "every key of VPROF_OPTIONS and every command is in the README"
for key in $(VPROF_OPTIONS=help=1 LD_PRELOAD=$LIB /bin/true 2>&1 | sed -nE 's/^libvprof: ([a-z_]+)=.*/\1/p'); do
	grep -qE "^\| .*\`$key\`.*\|" "$TOP/README.md" || t_bad "no option $key"
done
for command in $("$REPORT" --help | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'); do
	grep -qE "^\| .*\`${command}[ \`]" "$TOP/README.md" || t_bad "no command $command"
done
t_done
t_end

#!/bin/bash
# docs/glossary.md: words that it calls retired are in no name of the code any more, and the
# names and files that it speaks of exist.
. "$(dirname "$0")/../lib-lint.sh"

glossary=docs/glossary.md
retired() { # ROOT
	sed '1,/^## Retired/d' "$1/$glossary" | awk -F'|' '/^\|/ { print $2 }' | grep -oE '`[a-z_]+`' | tr -d '`' |
		while read -r word; do
			(cd "$1" && grep -rnE "\b([a-z0-9]+_)*$word(_[a-z0-9]+)*\b" --include='*.[ch]' --include='*.def' \
				include libvprof vprof-report vprof-run) |
				sed -E "s,:[^:]*$,,;s,^([^:]*:[0-9]+).*,\1: '$word' is retired: $glossary,"
		done
}
gone() { # ROOT
	sed '/^## Retired/,$d' "$1/$glossary" | grep -oE '`[a-z_./]+[a-z_]`' | tr -d '`' | sort -u |
		while read -r name; do
			case $name in
			*/* | *.[ch]) found=$(find "$1/libvprof" "$1/vprof-report" "$1/include" -path "*/$name" -print -quit) ;;
			*) found=$(cd "$1" && grep -rlw -m1 -- "$name" libvprof vprof-report include | head -n 1) ;;
			esac
			[ -n "$found" ] || echo "$glossary: there is no $name"
		done
}

lint() {
	retired "$1"
	gone "$1"
}
plant() {
	printf '/* L0 */\nstatic int vp_heap_takes(int bytes);\n' >"$1/libvprof/base/planted.c"
}
lint_main words
status=$?
sed -i 's/`vp_busy_enter`/`vp_busy_begin`/' "$T/planted/$glossary"
if gone "$T/planted" | grep -q vp_busy_begin; then
	echo "ok words sees a name that is gone"
else
	echo "FAIL words does not see a name that is gone"
	status=1
fi
exit $status

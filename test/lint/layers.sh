#!/bin/bash
# The laws of the house that sources tell: who may include, declare and read what.
# symbols.sh has those that only compiled objects tell.
. "$(dirname "$0")/../lib-lint.sh"
. "$(dirname "$0")/../lib-house.sh"

# includes ROOT FILE...: "FILE|KIND|NAME", KIND being " or < as written, or m where a macro says it
includes() {
	(cd "$1" && shift && grep -HoE '^([ \t]|/\*[^*]*\*/)*(#|%:)[ \t]*(include|include_next|import)\>.*' "$@" /dev/null) |
		awk '{
			file = $0
			sub(/:.*/, "", file)
			sub(/^[^:]*:.*(#|%:)[ \t]*(include|include_next|import)[ \t]*/, "")
			kind = substr($0, 1, 1)
			if (kind != "\"" && kind != "<")
				kind = "m"
			split($0, name, /["<>]/)
			print file "|" kind "|" (kind == "m" ? $0 : name[2])
		}'
}

# may_include: includes on stdin, a line for each that is against the law.
#   libvprof      its own folder and lower ones
#   vprof-report  the same; what writes and what resolves takes rows and knows no profile
#   vprof-run     itself and vprof-report/cli/
#   monitor, examples/NAME  themselves, examples/common/ and vprof.h
may_include() {
	awk -F'|' -v tree="$T/files" -v library="$LIBRARY_RANKS" -v report="$REPORT_RANKS" "$AWK_RANKS"'
	# The folder of a file in its program.
	function folder(path) {
		sub(/^[^\/]*\//, "", path)
		return sub(/\/.*/, "", path) ? path : "main"
	}
	function program(path) {
		match(path, /^(examples\/)?[^\/]*/)
		return substr(path, 1, RLENGTH)
	}
	function say(why) { print $1 " includes " $3 ": " why }
	# Which file of ours is meant; "" if none.
	function resolve(name,   here, i) {
		here = $1
		sub(/[^\/]*$/, "", here)
		if ($2 == "\"" && (here name) in known)
			return here name
		for (i = 1; i <= places; i++)
			if ((place[i] name) in known)
				return place[i] name
		return ""
	}
	function in_library(other) {
		if (program(other) != "libvprof")
			return "not a file of libvprof"
		if (!(folder($1) in low) || !(folder(other) in low))
			return "a folder that has no rank"
		return low[folder(other)] > low[folder($1)] ? "a layer it must not know" : ""
	}
	function in_report(other,   from, to) {
		from = folder($1)
		if (other ~ /^include\/vprof_format/)
			return from ~ /^(input|model)$/ ? "" : from "/ does not know the format"
		if (program(other) != "vprof-report")
			return "not a file of vprof-report"
		to = folder(other)
		if (!(from in high) || !(to in high))
			return "a folder that has no rank"
		if (from == to || (high[to] < high[from] && from !~ /^(output|export|symbols)$/) ||
		    (to ~ /^(base|cli)$/ && high[to] < high[from]))
			return ""
		return "a layer it must not know"
	}
	function elsewhere(other, self) {
		if (self == "vprof-run" && other ~ /^vprof-report\/cli\//)
			return ""
		if (self ~ /^(monitor|examples)/ && (other == "include/vprof.h" || other ~ /^examples\/common\//))
			return ""
		return program(other) == self ? "" : "not a file of " self
	}
	BEGIN {
		read_ranks(library, low)
		read_ranks(report, high)
		while ((getline file <tree) > 0)
			known[file]
		places = split("libvprof/ vprof-report/ vprof-run/ monitor/ examples/virtuoso/ examples/common/ include/ ./", place, " ")
	}
	{ self = program($1); why = "" }
	$3 ~ /\.c$/ { say("no .c includes a .c"); next }
	self !~ /^(libvprof|vprof-report|vprof-run|monitor|examples.*|include)$/ { next }
	$2 == "m" { print $1 " includes what a macro says"; next }
	$3 ~ /\.\.\/|^\// { say("paths begin at the program"); next }
	{ other = resolve($3) }
	other == "" { if ($2 == "\"") say("not a file of " self); next }
	self == "include" { if (program(other) != self) say("a public header"); next }
	self == "libvprof" { if (other !~ /^include\//) why = in_library(other) }
	self == "vprof-report" { why = in_report(other) }
	self !~ /^(libvprof|vprof-report)$/ { why = elsewhere(other, self) }
	why { say(why) }'
}

# circles: includes on stdin; files that include each other, a header and its .c being one.
# In libvprof two files of a folder may call each other; only headers count there.
circles() {
	awk -F'|' -v tree="$T/files" '
	BEGIN { while ((getline file <tree) > 0) known[file] }
	{
		place = $1
		sub(/\/.*/, "", place)
		beside = $1
		sub(/[^\/]*$/, "", beside)
		to = (place "/" $3) in known ? place "/" $3 : beside $3
		if (!(to in known) || (place == "libvprof" && $1 ~ /\.c$/))
			next
		from = $1
		sub(/\.[ch]$/, "", from)
		sub(/\.[ch]$/, "", to)
		if (from != to)
			print from, to
	}' | sort -u | tsort 2>&1 >/dev/null |
		sed -n 's,^tsort: \([^-].*\),\1: includes a file that includes it,p'
}

# foreign FILE...: prototypes in a .c of functions that another file defines: their header
# is what says that they may be called.  Inside of a function, too.
foreign() {
	(cd "$1" && shift && awk '
	function flush(   name) {
		for (name in said)
			if (!(name in made))
				print said[name] ": declares " name "(), which a header should"
		delete said
		delete made
		depth = 0
		statement = ""
	}
	FNR == 1 { flush() }
	/^[ \t]*#/ || more { more = /\\$/; next }
	{
		line = $0
		if (comment && !sub(/^.*\*\//, "", line))
			next
		# what the file defines in assembler
		while (match(line, /"[a-z_0-9]+:/)) {
			made[substr(line, RSTART + 1, RLENGTH - 2)]
			sub(/"[a-z_0-9]+:/, "\"", line)
		}
		gsub(/"([^"\\]|\\.)*"|\/\*([^*]|\*+[^*\/])*\*\/|\/\/.*/, "", line)
		comment = sub(/\/\*.*/, "", line)
		while (match(line, /[;{}]/)) {
			statement = statement " " substr(line, 1, RSTART - 1)
			mark = substr(line, RSTART, 1)
			line = substr(line, RSTART + 1)
			if (match(statement, /^[ \t]*([A-Za-z_][A-Za-z_0-9]*[ \t*]+)+\**(vp|vr|vprof|mon)_[a-z_0-9]+[ \t]*\(/)) {
				name = substr(statement, RSTART, RLENGTH - 1)
				first = name
				sub(/^[ \t]+/, "", first)
				sub(/[^A-Za-z_0-9].*/, "", first)
				gsub(/.*[ \t*]|[ \t]*$/, "", name)
				if (mark == "{" && depth == 0)
					made[name]
				else if (mark == ";" && first !~ /^(return|else|do|goto|case|static|typedef)$/)
					said[name] = FILENAME ":" FNR
			}
			depth += (mark == "{") - (mark == "}")
			statement = ""
		}
		statement = statement " " line
	}
	END { flush() }' "$@" /dev/null)
}

# What stands in one file of libvprof only: "WHAT|PATTERN|FILE LEFT OUT".  A name of hooks/
# is defined with VP_HOOK, not called.
alone=(
	'dlsym|^[^V].*[^.a-z_]dlv?sym *\(|'
	'libunwind.h|#[ \t]*include[ \t]*[<"]libunwind|'
)
# in_one_file ROOT FILE...: lines "WHAT|FILE"
in_one_file() {
	local rule what pattern without
	(cd "$1" && shift && for rule in "${alone[@]}"; do
		what=${rule%%|*} pattern=${rule#*|} without=${rule##*|}
		pattern=${pattern%|*}
		grep -lE "$pattern" "$@" | grep -vE "${without:-^$}" | sed "s/^/$what|/"
	done)
}
# hooks/ hand `environ` on, to exec, which is what execv is, and to base/config.c.
environment() {
	(cd "$1" && shift && printf '%s\n' "$@" | grep -v '^libvprof/hooks/' |
		xargs -r grep -nE '\benviron\b|\b(secure_)?getenv *\(' /dev/null) |
		sed 's/$/: the environment is read in base\/config.c only, from what it is given/'
}
only_one() {
	sort -u | awk -F'|' -v all="$(printf '%s\n' "${alone[@]}" | cut -d'|' -f1)" '
	{ files[$1] = files[$1] " " $2; n[$1]++ }
	END {
		k = split(all, what, "\n")
		for (i = 1; i <= k; i++)
			if (n[what[i]] != 1)
				print what[i] " in " (n[what[i]] ? "more than one file:" files[what[i]] : "no file at all")
	}'
}

# lint ROOT FILE...
lint() {
	local root=$1
	shift
	local -a libvprof=() sources=()
	for file; do
		case $file in
		libvprof/*) libvprof+=("$file") ;;
		esac
		case $file in
		libvprof/*.c | vprof-report/*.c | vprof-run/*.c | monitor/*.c | examples/*.c) sources+=("$file") ;;
		esac
	done
	includes "$root" "$@" >"$T/includes"
	may_include <"$T/includes"
	foreign "$root" "${sources[@]}"
	environment "$root" "${libvprof[@]}"
	in_one_file "$root" "${libvprof[@]}" >"$T/alone"
	cat "$T/alone" "$T/alone.tree" 2>/dev/null | only_one
	cat "$T/includes" "$T/includes.tree" 2>/dev/null |
		grep -E '^(libvprof|vprof-report|vprof-run|monitor|examples)/' | circles
}

cd "$TOP" || exit 1
lint_files . | grep -E '\.(c|h|cpp|def)$' | while read -r file; do
	[ -f "$file" ] && echo "$file"
done >"$T/files"
mapfile -t files <"$T/files"
status=0
found=$(lint . "${files[@]}")
if [ -n "$found" ]; then
	sed 's/^/FAIL layers: /' <<<"$found"
	status=1
else
	echo "ok layers"
fi
mv "$T/includes" "$T/includes.tree"
mv "$T/alone" "$T/alone.tree"

# Every law has its own planted violation: sees WHAT FILE TEXT.  The file is looked at
# alone, beside what is known of the tree.
sees() {
	mkdir -p "$(dirname "$T/planted/$2")"
	printf '%b\n' "$3" >"$T/planted/$2"
	if lint "$T/planted" "$2" | grep -qF "${2%.*}"; then
		echo "ok layers sees: $1"
	else
		echo "FAIL layers does not see: $1"
		status=1
	fi
}
if [ -z "$(mkdir -p "$T/planted/libvprof/track"
	printf '#include <stdio.h>\n#include "base/sys.h"\n#include <vprof_format.h>\n' >"$T/planted/libvprof/track/planted.c"
	lint "$T/planted" libvprof/track/planted.c)" ]; then
	echo "ok layers says nothing of a lawful file"
else
	echo "FAIL layers condemns a lawful file"
	status=1
fi
sees "an upward include" libvprof/base/planted.c '#include "track/heap.h"'
sees "an upward include in angle brackets" libvprof/base/planted.c '#include <track/heap.h>'
sees "an upward include with blanks" libvprof/base/planted.c ' # include "track/heap.h"'
sees "an upward include behind a comment" libvprof/base/planted.c '/* why */ #include "track/heap.h"'
sees "an upward include by a digraph" libvprof/base/planted.c '%:include "track/heap.h"'
sees "an include of what a macro says" libvprof/base/planted.c '#define X "track/heap.h"\n#include X'
sees "an upward include of a header" libvprof/ring/planted.h '#include <track/heap.h>'
sees "heap and waits that know the helper" libvprof/track/planted.c '#include "helper/engine.h"'
sees "a mark that says L6 in base/" libvprof/base/planted.c '/* L6 */\n#include "control/control.h"'
sees "a folder without a rank" libvprof/other/planted.c '#include "base/sys.h"'
sees "a path upward" libvprof/base/planted.c '#include "../track/heap.h"'
sees "a prototype of a foreign function" libvprof/base/planted.c 'void vp_wake(void);\nvoid vp_p(void)\n{\n\tvp_wake();\n}'
sees "a prototype within a function" libvprof/base/planted.c 'void vp_p(void)\n{\n\textern void vp_wake(void);\n\tvp_wake();\n}'
sees "a prototype of several lines" vprof-report/model/planted.c 'int vr_table_new(int one,\n\t\tint two);'
sees "a second dlsym" libvprof/track/planted.c 'void *f(void) { return dlsym(0, "x"); }'
sees "dlsym in a header" libvprof/base/planted.h 'static inline void *f(void) { return dlsym(0, "x"); }'
sees "a second libunwind" libvprof/track/planted.c '#include <libunwind.h>'
sees "a second libunwind, in quotes in a header" libvprof/stack/planted.h '#include "libunwind.h"'
sees "a reader of the environment" libvprof/track/planted.c 'char *f(void) { return getenv("X"); }'
sees "the report in the library" libvprof/track/planted.c '#include "vprof-report/base/map.h"'
sees "the report in the library, in angle brackets" libvprof/track/planted.c '#include <input/check.h>'
sees "the library in the report" vprof-report/model/planted.c '#include "libvprof/base/sys.h"'
sees "what the library knows of a thread in the report" vprof-report/model/planted.c '#include <base/sys.h>'
for folder in output export symbols base cli text; do
	sees "the format in $folder/" "vprof-report/$folder/planted.c" '#include <vprof_format.h>'
done
for folder in output export symbols input base cli; do
	sees "a profile type in $folder/" "vprof-report/$folder/planted.c" '#include "model/profile.h"'
done
sees "models that know the verbs" vprof-report/model/planted.c '#include "verbs/verb.h"'
sees "models that know their output" vprof-report/model/planted.c '#include "output/out.h"'
sees "words that know the verbs" vprof-report/text/planted.c '#include "verbs/verb.h"'
sees "words that know findings" vprof-report/text/planted.c '#include "findings/rules.h"'
sees "findings that know pictures" vprof-report/findings/planted.c '#include "pictures/pictures.h"'
sees "exports that know tables" vprof-report/export/planted.c '#include "output/out.h"'
sees "a verb in a folder that has no rank" vprof-report/other/planted.c '#include "base/map.h"'
sees "files of the report that include each other" vprof-report/output/out.c '#include "output/out_text.h"'
sees "files of the library that include each other" libvprof/stack/depth.h '#include "stack/trie.h"'
for program in monitor vprof-run examples/virtuoso; do
	sees "the library in $program" "$program/planted.c" '#include "libvprof/base/sys.h"'
	sees "the format in $program" "$program/planted.c" '#include <vprof_format.h>'
	sees "the report in $program" "$program/planted.c" '#include "model/profile.h"'
done
sees "the monitor in virtuoso" examples/virtuoso/planted.c '#include "monitor/book.h"'
sees "a .c that includes a .c" monitor/planted.c '#include "book.c"'
exit $status

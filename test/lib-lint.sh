# What the lints share; sourced. A lint is a function `lint ROOT` that prints
# one line for each violation under ROOT. lint_main runs it over the tree and
# over a copy in which `plant ROOT` has put a violation: a lint that cannot
# fail is no lint.
# shellcheck shell=bash
set -u
export LC_ALL=C
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export B=$TOP/build
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# Files of the tree: tracked ones, and all where there is no repository.
lint_files() { # ROOT
	if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -C "$1" ls-files --cached --others --exclude-standard
	else
		(cd "$1" && find . -type f -not -path './build/*' -not -path './.git/*' |
			sed 's,^\./,,')
	fi
}
lint_copy() { # DIR
	mkdir -p "$1"
	(cd "$TOP" && lint_files . | while read -r f; do [ -f "$f" ] && echo "$f"; done |
		tar -cf - -T -) | tar -xf - -C "$1"
}
lint_main() { # NAME
	local found status=0
	found=$(lint "$TOP")
	if [ -n "$found" ]; then
		# shellcheck disable=SC2001
		sed "s/^/FAIL $1: /" <<<"$found"
		status=1
	else
		echo "ok $1"
	fi
	lint_copy "$T/planted"
	plant "$T/planted" 
	if [ -n "$(lint "$T/planted")" ]; then
		echo "ok $1 sees a planted violation"
	else
		echo "FAIL $1 does not see a planted violation: it checks nothing"
		status=1
	fi
	return $status
}

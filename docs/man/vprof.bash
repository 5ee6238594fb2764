# Completion of vprof-report and vprof-run for bash: from what --help prints.
_vprof() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=$1 help
	help=$("$program" --help 2>/dev/null)
	COMPREPLY=()
	case $before in
	--component) mapfile -t COMPREPLY < <(compgen -W 'monitor virtuoso all' -- "$word"); return ;;
	--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word"); return ;;
	--clock) mapfile -t COMPREPLY < <(compgen -W 'cpu wall' -- "$word"); return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(grep -oE '^ +(-., )?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')" -- "$word")
		return
	fi
	if [[ $COMP_CWORD -eq 1 && ${program##*/} == vprof-report ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p' <<<"$help")" -- "$word")
	fi
	if [[ ${program##*/} == vprof-report && ${COMP_WORDS[1]} != doctor ]]; then
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X '!*.vprof' -- "$word")
	else
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _vprof vprof-report vprof-run

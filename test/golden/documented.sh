#!/bin/bash
# Each member of each JSON document among the stored reports is named in docs/json.md. Formats of
# others, such as SARIF, have their own documents.
. "$(dirname "$0")/../lib.sh"

# members FILE...: names of all members of what is JSON in stored reports; quantiles as p50
members() {
	awk 'FNR == 1 { within = 0 } /^\{/ { within = 1 } within { print } /^\}/ { within = 0 }' "$@" >"$T/documents"
	jq -r '.. | objects | keys[]' "$T/documents" >"$T/names" 2>"$T/jq.err" || t_bad "$(head -1 "$T/jq.err")"
	sed -E 's/^p(90|99|999|9999)_/p50_/' "$T/names" | sort -u
}
# unnamed DOCUMENT: of $T/members
unnamed() {
	grep -oE '[A-Za-z_][A-Za-z0-9_]*' "$1" | sort -u | comm -23 "$T/members" -
}
reports() {
	grep -lE '^\{' "$TOP"/test/golden/*.expected | grep -vE 'sarif|speedscope|trace'
}

mapfile -t stored < <(reports)
t_begin "each member is named in docs/json.md"
members "${stored[@]}" >"$T/members"
[ "$(wc -l <"$T/members")" -gt 300 ] || t_bad "only $(wc -l <"$T/members") members in ${#stored[@]} reports"
missing=$(unnamed "$TOP/docs/json.md" | paste -sd' ')
[ -z "$missing" ] || t_bad "not named: $missing"
t_done

t_begin "one that is not is seen"
sed 's/samples_worth/samples/g' "$TOP/docs/json.md" >"$T/poorer.md"
t_equal "not named" samples_worth "$(unnamed "$T/poorer.md")"
t_done
t_end

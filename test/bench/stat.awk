# Middle and spread over rounds of what FILEs hold, a line a round in each:
#   awk -v mode=MODE -v col=COLUMN -f stat.awk FILE...
# COLUMN is a number, or `wall` or `cpu`, which are the last two.
# value A   diff A-B   ratio A/B   percent (A/B-1)*100   over (A-B)/(C-D)
# Prints the median, the median absolute deviation, the number of rounds, and between
# which values the true middle lies in 95 of 100 cases (with five rounds: 94).  A round in which a program failed does not count. `over` divides medians, as
# single differences may be near nothing.
function number(x) { return x ~ /^-?[0-9]+(\.[0-9]*)?$/ }

function median(list, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# How many values at either end are left out, for the middle to lie between the rest.
function outside(n,    k, below, ways) {
	ways = 1; below = 0
	for (k = 0; below + ways <= 0.025 * 2 ^ n; k++) {
		below += ways
		ways = ways * (n - k) / (k + 1)
	}
	return k ? k : 1
}

function spread(list, n, middle,    i, away) {
	for (i = 1; i <= n; i++)
		away[i] = list[i] > middle ? list[i] - middle : middle - list[i]
	return median(away, n)
}

FNR == 1 { files++ }
{ at = col == "wall" ? NF - 1 : col == "cpu" ? NF : col
	cell[files, FNR] = at > 0 && NF >= at ? $at : "-"; rounds = FNR > rounds ? FNR : rounds }

END {
	for (r = 1; r <= rounds; r++) {
		for (f = 1; f <= files; f++)
			if (!number(cell[f, r])) break
		if (f <= files) continue
		a = cell[1, r] + 0; b = cell[2, r] + 0
		x[++n] = mode == "value" ? a : mode == "percent" ? (b ? (a / b - 1) * 100 : 0) : \
			mode == "ratio" ? (b ? a / b : 0) : a - b
		under[n] = cell[3, r] - cell[4, r]
	}
	if (!n) { print "- - 0"; exit }
	middle = median(x, n); away = spread(x, n, middle) # x is sorted now
	k = outside(n)
	if (mode == "over") {
		below = median(under, n); below_away = spread(under, n, below)
		if (below <= 0) { print "- - 0"; exit }
		away = (away + below_away * (middle < 0 ? -middle : middle) / below) / below
		middle /= below
	}
	printf "%.6g %.3g %d %.6g %.6g\n", middle, away, n, x[k], x[n + 1 - k]
}

# A C++ file for a compiler to work on:
#   awk -v seed=SEED -v count=COUNT -f source_of.awk
# COUNT classes with members, templates and containers drawn from the seed.
function draw(below) { return int(rand() * below) }
function type_of(n) {
	n = draw(7)
	return n == 0 ? "int" : n == 1 ? "double" : n == 2 ? "std::string" : n == 3 ? "std::vector<int>" : \
		n == 4 ? "std::map<std::string, long>" : n == 5 ? "std::vector<std::string>" : "std::set<long>"
}
BEGIN {
	srand(seed)
	print "#include <algorithm>\n#include <functional>\n#include <map>\n#include <set>\n#include <string>\n#include <vector>"
	for (i = 0; i < count; i++) {
		members = 2 + draw(6)
		printf "template <class T> struct box%d {\n\tT value{};\n", i
		for (m = 0; m < members; m++)
			printf "\t%s m%d{};\n", type_of(), m
		printf "\tlong weigh(long x) const\n\t{\n\t\tstd::map<long, std::string> seen;\n"
		printf "\t\tfor (long k = 0; k < x %% %d; k++)\n\t\t\tseen[k * %d].append(\"%d\");\n", 3 + draw(90), 1 + draw(9), draw(1e6)
		printf "\t\tlong sum = 0;\n\t\tfor (auto &[key, text] : seen)\n\t\t\tsum += key ^ long(text.size()) * %d;\n", 1 + draw(999)
		printf "\t\treturn sum;\n\t}\n};\n"
		printf "long use%d(long x)\n{\n\tbox%d<%s> one;\n\tstd::vector<long> order;\n", i, i, type_of()
		printf "\tfor (long k = 0; k < %d; k++)\n\t\torder.push_back(one.weigh(x + k * %d));\n", 2 + draw(30), 1 + draw(99)
		printf "\tstd::sort(order.begin(), order.end(), [](long a, long b) { return a %% %d < b %% %d; });\n", 7 + i, 7 + i
		printf "\treturn order.front()%s;\n}\n", i ? " + use" draw(i) "(x / 2)" : ""
	}
}

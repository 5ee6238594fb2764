# Tests and benches; included by ../Makefile, whose names it uses.
#
# T="NAME..." means some tests of a kind, and builds what they need:
#   make check-unit T=live         test/unit/test_vp_live.c; also asan, ubsan
#   make check-inject T=held       test/inject/held.sh; also check-lint, check-consumers
#   make check-golden T='leaks-*'  these cases of test/golden/run.sh; T=format: format.sh
.PHONY: check run-check setup-test check-unit check-golden check-inject check-consumers check-lint \
	check-leak-peers check-compat run-compat asan ubsan fuzz bench bench-count probes

UNIT_SRC := $(sort $(wildcard test/unit/test_*.c))
UNIT := $(UNIT_SRC:%.c=$B/%)
scripts = $(sort $(wildcard test/$1/*.sh))

# --- variants: plain, asan, ubsan --------------------------------------------
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
UBSAN := -fsanitize=undefined -fno-sanitize-recover=undefined
CHECK_LIBS := -lcheck_pic -lsubunit -lrt -lm -lpthread

# What a unit test includes follows from its name: test_vp_* the library's headers,
# test_monitor_* the monitor's, test_exchange_* the exchange's, test_app_* those that all example
# programs have, test_run_* vprof-run's, the rest the report's.
FLAGS_test = -Itest/unit $(or $(INCLUDES_$(word 2,$(subst _, ,$(notdir $<)))),-Ivprof-report)
INCLUDES_vp := -Ilibvprof
INCLUDES_monitor := $(FLAGS_monitor)
INCLUDES_app := -Iexamples/common
INCLUDES_exchange := -Iexamples/exchange -Iexamples/common
INCLUDES_run := $(FLAGS_vprof-run)

# $(call unit,DIRECTORY,FLAGS,PREFIX,ARCHIVE,SOURCES,LIBRARIES,ARCHIVES): tests of that prefix,
# linked with what these sources become; FLAGS is the name of a variable. Archives leave out
# what a test does not use.
define unit
$1/$4: $(5:%.c=$1/obj/%.o)
	$$(say) AR $$@
	$$Qrm -f $$@ && $(AR) rcs $$@ $$(filter %.o,$$^)
$1/test/unit/test_$3%: $1/obj/test/unit/test_$3%.o $1/$4 $7
	$$(call link,$(CHECK_LIBS) $6,$$($2))
endef
# The sources of the library run here inside ordinary programs, without the hooks.
define variant
$(call unit,$1,$2,vp_,unit-vp.a,$(filter-out libvprof/hooks/%,$(LIB_SRC)),$1/unit-vp.a -ldl,$B/libvpje.a)
$(call unit,$1,$2,monitor_,unit-monitor.a,$(filter-out monitor/main.c,$(MONITOR_SRC)) $(APP_SRC),$(APP_LIBS))
$(call unit,$1,$2,app_,unit-app.a,$(APP_SRC),$(APP_LIBS))
$(call unit,$1,$2,exchange_,unit-exchange.a,$(filter-out examples/exchange/main.c,$(EXCHANGE_SRC)) $(APP_SRC),$(EXCHANGE_LIBS))
$(call unit,$1,$2,run_,unit-run.a,$(filter-out vprof-run/main.c,$(RUN_SRC)) $(CLI_SRC),-ljansson -lelf -lm)
$(call unit,$1,$2,,unit-report.a,$(filter-out vprof-report/main.c,$(REPORT_SRC)),$(REPORT_LIBS))
$1/unit-report.a: $(REPORT_PB:%=$1/obj/gen/%.o)
.SECONDARY: $(UNIT_SRC:%.c=$1/obj/%.o)
endef
$(eval $(call variant,$B,))
$(eval $(call objects,$B/asan,asan,ASAN))
$(eval $(call variant,$B/asan,ASAN))
$(eval $(call objects,$B/ubsan,ubsan,UBSAN))
$(eval $(call variant,$B/ubsan,UBSAN))
$B/asan/vprof-report: $(call report_objects,$B/asan)
	$(call link,$(REPORT_LIBS),$(ASAN))

# --- fuzzing -----------------------------------------------------------------
# $B/asan/fuzz_NAME FILE... runs a target on files; $B/fuzz/NAME is a libFuzzer of clang.
FUZZ := $(patsubst test/fuzz/fuzz_%.c,%,$(sort $(wildcard test/fuzz/fuzz_*.c)))
FUZZ_CC ?= clang-14
# An offset of nothing from no array is no fault that we hunt.
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -w
FUZZ_HEADERS := test/fuzz/fuzz.h $(wildcard test/golden/*.h include/*.h)
AS_FUNCTION := -Dmain=vr_main -Wno-missing-prototypes
FUZZ_COMPILE = $(call flags_of,vprof-report/) $1 $(CFLAGS) -MF $@.d -o $@ $(filter %.c %.o %.a,$^) $(LDFLAGS) $(REPORT_LIBS)

$B/asan/fuzz/main.o: vprof-report/main.c
	$(call compile,asan,$(ASAN) $(AS_FUNCTION))
$B/asan/fuzz_%: test/fuzz/fuzz_%.c test/fuzz/replay.c $B/asan/fuzz/main.o $B/asan/unit-report.a $(FUZZ_HEADERS)
	$(say) CC $<
	$Q$(CC) $(call FUZZ_COMPILE,$(ASAN))

$(eval $(call objects,$B/fuzz,fuzz,FUZZ_FLAGS))
$B/fuzz/obj/%.o: CC := $(FUZZ_CC)
$B/fuzz/obj/vprof-report/main.o: FLAGS_vprof-report += $(AS_FUNCTION)
$(FUZZ:%=$B/fuzz/%): $B/fuzz/%: test/fuzz/fuzz_%.c $(call report_objects,$B/fuzz) $(FUZZ_HEADERS)
	$(say) CC "$< (fuzz)"
	$Q$(FUZZ_CC) $(call FUZZ_COMPILE,$(FUZZ_FLAGS) -fsanitize=fuzzer)

# --- probes ------------------------------------------------------------------
# One called plugin_* becomes a shared object, static_* a static program.
PROBES := $(patsubst test/probe/%,$B/test/probe/%,$(sort \
	$(patsubst %.c,%.so,$(patsubst %.cpp,%.so,$(wildcard test/probe/plugin_*))) \
	$(basename $(filter-out test/probe/plugin_%,$(wildcard test/probe/*.c test/probe/*.cpp)))))
# They must make the calls they are written to make, and keep their frames.
PROBE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude -g -O1 -Wall -Wextra -Wmissing-prototypes \
	-fno-builtin -fno-optimize-sibling-calls -MMD -MP
PROBE_CXXFLAGS := -Iinclude -g -O1 -std=gnu++17 -Wall -Wextra -fno-builtin
# $(call build,COMPILER,FLAGS,LIBRARIES): the recipe of a program of one file.
define build
@mkdir -p $(@D)
$(say) $1 $<
$(call heard,$($1) $2 -o $@ $< $3)
endef

$B/test/probe/plugin_%.so: test/probe/plugin_%.c
	$(call build,CC,$(PROBE_CFLAGS) -fPIC -shared)
$B/test/probe/plugin_%.so: test/probe/plugin_%.cpp
	$(call build,CXX,-g -O1 -Wall -Wextra -fPIC -shared)
$B/test/probe/static_%: test/probe/static_%.c
	$(call build,CC,$(PROBE_CFLAGS) -static)
$B/test/probe/%: test/probe/%.cpp
	$(call build,CXX,$(PROBE_CXXFLAGS))
$B/test/probe/%: test/probe/%.c
	$(call build,CC,$(PROBE_CFLAGS) $(CFLAGS_$*),-ldl -lpthread -lm $(LIBS_$*))
# Loops of other people's libraries.
LIBS_loop_uv := -luv
LIBS_loop_ev := -lev
LIBS_loop_glib = $(shell pkg-config --libs glib-2.0)
CFLAGS_loop_glib = $(shell pkg-config --cflags glib-2.0)
LIBS_loop_curl := -lcurl
LIBS_loop_uring := -luring
LIBS_books_close := -luring

# Its handlers and objects are counted as those of C++ are.
$B/test/probe/wait_leave $B/test/probe/spans: PROBE_CFLAGS += -fexceptions

# The leak probes once more, linked with LeakSanitizer: a peer to compare with.
LSAN_PROBES := $(patsubst test/probe/%,$B/test/lsan/%,$(basename $(wildcard test/probe/leak_*.c test/probe/leak_*.cpp))) \
	$B/test/lsan/plugin_leak.so
$B/test/lsan/%.so: $B/test/probe/%.so
	@mkdir -p $(@D)
	$Qcp $< $@
$B/test/lsan/%: test/probe/%.cpp
	$(call build,CXX,$(PROBE_CXXFLAGS) -fsanitize=leak)
$B/test/lsan/%: test/probe/%.c
	$(call build,CC,$(PROBE_CFLAGS) -fsanitize=leak,-ldl -lpthread -lm)

# --- oracle: the library with its walks compared with libunwind's ------------
ORACLE := $B/test/oracle
ORACLES := $(ORACLE)/libvprof-oracle.so $(patsubst test/oracle/%.cpp,$(ORACLE)/%,$(wildcard test/oracle/*.cpp))
ORACLE_FLAGS := -DVPROF_ORACLE
$(eval $(call objects,$(ORACLE),oracle,ORACLE_FLAGS))
$(ORACLE)/obj/test/oracle/oracle.o: FLAGS_test = $(FLAGS_libvprof)
$(ORACLE)/libvprof-oracle.so: $(LIB_SRC:%.c=$(ORACLE)/obj/%.o) $(ORACLE)/obj/test/oracle/oracle.o \
		$B/libvpje.a libvprof/libvprof.map
	$(call link,,$(LIB_LINK))
$(ORACLE)/%: test/oracle/%.cpp
	$(call build,CXX,-O3 -fomit-frame-pointer -std=gnu++17 -Wall -Wextra,-lpthread)

probes: $(PROBES) $(ORACLES)

# --- tools: what a test runs of the example programs' own code ---
TOOLS := $(patsubst test/tool/%.c,$B/test/tool/%,$(sort $(wildcard test/tool/*.c)))
$B/obj/test/tool/%.o: FLAGS_test = -Iexamples/common
$(TOOLS): $B/test/tool/%: $B/obj/test/tool/%.o $B/unit-app.a
	$(call link,$(APP_LIBS))
.SECONDARY: $(TOOLS:$B/%=$B/obj/%.o)

# --- benches -----------------------------------------------------------------
BENCH_WORK := $(patsubst test/bench/work/%,$B/test/bench/%,$(sort $(basename $(wildcard test/bench/work/*.c test/bench/work/*.cpp))))
# The same calls in builds that tell of them, or have room to.
COUNTED := $(addprefix $B/test/bench/counted_calls,_room _pg _fentry _instrumented)
BENCH_WORK += $(COUNTED)
$B/test/bench/counted_calls_room: FLAGS_counted := -fpatchable-function-entry=5
$B/test/bench/counted_calls_pg: FLAGS_counted := -pg
$B/test/bench/counted_calls_fentry: FLAGS_counted := -pg -mfentry
$B/test/bench/counted_calls_instrumented: FLAGS_counted := -finstrument-functions
$B/test/bench/counted_calls $(COUNTED): test/bench/work/counted_calls.c
	$(call build,CC,$(PROBE_CFLAGS) $(FLAGS_counted))
# What test/inject/bench_tools.sh looks at.
BENCH_TOOLS := $(addprefix $B/test/bench/,measure count_steps hot_paths unwind_frames)
# perf walks frame pointers; it shall have some.
$B/test/bench/burn: PROBE_CFLAGS += -fno-omit-frame-pointer
$B/test/bench/many_samples: test/bench/work/many_samples.c
	$(call build,CC,$(BASE) $(OPT))
# To be preloaded, not run.
$B/test/bench/looks_only: test/bench/work/looks_only.c
	$(call build,CC,$(PROBE_CFLAGS) -O2 -fPIC -shared,-ldl)
# The library's own unwinder in an ordinary program: its objects, hooks left out.
WHOLE_LIBRARY := -Wl,--whole-archive $B/unit-vp.a -Wl,--no-whole-archive $B/libvpje.a -ldl -lpthread
$B/test/bench/unwind_frames $B/test/bench/publish_line: $B/test/bench/%: test/bench/work/%.c $B/unit-vp.a $B/libvpje.a
	$(call build,CC,$(PROBE_CFLAGS) -Werror -Ilibvprof -O2,$(WHOLE_LIBRARY))
$B/test/bench/%: test/bench/work/%.cpp
	$(call build,CXX,-O2 -g -std=gnu++17 -Wall -Wextra -MMD -MP)
$B/test/bench/%: test/bench/work/%.c
	$(call build,CC,$(PROBE_CFLAGS) -O2,-lpthread)

# --- running -----------------------------------------------------------------
# $(call pick,TESTS): those that T means, or all; $(call run,TESTS) runs these, and says
# which T is no test of them.
pick = $(if $T,$(strip $(foreach t,$T,$(filter %/$t.sh %_$t,$1))),$1)
run = $Q$(foreach t,$T,$(if $(filter %/$t.sh %_$t,$1),,$(error there is no test '$t' here)))test/run.sh $(call pick,$1)

# $(call needs,SCRIPTS): what they run. Without T that is everything; with it what is named in
# them and in the helpers they source, a word that ends in _ being the beginning of names.
words_of = $(if $1,$(shell sed 's,asan/vprof-report,asan_report,g' $1 | tr -cs 'A-Za-z0-9_' ' '))
with_sourced = $1 $(if $1,$(wildcard $(patsubst %,test/%,$(sort $(shell grep -ohE 'lib-[a-z]+[.]sh' $1)))))
needs = $(if $T,$(call named,$(patsubst %_,%_%,$(call words_of,$(call with_sourced,$(call pick,$1))))),\
	$(PROBES) $(TOOLS) $(BENCH_TOOLS) $(ORACLES) $(MAN) $B/asan/vprof-report $(FUZZ:%=$B/asan/fuzz_%))
named = $(foreach p,$(PROBES) $(TOOLS) $(BENCH_TOOLS),$(if $(filter $1,$(basename $(notdir $p))),$p)) $(if $(filter oracle,$1),$(ORACLES)) \
	$(if $(filter uninstall,$1),$(MAN)) $(if $(filter asan_report,$1),$B/asan/vprof-report) \
	$(if $(filter fuzz_%,$1),$(FUZZ:%=$B/asan/fuzz_%))

setup-test:
	$Q.setup/install-packages packages.txt packages-test.txt
# Set-up may install the compiler, so what needs it runs in a second make.
check: setup-test ## build and run every test; installs the packages of packages*.txt that are missing
	$Q$(MAKE) --no-print-directory run-check T=
run-check: all $(UNIT) $(call needs,)
	$Qtest/run.sh $(call scripts,lint) $(UNIT) $(foreach k,golden inject consumers,$(call scripts,$k))

check-unit: $(call pick,$(UNIT)) ## unit tests; T=name for one
	$(call run,$(UNIT))
check-golden: $B/vprof-report ## reports of stored ring files against stored output; T=case for some
	$Q$(if $(call pick,$(call scripts,golden)),test/run.sh $(call pick,$(call scripts,golden)),T_CASES="$T" test/run.sh test/golden/run.sh)
check-inject: all $(call needs,$(call scripts,inject)) ## tests on programs run under the library; T=name for one
	$(call run,$(call scripts,inject))
check-consumers: all $(call needs,$(call scripts,consumers)) ## exports as other programs read them; T=name for one
	$(call run,$(call scripts,consumers))
check-lint: $(if $(filter B,$(call words_of,$(call pick,$(call scripts,lint)))),all probes) ## laws of the house, exports, sizes, shell scripts; T=name for one
	$(call run,$(call scripts,lint))
asan: $B/asan/vprof-report $(call pick,$(UNIT:$B/%=$B/asan/%)) ## unit tests under AddressSanitizer
	$(call run,$(UNIT:$B/%=$B/asan/%))
ubsan: $(call pick,$(UNIT:$B/%=$B/ubsan/%)) ## unit tests under UndefinedBehaviorSanitizer
	$(call run,$(UNIT:$B/%=$B/ubsan/%))

check-leak-peers: all $(PROBES) $(LSAN_PROBES) ## leak probes under libvprof, valgrind and LeakSanitizer: who is right
	$Qtest/bench/leak_peers.sh
check-compat: ## other projects' test suites bare and preloaded; installs packages; S="cpython git" for some (docs/compat.md)
	$Q.setup/install-packages packages.txt packages-test.txt test/compat/packages.txt
	$Q$(MAKE) --no-print-directory run-compat
run-compat: all
	$QT_SCRIPT_LIMIT=14400 test/run.sh $(if $S,$(S:%=test/compat/%.sh),$(addprefix test/compat/,cpython.sh perl.sh redis.sh postgres.sh git.sh tools.sh))
fuzz: $(if $T,$B/fuzz/$T) ## let a fuzzer find crashes of vprof-report: T=record (or baseline ...) SECONDS=1800
	$Qtest/fuzz/run.sh "$T" "$(SECONDS)"
bench: all $(BENCH_WORK) $B/test/probe/cpu_split ## costs beside bare runs and peers; G="heap cpu" for some, SEED=n again, OLD=commit beside it
	$Qtest/bench/run.sh $G
bench-count: $B/libvprof.so $(BENCH_WORK) ## instructions of the hot paths against the last commit, or OLD=commit; G=exact, WHERE=exact
	$Qtest/bench/count.sh $G

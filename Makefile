# libvprof: make help
MAKEFLAGS += --no-builtin-rules
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
OBJCOPY ?= objcopy
B := build

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wmissing-variable-declarations
BASE := -std=gnu11 -D_GNU_SOURCE -Iinclude -DVPROF_VERSION_STRING='"$(VERSION)"' -g $(WARN) -MMD -MP
OPT ?= -O2
LIB_CFLAGS := $(BASE) $(OPT) -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
	-ftls-model=initial-exec -fno-builtin-malloc -fno-builtin-calloc \
	-fno-builtin-realloc -fno-builtin-free -fcf-protection=none -Ilibvprof
REPORT_CFLAGS := $(BASE) $(OPT) -Ivprof-report
APP_CFLAGS := $(BASE) $(OPT)

LIB_SRC := $(sort $(wildcard libvprof/*/*.c))
REPORT_SRC := $(sort $(wildcard vprof-report/*.c vprof-report/*/*.c))
MONITOR_SRC := $(sort $(wildcard monitor/*.c))
VIRTUOSO_SRC := $(sort $(wildcard examples/virtuoso/*.c))

LIB_OBJ := $(LIB_SRC:%.c=$B/%.o)
REPORT_OBJ := $(REPORT_SRC:%.c=$B/%.o)
MONITOR_OBJ := $(MONITOR_SRC:%.c=$B/%.o)
VIRTUOSO_OBJ := $(VIRTUOSO_SRC:%.c=$B/%.o)

REPORT_LIBS := -ldw -lelf -liberty -ljansson -lcsv -lz -lm
APP_LIBS := -lcsv -lm -lpthread

.PHONY: all clean help
all: ## build everything
all: $B/libvprof.so $B/vprof-report $B/monitor $B/virtuoso

$B/vprof-report: $(REPORT_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) $(REPORT_LIBS)

$B/monitor: $(MONITOR_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) $(APP_LIBS)

$B/virtuoso: $(VIRTUOSO_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) $(APP_LIBS)

$B/libvprof/%.o: libvprof/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(LIB_CFLAGS) $(CFLAGS) -c -o $@ $<

$B/vprof-report/%.o: vprof-report/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(REPORT_CFLAGS) $(CFLAGS) -c -o $@ $<

$B/monitor/%.o: monitor/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(APP_CFLAGS) -Imonitor $(CFLAGS) -c -o $@ $<

$B/examples/virtuoso/%.o: examples/virtuoso/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(APP_CFLAGS) -Iexamples/virtuoso $(CFLAGS) -c -o $@ $<

# jemalloc's symbols get our prefix, so that its memory and its names never
# mix with the host's; its C++ operators are left out.
JEMALLOC_A := $(firstword $(wildcard /usr/lib/*/libjemalloc_pic.a))
$B/libvpje.a: libvprof/base/jemalloc.redefine
	@mkdir -p $B/vpje
	$(say) OBJCOPY $@
	$Qcp $(JEMALLOC_A) $@.tmp && ar d $@.tmp jemalloc_cpp.pic.o && \
	$(OBJCOPY) --redefine-syms=$< $@.tmp && mv $@.tmp $@

$B/libvprof.so: $(LIB_OBJ) $B/libvpje.a libvprof/libvprof.map
	$(say) LD $@
	$Q$(CC) -shared -o $@ $(LIB_OBJ) $B/libvpje.a $(LDFLAGS) \
		-Wl,--version-script=libvprof/libvprof.map -Wl,-z,defs -Wl,-z,now \
		-Wl,-z,initfirst -Wl,-soname,libvprof.so -Wl,--exclude-libs,ALL

clean: ## remove the build directory
	rm -rf $B

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n",$$1,$$2}' $(MAKEFILE_LIST) | sort

-include $(LIB_OBJ:.o=.d) $(REPORT_OBJ:.o=.d) $(MONITOR_OBJ:.o=.d) $(VIRTUOSO_OBJ:.o=.d)

#include "helper/outside.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/schedstat.h"
#include "base/sys.h"
#include "ring/file.h"

#include <fcntl.h>
#include <string.h>

#define TEXT_BYTES 4096
#define PATH_BYTES 512
#define GROUPS	   8u /* the process's and those around it: each may have a quota */
#define WINDOWS	   16u
#define TICK_NS	   10000000u /* of /proc/stat */

static struct {
	uint64_t from_ns, to_ns;
} frozen[WINDOWS];
static uint32_t frozen_count;
static uint64_t own_delay_ns; /* of the helper, when it last looked */
static int own_delay_known;

static int opened;
static struct {
	int fd;
	uint32_t unit_ns;
} group[GROUPS];
static uint32_t groups;
static int machine_fd = -1;

void vp_outside_init(void)
{
	frozen_count = groups = 0;
	opened = 0;
	machine_fd = -1;
	own_delay_ns = 0;
	own_delay_known = 0;
}

/* ---- all stood still -------------------------------------------------------- */

static uint64_t own_delay(void)
{
	struct vp_schedstat stat;

	return vp_schedstat_read(vp_sys_tid(), &stat) == 0 ? stat.run_delay_ns : own_delay_ns;
}

int vp_outside_woke(uint64_t due_ns, uint64_t now_ns, uint64_t least_ns)
{
	uint64_t late = now_ns > due_ns ? now_ns - due_ns : 0, to, delay, before = own_delay_ns;
	int known = own_delay_known;

	if (late < least_ns && known)
		return 0;
	own_delay_ns = delay = own_delay();
	own_delay_known = 1;
	if (late < least_ns)
		return 0;
	if (!known || delay - before > late / 2)
		return 1;
	to = vp_clock_now();
	frozen[frozen_count % WINDOWS].from_ns = to > late ? to - late : 0;
	frozen[frozen_count++ % WINDOWS].to_ns = to;
	vp_file.header->frozen++;
	vp_file.header->frozen_ns += late;
	return 0;
}

uint64_t vp_outside_frozen(uint64_t from_ns, uint64_t to_ns)
{
	uint32_t kept = frozen_count < WINDOWS ? frozen_count : WINDOWS;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < kept; i++) {
		uint64_t from = frozen[i].from_ns > from_ns ? frozen[i].from_ns : from_ns;
		uint64_t to = frozen[i].to_ns < to_ns ? frozen[i].to_ns : to_ns;

		sum += to > from ? to - from : 0;
	}
	return sum;
}

/* ---- control groups, and the machine ---------------------------------------- */

/* A number that a line of the form "KEY NUMBER" has; 0: there is none. */
static uint64_t number_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, len) == 0 && text[len] == ' ') {
			text += len;
			return vp_parse_next(&text);
		}
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return 0;
}

/* A group and those around it: "/a/b", "/a", "". */
static void open_groups(const char *root, const char *of, size_t len, uint32_t unit_ns)
{
	char path[PATH_BYTES];

	for (;;) {
		struct vp_text name;
		int fd;

		vp_text_init(&name, path, sizeof(path));
		vp_text_str(&name, root);
		vp_text_mem(&name, of, len);
		vp_text_str(&name, "/cpu.stat");
		fd = name.cut || groups == GROUPS ? -1 : vp_sys_open(path, O_RDONLY, 0);
		if (fd >= 0) {
			group[groups].fd = fd;
			group[groups++].unit_ns = unit_ns;
		}
		if (!len)
			return;
		while (len && of[--len] != '/')
			;
	}
}

/* Does a list of controllers, "cpu,cpuacct", have that one? */
static int lists(const char *list, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *at = list; at < list + len;) {
		size_t one = strcspn(at, ",:");

		if (one == name_len && memcmp(at, name, one) == 0)
			return 1;
		at += one + 1;
	}
	return 0;
}

/* Lines of /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH". */
static void find_groups(const char *line)
{
	while (*line) {
		const char *list = strchr(line, ':'), *of = list ? strchr(list + 1, ':') : NULL;
		size_t len = of ? strcspn(of + 1, "\n") : 0;

		if (!of)
			return;
		if (of == list + 1)
			open_groups("/sys/fs/cgroup", of + 1, len == 1 ? 0 : len, 1000);
		else if (lists(list + 1, (size_t)(of - list - 1), "cpu"))
			open_groups("/sys/fs/cgroup/cpu", of + 1, len == 1 ? 0 : len, 1);
		line = of + 1 + len;
		line += *line == '\n';
	}
}

static void open_all(void)
{
	char text[TEXT_BYTES];

	opened = 1;
	if (vp_sys_read_file("/proc/self/cgroup", text, sizeof(text)) > 0)
		find_groups(text);
	machine_fd = vp_sys_open("/proc/stat", O_RDONLY, 0);
}

void vp_outside_close(void)
{
	for (uint32_t i = 0; i < groups; i++)
		vp_sys_close(group[i].fd);
	if (machine_fd >= 0)
		vp_sys_close(machine_fd);
	vp_outside_init();
}

static int read_at_start(int fd, char *text, size_t bytes)
{
	long len = fd < 0 ? -1 : vp_sys6(SYS_pread64, fd, (long)text, (long)bytes - 1, 0, 0, 0);

	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

void vp_outside_read(struct vp_outside *out)
{
	char text[TEXT_BYTES];
	const char *at = text;

	*out = (struct vp_outside){0, 0};
	if (!opened)
		open_all();
	for (uint32_t i = 0; i < groups; i++) {
		if (!read_at_start(group[i].fd, text, sizeof(text)))
			continue;
		out->throttled_ns += group[i].unit_ns == 1
					 ? number_of(text, "throttled_time")
					 : number_of(text, "throttled_usec") * group[i].unit_ns;
	}
	/* "cpu  user nice system idle iowait irq softirq steal": the rest is long. */
	if (!read_at_start(machine_fd, text, 256))
		return;
	at += strcspn(at, " ");
	for (int field = 0; field < 7; field++)
		vp_parse_next(&at);
	out->stolen_ns = vp_parse_next(&at) * TICK_NS;
}

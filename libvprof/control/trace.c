#include "control/trace.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/mangled.h"
#include "base/match.h"
#include "base/proc.h"
#include "base/service.h"
#include "base/state.h"
#include "control/control.h"
#include "control/trace_patch.h"
#include "control/trace_sites.h"
#include "helper/helper.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/count.h"

#include <errno.h>
#include <string.h>

static const void *entry_of_ours;

/* Why a function is not traced: what vp_patch() says, and what keeps it from being asked. */
enum why { WHY_LATE = VP_PATCH_REFUSED + 1, WHY_OURS, WHY_NO_NAME, WHYS };
static const char *const why_text[WHYS] = {
    [VP_PATCH_FEW_NOPS] = "fewer than 5 bytes of nops at the entry",
    [VP_PATCH_NO_NOPS] = "no nops at the entry: another tool's, or a breakpoint",
    [VP_PATCH_NO_CODE] = "memory may not become code here",
    [VP_PATCH_FAR] = "no free memory in reach of a call",
    [VP_PATCH_REFUSED] = "the kernel does not let code be written",
    [WHY_LATE] = "other threads were running",
    [WHY_OURS] = "the library uses it itself",
    [WHY_NO_NAME] = "no symbol table has a name",
};

/* What is said: "OBJECT: 5 traced, 2 not: why; OBJECT: ...". */
static char said[1024];
static uint32_t traced, refused;

/* Objects that were looked at. */
#define SEEN_MOST 1024u
static struct seen {
	uint64_t lo;
	const void *phdr;
} seen[SEEN_MOST];
static uint32_t seen_count, started_count;
static uint64_t adds, removals; /* as the loader counts */

/* --- what is said ------------------------------------------------------------------ */

static int was_said(const char *text)
{
	size_t length = strlen(text);

	for (const char *at = said; (at = strstr(at, text)); at++)
		if ((at == said || at[-1] == ' ') && (!at[length] || at[length] == ';'))
			return 1;
	return 0;
}

/* Returns 0 where it was said before: of a plugin that comes again. */
static int say(const char *text)
{
	size_t length = strlen(said), more = strlen(text);

	if (was_said(text))
		return 0;
	if (length + more + 8 > sizeof(said)) {
		if (said[length - 1] != '.')
			memcpy(said + length, "; ...", 6);
		return 1;
	}
	if (length) {
		memcpy(said + length, "; ", 2);
		length += 2;
	}
	memcpy(said + length, text, more + 1);
	return 1;
}

static void begin_entry(struct vp_text *text, char *buf, size_t size, const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	vp_text_init(text, buf, size);
	for (; *name && text->len < 96; name++)
		vp_text_char(text, *name < ' ' || *name == 0x7f || *name == ';' ? '?' : *name);
	vp_text_str(text, ": ");
}

static void publish(void)
{
	struct vprof_header *header = vp_file.header;
	const char *text = *said ? said : "no object was built with -fpatchable-function-entry";
	uint32_t id = vp_string_add(text, strlen(text));

	header->traced = traced;
	header->trace_refused = refused;
	if (id == VPROF_NONE)
		return;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->trace_note, id, __ATOMIC_RELEASE);
}

/* --- one object -------------------------------------------------------------------- */

struct look {
	int late; /* 1: other threads run */
	struct vp_patcher patcher;
};

/* Of one object. */
struct outcome {
	uint32_t done, left[WHYS];
	uint32_t functions; /* that could be asked for */
	int any;	    /* 1: some were asked for, before or now */
};

/* The name as it stands in the object, without what gcc adds to a copy of its own
 * (".constprop.0"), and as C++ has it. */
static int is_wanted(const char *name)
{
	const char *glob = vp_config.trace;
	size_t length = strlen(name), dot = strcspn(name, ".");
	char plain[512];
	size_t plain_length;

	if (vp_match_any(glob, name, length) || (dot && vp_match_any(glob, name, dot)))
		return 1;
	plain_length = vp_mangled_plain(name, plain, sizeof(plain));
	return plain_length && vp_match_any(glob, plain, plain_length);
}

static void name_sites(const struct vp_trace_sites *sites, const struct dl_phdr_info *info)
{
	for (size_t i = 0; i < sites->symbols; i++) {
		const Elf64_Sym *symbol = &sites->symbol[i];
		uint64_t at = sites->bias + symbol->st_value;
		struct vp_trace_site *site;

		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
		    symbol->st_name >= sites->names_bytes || !vp_trace_is_code(info, at))
			continue;
		site = vp_trace_site_of(sites, at);
		if (!site)
			continue;
		site->entry = at;
		site->wanted |= is_wanted(sites->names + symbol->st_name);
	}
}

/* Rows of functions that nobody may ever call: what is traced can be seen all the same. */
#define PLACES_MOST 4096u

static void place_all(void *arg)
{
	static uint32_t places;
	const struct vp_trace_sites *sites = arg;

	for (size_t i = 0; i < sites->sites && places < PLACES_MOST; i++)
		if (sites->site[i].wanted == 2) {
			vp_counts_place(sites->site[i].entry, VPROF_COUNT_PATCHED);
			places++;
		}
}

static int is_for_ourselves(const char *path)
{
	static const char *const name[] = {"libvprof.so", "libc.so", "ld-linux-x86-64.so",
					   "libunwind"};
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (strncmp(base, name[i], strlen(name[i])) == 0)
			return 1;
	return 0;
}

static uint32_t trace_one(const struct look *look, struct vp_trace_site *site, int ours)
{
	enum vp_patch ret;

	if (!site->entry)
		return WHY_NO_NAME;
	if (ours)
		return WHY_OURS;
	if (look->late)
		return WHY_LATE;
	ret = vp_patch(&look->patcher, site->entry);
	if (ret == VP_PATCH_DONE)
		site->wanted = 2;
	return ret;
}

static void trace_all(const struct look *look, struct vp_trace_sites *sites, const char *path,
		      struct outcome *out)
{
	int ours = is_for_ourselves(path), all = vp_match_all(vp_config.trace);

	for (size_t i = 0; i < sites->sites; i++) {
		struct vp_trace_site *site = &sites->site[i];
		uint32_t why;

		out->functions++;
		if (!site->wanted && !(all && !site->entry))
			continue;
		out->any = 1;
		why = trace_one(look, site, ours);
		if (why == VP_PATCH_DONE)
			out->done++;
		else if (why != VP_PATCH_BEFORE)
			out->left[why]++;
	}
}

static void tell(const char *path, const struct outcome *outcome)
{
	char buf[512];
	struct vp_text text;
	uint32_t left = 0;
	size_t begun;

	begin_entry(&text, buf, sizeof(buf), path);
	begun = text.len;
	if (outcome->done) {
		vp_text_u64(&text, outcome->done);
		vp_text_str(&text, " traced");
	}
	for (uint32_t why = 0; why < WHYS; why++) {
		if (!outcome->left[why])
			continue;
		vp_text_str(&text, text.len > begun ? ", " : "");
		vp_text_u64(&text, outcome->left[why]);
		vp_text_str(&text, " not (");
		vp_text_str(&text, why_text[why]);
		vp_text_char(&text, ')');
		left += outcome->left[why];
	}
	if (!outcome->any) {
		vp_text_str(&text, "no name matches, of ");
		vp_text_u64(&text, outcome->functions);
	}
	if (text.len > begun && say(buf)) {
		traced += outcome->done;
		refused += left;
	}
}

static void tell_unread(const char *path, int err)
{
	char buf[256];
	struct vp_text text;

	begin_entry(&text, buf, sizeof(buf), path);
	if (err == -ENODATA)
		vp_text_str(&text, "its file has no section headers");
	else if (err == -ESTALE)
		vp_text_str(&text, "its file has changed");
	else
		vp_text_str(&text, "its file cannot be read");
	say(buf);
}

static const char *name_of(const struct dl_phdr_info *info)
{
	size_t most;
	const char *program;

	if (*info->dlpi_name)
		return info->dlpi_name;
	program = vp_string_at(vp_file.header->exe, &most);
	return program && strnlen(program, most) < most ? program : "the program";
}

static void look_at(struct look *look, const struct dl_phdr_info *info)
{
	const char *file = *info->dlpi_name ? info->dlpi_name : "/proc/self/exe";
	const char *path = name_of(info);
	struct vp_trace_sites sites;
	struct outcome outcome = {0};
	int err = vp_trace_sites_read(&sites, file, info);

	if (err && err != -ENOENT)
		tell_unread(path, err);
	if (err)
		return;
	name_sites(&sites, info);
	trace_all(look, &sites, path, &outcome);
	if (outcome.done)
		vp_service(place_all, &sites);
	tell(path, &outcome);
	vp_trace_sites_drop(&sites);
}

/* --- all objects ------------------------------------------------------------------- */

static int is_seen(const struct dl_phdr_info *info)
{
	for (uint32_t i = 0; i < seen_count; i++)
		if (seen[i].lo == info->dlpi_addr && seen[i].phdr == info->dlpi_phdr)
			return 1;
	if (seen_count < SEEN_MOST)
		seen[seen_count++] = (struct seen){info->dlpi_addr, info->dlpi_phdr};
	return 0;
}

/* What the kernel brings along has no file. */
static int is_vdso(const struct dl_phdr_info *info)
{
	return strncmp(info->dlpi_name, "linux-vdso", 10) == 0;
}

static int each(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	if (info->dlpi_subs != removals) { /* addresses may be another's now */
		removals = info->dlpi_subs;
		seen_count = started_count;
	}
	adds = info->dlpi_adds;
	if (!is_vdso(info) && !is_seen(info))
		look_at(arg, info);
	return 0;
}

static void look_around(int late)
{
	struct look look = {.late = late};

	vp_patcher_begin(&look.patcher, entry_of_ours);
	dl_iterate_phdr(each, &look);
	vp_patcher_end(&look.patcher);
	publish();
}

static void count_one(int tid, void *arg)
{
	(void)tid;
	++*(uint32_t *)arg;
}

/* By way of /proc; without it nothing could be written either. */
static int is_alone(void)
{
	int threads = vp_helper_count_tasks();
	uint32_t tasks = 0;

	if (threads != -ESRCH)
		return threads == 1;
	return vp_proc_tasks(count_one, &tasks) == 0 && tasks == 1; /* no helper */
}

void vp_trace_use(const void *entry)
{
	entry_of_ours = entry;
}

void vp_trace_start(int forked)
{
	if (!*vp_config.trace)
		return;
	if (forked) {
		publish();
		return;
	}
	look_around(!is_alone());
	started_count = seen_count;
}

static int is_new(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(int *)arg = info->dlpi_adds != adds;
	return 1;
}

void vp_trace_opened(void)
{
	struct vp_inside inside;
	int new = 0;

	if (!*vp_config.trace || !vp_control.alive || vp_control.quiet || !vp_owns_process() ||
	    !vp_inside_try(&inside))
		return;
	dl_iterate_phdr(is_new, &new);
	if (new)
		look_around(!is_alone());
	vp_inside_end(inside);
}

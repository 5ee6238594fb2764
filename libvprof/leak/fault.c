/* Words that cannot be read.
 *
 * Mappings change their protection, files behind them are truncated, and
 * memory errors exist.  Every load of the search is one instruction of
 * vp_leak_load, listed in a table: a fault there gives a word that points
 * nowhere; a fault anywhere else ends the child, which the parent says. */
#include "base/sys.h"
#include "leak/internal.h"

#include <cpuid.h>
#include <signal.h>
#include <ucontext.h>

struct fault_row {
	int32_t load, next; /* relative to themselves */
};
extern const struct fault_row __start_vp_fault_table[] __attribute__((visibility("hidden")));
extern const struct fault_row __stop_vp_fault_table[] __attribute__((visibility("hidden")));

uint64_t vp_leak_fault_at;

static void fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint64_t pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];

	for (const struct fault_row *row = __start_vp_fault_table; row < __stop_vp_fault_table;
	     row++) {
		if ((uint64_t)(uintptr_t)&row->load + (uint64_t)(int64_t)row->load != pc)
			continue;
		uc->uc_mcontext.gregs[REG_RIP] =
		    (long long)((uint64_t)(uintptr_t)&row->next + (uint64_t)(int64_t)row->next);
		uc->uc_mcontext.gregs[REG_RAX] = -1;
		vp_leak_fault_at = (uint64_t)(uintptr_t)info->si_addr | 1;
		return;
	}
	vp_sys_end(128 + sig);
}

/* Memory behind protection keys that the thread which forked had not open: nobody
 * else's rights change by it. */
static void open_keys(void)
{
	uint32_t eax, ebx, ecx, edx;

	__cpuid_count(7, 0, eax, ebx, ecx, edx);
	if (ecx >> 4 & 1) /* the system has them in use */
		__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(0), "c"(0), "d"(0)); /* wrpkru */
}

void vp_leak_fault_install(void)
{
	uint64_t open = 1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1);

	open_keys();
	vp_sys_handle(SIGSEGV, fault, SA_NODEFER);
	vp_sys_handle(SIGBUS, fault, SA_NODEFER);
	vp_sys6(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&open, 0, sizeof(open), 0, 0);
}

#include "search.h"
#include "engine.h"
#include "records.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define ASKED_MAX (sizeof(((struct vrun_search *)0)->pid) / sizeof(pid_t))

void vrun_search_begin(struct vrun_search *search, const struct vrun_run *run, const char *dir)
{
	size_t count;
	struct vrun_record *record = vrun_records_find(dir, run, &count);

	*search = (struct vrun_search){0};
	for (size_t i = 0; i < count && search->pids < ASKED_MAX; i++) {
		pid_t pid =
		    vrun_engine_begin((const char *[]){"ctl", record[i].path, "leakscan", NULL});

		if (pid > 0)
			search->pid[search->pids++] = pid;
	}
	vrun_records_free(record, count);
}

bool vrun_search_over(struct vrun_search *search)
{
	bool over = true;

	for (size_t i = 0; i < search->pids; i++) {
		int status;
		pid_t got = search->pid[i] ? waitpid(search->pid[i], &status, WNOHANG) : 0;

		if (got > 0)
			search->complete += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (got)
			search->pid[i] = 0;
		over = over && !search->pid[i];
	}
	return over;
}

void vrun_search_end(struct vrun_search *search)
{
	for (size_t i = 0; i < search->pids; i++)
		if (search->pid[i])
			kill(search->pid[i], SIGKILL);
	for (size_t i = 0; i < search->pids; i++)
		while (search->pid[i] && waitpid(search->pid[i], NULL, 0) < 0 && errno == EINTR)
			;
	search->pids = 0;
}

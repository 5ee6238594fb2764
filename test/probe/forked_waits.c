/* A process whose many threads have waited forks, and so does its child; in each a
 * few threads wait.  Says who is who: "parent PID", "child PID", "grandchild PID". */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 300

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int waiting, go_on;

static void *waits(void *arg)
{
	pthread_mutex_lock(&mutex);
	waiting++;
	while (!go_on)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void all_wait(int count)
{
	static pthread_t thread[MOST];
	pthread_attr_t small;
	int there = 0;

	waiting = go_on = 0;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (int i = 0; i < count; i++) {
		if (pthread_create(&thread[i], &small, waits, NULL) != 0)
			exit(3);
	}
	while (there < count) {
		usleep(1000);
		pthread_mutex_lock(&mutex);
		there = waiting;
		pthread_mutex_unlock(&mutex);
	}
	pthread_mutex_lock(&mutex);
	go_on = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

static void generation(const char *name, int count)
{
	printf("%s %d\n", name, getpid());
	fflush(stdout);
	all_wait(count);
}

static void forks(void (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		child();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(4);
}

static void grandchild(void)
{
	generation("grandchild", 3);
}

static void child(void)
{
	generation("child", 5);
	forks(grandchild);
}

int main(void)
{
	generation("parent", MOST);
	forks(child);
	return 0;
}

/* Bound to the pthread_cond functions of GLIBC_2.2.5, as a program linked 25
 * years ago: a condition is one pointer to what those functions allocate. The
 * code of the later version would take what lies behind the pointer for its
 * own, and the other way round.
 *
 * Prints what each call returned, whether the pointer was set and freed, and
 * whether anything behind it was written. */
#include "probe.h"
#include <pthread.h>

#define OLD(name) __asm__(".symver " #name "," #name "@GLIBC_2.2.5")
OLD(pthread_cond_init);
OLD(pthread_cond_destroy);
OLD(pthread_cond_wait);
OLD(pthread_cond_timedwait);
OLD(pthread_cond_signal);
OLD(pthread_cond_broadcast);

static union {
	pthread_cond_t cond;
	struct {
		void *pointer;
		unsigned char behind[56];
	} old;
} c;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int turn;

static void look(const char *when)
{
	int written = 0;

	for (size_t i = 0; i < sizeof(c.old.behind); i++)
		written += c.old.behind[i] != 0xa5;
	say("%s: pointer %s, %d bytes behind it written\n", when,
	    (uintptr_t)c.old.pointer > 65536 ? "set" : "not set", written);
}

__attribute__((noinline)) static int wait_old(void)
{
	return pthread_cond_wait(&c.cond, &m);
}

static void *waiter(void *arg)
{
	pthread_mutex_lock(&m);
	turn++;
	while (turn < 10)
		if (wait_old() != 0)
			say("wait failed\n");
	pthread_mutex_unlock(&m);
	return arg;
}

int main(void)
{
	struct timespec t;
	pthread_t thread[2];

	memset(&c, 0xa5, sizeof(c));
	say("init = %d\n", pthread_cond_init(&c.cond, NULL));
	look("after init");
	say("signal = %d\n", pthread_cond_signal(&c.cond));
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, waiter, NULL);
	for (int ready = 0; !ready;) {
		sleep_ms(10);
		pthread_mutex_lock(&m);
		ready = turn == 2;
		pthread_mutex_unlock(&m);
	}
	sleep_ms(30);
	look("while two wait");
	pthread_mutex_lock(&m);
	turn = 10;
	say("broadcast = %d\n", pthread_cond_broadcast(&c.cond));
	pthread_mutex_unlock(&m);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_lock(&m);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 5000000;
	if (t.tv_nsec >= 1000000000)
		t.tv_nsec -= 1000000000, t.tv_sec++;
	say("timedwait = %d\n", pthread_cond_timedwait(&c.cond, &m, &t));
	pthread_mutex_unlock(&m);
	look("at the end");
	say("destroy = %d\n", pthread_cond_destroy(&c.cond));
	return 0;
}

/* An event loop whose slow iterations have known causes, and that says what each of them cost.
 *
 *   tail SEED COUNT KIND [FILE PIPE]
 *
 * KIND: causes   3 of 100 iterations take some 8 ms longer: of them 60 of 100 by a read that
 *                waits, in flush_journal(), 30 by computing, in rebuild_index(), 10 by a lock
 *                that another thread has, in apply_book()
 *       spans    as causes, but 60 by the lock, 30 by the read and 10 by computing, in spans
 *                "step", which no loop is around; between them spans "steady", without causes
 *       turned   2 of 100, 60, 30 and 10 by three of five that SEED chooses: of those above, an
 *                allocation storm, in copy_levels(), and fsync, in commit_trade(), of FILE,
 *                which lies in a file system whose fsync waits for a byte from PIPE; without
 *                those two arguments, of four
 *       turned-spans
 *       own      spans "serve", each with a read at the same place: for the library the wait of
 *                the thread's loop; 3 of 100 wait some 8 ms, in flush_journal()
 * and such as have none that is the program's:
 *       work     iterations have more or fewer events, and nothing else
 *       alike    3 of 100 do everything ten times
 *       rival    now and then another process takes the CPU for some 8 ms
 *       pressed  as rival, and an iteration is little else than three calls of pwrite(), so that
 *                it is in one of these that it loses the CPU
 *       bystander  it does so in some parts of a second alone, in which many iterations compute
 *                a little more, too
 *
 * Prints for each iteration: when it began, by CLOCK_MONOTONIC, its time, and what the planted
 * cause took, all in nanoseconds, and the number of the cause, 0 for none; then in a line of
 * their own the numbers of the causes, the most frequent first. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vprof.h>

#define MS 1000000u
#define US 1000u

static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the thread that has what the loop waits for ------------------------------- */

static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER;
static int asked[2], answer[2];

static int journal_fd = -1, journal_pipe = -1;

enum wish_kind { ANSWER, LOCK, SYNC };
struct wish {
	enum wish_kind kind;
	uint64_t ns;
};

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	nanosleep(&t, NULL);
}

static void *journal(void *arg)
{
	struct wish wish;

	while (read(asked[0], &wish, sizeof(wish)) == sizeof(wish)) {
		if (wish.kind == LOCK) {
			pthread_mutex_lock(&book);
			if (write(answer[1], "l", 1) != 1)
				exit(1);
		}
		sleep_ns(wish.ns);
		if (wish.kind == LOCK)
			pthread_mutex_unlock(&book);
		else if (write(wish.kind == SYNC ? journal_pipe : answer[1], "j", 1) != 1)
			exit(1);
	}
	return arg;
}

static void ask(enum wish_kind kind, uint64_t ns)
{
	struct wish wish = {kind, ns};

	if (write(asked[1], &wish, sizeof(wish)) != sizeof(wish))
		exit(1);
}

/* ---- causes -------------------------------------------------------------------- */

static volatile uint64_t sink;

static void spin(uint64_t cpu_ns)
{
	uint64_t until = now_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		for (int i = 0; i < 2000; i++)
			sink += (uint64_t)i;
}

__attribute__((noinline)) static void flush_journal(uint64_t ns)
{
	char byte;

	ask(ANSWER, ns);
	if (read(answer[0], &byte, 1) != 1)
		exit(1);
	sink++;
}

__attribute__((noinline)) static void rebuild_index(uint64_t ns)
{
	spin(ns);
	sink++;
}

__attribute__((noinline)) static void apply_book(uint64_t ns)
{
	char byte;

	ask(LOCK, ns);
	if (read(answer[0], &byte, 1) != 1)
		exit(1);
	pthread_mutex_lock(&book);
	pthread_mutex_unlock(&book);
	sink++;
}

/* As many copies as the time is enough for. */
__attribute__((noinline)) static void copy_levels(uint64_t cpu_ns)
{
	uint64_t until = now_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;
	char *level[64];

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
		for (size_t i = 0; i < 64; i++) {
			level[i] = malloc(16 + 40 * i);
			if (!level[i])
				exit(1);
			memset(level[i], (int)i, 16 + 40 * i);
		}
		for (size_t i = 0; i < 64; i++) {
			sink += (uint64_t)level[i][7];
			free(level[i]);
		}
	}
	sink++;
}

__attribute__((noinline)) static void commit_trade(uint64_t ns)
{
	ask(SYNC, ns);
	if (fsync(journal_fd) != 0)
		exit(1);
	sink++;
}

__attribute__((noinline)) static void parse(uint64_t ns)
{
	spin(ns);
	sink++;
}

/* ---- the loop ------------------------------------------------------------------ */

/* A planted cause: it is CPU time, or time on the wall. */
static const struct cause {
	void (*run)(uint64_t ns);
	clockid_t clock;
} all_causes[] = {{flush_journal, CLOCK_MONOTONIC},
		  {rebuild_index, CLOCK_THREAD_CPUTIME_ID},
		  {apply_book, CLOCK_MONOTONIC},
		  {copy_levels, CLOCK_THREAD_CPUTIME_ID},
		  {commit_trade, CLOCK_MONOTONIC}};

static int order[3]; /* of which 60, 30 and 10 of 100 are */
static double often;
static uint64_t causes_from_ns; /* before that there are none */

static int causes(uint64_t *ns)
{
	uint64_t length = (uint64_t)(8 * MS * exp(0.2 * normal())), begin;
	double which = uniform();
	int number = order[which < 0.6 ? 0 : which < 0.9 ? 1 : 2];
	const struct cause *cause = &all_causes[number - 1];

	parse((uint64_t)(150 * US * exp(0.3 * normal())));
	if (uniform() >= often || now_ns(CLOCK_MONOTONIC) < causes_from_ns)
		return 0;
	begin = now_ns(cause->clock);
	cause->run(length);
	*ns = now_ns(cause->clock) - begin;
	return number;
}

static void choose_causes(const char *kind, int seed)
{
	int many = journal_fd < 0 ? 4 : 5, is_span = strstr(kind, "spans") != NULL;
	int second = seed / many % (many - 1), first = seed % many;

	often = 0.03;
	order[0] = is_span ? 3 : 1;
	order[1] = is_span ? 1 : 2;
	order[2] = is_span ? 2 : 3;
	if (strncmp(kind, "turned", 6) != 0)
		return;
	/* The library finds the loop first. */
	causes_from_ns = now_ns(CLOCK_MONOTONIC) + 400 * MS;
	often = 0.02;
	order[0] = first + 1;
	order[1] = (first + 1 + second) % many + 1;
	order[2] = (first + 1 + (second + 1) % (many - 1)) % many + 1;
}

/* ---- a rival for the CPU ------------------------------------------------------- */

static int *rival_may; /* shared with it */

static void be_rival(void)
{
	const struct sched_param first = {1};

	signal(SIGTERM, SIG_DFL);
	if (sched_setscheduler(0, SCHED_FIFO, &first) != 0)
		setpriority(PRIO_PROCESS, 0, -20);
	for (;;) {
		uint64_t until;

		sleep_ns((uint64_t)(12 * MS * -log(1 - uniform())));
		until = now_ns(CLOCK_MONOTONIC) + (uint64_t)(8 * MS * exp(0.2 * normal()));
		while (__atomic_load_n(rival_may, __ATOMIC_RELAXED) &&
		       now_ns(CLOCK_MONOTONIC) < until)
			sink++;
	}
}

/* Both on one CPU. */
static pid_t start_rival(void)
{
	cpu_set_t one;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	rival_may =
	    mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rival_may == MAP_FAILED || sched_setaffinity(0, sizeof(one), &one) != 0)
		exit(1);
	*rival_may = 1;
	pid = fork();
	if (pid == 0)
		be_rival();
	return pid;
}

/* Calls that wait for nothing and use the CPU. */
__attribute__((noinline)) static void save_book(void)
{
	static char levels[128 << 10];
	static int file = -1;

	if (file < 0)
		file = memfd_create("book", 0);
	for (int i = 0; i < 3; i++)
		if (pwrite(file, levels, sizeof(levels), 0) != sizeof(levels))
			exit(1);
	sink++;
}

static void bystander(void)
{
	static uint64_t began_ns;
	uint64_t part;
	int busy;

	began_ns = began_ns ? began_ns : now_ns(CLOCK_MONOTONIC);
	part = (now_ns(CLOCK_MONOTONIC) - began_ns) / (100 * MS);
	busy = part * 2654435761u % 100 < 30;
	__atomic_store_n(rival_may, busy, __ATOMIC_RELAXED);
	parse((uint64_t)(150 * US * exp(0.3 * normal())));
	/* No wait: one that ends while the rival has the CPU does take longer. */
	if (uniform() < (busy ? 0.7 : 0.05))
		rebuild_index((uint64_t)(60 * US * exp(0.2 * normal())));
}

/* ---- iterations ----------------------------------------------------------------- */

static void work(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++)
		parse(60 * US);
}

static void alike(void)
{
	int times = uniform() < 0.03 ? 10 : 1;

	for (int i = 0; i < times; i++) {
		parse((uint64_t)(150 * US * exp(0.2 * normal())));
		flush_journal((uint64_t)(150 * US * exp(0.2 * normal())));
	}
}

static int own(uint64_t *ns)
{
	int slow = uniform() < 0.03;
	uint64_t length = (uint64_t)((slow ? 8 * MS : 150 * US) * exp(0.2 * normal())), begin;

	parse(50 * US);
	begin = now_ns(CLOCK_MONOTONIC);
	flush_journal(length);
	*ns = now_ns(CLOCK_MONOTONIC) - begin;
	return slow;
}

static int one(const char *kind, uint64_t events, uint64_t *ns)
{
	*ns = 0;
	if (strcmp(kind, "own") == 0)
		return own(ns);
	if (strcmp(kind, "work") == 0)
		work(events);
	else if (strcmp(kind, "alike") == 0)
		alike();
	else if (strcmp(kind, "rival") == 0)
		parse((uint64_t)(150 * US * exp(0.3 * normal())));
	else if (strcmp(kind, "pressed") == 0)
		save_book();
	else if (strcmp(kind, "bystander") == 0)
		bystander();
	else
		return causes(ns);
	return 0;
}

#define SOCKETS 64

static int ep, timer, fd[SOCKETS];

static int add(int what)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = what};

	epoll_ctl(ep, EPOLL_CTL_ADD, what, &event);
	return what;
}

/* What the next turn brings: events that are there, or a timer 300 us from now. */
static void make_ready(int events)
{
	struct itimerspec at = {.it_value.tv_nsec = 300 * US};
	uint64_t one_more = 1;

	if (!events)
		timerfd_settime(timer, 0, &at, NULL);
	for (int i = 0; i < events; i++)
		if (write(fd[i], &one_more, sizeof(one_more)) != sizeof(one_more))
			exit(1);
}

struct turn {
	uint64_t begin_ns, ns, cause_ns;
	int cause;
};

static void take(const char *kind, uint64_t events, struct turn *turn)
{
	turn->begin_ns = now_ns(CLOCK_MONOTONIC);
	turn->cause = one(kind, events, &turn->cause_ns);
	turn->ns = now_ns(CLOCK_MONOTONIC) - turn->begin_ns;
}

static void step(struct turn *turn)
{
	vprof_span_begin("step", 0);
	take("causes", 0, turn);
	vprof_span_end();
	vprof_span_begin("steady", 0);
	parse((uint64_t)(150 * US * exp(0.3 * normal())));
	vprof_span_end();
}

static void serve(struct turn *turn)
{
	vprof_span_begin("serve", 0);
	take("own", 0, turn);
	vprof_span_end();
}

static void open_all(char **argv, int argc)
{
	pthread_t thread;

	if (pipe(asked) || pipe(answer) || pthread_create(&thread, NULL, journal, NULL))
		exit(1);
	pthread_detach(thread);
	if (argc > 5) {
		journal_fd = open(argv[4], O_WRONLY);
		journal_pipe = open(argv[5], O_RDWR);
		if (journal_fd < 0 || journal_pipe < 0)
			exit(1);
	}
	ep = epoll_create1(0);
	timer = add(timerfd_create(CLOCK_MONOTONIC, 0));
	for (int i = 0; i < SOCKETS; i++)
		fd[i] = add(eventfd(0, 0));
}

static void turn_once(const char *kind, struct turn *turn)
{
	struct epoll_event event[SOCKETS];
	int events;

	if (strstr(kind, "spans")) {
		step(turn);
		return;
	}
	if (strcmp(kind, "own") == 0) {
		serve(turn);
		return;
	}
	events = (int)fmin(SOCKETS, ceil(exp(1.1 * fabs(normal()))));
	make_ready(strcmp(kind, "work") == 0 ? events : 0);
	events = epoll_wait(ep, event, SOCKETS, 1000);
	take(kind, (uint64_t)events, turn);
}

int main(int argc, char **argv)
{
	int seed = argc > 1 ? atoi(argv[1]) : 0, count = argc > 2 ? atoi(argv[2]) : 100;
	const char *kind = argc > 3 ? argv[3] : "causes";
	struct turn *turn = calloc((size_t)count + 1, sizeof(*turn));
	pid_t rival = 0;

	state = 0x9e3779b97f4a7c15u * ((uint64_t)seed + 1);
	if (!turn)
		return 1;
	if (strcmp(kind, "rival") == 0 || strcmp(kind, "pressed") == 0 ||
	    strcmp(kind, "bystander") == 0)
		rival = start_rival();
	open_all(argv, argc);
	choose_causes(kind, seed);
	for (int i = 0; i < count; i++)
		turn_once(kind, &turn[i]);
	if (rival) {
		kill(rival, SIGKILL);
		waitpid(rival, NULL, 0);
	}
	for (int i = 0; i < count; i++)
		printf("%llu %llu %llu %d\n", (unsigned long long)turn[i].begin_ns,
		       (unsigned long long)turn[i].ns, (unsigned long long)turn[i].cause_ns,
		       turn[i].cause);
	printf("%d %d %d\n", order[0], order[1], order[2]);
	free(turn);
	return 0;
}

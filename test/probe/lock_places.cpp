// Locks in every place, each of which is waited for twice; prints the case and the function
// that allocated it, if one did, and where in its block it lies.
//
// lock_places       the locks
// lock_places fork  the same in a forked child, whose blocks are the parent's
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#define HOLD_MS 20
#define ROUNDS  2

static pthread_mutex_t static_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	long other[5];
	pthread_mutex_t lock;
} striped;
static mtx_t static_mtx;

struct Book {
	char symbol[24];
	pthread_mutex_t lock;
};
struct Ledger {
	long rows[512]; // more than a page
	mtx_t lock;
};
class Account
{
      public:
	long balance = 0;
	std::mutex lock;
};

__attribute__((noinline)) static Book *make_book()
{
	Book *book = static_cast<Book *>(std::malloc(sizeof(Book)));

	pthread_mutex_init(&book->lock, nullptr);
	return book;
}

// By one call: they are blocks of one site.
__attribute__((noinline)) static void make_books(Book **books, int count)
{
	for (int i = 0; i < count; i++)
		books[i] = make_book();
}

__attribute__((noinline)) static Ledger *make_ledger()
{
	Ledger *ledger = static_cast<Ledger *>(std::calloc(1, sizeof(Ledger)));

	mtx_init(&ledger->lock, mtx_plain);
	return ledger;
}

__attribute__((noinline)) static Account *make_account()
{
	return new Account;
}

enum how { PTHREAD, C11, CXX };
struct held {
	void *lock;
	how kind;
	sem_t taken;
};

static void lock_it(void *lock, how kind)
{
	if (kind == PTHREAD)
		pthread_mutex_lock(static_cast<pthread_mutex_t *>(lock));
	else if (kind == C11)
		mtx_lock(static_cast<mtx_t *>(lock));
	else
		static_cast<std::mutex *>(lock)->lock();
}

static void unlock_it(void *lock, how kind)
{
	if (kind == PTHREAD)
		pthread_mutex_unlock(static_cast<pthread_mutex_t *>(lock));
	else if (kind == C11)
		mtx_unlock(static_cast<mtx_t *>(lock));
	else
		static_cast<std::mutex *>(lock)->unlock();
}

static void *hold(void *arg)
{
	struct held *held = static_cast<struct held *>(arg);
	struct timespec t = {0, HOLD_MS * 1000000};

	lock_it(held->lock, held->kind);
	sem_post(&held->taken);
	nanosleep(&t, nullptr);
	unlock_it(held->lock, held->kind);
	return nullptr;
}

__attribute__((noinline)) static void wait_for(void *lock, how kind)
{
	struct held held = {lock, kind, {}};
	pthread_t thread;

	sem_init(&held.taken, 0, 0);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&thread, nullptr, hold, &held);
		sem_wait(&held.taken);
		lock_it(lock, kind);
		unlock_it(lock, kind);
		pthread_join(thread, nullptr);
	}
}

static void say(const char *name, const char *place, const char *site, size_t offset)
{
	std::printf("{\"case\":\"%s\",\"place\":\"%s\",\"site\":\"%s\",\"offset\":%zu}\n", name,
		    place, site, offset);
	std::fflush(stdout);
}

int main(int argc, char **)
{
	pthread_mutex_t stack_lock = PTHREAD_MUTEX_INITIALIZER;
	Book *books[2];
	Ledger *ledger = make_ledger();
	Account *account = make_account();
	void *mapped = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	make_books(books, 2);
	child = argc > 1 ? fork() : 0;
	if (child) {
		waitpid(child, nullptr, 0);
		return 0;
	}
	mtx_init(&static_mtx, mtx_plain);
	wait_for(&static_lock, PTHREAD);
	say("static_lock", "static", "", 0);
	wait_for(&striped.lock, PTHREAD);
	say("striped+0x28", "static", "", 0);
	wait_for(&static_mtx, C11);
	say("static_mtx", "static", "", 0);
	wait_for(&stack_lock, PTHREAD);
	say("", "stack", "", 0);
	for (Book *book : books)
		wait_for(&book->lock, PTHREAD);
	say("", "block", "make_book", offsetof(Book, lock));
	wait_for(&ledger->lock, C11);
	say("", "block", "make_ledger", offsetof(Ledger, lock));
	wait_for(&account->lock, CXX);
	say("", "block", "make_account", offsetof(Account, lock));
	wait_for(mapped, PTHREAD);
	say("", "unknown", "", 0);
	std::free(books[0]);
	std::free(books[1]);
	std::free(ledger);
	delete account;
	return 0;
}

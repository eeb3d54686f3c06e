/* onion/hs/hspow.c - proof of work for introductions, in a thread
 *
 * Theory of operation
 *	A job goes from list to list; the lock guards the lists, what the
 *	comment says of the jobs, and nothing else is shared.
 *
 *	  hspow_solve -> waiting <-> running -> done -> callback, on the loop
 *	     loop                     thread      `-- pipe --> event
 *
 *	The thread starts with the first job; where there is none it waits for
 *	the condition @more.  A job runs for one attempt, which takes some
 *	hundredths of a second; then its @cancelled and the clock are looked at,
 *	and it goes back to those that wait.  The memory of the search is the
 *	thread's own: it takes it for a job and keeps it until there is no
 *	other.  It logs nothing and draws no random numbers, since neither is
 *	made for threads; the nonce to start from comes with the job.
 * Turns
 *	The next attempt is for the owner whose last one is the longest ago, and
 *	of his jobs for the one that came first.  So somebody's puzzle that
 *	takes minutes makes another's, of a second, take two.
 * Who frees
 *	A waiting or done job is the loop's; a running one the thread's.
 *	hspow_cancel() therefore only marks a running job, and the thread frees
 *	it.
 * Limits
 *	HSPOW_JOBS_MAX jobs without an answer, HSPOW_JOBS_EACH of an owner; one
 *	more that is cancelled and still runs.  conf.limit_ms for a job, of the
 *	time that it runs.
 *	The thread yields to everybody (NICE): it has the time that the loop and
 *	others leave.
 */
#include "onion/hs/hspow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "onion/hs/equix.h"
#include "onion/hs/hspow_int.h"

enum { NICE = 10, STACK = 512 * 1024 };

TAILQ_HEAD(jobs, hspow_job);
struct hspow_job {
	struct hspow		*pow;
	struct jobs		*on;		/* NULL: it runs */
	TAILQ_ENTRY(hspow_job)	 list;
	hspow_fn		*fn;		/* of the loop alone */
	void			*arg;
	uint8_t			 owner[HSPOW_OWNER];
	uint64_t		 turn;		/* of its owner, the last one */
	struct hspow_search	 search;	/* the thread's while it runs */
	uint8_t			 proof[INTROMSG_POW];
	int			 err;
	int64_t			 took_ms;
	int			 cancelled;
};

struct hspow {
	struct hspow_conf	 conf;
	struct event		 woken;
	int			 pipe[2];
	size_t			 njobs;		/* unanswered; of the loop */
	int			 started;	/* likewise */
	int			 inside, gone;	/* on_woken() frees it */
	pthread_t		 thread;

	pthread_mutex_t		 lock;		/* of what follows */
	pthread_cond_t		 more;
	struct jobs		 waiting, done;
	struct hspow_job	*running;
	uint64_t		 turn;		/* counts attempts */
	int			 ending;
};

/* With the lock, as remove_job(). */
static void
add_job(struct hspow_job *j, struct jobs *list)
{
	TAILQ_INSERT_TAIL(list, j, list);
	j->on = list;
}

static void
remove_job(struct hspow_job *j)
{
	TAILQ_REMOVE(j->on, j, list);
	j->on = NULL;
}

static int
is_of(const struct hspow_job *j, const uint8_t owner[HSPOW_OWNER])
{
	return memcmp(j->owner, owner, HSPOW_OWNER) == 0;
}

static void
job_free(struct hspow_job *j)
{
	secret_wipe(j, sizeof(*j));	/* it tells which service */
	free(j);
}

/* ---- the thread ---- */

/* Whose owner had his turn the longest ago.  With the lock. */
static struct hspow_job *
next_job(struct hspow *p)
{
	struct hspow_job *j, *next = TAILQ_FIRST(&p->waiting);

	TAILQ_FOREACH(j, &p->waiting, list)
		if (j->turn < next->turn)
			next = j;
	return next;
}

/* That was its owner's turn.  With the lock. */
static void
put_back(struct hspow *p, struct hspow_job *j)
{
	struct hspow_job *other;

	TAILQ_INSERT_HEAD(&p->waiting, j, list);
	j->on = &p->waiting;
	p->turn++;
	TAILQ_FOREACH(other, &p->waiting, list)
		if (is_of(other, j->owner))
			other->turn = p->turn;
}

/* 0, -ETIMEDOUT, -EINPROGRESS or -ENOMEM; without the lock. */
static int
attempt(struct hspow_job *j, struct equix **e, int64_t limit_ms)
{
	int64_t start = clock_ms();
	int rc, found;

	if (*e == NULL && (rc = equix_new(e)) < 0)
		return rc;
	found = hspow_search_attempt(&j->search, *e, j->proof);
	j->took_ms += clock_ms() - start;
	if (found)
		return 0;
	return j->took_ms >= limit_ms ? -ETIMEDOUT : -EINPROGRESS;
}

/* With the lock, which is let go meanwhile. */
static void
run_job(struct hspow *p, struct hspow_job *j, struct equix **e)
{
	int rc;

	remove_job(j);
	p->running = j;
	pthread_mutex_unlock(&p->lock);
	rc = attempt(j, e, p->conf.limit_ms);
	pthread_mutex_lock(&p->lock);
	p->running = NULL;
	if (j->cancelled) {
		job_free(j);
		return;
	}
	if (rc == -EINPROGRESS) {
		put_back(p, j);
		return;
	}
	j->err = rc;
	add_job(j, &p->done);
	/* If the pipe is full the loop will be woken anyway. */
	(void)!write(p->pipe[1], "", 1);
}

/* The nice value is a thread's own on Linux, the process's elsewhere. */
static void
step_back(void)
{
#ifdef __linux__
	if (getpriority(PRIO_PROCESS, 0) < NICE)
		(void)setpriority(PRIO_PROCESS, 0, NICE);
#endif
}

static void *
solve_all(void *arg)
{
	struct hspow *p = arg;
	struct equix *e = NULL;
	struct hspow_job *j;

	step_back();
	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		if ((j = next_job(p)) != NULL) {
			run_job(p, j, &e);
		} else {
			equix_free(e);
			e = NULL;
			pthread_cond_wait(&p->more, &p->lock);
		}
	}
	pthread_mutex_unlock(&p->lock);
	equix_free(e);
	return NULL;
}

/* ---- the loop ---- */

/* Signals are the loop's: the thread inherits that all are blocked. */
static int
start(struct hspow *p)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int rc;

	if (p->started)
		return 0;
	if ((rc = pthread_attr_init(&attr)) != 0)
		return -rc;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_setstacksize(&attr, STACK);
	rc = pthread_create(&p->thread, &attr, solve_all, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return -rc;
	p->started = 1;
	return 0;
}

static struct hspow_job *
take_done(struct hspow *p)
{
	struct hspow_job *j;

	pthread_mutex_lock(&p->lock);
	if ((j = TAILQ_FIRST(&p->done)) != NULL)
		remove_job(j);
	pthread_mutex_unlock(&p->lock);
	return j;
}

static void
answer(struct hspow *p, struct hspow_job *j)
{
	uint8_t proof[INTROMSG_POW];
	hspow_fn *fn = j->fn;
	void *arg = j->arg;
	int err = j->err;

	log_info(LD_CIRC, "proof of work of effort %u: %s after %u attempts "
	    "in %lld ms", (unsigned)j->search.effort,
	    err ? strerror(-err) : "found", (unsigned)j->search.attempts,
	    (long long)j->took_ms);
	memcpy(proof, j->proof, sizeof(proof));
	p->njobs--;
	job_free(j);
	fn(arg, err, err ? NULL : proof);
}

static void
on_woken(evutil_socket_t fd, short what, void *arg)
{
	struct hspow *p = arg;
	struct hspow_job *j;
	char drop[64];

	(void)what;
	while (read(fd, drop, sizeof(drop)) > 0)
		;
	if (p->conf.enter)
		p->conf.enter(p->conf.turn);
	p->inside = 1;
	while (!p->gone && (j = take_done(p)) != NULL)
		answer(p, j);
	if (p->conf.leave)
		p->conf.leave(p->conf.turn);
	p->inside = 0;
	if (p->gone)
		free(p);
}

int
hspow_new(struct hspow **out, const struct hspow_conf *conf)
{
	struct hspow *p;
	int rc;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -ENOMEM;
	p->conf = *conf;
	if (p->conf.limit_ms == 0)
		p->conf.limit_ms = HSPOW_LIMIT_MS;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->done);
	if (pipe2(p->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		rc = -errno;
		goto fail;
	}
	if (event_assign(&p->woken, conf->base, p->pipe[0],
	    EV_READ | EV_PERSIST, on_woken, p) < 0 ||
	    event_add(&p->woken, NULL) < 0) {
		rc = -ENOMEM;
		goto fail_pipe;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	*out = p;
	return 0;

fail_pipe:
	close(p->pipe[0]);
	close(p->pipe[1]);
fail:
	free(p);
	return rc;
}

static void
drop_all(struct jobs *jobs)
{
	struct hspow_job *j;

	while ((j = TAILQ_FIRST(jobs)) != NULL) {
		remove_job(j);
		job_free(j);
	}
}

void
hspow_free(struct hspow *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = 1;
	if (p->running)
		p->running->cancelled = 1;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	if (p->started)
		pthread_join(p->thread, NULL);
	drop_all(&p->waiting);
	drop_all(&p->done);
	event_del(&p->woken);
	close(p->pipe[0]);
	close(p->pipe[1]);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	p->gone = 1;
	if (!p->inside)
		free(p);
}

static size_t
count_of(const struct jobs *jobs, const uint8_t owner[HSPOW_OWNER])
{
	const struct hspow_job *j;
	size_t n = 0;

	TAILQ_FOREACH(j, jobs, list)
		n += is_of(j, owner);
	return n;
}

static size_t
count_jobs(struct hspow *p, const uint8_t owner[HSPOW_OWNER])
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = count_of(&p->waiting, owner) + count_of(&p->done, owner);
	if (p->running && !p->running->cancelled)
		n += is_of(p->running, owner);
	pthread_mutex_unlock(&p->lock);
	return n;
}

int
hspow_solve(struct hspow *p, const struct hspow_ask *ask, hspow_fn *fn,
    void *arg, struct hspow_job **out)
{
	uint8_t nonce[HSPOW_NONCE];
	struct hspow_job *j;
	int rc;

	if (ask->effort > HSPOW_EFFORT_MAX)
		return -EINVAL;
	if (p->njobs >= HSPOW_JOBS_MAX ||
	    count_jobs(p, ask->owner) >= HSPOW_JOBS_EACH)
		return -EAGAIN;
	if ((rc = start(p)) < 0)
		return rc;
	if ((j = calloc(1, sizeof(*j))) == NULL)
		return -ENOMEM;
	j->pow = p;
	j->fn = fn;
	j->arg = arg;
	memcpy(j->owner, ask->owner, sizeof(j->owner));
	rand_bytes(nonce, sizeof(nonce));
	hspow_search_init(&j->search, ask, nonce);
	p->njobs++;
	pthread_mutex_lock(&p->lock);
	j->turn = p->turn;
	add_job(j, &p->waiting);
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	*out = j;
	return 0;
}

void
hspow_cancel(struct hspow_job *j)
{
	struct hspow *p = j->pow;
	int ours;

	p->njobs--;
	pthread_mutex_lock(&p->lock);
	if ((ours = j->on != NULL))
		remove_job(j);
	else
		j->cancelled = 1;
	pthread_mutex_unlock(&p->lock);
	if (ours)
		job_free(j);
}

/* tests/onion/hs/test_hspow_thread.c - proofs of work, made in the thread
 *
 * Nothing here waits for a time: the loop runs until an answer is there, and
 * the thread's giving up its memory (equix_free() is wrapped) tells that it has
 * nothing left to do.  An effort of HSPOW_EFFORT_MAX takes minutes: who waits
 * for a job that should have been given up runs into the frame's time limit.
 */
#include "onion/hs/hspow.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "onion/hs/equix.h"
#include "onion/hs/hspow_int.h"
#include "tests/unit.h"

enum { JOBS = HSPOW_JOBS_MAX + 1 };

struct rig {
	struct event_base	*base;
	struct hspow		*pow;
	int			 depth, entered, answers;
	int			 order[JOBS], err[JOBS], had_proof[JOBS];
	uint8_t			 proof[JOBS][INTROMSG_POW];
	void			(*inside)(struct rig *, int id);
	struct hspow_job	*job[JOBS];
};

struct ticket {
	struct rig	*r;
	int		 id;
};
static struct ticket tickets[JOBS];

int	__real_equix_new(struct equix **);
void	__real_equix_free(struct equix *);
int	__wrap_equix_new(struct equix **);
void	__wrap_equix_free(struct equix *);

static sem_t idle;
static int no_memory;

int
__wrap_equix_new(struct equix **e)
{
	return no_memory ? -ENOMEM : __real_equix_new(e);
}

void
__wrap_equix_free(struct equix *e)
{
	__real_equix_free(e);
	if (e != NULL)
		sem_post(&idle);
}

static void
wait_until_idle(void)
{
	while (sem_wait(&idle) < 0)
		ck_assert_int_eq(errno, EINTR);
}

static void
enter(void *arg)
{
	struct rig *r = arg;

	r->depth++;
	r->entered++;
}

static void
leave(void *arg)
{
	struct rig *r = arg;

	r->depth--;
}

static void
setup_limit(struct rig *r, int64_t limit_ms)
{
	struct hspow_conf conf = { .enter = enter, .leave = leave, .turn = r,
	    .limit_ms = limit_ms };

	memset(r, 0, sizeof(*r));
	sem_init(&idle, 0, 0);
	no_memory = 0;
	ck_assert_ptr_nonnull(r->base = event_base_new());
	conf.base = r->base;
	ck_assert_int_eq(hspow_new(&r->pow, &conf), 0);
}

static void
setup(struct rig *r)
{
	setup_limit(r, 0);
}

static void
teardown(struct rig *r)
{
	hspow_free(r->pow);
	event_base_free(r->base);
}

static void
ask_for(struct hspow_ask *ask, uint32_t effort)
{
	memset(ask, 0, sizeof(*ask));
	memset(ask->blinded, 0x11, sizeof(ask->blinded));
	memset(ask->seed, 0xAA, sizeof(ask->seed));
	ask->effort = effort;
}

static void
on_answer(void *arg, int err, const uint8_t proof[INTROMSG_POW])
{
	struct ticket *t = arg;
	struct rig *r = t->r;

	ck_assert_int_eq(r->depth, 1);
	ck_assert_int_lt(r->answers, JOBS);
	r->job[t->id] = NULL;
	r->err[t->id] = err;
	if ((r->had_proof[t->id] = proof != NULL))
		memcpy(r->proof[t->id], proof, INTROMSG_POW);
	r->order[r->answers++] = t->id;
	if (r->inside)
		r->inside(r, t->id);
}

static int
solve_of(struct rig *r, uint8_t owner, int id, uint32_t effort)
{
	struct hspow_ask ask;

	ask_for(&ask, effort);
	ask.owner[3] = owner;
	ask.seed[1] = (uint8_t)id;
	tickets[id] = (struct ticket){ r, id };
	return hspow_solve(r->pow, &ask, on_answer, &tickets[id], &r->job[id]);
}

/* Each has an owner of its own. */
static int
solve(struct rig *r, int id, uint32_t effort)
{
	return solve_of(r, (uint8_t)(100 + id), id, effort);
}

static void
run_until(struct rig *r, int answers)
{
	while (r->answers < answers)
		ck_assert_int_eq(event_base_loop(r->base, EVLOOP_ONCE), 0);
}

/* Whatever is there to be told is told. */
static void
run_what_is_there(struct rig *r)
{
	event_base_loop(r->base, EVLOOP_NONBLOCK);
}

START_TEST(hspow_solve_answer_is_a_proof)
{
	static const uint32_t efforts[] = { 0, 1, 20 };
	struct hspow_ask ask;
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve(&r, 0, efforts[_i]), 0);
	ck_assert_int_eq(r.answers, 0);		/* never from within */
	run_until(&r, 1);
	ck_assert_int_eq(r.err[0], 0);
	ck_assert_int_eq(r.had_proof[0], 1);
	ask_for(&ask, efforts[_i]);
	ask.seed[1] = 0;
	ck_assert_int_eq(hspow_verify(&ask, r.proof[0]), 1);
	ck_assert_int_eq(r.entered, 1);
	ck_assert_int_eq(r.depth, 0);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_answers_of_one_come_in_order_with_nonces_of_their_own)
{
	struct rig r;
	int i;

	setup(&r);
	for (i = 0; i < HSPOW_JOBS_EACH; i++)
		ck_assert_int_eq(solve_of(&r, 1, i, 0), 0);
	run_until(&r, HSPOW_JOBS_EACH);
	for (i = 0; i < HSPOW_JOBS_EACH; i++) {
		ck_assert_int_eq(r.order[i], i);
		ck_assert_int_eq(r.err[i], 0);
	}
	ck_assert_mem_ne(r.proof[0] + 1, r.proof[1] + 1, 16);
	teardown(&r);
}
END_TEST

/* Two puzzles of minutes do not keep another's waiting. */
START_TEST(hspow_solve_hard_ones_of_one_keep_nobody_waiting)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve_of(&r, 1, 0, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve_of(&r, 1, 1, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve_of(&r, 2, 2, 4), 0);
	run_until(&r, 1);
	ck_assert_int_eq(r.order[0], 2);
	teardown(&r);
}
END_TEST

/* Attempts, one for each post of @gate; they find nothing.  By whose they
 * were. */
static int is_gated;
static sem_t gate, attempted;
static int whose[16];
static unsigned nwhose;

int	__real_hspow_search_attempt(struct hspow_search *, struct equix *,
	    uint8_t *);
int	__wrap_hspow_search_attempt(struct hspow_search *, struct equix *,
	    uint8_t *);

int
__wrap_hspow_search_attempt(struct hspow_search *s, struct equix *e,
    uint8_t *proof)
{
	if (!is_gated)
		return __real_hspow_search_attempt(s, e, proof);
	sem_post(&attempted);
	while (sem_wait(&gate) < 0)
		;
	if (nwhose < NELEM(whose))
		whose[nwhose++] = s->challenge[HSPOW_SEED_AT + 1];
	return 0;
}

static void
wait_for_attempt(void)
{
	while (sem_wait(&attempted) < 0)
		ck_assert_int_eq(errno, EINTR);
}

START_TEST(hspow_thread_owners_take_turns)
{
	static const int turns[] = { 0, 2, 3, 0, 2, 3, 0, 2, 3, 4, 1, 2 };
	struct rig r;
	unsigned i;

	setup(&r);
	sem_init(&gate, 0, 0);
	sem_init(&attempted, 0, 0);
	is_gated = 1;
	ck_assert_int_eq(solve_of(&r, 1, 0, 9), 0);
	wait_for_attempt();
	ck_assert_int_eq(solve_of(&r, 1, 1, 9), 0);
	ck_assert_int_eq(solve_of(&r, 2, 2, 9), 0);
	ck_assert_int_eq(solve_of(&r, 3, 3, 9), 0);
	for (i = 0; i < NELEM(turns); i++) {
		if (i == 6)		/* it does not overtake */
			ck_assert_int_eq(solve_of(&r, 4, 4, 9), 0);
		if (i == 7)		/* waits, and runs */
			hspow_cancel(r.job[0]);
		if (i == 9)
			hspow_cancel(r.job[4]);
		sem_post(&gate);
		wait_for_attempt();
	}
	for (i = 0; i < NELEM(turns); i++)
		ck_assert_int_eq(whose[i], turns[i]);
	is_gated = 0;
	sem_post(&gate);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_each_owner_has_a_few)
{
	struct rig r;
	int i;

	setup(&r);
	for (i = 0; i < HSPOW_JOBS_EACH; i++)
		ck_assert_int_eq(solve_of(&r, 1, i, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve_of(&r, 1, i, 0), -EAGAIN);
	ck_assert_int_eq(solve_of(&r, 2, i + 1, 0), 0);
	hspow_cancel(r.job[0]);			/* runs */
	ck_assert_int_eq(solve_of(&r, 1, i, 0), 0);
	ck_assert_int_eq(solve_of(&r, 1, 0, 0), -EAGAIN);
	hspow_cancel(r.job[1]);			/* waits */
	run_until(&r, 2);
	ck_assert_int_eq(solve_of(&r, 1, 0, 0), 0);
	ck_assert_int_eq(solve_of(&r, 1, 1, 0), 0);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_too_high_an_effort_is_refused)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve(&r, 0, HSPOW_EFFORT_MAX + 1), -EINVAL);
	ck_assert_int_eq(solve(&r, 0, UINT32_MAX), -EINVAL);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_has_a_ceiling_that_cancelling_makes_room_under)
{
	struct rig r;
	int i;

	setup(&r);
	for (i = 0; i < HSPOW_JOBS_MAX; i++)
		ck_assert_int_eq(solve(&r, i, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve(&r, i, 0), -EAGAIN);
	hspow_cancel(r.job[0]);			/* runs, or will next */
	ck_assert_int_eq(solve(&r, 0, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve(&r, i, 0), -EAGAIN);
	hspow_cancel(r.job[7]);			/* waits */
	ck_assert_int_eq(solve(&r, i, 0), 0);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_answered_jobs_make_room)
{
	struct rig r;
	int i, round;

	setup(&r);
	for (round = 0; round < 2; round++) {
		r.answers = 0;
		for (i = 0; i < HSPOW_JOBS_MAX; i++)
			ck_assert_int_eq(solve(&r, i, 0), 0);
		ck_assert_int_eq(solve(&r, i, 0), -EAGAIN);
		run_until(&r, HSPOW_JOBS_MAX);
	}
	teardown(&r);
}
END_TEST

START_TEST(hspow_cancel_waiting_job_is_never_answered)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve_of(&r, 1, 0, 0), 0);
	ck_assert_int_eq(solve(&r, 1, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve(&r, 2, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve_of(&r, 1, 3, 0), 0);
	hspow_cancel(r.job[1]);
	hspow_cancel(r.job[2]);
	run_until(&r, 2);
	ck_assert_int_eq(r.order[0], 0);
	ck_assert_int_eq(r.order[1], 3);
	teardown(&r);
}
END_TEST

/* When the other's is answered the first one's runs, or will soon. */
START_TEST(hspow_cancel_running_job_stops_and_the_next_one_runs)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve_of(&r, 1, 0, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve_of(&r, 1, 1, 0), 0);
	ck_assert_int_eq(solve_of(&r, 2, 2, 0), 0);
	run_until(&r, 1);
	ck_assert_int_eq(r.order[0], 2);
	hspow_cancel(r.job[0]);
	run_until(&r, 2);
	ck_assert_int_eq(r.order[1], 1);
	teardown(&r);
}
END_TEST

START_TEST(hspow_cancel_done_job_is_never_answered)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	wait_until_idle();
	ck_assert_int_eq(solve(&r, 1, 0), 0);
	wait_until_idle();
	hspow_cancel(r.job[0]);
	run_what_is_there(&r);
	ck_assert_int_eq(r.answers, 1);
	ck_assert_int_eq(r.order[0], 1);
	teardown(&r);
}
END_TEST

static void
cancel_next(struct rig *r, int id)
{
	if (r->job[id + 1] != NULL)
		hspow_cancel(r->job[id + 1]);
	r->job[id + 1] = NULL;
}

START_TEST(hspow_cancel_in_an_answer_drops_one_that_is_done_too)
{
	struct rig r;

	setup(&r);
	r.inside = cancel_next;
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	wait_until_idle();
	ck_assert_int_eq(solve(&r, 1, 0), 0);
	wait_until_idle();
	run_what_is_there(&r);
	ck_assert_int_eq(r.answers, 1);
	ck_assert_int_eq(r.order[0], 0);
	teardown(&r);
}
END_TEST

static void
solve_another(struct rig *r, int id)
{
	if (id < 3)
		ck_assert_int_eq(solve(r, id + 1, 0), 0);
}

START_TEST(hspow_solve_in_an_answer_works)
{
	struct rig r;

	setup(&r);
	r.inside = solve_another;
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	run_until(&r, 4);
	ck_assert_int_eq(r.order[3], 3);
	teardown(&r);
}
END_TEST

START_TEST(hspow_free_ends_what_runs_and_what_waits)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	ck_assert_int_eq(solve(&r, 1, HSPOW_EFFORT_MAX), 0);
	ck_assert_int_eq(solve(&r, 2, HSPOW_EFFORT_MAX), 0);
	run_until(&r, 1);
	teardown(&r);
	ck_assert_int_eq(r.answers, 1);
}
END_TEST

START_TEST(hspow_free_tells_nobody_what_is_done)
{
	struct rig r;

	setup(&r);
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	wait_until_idle();
	teardown(&r);
	ck_assert_int_eq(r.answers, 0);
}
END_TEST

static void
free_all(struct rig *r, int id)
{
	(void)id;
	hspow_free(r->pow);
	r->pow = NULL;
}

START_TEST(hspow_free_in_an_answer_is_the_last_one)
{
	struct rig r;

	setup(&r);
	r.inside = free_all;
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	wait_until_idle();
	ck_assert_int_eq(solve(&r, 1, 0), 0);
	wait_until_idle();
	run_what_is_there(&r);
	ck_assert_int_eq(r.answers, 1);
	ck_assert_int_eq(r.depth, 0);
	teardown(&r);
}
END_TEST

START_TEST(hspow_free_without_a_job_is_fine)
{
	struct rig r;

	setup(&r);
	teardown(&r);
	hspow_free(NULL);
}
END_TEST

/* Three, since the first attempt may be lucky: once in 5000 times. */
START_TEST(hspow_solve_gives_up_at_the_limit)
{
	struct rig r;
	int i, late = 0;

	setup_limit(&r, 1);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(solve(&r, i, HSPOW_EFFORT_MAX), 0);
	run_until(&r, 3);
	for (i = 0; i < 3; i++) {
		ck_assert(r.err[i] == 0 || r.err[i] == -ETIMEDOUT);
		ck_assert_int_eq(r.had_proof[i], r.err[i] == 0);
		late += r.err[i] == -ETIMEDOUT;
	}
	ck_assert_int_gt(late, 0);
	teardown(&r);
}
END_TEST

START_TEST(hspow_solve_without_memory_says_so)
{
	struct rig r;

	setup(&r);
	no_memory = 1;		/* before the thread is there */
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	run_until(&r, 1);
	ck_assert_int_eq(r.err[0], -ENOMEM);
	ck_assert_int_eq(r.had_proof[0], 0);
	teardown(&r);
}
END_TEST

#ifdef __linux__
/* The thread besides ours; 0: there is none. */
static pid_t
other_thread(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	pid_t tid = 0, t;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL)
		if ((t = atoi(e->d_name)) > 0 && t != gettid())
			tid = t;
	closedir(d);
	return tid;
}

static unsigned long long
blocked_signals(pid_t tid)
{
	unsigned long long set = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "SigBlk: %llx", &set) == 1)
			break;
	fclose(f);
	return set;
}

START_TEST(hspow_thread_has_no_signals_and_steps_back)
{
	struct rig r;
	pid_t tid;
	unsigned long long set;
	int sig;

	setup(&r);
	ck_assert_int_eq(other_thread(), 0);	/* not before it is needed */
	ck_assert_int_eq(solve(&r, 0, 0), 0);
	wait_until_idle();
	ck_assert_int_gt(tid = other_thread(), 0);
	set = blocked_signals(tid);
	for (sig = 1; sig < 32; sig++)
		ck_assert_int_eq(set >> (sig - 1) & 1,
		    sig != SIGKILL && sig != SIGSTOP);
	ck_assert_uint_eq(blocked_signals(gettid()) >> (SIGTERM - 1) & 1, 0);
	ck_assert_int_ge(getpriority(PRIO_PROCESS, (id_t)tid), 10);
	teardown(&r);
}
END_TEST
#endif

static const struct unit_test tests[] = {
	UNIT_LOOP(hspow_solve_answer_is_a_proof, 3),
	UNIT(hspow_solve_answers_of_one_come_in_order_with_nonces_of_their_own),
	UNIT(hspow_solve_hard_ones_of_one_keep_nobody_waiting),
	UNIT(hspow_thread_owners_take_turns),
	UNIT(hspow_solve_each_owner_has_a_few),
	UNIT(hspow_solve_too_high_an_effort_is_refused),
	UNIT(hspow_solve_has_a_ceiling_that_cancelling_makes_room_under),
	UNIT(hspow_solve_answered_jobs_make_room),
	UNIT(hspow_cancel_waiting_job_is_never_answered),
	UNIT(hspow_cancel_running_job_stops_and_the_next_one_runs),
	UNIT(hspow_cancel_done_job_is_never_answered),
	UNIT(hspow_cancel_in_an_answer_drops_one_that_is_done_too),
	UNIT(hspow_solve_in_an_answer_works),
	UNIT(hspow_free_ends_what_runs_and_what_waits),
	UNIT(hspow_free_tells_nobody_what_is_done),
	UNIT(hspow_free_in_an_answer_is_the_last_one),
	UNIT(hspow_free_without_a_job_is_fine),
	UNIT(hspow_solve_gives_up_at_the_limit),
	UNIT(hspow_solve_without_memory_says_so),
#ifdef __linux__
	UNIT(hspow_thread_has_no_signals_and_steps_back),
#endif
};

UNIT_MAIN("hspow_thread", tests)

/* tests/unit.h - the frame of a unit test program
 *
 *	static const struct unit_test tests[] = {
 *		UNIT(wire_u16_short_buffer_latches),
 *		UNIT_LOOP(wire_done_accepts_only_exact_length, 4),
 *	};
 *	UNIT_MAIN("wire", tests)
 *
 * UNIT_LOOP runs a test once for each _i in [0, n): one row of a table.
 * The checks fork, so that a crash is one failure and not the end.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"

struct unit_test {
	const TTest *const *test;
	int		 n;
};

#define UNIT(fn)	{ &fn, 1 }
#define UNIT_LOOP(fn, n) { &fn, (int)(n) }
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

static inline int
unit_run(const char *name, const struct unit_test *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	size_t i;
	int failed;

	rand_init();
	signal(SIGPIPE, SIG_IGN);	/* as the program does */
	tcase_set_timeout(tcase, 300);
	for (i = 0; i < n; i++)
		tcase_add_loop_test(tcase, *tests[i].test, 0, tests[i].n);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, tests)						\
int									\
main(void)								\
{									\
	return unit_run(name, tests, NELEM(tests));			\
}

#endif

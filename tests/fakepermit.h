/* tests/fakepermit.h - somebody to ask for leave to connect
 *
 * Remembers who asked last, and says what and when the test says.
 */
#ifndef TESTS_FAKEPERMIT_H
#define TESTS_FAKEPERMIT_H

#include <errno.h>

#include "base/permit.h"

static struct {
	int		 rc;		/* of each question */
	unsigned	 asked, withdrawn;
	struct permit	*waits;		/* where rc is -EINPROGRESS */
	struct addr	 to;
} fakepermit;

static int
fakepermit_ask(void *arg, struct permit *p, const struct addr *to)
{
	(void)arg;
	fakepermit.asked++;
	fakepermit.to = *to;
	if (fakepermit.rc == -EINPROGRESS) {
		p->to = *to;
		p->waits = 1;
		fakepermit.waits = p;
	}
	return fakepermit.rc;
}

static void
fakepermit_withdraw(void *arg, struct permit *p)
{
	(void)arg;
	p->waits = 0;
	fakepermit.withdrawn++;
	fakepermit.waits = NULL;
}

static void
fakepermit_say(int rc)
{
	struct permit *p = fakepermit.waits;

	fakepermit.waits = NULL;
	p->waits = 0;
	p->answer(p->arg, rc);
}

static const struct permit_giver fakepermit_giver = {
	.ask = fakepermit_ask, .withdraw = fakepermit_withdraw
};

#endif

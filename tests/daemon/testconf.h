/* tests/daemon/testconf.h - a configuration from a text that is right */
#ifndef TESTS_DAEMON_TESTCONF_H
#define TESTS_DAEMON_TESTCONF_H

#include <string.h>

#include "daemon/conf.h"
#include "tests/unit.h"

static inline struct conf *
testconf(const char *text)
{
	struct conf_args args = { .file = "rc", .text = text,
	    .text_len = strlen(text), .no_files = 1 };
	struct conf_err err;
	struct conf *c;

	if (conf_load(&c, &args, &err) < 0)
		ck_abort_msg("%s", err.text);
	return c;
}

#endif

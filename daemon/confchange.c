/* daemon/confchange.c - the parent's configuration, and how it changes */
#include "daemon/confchange.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/fwconf.h"
#include "daemon/process.h"
#include "daemon/virtnet.h"

static int
open_log(const struct confchange *cc, const struct conf *c,
    struct log_set **set, char *why, size_t max)
{
	struct conf_err err = { 0 };
	int rc = process_as_user(c->user);

	if (rc < 0)
		snprintf(why, max, "%sUser %s: %s", conf_where(c, "User", 0),
		    c->user, strerror(-rc));
	else if ((rc = conf_log_open(c, cc->args->quiet, set, &err)) < 0)
		snprintf(why, max, "%s", err.text);
	process_as_root();
	return rc;
}

int
confchange_log(const struct confchange *cc, char *why, size_t max)
{
	const struct conf *c = cc->conf;
	struct log_set *set;
	size_t i;
	int rc = open_log(cc, c, &set, why, max);

	if (rc < 0)
		return rc;
	conf_log_use(c, set);
	for (i = 0; i < c->warnings.n; i++)
		log_warn(LD_CONFIG, "%s", c->warnings.item[i]);
	fwconf_tell(c);
	virtnet_check(c);
	return 0;
}

static int
is_stdin(const char *file)
{
	return file && strcmp(file, "-") == 0;
}

int
confchange_is_fixed(const struct confchange *cc)
{
	return is_stdin(cc->args->file) || is_stdin(cc->args->defaults_file);
}

void
confchange_reopen(const struct confchange *cc)
{
	struct log_set *set;
	char why[512];

	if (open_log(cc, cc->conf, &set, why, sizeof(why)) < 0)
		log_err(LD_CONFIG, "%s", why);
	else
		conf_log_use(cc->conf, set);
}

static int
prepare(struct confchange *cc, char *why, size_t max)
{
	struct conf_err err = { 0 };
	int rc;

	if ((rc = conf_load(&cc->fresh, cc->args, &err)) < 0 ||
	    (rc = conf_can_reload(cc->conf, cc->fresh, &err)) < 0) {
		snprintf(why, max, "%s", err.text);
		return rc;
	}
	return open_log(cc, cc->fresh, &cc->log, why, max);
}

int
confchange_begin(struct confchange *cc, char *why, size_t max)
{
	int rc = prepare(cc, why, max);

	if (rc < 0)
		confchange_drop(cc);
	return rc;
}

void
confchange_commit(struct confchange *cc, struct conf **old)
{
	conf_log_use(cc->fresh, cc->log);
	*old = cc->conf;
	cc->conf = cc->fresh;
	cc->fresh = NULL;
	cc->log = NULL;
}

void
confchange_drop(struct confchange *cc)
{
	conf_free(cc->fresh);
	log_set_free(cc->log);
	cc->fresh = NULL;
	cc->log = NULL;
}

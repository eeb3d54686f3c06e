/* daemon/runconf.c - the configuration of `run` */
#include "daemon/runconf.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/conf.h"
#include "daemon/conf_util.h"

/* $@variable/onion-transparent@rest, or the same below $HOME/@usual. */
static char *
user_path(const char *variable, const char *usual, const char *rest)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	const struct passwd *pw;
	char *path;
	int n;

	if (base && *base == '/') {
		n = asprintf(&path, "%s/onion-transparent%s", base, rest);
		return n < 0 ? NULL : path;
	}
	if ((home == NULL || *home != '/') && (pw = getpwuid(getuid())))
		home = pw->pw_dir;
	if (home == NULL || *home != '/')
		return NULL;
	n = asprintf(&path, "%s/%s/onion-transparent%s", home, usual, rest);
	return n < 0 ? NULL : path;
}

/* The user's defaults lie below all that is configured: they are put in only
 * where nothing is. */
static int
load_with(struct conf **out, struct conf_args *a, struct conf_err *err)
{
	char *dir, *option;
	int rc, n;

	if ((rc = conf_load(out, a, err)) < 0 ||
	    conf_where(*out, "DataDirectory", 0)[0])
		return rc;
	conf_free(*out);
	*out = NULL;
	if ((dir = user_path("XDG_STATE_HOME", ".local/state", "")) == NULL)
		return conf_fail(err, -ENOENT, "there is no home directory; "
		    "set DataDirectory");
	n = asprintf(&option, "DataDirectory %s", dir);
	free(dir);
	rc = n < 0 ? -ENOMEM : conf_strings_add(&a->option, option,
	    (size_t)n);
	if (n >= 0)
		free(option);
	return rc < 0 ? conf_fail(err, rc, "no memory") :
	    conf_load(out, a, err);
}

int
runconf_load(struct conf **out, const struct conf_args *args,
    struct conf_err *err)
{
	struct conf_args a = *args;
	char *torrc = NULL;
	size_t i;
	int rc = 0;

	memset(&a.option, 0, sizeof(a.option));
	for (i = 0; i < args->option.n && rc == 0; i++)
		rc = conf_strings_add(&a.option, args->option.item[i],
		    strlen(args->option.item[i]));
	if (a.file == NULL) {
		torrc = user_path("XDG_CONFIG_HOME", ".config", "/torrc");
		a.file = torrc ? torrc : "/dev/null";
		a.missing_ok = 1;
	}
	rc = rc < 0 ? conf_fail(err, rc, "no memory") :
	    load_with(out, &a, err);
	conf_strings_free(&a.option);
	free(torrc);
	return rc;
}

/* daemon/main.c - what the command line asks for */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/accounts.h"
#include "daemon/conf.h"
#include "daemon/control.h"
#include "daemon/explain.h"
#include "daemon/fwclose.h"
#include "daemon/fwconf.h"
#include "daemon/fwproc.h"
#include "daemon/netup.h"
#include "daemon/parent.h"
#include "daemon/process.h"
#include "daemon/resolve.h"
#include "daemon/run.h"
#include "daemon/runchild.h"
#include "daemon/selftest.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

static int
show_status(const struct conf *c, int json)
{
	int rc;

	if (c->status_socket[0] == '\0') {
		fprintf(stderr, "StatusSocket is 0: there is nobody to ask\n");
		return EXIT_FAILURE;
	}
	if ((rc = control_ask(c->status_socket, json)) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "nobody answers at %s: %s (is it running, and with "
	    "this configuration?)\n", c->status_socket, strerror(-rc));
	return EXIT_FAILURE;
}

static int
verify(const struct conf *c, enum conf_quiet quiet)
{
	char why[512];
	size_t i;
	int rc;

	/* Whether we may become that user is another matter: it need not be
	 * root who verifies. */
	if ((rc = process_check_user(c, why, sizeof(why))) < 0 &&
	    rc != -EPERM) {
		log_err(LD_CONFIG, "%s", why);
		return EXIT_FAILURE;
	}
	for (i = 0; i < c->warnings.n; i++)
		log_warn(LD_CONFIG, "%s", c->warnings.item[i]);
	if (quiet == CONF_NOT_QUIET)
		explain_table(c, stdout);
	printf("Configuration was valid\n");
	return EXIT_SUCCESS;
}

static int
undo(const struct conf *c)
{
	char why[512];

	if (netup_undo(c, why, sizeof(why)) < 0) {
		fprintf(stderr, "onion-transparent: %s\n", why);
		return EXIT_FAILURE;
	}
	if (fwproc_is_in_force())
		fprintf(stderr, "onion-transparent: the firewall's rules stay "
		    "in force; 'onion-transparent firewall open' takes them "
		    "away\n");
	return EXIT_SUCCESS;
}

/* What is wrong goes where the rules do not. */
static int
print_firewall(const struct conf *c, enum conf_format format)
{
	char why[512] = "";
	size_t i;

	for (i = 0; i < c->warnings.n; i++)
		fprintf(stderr, "onion-transparent: %s\n",
		    c->warnings.item[i]);
	if (fwconf_print(c, format, stdout, why, sizeof(why)) == 0 &&
	    fflush(stdout) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "onion-transparent: %s\n", *why ? why :
	    "the rules cannot be written");
	return EXIT_FAILURE;
}

static int
with_conf(const struct conf_args *args)
{
	struct conf_err err = { 0 };
	struct conf *c;
	int status;

	/* --dump-config is quiet of itself, and yet says what is wrong */
	if (args->command == CONF_CMD_RUN || args->command == CONF_CMD_VERIFY)
		conf_log_early(args->quiet);
	if (conf_load(&c, args, &err) < 0) {
		if (args->command == CONF_CMD_CLOSE)
			return fwclose(NULL, err.text, stderr);
		log_err(LD_CONFIG, "%s", err.text);
		return EXIT_FAILURE;
	}
	switch (args->command) {
	case CONF_CMD_VERIFY:
		status = verify(c, args->quiet);
		break;
	case CONF_CMD_DUMP:
		conf_dump(c, args->dump, stdout);
		status = EXIT_SUCCESS;
		break;
	case CONF_CMD_EXPLAIN:
		status = (int)explain(c, args->word, args->nwords, stdout,
		    stderr);
		break;
	case CONF_CMD_FIREWALL:
		status = print_firewall(c, args->format);
		break;
	case CONF_CMD_CLOSE:
		status = fwclose(c, NULL, stderr);
		break;
	case CONF_CMD_OPEN:
		status = fwopen(c, args, stdin, stderr);
		break;
	case CONF_CMD_CHECK:
		status = fwcheck(c, stdout, stderr);
		break;
	case CONF_CMD_UNDO:
		status = undo(c);
		break;
	case CONF_CMD_SELFTEST:
		status = selftest(c, args->word, args->nwords);
		break;
	case CONF_CMD_STATUS:
		status = show_status(c, args->json);
		break;
	default:
		return parent_run(args, c);	/* takes it */
	}
	conf_free(c);
	return status;
}

/* Whatever is opened first would be it, and get what is printed.  A program of
 * `run` finds it closed as before. */
static int
open_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR | O_CLOEXEC) != fd)
			return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct conf_args args;
	struct conf_err err = { 0 };
	int status = EXIT_SUCCESS;

	if (open_standard() < 0)
		return EXIT_FAILURE;
	accounts_init();
	if (conf_args_parse(&args, argc, argv, &err) < 0) {
		fprintf(stderr, "onion-transparent: %s\n", err.text);
		return args.command == CONF_CMD_PROGRAM ? RUNCHILD_FAILED :
		    EXIT_FAILURE;
	}
	switch (args.command) {
	case CONF_CMD_VERSION:
		printf("onion-transparent %s\n", PACKAGE_VERSION);
		break;
	case CONF_CMD_HELP:
		conf_usage(stdout);
		break;
	case CONF_CMD_PROGRAM:
		status = run_program(&args);
		break;
	case CONF_CMD_RESOLVE:
		status = resolve_command(&args);
		break;
	case CONF_CMD_LIST_OPTIONS:
	case CONF_CMD_LIST_DEPRECATED:
		conf_list_options(stdout,
		    args.command == CONF_CMD_LIST_DEPRECATED);
		break;
	case CONF_CMD_SELFTEST:
		if (args.list)
			selftest_list(stdout);
		else
			status = with_conf(&args);
		break;
	default:
		status = with_conf(&args);
	}
	conf_args_free(&args);
	return status;
}

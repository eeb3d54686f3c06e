/* tests/daemon/test_conf.c - the table, and what struct conf ends up holding */
#include "daemon/conf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "daemon/conf_table.h"
#include "daemon/conf_util.h"
#include "daemon/netdata.h"
#include "tests/unit.h"

static struct conf_err err;

static int
try(struct conf **c, const char *text)
{
	struct conf_args args = {
		.text = text, .text_len = strlen(text), .no_files = 1
	};

	return conf_load(c, &args, &err);
}

static struct conf *
must(const char *text)
{
	struct conf *c;

	if (try(&c, text) < 0)
		ck_abort_msg("%s", err.text);
	return c;
}

static struct addr
at(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text, -1) < 0)
		ck_abort_msg("%s", text);
	return a;
}

static void
slurp(const char *path, char *out, size_t max)
{
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(out, 1, max - 1, f);
	out[n] = '\0';
	fclose(f);
}

START_TEST(conf_options_names_are_unique_and_known)
{
	const struct conf_opt *o, *p;

	for (o = conf_options; o->name; o++) {
		ck_assert_ptr_eq(conf_option_find(o->name, NULL), o);
		for (p = o + 1; p->name; p++)
			ck_assert_msg(strcasecmp(o->name, p->name) != 0, "%s",
			    o->name);
		if (o->role == CONF_R_UNSAFE || o->role == CONF_R_BUILT)
			ck_assert_msg(o->note != NULL, "%s", o->name);
		if (o->role == CONF_R_BUILT)
			ck_assert_msg(o->ok == NULL, "%s", o->name);
	}
	ck_assert_uint_gt(o - conf_options, 430);
}
END_TEST

/* Every default, and every value that asks for nothing, must be readable, and
 * must not cause a warning when it is written down. */
START_TEST(conf_options_defaults_written_down_change_nothing)
{
	struct conf *c = must("TransPort 9040\n"), *c2;
	const struct conf_opt *o;
	char *text = NULL, *again = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);

	fprintf(m, "TransPort 9040\n");
	for (o = conf_options; o->name; o++)
		if (o->role != CONF_R_OBSOLETE && o->def)
			fprintf(m, "%s %s\n", o->name,
			    o->ok ? o->ok : o->def);
	fclose(m);
	c2 = must(text);
	if (c2->warnings.n)
		ck_abort_msg("%s", c2->warnings.item[0]);
	free(text);
	/* and the full dump says the same, but for the values that were ok */
	m = open_memstream(&text, &size);
	conf_dump(c, CONF_DUMP_FULL, m);
	fclose(m);
	conf_free(c2);
	c2 = must(text);
	ck_assert_uint_eq(c2->warnings.n, 0);
	m = open_memstream(&again, &size);
	conf_dump(c2, CONF_DUMP_FULL, m);
	fclose(m);
	ck_assert_str_eq(text, again);
	free(text);
	free(again);
	conf_free(c);
	conf_free(c2);
}
END_TEST

START_TEST(conf_options_all_are_in_the_manual)
{
	const char *srcdir = getenv("srcdir");
	static char text[200000];
	const struct conf_opt *o;
	const char *p;
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/docs/onion-transparent.conf.5",
	    srcdir ? srcdir : ".");
	slurp(path, text, sizeof(text));
	for (o = conf_options; o->name; o++) {
		len = strlen(o->name);
		for (p = text; (p = strstr(p, o->name)) != NULL; p++)
			if (p > text && p[-1] == ' ' && (p[len] == ' ' ||
			    p[len] == '\n'))
				break;
		ck_assert_msg(p != NULL, "%s is not in %s", o->name, path);
	}
}
END_TEST

START_TEST(conf_load_empty_gives_defaults)
{
	struct conf *c = must("");

	ck_assert_uint_eq(c->ntrans_ports, 0);
	ck_assert_int_eq(c->safe_logging, CONF_SCRUB_ALL);
	ck_assert(c->max_circuit_dirtiness_s == 600);
	ck_assert_int_eq(c->connection_padding, CONF_AUTO);
	ck_assert_int_eq(c->enforce_distinct_subnets, 1);
	ck_assert_int_eq(c->client_reject_internal_addresses, 1);
	ck_assert_uint_eq(c->long_lived_ports.n, 12);
	ck_assert_uint_eq(c->long_lived_ports.item[0], 21);
	ck_assert_uint_eq(c->nlogs, 1);
	ck_assert_int_eq(c->default_logs, 1);
	ck_assert_uint_eq(c->logs[0].domains[LL_NOTICE], 1023);
	ck_assert_uint_eq(c->logs[0].domains[LL_INFO], 0);
	ck_assert_ptr_null(c->exit_nodes);
	ck_assert_int_eq(c->data_directory[0], '/');
	ck_assert_str_eq(c->cache_directory, c->data_directory);
	ck_assert_str_eq(c->geoip_file, "/usr/share/tor/geoip");
	ck_assert_uint_eq(c->virtual_addr_network4.bits, 10);
	ck_assert_uint_eq(c->warnings.n, 1);
	conf_free(c);
	conf_free(NULL);
}
END_TEST

START_TEST(conf_load_empty_has_the_live_network)
{
	struct conf *c = must("");
	size_t i, voters = 0, bridges = 0;
	char hex[41];

	ck_assert_int_eq(c->default_authorities, 1);
	ck_assert_uint_eq(c->nauthorities, 10);
	for (i = 0; i < c->nauthorities; i++) {
		const struct conf_authority *a = &c->authorities[i];

		ck_assert_uint_gt(strlen(a->nickname), 0);
		ck_assert_uint_eq(a->or4.family, 4);
		ck_assert(a->dir.port != 0 && a->or4.port != 0);
		voters += a->has_v3ident;
		bridges += a->is_bridge;
		ck_assert_int_ne(a->has_v3ident, a->is_bridge);
	}
	ck_assert_uint_eq(voters, 9);
	ck_assert_uint_eq(bridges, 1);
	ck_assert_str_eq(c->authorities[0].nickname, "moria1");
	enc_hex(hex, c->authorities[0].v3ident, 20);
	ck_assert_str_eq(hex, "F533C81CEF0BC0267857C99B2F471ADF249FA232");
	ck_assert_uint_eq(c->nfallbacks, 200);
	for (i = 0; i < c->nfallbacks; i++) {
		ck_assert_uint_eq(c->fallbacks[i].or4.family, 4);
		ck_assert(c->fallbacks[i].weight > 0.99 &&
		    c->fallbacks[i].weight < 1.01);
		ck_assert_int_eq(addr_is_internal(&c->fallbacks[i].or4), 0);
	}
	conf_free(c);
}
END_TEST

#define ID "ABCDEF0123456789ABCDEF0123456789ABCDEF01"
#define FALLBACK "FallbackDir 10.0.0.1:1 orport=2 id=" ID "\n"
#define AUTH "DirAuthority a orport=5001 v3ident=" ID " 10.0.0.1:7001 " ID "\n"

static const struct {
	const char	*text;
	size_t		 auths, fallbacks;
	int		 def;
} sources[] = {
	{ AUTH, 1, 0, 0 },
	{ "Alternate" AUTH, 2, 0, 0 },
	{ "AlternateBridgeAuthority b orport=1 bridge 10.0.0.1:1 " ID "\n",
	    10, 200, 1 },
	{ "FallbackDir 10.0.0.1:1 orport=2 id=" ID "\n", 10, 1, 1 },
	{ "UseDefaultFallbackDirs 0\n", 10, 0, 1 },
	{ AUTH "FallbackDir 10.0.0.1:1 orport=2 id=" ID "\n", 1, 1, 0 },
};

START_TEST(conf_load_sources_replace_the_live_network_as_tor_does)
{
	struct conf *c = must(sources[_i].text);

	ck_assert_uint_eq(c->nauthorities, sources[_i].auths);
	ck_assert_uint_eq(c->nfallbacks, sources[_i].fallbacks);
	ck_assert_int_eq(c->default_authorities, sources[_i].def);
	conf_free(c);
}
END_TEST

START_TEST(conf_load_testing_network_changes_defaults)
{
	struct conf *c = must("TestingTorNetwork 1\n" AUTH);

	ck_assert_int_eq(c->enforce_distinct_subnets, 0);
	ck_assert_int_eq(c->client_reject_internal_addresses, 0);
	ck_assert_int_eq(c->client_dns_reject_internal_addresses, 0);
	ck_assert_int_eq(c->extend_allow_private_addresses, 1);
	ck_assert(c->client_bootstrap_authority_delay_s == 0);
	ck_assert(c->testing_dir_connection_max_stall_s == 30);
	conf_free(c);
	c = must("EnforceDistinctSubnets 1\nTestingTorNetwork 1\n" AUTH);
	ck_assert_int_eq(c->enforce_distinct_subnets, 1);
	conf_free(c);
}
END_TEST

START_TEST(conf_load_ports_hold_what_was_said)
{
	struct conf *c = must("TransPort [::1]:9040 NoIsolateClientAddr "
	    "IsolateDestPort SessionGroup=3 NoIPv4Traffic\n"
	    "TransPort 9041\nDNSPort auto IsolateSOCKSAuths\n");
	struct addr want = at("[::1]:9040");
	const struct conf_port *p = c->trans_ports;

	ck_assert_uint_eq(c->ntrans_ports, 2);
	ck_assert(addr_equal(&p[0].addr, &want));
	ck_assert_uint_eq(p[0].isolate, CONF_ISO_SOCKSAUTH | CONF_ISO_DESTPORT);
	ck_assert_int_eq(p[0].session_group, 3);
	ck_assert_uint_eq(p[0].ipv4_traffic, 0);
	ck_assert_uint_eq(p[0].ipv6_traffic, 1);
	ck_assert_uint_eq(p[1].isolate, CONF_ISO_DEFAULT);
	want = at("127.0.0.1:9041");
	ck_assert(addr_equal(&p[1].addr, &want));
	ck_assert_int_lt(p[1].session_group, 0);
	ck_assert_int_ne(p[1].session_group, c->dns_ports[0].session_group);
	ck_assert_uint_eq(c->dns_ports[0].addr.port, 0);
	conf_free(c);
}
END_TEST

START_TEST(conf_load_port_groups_are_all_different)
{
	static char text[CONF_PORTS_MAX * 40 + 1];
	struct conf *c;
	size_t i, j;

	for (i = 1; i <= CONF_PORTS_MAX; i++)
		sprintf(text + strlen(text), "TransPort %zu\nDNSPort %zu\n",
		    i, 1000 + i);
	c = must(text);
	ck_assert_uint_eq(c->ntrans_ports, CONF_PORTS_MAX);
	for (i = 0; i < CONF_PORTS_MAX; i++)
		for (j = 0; j < CONF_PORTS_MAX; j++) {
			ck_assert(i == j || c->trans_ports[i].session_group !=
			    c->trans_ports[j].session_group);
			ck_assert(c->trans_ports[i].session_group !=
			    c->dns_ports[j].session_group);
		}
	conf_free(c);
	strcat(text, "TransPort 9040\n");
	ck_assert_int_eq(try(&c, text), -EINVAL);
}
END_TEST

static const struct {
	const char	*text;
	const char	*addr;
	int		 may;
} reach[] = {
	{ "", "1.2.3.4:9001", 1 }, { "", "[2001:db8::1]:9001", 1 },
	{ "ClientUseIPv6 0\n", "[2001:db8::1]:9001", 0 },
	{ "ClientUseIPv4 0\n", "1.2.3.4:9001", 0 },
	{ "ClientUseIPv4 0\nClientUseIPv6 0\n", "[2001:db8::1]:1", 1 },
	{ "ClientUseIPv6 0\nClientPreferIPv6ORPort 1\n", "[2001:db8::1]:1",
	    1 },
	{ "ReachableAddresses *:443\n", "1.2.3.4:443", 1 },
	{ "ReachableAddresses *:443\n", "1.2.3.4:80", 0 },
	{ "ReachableAddresses reject 1.0.0.0/8, accept *:*\n", "1.2.3.4:80", 0 },
	{ "ReachableAddresses reject 1.0.0.0/8, accept *:*\n", "2.2.3.4:80", 1 },
	{ "ReachableAddresses accept 1.0.0.0/8, reject *:*\n", "1.2.3.4:80", 1 },
	{ "ReachableAddresses *4:80-90\n", "1.2.3.4:85", 1 },
	{ "ReachableAddresses *4:80-90\n", "1.2.3.4:91", 0 },
	{ "ReachableAddresses *4\n", "[2001:db8::1]:85", 0 },
	{ "ReachableAddresses *6\n", "[2001:db8::1]:85", 1 },
	{ "ReachableAddresses reject private, *\n", "10.1.2.3:80", 0 },
	{ "ReachableAddresses reject private:80, *\n", "10.1.2.3:81", 1 },
	{ "ReachableAddresses *:1\nReachableORAddresses *:2\n", "1.1.1.1:2", 1 },
	{ "ReachableAddresses *:1\nReachableORAddresses *:2\n", "1.1.1.1:1", 0 },
	{ "FascistFirewall 1\n", "1.2.3.4:443", 1 },
	{ "FascistFirewall 1\n", "1.2.3.4:80", 0 },
	{ "FascistFirewall 1\nFirewallPorts 80,81\n", "1.2.3.4:81", 1 },
	{ "FascistFirewall 1\nFirewallPorts 80,81\n", "1.2.3.4:443", 0 },
	{ "FascistFirewall 1\nReachableAddresses *:7\n", "1.2.3.4:7", 1 },
	{ "FirewallPorts 80\n", "1.2.3.4:443", 1 },
};

START_TEST(conf_may_reach_case_gives_its_result)
{
	struct conf *c = must(reach[_i].text);
	struct addr a = at(reach[_i].addr), none = { 0 };

	ck_assert_msg(conf_may_reach(c, &a) == reach[_i].may, "%s: %s",
	    reach[_i].text, reach[_i].addr);
	ck_assert_int_eq(conf_may_reach(c, &none), 0);
	conf_free(c);
}
END_TEST

START_TEST(conf_where_tells_the_line_of_each_value)
{
	struct conf *c = must("TransPort 1\n__TransPort 2\nTransPort 3\n"
	    "User somebody\n");

	ck_assert_uint_eq(c->ntrans_ports, 3);
	ck_assert_str_eq(conf_where(c, "TransPort", 0), "torrc:1: ");
	ck_assert_uint_eq(c->trans_ports[1].addr.port, 3);
	ck_assert_str_eq(conf_where(c, "TransPort", 1), "torrc:3: ");
	ck_assert_str_eq(conf_where(c, "TransPort", 2), "torrc:2: ");
	ck_assert_str_eq(conf_where(c, "TransPort", 3), "");
	ck_assert_str_eq(conf_where(c, "User", 0), "torrc:4: ");
	ck_assert_str_eq(conf_where(c, "Log", 0), "");
	conf_free(c);
}
END_TEST

START_TEST(conf_load_paths_become_absolute)
{
	struct conf *c;
	char cwd[1000], want[1100];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(want, sizeof(want), "%s/here/x", cwd);
	setenv("HOME", "/home/somebody", 1);
	c = must("DataDirectory here/x\nPidFile ~/pid\n");
	ck_assert_str_eq(c->data_directory, want);
	ck_assert_str_eq(c->pid_file, "/home/somebody/pid");
	conf_free(c);
	c = must("DataDirectory /d\n");
	ck_assert_str_eq(c->status_socket, "/d/status");
	conf_free(c);
	c = must("DataDirectory /d\nStatusSocket /run/s\n");
	ck_assert_str_eq(c->status_socket, "/run/s");
	conf_free(c);
	c = must("StatusSocket 0\n");
	ck_assert_str_eq(c->status_socket, "");
	ck_assert_str_eq(c->run_socket, CONF_RUN_SOCKET);
	conf_free(c);
	c = must("RunSocket 0\n");
	ck_assert_str_eq(c->run_socket, "");
	conf_free(c);
	c = must("RunSocket ~/run\n");
	ck_assert_str_eq(c->run_socket, "/home/somebody/run");
	conf_free(c);
}
END_TEST

static const struct {
	const char	*old, *new;
	const char	*blocks;	/* NULL: may be reloaded */
} reloads[] = {
	{ "TransPort 9040\n", "TransPort 9041\nDNSPort 53\n", NULL },
	{ "ExitNodes {de}\n", "ExitNodes {fr}\n", NULL },
	{ "DataDirectory /a\n", "DataDirectory /b\n", "DataDirectory" },
	{ "DataDirectory /a\n", "DataDirectory \"/a\"\n", NULL },
	{ "", "User nobody\n", "User" },
	{ "User nobody\n", "User nobody\n", NULL },
	{ "", "RunAsDaemon 1\n", "RunAsDaemon" },
	{ "", "PidFile /p\n", "PidFile" },
	{ AUTH, "TestingTorNetwork 1\n" AUTH, "TestingTorNetwork" },
	{ "TransPort 1\n", "TransPort 1\nTransProxyType TPROXY\n",
	    "TransProxyType" },
	{ "", AUTH, "DirAuthority" },
	{ AUTH, AUTH "DirAuthority 10.0.0.2:1 " ID "\n", "DirAuthority" },
	{ AUTH, AUTH "StrictNodes 1\n", NULL },
	{ "", "Alternate" AUTH, "AlternateDirAuthority" },
	{ AUTH, AUTH FALLBACK, "FallbackDir" },
	{ AUTH FALLBACK, FALLBACK AUTH, NULL },
	{ "", "UseDefaultFallbackDirs 0\n", "UseDefaultFallbackDirs" },
	{ "", "UseDefaultFallbackDirs 1\n", NULL },
	{ "", "UseEntryGuards 0\n", "UseEntryGuards" },
	{ "", "ClientUseIPv6 0\nReachableAddresses *:443\n", NULL },
	{ "", "VirtualAddrNetworkIPv4 10.64.0.0/10\n",
	    "VirtualAddrNetworkIPv4" },
	{ "", "VirtualAddrNetworkIPv6 [fd00::]/48\n",
	    "VirtualAddrNetworkIPv6" },
	{ "", "VirtualAddrNetworkIPv4 10.200.1.1/10\n"
	    "VirtualAddrNetworkIPv6 [FD61:7574:6F6D::1]/48\n", NULL },
	{ "", "AutomapHostsOnResolve 0\n", NULL },
};

START_TEST(conf_can_reload_case_gives_its_result)
{
	struct conf *a = must(reloads[_i].old), *b = must(reloads[_i].new);
	int rc = conf_can_reload(a, b, &err);

	if (reloads[_i].blocks) {
		ck_assert_int_eq(rc, -EBUSY);
		ck_assert_msg(strstr(err.text, reloads[_i].blocks) != NULL,
		    "%s", err.text);
	} else
		ck_assert_msg(rc == 0, "%s", err.text);
	conf_free(a);
	conf_free(b);
}
END_TEST

/* As the daemon is at its start, and at a reload. */
START_TEST(conf_can_reload_after_the_drop_of_rights)
{
	struct conf *a, *b;
	int rc;

	if (geteuid() != 0)
		return;			/* nothing to drop */
	setenv("HOME", "/root", 1);
	a = must("User nobody\n");
	ck_assert_int_eq(seteuid(65534), 0);
	b = must("User nobody\n");
	rc = conf_can_reload(a, b, &err);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_str_eq(a->data_directory, b->data_directory);
	conf_free(a);
	conf_free(b);
}
END_TEST

START_TEST(conf_load_files_defaults_lie_below_torrc)
{
	char dir[] = "/tmp/test_conf.XXXXXX", cmd[64], a[64], b[64];
	struct conf_args args = { .file = b, .defaults_file = a };
	struct conf *c;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(a, sizeof(a), "%s/defaults", dir);
	snprintf(b, sizeof(b), "%s/torrc", dir);
	ck_assert_ptr_nonnull(f = fopen(a, "w"));
	fputs("TransPort 1\nTransPort 2\nDNSPort 53\nStrictNodes 1\n", f);
	fclose(f);
	ck_assert_ptr_nonnull(f = fopen(b, "w"));
	fputs("TransPort 3\n+DNSPort 54\n", f);
	fclose(f);
	ck_assert_msg(conf_load(&c, &args, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(c->ntrans_ports, 1);
	ck_assert_uint_eq(c->ndns_ports, 2);
	ck_assert_int_eq(c->strict_nodes, 1);
	ck_assert_uint_eq(c->files.n, 2);
	ck_assert_str_eq(c->files.item[1], b);
	conf_free(c);
	unlink(b);
	ck_assert_int_eq(conf_load(&c, &args, &err), -ENOENT);
	args.missing_ok = 1;
	ck_assert_int_eq(conf_load(&c, &args, &err), 0);
	ck_assert_uint_eq(c->ntrans_ports, 2);
	conf_free(c);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}
END_TEST

START_TEST(conf_load_many_warnings_are_bounded)
{
	static char text[(CONF_WARNINGS_MAX + 50) * 20];
	struct conf *c;
	size_t i;

	for (i = 0; i < CONF_WARNINGS_MAX + 50; i++)
		strcat(text, "StrictNodes 1\n");
	c = must(text);
	ck_assert_uint_eq(c->warnings.n, CONF_WARNINGS_MAX);
	ck_assert_str_eq(c->warnings.item[CONF_WARNINGS_MAX - 1],
	    "more warnings are not shown");
	conf_free(c);
}
END_TEST

START_TEST(conf_load_error_text_is_escaped_and_cut)
{
	static char text[100000];
	struct conf *c;

	snprintf(text, sizeof(text), "StrictNodes \x1b[31m%050000d\n", 0);
	ck_assert_int_eq(try(&c, text), -EINVAL);
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
	ck_assert_uint_lt(strlen(err.text), 200);
	snprintf(text, sizeof(text), "\x1b[31mX%050000d 1\n", 0);
	ck_assert_int_eq(try(&c, text), -EINVAL);
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
}
END_TEST

START_TEST(conf_log_open_opens_what_log_says)
{
	char dir[] = "/tmp/test_conf.XXXXXX", text[1000], got[1000];
	struct log_set *set;
	struct conf *c;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_ptr_nonnull(f = fopen("log", "w"));
	fputs("old\n", f);
	fclose(f);
	c = must("Log [net]debug [*]warn file log\nTruncateLogFile 1\n");
	ck_assert_int_eq(conf_log_open(c, CONF_QUIET, &set, &err), 0);
	conf_log_use(c, set);
	log_debug(LD_NET, "one");
	log_debug(LD_DIR, "two");
	log_warn(LD_DIR, "three");
	ck_assert_int_eq(conf_log_open(c, CONF_QUIET, &set, &err), 0);
	conf_log_use(c, set);	/* a reload does not empty it again */
	log_set_use(NULL);
	slurp("log", got, sizeof(got));
	ck_assert_ptr_null(strstr(got, "old"));
	ck_assert_ptr_nonnull(strstr(got, "one"));
	ck_assert_ptr_null(strstr(got, "two"));
	ck_assert_ptr_nonnull(strstr(got, "three"));
	conf_free(c);
	snprintf(text, sizeof(text), "Log notice file %s/no/log\n", dir);
	c = must(text);
	ck_assert_int_eq(conf_log_open(c, CONF_NOT_QUIET, &set, &err),
	    -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "torrc:1: Log: cannot open "));
	ck_assert_ptr_nonnull(strstr(err.text, "/no/log"));
	conf_free(c);
	snprintf(text, sizeof(text), "rm -rf %s", dir);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(text), 0);
}
END_TEST

START_TEST(conf_log_open_without_log_minds_quiet)
{
	static const enum log_level least[] = { LL_NOTICE, LL_WARN, LL_NONE };
	struct conf *c = must("");
	struct log_set *set;
	int level;

	ck_assert_int_eq(conf_log_open(c, (enum conf_quiet)_i, &set, &err), 0);
	log_set_use(set);
	for (level = LL_ERR; level <= LL_DEBUG; level++)
		ck_assert_int_eq(log_wants((enum log_level)level),
		    level <= (int)least[_i]);
	log_set_use(NULL);
	conf_free(c);
}
END_TEST

START_TEST(conf_log_early_minds_quiet)
{
	static const enum log_level least[] = { LL_NOTICE, LL_WARN, LL_NONE };
	int level;

	conf_log_early((enum conf_quiet)_i);
	for (level = LL_ERR; level <= LL_DEBUG; level++)
		ck_assert_int_eq(log_wants((enum log_level)level),
		    level <= (int)least[_i]);
	log_set_use(NULL);
}
END_TEST

static const struct {
	const char	*in, *out;
} quotes[] = {
	{ "plain text", "plain text" }, { "", "" }, { "a#b", "\"a#b\"" },
	{ "\"a", "\"\\\"a\"" }, { "a\"b", "a\"b" }, { " a", "\" a\"" },
	{ "a ", "\"a \"" }, { "a\\", "\"a\\\\\"" }, { "a\nb", "\"a\\x0ab\"" },
	{ "\x01" "0", "\"\\x010\"" },
};

START_TEST(conf_quote_case_gives_its_result)
{
	char *text = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);

	conf_quote(m, quotes[_i].in);
	fclose(m);
	ck_assert_str_eq(text, quotes[_i].out);
	free(text);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT(conf_options_names_are_unique_and_known),
	UNIT(conf_options_defaults_written_down_change_nothing),
	UNIT(conf_options_all_are_in_the_manual),
	UNIT(conf_load_empty_gives_defaults),
	UNIT(conf_load_empty_has_the_live_network),
	UNIT_LOOP(conf_load_sources_replace_the_live_network_as_tor_does,
	    NELEM(sources)),
	UNIT(conf_load_testing_network_changes_defaults),
	UNIT(conf_load_ports_hold_what_was_said),
	UNIT(conf_load_port_groups_are_all_different),
	UNIT_LOOP(conf_may_reach_case_gives_its_result, NELEM(reach)),
	UNIT(conf_where_tells_the_line_of_each_value),
	UNIT(conf_load_paths_become_absolute),
	UNIT_LOOP(conf_can_reload_case_gives_its_result, NELEM(reloads)),
	UNIT(conf_can_reload_after_the_drop_of_rights),
	UNIT(conf_load_files_defaults_lie_below_torrc),
	UNIT(conf_load_many_warnings_are_bounded),
	UNIT(conf_load_error_text_is_escaped_and_cut),
	UNIT(conf_log_open_opens_what_log_says),
	UNIT_LOOP(conf_log_open_without_log_minds_quiet, 3),
	UNIT_LOOP(conf_log_early_minds_quiet, 3),
	UNIT_LOOP(conf_quote_case_gives_its_result, NELEM(quotes)),
};

UNIT_MAIN("conf", tests)

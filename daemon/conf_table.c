/* daemon/conf_table.c - finding an option by what somebody wrote
 *
 * Case does not matter.  Old names and singulars that tor takes are taken, and
 * so is the beginning of a name where only one option begins that way.
 */
#include "daemon/conf_table.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char	*old;
	const char	*name;
} aliases[] = {
	{ "AuthDirBadExitCC", "AuthDirBadExitCCs" },
	{ "AuthDirInvalidCC", "AuthDirInvalidCCs" },
	{ "AuthDirMiddleOnlyCC", "AuthDirMiddleOnlyCCs" },
	{ "AuthDirRejectCC", "AuthDirRejectCCs" },
	{ "AutomapHostOnResolve", "AutomapHostsOnResolve" },
	{ "AutomapHostSuffixes", "AutomapHostsSuffixes" },
	{ "BandwidthBurstBytes", "BandwidthBurst" },
	{ "BandwidthRateBytes", "BandwidthRate" },
	{ "BridgeAuthoritativeDirectory", "BridgeAuthoritativeDir" },
	{ "ClientBootstrapConsensusAuthorityDownloadSchedule",
	    "ClientBootstrapConsensusAuthorityDownloadInitialDelay" },
	{ "ClientBootstrapConsensusAuthorityOnlyDownloadSchedule",
	    "ClientBootstrapConsensusAuthorityOnlyDownloadInitialDelay" },
	{ "ClientBootstrapConsensusFallbackDownloadSchedule",
	    "ClientBootstrapConsensusFallbackDownloadInitialDelay" },
	{ "DirServer", "DirAuthority" },
	{ "EntryNode", "EntryNodes" },
	{ "ExcludeNode", "ExcludeNodes" },
	{ "FirewallPort", "FirewallPorts" },
	{ "LongLivedPort", "LongLivedPorts" },
	{ "MaxConn", "ConnLimit" },
	{ "MaxMemInCellQueues", "MaxMemInQueues" },
	{ "NumCPU", "NumCPUs" },
	{ "NumEntryNodes", "NumEntryGuards" },
	{ "NumHelperNodes", "NumEntryGuards" },
	{ "ResolvConf", "ServerDNSResolvConfFile" },
	{ "SearchDomains", "ServerDNSSearchDomains" },
	{ "ServerDNSAllowBrokenResolvConf", "ServerDNSAllowBrokenConfig" },
	{ "SocksSocketsGroupWritable", "UnixSocksGroupWritable" },
	{ "StrictNode", "StrictNodes" },
	{ "TestingBridgeBootstrapDownloadSchedule",
	    "TestingBridgeBootstrapDownloadInitialDelay" },
	{ "TestingBridgeDownloadSchedule",
	    "TestingBridgeDownloadInitialDelay" },
	{ "TestingClientConsensusDownloadSchedule",
	    "TestingClientConsensusDownloadInitialDelay" },
	{ "TestingClientDownloadSchedule",
	    "TestingClientDownloadInitialDelay" },
	{ "TestingServerConsensusDownloadSchedule",
	    "TestingServerConsensusDownloadInitialDelay" },
	{ "TestingServerDownloadSchedule",
	    "TestingServerDownloadInitialDelay" },
	{ "UseEntryNodes", "UseEntryGuards" },
	{ "UseHelperNodes", "UseEntryGuards" },
	{ "VirtualAddrNetwork", "VirtualAddrNetworkIPv4" },
	{ "_HSLayer2Nodes", "HSLayer2Nodes" },
	{ "_HSLayer3Nodes", "HSLayer3Nodes" },
};

/* What TestingTorNetwork makes the default. */
static const struct {
	const char	*name;
	const char	*def;
} testing_defaults[] = {
	{ "ClientBootstrapConsensusAuthorityDownloadInitialDelay", "0" },
	{ "ClientBootstrapConsensusFallbackDownloadInitialDelay", "0" },
	{ "ClientBootstrapConsensusAuthorityOnlyDownloadInitialDelay", "0" },
	{ "ClientDNSRejectInternalAddresses", "0" },
	{ "ClientRejectInternalAddresses", "0" },
	{ "DirAllowPrivateAddresses", "1" },
	{ "EnforceDistinctSubnets", "0" },
	{ "ExtendAllowPrivateAddresses", "1" },
	{ "TestingClientDownloadInitialDelay", "0" },
	{ "TestingClientConsensusDownloadInitialDelay", "0" },
	{ "TestingClientMaxIntervalWithoutRequest", "5 seconds" },
	{ "TestingDirConnectionMaxStall", "30 seconds" },
};

enum {
	NALIASES = sizeof(aliases) / sizeof(aliases[0]),
	NTESTING = sizeof(testing_defaults) / sizeof(testing_defaults[0]),
	NAME_MAX_LEN = 80,
};

static const struct conf_opt *
exact(const char *name)
{
	const struct conf_opt *o;

	for (o = conf_options; o->name; o++)
		if (strcasecmp(o->name, name) == 0)
			return o;
	return NULL;
}

static const struct conf_opt *
only_with_prefix(const char *name)
{
	const struct conf_opt *o, *found = NULL;
	size_t len = strlen(name);

	if (len < 3)
		return NULL;
	for (o = conf_options; o->name; o++) {
		if (strncasecmp(o->name, name, len) != 0)
			continue;
		if (found)
			return NULL;
		found = o;
	}
	return found;
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to insert, leave out, change or swap. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned rows[3][NAME_MAX_LEN + 1], *prev2 = rows[0], *prev = rows[1],
	    *row = rows[2], *t;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > NAME_MAX_LEN || lb > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (j = 0; j <= lb; j++)
		prev2[j] = prev[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			unsigned differ = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = least(prev[j] + 1, row[j - 1] + 1,
			    prev[j - 1] + differ);
			if (i > 1 && j > 1 && differ &&
			    lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) &&
			    prev2[j - 2] + 1 < row[j])
				row[j] = prev2[j - 2] + 1;
		}
		t = prev2;
		prev2 = prev;
		prev = row;
		row = t;
	}
	return prev[lb];
}

static const char *
nearest(const char *name)
{
	unsigned best = (unsigned)strlen(name) / 4 + 1, d;
	const char *near = NULL;
	const struct conf_opt *o;
	size_t len = strlen(name);

	for (o = conf_options; len >= 3 && o->name; o++)
		if (strncasecmp(o->name, name, len) == 0)
			return o->name;		/* the first of several */
	for (o = conf_options; o->name; o++)
		if (o->role != CONF_R_OBSOLETE &&
		    (d = distance(name, o->name)) <= best) {
			if (near && d == best)
				continue;
			best = d;
			near = o->name;
		}
	return near;
}

const struct conf_opt *
conf_option_find(const char *name, const char **near)
{
	const struct conf_opt *o = exact(name);
	size_t i;

	for (i = 0; o == NULL && i < NALIASES; i++)
		if (strcasecmp(aliases[i].old, name) == 0)
			o = exact(aliases[i].name);
	if (o == NULL)
		o = only_with_prefix(name);
	if (o == NULL && near)
		*near = nearest(name);
	return o;
}

const char *
conf_option_default(const struct conf_opt *o, int testing)
{
	size_t i;

	for (i = 0; testing && i < NTESTING; i++)
		if (strcmp(testing_defaults[i].name, o->name) == 0)
			return testing_defaults[i].def;
	return o->def ? o->def : "";
}

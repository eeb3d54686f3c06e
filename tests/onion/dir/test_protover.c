/* tests/onion/dir/test_protover.c */
#include "onion/dir/protover.h"

#include <errno.h>
#include <string.h>

#include "onion/link/relayid.h"
#include "tests/unit.h"

#define ALL_OF_0_4_9 (CAP_NTOR3 | CAP_SUBPROTO | CAP_CGO | CAP_FLOWCTRL | \
    CAP_EXTEND_V6 | CAP_CONFLUX | CAP_HSDIR | CAP_HSINTRO | CAP_HSREND | \
    CAP_PADDING)

static const struct {
	const char	*line;
	int		 rc;
	uint32_t	 caps;
} caps_cases[] = {
	{ "Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 "
	    "HSIntro=4-5 HSRend=1-2 Link=3-5 LinkAuth=3 Microdesc=1-3 "
	    "Padding=2 Relay=2-6", 0, ALL_OF_0_4_9 },
	{ "", 0, 0 },
	{ "Relay=4", 0, CAP_NTOR3 },
	{ "Relay=2,4", 0, CAP_NTOR3 },
	{ "Relay=1-4", 0, CAP_NTOR3 | CAP_EXTEND_V6 },
	{ "Relay=3 Relay=4", 0, CAP_NTOR3 | CAP_EXTEND_V6 },
	{ "Relay=0-63", 0,
	    CAP_NTOR3 | CAP_SUBPROTO | CAP_CGO | CAP_EXTEND_V6 },
	{ "FlowCtrl=1", 0, 0 },
	{ "FlowCtrl=2", 0, CAP_FLOWCTRL },
	{ "Unknown=1-63 Relay=4", 0, CAP_NTOR3 },
	{ "relay=4", 0, 0 },
	{ "Relay=", 0, 0 },
	{ "Relay=  Relay=4", 0, CAP_NTOR3 },
	{ "N-1=0,1", 0, 0 },
	{ "Relay=63", 0, 0 },
	{ "Relay=64", -EBADMSG, 0 },
	{ "Relay=1-64", -EBADMSG, 0 },
	{ "Relay=4294967295", -EBADMSG, 0 },
	{ "Relay=0-4294967295", -EBADMSG, 0 },
	{ "Relay=4294967296", -EBADMSG, 0 },
	{ "Relay=18446744073709551619", -EBADMSG, 0 },
	{ "Relay=5-4", -EBADMSG, 0 },
	{ "Relay", -EBADMSG, 0 },
	{ "=4", -EBADMSG, 0 },
	{ "Re_lay=4", -EBADMSG, 0 },
	{ "Relay=,", -EBADMSG, 0 },
	{ "Relay=4,", -EBADMSG, 0 },
	{ "Relay=3,,4", -EBADMSG, 0 },
	{ "Relay=4-", -EBADMSG, 0 },
	{ "Relay=-4", -EBADMSG, 0 },
	{ "Relay=+4", -EBADMSG, 0 },
	{ "Relay=3-4-5", -EBADMSG, 0 },
	{ "Relay=4 junk", -EBADMSG, 0 },
};

START_TEST(protover_caps_reads_what_a_relay_promises)
{
	const char *line = caps_cases[_i].line;
	uint32_t caps = 0;
	int rc = protover_caps(&caps, line, strlen(line));

	ck_assert_msg(rc == caps_cases[_i].rc, "%s: %d", line, rc);
	ck_assert_msg(caps == caps_cases[_i].caps, "%s: %x", line, caps);
}
END_TEST

static const struct {
	const char	*line;
	int		 rc;
	const char	*text;
} missing_cases[] = {
	/* The live network's two lines. */
	{ "Cons=2 Desc=2 FlowCtrl=1 Link=4 Microdesc=2 Relay=2", 0, "" },
	{ "Cons=2 Desc=2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4 HSRend=2 "
	    "Link=4-5 Microdesc=2 Relay=2-4", 0, "" },
	/* and as it may be one day */
	{ "Relay=2-6", 0, "" },
	{ "HSDir=3 HSIntro=4-6 HSRend=2", PROTOVER_LACK_HS,
	    "HSDir=3 HSIntro=6" },
	{ "", 0, "" },
	{ "Link=4-6", PROTOVER_LACK_CORE, "Link=6" },
	{ "Relay=2-9,11", PROTOVER_LACK_CORE, "Relay=7-9,11" },
	{ "Wombat=9", PROTOVER_LACK_CORE, "Wombat=9" },
	{ "Wombat=", 0, "" },
	{ "Wombat=0-63", PROTOVER_LACK_CORE, "Wombat=0-63" },
	{ "HSRend=3 Link=6", PROTOVER_LACK_CORE | PROTOVER_LACK_HS,
	    "HSRend=3 Link=6" },
	{ "Link=6-5", -EBADMSG, "" },
	{ "Link", -EBADMSG, "" },
};

/* A date that cannot be read would make every old consensus bind us. */
START_TEST(protover_released_is_a_date_of_this_program)
{
	ck_assert_int_ge(protover_released(), INT64_C(1795305600));
	ck_assert_int_eq(protover_released() % 86400, 0);
}
END_TEST

START_TEST(protover_missing_names_what_we_lack)
{
	char out[PROTOVER_TEXT];
	const char *line = missing_cases[_i].line;

	ck_assert_int_eq(protover_missing(out, line, strlen(line)),
	    missing_cases[_i].rc);
	ck_assert_str_eq(out, missing_cases[_i].text);
}
END_TEST

START_TEST(protover_missing_long_text_is_cut)
{
	char line[4096], out[PROTOVER_TEXT];
	size_t len = 0;
	int i;

	for (i = 0; i < 200; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    "Name%d=1,3,5 ", i);
	ck_assert_int_eq(protover_missing(out, line, len),
	    PROTOVER_LACK_CORE);
	ck_assert_uint_eq(strlen(out), PROTOVER_TEXT - 1);
}
END_TEST

START_TEST(protover_caps_name_of_the_greatest_length_is_the_last_good_one)
{
	char line[PROTOVER_NAME_MAX + 8];
	uint32_t caps;

	memset(line, 'x', sizeof(line));
	memcpy(line + PROTOVER_NAME_MAX, "=1", 2);
	ck_assert_int_eq(protover_caps(&caps, line, PROTOVER_NAME_MAX + 2),
	    0);
	line[PROTOVER_NAME_MAX] = 'x';
	memcpy(line + PROTOVER_NAME_MAX + 1, "=1", 2);
	ck_assert_int_eq(protover_caps(&caps, line, PROTOVER_NAME_MAX + 3),
	    -EBADMSG);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(protover_caps_reads_what_a_relay_promises,
	    NELEM(caps_cases)),
	UNIT(protover_released_is_a_date_of_this_program),
	UNIT_LOOP(protover_missing_names_what_we_lack, NELEM(missing_cases)),
	UNIT(protover_missing_long_text_is_cut),
	UNIT(protover_caps_name_of_the_greatest_length_is_the_last_good_one),
};
UNIT_MAIN("protover", tests)

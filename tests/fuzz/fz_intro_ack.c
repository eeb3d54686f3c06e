/* tests/fuzz/fz_intro_ack.c - INTRODUCE_ACK */
#include <errno.h>
#include <stdlib.h>

#include "onion/hs/intromsg.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum intromsg_status status = INTROMSG_OTHER;
	int rc;

	rc = intromsg_ack(data, len, &status);
	must(rc == 0 || rc == -EBADMSG);
	if (rc == 0) {
		must(len >= 3);
		must((status == INTROMSG_OK) == (data[0] == 0 &&
		    data[1] == 0));
		must(status <= INTROMSG_OTHER);
	}
	return 0;
}

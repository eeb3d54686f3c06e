/* tests/daemon/test_notify.c - the service manager is told, where there is one */
#include "daemon/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit.h"

static char name[64];

/* A manager's socket of that name. */
static int
manager(int abstract)
{
	struct sockaddr_un un;
	socklen_t len;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(name, sizeof(name), "%cot-notify-%d-%d",
	    abstract ? '@' : '/', (int)getpid(), abstract);
	if (!abstract)
		snprintf(name, sizeof(name), "/tmp/ot-notify-%d",
		    (int)getpid());
	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	memcpy(un.sun_path, name, strlen(name));
	if (abstract)
		un.sun_path[0] = '\0';
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(name));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, len), 0);
	return fd;
}

static void
end(int fd)
{
	close(fd);
	if (*name == '/')
		unlink(name);
}

START_TEST(notify_tells_who_stands_in_the_environment)
{
	char got[64] = "";
	int fd = manager(_i);

	setenv("NOTIFY_SOCKET", name, 1);
	notify_take();
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	notify("READY=1");
	ck_assert_int_eq((int)recv(fd, got, sizeof(got) - 1, 0), 7);
	ck_assert_str_eq(got, "READY=1");
	end(fd);
	notify("STOPPING=1");		/* nobody is there any more */
}
END_TEST

START_TEST(notify_without_one_tells_nobody)
{
	char got[64];
	int fd = manager(1);

	setenv("NOTIFY_SOCKET", name, 1);
	notify_take();
	unsetenv("NOTIFY_SOCKET");
	notify_take();
	notify("READY=1");
	ck_assert_int_lt((int)recv(fd, got, sizeof(got), 0), 0);
	end(fd);
}
END_TEST

START_TEST(notify_a_name_that_is_none_tells_nobody)
{
	static char longest[200];
	static const char *const names[] = { "", "/", "relative", "vsock:2:1",
		longest };
	char got[64];
	int fd = manager(1);

	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	setenv("NOTIFY_SOCKET", name, 1);
	notify_take();
	setenv("NOTIFY_SOCKET", names[_i], 1);
	notify_take();
	notify("READY=1");
	ck_assert_int_lt((int)recv(fd, got, sizeof(got), 0), 0);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	end(fd);
}
END_TEST

static const struct unit_test tests[] = {
	UNIT_LOOP(notify_tells_who_stands_in_the_environment, 2),
	UNIT(notify_without_one_tells_nobody),
	UNIT_LOOP(notify_a_name_that_is_none_tells_nobody, 5),
};

UNIT_MAIN("notify", tests)

/* daemon/notify.c - tells the service manager how far it is */
#include "daemon/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un who;
static socklen_t who_len;		/* 0: nobody */

void
notify_take(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;

	who_len = 0;
	if (len > 1 && len < sizeof(who.sun_path) &&
	    (*name == '/' || *name == '@')) {
		memset(&who, 0, sizeof(who));
		who.sun_family = AF_UNIX;
		memcpy(who.sun_path, name, len);
		if (*name == '@')
			who.sun_path[0] = '\0';
		who_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    len);
	}
	(void)unsetenv("NOTIFY_SOCKET");
}

void
notify(const char *state)
{
	int fd;

	if (who_len == 0 ||
	    (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&who, who_len);
	close(fd);
}

/* tests/net/lookup.c - what a C library's resolver says of a name
 *
 * lookup NAME: its addresses, a line each; or it fails.  For musl, which no
 * program of Debian's is linked with.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

static void
show(const struct addrinfo *ai)
{
	char text[INET6_ADDRSTRLEN];
	const void *at;

	at = ai->ai_family == AF_INET ?
	    (const void *)&((const struct sockaddr_in *)
	    (const void *)ai->ai_addr)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)
	    (const void *)ai->ai_addr)->sin6_addr;
	if (inet_ntop(ai->ai_family, at, text, sizeof(text)) != NULL)
		puts(text);
}

int
main(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *ai;
	int rc;

	if (argc != 2)
		return 2;
	if ((rc = getaddrinfo(argv[1], NULL, &hints, &list)) != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], gai_strerror(rc));
		return 1;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next)
		show(ai);
	freeaddrinfo(list);
	return 0;
}

/* tests/platform/evil.h - included before all of the program's own files */
#ifndef TESTS_PLATFORM_EVIL_H
#define TESTS_PLATFORM_EVIL_H

#define main	daemon_main

int	daemon_main(int argc, char **argv);
/* The engine is up: what the order in its DataDirectory says. */
void	evil(int ask, int tell, const char *directory);

#endif

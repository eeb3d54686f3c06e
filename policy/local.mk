noinst_LIBRARIES += policy/libpolicy.a
policy_libpolicy_a_SOURCES = \
	policy/isolate.c policy/isolate.h \
	policy/policy.c policy/policy.h \
	policy/rule.c policy/rule.h

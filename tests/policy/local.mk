check_PROGRAMS += tests/policy/test_isolate tests/policy/test_policy \
	tests/policy/test_rule
tests_policy_test_isolate_SOURCES = tests/policy/test_isolate.c
tests_policy_test_isolate_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_policy_SOURCES = tests/policy/test_policy.c
tests_policy_test_policy_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)
tests_policy_test_rule_SOURCES = tests/policy/test_rule.c
tests_policy_test_rule_LDADD = $(POLICY_LIBS) $(CHECK_LIBS)

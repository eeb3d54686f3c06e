noinst_LIBRARIES += dnsport/libdnsport.a
dnsport_libdnsport_a_SOURCES = \
	dnsport/answer.c dnsport/answer.h \
	dnsport/dnsconn.c dnsport/dnsconn.h \
	dnsport/dnspipe.c dnsport/dnspipe.h \
	dnsport/dnsport.c dnsport/dnsport.h \
	dnsport/dnssock.c dnsport/dnssock.h \
	dnsport/question.c dnsport/question.h \
	dnsport/record.h

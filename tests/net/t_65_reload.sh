#!/bin/bash
# SIGHUP: a new configuration is put in place while traffic flows; one with
# an error changes nothing.
. "$(dirname "$0")/check.sh"
need_lab
need_sut

RC=$LAB_DIR/sut.rc
cp "$RC" "$LAB_DIR/tmp/rc.good"
hup() { kill -HUP "$(lab_pid sut)"; }
said() { sut_log | grep -qF "$1"; }
asks() { lab_gw dig +short +time=20 +tries=3 -p "$1" "@$LAN4" www.example.test |
	grep -qx "$DEST4"; }
still_dripping() { same "$(sut_get path-of "$DEST4:80")" "$path"; }

drip_start
path=$(drip_path)

echo "TransPort nonsense" >>"$RC"
hup
sut_is_tor || check "a bad line: the old configuration stays, and says why" \
	lab_until 60 said "TransPort wants"
check "a bad line: it lives" lab_alive sut
check "a bad line: everything works as before" fetches "http://$DEST4/"

cp "$LAB_DIR/tmp/rc.good" "$RC"
echo "DNSPort $LAN4:5454" >>"$RC"
hup
check "a new DNSPort answers" lab_until 60 asks 5454
check "the old DNSPort goes on" asks "$DNSPORT"
check "a stream that was there goes on, on its circuit" still_dripping

cp "$LAB_DIR/tmp/rc.good" "$RC"
hup
gone() { ! asks 5454; }
check "a DNSPort that is no longer configured is closed" lab_until 60 gone
check "and pages are still fetched" fetches http://www.example.test/
drip_stop

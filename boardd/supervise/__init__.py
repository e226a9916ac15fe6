"""`boardd run`: a small supervisor for demo, tests and CI. Holds no state; in production systemd does this work.

app       roles from the configuration, start, orderly stop
role      what is to run
keeper    keeps one role running: start, watchdog, restart, stop
process   one child: spawned or found running, its end by pidfd
mailbox   the sd_notify socket of one child
"""

"""The process that serves all hosts: copies of their objects, claims, events, routing. Owns nothing that lasts.

app            composition, start, stop
hosts          host.sock: hosts dial in, snapshot, events, facts
board_service  boardd.sock: handlers of every method
registry       copies of all objects, rebuilt from each host's snapshot
eventlog       sequence numbers and the ring for replay
claims leases  who may handle which channels, and for how long without a sign of life
routing        request -> host
resolve        any unambiguous form of a channel -> the channel
facts          journal facts from hosts to the one client that stores them
"""

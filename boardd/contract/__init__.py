"""The contract: what a board, span, channel, call, cause, link, event and error IS. Imports nothing of ours.

Read `states` for the table of legal steps, `driver` for what a card driver must supply, `events` for what the host is
told, `objects` for what travels on the wire, `errors` for who must act when something fails.
"""

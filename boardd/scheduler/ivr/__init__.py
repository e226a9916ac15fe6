"""Voice menus: flows are data, the interpreter is a state machine whose position can be stored at any moment."""

"""The control protocol: JSON-RPC 2.0, one line per message, over local sockets; `client` is the public package."""

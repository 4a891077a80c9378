"""One module a command; each has ``COMMANDS``, the commands it defines by name."""

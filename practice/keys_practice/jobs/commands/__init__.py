"""The jobs department's commands. They ask the desk, the mail sender and the keeper over loopback."""

"""The one-command start: broker, worker and web server as children of one process, on one machine."""

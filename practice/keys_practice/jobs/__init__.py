"""The jobs department: a queue in PostgreSQL, its workers, a schedule that enqueues, and an outside mail sender."""

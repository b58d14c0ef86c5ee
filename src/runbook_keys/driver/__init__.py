"""The driver: the one loop. It asks the engine, writes the intent, lets an executor act, writes the outcome."""

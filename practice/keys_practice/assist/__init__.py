"""The department that answers: a language model behind an OpenAI-shaped API, and the service that asks it for customers."""

"""A local Stripe: events, endpoints, signed deliveries, retries, and the disabling of an endpoint that keeps failing."""

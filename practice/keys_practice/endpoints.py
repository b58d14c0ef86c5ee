"""Which events the two endpoints at Stripe are to have, whatever anybody has set there since."""

THEIR_EVENTS = ["customer.subscription.created", "customer.subscription.deleted"]
OUR_EVENTS = [*THEIR_EVENTS, "customer.subscription.updated", "invoice.paid"]

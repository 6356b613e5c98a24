"""How a message leaves the house: the outbox of deliveries and the channels that send them."""

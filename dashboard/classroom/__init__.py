"""The classroom: rooms of this server, and what teacher, pupils and projector see of them."""

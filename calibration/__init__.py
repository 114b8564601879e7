"""What the model is held against: the claims of the industry report, measured in both worlds."""

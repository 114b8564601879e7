"""What a run is told: scenarios, worlds, rule sets, portfolios, checked on the way in."""

"""The domain: what a shell holds at one point of a script, and how ways come together."""

"""A server waited for: until it answers, or until it has died, and then with the cause."""

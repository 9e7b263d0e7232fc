"""For those who write and keep lessons: explain, list, check and begin them."""

"""Statistics: numbers in, numbers out; nothing here knows of samples, judges or models."""

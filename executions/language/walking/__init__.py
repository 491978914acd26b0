"""The walk over a definition: pure, it asks its driver and is answered."""

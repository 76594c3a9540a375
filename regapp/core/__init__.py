"""What every room stands on; knows nothing about training days."""

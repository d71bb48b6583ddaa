"""What the benchmarks under load are made of: programs that serve, somebody who asks, shops, and what is watched."""

"""What the workloads are fed with: seeded generators, shaped by numbers measured on real logs, and real logs.

The numbers stand beside each generator. Every name, address and account is invented.
"""

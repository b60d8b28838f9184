"""The workloads, one module per family. Each workload is a function that returns its figures."""

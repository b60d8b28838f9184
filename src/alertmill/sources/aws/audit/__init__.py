"""The audit: what CloudTrail says it delivered, by its signed digest files, against what was processed.

`bucket.Audit` goes over one `<bucket>`, `place` over the chains of digest files of an account and region, `logs` over
the log files that they name; `report` is what they found. `client` is the wire, `base` the ports to it.
"""

"""The dashboard: a read-only web page over the alert files of a home.

`fold` reads alerts.json and the day files into a columnar `cache` (DuckDB); `overview`, `ec2`, `vpc`, `listing` and
`alert_view` ask it; `app` serves them behind `guard`; `static/` shows them. The alert files stay the truth: nothing
here writes but to the cache, which may be deleted at any time.
Needs the extra `dashboard` (docs/decisions/0010-dashboard.md); only `cli/dashboard.py` imports this package.
"""

"""The edge: tracked links and webhook intake as a small ASGI application without Django.

`app.EdgeApp` answers `/l/<code>`, `/hooks/<network>/<key>` and `/edge/health`. What it learns goes into two
SQLite files of its own, each with one writer thread that commits in groups: `clicks.sqlite3` (a loss window
of a second on a power cut) and `journal.sqlite3` (durable before the sender hears 200). Jobs read both
through `journal`.
"""

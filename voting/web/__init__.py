"""The web: JSON for programs, pages for people. The only place that knows Litestar."""

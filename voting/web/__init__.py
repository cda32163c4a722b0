"""The web: JSON for programs, pages for people. The only package that imports Litestar."""

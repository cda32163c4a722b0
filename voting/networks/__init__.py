"""Networks of addresses. The only package that imports maxminddb."""

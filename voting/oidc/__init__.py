"""OpenID Connect: the client of one provider."""

"""Malformed requests in great numbers: none may be answered 5xx."""

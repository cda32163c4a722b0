"""Facts of entries' videos. The only package that imports pymediainfo."""

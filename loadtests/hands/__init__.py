"""Worlds by other hands than `loadtests.traffic`: each wrote from the research page without sight of the others."""

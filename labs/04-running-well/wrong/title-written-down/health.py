"""Ends with 0 when the app answers well, and with 1 when it doesn't."""

from urllib.request import urlopen

urlopen("http://localhost:8080/health", timeout=2)

"""Experiments on real servers: nginx, Gunicorn, uWSGI, uvicorn … started from a stack's own files."""

"""Litekeep with the libraries of applications: real migrations of real libraries on real files."""

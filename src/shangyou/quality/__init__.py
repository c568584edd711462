"""Automatic tests of observations: one pure array function a test."""

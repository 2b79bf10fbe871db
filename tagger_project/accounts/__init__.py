"""Accounts: the first one, signing in, second factors, the provider; allauth does the work, this says how."""

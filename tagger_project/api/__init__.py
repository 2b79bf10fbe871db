"""The door of `/api/v1`: who comes with a token, what is done once, how it says no, and the OpenAPI document."""

"""The lab: an outside sender, the gateway and an inside mail server, each in its own namespaces."""

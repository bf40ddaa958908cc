"""Notifications of how runs go, sent by apprise to wherever the settings say."""

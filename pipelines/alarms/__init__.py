"""Alarms: what is wrong now, and who is told of it, once when it begins and once when it ends."""

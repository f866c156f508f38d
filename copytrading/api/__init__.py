"""The platform for programs: the same reads, the same services and the same refusals as the portal."""

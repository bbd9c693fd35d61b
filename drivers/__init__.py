"""Everything that speaks to a device: links, input drivers, outputs."""

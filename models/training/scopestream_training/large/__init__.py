"""The large tier (RRDB) and the reference networks of the published work, for the grey task."""

"""One file per way in, each exporting SOURCE."""

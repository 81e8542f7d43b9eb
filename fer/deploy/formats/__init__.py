"""The file formats that a network is exported to, one file each: a Format named FORMAT."""

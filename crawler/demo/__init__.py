"""Three training marketplaces on loopback: invented listings, served as ordinary web sites whose days pass."""

"""What members have to share: how a dataset is described, found, fed to others and taken from them. Pure."""

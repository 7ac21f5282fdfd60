"""The rules of the tree, each shown to fail when broken."""

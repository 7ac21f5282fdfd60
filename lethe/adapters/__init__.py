"""What touches a vendor, a store or the outside: one file or folder per capability, chosen by the wirings only."""

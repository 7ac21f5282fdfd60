"""What others notice of a migration, and whether anything is lost, doubled or mixed while processes are killed."""

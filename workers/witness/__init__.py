"""The witness of the log of erasures: a process with a file and a key of its own, which no backup of the state has."""

"""The quanheng command."""

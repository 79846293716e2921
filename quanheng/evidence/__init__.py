"""What an outsider needs to check us. No Django."""

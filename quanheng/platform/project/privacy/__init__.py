"""What the product holds about people."""

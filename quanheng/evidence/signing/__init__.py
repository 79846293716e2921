"""Seals, signatures on XML and PDF, and their verification."""

"""Printed documents by Typst: certificates, raw records, labels, slips."""

"""Digital calibration certificates: write 3.3.0, read 2.3 to 3.3, check without a network."""

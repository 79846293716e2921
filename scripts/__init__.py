"""Set-up and checks of the house; standard library only, so that a bare Python can start them."""

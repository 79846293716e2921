"""Net content of prepackages and weighing at retail (JJF 1070, OIML R 87, 76/211/EEC): rules here, tables as data."""

"""Published comparisons."""

# R. Hearn, R. Santamaria-Fernandez, M. Sargent, Metrologia 45 (2008) 08001: lead in wine, ng/g; u = U / k as reported
K30_LABS = ["INMETRO", "KRISS", "NMIJ", "IRMM", "PTB", "NMIA", "LGC", "CSIR", "NIM", "LNE", "INM"]
K30_X = [1.62, 2.893, 2.936, 2.94, 2.96, 2.98, 3.0, 3.001, 3.07, 3.13, 7.71]
K30_U = [0.044, 0.044 / 2.13, 0.0125, 0.0165, 0.08 / 2.4, 0.2 / 1.99, 0.05, 0.068, 0.085, 0.06, 0.99]
K30_LEFT_OUT = ["INMETRO", "INM"]  # by the working group

# CCQM-K25, PCB 28 in sediment, ng/g
K25_LABS = ["IRMM", "KRISS", "NARL", "NIST", "NMIJ", "NRC"]
K25_X = [34.30, 32.90, 34.53, 32.42, 31.90, 35.80]
K25_U = [1.03, 0.69, 0.83, 0.29, 0.40, 0.38]

# R. C. Paule, J. Mandel, J. Res. NBS 87 (1982) 377: heat of vaporization of cadmium, kcal/mol, variances of the means
CADMIUM_X = [27.044, 26.022, 26.340, 26.787, 26.796]
CADMIUM_V = [3e-3, 76e-3, 464e-3, 3e-3, 14e-3]
